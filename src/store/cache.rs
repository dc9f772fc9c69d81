//! In: chunks whose metadata was read. Out: the same, for a while.
//! Never: more than its bound; a lock held while reading.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::chunk::Chunk;

/// Chunks by their number, in two generations: when the young one is full it becomes the old
/// one, and what nobody used since is dropped.
#[derive(Debug)]
pub(super) struct ChunkCache {
    generations: Mutex<Generations>,
    bound: usize,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<usize, Arc<Chunk>>,
    young_bytes: usize,
    old: HashMap<usize, Arc<Chunk>>,
}

/// Memory that an entry takes besides its chunk.
const ENTRY_BYTES: usize = 48;

impl ChunkCache {
    /// Keeps at most `bound` bytes, except that the newest chunk is kept whatever its size.
    pub(super) fn new(bound: usize) -> Self {
        Self {
            generations: Mutex::default(),
            bound,
        }
    }

    pub(super) fn get(&self, number: usize) -> Option<Arc<Chunk>> {
        let mut generations = self.lock();
        if let Some(chunk) = generations.young.get(&number) {
            return Some(chunk.clone());
        }
        let chunk = generations.old.remove(&number)?;
        self.insert(&mut generations, number, &chunk);
        Some(chunk)
    }

    /// Keeps `chunk`; a second thread may have put it there already.
    pub(super) fn put(&self, number: usize, chunk: &Arc<Chunk>) {
        self.insert(&mut self.lock(), number, chunk);
    }

    fn insert(&self, generations: &mut Generations, number: usize, chunk: &Arc<Chunk>) {
        let bytes = chunk.footprint() + ENTRY_BYTES;
        if generations.young_bytes + bytes > self.bound / 2 {
            generations.old = std::mem::take(&mut generations.young);
            generations.young_bytes = 0;
        }
        if generations.young.insert(number, chunk.clone()).is_none() {
            generations.young_bytes += bytes;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Generations> {
        // A thread that panicked while it held the lock left whole maps behind.
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::chunk::{Expected, Item};
    use super::*;

    #[test]
    fn it_forgets_what_nobody_used_and_stays_in_its_bound() {
        let expected = Expected {
            nbytes: 8,
            itemsize: 8,
            blocksize: Some(8),
        };
        let chunk = Arc::new(Chunk::constant(Item::zero(8), expected));
        let bytes = chunk.footprint() + ENTRY_BYTES;
        let cache = ChunkCache::new(8 * bytes);
        for number in 0..100 {
            cache.put(number, &chunk);
            assert!(cache.get(number).is_some());
            assert!(cache.get(0).is_some(), "used every time, so kept");
        }
        assert!(cache.get(50).is_none());
        let generations = cache.lock();
        assert!(generations.young.len() + generations.old.len() <= 8);
    }
}
