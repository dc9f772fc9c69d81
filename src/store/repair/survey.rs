//! In: all bytes of a damaged frame. Out: what in it looks like a chunk, an index, or a part of a seal.
//! Never: the file in memory; a chunk looked for inside of another that is sound.

use std::ops::Range;

use super::Reader;
use super::body::Body;
use crate::error::Result;
use crate::store::chunk::{HEADER_BYTES, Header};
use crate::store::file::Source;
use crate::store::seal::{FoundTable, LEAF_MAGIC, Leaf, TABLE_MAGIC, leaf_at, table_at};

/// Bytes that are read at once.
const PIECE_BYTES: usize = 1 << 20;

/// What was found, each in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Places of chunks of the frame, sound or not.
    pub(super) chunks: Vec<u64>,
    /// What may say where chunks are.
    pub(super) hints: Vec<Hint>,
}

/// What says where chunks are, or were at some time.
#[derive(Debug)]
pub(super) enum Hint {
    /// At this place is what may be an index.
    Index(u64),
    /// A leaf of a seal.
    Leaf(Leaf),
}

/// The tables of seals in a file, each of which holds for the trailer that it is in.
pub(super) fn tables(source: &Source) -> Result<Vec<FoundTable>> {
    let mut found = Vec::new();
    each(source, 0, |bytes, at| {
        if bytes.starts_with(TABLE_MAGIC)
            && let Some(table) = table_at(source, at)?
        {
            found.push(table);
        }
        Ok(1)
    })?;
    Ok(found)
}

/// What a frame that has `body`, and a header of `start` bytes, has behind it.
pub(super) fn survey(
    source: &Source,
    start: u64,
    body: &Body,
    reader: &mut Reader,
) -> Result<Survey> {
    let mut found = Survey::default();
    let end = source.len_bytes();
    each(source, start, |bytes, at| {
        if bytes.starts_with(LEAF_MAGIC) {
            found.hints.extend(leaf_at(source, at)?.map(Hint::Leaf));
            return Ok(1);
        }
        // All but some old chunks begin with their version and this.
        let extended = matches!(bytes, [1..=6, _, flags, ..] if flags & 5 == 5);
        if !extended || bytes.len() < HEADER_BYTES {
            return Ok(1);
        }
        let Ok(header) = Header::parse(bytes) else {
            return Ok(1);
        };
        // One more is that of a chunk that was being appended; any other index is of an array of other extents.
        let sizes = [body.chunks, body.chunks + 1].map(|entries| entries * 8);
        if header.typesize == 8 && sizes.contains(&header.nbytes) {
            found.hints.push(Hint::Index(at));
        }
        if !body.has_size(header.nbytes) {
            return Ok(1);
        }
        found.chunks.push(at);
        // What is damaged may have another behind its beginning.
        let sound = reader.check(source, at..end, &body.expected_any());
        Ok(sound.map_or(1, |()| header.cbytes as u64))
    })?;
    Ok(found)
}

/// Gives `visit` the bytes from each place on, some at least while there are as many, and goes on as many bytes further
/// as it says.
fn each(
    source: &Source,
    start: u64,
    mut visit: impl FnMut(&[u8], u64) -> Result<u64>,
) -> Result<()> {
    let end = source.len_bytes();
    let (mut at, mut piece) = (start, Vec::new());
    while at < end {
        let Range {
            start: from,
            end: to,
        } = at..end.min(at + PIECE_BYTES as u64);
        let room = end.min(to + HEADER_BYTES as u64) - from;
        piece.resize(usize::try_from(room).unwrap_or(PIECE_BYTES), 0);
        source.read_at(from, &mut piece)?;
        while at < to {
            // OK because a piece is a few bytes longer than PIECE_BYTES at most.
            let inside = usize::try_from(at - from).unwrap_or(piece.len());
            at += visit(&piece[inside..], at)?.max(1);
        }
    }
    Ok(())
}
