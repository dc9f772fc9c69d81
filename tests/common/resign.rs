//! In: a sealed frame whose bytes were changed. Out: the same with digests that agree with the changes: what somebody
//! would make who means harm.
//! Never: a check of what it is given, besides that there is room for it.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a module of several test binaries, each of which uses some of it"
)]

use std::ops::Range;

use twox_hash::{XxHash3_64, XxHash3_128};

/// Bytes of a table's fields in front of the header's copy.
const FIXED: usize = 56;

fn number<const N: usize>(frame: &[u8], at: usize) -> Option<usize> {
    let bytes = frame.get(at..)?.first_chunk::<N>()?;
    let mut each = bytes.iter().rev();
    each.try_fold(0usize, |all, &byte| {
        all.checked_mul(256)?.checked_add(usize::from(byte))
    })
}

/// Where the trailer is.
pub fn trailer(frame: &[u8]) -> Option<Range<usize>> {
    let at = frame.len().checked_sub(22)?;
    let length = frame.get(at..)?.first_chunk::<4>()?;
    let start = frame
        .len()
        .checked_sub(u32::from_be_bytes(*length) as usize)?;
    Some(start..frame.len())
}

/// Where the content of the seal's table is.
pub fn table(frame: &[u8]) -> Option<usize> {
    let start = trailer(frame)?.start;
    let magic = b"FBSEAL\0\x01";
    let found = frame[start..]
        .windows(magic.len())
        .position(|bytes| bytes == magic)?;
    Some(start + found)
}

/// Where the row of leaf `leaf` is in the table, and where that leaf is.
pub fn leaf(frame: &[u8], leaf: usize) -> Option<(usize, Range<usize>)> {
    let table = table(frame)?;
    let header = number::<4>(frame, table + 0x24)?;
    if leaf >= number::<8>(frame, table + 0x28)? {
        return None;
    }
    let row = table
        .checked_add(FIXED)?
        .checked_add(header)?
        .checked_add(leaf * 24)?;
    let start = number::<8>(frame, row)?.checked_add(header)?;
    let end = start.checked_add(number::<8>(frame, row + 8)?)?;
    frame.get(start..end)?;
    Some((row, start..end))
}

/// Puts in the digests of the first leaves, then the root.
pub fn resign(frame: &mut [u8]) {
    for number in 0..64 {
        let Some((row, place)) = leaf(frame, number) else {
            break;
        };
        let digest = XxHash3_64::oneshot(&frame[place]).to_le_bytes();
        if let Some(slot) = frame.get_mut(row + 16..row + 24) {
            slot.copy_from_slice(&digest);
        }
    }
    if let Some(place) = trailer(frame)
        && place.len() >= 16
    {
        let signed = place.start..place.end - 16;
        let root = XxHash3_128::oneshot(&frame[signed.clone()]).to_le_bytes();
        frame[signed.end..].copy_from_slice(&root);
    }
}
