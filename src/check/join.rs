//! In: arrays that are put side by side, and neighbours within one. Out: an instruction that reads them
//! one after the other, or, where few are computed, selections among views.
//! Never: a pass over the data, but to keep what is computed where there are many.

use super::call::Given;
use super::index::{Axes, from_end, sliced};
use super::meaning::{Is, Meaning, Term};
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic};
use crate::ir::{Border, Concat, Inst, Value};
use crate::limits::{MAX_CHOSEN_LEAVES, MAX_NESTED_CONCATS, MAX_SPLICED_PARTS};
use crate::syntax::ast::{Node, NodeId};
use crate::types::{BinaryOp, Scalar, Shape};

impl Checker<'_> {
    /// `concat(arrays, axis)`
    pub(super) fn concat(&mut self, given: &Given) -> Res<Value> {
        let terms = self.arrays(given)?;
        let axis = match given.named("axis") {
            None => Some(0),
            Some(_) => match self.listed(given, "axis")? {
                None => None,
                Some(list) => Some(self.only_axis(terms[0], &list, given)?),
            },
        };
        let values = self.alike(given, &terms)?;
        let Some(axis) = axis else {
            let flat = values.into_iter().map(|value| {
                let elems = self.build.shape(value).elems();
                self.reshaped(value, Shape::new(&[elems]))
            });
            let flat = flat.collect::<Res<Vec<_>>>()?;
            return self.joined(&flat, 0);
        };
        let first = self.shape(terms[0]);
        if first.ndim() == 0 {
            let message = "single values cannot be joined: they have no axis";
            let span = self.span(terms[0].node);
            self.report(Diagnostic::new(Code::Shapes, message, span, ""));
            return Err(Reported);
        }
        for &term in &terms[1..] {
            let shape = self.shape(term);
            let others = |shape: &Shape| {
                let mut extents = shape.to_vec();
                extents[axis] = 0;
                extents
            };
            if shape.ndim() != first.ndim() || others(&shape) != others(&first) {
                return Err(self.unlike(terms[0], term, &format!("along axis {axis}")));
            }
        }
        self.joined(&values, axis)
    }

    /// `stack(arrays, axis)`: arrays of one shape, joined along a new axis.
    pub(super) fn stack(&mut self, given: &Given) -> Res<Value> {
        let terms = self.arrays(given)?;
        let values = self.alike(given, &terms)?;
        let shape = self.shape(terms[0]);
        for &term in &terms[1..] {
            if self.shape(term) != shape {
                return Err(self.unlike(terms[0], term, "along a new axis"));
            }
        }
        let ndim = shape.ndim() + 1;
        let axis = match self.listed(given, "axis")? {
            None => 0,
            Some(list) => {
                let (node, axis) = *list.first().ok_or(Reported)?;
                match from_end(axis, ndim) {
                    Some(axis) => axis,
                    None => {
                        let message =
                            format!("axis {axis} is not an axis of the result, which has {ndim}");
                        let span = self.span(node);
                        self.report(Diagnostic::new(Code::BadAxis, message, span, ""));
                        return Err(Reported);
                    }
                }
            }
        };
        self.stacked(&values, axis)
    }

    /// Values of one dtype and shape, one after the other along a new axis.
    fn stacked(&mut self, values: &[Value], axis: usize) -> Res<Value> {
        let mut parts = Vec::with_capacity(values.len());
        for &value in values {
            parts.push(self.with_axis(value, axis)?);
        }
        self.joined(&parts, axis)
    }

    /// Values of one dtype whose shapes agree but along `axis`, one after the other along it: read
    /// where they are; or each seen at every place of the result, its edge standing in where it does
    /// not reach, and chosen where it does.
    fn joined(&mut self, values: &[Value], axis: usize) -> Res<Value> {
        let extents: Vec<usize> = values
            .iter()
            .map(|&value| self.build.shape(value)[axis])
            .collect();
        let mut sum = extents.iter().copied();
        let Some(total) = sum.try_fold(0, usize::checked_add) else {
            let message = "arrays that are put together have more elements than can be counted";
            return Err(self.once(Code::TooLarge, || message.to_string()));
        };
        let mut parts = values
            .iter()
            .zip(&extents)
            .filter(|(_, extent)| **extent > 0);
        let Some((&first, &extent)) = parts.next() else {
            return Ok(values[0]);
        };
        if self.reads_parts(values) {
            let parts = parts.map(|(&value, _)| value);
            let parts: Vec<Value> = std::iter::once(first).chain(parts).collect();
            return match parts.as_slice() {
                [only] => Ok(*only),
                _ => self.concatenated(parts, axis),
            };
        }
        let (mut joined, mut end) = (self.placed(first, axis, 0, total)?, extent);
        for (&value, &extent) in parts {
            let part = self.placed(value, axis, end, total)?;
            let ndim = self.build.shape(value).ndim();
            let index = self.positions(axis, ndim, total)?;
            // OK because extents of arrays fit int64.
            let start = self.constant(Scalar::Int64(end as i64))?;
            let before = self.binary(BinaryOp::Lt, index, start)?;
            joined = self.select(before, joined, part)?;
            end += extent;
        }
        Ok(joined)
    }

    /// An instruction that reads these one after the other, and what those read that were put
    /// together along the axis before.
    fn concatenated(&mut self, values: Vec<Value>, axis: usize) -> Res<Value> {
        let func = self.build.func();
        let spliced = values.iter().flat_map(|value| {
            let inner = func.values[*value].inst.concat();
            let along = inner.filter(|inner| inner.axis == axis);
            along.map_or(std::slice::from_ref(value), |inner| &inner.parts)
        });
        let spliced: Vec<Value> = spliced.copied().take(MAX_SPLICED_PARTS + 1).collect();
        let parts = match spliced.len() <= MAX_SPLICED_PARTS {
            true => spliced,
            false => values,
        };
        let depth = parts.iter().map(|&part| self.nesting(part)).max();
        if depth >= Some(MAX_NESTED_CONCATS) {
            let message = format!(
                "arrays put together of arrays put together, {MAX_NESTED_CONCATS} times over"
            );
            return Err(self.once(Code::TooLarge, || message));
        }
        self.concat_by(Concat { parts, axis })
    }

    /// Whether a pass reads arrays that are put together where they are, rather than compute each of
    /// them everywhere and choose: those that are computed are kept then.
    fn reads_parts(&self, values: &[Value]) -> bool {
        let func = self.build.func();
        let computed = |&value: &Value| {
            let seen = std::iter::successors(Some(value), |&value| func.seen_by(value));
            let root = seen.last().unwrap_or(value);
            matches!(func.values[root].inst, Inst::Map(_) | Inst::Const(_))
        };
        let leaves = values.iter().map(|&value| self.breadth(value));
        !values.iter().any(computed) || leaves.fold(0, u32::saturating_add) > MAX_CHOSEN_LEAVES
    }

    /// A value that begins at `start` of an axis of extent `total`.
    fn placed(&mut self, value: Value, axis: usize, start: usize, total: usize) -> Res<Value> {
        let shape = self.build.shape(value).clone();
        let mut axes = Axes::default();
        for (own, &extent) in shape.iter().enumerate() {
            match (own == axis, extent) {
                (true, 1) if total > 1 => {
                    axes.drop_at(0);
                    axes.insert(total);
                }
                // OK because extents of arrays fit isize.
                (true, _) if total != extent => {
                    axes.bounded(-(start as isize), extent, total, Border::Edge)
                }
                _ => axes.keep(extent),
            }
        }
        self.seen(value, axes)
    }

    /// The arrays of a list, of which there is at least one.
    fn arrays(&mut self, given: &Given) -> Res<Vec<Term>> {
        let node = given.get(0).ok_or(Reported)?;
        let items = match (self.get(node), &self.frame.ast.nodes[node]) {
            (Meaning::Mistake | Meaning::Unread, _) => return Err(Reported),
            (Meaning::Tuple, Node::Tuple(items) | Node::List(items)) => items.clone(),
            _ => {
                let message = format!("`{}` takes a list of arrays", given.function.name);
                let text = self.text(node).to_string();
                let diagnostic = Diagnostic::new(Code::Arguments, message, self.span(node), "")
                    .help(format!("write them in brackets: `[{text}, ...]`"));
                self.report(diagnostic);
                return Err(Reported);
            }
        };
        if items.is_empty() {
            let message = format!("`{}` of nothing: the list is empty", given.function.name);
            let span = self.span(node);
            self.report(Diagnostic::new(Code::Arguments, message, span, ""));
            return Err(Reported);
        }
        let terms: Vec<Res<Term>> = items.iter().map(|&item| self.term(item)).collect();
        terms
            .into_iter()
            .collect::<Res<Vec<Term>>>()?
            .into_iter()
            .map(|term| self.strengthened(term))
            .collect()
    }

    /// The terms in the dtype that all of them promote to.
    fn alike(&mut self, given: &Given, terms: &[Term]) -> Res<Vec<Value>> {
        let node = given.get(0).ok_or(Reported)?;
        let dtype = self.common(node, terms)?;
        terms
            .iter()
            .map(|&term| self.typed(term, dtype, term))
            .collect()
    }

    fn unlike(&mut self, first: Term, other: Term, how: &str) -> Reported {
        let (a, b) = (self.shape(first), self.shape(other));
        let message = format!("shapes `{a}` and `{b}` cannot be joined {how}");
        let diagnostic = Diagnostic::new(
            Code::Shapes,
            message,
            self.span(other.node),
            format!("`{b}`"),
        )
        .label(self.span(first.node), format!("`{a}`"));
        self.report(diagnostic);
        Reported
    }

    /// `diff(x, n, axis, prepend, append)`
    pub(super) fn diff(&mut self, id: NodeId, given: &Given) -> Res<Value> {
        let x = self.first(given)?;
        let x = self.strengthened(x)?;
        let times = match given.named("n") {
            Some(node) => self.int_arg(node, "n")?,
            None => 1,
        };
        if times < 0 {
            let message = format!("`n` must be at least 0, not {times}");
            return Err(self.bad_literal(given.named("n"), &message));
        }
        let shape = self.shape(x);
        if times == 0 {
            return self.strong(x);
        }
        if shape.ndim() == 0 {
            let message = "a single value has no neighbours";
            let span = self.span(x.node);
            self.report(Diagnostic::new(Code::Shapes, message, span, ""));
            return Err(Reported);
        }
        let axis = match self.listed(given, "axis")? {
            None => shape.ndim() - 1,
            Some(list) => self.only_axis(x, &list, given)?,
        };
        let mut value = self.extended(id, x, axis, given)?;
        // More steps than elements leave nothing, whatever their number.
        let most = self.build.shape(value)[axis] as i128 + 1;
        for _ in 0..times.min(most) {
            value = self.differences(id, x, value, axis)?;
        }
        Ok(value)
    }

    /// `x` with what is put before and behind it.
    fn extended(&mut self, id: NodeId, x: Term, axis: usize, given: &Given) -> Res<Value> {
        let mut terms = vec![x];
        for (name, place) in [("prepend", 0), ("append", usize::MAX)] {
            let Some(node) = self.optional(given, name) else {
                continue;
            };
            let term = self.term(node)?;
            let mut value = self.strong(term)?;
            let mut shape = self.shape(x).to_vec();
            if self.shape(term).ndim() == 0 {
                shape[axis] = 1;
                value = self.stretched(value, &Shape::from(shape))?;
            }
            let is = Is::Value(value);
            let node = term.node;
            terms.insert(place.min(terms.len()), Term { node, is });
        }
        if terms.len() == 1 {
            return self.strong(x);
        }
        for &term in &terms {
            let (mut a, mut b) = (self.shape(x).to_vec(), self.shape(term).to_vec());
            if a.len() == b.len() {
                (a[axis], b[axis]) = (0, 0);
            }
            if a != b {
                return Err(self.unlike(x, term, &format!("along axis {axis}")));
            }
        }
        let dtype = self.common(id, &terms)?;
        let values = terms.iter().map(|&term| self.typed(term, dtype, x));
        let values = values.collect::<Res<Vec<_>>>()?;
        self.joined(&values, axis)
    }

    /// Each element but the first less the one before it; of bools, whether they differ.
    fn differences(&mut self, id: NodeId, x: Term, value: Value, axis: usize) -> Res<Value> {
        let later = self.part(value, axis, [Some(1), None, None])?;
        let before = self.part(value, axis, [None, Some(-1), None])?;
        if self.build.dtype(value).is_bool() {
            return self.binary(BinaryOp::Ne, later, before);
        }
        let term = |value| Term {
            node: x.node,
            is: Is::Value(value),
        };
        self.binary_op(id, BinaryOp::Sub, term(later), term(before))
    }

    /// A slice along one axis.
    pub(super) fn part(
        &mut self,
        value: Value,
        axis: usize,
        bounds: [Option<i128>; 3],
    ) -> Res<Value> {
        let shape = self.build.shape(value).clone();
        let mut axes = Axes::default();
        for (own, &extent) in shape.iter().enumerate() {
            if own == axis {
                let (step, count) = sliced(bounds, extent);
                axes.step(step, count);
            } else {
                axes.keep(extent);
            }
        }
        self.seen(value, axes)
    }

    /// `shift(x, offsets, mode, fill)`: element `i` of the result is element `i - offset` of `x`;
    /// what that is outside of `x`, the mode says.
    pub(super) fn shift(&mut self, given: &Given) -> Res<Value> {
        let x = self.first(given)?;
        let x = self.strengthened(x)?;
        let value = self.strong(x)?;
        let shape = self.shape(x);
        let offsets = self.listed(given, "offsets")?.ok_or(Reported)?;
        if offsets.len() != shape.ndim() {
            let (many, ndim) = (offsets.len(), shape.ndim());
            let message = format!("{many} offsets are given for {ndim} axes");
            return Err(self.bad_axes(x, given, "offsets", message));
        }
        let rule = self.border(given)?;
        let mut axes = Axes::default();
        for (&extent, &(_, offset)) in shape.iter().zip(&offsets) {
            // Beyond the extent nothing changes any more, or everything repeats.
            let n = extent.max(1) as i128;
            let offset = match rule {
                None | Some(Border::Edge) => offset.clamp(-n, n),
                Some(Border::Wrap) => offset % n,
                Some(Border::Symmetric) => offset % (2 * n),
                Some(Border::Reflect) => offset % (2 * (n - 1)).max(1),
            };
            // OK because it is within what extents allow.
            axes.bounded(
                -(offset as isize),
                extent,
                extent,
                rule.unwrap_or(Border::Edge),
            );
        }
        let moved = self.seen(value, axes)?;
        if rule.is_some() {
            return Ok(moved);
        }
        self.filled_in(given, x, moved, &shape, &offsets)
    }

    /// The mode of `shift`; `None` for a constant.
    fn border(&mut self, given: &Given) -> Res<Option<Border>> {
        let Some(node) = given.named("mode") else {
            return Ok(None);
        };
        let mut name = "";
        if let Node::Str(text) = &self.frame.ast.nodes[node] {
            name = text;
        }
        if name == "constant" {
            return Ok(None);
        }
        if let Some(rule) = Border::ALL.into_iter().find(|rule| rule.name() == name) {
            return Ok(Some(rule));
        }
        let message =
            "the mode of `shift` is \"constant\", \"edge\", \"wrap\", \"symmetric\" or \"reflect\"";
        Err(self.bad_literal(Some(node), message))
    }

    /// Where nothing was moved to, the fill value.
    fn filled_in(
        &mut self,
        given: &Given,
        x: Term,
        moved: Value,
        shape: &Shape,
        offsets: &[(NodeId, i128)],
    ) -> Res<Value> {
        let dtype = self.build.dtype(moved);
        let fill = match given.named("fill") {
            Some(node) => {
                let term = self.term(node)?;
                self.single(term, "fill")?;
                self.typed(term, dtype, x)?
            }
            None => self.constant(Scalar::from_bits(dtype, 0))?,
        };
        let mut result = moved;
        for (axis, (&extent, &(_, offset))) in shape.iter().zip(offsets).enumerate() {
            if offset == 0 {
                continue;
            }
            let index = self.positions(axis, shape.ndim(), extent)?;
            let limit = extent as i128;
            // Elements from the offset on, or up to what it leaves at the end.
            let bound = offset.clamp(-limit, limit);
            let (op, bound) = match offset > 0 {
                true => (BinaryOp::Ge, bound),
                false => (BinaryOp::Lt, limit + bound),
            };
            // OK because it lies within the extent.
            let bound = self.constant(Scalar::Int64(bound as i64))?;
            let inside = self.binary(op, index, bound)?;
            result = self.select(inside, result, fill)?;
        }
        Ok(result)
    }
}
