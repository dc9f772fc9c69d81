//! In: a leaf that sees another one through an index map or under another shape, and a box of its
//! elements. Out: those elements, dense, in C order, out of few boxes of what is seen.
//! Never: a box much larger than what is needed of it.

use crate::array::{Array, Layout};
use crate::error::Result;
use crate::exec::input::{Fetch, Leaf};
use crate::ir::SourceAxis;
use crate::limits::{MAX_VIEW_BOX_ELEMS, PAGE_BYTES};
use crate::store::boxes::{Runs, Strided, copy_box, dense_strides};
use crate::types::Shape;

/// A leaf seen elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) inner: Leaf<'a>,
    how: How,
    pub(crate) shape: Shape,
}

#[derive(Clone, Debug)]
enum How {
    /// For each axis of what is seen, where its index comes from.
    View(Vec<SourceAxis>),
    /// The same elements in C order.
    Reshape,
}

/// Neighbouring elements of a box along one axis of what is seen: `first + i * step`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Segment {
    first: usize,
    step: isize,
    count: usize,
    /// Where they begin in the box of the view.
    at: usize,
}

/// Called with the start and the extent of a box.
type Visit<'v> = dyn FnMut(&[usize], &[usize]) -> Result<()> + 'v;

impl<'a> Leaf<'a> {
    /// A view of a leaf, under `shape`: in memory just other strides, where they can tell.
    pub(crate) fn viewed(self, axes: &[SourceAxis], shape: &Shape) -> Leaf<'a> {
        if let Leaf::Pending(dtype, _) = self {
            return Leaf::Pending(dtype, shape.clone());
        }
        let strided = self.array().and_then(|array| strided(array, axes, shape));
        strided.map_or_else(|| seen(self, How::View(axes.to_vec()), shape), Leaf::Array)
    }

    /// The elements of a leaf in C order, under `shape`.
    pub(crate) fn reshaped(self, shape: &Shape) -> Leaf<'a> {
        if let Leaf::Pending(dtype, _) = self {
            return Leaf::Pending(dtype, shape.clone());
        }
        let dense = self.array().and_then(|array| reshaped(array, shape));
        dense.map_or_else(|| seen(self, How::Reshape, shape), Leaf::Array)
    }

    fn array(&self) -> Option<&Array<'a>> {
        match self {
            Leaf::Array(array) => Some(array),
            Leaf::Generate(..) | Leaf::Seen(_) | Leaf::Joined(_) | Leaf::Pending(..) => None,
        }
    }

    /// How far apart elements along an axis may be to be read in one box: those in between cost
    /// next to nothing, since they are decoded or read anyway.
    pub(crate) fn grain(&self, axis: usize) -> usize {
        match self {
            Leaf::Array(array) => match array.layout() {
                Layout::Blocks(grid, _) => grid.block[axis].max(1),
                Layout::Runs(_) if axis + 1 == array.shape().ndim() => {
                    PAGE_BYTES / array.dtype().size()
                }
                Layout::Resident { .. } | Layout::Runs(_) => 1,
            },
            Leaf::Joined(joined) => joined.grains[axis],
            Leaf::Generate(..) | Leaf::Seen(_) | Leaf::Pending(..) => 1,
        }
    }
}

fn seen<'a>(inner: Leaf<'a>, how: How, shape: &Shape) -> Leaf<'a> {
    let shape = shape.clone();
    Leaf::Seen(Box::new(Seen { inner, how, shape }))
}

/// A view of an array in memory whose indices are multiples of a stride along each axis.
fn strided<'a>(array: &Array<'a>, axes: &[SourceAxis], shape: &Shape) -> Option<Array<'a>> {
    let Layout::Resident { strides, .. } = array.layout() else {
        return None;
    };
    let mut first = Vec::with_capacity(axes.len());
    let mut new = vec![0; shape.ndim()];
    for (source, &stride) in axes.iter().zip(strides) {
        match source {
            SourceAxis::At(at) => first.push(*at),
            SourceAxis::Along { axis, .. } => {
                let (start, step) = source.affine()?;
                first.push(start);
                new[*axis] = stride.checked_mul(step)?;
            }
        }
    }
    array.restrided(&first, shape, &new)
}

/// An array in memory whose elements are one after the other, under another shape.
fn reshaped<'a>(array: &Array<'a>, shape: &Shape) -> Option<Array<'a>> {
    let Layout::Resident { strides, .. } = array.layout() else {
        return None;
    };
    let item = array.dtype().size();
    let dense = dense_strides(array.shape(), item);
    let axes = array.shape().iter().zip(strides.iter().zip(&dense));
    let in_order = axes
        .into_iter()
        .all(|(&extent, (have, want))| extent <= 1 || have == want);
    if !in_order {
        return None;
    }
    let first = vec![0; array.shape().ndim()];
    array.restrided(&first, shape, &dense_strides(shape, item))
}

impl Seen<'_> {
    /// Copies the box's elements to `dst`, which has exactly their bytes.
    pub(crate) fn fetch(
        &self,
        start: &[usize],
        extent: &[usize],
        fetch: &mut Fetch<'_>,
        dst: &mut [u8],
    ) -> Result<()> {
        match &self.how {
            How::View(axes) => each_part(&self.inner, axes, start, extent, &mut |segments| {
                self.fetch_part(axes, segments, extent, fetch, dst)
            }),
            How::Reshape => {
                // Boxes come in C order, each dense in it.
                let (item, mut done) = (self.inner.dtype().size(), 0);
                self.each_inner(start, extent, &mut |start, extent| {
                    let bytes = extent.iter().product::<usize>() * item;
                    let piece = &mut dst[done..][..bytes];
                    done += bytes;
                    self.inner.fetch(start, extent, fetch, piece)
                })
            }
        }
    }

    /// Calls `visit` with every box of what is seen that `fetch` would fetch.
    pub(crate) fn each_inner(
        &self,
        start: &[usize],
        extent: &[usize],
        visit: &mut Visit<'_>,
    ) -> Result<()> {
        match &self.how {
            How::View(axes) => each_part(&self.inner, axes, start, extent, &mut |segments| {
                let (low, len): (Vec<_>, Vec<_>) = segments.iter().map(Segment::span).unzip();
                visit(&low, &len)
            }),
            How::Reshape => {
                let (strides, mut runs) = (self.shape.strides(), Runs::new(&self.shape, extent));
                let elems: usize = extent.iter().product();
                for _ in 0..elems / runs.elems.max(1) {
                    let first = runs.first(start, &strides);
                    each_box(self.inner.shape(), first, runs.elems, visit)?;
                    runs.advance(extent);
                }
                Ok(())
            }
        }
    }

    /// Fetches one part of a box: one segment an axis of what is seen.
    fn fetch_part(
        &self,
        axes: &[SourceAxis],
        segments: &[Segment],
        extent: &[usize],
        fetch: &mut Fetch<'_>,
        dst: &mut [u8],
    ) -> Result<()> {
        let item = self.inner.dtype().size();
        let (low, len): (Vec<usize>, Vec<usize>) = segments.iter().map(Segment::span).unzip();
        let (dense, to_strides) = (dense_strides(&len, item), dense_strides(extent, item));
        // Axes of the view that nothing comes from repeat: stride 0.
        let (mut counts, mut from_strides) = (extent.to_vec(), vec![0; extent.len()]);
        let (mut from, mut to) = (0, 0);
        for ((source, segment), (&low, &stride)) in
            axes.iter().zip(segments).zip(low.iter().zip(&dense))
        {
            from += (segment.first - low) * stride.unsigned_abs();
            if let Some(axis) = source.axis() {
                counts[axis] = segment.count;
                from_strides[axis] = stride * segment.step;
                to += segment.at * to_strides[axis].unsigned_abs();
            }
        }
        let bytes = len.iter().product::<usize>() * item;
        let same = |axis: usize| counts[axis] == 1 || from_strides[axis] == to_strides[axis];
        if bytes == dst.len() && (0..extent.len()).all(same) {
            return self.inner.fetch(&low, &len, fetch, dst);
        }
        let mut buffer = fetch.spare.pop().unwrap_or_default();
        let fetched = self.inner.fetch(&low, &len, fetch, buffer.bytes(bytes));
        if fetched.is_ok() {
            let from = Strided {
                offset: from,
                strides: &from_strides,
            };
            let to = Strided {
                offset: to,
                strides: &to_strides,
            };
            copy_box(item, &counts, buffer.bytes(bytes), from, dst, to);
        }
        fetch.spare.push(buffer);
        fetched
    }
}

/// Calls `visit` with one segment an axis of what is seen, for every part of a box of the view.
fn each_part(
    inner: &Leaf<'_>,
    axes: &[SourceAxis],
    start: &[usize],
    extent: &[usize],
    visit: &mut dyn FnMut(&[Segment]) -> Result<()>,
) -> Result<()> {
    let lists: Vec<Vec<Segment>> = axes
        .iter()
        .enumerate()
        .map(|(own, source)| segments(source, start, extent, inner.grain(own)))
        .collect();
    let mut pick = vec![0; lists.len()];
    loop {
        let part: Vec<Segment> = lists.iter().zip(&pick).map(|(list, &i)| list[i]).collect();
        halved(part, visit)?;
        let stepped = pick.iter_mut().zip(&lists).rev().any(|(i, list)| {
            *i = (*i + 1) % list.len();
            *i > 0
        });
        if !stepped {
            return Ok(());
        }
    }
}

/// Halves a part, along the axis where it is sparsest, until its box is small enough.
fn halved(part: Vec<Segment>, visit: &mut dyn FnMut(&[Segment]) -> Result<()>) -> Result<()> {
    let mut open = vec![part];
    while let Some(part) = open.pop() {
        let elems = part
            .iter()
            .fold(1usize, |n, segment| n.saturating_mul(segment.span().1));
        let needed: usize = part.iter().map(|segment| segment.count).product();
        let sparse = |&axis: &usize| part[axis].span().1 / part[axis].count;
        let widest = (0..part.len())
            .filter(|&axis| part[axis].count > 1)
            .max_by_key(sparse);
        match widest {
            Some(axis) if elems > MAX_VIEW_BOX_ELEMS.max(needed) => {
                let (left, right) = part[axis].split();
                // The left half comes off the stack first.
                for half in [right, left] {
                    let mut part = part.clone();
                    part[axis] = half;
                    open.push(part);
                }
            }
            _ => visit(&part)?,
        }
    }
    Ok(())
}

/// The indices along one axis of what is seen, for a box of the view, as segments of elements
/// that are at most `grain` apart.
fn segments(source: &SourceAxis, start: &[usize], extent: &[usize], grain: usize) -> Vec<Segment> {
    let Some(axis) = source.axis() else {
        return vec![Segment::one(source.index(start), 0)];
    };
    let mut index = start.to_vec();
    let mut at = |i: usize| {
        index[axis] = start[axis] + i;
        source.index(&index)
    };
    let mut found = Vec::new();
    let mut last = Segment::one(at(0), 0);
    for i in 1..extent[axis] {
        let next = at(i);
        let before = last
            .first
            .wrapping_add_signed(last.step * (last.count as isize - 1));
        let step = (next as isize).wrapping_sub(before as isize);
        if step.unsigned_abs() <= grain.max(1) && (last.count == 1 || step == last.step) {
            last.step = step;
            last.count += 1;
        } else {
            found.push(std::mem::replace(&mut last, Segment::one(next, i)));
        }
    }
    found.push(last);
    found
}

impl Segment {
    fn one(first: usize, at: usize) -> Segment {
        Segment {
            first,
            step: 0,
            count: 1,
            at,
        }
    }

    /// The least index, and the extent from it to the greatest.
    fn span(&self) -> (usize, usize) {
        let reach = self.step.unsigned_abs() * (self.count - 1);
        let low = if self.step < 0 {
            self.first - reach
        } else {
            self.first
        };
        (low, reach + 1)
    }

    fn split(&self) -> (Segment, Segment) {
        let half = self.count / 2;
        let left = Segment {
            count: half,
            ..*self
        };
        let right = Segment {
            first: self.first.wrapping_add_signed(self.step * half as isize),
            count: self.count - half,
            at: self.at + half,
            ..*self
        };
        (left, right)
    }
}

/// Calls `visit` for the boxes of a C-order array of `shape` that the `n` elements from `first` on
/// are, in their order; each is dense in that order too.
fn each_box(shape: &[usize], first: usize, n: usize, visit: &mut Visit<'_>) -> Result<()> {
    let mut index = vec![0; shape.len()];
    boxes_from(shape, 0, &mut index, first, n, visit)
}

/// As [`each_box`], for the part of the array that `index` fixes before `axis`.
fn boxes_from(
    shape: &[usize],
    axis: usize,
    index: &mut [usize],
    mut first: usize,
    mut n: usize,
    visit: &mut Visit<'_>,
) -> Result<()> {
    let mut extent = vec![1; shape.len()];
    if axis == shape.len() {
        return visit(index, &extent);
    }
    extent[axis + 1..].copy_from_slice(&shape[axis + 1..]);
    let inner: usize = shape[axis + 1..].iter().product();
    while n > 0 {
        index[axis] = first / inner;
        index[axis + 1..].fill(0);
        let inside = first % inner;
        let taken = match (inside, n / inner) {
            (0, whole) if whole > 0 => {
                extent[axis] = whole;
                visit(index, &extent)?;
                whole * inner
            }
            _ => {
                let part = n.min(inner - inside);
                boxes_from(shape, axis + 1, index, inside, part, visit)?;
                part
            }
        };
        first += taken;
        n -= taken;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Step;

    fn boxes(shape: &[usize], first: usize, n: usize) -> Vec<(Vec<usize>, Vec<usize>)> {
        let mut found = Vec::new();
        each_box(shape, first, n, &mut |start, extent| {
            found.push((start.to_vec(), extent.to_vec()));
            Ok(())
        })
        .unwrap();
        found
    }

    #[test]
    fn a_range_of_elements_is_a_few_boxes() {
        let found = boxes(&[4, 3, 5], 7, 30);
        let expected = [
            (vec![0, 1, 2], vec![1, 1, 3]),
            (vec![0, 2, 0], vec![1, 1, 5]),
            (vec![1, 0, 0], vec![1, 3, 5]),
            (vec![2, 0, 0], vec![1, 1, 5]),
            (vec![2, 1, 0], vec![1, 1, 2]),
        ];
        assert_eq!(found, expected);
        assert_eq!(boxes(&[], 0, 1), [(vec![], vec![])]);
    }

    #[test]
    fn every_range_is_covered_in_order() {
        let shape = [3usize, 1, 4, 2];
        let strides = Shape::new(&shape).strides();
        for first in 0..24 {
            for n in 1..=24 - first {
                let mut flat = Vec::new();
                for (start, extent) in boxes(&shape, first, n) {
                    let total: usize = extent.iter().product();
                    let base: usize = start.iter().zip(&strides).map(|(i, s)| i * s).sum();
                    flat.extend(base..base + total);
                }
                assert_eq!(flat, (first..first + n).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn indices_become_segments() {
        let along = |step, n: usize, grain| {
            let source = SourceAxis::step(0, step);
            let list = segments(&source, &[1], &[n], grain);
            list.iter()
                .map(|s| (s.first, s.step, s.count, s.at))
                .collect::<Vec<_>>()
        };
        let affine = |start, step| Step::Affine { start, step };
        assert_eq!(along(affine(4, 1), 5, 1), [(5, 1, 5, 0)]);
        assert_eq!(along(affine(9, -2), 3, 2), [(7, -2, 3, 0)]);
        assert_eq!(
            along(affine(9, -2), 3, 1),
            [(7, 0, 1, 0), (5, 0, 1, 1), (3, 0, 1, 2)]
        );
        assert_eq!(along(Step::Repeat(3), 5, 1), [(0, 0, 2, 0), (1, 0, 3, 2)]);
    }

    #[test]
    fn sparse_parts_are_halved() {
        let segment = Segment {
            first: 0,
            step: 100_000,
            count: 9,
            at: 0,
        };
        let mut found = Vec::new();
        halved(vec![segment], &mut |part| {
            found.push((part[0].first, part[0].count, part[0].at));
            Ok(())
        })
        .unwrap();
        assert_eq!(found.iter().map(|part| part.1).sum::<usize>(), 9);
        for (first, count, at) in found {
            assert_eq!(first, at * 100_000);
            assert!(count <= 3);
        }
    }
}
