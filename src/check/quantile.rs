//! In: an array and which of its elements are asked for, once sorted. Out: the reductions to
//! elements at ranks, and the few operations between neighbours. Never: a rank that data decides.

use super::call::Given;
use super::literal::Literal;
use super::meaning::Meaning;
use super::reduce::Asked;
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic, nearest};
use crate::ir::{ReduceOp, Value};
use crate::limits::{MAX_QUANTILES, MAX_SELECT_ELEMS, TILE_MAX_ELEMS};
use crate::math::scalar;
use crate::syntax::ast::{Node, NodeId};
use crate::types::promote::{self, Promotion, Side};
use crate::types::{BinaryOp, DType, Scalar};

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

/// What stands for a quantile.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Pick {
    /// The element at a rank.
    At(usize),
    /// What lies between the elements at two ranks, this far from the first to the second.
    Between(usize, usize, f64),
}

impl Checker<'_> {
    /// The middle element, or the mean of the two in the middle.
    pub(super) fn median(&mut self, given: &Given, value: Value, asked: &Asked) -> Res<Value> {
        let dtype = ReduceOp::Mean.result(self.build.dtype(value));
        let n = asked.n_reduced();
        if n == 0 {
            let nan = scalar::cast(Scalar::Float64(f64::NAN), dtype);
            let nan = self.constant(nan)?;
            return self.everywhere(nan, asked);
        }
        let low = self.nth(given, value, asked, (n - 1) / 2)?;
        let mut middle = self.cast(low, dtype)?;
        if n.is_multiple_of(2) {
            let high = self.nth(given, value, asked, n / 2)?;
            let high = self.cast(high, dtype)?;
            let two = self.constant(scalar::cast(Scalar::Float64(2.0), dtype))?;
            let sum = self.binary(BinaryOp::Add, middle, high)?;
            middle = self.binary(BinaryOp::Div, sum, two)?;
        }
        // A mean is never -0.0.
        let zero = self.constant(Scalar::from_bits(dtype, 0))?;
        self.binary(BinaryOp::Add, middle, zero)
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
        let n = asked.n_reduced();
        let dtype = self.build.dtype(value);
        let end = exact && whole == 1.0;
        // Ends that are integers are multiplied as integers in the formulas of these.
        let integer = several
            && !dtype.is_bool()
            && matches!(
                method,
                "averaged_inverted_cdf" | "interpolated_inverted_cdf"
            );
        let pick = |q: &Literal| match end && (integer || method == "linear") {
            true => Pick::At((n - 1) * usize::from(q.truth())),
            false => pick(method, n as f64, q.to_f64() / whole),
        };
        let sides = [dtype, DType::Int64].map(Side::Strong);
        let found = match promote::binary(BinaryOp::Mul, sides[0], sides[1]) {
            Promotion::In(multiplied) if end && integer => multiplied,
            Promotion::In(_) | Promotion::MixedInts | Promotion::Float16 | Promotion::Refused => {
                dtype
            }
        };
        let mut values = Vec::new();
        for q in &fractions {
            values.push(match pick(q) {
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

    /// The element at a rank: sorted in tiles that hold all that is reduced, or found in rounds of
    /// counting if an array is too large for that.
    pub(super) fn nth(
        &mut self,
        given: &Given,
        value: Value,
        asked: &Asked,
        rank: usize,
    ) -> Res<Value> {
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
        let in_rounds = all && n > TILE_MAX_ELEMS;
        let cut = match in_rounds {
            true => asked.cut.clone(),
            false => asked.cut.spanning(&asked.shape, &asked.axes),
        };
        let asked = Asked {
            cut,
            ..asked.clone()
        };
        let rank = rank as u64;
        self.fold(ReduceOp::Nth { rank }, value, &asked)
    }

    /// NumPy's interpolation, operation by operation.
    pub(super) fn between(&mut self, low: Value, high: Value, by: f64, work: DType) -> Res<Value> {
        let distance = self.binary(BinaryOp::Sub, high, low)?;
        let (low, high) = (self.cast(low, work)?, self.cast(high, work)?);
        let distance = self.cast(distance, work)?;
        let near = by < 0.5;
        let factor = Scalar::Float64(if near { by } else { 1.0 - by });
        let factor = self.constant(scalar::cast(factor, work))?;
        let step = self.binary(BinaryOp::Mul, distance, factor)?;
        match near {
            true => self.binary(BinaryOp::Add, low, step),
            false => self.binary(BinaryOp::Sub, high, step),
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

/// What `quantile` means by a fraction `q` of `n` elements: NumPy's formulas, in its order of
/// operations.
fn pick(method: &str, n: f64, q: f64) -> Pick {
    let along = (n - 1.0) * q;
    let biased = |a: f64, b: f64| n * q + (a + q * (1.0 - a - b)) - 1.0;
    let same = |gamma: f64, _| gamma;
    match method {
        "lower" => Pick::At(along.floor() as usize),
        "higher" => Pick::At(along.ceil() as usize),
        "nearest" => Pick::At(along.round_ties_even() as usize),
        "inverted_cdf" => below(n * q - 1.0, |gamma, _| gamma == 0.0),
        "closest_observation" => below(n * q - 1.0 - 0.5, |gamma, floor| {
            gamma == 0.0 && floor.rem_euclid(2.0) == 1.0
        }),
        "midpoint" => {
            let half = |_, index: f64| if index.fract() == 0.0 { 0.0 } else { 0.5 };
            near(n, 0.5 * (along.floor() + along.ceil()), half)
        }
        "averaged_inverted_cdf" => {
            let half = |gamma: f64, _| if gamma == 0.0 { 0.5 } else { 1.0 };
            near(n, n * q - 1.0, half)
        }
        "interpolated_inverted_cdf" => near(n, biased(0.0, 1.0), same),
        "hazen" => near(n, biased(0.5, 0.5), same),
        "weibull" => near(n, biased(0.0, 0.0), same),
        "median_unbiased" => near(n, biased(1.0 / 3.0, 1.0 / 3.0), same),
        "normal_unbiased" => near(n, biased(3.0 / 8.0, 3.0 / 8.0), same),
        _ => near(n, along, same),
    }
}

/// The element at or after a fractional rank; `stays` says of its fraction and its floor whether
/// it is the one before.
fn below(index: f64, stays: impl Fn(f64, f64) -> bool) -> Pick {
    let floor = index.floor();
    let rank = match stays(index - floor, floor) {
        true => floor,
        false => floor + 1.0,
    };
    Pick::At(rank.max(0.0) as usize)
}

/// The neighbours of a fractional rank, and `fix` of its fraction and itself.
fn near(n: f64, index: f64, fix: impl Fn(f64, f64) -> f64) -> Pick {
    let last = n - 1.0;
    // Beyond the last NumPy counts from -1, which leaves a fraction that does not matter.
    let (low, high, from) = if index >= last {
        (last, last, -1.0)
    } else if index < 0.0 {
        (0.0, 0.0, 0.0)
    } else {
        (index.floor(), index.floor() + 1.0, index.floor())
    };
    Pick::Between(low as usize, high as usize, fix(index - from, index))
}
