//! In: a reduction and the elements it reduces. Out: its result, read off the IR manual.
//! Never: a short cut; the engines are judged by this file.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;

use super::{broadcast, coordinates};
use crate::ir::{Cut, Rank, Reduce, ReduceOp, ValueData};
use crate::math::scalar;
use crate::types::{BinaryOp, DType, Scalar, Shape};

/// The elements of the result of `reduce`, whose argument has these elements and this shape, and
/// whose rank was found to be this.
pub(super) fn reduce(
    reduce: &Reduce,
    elems: &[Scalar],
    found: Option<Scalar>,
    shape: &Shape,
    result: &ValueData,
) -> Vec<Scalar> {
    if let ReduceOp::Bins { bins } = reduce.op {
        return count(elems, bins);
    }
    let pieces = Pieces::new(reduce, elems, shape, result.shape.elems());
    let dtype = result.dtype;
    let n: f64 = reduce.axes.iter().map(|&axis| shape[axis] as f64).product();
    let float = |value: f64| scalar::cast(Scalar::Float64(value), dtype);
    match reduce.op {
        ReduceOp::Sum if dtype.is_float() => {
            let sums = pieces.fold(0.0, |x| lanes(&floats(x), -0.0, add), add);
            sums.into_iter().map(|sum| float(sum + 0.0)).collect()
        }
        ReduceOp::Prod if dtype.is_float() => {
            let products = pieces.fold(1.0, |x| lanes(&floats(x), 1.0, mul), mul);
            products.into_iter().map(float).collect()
        }
        ReduceOp::Sum => pieces.integers(dtype, 0, u64::wrapping_add),
        ReduceOp::Prod => pieces.integers(dtype, 1, u64::wrapping_mul),
        ReduceOp::Mean => {
            let sums = pieces.fold(0.0, |x| lanes(&floats(x), -0.0, add), add);
            sums.into_iter().map(|sum| float((sum + 0.0) / n)).collect()
        }
        ReduceOp::Var { ddof } => {
            let vars = pieces.vars(f64::from_bits(ddof));
            vars.into_iter().map(float).collect()
        }
        ReduceOp::Std { ddof } => {
            let vars = pieces.vars(f64::from_bits(ddof));
            vars.into_iter().map(|var| float(var.sqrt())).collect()
        }
        ReduceOp::Min => pieces.extremes(BinaryOp::Min),
        ReduceOp::Max => pieces.extremes(BinaryOp::Max),
        ReduceOp::ArgMin => positions(&lists(reduce, elems, shape, result), BinaryOp::Lt),
        ReduceOp::ArgMax => positions(&lists(reduce, elems, shape, result), BinaryOp::Gt),
        ReduceOp::Nth { rank } => {
            let rank = match rank {
                Rank::Known(rank) => rank as usize,
                Rank::Found(_) => {
                    let rank = found.and_then(Scalar::as_i128).unwrap_or(0);
                    rank.min(n as i128 - 1).max(0) as usize
                }
            };
            let lists = lists(reduce, elems, shape, result);
            lists.into_iter().map(|list| nth(list, rank)).collect()
        }
        // OK because that is counted above.
        ReduceOp::Bins { .. } => Vec::new(),
        ReduceOp::Any => pieces.counts(|_, trues| Scalar::Bool(trues > 0)),
        ReduceOp::All => pieces.counts(|all, trues| Scalar::Bool(trues == all)),
        ReduceOp::CountNonzero => pieces.counts(|_, trues| Scalar::Int64(trues as i64)),
    }
}

/// How many elements are each of `0..bins`.
fn count(elems: &[Scalar], bins: usize) -> Vec<Scalar> {
    let mut counts = vec![0; bins];
    for elem in elems {
        let place = elem.as_i128().and_then(|bin| usize::try_from(bin).ok());
        if let Some(count) = place.and_then(|bin| counts.get_mut(bin)) {
            *count += 1;
        }
    }
    counts.into_iter().map(Scalar::Int64).collect()
}

/// The elements of each output element, in C order.
fn lists(reduce: &Reduce, elems: &[Scalar], shape: &Shape, result: &ValueData) -> Vec<Vec<Scalar>> {
    let mut kept = shape.to_vec();
    for &axis in &reduce.axes {
        kept[axis] = 1;
    }
    let kept = Shape::from(kept);
    let mut lists = vec![Vec::new(); result.shape.elems()];
    for (at, elem) in elems.iter().enumerate() {
        // In C order of all elements those of one output are in C order too.
        lists[broadcast(&coordinates(at, shape), &kept)].push(*elem);
    }
    lists
}

/// The first NaN, else the first element that `beats` all others, of each list.
fn positions(lists: &[Vec<Scalar>], beats: BinaryOp) -> Vec<Scalar> {
    // OK because comparisons take two scalars of any one dtype.
    let better = |a, b| scalar::binary(beats, a, b).expect("any dtype compares") == TRUE;
    let first = |list: &Vec<Scalar>| {
        let best = (0..list.len()).reduce(|best, at| match better(list[at], list[best]) {
            true => at,
            false => best,
        });
        let nan = list.iter().position(is_nan);
        // OK because `verify` refuses positions among no elements.
        Scalar::Int64(nan.or(best).expect("some element") as i64)
    };
    lists.iter().map(first).collect()
}

/// The element at a rank once all are sorted; NaN if any is NaN.
fn nth(mut list: Vec<Scalar>, rank: usize) -> Scalar {
    if let Some(nan) = list.iter().copied().find(is_nan) {
        return nan;
    }
    let before = |a: &Scalar, b: &Scalar| {
        // OK because comparisons take two scalars of any one dtype.
        let less = |a, b| scalar::binary(BinaryOp::Lt, a, b).expect("any dtype compares") == TRUE;
        match (less(*a, *b), less(*b, *a)) {
            (true, _) => Ordering::Less,
            (_, true) => Ordering::Greater,
            // Equals differ at most in the sign of a zero.
            (false, false) => b
                .as_f64()
                .is_sign_negative()
                .cmp(&a.as_f64().is_sign_negative()),
        }
    };
    list.sort_by(before);
    list[rank]
}

fn is_nan(elem: &Scalar) -> bool {
    elem.as_f64().is_nan()
}

const TRUE: Scalar = Scalar::Bool(true);

fn add(a: f64, b: f64) -> f64 {
    a + b
}

fn mul(a: f64, b: f64) -> f64 {
    a * b
}

fn floats(elems: &[Scalar]) -> Vec<f64> {
    elems.iter().map(|elem| elem.as_f64()).collect()
}

/// The elements of each output element: a list for each tile that has any, in tile order.
struct Pieces(Vec<Vec<Vec<Scalar>>>);

impl Pieces {
    fn new(reduce: &Reduce, elems: &[Scalar], shape: &Shape, n_outputs: usize) -> Pieces {
        let mut kept = shape.to_vec();
        for &axis in &reduce.axes {
            kept[axis] = 1;
        }
        let kept = Shape::from(kept);
        let mut pieces = vec![Vec::new(); n_outputs];
        for tile in tiles(&reduce.cut, shape) {
            let mut in_tile: BTreeMap<usize, Vec<Scalar>> = BTreeMap::new();
            for index in product(tile.into_iter().map(Vec::from_iter)) {
                let output = broadcast(&index, &kept);
                let elem = elems[broadcast(&index, shape)];
                in_tile.entry(output).or_default().push(elem);
            }
            for (output, list) in in_tile {
                pieces[output].push(list);
            }
        }
        Pieces(pieces)
    }

    /// Each output element: the partials of its tiles merged in the tree; `empty` without tiles.
    fn fold<P: Copy>(
        &self,
        empty: P,
        partial: impl Fn(&[Scalar]) -> P,
        merge: impl Fn(P, P) -> P + Copy,
    ) -> Vec<P> {
        let partials = |tiles: &Vec<Vec<Scalar>>| tiles.iter().map(|x| partial(x)).collect();
        let outputs = self.0.iter();
        outputs
            .map(|tiles| tree(partials(tiles), merge).unwrap_or(empty))
            .collect()
    }

    fn integers(&self, dtype: DType, empty: u64, op: fn(u64, u64) -> u64) -> Vec<Scalar> {
        let wide = |elem: &Scalar| scalar::cast(*elem, dtype).bits();
        let all = self.fold(empty, |x| x.iter().map(wide).fold(empty, op), op);
        all.into_iter()
            .map(|bits| Scalar::from_bits(dtype, bits))
            .collect()
    }

    fn extremes(&self, op: BinaryOp) -> Vec<Scalar> {
        // OK because min and max take two scalars of any one dtype.
        let pick = |a, b| scalar::binary(op, a, b).expect("min and max take any dtype");
        let outputs = self.0.iter();
        outputs
            .map(|tiles| {
                let elems = tiles.iter().flatten().copied();
                // OK because `verify` refuses min and max over no elements.
                elems.reduce(pick).expect("verified: some element")
            })
            .collect()
    }

    fn counts(&self, result: impl Fn(usize, usize) -> Scalar) -> Vec<Scalar> {
        let truth = |elem: &&Scalar| scalar::cast(**elem, DType::Bool) == Scalar::Bool(true);
        let outputs = self.0.iter();
        outputs
            .map(|tiles| {
                let elems: Vec<Scalar> = tiles.concat();
                result(elems.len(), elems.iter().filter(truth).count())
            })
            .collect()
    }

    fn vars(&self, ddof: f64) -> Vec<f64> {
        let empty = Moments {
            n: 0.0,
            mean: 0.0,
            m2: 0.0,
        };
        let partial = |x: &[Scalar]| {
            let strips = x.chunks(512).map(Moments::strip).collect();
            tree(strips, Moments::merge).unwrap_or(empty)
        };
        let all = self.fold(empty, partial, Moments::merge);
        all.into_iter()
            .map(|moments| moments.m2 / (moments.n - ddof).max(0.0))
            .collect()
    }
}

/// The state of a variance.
#[derive(Clone, Copy)]
struct Moments {
    n: f64,
    mean: f64,
    m2: f64,
}

impl Moments {
    fn strip(elems: &[Scalar]) -> Moments {
        let x = floats(elems);
        let n = x.len() as f64;
        let mean = lanes(&x, -0.0, add) / n;
        let squares: Vec<f64> = x.iter().map(|x| (x - mean) * (x - mean)).collect();
        let m2 = lanes(&squares, -0.0, add);
        Moments { n, mean, m2 }
    }

    /// Chan's formula.
    fn merge(a: Moments, b: Moments) -> Moments {
        let d = b.mean - a.mean;
        let n = a.n + b.n;
        Moments {
            n,
            mean: a.mean + d * (b.n / n),
            m2: (a.m2 + b.m2) + (d * d) * (a.n * b.n / n),
        }
    }
}

/// The partial of one tile: runs of 128 elements, each in 8 lanes.
fn lanes(x: &[f64], start: f64, op: fn(f64, f64) -> f64) -> f64 {
    let runs = x.chunks(128).map(|run| {
        let mut lanes = [start; 8];
        for (at, &x) in run.iter().enumerate() {
            lanes[at % 8] = op(lanes[at % 8], x);
        }
        lanes
    });
    let merge = |a: [f64; 8], b: [f64; 8]| std::array::from_fn(|lane| op(a[lane], b[lane]));
    let l = tree(runs.collect(), merge).unwrap_or([start; 8]);
    let even = op(op(l[0], l[4]), op(l[2], l[6]));
    let odd = op(op(l[1], l[5]), op(l[3], l[7]));
    op(even, odd)
}

/// Merges neighbours, a lone last element going up unmerged, until one is left.
fn tree<P: Copy>(mut list: Vec<P>, merge: impl Fn(P, P) -> P) -> Option<P> {
    while list.len() > 1 {
        let pairs = list.chunks(2).map(|pair| match *pair {
            [a, b] => merge(a, b),
            _ => pair[0],
        });
        list = pairs.collect();
    }
    list.first().copied()
}

/// The tiles of a cut: outer cells in C order, in each of them inner cells in C order.
fn tiles(cut: &Cut, shape: &Shape) -> Vec<Vec<Range<usize>>> {
    let axes = || cut.dims.iter().zip(shape.iter());
    let outer = axes().map(|(dim, &extent)| steps(0..extent, dim.outer));
    let mut tiles = Vec::new();
    for cell in product(outer) {
        let inner = axes()
            .zip(cell)
            .map(|((dim, _), cell)| steps(cell, dim.inner));
        tiles.extend(product(inner));
    }
    tiles
}

/// A range cut at multiples of `step` from its start.
fn steps(range: Range<usize>, step: usize) -> Vec<Range<usize>> {
    let end = range.end;
    range
        .step_by(step)
        .map(|at| at..end.min(at.saturating_add(step)))
        .collect()
}

/// All ways to take one item of each list, the last list's varying fastest.
fn product<T: Clone>(lists: impl Iterator<Item = Vec<T>>) -> Vec<Vec<T>> {
    lists.fold(vec![Vec::new()], |heads, list| {
        let longer = |head: &Vec<T>| {
            let append = |item: &T| [head.as_slice(), std::slice::from_ref(item)].concat();
            list.iter().map(append).collect::<Vec<_>>()
        };
        heads.iter().flat_map(longer).collect()
    })
}
