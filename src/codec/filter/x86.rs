//! In: bytes of a slice. Out: vectors of them, whose bytes change places.
//! Never: an address that was not sliced first, but where the caller of `load_at` did so once for
//! many.
//!
//! As many elements of 2^k bytes as a vector has bytes are a matrix; with 16 of them its bytes have
//! addresses of 4 + k bits: element above byte, or byte above element. Interleaving the first half
//! of the vectors with the second rotates the address by one bit, so k rounds turn planes into
//! elements, and 4 rounds turn elements into planes, for every width.
#![expect(unsafe_code, reason = "SIMD loads and stores")]

use std::arch::x86_64::*;

/// Everything but the order of 128-bit lanes is the same for both vector widths.
macro_rules! isa {
    ($feature:literal, $vector:ty, $bytes:literal, $load:ident, $store:ident, $low:ident, $high:ident) => {
        use super::*;

        pub(in crate::codec::filter) type Vector = $vector;

        /// Bytes of a vector.
        pub(in crate::codec::filter) const BYTES: usize = $bytes;

        /// From one plane a vector to elements in memory order.
        #[inline]
        #[target_feature(enable = $feature)]
        pub(in crate::codec::filter) fn planes_to_elements<const W: usize>(
            mut vectors: [Vector; W],
        ) -> [Vector; W] {
            for _ in 0..W.ilog2() {
                vectors = round(vectors);
            }
            lanes_to_order(vectors)
        }

        /// From elements in memory order to one plane a vector.
        #[inline]
        #[target_feature(enable = $feature)]
        pub(in crate::codec::filter) fn elements_to_planes<const W: usize>(
            vectors: [Vector; W],
        ) -> [Vector; W] {
            let mut vectors = order_to_lanes(vectors);
            for _ in 0..4 {
                vectors = round(vectors);
            }
            vectors
        }

        /// Interleaves the first half of the vectors with the second, byte by byte.
        #[inline]
        #[target_feature(enable = $feature)]
        fn round<const W: usize>(vectors: [Vector; W]) -> [Vector; W] {
            let mut out = vectors;
            for pair in 0..W / 2 {
                out[2 * pair] = $low(vectors[pair], vectors[pair + W / 2]);
                out[2 * pair + 1] = $high(vectors[pair], vectors[pair + W / 2]);
            }
            out
        }

        #[inline]
        #[target_feature(enable = $feature)]
        pub(in crate::codec::filter) fn load(src: &[u8], at: usize) -> Vector {
            let bytes = &src[at..at + BYTES];
            // SAFETY: `bytes` is valid for a vector's length of reads.
            unsafe { load_at(bytes.as_ptr()) }
        }

        /// # Safety
        /// The bytes of a vector can be read there.
        #[inline]
        #[target_feature(enable = $feature)]
        pub(in crate::codec::filter) unsafe fn load_at(start: *const u8) -> Vector {
            // SAFETY: the caller's promise; no alignment is needed.
            unsafe { $load(start.cast()) }
        }

        #[inline]
        #[target_feature(enable = $feature)]
        pub(in crate::codec::filter) fn store(dst: &mut [u8], at: usize, vector: Vector) {
            let bytes = &mut dst[at..at + BYTES];
            // SAFETY: `bytes` is valid for a vector's length of writes; no alignment is needed.
            unsafe { $store(bytes.as_mut_ptr().cast(), vector) }
        }
    };
}

pub(super) mod sse2 {
    isa!(
        "sse2",
        __m128i,
        16,
        _mm_loadu_si128,
        _mm_storeu_si128,
        _mm_unpacklo_epi8,
        _mm_unpackhi_epi8
    );

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(in crate::codec::filter) fn zero() -> Vector {
        _mm_setzero_si128()
    }

    fn lanes_to_order<const W: usize>(vectors: [Vector; W]) -> [Vector; W] {
        vectors
    }

    fn order_to_lanes<const W: usize>(vectors: [Vector; W]) -> [Vector; W] {
        vectors
    }
}

pub(super) mod avx2 {
    isa!(
        "avx2",
        __m256i,
        32,
        _mm256_loadu_si256,
        _mm256_storeu_si256,
        _mm256_unpacklo_epi8,
        _mm256_unpackhi_epi8
    );

    #[inline]
    #[target_feature(enable = "avx2")]
    pub(in crate::codec::filter) fn zero() -> Vector {
        _mm256_setzero_si256()
    }

    /// The rounds work on each 128-bit lane as on a group of its own; this puts all low lanes
    /// before all high lanes.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn lanes_to_order<const W: usize>(vectors: [Vector; W]) -> [Vector; W] {
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
    fn order_to_lanes<const W: usize>(vectors: [Vector; W]) -> [Vector; W] {
        let mut out = vectors;
        for pair in 0..W / 2 {
            let (front, back) = (vectors[pair], vectors[pair + W / 2]);
            out[2 * pair] = _mm256_permute2x128_si256::<0x20>(front, back);
            out[2 * pair + 1] = _mm256_permute2x128_si256::<0x31>(front, back);
        }
        out
    }
}
