//! In: the block starts of a chunk of variable-length blocks. Out: any of its blocks.
//! Never: a sum of lengths that differs from the chunk's.

use super::coder::Coder;
use super::header::Header;
use super::{bad, stored};
use crate::bytes::{Cursor, u32s_le};
use crate::codec::filter::Position;
use crate::diag::Code;
use crate::error::{Error, Result};
use crate::store::file::Source;
use crate::store::scratch::DecodeScratch;

/// Bytes before the payload of a block: its decoded length.
const PREFIX_BYTES: u32 = 4;

/// Bytes that a codec may need for a block besides twice its own.
const SLACK: usize = 64;

/// How the blocks of such a chunk are found and decoded.
#[derive(Debug)]
pub(super) struct Variable {
    coder: Coder,
    /// Where the chunk stands in the file.
    position: u64,
    blocks: Box<[Block]>,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    /// First byte of the payload, from the chunk's start.
    start: u32,
    /// Bytes of the payload.
    len: u32,
    /// First decoded byte.
    decoded: u32,
    /// Decoded bytes.
    decoded_len: u32,
}

impl Variable {
    /// `starts` are the block starts, `data_start` is the first byte behind them and behind the
    /// dictionary.
    pub(super) fn new(
        header: &Header,
        coder: Coder,
        source: &Source,
        position: u64,
        starts: &[u8],
        data_start: usize,
    ) -> Result<Self> {
        let starts: Vec<u32> = u32s_le(starts).collect();
        let last = u32::try_from(header.cbytes).unwrap_or(u32::MAX);
        let ends = starts.iter().skip(1).copied().chain([last]);
        let (mut blocks, mut decoded) = (Vec::with_capacity(starts.len()), 0u64);
        for (start, end) in starts.iter().copied().zip(ends) {
            let inside = start as usize >= data_start && end <= last;
            if !inside || end.saturating_sub(start) <= PREFIX_BYTES {
                return Err(bad(format!(
                    "a variable-length block spans the bytes {start}..{end} of its chunk"
                )));
            }
            let prefix = source.read_vec(position + u64::from(start), PREFIX_BYTES as usize)?;
            let len = Cursor::new(&prefix, Code::BadChunk, "block").i32_le("decoded length")?;
            let room = header.nbytes as u64 - decoded;
            let len = u32::try_from(len)
                .ok()
                .filter(|&len| len > 0 && u64::from(len) <= room)
                .ok_or_else(|| {
                    bad(format!(
                        "a variable-length block decodes to {len} bytes, but {room} are left"
                    ))
                })?;
            blocks.push(Block {
                start: start + PREFIX_BYTES,
                len: end - start - PREFIX_BYTES,
                decoded: u32::try_from(decoded).unwrap_or(u32::MAX),
                decoded_len: len,
            });
            decoded += u64::from(len);
        }
        if decoded != header.nbytes as u64 {
            return Err(bad(format!(
                "the chunk's blocks decode to {decoded} bytes, its header says {}",
                header.nbytes
            )));
        }
        Ok(Self {
            coder,
            position,
            blocks: blocks.into(),
        })
    }

    pub(super) fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// The decoded bytes that block `block` stands for, from the chunk's first on; none if there
    /// is no such block.
    pub(super) fn range(&self, block: usize) -> std::ops::Range<usize> {
        self.blocks.get(block).map_or(0..0, |block| {
            let start = block.decoded as usize;
            start..start + block.decoded_len as usize
        })
    }

    /// Decoded bytes of the longest block.
    pub(super) fn longest_block(&self) -> usize {
        let lengths = self.blocks.iter().map(|block| block.decoded_len as usize);
        lengths.max().unwrap_or(0)
    }

    /// The block with decoded byte `at` of the chunk.
    pub(super) fn block_at(&self, at: usize) -> usize {
        let behind = self
            .blocks
            .partition_point(|block| block.decoded as usize <= at);
        behind.saturating_sub(1)
    }

    /// Memory this takes.
    pub(super) fn footprint(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.blocks) + self.coder.footprint()
    }

    pub(super) fn decode_block(
        &self,
        source: &Source,
        block: usize,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        // OK because the caller checked that block `block` has bytes, so it exists.
        let Block { start, len, .. } = self.blocks[block];
        // A payload that is longer than what it decodes to would be stored as it is.
        let len = (len as usize).min(2 * dst.len() + SLACK);
        let start = u64::from(start);
        let (packed, bench) = scratch.bench();
        let packed = stored(source, self.position + start, len, packed, bench.counts)?;
        // Every block is its own reference: none looks at the first one.
        self.coder
            .block_of_payload(Position::First, packed, bench, dst)
            .map_err(|error: Error| {
                let error = error.with_offset(self.position + start);
                source.blame(error.context(format!("decoding block {block}")))
            })
    }
}
