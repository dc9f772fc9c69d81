//! In: blocks that several tiles need. Out: each decoded once while it is remembered.
//! Never: more memory than its limit plus the blocks in use.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::error::Result;
use crate::limits::BLOCK_CACHE_ENTRY_BYTES;

/// Which block: the input, the chunk, the block within the chunk.
pub(crate) type Key = (usize, usize, usize);

/// Decoded blocks shared by the workers of a pass, forgotten in second-chance order.
#[derive(Debug)]
pub(crate) struct BlockCache {
    limit: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    slots: HashMap<Key, Arc<Slot>>,
    queue: VecDeque<Key>,
    bytes: usize,
    peak: usize,
}

#[derive(Debug, Default)]
struct Slot {
    /// Held while one worker decodes; the others wait for the result instead of decoding too.
    decoding: Mutex<()>,
    data: OnceLock<Vec<u8>>,
    recent: AtomicBool,
}

/// A decoded block; it lives as long as somebody reads it.
#[derive(Debug)]
pub(crate) struct Block(Arc<Slot>);

impl Block {
    /// The decoded bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        // OK because `BlockCache::get` only hands out blocks that are decoded.
        self.0.data.get().map_or(&[], Vec::as_slice)
    }
}

impl BlockCache {
    /// A cache that remembers up to `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            state: Mutex::default(),
        }
    }

    /// The block `key` of `len` bytes, decoded by `decode` if it is not remembered.
    pub(crate) fn get(
        &self,
        key: Key,
        len: usize,
        decode: impl FnOnce(&mut [u8]) -> Result<()>,
    ) -> Result<Block> {
        let slot = self.slot(key, len);
        if slot.data.get().is_none() {
            let _decoding = lock(&slot.decoding);
            if slot.data.get().is_none() {
                let mut data = vec![0; len];
                if let Err(error) = decode(&mut data) {
                    self.forget(key, len);
                    return Err(error);
                }
                // OK to ignore: only the holder of `decoding` sets it.
                let _ = slot.data.set(data);
            }
        }
        slot.recent.store(true, Ordering::Relaxed);
        Ok(Block(slot))
    }

    /// The most bytes held at once.
    pub(crate) fn peak(&self) -> usize {
        lock(&self.state).peak
    }

    fn slot(&self, key: Key, len: usize) -> Arc<Slot> {
        let mut state = lock(&self.state);
        if let Some(slot) = state.slots.get(&key) {
            return Arc::clone(slot);
        }
        let slot = Arc::new(Slot::default());
        state.slots.insert(key, Arc::clone(&slot));
        state.queue.push_back(key);
        state.bytes += len + BLOCK_CACHE_ENTRY_BYTES;
        state.evict(self.limit, key);
        state.peak = state.peak.max(state.bytes);
        slot
    }

    fn forget(&self, key: Key, len: usize) {
        let mut state = lock(&self.state);
        if state.slots.remove(&key).is_some() {
            state.bytes -= len + BLOCK_CACHE_ENTRY_BYTES;
            state.queue.retain(|other| *other != key);
        }
    }
}

impl State {
    /// Forgets blocks until the limit holds; a block used since it was last looked at gets a
    /// second chance, and `newest` stays.
    fn evict(&mut self, limit: usize, newest: Key) {
        let mut chances = 2 * self.queue.len();
        while self.bytes > limit && chances > 0 {
            chances -= 1;
            let Some(key) = self.queue.pop_front() else {
                return;
            };
            let Some(slot) = self.slots.get(&key) else {
                continue;
            };
            let len = slot.data.get().map(Vec::len);
            match len {
                Some(len) if key != newest && !slot.recent.swap(false, Ordering::Relaxed) => {
                    self.slots.remove(&key);
                    self.bytes -= len + BLOCK_CACHE_ENTRY_BYTES;
                }
                _ => self.queue.push_back(key),
            }
        }
    }
}

/// Locks even if another worker panicked while holding the lock: the data is only a cache.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;
    use crate::error::{Error, ErrorKind};

    fn fill(value: u8) -> impl FnOnce(&mut [u8]) -> Result<()> {
        move |dst| {
            dst.fill(value);
            Ok(())
        }
    }

    #[test]
    fn a_block_is_decoded_once_while_it_is_remembered() {
        let cache = BlockCache::new(100);
        assert_eq!(cache.get((0, 0, 0), 10, fill(1)).unwrap().bytes(), [1; 10]);
        assert_eq!(cache.get((0, 0, 0), 10, fill(2)).unwrap().bytes(), [1; 10]);
    }

    #[test]
    fn the_limit_holds_and_blocks_in_use_survive() {
        let cache = BlockCache::new(100 + BLOCK_CACHE_ENTRY_BYTES);
        let kept = cache.get((0, 0, 0), 60, fill(1)).unwrap();
        for block in 1..20 {
            cache.get((0, 0, block), 60, fill(2)).unwrap();
        }
        assert_eq!(kept.bytes(), [1; 60]);
        assert!(
            cache.peak() <= 160 + 2 * BLOCK_CACHE_ENTRY_BYTES,
            "{}",
            cache.peak()
        );
        assert_eq!(cache.get((0, 0, 0), 60, fill(3)).unwrap().bytes(), [3; 60]);
    }

    #[test]
    fn a_failed_block_is_tried_again() {
        let cache = BlockCache::new(100);
        let fail = |_: &mut [u8]| Err(Error::new(ErrorKind::Corrupt, Code::BadChunk, "no"));
        assert!(cache.get((0, 0, 0), 10, fail).is_err());
        assert_eq!(cache.get((0, 0, 0), 10, fill(4)).unwrap().bytes(), [4; 10]);
    }

    #[test]
    fn threads_share_one_decoding() {
        let cache = BlockCache::new(1000);
        let decoded = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let decode = |dst: &mut [u8]| {
                        decoded.fetch_add(1, Ordering::Relaxed);
                        dst.fill(7);
                        Ok(())
                    };
                    assert_eq!(cache.get((1, 2, 3), 5, decode).unwrap().bytes(), [7; 5]);
                });
            }
        });
        assert_eq!(decoded.load(Ordering::Relaxed), 1);
    }
}
