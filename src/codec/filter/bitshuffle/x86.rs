//! In: rows of bits or a plane of bytes. Out: as many whole vectors of each row as there are,
//! moved with SSE2 or AVX2.
//! Never: the bytes left over at the end; the scalar twin moves those.
#![expect(unsafe_code, reason = "calls that need a CPU feature")]

use std::arch::x86_64::*;

use super::bits::Rows;

/// Rows of `src` to a plane; returns how many bytes of each row.
pub(super) fn join(rows: Rows, src: &[u8], plane: &mut [u8]) -> usize {
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the CPU has AVX2, as just detected.
        unsafe { avx2::join(rows, src, plane) }
    } else {
        // SAFETY: every x86-64 CPU has SSE2.
        unsafe { sse2::join(rows, src, plane) }
    }
}

/// A plane to rows of `dst`; returns how many bytes of each row.
pub(super) fn split(rows: Rows, plane: &[u8], dst: &mut [u8]) -> usize {
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the CPU has AVX2, as just detected.
        unsafe { avx2::split(rows, plane, dst) }
    } else {
        // SAFETY: every x86-64 CPU has SSE2.
        unsafe { sse2::split(rows, plane, dst) }
    }
}

macro_rules! isa {
    ($feature:literal, $isa:ident, $fill:ident, $and:ident, $xor:ident, $left:ident, $right:ident) => {
        use super::*;
        use crate::codec::filter::x86::$isa::*;

        #[target_feature(enable = $feature)]
        pub(super) fn join(rows: Rows, src: &[u8], plane: &mut [u8]) -> usize {
            let steps = plane.len() / 8 / BYTES;
            for step in 0..steps {
                let mut vectors = [zero(); 8];
                for (bit, vector) in vectors.iter_mut().enumerate() {
                    *vector = load(src, rows.at(bit, step * BYTES));
                }
                // Bit `t` of every row makes the bytes of element `t` of all groups: a plane of
                // elements that are groups.
                transpose(&mut vectors);
                let groups = planes_to_elements(vectors);
                for (nth, vector) in groups.into_iter().enumerate() {
                    store(plane, (step * 8 + nth) * BYTES, vector);
                }
            }
            steps * BYTES
        }

        #[target_feature(enable = $feature)]
        pub(super) fn split(rows: Rows, plane: &[u8], dst: &mut [u8]) -> usize {
            let steps = plane.len() / 8 / BYTES;
            for step in 0..steps {
                let mut vectors = [zero(); 8];
                for (nth, vector) in vectors.iter_mut().enumerate() {
                    *vector = load(plane, (step * 8 + nth) * BYTES);
                }
                let mut vectors = elements_to_planes(vectors);
                transpose(&mut vectors);
                for (bit, vector) in vectors.into_iter().enumerate() {
                    store(dst, rows.at(bit, step * BYTES), vector);
                }
            }
            steps * BYTES
        }

        /// Swaps bit `t` of vector `b` with bit `b` of vector `t`, in each of the vectors' bytes.
        #[inline]
        #[target_feature(enable = $feature)]
        fn transpose(vectors: &mut [Vector; 8]) {
            cross::<1>(vectors, $fill(0x55));
            cross::<2>(vectors, $fill(0x33));
            cross::<4>(vectors, $fill(0x0F));
        }

        /// Swaps what stands `SHIFT` bits above `mask` in vectors with what stands in `mask` in
        /// the vectors as many rows below. No bit of `mask` is the target of one shifted in from
        /// the byte beside it.
        #[inline]
        #[target_feature(enable = $feature)]
        fn cross<const SHIFT: i32>(vectors: &mut [Vector; 8], mask: Vector) {
            let below = SHIFT.unsigned_abs() as usize;
            for row in (0..8).filter(|row| row & below == 0) {
                let (high, low) = (vectors[row], vectors[row + below]);
                let swap = $and($xor($right::<SHIFT>(high), low), mask);
                vectors[row + below] = $xor(low, swap);
                vectors[row] = $xor(high, $left::<SHIFT>(swap));
            }
        }
    };
}

mod sse2 {
    isa!(
        "sse2",
        sse2,
        _mm_set1_epi8,
        _mm_and_si128,
        _mm_xor_si128,
        _mm_slli_epi64,
        _mm_srli_epi64
    );
}

mod avx2 {
    isa!(
        "avx2",
        avx2,
        _mm256_set1_epi8,
        _mm256_and_si256,
        _mm256_xor_si256,
        _mm256_slli_epi64,
        _mm256_srli_epi64
    );
}

#[cfg(test)]
mod tests {
    use super::super::super::conformance::noise;
    use super::*;

    #[test]
    fn sse2_moves_the_same_bits_as_avx2() {
        if !is_x86_feature_detected!("avx2") {
            eprintln!("skipped: this CPU has no AVX2, sse2 is what the other tests ran");
            return;
        }
        let (len, rows) = (64 * 8, Rows::of_plane(0, 64 * 8, 0));
        let src = noise(len);
        let (mut wide, mut narrow) = (vec![0; len], vec![0; len]);
        // SAFETY: AVX2 was detected above.
        assert_eq!(64, unsafe { avx2::join(rows, &src, &mut wide) });
        // SAFETY: every x86-64 CPU has SSE2.
        assert_eq!(64, unsafe { sse2::join(rows, &src, &mut narrow) });
        assert_eq!(wide, narrow);
        // SAFETY: AVX2 was detected above.
        assert_eq!(64, unsafe { avx2::split(rows, &src, &mut wide) });
        // SAFETY: every x86-64 CPU has SSE2.
        assert_eq!(64, unsafe { sse2::split(rows, &src, &mut narrow) });
        assert_eq!(wide, narrow);
    }
}
