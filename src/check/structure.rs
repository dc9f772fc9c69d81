//! In: calls of functions that only move elements. Out: views and reshapes.
//! Never: a pass over the data.

use super::call::Given;
use super::index::{Axes, from_end};
use super::literal::Literal;
use super::meaning::{Meaning, Term};
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic};
use crate::funcs::Structure;
use crate::ir::{Border, RaiseKind, SourceAxis, Step, Value};
use crate::limits::MAX_PICKED;
use crate::syntax::ast::{Node, NodeId};
use crate::types::{BinaryOp, DType, Scalar, Shape};

impl Checker<'_> {
    /// A call of a function that moves elements.
    pub(super) fn structure(&mut self, id: NodeId, given: &Given, what: Structure) -> Res<Value> {
        match what {
            Structure::Reshape => self.reshape(given),
            Structure::Ravel => {
                let (_, value) = self.array(given)?;
                self.raveled(value)
            }
            Structure::Permute => self.permute(given),
            Structure::Squeeze => self.squeeze(given),
            Structure::ExpandDims => self.expand_dims(given),
            Structure::BroadcastTo => self.broadcast_to(given),
            Structure::Flip => self.flip(given),
            Structure::Roll => self.roll(given),
            Structure::Take => self.take(given),
            Structure::Repeat => self.repeat(given),
            Structure::Tile => self.tile(given),
            Structure::Concat => self.concat(given),
            Structure::Stack => self.stack(given),
            Structure::Diff => self.diff(id, given),
            Structure::Shift => self.shift(given),
        }
    }

    /// The first argument, for messages and as an array.
    fn array(&mut self, given: &Given) -> Res<(Term, Value)> {
        let x = self.first(given)?;
        Ok((x, self.strong(x)?))
    }

    /// `x.T`
    pub(super) fn transposed(&mut self, value: Value) -> Res<Value> {
        let ndim = self.build.shape(value).ndim();
        self.permuted(value, &(0..ndim).rev().collect::<Vec<_>>())
    }

    /// Axis `axis` of the result is axis `order[axis]` of the value.
    fn permuted(&mut self, value: Value, order: &[usize]) -> Res<Value> {
        let shape = self.build.shape(value);
        let extents = order.iter().map(|&axis| shape[axis]).collect();
        let place = |own| order.iter().position(|&axis| axis == own).unwrap_or(own);
        let axes = (0..shape.ndim()).map(|own| SourceAxis::same(place(own)));
        let axes = axes.collect();
        let shape = extents;
        self.seen(value, Axes { axes, shape })
    }

    fn permute(&mut self, given: &Given) -> Res<Value> {
        let (x, value) = self.array(given)?;
        let Some(order) = self.listed(given, "axes")? else {
            return self.transposed(value);
        };
        let ndim = self.build.shape(value).ndim();
        if order.len() != ndim {
            let message = format!("{} axes are named, but there are {ndim}", order.len());
            return Err(self.bad_axes(x, given, "axes", message));
        }
        let axes = order
            .iter()
            .map(|&(node, axis)| self.axis_of(x, node, axis));
        let axes = axes.collect::<Res<Vec<usize>>>()?;
        if let Some(twice) = (1..ndim).find(|&at| axes[..at].contains(&axes[at])) {
            return Err(self.axis_twice(order[twice].0, axes[twice]));
        }
        self.permuted(value, &axes)
    }

    fn raveled(&mut self, value: Value) -> Res<Value> {
        let elems = self.build.shape(value).elems();
        self.reshaped(value, Shape::new(&[elems]))
    }

    /// The elements in C order under `shape`, which has as many.
    pub(super) fn reshaped(&mut self, value: Value, shape: Shape) -> Res<Value> {
        if *self.build.shape(value) == shape {
            return Ok(value);
        }
        self.reshape_to(value, shape)
    }

    fn reshape(&mut self, given: &Given) -> Res<Value> {
        let (x, value) = self.array(given)?;
        let wanted = self.listed(given, "shape")?.ok_or(Reported)?;
        let elems = self.build.shape(value).elems();
        let mut extents = Vec::with_capacity(wanted.len());
        let mut open = None;
        for &(node, extent) in &wanted {
            match usize::try_from(extent) {
                Ok(extent) => extents.push(extent),
                Err(_) if extent == -1 && open.is_none() => {
                    open = Some(extents.len());
                    extents.push(1);
                }
                Err(_) if extent == -1 => {
                    let message = "only one extent can be -1";
                    return Err(self.bad_literal(Some(node), message));
                }
                Err(_) => {
                    let message = format!("an extent must be at least 0, not {extent}");
                    return Err(self.bad_literal(Some(node), &message));
                }
            }
        }
        let known = Shape::from(extents.clone()).checked_elems();
        if let (Some(open), Some(known)) = (open, known)
            && known > 0
            && elems.is_multiple_of(known)
        {
            extents[open] = elems / known;
        }
        let shape = Shape::from(extents);
        let fits = shape.checked_elems() == Some(elems) && (open.is_none() || known != Some(0));
        if !fits {
            let from = self.build.shape(value).clone();
            let wanted: Vec<String> = wanted.iter().map(|(_, n)| n.to_string()).collect();
            let wanted = wanted.join(", ");
            let message = format!("{elems} elements cannot take the shape ({wanted})");
            let span = self.here;
            let diagnostic = Diagnostic::new(Code::Shapes, message, span, "")
                .label(self.span(x.node), format!("`{from}`"));
            self.report(diagnostic);
            return Err(Reported);
        }
        self.reshaped(value, shape)
    }

    fn squeeze(&mut self, given: &Given) -> Res<Value> {
        let (x, value) = self.array(given)?;
        let shape = self.build.shape(value).clone();
        let gone = match self.listed(given, "axis")? {
            None => (0..shape.ndim()).filter(|&axis| shape[axis] == 1).collect(),
            Some(list) => {
                let mut gone = Vec::new();
                for (node, axis) in list {
                    let axis = self.axis_of(x, node, axis)?;
                    if shape[axis] != 1 {
                        let extent = shape[axis];
                        let message = format!("axis {axis} has extent {extent}, not 1");
                        return Err(self.bad_axis(x, node, message));
                    }
                    if gone.contains(&axis) {
                        return Err(self.axis_twice(node, axis));
                    }
                    gone.push(axis);
                }
                gone
            }
        };
        let mut axes = Axes::default();
        for (axis, &extent) in shape.iter().enumerate() {
            match gone.contains(&axis) {
                true => axes.drop_at(0),
                false => axes.keep(extent),
            }
        }
        self.seen(value, axes)
    }

    fn expand_dims(&mut self, given: &Given) -> Res<Value> {
        let (x, value) = self.array(given)?;
        let list = self.listed(given, "axis")?.ok_or(Reported)?;
        let shape = self.build.shape(value).clone();
        let ndim = shape.ndim() + list.len();
        let mut new = Vec::new();
        for (node, axis) in list {
            let Some(counted) = from_end(axis, ndim) else {
                let message = format!("axis {axis} is not an axis of the result, which has {ndim}");
                return Err(self.bad_axis(x, node, message));
            };
            if new.contains(&counted) {
                return Err(self.axis_twice(node, counted));
            }
            new.push(counted);
        }
        let mut axes = Axes::default();
        let mut own = shape.iter();
        for axis in 0..shape.ndim() + new.len() {
            match own.as_slice().first() {
                Some(&extent) if !new.contains(&axis) => {
                    own.next();
                    axes.keep(extent);
                }
                _ => axes.insert(1),
            }
        }
        self.seen(value, axes)
    }

    fn broadcast_to(&mut self, given: &Given) -> Res<Value> {
        let (x, value) = self.array(given)?;
        let wanted = self.extents(given, "shape")?;
        let shape = self.build.shape(value).clone();
        if shape.broadcast(&wanted).as_ref() != Ok(&wanted) {
            let message = format!("shape `{shape}` does not broadcast to `{wanted}`");
            let diagnostic = Diagnostic::new(Code::Shapes, message, self.here, "")
                .label(self.span(x.node), format!("`{shape}`"));
            self.report(diagnostic);
            return Err(Reported);
        }
        self.stretched(value, &wanted)
    }

    /// A value broadcast to a shape that it broadcasts to.
    pub(super) fn stretched(&mut self, value: Value, to: &Shape) -> Res<Value> {
        let shape = self.build.shape(value);
        let skip = to.ndim() - shape.ndim();
        let axes = shape.iter().enumerate().map(|(axis, &extent)| {
            if extent == 1 && to[axis + skip] != 1 {
                SourceAxis::At(0)
            } else {
                SourceAxis::same(axis + skip)
            }
        });
        let axes = axes.collect();
        let shape = to.to_vec();
        self.seen(value, Axes { axes, shape })
    }

    fn flip(&mut self, given: &Given) -> Res<Value> {
        let (x, value) = self.array(given)?;
        let shape = self.build.shape(value).clone();
        let flipped = match self.listed(given, "axis")? {
            None => (0..shape.ndim()).collect(),
            Some(list) => {
                let axes = list.iter().map(|&(node, axis)| self.axis_of(x, node, axis));
                axes.collect::<Res<Vec<usize>>>()?
            }
        };
        let mut axes = Axes::default();
        for (axis, &extent) in shape.iter().enumerate() {
            let start = extent.saturating_sub(1);
            match flipped.contains(&axis) && extent > 1 {
                true => axes.step(Step::Affine { start, step: -1 }, extent),
                false => axes.keep(extent),
            }
        }
        self.seen(value, axes)
    }

    /// `roll(x, shift, axis)`: element `i` moves to `i + shift`; without an axis, of the flattened
    /// array.
    fn roll(&mut self, given: &Given) -> Res<Value> {
        let (x, value) = self.array(given)?;
        let shifts = self.listed(given, "shift")?.ok_or(Reported)?;
        let shape = self.build.shape(value).clone();
        let Some(axes) = self.listed(given, "axis")? else {
            let total = shifts.iter().map(|(_, shift)| shift).sum();
            let flat = self.raveled(value)?;
            let rolled = self.rolled(flat, &[total])?;
            return self.reshaped(rolled, shape);
        };
        if shifts.len() != axes.len() && shifts.len() != 1 && axes.len() != 1 {
            let (many, few) = (shifts.len(), axes.len());
            let message = format!("{many} shifts are given for {few} axes");
            return Err(self.bad_axes(x, given, "shift", message));
        }
        let mut by = vec![0; shape.ndim()];
        for at in 0..shifts.len().max(axes.len()) {
            let (node, axis) = axes[at.min(axes.len() - 1)];
            let axis = self.axis_of(x, node, axis)?;
            by[axis] += shifts[at.min(shifts.len() - 1)].1;
        }
        self.rolled(value, &by)
    }

    fn rolled(&mut self, value: Value, by: &[i128]) -> Res<Value> {
        let shape = self.build.shape(value).clone();
        let mut axes = Axes::default();
        for (&extent, &by) in shape.iter().zip(by) {
            // OK because it is below the extent.
            let offset = (-by).rem_euclid((extent as i128).max(1)) as isize;
            axes.bounded(offset, extent, extent, Border::Wrap);
        }
        self.seen(value, axes)
    }

    /// `take(x, indices, axis)` with indices written out.
    fn take(&mut self, given: &Given) -> Res<Value> {
        let (x, value) = self.array(given)?;
        let node = given.named("indices").ok_or(Reported)?;
        let single = matches!(self.get(node), Meaning::Literal(_));
        let (value, axis) = match self.listed(given, "axis")? {
            None => (self.raveled(value)?, 0),
            Some(list) => (value, self.only_axis(x, &list, given)?),
        };
        if let Meaning::Value(indices) = self.get(node) {
            return self.taken(value, axis, node, indices);
        }
        if self.get(node).filtered().is_some() {
            let span = self.span(node);
            return Err(self.not_yet(span, "an index that has passed a filter"));
        }
        let indices = self.listed(given, "indices")?.ok_or(Reported)?;
        let shape = self.build.shape(value).clone();
        let places = indices
            .iter()
            .map(|&(node, at)| self.place_of(node, at, axis, &shape));
        let places = places.collect::<Res<Vec<usize>>>()?;
        let mut axes = Axes::default();
        for (own, &extent) in shape.iter().enumerate() {
            match places.first() {
                Some(&at) if own == axis && single => axes.drop_at(at),
                _ if own == axis => {
                    let count = places.len();
                    axes.step(Step::Pick(places.as_slice().into()), count);
                }
                _ => axes.keep(extent),
            }
        }
        self.seen(value, axes)
    }

    /// The elements along an axis at the indices that an array has, in its shape.
    pub(super) fn taken(
        &mut self,
        value: Value,
        axis: usize,
        node: NodeId,
        indices: Value,
    ) -> Res<Value> {
        let dtype = self.build.dtype(indices);
        if dtype.is_float() || dtype == DType::UInt64 {
            let message = format!("indices are integers that fit in `int64`, not `{dtype}`");
            let diagnostic = Diagnostic::new(Code::NoSuchOperation, message, self.span(node), "")
                .suggest("to convert them", self.wrap("int64", node));
            self.report(diagnostic);
            return Err(Reported);
        }
        let (shape, by) = (
            self.build.shape(value).clone(),
            self.build.shape(indices).clone(),
        );
        let (extent, count) = (shape[axis], by.elems());
        if extent == 0 && count > 0 {
            let message = format!("axis {axis} of shape `{shape}` has no elements to take");
            let span = self.span(node);
            self.report(Diagnostic::new(Code::BadIndex, message, span, ""));
            return Err(Reported);
        }
        let list = self.cast(indices, DType::Int64)?;
        // OK because extents of arrays fit isize.
        let n = self.constant(Scalar::Int64(extent as i64))?;
        let zero = self.constant(Scalar::Int64(0))?;
        let negative = self.binary(BinaryOp::Lt, list, zero)?;
        let from_end = self.binary(BinaryOp::Add, list, n)?;
        let list = self.select(negative, from_end, list)?;
        let before = self.binary(BinaryOp::Lt, list, zero)?;
        let behind = self.binary(BinaryOp::Ge, list, n)?;
        let outside = self.binary(BinaryOp::Or, before, behind)?;
        self.build.raise(outside, RaiseKind::IndexOutside);
        let list = self.reshaped(list, Shape::new(&[count]))?;
        let mut axes = Axes::default();
        for (own, &along) in shape.iter().enumerate() {
            match own == axis {
                true => {
                    let look = Step::Look {
                        list,
                        count,
                        extent: extent.max(1),
                    };
                    axes.step(look, count);
                }
                false => axes.keep(along),
            }
        }
        let taken = self.seen(value, axes)?;
        let extents = [&shape[..axis], &by[..], &shape[axis + 1..]].concat();
        self.reshaped(taken, Shape::from(extents))
    }

    /// `repeat(x, repeats, axis)`: each element that many times.
    fn repeat(&mut self, given: &Given) -> Res<Value> {
        let (x, value) = self.array(given)?;
        let times = self.listed(given, "repeats")?.ok_or(Reported)?;
        let (value, axis) = match self.listed(given, "axis")? {
            None => (self.raveled(value)?, 0),
            Some(list) => (value, self.only_axis(x, &list, given)?),
        };
        let mut counts = Vec::with_capacity(times.len());
        for &(node, times) in &times {
            match usize::try_from(times) {
                Ok(times) => counts.push(times),
                Err(_) => {
                    let message = format!("an element cannot be repeated {times} times");
                    return Err(self.bad_literal(Some(node), &message));
                }
            }
        }
        let shape = self.build.shape(value).clone();
        let extent = shape[axis];
        let (step, count) = match counts.as_slice() {
            [0] => (Step::Affine { start: 0, step: 1 }, 0),
            [times] => (Step::Repeat(*times), extent.saturating_mul(*times)),
            many if many.len() == extent => {
                let total = many.iter().fold(0, |sum: usize, &n| sum.saturating_add(n));
                if total > MAX_PICKED {
                    let message =
                        format!("repeats that differ add up to {total}, more than {MAX_PICKED}");
                    return Err(self.bad_axes(x, given, "repeats", message));
                }
                let each = many.iter().enumerate();
                let list: Vec<usize> = each
                    .flat_map(|(at, &n)| std::iter::repeat_n(at, n))
                    .collect();
                let count = list.len();
                (Step::Pick(list.into()), count)
            }
            many => {
                let message = format!("{} repeats for {extent} elements", many.len());
                return Err(self.bad_axes(x, given, "repeats", message));
            }
        };
        let mut axes = Axes::default();
        for (own, &extent) in shape.iter().enumerate() {
            match own == axis {
                true => axes.step(step.clone(), count),
                false => axes.keep(extent),
            }
        }
        self.seen(value, axes)
    }

    /// `tile(x, reps)`: the whole that many times along each axis; the last axes are meant.
    fn tile(&mut self, given: &Given) -> Res<Value> {
        let (_, value) = self.array(given)?;
        let reps = self.extents(given, "reps")?;
        let shape = self.build.shape(value).clone();
        let ndim = shape.ndim().max(reps.ndim());
        let mut axes = Axes::default();
        for axis in 0..ndim {
            let times = reps.extent_in(axis, ndim);
            match (axis + shape.ndim()).checked_sub(ndim) {
                None => axes.insert(times),
                Some(own) if shape[own] == 1 => {
                    axes.drop_at(0);
                    axes.insert(times);
                }
                Some(own) => {
                    let extent = shape[own];
                    axes.bounded(0, extent, extent.saturating_mul(times), Border::Wrap);
                }
            }
        }
        self.seen(value, axes)
    }

    /// The one axis that a function works along.
    pub(super) fn only_axis(
        &mut self,
        x: Term,
        list: &[(NodeId, i128)],
        given: &Given,
    ) -> Res<usize> {
        match *list {
            [(node, axis)] => self.axis_of(x, node, axis),
            _ => {
                let message = "one axis is wanted".to_string();
                Err(self.bad_axes(x, given, "axis", message))
            }
        }
    }

    /// An axis of a term, counted from the end if it is negative.
    pub(super) fn axis_of(&mut self, x: Term, node: NodeId, axis: i128) -> Res<usize> {
        let shape = self.shape(x);
        if let Some(axis) = from_end(axis, shape.ndim()) {
            return Ok(axis);
        }
        let message = format!("axis {axis} is not an axis of shape `{shape}`");
        Err(self.bad_axis(x, node, message))
    }

    fn bad_axis(&mut self, x: Term, node: NodeId, message: String) -> Reported {
        let shape = self.shape(x);
        let diagnostic = Diagnostic::new(Code::BadAxis, message, self.span(node), "")
            .label(self.span(x.node), format!("`{shape}`"));
        self.report(diagnostic);
        Reported
    }

    pub(super) fn bad_axes(
        &mut self,
        x: Term,
        given: &Given,
        name: &str,
        message: String,
    ) -> Reported {
        match given.named(name) {
            Some(node) => self.bad_axis(x, node, message),
            None => Reported,
        }
    }

    /// An argument that is an integer or several, written out: a tuple, a list, or further
    /// positional arguments of a method. `None` where it is not given or `None`.
    pub(super) fn listed(&mut self, given: &Given, name: &str) -> Res<Option<Vec<(NodeId, i128)>>> {
        let Some(node) = given.named(name) else {
            return Ok(None);
        };
        let mut nodes = match (self.get(node), &self.frame.ast.nodes[node]) {
            (Meaning::None, _) => return Ok(None),
            (Meaning::Tuple, Node::Tuple(items) | Node::List(items)) => items.clone(),
            _ => vec![node],
        };
        nodes.extend(&given.more);
        let read = nodes
            .into_iter()
            .map(|node| Ok((node, self.whole_arg(node, name)?)));
        read.collect::<Res<Vec<_>>>().map(Some)
    }

    /// An integer, written out; a truth value is one, as in Python.
    pub(super) fn whole_arg(&mut self, node: NodeId, what: &str) -> Res<i128> {
        if let Meaning::Literal(Literal::Bool(value)) = self.get(node) {
            return Ok(i128::from(value));
        }
        self.int_arg(node, what)
    }

    /// An argument that is an extent or several.
    pub(super) fn extents(&mut self, given: &Given, name: &str) -> Res<Shape> {
        let list = self.listed(given, name)?.ok_or(Reported)?;
        let mut extents = Vec::with_capacity(list.len());
        for (node, extent) in list {
            match usize::try_from(extent) {
                Ok(extent) => extents.push(extent),
                Err(_) => {
                    let message = format!("an extent must be at least 0, not {extent}");
                    return Err(self.bad_literal(Some(node), &message));
                }
            }
        }
        Ok(Shape::from(extents))
    }

    /// The index along `axis` of an array with `ndim` axes: int64, extent `count` there, 1 behind.
    pub(super) fn positions(&mut self, axis: usize, ndim: usize, count: usize) -> Res<Value> {
        let index = self.counting_up(count)?;
        let mut shape = vec![1; ndim - axis];
        shape[0] = count;
        let axes = vec![SourceAxis::same(0)];
        self.seen(index, Axes { axes, shape })
    }
}

impl Axes {
    /// The next axis of the source, of `extent`, shifted and brought back inside, as `count`
    /// elements.
    pub(super) fn bounded(&mut self, offset: isize, extent: usize, count: usize, rule: Border) {
        if extent == 0 || (offset == 0 && count <= extent) {
            return self.keep(count);
        }
        let step = Step::Bounded {
            offset,
            extent,
            rule,
        };
        self.step(step, count);
    }
}
