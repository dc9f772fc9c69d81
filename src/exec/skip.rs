//! In: a tile, and what is known of the leaves' elements there without decoding them. Out: which leaves have to be
//! fetched for it, what stands in for the others, and what needs no computing at all.
//! Never: an answer that decoding would not give, to the bit.
//!
//! Facts hold for all elements within what is known of each leaf. So where a leaf is not needed to deliver what is
//! wanted, one such element stands in for all of its own, and the kernel runs as always.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::array::gather::{BlockSource, Overlap};
use crate::array::{Blocks, DecodeScratch, Layout};
use crate::error::Result;
use crate::exec::combine::Combiner;
use crate::exec::input::Leaf;
use crate::exec::pass::{PassRun, Role, SinkRun};
use crate::exec::tiling::Tile;
use crate::exec::worker::own_box;
use crate::ir::{Body, BodyInst, Elementwise, Generator, InputId, Reg, Sink, eval};
use crate::limits::{MAX_KNOWN_TILES, MAX_ZONES_A_TILE};
use crate::math::fold::{FoldKind, Partials};
use crate::math::scalar;
use crate::opt::interval::{Fact, facts, needed};
use crate::table::{Id, Table};
use crate::types::{BinaryOp, DType, Scalar};

/// What can be skipped in a pass.
#[derive(Debug)]
pub(crate) struct Skips {
    /// For each leaf whether anything may be known of it.
    tells: Vec<bool>,
    /// For each sink what zones answer of it.
    answers: Vec<Option<Answer>>,
    /// Whether partials are all that a tile delivers.
    only_partials: bool,
    /// Partials of tiles whose elements are known, by their extents and the elements that the sinks get.
    known: Mutex<HashMap<TileKey, Vec<Option<Partials>>>>,
}

/// Extents of a tile, and the bits of the elements of the sinks.
type TileKey = (Vec<usize>, Vec<u64>);

/// A reduction of a leaf's own elements that zones may answer.
#[derive(Clone, Copy, Debug)]
struct Answer {
    leaf: usize,
    kind: FoldKind,
}

/// What is known of whole blocks, exactly.
#[derive(Clone, Copy, Debug)]
struct Exact {
    least: Scalar,
    greatest: Scalar,
    elems: usize,
    zeros: usize,
}

/// What a worker reuses from tile to tile.
#[derive(Debug, Default)]
pub(crate) struct Look {
    known: Vec<Fact>,
    exact: Vec<Option<Exact>>,
    facts: Table<Reg, Fact>,
    /// For each leaf the element that stands in for all of its own, if it is not needed.
    pub(crate) stand_ins: Vec<Option<Scalar>>,
    /// For each sink its partials, if zones answer it.
    pub(crate) answered: Vec<Option<Partials>>,
    /// Blocks that are not decoded.
    pub(crate) skipped: Skipped,
}

/// Blocks of stored operands that were not decoded, by the reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Skipped {
    /// All that their tile delivers was known.
    pub known: u64,
    /// Nothing that their tile delivers depended on them.
    pub unneeded: u64,
}

/// How a tile is computed.
#[derive(Debug)]
pub(crate) enum Way {
    /// As every other one.
    All,
    /// With elements that stand in for some leaves.
    Some,
    /// All that it delivers is known; under this key when it was computed once.
    Known(TileKey),
}

impl Skips {
    /// What can be skipped in a pass with these leaves, sinks and body; none where nothing is ever known.
    pub(crate) fn new(
        leaves: &[Leaf<'_>],
        sinks: &[SinkRun<'_>],
        body: &Body,
        ndim: usize,
    ) -> Option<Self> {
        let tells: Vec<bool> = leaves.iter().map(tells).collect();
        if !tells.contains(&true) {
            return None;
        }
        let partial = |sink: &SinkRun<'_>| match sink {
            SinkRun::Fused(..) | SinkRun::Stream(_) | SinkRun::Raise(_) => true,
            SinkRun::Store(_)
            | SinkRun::Scan(_)
            | SinkRun::Select(_)
            | SinkRun::Bins(_)
            | SinkRun::Filter(_)
            | SinkRun::Tally(_)
            | SinkRun::Mask
            | SinkRun::Weight(_) => false,
        };
        let answers = sinks.iter().zip(&body.sinks);
        let answers = answers.map(|(run, sink)| {
            let answer = answer(run, *sink, body, ndim)?;
            tells[answer.leaf].then_some(answer)
        });
        Some(Self {
            answers: answers.collect(),
            only_partials: sinks.iter().all(partial),
            known: Mutex::default(),
            tells,
        })
    }

    /// Finds out what is known of a tile.
    ///
    /// # Errors
    /// When what is known of blocks is damaged or cannot be read.
    pub(crate) fn look(
        &self,
        run: &PassRun<'_>,
        tile: &Tile,
        scratch: &mut DecodeScratch,
        look: &mut Look,
    ) -> Result<Way> {
        look.known.clear();
        look.exact.clear();
        look.answered.clear();
        look.stand_ins.clear();
        let mut told = false;
        for (index, leaf) in run.leaves.iter().enumerate() {
            let unknown = Fact::unknown(leaf.dtype());
            let mut found = Found::default();
            if let Role::Scalar(cell) = run.roles[index] {
                let item = &cell.0[..leaf.dtype().size()];
                found.fact = Scalar::read(leaf.dtype(), item).map(Fact::Same);
            } else if self.tells[index] {
                let asked = self.answers.iter().flatten();
                found.is_exact = asked.into_iter().any(|answer| answer.leaf == index);
                let (start, extent) = own_box(leaf, tile);
                know(leaf, &start, &extent, scratch, &mut found)?;
                told |= found.fact.is_some_and(|fact| fact != unknown);
            }
            look.known.push(found.fact.unwrap_or(unknown));
            look.exact.push(found.exact.filter(|_| found.is_exact));
        }
        if !told {
            return Ok(Way::All);
        }
        facts(&run.body, &look.known, &mut look.facts);
        for answer in &self.answers {
            let partials = answer.and_then(|answer| {
                let exact = look.exact[answer.leaf]?;
                answer.partials(&exact, run.leaves[answer.leaf].dtype())
            });
            look.answered.push(partials);
        }
        let wanted = |sink: usize| {
            let passes = match &run.sinks[sink] {
                SinkRun::Filter(filter) => !is_false(&run.body, &look.facts, filter.mask()),
                SinkRun::Store(_)
                | SinkRun::Fused(..)
                | SinkRun::Stream(_)
                | SinkRun::Scan(_)
                | SinkRun::Select(_)
                | SinkRun::Bins(_)
                | SinkRun::Tally(_)
                | SinkRun::Mask
                | SinkRun::Weight(_)
                | SinkRun::Raise(_) => true,
            };
            passes && look.answered[sink].is_none()
        };
        let needed = needed(&run.body, &look.facts, wanted);
        let inputs = needed.inputs.rows();
        if needed.known && self.only_partials && !self.raises(run, look) {
            look.skipped.known += self.blocks(run, tile, |_| true);
            let elements = run.body.sinks.iter().map(|sink| {
                let same = look.facts[reg(*sink)].same();
                same.map_or(0, Scalar::bits)
            });
            let key = (tile.extent.clone(), elements.collect());
            self.stand_in(run, look, inputs);
            return Ok(Way::Known(key));
        }
        let mut leaves = inputs.iter().zip(&self.tells);
        if leaves.all(|(&needed, &tells)| needed || !tells) {
            look.answered.clear();
            return Ok(Way::All);
        }
        look.skipped.unneeded += self.blocks(run, tile, |leaf| !inputs[leaf]);
        self.stand_in(run, look, inputs);
        Ok(Way::Some)
    }

    /// Chooses an element for each leaf that is not needed.
    fn stand_in(&self, run: &PassRun<'_>, look: &mut Look, needed: &[bool]) {
        for (index, leaf) in run.leaves.iter().enumerate() {
            let example = || look.known[index].example(leaf.dtype());
            look.stand_ins
                .push((!needed[index] && self.tells[index]).then(example));
        }
    }

    /// Whether a condition that must not hold is known to.
    fn raises(&self, run: &PassRun<'_>, look: &Look) -> bool {
        let mut sinks = run.sinks.iter().zip(&run.body.sinks);
        sinks.any(|(sink, body)| {
            let holds = look.facts[reg(*body)] != Fact::Same(Scalar::Bool(false));
            matches!(sink, SinkRun::Raise(_)) && holds
        })
    }

    /// Blocks that a tile has of some leaves.
    fn blocks(&self, run: &PassRun<'_>, tile: &Tile, leaf: impl Fn(usize) -> bool) -> u64 {
        let leaves = run.leaves.iter().enumerate();
        let each = leaves.filter(|&(index, _)| self.tells[index] && leaf(index));
        each.map(|(_, leaf)| {
            let (start, extent) = own_box(leaf, tile);
            leaf.n_blocks(&start, &extent)
        })
        .sum()
    }

    /// The partials of a tile of this key, if one was computed.
    pub(crate) fn recall(&self, key: &TileKey) -> Option<Vec<Option<Partials>>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).cloned()
    }

    /// Keeps the partials of a tile of this key.
    pub(crate) fn keep(&self, key: TileKey, partials: &[Option<Partials>]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KNOWN_TILES {
            known.clear();
        }
        known.insert(key, partials.to_vec());
    }
}

/// Whether something may be known of a leaf's elements that is not in memory.
fn tells(leaf: &Leaf<'_>) -> bool {
    match leaf {
        Leaf::Array(array) => matches!(array.layout(), Layout::Blocks(..)),
        Leaf::Generate(..) => true,
        Leaf::Seen(seen) => tells(&seen.inner),
        Leaf::Joined(joined) => joined.leaves().any(tells),
        Leaf::Pending(..) => false,
    }
}

/// What zones may answer of a sink: extremes of a leaf's elements, and counts of what is not zero, over all axes.
fn answer(run: &SinkRun<'_>, sink: Sink, body: &Body, ndim: usize) -> Option<Answer> {
    let combiner: &Combiner = match run {
        SinkRun::Fused(_, combiner) | SinkRun::Stream(combiner) => combiner,
        SinkRun::Store(_)
        | SinkRun::Scan(_)
        | SinkRun::Select(_)
        | SinkRun::Bins(_)
        | SinkRun::Filter(_)
        | SinkRun::Tally(_)
        | SinkRun::Mask
        | SinkRun::Weight(_)
        | SinkRun::Raise(_) => return None,
    };
    if combiner.axes().len() != ndim {
        return None;
    }
    let kind = combiner.kind();
    let input = |reg: Reg| match body.regs[reg].inst {
        BodyInst::Input(input) => Some(input),
        BodyInst::Const(_) | BodyInst::Map(_) => None,
    };
    let truth = |reg: Reg| match body.regs[reg].inst {
        BodyInst::Map(Elementwise::Cast(arg)) if body.regs[reg].dtype.is_bool() => input(arg),
        BodyInst::Input(input) => Some(input),
        BodyInst::Const(_) | BodyInst::Map(_) => None,
    };
    let input: InputId = match kind {
        FoldKind::Min | FoldKind::Max => input(reg(sink))?,
        FoldKind::CountNonzero | FoldKind::Any | FoldKind::All => truth(reg(sink))?,
        FoldKind::SumFloat
        | FoldKind::SumInt
        | FoldKind::ProdFloat
        | FoldKind::ProdInt
        | FoldKind::ArgMin
        | FoldKind::ArgMax
        | FoldKind::Nth { .. }
        | FoldKind::Moments => return None,
    };
    let leaf = input.index();
    (!body.inputs[input].uniform).then_some(Answer { leaf, kind })
}

impl Answer {
    /// The partials of a tile of which this is known.
    fn partials(self, exact: &Exact, dtype: DType) -> Option<Partials> {
        let Exact {
            least,
            greatest,
            elems,
            zeros,
        } = *exact;
        let value = match self.kind {
            FoldKind::Min => least,
            FoldKind::Max => greatest,
            FoldKind::Any => Scalar::Bool(zeros < elems),
            FoldKind::All => Scalar::Bool(zeros == 0),
            FoldKind::CountNonzero => Scalar::Int64(i64::try_from(elems - zeros.min(elems)).ok()?),
            FoldKind::SumFloat
            | FoldKind::SumInt
            | FoldKind::ProdFloat
            | FoldKind::ProdInt
            | FoldKind::ArgMin
            | FoldKind::ArgMax
            | FoldKind::Nth { .. }
            | FoldKind::Moments => return None,
        };
        let mut bytes = Vec::with_capacity(8);
        value.write(&mut bytes);
        let dtype = match self.kind {
            FoldKind::Min | FoldKind::Max => dtype,
            _ => DType::Bool,
        };
        Partials::from_bytes(self.kind, dtype, &bytes)
    }
}

/// The register that a sink takes.
fn reg(sink: Sink) -> Reg {
    let (Sink::Store(reg) | Sink::Fold(_, reg)) = sink;
    reg
}

fn is_false(body: &Body, facts: &Table<Reg, Fact>, sink: usize) -> bool {
    let found = body.sinks.get(sink).map(|sink| facts[reg(*sink)]);
    found == Some(Fact::Same(Scalar::Bool(false)))
}

/// What was found out of a leaf's elements.
#[derive(Debug, Default)]
struct Found {
    /// What is known of those that were looked at so far.
    fact: Option<Fact>,
    /// What is known exactly; `is_exact` says whether of all.
    exact: Option<Exact>,
    is_exact: bool,
    zones: usize,
}

/// Partials that are known already, in the place of those that were folded.
pub(crate) fn answer_with(answered: &mut [Option<Partials>], partials: &mut [Option<Partials>]) {
    for (partials, answered) in partials.iter_mut().zip(answered) {
        if let Some(answer) = answered.take() {
            *partials = Some(answer);
        }
    }
}

impl Found {
    fn add(&mut self, fact: Fact) {
        self.fact = Some(self.fact.map_or(fact, |before| before.or(fact)));
    }
}

/// Finds out what is known of a box of a leaf's elements.
fn know(
    leaf: &Leaf<'_>,
    start: &[usize],
    extent: &[usize],
    scratch: &mut DecodeScratch,
    found: &mut Found,
) -> Result<()> {
    let unknown = Fact::unknown(leaf.dtype());
    match leaf {
        Leaf::Array(array) => {
            let Layout::Blocks(grid, blocks) = array.layout() else {
                found.add(unknown);
                found.is_exact = false;
                return Ok(());
            };
            let source = BlockSource::new(grid, blocks, array.shape(), array.dtype().size());
            source.each_block(start, extent, |overlap| {
                know_block(&source, overlap, array.dtype(), scratch, found)
            })
        }
        Leaf::Generate(generator, dtype, shape) => {
            let first = start.first().copied().unwrap_or(0);
            let last = first + extent.first().copied().unwrap_or(1) - 1;
            found.is_exact = false;
            found.add(generated(generator, *dtype, shape.elems(), (first, last)));
            Ok(())
        }
        Leaf::Seen(seen) => {
            found.is_exact = false;
            let look = &mut |start: &[usize], extent: &[usize]| {
                if found.fact == Some(unknown) {
                    return Ok(());
                }
                know(&seen.inner, start, extent, scratch, found)
            };
            seen.each_inner(start, extent, look)
        }
        Leaf::Joined(joined) => {
            found.is_exact = false;
            joined.each_leaf(start, extent, &mut |leaf, start, extent| {
                know(leaf, start, extent, scratch, found)
            })
        }
        Leaf::Pending(..) => {
            found.add(unknown);
            Ok(())
        }
    }
}

/// What is known of the generated elements `first ..= last` of `len`.
fn generated(
    generator: &Generator,
    dtype: DType,
    len: usize,
    (first, last): (usize, usize),
) -> Fact {
    let element = |at| eval::element(generator, dtype, len, at);
    let unknown = Fact::unknown(dtype);
    let (one, other) = (element(first), element(last));
    if one.is_nan() || other.is_nan() {
        return unknown;
    }
    let between = Fact::between(one, other);
    match generator {
        Generator::Random { .. } => Fact::between(Scalar::Float64(0.0), Scalar::Float64(1.0)),
        // The last one is given, and those before it grow or fall.
        Generator::Linspace { .. } => {
            between.or(Fact::Same(element(last.saturating_sub(1).max(first))))
        }
        Generator::Arange { step, .. } => match (one.as_i128(), other.as_i128(), step.as_i128()) {
            (Some(one), Some(other), Some(step)) => {
                // Unless they wrap.
                let steps = step.checked_mul((last - first) as i128);
                match steps == Some(other - one) {
                    true => between,
                    false => unknown,
                }
            }
            (_, _, _) => between,
        },
    }
}

/// The lesser, or the greater, of two elements.
fn extreme(op: BinaryOp, a: Scalar, b: Scalar) -> Scalar {
    // OK because both are of one dtype.
    scalar::binary(op, a, b).unwrap_or(a)
}

/// Finds out what is known of the part of a box that lies in one block.
fn know_block(
    source: &BlockSource<'_>,
    overlap: &[Overlap],
    dtype: DType,
    scratch: &mut DecodeScratch,
    found: &mut Found,
) -> Result<()> {
    let unknown = Fact::unknown(dtype);
    found.zones += 1;
    if found.zones > MAX_ZONES_A_TILE || (found.fact == Some(unknown) && !found.is_exact) {
        found.is_exact = false;
        found.add(unknown);
        return Ok(());
    }
    let (chunk, block) = source.numbers(overlap);
    let blocks: &dyn Blocks = source.blocks;
    let Some(zone) = blocks.zone(chunk, block, scratch)? else {
        found.is_exact = false;
        let constant = blocks.constant(chunk, scratch)?;
        found.add(constant.map_or(unknown, Fact::Same));
        return Ok(());
    };
    found.add(Fact::of_zone(&zone, dtype));
    if !found.is_exact {
        return Ok(());
    }
    let (least, greatest) = zone.bounds(dtype);
    // Which of several NaNs a reduction gives is not known.
    if zone.nans > 0 || !source.has_all(overlap) {
        found.is_exact = false;
        return Ok(());
    }
    let elems = source.elems(overlap);
    let zeros = usize::try_from(zone.zeros).unwrap_or(usize::MAX);
    found.exact = Some(match found.exact {
        None => Exact {
            least,
            greatest,
            elems,
            zeros,
        },
        Some(before) => Exact {
            least: extreme(BinaryOp::Min, before.least, least),
            greatest: extreme(BinaryOp::Max, before.greatest, greatest),
            elems: before.elems + elems,
            zeros: before.zeros.saturating_add(zeros),
        },
    });
    Ok(())
}
