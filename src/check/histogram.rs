//! In: a call of `histogram` or `bincount`. Out: the number of each element's bin, found as NumPy
//! finds it, one reduction that counts those numbers or adds up weights, and the edges of the bins.
//! Never: a pass for the numbers, or a bin that rounding chooses.

use super::call::Given;
use super::filter::{Filtered, limit};
use super::literal::Literal;
use super::meaning::{Is, Meaning, Part, Term};
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic};
use crate::ir::{RaiseKind, Reduce, ReduceOp, Value};
use crate::limits::{DEFAULT_BINS, HISTOGRAM_BLOCK, MAX_BIN_EDGES, MAX_BINS};
use crate::math::scalar;
use crate::syntax::ast::{Node, NodeId};
use crate::types::promote::{self, Promotion, Side};
use crate::types::{BinaryOp, DType, Scalar, Shape, UnaryOp};

/// What is counted: all elements of an array, or those that pass a filter.
#[derive(Clone, Copy)]
pub(super) struct Counted {
    pub(super) x: Term,
    pub(super) value: Value,
    /// It broadcasts to the array.
    pub(super) mask: Option<Value>,
    /// What each element adds to its bin, where that is not 1; of the shape of the array.
    pub(super) weight: Option<Value>,
}

/// Between what bins of equal width lie.
pub(super) struct Ends {
    /// The dtype in which edges are computed, and that they are given in.
    work: DType,
    dtype: DType,
    /// The ends, in `work`.
    first: Value,
    last: Value,
    /// The distance between the ends, in the dtype that numbers of bins are estimated in.
    pub(super) width: Value,
    /// Which elements lie between the ends, if not all of them do.
    pub(super) inside: Option<Value>,
    /// Whether anything is counted, where only a pass can tell.
    some: Option<Value>,
}

/// Bins of equal width.
struct Uniform {
    ends: Ends,
    /// How many there are, as int64, and for how many there is room.
    n: Value,
    room: usize,
    /// The distance between neighbouring edges.
    step: Value,
}

impl Checker<'_> {
    /// `histogram(x, bins, range, density, weights)`: the counts, and the edges of the bins.
    pub(super) fn histogram(&mut self, given: &Given) -> Res<Meaning> {
        let mut counted = self.counted(given)?;
        counted.weight = self.numbers_for(given)?;
        if self.build.dtype(counted.value).is_bool() {
            counted.value = self.cast(counted.value, DType::UInt8)?;
            counted.x.is = Is::Value(counted.value);
        }
        let bins = given.named("bins");
        let list = bins.map(|node| (node, self.get(node), &self.frame.ast.nodes[node]));
        let (counts, edges, open) = match list {
            Some((node, Meaning::Tuple, Node::Tuple(items) | Node::List(items))) => {
                let (number, edges, n) = self.between_edges(counted, node, items)?;
                (self.count_bins(counted, number, n, None)?, edges, None)
            }
            _ => {
                let ends = self.ends(given, counted)?;
                let (n, room, open) = self.how_many_bins(given, counted, &ends)?;
                let step = self.step(ends.first, ends.last, n)?;
                let uniform = Uniform {
                    ends,
                    n,
                    room,
                    step,
                };
                let number = self.bin_number(counted, &uniform)?;
                let numbers = self.counting_up(room + 1)?;
                let edges = self.edges(&uniform, numbers)?;
                self.apart(edges, room, open)?;
                let block = Some(HISTOGRAM_BLOCK);
                (self.count_bins(counted, number, room, block)?, edges, open)
            }
        };
        let counts = match self.flag(given, "density", false)? {
            true => self.density(counts, edges)?,
            false => counts,
        };
        let Some(n) = open else {
            return Ok(Meaning::Pair([Part::Whole(counts), Part::Whole(edges)]));
        };
        let one = self.whole(1)?;
        let above = self.binary(BinaryOp::Add, n, one)?;
        let (counts, edges) = (self.so_many(counts, n)?, self.so_many(edges, above)?);
        Ok(Meaning::Pair([counts, edges].map(Part::Filtered)))
    }

    /// `bincount(x, weights, minlength)`: how often 0, 1, 2 and so on occur, up to the largest.
    pub(super) fn bincount(&mut self, given: &Given) -> Res<Meaning> {
        let mut counted = self.counted(given)?;
        let Counted { x, value, mask, .. } = counted;
        let dtype = self.build.dtype(value);
        if dtype.is_float() || dtype == DType::UInt64 {
            let message = format!("`bincount` counts integers that fit in `int64`, not `{dtype}`");
            let label = self.origin(x);
            let diagnostic =
                Diagnostic::new(Code::NoSuchOperation, message, self.span(x.node), label)
                    .suggest("to count it as integers", self.wrap("int64", x.node));
            self.report(diagnostic);
            return Err(Reported);
        }
        let filter = self.get(x.node).filtered();
        let axes = filter
            .map_or(self.shape(x), |filter| self.largest(filter))
            .ndim();
        if axes != 1 {
            let message = format!("`bincount` of an array of {axes} axes");
            let span = self.span(x.node);
            let mut diagnostic = Diagnostic::new(Code::Shapes, message, span, "it takes one");
            if filter.is_none() {
                let ravel = self.wrap("ravel", x.node);
                diagnostic = diagnostic.suggest("to count all elements", ravel);
            }
            self.report(diagnostic);
            return Err(Reported);
        }
        let least = match given.named("minlength") {
            Some(node) => self.bins_arg(node, "minlength", 0)?,
            None => 0,
        };
        let narrow = dtype.int_range().filter(|_| dtype.size() <= 2);
        let room = narrow.map_or(DEFAULT_BINS, |(_, most)| most as usize + 1);
        let bins = room.max(least);
        let number = self.cast(value, DType::Int64)?;
        self.countable(counted, number, bins, narrow.is_some())?;
        let nowhere = self.constant(Scalar::Int64(-1))?;
        let number = match mask {
            Some(mask) => self.select(mask, number, nowhere)?,
            None => number,
        };
        let empty = self.build.shape(number).contains(&0);
        // NumPy does not look at the weights of nothing.
        let weight = if empty { None } else { self.weights(given)? };
        counted.weight = match weight {
            Some(weight) => Some(self.cast(weight, DType::Float64)?),
            None => None,
        };
        let counts = self.count_bins(counted, number, bins, None)?;
        let most = match empty {
            true => nowhere,
            false => self.reduce_all(ReduceOp::Max, number, counted)?,
        };
        let one = self.constant(Scalar::Int64(1))?;
        let length = self.binary(BinaryOp::Add, most, one)?;
        // OK because it is below `MAX_BINS`.
        let least = self.constant(Scalar::Int64(least as i64))?;
        let length = self.binary(BinaryOp::Max, length, least)?;
        self.so_many(counts, length).map(Meaning::Filtered)
    }

    /// The first elements, as many as `length` says.
    fn so_many(&mut self, value: Value, length: Value) -> Res<Filtered> {
        let numbers = self.counting_up(self.build.shape(value)[0])?;
        let mask = self.binary(BinaryOp::Lt, numbers, length)?;
        Ok(Filtered {
            value,
            mask,
            axes: 1,
        })
    }

    fn counted(&mut self, given: &Given) -> Res<Counted> {
        let node = given.get(0).ok_or(Reported)?;
        if let Some(filter) = self.get(node).filtered() {
            let is = Is::Value(filter.value);
            let mask = self.aligned_mask(filter)?;
            return Ok(Counted {
                x: Term { node, is },
                value: filter.value,
                mask: Some(mask),
                weight: None,
            });
        }
        let x = self.first(given)?;
        let value = self.strong(x)?;
        let is = Is::Value(value);
        Ok(Counted {
            x: Term { node, is },
            value,
            mask: None,
            weight: None,
        })
    }

    /// How many bins of equal width there are, for how many there is room, and once more how many
    /// where the data decides that.
    fn how_many_bins(
        &mut self,
        given: &Given,
        counted: Counted,
        ends: &Ends,
    ) -> Res<(Value, usize, Option<Value>)> {
        let room = match given.named("bins") {
            None => 10,
            Some(node) if matches!(self.get(node), Meaning::Text) => {
                let (n, room) = self.estimated(given, node, counted, ends)?;
                return Ok((n, room, Some(n)));
            }
            Some(node) if self.get(node).array().is_some() => {
                let span = self.span(node);
                return Err(self.not_yet(span, "a list of edges that is not written out"));
            }
            Some(node) => self.bins_arg(node, "bins", 1)?,
        };
        Ok((self.whole(room)?, room, None))
    }

    /// A literal number of bins.
    fn bins_arg(&mut self, node: NodeId, name: &str, least: usize) -> Res<usize> {
        let given = self.int_arg(node, &format!("`{name}`"))?;
        let n = usize::try_from(given).ok();
        n.filter(|n| (least..=MAX_BINS).contains(n)).ok_or_else(|| {
            let message = format!("`{name}` is {given}: it must be {least} to {MAX_BINS}");
            self.bad_range(Some(node), &message)
        })
    }

    /// The ends given, or the smallest and the largest element.
    fn ends(&mut self, given: &Given, counted: Counted) -> Res<Ends> {
        let range = self.optional(given, "range");
        let empty = self.build.shape(counted.value).contains(&0);
        let ends = match range {
            Some(node) => Some((node, self.ends_arg(node)?)),
            None => empty.then_some((counted.x.node, [Literal::Int(0), Literal::Int(1)])),
        };
        match ends {
            Some((node, ends)) => self.ends_given(counted, node, ends),
            None => self.ends_found(counted),
        }
    }

    /// `range=(low, high)`
    fn ends_arg(&mut self, node: NodeId) -> Res<[Literal; 2]> {
        let (Meaning::Tuple, Node::Tuple(items) | Node::List(items)) =
            (self.get(node), &self.frame.ast.nodes[node])
        else {
            return Err(self.no_literal(node, "`range`", "a pair of numbers"));
        };
        let &[low, high] = items.as_slice() else {
            return Err(self.no_literal(node, "`range`", "a pair of numbers"));
        };
        let ends = [
            self.number_arg(low, "`range`")?,
            self.number_arg(high, "`range`")?,
        ];
        let [a, b] = ends.map(|end| end.to_f64());
        if !(a.is_finite() && b.is_finite()) {
            return Err(self.bad_range(Some(node), "the ends of `range` must be finite"));
        }
        let ordered = match ends {
            [Literal::Int(a), Literal::Int(b)] => a <= b,
            _ => a <= b,
        };
        if !ordered {
            return Err(self.bad_range(Some(node), "`range` must begin with its lower end"));
        }
        Ok(ends)
    }

    fn ends_given(&mut self, counted: Counted, node: NodeId, ends: [Literal; 2]) -> Res<Ends> {
        let equal = match ends {
            [Literal::Int(a), Literal::Int(b)] => a == b,
            [a, b] => a.to_f64() == b.to_f64(),
        };
        let [low, high] = match equal {
            true => [
                Literal::Float(ends[0].to_f64() - 0.5),
                Literal::Float(ends[1].to_f64() + 0.5),
            ],
            false => ends,
        };
        let width = match (low, high) {
            (Literal::Int(low), Literal::Int(high)) => (high - low) as f64,
            _ => high.to_f64() - low.to_f64(),
        };
        let [least, most] = [low, high].map(|literal| Term {
            node,
            is: Is::Literal(literal),
        });
        let above = self.binary_op(node, BinaryOp::Ge, counted.x, least)?;
        let below = self.binary_op(node, BinaryOp::Le, counted.x, most)?;
        let inside = self.binary(BinaryOp::And, above, below)?;
        let own = self.build.dtype(counted.value);
        let first = self.constant(Scalar::Float64(low.to_f64()))?;
        let last = self.constant(Scalar::Float64(high.to_f64()))?;
        Ok(Ends {
            work: DType::Float64,
            dtype: if own.is_float() { own } else { DType::Float64 },
            first,
            last,
            width: self.constant(Scalar::Float64(width))?,
            inside: Some(inside),
            some: None,
        })
    }

    fn ends_found(&mut self, counted: Counted) -> Res<Ends> {
        let own = self.build.dtype(counted.value);
        let [least, most] = self.extremes_of(counted)?;
        let work = if own.is_float() { own } else { DType::Float64 };
        let (mut first, mut last) = (self.cast(least, work)?, self.cast(most, work)?);
        let some = match counted.mask {
            Some(mask) => Some(self.reduce_all(ReduceOp::Any, mask, counted)?),
            None => None,
        };
        if let Some(some) = some {
            // Of nothing the range is from 0 to 1.
            let [zero, one] = [0.0, 1.0].map(|end| scalar::cast(Scalar::Float64(end), work));
            let (zero, one) = (self.constant(zero)?, self.constant(one)?);
            first = self.select(some, first, zero)?;
            last = self.select(some, last, one)?;
        }
        if own.is_float() {
            for end in [first, last] {
                let finite = self.unary(UnaryOp::IsFinite, end)?;
                let infinite = self.unary(UnaryOp::Not, finite)?;
                self.build.raise(infinite, RaiseKind::InfiniteBounds);
            }
        }
        let equal = self.binary(BinaryOp::Eq, least, most)?;
        let half = self.constant(scalar::cast(Scalar::Float64(0.5), work))?;
        let below = self.binary(BinaryOp::Sub, first, half)?;
        let above = self.binary(BinaryOp::Add, last, half)?;
        first = self.select(equal, below, first)?;
        last = self.select(equal, above, last)?;
        let mut width = self.binary(BinaryOp::Sub, last, first)?;
        if unsigned(own).is_some() {
            let exact = self.distance(least, most)?;
            let exact = match some {
                Some(some) => self.select(some, exact, width)?,
                None => exact,
            };
            width = self.select(equal, width, exact)?;
        }
        Ok(Ends {
            work,
            dtype: work,
            first,
            last,
            width,
            inside: None,
            some,
        })
    }

    /// From one element to a larger one: in their own dtype for floats; of integers exact, and then
    /// rounded once, to float64.
    pub(super) fn distance(&mut self, least: Value, most: Value) -> Res<Value> {
        let own = self.build.dtype(least);
        let Some(unsigned) = unsigned(own) else {
            return self.binary(BinaryOp::Sub, most, least);
        };
        let (a, b) = (self.cast(most, unsigned)?, self.cast(least, unsigned)?);
        let exact = self.binary(BinaryOp::Sub, a, b)?;
        self.cast(exact, DType::Float64)
    }

    /// The smallest and the largest element that is counted.
    pub(super) fn extremes_of(&mut self, counted: Counted) -> Res<[Value; 2]> {
        let mut found = [counted.value; 2];
        for (found, op) in found.iter_mut().zip([ReduceOp::Min, ReduceOp::Max]) {
            if let Some(mask) = counted.mask {
                let dtype = self.build.dtype(counted.value);
                let neutral = self.constant(limit(dtype, op == ReduceOp::Min))?;
                *found = self.select(mask, counted.value, neutral)?;
            }
            *found = self.reduce_all(op, *found, counted)?;
        }
        Ok(found)
    }

    /// The distance between edges.
    fn step(&mut self, first: Value, last: Value, n: Value) -> Res<Value> {
        let delta = self.binary(BinaryOp::Sub, last, first)?;
        let n = self.cast(n, self.build.dtype(delta))?;
        self.binary(BinaryOp::Div, delta, n)
    }

    /// The edges with these numbers; of nothing NumPy computes them in float64.
    fn edges(&mut self, bins: &Uniform, numbers: Value) -> Res<Value> {
        let edges = self.edge(bins, numbers)?;
        let Some(some) = bins.ends.some.filter(|_| bins.ends.work == DType::Float32) else {
            return Ok(edges);
        };
        let first = self.constant(Scalar::Float64(0.0))?;
        let last = self.constant(Scalar::Float64(1.0))?;
        let ends = Ends {
            work: DType::Float64,
            dtype: DType::Float32,
            first,
            last,
            width: last,
            inside: None,
            some: None,
        };
        let step = self.step(first, last, bins.n)?;
        let unit = Uniform {
            ends,
            step,
            ..*bins
        };
        let unit = self.edge(&unit, numbers)?;
        self.select(some, edges, unit)
    }

    /// Edge `number` of bins of equal width, as NumPy's `linspace` has it.
    fn edge(&mut self, bins: &Uniform, number: Value) -> Res<Value> {
        let Ends {
            work,
            dtype,
            first,
            last,
            ..
        } = bins.ends;
        let along = self.cast(number, work)?;
        let along = self.binary(BinaryOp::Mul, along, bins.step)?;
        let edge = self.binary(BinaryOp::Add, along, first)?;
        let end = self.binary(BinaryOp::Eq, number, bins.n)?;
        let edge = self.select(end, last, edge)?;
        self.cast(edge, dtype)
    }

    /// The number of each element's bin: estimated, then compared with the edges; that of no
    /// bin outside of the ends, -1 where the mask does not hold.
    fn bin_number(&mut self, counted: Counted, bins: &Uniform) -> Res<Value> {
        let ends = &bins.ends;
        let x = self.cast(counted.value, ends.dtype)?;
        let first = self.cast(ends.first, ends.dtype)?;
        let along = self.binary(BinaryOp::Sub, x, first)?;
        let estimate = self.build.dtype(ends.width);
        let along = self.cast(along, estimate)?;
        let part = self.binary(BinaryOp::Div, along, ends.width)?;
        let times = self.cast(bins.n, estimate)?;
        let number = self.binary(BinaryOp::Mul, part, times)?;
        let mut number = self.cast(number, DType::Int64)?;
        let (n, one) = (bins.n, self.whole(1)?);
        let last = self.binary(BinaryOp::Sub, n, one)?;
        let beyond = self.binary(BinaryOp::Eq, number, n)?;
        number = self.select(beyond, last, number)?;
        let edge = self.edge(bins, number)?;
        let below = self.binary(BinaryOp::Lt, x, edge)?;
        let lower = self.binary(BinaryOp::Sub, number, one)?;
        number = self.select(below, lower, number)?;
        let next = self.binary(BinaryOp::Add, number, one)?;
        let edge = self.edge(bins, next)?;
        let above = self.binary(BinaryOp::Ge, x, edge)?;
        // The last bin has its upper edge.
        let inner = self.binary(BinaryOp::Ne, number, last)?;
        let above = self.binary(BinaryOp::And, above, inner)?;
        number = self.select(above, next, number)?;
        if let Some(inside) = ends.inside {
            let outside = self.whole(bins.room)?;
            number = self.select(inside, number, outside)?;
        }
        if let Some(mask) = counted.mask {
            let nowhere = self.constant(Scalar::Int64(-1))?;
            number = self.select(mask, number, nowhere)?;
        }
        Ok(number)
    }

    /// The number of each element's bin between edges written out, the edges, and how many bins
    /// there are.
    fn between_edges(
        &mut self,
        counted: Counted,
        node: NodeId,
        items: &[NodeId],
    ) -> Res<(Value, Value, usize)> {
        if items.is_empty() || items.len() > MAX_BIN_EDGES {
            let message = format!("`bins` must have 1 to {MAX_BIN_EDGES} edges");
            return Err(self.bad_range(Some(node), &message));
        }
        let mut literals = Vec::with_capacity(items.len());
        for &item in items {
            literals.push(self.number_arg(item, "an edge of `bins`")?);
        }
        let whole = literals.iter().all(|edge| matches!(edge, Literal::Int(_)));
        let given = if whole { DType::Int64 } else { DType::Float64 };
        let mut edges = Vec::with_capacity(literals.len());
        for (literal, &item) in literals.iter().zip(items) {
            let edge = literal.to(given).ok_or_else(|| {
                self.bad_range(Some(item), "an edge of `bins` does not fit in `int64`")
            })?;
            edges.push(edge);
        }
        let falls = edges
            .windows(2)
            .any(|pair| scalar::binary(BinaryOp::Gt, pair[0], pair[1]) == Some(Scalar::Bool(true)));
        if falls {
            return Err(self.bad_range(Some(node), "the edges of `bins` must not decrease"));
        }
        let own = self.build.dtype(counted.value);
        let sides = [own, given].map(Side::Strong);
        let Promotion::In(common) = promote::binary(BinaryOp::Max, sides[0], sides[1]) else {
            return Err(Reported);
        };
        let x = self.cast(counted.value, common)?;
        let nowhere = self.constant(Scalar::Int64(-1))?;
        let (mut number, mut values) = (nowhere, Vec::new());
        for &edge in &edges {
            values.push(self.constant(edge)?);
            let edge = self.constant(scalar::cast(edge, common))?;
            let reached = self.binary(BinaryOp::Ge, x, edge)?;
            let reached = self.cast(reached, DType::Int64)?;
            number = self.binary(BinaryOp::Add, number, reached)?;
        }
        let n = edges.len() - 1;
        if let Some(&last) = edges.last().filter(|_| n > 0) {
            let last = self.constant(scalar::cast(last, common))?;
            let at = self.binary(BinaryOp::Eq, x, last)?;
            let upmost = self.whole(n - 1)?;
            number = self.select(at, upmost, number)?;
        }
        if let Some(mask) = counted.mask {
            number = self.select(mask, number, nowhere)?;
        }
        let edges = self.in_a_row(&values)?;
        Ok((number, edges, n))
    }

    /// Edges that are no higher than the one before are none; behind `open` bins they do not matter.
    fn apart(&mut self, edges: Value, room: usize, open: Option<Value>) -> Res<()> {
        let lower = self.part(edges, 0, [None, Some(room as i128), None])?;
        let upper = self.part(edges, 0, [Some(1), None, None])?;
        // Also where one is NaN, since the range overflows.
        let apart = self.binary(BinaryOp::Lt, lower, upper)?;
        let mut together = self.unary(UnaryOp::Not, apart)?;
        if let Some(n) = open {
            let numbers = self.counting_up(room)?;
            let matters = self.binary(BinaryOp::Lt, numbers, n)?;
            together = self.binary(BinaryOp::And, together, matters)?;
        }
        self.build.raise(together, RaiseKind::NarrowBins);
        Ok(())
    }

    /// Counts for each unit of the axis, in all 1.
    fn density(&mut self, counts: Value, edges: Value) -> Res<Value> {
        let lower = self.part(edges, 0, [None, Some(-1), None])?;
        let upper = self.part(edges, 0, [Some(1), None, None])?;
        let width = self.binary(BinaryOp::Sub, upper, lower)?;
        let width = self.cast(width, DType::Float64)?;
        let shape = self.build.shape(counts).clone();
        let total = self.reduce_by(Reduce {
            op: ReduceOp::Sum,
            arg: counts,
            axes: vec![0],
            keepdims: false,
            cut: self.cut(&shape, std::iter::once(counts)),
        })?;
        let (counts, total) = (
            self.cast(counts, DType::Float64)?,
            self.cast(total, DType::Float64)?,
        );
        let density = self.binary(BinaryOp::Div, counts, width)?;
        self.binary(BinaryOp::Div, density, total)
    }

    /// What `bincount` cannot count is an error when it is met.
    fn countable(&mut self, counted: Counted, number: Value, bins: usize, narrow: bool) -> Res<()> {
        let (zero, bins) = (self.whole(0)?, self.whole(bins)?);
        let mut never = Vec::new();
        if !self.build.dtype(counted.value).is_unsigned() {
            never.push((BinaryOp::Lt, zero, RaiseKind::NegativeCount));
        }
        if !narrow {
            never.push((BinaryOp::Ge, bins, RaiseKind::LargeCount));
        }
        for (op, bound, kind) in never {
            let mut outside = self.binary(op, number, bound)?;
            if let Some(mask) = counted.mask {
                outside = self.binary(BinaryOp::And, outside, mask)?;
            }
            self.build.raise(outside, kind);
        }
        Ok(())
    }

    /// How many elements there are in each bin, or the sums of their weights, in blocks of so many.
    fn count_bins(
        &mut self,
        counted: Counted,
        number: Value,
        bins: usize,
        block: Option<usize>,
    ) -> Res<Value> {
        match counted.weight {
            Some(weight) => self.add_up(counted, number, weight, bins, block),
            None => self.reduce_all(ReduceOp::Bins { bins }, number, counted),
        }
    }

    /// A reduction over all axes, cut as what is counted is.
    fn reduce_all(&mut self, op: ReduceOp, arg: Value, counted: Counted) -> Res<Value> {
        let shape = self.build.shape(counted.value).clone();
        let arg = self.repeated_to(arg, &shape)?;
        let cut = self.cut(&shape, std::iter::once(counted.value).chain(counted.mask));
        self.reduce_by(Reduce {
            op,
            arg,
            axes: (0..shape.ndim()).collect(),
            keepdims: false,
            cut,
        })
    }

    /// The same under a shape that it broadcasts to.
    pub(super) fn repeated_to(&mut self, arg: Value, shape: &Shape) -> Res<Value> {
        if self.build.shape(arg) == shape {
            return Ok(arg);
        }
        let everywhere = self.full(Scalar::Bool(true), shape.clone())?;
        self.select(everywhere, arg, arg)
    }

    /// A number of bins as int64.
    fn whole(&mut self, n: usize) -> Res<Value> {
        // OK because it is at most `MAX_BINS`.
        self.constant(Scalar::Int64(n as i64))
    }
}

/// The unsigned integers of the same width.
fn unsigned(dtype: DType) -> Option<DType> {
    match dtype {
        DType::Int8 | DType::UInt8 => Some(DType::UInt8),
        DType::Int16 | DType::UInt16 => Some(DType::UInt16),
        DType::Int32 | DType::UInt32 => Some(DType::UInt32),
        DType::Int64 | DType::UInt64 => Some(DType::UInt64),
        DType::Bool | DType::Float32 | DType::Float64 => None,
    }
}
