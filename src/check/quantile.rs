//! In: an array and which of its elements are asked for, once sorted. Out: the reductions to
//! elements at ranks, and the few operations between neighbours. Never: an array along axes of which
//! some elements count, other than rows of them.
//!
//! How many elements are asked among is known, or found by a pass before: one formula serves both.

use super::call::Given;
use super::filter::limit;
use super::literal::Literal;
use super::meaning::Meaning;
use super::reduce::Asked;
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic, nearest};
use crate::ir::{RaiseKind, Rank, ReduceOp, Value};
use crate::limits::{MAX_QUANTILES, MAX_SELECT_ELEMS, TILE_MAX_ELEMS};
use crate::math::scalar;
use crate::syntax::ast::{Node, NodeId};
use crate::types::promote::{self, Promotion, Side};
use crate::types::{BinaryOp, DType, Scalar, UnaryOp};

/// NumPy's ways to choose between neighbours.
const METHODS: [&str; 13] = [
    "linear",
    "lower",
    "higher",
    "midpoint",
    "nearest",
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
    "interpolated_inverted_cdf",
    "hazen",
    "weibull",
    "median_unbiased",
    "normal_unbiased",
];

/// A float64 that is known, or that a pass finds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Known(f64),
    Found(Value),
}

use Number::Known;

/// What stands for a quantile.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Pick {
    /// The element at a rank.
    At(Number),
    /// What lies between the elements at two ranks, this far from the first to the second.
    Between(Number, Number, Number),
}

impl Checker<'_> {
    /// The middle element, or the mean of the two in the middle.
    pub(super) fn median(&mut self, given: &Given, value: Value, asked: &Asked) -> Res<Value> {
        let dtype = ReduceOp::Mean.result(self.build.dtype(value));
        let nan = self.constant(scalar::cast(Scalar::Float64(f64::NAN), dtype))?;
        self.some_rows(given, asked)?;
        let n = self.how_many_sorted(asked)?;
        if n == Known(0.0) {
            return self.everywhere(nan, asked);
        }
        let before = self.number(BinaryOp::Sub, n, Known(1.0))?;
        let [low, high] = [before, n].map(|twice| self.half_rank(twice));
        let (low, high) = (low?, high?);
        let picked = self.nth(given, value, asked, low)?;
        let mut middle = self.cast(picked, dtype)?;
        if low != high {
            let picked = self.nth(given, value, asked, high)?;
            let picked = self.cast(picked, dtype)?;
            let two = self.constant(scalar::cast(Scalar::Float64(2.0), dtype))?;
            let sum = self.binary(BinaryOp::Add, middle, picked)?;
            let mean = self.binary(BinaryOp::Div, sum, two)?;
            middle = match (low, high) {
                (Number::Found(low), Number::Found(high)) => {
                    let one = self.binary(BinaryOp::Eq, low, high)?;
                    self.select(one, middle, mean)?
                }
                _ => mean,
            };
        }
        // A mean is never -0.0.
        let zero = self.constant(Scalar::from_bits(dtype, 0))?;
        let middle = self.binary(BinaryOp::Add, middle, zero)?;
        match n {
            Known(_) => Ok(middle),
            Number::Found(n) => {
                let zero = self.constant(Scalar::Float64(0.0))?;
                let nothing = self.binary(BinaryOp::Eq, n, zero)?;
                self.select(nothing, nan, middle)
            }
        }
    }

    /// NumPy puts several axes together before it looks at the others, which must have elements then.
    fn some_rows(&mut self, given: &Given, asked: &Asked) -> Res<()> {
        let kept = (0..asked.shape.ndim()).filter(|axis| !asked.axes.contains(axis));
        let empty = kept.map(|axis| asked.shape[axis]).any(|extent| extent == 0);
        if asked.axes.len() == 1 || !empty {
            return Ok(());
        }
        let name = given.function.name;
        let message = format!("`{name}` along several axes, of rows that are none");
        let node = given.get(0).ok_or(Reported)?;
        let label = format!("`{}`", asked.shape);
        let span = self.span(node);
        self.report(Diagnostic::new(Code::EmptyReduction, message, span, label));
        Err(Reported)
    }

    /// Half of a number, rounded down.
    fn half_rank(&mut self, twice: Number) -> Res<Number> {
        let half = self.number(BinaryOp::Mul, twice, Known(0.5))?;
        self.rounded(UnaryOp::Floor, half)
    }

    /// Among how many elements each element of the result is.
    fn how_many_sorted(&mut self, asked: &Asked) -> Res<Number> {
        let n = asked.n_reduced();
        let Some(mask) = asked.mask.filter(|_| n > 0) else {
            return Ok(Known(n as f64));
        };
        // It has the axes of the array, those behind what passes or not with extent 1.
        let shape = self.build.shape(mask).clone();
        let behind = asked.axes.iter().filter(|&&axis| shape[axis] == 1);
        let rows = behind.map(|&axis| asked.shape[axis] as f64).product();
        let cut = match shape == asked.shape {
            true => asked.cut.clone(),
            false => self.cut(&shape, std::iter::once(mask)),
        };
        let count = self.count_true(mask, cut)?;
        let count = self.cast(count, DType::Float64)?;
        self.number(BinaryOp::Mul, Number::Found(count), Known(rows))
    }

    /// `quantile(x, q)`; `percentile(x, q)` counts to 100.
    pub(super) fn quantile(
        &mut self,
        given: &Given,
        value: Value,
        asked: &Asked,
        whole: f64,
    ) -> Res<Value> {
        let method = self.method(given)?;
        let node = given.get(1).ok_or(Reported)?;
        let (fractions, several) = self.fractions(node, whole)?;
        let exact = fractions.iter().all(|q| matches!(q, Literal::Int(_)));
        self.some_rows(given, asked)?;
        let n = self.how_many_sorted(asked)?;
        if let Number::Found(n) = n {
            let zero = self.constant(Scalar::Float64(0.0))?;
            let nothing = self.binary(BinaryOp::Eq, n, zero)?;
            self.build.raise(nothing, RaiseKind::NoElements);
        }
        let dtype = self.build.dtype(value);
        let end = exact && whole == 1.0;
        // Ends that are integers are multiplied as integers in the formulas of these.
        let integer = several
            && !dtype.is_bool()
            && matches!(
                method,
                "averaged_inverted_cdf" | "interpolated_inverted_cdf" | "weibull"
            );
        let at_end = end && (integer || method == "linear");
        let sides = [dtype, DType::Int64].map(Side::Strong);
        let found = match promote::binary(BinaryOp::Mul, sides[0], sides[1]) {
            Promotion::In(multiplied) if end && integer => multiplied,
            Promotion::In(_) | Promotion::MixedInts | Promotion::Float16 | Promotion::Refused => {
                dtype
            }
        };
        let mut values = Vec::new();
        for q in &fractions {
            let pick = match at_end {
                true if q.truth() => Pick::At(self.number(BinaryOp::Sub, n, Known(1.0))?),
                true => Pick::At(Known(0.0)),
                false => self.pick(method, n, q.to_f64() / whole)?,
            };
            values.push(match pick {
                Pick::At(rank) => {
                    let picked = self.nth(given, value, asked, rank)?;
                    self.cast(picked, found)?
                }
                Pick::Between(low, high, by) => {
                    if dtype.is_bool() {
                        return Err(self.between_bools(given));
                    }
                    let low = self.nth(given, value, asked, low)?;
                    let high = self.nth(given, value, asked, high)?;
                    let work = match dtype.is_float() && !several {
                        true => dtype,
                        false => DType::Float64,
                    };
                    self.between(low, high, by, work)?
                }
            });
        }
        match (several, values.as_slice()) {
            (false, [only]) => Ok(*only),
            _ => self.in_a_row(&values),
        }
    }

    /// What lies at a fraction of all that counts, in float64.
    pub(super) fn at_fraction(
        &mut self,
        given: &Given,
        value: Value,
        asked: &Asked,
        fraction: f64,
    ) -> Res<Value> {
        let n = self.how_many_sorted(asked)?;
        let along = self.along(n, fraction)?;
        let (low, high, by) = self.neighbours(n, along)?;
        let low = self.nth(given, value, asked, low)?;
        let high = self.nth(given, value, asked, high)?;
        self.between(low, high, by, DType::Float64)
    }

    /// The element at a rank: sorted in tiles that hold all that is reduced, or found in rounds of
    /// counting if an array is too large for that.
    fn nth(&mut self, given: &Given, value: Value, asked: &Asked, rank: Number) -> Res<Value> {
        let n = asked.n_reduced();
        let all = asked.axes.len() == asked.shape.ndim();
        if !all && n > MAX_SELECT_ELEMS {
            let name = given.function.name;
            let message = format!(
                "`{name}` along axes of {n} elements is beyond the limit of {MAX_SELECT_ELEMS}; over all axes there is none"
            );
            let span = given
                .named("axis")
                .map_or(self.here, |node| self.span(node));
            self.report(Diagnostic::new(Code::TooLarge, message, span, ""));
            return Err(Reported);
        }
        // What does not count stands behind all that does.
        let neutral = limit(self.build.dtype(value), true);
        let value = self.counting(value, asked, neutral)?;
        let cut = match all && n > TILE_MAX_ELEMS {
            true => asked.cut.clone(),
            false => asked.cut.spanning(&asked.shape, &asked.axes),
        };
        let asked = Asked {
            cut,
            ..asked.clone()
        };
        let rank = match rank {
            Known(rank) => Rank::Known(rank as u64),
            Number::Found(rank) => Rank::Found(self.cast(rank, DType::Int64)?),
        };
        self.fold(ReduceOp::Nth { rank }, value, &asked)
    }

    /// NumPy's interpolation, operation by operation.
    fn between(&mut self, low: Value, high: Value, by: Number, work: DType) -> Res<Value> {
        let distance = self.binary(BinaryOp::Sub, high, low)?;
        let (low, high) = (self.cast(low, work)?, self.cast(high, work)?);
        let distance = self.cast(distance, work)?;
        let rest = self.number(BinaryOp::Sub, Known(1.0), by)?;
        let near = (BinaryOp::Lt, by, Known(0.5));
        let factor = self.either(near, by, rest)?;
        let factor = self.found(factor)?;
        let factor = self.cast(factor, work)?;
        let step = self.binary(BinaryOp::Mul, distance, factor)?;
        match by {
            Known(by) if by < 0.5 => self.binary(BinaryOp::Add, low, step),
            Known(_) => self.binary(BinaryOp::Sub, high, step),
            Number::Found(by) => {
                let half = self.constant(Scalar::Float64(0.5))?;
                let near = self.binary(BinaryOp::Lt, by, half)?;
                let from_low = self.binary(BinaryOp::Add, low, step)?;
                let from_high = self.binary(BinaryOp::Sub, high, step)?;
                self.select(near, from_low, from_high)
            }
        }
    }

    /// What `quantile` means by a fraction `q` of `n` elements: NumPy's formulas, in its order of
    /// operations.
    fn pick(&mut self, method: &str, n: Number, q: f64) -> Res<Pick> {
        let along = self.along(n, q)?;
        let share = self.number(BinaryOp::Mul, n, Known(q))?;
        let biased = |checker: &mut Self, a: f64, b: f64| {
            let more = Known(a + q * (1.0 - a - b));
            let index = checker.number(BinaryOp::Add, share, more)?;
            checker.number(BinaryOp::Sub, index, Known(1.0))
        };
        match method {
            "lower" => self.rounded(UnaryOp::Floor, along).map(Pick::At),
            "higher" => self.rounded(UnaryOp::Ceil, along).map(Pick::At),
            "nearest" => self.rounded(UnaryOp::Rint, along).map(Pick::At),
            "inverted_cdf" => {
                let index = self.number(BinaryOp::Sub, share, Known(1.0))?;
                self.at_or_after(index, |_, _, floor| Ok(floor))
            }
            "closest_observation" => {
                let index = self.number(BinaryOp::Sub, share, Known(1.0))?;
                let index = self.number(BinaryOp::Sub, index, Known(0.5))?;
                self.at_or_after(index, |checker, next, floor| {
                    let odd = checker.number(BinaryOp::Mod, floor, Known(2.0))?;
                    checker.either((BinaryOp::Eq, odd, Known(1.0)), floor, next)
                })
            }
            "midpoint" => {
                let floor = self.rounded(UnaryOp::Floor, along)?;
                let ceil = self.rounded(UnaryOp::Ceil, along)?;
                let sum = self.number(BinaryOp::Add, floor, ceil)?;
                let index = self.number(BinaryOp::Mul, Known(0.5), sum)?;
                let whole = self.rounded(UnaryOp::Floor, index)?;
                let between = (BinaryOp::Eq, index, whole);
                let by = self.either(between, Known(0.0), Known(0.5))?;
                let (low, high, _) = self.neighbours(n, index)?;
                Ok(Pick::Between(low, high, by))
            }
            "averaged_inverted_cdf" => {
                let index = self.number(BinaryOp::Sub, share, Known(1.0))?;
                let (low, high, gamma) = self.neighbours(n, index)?;
                let by = self.either((BinaryOp::Eq, gamma, Known(0.0)), Known(0.5), Known(1.0))?;
                Ok(Pick::Between(low, high, by))
            }
            _ => {
                let index = match method {
                    "interpolated_inverted_cdf" => biased(self, 0.0, 1.0)?,
                    "hazen" => biased(self, 0.5, 0.5)?,
                    "weibull" => biased(self, 0.0, 0.0)?,
                    "median_unbiased" => biased(self, 1.0 / 3.0, 1.0 / 3.0)?,
                    "normal_unbiased" => biased(self, 3.0 / 8.0, 3.0 / 8.0)?,
                    _ => along,
                };
                let (low, high, gamma) = self.neighbours(n, index)?;
                Ok(Pick::Between(low, high, gamma))
            }
        }
    }

    /// A fraction of the way from the first of `n` elements to the last.
    fn along(&mut self, n: Number, fraction: f64) -> Res<Number> {
        let last = self.number(BinaryOp::Sub, n, Known(1.0))?;
        self.number(BinaryOp::Mul, last, Known(fraction))
    }

    /// The element after a fractional rank; where it is whole, `exact` of that behind it and itself.
    fn at_or_after(
        &mut self,
        index: Number,
        exact: impl FnOnce(&mut Self, Number, Number) -> Res<Number>,
    ) -> Res<Pick> {
        let floor = self.rounded(UnaryOp::Floor, index)?;
        let gamma = self.number(BinaryOp::Sub, index, floor)?;
        let next = self.number(BinaryOp::Add, floor, Known(1.0))?;
        let exact = exact(self, next, floor)?;
        let rank = self.either((BinaryOp::Eq, gamma, Known(0.0)), exact, next)?;
        let rank = self.number(BinaryOp::Max, rank, Known(0.0))?;
        Ok(Pick::At(rank))
    }

    /// The neighbours of a fractional rank, and how far it is from the first of them.
    fn neighbours(&mut self, n: Number, index: Number) -> Res<(Number, Number, Number)> {
        let last = self.number(BinaryOp::Sub, n, Known(1.0))?;
        let floor = self.rounded(UnaryOp::Floor, index)?;
        let next = self.number(BinaryOp::Add, floor, Known(1.0))?;
        let mut inside = |before: f64, own: Number, behind: Number| {
            let from_first = self.either((BinaryOp::Lt, index, Known(0.0)), Known(before), own)?;
            self.either((BinaryOp::Ge, index, last), behind, from_first)
        };
        let (low, high) = (inside(0.0, floor, last)?, inside(0.0, next, last)?);
        // Beyond the last NumPy counts from -1, which leaves a fraction that does not matter.
        let from = inside(0.0, floor, Known(-1.0))?;
        let gamma = self.number(BinaryOp::Sub, index, from)?;
        Ok((low, high, gamma))
    }

    /// An operation of numbers that has a number for its result.
    fn number(&mut self, op: BinaryOp, a: Number, b: Number) -> Res<Number> {
        if let (Known(a), Known(b)) = (a, b) {
            let [a, b] = [a, b].map(Scalar::Float64);
            // OK because every operation asked for here takes float64.
            let result = scalar::binary(op, a, b).expect("an operation of float64");
            return Ok(Known(result.as_f64()));
        }
        let (a, b) = (self.found(a)?, self.found(b)?);
        self.binary(op, a, b).map(Number::Found)
    }

    fn rounded(&mut self, op: UnaryOp, number: Number) -> Res<Number> {
        match number {
            Known(number) => {
                // OK because float64 is what is rounded.
                let result = scalar::unary(op, Scalar::Float64(number)).expect("a rounding");
                Ok(Known(result.as_f64()))
            }
            Number::Found(number) => self.unary(op, number).map(Number::Found),
        }
    }

    /// One of two numbers: the first if a comparison holds.
    fn either(
        &mut self,
        (op, a, b): (BinaryOp, Number, Number),
        then: Number,
        otherwise: Number,
    ) -> Res<Number> {
        if let (Known(a), Known(b)) = (a, b) {
            let [a, b] = [a, b].map(Scalar::Float64);
            let holds = scalar::binary(op, a, b) == Some(Scalar::Bool(true));
            return Ok(if holds { then } else { otherwise });
        }
        let (a, b) = (self.found(a)?, self.found(b)?);
        let holds = self.binary(op, a, b)?;
        let (then, otherwise) = (self.found(then)?, self.found(otherwise)?);
        self.select(holds, then, otherwise).map(Number::Found)
    }

    /// The value of a number.
    fn found(&mut self, number: Number) -> Res<Value> {
        match number {
            Known(number) => self.constant(Scalar::Float64(number)),
            Number::Found(value) => Ok(value),
        }
    }

    /// Arrays of one shape, one after the other along a new first axis.
    pub(super) fn in_a_row(&mut self, values: &[Value]) -> Res<Value> {
        let ndim = self.build.shape(values[0]).ndim() + 1;
        let places = self.positions(0, ndim, values.len())?;
        let mut row = values[0];
        for (at, &value) in values.iter().enumerate() {
            let at = self.constant(Scalar::Int64(at as i64))?;
            let here = self.binary(BinaryOp::Eq, places, at)?;
            row = self.select(here, value, row)?;
        }
        Ok(row)
    }

    /// The argument `method`.
    fn method(&mut self, given: &Given) -> Res<&'static str> {
        let Some(node) = given.named("method") else {
            return Ok(METHODS[0]);
        };
        let Node::Str(name) = &self.frame.ast.nodes[node] else {
            return Err(self.no_literal(node, "method", "a string"));
        };
        if let Some(method) = METHODS.into_iter().find(|method| method == name) {
            return Ok(method);
        }
        let message = format!("there is no method `{name}`");
        let mut diagnostic = Diagnostic::new(Code::BadLiteral, message, self.span(node), "");
        diagnostic = match nearest(name, METHODS.into_iter()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help(format!("the methods are {}", METHODS.join(", "))),
        };
        self.report(diagnostic);
        Err(Reported)
    }

    /// The argument `q`: numbers from 0 to `whole`, and whether they are in a list.
    fn fractions(&mut self, node: NodeId, whole: f64) -> Res<(Vec<Literal>, bool)> {
        let (items, several) = match (self.get(node), &self.frame.ast.nodes[node]) {
            (Meaning::Tuple, Node::Tuple(items) | Node::List(items)) => (items.as_slice(), true),
            _ => (std::slice::from_ref(&node), false),
        };
        let count = items.len();
        if count == 0 || count > MAX_QUANTILES {
            let message = format!("`q` has {count} numbers, not 1 to {MAX_QUANTILES}");
            return Err(self.bad_literal(Some(node), &message));
        }
        let mut fractions = Vec::new();
        for &item in items {
            let q = self.number_arg(item, "q")?;
            if !(0.0..=whole).contains(&q.to_f64()) {
                let message = format!("`q` must lie between 0 and {whole}");
                return Err(self.bad_literal(Some(item), &message));
            }
            fractions.push(q);
        }
        Ok((fractions, several))
    }

    fn between_bools(&mut self, given: &Given) -> Reported {
        let Some(node) = given.get(0) else {
            return Reported;
        };
        let message = "there is nothing between `bool` and `bool`";
        let diagnostic = Diagnostic::new(Code::NoSuchOperation, message, self.span(node), "")
            .suggest("to count with it, convert it", self.wrap("int8", node));
        self.report(diagnostic);
        Reported
    }
}

impl Asked {
    /// Elements of an output element.
    fn n_reduced(&self) -> usize {
        let extents = self.axes.iter().map(|&axis| self.shape[axis]);
        extents.fold(1, usize::saturating_mul)
    }
}
