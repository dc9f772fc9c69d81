//! In: bytes as they are stored. Out: their digests, and whether they still have them.
//! Never: bytes copied.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use twox_hash::{XxHash3_64, XxHash3_128};

use super::mismatch;
use crate::error::Result;
use crate::store::chunk;
use crate::store::file::Source;
use crate::store::scratch::DecodeCounts;
use crate::types::Zone;

/// Bytes of the root.
pub(super) const ROOT_BYTES: usize = 16;

/// Bytes of a trailer that are digested at once.
const PIECE_BYTES: usize = 64 << 10;

/// The digest of `bytes`.
pub(in crate::store) fn digest(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

/// The root of a trailer whose bytes, without the slot for it, are the `len` ones from `start` on: their XXH3-128.
pub(in crate::store) fn root(source: &Source, start: u64, len: u64) -> Result<[u8; ROOT_BYTES]> {
    let mut hasher = XxHash3_128::new();
    let mut done = 0;
    while done < len {
        let piece = usize::try_from(len - done).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
        hasher.write(&source.read_vec(start + done, piece)?);
        done += piece as u64;
    }
    Ok(hasher.finish_128().to_le_bytes())
}

/// Puts the root of a complete trailer into its slot, the last 16 bytes.
pub(in crate::store) fn sign(trailer: &mut [u8]) {
    if let Some((signed, slot)) = trailer.split_last_chunk_mut::<ROOT_BYTES>() {
        *slot = root_of(signed);
    }
}

/// The root of what is signed by these bytes.
pub(in crate::store) fn root_of(signed: &[u8]) -> [u8; ROOT_BYTES] {
    XxHash3_128::oneshot(signed).to_le_bytes()
}

/// What a seal has of a chunk.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::store) struct ChunkSeal {
    /// The chunk's entry in the frame's index.
    pub(in crate::store) word: i64,
    /// Bytes of its head: everything in front of its blocks. 0 where only the index has the chunk.
    pub(in crate::store) head_len: u32,
    /// The digest of its head.
    pub(in crate::store) head: u64,
    /// The digest of each of its blocks; none where it has none of its own.
    pub(in crate::store) blocks: Box<[u64]>,
    /// What is known of the elements of each of its blocks; empty where nothing is.
    pub(in crate::store) zones: Box<[Zone]>,
}

impl ChunkSeal {
    /// That of a chunk that only the index has, by this entry.
    pub(in crate::store) fn unstored(word: i64) -> Self {
        Self {
            word,
            ..Self::default()
        }
    }

    /// That of the stored chunk `bytes`, of an array with blocks of `block_bytes`. Its entry in the index is left for
    /// the caller to fill in.
    ///
    /// # Errors
    /// When the chunk contradicts itself, or is of a kind that cannot be sealed.
    pub(in crate::store) fn of(bytes: &[u8], block_bytes: usize) -> Result<Self> {
        let parts = chunk::parts(bytes, block_bytes)?;
        let blocks = parts.blocks.into_iter();
        Ok(Self {
            word: 0,
            // OK because a chunk has fewer than 2^31 bytes.
            head_len: u32::try_from(parts.head_len).unwrap_or(u32::MAX),
            head: digest(&bytes[..parts.head_len]),
            blocks: blocks.map(|block| digest(&bytes[block])).collect(),
            zones: Box::default(),
        })
    }

    /// The same with these zones of its blocks.
    pub(in crate::store) fn with_zones(self, zones: Vec<Zone>) -> Self {
        Self {
            zones: zones.into(),
            ..self
        }
    }
}

impl ChunkSeal {
    /// Checks that the chunk with the seal `found` is the one that was sealed.
    ///
    /// # Errors
    /// When it is another.
    pub(in crate::store) fn check(&self, found: Self) -> Result<()> {
        let mut blocks = self.blocks.iter().zip(&found.blocks);
        if (self.head_len, self.head) != (found.head_len, found.head) {
            return Err(mismatch("the chunk's header and block starts"));
        }
        match blocks.position(|(then, now)| then != now) {
            Some(block) => Err(mismatch(format_args!("block {block}"))),
            None if self.blocks.len() != found.blocks.len() => Err(mismatch("the chunk")),
            None => Ok(()),
        }
    }
}

/// Blocks that were verified before, a bit each.
#[derive(Debug)]
pub(super) struct Seen(Box<[AtomicU64]>);

impl Seen {
    pub(super) fn new(blocks: usize) -> Self {
        Self(
            (0..blocks.div_ceil(64))
                .map(|_| AtomicU64::new(0))
                .collect(),
        )
    }

    fn has(&self, bit: usize) -> bool {
        let word = self.0.get(bit / 64);
        word.is_some_and(|word| word.load(Ordering::Relaxed) >> (bit % 64) & 1 == 1)
    }

    fn add(&self, bit: usize) {
        if let Some(word) = self.0.get(bit / 64) {
            word.fetch_or(1 << (bit % 64), Ordering::Relaxed);
        }
    }
}

/// The digests of a loaded chunk's blocks.
#[derive(Debug)]
pub(in crate::store) struct BlockSeals {
    digests: Box<[u64]>,
    /// What was verified before, and the bit of the chunk's first block in it, where that counts.
    seen: Option<(Arc<Seen>, usize)>,
}

impl BlockSeals {
    pub(super) fn new(digests: Box<[u64]>, seen: Option<(Arc<Seen>, usize)>) -> Self {
        Self { digests, seen }
    }

    /// How many blocks have one.
    pub(in crate::store) fn blocks(&self) -> usize {
        self.digests.len()
    }

    /// Memory this takes.
    pub(in crate::store) fn footprint(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.digests)
    }

    /// Checks that `bytes` are those of block `block` that were sealed.
    ///
    /// # Errors
    /// When they are others; the caller knows where they stand.
    pub(in crate::store) fn check(
        &self,
        block: usize,
        bytes: &[u8],
        counts: &mut DecodeCounts,
    ) -> Result<()> {
        let seen = self.seen.as_ref();
        if seen.is_some_and(|(seen, first)| seen.has(first + block)) {
            return Ok(());
        }
        let begin = Instant::now();
        let found = digest(bytes);
        counts.verify += begin.elapsed();
        if self.digests.get(block) != Some(&found) {
            return Err(mismatch(format_args!("block {block}")));
        }
        if let Some((seen, first)) = seen {
            seen.add(first + block);
        }
        Ok(())
    }
}
