//! In: planes or elements of width 2, 4, 8 or 16. Out: as many whole vector groups of them as
//! there are, moved with SSE2 or AVX2.
//! Never: an address that was not sliced first: loads and stores go through checked arrays.
//!
//! A group of 16 elements of 2^k bytes is a matrix whose bytes have addresses of 4 + k bits:
//! element above byte, or byte above element. Interleaving the first half of the group with its
//! second half rotates the address by one bit, so k rounds turn planes into elements, and 4
//! rounds turn elements into planes: one routine serves both directions and all widths.
#![expect(unsafe_code, reason = "SIMD loads, stores and feature-dependent calls")]

use std::arch::x86_64::*;

use super::{Direction, Job};

/// Moves whole groups of elements and returns how many elements that were.
pub(super) fn run(direction: Direction, job: Job, src: &[u8], dst: &mut [u8]) -> usize {
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the CPU has AVX2, as just detected.
        unsafe { avx2::run(direction, job, src, dst) }
    } else {
        // SAFETY: every x86-64 CPU has SSE2.
        unsafe { sse2::run(direction, job, src, dst) }
    }
}

/// Everything but the order of 128-bit lanes is the same for both vector widths.
macro_rules! isa {
    ($feature:literal, $vector:ty, $bytes:literal, $load:ident, $store:ident, $low:ident, $high:ident) => {
        use super::*;

        /// Elements of a group.
        const GROUP: usize = $bytes;

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
            let groups = elems / GROUP;
            for group in 0..groups {
                let mut vectors = [zero(); W];
                for (vector, plane) in vectors.iter_mut().zip(&planes) {
                    *vector = load(plane, group * GROUP);
                }
                for _ in 0..W.ilog2() {
                    vectors = round(vectors);
                }
                vectors = lanes_to_order(vectors);
                for (nth, vector) in vectors.into_iter().enumerate() {
                    store(dst, (group * W + nth) * GROUP, vector);
                }
            }
            groups * GROUP
        }

        #[target_feature(enable = $feature)]
        fn split<const W: usize>(elems: usize, src: &[u8], dst: &mut [u8]) -> usize {
            let groups = elems / GROUP;
            for group in 0..groups {
                let mut vectors = [zero(); W];
                for (nth, vector) in vectors.iter_mut().enumerate() {
                    *vector = load(src, (group * W + nth) * GROUP);
                }
                vectors = order_to_lanes(vectors);
                for _ in 0..4 {
                    vectors = round(vectors);
                }
                for (byte, vector) in vectors.into_iter().enumerate() {
                    store(dst, byte * elems + group * GROUP, vector);
                }
            }
            groups * GROUP
        }

        /// Interleaves the first half of the vectors with the second, byte by byte.
        #[inline]
        #[target_feature(enable = $feature)]
        fn round<const W: usize>(vectors: [$vector; W]) -> [$vector; W] {
            let mut out = vectors;
            for pair in 0..W / 2 {
                out[2 * pair] = $low(vectors[pair], vectors[pair + W / 2]);
                out[2 * pair + 1] = $high(vectors[pair], vectors[pair + W / 2]);
            }
            out
        }

        #[inline]
        #[target_feature(enable = $feature)]
        fn load(src: &[u8], at: usize) -> $vector {
            let bytes = &src[at..at + GROUP];
            // SAFETY: `bytes` is valid for a vector's length of reads; no alignment is needed.
            unsafe { $load(bytes.as_ptr().cast()) }
        }

        #[inline]
        #[target_feature(enable = $feature)]
        fn store(dst: &mut [u8], at: usize, vector: $vector) {
            let bytes = &mut dst[at..at + GROUP];
            // SAFETY: `bytes` is valid for a vector's length of writes; no alignment is needed.
            unsafe { $store(bytes.as_mut_ptr().cast(), vector) }
        }
    };
}

mod sse2 {
    isa!(
        "sse2",
        __m128i,
        16,
        _mm_loadu_si128,
        _mm_storeu_si128,
        _mm_unpacklo_epi8,
        _mm_unpackhi_epi8
    );

    #[target_feature(enable = "sse2")]
    fn zero() -> __m128i {
        _mm_setzero_si128()
    }

    fn lanes_to_order<const W: usize>(vectors: [__m128i; W]) -> [__m128i; W] {
        vectors
    }

    fn order_to_lanes<const W: usize>(vectors: [__m128i; W]) -> [__m128i; W] {
        vectors
    }
}

mod avx2 {
    isa!(
        "avx2",
        __m256i,
        32,
        _mm256_loadu_si256,
        _mm256_storeu_si256,
        _mm256_unpacklo_epi8,
        _mm256_unpackhi_epi8
    );

    #[target_feature(enable = "avx2")]
    fn zero() -> __m256i {
        _mm256_setzero_si256()
    }

    /// The rounds work on each 128-bit lane as on a group of its own; this puts all low lanes
    /// before all high lanes.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn lanes_to_order<const W: usize>(vectors: [__m256i; W]) -> [__m256i; W] {
        let mut out = vectors;
        for pair in 0..W / 2 {
            let (even, odd) = (vectors[2 * pair], vectors[2 * pair + 1]);
            out[pair] = _mm256_permute2x128_si256::<0x20>(even, odd);
            out[pair + W / 2] = _mm256_permute2x128_si256::<0x31>(even, odd);
        }
        out
    }

    /// The inverse of [`lanes_to_order`].
    #[inline]
    #[target_feature(enable = "avx2")]
    fn order_to_lanes<const W: usize>(vectors: [__m256i; W]) -> [__m256i; W] {
        let mut out = vectors;
        for pair in 0..W / 2 {
            let (front, back) = (vectors[pair], vectors[pair + W / 2]);
            out[2 * pair] = _mm256_permute2x128_si256::<0x20>(front, back);
            out[2 * pair + 1] = _mm256_permute2x128_si256::<0x31>(front, back);
        }
        out
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
