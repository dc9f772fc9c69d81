//! In: the partials of tiles, in any order. Out: a reduction's result.
//! Never: a merge whose order depends on who came first: the tree is fixed by the cut.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::exec::tiling::{Place, Tile, Tiling};
use crate::ir::{Rank, Reduce, ReduceOp};
use crate::math::fold::{FoldKind, Moments, Partials};
use crate::store::boxes::{Strided, copy_box, dense_strides};
use crate::types::{DType, Scalar, Shape};

/// Collects the partials of one reduction and merges them in *tree*(tiles), each pair as soon as
/// both are there, so that only a few wait.
#[derive(Debug)]
pub(crate) struct Combiner {
    reduce: Reduce,
    kept: Vec<usize>,
    kind: FoldKind,
    /// Of the values that are folded.
    arg_dtype: DType,
    dtype: DType,
    shape: Shape,
    /// Elements folded into each output element.
    n_reduced: f64,
    waiting: Mutex<HashMap<Node, Partials>>,
    result: Mutex<Vec<u8>>,
    /// Whether the one result is what further tiles cannot change.
    settled: AtomicBool,
}

/// A node of a merge tree: which output tile, how many levels above the tiles, which node there.
type Node = (usize, u32, usize);

impl Combiner {
    /// For a reduction of a domain, whose folded values have `arg_dtype`.
    pub(crate) fn new(reduce: &Reduce, domain: &Shape, arg_dtype: DType, dtype: DType) -> Self {
        let kept = (0..domain.ndim()).filter(|axis| !reduce.axes.contains(axis));
        let shape = reduce.result_shape(domain);
        let kind = fold_kind(reduce.op, arg_dtype);
        // As float64, since without elements the other extents may be anything.
        let n_reduced = reduce
            .axes
            .iter()
            .map(|&axis| domain[axis] as f64)
            .product();
        Self {
            reduce: reduce.clone(),
            kept: kept.collect(),
            kind,
            arg_dtype,
            dtype,
            n_reduced,
            waiting: Mutex::default(),
            result: Mutex::default(),
            settled: AtomicBool::new(false),
            shape,
        }
    }

    /// Room for the result, made when it is needed first: looking at a plan takes none. Elements
    /// that no tile reaches are the reduction of nothing.
    fn room<'r>(&self, result: &'r mut Vec<u8>) -> &'r mut Vec<u8> {
        if result.is_empty() {
            result.resize(self.shape.elems() * self.dtype.size(), 0);
            if self.n_reduced == 0.0 && !result.is_empty() {
                let nothing = Partials::without_tiles(self.kind, self.arg_dtype, 1);
                let nothing = self.finish(&nothing);
                let items = result.chunks_exact_mut(self.dtype.size());
                items.for_each(|out| out.copy_from_slice(&nothing));
            }
        }
        result
    }

    /// The rank of the elements asked for, if it is that kind of reduction.
    pub(crate) fn rank(&self) -> Option<u64> {
        if let ReduceOp::Nth {
            rank: Rank::Known(rank),
        } = self.reduce.op
        {
            return Some(rank);
        }
        None
    }

    /// How tiles are folded.
    pub(crate) fn kind(&self) -> FoldKind {
        self.kind
    }

    /// The dtype of the values that are folded.
    pub(crate) fn arg_dtype(&self) -> DType {
        self.arg_dtype
    }

    /// Bytes of the state of one output element, as the kernel folds it.
    pub(crate) fn state_bytes(&self) -> usize {
        self.kind.state_dtype(self.arg_dtype).map_or(0, DType::size)
    }

    /// The axes that go.
    pub(crate) fn axes(&self) -> &[usize] {
        &self.reduce.axes
    }

    /// Takes the partials of one tile: one for each of its output elements, in C order.
    pub(crate) fn submit(&self, tiling: &Tiling, tile: &Tile, partials: Partials) {
        let place = tiling.place(tile, &self.reduce.axes);
        self.submit_node(tiling, tile, 0, place, partials);
    }

    /// Takes the partials of all tiles below one node of the tree, `level` levels above the tiles, of which `tile` is
    /// one.
    pub(crate) fn submit_node(
        &self,
        tiling: &Tiling,
        tile: &Tile,
        mut level: u32,
        Place {
            mut index,
            mut count,
        }: Place,
        partials: Partials,
    ) {
        let kept = tiling.place(tile, &self.kept).index;
        let settles = |truth| partials.scalar(0) == Some(Scalar::Bool(truth));
        if self.kept.is_empty() && self.settling().is_some_and(settles) {
            self.settled.store(true, Ordering::Relaxed);
            return;
        }
        let mut node = partials;
        while count > 1 {
            let lone = index % 2 == 0 && index + 1 == count;
            if !lone {
                let sibling = (kept, level, index ^ 1);
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                match waiting.remove(&sibling) {
                    Some(other) => {
                        drop(waiting);
                        node = merge(index % 2 == 1, other, node);
                    }
                    None => {
                        waiting.insert((kept, level, index), node);
                        return;
                    }
                }
            }
            index /= 2;
            count = count.div_ceil(2);
            level += 1;
        }
        self.deliver(tile, &node);
    }

    /// The truth that decides the whole, once it is found.
    fn settling(&self) -> Option<bool> {
        match self.kind {
            FoldKind::Any => Some(true),
            FoldKind::All => Some(false),
            FoldKind::SumFloat
            | FoldKind::ProdFloat
            | FoldKind::SumInt
            | FoldKind::ProdInt
            | FoldKind::Min
            | FoldKind::Max
            | FoldKind::ArgMin
            | FoldKind::ArgMax
            | FoldKind::Nth { .. }
            | FoldKind::CountNonzero
            | FoldKind::Moments => None,
        }
    }

    /// Whether the result is known, whatever the other tiles have.
    pub(crate) fn is_settled(&self) -> bool {
        self.settled.load(Ordering::Relaxed)
    }

    /// The result, in C order.
    pub(crate) fn into_result(self) -> (DType, Shape, Vec<u8>) {
        let mut result = std::mem::take(&mut *self.result());
        let room = self.room(&mut result);
        if let (true, Some(truth)) = (self.is_settled(), self.settling()) {
            room.fill(u8::from(truth));
        }
        (self.dtype, self.shape, result)
    }

    /// Writes the finished elements of an output tile.
    fn deliver(&self, tile: &Tile, partials: &Partials) {
        let item = self.dtype.size();
        let extent: Vec<usize> = self.kept.iter().map(|&axis| tile.extent[axis]).collect();
        let bytes = self.finish(partials);
        let from = dense_strides(&extent, item);
        let kept_shape: Vec<usize> = if self.reduce.keepdims {
            self.kept.iter().map(|&axis| self.shape[axis]).collect()
        } else {
            self.shape.to_vec()
        };
        let to = dense_strides(&kept_shape, item);
        let starts = self.kept.iter().map(|&axis| tile.start[axis]);
        let offset = starts
            .zip(&to)
            .map(|(i, &stride)| i * stride.unsigned_abs())
            .sum();
        let from = Strided {
            offset: 0,
            strides: &from,
        };
        let to = Strided {
            offset,
            strides: &to,
        };
        let mut result = self.result();
        copy_box(item, &extent, &bytes, from, self.room(&mut result), to);
    }

    fn result(&self) -> MutexGuard<'_, Vec<u8>> {
        self.result.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The elements that partials stand for, as bytes of the result's dtype.
    fn finish(&self, partials: &Partials) -> Vec<u8> {
        let n = self.n_reduced;
        let op = self.reduce.op;
        let mut out = Vec::with_capacity(partials.len() * self.dtype.size());
        for &moments in partials.moments().unwrap_or_default() {
            float(self.dtype, spread(op, moments, n)).write(&mut out);
        }
        let states = (0..partials.len()).map_while(|index| partials.scalar(index));
        for state in states {
            let state = match (op, state) {
                (ReduceOp::Mean, sum) => float(self.dtype, (sum.as_f64() + 0.0) / n),
                (ReduceOp::Sum, Scalar::Float64(sum)) => float(self.dtype, sum + 0.0),
                (ReduceOp::Prod, Scalar::Float64(product)) => float(self.dtype, product),
                (_, other) => other,
            };
            state.write(&mut out);
        }
        out
    }
}

/// How the tiles of a reduction over values of `dtype` are folded.
pub(crate) fn fold_kind(op: ReduceOp, dtype: DType) -> FoldKind {
    match op {
        ReduceOp::Sum if dtype.is_float() => FoldKind::SumFloat,
        ReduceOp::Sum => FoldKind::SumInt,
        ReduceOp::Mean => FoldKind::SumFloat,
        ReduceOp::Prod if dtype.is_float() => FoldKind::ProdFloat,
        ReduceOp::Prod => FoldKind::ProdInt,
        ReduceOp::Min => FoldKind::Min,
        ReduceOp::Max => FoldKind::Max,
        ReduceOp::ArgMin => FoldKind::ArgMin,
        ReduceOp::ArgMax => FoldKind::ArgMax,
        ReduceOp::Nth {
            rank: Rank::Known(rank),
        } => FoldKind::Nth {
            rank: usize::try_from(rank).unwrap_or(usize::MAX),
        },
        ReduceOp::Any => FoldKind::Any,
        ReduceOp::All => FoldKind::All,
        // Bins are counted apart: see `exec/bins`. A rank that is found is known before a pass begins.
        ReduceOp::CountNonzero
        | ReduceOp::Bins { .. }
        | ReduceOp::Nth {
            rank: Rank::Found(_),
        } => FoldKind::CountNonzero,
        ReduceOp::Var { .. } | ReduceOp::Std { .. } => FoldKind::Moments,
    }
}

fn merge(other_is_earlier: bool, other: Partials, node: Partials) -> Partials {
    let (mut earlier, later) = if other_is_earlier {
        (other, node)
    } else {
        (node, other)
    };
    earlier.merge(later);
    earlier
}

/// A float64 in the result's dtype, rounded once.
fn float(dtype: DType, value: f64) -> Scalar {
    if dtype == DType::Float32 {
        Scalar::Float32(value as f32)
    } else {
        Scalar::Float64(value)
    }
}

/// Variance or standard deviation.
fn spread(op: ReduceOp, moments: Moments, n: f64) -> f64 {
    match op {
        ReduceOp::Var { ddof } => moments.m2 / (n - f64::from_bits(ddof)).max(0.0),
        ReduceOp::Std { ddof } => (moments.m2 / (n - f64::from_bits(ddof)).max(0.0)).sqrt(),
        ReduceOp::Sum
        | ReduceOp::Prod
        | ReduceOp::Mean
        | ReduceOp::Min
        | ReduceOp::Max
        | ReduceOp::ArgMin
        | ReduceOp::ArgMax
        | ReduceOp::Nth { .. }
        | ReduceOp::Bins { .. }
        | ReduceOp::Any
        | ReduceOp::All
        | ReduceOp::CountNonzero => moments.m2,
    }
}
