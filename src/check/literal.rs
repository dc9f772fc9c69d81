//! In: literals. Out: what they combine to: weak integers and floats under the rules of arrays.
//! Never: a wrapped integer; an overflow is a mistake of the text.

use crate::math::scalar;
use crate::types::promote::Side;
use crate::types::{BinaryOp, DType, Scalar};

/// A number or truth value known from the text alone. Integers and floats are weak: they take
/// the dtype of what they meet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Literal {
    Bool(bool),
    /// Between `i64::MIN` and `u64::MAX`.
    Int(i128),
    Float(f64),
}

/// Why literals do not combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfolded {
    /// The integer has more than 64 bits.
    Overflow,
    /// The rules for arrays of their own dtypes decide.
    Typed,
}

impl Literal {
    /// What it brings to promotion.
    pub(super) fn side(self) -> Side {
        match self {
            Literal::Bool(_) => Side::Strong(DType::Bool),
            Literal::Int(_) => Side::WeakInt,
            Literal::Float(_) => Side::WeakFloat,
        }
    }

    /// The value in a dtype it was promoted to; `None` for an integer that the dtype cannot hold.
    pub(super) fn to(self, dtype: DType) -> Option<Scalar> {
        match (self, dtype) {
            (Literal::Int(value), DType::Float32) => Some(Scalar::Float32(value as f32)),
            (Literal::Int(value), DType::Float64) => Some(Scalar::Float64(value as f64)),
            (Literal::Int(value), DType::Bool) => Some(Scalar::Bool(value != 0)),
            (Literal::Int(value), _) => Scalar::from_i128(dtype, value),
            (Literal::Bool(value), _) => Some(scalar::cast(Scalar::Bool(value), dtype)),
            (Literal::Float(value), _) => Some(scalar::cast(Scalar::Float64(value), dtype)),
        }
    }

    /// The value in its default dtype: bool, int64 (uint64 where it must be) or float64.
    pub(super) fn strong(self) -> Scalar {
        match self {
            Literal::Bool(value) => Scalar::Bool(value),
            Literal::Float(value) => Scalar::Float64(value),
            Literal::Int(value) => match i64::try_from(value) {
                Ok(value) => Scalar::Int64(value),
                Err(_) => Scalar::UInt64(value as u64),
            },
        }
    }

    /// Whether it counts as true.
    pub(super) fn truth(self) -> bool {
        match self {
            Literal::Bool(value) => value,
            Literal::Int(value) => value != 0,
            Literal::Float(value) => value != 0.0,
        }
    }

    /// `-x`
    pub(super) fn negate(self) -> Result<Literal, Unfolded> {
        match self {
            Literal::Bool(_) => Err(Unfolded::Typed),
            Literal::Int(value) => bounded(-value, fits(value)),
            Literal::Float(value) => Ok(Literal::Float(-value)),
        }
    }

    /// `~x`
    pub(super) fn invert(self) -> Result<Literal, Unfolded> {
        match self {
            Literal::Int(value) if fits(value) => Ok(Literal::Int(!value)),
            Literal::Int(value) => Ok(Literal::Int(i128::from(u64::MAX) - value)),
            Literal::Bool(value) => Ok(Literal::Bool(!value)),
            Literal::Float(_) => Err(Unfolded::Typed),
        }
    }

    /// `self op other`
    pub(super) fn combine(self, op: BinaryOp, other: Literal) -> Result<Literal, Unfolded> {
        match (self, other) {
            (Literal::Bool(a), Literal::Bool(b)) => bools(op, a, b),
            (Literal::Float(_), _) | (_, Literal::Float(_)) => {
                floats(op, self.as_f64(), other.as_f64())
            }
            (a, b) => ints(op, a.as_int(), b.as_int()),
        }
    }

    fn as_int(self) -> i128 {
        match self {
            Literal::Bool(value) => i128::from(value),
            Literal::Int(value) => value,
            Literal::Float(value) => value as i128,
        }
    }

    fn as_f64(self) -> f64 {
        match self {
            Literal::Bool(value) => f64::from(u8::from(value)),
            Literal::Int(value) => value as f64,
            Literal::Float(value) => value,
        }
    }
}

fn fits(value: i128) -> bool {
    i64::try_from(value).is_ok()
}

/// An integer result: within int64 if the arguments were, else within 64 bits of either sign.
fn bounded(value: i128, narrow: bool) -> Result<Literal, Unfolded> {
    let high = if narrow {
        i128::from(i64::MAX)
    } else {
        i128::from(u64::MAX)
    };
    (i128::from(i64::MIN)..=high)
        .contains(&value)
        .then_some(Literal::Int(value))
        .ok_or(Unfolded::Overflow)
}

/// Two truth values: the sum is or, the product is and, there is no difference, and all that
/// gives no truth value is about 0 and 1.
fn bools(op: BinaryOp, a: bool, b: bool) -> Result<Literal, Unfolded> {
    if op == BinaryOp::Sub {
        return Err(Unfolded::Typed);
    }
    let words = [
        (BinaryOp::Add, BinaryOp::Or),
        (BinaryOp::Mul, BinaryOp::And),
    ];
    let found = words.into_iter().find(|&(known, _)| known == op);
    let op = found.map_or(op, |(_, word)| word);
    let folded = ints(op, i128::from(a), i128::from(b))?;
    let logical = matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Xor);
    Ok(if logical {
        Literal::Bool(folded.truth())
    } else {
        folded
    })
}

fn ints(op: BinaryOp, a: i128, b: i128) -> Result<Literal, Unfolded> {
    let narrow = fits(a) && fits(b);
    let int = |value: Option<i128>| bounded(value.ok_or(Unfolded::Overflow)?, narrow);
    match op {
        BinaryOp::Add => int(Some(a + b)),
        BinaryOp::Sub => int(Some(a - b)),
        BinaryOp::Mul => int(a.checked_mul(b)),
        BinaryOp::FloorDiv => int(Some(floor_div(a, b))),
        BinaryOp::Mod => int(Some(a - floor_div(a, b) * b).filter(|_| b != 0).or(Some(0))),
        BinaryOp::Pow => match u32::try_from(b) {
            Ok(exponent) => int(a.checked_pow(exponent)),
            Err(_) if b < 0 => floats(op, a as f64, b as f64),
            // A huge exponent: only -1, 0 and 1 stay small, and both parities of b behave alike.
            Err(_) => int(a
                .checked_pow(2 + u32::from(b % 2 != 0))
                .filter(|_| a.abs() <= 1)),
        },
        BinaryOp::Min => int(Some(a.min(b))),
        BinaryOp::Max => int(Some(a.max(b))),
        BinaryOp::And => int(Some(a & b)),
        BinaryOp::Or => int(Some(a | b)),
        BinaryOp::Xor => int(Some(a ^ b)),
        BinaryOp::Shl if b < 0 || a == 0 => int(Some(0)),
        BinaryOp::Shl if b >= 64 => Err(Unfolded::Overflow),
        BinaryOp::Shl => int(a.checked_mul(1 << b)),
        BinaryOp::Shr if (0..64).contains(&b) => int(Some(a >> b)),
        BinaryOp::Shr => int(Some(if a < 0 { -1 } else { 0 })),
        BinaryOp::Div => floats(op, a as f64, b as f64),
        // No operators: functions take literals as arrays.
        BinaryOp::Fmod
        | BinaryOp::CopySign
        | BinaryOp::NextAfter
        | BinaryOp::Atan2
        | BinaryOp::Hypot
        | BinaryOp::LogAddExp
        | BinaryOp::Gcd
        | BinaryOp::Lcm => Err(Unfolded::Typed),
        BinaryOp::Eq => Ok(Literal::Bool(a == b)),
        BinaryOp::Ne => Ok(Literal::Bool(a != b)),
        BinaryOp::Lt => Ok(Literal::Bool(a < b)),
        BinaryOp::Le => Ok(Literal::Bool(a <= b)),
        BinaryOp::Gt => Ok(Literal::Bool(a > b)),
        BinaryOp::Ge => Ok(Literal::Bool(a >= b)),
    }
}

/// Rounded down; 0 for a divisor of 0.
fn floor_div(a: i128, b: i128) -> i128 {
    if b == 0 {
        return 0;
    }
    let quotient = a / b;
    if a % b != 0 && (a < 0) != (b < 0) {
        quotient - 1
    } else {
        quotient
    }
}

/// Two floats, by the rules for arrays of float64.
fn floats(op: BinaryOp, a: f64, b: f64) -> Result<Literal, Unfolded> {
    if op == BinaryOp::Pow
        && let Some(power) = small_power(a, b)
    {
        return Ok(Literal::Float(power));
    }
    match scalar::binary(op, Scalar::Float64(a), Scalar::Float64(b)) {
        Some(Scalar::Float64(value)) => Ok(Literal::Float(value)),
        Some(Scalar::Bool(value)) => Ok(Literal::Bool(value)),
        _ => Err(Unfolded::Typed),
    }
}

/// The powers that are products, inverses and roots for arrays, too (see `power.rs`).
fn small_power(a: f64, b: f64) -> Option<f64> {
    match b {
        2.0 => Some(a * a),
        3.0 => Some(a * a * a),
        -1.0 => Some(1.0 / a),
        0.5 => Some(a.sqrt()),
        _ => None,
    }
}
