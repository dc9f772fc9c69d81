//! In: differences of bytes. Out: their running sums, as many whole vectors as there are.
//! Never: the bytes left over at the end; the scalar twin sums those.
#![expect(unsafe_code, reason = "calls that need a CPU feature")]

use std::arch::x86_64::*;

use crate::codec::filter::x86::sse2::{BYTES, load, store, zero};

/// Sums whole vectors and returns how many bytes that were.
pub(super) fn sum(src: &[u8], dst: &mut [u8]) -> usize {
    // SAFETY: every x86-64 CPU has SSE2.
    unsafe { sum_vectors(src, dst) }
}

#[target_feature(enable = "sse2")]
fn sum_vectors(src: &[u8], dst: &mut [u8]) -> usize {
    let vectors = src.len() / BYTES;
    let mut before = zero();
    for vector in 0..vectors {
        let mut sums = load(src, vector * BYTES);
        sums = _mm_add_epi8(sums, _mm_slli_si128::<1>(sums));
        sums = _mm_add_epi8(sums, _mm_slli_si128::<2>(sums));
        sums = _mm_add_epi8(sums, _mm_slli_si128::<4>(sums));
        sums = _mm_add_epi8(sums, _mm_slli_si128::<8>(sums));
        store(dst, vector * BYTES, _mm_add_epi8(sums, before));
        // Vectors wait for each other in this one addition only.
        before = _mm_add_epi8(before, last_everywhere(sums));
    }
    vectors * BYTES
}

/// The last byte in every place.
#[inline]
#[target_feature(enable = "sse2")]
fn last_everywhere(vector: __m128i) -> __m128i {
    let twice = _mm_unpackhi_epi8(vector, vector);
    let eight = _mm_shufflehi_epi16::<0xFF>(twice);
    _mm_unpackhi_epi64(eight, eight)
}
