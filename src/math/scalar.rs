//! In: an operation and scalars. Out: the scalar it gives. Never: a panic, whatever the scalars.

use super::element::{Cast, Element, with_dtype};
use super::ops::{Binary, Unary, VisitBinary, VisitUnary, visit_binary, visit_unary};
use crate::types::{BinaryOp, DType, Scalar, UnaryOp};

/// `op(a)`; `None` where the operation does not take this dtype.
pub fn unary(op: UnaryOp, a: Scalar) -> Option<Scalar> {
    match (op, a) {
        (UnaryOp::IsNan, Scalar::Float32(x)) => Some(Scalar::Bool(x.is_nan())),
        (UnaryOp::IsNan, Scalar::Float64(x)) => Some(Scalar::Bool(x.is_nan())),
        (UnaryOp::IsInf, Scalar::Float32(x)) => Some(Scalar::Bool(x.is_infinite())),
        (UnaryOp::IsInf, Scalar::Float64(x)) => Some(Scalar::Bool(x.is_infinite())),
        (UnaryOp::IsFinite, Scalar::Float32(x)) => Some(Scalar::Bool(x.is_finite())),
        (UnaryOp::IsFinite, Scalar::Float64(x)) => Some(Scalar::Bool(x.is_finite())),
        (op, a) => visit_unary(op, a.dtype(), Apply1(a)),
    }
}

/// `op(a, b)`; `None` where the dtypes differ or the operation does not take them.
pub fn binary(op: BinaryOp, a: Scalar, b: Scalar) -> Option<Scalar> {
    let dtype = a.dtype();
    if b.dtype() != dtype {
        return None;
    }
    match compare(op, a, b) {
        Some(truth) => Some(Scalar::Bool(truth)),
        None => visit_binary(op, dtype, Apply2(a, b)),
    }
}

/// `a` converted to `to`: float to int truncates, saturates and maps NaN to 0; anything to bool
/// is `!= 0`; int to int wraps; what rounds, rounds once.
pub fn cast(a: Scalar, to: DType) -> Scalar {
    with_dtype!(a.dtype(), From => with_dtype!(to, To => {
        let from = <From as Element>::from_bits(a.bits());
        <From as Cast<To>>::cast(from).to_scalar()
    }))
}

/// The comparisons; `None` for other operations. Both scalars have one dtype.
fn compare(op: BinaryOp, a: Scalar, b: Scalar) -> Option<bool> {
    with_dtype!(a.dtype(), T => {
        let (a, b) = (<T as Element>::from_bits(a.bits()), <T as Element>::from_bits(b.bits()));
        Some(match op {
            BinaryOp::Eq => a == b,
            BinaryOp::Ne => a != b,
            BinaryOp::Lt => a < b,
            BinaryOp::Le => a <= b,
            BinaryOp::Gt => a > b,
            BinaryOp::Ge => a >= b,
            BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::Mul
            | BinaryOp::Div
            | BinaryOp::FloorDiv
            | BinaryOp::Mod
            | BinaryOp::Pow
            | BinaryOp::Min
            | BinaryOp::Max
            | BinaryOp::And
            | BinaryOp::Or
            | BinaryOp::Xor
            | BinaryOp::Shl
            | BinaryOp::Shr => return None,
        })
    })
}

struct Apply1(Scalar);

impl VisitUnary for Apply1 {
    type Out = Scalar;
    fn visit<T: Element, F: Unary<T>>(self) -> Scalar {
        let x = T::from_bits(self.0.bits());
        let y = if F::is_hard(x) {
            F::eval_hard(x)
        } else {
            F::eval(x)
        };
        y.to_scalar()
    }
}

struct Apply2(Scalar, Scalar);

impl VisitBinary for Apply2 {
    type Out = Scalar;
    fn visit<T: Element, F: Binary<T>>(self) -> Scalar {
        F::eval(T::from_bits(self.0.bits()), T::from_bits(self.1.bits())).to_scalar()
    }
}
