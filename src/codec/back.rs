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
pub(super) const SLACK: usize = 64;

/// Bytes that are copied at once.
const STRIDE: usize = 32;

/// A longer run of one byte is what C libraries fill fastest.
const RUN: usize = 512;

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
        STRIDE.. => unsafe { repeat_strides(dst, filled, distance, length) },
        // SAFETY: the caller's promise.
        8.. => unsafe { repeat_period(dst, filled, distance, length) },
        // SAFETY: the caller's promise.
        2.. => unsafe { repeat_words(dst, filled, distance, length) },
        _ if length > RUN => {
            let byte = dst[filled - 1];
            dst[filled..filled + length].fill(byte);
        }
        // SAFETY: the caller's promise; there is no distance of 0.
        _ => unsafe { repeat_words(dst, filled, distance, length) },
    }
}

/// # Safety
/// As [`repeat`], with a distance of [`STRIDE`] or more.
#[inline(always)]
unsafe fn repeat_strides(dst: &mut [u8], filled: usize, distance: usize, length: usize) {
    let mut done = 0;
    // PERF: the first two in any case, since whether one is enough cannot be foreseen.
    while done < length || done < SLACK {
        // SAFETY: ends at most SLACK behind the copy; what is copied from is before `filled + done`.
        unsafe { copy::<STRIDE>(dst, filled - distance + done, filled + done) };
        done += STRIDE;
    }
}

/// # Safety
/// As [`repeat`], with a distance below [`STRIDE`].
#[inline(always)]
unsafe fn repeat_period(dst: &mut [u8], filled: usize, distance: usize, length: usize) {
    // What is behind the period is overwritten by the next one.
    let from = filled - distance;
    // SAFETY: ends less than SLACK behind `filled`.
    let period = [0, 8, 16, 24].map(|at| unsafe { load(dst, from + at) });
    let mut done = 0;
    while done < length {
        for (nth, word) in period.into_iter().enumerate() {
            // SAFETY: begins less than STRIDE behind `length`, so ends less than SLACK behind it.
            unsafe { store(dst, filled + done + 8 * nth, word) };
        }
        done += distance;
    }
}

/// # Safety
/// As [`repeat`], with a distance below 8.
#[inline(always)]
unsafe fn repeat_words(dst: &mut [u8], filled: usize, distance: usize, length: usize) {
    // SAFETY: ends at most 7 behind `filled`.
    let (word, whole) = unsafe { periods(dst, filled, distance) };
    let mut done = 0;
    while done < length {
        for nth in 0..4 {
            // SAFETY: begins at most 24 behind `length`, so ends less than SLACK behind it.
            unsafe { store(dst, filled + done + nth * whole, word) };
        }
        done += 4 * whole;
    }
}

/// Copies at least 18 bytes.
///
/// # Safety
/// `distance` is 1 to 7, and at most `filled`; 24 bytes from `filled` on are in the block.
#[inline(always)]
pub(super) unsafe fn repeat_short(dst: &mut [u8], filled: usize, distance: usize) {
    // SAFETY: ends at most 7 behind `filled`.
    let (word, whole) = unsafe { periods(dst, filled, distance) };
    for nth in 0..3 {
        // SAFETY: `whole` is at most 8.
        unsafe { store(dst, filled + nth * whole, word) };
    }
}

/// A word of what comes again after `distance`, and how many of its bytes are whole periods: at
/// least 5.
///
/// # Safety
/// `distance` is 1 to 7, and at most `filled`; 7 bytes from `filled` on are in the block.
#[inline(always)]
unsafe fn periods(dst: &[u8], filled: usize, distance: usize) -> (u64, usize) {
    // Ones at every place of a word where a period starts.
    const STARTS: [u64; 8] = starts();
    const WHOLE: [usize; 8] = [0, 8, 8, 6, 8, 5, 6, 7];
    // SAFETY: the caller's promise.
    let word = u64::from_le(unsafe { load(dst, filled - distance) });
    let period = word & ((1 << (distance * 8)) - 1);
    let word = period.wrapping_mul(STARTS[distance]).to_le();
    (word, WHOLE[distance])
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

// Words, not arrays of bytes: those would be copied to the stack and from there.

/// # Safety
/// The place is in the block.
#[inline(always)]
unsafe fn load(dst: &[u8], from: usize) -> u64 {
    debug_assert!(from + 8 <= dst.len());
    let from = dst.as_ptr().wrapping_add(from).cast::<u64>();
    // SAFETY: the caller's promise; no alignment is needed.
    unsafe { from.read_unaligned() }
}

/// # Safety
/// The place is in the block.
#[inline(always)]
unsafe fn store(dst: &mut [u8], to: usize, word: u64) {
    debug_assert!(to + 8 <= dst.len());
    let to = dst.as_mut_ptr().wrapping_add(to).cast::<u64>();
    // SAFETY: the caller's promise; no alignment is needed.
    unsafe { to.write_unaligned(word) };
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
