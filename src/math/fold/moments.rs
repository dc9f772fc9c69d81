//! In: rows or columns of elements. Out: count, mean and squared deviations of each.
//! Never: a difference of large sums of squares.

use super::lanes::{GROUP, Group, Sum, row_partial};
use super::partials::States;
use super::tree::Counter;
use crate::limits::STRIP_ELEMS;
use crate::math::element::Element;

/// What variance needs of some elements.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Moments {
    /// How many.
    pub n: f64,
    /// Their mean.
    pub mean: f64,
    /// The sum of the squares of their deviations from the mean.
    pub m2: f64,
}

impl Moments {
    /// Those of both, by Chan's formula; `self` is the earlier one. No elements are neutral.
    #[must_use]
    pub fn merge(self, later: Moments) -> Moments {
        if self.n == 0.0 {
            return later;
        }
        if later.n == 0.0 {
            return self;
        }
        let d = later.mean - self.mean;
        let n = self.n + later.n;
        Moments {
            n,
            mean: self.mean + d * (later.n / n),
            m2: (self.m2 + later.m2) + (d * d) * (self.n * later.n / n),
        }
    }
}

/// One state for each of `n_rows` rows of `n_inner` elements.
pub(super) fn rows<T: Element>(items: &[T::Raw], n_rows: usize, n_inner: usize) -> States {
    let rows = items.chunks(n_inner).take(n_rows);
    States::Moments(rows.map(row_moments::<T>).collect())
}

fn row_moments<T: Element>(row: &[T::Raw]) -> Moments {
    if row.len() <= STRIP_ELEMS {
        return strip_moments::<T>(row);
    }
    let mut strips = Counter::new(Moments::merge);
    for strip in row.chunks(STRIP_ELEMS) {
        strips.push(strip_moments::<T>(strip));
    }
    strips.finish().unwrap_or_default()
}

fn strip_moments<T: Element>(strip: &[T::Raw]) -> Moments {
    let n = strip.len() as f64;
    let mean = row_partial::<T, Sum>(strip, |x| x) / n;
    let m2 = row_partial::<T, Sum>(strip, |x| (x - mean) * (x - mean));
    Moments { n, mean, m2 }
}

/// One state for each of `n_out` columns of `n_red` elements.
pub(super) fn columns<T: Element>(items: &[T::Raw], n_red: usize, n_out: usize) -> States {
    let mut out = Vec::with_capacity(n_out);
    for first in (0..n_out).step_by(GROUP) {
        let group = Group {
            items,
            n_out,
            first,
        };
        let moments = group_moments::<T>(group, n_red);
        out.extend_from_slice(&moments[..group.width()]);
    }
    States::Moments(out)
}

fn group_moments<T: Element>(group: Group<'_, T::Raw>, n_red: usize) -> [Moments; GROUP] {
    let mut strips = Counter::new(|left: [Moments; GROUP], right: [Moments; GROUP]| {
        std::array::from_fn(|column| left[column].merge(right[column]))
    });
    for start in (0..n_red).step_by(STRIP_ELEMS) {
        let end = n_red.min(start + STRIP_ELEMS);
        let n = (end - start) as f64;
        let means = group
            .partials::<T, Sum>(start, end, |x, _| x)
            .map(|sum| sum / n);
        let squares = group.partials::<T, Sum>(start, end, |x, column| {
            (x - means[column]) * (x - means[column])
        });
        strips.push(std::array::from_fn(|column| Moments {
            n,
            mean: means[column],
            m2: squares[column],
        }));
    }
    strips.finish().unwrap_or([Moments::default(); GROUP])
}
