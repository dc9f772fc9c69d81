//! In: the bytes of a chunk's header and block starts. Out: a checked chunk, and any of its
//! blocks decoded on its own.
//! Never: the whole chunk in memory; a block is read by its own extent.

mod bare;
mod coder;
mod header;
mod item;
mod parts;
mod streams;
mod variable;

use std::ops::{Range, RangeInclusive};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::file::Source;
use super::scratch::{Buffer, DecodeCounts, DecodeScratch};
use super::seal::{BlockSeals, LoadSeal};
use crate::codec::Dictionary;
use crate::codec::filter::Position;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_CHUNK_BYTES, MAX_EARLY_BYTES};
use crate::types::Shape;
use coder::Coder;
use streams::Streams;
use variable::Variable;

pub use bare::BareChunk;
pub(super) use coder::Bench;
pub use header::{Coding, HEADER_BYTES, Header, Layout, Special};
pub use item::Item;
pub(super) use parts::{parts, stored_bytes};

/// Bytes of the shortest header, that of Blosc1.
pub const SHORT_HEADER_BYTES: usize = 16;

/// What a chunk has to be, from the frame and the array around it.
#[derive(Clone, Debug)]
pub struct Expected<'e> {
    /// Bytes of the decoded chunk.
    pub nbytes: RangeInclusive<usize>,
    /// Bytes of an item; 1 where nothing says more.
    pub itemsize: usize,
    /// Bytes of a block, where the array fixes them.
    pub blocksize: Option<usize>,
    /// Extents of a block, where the array has a grid.
    pub block_shape: Option<&'e Shape>,
}

impl Expected<'_> {
    /// A chunk of `nbytes` decoded bytes in items of `itemsize`.
    pub fn bytes(nbytes: usize, itemsize: usize) -> Self {
        Self {
            nbytes: nbytes..=nbytes,
            itemsize,
            blocksize: None,
            block_shape: None,
        }
    }

    /// Any chunk at all, of at most `most` decoded bytes.
    pub fn at_most(most: usize) -> Self {
        Self {
            nbytes: 0..=most.min(MAX_CHUNK_BYTES),
            itemsize: 1,
            blocksize: None,
            block_shape: None,
        }
    }
}

/// A chunk of a file, ready to decode any of its blocks.
#[derive(Debug)]
pub struct Chunk {
    /// Tells the chunk from every other one.
    number: u64,
    nbytes: usize,
    blocksize: usize,
    body: Body,
    /// The digests of its blocks, where these are sealed.
    seals: Option<BlockSeals>,
}

#[derive(Debug)]
enum Body {
    Constant(Item),
    /// The data stands at this position of the file.
    Raw(u64),
    Streams(Box<Streams>),
    Variable(Box<Variable>),
}

impl Chunk {
    fn new(nbytes: usize, blocksize: usize, body: Body) -> Self {
        static LOADED: AtomicU64 = AtomicU64::new(0);
        Self {
            number: LOADED.fetch_add(1, Ordering::Relaxed),
            nbytes,
            blocksize,
            body,
            seals: None,
        }
    }

    /// A chunk that no bytes of the file stand for.
    pub fn constant(item: Item, expected: &Expected<'_>) -> Self {
        let nbytes = *expected.nbytes.end();
        let blocksize = expected.blocksize.unwrap_or(nbytes.max(1));
        Self::new(nbytes, blocksize, Body::Constant(item))
    }

    /// Reads the metadata of the chunk at `position`; it has to end before `end`.
    ///
    /// # Errors
    /// When the chunk contradicts itself, the file's length or what is expected.
    pub fn load(source: &Source, position: u64, end: u64, expected: &Expected<'_>) -> Result<Self> {
        let counts = &mut DecodeCounts::default();
        Self::load_sealed(source, position..end, expected, None, counts)
    }

    /// The same for a chunk at the start of `place`; it is verified if there is a `seal`, and so are its blocks then.
    ///
    /// # Errors
    /// As [`Chunk::load`], and when it is not what was sealed.
    pub(in crate::store) fn load_sealed(
        source: &Source,
        place: Range<u64>,
        expected: &Expected<'_>,
        seal: Option<LoadSeal>,
        counts: &mut DecodeCounts,
    ) -> Result<Self> {
        let position = place.start;
        Self::load_inner(source, place, expected, seal, counts)
            .map_err(|error| source.blame(error.with_offset(position)))
    }

    fn load_inner(
        source: &Source,
        place: Range<u64>,
        expected: &Expected<'_>,
        seal: Option<LoadSeal>,
        counts: &mut DecodeCounts,
    ) -> Result<Self> {
        let Range {
            start: position,
            end,
        } = place;
        let room = usize::try_from(end.saturating_sub(position)).unwrap_or(usize::MAX);
        // The block starts come along when the block size is known: one read instead of two.
        let guess = expected.blocksize.map_or(0, |blocksize| {
            let starts = expected.nbytes.end().div_ceil(blocksize.max(1)) * 4;
            starts.min(MAX_EARLY_BYTES)
        });
        let sealed = seal.as_ref().map_or(0, |seal| seal.head_len);
        let first = HEADER_BYTES.saturating_add(guess).max(sealed).min(room);
        let mut bytes = source.read_vec(position, first)?;
        if let Some(seal) = &seal {
            seal.check_head(&bytes, counts)?;
        }
        let header = Header::parse(&bytes)?;
        check_against(&header, room, expected)?;
        let mut head_len = header.header_len;
        let body = match header.layout {
            Layout::Special(special) => {
                head_len = header.cbytes;
                Body::Constant(special_item(source, position, &header, special, expected)?)
            }
            Layout::Memcpyed => Body::Raw(position + header.header_len as u64),
            Layout::Regular(coding) | Layout::VariableBlocks(coding) => {
                let need = header.header_len + header.blocks() * 4;
                if bytes.len() < need {
                    bytes = source.read_vec(position, need)?;
                }
                let starts = &bytes[header.header_len..need];
                let dictionary = match coding.dict {
                    true => Some(read_dictionary(source, position, need, &header)?),
                    false => None,
                };
                // A dictionary stands behind its own length.
                let dictionary_len = dictionary.as_ref().map_or(0, |d| 4 + d.bytes().len());
                let data_start = need + dictionary_len;
                head_len = data_start;
                let coder = Coder::new(&header, coding, expected, dictionary)?;
                if matches!(header.layout, Layout::VariableBlocks(_)) {
                    if let Some(blocksize) = expected.blocksize {
                        return Err(bad(format!(
                            "the chunk has blocks of varying lengths, the array's all have \
                             {blocksize} bytes"
                        )));
                    }
                    let variable =
                        Variable::new(&header, coder, source, position, starts, data_start)?;
                    Body::Variable(Box::new(variable))
                } else {
                    check_blocksize(&header, expected)?;
                    let split = coding.split;
                    let streams =
                        Streams::new(&header, coder, split, position, starts, data_start)?;
                    Body::Streams(Box::new(streams))
                }
            }
        };
        let fixed = match &body {
            Body::Constant(_) => expected.blocksize,
            Body::Raw(_) => expected
                .blocksize
                .or(seal.as_ref().map(|seal| seal.block_bytes)),
            Body::Streams(_) | Body::Variable(_) => None,
        };
        let mut chunk = Self::new(header.nbytes, fixed.unwrap_or(header.blocksize), body);
        if let Some(seal) = seal {
            let blocks = match chunk.body {
                Body::Constant(_) => 0,
                Body::Raw(_) | Body::Streams(_) => chunk.blocks(),
                Body::Variable(_) => {
                    return Err(bad(
                        "the chunk has blocks of varying lengths, and yet a seal",
                    ));
                }
            };
            seal.check_parts(head_len, blocks)?;
            chunk.seals = Some(seal.blocks);
        }
        Ok(chunk)
    }

    /// The item that the whole chunk repeats, where it does.
    pub fn item(&self) -> Option<&Item> {
        match &self.body {
            Body::Constant(item) => Some(item),
            Body::Raw(_) | Body::Streams(_) | Body::Variable(_) => None,
        }
    }

    /// Decoded bytes of the chunk.
    pub fn nbytes(&self) -> usize {
        self.nbytes
    }

    /// Decoded bytes of every block but the last; `None` where blocks vary in length.
    pub fn blocksize(&self) -> Option<usize> {
        match self.body {
            Body::Variable(_) => None,
            Body::Constant(_) | Body::Raw(_) | Body::Streams(_) => Some(self.blocksize),
        }
    }

    /// Number of blocks.
    pub fn blocks(&self) -> usize {
        match &self.body {
            Body::Variable(variable) => variable.blocks(),
            Body::Constant(_) | Body::Raw(_) | Body::Streams(_) => {
                self.nbytes.div_ceil(self.blocksize)
            }
        }
    }

    /// The decoded bytes that block `block` stands for, from the chunk's first on; none where
    /// there is no such block.
    pub fn block_range(&self, block: usize) -> Range<usize> {
        if let Body::Variable(variable) = &self.body {
            return variable.range(block);
        }
        let start = block.saturating_mul(self.blocksize).min(self.nbytes);
        start..start + self.blocksize.min(self.nbytes - start)
    }

    /// Decoded bytes of block `block`; only the last may be short, or all where they vary.
    pub fn block_len(&self, block: usize) -> usize {
        self.block_range(block).len()
    }

    /// Decoded bytes of the longest block that has to be decoded as a whole; 0 where any stretch
    /// of the chunk can be had on its own.
    pub fn longest_block(&self) -> usize {
        match &self.body {
            Body::Raw(_) if self.seals.is_some() => self.block_len(0),
            Body::Constant(_) | Body::Raw(_) => 0,
            Body::Streams(_) => self.block_len(0),
            Body::Variable(variable) => variable.longest_block(),
        }
    }

    /// Memory this takes.
    pub fn footprint(&self) -> usize {
        let body = match &self.body {
            Body::Constant(item) => item.footprint(),
            Body::Raw(_) => 0,
            Body::Streams(streams) => streams.footprint(),
            Body::Variable(variable) => variable.footprint(),
        };
        size_of::<Self>() + body + self.seals.as_ref().map_or(0, BlockSeals::footprint)
    }

    /// Decodes block `block` into `dst`, which has exactly its bytes. `source` is where the chunk
    /// was loaded from.
    ///
    /// # Errors
    /// When the block is damaged, cannot be read, or `dst` has another length.
    pub fn decode_block(
        &self,
        source: &Source,
        block: usize,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        let range = self.block_range(block);
        if dst.is_empty() || dst.len() != range.len() {
            return Err(Error::new(
                ErrorKind::Argument,
                Code::WrongBuffer,
                format!(
                    "block {block} has {} bytes, the buffer for it {}",
                    range.len(),
                    dst.len()
                ),
            ));
        }
        match &self.body {
            Body::Constant(item) => item.fill(range.start, dst),
            Body::Raw(position) => {
                let position = position + range.start as u64;
                read_raw(source, position, scratch, dst)?;
                if let Some(seals) = &self.seals {
                    let checked = seals.check(block, dst, &mut scratch.counts);
                    checked.map_err(|error| source.blame(error.with_offset(position)))?;
                }
            }
            Body::Streams(streams) if block > 0 && streams.needs_first() => {
                let key = (self.number, 0);
                let first = match scratch.recent.take(key) {
                    Some(first) => first,
                    None => {
                        let mut first = scratch.recent.spare(self.block_len(0));
                        self.decode_streams(
                            streams,
                            source,
                            0,
                            Position::First,
                            scratch,
                            &mut first,
                        )?;
                        first
                    }
                };
                let at = Position::After(&first);
                let decoded = self.decode_streams(streams, source, block, at, scratch, dst);
                scratch.recent.put(key, first);
                decoded?;
            }
            Body::Streams(streams) => {
                self.decode_streams(streams, source, block, Position::First, scratch, dst)?;
            }
            Body::Variable(variable) => variable.decode_block(source, block, scratch, dst)?,
        }
        scratch.counts.blocks += 1;
        scratch.counts.bytes_decoded += dst.len() as u64;
        Ok(())
    }

    fn decode_streams(
        &self,
        streams: &Streams,
        source: &Source,
        block: usize,
        at: Position<'_>,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        let seals = self.seals.as_ref();
        streams.decode_block(source, block, at, seals, scratch, dst)
    }

    /// Reads the decoded bytes `start ..` of the chunk into `dst`. A block of which only a part is
    /// asked for is kept in `scratch` for the next request.
    ///
    /// # Errors
    /// When a block is damaged or cannot be read, or the bytes do not lie inside the chunk.
    pub fn read(
        &self,
        source: &Source,
        start: usize,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        let inside = start.checked_add(dst.len());
        if inside.is_none_or(|end| end > self.nbytes) {
            return Err(Error::new(
                ErrorKind::Argument,
                Code::WrongBuffer,
                format!(
                    "{} bytes from byte {start} on lie outside of a chunk of {}",
                    dst.len(),
                    self.nbytes
                ),
            ));
        }
        match &self.body {
            Body::Constant(item) => item.fill(start, dst),
            // Only a whole block can be verified.
            Body::Raw(position) if self.seals.is_none() => {
                read_raw(source, position + start as u64, scratch, dst)?;
            }
            Body::Raw(_) | Body::Streams(_) | Body::Variable(_) => {
                self.read_blocks(source, start, scratch, dst)?;
                return Ok(());
            }
        }
        scratch.counts.bytes_decoded += dst.len() as u64;
        Ok(())
    }

    fn read_blocks(
        &self,
        source: &Source,
        start: usize,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        let mut block = match &self.body {
            Body::Variable(variable) => variable.block_at(start),
            Body::Constant(_) | Body::Raw(_) | Body::Streams(_) => start / self.blocksize,
        };
        let mut filled = 0;
        while filled < dst.len() {
            let range = self.block_range(block);
            let at = start + filled;
            if range.contains(&at) {
                let len = (range.end - at).min(dst.len() - filled);
                let part = &mut dst[filled..filled + len];
                if len == range.len() {
                    self.decode_block(source, block, scratch, part)?;
                } else {
                    self.read_part(source, block, at - range.start, scratch, part)?;
                }
                filled += len;
            }
            block += 1;
        }
        Ok(())
    }

    /// Copies what stands from byte `start` of block `block` on.
    fn read_part(
        &self,
        source: &Source,
        block: usize,
        start: usize,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        let key = (self.number, block);
        let bytes = match scratch.recent.take(key) {
            Some(bytes) => bytes,
            None => {
                let mut bytes = scratch.recent.spare(self.block_len(block));
                self.decode_block(source, block, scratch, &mut bytes)?;
                bytes
            }
        };
        dst.copy_from_slice(&bytes[start..start + dst.len()]);
        scratch.recent.put(key, bytes);
        Ok(())
    }
}

fn read_raw(
    source: &Source,
    position: u64,
    scratch: &mut DecodeScratch,
    dst: &mut [u8],
) -> Result<()> {
    let before = Instant::now();
    source.read_at(position, dst)?;
    scratch.counts.read += before.elapsed();
    scratch.counts.bytes_read += dst.len() as u64;
    Ok(())
}

/// The stored bytes of a block: where they lie, or read into `buffer`.
fn stored<'s>(
    source: &'s Source,
    position: u64,
    len: usize,
    buffer: &'s mut Buffer,
    counts: &mut DecodeCounts,
) -> Result<&'s [u8]> {
    if let Some(bytes) = source.resident(position, len)? {
        return Ok(bytes);
    }
    let bytes = buffer.get(len);
    let begin = Instant::now();
    source.read_at(position, bytes)?;
    counts.read += begin.elapsed();
    counts.bytes_read += len as u64;
    Ok(bytes)
}

fn check_against(header: &Header, room: usize, expected: &Expected<'_>) -> Result<()> {
    if header.cbytes > room {
        return Err(bad(format!(
            "the chunk has {} bytes, but there is room for {room}",
            header.cbytes
        )));
    }
    let (low, high) = (*expected.nbytes.start(), *expected.nbytes.end());
    if expected.nbytes.contains(&header.nbytes) {
        return Ok(());
    }
    let place = match low == high {
        true => format!("{low}"),
        false => format!("{low} to {high}"),
    };
    Err(bad(format!(
        "the chunk decodes to {} bytes, but its place in the array has {place}",
        header.nbytes
    )))
}

fn check_blocksize(header: &Header, expected: &Expected<'_>) -> Result<()> {
    match expected.blocksize {
        Some(blocksize) if blocksize != header.blocksize => Err(bad(format!(
            "the chunk has blocks of {} bytes, but the array's have {blocksize}",
            header.blocksize
        ))),
        Some(_) | None => Ok(()),
    }
}

/// Reads the dictionary that stands `at` bytes behind the start of the chunk.
fn read_dictionary(
    source: &Source,
    position: u64,
    at: usize,
    header: &Header,
) -> Result<Dictionary> {
    let room = header.cbytes.saturating_sub(at + 4);
    let start = position + at as u64;
    let len = match room {
        0 => return Err(bad("the chunk has no room for its dictionary")),
        _ => coder::dictionary_len(&source.read_vec(start, 4)?, room)?,
    };
    Ok(Dictionary::new(source.read_vec(start + 4, len)?))
}

fn special_item(
    source: &Source,
    position: u64,
    header: &Header,
    special: Special,
    expected: &Expected<'_>,
) -> Result<Item> {
    let itemsize = expected.itemsize;
    match special {
        Special::Zeros | Special::Uninit => Ok(Item::Zeros),
        Special::Nan => Item::nan(header.typesize)
            .filter(|_| header.typesize == itemsize || expected.blocksize.is_none())
            .ok_or_else(|| bad(format!("a chunk of NaN has items of {itemsize} bytes"))),
        Special::Value => {
            let len = header.cbytes - header.header_len;
            if len != itemsize && expected.blocksize.is_some() {
                return Err(bad(format!(
                    "a chunk repeats a value of {len} bytes, but items have {itemsize}"
                )));
            }
            let bytes = source.read_vec(position + header.header_len as u64, len)?;
            Item::of_bytes(bytes).ok_or_else(|| bad("a chunk repeats a value without bytes"))
        }
    }
}

#[cold]
fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, Code::BadChunk, message)
}

#[cfg(test)]
mod tests;
