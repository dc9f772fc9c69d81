//! In: the seals of some neighbouring chunks. Out: the bytes that are stored of them, and those back.
//! Never: a leaf of other chunks than it was asked for.

use super::bad;
use super::digest::ChunkSeal;
use super::table::Table;
use crate::bytes::{Cursor, u64s_le};
use crate::diag::Code;
use crate::error::Result;
use crate::types::Zone;

/// What a leaf begins with, in front of the version of its layout.
pub(in crate::store) const LEAF_MAGIC: &[u8; 7] = b"FBLEAF\0";

/// The layout that is written: with zones.
const VERSION: u8 = 2;

/// That of leaves without zones, which earlier versions wrote.
const VERSION_WITHOUT_ZONES: u8 = 1;

/// Bytes in front of the first chunk's.
const PREFIX_BYTES: usize = 24;

/// Bytes of a chunk besides what it has of its blocks.
const CHUNK_BYTES: usize = 32;

/// The same in leaves without zones.
const SHORT_CHUNK_BYTES: usize = 24;

/// Bytes of a zone.
const ZONE_BYTES: usize = 24;

/// The bit of a zone's number of NaNs that says that all elements are the same.
const SAME: u32 = 1 << 31;

/// Bytes that a leaf is to have about.
const LEAF_BYTES: usize = 16 << 10;

/// Chunks of a leaf, a power of two, where a chunk has `blocks` blocks.
pub(super) fn chunks_per_leaf(blocks: usize) -> usize {
    let most = LEAF_BYTES / (CHUNK_BYTES + (8 + ZONE_BYTES) * blocks.min(LEAF_BYTES));
    1 << most.max(1).ilog2()
}

/// The most bytes a leaf of `count` chunks of `blocks` blocks has.
pub(super) fn most_bytes(count: usize, blocks: usize) -> u64 {
    let chunk = CHUNK_BYTES as u64 + (8 + ZONE_BYTES as u64) * blocks as u64;
    (count as u64)
        .saturating_mul(chunk)
        .saturating_add(PREFIX_BYTES as u64)
}

/// The fewest bytes a leaf of `count` chunks has.
pub(super) fn least_bytes(count: usize) -> u64 {
    (count as u64)
        .saturating_mul(SHORT_CHUNK_BYTES as u64)
        .saturating_add(PREFIX_BYTES as u64)
}

/// The seals of neighbouring chunks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::store) struct Leaf {
    /// Number of the first chunk.
    pub(in crate::store) first: usize,
    /// That of each chunk.
    pub(in crate::store) chunks: Vec<ChunkSeal>,
}

impl Leaf {
    /// Its bytes, in an array with `blocks` blocks a chunk.
    pub(in crate::store) fn encode(&self, blocks: u32) -> Vec<u8> {
        let mut out = Vec::with_capacity(PREFIX_BYTES + self.chunks.len() * CHUNK_BYTES);
        out.extend_from_slice(LEAF_MAGIC);
        out.push(VERSION);
        out.extend_from_slice(&(self.first as u64).to_le_bytes());
        out.extend_from_slice(&count(self.chunks.len()));
        out.extend_from_slice(&blocks.to_le_bytes());
        for chunk in &self.chunks {
            out.extend_from_slice(&chunk.word.to_le_bytes());
            out.extend_from_slice(&chunk.head.to_le_bytes());
            out.extend_from_slice(&chunk.head_len.to_le_bytes());
            out.extend_from_slice(&count(chunk.blocks.len()));
            out.extend_from_slice(&count(chunk.zones.len()));
            out.extend_from_slice(&[0; 4]);
        }
        let digests = self.chunks.iter().flat_map(|chunk| &chunk.blocks);
        out.extend(digests.flat_map(|digest| digest.to_le_bytes()));
        for zone in self.chunks.iter().flat_map(|chunk| &chunk.zones) {
            let same = if zone.same { SAME } else { 0 };
            out.extend_from_slice(&zone.least.to_le_bytes());
            out.extend_from_slice(&zone.greatest.to_le_bytes());
            out.extend_from_slice(&(zone.nans & !SAME | same).to_le_bytes());
            out.extend_from_slice(&zone.zeros.to_le_bytes());
        }
        out
    }

    /// Leaf `number` of `table`, from its bytes.
    ///
    /// # Errors
    /// When they are those of another leaf, or of none.
    pub(in crate::store) fn decode(bytes: &[u8], number: usize, table: &Table) -> Result<Self> {
        let mut cursor = Cursor::new(bytes, Code::BadSeal, "leaf of the seal");
        let (leaf, blocks) = Self::read(&mut cursor)?;
        let chunks = table.chunks_of(number);
        let found = (leaf.first, leaf.chunks.len(), blocks);
        if found != (chunks.start, chunks.len(), table.blocks) {
            return Err(bad(format!(
                "the seal has something else where leaf {number} belongs"
            )));
        }
        if cursor.remaining() > 0 {
            return Err(bad(format!(
                "leaf {number} of the seal is longer than what it holds"
            )));
        }
        Ok(leaf)
    }

    /// The leaf that the bytes begin with, and the blocks of a chunk that it was made for.
    ///
    /// # Errors
    /// When they begin with none.
    pub(in crate::store) fn read(cursor: &mut Cursor<'_>) -> Result<(Self, u32)> {
        let magic = cursor.take(LEAF_MAGIC.len(), "magic")?;
        let version = cursor.u8("version")?;
        if magic != LEAF_MAGIC || ![VERSION, VERSION_WITHOUT_ZONES].contains(&version) {
            return Err(bad("the seal has something else where a leaf belongs"));
        }
        let has_zones = version == VERSION;
        let first = cursor.u64_le("first chunk")?;
        let count = cursor.u32_le("number of chunks")? as usize;
        let blocks = cursor.u32_le("blocks of a chunk")?;
        let first = usize::try_from(first).ok();
        let first = first.filter(|first| first.checked_add(count).is_some());
        let first = first.ok_or_else(|| bad("a leaf of the seal has chunks beyond all others"))?;
        let mut seals = Vec::with_capacity(count.min(cursor.remaining() / SHORT_CHUNK_BYTES));
        let mut lengths = Vec::with_capacity(seals.capacity());
        for _ in 0..count {
            let word = cursor.i64_le("index entry")?;
            let head = cursor.u64_le("digest of a head")?;
            let head_len = cursor.u32_le("length of a head")?;
            let digests = cursor.u32_le("number of digests")?;
            let mut zones = 0;
            if has_zones {
                zones = cursor.u32_le("number of zones")?;
                let _reserve = cursor.u32_le("reserve")?;
            }
            if digests > blocks || (zones != 0 && zones != blocks) {
                return Err(bad(format!(
                    "a leaf of the seal has {digests} digests and {zones} zones for {blocks} blocks"
                )));
            }
            lengths.push((digests as usize, zones as usize));
            seals.push(ChunkSeal {
                word,
                head_len,
                head,
                blocks: Box::default(),
                zones: Box::default(),
            });
        }
        for (seal, &(digests, _)) in seals.iter_mut().zip(&lengths) {
            let digests = cursor.take(digests.saturating_mul(8), "digests")?;
            seal.blocks = u64s_le(digests).collect();
        }
        for (seal, &(_, zones)) in seals.iter_mut().zip(&lengths) {
            let bytes = cursor.take(zones.saturating_mul(ZONE_BYTES), "zones")?;
            let mut rows = Cursor::new(bytes, Code::BadSeal, "zones of the seal");
            seal.zones = (0..zones).map(|_| zone(&mut rows)).collect::<Result<_>>()?;
        }
        let chunks = seals;
        Ok((Self { first, chunks }, blocks))
    }

    /// The seal of chunk `chunk`, where it is one of these.
    pub(in crate::store) fn of(&self, chunk: usize) -> Option<&ChunkSeal> {
        self.chunks.get(chunk.checked_sub(self.first)?)
    }

    /// Its chunks by their numbers.
    pub(in crate::store) fn numbered(&self) -> impl Iterator<Item = (usize, &ChunkSeal)> {
        // No overflow: this was checked when the leaf was read.
        (self.first..self.first + self.chunks.len()).zip(&self.chunks)
    }

    /// Memory this takes.
    pub(super) fn footprint(&self) -> usize {
        let each = self.chunks.iter().map(|chunk| {
            size_of::<ChunkSeal>() + 8 * chunk.blocks.len() + size_of_val(&*chunk.zones)
        });
        each.sum()
    }
}

fn zone(cursor: &mut Cursor<'_>) -> Result<Zone> {
    let least = cursor.u64_le("least element")?;
    let greatest = cursor.u64_le("greatest element")?;
    let nans = cursor.u32_le("number of NaNs")?;
    let zeros = cursor.u32_le("number of zeros")?;
    Ok(Zone {
        least,
        greatest,
        nans: nans & !SAME,
        zeros,
        same: nans & SAME != 0,
    })
}

fn count(value: usize) -> [u8; 4] {
    // OK because there are fewer blocks in a chunk, and chunks in a leaf, than bytes in a chunk.
    u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes()
}
