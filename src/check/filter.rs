//! In: an array and a mask in the brackets behind it, and what is done with what passes. Out: the
//! same done with the whole array, the mask being kept beside it. Never: the filtered array.
//!
//! What is computed element by element commutes with a filter: `f(x[m], y[m])` is `f(x, y)[m]`.
//! Reductions count only what passes; running sums go on over what does not. How many elements pass
//! is known only when an output of them has been computed.

use super::call::Given;
use super::meaning::Meaning;
use super::reduce::Asked;
use super::sound::Sound;
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic};
use crate::funcs::Scanned;
use crate::ir::{self, RaiseKind, ReduceOp, ScanOp, Value};
use crate::math::scalar;
use crate::syntax::ast::{Node, NodeId, Subscript};
use crate::types::{BinaryOp, DType, Scalar, Shape, UnaryOp};

/// The elements of an array for which a mask holds, in C order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filtered {
    /// The whole array.
    pub(super) value: Value,
    /// bool, of the shape of the array's first `axes` axes, which become one.
    pub(super) mask: Value,
    /// At least 1.
    pub(super) axes: usize,
}

impl Checker<'_> {
    /// Whether the children of a node are combined element by element.
    pub(super) fn is_elementwise(&self, id: NodeId) -> bool {
        matches!(
            self.frame.ast.nodes[id],
            Node::Prefix(..) | Node::Infix(..) | Node::Compare { .. } | Node::Ternary { .. }
        )
    }

    /// What `compute` makes of these arguments, element by element, where some of them may be
    /// filtered: for the time being the whole arrays stand for them.
    pub(super) fn passing(
        &mut self,
        nodes: &[NodeId],
        compute: impl FnOnce(&mut Self) -> Res<Meaning>,
    ) -> Res<Meaning> {
        let Some(filter) = self.filter_of(nodes)? else {
            return compute(self);
        };
        let meaning = self.with_whole(nodes, compute)?;
        Ok(match meaning.array() {
            Some(value) => Meaning::Filtered(Filtered { value, ..filter }),
            None => meaning,
        })
    }

    /// What `compute` gives while the whole arrays stand for those of these nodes that are filtered.
    pub(super) fn with_whole<T>(
        &mut self,
        nodes: &[NodeId],
        compute: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let filtered: Vec<(NodeId, Filtered)> = self.filtered_among(nodes).collect();
        for &(node, filter) in &filtered {
            self.set(node, Meaning::Value(filter.value));
        }
        let outer = self.passing;
        self.passing = filtered.first().map(|(_, filter)| *filter);
        let result = compute(self);
        self.passing = outer;
        for (node, filter) in filtered {
            self.set(node, Meaning::Filtered(filter));
        }
        result
    }

    /// The filter that these arguments have in common, if any of them is filtered; the others must
    /// be the same for all that passes.
    pub(super) fn filter_of(&mut self, nodes: &[NodeId]) -> Res<Option<Filtered>> {
        let Some((first, filter)) = self.filtered_among(nodes).next() else {
            return Ok(None);
        };
        let behind = self.behind(filter);
        for &node in nodes {
            let fits = match self.get(node) {
                Meaning::Filtered(other) => {
                    let same = self.same_filter(filter, other);
                    same && self.behind(other).ndim() == behind.ndim()
                }
                Meaning::Value(value) => {
                    let shape = self.build.shape(value);
                    let one = shape.ndim() == behind.ndim() + 1 && shape[0] == 1;
                    shape.ndim() <= behind.ndim() || one
                }
                Meaning::Unread
                | Meaning::Mistake
                | Meaning::Literal(_)
                | Meaning::None
                | Meaning::Pair(..)
                | Meaning::Function(_)
                | Meaning::Method(_)
                | Meaning::Tuple
                | Meaning::Text => true,
            };
            if !fits {
                return Err(self.other_filter(first, node));
            }
        }
        Ok(Some(filter))
    }

    fn filtered_among(&self, nodes: &[NodeId]) -> impl Iterator<Item = (NodeId, Filtered)> {
        let filtered = |node: &NodeId| Some((*node, self.get(*node).filtered()?));
        nodes.iter().filter_map(filtered)
    }

    /// Whether the same elements pass for both, and there are as many behind each.
    pub(super) fn passes_alike(&self, one: Filtered, other: Filtered) -> bool {
        self.same_filter(one, other) && self.behind(one) == self.behind(other)
    }

    fn same_filter(&self, one: Filtered, other: Filtered) -> bool {
        one.axes == other.axes && self.build.func().alike(one.mask, other.mask)
    }

    /// The extents behind the first of what passes.
    fn behind(&self, filter: Filtered) -> Shape {
        Shape::new(&self.build.shape(filter.value)[filter.axes..])
    }

    pub(super) fn other_filter(&mut self, first: NodeId, other: NodeId) -> Reported {
        let message = "how many elements pass a filter is known only when it is computed";
        let meaning = self.get(other);
        let label = match (meaning.filtered(), meaning.array()) {
            (Some(_), _) => "filtered otherwise".to_string(),
            (None, Some(value)) => format!("not filtered, `{}`", self.build.shape(value)),
            (None, None) => "not filtered".to_string(),
        };
        let text = self.text(first).to_string();
        let diagnostic = Diagnostic::new(Code::Shapes, message, self.span(other), label)
            .label(self.span(first), "filtered")
            .help(format!(
                "what is combined with `{text}` must pass the same mask"
            ));
        self.report(diagnostic);
        Reported
    }

    /// `x[m][at, items]`: the row that passes, indexed.
    pub(super) fn index_whole(
        &mut self,
        id: NodeId,
        base: NodeId,
        row: Value,
        items: &[Subscript],
    ) -> Res<Meaning> {
        if items.is_empty() {
            return Ok(Meaning::Value(row));
        }
        let filtered = self.get(base);
        self.set(base, Meaning::Value(row));
        let meaning = self.index(id, base, items);
        self.set(base, filtered);
        meaning
    }

    /// `x[m][:, items]`: each row is indexed where it is.
    pub(super) fn index_rows(
        &mut self,
        id: NodeId,
        base: NodeId,
        filter: Filtered,
        items: &[Subscript],
    ) -> Res<Meaning> {
        let all = Subscript::Slice {
            start: None,
            stop: None,
            step: None,
        };
        let whole = std::iter::repeat_n(all, filter.axes);
        let items: Vec<Subscript> = whole.chain(items.iter().cloned()).collect();
        let meaning = self.with_whole(&[base], |checker| checker.index(id, base, &items))?;
        let Some(value) = meaning.array() else {
            return Ok(meaning);
        };
        if self.build.shape(value)[filter.axes..].contains(&0) {
            return Err(self.not_yet(self.here, "a filter of rows without elements"));
        }
        Ok(Meaning::Filtered(Filtered { value, ..filter }))
    }

    /// `x[m][start:stop:step]`: what stands there among all that passes.
    pub(super) fn passing_slice(
        &mut self,
        filter: Filtered,
        [start, stop, step]: [Option<i128>; 3],
    ) -> Res<Filtered> {
        let step = step.unwrap_or(1);
        if step < 0 {
            return Err(self.not_yet(self.here, "a backward slice of what passes a filter"));
        }
        if (start.unwrap_or(0), stop, step) == (0, None, 1) {
            return Ok(filter);
        }
        let places = self.places_passing(filter)?;
        let first = self.place_passing(filter, start.unwrap_or(0))?;
        let zero = self.constant(Scalar::Int64(0))?;
        let first = self.binary(BinaryOp::Max, first, zero)?;
        let mut within = vec![self.binary(BinaryOp::Ge, places, first)?];
        if let Some(stop) = stop {
            let end = self.place_passing(filter, stop)?;
            within.push(self.binary(BinaryOp::Lt, places, end)?);
        }
        if step > 1 {
            let step = self.constant(Scalar::Int64(place(step)))?;
            let along = self.binary(BinaryOp::Sub, places, first)?;
            let rest = self.binary(BinaryOp::Mod, along, step)?;
            within.push(self.binary(BinaryOp::Eq, rest, zero)?);
        }
        let mut mask = filter.mask;
        for within in within {
            mask = self.binary(BinaryOp::And, mask, within)?;
        }
        Ok(Filtered { mask, ..filter })
    }

    /// `x[m][at]`: the only element, or row, at that place among all that passes.
    pub(super) fn passing_at(&mut self, filter: Filtered, node: NodeId, at: i128) -> Res<Value> {
        let shape = self.build.shape(filter.value).clone();
        if shape.contains(&0) {
            self.place_of(node, at, 0, &self.largest(filter))?;
        }
        let place = self.place_passing(filter, at)?;
        let (n, zero) = (
            self.count_passing(filter)?,
            self.constant(Scalar::Int64(0))?,
        );
        for (op, bound) in [(BinaryOp::Lt, zero), (BinaryOp::Ge, n)] {
            let outside = self.binary(op, place, bound)?;
            self.build.raise(outside, RaiseKind::IndexOutside);
        }
        let places = self.places_passing(filter)?;
        let there = self.binary(BinaryOp::Eq, places, place)?;
        let mask = self.binary(BinaryOp::And, filter.mask, there)?;
        let mask = self.aligned_mask(Filtered { mask, ..filter })?;
        // The greatest of it and of what is less than anything.
        let neutral = self.constant(limit(self.build.dtype(filter.value), false))?;
        let arg = self.select(mask, filter.value, neutral)?;
        let cut = self.cut(&shape, [filter.value, mask].into_iter());
        self.reduce_by(ir::Reduce {
            op: ReduceOp::Max,
            arg,
            axes: (0..filter.axes).collect(),
            keepdims: false,
            cut,
        })
    }

    /// How many elements or rows pass.
    fn count_passing(&mut self, filter: Filtered) -> Res<Value> {
        let shape = self.build.shape(filter.mask).clone();
        let cut = self.cut(&shape, std::iter::once(filter.mask));
        self.count_true(filter.mask, cut)
    }

    /// In how many places a mask holds.
    pub(super) fn count_true(&mut self, mask: Value, cut: ir::Cut) -> Res<Value> {
        self.reduce_by(ir::Reduce {
            op: ReduceOp::CountNonzero,
            arg: mask,
            axes: (0..self.build.shape(mask).ndim()).collect(),
            keepdims: false,
            cut,
        })
    }

    /// The place of each element or row that passes among all that do.
    fn places_passing(&mut self, filter: Filtered) -> Res<Value> {
        let shape = self.build.shape(filter.mask).clone();
        let counts = self.cast(filter.mask, DType::Int64)?;
        let arg = self.reshaped(counts, Shape::new(&[shape.elems()]))?;
        let counted = self.scan_by(ir::Scan {
            op: ScanOp::Sum,
            arg,
            axis: 0,
            initial: false,
        })?;
        let one = self.constant(Scalar::Int64(1))?;
        let places = self.binary(BinaryOp::Sub, counted, one)?;
        self.reshaped(places, shape)
    }

    /// A place among what passes, counted from the end if it is negative.
    fn place_passing(&mut self, filter: Filtered, at: i128) -> Res<Value> {
        let place = self.constant(Scalar::Int64(place(at)))?;
        if at >= 0 {
            return Ok(place);
        }
        let n = self.count_passing(filter)?;
        self.binary(BinaryOp::Add, n, place)
    }

    /// `base[mask]`
    pub(super) fn filter(
        &mut self,
        base: NodeId,
        items: &[Subscript],
        mask: NodeId,
    ) -> Res<Meaning> {
        let alone = items.iter().all(|item| match item {
            Subscript::Item(node) => *node == mask,
            Subscript::Ellipsis => true,
            Subscript::Slice { .. } => false,
        });
        self.one_rest(items)?;
        if !alone || !matches!(items.first(), Some(Subscript::Item(node)) if *node == mask) {
            let span = self.span(mask);
            return Err(self.not_yet(span, "a mask beside other indices"));
        }
        if let Meaning::Filtered(filter) = self.get(base) {
            return self.filter_again(base, filter, mask);
        }
        let (base, by) = (self.term(base)?, self.term(mask)?);
        let (mut value, mut by_value) = (self.strong(base)?, self.strong(by)?);
        let (shape, mask_shape) = (self.shape(base), self.shape(by));
        if shape.get(..mask_shape.ndim()) != Some(&mask_shape[..]) {
            return Err(self.other_mask(base.node, &shape, mask, &mask_shape));
        }
        if shape[mask_shape.ndim()..].contains(&0) {
            let span = self.span(mask);
            return Err(self.not_yet(span, "a filter of rows without elements"));
        }
        if mask_shape.ndim() == 0 {
            // As if along an axis of one element.
            value = self.with_axis(value, 0)?;
            by_value = self.with_axis(by_value, 0)?;
        }
        Ok(Meaning::Filtered(Filtered {
            value,
            mask: by_value,
            axes: mask_shape.ndim().max(1),
        }))
    }

    /// A mask must have the first axes of the array.
    fn other_mask(&mut self, base: NodeId, shape: &Shape, mask: NodeId, by: &Shape) -> Reported {
        let message = format!("a mask of shape `{by}` for an array of shape `{shape}`");
        let label = match by.ndim() <= shape.ndim() {
            true => "the first axes must agree",
            false => "it has more axes",
        };
        let diagnostic = Diagnostic::new(Code::BadIndex, message, self.span(mask), label)
            .label(self.span(base), format!("`{shape}`"));
        self.report(diagnostic);
        Reported
    }

    /// `x[m][n[m]]` is `x[m & n]`.
    fn filter_again(&mut self, base: NodeId, filter: Filtered, mask: NodeId) -> Res<Meaning> {
        let more = self.get(mask).filtered();
        let more = more.filter(|more| self.same_filter(filter, *more));
        let more = more.ok_or_else(|| self.other_filter(base, mask))?;
        let (shape, by) = (self.behind(filter), self.behind(more));
        if shape.get(..by.ndim()) != Some(&by[..]) {
            return Err(self.other_mask(base, &self.largest(filter), mask, &self.largest(more)));
        }
        let mask = self.aligned_mask(more)?;
        let mask = self.binary(BinaryOp::And, mask, more.value)?;
        let axes = filter.axes + by.ndim();
        Ok(Meaning::Filtered(Filtered {
            mask,
            axes,
            ..filter
        }))
    }

    /// The mask with an axis of extent 1 for each axis behind those it is for.
    pub(super) fn aligned_mask(&mut self, filter: Filtered) -> Res<Value> {
        let mut mask = filter.mask;
        for _ in filter.axes..self.build.shape(filter.value).ndim() {
            mask = self.with_axis(mask, self.build.shape(mask).ndim())?;
        }
        Ok(mask)
    }

    /// The value and the filter of an output of what passes.
    pub(super) fn delivered(&mut self, filter: Filtered) -> Res<(Value, ir::Filter)> {
        let Filtered { value, axes, .. } = filter;
        let mut mask = self.aligned_mask(filter)?;
        let shape = self.build.shape(value).clone();
        if *self.build.shape(mask) != shape {
            let everywhere = self.full(Scalar::Bool(true), shape)?;
            mask = self.binary(BinaryOp::And, mask, everywhere)?;
        }
        Ok((value, ir::Filter { mask, axes }))
    }

    /// The shape of what passes if everything does.
    pub(super) fn largest(&self, filter: Filtered) -> Shape {
        let shape = self.build.shape(filter.value);
        let mut extents = vec![shape[..filter.axes].iter().product()];
        extents.extend_from_slice(&shape[filter.axes..]);
        Shape::from(extents)
    }

    /// What `op` chooses from: what does not count is never chosen, and where nothing counts the
    /// evaluation is an error.
    pub(super) fn chosen(&mut self, op: ReduceOp, value: Value, asked: &Asked) -> Res<Value> {
        self.some_count(asked)?;
        let neutral = limit(self.build.dtype(value), op == ReduceOp::Min);
        self.counting(value, asked, neutral)
    }

    /// Where nothing counts the evaluation is an error.
    pub(super) fn some_count(&mut self, asked: &Asked) -> Res<()> {
        if asked.mask.is_none() {
            return Ok(());
        }
        let count = self.count(asked)?;
        let zero = self.constant(Scalar::Int64(0))?;
        let nothing = self.binary(BinaryOp::Eq, count, zero)?;
        self.build.raise(nothing, RaiseKind::NoElements);
        Ok(())
    }

    /// Where the minimum or maximum stands among what counts.
    pub(super) fn position(&mut self, op: ReduceOp, value: Value, asked: &Asked) -> Res<Value> {
        let Some(mask) = asked.mask else {
            return self.fold(op, value, asked);
        };
        if self.sound(value) != Sound::All {
            return Err(self.not_yet(
                self.here,
                "a position among elements some of which are left out",
            ));
        }
        let (chooses, kept) = match op == ReduceOp::ArgMin {
            true => (ReduceOp::Min, asked.kept()),
            false => (ReduceOp::Max, asked.kept()),
        };
        self.some_count(asked)?;
        let neutral = limit(self.build.dtype(value), chooses == ReduceOp::Min);
        let candidates = self.counting(value, &kept, neutral)?;
        let extreme = self.fold(chooses, candidates, &kept)?;
        let mut found = self.binary(BinaryOp::Eq, value, extreme)?;
        if self.build.dtype(value).is_float() {
            // If there is one that counts, it is the extremum.
            let nan = self.unary(UnaryOp::IsNan, value)?;
            found = self.binary(BinaryOp::Or, found, nan)?;
        }
        let found = self.binary(BinaryOp::And, found, mask)?;
        let place = self.fold(ReduceOp::ArgMax, found, &kept)?;
        let places = self.places(asked)?;
        let before = self.binary(BinaryOp::Lt, places, place)?;
        let before = self.binary(BinaryOp::And, before, mask)?;
        let everywhere = self.full(Scalar::Bool(true), asked.shape.clone())?;
        let before = self.binary(BinaryOp::And, before, everywhere)?;
        self.fold(ReduceOp::CountNonzero, before, asked)
    }

    /// The place of each element among those it is reduced with; the reduced axes lead.
    fn places(&mut self, asked: &Asked) -> Res<Value> {
        let (reduced, behind) = asked.shape.split_at(asked.axes.len());
        let n = reduced.iter().product();
        let places = self.counting_up(n)?;
        let mut extents = reduced.to_vec();
        extents.extend(behind.iter().map(|_| 1));
        self.reshaped(places, Shape::from(extents))
    }

    /// Scans what passes along its first axis: what does not pass adds nothing.
    pub(super) fn scan_filtered(
        &mut self,
        given: &Given,
        node: NodeId,
        filter: Filtered,
        scanned: Scanned,
    ) -> Res<Meaning> {
        let apparent = self.largest(filter);
        let axis = match self.optional(given, "axis") {
            Some(axis) => self.axis((node, &apparent), axis, given)?,
            None if apparent.ndim() == 1 => 0,
            None => {
                let span = self.span(node);
                let what = "a scan of the rows that pass a filter, without `axis`";
                return Err(self.not_yet(span, what));
            }
        };
        if self.flag(given, "include_initial", false)? {
            let span = given.named("include_initial").map(|node| self.span(node));
            let what = "`include_initial` for what passes a filter";
            return Err(self.not_yet(span.unwrap_or(self.here), what));
        }
        let op = super::scan::operation(scanned);
        let dtype = super::scan::adds_in(op, self.build.dtype(filter.value));
        let dtype = self.dtype_or(given, dtype)?;
        let whole = self.build.shape(filter.value).clone();
        let mut arg = self.cast(filter.value, dtype)?;
        let axis = match axis.checked_sub(1) {
            Some(behind) => filter.axes + behind,
            None => {
                let mask = self.aligned_mask(filter)?;
                let neutral = self.constant(nothing(op, dtype))?;
                arg = self.select(mask, arg, neutral)?;
                arg = self.reshaped(arg, apparent)?;
                0
            }
        };
        let scan = ir::Scan {
            op,
            arg,
            axis,
            initial: false,
        };
        let value = self.scan_by(scan)?;
        let value = self.reshaped(value, whole)?;
        Ok(Meaning::Filtered(Filtered { value, ..filter }))
    }
}

/// A place, or one as far beyond the ends of any array.
fn place(at: i128) -> i64 {
    const BEYOND: i128 = 1 << 60;
    // OK because it is in range then.
    at.clamp(-BEYOND, BEYOND) as i64
}

/// The end of a dtype's values that a minimum (else a maximum) never chooses over another.
pub(super) fn limit(dtype: DType, least: bool) -> Scalar {
    let end = match (dtype.int_range(), least) {
        (None, true) => Scalar::Float64(f64::INFINITY),
        (None, false) => Scalar::Float64(f64::NEG_INFINITY),
        // OK because a range of 64 bits fits one of the two.
        (Some((_, most)), true) => u64::try_from(most).map_or(Scalar::UInt64(0), Scalar::UInt64),
        (Some((low, _)), false) => i64::try_from(low).map_or(Scalar::Int64(0), Scalar::Int64),
    };
    scalar::cast(end, dtype)
}

/// What a scan may come across without any change; for sums of floats that is -0.0.
fn nothing(op: ScanOp, dtype: DType) -> Scalar {
    match op {
        ScanOp::Sum if dtype.is_float() => scalar::cast(Scalar::Float64(-0.0), dtype),
        ScanOp::Sum => scalar::cast(Scalar::Bool(false), dtype),
        ScanOp::Prod => scalar::cast(Scalar::Bool(true), dtype),
        ScanOp::Min => limit(dtype, true),
        ScanOp::Max => limit(dtype, false),
    }
}
