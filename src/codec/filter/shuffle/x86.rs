//! In: planes or elements of any width. Out: as many whole groups of them as there are, moved
//! with SSE2 or AVX2.
//! Never: the elements left over at the end; the scalar twin moves those.
#![expect(unsafe_code, reason = "calls that need a CPU feature")]

use super::{Direction, Job};

/// Moves whole groups of elements and returns how many elements that were.
pub(super) fn run(direction: Direction, job: Job, src: &[u8], dst: &mut [u8]) -> usize {
    match job.width {
        2 | 4 | 8 | 16 if is_x86_feature_detected!("avx2") => {
            // SAFETY: the CPU has AVX2, as just detected.
            unsafe { avx2::run(direction, job, src, dst) }
        }
        2 | 4 | 8 | 16 => {
            // SAFETY: every x86-64 CPU has SSE2.
            unsafe { sse2::run(direction, job, src, dst) }
        }
        _ => {
            // SAFETY: every x86-64 CPU has SSE2.
            unsafe { tiles::run(direction, job, src, dst) }
        }
    }
}

/// Widths that are powers of two: all planes at once.
macro_rules! isa {
    ($feature:literal, $isa:ident) => {
        use super::{Direction, Job};
        use crate::codec::filter::x86::$isa::*;

        #[target_feature(enable = $feature)]
        pub(super) fn run(direction: Direction, job: Job, src: &[u8], dst: &mut [u8]) -> usize {
            match (direction, job.width) {
                (Direction::Join, 2) => join::<2>(job.elems, src, dst),
                (Direction::Join, 4) => join::<4>(job.elems, src, dst),
                (Direction::Join, 8) => join::<8>(job.elems, src, dst),
                (Direction::Join, 16) => join::<16>(job.elems, src, dst),
                (Direction::Split, 2) => split::<2>(job.elems, src, dst),
                (Direction::Split, 4) => split::<4>(job.elems, src, dst),
                (Direction::Split, 8) => split::<8>(job.elems, src, dst),
                (Direction::Split, 16) => split::<16>(job.elems, src, dst),
                _ => 0,
            }
        }

        #[target_feature(enable = $feature)]
        fn join<const W: usize>(elems: usize, src: &[u8], dst: &mut [u8]) -> usize {
            let planes: [&[u8]; W] = std::array::from_fn(|byte| &src[byte * elems..][..elems]);
            let groups = elems / BYTES;
            for group in 0..groups {
                let mut vectors = [zero(); W];
                for (vector, plane) in vectors.iter_mut().zip(&planes) {
                    *vector = load(plane, group * BYTES);
                }
                let elements = planes_to_elements(vectors);
                for (nth, vector) in elements.into_iter().enumerate() {
                    store(dst, (group * W + nth) * BYTES, vector);
                }
            }
            groups * BYTES
        }

        #[target_feature(enable = $feature)]
        fn split<const W: usize>(elems: usize, src: &[u8], dst: &mut [u8]) -> usize {
            let groups = elems / BYTES;
            for group in 0..groups {
                let mut vectors = [zero(); W];
                for (nth, vector) in vectors.iter_mut().enumerate() {
                    *vector = load(src, (group * W + nth) * BYTES);
                }
                let planes = elements_to_planes(vectors);
                for (byte, vector) in planes.into_iter().enumerate() {
                    store(dst, byte * elems + group * BYTES, vector);
                }
            }
            groups * BYTES
        }
    };
}

mod sse2 {
    isa!("sse2", sse2);
}

mod avx2 {
    isa!("avx2", avx2);
}

/// All other widths: tiles of 16 elements by `W` planes, `W` = 4, 8 or 16.
///
/// A width below `W` has one tile, whose other planes are zeros going in and left out going back:
/// elements are read and written `W` bytes long, from the first to the last, so that what one
/// leaves behind its end the next one overwrites. A width above 16 has several tiles, the last one
/// flush with the end of the element.
mod tiles {
    use super::{Direction, Job};
    use crate::codec::filter::x86::sse2::*;

    /// Elements whose tiles are visited one below the other: their bytes of a plane are a cache
    /// line.
    const STRETCH: usize = 64;

    #[target_feature(enable = "sse2")]
    pub(super) fn run(direction: Direction, job: Job, src: &[u8], dst: &mut [u8]) -> usize {
        match (direction, job.width) {
            (Direction::Join, 3) => join::<4>(job, src, dst),
            (Direction::Join, 5..=7) => join::<8>(job, src, dst),
            (Direction::Join, 9..) => join::<16>(job, src, dst),
            (Direction::Split, 3) => split::<4>(job, src, dst),
            (Direction::Split, 5..=7) => split::<8>(job, src, dst),
            (Direction::Split, 9..) => split::<16>(job, src, dst),
            _ => 0,
        }
    }

    #[target_feature(enable = "sse2")]
    fn join<const W: usize>(job: Job, src: &[u8], dst: &mut [u8]) -> usize {
        let elems = elems_in_tiles::<W>(job, dst.len());
        for_each_tile::<W>(job, elems, |first, byte| {
            let mut vectors = [zero(); W];
            for (nth, vector) in vectors.iter_mut().enumerate().take(job.width) {
                *vector = load(src, (byte + nth) * job.elems + first);
            }
            for (nth, vector) in planes_to_elements(vectors).into_iter().enumerate() {
                let mut bytes = [0; BYTES];
                store(&mut bytes, 0, vector);
                for (piece, element) in bytes.as_chunks::<W>().0.iter().enumerate() {
                    let elem = first + nth * (BYTES / W) + piece;
                    dst[elem * job.width + byte..][..W].copy_from_slice(element);
                }
            }
        });
        elems
    }

    #[target_feature(enable = "sse2")]
    fn split<const W: usize>(job: Job, src: &[u8], dst: &mut [u8]) -> usize {
        let elems = elems_in_tiles::<W>(job, src.len());
        for_each_tile::<W>(job, elems, |first, byte| {
            let mut vectors = [zero(); W];
            for (nth, vector) in vectors.iter_mut().enumerate() {
                let mut bytes = [0; BYTES];
                for (piece, element) in bytes.as_chunks_mut::<W>().0.iter_mut().enumerate() {
                    let elem = first + nth * (BYTES / W) + piece;
                    element.copy_from_slice(&src[elem * job.width + byte..][..W]);
                }
                *vector = load(&bytes, 0);
            }
            let planes = elements_to_planes(vectors).into_iter().take(job.width);
            for (nth, vector) in planes.enumerate() {
                store(dst, (byte + nth) * job.elems + first, vector);
            }
        });
        elems
    }

    /// How many elements are in whole tiles, of `len` bytes that end `W` bytes behind the start of
    /// the last one of these, or later.
    fn elems_in_tiles<const W: usize>(job: Job, len: usize) -> usize {
        let within = len.checked_sub(W).map_or(0, |last| last / job.width + 1);
        within.min(job.elems) / BYTES * BYTES
    }

    /// Visits the tiles of the first `elems` elements by their first element and byte.
    #[inline(always)]
    fn for_each_tile<const W: usize>(job: Job, elems: usize, mut visit: impl FnMut(usize, usize)) {
        let last = job.width.saturating_sub(W);
        for stretch in (0..elems).step_by(STRETCH) {
            let end = elems.min(stretch + STRETCH);
            for byte in (0..job.width).step_by(W) {
                for first in (stretch..end).step_by(BYTES) {
                    visit(first, byte.min(last));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sse2_moves_the_same_bytes_as_avx2() {
        if !is_x86_feature_detected!("avx2") {
            eprintln!("skipped: this CPU has no AVX2, sse2 is what the other tests ran");
            return;
        }
        let src: Vec<u8> = (0..16 * 64u32).map(|i| (i * 37).to_le_bytes()[0]).collect();
        for width in [2, 4, 8, 16] {
            let job = Job { width, elems: 64 };
            for direction in [Direction::Join, Direction::Split] {
                let (mut wide, mut narrow) = (vec![0; width * 64], vec![0; width * 64]);
                let src = &src[..width * 64];
                // SAFETY: AVX2 was detected above.
                assert_eq!(64, unsafe { avx2::run(direction, job, src, &mut wide) });
                // SAFETY: every x86-64 CPU has SSE2.
                assert_eq!(64, unsafe { sse2::run(direction, job, src, &mut narrow) });
                assert_eq!(wide, narrow, "{direction:?} width {width}");
            }
        }
    }
}
