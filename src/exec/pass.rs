//! In: a pass, its leaves and where its outputs go. Out: how every tile is computed.
//! Never: a decision left to the tiles.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::array::Layout;
use crate::error::Result;
use crate::exec::bins::BinCount;
use crate::exec::carry::ScanRun;
use crate::exec::combine::Combiner;
use crate::exec::filter::{Budget, FilterRun, FilterTarget};
use crate::exec::input::{Access, Leaf};
use crate::exec::kernels::Kernels;
use crate::exec::select::Selection;
use crate::exec::sink::Output;
use crate::exec::skip::Skips;
use crate::exec::tally::TallyRun;
use crate::exec::tiling::{Tile, Tiling};
use crate::ir::{Body, BodyInst, FoldOp, Func, Inst, Rank, Reduce, ReduceOp, Value};
use crate::jit::Kernel;
use crate::limits::BLOCK_CACHE_BYTES;
use crate::opt::passes::{self, Kind, Pass, PassSink, Want, fold_dtype, fold_op};
use crate::store::dataset::DatasetWriter;
use crate::types::{DType, Scalar, Shape};

/// Rows shorter than this are not worth a kernel call each.
const MIN_ROW_ELEMS: usize = 64;

/// A pass ready to run: what every tile shares.
#[derive(Debug)]
pub(crate) struct PassRun<'a> {
    pub(crate) domain: Shape,
    pub(crate) tiling: Tiling,
    /// Axes before the split are rows, those after it one run of neighbours for the kernel.
    pub(crate) split: usize,
    pub(crate) leaves: Vec<Leaf<'a>>,
    pub(crate) roles: Vec<Role>,
    pub(crate) access: Vec<Access>,
    /// For each leaf the first one that reads the same blocks.
    pub(crate) roots: Vec<usize>,
    pub(crate) sinks: Vec<SinkRun<'a>>,
    /// The axis that scans go along, if there are any.
    pub(crate) scan_axis: Option<usize>,
    /// How the tiles are walked over.
    pub(crate) kind: Kind,
    pub(crate) body: Body,
    pub(crate) code: Code,
    /// What may be known of tiles without decoding, where that is to be used.
    pub(crate) skips: Option<Skips>,
}

/// What the kernel sees of a leaf in one row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// One element for the whole pass: these bytes.
    Scalar(Cell),
    /// One element a row.
    RowUniform,
    /// Its own elements, neighbours.
    Stream,
    /// Neighbours once its broadcast axes are repeated.
    Repeated,
}

/// Room for one element, aligned for any dtype.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(align(8))]
pub(crate) struct Cell(pub(crate) [u8; 8]);

/// What becomes of a sink of the pass.
#[derive(Debug)]
pub(crate) enum SinkRun<'a> {
    /// An elementwise output.
    Store(Output<'a>),
    /// A reduction that the kernel folds.
    Fused(FoldOp, Combiner),
    /// A reduction folded from the elements the kernel stores.
    Stream(Combiner),
    /// A scan of the elements the kernel stores.
    Scan(ScanRun<'a>),
    /// The search for an element at a rank of all, in rounds.
    Select(Selection),
    /// Counts of what the kernel stores.
    Bins(BinCount),
    /// A filtered output.
    Filter(FilterRun<'a>),
    /// Sums of weights.
    Tally(TallyRun),
    /// The mask of filters.
    Mask,
    /// The weights of tallies, of this dtype.
    Weight(DType),
    /// A condition that must not hold.
    Raise(RaiseRun),
}

/// Where a condition that must not hold was found to hold first.
#[derive(Debug)]
pub(crate) struct RaiseRun {
    strides: Vec<usize>,
    first: AtomicUsize,
}

/// What computes a row.
#[derive(Debug)]
pub(crate) enum Code {
    /// Machine code.
    Jit(Arc<Kernel>),
    /// The interpreter.
    Interpreter,
}

impl Role {
    /// Whether the kernel is given one element only.
    pub(crate) fn is_uniform(self) -> bool {
        match self {
            Role::Scalar(_) | Role::RowUniform => true,
            Role::Stream | Role::Repeated => false,
        }
    }
}

impl SinkRun<'_> {
    /// The fold that the kernel does itself.
    pub(crate) fn fused(&self) -> Option<(FoldOp, &Combiner)> {
        match self {
            SinkRun::Fused(op, combiner) => Some((*op, combiner)),
            SinkRun::Store(_)
            | SinkRun::Stream(_)
            | SinkRun::Scan(_)
            | SinkRun::Select(_)
            | SinkRun::Bins(_)
            | SinkRun::Filter(_)
            | SinkRun::Tally(_)
            | SinkRun::Mask
            | SinkRun::Weight(_)
            | SinkRun::Raise(_) => None,
        }
    }

    /// What merges its partials, if it is a reduction that has some.
    pub(crate) fn combiner(&self) -> Option<&Combiner> {
        match self {
            SinkRun::Fused(_, combiner) | SinkRun::Stream(combiner) => Some(combiner),
            SinkRun::Store(_)
            | SinkRun::Scan(_)
            | SinkRun::Select(_)
            | SinkRun::Bins(_)
            | SinkRun::Filter(_)
            | SinkRun::Tally(_)
            | SinkRun::Mask
            | SinkRun::Weight(_)
            | SinkRun::Raise(_) => None,
        }
    }

    /// The dtype of the elements that the kernel stores.
    pub(crate) fn dtype(&self) -> DType {
        match self {
            SinkRun::Store(output) => output.dtype,
            SinkRun::Scan(scan) => scan.output.dtype,
            SinkRun::Fused(_, combiner) | SinkRun::Stream(combiner) => combiner.arg_dtype(),
            SinkRun::Select(selection) => selection.dtype(),
            SinkRun::Bins(_) | SinkRun::Tally(_) => DType::Int64,
            SinkRun::Weight(dtype) => *dtype,
            SinkRun::Filter(filter) => filter.dtype,
            SinkRun::Mask | SinkRun::Raise(_) => DType::Bool,
        }
    }
}

impl RaiseRun {
    fn new(domain: &Shape) -> Self {
        Self {
            strides: domain.strides(),
            first: AtomicUsize::new(usize::MAX),
        }
    }

    /// Looks for the first element of a tile where the condition holds.
    pub(crate) fn look(&self, tile: &Tile, condition: &[u8]) {
        let Some(mut at) = condition.iter().position(|&holds| holds != 0) else {
            return;
        };
        // A tile's elements are in C order of the domain too, so the tile's first is the lowest.
        let mut index = 0;
        for axis in (0..tile.extent.len()).rev() {
            index += (tile.start[axis] + at % tile.extent[axis]) * self.strides[axis];
            at /= tile.extent[axis];
        }
        self.first.fetch_min(index, Ordering::Relaxed);
    }

    /// The lowest C-order index in the domain where the condition holds.
    pub(crate) fn found(&self) -> Option<usize> {
        Some(self.first.load(Ordering::Relaxed)).filter(|&first| first != usize::MAX)
    }
}

/// What the caller wants of one sink of a pass.
#[derive(Debug)]
pub(crate) enum Delivery<'a> {
    /// Store the elements there.
    Store(Output<'a>),
    /// Store the elements that pass there, within what results may take in memory.
    Filter(FilterTarget<'a>, Arc<Budget>),
    /// Look for the element at this rank.
    Rank(u64),
    /// Add up weights, what waits being within what results may take in memory.
    Tally(Arc<Budget>),
    /// Whatever the sink is for: a fold, a mask, weights or a raise.
    Inner,
}

impl Delivery<'_> {
    /// For a sink that stores nothing; none if its rank is one that is not found.
    pub(crate) fn inner(
        func: &Func,
        sink: PassSink,
        found: impl FnOnce(Value) -> Option<u64>,
    ) -> Option<Self> {
        let Some(ReduceOp::Nth { rank }) = sink.reduce(func).map(|reduce| reduce.op) else {
            return Some(Delivery::Inner);
        };
        match rank {
            Rank::Known(rank) => Some(Delivery::Rank(rank)),
            Rank::Found(value) => found(value).map(Delivery::Rank),
        }
    }
}

impl<'a> PassRun<'a> {
    /// Decides how the tiles of `pass` are computed, and compiles its kernel.
    pub(crate) fn new(
        func: &Func,
        pass: &Pass,
        leaves: Vec<Leaf<'a>>,
        deliveries: Vec<Delivery<'a>>,
        kernels: &Kernels<'_>,
    ) -> Result<PassRun<'a>> {
        let folds: Vec<&Reduce> = pass
            .sinks
            .iter()
            .filter_map(|sink| sink.reduce(func))
            .collect();
        let fastest = folds.first().map_or(&[][..], |reduce| &reduce.axes);
        let tiling = Tiling::new(&pass.domain, &pass.cut, fastest);
        let compiles = kernels.compiles(pass);
        let fused_split = fused_split(pass, &folds).filter(|_| compiles);
        let split = fused_split.unwrap_or_else(|| map_split(pass, &leaves));
        let roles: Vec<Role> = leaves
            .iter()
            .map(|leaf| role(leaf, &pass.domain, split))
            .collect();
        let roots = roots(func, pass);
        let each = leaves.iter().enumerate();
        let access = each.map(|(index, leaf)| {
            let found = access(leaf, pass);
            // Another leaf may read the same blocks.
            let shared = found == Access::OwnBlocks && !alone(&roots, index);
            if shared { Access::SharedBlocks } else { found }
        });
        let access = access.collect();
        let sinks: Vec<SinkRun<'a>> = pass
            .sinks
            .iter()
            .zip(deliveries)
            .map(|(&sink, delivery)| sink_run(func, pass, sink, delivery, fused_split.is_some()))
            .collect();
        let uniform: Vec<bool> = roles.iter().map(|role| role.is_uniform()).collect();
        let wants: Vec<Want> = sinks.iter().map(want).collect();
        let body = pass.body(func, &uniform, &wants);
        let code = kernels.code(&body, compiles)?;
        if matches!(code, Code::Interpreter) && fused_split.is_some() {
            // Executable memory was refused: plan again for the interpreter.
            let deliveries = sinks.into_iter().map(SinkRun::into_delivery).collect();
            return PassRun::new(func, pass, leaves, deliveries, &kernels.interpreted());
        }
        let skips = kernels
            .skips
            .then(|| Skips::new(&leaves, &sinks, &body, pass, (&code, kernels.level)));
        Ok(PassRun {
            domain: pass.domain.clone(),
            tiling,
            split,
            leaves,
            roles,
            access,
            roots,
            sinks,
            scan_axis: pass.scan_axis(func),
            kind: pass.kind,
            body,
            code,
            skips: skips.flatten(),
        })
    }
}

impl PassRun<'_> {
    /// Whether all that the pass delivers is known, whatever the tiles have that are left.
    pub(crate) fn is_settled(&self) -> bool {
        let settled = |sink: &SinkRun<'_>| sink.combiner().is_some_and(Combiner::is_settled);
        self.sinks.iter().all(settled)
    }

    /// Delivers a pass that stores constants, where they go to what takes them for all elements at once; whether it is.
    pub(crate) fn fill(&self) -> Result<bool> {
        let each = self.sinks.iter().zip(&self.body.sinks);
        let fills: Option<Vec<(&DatasetWriter, Scalar)>> = each
            .map(
                |(sink, body)| match (sink, &self.body.regs[body.reg()].inst) {
                    (SinkRun::Store(output), BodyInst::Const(value)) => {
                        Some((output.filler()?, *value))
                    }
                    (_, _) => None,
                },
            )
            .collect();
        let Some(fills) = fills.filter(|fills| !fills.is_empty()) else {
            return Ok(false);
        };
        fills
            .into_iter()
            .try_for_each(|(writer, value)| writer.fill(value))?;
        Ok(true)
    }

    /// Whether tiles had better come in order.
    pub(crate) fn wants_order(&self) -> bool {
        let wants =
            |sink: &SinkRun<'_>| matches!(sink, SinkRun::Store(output) if output.wants_order());
        self.sinks.iter().any(wants)
    }

    /// Ends a round over the tiles; whether another one is needed.
    pub(crate) fn refine(&mut self) -> bool {
        let mut again = false;
        for sink in &mut self.sinks {
            if let SinkRun::Select(selection) = sink {
                again |= selection.refine();
            }
        }
        again
    }

    /// What the shared block cache may take: its fixed size, and for each thread the block of
    /// each leaf that it is reading, so that leaves with large blocks do not drive each other out.
    pub(crate) fn cache_bytes(&self, threads: usize) -> usize {
        let shared = self.leaves.iter().zip(&self.access);
        let shared = shared.filter(|(_, access)| **access == Access::SharedBlocks);
        let blocks: usize = shared.map(|(leaf, _)| leaf.block_bytes()).sum();
        BLOCK_CACHE_BYTES.saturating_add(blocks.saturating_mul(threads))
    }
}

impl<'a> SinkRun<'a> {
    fn into_delivery(self) -> Delivery<'a> {
        match self {
            SinkRun::Store(output) => Delivery::Store(output),
            SinkRun::Scan(scan) => Delivery::Store(scan.output),
            SinkRun::Filter(filter) => {
                let (target, budget) = filter.into_target();
                Delivery::Filter(target, budget)
            }
            SinkRun::Select(selection) => Delivery::Rank(selection.rank()),
            SinkRun::Stream(combiner) => combiner.rank().map_or(Delivery::Inner, Delivery::Rank),
            SinkRun::Tally(tally) => Delivery::Tally(tally.into_budget()),
            SinkRun::Fused(..)
            | SinkRun::Bins(_)
            | SinkRun::Mask
            | SinkRun::Weight(_)
            | SinkRun::Raise(_) => Delivery::Inner,
        }
    }
}

/// The split at which the kernel can fold every reduction of the pass itself: all of them over
/// the same trailing axes, in rows long enough.
fn fused_split(pass: &Pass, folds: &[&Reduce]) -> Option<usize> {
    let axes = &folds.first()?.axes;
    let split = pass.domain.ndim() - axes.len();
    let trailing = axes.iter().copied().eq(split..pass.domain.ndim());
    let same = folds.iter().all(|reduce| &reduce.axes == axes);
    let worthwhile = split == 0 || row_elems(pass, split) >= MIN_ROW_ELEMS;
    (trailing && same && worthwhile).then_some(split)
}

/// The first split at which no leaf needs repeating and rows are long enough; none: whole tiles.
fn map_split(pass: &Pass, leaves: &[Leaf<'_>]) -> usize {
    let fits = |split: usize| {
        let natural = leaves
            .iter()
            .all(|leaf| role(leaf, &pass.domain, split) != Role::Repeated);
        natural && row_elems(pass, split) >= MIN_ROW_ELEMS
    };
    (0..pass.domain.ndim())
        .find(|&split| fits(split))
        .unwrap_or(0)
}

/// Elements of a row of a full tile.
fn row_elems(pass: &Pass, split: usize) -> usize {
    let axes = split..pass.domain.ndim();
    axes.map(|axis| pass.cut.dims[axis].inner.min(pass.domain[axis]))
        .product()
}

fn role(leaf: &Leaf<'_>, domain: &Shape, split: usize) -> Role {
    let shape = leaf.shape();
    let own = |axis: usize| shape.extent_in(axis, domain.ndim());
    if shape.iter().all(|&extent| extent == 1) {
        return scalar(leaf).map_or(Role::RowUniform, Role::Scalar);
    }
    let inner = split..domain.ndim();
    if inner.clone().all(|axis| own(axis) == 1) {
        return Role::RowUniform;
    }
    match inner.clone().all(|axis| own(axis) == domain[axis]) {
        true => Role::Stream,
        false => Role::Repeated,
    }
}

/// The element of a one-element array in memory.
fn scalar(leaf: &Leaf<'_>) -> Option<Cell> {
    let ndim = leaf.shape().ndim();
    let found = leaf.in_place(&vec![0; ndim], &vec![1; ndim])?;
    let mut bytes = [0; 8];
    bytes[..found.len()].copy_from_slice(found);
    Some(Cell(bytes))
}

/// For each input of a pass the first one that reads the same operand or result.
fn roots(func: &Func, pass: &Pass) -> Vec<usize> {
    let roots: Vec<passes::Leaf> = pass
        .inputs
        .iter()
        .map(|input| input.leaf.root(func))
        .collect();
    let first = |root| roots.iter().position(|other| other == root);
    roots.iter().map(|root| first(root).unwrap_or(0)).collect()
}

/// Whether no other leaf reads the same blocks.
fn alone(roots: &[usize], index: usize) -> bool {
    let same = roots.iter().filter(|root| **root == roots[index]);
    same.count() == 1
}

/// How a leaf's elements are fetched: blocks that belong to one tile each need no cache.
fn access(leaf: &Leaf<'_>, pass: &Pass) -> Access {
    let array = match leaf {
        Leaf::Generate(..) | Leaf::Pending(..) | Leaf::Joined(_) => return leaf.access(),
        Leaf::Seen(seen) => {
            let found = access(&seen.inner, pass);
            let shared = found == Access::OwnBlocks;
            return if shared { Access::SharedBlocks } else { found };
        }
        Leaf::Array(array) => array,
    };
    let grid = match array.layout() {
        Layout::Resident { .. } => return Access::Resident,
        Layout::Runs(_) => return Access::File,
        Layout::Blocks(grid, _) => grid,
    };
    let shape = array.shape();
    // What a view sees may have more axes than the domain: it is shared in any case.
    let own = shape.ndim() <= pass.domain.ndim()
        && (0..pass.domain.ndim()).all(|axis| {
            let Some(at) = (axis + shape.ndim()).checked_sub(pass.domain.ndim()) else {
                return pass.domain[axis] == 1;
            };
            let (extent, dim) = (pass.domain[axis], pass.cut.dims[axis]);
            // An empty array may have chunks of extent 0.
            let (chunk, block) = (grid.chunk[at].max(1), grid.block[at].max(1));
            // Tiles are unions of blocks if both levels of the cut are multiples of the grid's.
            let whole = dim.outer >= extent || dim.outer % chunk == 0;
            let inside = match dim.outer > chunk {
                true => dim.inner % chunk == 0 || dim.inner >= extent,
                false => dim.inner % block == 0 || dim.inner >= chunk,
            };
            shape[at] == extent && whole && (inside || dim.inner >= dim.outer)
        });
    if own {
        Access::OwnBlocks
    } else {
        Access::SharedBlocks
    }
}

fn sink_run<'a>(
    func: &Func,
    pass: &Pass,
    sink: PassSink,
    delivery: Delivery<'a>,
    fused: bool,
) -> SinkRun<'a> {
    let rank = match delivery {
        Delivery::Rank(rank) => Some(rank),
        Delivery::Store(_) | Delivery::Filter(..) | Delivery::Tally(_) | Delivery::Inner => None,
    };
    // OK because a pass has what its sinks take beside their arguments.
    let beside = || {
        let beside = sink.beside(func)?;
        pass.sinks.iter().position(|other| *other == beside)
    };
    let reduce = match (sink, delivery) {
        (PassSink::Mask(_), _) => return SinkRun::Mask,
        (PassSink::Weight(value), _) => return SinkRun::Weight(func.values[value].dtype),
        (PassSink::Tally(value), Delivery::Tally(budget)) => {
            let tally = func.values[value].inst.tally().zip(beside());
            let (tally, weight) = tally.expect("a tally has weights");
            return SinkRun::Tally(TallyRun::new(func, *tally, weight, budget));
        }
        (PassSink::Raise(_), _) => return SinkRun::Raise(RaiseRun::new(&pass.domain)),
        (PassSink::Filter(index), Delivery::Filter(target, budget)) => {
            let output = &func.outputs[index];
            let data = &func.values[output.value];
            let (filter, mask) = output.filter.zip(beside()).expect("a filter has a mask");
            let filter = FilterRun::new(
                (index, output),
                filter,
                (data.dtype, &data.shape),
                (target, budget),
                mask,
            );
            return SinkRun::Filter(filter);
        }
        (PassSink::Scan(value), Delivery::Store(output)) => {
            if let Inst::Scan(scan) = func.values[value].inst {
                return SinkRun::Scan(ScanRun { scan, output });
            }
            return SinkRun::Store(output);
        }
        (_, Delivery::Store(output)) => return SinkRun::Store(output),
        (sink, Delivery::Inner | Delivery::Rank(_) | Delivery::Filter(..) | Delivery::Tally(_)) => {
            // OK because the executor gives every other sink its delivery.
            sink.reduce(func).expect("a fold is a reduction")
        }
    };
    let arg = func.values[reduce.arg].dtype;
    let dtype = reduce.op.result(arg);
    let mut reduce = reduce.clone();
    if let Some(rank) = rank {
        let n = reduce.axes.iter().map(|&axis| pass.domain[axis] as u64);
        let last = n.fold(1, u64::saturating_mul).saturating_sub(1);
        let rank = rank.min(last);
        if pass.kind == Kind::Rounds {
            return SinkRun::Select(Selection::new(&reduce, rank, &pass.domain, dtype));
        }
        let rank = Rank::Known(rank);
        reduce.op = ReduceOp::Nth { rank };
    }
    if let ReduceOp::Bins { bins } = reduce.op {
        return SinkRun::Bins(BinCount::new(bins));
    }
    let combiner = Combiner::new(&reduce, &pass.domain, fold_dtype(reduce.op, arg), dtype);
    match fold_op(reduce.op, arg).filter(|_| fused) {
        Some(op) => SinkRun::Fused(op, combiner),
        None => SinkRun::Stream(combiner),
    }
}

fn want(sink: &SinkRun<'_>) -> Want {
    match sink {
        SinkRun::Fused(..) => Want::Fold,
        SinkRun::Store(_)
        | SinkRun::Stream(_)
        | SinkRun::Scan(_)
        | SinkRun::Select(_)
        | SinkRun::Bins(_)
        | SinkRun::Filter(_)
        | SinkRun::Tally(_)
        | SinkRun::Mask
        | SinkRun::Weight(_)
        | SinkRun::Raise(_) => Want::Store,
    }
}
