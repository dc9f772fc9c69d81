//! In: a function that has no operation of its own. Out: the operations that make it up, as NumPy
//! computes it. Never: an answer that differs from NumPy's by more than those operations do.

use super::call::Given;
use super::literal::Literal;
use super::meaning::{Is, Meaning, Term};
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic};
use crate::funcs::Composed;
use crate::ir::Value;
use crate::math::scalar;
use crate::syntax::ast::NodeId;
use crate::types::promote::{self, Promotion, Side};
use crate::types::{BinaryOp, DType, Scalar, UnaryOp};

impl Checker<'_> {
    /// The value of a composed function for its arguments.
    pub(super) fn composed(&mut self, id: NodeId, given: &Given, what: Composed) -> Res<Value> {
        use std::{f32, f64};
        let x = self.first(given)?;
        let x = self.strengthened(x)?;
        match what {
            Composed::Reciprocal => {
                let value = self.promoted_to(id, promote::reciprocal, x)?;
                self.reciprocal(value)
            }
            Composed::Fabs => {
                let value = self.promoted_to(id, promote::fabs, x)?;
                self.unary(UnaryOp::Abs, value)
            }
            Composed::Deg2Rad => {
                let value = self.promoted_to(id, promote::deg2rad, x)?;
                self.times(value, f32::consts::PI / 180.0, f64::consts::PI / 180.0)
            }
            Composed::Rad2Deg => {
                let value = self.promoted_to(id, promote::rad2deg, x)?;
                self.times(value, 180.0 / f32::consts::PI, 180.0 / f64::consts::PI)
            }
            Composed::Real => self.strong(x),
            Composed::Imag => self.imaginary(x),
            Composed::Conj => self.promoted_to(id, promote::conjugate, x),
            Composed::SignBit => self.sign_bit(x),
            Composed::Sinc => self.sinc(id, x),
            Composed::Angle => self.angle(id, given, x),
            Composed::NanToNum => self.nan_to_num(id, given, x),
            Composed::Fmax => {
                let (a, b) = self.two_promoted(id, given, promote::fmax)?;
                self.number_of_two(BinaryOp::Max, a, b)
            }
            Composed::Fmin => {
                let (a, b) = self.two_promoted(id, given, promote::fmin)?;
                self.number_of_two(BinaryOp::Min, a, b)
            }
            Composed::Heaviside => {
                let (a, b) = self.two_promoted(id, given, promote::heaviside)?;
                self.heaviside(a, b)
            }
        }
    }

    /// The argument in the dtype of a table.
    fn promoted_to(&mut self, id: NodeId, table: fn(DType) -> Promotion, x: Term) -> Res<Value> {
        let value = self.strong(x)?;
        match table(self.build.dtype(value)) {
            Promotion::In(dtype) => self.cast(value, dtype),
            Promotion::Float16 | Promotion::Refused | Promotion::MixedInts => {
                Err(self.float16(id, x))
            }
        }
    }

    /// `1 / x`. Of an integer it is what C's conversion makes of the float: the integer part, and
    /// of the infinity for 0 the least number there is in 32 and 64 bits with a sign, else 0.
    fn reciprocal(&mut self, x: Value) -> Res<Value> {
        let dtype = self.build.dtype(x);
        let one = self.constant(number(dtype, 1))?;
        if dtype.is_float() {
            return self.binary(BinaryOp::Div, one, x);
        }
        let size = if dtype.is_signed() {
            self.unary(UnaryOp::Abs, x)?
        } else {
            x
        };
        let zero = self.constant(number(dtype, 0))?;
        let is_one = self.binary(BinaryOp::Eq, size, one)?;
        let whole = self.select(is_one, x, zero)?;
        let least = match dtype {
            DType::Int32 => number(dtype, i32::MIN.into()),
            DType::Int64 => number(dtype, i64::MIN),
            DType::Bool
            | DType::Int8
            | DType::Int16
            | DType::UInt8
            | DType::UInt16
            | DType::UInt32
            | DType::UInt64
            | DType::Float32
            | DType::Float64 => return Ok(whole),
        };
        let least = self.constant(least)?;
        let is_zero = self.binary(BinaryOp::Eq, x, zero)?;
        self.select(is_zero, least, whole)
    }

    /// A float times a constant that each precision rounds for itself.
    fn times(&mut self, x: Value, narrow: f32, wide: f64) -> Res<Value> {
        let factor = if self.build.dtype(x) == DType::Float32 {
            Scalar::Float32(narrow)
        } else {
            Scalar::Float64(wide)
        };
        let factor = self.constant(factor)?;
        self.binary(BinaryOp::Mul, x, factor)
    }

    /// Whether the sign is negative; the only integers with one are below 0.
    fn sign_bit(&mut self, x: Term) -> Res<Value> {
        let value = self.strong(x)?;
        let dtype = self.build.dtype(value);
        if dtype.is_float() {
            return self.unary(UnaryOp::SignBit, value);
        }
        if !dtype.is_signed() {
            return self.full(Scalar::Bool(false), self.shape(x));
        }
        let zero = self.constant(number(dtype, 0))?;
        self.binary(BinaryOp::Lt, value, zero)
    }

    /// `sin(y) / y` of `y = pi x`, with the distance from 1 to the next float instead of 0.
    fn sinc(&mut self, id: NodeId, x: Term) -> Res<Value> {
        let pi = Term {
            node: x.node,
            is: Is::Literal(Literal::Float(std::f64::consts::PI)),
        };
        let y = self.binary_op(id, BinaryOp::Mul, pi, x)?;
        let tiny = if self.build.dtype(y) == DType::Float32 {
            Scalar::Float32(f32::EPSILON)
        } else {
            Scalar::Float64(f64::EPSILON)
        };
        let zero = self.constant(number(tiny.dtype(), 0))?;
        let tiny = self.constant(tiny)?;
        let is_zero = self.binary(BinaryOp::Eq, y, zero)?;
        let y = self.select(is_zero, tiny, y)?;
        let sine = self.unary(UnaryOp::Sin, y)?;
        self.binary(BinaryOp::Div, sine, y)
    }

    /// `angle(x, deg)`: the angle of the point `(x, 0)`.
    fn angle(&mut self, id: NodeId, given: &Given, x: Term) -> Res<Value> {
        let zero = Term {
            node: x.node,
            is: Is::Literal(Literal::Int(0)),
        };
        let angle = self.binary_op(id, BinaryOp::Atan2, zero, x)?;
        if !self.flag(given, "deg", false)? {
            return Ok(angle);
        }
        // Of both precisions the same double, rounded: not the factor of `rad2deg`.
        let factor = 180.0 / std::f64::consts::PI;
        self.times(angle, factor as f32, factor)
    }

    /// The imaginary part of real numbers: zeros.
    pub(super) fn imaginary(&mut self, x: Term) -> Res<Value> {
        let zero = number(self.dtype(x), 0);
        self.full(zero, self.shape(x))
    }

    /// Both arguments in the dtype of a table; literals are weak, unless both are.
    fn two_promoted(
        &mut self,
        id: NodeId,
        given: &Given,
        table: fn(Side, Side) -> Promotion,
    ) -> Res<(Value, Value)> {
        let (left, right) = self.two(given)?;
        let (left, right) = self.one_strong(left, right)?;
        self.broadcast(id, &[left, right])?;
        match table(left.side(self), right.side(self)) {
            Promotion::In(dtype) => {
                let a = self.typed(left, dtype, right)?;
                Ok((a, self.typed(right, dtype, left)?))
            }
            Promotion::Float16 | Promotion::Refused | Promotion::MixedInts => {
                Err(self.float16_of_two(id, left, right))
            }
        }
    }

    /// The larger or smaller of two, or the one of them that is not NaN.
    fn number_of_two(&mut self, op: BinaryOp, a: Value, b: Value) -> Res<Value> {
        let extreme = self.binary(op, a, b)?;
        if !self.build.dtype(a).is_float() {
            return Ok(extreme);
        }
        let no_b = self.unary(UnaryOp::IsNan, b)?;
        let value = self.select(no_b, a, extreme)?;
        let no_a = self.unary(UnaryOp::IsNan, a)?;
        self.select(no_a, b, value)
    }

    /// 0 below 0, 1 above, `h` at 0; NaN stays.
    fn heaviside(&mut self, x: Value, h: Value) -> Res<Value> {
        let dtype = self.build.dtype(x);
        let zero = self.constant(number(dtype, 0))?;
        let one = self.constant(number(dtype, 1))?;
        let above = self.binary(BinaryOp::Gt, x, zero)?;
        let value = self.select(above, one, x)?;
        let below = self.binary(BinaryOp::Lt, x, zero)?;
        let value = self.select(below, zero, value)?;
        let at = self.binary(BinaryOp::Eq, x, zero)?;
        self.select(at, h, value)
    }

    /// `nan_to_num(x, copy, nan, posinf, neginf)`. Values are never changed in place, so that
    /// either `copy` says the same.
    fn nan_to_num(&mut self, id: NodeId, given: &Given, x: Term) -> Res<Value> {
        let value = self.strong(x)?;
        let dtype = self.build.dtype(value);
        if let Some(copy) = given.named("copy") {
            self.bool_arg(copy, "copy")?;
        }
        if !dtype.is_float() {
            return Ok(value);
        }
        let inf = self.constant(float(dtype, f64::INFINITY))?;
        let minus = self.constant(float(dtype, f64::NEG_INFINITY))?;
        let most = if dtype == DType::Float32 {
            f64::from(f32::MAX)
        } else {
            f64::MAX
        };
        let number = self.replacement(id, x, given, "nan", float(dtype, 0.0))?;
        let large = self.replacement(id, x, given, "posinf", float(dtype, most))?;
        let small = self.replacement(id, x, given, "neginf", float(dtype, -most))?;
        let is_small = self.binary(BinaryOp::Eq, value, minus)?;
        let out = self.select(is_small, small, value)?;
        let is_large = self.binary(BinaryOp::Eq, value, inf)?;
        let out = self.select(is_large, large, out)?;
        let is_nan = self.unary(UnaryOp::IsNan, value)?;
        self.select(is_nan, number, out)
    }

    /// What takes the place of some elements of `x`: it has their dtype and stretches to their
    /// shape.
    fn replacement(
        &mut self,
        id: NodeId,
        x: Term,
        given: &Given,
        name: &str,
        default: Scalar,
    ) -> Res<Value> {
        let node = match given.named(name) {
            Some(node) if name == "nan" || !matches!(self.get(node), Meaning::None) => node,
            _ => return self.constant(default),
        };
        let term = self.term(node)?;
        self.broadcast(id, &[x, term])?;
        let (shape, whole) = (self.shape(term), self.shape(x));
        if shape.broadcast(&whole).ok() != Some(whole.clone()) {
            let message = format!("`{name}` of shape `{shape}` does not stretch to `{whole}`");
            let diagnostic = Diagnostic::new(Code::Shapes, message, self.span(node), "")
                .label(self.span(x.node), format!("`{whole}`"));
            self.report(diagnostic);
            return Err(Reported);
        }
        self.typed(term, default.dtype(), x)
    }
}

/// A whole number in a dtype that holds it.
fn number(dtype: DType, value: i64) -> Scalar {
    scalar::cast(Scalar::Int64(value), dtype)
}

/// A float in a float dtype.
fn float(dtype: DType, value: f64) -> Scalar {
    scalar::cast(Scalar::Float64(value), dtype)
}
