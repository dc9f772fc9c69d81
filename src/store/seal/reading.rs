//! In: a frame's header and trailer. Out: whether its seal holds for them, and then the seal of any chunk.
//! Never: all leaves in memory; a lock held while reading.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::compare::compare;
use super::digest::{BlockSeals, ChunkSeal, ROOT_BYTES, Seen, digest, root};
use super::leaf::Leaf;
use super::table::Table;
use super::{LAYER, SealStatus, Verify, bad, mismatch};
use crate::error::Result;
use crate::limits::{MAX_RECENT_LEAVES, RECENT_LEAF_BYTES};
use crate::store::file::Source;
use crate::store::frame::{FrameHeader, Trailer};
use crate::store::scratch::DecodeCounts;
use crate::types::Zone;

/// Why nothing can be verified where the root is gone: other programs that change a frame clear its slot.
const CLEARED: &str = "another program has written since";

/// The seal of an open frame whose header and trailer it holds for.
#[derive(Debug)]
pub(in crate::store) struct Sealed {
    table: Table,
    /// The leaves that were used last, the latest in front.
    recent: Mutex<VecDeque<(usize, Arc<Leaf>)>>,
    /// What was verified already, where once is enough.
    seen: Option<Arc<Seen>>,
}

/// What a chunk has to be.
#[derive(Debug)]
pub(in crate::store) struct LoadSeal {
    /// Bytes of its head, 0 where only the index has it.
    pub(in crate::store) head_len: usize,
    head: u64,
    /// Decoded bytes of the array's blocks.
    pub(in crate::store) block_bytes: usize,
    /// The digests of its blocks.
    pub(in crate::store) blocks: BlockSeals,
}

/// Reads the seal of a contiguous frame, if it has one, and checks what it says of header and trailer.
///
/// # Errors
/// When it does not hold for them, or requires something that this version does not know.
pub(in crate::store) fn open(
    source: &Source,
    header: &FrameHeader,
    trailer: &Trailer,
    verify: Verify,
) -> Result<(SealStatus, Option<Sealed>)> {
    let layer = trailer.metalayers.iter().find(|layer| layer.name == LAYER);
    let Some(layer) = layer else {
        if verify == Verify::Never || trailer.fingerprint == [0; ROOT_BYTES] {
            return Ok((SealStatus::None, None));
        }
        let message = "the frame has the root of a seal, but not the rest of it";
        return Err(bad(message).with_offset(trailer.start));
    };
    if verify == Verify::Never {
        return Ok((SealStatus::Unchecked, None));
    }
    if trailer.fingerprint == [0; ROOT_BYTES] {
        return Ok((SealStatus::Broken(CLEARED), None));
    }
    // No underflow: the trailer was found by its last bytes.
    let signed = header.frame_len - trailer.start - ROOT_BYTES as u64;
    if root(source, trailer.start, signed)? != trailer.fingerprint {
        return Err(mismatch("the frame's trailer").with_offset(trailer.start));
    }
    if header.sparse {
        return Err(bad(
            "a sparse frame has a seal, which only contiguous ones can have",
        ));
    }
    let table = Table::decode(&source.read_vec(layer.position, layer.cbytes)?)
        .map_err(|error| error.with_offset(layer.position))?;
    let header_len = usize::try_from(header.header_len).unwrap_or(usize::MAX);
    let notes = match source.read_vec(0, header_len)? == table.header {
        true => Vec::new(),
        false => {
            let sealed = FrameHeader::parse(&table.header, source.len_bytes())
                .map_err(|error| error.context("reading the seal's copy of the header"))?;
            compare(header, &sealed)?
        }
    };
    table.check_places(header.cbytes)?;
    let sealed = Sealed::new(table, verify);
    Ok((SealStatus::Whole { notes }, Some(sealed)))
}

impl Sealed {
    /// The seal that has this table.
    pub(in crate::store) fn new(table: Table, verify: Verify) -> Self {
        let blocks = table.chunks.saturating_mul(table.blocks as usize);
        // Leaves of all chunks have room in the file, but need not have digests of all blocks.
        let few = table.leaf_bytes().saturating_mul(8) >= blocks as u64;
        Self {
            table,
            recent: Mutex::default(),
            seen: (verify == Verify::First && few).then(|| Arc::new(Seen::new(blocks))),
        }
    }

    /// Checks that the frame has as many chunks as were sealed.
    ///
    /// # Errors
    /// When it has more or fewer.
    pub(in crate::store) fn check_chunks(&self, chunks: usize) -> Result<()> {
        match self.table.chunks == chunks {
            true => Ok(()),
            false => Err(bad(format!(
                "the frame has {chunks} chunks, its seal {}",
                self.table.chunks
            ))),
        }
    }

    /// What is sealed, and where.
    pub(in crate::store) fn table(&self) -> &Table {
        &self.table
    }

    /// The seal of chunk `number`, which the index has as `word`.
    ///
    /// # Errors
    /// When its leaf is damaged or cannot be read, or has another entry of the index.
    pub(in crate::store) fn chunk(
        &self,
        source: &Source,
        header: &FrameHeader,
        number: usize,
        word: i64,
        counts: &mut DecodeCounts,
    ) -> Result<LoadSeal> {
        let (base, leaf) = (header.header_len, self.table.leaf_of(number));
        let leaf = self.leaf(source, base, leaf, counts)?;
        let seal =
            entered(&leaf, number, word).map_err(|error| error.with_offset(header.data_end()))?;
        let first = number.saturating_mul(self.table.blocks as usize);
        let seen = self.seen.as_ref().map(|seen| (Arc::clone(seen), first));
        Ok(LoadSeal {
            head_len: seal.head_len as usize,
            head: seal.head,
            block_bytes: self.table.block_bytes as usize,
            blocks: BlockSeals::new(seal.blocks.clone(), seen),
        })
    }

    /// What is known of the elements of block `block` of chunk `number`, which the index has as `word`; leaves are in
    /// `source` from byte `base` on.
    ///
    /// # Errors
    /// As [`Sealed::chunk`].
    pub(in crate::store) fn zone(
        &self,
        source: &Source,
        base: u64,
        (number, word): (usize, i64),
        block: usize,
        counts: &mut DecodeCounts,
    ) -> Result<Option<Zone>> {
        let leaf = self.leaf(source, base, self.table.leaf_of(number), counts)?;
        Ok(entered(&leaf, number, word)?.zones.get(block).copied())
    }

    /// The digest that is noted of the head of chunk `number`; leaves are in `source` from byte `base` on.
    ///
    /// # Errors
    /// As [`Sealed::chunk`].
    pub(in crate::store) fn head(
        &self,
        source: &Source,
        base: u64,
        (number, word): (usize, i64),
        counts: &mut DecodeCounts,
    ) -> Result<u64> {
        let leaf = self.leaf(source, base, self.table.leaf_of(number), counts)?;
        Ok(entered(&leaf, number, word)?.head)
    }

    /// Whether zones of every chunk with bytes of its own are known; leaves are in `source` from byte `base` on.
    ///
    /// # Errors
    /// When a leaf is damaged or cannot be read.
    pub(in crate::store) fn has_zones(&self, source: &Source, base: u64) -> Result<bool> {
        let counts = &mut DecodeCounts::default();
        for number in 0..self.table.leaves.len() {
            let leaf = self.leaf(source, base, number, counts)?;
            let lacks = |seal: &ChunkSeal| seal.word >= 0 && seal.zones.is_empty();
            if leaf.chunks.iter().any(lacks) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether zones are known of the first chunk that has bytes of its own; where none has, there is nothing to know.
    pub(in crate::store) fn notes_zones(&self, source: &Source, base: u64) -> bool {
        let counts = &mut DecodeCounts::default();
        for number in 0..self.table.leaves.len() {
            // One that cannot be read is found when its chunks are.
            let Ok(leaf) = self.leaf(source, base, number, counts) else {
                continue;
            };
            if let Some(seal) = leaf.chunks.iter().find(|seal| seal.word >= 0) {
                return !seal.zones.is_empty();
            }
        }
        true
    }

    /// Leaf `number`, read and verified unless it was used a moment ago; leaves are in `source` from byte `base` on.
    ///
    /// # Errors
    /// When it is damaged or cannot be read, or there is no such leaf.
    pub(in crate::store) fn leaf(
        &self,
        source: &Source,
        base: u64,
        number: usize,
        counts: &mut DecodeCounts,
    ) -> Result<Arc<Leaf>> {
        if let Some(leaf) = self.known(number) {
            return Ok(leaf);
        }
        let place = self.table.leaves.get(number);
        let place = place.ok_or_else(|| bad(format!("the seal has no leaf {number}")))?;
        let begin = Instant::now();
        let at = base.saturating_add(place.offset);
        // Checked when the frame was opened: the leaf lies in the data section.
        let bytes = source.read_vec(at, usize::try_from(place.len).unwrap_or(usize::MAX))?;
        if digest(&bytes) != place.digest {
            return Err(mismatch(format_args!("leaf {number} of the seal")).with_offset(at));
        }
        let leaf =
            Leaf::decode(&bytes, number, &self.table).map_err(|error| error.with_offset(at))?;
        counts.verify += begin.elapsed();
        counts.bytes_read += place.len;
        let leaf = Arc::new(leaf);
        self.keep(number, &leaf);
        Ok(leaf)
    }

    fn known(&self, number: usize) -> Option<Arc<Leaf>> {
        // A thread that panicked while it held the lock left a whole value behind.
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let at = recent.iter().position(|&(known, _)| known == number)?;
        let found = recent.remove(at)?;
        let leaf = Arc::clone(&found.1);
        recent.push_front(found);
        Some(leaf)
    }

    fn keep(&self, number: usize, leaf: &Arc<Leaf>) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.push_front((number, Arc::clone(leaf)));
        let mut bytes = 0;
        let fitting = recent
            .iter()
            .take(MAX_RECENT_LEAVES)
            .take_while(|(_, leaf)| {
                bytes += leaf.footprint();
                bytes <= RECENT_LEAF_BYTES
            });
        // The newest is kept whatever its size.
        let kept = fitting.count().max(1);
        recent.truncate(kept);
    }
}

/// The seal that a leaf has of chunk `number`, which the index has as `word`.
fn entered(leaf: &Leaf, number: usize, word: i64) -> Result<&ChunkSeal> {
    let seal = leaf
        .of(number)
        .ok_or_else(|| bad(format!("the seal has no chunk {number}")))?;
    if seal.word != word {
        return Err(bad(format!(
            "the index has the entry {word:#018x} for the chunk, which was sealed as {:#018x}",
            seal.word
        )));
    }
    Ok(seal)
}

impl LoadSeal {
    /// Checks the head of the chunk that begins with `bytes`.
    ///
    /// # Errors
    /// When it is not the one that was sealed.
    pub(in crate::store) fn check_head(
        &self,
        bytes: &[u8],
        counts: &mut DecodeCounts,
    ) -> Result<()> {
        let begin = Instant::now();
        let found = bytes.get(..self.head_len).map(digest);
        counts.verify += begin.elapsed();
        match found == Some(self.head) {
            true => Ok(()),
            false => Err(mismatch("the chunk's header and block starts")),
        }
    }

    /// Checks that a chunk has the parts that were sealed: a head of so many bytes, and so many blocks.
    ///
    /// # Errors
    /// When it has others: the seal is none that a writer makes.
    pub(in crate::store) fn check_parts(&self, head_len: usize, blocks: usize) -> Result<()> {
        if (head_len, blocks) == (self.head_len, self.blocks.blocks()) {
            return Ok(());
        }
        Err(bad(format!(
            "the chunk has {head_len} bytes in front of {blocks} blocks, and was sealed as {} in front of {}",
            self.head_len,
            self.blocks.blocks()
        )))
    }
}
