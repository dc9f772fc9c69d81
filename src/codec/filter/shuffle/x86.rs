//! In: planes or elements of any width. Out: as many whole groups of them as there are, moved
//! with SSE2 or AVX2.
//! Never: the elements left over at the end; the scalar twin moves those.
#![expect(unsafe_code, reason = "calls that need a CPU feature")]

use super::{Job, Plane};

/// Joins whole groups of elements and returns how many elements that were.
pub(super) fn join<'p>(job: Job, plane: impl Fn(usize) -> Plane<'p>, dst: &mut [u8]) -> usize {
    match job.width {
        2 | 4 | 8 | 16 if is_x86_feature_detected!("avx2") => {
            // SAFETY: the CPU has AVX2, as just detected.
            unsafe { avx2::join(job, plane, dst) }
        }
        2 | 4 | 8 | 16 => {
            // SAFETY: every x86-64 CPU has SSE2.
            unsafe { sse2::join(job, plane, dst) }
        }
        _ => {
            // SAFETY: every x86-64 CPU has SSE2.
            unsafe { tiles::join(job, plane, dst) }
        }
    }
}

/// Splits whole groups of elements and returns how many elements that were.
pub(super) fn split(job: Job, src: &[u8], dst: &mut [u8]) -> usize {
    match job.width {
        2 | 4 | 8 | 16 if is_x86_feature_detected!("avx2") => {
            // SAFETY: the CPU has AVX2, as just detected.
            unsafe { avx2::split(job, src, dst) }
        }
        2 | 4 | 8 | 16 => {
            // SAFETY: every x86-64 CPU has SSE2.
            unsafe { sse2::split(job, src, dst) }
        }
        _ => {
            // SAFETY: every x86-64 CPU has SSE2.
            unsafe { tiles::split(job, src, dst) }
        }
    }
}

/// Widths that are powers of two: all planes at once.
macro_rules! isa {
    ($feature:literal, $isa:ident) => {
        use super::{Job, Plane};
        use crate::codec::filter::x86::$isa::*;

        #[target_feature(enable = $feature)]
        pub(super) fn join<'p>(
            job: Job,
            plane: impl Fn(usize) -> Plane<'p>,
            dst: &mut [u8],
        ) -> usize {
            match job.width {
                2 => join_all::<2>(job.elems, plane, dst),
                4 => join_all::<4>(job.elems, plane, dst),
                8 => join_all::<8>(job.elems, plane, dst),
                16 => join_all::<16>(job.elems, plane, dst),
                _ => 0,
            }
        }

        #[target_feature(enable = $feature)]
        pub(super) fn split(job: Job, src: &[u8], dst: &mut [u8]) -> usize {
            match job.width {
                2 => split_all::<2>(job.elems, src, dst),
                4 => split_all::<4>(job.elems, src, dst),
                8 => split_all::<8>(job.elems, src, dst),
                16 => split_all::<16>(job.elems, src, dst),
                _ => 0,
            }
        }

        /// Where the bytes of a group are: `mask` is all ones, or 0 where every group has the same.
        #[derive(Clone, Copy)]
        struct Stripe {
            start: *const u8,
            mask: usize,
        }

        #[target_feature(enable = $feature)]
        fn join_all<'p, const W: usize>(
            elems: usize,
            plane: impl Fn(usize) -> Plane<'p>,
            dst: &mut [u8],
        ) -> usize {
            let mut runs = [[0; BYTES]; W];
            for (byte, run) in runs.iter_mut().enumerate() {
                if let Plane::Run(value) = plane(byte) {
                    *run = [value; BYTES];
                }
            }
            let stripes: [Stripe; W] = std::array::from_fn(|byte| match plane(byte) {
                Plane::Bytes(bytes) => Stripe {
                    start: bytes[..elems].as_ptr(),
                    mask: usize::MAX,
                },
                Plane::Run(_) => Stripe {
                    start: runs[byte].as_ptr(),
                    mask: 0,
                },
            });
            let groups = dst[..elems * W].chunks_exact_mut(BYTES * W);
            for (group, elements) in groups.enumerate() {
                let mut vectors = [zero(); W];
                for (vector, stripe) in vectors.iter_mut().zip(&stripes) {
                    let start = stripe.start.wrapping_add(group * BYTES & stripe.mask);
                    // SAFETY: group `group` of `dst` is whole, so as many bytes of every plane are
                    // there; a run has the bytes of one group.
                    *vector = unsafe { load_at(start) };
                }
                for (nth, vector) in planes_to_elements(vectors).into_iter().enumerate() {
                    store(elements, nth * BYTES, vector);
                }
            }
            elems / BYTES * BYTES
        }

        #[target_feature(enable = $feature)]
        fn split_all<const W: usize>(elems: usize, src: &[u8], dst: &mut [u8]) -> usize {
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
    use super::{Job, Plane};
    use crate::codec::filter::x86::sse2::*;

    /// Elements whose tiles are visited one below the other: their bytes of a plane are a cache
    /// line.
    const STRETCH: usize = 64;

    #[target_feature(enable = "sse2")]
    pub(super) fn join<'p>(job: Job, plane: impl Fn(usize) -> Plane<'p>, dst: &mut [u8]) -> usize {
        match job.width {
            3 => join_tiles::<4>(job, plane, dst),
            5..=7 => join_tiles::<8>(job, plane, dst),
            9.. => join_tiles::<16>(job, plane, dst),
            _ => 0,
        }
    }

    #[target_feature(enable = "sse2")]
    pub(super) fn split(job: Job, src: &[u8], dst: &mut [u8]) -> usize {
        match job.width {
            3 => split_tiles::<4>(job, src, dst),
            5..=7 => split_tiles::<8>(job, src, dst),
            9.. => split_tiles::<16>(job, src, dst),
            _ => 0,
        }
    }

    #[target_feature(enable = "sse2")]
    fn join_tiles<'p, const W: usize>(
        job: Job,
        plane: impl Fn(usize) -> Plane<'p>,
        dst: &mut [u8],
    ) -> usize {
        let elems = elems_in_tiles::<W>(job, dst.len());
        for_each_tile::<W>(job, elems, |first, byte| {
            let mut vectors = [zero(); W];
            for (nth, vector) in vectors.iter_mut().enumerate().take(job.width) {
                *vector = match plane(byte + nth) {
                    Plane::Bytes(bytes) => load(bytes, first),
                    Plane::Run(value) => load(&[value; BYTES], 0),
                };
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
    fn split_tiles<const W: usize>(job: Job, src: &[u8], dst: &mut [u8]) -> usize {
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
            let (mut wide, mut narrow) = (vec![0; width * 64], vec![0; width * 64]);
            let src = &src[..width * 64];
            let plane = |byte| match byte {
                1 => Plane::Run(77),
                _ => Plane::Bytes(&src[byte * 64..][..64]),
            };
            // SAFETY: AVX2 was detected above.
            assert_eq!(64, unsafe { avx2::join(job, plane, &mut wide) });
            // SAFETY: every x86-64 CPU has SSE2.
            assert_eq!(64, unsafe { sse2::join(job, plane, &mut narrow) });
            assert_eq!(wide, narrow, "join, width {width}");
            // SAFETY: AVX2 was detected above.
            assert_eq!(64, unsafe { avx2::split(job, src, &mut wide) });
            // SAFETY: every x86-64 CPU has SSE2.
            assert_eq!(64, unsafe { sse2::split(job, src, &mut narrow) });
            assert_eq!(wide, narrow, "split, width {width}");
        }
    }
}
