//! In: a number of threads. Out: where the work of an evaluation runs. Never: more threads than asked
//! for.

use std::sync::{Arc, Mutex, PoisonError};

use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::exec::options::Options;
use crate::limits::MAX_THREADS;

/// Where the work runs.
#[derive(Debug)]
pub(super) enum Pool {
    /// The caller's pool, or rayon's global one.
    Current,
    /// This thread alone.
    Inline,
    /// A pool of ours with as many threads as asked for.
    Own(Arc<rayon::ThreadPool>),
}

impl Pool {
    pub(super) fn new(options: &Options) -> Result<Pool> {
        match options.threads {
            None => Ok(Pool::Current),
            Some(0 | 1) => Ok(Pool::Inline),
            Some(threads) => own_pool(threads.min(MAX_THREADS)).map(Pool::Own),
        }
    }

    pub(super) fn threads(&self) -> usize {
        match self {
            Pool::Current => rayon::current_num_threads(),
            Pool::Inline => 1,
            Pool::Own(pool) => pool.current_num_threads(),
        }
    }

    pub(super) fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match self {
            Pool::Current | Pool::Inline => work(),
            Pool::Own(pool) => pool.install(work),
        }
    }
}

/// The pool with this many threads, made once.
fn own_pool(threads: usize) -> Result<Arc<rayon::ThreadPool>> {
    static POOLS: Mutex<Vec<Arc<rayon::ThreadPool>>> = Mutex::new(Vec::new());
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pool) = pools
        .iter()
        .find(|pool| pool.current_num_threads() == threads)
    {
        return Ok(Arc::clone(pool));
    }
    let built = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|index| format!("fuseblock-{index}"))
        .build()
        .map_err(|error| {
            let message = format!("cannot start {threads} threads: {error}");
            Error::new(ErrorKind::Limit, Code::Usage, message)
        })?;
    let pool = Arc::new(built);
    pools.push(Arc::clone(&pool));
    Ok(pool)
}
