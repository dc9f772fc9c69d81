//! In: a leaf and a box of its elements. Out: what is known of them without decoding, and of what reductions that is
//! the answer. Never: what holds for some of them only.

use crate::array::gather::{BlockSource, Overlap};
use crate::array::{Blocks, DecodeScratch, Layout};
use crate::error::Result;
use crate::exec::input::Leaf;
use crate::exec::pass::SinkRun;
use crate::ir::{Body, BodyInst, Elementwise, Generator, InputId, Reg, Sink, eval};
use crate::limits::MAX_ZONES_A_TILE;
use crate::math::fold::{FoldKind, Partials};
use crate::math::scalar;
use crate::opt::interval::Fact;
use crate::table::Id;
use crate::types::{BinaryOp, DType, Scalar};

/// A reduction of a leaf's own elements that zones may answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) leaf: usize,
    kind: FoldKind,
}

/// What is known of whole blocks, exactly.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exact {
    least: Scalar,
    greatest: Scalar,
    elems: usize,
    zeros: usize,
}

/// Whether something may be known of a leaf's elements that is not in memory.
pub(super) fn tells(leaf: &Leaf<'_>) -> bool {
    match leaf {
        Leaf::Array(array) => matches!(array.layout(), Layout::Blocks(..)),
        Leaf::Generate(..) => true,
        Leaf::Seen(seen) => tells(&seen.inner),
        Leaf::Joined(joined) => joined.leaves().any(tells),
        Leaf::Pending(..) => false,
    }
}

/// Whether something may be known at once of many tiles of a leaf.
pub(super) fn has_spans(leaf: &Leaf<'_>) -> bool {
    match leaf {
        Leaf::Array(array) => match array.layout() {
            Layout::Blocks(_, blocks) => blocks.has_spans(),
            Layout::Resident { .. } | Layout::Runs(_) => false,
        },
        Leaf::Generate(..) => true,
        Leaf::Seen(_) | Leaf::Joined(_) | Leaf::Pending(..) => false,
    }
}

/// What is known at once of a box of a leaf's elements, however large it is.
pub(super) fn same_over(leaf: &Leaf<'_>, start: &[usize], extent: &[usize]) -> Option<Fact> {
    match leaf {
        Leaf::Array(array) => match array.layout() {
            Layout::Blocks(_, blocks) => blocks.same_over(start, extent).map(Fact::Same),
            Layout::Resident { .. } | Layout::Runs(_) => None,
        },
        Leaf::Generate(generator, dtype, shape) => {
            let first = start.first().copied().unwrap_or(0);
            let last = first + extent.first().copied().unwrap_or(1) - 1;
            Some(generated(generator, *dtype, shape.elems(), (first, last)))
        }
        Leaf::Seen(_) | Leaf::Joined(_) | Leaf::Pending(..) => None,
    }
}

/// What zones may answer of a sink: extremes of a leaf's elements, and counts of what is not zero, over all axes.
pub(super) fn answer(run: &SinkRun<'_>, sink: Sink, body: &Body, ndim: usize) -> Option<Answer> {
    let combiner = run.combiner()?;
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
        FoldKind::Min | FoldKind::Max => input(sink.reg())?,
        FoldKind::CountNonzero | FoldKind::Any | FoldKind::All => truth(sink.reg())?,
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
    pub(super) fn partials(self, exact: &Exact, dtype: DType) -> Option<Partials> {
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
        let dtype = match matches!(self.kind, FoldKind::Min | FoldKind::Max) {
            true => dtype,
            false => DType::Bool,
        };
        Partials::from_bytes(self.kind, dtype, &bytes)
    }
}

/// What was found out of a leaf's elements.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What is known of those that were looked at so far.
    pub(super) fact: Option<Fact>,
    /// What is known exactly; `is_exact` says whether of all.
    pub(super) exact: Option<Exact>,
    pub(super) is_exact: bool,
    pub(super) zones: usize,
}

impl Found {
    fn add(&mut self, fact: Fact) {
        self.fact = Some(self.fact.map_or(fact, |before| before.or(fact)));
    }
}

/// Finds out what is known of a box of a leaf's elements.
pub(super) fn know(
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
        Leaf::Generate(..) => {
            found.is_exact = false;
            found.add(same_over(leaf, start, extent).unwrap_or(unknown));
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
