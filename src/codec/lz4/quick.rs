//! In: a stream and a block, and how far both are. Out: how far they are after as many sequences as
//! are far enough from the ends of both.
//! Never: part of a sequence; a fault: where something is wrong, [`super::block`] finds out what.
//!
//! What costs time is not moving bytes but guessing wrong which way a branch goes, and reading bytes
//! that are still on their way to the cache. So a sequence without extensions has no branch but the
//! one for short distances: its literals are always 16 bytes, its match always 18. Where nearly all
//! matches are tiny and nothing stands between them, as in planes with few different bytes, those
//! are asked for first.
#![expect(
    unsafe_code,
    reason = "reads and copies near no end, checked once a sequence"
)]

use std::ptr;

use super::super::back;
use super::block::{EXTENDED, MIN_MATCH, Place};

/// Bytes that are left of the stream behind what any sequence begun before reads: after its
/// literals, 31 that are copied with them.
const SRC_MARGIN: usize = 48;
/// Bytes that are left of the block behind what any sequence begun before writes: after 14
/// literals, a match without extensions, in words.
const DST_MARGIN: usize = 64;

/// Bytes of the block after which it is considered anew which sequences to ask for first.
const STAGE: usize = 2048;

/// Tokens below this have no literals and a match of at most 8 bytes.
const TINY: usize = 5;
/// A stage with one tiny match for so many bytes, or fewer, has hardly anything else.
// PERF: planes of integers below 1000 decode in half the time; with 8, planes of noisy ramps, where
// a fifth are other matches, take 5 % longer (Zen 3).
const TINY_BYTES: usize = 6;

/// Where no sequence begins behind.
#[derive(Clone, Copy)]
struct Limits {
    at: usize,
    filled: usize,
}

/// How a stage ended.
struct Stage {
    place: Place,
    /// Its tiny matches.
    tiny: usize,
    /// Whether the sequence there needs care.
    care: bool,
}

/// Decodes sequences from `place` on.
pub(super) fn sequences(src: &[u8], dst: &mut [u8], mut place: Place) -> Place {
    let at = src.len().checked_sub(SRC_MARGIN);
    let filled = dst.len().checked_sub(DST_MARGIN);
    let (Some(at), Some(filled)) = (at, filled) else {
        return place;
    };
    let limits = Limits { at, filled };
    let mut tiny = false;
    while place.at <= limits.at && place.filled <= limits.filled {
        let end = limits.filled.min(place.filled + STAGE);
        let stage = match tiny {
            // SAFETY: the limits are those of `src` and `dst`, and `end` is at most theirs.
            true => unsafe { stage::<true>(src, dst, place, limits, end) },
            // SAFETY: as above.
            false => unsafe { stage::<false>(src, dst, place, limits, end) },
        };
        tiny = stage.tiny * TINY_BYTES >= stage.place.filled - place.filled;
        place = stage.place;
        if stage.care {
            break;
        }
    }
    place
}

/// Decodes sequences until one ends behind `end`; with `FIRST`, tiny matches are asked for first.
///
/// # Safety
/// `limits` are [`SRC_MARGIN`] and [`DST_MARGIN`] before the ends of `src` and `dst`, `end` is not
/// behind them.
#[inline(never)]
unsafe fn stage<const FIRST: bool>(
    src: &[u8],
    dst: &mut [u8],
    mut place: Place,
    limits: Limits,
    end: usize,
) -> Stage {
    let (mut tiny, mut care) = (0, false);
    while place.at <= limits.at && place.filled <= end {
        // SAFETY: a margin is behind it.
        let token = unsafe { byte(src, place.at) };
        tiny += usize::from(token < TINY);
        if FIRST && token < TINY {
            // SAFETY: a margin is behind it.
            let distance = unsafe { pair(src, place.at + 1) };
            if distance >= 8 && distance <= place.filled {
                let filled = place.filled;
                // SAFETY: from inside the block, to where a margin is behind it.
                unsafe { back::copy::<8>(dst, filled - distance, filled) };
                place.at += 3;
                place.filled += token + MIN_MATCH;
                continue;
            }
        }
        // SAFETY: `place` is within the limits, and the caller knows where those are.
        match unsafe { sequence::<FIRST>(src, dst, place, token, limits) } {
            Some(after) => place = after,
            None => {
                care = true;
                break;
            }
        }
    }
    Stage { place, tiny, care }
}

/// Decodes the sequence at `place`, unless it needs care.
///
/// # Safety
/// `place` is within `limits`, which are as [`stage`] has them; `token` is there.
#[inline(always)]
unsafe fn sequence<const FIRST: bool>(
    src: &[u8],
    dst: &mut [u8],
    place: Place,
    token: usize,
    limits: Limits,
) -> Option<Place> {
    let (mut literals, mut from) = (token >> 4, place.at + 1);
    if literals == EXTENDED {
        // SAFETY: a margin is behind it.
        let extension = unsafe { byte(src, from) };
        (literals, from) = (literals + extension, from + 1);
        let room = (limits.at - place.at).min(limits.filled - place.filled);
        if extension == 255 || literals > room {
            return None;
        }
        let mut done = 0;
        while done < literals {
            // SAFETY: begins before the literals' end, which is within the limits but for the token
            // and the extension before them.
            unsafe { put::<32>(src, from + done, dst, place.filled + done) };
            done += 32;
        }
    } else {
        // SAFETY: a margin is behind both.
        unsafe { put::<16>(src, from, dst, place.filled) };
    }
    let place = Place {
        at: from + literals + 2,
        filled: place.filled + literals,
    };
    // SAFETY: behind 14 literals, or behind as many as are within the limits.
    let distance = unsafe { pair(src, place.at - 2) };
    // One comparison for a distance of 0, too.
    if distance.wrapping_sub(1) >= place.filled {
        return None;
    }
    if token & 15 == EXTENDED {
        // SAFETY: `place` is little behind the limits, the distance inside the block.
        return unsafe { long_match(src, dst, place, distance, limits) };
    }
    let length = (token & 15) + MIN_MATCH;
    // SAFETY: `place` is at most 14 behind the limit, the distance inside the block.
    unsafe { short_match::<FIRST>(dst, place.filled, distance, length) };
    Some(Place {
        at: place.at,
        filled: place.filled + length,
    })
}

/// Copies a match without extensions, and what may be behind it; with `FIRST`, most are tiny.
///
/// # Safety
/// `distance` is 1 to `filled`, which is at least 26 before the end of `dst`; `length` is at most
/// 18.
#[inline(always)]
unsafe fn short_match<const FIRST: bool>(
    dst: &mut [u8],
    filled: usize,
    distance: usize,
    length: usize,
) {
    const LONGEST: usize = EXTENDED - 1 + MIN_MATCH;
    if distance < 8 {
        // SAFETY: the words end at most 8 behind the longest match.
        unsafe { back::repeat_word(dst, filled, distance, LONGEST) };
        return;
    }
    // Words of 8: wider loads would wait for several of the stores just made. Each is before the
    // bytes it is copied to, as the distance is at least 8.
    // SAFETY: inside the block, as the caller says.
    unsafe { back::copy::<8>(dst, filled - distance, filled) };
    if FIRST && length <= 8 {
        return;
    }
    // SAFETY: as above.
    unsafe { back::copy::<8>(dst, filled + 8 - distance, filled + 8) };
    // SAFETY: as above.
    unsafe { back::copy::<2>(dst, filled + 16 - distance, filled + 16) };
}

/// Copies a match whose length goes on at `place`, unless it needs care.
///
/// # Safety
/// `place` is as far behind `limits` as literals and a distance, `distance` is 1 to its `filled`.
#[inline(always)]
unsafe fn long_match(
    src: &[u8],
    dst: &mut [u8],
    place: Place,
    distance: usize,
    limits: Limits,
) -> Option<Place> {
    let (mut at, mut length) = (place.at, EXTENDED + MIN_MATCH);
    loop {
        // SAFETY: the first stands behind a distance, the others before the limit.
        let extension = unsafe { byte(src, at) };
        (at, length) = (at + 1, length + extension);
        if extension != 255 {
            break;
        }
        if at >= limits.at {
            return None;
        }
    }
    let filled = place.filled + length;
    if filled > limits.filled {
        return None;
    }
    // SAFETY: the match ends before the limit, which is more than its slack before the end.
    unsafe { back::repeat(dst, place.filled, distance, length) };
    Some(Place { at, filled })
}

/// # Safety
/// `at` is in the stream.
#[inline(always)]
unsafe fn byte(src: &[u8], at: usize) -> usize {
    debug_assert!(at < src.len());
    // SAFETY: the caller's promise.
    usize::from(unsafe { *src.get_unchecked(at) })
}

/// # Safety
/// `at` and the byte behind it are in the stream.
#[inline(always)]
unsafe fn pair(src: &[u8], at: usize) -> usize {
    debug_assert!(at + 2 <= src.len());
    let start = src.as_ptr().wrapping_add(at).cast::<[u8; 2]>();
    // SAFETY: the caller's promise; no alignment is needed.
    usize::from(u16::from_le_bytes(unsafe { start.read_unaligned() }))
}

/// Copies `N` bytes of the stream to the block.
///
/// # Safety
/// They are in both.
#[inline(always)]
unsafe fn put<const N: usize>(src: &[u8], from: usize, dst: &mut [u8], to: usize) {
    debug_assert!(from + N <= src.len() && to + N <= dst.len());
    let from = src.as_ptr().wrapping_add(from);
    let to = dst.as_mut_ptr().wrapping_add(to);
    // SAFETY: the caller's promise; a shared and an exclusive slice do not overlap.
    unsafe { ptr::copy_nonoverlapping(from, to, N) };
}
