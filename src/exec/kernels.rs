//! In: the body of a pass. Out: what computes it: a kernel from the cache, or the interpreter.
//! Never: a failure because a machine forbids executable memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::exec::options::{Engine, Options};
use crate::exec::pass::Code;
use crate::ir::Body;
use crate::jit::{Cache, Host, Kernel};
use crate::limits::TINY_WORK;
use crate::math::SimdLevel;
use crate::opt::passes::Pass;

/// Where an evaluation gets its kernels from.
#[derive(Clone, Debug)]
pub(crate) struct Kernels<'k> {
    engine: Engine,
    pub(crate) level: SimdLevel,
    counts: &'k KernelCounts,
    /// Whether passes skip what need not be decoded.
    pub(crate) skips: bool,
}

/// What compiling took.
#[derive(Debug, Default)]
pub(crate) struct KernelCounts {
    pub(crate) compiled: AtomicUsize,
    /// Kernels used, compiled or from the cache.
    pub(crate) used: AtomicUsize,
    pub(crate) ns: std::sync::atomic::AtomicU64,
}

impl<'k> Kernels<'k> {
    pub(crate) fn new(options: &Options, counts: &'k KernelCounts) -> Self {
        Self {
            engine: options.engine,
            level: options.level(),
            counts,
            skips: options.zone_maps,
        }
    }

    /// Whether a pass should run as machine code.
    pub(crate) fn compiles(&self, pass: &Pass) -> bool {
        compiles(self.engine, pass)
    }

    /// The same, for the interpreter.
    pub(crate) fn interpreted(&self) -> Kernels<'k> {
        Kernels {
            engine: Engine::Interpreter,
            ..self.clone()
        }
    }

    /// What computes `body`.
    pub(crate) fn code(&self, body: &Body, compiles: bool) -> Result<Code> {
        if compiles {
            let started = Instant::now();
            let found = cache().get(body, host(self.level)?);
            let ns = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.counts.ns.fetch_add(ns, Ordering::Relaxed);
            match found {
                Ok((kernel, fresh)) => {
                    self.counts
                        .compiled
                        .fetch_add(usize::from(fresh), Ordering::Relaxed);
                    self.counts.used.fetch_add(1, Ordering::Relaxed);
                    return Ok(Code::Jit(kernel));
                }
                // Refused memory and bodies too large are what the interpreter is for.
                Err(error) if error.is_internal() => return Err(error),
                Err(_) => {}
            }
        }
        Ok(Code::Interpreter)
    }
}

/// A kernel for a body that is found out while a pass runs, and whether it was compiled for it; none where executable
/// memory is refused.
pub(crate) fn compiled(body: &Body, level: SimdLevel) -> Option<(Arc<Kernel>, bool)> {
    // Whatever is wrong, the kernel that the pass has computes the same.
    cache().get(body, host(level).ok()?).ok()
}

impl KernelCounts {
    /// Time spent compiling and looking kernels up.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_nanos(self.ns.load(Ordering::Relaxed))
    }
}

/// Whether `engine` runs a pass as machine code.
pub(crate) fn compiles(engine: Engine, pass: &Pass) -> bool {
    match engine {
        Engine::Auto => pass.domain.elems().saturating_mul(pass.body.len() + 1) > TINY_WORK,
        Engine::Jit => true,
        Engine::Interpreter => false,
    }
}

/// The kernels of this process.
fn cache() -> &'static Cache {
    static CACHE: OnceLock<Cache> = OnceLock::new();
    CACHE.get_or_init(Cache::default)
}

/// The compiler's view of this machine at a level, made once.
pub(crate) fn host(level: SimdLevel) -> Result<&'static Host> {
    static HOSTS: [OnceLock<Host>; 4] = [const { OnceLock::new() }; 4];
    let cell = &HOSTS[level as usize];
    if let Some(host) = cell.get() {
        return Ok(host);
    }
    let host = Host::new(level)?;
    Ok(cell.get_or_init(|| host))
}
