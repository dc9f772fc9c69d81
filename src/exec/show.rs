//! In: a plan and its operands. Out: text that says which blocks are read, how, and what it costs.
//! Never: a block read.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt::Write;

use super::{Results, Task};
use crate::array::DecodeScratch;
use crate::error::Result;
use crate::exec::carry::ScanRun;
use crate::exec::filter::FilterTarget;
use crate::exec::input::{Access, Leaf};
use crate::exec::kernels::{KernelCounts, Kernels, compiles, host};
use crate::exec::options::{Engine, Options};
use crate::exec::pass::{Delivery, PassRun, SinkRun};
use crate::exec::sink::{Output, Piece, Target};
use crate::exec::skip::{Look, Skipped};
use crate::exec::worker::{own_box, tile_bytes};
use crate::ir::Body;
use crate::jit::Host;
use crate::limits::BLOCK_CACHE_ENTRY_BYTES;
use crate::opt::passes::{self, Pass, PassSink};

/// Tiles that are walked to foresee how often blocks are decoded.
const FORESEEN_TILES: usize = 20_000;

/// Bytes as people read them: `512 B`, `1.5 MiB`.
pub fn bytes_text(count: usize) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    match unit {
        0 => format!("{count} B"),
        _ => format!("{value:.1} {}", UNITS[unit]),
    }
}

/// The compiler's view of this machine under these options.
pub(crate) fn host_of(options: &Options) -> Result<&'static Host> {
    host(options.level())
}

/// The kernel bodies of the passes over data.
pub(crate) fn bodies(task: &Task<'_, '_>) -> Result<Vec<Body>> {
    let runs = dry_runs(task)?;
    Ok(runs.into_iter().map(|(_, run)| run.body).collect())
}

/// What will be read and computed, pass by pass, and what it costs.
pub(crate) fn plan_text(task: &Task<'_, '_>) -> Result<String> {
    let mut out = String::new();
    let runs = dry_runs(task)?;
    let threads = task
        .options
        .threads
        .unwrap_or_else(rayon::current_num_threads);
    for (number, (pass, run)) in runs.iter().enumerate() {
        // OK to ignore, here and below: writing to a String does not fail.
        let _ = writeln!(
            out,
            "pass {} of {}: domain {}",
            number + 1,
            runs.len(),
            pass.domain
        );
        pass_text(task, pass, run, threads, &mut out);
    }
    if runs.is_empty() {
        let _ = writeln!(
            out,
            "no pass over data: the result follows from constants alone"
        );
    }
    Ok(out)
}

/// The passes over data, planned but not run: results of earlier passes are pending.
fn dry_runs<'t>(task: &'t Task<'_, '_>) -> Result<Vec<(&'t Pass, PassRun<'t>)>> {
    let counts = KernelCounts::default();
    let options = Options {
        engine: match task.options.engine {
            Engine::Interpreter => Engine::Interpreter,
            Engine::Auto | Engine::Jit => Engine::Jit,
        },
        ..task.options.clone()
    };
    let kernels = Kernels::new(&options, &counts);
    let passes = task.plan.passes.iter().filter(|pass| !pass.epilogue);
    passes
        .map(|pass| {
            let nothing = Results::default();
            let inputs = pass.inputs.iter();
            let leaves = inputs
                .map(|input| nothing.leaf(task, input, &mut HashMap::new()))
                .collect::<Result<_>>()?;
            let deliveries = pass
                .sinks
                .iter()
                .map(|sink| delivery(task, *sink))
                .collect();
            Ok((
                pass,
                PassRun::new(task.func, pass, leaves, deliveries, &kernels)?,
            ))
        })
        .collect()
}

fn delivery<'t>(task: &'t Task<'_, '_>, sink: PassSink) -> Delivery<'t> {
    match sink {
        PassSink::Store(value) | PassSink::Scan(value) => {
            let data = &task.func.values[value];
            Delivery::Store(Output {
                dtype: data.dtype,
                shape: data.shape.clone(),
                target: Target::Receiver(0, &|_: &Piece<'_>| Ok(())),
            })
        }
        PassSink::Filter(_) => Delivery::Filter(FilterTarget::Memory, Default::default()),
        PassSink::Tally(_) => Delivery::Tally(Default::default()),
        PassSink::Fold(_) | PassSink::Mask(_) | PassSink::Weight(_) | PassSink::Raise(_) => {
            // What a pass before finds is not known: any rank stands for it.
            Delivery::inner(task.func, sink, |_| Some(0)).unwrap_or(Delivery::Inner)
        }
    }
}

fn pass_text(
    task: &Task<'_, '_>,
    pass: &Pass,
    run: &PassRun<'_>,
    threads: usize,
    out: &mut String,
) {
    let (tiles, elems) = (run.tiling.n_tiles(), run.tiling.tile_elems());
    let _ = writeln!(
        out,
        "  {tiles} tiles of at most {elems} elements, {threads} threads"
    );
    for (index, (leaf, input)) in run.leaves.iter().zip(&pass.inputs).enumerate() {
        let name = match input.leaf {
            passes::Leaf::Operand(operand) => task.func.operands[operand].name.clone(),
            passes::Leaf::Result(value)
            | passes::Leaf::Generate(value)
            | passes::Leaf::View(value) => value.to_string(),
        };
        let how = access_text(run, index);
        let _ = writeln!(
            out,
            "  read {name}: {}{}, {how}",
            leaf.dtype(),
            leaf.shape()
        );
    }
    if let Some(text) = skip_text(run) {
        let _ = writeln!(out, "  {text}");
    }
    for sink in &run.sinks {
        let _ = writeln!(out, "  {}", sink_text(sink));
    }
    let engine = match compiles(task.options.engine, pass) {
        true => format!("kernel: simd {}", task.options.level()),
        false if task.options.engine == Engine::Auto => {
            "interpreted, since compiling takes longer".into()
        }
        false => "interpreted".to_string(),
    };
    let row: usize = pass.domain[run.split..]
        .iter()
        .product::<usize>()
        .min(elems);
    let _ = writeln!(out, "  {engine}, rows of at most {row} elements");
    let shared = run.access.contains(&Access::SharedBlocks);
    let cache = if shared { run.cache_bytes(threads) } else { 0 };
    let scratch = tile_bytes(run);
    let _ = writeln!(
        out,
        "  memory: {threads} x {} scratch + {} block cache",
        bytes_text(scratch),
        bytes_text(cache)
    );
}

fn access_text(run: &PassRun<'_>, index: usize) -> String {
    let leaf = &run.leaves[index];
    match run.access[index] {
        Access::Resident => match leaf {
            Leaf::Pending(..) => "result of an earlier pass".into(),
            Leaf::Array(_) | Leaf::Generate(..) | Leaf::Seen(_) | Leaf::Joined(_) => {
                "in memory, used in place where dense".into()
            }
        },
        Access::Generated => "computed tile by tile".into(),
        Access::File => "read by position, in runs of neighbours".into(),
        Access::OwnBlocks => {
            let blocks = leaf.n_blocks(&vec![0; leaf.shape().ndim()], leaf.shape());
            format!("{blocks} blocks, each decoded once into its tile")
        }
        Access::SharedBlocks => {
            let (decoded, distinct, complete) = foresee(run, index);
            let times = decoded as f64 / distinct.max(1) as f64;
            let part = if complete { "" } else { " in the first tiles" };
            format!(
                "{distinct} blocks{part} through the shared cache, decoded {times:.2} times each"
            )
        }
    }
}

/// Walks the tiles in visiting order with a cache of the real size: blocks decoded, distinct
/// blocks, and whether all tiles were walked.
fn foresee(run: &PassRun<'_>, index: usize) -> (usize, usize, bool) {
    let leaf = &run.leaves[index];
    let entry = leaf.block_bytes() + BLOCK_CACHE_ENTRY_BYTES;
    let room = (run.cache_bytes(1) / entry).max(1);
    let (mut queue, mut held, mut distinct) = (VecDeque::new(), HashSet::new(), HashSet::new());
    let (mut decoded, mut walked) = (0, 0);
    for visit in 0..run.tiling.n_outer() {
        let cell = run.tiling.outer_cell(visit);
        for inner in 0..run.tiling.n_inner(&cell) {
            if walked == FORESEEN_TILES {
                return (decoded, distinct.len(), false);
            }
            walked += 1;
            let (start, extent) = own_box(leaf, &run.tiling.tile(&cell, inner));
            for block in leaf.blocks(&start, &extent) {
                distinct.insert(block);
                if !held.insert(block) {
                    continue;
                }
                decoded += 1;
                queue.push_back(block);
                if queue.len() > room
                    && let Some(oldest) = queue.pop_front()
                {
                    held.remove(&oldest);
                }
            }
        }
    }
    (decoded, distinct.len(), true)
}

/// What is known not to be decoded, of so many tiles as are foreseen; none where nothing is, or it cannot be read.
fn skip_text(run: &PassRun<'_>) -> Option<String> {
    let skips = run.skips.as_ref()?;
    let (mut look, mut scratch, mut tiles) = (Look::default(), DecodeScratch::default(), 0);
    let cells = 0..run.tiling.n_outer();
    let each = cells.flat_map(|visit| {
        let cell = run.tiling.outer_cell(visit);
        (0..run.tiling.n_inner(&cell)).map(move |inner| (cell.clone(), inner))
    });
    for (cell, inner) in each.take(FORESEEN_TILES) {
        let tile = run.tiling.tile(&cell, inner);
        skips.look(run, &tile, &mut scratch, &mut look).ok()?;
        tiles += 1;
    }
    let text = skipped_text(&look.skipped)?;
    let part = match tiles < run.tiling.n_tiles() {
        true => " in the first tiles",
        false => "",
    };
    Some(format!("skip {text}{part}"))
}

/// What was not decoded, and why, where there was anything.
pub fn skipped_text(skipped: &Skipped) -> Option<String> {
    let Skipped {
        known,
        unneeded,
        masked,
        settled,
    } = *skipped;
    let reasons = [
        (known, "what they give was known"),
        (unneeded, "nothing depended on them"),
        (masked, "a mask hid all of them"),
        (settled, "the answer was found before"),
    ];
    let reasons = reasons.iter().filter(|(count, _)| *count > 0);
    let texts: Vec<String> = reasons
        .map(|(count, why)| format!("{count} because {why}"))
        .collect();
    let total = skipped.total();
    let blocks = if total == 1 { "block" } else { "blocks" };
    (total > 0).then(|| format!("{total} {blocks}: {}", texts.join(", ")))
}

fn sink_text(sink: &SinkRun<'_>) -> String {
    match sink {
        SinkRun::Store(output) => format!("store {}{}", output.dtype, output.shape),
        SinkRun::Fused(op, combiner) => {
            format!(
                "fold {op:?} over axes {:?} inside the kernel",
                combiner.axes()
            )
        }
        SinkRun::Stream(combiner) => {
            let (kind, axes) = (combiner.kind(), combiner.axes());
            format!("fold {kind:?} over axes {axes:?} from each computed tile")
        }
        SinkRun::Scan(ScanRun { scan, output }) => format!(
            "carry {} along axis {} from tile to tile, store {}{}",
            scan.op.name(),
            scan.axis,
            output.dtype,
            output.shape
        ),
        SinkRun::Select(selection) => format!("count {} in rounds", selection.dtype()),
        SinkRun::Bins(_) => "count bins".into(),
        SinkRun::Filter(filter) => format!("keep what passes of {filter:?}, in order"),
        SinkRun::Tally(_) => "add up weights, in order".into(),
        SinkRun::Weight(dtype) => format!("{dtype} weights that are added up"),
        SinkRun::Mask => "the mask that filters go by".into(),
        SinkRun::Raise(_) => "check for what must not be".into(),
    }
}
