//! In: an operation and a dtype. Out: whether machine code computes it lane by lane, or a strip
//! routine of `math` is called. Never: a pair that Cranelift's 128-bit lowering refuses.
//!
//! This is the table of allowed (operation, vector type) pairs: what is `true` here is emitted
//! on I8X16, I16X8, I32X4, I64X2, F32X4, F64X2 (never on a narrower or wider vector) and on one
//! lane; a test compiles every pair at every level.

use crate::types::{BinaryOp, DType, UnaryOp};

/// Whether `op` is computed lane by lane.
pub(super) fn unary(op: UnaryOp) -> bool {
    match op {
        UnaryOp::Neg
        | UnaryOp::Abs
        | UnaryOp::Not
        | UnaryOp::Sign
        | UnaryOp::Sqrt
        | UnaryOp::Floor
        | UnaryOp::Ceil
        | UnaryOp::Trunc
        | UnaryOp::Rint
        | UnaryOp::IsNan
        | UnaryOp::IsFinite
        | UnaryOp::IsInf
        | UnaryOp::SignBit => true,
        UnaryOp::Sin
        | UnaryOp::Cos
        | UnaryOp::Tan
        | UnaryOp::Exp
        | UnaryOp::Expm1
        | UnaryOp::Log
        | UnaryOp::Log2
        | UnaryOp::Log10
        | UnaryOp::Log1p
        | UnaryOp::Tanh
        | UnaryOp::Cbrt
        | UnaryOp::Exp2
        | UnaryOp::Asin
        | UnaryOp::Acos
        | UnaryOp::Atan
        | UnaryOp::Sinh
        | UnaryOp::Cosh
        | UnaryOp::Asinh
        | UnaryOp::Acosh
        | UnaryOp::Atanh
        | UnaryOp::Erf
        | UnaryOp::Erfc
        | UnaryOp::Gamma
        | UnaryOp::Lgamma => false,
    }
}

/// Whether `op` is computed lane by lane; shifts are where the amount is a constant, since no
/// vector type shifts each lane by its own amount.
pub(super) fn binary(op: BinaryOp, constant_right: bool) -> bool {
    match op {
        BinaryOp::Add
        | BinaryOp::Sub
        | BinaryOp::Mul
        | BinaryOp::Div
        | BinaryOp::CopySign
        | BinaryOp::Min
        | BinaryOp::Max
        | BinaryOp::Eq
        | BinaryOp::Ne
        | BinaryOp::Lt
        | BinaryOp::Le
        | BinaryOp::Gt
        | BinaryOp::Ge
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Xor => true,
        BinaryOp::FloorDiv
        | BinaryOp::Mod
        | BinaryOp::Pow
        | BinaryOp::Fmod
        | BinaryOp::NextAfter
        | BinaryOp::Atan2
        | BinaryOp::Hypot
        | BinaryOp::LogAddExp
        | BinaryOp::Gcd
        | BinaryOp::Lcm => false,
        BinaryOp::Shl | BinaryOp::Shr => constant_right,
    }
}

/// Whether the conversion is computed lane by lane: all but floats to integers (which saturate)
/// and 64-bit integers to float32 (which must round once).
pub(super) fn cast(from: DType, to: DType) -> bool {
    if from.is_bool() || to.is_bool() || from == to {
        return true;
    }
    match (from.is_float(), to.is_float()) {
        (true, false) => false,
        (false, true) => from.size() < 8 || to == DType::Float64,
        (true, true) | (false, false) => true,
    }
}
