//! In: an operation of two values, one of them perhaps a constant. Out: its cheaper equal.
//! Never: `x + 0.0 == x`, which is wrong for -0.0.

use super::Cheaper;
use crate::ir::{Elementwise, Func, Value};
use crate::opt::rewrite::constant;
use crate::types::{BinaryOp, DType, Scalar, UnaryOp};

/// Rules for `op(a, b)`.
pub(super) fn binary(func: &Func, op: BinaryOp, a: Value, b: Value) -> Option<Cheaper> {
    if a == b {
        return twice(op, a, func.values[a].dtype);
    }
    match (constant(func, a), constant(func, b)) {
        (None, Some(c)) => right(op, a, c).or_else(|| either(op, a, c)).or_else(|| {
            let factor = reciprocal(op, c)?;
            Some(Cheaper::Times(a, factor, b))
        }),
        (Some(c), None) => either(op, b, c),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

/// `op(x, x)`
fn twice(op: BinaryOp, x: Value, dtype: DType) -> Option<Cheaper> {
    let exact = !dtype.is_float();
    let zero = || Cheaper::Const(Scalar::from_bits(dtype, 0));
    match op {
        BinaryOp::Min | BinaryOp::Max | BinaryOp::And | BinaryOp::Or => Some(Cheaper::Value(x)),
        // x - x == 0, except that inf - inf is NaN.
        BinaryOp::Sub => exact.then(zero),
        BinaryOp::Xor => Some(zero()),
        // x == x, except for NaN.
        BinaryOp::Eq | BinaryOp::Le | BinaryOp::Ge => {
            exact.then_some(Cheaper::Const(Scalar::Bool(true)))
        }
        BinaryOp::Ne => exact.then_some(Cheaper::Const(Scalar::Bool(false))),
        // Nothing is less than itself, NaN included.
        BinaryOp::Lt | BinaryOp::Gt => Some(Cheaper::Const(Scalar::Bool(false))),
        BinaryOp::Add
        | BinaryOp::Mul
        | BinaryOp::Div
        | BinaryOp::FloorDiv
        | BinaryOp::Mod
        | BinaryOp::Pow
        | BinaryOp::Fmod
        | BinaryOp::CopySign
        | BinaryOp::NextAfter
        | BinaryOp::Atan2
        | BinaryOp::Hypot
        | BinaryOp::LogAddExp
        | BinaryOp::Gcd
        | BinaryOp::Lcm
        | BinaryOp::Shl
        | BinaryOp::Shr => None,
    }
}

/// Constants that rules look for.
#[derive(PartialEq, Eq)]
enum Known {
    /// 0, +0.0, False.
    Zero,
    /// -0.0.
    NegZero,
    /// 1, 1.0.
    One,
    /// -1, -1.0; of an unsigned integer its largest value, all bits set; True.
    Ones,
    /// Anything else.
    Other,
}

fn known(c: Scalar) -> Known {
    match c {
        Scalar::Bool(true) => Known::Ones,
        Scalar::Bool(false) => Known::Zero,
        Scalar::Float32(_) | Scalar::Float64(_) => match c.as_f64() {
            0.0 if c.bits() == 0 => Known::Zero,
            0.0 => Known::NegZero,
            1.0 => Known::One,
            -1.0 => Known::Ones,
            _ => Known::Other,
        },
        Scalar::Int8(_)
        | Scalar::Int16(_)
        | Scalar::Int32(_)
        | Scalar::Int64(_)
        | Scalar::UInt8(_)
        | Scalar::UInt16(_)
        | Scalar::UInt32(_)
        | Scalar::UInt64(_) => match c.bits() {
            0 => Known::Zero,
            1 => Known::One,
            bits if bits.count_ones() as usize == 8 * c.dtype().size() => Known::Ones,
            _ => Known::Other,
        },
    }
}

/// `op(x, c)` and, the operation commuting, `op(c, x)`.
fn either(op: BinaryOp, x: Value, c: Scalar) -> Option<Cheaper> {
    let float = c.dtype().is_float();
    let same = Some(Cheaper::Value(x));
    let constant = Some(Cheaper::Const(c));
    let unary = |op| Some(Cheaper::Map(Elementwise::Unary(op, x)));
    match (op, known(c)) {
        // x + -0.0 == x, but -0.0 + 0.0 is 0.0.
        (BinaryOp::Add, Known::NegZero) => same,
        (BinaryOp::Add, Known::Zero) if !float => same,
        (BinaryOp::Mul, Known::One) => same,
        // x * 0 == 0, but inf * 0.0 is NaN and -1.0 * 0.0 is -0.0.
        (BinaryOp::Mul, Known::Zero) if !float => constant,
        // x * -1 == -x; the largest unsigned integer is -1, as integers wrap.
        (BinaryOp::Mul, Known::Ones) => unary(UnaryOp::Neg),
        (BinaryOp::And, Known::Ones) | (BinaryOp::Or | BinaryOp::Xor, Known::Zero) => same,
        (BinaryOp::And, Known::Zero) | (BinaryOp::Or, Known::Ones) => constant,
        (BinaryOp::Xor, Known::Ones) => unary(UnaryOp::Not),
        // min(x, largest) == x, max(x, smallest) == x.
        (BinaryOp::Min, _) if is_edge(c, true) => same,
        (BinaryOp::Max, _) if is_edge(c, false) => same,
        _ => None,
    }
}

/// `op(x, c)`
fn right(op: BinaryOp, x: Value, c: Scalar) -> Option<Cheaper> {
    let float = c.dtype().is_float();
    let same = Some(Cheaper::Value(x));
    match (op, known(c)) {
        // x - 0.0 == x, -0.0 included.
        (BinaryOp::Sub, Known::Zero) => same,
        (BinaryOp::Shl | BinaryOp::Shr, Known::Zero) => same,
        // x / 1 == x; the floor of floats is another matter.
        (BinaryOp::Div, Known::One) => same,
        (BinaryOp::FloorDiv, Known::One) if !float => same,
        (BinaryOp::Mod, Known::One) if !float => {
            Some(Cheaper::Const(Scalar::from_bits(c.dtype(), 0)))
        }
        // x ** 1 == x and x ** 0 == 1 for integers; a float pow is only within an ulp.
        (BinaryOp::Pow, Known::One) if !float => same,
        (BinaryOp::Pow, Known::Zero) if !float => {
            Some(Cheaper::Const(Scalar::from_bits(c.dtype(), 1)))
        }
        _ => None,
    }
}

/// x / 2**k == x * 2**-k: both round the same real number, where 2**-k is itself normal.
fn reciprocal(op: BinaryOp, c: Scalar) -> Option<Scalar> {
    if op != BinaryOp::Div {
        return None;
    }
    match c {
        Scalar::Float32(c) => {
            let exact = c.is_normal() && c.to_bits() << 9 == 0 && c.recip().is_normal();
            exact.then(|| Scalar::Float32(c.recip()))
        }
        Scalar::Float64(c) => {
            let exact = c.is_normal() && c.to_bits() << 12 == 0 && c.recip().is_normal();
            exact.then(|| Scalar::Float64(c.recip()))
        }
        Scalar::Bool(_)
        | Scalar::Int8(_)
        | Scalar::Int16(_)
        | Scalar::Int32(_)
        | Scalar::Int64(_)
        | Scalar::UInt8(_)
        | Scalar::UInt16(_)
        | Scalar::UInt32(_)
        | Scalar::UInt64(_) => None,
    }
}

/// Whether an integer or bool is the largest (or the smallest) of its dtype.
fn is_edge(c: Scalar, largest: bool) -> bool {
    let range = c.dtype().int_range();
    let edge = range.map(|(low, high)| if largest { high } else { low });
    edge.is_some() && c.as_i128() == edge
}
