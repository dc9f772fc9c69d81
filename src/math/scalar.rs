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
        (UnaryOp::SignBit, Scalar::Float32(x)) => Some(Scalar::Bool(x.is_sign_negative())),
        (UnaryOp::SignBit, Scalar::Float64(x)) => Some(Scalar::Bool(x.is_sign_negative())),
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

#[cfg(test)]
mod tests {
    use super::*;

    const INTS: [DType; 8] = [
        DType::Int8,
        DType::Int16,
        DType::Int32,
        DType::Int64,
        DType::UInt8,
        DType::UInt16,
        DType::UInt32,
        DType::UInt64,
    ];

    /// Values of an int dtype: around 0, the ends, the width, and some between.
    fn ints(dtype: DType) -> Vec<i128> {
        let (low, high) = dtype.int_range().unwrap();
        let mut list: Vec<i128> = (-9..=9)
            .chain([31, 32, 33, 63, 64, 65, 100, -100])
            .collect();
        list.extend([low, low + 1, low + 2, high / 2, high - 2, high - 1, high]);
        list.extend([12_345, -12_345, 1_000_003, 40_000_000_000, -7_777_777_777]);
        list.retain(|value| (low..=high).contains(value));
        list
    }

    fn wrap(dtype: DType, value: i128) -> Scalar {
        Scalar::from_bits(dtype, value as u64)
    }

    /// The meaning of an integer operation, over numbers of any size.
    fn exact(op: BinaryOp, dtype: DType, a: i128, b: i128) -> i128 {
        let width = dtype.size() as i128 * 8;
        match op {
            BinaryOp::Add => a + b,
            BinaryOp::Sub => a - b,
            BinaryOp::Mul => a.wrapping_mul(b),
            BinaryOp::FloorDiv if b == 0 => 0,
            BinaryOp::FloorDiv => a.div_euclid(b) - i128::from(b < 0 && a.rem_euclid(b) != 0),
            BinaryOp::Mod if b == 0 => 0,
            BinaryOp::Mod => a - b * exact(BinaryOp::FloorDiv, dtype, a, b),
            BinaryOp::Pow if b < 0 => 0,
            BinaryOp::Pow => a.wrapping_pow((b % (1 << 31)) as u32),
            BinaryOp::Fmod if b == 0 => 0,
            BinaryOp::Fmod => a % b,
            BinaryOp::Gcd => euclid(a, b),
            BinaryOp::Lcm => match euclid(a, b) {
                0 => 0,
                gcd => (a / gcd).abs().wrapping_mul(b.abs()),
            },
            BinaryOp::Min => a.min(b),
            BinaryOp::Max => a.max(b),
            BinaryOp::And => a & b,
            BinaryOp::Or => a | b,
            BinaryOp::Xor => a ^ b,
            BinaryOp::Shl if (0..width).contains(&b) => a << b,
            BinaryOp::Shl => 0,
            BinaryOp::Shr if (0..width).contains(&b) => a >> b,
            BinaryOp::Shr => -i128::from(a < 0),
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
            | BinaryOp::Ge => panic!("{op:?} gives no integer"),
        }
    }

    /// The greatest common divisor, not negative.
    fn euclid(a: i128, b: i128) -> i128 {
        if b == 0 { a.abs() } else { euclid(b, a % b) }
    }

    #[test]
    fn integer_operations_wrap_and_never_trap() {
        for dtype in INTS {
            for op in BinaryOp::ALL {
                if op.result(dtype) != Some(dtype) {
                    continue;
                }
                for a in ints(dtype) {
                    for b in ints(dtype) {
                        if op == BinaryOp::Pow && b > 1 << 30 {
                            continue;
                        }
                        let got = binary(op, wrap(dtype, a), wrap(dtype, b));
                        let want = wrap(dtype, exact(op, dtype, a, b));
                        assert_eq!(got, Some(want), "{dtype} {a} {op:?} {b}");
                    }
                }
            }
            for a in ints(dtype) {
                let check =
                    |op, want| assert_eq!(unary(op, wrap(dtype, a)), Some(wrap(dtype, want)));
                check(UnaryOp::Neg, -a);
                check(UnaryOp::Abs, a.abs());
                check(UnaryOp::Not, !a);
                check(UnaryOp::Sign, a.signum());
            }
        }
    }

    #[test]
    fn every_pair_of_bytes_divides() {
        for op in [BinaryOp::FloorDiv, BinaryOp::Mod] {
            for dtype in [DType::Int8, DType::UInt8] {
                let (low, high) = dtype.int_range().unwrap();
                for (a, b) in (low..=high).flat_map(|a| (low..=high).map(move |b| (a, b))) {
                    let got = binary(op, wrap(dtype, a), wrap(dtype, b));
                    let want = wrap(dtype, exact(op, dtype, a, b));
                    assert_eq!(got, Some(want), "{dtype} {a} {op:?} {b}");
                }
            }
        }
    }

    #[test]
    fn quotients_next_to_an_integer_round_down() {
        for dtype in INTS {
            let (low, high) = dtype.int_range().unwrap();
            for i in 1..2_000i128 {
                let divisor = i * i * 7 % high + 1;
                let multiple = high / divisor * divisor;
                for a in [
                    multiple - 1,
                    multiple,
                    (multiple + 1).min(high),
                    -multiple,
                    1 - multiple,
                ] {
                    for b in [divisor, -divisor] {
                        if a < low || b < low {
                            continue;
                        }
                        let got = binary(BinaryOp::FloorDiv, wrap(dtype, a), wrap(dtype, b));
                        let want = wrap(dtype, exact(BinaryOp::FloorDiv, dtype, a, b));
                        assert_eq!(got, Some(want), "{dtype} {a} // {b}");
                    }
                }
            }
        }
    }

    #[test]
    fn operations_exist_exactly_where_the_types_say() {
        for dtype in DType::ALL {
            let one = Scalar::from_bits(dtype, 1);
            for op in UnaryOp::ALL {
                assert_eq!(
                    unary(op, one).map(Scalar::dtype),
                    op.result(dtype),
                    "{op:?} {dtype}"
                );
            }
            for op in BinaryOp::ALL {
                let got = binary(op, one, one).map(Scalar::dtype);
                assert_eq!(got, op.result(dtype), "{op:?} {dtype}");
            }
        }
        assert_eq!(
            binary(BinaryOp::Add, Scalar::Int8(1), Scalar::Int16(1)),
            None
        );
    }

    #[test]
    fn bools_are_logical() {
        for (a, b) in [(false, false), (false, true), (true, false), (true, true)] {
            let check = |op, want| {
                assert_eq!(
                    binary(op, Scalar::Bool(a), Scalar::Bool(b)),
                    Some(Scalar::Bool(want))
                );
            };
            check(BinaryOp::And, a && b);
            check(BinaryOp::Or, a || b);
            check(BinaryOp::Xor, a != b);
            check(BinaryOp::Min, a && b);
            check(BinaryOp::Max, a || b);
            check(BinaryOp::Lt, !a && b);
            check(BinaryOp::Ge, a || !b);
        }
        assert_eq!(
            unary(UnaryOp::Not, Scalar::Bool(true)),
            Some(Scalar::Bool(false))
        );
    }

    /// Rows "dtype a b quotient remainder", recorded from NumPy 2.4's floor_divide and remainder.
    #[test]
    fn float_division_is_numpys() {
        for row in include_str!("numpy_divmod.txt").lines() {
            let words: Vec<&str> = row.split(' ').collect();
            let dtype = DType::from_name(words[0]).unwrap();
            let [a, b, quotient, rest] = [1, 2, 3, 4].map(|i| {
                let value: f64 = words[i].parse().unwrap();
                cast(Scalar::Float64(value), dtype)
            });
            assert_eq!(binary(BinaryOp::FloorDiv, a, b), Some(quotient), "{row}");
            assert_eq!(binary(BinaryOp::Mod, a, b), Some(rest), "{row}");
        }
    }

    #[test]
    fn float_operations_at_the_edges() {
        let check = |op, x: f64, want: f64| {
            let got = unary(op, Scalar::Float64(x));
            assert_eq!(got, Some(Scalar::Float64(want)), "{op:?} {x}");
            let got = unary(op, Scalar::Float32(x as f32));
            assert_eq!(
                got,
                Some(Scalar::Float32(want as f32)),
                "{op:?} {x} as float32"
            );
        };
        let (inf, nan) = (f64::INFINITY, f64::NAN);
        for (x, want) in [
            (-0.0, 0.0),
            (0.0, 0.0),
            (nan, nan),
            (-inf, -1.0),
            (1e-30, 1.0),
        ] {
            check(UnaryOp::Sign, x, want);
        }
        for (x, want) in [
            (0.5, 0.0),
            (1.5, 2.0),
            (2.5, 2.0),
            (-0.5, -0.0),
            (-1.5, -2.0),
            (inf, inf),
        ] {
            check(UnaryOp::Rint, x, want);
        }
        check(UnaryOp::Trunc, -0.5, -0.0);
        check(UnaryOp::Sqrt, -0.0, -0.0);
        check(UnaryOp::Sqrt, -1.0, nan);
        check(UnaryOp::Abs, -0.0, 0.0);
        check(UnaryOp::Neg, 0.0, -0.0);
        // Annex F of the C standard.
        for odd in [
            UnaryOp::Sin,
            UnaryOp::Tan,
            UnaryOp::Expm1,
            UnaryOp::Log1p,
            UnaryOp::Tanh,
            UnaryOp::Cbrt,
            UnaryOp::Asin,
            UnaryOp::Atan,
            UnaryOp::Sinh,
            UnaryOp::Asinh,
            UnaryOp::Atanh,
            UnaryOp::Erf,
        ] {
            check(odd, 0.0, 0.0);
            check(odd, -0.0, -0.0);
            check(odd, nan, nan);
        }
        for angle in [UnaryOp::Sin, UnaryOp::Cos, UnaryOp::Tan] {
            check(angle, inf, nan);
            check(angle, -inf, nan);
        }
        for log in [UnaryOp::Log, UnaryOp::Log2, UnaryOp::Log10] {
            for (x, want) in [
                (0.0, -inf),
                (-0.0, -inf),
                (1.0, 0.0),
                (-1.0, nan),
                (inf, inf),
                (-inf, nan),
            ] {
                check(log, x, want);
            }
        }
        for (op, x, want) in [
            (UnaryOp::Exp, -inf, 0.0),
            (UnaryOp::Exp, inf, inf),
            (UnaryOp::Exp, -0.0, 1.0),
            (UnaryOp::Expm1, -inf, -1.0),
            (UnaryOp::Expm1, inf, inf),
            (UnaryOp::Log1p, -1.0, -inf),
            (UnaryOp::Log1p, -2.0, nan),
            (UnaryOp::Log1p, inf, inf),
            (UnaryOp::Tanh, inf, 1.0),
            (UnaryOp::Tanh, -inf, -1.0),
            (UnaryOp::Cos, 0.0, 1.0),
            (UnaryOp::Log2, 1024.0, 10.0),
            (UnaryOp::Log10, 1000.0, 3.0),
            (UnaryOp::Cbrt, -27.0, -3.0),
            (UnaryOp::Cbrt, -inf, -inf),
            (UnaryOp::Exp2, -inf, 0.0),
            (UnaryOp::Exp2, inf, inf),
            (UnaryOp::Exp2, -149.0, 1.401_298_464_324_817e-45),
            (UnaryOp::Exp2, 10.0, 1024.0),
            (UnaryOp::Asin, 1.5, nan),
            (UnaryOp::Acos, 1.0, 0.0),
            (UnaryOp::Acos, -1.0, std::f64::consts::PI),
            (UnaryOp::Acos, -0.0, std::f64::consts::FRAC_PI_2),
            (UnaryOp::Acos, -inf, nan),
            (UnaryOp::Atan, -inf, -std::f64::consts::FRAC_PI_2),
            (UnaryOp::Sinh, -inf, -inf),
            (UnaryOp::Cosh, -0.0, 1.0),
            (UnaryOp::Cosh, -inf, inf),
            (UnaryOp::Asinh, -inf, -inf),
            (UnaryOp::Acosh, 1.0, 0.0),
            (UnaryOp::Acosh, 0.5, nan),
            (UnaryOp::Acosh, inf, inf),
            (UnaryOp::Acosh, -inf, nan),
            (UnaryOp::Atanh, -1.0, -inf),
            (UnaryOp::Atanh, 2.0, nan),
            (UnaryOp::Erf, -inf, -1.0),
            (UnaryOp::Erfc, -inf, 2.0),
            (UnaryOp::Erfc, inf, 0.0),
            (UnaryOp::Erfc, nan, nan),
            (UnaryOp::Gamma, 0.0, inf),
            (UnaryOp::Gamma, -0.0, -inf),
            (UnaryOp::Gamma, -3.0, nan),
            (UnaryOp::Gamma, -inf, nan),
            (UnaryOp::Gamma, inf, inf),
            (UnaryOp::Gamma, 6.0, 120.0),
            (UnaryOp::Lgamma, 1.0, 0.0),
            (UnaryOp::Lgamma, 2.0, 0.0),
            (UnaryOp::Lgamma, -2.0, inf),
            (UnaryOp::Lgamma, -inf, inf),
            (UnaryOp::Lgamma, 0.0, inf),
        ] {
            check(op, x, want);
        }
    }

    #[test]
    fn casts_truncate_saturate_wrap_and_round_once() {
        let check = |a: Scalar, want: Scalar| assert_eq!(cast(a, want.dtype()), want, "{a:?}");
        check(Scalar::Float64(-1.9), Scalar::Int32(-1));
        check(Scalar::Float64(f64::NAN), Scalar::Int64(0));
        check(Scalar::Float64(1e300), Scalar::Int16(i16::MAX));
        check(Scalar::Float64(-1e300), Scalar::Int64(i64::MIN));
        check(Scalar::Float32(-1.0), Scalar::UInt8(0));
        check(Scalar::Float32(f32::INFINITY), Scalar::UInt64(u64::MAX));
        check(Scalar::Float64(f64::NAN), Scalar::Bool(true));
        check(Scalar::Float64(-0.0), Scalar::Bool(false));
        check(Scalar::Float32(1e-40), Scalar::Bool(true));
        check(Scalar::UInt64(256), Scalar::Bool(true));
        check(Scalar::Int32(-1), Scalar::UInt16(65_535));
        check(Scalar::UInt64(u64::MAX), Scalar::Int8(-1));
        check(Scalar::Bool(true), Scalar::Float32(1.0));
        // A little over halfway between 2^60 and its neighbour: through float64 it would become
        // the halfway point, and then the even 2^60.
        let twice = (1i64 << 60) + (1 << 36) + 1;
        check(
            Scalar::Int64(twice),
            Scalar::Float32(((1i64 << 60) + (1 << 37)) as f32),
        );
        check(
            Scalar::UInt64(twice as u64),
            Scalar::Float32(((1i64 << 60) + (1 << 37)) as f32),
        );
        check(Scalar::Float64(f64::MAX), Scalar::Float32(f32::INFINITY));
    }
}
