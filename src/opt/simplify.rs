//! In: a function. Out: the same function, with operations that have a cheaper equal replaced by
//! it. Never: a rewrite that is wrong for one NaN, one zero or one overflow; each is an equation
//! with its exceptions, and none makes a shape smaller.

mod binary;
mod cast;

use super::rewrite::{constant, rewrite};
use crate::ir::{Elementwise, Func, Inst, Value, ValueData};
use crate::types::{BinaryOp, DType, Scalar, UnaryOp};

/// Applies every rule once to every value, in order.
pub(super) fn simplify(func: &Func) -> Func {
    rewrite(func, |new, data| {
        let map = match &data.inst {
            Inst::Map(map) => *map,
            Inst::Const(_)
            | Inst::Elem(_)
            | Inst::Generate(_)
            | Inst::Reduce(_)
            | Inst::View(_)
            | Inst::Reshape(_)
            | Inst::Concat(_)
            | Inst::Scan(_)
            | Inst::Tally(_) => {
                return new.values.push(data);
            }
        };
        match simpler(new, map, data.dtype) {
            Some(cheaper) => replace(new, cheaper, data),
            None => new.values.push(data),
        }
    })
}

/// What a value equals.
enum Cheaper {
    /// Another value, where that has the same shape.
    Value(Value),
    /// This constant.
    Const(Scalar),
    /// This operation, where it gives the same shape.
    Map(Elementwise<Value>),
    /// The product of a value and this constant, which takes the shape of that other constant.
    Times(Value, Scalar, Value),
}

/// The new value for `data`, which equals `cheaper` but for its shape.
fn replace(func: &mut Func, cheaper: Cheaper, data: ValueData) -> Value {
    let like = |inst| ValueData {
        inst,
        ..data.clone()
    };
    match cheaper {
        Cheaper::Value(value) if func.values[value].shape == data.shape => value,
        Cheaper::Value(value) => match constant(func, value) {
            Some(scalar) => func.values.push(like(Inst::Const(scalar))),
            None => func.values.push(data),
        },
        Cheaper::Const(scalar) => func.values.push(like(Inst::Const(scalar))),
        Cheaper::Map(map) => {
            // All maps that the rules give have one argument, or the arguments they had.
            let mut args = map.args();
            let same = match (args.next(), args.next()) {
                (Some(only), None) => func.values[only].shape == data.shape,
                _ => true,
            };
            func.values
                .push(if same { like(Inst::Map(map)) } else { data })
        }
        Cheaper::Times(value, factor, like_const) => {
            let shape = func.values[like_const].shape.clone();
            let factor = func.values.push(ValueData {
                inst: Inst::Const(factor),
                shape,
                ..data.clone()
            });
            func.values.push(like(Inst::Map(Elementwise::Binary(
                BinaryOp::Mul,
                value,
                factor,
            ))))
        }
    }
}

fn simpler(func: &Func, map: Elementwise<Value>, dtype: DType) -> Option<Cheaper> {
    match map {
        Elementwise::Unary(op, a) => unary(func, op, a),
        Elementwise::Binary(op, a, b) => binary::binary(func, op, a, b),
        Elementwise::Select {
            condition,
            then,
            otherwise,
        } => select(func, condition, then, otherwise),
        Elementwise::Cast(a) => cast::cast(func, a, dtype),
    }
}

/// How a value is computed, if elementwise.
fn map_of(func: &Func, value: Value) -> Option<Elementwise<Value>> {
    match &func.values[value].inst {
        Inst::Map(map) => Some(*map),
        Inst::Const(_)
        | Inst::Elem(_)
        | Inst::Generate(_)
        | Inst::Reduce(_)
        | Inst::View(_)
        | Inst::Reshape(_)
        | Inst::Concat(_)
        | Inst::Scan(_)
        | Inst::Tally(_) => None,
    }
}

fn unary(func: &Func, op: UnaryOp, a: Value) -> Option<Cheaper> {
    let inner = map_of(func, a)?;
    match (op, inner) {
        // -(-x) == x, overflow included; ~(~x) == x.
        (UnaryOp::Neg, Elementwise::Unary(UnaryOp::Neg, x))
        | (UnaryOp::Not, Elementwise::Unary(UnaryOp::Not, x)) => Some(Cheaper::Value(x)),
        // abs(-x) == abs(x), also for the smallest integer, which is its own negative; except
        // for unsigned integers, whose negative wraps and whose abs is themselves.
        (UnaryOp::Abs, Elementwise::Unary(UnaryOp::Neg, x)) => {
            let unsigned = func.values[x].dtype.is_unsigned();
            (!unsigned).then_some(Cheaper::Map(Elementwise::Unary(UnaryOp::Abs, x)))
        }
        // abs(abs(x)) == abs(x)
        (UnaryOp::Abs, Elementwise::Unary(UnaryOp::Abs, _)) => Some(Cheaper::Value(a)),
        // floor(ceil(x)) == ceil(x): a whole number stays, and so do -0.0, inf and NaN.
        (outer, Elementwise::Unary(inner, _)) if rounds(outer) && rounds(inner) => {
            Some(Cheaper::Value(a))
        }
        // not (x < y) == (x >= y), except for floats, where both may be false.
        (UnaryOp::Not, Elementwise::Binary(op, x, y)) => {
            let total = !func.values[x].dtype.is_float();
            let opposite = opposite(op, total)?;
            Some(Cheaper::Map(Elementwise::Binary(opposite, x, y)))
        }
        _ => None,
    }
}

fn rounds(op: UnaryOp) -> bool {
    matches!(
        op,
        UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Trunc | UnaryOp::Rint
    )
}

/// The comparison that holds exactly where `op` does not; `total` where every two values compare.
fn opposite(op: BinaryOp, total: bool) -> Option<BinaryOp> {
    match op {
        BinaryOp::Eq => Some(BinaryOp::Ne),
        BinaryOp::Ne => Some(BinaryOp::Eq),
        BinaryOp::Lt => total.then_some(BinaryOp::Ge),
        BinaryOp::Le => total.then_some(BinaryOp::Gt),
        BinaryOp::Gt => total.then_some(BinaryOp::Le),
        BinaryOp::Ge => total.then_some(BinaryOp::Lt),
        BinaryOp::Add
        | BinaryOp::Sub
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
        | BinaryOp::Min
        | BinaryOp::Max
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Xor
        | BinaryOp::Shl
        | BinaryOp::Shr => None,
    }
}

fn select(func: &Func, condition: Value, then: Value, otherwise: Value) -> Option<Cheaper> {
    let (yes, no) = (constant(func, then), constant(func, otherwise));
    match constant(func, condition) {
        // select(True, x, y) == x, select(False, x, y) == y
        Some(Scalar::Bool(true)) => return Some(Cheaper::Value(then)),
        Some(_) => return Some(Cheaper::Value(otherwise)),
        None => {}
    }
    // select(c, x, x) == x
    if then == otherwise || (yes.is_some() && yes == no) {
        return Some(Cheaper::Value(then));
    }
    // select(c, True, False) == c, select(c, False, True) == not c
    match (yes, no) {
        (Some(Scalar::Bool(true)), Some(Scalar::Bool(false))) => {
            return Some(Cheaper::Value(condition));
        }
        (Some(Scalar::Bool(false)), Some(Scalar::Bool(true))) => {
            let not = Elementwise::Unary(UnaryOp::Not, condition);
            return Some(Cheaper::Map(not));
        }
        _ => {}
    }
    // select(not c, x, y) == select(c, y, x)
    match map_of(func, condition) {
        Some(Elementwise::Unary(UnaryOp::Not, condition)) => {
            Some(Cheaper::Map(Elementwise::Select {
                condition,
                then: otherwise,
                otherwise: then,
            }))
        }
        _ => None,
    }
}
