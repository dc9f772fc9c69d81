//! In: nothing. Out: what one thread reuses from block to block, and its counters.
//! Never: shared between threads at the same time.

use std::time::Duration;

use super::chunk::Bench;
use crate::codec::Contexts;
use crate::limits::RECENT_BLOCKS;

/// Buffers and counters that a worker reuses from block to block.
#[derive(Debug, Default)]
pub struct DecodeScratch {
    /// What was read and decoded with this scratch.
    pub counts: DecodeCounts,
    /// Room for a block in the order of its file, for whoever brings it into C order: taken out,
    /// and put back.
    pub(crate) transposed: Vec<u8>,
    pub(super) recent: Recent,
    packed: Buffer,
    filtered: Buffer,
    spare: Vec<u8>,
    contexts: Contexts,
}

impl DecodeScratch {
    /// Room for a block's stored bytes, and what decoding them works with.
    pub(super) fn bench(&mut self) -> (&mut Buffer, Bench<'_>) {
        let bench = Bench {
            filtered: &mut self.filtered,
            spare: &mut self.spare,
            contexts: &mut self.contexts,
            counts: &mut self.counts,
        };
        (&mut self.packed, bench)
    }
}

/// What decoding did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecodeCounts {
    /// Bytes read from files.
    pub bytes_read: u64,
    /// Bytes produced by decoding.
    pub bytes_decoded: u64,
    /// Blocks decoded.
    pub blocks: u64,
    /// Time in reads.
    pub read: Duration,
    /// Time in checksums, reading what they are of included.
    pub verify: Duration,
    /// Time in codecs.
    pub decode: Duration,
    /// Time in filters.
    pub unshuffle: Duration,
}

/// Bytes of a line of the cache.
const LINE: usize = 64;

/// Memory that grows to the largest request and is never cleared between two.
#[derive(Debug, Default)]
pub(super) struct Buffer(Vec<u8>);

impl Buffer {
    /// `len` bytes with whatever they held before, from the start of a line of the cache on.
    // PERF: vectors that cross no line are read 10 to 20 % faster by the unshuffle (Zen 3).
    pub(super) fn get(&mut self, len: usize) -> &mut [u8] {
        if self.0.len() < len + LINE {
            self.0.resize(len + LINE, 0);
        }
        let start = self.0.as_ptr().align_offset(LINE).min(LINE);
        &mut self.0[start..start + len]
    }
}

/// Which block of which chunk; chunks are numbered as they are loaded.
pub(super) type BlockKey = (u64, usize);

/// The few decoded blocks that were used last: parts of one block are asked for one after the
/// other, and some filters look at the first block of a chunk for every other one.
#[derive(Debug, Default)]
pub(super) struct Recent {
    slots: Vec<Slot>,
    clock: u64,
}

#[derive(Debug, Default)]
struct Slot {
    key: Option<BlockKey>,
    used: u64,
    bytes: Vec<u8>,
}

impl Recent {
    /// Takes the block out, if it is there, for the caller to put back.
    pub(super) fn take(&mut self, key: BlockKey) -> Option<Vec<u8>> {
        let slot = self.slots.iter_mut().find(|slot| slot.key == Some(key))?;
        slot.key = None;
        Some(std::mem::take(&mut slot.bytes))
    }

    /// A buffer of `len` bytes to decode a block into, that of the block that was not used for
    /// the longest time.
    pub(super) fn spare(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self.slots.len() == RECENT_BLOCKS
            && let Some(oldest) = self.slots.iter_mut().min_by_key(|slot| slot.used)
        {
            bytes = std::mem::take(&mut oldest.bytes);
            (oldest.key, oldest.used) = (None, 0);
        }
        bytes.resize(len, 0);
        bytes
    }

    /// Keeps a decoded block.
    pub(super) fn put(&mut self, key: BlockKey, bytes: Vec<u8>) {
        self.clock += 1;
        if self.slots.len() < RECENT_BLOCKS && self.slots.iter().all(|slot| slot.key.is_some()) {
            self.slots.push(Slot::default());
        }
        if let Some(slot) = self.slots.iter_mut().min_by_key(|slot| match slot.key {
            None => 0,
            Some(_) => slot.used,
        }) {
            (slot.key, slot.used, slot.bytes) = (Some(key), self.clock, bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_blocks_used_last_are_kept() {
        let mut recent = Recent::default();
        for block in 0..10 {
            if let Some(bytes) = recent.take((1, 0)) {
                recent.put((1, 0), bytes);
            }
            let mut bytes = recent.spare(4);
            bytes.fill(block);
            recent.put((1, usize::from(block)), bytes);
            assert!(recent.slots.len() <= RECENT_BLOCKS);
        }
        assert_eq!(recent.take((1, 0)), Some(vec![0; 4]), "used every time");
        assert_eq!(recent.take((1, 0)), None, "taken out");
        assert_eq!(recent.take((1, 9)), Some(vec![9; 4]));
        assert_eq!(recent.take((1, 3)), None);
    }
}
