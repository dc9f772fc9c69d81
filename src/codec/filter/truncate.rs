//! In: elements. Out, applied: the same without their lowest bits. Undone: the same bytes.
//! Never: the lost bits, which nothing brings back; rounding. A NaN that has only lost bits becomes
//! an infinity, as it does in the reference library.

use super::{Filter, Position, Setting};

/// The truncations, whose parameter is a signed number: of bits to keep where it is positive, of
/// bits to clear where it is negative.
#[derive(Debug)]
pub(super) enum Truncate {
    /// `trunc_prec`: the bits are those of the mantissas of float32 or float64.
    Floats,
    /// `int_trunc`: the bits are those of integers.
    Integers,
}

impl Filter for Truncate {
    fn is_identity(&self, _: u8, _: &Setting) -> bool {
        true
    }

    fn keeps(&self, meta: u8, setting: &Setting) -> bool {
        matches!(self.cleared(meta, setting), Ok(0) | Err(_))
    }

    fn check_apply(&self, meta: u8, setting: &Setting) -> Result<(), String> {
        self.cleared(meta, setting).map(|_| ())
    }

    fn undo(&self, _: u8, _: &Setting, _: Position<'_>, src: &[u8], dst: &mut [u8]) {
        dst.copy_from_slice(src);
    }

    fn apply(&self, meta: u8, setting: &Setting, _: Position<'_>, src: &[u8], dst: &mut [u8]) {
        match self.cleared(meta, setting) {
            Ok(cleared) => clear(cleared, setting.typesize, src, dst),
            Err(_) => dst.copy_from_slice(src),
        }
    }
}

impl Truncate {
    /// How many of an element's lowest bits are cleared.
    fn cleared(&self, meta: u8, setting: &Setting) -> Result<u32, String> {
        let width = setting.typesize;
        let bits: u32 = match (self, width) {
            (Self::Floats, 4) => 23,
            (Self::Floats, 8) => 52,
            (Self::Integers, 1) => 8,
            (Self::Integers, 2) => 16,
            (Self::Integers, 4) => 32,
            (Self::Integers, 8) => 64,
            (Self::Floats, _) => return Err(format!("elements have {width} bytes, not 4 or 8")),
            (Self::Integers, _) => {
                return Err(format!("elements have {width} bytes, not 1, 2, 4 or 8"));
            }
        };
        let asked = meta.cast_signed();
        let number = u32::from(asked.unsigned_abs());
        let cleared = match asked {
            0.. => bits.checked_sub(number),
            _ => Some(number),
        };
        // At least one bit stays.
        cleared.filter(|&cleared| cleared < bits).ok_or_else(|| {
            let least = -i64::from(bits);
            format!("its parameter is {asked}, not 1 to {bits}, nor below 0 and above {least}")
        })
    }
}

/// Clears the `cleared` lowest bits of each whole element of `width` bytes, a divisor of 8.
fn clear(cleared: u32, width: usize, src: &[u8], dst: &mut [u8]) {
    let mut mask = [0xFF; 8];
    for element in mask.chunks_exact_mut(width) {
        for (at, byte) in (0..).zip(element) {
            // OK because a shift of 8 bits or more leaves none.
            *byte = 0xFFu8
                .checked_shl(cleared.saturating_sub(8 * at))
                .unwrap_or(0);
        }
    }
    let (words, last) = src.as_chunks();
    let (to_words, to_last) = dst.as_chunks_mut();
    let word_mask = u64::from_ne_bytes(mask);
    for (to, &word) in to_words.iter_mut().zip(words) {
        *to = (u64::from_ne_bytes(word) & word_mask).to_ne_bytes();
    }
    to_last.copy_from_slice(last);
    let whole = last.len() - last.len() % width;
    for (to, mask) in to_last[..whole].iter_mut().zip(mask) {
        *to &= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::super::conformance::{LENGTHS, noise, setting};
    use super::Truncate::{Floats, Integers};
    use super::*;

    fn meta(parameter: i8) -> u8 {
        parameter.cast_unsigned()
    }

    fn applied(filter: &Truncate, parameter: i8, width: usize, src: &[u8]) -> Vec<u8> {
        let mut out = vec![0xAA; src.len()];
        let setting = setting(width);
        filter.check_apply(meta(parameter), &setting).unwrap();
        filter.apply(meta(parameter), &setting, Position::First, src, &mut out);
        out
    }

    #[test]
    fn floats_keep_the_highest_bits_of_their_mantissas() {
        let third = 1.0_f64 / 3.0;
        let bytes = third.to_le_bytes();
        let kept = f64::from_bits(third.to_bits() >> 42 << 42).to_le_bytes();
        assert_eq!(applied(&Floats, 10, 8, &bytes), kept);
        assert_eq!(applied(&Floats, -42, 8, &bytes), kept);
        let third = -1.0_f32 / 3.0;
        let bytes = third.to_le_bytes();
        let kept = f32::from_bits(third.to_bits() >> 22 << 22).to_le_bytes();
        assert_eq!(applied(&Floats, 1, 4, &bytes), kept);
        assert_eq!(applied(&Floats, 23, 4, &bytes), bytes);
    }

    #[test]
    fn every_number_of_bits_agrees_with_the_definition() {
        for (filter, width, bits) in [
            (Floats, 4, 23_i8),
            (Floats, 8, 52),
            (Integers, 1, 8),
            (Integers, 2, 16),
            (Integers, 4, 32),
            (Integers, 8, 64),
        ] {
            for cleared in 0..bits {
                for len in LENGTHS.into_iter().filter(|&len| len < 1000) {
                    let src = noise(len);
                    let mut expected = src.clone();
                    for element in expected.chunks_exact_mut(width) {
                        for bit in 0..usize::from(cleared.unsigned_abs()) {
                            element[bit / 8] &= !(1 << (bit % 8));
                        }
                    }
                    let kept = bits - cleared;
                    assert_eq!(applied(&filter, kept, width, &src), expected);
                    if cleared > 0 {
                        assert_eq!(applied(&filter, -cleared, width, &src), expected);
                    }
                    let mut out = vec![0xAA; len];
                    let setting = setting(width);
                    filter.undo(meta(kept), &setting, Position::First, &expected, &mut out);
                    assert_eq!(out, expected);
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_is_refused_for_writing_and_harms_nobody() {
        for (filter, parameter, width) in [
            (&Floats, 0, 4),
            (&Floats, 24, 4),
            (&Floats, -23, 4),
            (&Floats, 53, 8),
            (&Floats, -128, 8),
            (&Floats, 10, 2),
            (&Floats, 10, 16),
            (&Integers, 0, 8),
            (&Integers, 65, 8),
            (&Integers, 9, 1),
            (&Integers, -8, 1),
            (&Integers, 3, 3),
            (&Integers, 3, 0),
        ] {
            let (meta, setting, src) = (meta(parameter), setting(width), noise(50));
            filter.check_apply(meta, &setting).unwrap_err();
            // Somebody may have written it, and did to the bytes whatever it was.
            assert_eq!(filter.check(meta, &setting), Ok(()));
            assert!(filter.is_identity(meta, &setting));
            let mut out = vec![0; 50];
            filter.apply(meta, &setting, Position::First, &src, &mut out);
            assert_eq!(out, src);
        }
        let why = Floats.check_apply(24, &setting(4)).unwrap_err();
        assert!(
            why.contains("not 1 to 23, nor below 0 and above -23"),
            "{why}"
        );
    }
}
