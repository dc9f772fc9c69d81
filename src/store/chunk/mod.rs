//! In: the bytes of a chunk's header and block starts. Out: a checked chunk, and any of its
//! blocks decoded on its own.
//! Never: the whole chunk in memory; a block is read by its own extent.

mod header;
mod streams;

use std::time::Instant;

use super::file::{Source, unsupported};
use super::scratch::DecodeScratch;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use streams::Streams;

pub use header::{Coding, HEADER_BYTES, Header, Layout, Special};

/// What a chunk has to be, from the frame and the array around it.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    /// Bytes of the decoded chunk.
    pub nbytes: usize,
    /// Bytes of an item, at most 8.
    pub itemsize: usize,
    /// Bytes of a block, where the array fixes them.
    pub blocksize: Option<usize>,
}

/// One item that a whole chunk repeats: its bytes and how many of them count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    bytes: [u8; 8],
    len: usize,
}

impl Item {
    /// `len` zero bytes, at most 8.
    pub fn zero(len: usize) -> Self {
        Self {
            bytes: [0; 8],
            len: len.min(8),
        }
    }

    /// The quiet NaN of an item size, where there is one.
    pub fn nan(len: usize) -> Option<Self> {
        match len {
            4 => Self::of_bytes(&0x7FC0_0000u32.to_le_bytes()),
            8 => Self::of_bytes(&0x7FF8_0000_0000_0000u64.to_le_bytes()),
            _ => None,
        }
    }

    /// The item with these bytes, 1 to 8 of them.
    pub fn of_bytes(from: &[u8]) -> Option<Self> {
        let mut bytes = [0; 8];
        bytes.get_mut(..from.len())?.copy_from_slice(from);
        let len = from.len();
        (len > 0).then_some(Self { bytes, len })
    }

    /// The bytes as stored.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Repeats the item over `dst`.
    pub fn fill(&self, dst: &mut [u8]) {
        if self.bytes().iter().all(|&byte| byte == self.bytes[0]) {
            dst.fill(self.bytes[0]);
            return;
        }
        for item in dst.chunks_mut(self.len) {
            item.copy_from_slice(&self.bytes[..item.len()]);
        }
    }
}

/// A chunk of a file, ready to decode any of its blocks.
#[derive(Debug)]
pub struct Chunk {
    nbytes: usize,
    blocksize: usize,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Constant(Item),
    /// The data stands at this position of the file.
    Raw(u64),
    Streams(Box<Streams>),
}

impl Chunk {
    /// A chunk that no bytes of the file stand for.
    pub fn constant(item: Item, expected: Expected) -> Self {
        Self {
            nbytes: expected.nbytes,
            blocksize: expected.blocksize.unwrap_or(expected.nbytes.max(1)),
            body: Body::Constant(item),
        }
    }

    /// Reads the metadata of the chunk at `position`; it has to end before `end`.
    ///
    /// # Errors
    /// When the chunk contradicts itself, the file's length or what is expected.
    pub fn load(source: &Source, position: u64, end: u64, expected: Expected) -> Result<Self> {
        Self::load_inner(source, position, end, expected)
            .map_err(|error| source.blame(error.with_offset(position)))
    }

    fn load_inner(source: &Source, position: u64, end: u64, expected: Expected) -> Result<Self> {
        let room = usize::try_from(end.saturating_sub(position)).unwrap_or(usize::MAX);
        // The block starts come along when the block size is known: one read instead of two.
        let guess = expected.blocksize.map_or(0, |blocksize| {
            expected.nbytes.div_ceil(blocksize.max(1)) * 4
        });
        let first = HEADER_BYTES.saturating_add(guess).min(room);
        let mut bytes = source.read_vec(position, first)?;
        let header = Header::parse(&bytes)?;
        if header.cbytes > room {
            return Err(bad(format!(
                "the chunk has {} bytes, but there is room for {room}",
                header.cbytes
            )));
        }
        if header.nbytes != expected.nbytes {
            return Err(bad(format!(
                "the chunk decodes to {} bytes, but its place in the array has {}",
                header.nbytes, expected.nbytes
            )));
        }
        let body = match header.layout {
            Layout::Special(special) => {
                Body::Constant(special_item(source, position, &header, special, expected)?)
            }
            Layout::Memcpyed => Body::Raw(position + header.header_len as u64),
            Layout::Regular(coding) => {
                Self::check_blocksize(&header, expected)?;
                let have = bytes.len();
                let need = header.header_len + header.blocks() * 4;
                if have < need {
                    bytes = source.read_vec(position, need)?;
                }
                let streams = Streams::new(&header, coding, position, &bytes[..need])?;
                Body::Streams(Box::new(streams))
            }
            Layout::VariableBlocks => {
                return Err(unsupported(
                    "chunks of variable-length blocks are not read yet",
                ));
            }
        };
        let blocksize = match (&body, expected.blocksize) {
            (Body::Streams(_), _) | (_, None) => header.blocksize,
            (Body::Constant(_) | Body::Raw(_), Some(blocksize)) => blocksize,
        };
        Ok(Self {
            nbytes: header.nbytes,
            blocksize,
            body,
        })
    }

    fn check_blocksize(header: &Header, expected: Expected) -> Result<()> {
        match expected.blocksize {
            Some(blocksize) if blocksize != header.blocksize => Err(bad(format!(
                "the chunk has blocks of {} bytes, but the array's have {blocksize}",
                header.blocksize
            ))),
            Some(_) | None => Ok(()),
        }
    }

    /// The item that the whole chunk repeats, where it does.
    pub fn item(&self) -> Option<Item> {
        match self.body {
            Body::Constant(item) => Some(item),
            Body::Raw(_) | Body::Streams(_) => None,
        }
    }

    /// Number of blocks.
    pub fn blocks(&self) -> usize {
        self.nbytes.div_ceil(self.blocksize)
    }

    /// Decoded bytes of block `block`; only the last may be short.
    pub fn block_len(&self, block: usize) -> usize {
        let start = block.saturating_mul(self.blocksize).min(self.nbytes);
        self.blocksize.min(self.nbytes - start)
    }

    /// Memory this takes.
    pub fn footprint(&self) -> usize {
        let streams = match &self.body {
            Body::Streams(streams) => streams.footprint(),
            Body::Constant(_) | Body::Raw(_) => 0,
        };
        size_of::<Self>() + streams
    }

    /// Decodes block `block` into `dst`, which has exactly its bytes.
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
        if dst.is_empty() || dst.len() != self.block_len(block) {
            return Err(Error::new(
                ErrorKind::Argument,
                Code::WrongBuffer,
                format!(
                    "block {block} has {} bytes, the buffer for it {}",
                    self.block_len(block),
                    dst.len()
                ),
            ));
        }
        match &self.body {
            Body::Constant(item) => item.fill(dst),
            Body::Raw(start) => {
                // `block_len` was not zero, so the product is below `nbytes`.
                let position = start + (block * self.blocksize) as u64;
                let before = Instant::now();
                source.read_at(position, dst)?;
                scratch.counts.read += before.elapsed();
                scratch.counts.bytes_read += dst.len() as u64;
            }
            Body::Streams(streams) => {
                let leftover = dst.len() != self.blocksize;
                streams.decode_block(source, block, leftover, scratch, dst)?;
            }
        }
        scratch.counts.blocks += 1;
        scratch.counts.bytes_decoded += dst.len() as u64;
        Ok(())
    }
}

fn special_item(
    source: &Source,
    position: u64,
    header: &Header,
    special: Special,
    expected: Expected,
) -> Result<Item> {
    let itemsize = expected.itemsize;
    match special {
        Special::Zeros | Special::Uninit => Ok(Item::zero(itemsize)),
        Special::Nan => Item::nan(itemsize)
            .filter(|_| header.typesize == itemsize)
            .ok_or_else(|| bad(format!("a chunk of NaN has items of {itemsize} bytes"))),
        Special::Value => {
            let len = header.cbytes - header.header_len;
            if len != itemsize {
                return Err(bad(format!(
                    "a chunk repeats a value of {len} bytes, but items have {itemsize}"
                )));
            }
            let bytes = source.read_vec(position + header.header_len as u64, len)?;
            Item::of_bytes(&bytes).ok_or_else(|| bad("a chunk repeats a value without bytes"))
        }
    }
}

#[cold]
fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, Code::BadChunk, message)
}

#[cfg(test)]
mod tests;
