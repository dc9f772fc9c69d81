//! In: calls of generators with literal arguments. Out: generated arrays, NumPy's to the bit.
//! Never: an element; what is fixed here is only how they are computed.

use super::call::Given;
use super::index::from_end;
use super::literal::Literal;
use super::meaning::Meaning;
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic};
use crate::ir::{Generator, Value};
use crate::syntax::ast::{Node, NodeId};
use crate::types::{DType, Scalar, Shape, UnaryOp};

impl Checker<'_> {
    /// `linspace(start, stop, num, endpoint, dtype)`
    pub(super) fn linspace(&mut self, given: &Given) -> Res<Value> {
        let start = self.required_number(given, "start")?.to_f64();
        let stop = self.required_number(given, "stop")?.to_f64();
        let num = match given.named("num") {
            Some(node) => self.length_arg(node, "num")?,
            None => 50,
        };
        let endpoint = self.flag(given, "endpoint", true)?;
        let dtype = self.dtype_or(given, DType::Float64)?;
        let generator = spaced(start, stop, num, endpoint);
        if dtype.is_float() {
            return self.generate(generator, dtype, num);
        }
        // Integers are rounded down, where a cast would round towards zero; bools are only cast.
        let mut value = self.generate(generator, DType::Float64, num)?;
        if dtype.is_int() {
            value = self.unary(UnaryOp::Floor, value)?;
        }
        self.cast(value, dtype)
    }

    /// `arange(stop)`, `arange(start, stop, step, dtype)`
    pub(super) fn arange(&mut self, given: &Given) -> Res<Value> {
        let first = self.required_number(given, "start")?;
        let stop = self.optional(given, "stop");
        let stop = stop.map(|node| self.number_arg(node, "stop")).transpose()?;
        let (start, stop) = match stop {
            Some(stop) => (first, stop),
            None => (Literal::Int(0), first),
        };
        let step = match given.named("step") {
            Some(node) => self.number_arg(node, "step")?,
            None => Literal::Int(1),
        };
        let len = self.steps(given, start, stop, step)?;
        let ints = [start, stop, step]
            .iter()
            .all(|n| matches!(n, Literal::Int(_)));
        let default = if ints { DType::Int64 } else { DType::Float64 };
        let dtype = self.dtype_or(given, default)?;
        if dtype.is_bool() {
            return Err(self.bad_literal(given.named("dtype"), "`arange` makes numbers, not bools"));
        }
        let second = sum(start, step);
        let (Some(start), Some(second)) = (start.to(dtype), second.to(dtype)) else {
            let message = format!("`arange` begins outside of `{dtype}`");
            return Err(self.bad_range(given.get(0), &message));
        };
        let step = difference(second, start);
        self.generate(Generator::Arange { start, step }, dtype, len)
    }

    /// How many elements `arange` has: ceil((stop - start) / step), computed in float64 as NumPy
    /// does.
    fn steps(&mut self, given: &Given, start: Literal, stop: Literal, step: Literal) -> Res<usize> {
        let node = given.named("step").or(given.get(0));
        if step.to_f64() == 0.0 {
            return Err(self.bad_literal(node, "the step of `arange` is 0"));
        }
        let distance = match (start, stop) {
            (Literal::Int(start), Literal::Int(stop)) => (stop - start) as f64,
            _ => stop.to_f64() - start.to_f64(),
        };
        let steps = (distance / step.to_f64()).ceil();
        if steps.is_nan() {
            return Err(self.bad_literal(node, "`arange` never arrives: its length is NaN"));
        }
        if steps <= 0.0 {
            return Ok(0);
        }
        if steps >= isize::MAX as f64 {
            let message = format!("`arange` has {steps:e} elements, more than can be counted");
            let span = node.map_or(self.here, |node| self.span(node));
            self.report(Diagnostic::new(Code::TooLarge, message, span, ""));
            return Err(Reported);
        }
        // OK because it is a whole number between 1 and isize::MAX.
        Ok(steps as usize)
    }

    /// `full(shape, value, dtype)`
    pub(super) fn full_of(&mut self, given: &Given) -> Res<Value> {
        let shape = self.shape_arg(given)?;
        let value = match given.get(1).map(|node| (node, self.get(node))) {
            Some((_, Meaning::Literal(literal))) => literal,
            Some((node, _)) => return Err(self.no_literal(node, "value", "a number")),
            None => return Err(Reported),
        };
        let dtype = self.dtype_or(given, value.strong().dtype())?;
        match value.to(dtype) {
            Some(scalar) => self.full(scalar, shape),
            None => {
                let text = given.get(1).map_or("", |node| self.text(node));
                let message = format!("`{text}` does not fit in `{dtype}`");
                Err(self.bad_range(given.get(1), &message))
            }
        }
    }

    /// `zeros(shape, dtype)`, `ones(shape, dtype)`
    pub(super) fn filled(&mut self, given: &Given, value: i8) -> Res<Value> {
        let shape = self.shape_arg(given)?;
        let dtype = self.dtype_or(given, DType::Float64)?;
        match Literal::Int(i128::from(value)).to(dtype) {
            Some(scalar) => self.full(scalar, shape),
            None => Err(Reported),
        }
    }

    /// 0, 1, 2 and so on as int64.
    pub(super) fn counting_up(&mut self, n: usize) -> Res<Value> {
        let (start, step) = (Scalar::Int64(0), Scalar::Int64(1));
        self.generate(Generator::Arange { start, step }, DType::Int64, n)
    }

    /// `index(axis, shape)`
    pub(super) fn index_along(&mut self, given: &Given) -> Res<Value> {
        let node = given.get(0).ok_or(Reported)?;
        let axis = self.int_arg(node, "axis")?;
        let shape = match given.get(1).map(|node| self.get(node)) {
            Some(Meaning::Value(value)) => self.build.shape(value).clone(),
            _ => self.extents(given, "shape")?,
        };
        let Some(axis) = from_end(axis, shape.ndim()) else {
            let message = format!("axis {axis} is not an axis of shape `{shape}`");
            let span = self.span(node);
            self.report(Diagnostic::new(Code::BadAxis, message, span, ""));
            return Err(Reported);
        };
        let index = self.positions(axis, shape.ndim(), shape[axis])?;
        self.stretched(index, &shape)
    }

    /// `random(seed, shape)`
    pub(super) fn random(&mut self, given: &Given) -> Res<Value> {
        let node = given.get(0).ok_or(Reported)?;
        let Ok(seed) = u64::try_from(self.int_arg(node, "seed")?) else {
            return Err(self.bad_literal(
                Some(node),
                "the seed must be an integer of 64 bits, at least 0",
            ));
        };
        let shape = self.extents(given, "shape")?;
        let Some(elems) = shape.checked_elems() else {
            let message =
                format!("an array of shape `{shape}` has more bytes than can be addressed");
            let span = self.here;
            self.report(Diagnostic::new(Code::TooLarge, message, span, ""));
            return Err(Reported);
        };
        let flat = self.generate(Generator::Random { seed }, DType::Float64, elems)?;
        self.reshaped(flat, shape)
    }

    /// The first argument as a shape: an extent or a tuple of extents.
    fn shape_arg(&mut self, given: &Given) -> Res<Shape> {
        let node = given.get(0).ok_or(Reported)?;
        match (self.get(node), &self.frame.ast.nodes[node]) {
            (Meaning::Tuple, Node::Tuple(items) | Node::List(items)) => {
                let extents: Res<Vec<usize>> = items
                    .iter()
                    .map(|&item| self.length_arg(item, "an extent"))
                    .collect();
                extents.map(Shape::from)
            }
            _ => Ok(Shape::new(&[self.length_arg(node, "shape")?])),
        }
    }

    /// A literal integer that is at least 0.
    fn length_arg(&mut self, node: NodeId, what: &str) -> Res<usize> {
        let value = self.int_arg(node, what)?;
        match usize::try_from(value) {
            Ok(value) => Ok(value),
            Err(_) => {
                let message = format!("{what} must be at least 0, not {value}");
                Err(self.bad_literal(Some(node), &message))
            }
        }
    }

    fn required_number(&mut self, given: &Given, name: &str) -> Res<Literal> {
        let node = given.named(name).ok_or(Reported)?;
        self.number_arg(node, name)
    }

    /// The `dtype` argument, or the default.
    pub(super) fn dtype_or(&mut self, given: &Given, default: DType) -> Res<DType> {
        Ok(self.dtype_given(given)?.unwrap_or(default))
    }

    /// The `dtype` argument, if there is one.
    pub(super) fn dtype_given(&mut self, given: &Given) -> Res<Option<DType>> {
        let node = self.optional(given, "dtype");
        node.map(|node| self.dtype_arg(node)).transpose()
    }

    /// A literal number.
    pub(super) fn number_arg(&mut self, node: NodeId, what: &str) -> Res<Literal> {
        match self.literal(node) {
            Some(Literal::Bool(value)) => Ok(Literal::Int(i128::from(value))),
            Some(literal) => Ok(literal),
            None => Err(self.no_literal(node, what, "a number")),
        }
    }

    /// A literal integer.
    pub(super) fn int_arg(&mut self, node: NodeId, what: &str) -> Res<i128> {
        match self.literal(node) {
            Some(Literal::Int(value)) => Ok(value),
            _ => Err(self.no_literal(node, what, "an integer")),
        }
    }

    /// A literal truth value.
    pub(super) fn bool_arg(&mut self, node: NodeId, what: &str) -> Res<bool> {
        match self.literal(node) {
            Some(Literal::Bool(value)) => Ok(value),
            _ => Err(self.no_literal(node, what, "True or False")),
        }
    }

    pub(super) fn literal(&self, node: NodeId) -> Option<Literal> {
        if let Meaning::Literal(literal) = self.get(node) {
            Some(literal)
        } else {
            None
        }
    }
}

impl Literal {
    /// The number as float64.
    pub(super) fn to_f64(self) -> f64 {
        self.strong().as_f64()
    }
}

/// NumPy's linspace: what its elements are made of.
fn spaced(start: f64, stop: f64, num: usize, endpoint: bool) -> Generator {
    let delta = stop - start;
    let div = if endpoint { num.saturating_sub(1) } else { num };
    let float = Scalar::Float64;
    // One element, or none: its step would be delta / 0, and delta itself stands in.
    let step = if div > 0 { delta / div as f64 } else { delta };
    Generator::Linspace {
        start: float(start),
        step: float(step),
        stop: (endpoint && num > 1).then_some(float(stop)),
        tiny: (div > 0 && step == 0.0).then_some((float(div as f64), float(delta))),
    }
}

/// `start + step`, as Python adds them.
fn sum(start: Literal, step: Literal) -> Literal {
    match (start, step) {
        (Literal::Int(start), Literal::Int(step)) => Literal::Int(start + step),
        _ => Literal::Float(start.to_f64() + step.to_f64()),
    }
}

/// The difference of neighbours in their own dtype; integers wrap.
fn difference(second: Scalar, first: Scalar) -> Scalar {
    match (second, first) {
        (Scalar::Float32(second), Scalar::Float32(first)) => Scalar::Float32(second - first),
        (Scalar::Float64(second), Scalar::Float64(first)) => Scalar::Float64(second - first),
        _ => Scalar::from_bits(first.dtype(), second.bits().wrapping_sub(first.bits())),
    }
}
