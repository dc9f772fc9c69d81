//! In: a regular chunk's block starts. Out: any of its blocks, decoded and unfiltered.
//! Never: a block that reads outside of its own extent.

use super::coder::Coder;
use super::header::Header;
use super::parts::check_stored;
use super::{bad, stored};
use crate::bytes::u32s_le;
use crate::codec::filter::Position;
use crate::error::{Error, Result};
use crate::store::file::Source;
use crate::store::scratch::DecodeScratch;
use crate::store::seal::BlockSeals;

/// Bytes of a stream besides its payload: its size, and the token of a run.
const STREAM_OVERHEAD: usize = 5;

/// The most bytes that `streams` streams need for `decoded` bytes: one that is longer than what it decodes to is
/// stored as it is.
pub(super) fn most_stored(decoded: usize, streams: usize) -> usize {
    2 * decoded + STREAM_OVERHEAD * streams
}

/// How many streams a block has: one a byte of an item, where the chunk is `split` and the block is whole.
pub(super) fn streams_of(split: bool, typesize: usize, whole: bool) -> usize {
    match split && whole {
        true => typesize,
        false => 1,
    }
}

/// How the blocks of a regular chunk are found and decoded.
#[derive(Debug)]
pub(super) struct Streams {
    coder: Coder,
    typesize: usize,
    /// Decoded bytes of a whole block.
    blocksize: usize,
    split: bool,
    /// Where the chunk stands in the file.
    position: u64,
    /// First byte of each block, from the chunk's start, and the byte behind its extent.
    extents: Box<[(u32, u32)]>,
}

impl Streams {
    /// `starts` are the block starts, `data_start` is the first byte behind them and behind the
    /// dictionary.
    pub(super) fn new(
        header: &Header,
        coder: Coder,
        split: bool,
        position: u64,
        starts: &[u8],
        data_start: usize,
    ) -> Result<Self> {
        Ok(Self {
            coder,
            typesize: header.typesize,
            blocksize: header.blocksize,
            split,
            position,
            extents: extents(starts, data_start, header.cbytes)?,
        })
    }

    /// Memory this takes.
    pub(super) fn footprint(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.extents) + self.coder.footprint()
    }

    pub(super) fn needs_first(&self) -> bool {
        self.coder.needs_first()
    }

    pub(super) fn decode_block(
        &self,
        source: &Source,
        block: usize,
        at: Position<'_>,
        seals: Option<&BlockSeals>,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        // OK because the caller checked that block `block` has bytes, so it has an extent.
        let (start, end) = self.extents[block];
        let whole = dst.len() == self.blocksize;
        let nstreams = streams_of(self.split, self.typesize, whole);
        let (start, len) = (u64::from(start), (end - start) as usize);
        let blame = |error: Error| source.blame(error.with_offset(self.position + start));
        // Blocks may share bytes, and an extent says nothing of what a block needs.
        let most = most_stored(dst.len(), nstreams);
        if seals.is_some() {
            check_stored(block, len, dst.len(), nstreams).map_err(blame)?;
        }
        let len = len.min(most);
        let (packed, bench) = scratch.bench();
        let packed = stored(source, self.position + start, len, packed, bench.counts)?;
        if let Some(seals) = seals {
            seals.check(block, packed, bench.counts).map_err(blame)?;
        }
        self.coder
            .block_of_streams(at, packed, nstreams, bench, dst)
            .map_err(|error: Error| blame(error.context(format!("decoding block {block}"))))
    }
}

/// The extents of the blocks: each ends where the next one in the file starts. Writers with
/// several threads store blocks in the order they finish.
pub(super) fn extents(starts: &[u8], low: usize, high: usize) -> Result<Box<[(u32, u32)]>> {
    let mut extents: Vec<(u32, u32)> = u32s_le(starts).map(|start| (start, 0)).collect();
    if let Some((start, _)) = extents.iter().find(|(start, _)| {
        let start = *start as usize;
        start < low || start >= high
    }) {
        return Err(bad(format!(
            "a block starts at byte {start} of its chunk, outside of its data ({low}..{high})"
        )));
    }
    let last = u32::try_from(high).unwrap_or(u32::MAX);
    let mut sorted: Vec<u32> = extents.iter().map(|&(start, _)| start).collect();
    sorted.sort_unstable();
    set_ends(&mut extents, &sorted, last);
    Ok(extents.into_boxed_slice())
}

/// Gives each extent the smallest of `starts` (ascending) above its own start, else `last`.
fn set_ends(extents: &mut [(u32, u32)], starts: &[u32], last: u32) {
    for (start, end) in extents {
        let above = starts.partition_point(|other| other <= start);
        *end = starts.get(above).copied().unwrap_or(last);
    }
}
