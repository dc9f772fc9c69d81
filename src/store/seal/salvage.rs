//! In: a place in a damaged file that may be a part of a seal. Out: that part, if it holds.
//! Never: a table whose root is not that of the trailer around it.

use std::ops::Range;

use super::digest::{ROOT_BYTES, root};
use super::leaf::{self, Leaf};
use super::table::{PACK_BYTES, Table};
use crate::bytes::Cursor;
use crate::diag::Code;
use crate::error::Result;
use crate::limits::MAX_SALVAGED_LEAF_BYTES;
use crate::store::chunk::{HEADER_BYTES, stored_bytes};
use crate::store::file::Source;
use crate::store::frame::{TAIL_BYTES, read_tail};

/// A table, and the trailer that it stands in.
#[derive(Clone, Debug)]
pub(in crate::store) struct FoundTable {
    pub(in crate::store) table: Table,
    pub(in crate::store) trailer: Range<u64>,
}

/// The table whose content begins at byte `magic`, if it is there and holds.
///
/// # Errors
/// When the system refuses.
pub(in crate::store) fn table_at(source: &Source, magic: u64) -> Result<Option<FoundTable>> {
    let Some(start) = magic.checked_sub((HEADER_BYTES + PACK_BYTES) as u64) else {
        return Ok(None);
    };
    let Ok(chunk) = stored_bytes(source, start..source.len_bytes()) else {
        return Ok(None);
    };
    let Ok(table) = Table::decode(&chunk) else {
        return Ok(None);
    };
    // A writer puts the table behind all other metalayers.
    let end = start + chunk.len() as u64 + TAIL_BYTES;
    let Ok((len, found)) = read_tail(source, end) else {
        return Ok(None);
    };
    let trailer = end.checked_sub(len).filter(|&at| at < start);
    let Some(trailer) = trailer else {
        return Ok(None);
    };
    let holds = root(source, trailer, end - trailer - ROOT_BYTES as u64)? == found;
    Ok(holds.then_some(FoundTable {
        table,
        trailer: trailer..end,
    }))
}

/// The leaf that begins at byte `magic`, if one does.
///
/// # Errors
/// When the system refuses.
pub(in crate::store) fn leaf_at(source: &Source, magic: u64) -> Result<Option<Leaf>> {
    let room = source.len_bytes().saturating_sub(magic);
    let room = usize::try_from(room).map_or(MAX_SALVAGED_LEAF_BYTES, |room| {
        room.min(MAX_SALVAGED_LEAF_BYTES)
    });
    let bytes = source.read_vec(magic, leaf_room(source, magic, room)?)?;
    let mut cursor = Cursor::new(&bytes, Code::BadSeal, "leaf of the seal");
    Ok(Leaf::read(&mut cursor).ok().map(|(leaf, _)| leaf))
}

/// The most bytes that the leaf at `magic` can have, of `room` bytes.
fn leaf_room(source: &Source, magic: u64, room: usize) -> Result<usize> {
    let head = source.read_vec(magic, room.min(24))?;
    let mut cursor = Cursor::new(&head, Code::BadSeal, "leaf of the seal");
    let skipped = cursor.seek(16, "number of chunks");
    let numbers = skipped.and_then(|()| Ok((cursor.u32_le("chunks")?, cursor.u32_le("blocks")?)));
    let Ok((count, blocks)) = numbers else {
        return Ok(room);
    };
    let most = leaf::most_bytes(count as usize, blocks as usize);
    Ok(usize::try_from(most).map_or(room, |most| most.min(room)))
}
