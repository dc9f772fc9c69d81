//! In: what the caller wishes. Out: how an evaluation runs.
//! Never: a setting that changes an answer.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::math::SimdLevel;

/// What computes. Answers are the same to the bit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Engine {
    /// Machine code, except for passes so small that compiling them would take longer than
    /// interpreting them.
    #[default]
    Auto,
    /// Machine code for every pass over data; the interpreter only where executable memory is
    /// refused or a body is larger than a kernel may be. (Arithmetic on a few results alone is no
    /// pass over data and always interpreted.)
    Jit,
    /// The interpreter: slow, for comparison and for places that forbid machine code.
    Interpreter,
}

/// How an evaluation runs. The default uses the current rayon pool, the widest SIMD level the
/// machine has, and at most half of the free memory for results.
#[derive(Clone)]
pub struct Options {
    /// Worker threads; `None` runs in the caller's rayon pool (the global one outside of any).
    pub threads: Option<usize>,
    /// SIMD level; `None` is the widest this machine has.
    pub simd: Option<SimdLevel>,
    /// What computes.
    pub engine: Engine,
    /// Bytes that results in memory may take; `None` is half of what is free.
    pub max_memory: Option<usize>,
    /// Told how far the work is.
    pub progress: Option<Arc<dyn Progress>>,
    /// Whether blocks are skipped whose decoding is not needed, by what is known of them: zone maps, chunks of one
    /// value, generators. Answers are the same to the bit.
    pub zone_maps: bool,
    /// Set from another thread to stop the evaluation with [`crate::ErrorKind::Cancelled`].
    pub cancel: Option<Arc<AtomicBool>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: None,
            simd: None,
            engine: Engine::default(),
            max_memory: None,
            progress: None,
            zone_maps: true,
            cancel: None,
        }
    }
}

/// Told how far an evaluation is, from its worker threads.
pub trait Progress: Send + Sync {
    /// `done` of `total` tiles of pass `pass` are finished.
    fn advance(&self, pass: usize, done: usize, total: usize);
}

impl Options {
    /// Whether the caller asked to stop.
    pub(crate) fn cancelled(&self) -> bool {
        self.cancel
            .as_ref()
            .is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    /// The SIMD level to use: the one asked for, never wider than the machine.
    pub(crate) fn level(&self) -> SimdLevel {
        let widest = SimdLevel::detect();
        self.simd.map_or(widest, |level| level.min(widest))
    }

    /// Bytes that results in memory may take.
    pub(crate) fn memory_limit(&self) -> usize {
        self.max_memory
            .unwrap_or_else(|| free_memory().map_or(usize::MAX, |free| free / 2))
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("threads", &self.threads)
            .field("simd", &self.simd)
            .field("engine", &self.engine)
            .field("max_memory", &self.max_memory)
            .field("progress", &self.progress.is_some())
            .field("zone_maps", &self.zone_maps)
            .field("cancel", &self.cancel)
            .finish()
    }
}

/// Bytes of memory that could be allocated now, where the system says so.
fn free_memory() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find(|line| line.starts_with("MemAvailable:"))?;
    let kib: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    kib.checked_mul(1024)
}
