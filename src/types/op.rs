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
    /// Math functions: floats, at most 1 ulp.
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
    pub const ALL: [UnaryOp; 22] = {
        use UnaryOp::*;
        [
            Neg, Abs, Not, Sign, Sqrt, Floor, Ceil, Trunc, Rint, IsNan, IsFinite, IsInf, Sin, Cos,
            Tan, Exp, Expm1, Log, Log2, Log10, Log1p, Tanh,
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
        }
    }

    /// The result dtype for an argument of `dtype`; `None` where the operation does not exist.
    pub fn result(self, dtype: DType) -> Option<DType> {
        match self {
            UnaryOp::Neg | UnaryOp::Abs | UnaryOp::Sign => (!dtype.is_bool()).then_some(dtype),
            UnaryOp::Not => (!dtype.is_float()).then_some(dtype),
            UnaryOp::IsNan | UnaryOp::IsFinite | UnaryOp::IsInf => {
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
            | UnaryOp::Tanh => dtype.is_float().then_some(dtype),
        }
    }
}

impl BinaryOp {
    /// All of them.
    pub const ALL: [BinaryOp; 20] = {
        use BinaryOp::*;
        [
            Add, Sub, Mul, Div, FloorDiv, Mod, Pow, Min, Max, Eq, Ne, Lt, Le, Gt, Ge, And, Or, Xor,
            Shl, Shr,
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
            | BinaryOp::Pow => (!dtype.is_bool()).then_some(dtype),
            BinaryOp::Div => dtype.is_float().then_some(dtype),
            BinaryOp::Min | BinaryOp::Max => Some(dtype),
            BinaryOp::Eq
            | BinaryOp::Ne
            | BinaryOp::Lt
            | BinaryOp::Le
            | BinaryOp::Gt
            | BinaryOp::Ge => Some(DType::Bool),
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => (!dtype.is_float()).then_some(dtype),
            BinaryOp::Shl | BinaryOp::Shr => dtype.is_int().then_some(dtype),
        }
    }
}
