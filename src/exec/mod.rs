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
mod pool;
mod results;
mod seen;
mod select;
mod show;
mod sink;
mod skip;
mod stats;
mod tally;
#[cfg(test)]
mod tests;
mod tiling;
mod walk;
mod worker;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::array::{Array, OutputFile};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::ir::{RaiseKind, Value, Verified};
use crate::opt::passes::{Home, Pass, PassPlan, PassSink};
use crate::types::{DType, Shape};

pub use options::{Engine, Options, Progress};
pub(crate) use show::{bodies, host_of as host, plan_text};
pub use show::{bytes_text, skipped_text};
pub use sink::{Piece, Receiver};
pub use skip::Skipped;
pub use stats::Stats;

use filter::{Budget, FilterTarget};
use kernels::{KernelCounts, Kernels};
use pass::{Delivery, PassRun, SinkRun};
use pool::Pool;
use results::Results;
use sink::{Output, SharedBytes, Target};
use stats::Counters;
use walk::run_tiles;

/// Where an output goes.
pub enum Destination<'d> {
    /// A new array in memory.
    Memory,
    /// The caller's memory, exactly the bytes of the output.
    Buffer(&'d mut [u8]),
    /// A file for the output's dtype and shape.
    File(&'d OutputFile),
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
    let kernels = Kernels::new(task.options, &counts);
    let mut results = Results::new(budget);
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
        if !run.fill()? {
            run_tiles(task, index, &run, &pool, &counters)?;
        }
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
            Destination::File(file) if file.declared() != (dtype, shape) => {
                let message = format!("the file for `{}` is not {dtype}{shape}", output.name);
                return Err(Error::new(ErrorKind::Argument, Code::WrongBuffer, message));
            }
            Destination::Memory
            | Destination::Buffer(_)
            | Destination::File(_)
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
                    // The sums of a block and those before it, besides the result.
                    let bins = task.func.values[value].shape.elems();
                    total = total.saturating_add(bins.saturating_mul(16));
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
            "write it to a file with `-o OUT.b2nd`, or raise `--max-memory`",
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
                Some(Destination::File(file)) => FilterTarget::File(file),
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
            let delivery = Delivery::inner(task.func, *pass_sink, |rank| results.rank(rank));
            deliveries.push(delivery.ok_or_else(|| internal("a rank was not found"))?);
            continue;
        };
        let data = &task.func.values[value];
        let target = match (memories.remove(&sink), direct[sink]) {
            (Some(bytes), _) => Target::Memory(SharedBytes::new(bytes)),
            (None, Some(output)) => match places.remove(&output) {
                Some(Destination::Buffer(bytes)) => Target::Memory(SharedBytes::new(bytes)),
                Some(Destination::File(file)) => Target::File(file),
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

impl std::fmt::Debug for Destination<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Destination::Memory => "memory",
            Destination::Buffer(_) => "buffer",
            Destination::File(_) => "file",
            Destination::Receiver(_) => "receiver",
        })
    }
}
