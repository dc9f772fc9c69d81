//! In: a stream and a block, and how far both are. Out: how far they are after as many sequences as
//! are far enough from the ends of both.
//! Never: part of a sequence; a fault: where something is wrong, [`super::block`] finds out what.
//!
//! What costs time is not moving bytes but guessing wrong which way a branch goes, and reading bytes
//! that are still on their way to the cache. So a sequence without extensions has no branch but the
//! one for short distances, none of them taken: its literals are always 16 bytes, its match always
//! 18; with extensions, 64 bytes before anything is asked. Where nearly all matches are tiny and
//! nothing stands between them, as in planes with few different bytes, those are asked for first.
#![expect(
    unsafe_code,
    reason = "reads and copies near no end, checked once a sequence"
)]

use std::{hint, ptr};

use super::super::back;
use super::block::{EXTENDED, MIN_MATCH, Place};

/// Bytes that are left of the stream behind what any sequence begun before reads: after its
/// literals, 63 that are copied with them.
const SRC_MARGIN: usize = 96;
/// Bytes that are left of the block behind what any sequence begun before writes: after its
/// literals, a match of 64 bytes.
const DST_MARGIN: usize = 96;

/// Bytes of the block after which it is considered anew which sequences to ask for first.
// PERF: a long sequence ends a stage, so that shorter ones cost where literals are long.
const STAGE: usize = 8192;

/// Tokens below this have no literals and a match of at most 8 bytes.
const TINY: usize = 5;
/// A stage that begins with so many tiny matches has hardly anything else.
// PERF: planes of integers below 1000 decode in two thirds of the time (Zen 3).
const TINIES: usize = 6;

/// So many literals are copied at once where a token says that there are more than it can.
const LITERALS: usize = 64;

/// Where no sequence begins behind.
#[derive(Clone, Copy)]
struct Limits {
    at: usize,
    filled: usize,
}

/// Decodes sequences from `place` on.
pub(super) fn sequences(src: &[u8], dst: &mut [u8], mut place: Place) -> Place {
    let at = src.len().checked_sub(SRC_MARGIN);
    let filled = dst.len().checked_sub(DST_MARGIN);
    let (Some(at), Some(filled)) = (at, filled) else {
        return place;
    };
    while place.at <= at && place.filled <= filled {
        let limits = Limits {
            at,
            filled: filled.min(place.filled + STAGE),
        };
        let token = |nth| {
            // SAFETY: a margin is behind all of them.
            unsafe { byte(src, place.at + 3 * nth) }
        };
        let tiny = (0..TINIES).map(token).max() < Some(TINY);
        let after = match tiny {
            // SAFETY: the limits are those of `src` and `dst`, or before.
            true => unsafe { stage::<true>(src, dst, place, limits) },
            // SAFETY: as above.
            false => unsafe { stage::<false>(src, dst, place, limits) },
        };
        if after.filled == place.filled {
            break;
        }
        place = after;
    }
    place
}

/// Decodes sequences until one begins behind the limits, or would end there, or needs care; with
/// `FIRST`, tiny matches are asked for first.
///
/// # Safety
/// `limits` are [`SRC_MARGIN`] and [`DST_MARGIN`] before the ends of `src` and `dst`, or more.
#[inline(never)]
unsafe fn stage<const FIRST: bool>(
    src: &[u8],
    dst: &mut [u8],
    mut place: Place,
    limits: Limits,
) -> Place {
    while place.at <= limits.at && place.filled <= limits.filled {
        // SAFETY: `place` is within the limits, and the caller knows where those are.
        match unsafe { sequence::<FIRST>(src, dst, place, limits) } {
            Some(after) => place = after,
            None => break,
        }
    }
    place
}

/// Decodes the sequence at `place`, unless it needs care.
///
/// # Safety
/// `place` is within `limits`, which are as [`stage`] has them.
#[inline(always)]
unsafe fn sequence<const FIRST: bool>(
    src: &[u8],
    dst: &mut [u8],
    place: Place,
    limits: Limits,
) -> Option<Place> {
    let Place { mut at, mut filled } = place;
    // SAFETY: a margin is behind it.
    let token = unsafe { byte(src, at) };
    at += 1;
    if FIRST && token < TINY {
        // SAFETY: a margin is behind it.
        let distance = unsafe { pair(src, at) };
        if distance >= 8 && distance <= filled {
            // SAFETY: from inside the block, to where a margin is behind it.
            unsafe { back::copy::<8>(dst, filled - distance, filled) };
            return Some(Place {
                at: at + 2,
                filled: filled + token + MIN_MATCH,
            });
        }
    }
    let mut literals = token >> 4;
    if literals == EXTENDED {
        hint::cold_path();
        // SAFETY: a margin is behind the token.
        (literals, at) = unsafe { extended(src, at, EXTENDED, limits) }?;
        if at > limits.at || literals > (limits.at - at).min(limits.filled - filled) {
            return None;
        }
        // SAFETY: a margin is behind both.
        unsafe { put(src, at, dst, filled, LITERALS) };
        if let Some(more) = literals.checked_sub(LITERALS) {
            // SAFETY: the literals end within the limits.
            unsafe { put(src, at + LITERALS, dst, filled + LITERALS, more) };
        }
    } else {
        // SAFETY: a margin is behind both.
        unsafe { put(src, at, dst, filled, 16) };
    }
    at += literals;
    filled += literals;
    // SAFETY: behind 14 literals, or behind as many as are within the limits.
    let distance = unsafe { pair(src, at) };
    at += 2;
    let from = filled.checked_sub(distance)?;
    let mut length = token & 15;
    if length == EXTENDED {
        hint::cold_path();
        // SAFETY: the first byte stands behind a distance.
        (length, at) = unsafe { extended(src, at, EXTENDED, limits) }?;
        length += MIN_MATCH;
        let room = limits.filled.checked_sub(filled)?;
        if distance == 0 || length > room {
            return None;
        }
        // SAFETY: the match ends before the limit, a margin before the end of the block.
        unsafe { back::repeat(dst, filled, distance, length) };
    } else {
        length += MIN_MATCH;
        if distance < 8 {
            hint::cold_path();
            if distance == 0 {
                return None;
            }
            // SAFETY: at most 14 bytes behind the limit, the distance inside the block.
            unsafe { back::repeat_short(dst, filled, distance) };
        } else {
            // SAFETY: as above.
            unsafe { short_match::<FIRST>(dst, from, filled, length) };
        }
    }
    Some(Place {
        at,
        filled: filled + length,
    })
}

/// A length that starts with `length` and goes on at `at`, and where what follows begins, unless
/// it needs care.
///
/// # Safety
/// `at` is in the stream, what is up to `limits` is, too.
#[inline(always)]
unsafe fn extended(
    src: &[u8],
    mut at: usize,
    mut length: usize,
    limits: Limits,
) -> Option<(usize, usize)> {
    loop {
        // SAFETY: the first is there, the others stand before the limit.
        let extension = unsafe { byte(src, at) };
        (at, length) = (at + 1, length + extension);
        if extension != 255 {
            return Some((length, at));
        }
        if at >= limits.at {
            return None;
        }
    }
}

/// Copies a match without extensions, and what may be behind it; with `FIRST`, most are tiny.
///
/// # Safety
/// `from` is at least 8 before `filled`, which is at least 18 before the end of `dst`.
#[inline(always)]
unsafe fn short_match<const FIRST: bool>(
    dst: &mut [u8],
    from: usize,
    filled: usize,
    length: usize,
) {
    // Words of 8: wider loads would wait for several of the stores just made.
    // SAFETY: inside the block, as the caller says.
    unsafe { back::copy::<8>(dst, from, filled) };
    if FIRST && length <= 8 {
        return;
    }
    // SAFETY: as above.
    unsafe { back::copy::<8>(dst, from + 8, filled + 8) };
    // SAFETY: as above.
    unsafe { back::copy::<2>(dst, from + 16, filled + 16) };
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

/// Copies `count` bytes of the stream to the block.
///
/// # Safety
/// They are in both.
#[inline(always)]
unsafe fn put(src: &[u8], from: usize, dst: &mut [u8], to: usize, count: usize) {
    debug_assert!(from + count <= src.len() && to + count <= dst.len());
    let from = src.as_ptr().wrapping_add(from);
    let to = dst.as_mut_ptr().wrapping_add(to);
    // SAFETY: the caller's promise; a shared and an exclusive slice do not overlap.
    unsafe { ptr::copy_nonoverlapping(from, to, count) };
}
