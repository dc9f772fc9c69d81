//! In: all bytes of a chunk. Out: where its head ends, and where each of its blocks is stored.
//! Never: a block that the reader would look for elsewhere.

use std::ops::Range;

use super::header::{HEADER_BYTES, Header, Layout};
use super::streams::{extents, most_stored, streams_of};
use super::{bad, coder};
use crate::error::Result;
use crate::store::file::{Source, unsupported};

/// The bytes of the chunk at the start of `place`, as they are stored.
///
/// # Errors
/// When its header is damaged, or it does not end inside of `place`.
pub(in crate::store) fn stored_bytes(source: &Source, place: Range<u64>) -> Result<Vec<u8>> {
    let room = usize::try_from(place.end.saturating_sub(place.start)).unwrap_or(usize::MAX);
    let first = source.read_vec(place.start, room.min(HEADER_BYTES))?;
    let header = Header::parse(&first).map_err(|error| error.with_offset(place.start))?;
    // One with a short header, too, has room for a long one.
    let len = header.cbytes.max(HEADER_BYTES);
    if len > room {
        let message = format!("the chunk claims {len} bytes, more than there are");
        return Err(bad(message).with_offset(place.start));
    }
    source.read_vec(place.start, len)
}

/// The parts of a chunk that are read apart from each other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::store) struct Parts {
    /// Bytes in front of the blocks: header, block starts and dictionary; all of a chunk that repeats a value.
    pub(in crate::store) head_len: usize,
    /// The bytes of each block that is stored on its own.
    pub(in crate::store) blocks: Vec<Range<usize>>,
}

/// The parts of the chunk `bytes`, of an array with blocks of `block_bytes`.
///
/// # Errors
/// When it contradicts itself, or its blocks vary in length.
pub(in crate::store) fn parts(bytes: &[u8], block_bytes: usize) -> Result<Parts> {
    let header = Header::parse(bytes)?;
    if header.cbytes != bytes.len() {
        return Err(bad(format!(
            "the chunk has {} bytes, its header says {}",
            bytes.len(),
            header.cbytes
        )));
    }
    let decoded = |block: usize, block_bytes: usize| {
        let start = block * block_bytes;
        start..(start + block_bytes).min(header.nbytes)
    };
    match header.layout {
        Layout::Special(_) => Ok(Parts {
            head_len: header.cbytes,
            blocks: Vec::new(),
        }),
        Layout::Memcpyed => {
            let block_bytes = block_bytes.max(1);
            let blocks = (0..header.nbytes.div_ceil(block_bytes)).map(|block| {
                let Range { start, end } = decoded(block, block_bytes);
                header.header_len + start..header.header_len + end
            });
            Ok(Parts {
                head_len: header.header_len,
                blocks: blocks.collect(),
            })
        }
        Layout::Regular(coding) => {
            let starts_end = header.header_len + header.blocks() * 4;
            let head_len = match (coding.dict, bytes.get(starts_end..)) {
                (true, Some(behind)) => {
                    let room = behind.len().saturating_sub(4);
                    starts_end + 4 + coder::dictionary_len(behind, room)?
                }
                (true, None) | (false, _) => starts_end,
            };
            let starts = &bytes[header.header_len..starts_end];
            let extents = extents(starts, head_len, header.cbytes)?;
            for (block, &(start, end)) in extents.iter().enumerate() {
                let decoded = decoded(block, header.blocksize).len();
                let whole = decoded == header.blocksize;
                let streams = streams_of(coding.split, header.typesize, whole);
                check_stored(block, (end - start) as usize, decoded, streams)?;
            }
            let blocks = extents
                .iter()
                .map(|&(start, end)| start as usize..end as usize);
            Ok(Parts {
                head_len,
                blocks: blocks.collect(),
            })
        }
        Layout::VariableBlocks(_) => Err(unsupported(
            "the chunk has blocks of varying lengths, which cannot be sealed",
        )),
    }
}

/// Checks that a block of `decoded` bytes in `streams` streams can be stored in `stored`.
pub(super) fn check_stored(
    block: usize,
    stored: usize,
    decoded: usize,
    streams: usize,
) -> Result<()> {
    if stored <= most_stored(decoded, streams) {
        return Ok(());
    }
    Err(bad(format!(
        "block {block} of the chunk has {stored} bytes for {decoded}, more than any writer needs"
    )))
}
