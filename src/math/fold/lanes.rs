//! In: rows or columns of elements. Out: their sums and products in runs of lanes, to the bit.
//! Never: another order of operations because it would be faster.

use super::partials::States;
use super::tree::Counter;
use crate::limits::{LANES, RUN_ELEMS};
use crate::math::element::Element;

/// Columns that are folded together: 64 make 8 lanes of 4 KiB in all.
pub(super) const GROUP: usize = 64;

/// What accumulates.
pub(super) trait Accumulate {
    /// Where a lane starts; neutral on either side, to the bit.
    const IDENTITY: f64;
    /// One more value.
    fn step(sum: f64, value: f64) -> f64;
}

/// Addition.
pub(super) struct Sum;

impl Accumulate for Sum {
    const IDENTITY: f64 = -0.0;
    #[inline(always)]
    fn step(sum: f64, value: f64) -> f64 {
        sum + value
    }
}

/// Multiplication.
pub(super) struct Product;

impl Accumulate for Product {
    const IDENTITY: f64 = 1.0;
    #[inline(always)]
    fn step(sum: f64, value: f64) -> f64 {
        sum * value
    }
}

/// The partial of a tile from the lane vectors of its runs, which are used up as scratch: merged
/// lane by lane in tree order, then the lanes of the result. -0.0 (neutral) without runs.
pub fn tile_partial_from_runs(runs: &mut [[f64; LANES]]) -> f64 {
    let mut n = runs.len();
    while n > 1 {
        for i in 0..n / 2 {
            runs[i] = merge_runs::<Sum>(runs[2 * i], runs[2 * i + 1]);
        }
        if n % 2 == 1 {
            runs[n / 2] = runs[n - 1];
        }
        n = n.div_ceil(2);
    }
    runs.first()
        .map_or(Sum::IDENTITY, |&lanes| merge_lanes::<Sum>(lanes))
}

/// The lanes of a run and those of its right neighbour, lane by lane.
#[inline(always)]
fn merge_runs<A: Accumulate>(mut left: [f64; LANES], right: [f64; LANES]) -> [f64; LANES] {
    for (left, right) in left.iter_mut().zip(right) {
        *left = A::step(*left, right);
    }
    left
}

/// The eight lanes of a tile, in one.
#[inline(always)]
fn merge_lanes<A: Accumulate>(l: [f64; LANES]) -> f64 {
    let even = A::step(A::step(l[0], l[4]), A::step(l[2], l[6]));
    let odd = A::step(A::step(l[1], l[5]), A::step(l[3], l[7]));
    A::step(even, odd)
}

/// One float64 for each of `n_rows` rows of `n_inner` elements.
pub(super) fn rows<T: Element, A: Accumulate>(
    items: &[T::Raw],
    n_rows: usize,
    n_inner: usize,
) -> States {
    let rows = items.chunks(n_inner).take(n_rows);
    States::from(
        rows.map(|row| row_partial::<T, A>(row, |x| x))
            .collect::<Vec<f64>>(),
    )
}

/// The partial of one row, of `map` of its elements.
pub(super) fn row_partial<T: Element, A: Accumulate>(
    row: &[T::Raw],
    map: impl Fn(f64) -> f64 + Copy,
) -> f64 {
    // PERF: no list for a single run: rows of 8 elements 5.0 -> 0.5 ns an element.
    if row.len() <= RUN_ELEMS {
        return merge_lanes::<A>(run_lanes::<T, A>(row, map));
    }
    let mut runs = Counter::new(merge_runs::<A>);
    for run in row.chunks(RUN_ELEMS) {
        runs.push(run_lanes::<T, A>(run, map));
    }
    merge_lanes::<A>(runs.finish().unwrap_or([A::IDENTITY; LANES]))
}

/// The lanes of one run.
#[inline(always)]
fn run_lanes<T: Element, A: Accumulate>(
    run: &[T::Raw],
    map: impl Fn(f64) -> f64 + Copy,
) -> [f64; LANES] {
    let mut lanes = [A::IDENTITY; LANES];
    let (whole, rest) = run.as_chunks::<LANES>();
    for step in whole {
        for (lane, &raw) in lanes.iter_mut().zip(step) {
            *lane = A::step(*lane, map(T::load(raw).cast()));
        }
    }
    for (lane, &raw) in lanes.iter_mut().zip(rest) {
        *lane = A::step(*lane, map(T::load(raw).cast()));
    }
    lanes
}

/// One float64 for each of `n_out` columns of `n_red` elements.
pub(super) fn columns<T: Element, A: Accumulate>(
    items: &[T::Raw],
    n_red: usize,
    n_out: usize,
) -> States {
    let mut out = Vec::with_capacity(n_out);
    for first in (0..n_out).step_by(GROUP) {
        let group = Group {
            items,
            n_out,
            first,
        };
        let width = group.width();
        let partials = group.partials::<T, A>(0, n_red, |x, _| x);
        out.extend_from_slice(&partials[..width]);
    }
    States::from(out)
}

/// Up to [`GROUP`] neighbouring columns of a table of `n_out` columns, from `first` on.
#[derive(Clone, Copy)]
pub(super) struct Group<'a, Raw> {
    pub(super) items: &'a [Raw],
    pub(super) n_out: usize,
    pub(super) first: usize,
}

impl<Raw: Copy> Group<'_, Raw> {
    /// How many columns there are.
    pub(super) fn width(self) -> usize {
        (self.n_out - self.first).min(GROUP)
    }

    /// The partials of the rows `start..end` of the columns (the rest is unspecified), of `map`
    /// of an element and its column's number.
    pub(super) fn partials<T: Element<Raw = Raw>, A: Accumulate>(
        self,
        start: usize,
        end: usize,
        map: impl Fn(f64, usize) -> f64 + Copy,
    ) -> [f64; GROUP] {
        let mut runs = Counter::new(|mut left: Box<Lanes>, right: Box<Lanes>| {
            for (left, right) in left.iter_mut().zip(right.iter()) {
                for (left, right) in left.iter_mut().zip(right) {
                    *left = A::step(*left, *right);
                }
            }
            left
        });
        for run in (start..end).step_by(RUN_ELEMS) {
            let run_end = end.min(run + RUN_ELEMS);
            runs.push(self.run_lanes::<T, A>(run, run_end, map));
        }
        let lanes = runs
            .finish()
            .unwrap_or(Box::new([[A::IDENTITY; GROUP]; LANES]));
        std::array::from_fn(|column| {
            merge_lanes::<A>(std::array::from_fn(|lane| lanes[lane][column]))
        })
    }

    /// The lanes of one run of rows.
    #[inline(always)]
    fn run_lanes<T: Element<Raw = Raw>, A: Accumulate>(
        self,
        start: usize,
        end: usize,
        map: impl Fn(f64, usize) -> f64 + Copy,
    ) -> Box<Lanes> {
        let mut lanes = Box::new([[A::IDENTITY; GROUP]; LANES]);
        for row in start..end {
            let from = row * self.n_out + self.first;
            let elements = &self.items[from..from + self.width()];
            let lane = &mut lanes[(row - start) % LANES];
            for (column, (sum, &raw)) in lane.iter_mut().zip(elements).enumerate() {
                *sum = A::step(*sum, map(T::load(raw).cast(), column));
            }
        }
        lanes
    }
}

/// The lanes of a group of columns.
type Lanes = [[f64; GROUP]; LANES];
