//! In: a function. Out: what is computed twice is computed once.
//! Never: two reductions made one whose cuts differ.

use std::collections::HashMap;

use super::rewrite::rewrite;
use crate::ir::{Elementwise, Func, Inst, Value, ValueData};
use crate::types::BinaryOp;

/// Values of equal instruction, dtype and shape are the first of them.
pub(super) fn cse(func: &Func) -> Func {
    let mut first: HashMap<ValueData, Value> = HashMap::new();
    rewrite(func, |new, data| {
        *first
            .entry(canonical(&data))
            .or_insert_with(|| new.values.push(data))
    })
}

/// The value with the arguments of a commutative operation in order.
fn canonical(data: &ValueData) -> ValueData {
    let mut data = data.clone();
    if let Inst::Map(Elementwise::Binary(op, a, b)) = &mut data.inst
        && commutes(*op)
        && a > b
    {
        std::mem::swap(a, b);
    }
    data
}

/// Whether `op(a, b)` is `op(b, a)` to the bit: so are IEEE sums and products, the IR's min and
/// max, which order zeros and propagate NaN, and functions that order their arguments.
fn commutes(op: BinaryOp) -> bool {
    match op {
        BinaryOp::Add
        | BinaryOp::Mul
        | BinaryOp::Min
        | BinaryOp::Max
        | BinaryOp::Eq
        | BinaryOp::Ne
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Xor
        | BinaryOp::Hypot
        | BinaryOp::LogAddExp
        | BinaryOp::Gcd
        | BinaryOp::Lcm => true,
        BinaryOp::Sub
        | BinaryOp::Div
        | BinaryOp::FloorDiv
        | BinaryOp::Mod
        | BinaryOp::Pow
        | BinaryOp::Fmod
        | BinaryOp::CopySign
        | BinaryOp::NextAfter
        | BinaryOp::Atan2
        | BinaryOp::Lt
        | BinaryOp::Le
        | BinaryOp::Gt
        | BinaryOp::Ge
        | BinaryOp::Shl
        | BinaryOp::Shr => false,
    }
}
