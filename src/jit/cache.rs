//! In: bodies to be computed. Out: their kernels, compiled once. Never: more kernels than
//! `limits::MAX_CACHED_KERNELS`, or a compilation under the lock.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::host::Host;
use super::kernel::Kernel;
use crate::error::Result;
use crate::ir::Body;
use crate::limits::MAX_CACHED_KERNELS;
use crate::math::SimdLevel;

/// Kernels by body and level, shared by threads; the least recently used go first.
#[derive(Debug, Default)]
pub struct Cache {
    kernels: Mutex<Kernels>,
    compiled: AtomicU64,
}

#[derive(Debug, Default)]
struct Kernels {
    entries: HashMap<SimdLevel, HashMap<Body, Entry>>,
    /// Counts uses; an entry remembers its last.
    clock: u64,
}

#[derive(Debug)]
struct Entry {
    kernel: Arc<Kernel>,
    used: u64,
}

impl Cache {
    /// An empty cache.
    pub fn new() -> Cache {
        Cache::default()
    }

    /// The kernel of `body` for `host`, and whether it had to be compiled. Two threads that ask
    /// for one missing kernel may both compile it; one of the two is kept.
    pub fn get(&self, body: &Body, host: &Host) -> Result<(Arc<Kernel>, bool)> {
        if let Some(kernel) = self.lock().find(body, host.level()) {
            return Ok((kernel, false));
        }
        let kernel = Arc::new(super::compile(body, host)?);
        self.compiled.fetch_add(1, Ordering::Relaxed);
        Ok((self.lock().keep(body, host.level(), kernel), true))
    }

    /// How many kernels have been compiled.
    pub fn compiled(&self) -> u64 {
        self.compiled.load(Ordering::Relaxed)
    }

    /// How many kernels are kept.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether no kernel is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A thread that panicked while it held the lock leaves the map whole: every change is one
    /// insertion or one removal.
    fn lock(&self) -> MutexGuard<'_, Kernels> {
        self.kernels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kernels {
    fn len(&self) -> usize {
        self.entries.values().map(HashMap::len).sum()
    }

    fn find(&mut self, body: &Body, level: SimdLevel) -> Option<Arc<Kernel>> {
        self.clock += 1;
        let entry = self.entries.get_mut(&level)?.get_mut(body)?;
        entry.used = self.clock;
        Some(Arc::clone(&entry.kernel))
    }

    fn keep(&mut self, body: &Body, level: SimdLevel, kernel: Arc<Kernel>) -> Arc<Kernel> {
        if let Some(earlier) = self.find(body, level) {
            return earlier;
        }
        while self.len() >= MAX_CACHED_KERNELS {
            self.drop_oldest();
        }
        let used = self.clock;
        let entry = Entry {
            kernel: Arc::clone(&kernel),
            used,
        };
        self.entries
            .entry(level)
            .or_default()
            .insert(body.clone(), entry);
        kernel
    }

    fn drop_oldest(&mut self) {
        let oldest = self
            .entries
            .values()
            .flat_map(HashMap::values)
            .map(|entry| entry.used)
            .min();
        for kernels in self.entries.values_mut() {
            kernels.retain(|_, entry| Some(entry.used) != oldest);
        }
    }
}
