//! In: a block whose first bytes are there. Out: more of its bytes, copied from before, as every
//! LZ77 codec does.
//! Never: a read or write outside of the block. Bytes ahead of the ones asked for, which the rest of
//! a stream overwrites, may change early.
//!
//! C libraries copy 8 bytes at a time, from memory that was just written. Shuffled data is full of
//! long copies with short periods; here a period is loaded once and stored again and again, which is
//! ten times as fast on byte planes of ramps.
#![expect(unsafe_code, reason = "copies of fixed length, checked once for all")]

use std::ptr;

/// Bytes that a copy may write beyond its end, where there is room for them.
pub(super) const SLACK: usize = 32;

/// Copies `length` bytes to `filled` from `distance` before, as if byte by byte. Tells whether it
/// could: not from before the block's first byte, nor beyond its last.
#[must_use]
#[inline]
pub(super) fn copy_back(dst: &mut [u8], filled: usize, distance: usize, length: usize) -> bool {
    let room = dst.len().checked_sub(filled);
    let Some(behind) = room.and_then(|room| room.checked_sub(length)) else {
        return false;
    };
    if distance == 0 || distance > filled {
        return false;
    }
    if behind >= SLACK {
        // SAFETY: just checked.
        unsafe { repeat(dst, filled, distance, length) };
    } else {
        repeat_exactly(dst, filled, distance, length);
    }
    true
}

/// Copies as [`copy_back`] does, and changes no byte behind the copy.
fn repeat_exactly(dst: &mut [u8], filled: usize, distance: usize, length: usize) {
    let start = filled - distance;
    let mut done = 0;
    while done < length {
        // What was copied so far is a whole number of periods: twice as much can follow.
        let step = (length - done).min(distance + done);
        dst.copy_within(start..start + step, filled + done);
        done += step;
    }
}

/// Copies as [`copy_back`] does.
///
/// # Safety
/// `distance` is 1 to `filled`, and `length` + [`SLACK`] bytes from `filled` on are in the block.
#[inline(always)]
pub(super) unsafe fn repeat(dst: &mut [u8], filled: usize, distance: usize, length: usize) {
    match distance {
        // SAFETY: the caller's promise.
        SLACK.. => unsafe { repeat_strides(dst, filled, distance, length) },
        // SAFETY: the caller's promise.
        8.. => unsafe { repeat_period(dst, filled, distance, length) },
        // SAFETY: the caller's promise.
        2.. => unsafe { repeat_word(dst, filled, distance, length) },
        // SAFETY: the caller's promise; there is no distance of 0.
        _ => unsafe { repeat_byte(dst, filled, length) },
    }
}

/// # Safety
/// As [`repeat`], with a distance of [`SLACK`] or more.
#[inline(always)]
unsafe fn repeat_strides(dst: &mut [u8], filled: usize, distance: usize, length: usize) {
    let mut done = 0;
    while done < length {
        // SAFETY: begins before `length`, so ends less than SLACK behind it; what is copied from is
        // before `filled + done`.
        unsafe { copy::<SLACK>(dst, filled - distance + done, filled + done) };
        done += SLACK;
    }
}

/// # Safety
/// As [`repeat`], with a distance below [`SLACK`].
#[inline(always)]
unsafe fn repeat_period(dst: &mut [u8], filled: usize, distance: usize, length: usize) {
    // What is behind the period is overwritten by the next one.
    // SAFETY: ends less than SLACK behind `filled`.
    let period: [u8; SLACK] = unsafe { load(dst, filled - distance) };
    let mut done = 0;
    while done < length {
        // SAFETY: begins before `length`, so ends less than SLACK behind it.
        unsafe { store(dst, filled + done, period) };
        done += distance;
    }
}

/// # Safety
/// As [`repeat`], with a distance below 8; 8 bytes behind the copy suffice.
#[inline(always)]
pub(super) unsafe fn repeat_word(dst: &mut [u8], filled: usize, distance: usize, length: usize) {
    // Ones at every place of a word where a period starts.
    const STARTS: [u64; 8] = starts();
    // SAFETY: ends at most 7 behind `filled`.
    let word = u64::from_le_bytes(unsafe { load(dst, filled - distance) });
    let period = word & ((1 << (distance * 8)) - 1);
    let word = period.wrapping_mul(STARTS[distance]).to_le_bytes();
    let whole = 8 - 8 % distance;
    let mut done = 0;
    while done < length {
        // SAFETY: begins before `length`, so ends at most 7 behind it.
        unsafe { store(dst, filled + done, word) };
        done += whole;
    }
}

const fn starts() -> [u64; 8] {
    let mut starts = [0; 8];
    let mut distance = 1;
    while distance < 8 {
        let mut bit = 0;
        while bit < 64 {
            starts[distance] |= 1 << bit;
            bit += distance * 8;
        }
        distance += 1;
    }
    starts
}

/// # Safety
/// As [`repeat`], with a distance of 1.
#[inline(always)]
unsafe fn repeat_byte(dst: &mut [u8], filled: usize, length: usize) {
    // SAFETY: one byte is before `filled`.
    let [byte] = unsafe { load(dst, filled - 1) };
    if length <= SLACK {
        // SAFETY: SLACK bytes from `filled` on are in the block.
        unsafe { store(dst, filled, [byte; SLACK]) };
    } else {
        dst[filled..filled + length].fill(byte);
    }
}

/// Copies `N` bytes from `from` to `to`, all of them read before one is written.
///
/// # Safety
/// Both places are in the block.
#[inline(always)]
pub(super) unsafe fn copy<const N: usize>(dst: &mut [u8], from: usize, to: usize) {
    debug_assert!(from + N <= dst.len() && to + N <= dst.len());
    let start = dst.as_mut_ptr();
    // SAFETY: the caller's promise.
    unsafe { ptr::copy(start.wrapping_add(from), start.wrapping_add(to), N) };
}

/// # Safety
/// The place is in the block.
#[inline(always)]
unsafe fn load<const N: usize>(dst: &[u8], from: usize) -> [u8; N] {
    debug_assert!(from + N <= dst.len());
    let from = dst.as_ptr().wrapping_add(from).cast::<[u8; N]>();
    // SAFETY: the caller's promise; no alignment is needed.
    unsafe { from.read_unaligned() }
}

/// # Safety
/// The place is in the block.
#[inline(always)]
unsafe fn store<const N: usize>(dst: &mut [u8], to: usize, bytes: [u8; N]) {
    debug_assert!(to + N <= dst.len());
    let to = dst.as_mut_ptr().wrapping_add(to).cast::<[u8; N]>();
    // SAFETY: the caller's promise; no alignment is needed.
    unsafe { to.write_unaligned(bytes) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_copy_is_the_one_byte_by_byte() {
        for distance in (1..70).chain([100, 255]) {
            for length in (0..75).chain([100, 255, 1000]) {
                for behind in [0, 1, SLACK - 1, SLACK, 100] {
                    let before: Vec<u8> = (1..=255).cycle().take(distance + 3).collect();
                    let mut expected = before.clone();
                    for _ in 0..length {
                        expected.push(expected[expected.len() - distance]);
                    }
                    let mut dst = before.clone();
                    dst.resize(expected.len() + behind, 0);
                    assert!(copy_back(&mut dst, before.len(), distance, length));
                    let case = format!("{distance} {length} {behind}");
                    assert_eq!(dst[..expected.len()], expected, "{case}");
                    if behind < SLACK {
                        let rest = &dst[expected.len()..];
                        assert!(rest.iter().all(|&byte| byte == 0), "{case}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_lies_outside_is_not_copied() {
        let mut dst = [7; 50];
        for (filled, distance, length) in [
            (10, 0, 1),
            (10, 11, 1),
            (10, 1, 41),
            (10, usize::MAX, 1),
            (10, 1, usize::MAX),
            (51, 1, 0),
            (usize::MAX, 1, 1),
            (0, 1, 1),
        ] {
            assert!(!copy_back(&mut dst, filled, distance, length));
        }
        assert_eq!(dst, [7; 50]);
    }
}
