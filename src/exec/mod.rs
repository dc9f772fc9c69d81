//! In: passes, operands and wishes. Out: results; the only place where blocks, kernels and
//! threads meet. Never: an answer that depends on threads, SIMD level, codec or cache.
//!
//! A pass walks over the tiles of its domain, in parallel. For each tile a worker fetches the
//! leaves' elements (decoded straight into its scratch where a tile is a block), calls the kernel
//! row by row, and delivers what it computed: elementwise results to their place, partials of
//! reductions to the tree that the cut fixes.

#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod agree;
mod bins;
mod buffer;
mod cache;
mod carry;
mod combine;
mod filter;
mod input;
mod interp;
mod joined;
mod kernels;
mod options;
mod pass;
mod seen;
mod select;
mod show;
mod sink;
mod stats;
mod tally;
#[cfg(test)]
mod tests;
mod tiling;
mod worker;

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rayon::prelude::*;

use crate::array::Array;
use crate::array::npy::NpyWriter;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::ir::{Concat, Inst, RaiseKind, Rank, ReduceOp, Value, Verified, inside};
use crate::limits::MAX_THREADS;
use crate::opt::passes::{self, Home, Kind, Pass, PassPlan, PassSink};
use crate::table::Id;
use crate::types::{DType, Shape};

pub use options::{Engine, Options, Progress};
pub use show::bytes_text;
pub(crate) use show::{bodies, host_of as host, plan_text};
pub use sink::{Piece, Receiver};
pub use stats::Stats;

use cache::BlockCache;
use carry::Carries;
use filter::{Budget, FilterTarget, Part, deliver_slab};
use input::Leaf;
use kernels::{KernelCounts, Kernels};
use pass::{Delivery, PassRun, SinkRun, reduce_of};
use sink::{Output, SharedBytes, Target};
use stats::Counters;
use tiling::Tile;
use worker::Worker;

/// Where an output goes.
pub enum Destination<'d> {
    /// A new array in memory.
    Memory,
    /// The caller's memory, exactly the bytes of the output.
    Buffer(&'d mut [u8]),
    /// A `.npy` file that has the output's dtype and shape.
    Npy(&'d NpyWriter),
    /// The caller, piece by piece.
    Receiver(&'d Receiver<'d>),
}

/// What is evaluated: a function, its passes, and the arrays for its operands, in its order.
#[derive(Debug)]
pub(crate) struct Task<'t, 'a> {
    pub(crate) func: &'t Verified,
    pub(crate) plan: &'t PassPlan,
    pub(crate) operands: &'t [Array<'a>],
    pub(crate) options: &'t Options,
}

/// Evaluates: the arrays of outputs whose destination is memory, `None` for the others.
pub(crate) fn evaluate(
    task: &Task<'_, '_>,
    mut destinations: Vec<Destination<'_>>,
    stats: &mut Stats,
) -> Result<Vec<Option<Array<'static>>>> {
    check_operands(task)?;
    check_destinations(task, &destinations)?;
    let budget = Arc::new(check_memory(task, &destinations)?);
    let pool = Pool::new(task.options)?;
    let counts = KernelCounts::default();
    let counters = Counters::default();
    let kernels = Kernels::new(task.options.engine, task.options.level(), &counts);
    let mut results = Results {
        budget,
        ..Results::default()
    };
    for (index, pass) in task.plan.passes.iter().enumerate() {
        let mut stored = allocate(task, index, pass, &destinations);
        let mut run = bind(
            task,
            index,
            pass,
            &results,
            &mut stored,
            &mut destinations,
            &kernels,
        )?;
        run_tiles(task, index, &run, &pool, &counters)?;
        while run.refine() {
            run_tiles(task, index, &run, &pool, &counters)?;
        }
        finish(task, pass, run, &mut results)?;
        results.keep_stored(task, stored)?;
    }
    stats.passes = task.plan.n_data_passes();
    stats.compile = counts.time();
    stats.kernels_compiled = counts.compiled.load(Ordering::Relaxed);
    let compiled = counts.used.load(Ordering::Relaxed) > 0;
    stats.simd = compiled.then(|| task.options.level());
    stats.threads = pool.threads();
    let outputs = results.outputs(task, destinations)?;
    counters.report(stats);
    Ok(outputs)
}

/// Concats whose parts are known already: they may be parts of others several times over.
type Known<'a> = HashMap<Value, Leaf<'a>>;

/// Indices by the value that has them and the extent that they are brought into.
type Lists = HashMap<(Value, usize), Arc<[usize]>>;

/// What passes have delivered so far, for later passes and for outputs.
#[derive(Debug, Default)]
struct Results {
    arrays: HashMap<Value, Array<'static>>,
    /// Filtered outputs, by their index.
    filtered: HashMap<usize, Array<'static>>,
    /// Indices into an axis of some extent that views look up.
    lists: RefCell<Lists>,
    budget: Arc<Budget>,
}

/// Elements that a pass stores in memory of our own.
type Stored = HashMap<usize, (Value, Vec<u8>)>;

/// Whether the arrays are what the function was checked for: kernels rely on it.
fn check_operands(task: &Task<'_, '_>) -> Result<()> {
    let declared = task.func.operands.rows();
    let fits = |(operand, array): (&crate::ir::Operand, &Array<'_>)| {
        (operand.dtype, &operand.shape) == (array.dtype(), array.shape())
    };
    match declared.len() == task.operands.len() && declared.iter().zip(task.operands).all(fits) {
        true => Ok(()),
        false => Err(internal("an operand is not the array that was checked")),
    }
}

fn check_destinations(task: &Task<'_, '_>, destinations: &[Destination<'_>]) -> Result<()> {
    for (output, destination) in task.func.outputs.iter().zip(destinations) {
        let data = &task.func.values[output.value];
        let (dtype, shape) = (data.dtype, &task.func.largest(output));
        match destination {
            Destination::Buffer(_) if output.filter.is_some() => {
                let message = format!(
                    "how many elements of `{}` pass the filter is not known before: a buffer cannot take them",
                    output.name
                );
                return Err(Error::new(ErrorKind::Argument, Code::WrongBuffer, message));
            }
            Destination::Buffer(bytes) if bytes.len() != bytes_of(dtype, shape) => {
                let (have, need) = (bytes.len(), bytes_of(dtype, shape));
                let message = format!(
                    "the buffer for `{}` has {have} bytes, but {dtype}{shape} needs {need}",
                    output.name
                );
                return Err(Error::new(ErrorKind::Argument, Code::WrongBuffer, message));
            }
            Destination::Npy(writer) if (writer.dtype(), writer.shape()) != (dtype, shape) => {
                let message = format!("the file for `{}` is not {dtype}{shape}", output.name);
                return Err(Error::new(ErrorKind::Argument, Code::WrongBuffer, message));
            }
            Destination::Memory
            | Destination::Buffer(_)
            | Destination::Npy(_)
            | Destination::Receiver(_) => {}
        }
    }
    Ok(())
}

fn bytes_of(dtype: DType, shape: &Shape) -> usize {
    shape.elems().saturating_mul(dtype.size())
}

/// Results that are not worth asking the system how much memory is free.
const SMALL: usize = 1 << 20;

/// Refuses results in memory above the limit, before anything is allocated: outputs to memory,
/// reductions, and what passes keep for later ones. Gives what is left for what passes filters.
fn check_memory(task: &Task<'_, '_>, destinations: &[Destination<'_>]) -> Result<Budget> {
    let (mut total, mut largest, mut growing) = (0usize, None, 0usize);
    for (pass, index) in task.plan.passes.iter().zip(0..) {
        for input in &pass.inputs {
            // Once more, as indices.
            let listed = input.leaf.listed(task.func);
            total = listed
                .map(|count| count.saturating_mul(8))
                .fold(total, usize::saturating_add);
        }
        for (pass_sink, sink) in pass.sinks.iter().zip(0..) {
            let value = match *pass_sink {
                PassSink::Fold(value) => value,
                PassSink::Tally(value) => {
                    growing = growing.saturating_add(tally::waiting_bytes(&pass.domain));
                    value
                }
                PassSink::Store(value) | PassSink::Scan(value) => {
                    let home = Home { pass: index, sink };
                    if direct_output(task, home, value, destinations).is_some() {
                        continue;
                    }
                    value
                }
                // Limited as it grows.
                PassSink::Filter(_) => {
                    let most = pass.domain.elems().saturating_mul(8);
                    growing = growing.saturating_add(most);
                    continue;
                }
                PassSink::Mask(_) | PassSink::Weight(_) | PassSink::Raise(_) => continue,
            };
            let data = &task.func.values[value];
            let bytes = bytes_of(data.dtype, &data.shape);
            total = total.saturating_add(bytes);
            largest = largest.max(Some((bytes, value)));
        }
    }
    if total.saturating_add(growing) <= SMALL && task.options.max_memory.is_none() {
        return Ok(Budget::default());
    }
    let limit = task.options.memory_limit();
    let Some((_, value)) = largest.filter(|_| total > limit) else {
        return Ok(Budget::new(limit, total));
    };
    let (need, have) = (bytes_text(total), bytes_text(limit));
    let output = task
        .func
        .outputs
        .iter()
        .find(|output| output.value == value && output.filter.is_none());
    let (what, help) = match output {
        Some(output) => (
            format!("the result `{}`", output.name),
            "write it to a file with `-o OUT.npy`, or raise `--max-memory`",
        ),
        None => (
            "an intermediate result".to_string(),
            "reduce over more axes at once, or raise `--max-memory`",
        ),
    };
    let message = format!("{what} needs {need} of memory, more than the {have} allowed");
    Err(Error::new(ErrorKind::Limit, Code::TooLarge, message).with_help(help))
}

/// Allocates what a pass stores in memory of our own: outputs to memory, and what later passes or
/// several outputs read.
fn allocate(
    task: &Task<'_, '_>,
    index: usize,
    pass: &Pass,
    destinations: &[Destination<'_>],
) -> Stored {
    let mut stored = Stored::new();
    for (sink, pass_sink) in pass.sinks.iter().enumerate() {
        let Some(value) = pass_sink.stored() else {
            continue;
        };
        if direct_output(task, Home { pass: index, sink }, value, destinations).is_none() {
            let data = &task.func.values[value];
            stored.insert(sink, (value, vec![0; bytes_of(data.dtype, &data.shape)]));
        }
    }
    stored
}

/// The one output that a stored value goes to directly, without memory of our own.
fn direct_output(
    task: &Task<'_, '_>,
    home: Home,
    value: Value,
    destinations: &[Destination<'_>],
) -> Option<usize> {
    let mut later = task.plan.passes[home.pass + 1..].iter();
    if later.any(|pass| pass.reads(task.func, value)) {
        return None;
    }
    let mut outputs =
        (0..task.plan.outputs.len()).filter(|&output| task.plan.outputs[output] == home);
    let only = outputs.next()?;
    let memory = matches!(destinations[only], Destination::Memory);
    (outputs.next().is_none() && !memory).then_some(only)
}

/// Gives a pass its leaves, its outputs and its kernel.
fn bind<'r>(
    task: &Task<'_, 'r>,
    index: usize,
    pass: &Pass,
    results: &Results,
    stored: &'r mut Stored,
    destinations: &'r mut [Destination<'_>],
    kernels: &Kernels<'_>,
) -> Result<PassRun<'r>> {
    let mut joined = HashMap::new();
    let leaves = pass
        .inputs
        .iter()
        .map(|input| results.leaf(task, input, &mut joined))
        .collect::<Result<Vec<_>>>()?;
    let direct: Vec<Option<usize>> = pass
        .sinks
        .iter()
        .enumerate()
        .map(|(sink, pass_sink)| {
            let home = Home { pass: index, sink };
            direct_output(task, home, pass_sink.stored()?, destinations)
        })
        .collect();
    let mut memories: HashMap<usize, &mut Vec<u8>> = stored
        .iter_mut()
        .map(|(&sink, (_, bytes))| (sink, bytes))
        .collect();
    let mut places: HashMap<usize, &mut Destination<'_>> =
        destinations.iter_mut().enumerate().collect();
    let mut deliveries = Vec::with_capacity(pass.sinks.len());
    for (sink, pass_sink) in pass.sinks.iter().enumerate() {
        if let PassSink::Filter(output) = *pass_sink {
            let target = match places.remove(&output) {
                Some(Destination::Memory) => FilterTarget::Memory,
                Some(Destination::Npy(writer)) => FilterTarget::Npy(writer),
                Some(Destination::Receiver(receiver)) => FilterTarget::Receiver(*receiver),
                Some(Destination::Buffer(_)) | None => {
                    return Err(internal("a filtered output goes nowhere"));
                }
            };
            deliveries.push(Delivery::Filter(target, Arc::clone(&results.budget)));
            continue;
        }
        if let PassSink::Tally(_) = *pass_sink {
            deliveries.push(Delivery::Tally(Arc::clone(&results.budget)));
            continue;
        }
        let Some(value) = pass_sink.stored() else {
            deliveries.push(
                match reduce_of(task.func, *pass_sink).map(|reduce| reduce.op) {
                    Some(ReduceOp::Nth { rank }) => Delivery::Rank(results.rank(rank)),
                    Some(_) | None => Delivery::Inner,
                },
            );
            continue;
        };
        let data = &task.func.values[value];
        let target = match (memories.remove(&sink), direct[sink]) {
            (Some(bytes), _) => Target::Memory(SharedBytes::new(bytes)),
            (None, Some(output)) => match places.remove(&output) {
                Some(Destination::Buffer(bytes)) => Target::Memory(SharedBytes::new(bytes)),
                Some(Destination::Npy(writer)) => Target::Npy(writer),
                Some(Destination::Receiver(receiver)) => Target::Receiver(output, *receiver),
                Some(Destination::Memory) | None => {
                    return Err(internal("an output is stored twice"));
                }
            },
            (None, None) => return Err(internal("a stored value goes nowhere")),
        };
        deliveries.push(Delivery::Store(Output {
            dtype: data.dtype,
            shape: data.shape.clone(),
            target,
        }));
    }
    let kernels = if pass.epilogue {
        kernels.interpreted()
    } else {
        kernels.clone()
    };
    PassRun::new(task.func, pass, leaves, deliveries, &kernels)
}

fn internal(message: &str) -> Error {
    Error::new(ErrorKind::Internal, Code::Internal, message)
}

/// Computes every tile of a pass.
fn run_tiles(
    task: &Task<'_, '_>,
    index: usize,
    run: &PassRun<'_>,
    pool: &Pool,
    counters: &Counters,
) -> Result<()> {
    let work = Work {
        run,
        index,
        options: task.options,
        counters,
        cache: BlockCache::new(run.cache_bytes(pool.threads())),
        workers: Mutex::default(),
        done: AtomicUsize::new(0),
        total: run.tiling.n_tiles(),
    };
    let cells = 0..run.tiling.n_outer();
    if run.kind == Kind::Ordered {
        run_in_order(&work, pool)?;
    } else if let Some(axis) = run.scan_axis {
        run_columns(&work, pool, axis)?;
    } else if work.total <= 1 || pool.threads() == 1 {
        for visit in cells {
            let cell = run.tiling.outer_cell(visit);
            (0..run.tiling.n_inner(&cell)).try_for_each(|inner| work.tile(&cell, inner))?;
        }
    } else {
        pool.install(|| {
            cells.into_par_iter().try_for_each(|visit| {
                let cell = run.tiling.outer_cell(visit);
                let tiles = (0..run.tiling.n_inner(&cell)).into_par_iter();
                tiles.try_for_each(|inner| work.tile(&cell, inner))
            })
        })?;
    }
    work.report();
    Ok(())
}

/// Computes every tile of a pass with scans: columns along the axis beside each other where there
/// are enough of them, else the tiles of a column some at a time, which then wait for their turn.
fn run_columns(work: &Work<'_, '_>, pool: &Pool, axis: usize) -> Result<()> {
    let columns = 0..work.run.tiling.columns(axis);
    let threads = pool.threads();
    if work.total <= 1 || threads == 1 {
        return columns
            .into_iter()
            .try_for_each(|column| work.column(axis, column, 1));
    }
    pool.install(|| match columns.len() >= threads {
        true => columns
            .into_par_iter()
            .try_for_each(|column| work.column(axis, column, 1)),
        false => columns
            .into_iter()
            .try_for_each(|column| work.column(axis, column, threads)),
    })
}

/// Computes every tile of a pass with filters or tallies, some slabs of tiles at a time, which are then
/// delivered one after the other.
fn run_in_order(work: &Work<'_, '_>, pool: &Pool) -> Result<()> {
    /// Tiles for each thread between two deliveries.
    const AT_ONCE: usize = 4;
    let tiling = &work.run.tiling;
    let slab = tiling.tiles_in_slab().max(1);
    let at_once = match pool.threads() {
        1 => slab,
        threads => (threads * AT_ONCE).next_multiple_of(slab),
    };
    for first in (0..work.total).step_by(at_once) {
        let tiles = first..work.total.min(first + at_once);
        let parts: Vec<Part> = match pool.threads() {
            1 => tiles.map(|tile| work.part(tile)).collect::<Result<_>>()?,
            _ => pool.install(|| {
                tiles
                    .into_par_iter()
                    .map(|tile| work.part(tile))
                    .collect::<Result<_>>()
            })?,
        };
        let started = Instant::now();
        for slab in parts.chunks(slab) {
            deliver_slab(work.run, slab)?;
        }
        Counters::add(&work.counters.write_ns, started.elapsed());
    }
    Ok(())
}

/// What the workers of a pass share.
struct Work<'w, 'a> {
    run: &'w PassRun<'a>,
    index: usize,
    options: &'w Options,
    counters: &'w Counters,
    cache: BlockCache,
    /// Buffers nobody is using: as many as there were ever tiles in flight at once.
    workers: Mutex<Vec<Worker>>,
    done: AtomicUsize,
    total: usize,
}

impl Work<'_, '_> {
    fn tile(&self, cell: &[usize], inner: usize) -> Result<()> {
        let tile = self.run.tiling.tile(cell, inner);
        let worker = self.computed(&tile)?;
        self.workers().push(worker);
        self.advance();
        Ok(())
    }

    /// Computes the tile at a place in the order of tiles, and keeps what is wanted of it in order.
    fn part(&self, at: usize) -> Result<Part> {
        let tile = self.run.tiling.tile_in_order(at);
        let mut worker = self.computed(&tile)?;
        let started = Instant::now();
        let part = worker.filtered(self.run, tile);
        Counters::add(&self.counters.combine_ns, started.elapsed());
        self.workers().push(worker);
        self.advance();
        part
    }

    /// Computes the tiles of one column along the axis of scans, at most `at_once` beside each
    /// other, and carries what is scanned from each to the next.
    fn column(&self, axis: usize, column: usize, at_once: usize) -> Result<()> {
        let tiling = &self.run.tiling;
        let steps = tiling.cells(axis);
        let mut carries = Carries::default();
        for first in (0..steps).step_by(at_once) {
            let batch = first..steps.min(first.saturating_add(at_once));
            let compute = |step: usize| {
                let tile = tiling.tile_in_column(axis, column, step);
                let worker = self.computed(&tile)?;
                Ok((tile, worker))
            };
            let computed: Vec<(Tile, Worker)> = match at_once {
                1 => batch.map(compute).collect::<Result<_>>()?,
                _ => batch.into_par_iter().map(compute).collect::<Result<_>>()?,
            };
            for (tile, mut worker) in computed {
                let started = Instant::now();
                let outcome = worker.carry(self.run, &mut carries, &tile);
                Counters::add(&self.counters.combine_ns, started.elapsed());
                self.workers().push(worker);
                outcome?;
                self.advance();
            }
        }
        Ok(())
    }

    /// Computes one tile with buffers of its own: no join happens while it holds them.
    fn computed(&self, tile: &Tile) -> Result<Worker> {
        if self.options.cancelled() {
            let message = "the evaluation was cancelled";
            return Err(Error::new(ErrorKind::Cancelled, Code::Cancelled, message));
        }
        let mut worker = self.workers().pop().unwrap_or_default();
        let outcome = worker.process(self.run, &self.cache, self.counters, tile);
        match outcome {
            Ok(()) => Ok(worker),
            Err(error) => {
                self.workers().push(worker);
                Err(error)
            }
        }
    }

    fn advance(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(progress) = &self.options.progress {
            progress.advance(self.index, done, self.total);
        }
    }

    fn workers(&self) -> std::sync::MutexGuard<'_, Vec<Worker>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn report(self) {
        let workers = self
            .workers
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let mut held = self.cache.peak();
        for worker in &workers {
            self.counters.add_decoding(&worker.decode.counts);
            held += worker.capacity();
        }
        self.counters.scratch.fetch_max(held, Ordering::Relaxed);
    }
}

/// Takes a pass's results, or says where a condition held that must not.
fn finish(task: &Task<'_, '_>, pass: &Pass, run: PassRun<'_>, results: &mut Results) -> Result<()> {
    let domain = run.domain;
    for (sink, pass_sink) in run.sinks.into_iter().zip(&pass.sinks) {
        match (sink, *pass_sink) {
            (SinkRun::Fused(_, combiner) | SinkRun::Stream(combiner), PassSink::Fold(value)) => {
                let (dtype, shape, bytes) = combiner.into_result();
                results.keep(value, dtype, &shape, bytes)?;
            }
            (SinkRun::Select(selection), PassSink::Fold(value)) => {
                let (dtype, shape, bytes) = selection.into_result();
                results.keep(value, dtype, &shape, bytes)?;
            }
            (SinkRun::Bins(bins), PassSink::Fold(value)) => {
                let (dtype, shape, bytes) = bins.into_result();
                results.keep(value, dtype, &shape, bytes)?;
            }
            (SinkRun::Tally(tally), PassSink::Tally(value)) => {
                let (dtype, shape, bytes) = tally.into_result();
                results.keep(value, dtype, &shape, bytes)?;
            }
            (SinkRun::Filter(filter), PassSink::Filter(output)) => {
                if let Some((dtype, shape, bytes)) = filter.finish()? {
                    let array = Array::from_bytes(dtype, &shape, bytes)?;
                    results.filtered.insert(output, array);
                }
            }
            (SinkRun::Raise(raise), PassSink::Raise(index)) => {
                if let Some(at) = raise.found() {
                    return Err(raised(task.func.raises[index].kind, &domain, at));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The error for a condition that held at C-order index `at`.
fn raised(kind: RaiseKind, domain: &Shape, mut at: usize) -> Error {
    let mut index = vec![0; domain.ndim()];
    for axis in (0..domain.ndim()).rev() {
        index[axis] = at % domain[axis];
        at /= domain[axis];
    }
    let place = match index.len() {
        0 => String::new(),
        _ => format!(" at index {}", Shape::from(index)),
    };
    let (code, message, help) = match kind {
        RaiseKind::NegativePower => (
            Code::NegativeExponent,
            format!("an integer to a negative integer power{place}"),
            "convert the base to a float, as in `float64(x) ** y`",
        ),
        RaiseKind::NoElements => (
            Code::NothingLeft,
            format!("no element passes the filter{place}: there are none to choose from"),
            "`min` and `max` take what to begin with, as in `max(x[m], initial=0)`",
        ),
        RaiseKind::InfiniteBounds => (
            Code::NoBins,
            "a histogram needs finite ends: the smallest or the largest element is not".into(),
            "give the ends, as in `range=(0, 1)`; what lies outside is not counted",
        ),
        RaiseKind::NarrowBins => (
            Code::NoBins,
            "the bins of the histogram are too narrow to be told apart".into(),
            "give fewer `bins`, or a wider `range`",
        ),
        RaiseKind::ManyBins => (
            Code::NoBins,
            "there is no room for the estimated number of bins: 262,144 are the most".into(),
            "write the number of `bins`, or leave out what is far away with `range`",
        ),
        RaiseKind::NegativeCount => (
            Code::Uncountable,
            format!("a negative integer{place}: `bincount` counts from 0 on"),
            "count the distance from the smallest, as in `bincount(x - min(x))`",
        ),
        RaiseKind::IndexOutside => (
            Code::IndexOutside,
            format!("the index{place} is outside of the array"),
            "indices count from 0, or from the end where they are negative",
        ),
        RaiseKind::LargeCount => (
            Code::Uncountable,
            format!("an integer{place} is beyond the last bin"),
            "make room with `minlength`; 16,777,216 bins are the most",
        ),
    };
    Error::new(ErrorKind::Run, code, message).with_help(help)
}

impl Results {
    fn keep(&mut self, value: Value, dtype: DType, shape: &Shape, bytes: Vec<u8>) -> Result<()> {
        let array = Array::from_bytes(dtype, shape, bytes)?;
        self.arrays.insert(value, array);
        Ok(())
    }

    fn keep_stored(&mut self, task: &Task<'_, '_>, stored: Stored) -> Result<()> {
        stored.into_values().try_for_each(|(value, bytes)| {
            let data = &task.func.values[value];
            self.keep(value, data.dtype, &data.shape, bytes)
        })
    }

    /// What an input reads; a result that is not there is pending, which only a plan may be.
    fn leaf<'a>(
        &self,
        task: &Task<'_, 'a>,
        input: &passes::Input,
        known: &mut Known<'a>,
    ) -> Result<Leaf<'a>> {
        match input.leaf {
            passes::Leaf::Operand(operand) => task
                .operands
                .get(operand.index())
                .map(|array| Leaf::Array(array.clone()))
                .ok_or_else(|| internal("an operand has no array")),
            passes::Leaf::Result(value) => Ok(match self.arrays.get(&value) {
                Some(array) => Leaf::Array(array.clone()),
                None => Leaf::Pending(input.dtype, input.shape.clone()),
            }),
            passes::Leaf::Generate(value) => match &task.func.values[value].inst {
                Inst::Generate(generator) => {
                    Ok(Leaf::Generate(*generator, input.dtype, input.shape.clone()))
                }
                Inst::Const(_)
                | Inst::Elem(_)
                | Inst::Map(_)
                | Inst::Reduce(_)
                | Inst::View(_)
                | Inst::Reshape(_)
                | Inst::Concat(_)
                | Inst::Scan(_)
                | Inst::Tally(_) => Err(internal("a generated leaf is no generator")),
            },
            passes::Leaf::View(value) => match &task.func.values[value].inst {
                Inst::Concat(concat) => {
                    if let Some(leaf) = known.get(&value) {
                        return Ok(leaf.clone());
                    }
                    let leaf = self.joined(task, concat, &input.shape, known)?;
                    known.insert(value, leaf.clone());
                    Ok(leaf)
                }
                Inst::Const(_)
                | Inst::Elem(_)
                | Inst::Generate(_)
                | Inst::Map(_)
                | Inst::Reduce(_)
                | Inst::View(_)
                | Inst::Reshape(_)
                | Inst::Scan(_)
                | Inst::Tally(_) => self.view(task, value, known),
            },
        }
    }

    /// A rank, which may be beyond the last; the first while it is pending.
    fn rank(&self, rank: Rank) -> u64 {
        let value = match rank {
            Rank::Known(rank) => return rank,
            Rank::Found(value) => value,
        };
        // OK because results are in memory: there is nothing to fail.
        let bytes = self
            .arrays
            .get(&value)
            .and_then(|array| array.to_bytes().ok());
        let found = bytes.and_then(|bytes| bytes.first_chunk().copied());
        found.map_or(0, i64::from_ne_bytes).max(0) as u64
    }

    /// The indices into an axis of `extent` that a result has; none while it is pending.
    fn list(&self, list: Value, extent: usize) -> Option<Arc<[usize]>> {
        let mut lists = self.lists.borrow_mut();
        if let Some(known) = lists.get(&(list, extent)) {
            return Some(Arc::clone(known));
        }
        // OK because results are in memory: there is nothing to fail.
        let bytes = self.arrays.get(&list)?.to_bytes().ok()?;
        let (elems, _) = bytes.as_chunks::<8>();
        let at = elems
            .iter()
            .map(|&at| inside(i64::from_ne_bytes(at), extent));
        let indices: Arc<[usize]> = at.collect();
        lists.insert((list, extent), Arc::clone(&indices));
        Some(indices)
    }

    /// What a concat reads, part by part.
    fn joined<'a>(
        &self,
        task: &Task<'_, 'a>,
        concat: &Concat,
        shape: &Shape,
        known: &mut Known<'a>,
    ) -> Result<Leaf<'a>> {
        let parts = concat.parts.iter().map(|&part| {
            let data = &task.func.values[part];
            let input = passes::Input {
                leaf: passes::leaf(task.func, part),
                dtype: data.dtype,
                shape: data.shape.clone(),
            };
            // Leaves of passes come first.
            let key = task.func.values.len() + part.index();
            Ok((self.leaf(task, &input, known)?, key))
        });
        let parts = parts.collect::<Result<Vec<_>>>()?;
        Ok(Leaf::joined(parts, concat.axis, shape))
    }

    /// What a view reads, from what it sees in the end outwards.
    fn view<'a>(
        &self,
        task: &Task<'_, 'a>,
        value: Value,
        known: &mut Known<'a>,
    ) -> Result<Leaf<'a>> {
        let mut views = Vec::new();
        let mut inner = value;
        while let Some(seen) = task.func.seen_by(inner) {
            views.push(&task.func.values[inner]);
            inner = seen;
        }
        let data = &task.func.values[inner];
        let input = passes::Input {
            leaf: passes::Leaf::View(value).root(task.func),
            dtype: data.dtype,
            shape: data.shape.clone(),
        };
        let outwards = views.iter().rev();
        Ok(
            outwards.fold(self.leaf(task, &input, known)?, |leaf, data| {
                match &data.inst {
                    Inst::View(view) => {
                        let axes = view.looked_up(|list, extent| self.list(list, extent));
                        leaf.viewed(&axes, &data.shape)
                    }
                    Inst::Reshape(_)
                    | Inst::Concat(_)
                    | Inst::Const(_)
                    | Inst::Elem(_)
                    | Inst::Generate(_)
                    | Inst::Map(_)
                    | Inst::Reduce(_)
                    | Inst::Scan(_)
                    | Inst::Tally(_) => leaf.reshaped(&data.shape),
                }
            }),
        )
    }

    /// Hands each output that did not go to its destination directly to it now.
    fn outputs(
        &self,
        task: &Task<'_, '_>,
        destinations: Vec<Destination<'_>>,
    ) -> Result<Vec<Option<Array<'static>>>> {
        let outputs = task.func.outputs.iter().zip(destinations).enumerate();
        outputs
            .map(|(index, (output, destination))| {
                if output.filter.is_some() {
                    return Ok(self.filtered.get(&index).cloned());
                }
                let Some(array) = self.arrays.get(&output.value) else {
                    return Ok(None);
                };
                if matches!(destination, Destination::Memory) {
                    return Ok(Some(array.clone()));
                }
                let (dtype, shape) = (array.dtype(), array.shape());
                let bytes = array.to_bytes()?;
                match destination {
                    Destination::Memory => {}
                    Destination::Buffer(buffer) => buffer.copy_from_slice(&bytes),
                    Destination::Npy(writer) => writer.write_at(0, &bytes)?,
                    Destination::Receiver(receiver) => receiver(&Piece {
                        output: index,
                        dtype,
                        start: &vec![0; shape.ndim()],
                        extent: shape,
                        bytes: &bytes,
                    })?,
                }
                Ok(None)
            })
            .collect()
    }
}

/// Where the work runs.
#[derive(Debug)]
enum Pool {
    /// The caller's pool, or rayon's global one.
    Current,
    /// This thread alone.
    Inline,
    /// A pool of ours with as many threads as asked for.
    Own(Arc<rayon::ThreadPool>),
}

impl Pool {
    fn new(options: &Options) -> Result<Pool> {
        match options.threads {
            None => Ok(Pool::Current),
            Some(0 | 1) => Ok(Pool::Inline),
            Some(threads) => own_pool(threads.min(MAX_THREADS)).map(Pool::Own),
        }
    }

    fn threads(&self) -> usize {
        match self {
            Pool::Current => rayon::current_num_threads(),
            Pool::Inline => 1,
            Pool::Own(pool) => pool.current_num_threads(),
        }
    }

    fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
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

impl std::fmt::Debug for Destination<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Destination::Memory => "memory",
            Destination::Buffer(_) => "buffer",
            Destination::Npy(_) => "npy",
            Destination::Receiver(_) => "receiver",
        })
    }
}
