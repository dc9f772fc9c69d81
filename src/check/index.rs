//! In: an array and what stands in the brackets behind it. Out: the view it means.
//! Never: an index outside of the array, or a copy.

use super::literal::Literal;
use super::meaning::{Is, Meaning, Term};
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic};
use crate::ir::{SourceAxis, Step, Value, View};
use crate::syntax::ast::{Node, NodeId, Subscript};
use crate::types::Shape;

/// One item of a subscript, read.
#[derive(Clone, Copy, Debug)]
enum Item {
    /// The axis goes.
    At(NodeId, i128),
    /// `start:stop:step`, those not given being `None`.
    Slice([Option<i128>; 3]),
    /// As many whole axes as are left.
    Rest,
    /// A new axis of extent 1.
    New,
    /// The elements along the axis at indices written out, in a list.
    Listed(NodeId),
    /// The elements along the axis at the indices that an array has.
    Taken(NodeId, Value),
}

/// The axis of a view along which an array has the indices.
#[derive(Clone, Copy, Debug)]
struct Taken {
    axis: usize,
    node: NodeId,
    indices: Value,
}

/// A view under construction.
#[derive(Debug, Default)]
pub(super) struct Axes {
    pub(super) axes: Vec<SourceAxis>,
    pub(super) shape: Vec<usize>,
}

impl Axes {
    /// The next axis of the source as it is.
    pub(super) fn keep(&mut self, extent: usize) {
        self.axes.push(SourceAxis::same(self.shape.len()));
        self.shape.push(extent);
    }

    /// The next axis of the source through a step that gives `extent` elements.
    pub(super) fn step(&mut self, step: Step, extent: usize) {
        self.axes.push(SourceAxis::step(self.shape.len(), step));
        self.shape.push(extent);
    }

    /// One element of the next axis of the source.
    pub(super) fn drop_at(&mut self, at: usize) {
        self.axes.push(SourceAxis::At(at));
    }

    /// An axis that the source does not have.
    pub(super) fn insert(&mut self, extent: usize) {
        self.shape.push(extent);
    }
}

impl Checker<'_> {
    /// `base[items]`
    pub(super) fn index(&mut self, id: NodeId, base: NodeId, items: &[Subscript]) -> Res<Meaning> {
        if let Meaning::Pair([first, second]) = self.get(base) {
            let at = match items {
                [Subscript::Item(node)] => self.literal(*node),
                _ => None,
            };
            return match at {
                Some(Literal::Int(0 | -2)) => Ok(first.into()),
                Some(Literal::Int(1 | -1)) => Ok(second.into()),
                _ => Err(self.no_value(base)),
            };
        }
        let masks = items.iter().find_map(|item| match item {
            Subscript::Item(node) => Some(*node).filter(|&node| self.is_mask(node)),
            Subscript::Slice { .. } | Subscript::Ellipsis => None,
        });
        if let Some(mask) = masks {
            return self.filter(base, items, mask);
        }
        if let (Meaning::Filtered(filter), [first, rows @ ..]) = (self.get(base), items) {
            let at = match first {
                Subscript::Slice { start, stop, step } => {
                    let filter = match self.slice(*start, *stop, *step)? {
                        Item::Slice(bounds) => self.passing_slice(filter, bounds)?,
                        Item::At(..)
                        | Item::Listed(_)
                        | Item::Taken(..)
                        | Item::Rest
                        | Item::New => filter,
                    };
                    return self.index_rows(id, base, filter, rows);
                }
                Subscript::Ellipsis if rows.len() < self.largest(filter).ndim() => {
                    return self.index_rows(id, base, filter, items);
                }
                Subscript::Item(node) => self.literal(*node).map(|literal| (*node, literal)),
                Subscript::Ellipsis => None,
            };
            if let Some((node, Literal::Int(at))) = at {
                let value = self.passing_at(filter, node, at)?;
                return self.index_whole(id, base, value, rows);
            }
        }
        let base = self.term(base)?;
        let shape = self.shape(base);
        let items = self.items(&shape, items);
        let items = items?;
        let value = self.strong(base)?;
        let taken = items
            .iter()
            .filter(|item| !matches!(item, Item::New | Item::Rest))
            .count();
        let Some(rest) = shape.ndim().checked_sub(taken) else {
            return Err(self.too_many_indices(id, base, taken));
        };
        self.one_list(&items)?;
        let (axes, taken) = self.view_of(&shape, &items, rest)?;
        let value = self.seen(value, axes)?;
        let value = match taken {
            Some(Taken {
                axis,
                node,
                indices,
            }) => self.taken(value, axis, node, indices)?,
            None => value,
        };
        Ok(Meaning::Value(value))
    }

    /// Indices in lists and arrays would be paired with each other, and with single ones.
    fn one_list(&mut self, items: &[Item]) -> Res<()> {
        let lists = items.iter().filter_map(|item| match item {
            Item::Listed(node) | Item::Taken(node, _) => Some(*node),
            Item::At(..) | Item::Slice(_) | Item::Rest | Item::New => None,
        });
        let lists: Vec<NodeId> = lists.collect();
        let single = items.iter().any(|item| matches!(item, Item::At(..)));
        match lists.last() {
            Some(&last) if lists.len() > 1 || single => {
                let span = self.span(last);
                Err(self.not_yet(span, "a list of indices beside another index"))
            }
            _ => Ok(()),
        }
    }

    /// Whether an index is a truth value or an array of them.
    fn is_mask(&self, node: NodeId) -> bool {
        match self.get(node).array() {
            Some(value) => self.build.dtype(value).is_bool(),
            None => matches!(self.literal(node), Some(Literal::Bool(_))),
        }
    }

    /// The value that a view under construction is.
    pub(super) fn seen(&mut self, arg: Value, axes: Axes) -> Res<Value> {
        let Axes { axes, shape } = axes;
        let same = |(axis, own): (usize, &SourceAxis)| *own == SourceAxis::same(axis);
        let shape = Shape::from(shape);
        if *self.build.shape(arg) == shape && axes.iter().enumerate().all(same) {
            return Ok(arg);
        }
        self.view(View { arg, axes }, shape)
    }

    /// A value with a new axis of extent 1 at `axis`.
    pub(super) fn with_axis(&mut self, value: Value, axis: usize) -> Res<Value> {
        let mut axes = Axes::default();
        let shape = self.build.shape(value);
        shape[..axis].iter().for_each(|&extent| axes.keep(extent));
        axes.insert(1);
        shape[axis..].iter().for_each(|&extent| axes.keep(extent));
        self.seen(value, axes)
    }

    /// `...` stands for as many axes as are left, so there cannot be two.
    pub(super) fn one_rest(&mut self, items: &[Subscript]) -> Res<()> {
        let is_rest = |item: &&Subscript| matches!(item, Subscript::Ellipsis);
        if items.iter().filter(is_rest).count() <= 1 {
            return Ok(());
        }
        let message = "an index has at most one `...`";
        self.report(Diagnostic::new(Code::BadIndex, message, self.here, ""));
        Err(Reported)
    }

    fn items(&mut self, shape: &Shape, items: &[Subscript]) -> Res<Vec<Item>> {
        let mut read = Vec::with_capacity(items.len());
        let mut failed = false;
        for item in items {
            let item = match item {
                Subscript::Ellipsis => Ok(Item::Rest),
                Subscript::Slice { start, stop, step } => self.slice(*start, *stop, *step),
                Subscript::Item(node) => self.item(*node, shape),
            };
            match item {
                Ok(item) => read.push(item),
                Err(Reported) => failed = true,
            }
        }
        failed |= self.one_rest(items).is_err();
        if failed { Err(Reported) } else { Ok(read) }
    }

    fn slice(
        &mut self,
        start: Option<NodeId>,
        stop: Option<NodeId>,
        step: Option<NodeId>,
    ) -> Res<Item> {
        let [start, stop, by] = [start, stop, step].map(|node| match node {
            Some(node) => self.slice_bound(node),
            None => Ok(None),
        });
        if let (Ok(Some(0)), Some(node)) = (by, step) {
            let message = "the step of a slice cannot be 0";
            let span = self.span(node);
            self.report(Diagnostic::new(Code::BadIndex, message, span, ""));
            return Err(Reported);
        }
        Ok(Item::Slice([start?, stop?, by?]))
    }

    fn slice_bound(&mut self, node: NodeId) -> Res<Option<i128>> {
        if let Meaning::None = self.get(node) {
            return Ok(None);
        }
        self.whole_arg(node, "a slice").map(Some)
    }

    fn item(&mut self, node: NodeId, shape: &Shape) -> Res<Item> {
        let span = self.span(node);
        match self.get(node) {
            Meaning::Mistake | Meaning::Unread => Err(Reported),
            Meaning::None => Ok(Item::New),
            Meaning::Literal(Literal::Int(at)) => Ok(Item::At(node, at)),
            Meaning::Tuple if matches!(self.frame.ast.nodes[node], Node::List(_)) => {
                Ok(Item::Listed(node))
            }
            Meaning::Tuple => Err(self.not_yet(span, "a tuple as an index")),
            Meaning::Value(value) if self.build.dtype(value).is_int() => {
                Ok(Item::Taken(node, value))
            }
            Meaning::Filtered(_) => Err(self.not_yet(span, "an index that has passed a filter")),
            Meaning::Value(_)
            | Meaning::Pair(..)
            | Meaning::Literal(Literal::Float(_) | Literal::Bool(_))
            | Meaning::Function(_)
            | Meaning::Method(_)
            | Meaning::Text => {
                let message = "an index must be an integer, a slice, `...`, `None`, a mask or an array of integers";
                let label = format!("into an array of shape `{shape}`");
                self.report(Diagnostic::new(Code::BadIndex, message, span, label));
                Err(Reported)
            }
        }
    }

    /// The view that indices mean; where an array has those along an axis, that axis is whole, and
    /// said which it is.
    fn view_of(
        &mut self,
        shape: &Shape,
        items: &[Item],
        rest: usize,
    ) -> Res<(Axes, Option<Taken>)> {
        let mut taken = None;
        let mut axes = Axes::default();
        let keep_rest = |axes: &mut Axes| {
            for _ in 0..rest {
                axes.keep(shape[axes.axes.len()]);
            }
        };
        for item in items {
            match *item {
                Item::New => axes.insert(1),
                Item::Rest => keep_rest(&mut axes),
                Item::Slice(bounds) => {
                    let extent = shape[axes.axes.len()];
                    let (step, count) = sliced(bounds, extent);
                    if step == (Step::Affine { start: 0, step: 1 }) {
                        axes.keep(count);
                    } else {
                        axes.step(step, count);
                    }
                }
                Item::Listed(node) => {
                    let axis = axes.axes.len();
                    let places = self.listed_places(node, axis, shape)?;
                    let count = places.len();
                    axes.step(Step::Pick(places.into()), count);
                }
                Item::Taken(node, indices) => {
                    taken = Some(Taken {
                        axis: axes.shape.len(),
                        node,
                        indices,
                    });
                    axes.keep(shape[axes.axes.len()]);
                }
                Item::At(node, at) => {
                    let axis = axes.axes.len();
                    let at = self.place_of(node, at, axis, shape)?;
                    axes.drop_at(at);
                }
            }
        }
        if !items.iter().any(|item| matches!(item, Item::Rest)) {
            keep_rest(&mut axes);
        }
        Ok((axes, taken))
    }

    /// `[1, -2]` along an axis, counted from the start.
    fn listed_places(&mut self, node: NodeId, axis: usize, shape: &Shape) -> Res<Vec<usize>> {
        let Node::List(items) = &self.frame.ast.nodes[node] else {
            return Err(Reported);
        };
        let places = items.iter().map(|&item| {
            let at = self.int_arg(item, "an index")?;
            self.place_of(item, at, axis, shape)
        });
        places.collect()
    }

    /// A literal index, counted from the end if it is negative, as one from the start.
    pub(super) fn place_of(
        &mut self,
        node: NodeId,
        at: i128,
        axis: usize,
        shape: &Shape,
    ) -> Res<usize> {
        if let Some(at) = from_end(at, shape[axis]) {
            return Ok(at);
        }
        let message = format!("index {at} is outside of axis {axis} of shape `{shape}`");
        let label = match shape[axis] {
            0 => "the axis has no elements".to_string(),
            n => format!("the indices are -{n} to {}", n - 1),
        };
        let span = self.span(node);
        self.report(Diagnostic::new(Code::BadIndex, message, span, label));
        Err(Reported)
    }

    fn too_many_indices(&mut self, id: NodeId, base: Term, taken: usize) -> Reported {
        let shape = self.shape(base);
        let message = match base.is {
            Is::Literal(_) => "a number cannot be indexed".to_string(),
            Is::Value(_) if taken == 1 => format!("an index into an array of shape `{shape}`"),
            Is::Value(_) => format!("{taken} indices into an array of shape `{shape}`"),
        };
        let label = match shape.ndim() {
            1 => "it has 1 axis".to_string(),
            n => format!("it has {n} axes"),
        };
        let diagnostic = Diagnostic::new(Code::BadIndex, message, self.span(id), "")
            .label(self.span(base.node), label);
        self.report(diagnostic);
        Reported
    }
}

/// An index or an axis of `count`, counted from the end if it is negative, as one from the start.
pub(super) fn from_end(at: i128, count: usize) -> Option<usize> {
    let count = count as i128;
    let at = if at < 0 { at + count } else { at };
    // OK because it is below the count.
    (0..count).contains(&at).then_some(at as usize)
}

/// What Python's `slice.indices` makes of bounds for an axis of `extent`: the step into the axis,
/// and how many elements there are.
pub(super) fn sliced([start, stop, step]: [Option<i128>; 3], extent: usize) -> (Step, usize) {
    let n = extent as i128;
    let step = step.unwrap_or(1);
    // Counted from the end where negative, then brought to where the first step may stand.
    let (low, high) = if step > 0 { (0, n) } else { (-1, n - 1) };
    let bound = |given: Option<i128>, default: i128| match given {
        Some(at) => (if at < 0 { at.saturating_add(n) } else { at }).clamp(low, high),
        None => default,
    };
    let (start, stop) = if step > 0 {
        (bound(start, low), bound(stop, high))
    } else {
        (bound(start, high), bound(stop, low))
    };
    let distance = if step > 0 { stop - start } else { start - stop };
    let count = match distance {
        ..=0 => 0,
        distance => (distance - 1) / step.abs() + 1,
    };
    // OK because both lie within the extent, and a step beyond it is never taken.
    let step = step.clamp(-n.max(1), n.max(1)) as isize;
    let start = if count == 0 { 0 } else { start as usize };
    (Step::Affine { start, step }, count as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_pythons() {
        let slice = |start, stop, step, extent| {
            let (Step::Affine { start, step }, count) = sliced([start, stop, step], extent) else {
                panic!("a slice is affine");
            };
            (start, step, count)
        };
        assert_eq!(slice(None, None, None, 5), (0, 1, 5));
        assert_eq!(slice(Some(1), Some(-1), None, 5), (1, 1, 3));
        assert_eq!(slice(None, None, Some(-1), 5), (4, -1, 5));
        assert_eq!(slice(Some(10), None, Some(-2), 5), (4, -2, 3));
        assert_eq!(slice(Some(-10), Some(2), None, 5), (0, 1, 2));
        assert_eq!(slice(Some(3), Some(1), None, 5), (0, 1, 0));
        assert_eq!(slice(None, None, Some(7), 5), (0, 5, 1));
        assert_eq!(slice(Some(0), None, Some(-1), 5), (0, -1, 1));
        assert_eq!(slice(None, None, None, 0), (0, 1, 0));
        assert_eq!(slice(None, None, Some(-1), 0), (0, -1, 0));
        let huge = i128::from(i64::MAX);
        assert_eq!(slice(Some(-huge), Some(huge), Some(huge), 5), (0, 5, 1));
    }
}
