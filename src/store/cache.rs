//! In: a container of chunks. Out: its chunks, whose metadata is read once and kept for a while.
//! Never: more than its bound; a lock held while reading.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::chunk::{Chunk, Expected};
use super::file::Source;
use super::frame::Frame;
use super::read_limits::ReadLimits;
use super::scratch::DecodeScratch;
use crate::error::Result;
use crate::limits::CHUNK_CACHE_BYTES;

/// A source of chunks, numbered from 0.
pub(super) trait Container: Send + Sync + std::fmt::Debug {
    /// Reads the metadata of chunk `number`.
    ///
    /// # Errors
    /// When it is damaged, cannot be read, or is not what is expected.
    fn load(
        &self,
        number: usize,
        expected: &Expected<'_>,
        scratch: &mut DecodeScratch,
    ) -> Result<Loaded>;

    /// The source that a chunk with this `home` is read from.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn source(&self, home: u64) -> Result<Source>;
}

/// A chunk, and which of the container's files it is in.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) chunk: Chunk,
    pub(super) home: u64,
}

impl Container for Frame {
    fn load(
        &self,
        number: usize,
        expected: &Expected<'_>,
        scratch: &mut DecodeScratch,
    ) -> Result<Loaded> {
        let entry = self.entry(number, scratch)?;
        let chunk = Frame::load(self, number, entry, expected, scratch)?;
        let home = entry.place();
        Ok(Loaded { chunk, home })
    }

    fn source(&self, home: u64) -> Result<Source> {
        self.source_at(home)
    }
}

impl Container for Box<dyn Container> {
    fn load(
        &self,
        number: usize,
        expected: &Expected<'_>,
        scratch: &mut DecodeScratch,
    ) -> Result<Loaded> {
        (**self).load(number, expected, scratch)
    }

    fn source(&self, home: u64) -> Result<Source> {
        (**self).source(home)
    }
}

/// A container whose chunks stay loaded while they are in use, and have blocks within limits.
#[derive(Debug)]
pub(super) struct CachedChunks<C> {
    container: C,
    limits: ReadLimits,
    cache: ChunkCache,
}

impl<C: Container> CachedChunks<C> {
    /// The container.
    pub(super) fn container(&self) -> &C {
        &self.container
    }

    pub(super) fn new(container: C, limits: ReadLimits) -> Self {
        Self {
            container,
            limits,
            cache: ChunkCache::new(CHUNK_CACHE_BYTES),
        }
    }

    pub(super) fn get(
        &self,
        number: usize,
        expected: &Expected<'_>,
        scratch: &mut DecodeScratch,
    ) -> Result<Arc<Loaded>> {
        if let Some(loaded) = self.cache.get(number) {
            return Ok(loaded);
        }
        let loaded = self
            .container
            .load(number, expected, scratch)
            .and_then(|loaded| self.allow(loaded))
            .map_err(|error| error.with_chunk(number))?;
        Ok(self.cache.put(number, Arc::new(loaded)))
    }

    fn allow(&self, loaded: Loaded) -> Result<Loaded> {
        match self.limits.check_block(loaded.chunk.longest_block()) {
            Ok(()) => Ok(loaded),
            Err(error) => Err(self.container.source(loaded.home)?.blame(error)),
        }
    }

    /// The chunk and the source it is read from.
    pub(super) fn open(
        &self,
        number: usize,
        expected: &Expected<'_>,
        scratch: &mut DecodeScratch,
    ) -> Result<(Arc<Loaded>, Source)> {
        let loaded = self.get(number, expected, scratch)?;
        let source = self.container.source(loaded.home)?;
        Ok((loaded, source))
    }
}

/// Chunks by their number, in two generations: when the young one is full it becomes the old
/// one, and what nobody used since is dropped.
#[derive(Debug)]
struct ChunkCache {
    generations: Mutex<Generations>,
    bound: usize,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<usize, Arc<Loaded>>,
    young_bytes: usize,
    old: HashMap<usize, Arc<Loaded>>,
}

/// Memory that an entry takes besides its chunk.
const ENTRY_BYTES: usize = 56;

impl ChunkCache {
    /// Keeps at most `bound` bytes, except that the newest chunk is kept whatever its size.
    fn new(bound: usize) -> Self {
        Self {
            generations: Mutex::default(),
            bound,
        }
    }

    fn get(&self, number: usize) -> Option<Arc<Loaded>> {
        let mut generations = self.lock();
        if let Some(chunk) = generations.young.get(&number) {
            return Some(chunk.clone());
        }
        let chunk = generations.old.remove(&number)?;
        self.insert(&mut generations, number, &chunk);
        Some(chunk)
    }

    /// Keeps `chunk`; a second thread may have put it there already.
    fn put(&self, number: usize, chunk: Arc<Loaded>) -> Arc<Loaded> {
        let mut generations = self.lock();
        if let Some(first) = generations.young.get(&number) {
            return first.clone();
        }
        self.insert(&mut generations, number, &chunk);
        chunk
    }

    fn insert(&self, generations: &mut Generations, number: usize, chunk: &Arc<Loaded>) {
        let bytes = chunk.chunk.footprint() + ENTRY_BYTES;
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
    use super::super::chunk::Item;
    use super::*;

    #[test]
    fn it_forgets_what_nobody_used_and_stays_in_its_bound() {
        let expected = Expected::bytes(8, 8);
        let loaded = Loaded {
            chunk: Chunk::constant(Item::Zeros, &expected),
            home: 0,
        };
        let bytes = loaded.chunk.footprint() + ENTRY_BYTES;
        let chunk = Arc::new(loaded);
        let cache = ChunkCache::new(8 * bytes);
        for number in 0..100 {
            cache.put(number, chunk.clone());
            assert!(cache.get(number).is_some());
            assert!(cache.get(0).is_some(), "used every time, so kept");
        }
        assert!(cache.get(50).is_none());
        let generations = cache.lock();
        assert!(generations.young.len() + generations.old.len() <= 8);
    }
}
