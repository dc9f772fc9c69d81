//! In: a function and the kinds of its arguments. Out: the dtype it computes in, as NumPy 2 has it.
//! Never: a rule of thumb; each function has its own table, made by NumPy (see `promote_table`).

use super::promote_table as table;
use super::{BinaryOp, DType, UnaryOp};

/// A table of two arguments: a row for each left side, a column for each right one.
pub(super) type Pairs = [&'static [u8; SIDES]; SIDES];

/// The dtypes, a weak int and a weak float.
const SIDES: usize = DType::ALL.len() + 2;

/// What an argument brings to promotion.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Side {
    /// An array or a typed scalar.
    Strong(DType),
    /// An integer literal: it takes the dtype of the other side where that is a number.
    WeakInt,
    /// A float literal: it takes the dtype of the other side where that is a float.
    WeakFloat,
}

/// How a function treats arguments of some kinds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Promotion {
    /// All arguments are cast to this dtype. The result has it too, or is bool for the functions
    /// that answer a question.
    In(DType),
    /// A signed integer is compared with a uint64: there is no common dtype, the answer is exact.
    MixedInts,
    /// NumPy computes in float16, which is not one of our dtypes.
    Float16,
    /// NumPy refuses.
    Refused,
}

/// What a function of one argument computes in.
pub fn unary(op: UnaryOp, dtype: DType) -> Promotion {
    let row = match op {
        UnaryOp::Neg => table::NEGATIVE,
        UnaryOp::Abs => table::ABSOLUTE,
        UnaryOp::Not => table::INVERT,
        UnaryOp::Sign => table::SIGN,
        UnaryOp::Sqrt => table::SQRT,
        UnaryOp::Floor => table::FLOOR,
        UnaryOp::Ceil => table::CEIL,
        UnaryOp::Trunc => table::TRUNC,
        UnaryOp::Rint => table::RINT,
        UnaryOp::IsNan => table::ISNAN,
        UnaryOp::IsFinite => table::ISFINITE,
        UnaryOp::IsInf => table::ISINF,
        UnaryOp::SignBit => table::SIGNBIT,
        UnaryOp::Sin => table::SIN,
        UnaryOp::Cos => table::COS,
        UnaryOp::Tan => table::TAN,
        UnaryOp::Exp => table::EXP,
        UnaryOp::Expm1 => table::EXPM1,
        UnaryOp::Log => table::LOG,
        UnaryOp::Log2 => table::LOG2,
        UnaryOp::Log10 => table::LOG10,
        UnaryOp::Log1p => table::LOG1P,
        UnaryOp::Tanh => table::TANH,
        UnaryOp::Cbrt => table::CBRT,
        UnaryOp::Exp2 => table::EXP2,
        UnaryOp::Asin => table::ARCSIN,
        UnaryOp::Acos => table::ARCCOS,
        UnaryOp::Atan => table::ARCTAN,
        UnaryOp::Sinh => table::SINH,
        UnaryOp::Cosh => table::COSH,
        UnaryOp::Asinh => table::ARCSINH,
        UnaryOp::Acosh => table::ARCCOSH,
        UnaryOp::Atanh => table::ARCTANH,
        UnaryOp::Erf => table::ERF,
        UnaryOp::Erfc => table::ERFC,
        UnaryOp::Gamma => table::GAMMA,
        UnaryOp::Lgamma => table::LGAMMA,
    };
    read(row[dtype.ordinal()])
}

/// What `+x` and `positive` compute in.
pub fn positive(dtype: DType) -> Promotion {
    read(table::POSITIVE[dtype.ordinal()])
}

/// What `square`, and `x ** 2`, compute in.
pub fn square(dtype: DType) -> Promotion {
    read(table::SQUARE[dtype.ordinal()])
}

/// What `reciprocal` computes in.
pub fn reciprocal(dtype: DType) -> Promotion {
    read(table::RECIPROCAL[dtype.ordinal()])
}

/// What `fabs` computes in.
pub fn fabs(dtype: DType) -> Promotion {
    read(table::FABS[dtype.ordinal()])
}

/// What `deg2rad` computes in.
pub fn deg2rad(dtype: DType) -> Promotion {
    read(table::DEG2RAD[dtype.ordinal()])
}

/// What `rad2deg` computes in.
pub fn rad2deg(dtype: DType) -> Promotion {
    read(table::RAD2DEG[dtype.ordinal()])
}

/// What `conj` computes in.
pub fn conjugate(dtype: DType) -> Promotion {
    read(table::CONJUGATE[dtype.ordinal()])
}

/// What a function of two arguments computes in. Two literals have no entry: they are folded, or
/// made strong first.
pub fn binary(op: BinaryOp, left: Side, right: Side) -> Promotion {
    let pairs = match op {
        BinaryOp::Add => &table::ADD,
        BinaryOp::Sub => &table::SUBTRACT,
        BinaryOp::Mul => &table::MULTIPLY,
        BinaryOp::Div => &table::DIVIDE,
        BinaryOp::FloorDiv => &table::FLOOR_DIVIDE,
        BinaryOp::Mod => &table::REMAINDER,
        BinaryOp::Pow => &table::POWER,
        BinaryOp::Fmod => &table::FMOD,
        BinaryOp::CopySign => &table::COPYSIGN,
        BinaryOp::NextAfter => &table::NEXTAFTER,
        BinaryOp::Atan2 => &table::ARCTAN2,
        BinaryOp::Hypot => &table::HYPOT,
        BinaryOp::LogAddExp => &table::LOGADDEXP,
        BinaryOp::Gcd => &table::GCD,
        BinaryOp::Lcm => &table::LCM,
        BinaryOp::Min => &table::MINIMUM,
        BinaryOp::Max => &table::MAXIMUM,
        BinaryOp::Eq => &table::EQUAL,
        BinaryOp::Ne => &table::NOT_EQUAL,
        BinaryOp::Lt => &table::LESS,
        BinaryOp::Le => &table::LESS_EQUAL,
        BinaryOp::Gt => &table::GREATER,
        BinaryOp::Ge => &table::GREATER_EQUAL,
        BinaryOp::And => &table::BITWISE_AND,
        BinaryOp::Or => &table::BITWISE_OR,
        BinaryOp::Xor => &table::BITWISE_XOR,
        BinaryOp::Shl => &table::LEFT_SHIFT,
        BinaryOp::Shr => &table::RIGHT_SHIFT,
    };
    read(pairs[left.ordinal()][right.ordinal()])
}

/// What `fmax` computes in.
pub fn fmax(left: Side, right: Side) -> Promotion {
    read(table::FMAX[left.ordinal()][right.ordinal()])
}

/// What `fmin` computes in.
pub fn fmin(left: Side, right: Side) -> Promotion {
    read(table::FMIN[left.ordinal()][right.ordinal()])
}

/// What `heaviside` computes in.
pub fn heaviside(left: Side, right: Side) -> Promotion {
    read(table::HEAVISIDE[left.ordinal()][right.ordinal()])
}

/// What the arms of `where` are cast to.
pub fn select(then: Side, otherwise: Side) -> Promotion {
    read(table::WHERE[then.ordinal()][otherwise.ordinal()])
}

impl Side {
    fn ordinal(self) -> usize {
        match self {
            Side::Strong(dtype) => dtype.ordinal(),
            Side::WeakInt => DType::ALL.len(),
            Side::WeakFloat => DType::ALL.len() + 1,
        }
    }
}

fn read(letter: u8) -> Promotion {
    match letter {
        b'?' => Promotion::In(DType::Bool),
        b'b' => Promotion::In(DType::Int8),
        b'h' => Promotion::In(DType::Int16),
        b'i' => Promotion::In(DType::Int32),
        b'l' => Promotion::In(DType::Int64),
        b'B' => Promotion::In(DType::UInt8),
        b'H' => Promotion::In(DType::UInt16),
        b'I' => Promotion::In(DType::UInt32),
        b'L' => Promotion::In(DType::UInt64),
        b'f' => Promotion::In(DType::Float32),
        b'd' => Promotion::In(DType::Float64),
        b'x' => Promotion::MixedInts,
        b'e' => Promotion::Float16,
        _ => Promotion::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sides() -> Vec<Side> {
        let weak = [Side::WeakInt, Side::WeakFloat];
        DType::ALL
            .map(Side::Strong)
            .into_iter()
            .chain(weak)
            .collect()
    }

    #[test]
    fn every_entry_is_a_dtype_that_the_instruction_takes() {
        for op in BinaryOp::ALL {
            for (left, right) in sides()
                .iter()
                .flat_map(|&a| sides().into_iter().map(move |b| (a, b)))
            {
                let Promotion::In(dtype) = binary(op, left, right) else {
                    continue;
                };
                let logical = dtype.is_bool() && matches!(op, BinaryOp::Add | BinaryOp::Mul);
                assert!(
                    logical || op.result(dtype).is_some(),
                    "{op:?} {left:?} {right:?}"
                );
            }
        }
    }

    #[test]
    fn promotion_is_symmetric_but_for_the_order_of_the_comparison() {
        for op in BinaryOp::ALL {
            for (a, b) in sides()
                .iter()
                .flat_map(|&a| sides().into_iter().map(move |b| (a, b)))
            {
                assert_eq!(binary(op, a, b), binary(op, b, a), "{op:?} {a:?} {b:?}");
            }
        }
    }

    #[test]
    fn cases_that_pairwise_promotion_gets_wrong() {
        use DType::*;
        let strong = Side::Strong;
        assert_eq!(unary(UnaryOp::Sin, Int8), Promotion::Float16);
        assert_eq!(unary(UnaryOp::Rint, Int16), Promotion::In(Float32));
        assert_eq!(unary(UnaryOp::Floor, Int8), Promotion::In(Int8));
        assert_eq!(square(Bool), Promotion::In(Int8));
        assert_eq!(positive(Bool), Promotion::Refused);
        let shift = binary(BinaryOp::Shl, strong(Bool), strong(Bool));
        assert_eq!(shift, Promotion::In(Int8));
        let and = binary(BinaryOp::And, strong(UInt64), strong(Int64));
        assert_eq!(and, Promotion::Refused);
        let less = binary(BinaryOp::Lt, strong(UInt64), strong(Int8));
        assert_eq!(less, Promotion::MixedInts);
        let power = binary(BinaryOp::Pow, strong(Int8), Side::WeakFloat);
        assert_eq!(power, Promotion::In(Float64));
        assert_eq!(
            select(strong(Float32), Side::WeakInt),
            Promotion::In(Float32)
        );
    }
}
