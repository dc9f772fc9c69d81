//! In: nothing. Out: the elementwise operations, and for each the dtypes it takes and gives.
//! Never: what they compute (that is `math`'s).

use super::DType;

/// Operations of one argument.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "NumPy's names")]
pub enum UnaryOp {
    /// `-x`: ints (wrapping) and floats.
    Neg,
    /// Ints (wrapping) and floats.
    Abs,
    /// `~x`: ints; on bool, logical not.
    Not,
    /// -1, 0 or 1 (ints; 0 or 1 unsigned); floats keep NaN; sign(-0.0) is 0.0... as NumPy: 0.0.
    Sign,
    /// Floats only, IEEE.
    Sqrt,
    Floor,
    Ceil,
    Trunc,
    /// Half to even; floats.
    Rint,
    /// Floats in, bool out.
    IsNan,
    IsFinite,
    IsInf,
    /// Whether the sign is negative, of -0.0 and NaN too. Floats in, bool out.
    SignBit,
    /// Math functions: floats, as exact as `math::accuracy` says.
    Sin,
    Cos,
    Tan,
    Exp,
    Expm1,
    Log,
    Log2,
    Log10,
    Log1p,
    Tanh,
    Cbrt,
    Exp2,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Asinh,
    Acosh,
    Atanh,
    /// The error function and 1 less it.
    Erf,
    Erfc,
    /// The gamma function and the logarithm of its magnitude.
    Gamma,
    Lgamma,
}

/// Operations of two arguments of one dtype.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "NumPy's names")]
pub enum BinaryOp {
    /// Ints (wrapping), floats; on bool use `Or`.
    Add,
    Sub,
    /// Ints (wrapping), floats; on bool use `And`.
    Mul,
    /// Floats only.
    Div,
    /// Floor division: ints (by 0 gives 0, MIN // -1 wraps), floats (NumPy's divmod).
    FloorDiv,
    /// Remainder with the divisor's sign: ints (by 0 gives 0), floats (NumPy's divmod).
    Mod,
    /// Floats: C pow, at most 1 ulp. Ints: wrapping; a negative exponent gives 0 (see `Raise`).
    Pow,
    /// Remainder with the dividend's sign: ints (by 0 gives 0), floats (C's fmod, exact).
    Fmod,
    /// Floats: the magnitude of the left side with the sign of the right one.
    CopySign,
    /// Floats: the next one from the left side towards the right one.
    NextAfter,
    /// Floats: the angle of the point (right, left).
    Atan2,
    /// Floats: the length of a vector.
    Hypot,
    /// Floats: `log(exp(a) + exp(b))`.
    LogAddExp,
    /// Greatest common divisor of ints; it is not negative, unless it does not fit.
    Gcd,
    /// Least common multiple of ints, wrapping.
    Lcm,
    /// NaN propagates; -0.0 is less than +0.0. All dtypes, bool too.
    Min,
    /// NaN propagates; -0.0 is less than +0.0. All dtypes, bool too.
    Max,
    /// Comparisons: any dtype in, bool out.
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    /// Bitwise on ints, logical on bool.
    And,
    Or,
    Xor,
    /// Ints; by at least the width or by less than 0 gives 0.
    Shl,
    /// Ints; by at least the width or by less than 0 gives 0, or -1 for a negative left side.
    Shr,
}

impl UnaryOp {
    /// All of them.
    pub const ALL: [UnaryOp; 37] = {
        use UnaryOp::*;
        [
            Neg, Abs, Not, Sign, Sqrt, Floor, Ceil, Trunc, Rint, IsNan, IsFinite, IsInf, SignBit,
            Sin, Cos, Tan, Exp, Expm1, Log, Log2, Log10, Log1p, Tanh, Cbrt, Exp2, Asin, Acos, Atan,
            Sinh, Cosh, Asinh, Acosh, Atanh, Erf, Erfc, Gamma, Lgamma,
        ]
    };

    /// The name in IR text.
    pub fn name(self) -> &'static str {
        match self {
            UnaryOp::Neg => "neg",
            UnaryOp::Abs => "abs",
            UnaryOp::Not => "not",
            UnaryOp::Sign => "sign",
            UnaryOp::Sqrt => "sqrt",
            UnaryOp::Floor => "floor",
            UnaryOp::Ceil => "ceil",
            UnaryOp::Trunc => "trunc",
            UnaryOp::Rint => "rint",
            UnaryOp::IsNan => "isnan",
            UnaryOp::IsFinite => "isfinite",
            UnaryOp::IsInf => "isinf",
            UnaryOp::SignBit => "signbit",
            UnaryOp::Sin => "sin",
            UnaryOp::Cos => "cos",
            UnaryOp::Tan => "tan",
            UnaryOp::Exp => "exp",
            UnaryOp::Expm1 => "expm1",
            UnaryOp::Log => "log",
            UnaryOp::Log2 => "log2",
            UnaryOp::Log10 => "log10",
            UnaryOp::Log1p => "log1p",
            UnaryOp::Tanh => "tanh",
            UnaryOp::Cbrt => "cbrt",
            UnaryOp::Exp2 => "exp2",
            UnaryOp::Asin => "asin",
            UnaryOp::Acos => "acos",
            UnaryOp::Atan => "atan",
            UnaryOp::Sinh => "sinh",
            UnaryOp::Cosh => "cosh",
            UnaryOp::Asinh => "asinh",
            UnaryOp::Acosh => "acosh",
            UnaryOp::Atanh => "atanh",
            UnaryOp::Erf => "erf",
            UnaryOp::Erfc => "erfc",
            UnaryOp::Gamma => "gamma",
            UnaryOp::Lgamma => "lgamma",
        }
    }

    /// The result dtype for an argument of `dtype`; `None` where the operation does not exist.
    pub fn result(self, dtype: DType) -> Option<DType> {
        match self {
            UnaryOp::Neg | UnaryOp::Abs | UnaryOp::Sign => (!dtype.is_bool()).then_some(dtype),
            UnaryOp::Not => (!dtype.is_float()).then_some(dtype),
            UnaryOp::IsNan | UnaryOp::IsFinite | UnaryOp::IsInf | UnaryOp::SignBit => {
                dtype.is_float().then_some(DType::Bool)
            }
            UnaryOp::Sqrt
            | UnaryOp::Floor
            | UnaryOp::Ceil
            | UnaryOp::Trunc
            | UnaryOp::Rint
            | UnaryOp::Sin
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
            | UnaryOp::Lgamma => dtype.is_float().then_some(dtype),
        }
    }
}

impl BinaryOp {
    /// All of them.
    pub const ALL: [BinaryOp; 28] = {
        use BinaryOp::*;
        [
            Add, Sub, Mul, Div, FloorDiv, Mod, Pow, Fmod, CopySign, NextAfter, Atan2, Hypot,
            LogAddExp, Gcd, Lcm, Min, Max, Eq, Ne, Lt, Le, Gt, Ge, And, Or, Xor, Shl, Shr,
        ]
    };

    /// The name in IR text.
    pub fn name(self) -> &'static str {
        match self {
            BinaryOp::Add => "add",
            BinaryOp::Sub => "sub",
            BinaryOp::Mul => "mul",
            BinaryOp::Div => "div",
            BinaryOp::FloorDiv => "floordiv",
            BinaryOp::Mod => "mod",
            BinaryOp::Pow => "pow",
            BinaryOp::Fmod => "fmod",
            BinaryOp::CopySign => "copysign",
            BinaryOp::NextAfter => "nextafter",
            BinaryOp::Atan2 => "atan2",
            BinaryOp::Hypot => "hypot",
            BinaryOp::LogAddExp => "logaddexp",
            BinaryOp::Gcd => "gcd",
            BinaryOp::Lcm => "lcm",
            BinaryOp::Min => "min",
            BinaryOp::Max => "max",
            BinaryOp::Eq => "eq",
            BinaryOp::Ne => "ne",
            BinaryOp::Lt => "lt",
            BinaryOp::Le => "le",
            BinaryOp::Gt => "gt",
            BinaryOp::Ge => "ge",
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
            BinaryOp::Xor => "xor",
            BinaryOp::Shl => "shl",
            BinaryOp::Shr => "shr",
        }
    }

    /// The result dtype for two arguments of `dtype`; `None` where the operation does not exist.
    pub fn result(self, dtype: DType) -> Option<DType> {
        match self {
            BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::Mul
            | BinaryOp::FloorDiv
            | BinaryOp::Mod
            | BinaryOp::Pow
            | BinaryOp::Fmod => (!dtype.is_bool()).then_some(dtype),
            BinaryOp::Div
            | BinaryOp::CopySign
            | BinaryOp::NextAfter
            | BinaryOp::Atan2
            | BinaryOp::Hypot
            | BinaryOp::LogAddExp => dtype.is_float().then_some(dtype),
            BinaryOp::Min | BinaryOp::Max => Some(dtype),
            BinaryOp::Eq
            | BinaryOp::Ne
            | BinaryOp::Lt
            | BinaryOp::Le
            | BinaryOp::Gt
            | BinaryOp::Ge => Some(DType::Bool),
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => (!dtype.is_float()).then_some(dtype),
            BinaryOp::Gcd | BinaryOp::Lcm | BinaryOp::Shl | BinaryOp::Shr => {
                dtype.is_int().then_some(dtype)
            }
        }
    }
}
