//! In: the index of an element of a view. Out: the index of the element of its argument.
//! Never: an index outside of the argument: `verify` proves that for all of them at once.

use std::sync::Arc;

use super::Value;
use crate::types::{Grid, Shape};

/// The elements of another value, seen through an index map that treats each axis apart: slices,
/// transposes, new and dropped axes, repeats, shifts. The shape of the view is the value's own.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct View {
    /// Whose elements are seen.
    pub arg: Value,
    /// For each axis of the argument, where the index along it comes from. No two axes come from
    /// the same axis of the view; axes of the view that none comes from repeat.
    pub axes: Vec<SourceAxis>,
}

/// Where the index along one axis of a view's argument comes from.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum SourceAxis {
    /// It is the same for all elements of the view.
    At(usize),
    /// It is computed from the index along this axis of the view.
    Along {
        /// The axis of the view.
        axis: usize,
        /// Applied in order; none: the index itself.
        steps: Vec<Step>,
    },
}

/// A function from indices to indices.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    /// `start + i * step`
    Affine {
        /// For index 0.
        start: usize,
        /// Between neighbours; 0 and negative ones are fine.
        step: isize,
    },
    /// `i / times`, rounded down: each element that many times. At least 1.
    Repeat(usize),
    /// `i + offset`, brought back into `0 .. extent` (at least 1) by the rule.
    Bounded {
        /// What is added first.
        offset: isize,
        /// One past the last index.
        extent: usize,
        /// What becomes of indices outside.
        rule: Border,
    },
    /// The index that stands at `i` in a list.
    Pick(Arc<[usize]>),
    /// The index that stands at `i` in a value, brought into `0 .. extent` (at least 1).
    Look {
        /// int64, of shape `(count,)`.
        list: Value,
        /// How many indices there are.
        count: usize,
        /// One past the last index.
        extent: usize,
    },
}

/// What becomes of an index outside of `0 .. extent`, under NumPy's names for `pad`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Border {
    /// The nearest index inside: `a a a b c d d d`.
    Edge,
    /// The index modulo the extent: `c d a b c d a b`.
    Wrap,
    /// Mirrored about the edge of the array: `b a a b c d d c`.
    Symmetric,
    /// Mirrored about the outermost elements: `c b a b c d c b`.
    Reflect,
}

impl Border {
    /// All of them.
    pub const ALL: [Border; 4] = [
        Border::Edge,
        Border::Wrap,
        Border::Symmetric,
        Border::Reflect,
    ];

    /// The name in IR text, and NumPy's.
    pub fn name(self) -> &'static str {
        match self {
            Border::Edge => "edge",
            Border::Wrap => "wrap",
            Border::Symmetric => "symmetric",
            Border::Reflect => "reflect",
        }
    }

    /// `at` brought into `0 .. extent`, which is not empty.
    fn inside(self, at: i128, extent: usize) -> usize {
        let n = extent as i128;
        let found = match self {
            Border::Edge => at.clamp(0, n - 1),
            Border::Wrap => at.rem_euclid(n),
            Border::Symmetric => {
                let within = at.rem_euclid(2 * n);
                within.min(2 * n - 1 - within)
            }
            Border::Reflect if n == 1 => 0,
            Border::Reflect => {
                let within = at.rem_euclid(2 * (n - 1));
                within.min(2 * (n - 1) - within)
            }
        };
        // OK because every arm gives 0 .. n.
        found as usize
    }
}

impl Step {
    /// The index for index `at`; of a list that is not known yet, any inside.
    pub fn apply(&self, at: usize) -> usize {
        match self {
            Step::Affine { start, step } => {
                start.wrapping_add_signed(step.wrapping_mul(at as isize))
            }
            Step::Repeat(times) => at / times,
            Step::Bounded {
                offset,
                extent,
                rule,
            } => rule.inside(at as i128 + *offset as i128, *extent),
            // OK because `range` has found every index inside the list.
            Step::Pick(list) => list[at],
            Step::Look { extent, .. } => at.min(extent - 1),
        }
    }

    /// The value that has the indices, where one has, and how many.
    fn list(&self) -> Option<(Value, usize)> {
        match self {
            Step::Look { list, count, .. } => Some((*list, *count)),
            Step::Affine { .. } | Step::Repeat(_) | Step::Bounded { .. } | Step::Pick(_) => None,
        }
    }

    /// The least and the greatest index for indices `low ..= high`; `None` where one would be
    /// negative or beyond what can be counted.
    fn range(&self, low: usize, high: usize) -> Option<(usize, usize)> {
        match self {
            Step::Affine { start, step } => {
                let at = |i: usize| {
                    let index = *start as i128 + *step as i128 * i as i128;
                    usize::try_from(index)
                        .ok()
                        .filter(|&at| at <= isize::MAX as usize)
                };
                let (a, b) = (at(low)?, at(high)?);
                Some((a.min(b), a.max(b)))
            }
            Step::Repeat(times) => Some((low.checked_div(*times)?, high.checked_div(*times)?)),
            Step::Bounded { extent, .. } => Some((0, extent.checked_sub(1)?)),
            Step::Pick(list) => {
                let picked = list.get(low..=high)?;
                Some((*picked.iter().min()?, *picked.iter().max()?))
            }
            Step::Look { count, extent, .. } => {
                (high < *count).then_some(())?;
                Some((0, extent.checked_sub(1)?))
            }
        }
    }
}

impl SourceAxis {
    /// The axis of the view itself.
    pub fn same(axis: usize) -> SourceAxis {
        let steps = Vec::new();
        SourceAxis::Along { axis, steps }
    }

    /// One step along an axis of the view.
    pub fn step(axis: usize, step: Step) -> SourceAxis {
        let steps = vec![step];
        SourceAxis::Along { axis, steps }
    }

    /// The index for element `index` of the view.
    pub fn index(&self, index: &[usize]) -> usize {
        match self {
            SourceAxis::At(at) => *at,
            SourceAxis::Along { axis, steps } => through(steps, index[*axis]),
        }
    }

    /// The view's axis, where the index comes from one.
    pub fn axis(&self) -> Option<usize> {
        match self {
            SourceAxis::At(_) => None,
            SourceAxis::Along { axis, .. } => Some(*axis),
        }
    }

    /// `start` and `step` where the index is `start + i * step`.
    pub fn affine(&self) -> Option<(usize, isize)> {
        let SourceAxis::Along { steps, .. } = self else {
            return None;
        };
        match steps.as_slice() {
            [] => Some((0, 1)),
            [Step::Affine { start, step }] => Some((*start, *step)),
            _ => None,
        }
    }

    /// Whether every index for a view of `shape` lies in `0 .. extent`.
    fn fits(&self, shape: &Shape, extent: usize) -> bool {
        match self {
            SourceAxis::At(at) => *at < extent,
            SourceAxis::Along { axis, steps } => {
                let range = steps
                    .iter()
                    .try_fold((0, shape[*axis] - 1), |(low, high), step| {
                        step.range(low, high)
                    });
                range.is_some_and(|(_, high)| high < extent)
            }
        }
    }

    /// This after `outer`, which turns indices of a new view into those of the view that this
    /// belongs to; none where one index in a list that is not known decides.
    fn after(&self, outer: &[SourceAxis]) -> Option<SourceAxis> {
        let SourceAxis::Along { axis, steps } = self else {
            return Some(self.clone());
        };
        match &outer[*axis] {
            SourceAxis::At(_) if steps.iter().any(|step| step.list().is_some()) => None,
            SourceAxis::At(at) => Some(SourceAxis::At(through(steps, *at))),
            SourceAxis::Along { axis, steps: first } => {
                let mut all = first.clone();
                steps.iter().for_each(|step| push(&mut all, step.clone()));
                Some(SourceAxis::Along {
                    axis: *axis,
                    steps: all,
                })
            }
        }
    }

    fn steps(&self) -> &[Step] {
        match self {
            SourceAxis::At(_) => &[],
            SourceAxis::Along { steps, .. } => steps,
        }
    }

    /// The same with other steps.
    fn map_steps(&self, step: impl FnMut(&Step) -> Step) -> SourceAxis {
        match self {
            SourceAxis::At(at) => SourceAxis::At(*at),
            SourceAxis::Along { axis, steps } => SourceAxis::Along {
                axis: *axis,
                steps: steps.iter().map(step).collect(),
            },
        }
    }
}

/// An index that was looked up, brought into `0 .. extent`, which is not empty.
pub fn inside(at: i64, extent: usize) -> usize {
    at.clamp(0, extent as i64 - 1) as usize
}

/// The index that steps make of an index.
fn through(steps: &[Step], at: usize) -> usize {
    steps.iter().fold(at, |at, step| step.apply(at))
}

/// Appends a step; two affine ones are one.
fn push(steps: &mut Vec<Step>, next: Step) {
    if let (Some(Step::Affine { start: a, step: s }), Step::Affine { start: b, step: t }) =
        (steps.last(), &next)
    {
        // b + (a + i s) t = (b + a t) + i (s t)
        let joined = Step::Affine {
            start: b.wrapping_add_signed(t.wrapping_mul(*a as isize)),
            step: s.wrapping_mul(*t),
        };
        steps.pop();
        steps.push(joined);
    } else {
        steps.push(next);
    }
}

impl View {
    /// What is wrong with a view of `shape` of an argument of `source` extents, if anything.
    pub(super) fn fault(&self, shape: &Shape, source: &Shape) -> Option<String> {
        if self.axes.len() != source.ndim() {
            let (have, need) = (self.axes.len(), source.ndim());
            return Some(format!("a view has {have} axes of {need}"));
        }
        let mut used = vec![false; shape.ndim()];
        for axis in self.axes.iter().filter_map(SourceAxis::axis) {
            match used.get_mut(axis) {
                Some(seen) if !*seen => *seen = true,
                Some(_) => return Some(format!("a view uses its axis {axis} twice")),
                None => return Some(format!("a view has no axis {axis}")),
            }
        }
        if shape.contains(&0) {
            return None;
        }
        let outside = |(axis, &extent): (&SourceAxis, &usize)| !axis.fits(shape, extent);
        let mut axes = self.axes.iter().zip(source.iter());
        let at = axes.position(outside)?;
        Some(format!("a view leaves axis {at} of {source}"))
    }

    /// The view of `self.arg` that `outer`, a view of this one, is; none where they cannot be one.
    pub fn seen_by(&self, outer: &[SourceAxis]) -> Option<View> {
        let axes = self.axes.iter().map(|axis| axis.after(outer));
        Some(View {
            arg: self.arg,
            axes: axes.collect::<Option<_>>()?,
        })
    }

    /// The values that indices are looked up in, and how many there are in each.
    pub fn lists(&self) -> impl Iterator<Item = (Value, usize)> {
        let steps = self.axes.iter().flat_map(SourceAxis::steps);
        steps.filter_map(Step::list)
    }

    /// The axes with the indices in place of the values that have them, as far as they are known:
    /// `indices` gives what stands in a value, brought into an extent by [`inside`].
    pub fn looked_up(
        &self,
        indices: impl Fn(Value, usize) -> Option<Arc<[usize]>>,
    ) -> Vec<SourceAxis> {
        let known = |step: &Step| match step {
            Step::Look { list, extent, .. } => match indices(*list, *extent) {
                Some(list) => Step::Pick(list),
                None => step.clone(),
            },
            Step::Affine { .. } | Step::Repeat(_) | Step::Bounded { .. } | Step::Pick(_) => {
                step.clone()
            }
        };
        self.axes.iter().map(|axis| axis.map_steps(known)).collect()
    }

    /// The same view of renamed values.
    pub(super) fn renamed(&self, mut name: impl FnMut(Value) -> Value) -> View {
        let arg = name(self.arg);
        let mut renamed = |step: &Step| match *step {
            Step::Look {
                list,
                count,
                extent,
            } => Step::Look {
                list: name(list),
                count,
                extent,
            },
            Step::Affine { .. } | Step::Repeat(_) | Step::Bounded { .. } | Step::Pick(_) => {
                step.clone()
            }
        };
        let axes = self.axes.iter().map(|axis| axis.map_steps(&mut renamed));
        View {
            arg,
            axes: axes.collect(),
        }
    }

    /// The same view, `axes`, of a value of `shape` that broadcasts to the `whole` argument: along
    /// axes that it repeats there is one element to see.
    pub fn of_part(axes: &[SourceAxis], shape: &Shape, whole: &Shape) -> Vec<SourceAxis> {
        let skip = whole.ndim() - shape.ndim();
        let own = shape.iter().zip(&axes[skip..]);
        own.map(|(&extent, source)| match extent {
            1 => SourceAxis::At(0),
            _ => source.clone(),
        })
        .collect()
    }

    /// How the view is cut where its argument is cut by `grid`: along axes that are neighbours
    /// there too as the argument, along others not at all.
    pub fn grid(&self, shape: &Shape, grid: &Grid) -> Grid {
        let mut chunk: Vec<usize> = shape.iter().map(|&extent| extent.max(1)).collect();
        let mut block = chunk.clone();
        for (own, source) in self.axes.iter().enumerate() {
            let Some(axis) = source.axis() else { continue };
            let stride = match source.affine() {
                Some((_, step)) => step.unsigned_abs(),
                None => 1,
            };
            if stride == 0 {
                continue;
            }
            let extent = shape[axis].max(1);
            chunk[axis] = (grid.chunk[own] / stride).clamp(1, extent);
            block[axis] = (grid.block[own] / stride).clamp(1, chunk[axis]);
        }
        Grid {
            chunk: Shape::from(chunk),
            block: Shape::from(block),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_are_those_of_numpys_pad() {
        let padded = |rule: Border, n: usize| -> Vec<usize> {
            (-4..n as i128 + 4).map(|at| rule.inside(at, n)).collect()
        };
        assert_eq!(padded(Border::Edge, 3), [0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2]);
        assert_eq!(padded(Border::Wrap, 3), [2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
        assert_eq!(
            padded(Border::Symmetric, 3),
            [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0]
        );
        assert_eq!(
            padded(Border::Reflect, 3),
            [0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2]
        );
        assert_eq!(padded(Border::Reflect, 1), [0; 9]);
    }

    #[test]
    fn affine_steps_join() {
        let mut steps = Vec::new();
        push(&mut steps, Step::Affine { start: 9, step: -2 });
        push(&mut steps, Step::Affine { start: 1, step: 3 });
        assert_eq!(
            steps,
            [Step::Affine {
                start: 28,
                step: -6
            }]
        );
    }

    #[test]
    fn an_index_outside_is_found() {
        let fits = |step: Step, n: usize, extent: usize| {
            SourceAxis::step(0, step).fits(&Shape::new(&[n]), extent)
        };
        assert!(fits(Step::Affine { start: 9, step: -3 }, 4, 10));
        assert!(!fits(Step::Affine { start: 8, step: -3 }, 4, 10));
        assert!(!fits(Step::Affine { start: 1, step: 3 }, 4, 10));
        assert!(fits(Step::Repeat(3), 9, 3));
        assert!(!fits(Step::Repeat(3), 10, 3));
        assert!(!fits(Step::Repeat(0), 1, 3));
        assert!(!fits(Step::Pick(Arc::from([0, 3])), 2, 3));
        assert!(!fits(Step::Pick(Arc::from([0, 2])), 3, 3));
    }
}
