//! In: an operation and a dtype. Out: the one body that says what it computes, as a type.
//! Never: a second meaning; `scalar` and `strip` both come here.

use super::element::{Bool8, Element, with_dtype};
use super::float::Float;
use super::int::Int;
use crate::types::{BinaryOp, DType, UnaryOp};

/// An operation of one argument on elements of type `T`.
pub(crate) trait Unary<T> {
    /// Whether wider machine code is worth having.
    const WIDE: bool = false;
    /// The result where [`Unary::is_hard`] is false.
    fn eval(x: T) -> T;
    /// Whether `x` lies outside of the range that [`Unary::eval`] covers.
    #[inline(always)]
    fn is_hard(_x: T) -> bool {
        false
    }
    /// The result where [`Unary::is_hard`] is true.
    fn eval_hard(x: T) -> T {
        Self::eval(x)
    }
}

/// An operation of two arguments on elements of type `T`.
pub(crate) trait Binary<T> {
    /// Whether wider machine code is worth having.
    const WIDE: bool = false;
    /// The result.
    fn eval(a: T, b: T) -> T;
}

/// Something to do with the body of an operation of one argument.
pub(crate) trait VisitUnary {
    /// What comes of it.
    type Out;
    /// Does it.
    fn visit<T: Element, F: Unary<T>>(self) -> Self::Out;
}

/// Something to do with the body of an operation of two arguments.
pub(crate) trait VisitBinary {
    /// What comes of it.
    type Out;
    /// Does it.
    fn visit<T: Element, F: Binary<T>>(self) -> Self::Out;
}

/// Declares the types that stand for operations of one argument.
macro_rules! unary_bodies {
    ($($name:ident: $family:ident, $wide:literal, $method:ident;)*) => {$(
        struct $name;
        impl<T: $family> Unary<T> for $name {
            const WIDE: bool = $wide;
            #[inline(always)]
            fn eval(x: T) -> T {
                x.$method()
            }
        }
    )*};
}

/// Declares the types that stand for operations of two arguments.
macro_rules! binary_bodies {
    ($($name:ident: $family:ident, $wide:literal, $method:ident;)*) => {$(
        struct $name;
        impl<T: $family> Binary<T> for $name {
            const WIDE: bool = $wide;
            #[inline(always)]
            fn eval(a: T, b: T) -> T {
                a.$method(b)
            }
        }
    )*};
}

/// Declares the math functions whose bodies vectorise and which have hard arguments.
macro_rules! hard_bodies {
    ($($name:ident: $method:ident, $is_hard:ident, $hard:ident;)*) => {$(
        struct $name;
        impl<T: Float> Unary<T> for $name {
            const WIDE: bool = true;
            #[inline(always)]
            fn eval(x: T) -> T {
                x.$method()
            }
            #[inline(always)]
            fn is_hard(x: T) -> bool {
                x.$is_hard()
            }
            fn eval_hard(x: T) -> T {
                x.$hard()
            }
        }
    )*};
}

unary_bodies! {
    NegInt: Int, true, neg;
    AbsInt: Int, true, abs;
    NotInt: Int, true, not;
    SignInt: Int, true, sign;
    Neg: Float, true, neg;
    Abs: Float, true, abs;
    Sign: Float, true, sign;
    Sqrt: Float, true, sqrt;
    Floor: Float, true, floor;
    Ceil: Float, true, ceil;
    Trunc: Float, true, trunc;
    Rint: Float, true, rint;
    Exp: Float, true, exp;
    Log: Float, true, log;
    Tan: Float, false, tan;
    Expm1: Float, true, expm1;
    Log2: Float, true, log2;
    Log10: Float, true, log10;
    Log1p: Float, true, log1p;
    Tanh: Float, true, tanh;
    Cbrt: Float, false, cbrt;
    Exp2: Float, true, exp2;
    Asin: Float, true, asin;
    Acos: Float, true, acos;
    Atan: Float, true, atan;
    Sinh: Float, true, sinh;
    Cosh: Float, true, cosh;
    Asinh: Float, true, asinh;
    Acosh: Float, true, acosh;
    Atanh: Float, true, atanh;
    Erf: Float, false, erf;
    Erfc: Float, false, erfc;
    Gamma: Float, false, gamma;
    Lgamma: Float, false, lgamma;
}

hard_bodies! {
    Sin: sin, is_hard_angle, sin_hard;
    Cos: cos, is_hard_angle, cos_hard;
}

binary_bodies! {
    AddInt: Int, true, add;
    SubInt: Int, true, sub;
    MulInt: Int, true, mul;
    FloorDivInt: Int, true, floor_div;
    ModInt: Int, true, modulo;
    PowInt: Int, false, pow;
    FmodInt: Int, false, fmod;
    Gcd: Int, false, gcd;
    Lcm: Int, false, lcm;
    AndInt: Int, true, and;
    OrInt: Int, true, or;
    XorInt: Int, true, xor;
    Shl: Int, true, shl;
    Shr: Int, true, shr;
    Add: Float, true, add;
    Sub: Float, true, sub;
    Mul: Float, true, mul;
    Div: Float, true, div;
    FloorDiv: Float, false, floor_div;
    Mod: Float, false, modulo;
    Pow: Float, true, pow;
    Fmod: Float, false, fmod;
    CopySign: Float, true, copysign;
    NextAfter: Float, true, next_after;
    Atan2: Float, true, atan2;
    Hypot: Float, true, hypot;
    LogAddExp: Float, true, logaddexp;
    Min: Element, true, least;
    Max: Element, true, greatest;
}

struct NotBool;
impl Unary<Bool8> for NotBool {
    #[inline(always)]
    fn eval(x: Bool8) -> Bool8 {
        Bool8::new(!x.truth())
    }
}

/// Declares the operations whose result is a bool: on bools they are like any other.
macro_rules! bool_bodies {
    ($($name:ident: $op:tt;)*) => {$(
        struct $name;
        impl Binary<Bool8> for $name {
            #[inline(always)]
            fn eval(a: Bool8, b: Bool8) -> Bool8 {
                Bool8::new(a.truth() $op b.truth())
            }
        }
    )*};
}
bool_bodies! {
    EqBool: ==;
    NeBool: !=;
    LtBool: <;
    LeBool: <=;
    GtBool: >;
    GeBool: >=;
    AndBool: &;
    OrBool: |;
    XorBool: ^;
}

/// Visits the body of `op` on `dtype`; `None` where the result has another dtype or the
/// operation does not exist.
pub(crate) fn visit_unary<V: VisitUnary>(op: UnaryOp, dtype: DType, v: V) -> Option<V::Out> {
    match dtype {
        DType::Bool => (op == UnaryOp::Not).then(|| v.visit::<Bool8, NotBool>()),
        DType::Int8 => unary_int::<i8, V>(op, v),
        DType::Int16 => unary_int::<i16, V>(op, v),
        DType::Int32 => unary_int::<i32, V>(op, v),
        DType::Int64 => unary_int::<i64, V>(op, v),
        DType::UInt8 => unary_int::<u8, V>(op, v),
        DType::UInt16 => unary_int::<u16, V>(op, v),
        DType::UInt32 => unary_int::<u32, V>(op, v),
        DType::UInt64 => unary_int::<u64, V>(op, v),
        DType::Float32 => unary_float::<f32, V>(op, v),
        DType::Float64 => unary_float::<f64, V>(op, v),
    }
}

fn unary_int<T: Int, V: VisitUnary>(op: UnaryOp, v: V) -> Option<V::Out> {
    Some(match op {
        UnaryOp::Neg => v.visit::<T, NegInt>(),
        UnaryOp::Abs => v.visit::<T, AbsInt>(),
        UnaryOp::Not => v.visit::<T, NotInt>(),
        UnaryOp::Sign => v.visit::<T, SignInt>(),
        UnaryOp::Sqrt
        | UnaryOp::Floor
        | UnaryOp::Ceil
        | UnaryOp::Trunc
        | UnaryOp::Rint
        | UnaryOp::IsNan
        | UnaryOp::IsFinite
        | UnaryOp::IsInf
        | UnaryOp::SignBit
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
        | UnaryOp::Lgamma => return None,
    })
}

fn unary_float<T: Float, V: VisitUnary>(op: UnaryOp, v: V) -> Option<V::Out> {
    Some(match op {
        UnaryOp::Neg => v.visit::<T, Neg>(),
        UnaryOp::Abs => v.visit::<T, Abs>(),
        UnaryOp::Sign => v.visit::<T, Sign>(),
        UnaryOp::Sqrt => v.visit::<T, Sqrt>(),
        UnaryOp::Floor => v.visit::<T, Floor>(),
        UnaryOp::Ceil => v.visit::<T, Ceil>(),
        UnaryOp::Trunc => v.visit::<T, Trunc>(),
        UnaryOp::Rint => v.visit::<T, Rint>(),
        UnaryOp::Sin => v.visit::<T, Sin>(),
        UnaryOp::Cos => v.visit::<T, Cos>(),
        UnaryOp::Tan => v.visit::<T, Tan>(),
        UnaryOp::Exp => v.visit::<T, Exp>(),
        UnaryOp::Expm1 => v.visit::<T, Expm1>(),
        UnaryOp::Log => v.visit::<T, Log>(),
        UnaryOp::Log2 => v.visit::<T, Log2>(),
        UnaryOp::Log10 => v.visit::<T, Log10>(),
        UnaryOp::Log1p => v.visit::<T, Log1p>(),
        UnaryOp::Tanh => v.visit::<T, Tanh>(),
        UnaryOp::Cbrt => v.visit::<T, Cbrt>(),
        UnaryOp::Exp2 => v.visit::<T, Exp2>(),
        UnaryOp::Asin => v.visit::<T, Asin>(),
        UnaryOp::Acos => v.visit::<T, Acos>(),
        UnaryOp::Atan => v.visit::<T, Atan>(),
        UnaryOp::Sinh => v.visit::<T, Sinh>(),
        UnaryOp::Cosh => v.visit::<T, Cosh>(),
        UnaryOp::Asinh => v.visit::<T, Asinh>(),
        UnaryOp::Acosh => v.visit::<T, Acosh>(),
        UnaryOp::Atanh => v.visit::<T, Atanh>(),
        UnaryOp::Erf => v.visit::<T, Erf>(),
        UnaryOp::Erfc => v.visit::<T, Erfc>(),
        UnaryOp::Gamma => v.visit::<T, Gamma>(),
        UnaryOp::Lgamma => v.visit::<T, Lgamma>(),
        UnaryOp::Not | UnaryOp::IsNan | UnaryOp::IsFinite | UnaryOp::IsInf | UnaryOp::SignBit => {
            return None;
        }
    })
}

/// Visits the body of `op` on `dtype`; `None` where the result has another dtype or the
/// operation does not exist.
pub(crate) fn visit_binary<V: VisitBinary>(op: BinaryOp, dtype: DType, v: V) -> Option<V::Out> {
    match (op, dtype) {
        (BinaryOp::Min, dtype) => Some(with_dtype!(dtype, T => v.visit::<T, Min>())),
        (BinaryOp::Max, dtype) => Some(with_dtype!(dtype, T => v.visit::<T, Max>())),
        (op, DType::Bool) => binary_bool(op, v),
        (op, DType::Int8) => binary_int::<i8, V>(op, v),
        (op, DType::Int16) => binary_int::<i16, V>(op, v),
        (op, DType::Int32) => binary_int::<i32, V>(op, v),
        (op, DType::Int64) => binary_int::<i64, V>(op, v),
        (op, DType::UInt8) => binary_int::<u8, V>(op, v),
        (op, DType::UInt16) => binary_int::<u16, V>(op, v),
        (op, DType::UInt32) => binary_int::<u32, V>(op, v),
        (op, DType::UInt64) => binary_int::<u64, V>(op, v),
        (op, DType::Float32) => binary_float::<f32, V>(op, v),
        (op, DType::Float64) => binary_float::<f64, V>(op, v),
    }
}

fn binary_bool<V: VisitBinary>(op: BinaryOp, v: V) -> Option<V::Out> {
    Some(match op {
        BinaryOp::Eq => v.visit::<Bool8, EqBool>(),
        BinaryOp::Ne => v.visit::<Bool8, NeBool>(),
        BinaryOp::Lt => v.visit::<Bool8, LtBool>(),
        BinaryOp::Le => v.visit::<Bool8, LeBool>(),
        BinaryOp::Gt => v.visit::<Bool8, GtBool>(),
        BinaryOp::Ge => v.visit::<Bool8, GeBool>(),
        BinaryOp::And => v.visit::<Bool8, AndBool>(),
        BinaryOp::Or => v.visit::<Bool8, OrBool>(),
        BinaryOp::Xor => v.visit::<Bool8, XorBool>(),
        BinaryOp::Min => v.visit::<Bool8, Min>(),
        BinaryOp::Max => v.visit::<Bool8, Max>(),
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
        | BinaryOp::Shl
        | BinaryOp::Shr => return None,
    })
}

fn binary_int<T: Int, V: VisitBinary>(op: BinaryOp, v: V) -> Option<V::Out> {
    Some(match op {
        BinaryOp::Add => v.visit::<T, AddInt>(),
        BinaryOp::Sub => v.visit::<T, SubInt>(),
        BinaryOp::Mul => v.visit::<T, MulInt>(),
        BinaryOp::FloorDiv => v.visit::<T, FloorDivInt>(),
        BinaryOp::Mod => v.visit::<T, ModInt>(),
        BinaryOp::Pow => v.visit::<T, PowInt>(),
        BinaryOp::Fmod => v.visit::<T, FmodInt>(),
        BinaryOp::Gcd => v.visit::<T, Gcd>(),
        BinaryOp::Lcm => v.visit::<T, Lcm>(),
        BinaryOp::Min => v.visit::<T, Min>(),
        BinaryOp::Max => v.visit::<T, Max>(),
        BinaryOp::And => v.visit::<T, AndInt>(),
        BinaryOp::Or => v.visit::<T, OrInt>(),
        BinaryOp::Xor => v.visit::<T, XorInt>(),
        BinaryOp::Shl => v.visit::<T, Shl>(),
        BinaryOp::Shr => v.visit::<T, Shr>(),
        BinaryOp::Div
        | BinaryOp::CopySign
        | BinaryOp::NextAfter
        | BinaryOp::Atan2
        | BinaryOp::Hypot
        | BinaryOp::LogAddExp
        | BinaryOp::Eq
        | BinaryOp::Ne
        | BinaryOp::Lt
        | BinaryOp::Le
        | BinaryOp::Gt
        | BinaryOp::Ge => return None,
    })
}

fn binary_float<T: Float, V: VisitBinary>(op: BinaryOp, v: V) -> Option<V::Out> {
    Some(match op {
        BinaryOp::Add => v.visit::<T, Add>(),
        BinaryOp::Sub => v.visit::<T, Sub>(),
        BinaryOp::Mul => v.visit::<T, Mul>(),
        BinaryOp::Div => v.visit::<T, Div>(),
        BinaryOp::FloorDiv => v.visit::<T, FloorDiv>(),
        BinaryOp::Mod => v.visit::<T, Mod>(),
        BinaryOp::Pow => v.visit::<T, Pow>(),
        BinaryOp::Fmod => v.visit::<T, Fmod>(),
        BinaryOp::CopySign => v.visit::<T, CopySign>(),
        BinaryOp::NextAfter => v.visit::<T, NextAfter>(),
        BinaryOp::Atan2 => v.visit::<T, Atan2>(),
        BinaryOp::Hypot => v.visit::<T, Hypot>(),
        BinaryOp::LogAddExp => v.visit::<T, LogAddExp>(),
        BinaryOp::Min => v.visit::<T, Min>(),
        BinaryOp::Max => v.visit::<T, Max>(),
        BinaryOp::Eq
        | BinaryOp::Ne
        | BinaryOp::Lt
        | BinaryOp::Le
        | BinaryOp::Gt
        | BinaryOp::Ge
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Xor
        | BinaryOp::Gcd
        | BinaryOp::Lcm
        | BinaryOp::Shl
        | BinaryOp::Shr => return None,
    })
}
