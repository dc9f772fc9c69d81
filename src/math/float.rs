//! In: float32 and float64. Out: the float operations, in one generic text where it can be one.
//! Never: a function of the host's C library.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::element::Element;
use super::{exp, hyperbolic, inverse, log, pow, trig};

/// What floats can do.
pub(crate) trait Float:
    Element
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// 0.0
    const ZERO: Self;
    /// 0.5
    const HALF: Self;
    /// 1.0
    const ONE: Self;
    /// 2.0
    const TWO: Self;
    /// Not a number.
    const NAN: Self;
    /// 1.5 * 2^p: added to a small number it leaves the nearest integer in the low bits (a
    /// *magic sum*); subtracted again, the integer.
    const MAGIC: Self;
    /// 1/ln2.
    const LOG2_E: Self;
    /// ln2 in two parts; the first times any exponent is exact.
    const LN2_HI: Self;
    #[allow(missing_docs, reason = "see LN2_HI")]
    const LN2_LO: Self;
    /// 2/pi.
    const FRAC_2_PI: Self;
    /// pi/2 in three parts, all positive.
    const FRAC_PI_2_PARTS: [Self; 3];
    /// The greatest angle that three parts reduce well enough.
    const ANGLE_MAX: Self;
    /// Its `exp` is 0.
    const EXP_MIN: Self;
    /// Its `exp` is infinite.
    const EXP_MAX: Self;
    /// Coefficients for `exp`.
    const EXP: &'static [Self];
    /// Coefficients for the sine kernel.
    const SIN: &'static [Self];
    /// Coefficients for the cosine kernel.
    const COS: &'static [Self];
    /// Coefficients for `log`.
    const LOG: &'static [Self];

    /// `|x|`.
    fn abs(self) -> Self;
    /// IEEE square root.
    fn sqrt(self) -> Self;
    /// Rounded down.
    fn floor(self) -> Self;
    /// Rounded up.
    fn ceil(self) -> Self;
    /// Rounded toward zero.
    fn trunc(self) -> Self;
    /// Rounded to nearest, half to even.
    fn rint(self) -> Self;
    /// The exact remainder of C's `fmod`.
    fn fmod(self, b: Self) -> Self;
    /// The magnitude of `self` with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;
    /// The next float from `self` towards `b`; `b` where they are equal.
    fn next_after(self, b: Self) -> Self;
    /// `self * a + b` with one rounding.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// Bit `i` of the integer in a magic sum.
    fn bit(self, i: u32) -> bool;
    /// 2 to the integer in a magic sum; it must be a normal number.
    fn power_of_two(self) -> Self;
    /// `(k, m)` with `x == m * 2^k` and `m` from sqrt(1/2) up to sqrt(2), of a positive `x`.
    fn split_exponent(self) -> (Self, Self);
    /// The sign flipped where `sign` is negative.
    fn xor_sign(self, sign: Self) -> Self;

    /// As in C, at most 1 ulp off, as all that follow; where [`Float::is_hard_angle`] is false.
    fn sin(self) -> Self;
    /// Where [`Float::is_hard_angle`] is false.
    fn cos(self) -> Self;
    /// Whether an angle needs the two following.
    fn is_hard_angle(self) -> bool;
    /// For any angle.
    fn sin_hard(self) -> Self;
    /// For any angle.
    fn cos_hard(self) -> Self;
    /// Tangent.
    fn tan(self) -> Self;
    /// e to the power.
    fn exp(self) -> Self;
    /// `exp(x) - 1`.
    fn expm1(self) -> Self;
    /// Natural logarithm.
    fn log(self) -> Self;
    /// Logarithm to base 2.
    fn log2(self) -> Self;
    /// Logarithm to base 10.
    fn log10(self) -> Self;
    /// `log(1 + x)`.
    fn log1p(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// The cube root.
    fn cbrt(self) -> Self;
    /// 2 to the power.
    fn exp2(self) -> Self;
    /// The angle of a sine.
    fn asin(self) -> Self;
    /// The angle of a cosine.
    fn acos(self) -> Self;
    /// The angle of a tangent.
    fn atan(self) -> Self;
    /// Hyperbolic sine.
    fn sinh(self) -> Self;
    /// Hyperbolic cosine.
    fn cosh(self) -> Self;
    /// Inverse hyperbolic sine.
    fn asinh(self) -> Self;
    /// Inverse hyperbolic cosine.
    fn acosh(self) -> Self;
    /// Inverse hyperbolic tangent.
    fn atanh(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;
    /// `1 - erf(x)`.
    fn erfc(self) -> Self;
    /// The gamma function.
    fn gamma(self) -> Self;
    /// `log(|gamma(x)|)`.
    fn lgamma(self) -> Self;
    /// C's `pow`.
    fn pow(self, b: Self) -> Self;
    /// The angle of the point `(b, self)`.
    fn atan2(self, b: Self) -> Self;
    /// The length of the vector `(self, b)`.
    fn hypot(self, b: Self) -> Self;
    /// `log(exp(self) + exp(b))`.
    fn logaddexp(self, b: Self) -> Self;

    /// -1, 0 or 1; of a zero 0.0, of NaN NaN.
    #[inline(always)]
    fn sign(self) -> Self {
        let negative = if self < Self::ZERO { -Self::ONE } else { self };
        let signed = if self > Self::ZERO {
            Self::ONE
        } else {
            negative
        };
        if self == Self::ZERO {
            Self::ZERO
        } else {
            signed
        }
    }

    /// NumPy's floor division: the quotient of [`divmod`], `a / b` for a zero divisor.
    #[inline(always)]
    fn floor_div(self, b: Self) -> Self {
        if b == Self::ZERO {
            self / b
        } else {
            divmod(self, b).0
        }
    }

    /// NumPy's remainder: that of [`divmod`], NaN for a zero divisor.
    #[inline(always)]
    fn modulo(self, b: Self) -> Self {
        if b == Self::ZERO {
            self.fmod(b)
        } else {
            divmod(self, b).1
        }
    }
}

/// Floor quotient and remainder as NumPy and Python compute them, `b` not zero: from the exact
/// fmod, never from `floor(a / b)`, so that `a == q * b + r` holds as well as it can.
#[inline(always)]
fn divmod<T: Float>(a: T, b: T) -> (T, T) {
    let rest = a.fmod(b);
    let multiple = (a - rest) / b;
    let (quotient, rest) = if rest == T::ZERO {
        (multiple, T::ZERO.copysign(b))
    } else if (b < T::ZERO) != (rest < T::ZERO) {
        (multiple - T::ONE, rest + b)
    } else {
        (multiple, rest)
    };
    if quotient == T::ZERO {
        return (T::ZERO.copysign(a / b), rest);
    }
    let floor = quotient.floor();
    let up = quotient - floor > T::HALF;
    (if up { floor + T::ONE } else { floor }, rest)
}

/// `c[0] + c[1] x + ...`, by Horner's rule.
#[inline(always)]
pub(super) fn polynomial<T: Float>(x: T, c: &'static [T]) -> T {
    let Some((&last, rest)) = c.split_last() else {
        return T::ZERO;
    };
    rest.iter().rev().fold(last, |sum, &c| sum.mul_add(x, c))
}

macro_rules! floats {
    ($($t:ident $bits:ident { $($consts:tt)* })*) => {$(
        impl Float for $t {
            const ZERO: Self = 0.0;
            const HALF: Self = 0.5;
            const ONE: Self = 1.0;
            const TWO: Self = 2.0;
            const NAN: Self = <$t>::NAN;
            const MAGIC: Self = 1.5 * (1u64 << (<$t>::MANTISSA_DIGITS - 1)) as $t;
            const LOG2_E: Self = std::$t::consts::LOG2_E;
            const FRAC_2_PI: Self = std::$t::consts::FRAC_2_PI;
            $($consts)*

            #[inline(always)]
            fn abs(self) -> Self {
                <$t>::abs(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                <$t>::sqrt(self)
            }
            #[inline(always)]
            fn floor(self) -> Self {
                <$t>::floor(self)
            }
            #[inline(always)]
            fn ceil(self) -> Self {
                <$t>::ceil(self)
            }
            #[inline(always)]
            fn trunc(self) -> Self {
                <$t>::trunc(self)
            }
            #[inline(always)]
            fn rint(self) -> Self {
                <$t>::round_ties_even(self)
            }
            #[inline(always)]
            fn fmod(self, b: Self) -> Self {
                self % b
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                <$t>::copysign(self, sign)
            }
            #[inline(always)]
            fn next_after(self, b: Self) -> Self {
                let bits = self.to_bits();
                // Away from zero is up in the bits, whatever the sign.
                let away = (b > self) == (self > 0.0);
                let next = <$t>::from_bits(if away {
                    bits.wrapping_add(1)
                } else {
                    bits.wrapping_sub(1)
                });
                let least = <$t>::from_bits(1).copysign(b);
                let next = if self == 0.0 { least } else { next };
                let next = if self == b { b } else { next };
                if self.is_nan() | b.is_nan() { <$t>::NAN } else { next }
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                <$t>::mul_add(self, a, b)
            }
            #[inline(always)]
            fn bit(self, i: u32) -> bool {
                (self.to_bits() >> i) & 1 != 0
            }
            #[inline(always)]
            fn power_of_two(self) -> Self {
                const BIAS: $bits = <$t>::MAX_EXP as $bits - 1;
                let exponent = self.to_bits().wrapping_add(BIAS);
                <$t>::from_bits(exponent << (<$t>::MANTISSA_DIGITS - 1))
            }
            #[inline(always)]
            fn split_exponent(self) -> (Self, Self) {
                const WIDTH: u32 = <$t>::MANTISSA_DIGITS - 1;
                const ROOT: $bits = std::$t::consts::FRAC_1_SQRT_2.to_bits();
                const ONE: $bits = (1.0 as $t).to_bits();
                // 2^WIDTH: its low bits count in ones.
                const COUNT: $t = (1u64 << WIDTH) as $t;
                const BIAS: $t = COUNT + (<$t>::MAX_EXP - 1) as $t;
                let subnormal = self < <$t>::MIN_POSITIVE;
                let scaled = self * COUNT;
                let shift = if subnormal { BIAS + WIDTH as $t } else { BIAS };
                let normal = if subnormal { scaled } else { self };
                let bits = normal.to_bits().wrapping_add(ONE - ROOT);
                let k = <$t>::from_bits((bits >> WIDTH) | COUNT.to_bits()) - shift;
                let fraction = bits & (((1 as $bits) << WIDTH) - 1);
                (k, <$t>::from_bits(fraction + ROOT))
            }
            #[inline(always)]
            fn xor_sign(self, sign: Self) -> Self {
                let flip = sign.to_bits() & (-0.0 as $t).to_bits();
                <$t>::from_bits(self.to_bits() ^ flip)
            }

            #[inline(always)]
            fn sin(self) -> Self {
                trig::sin(self)
            }
            #[inline(always)]
            fn cos(self) -> Self {
                trig::cos(self)
            }
            #[inline(always)]
            fn is_hard_angle(self) -> bool {
                trig::is_hard(self)
            }
            fn sin_hard(self) -> Self {
                libm::sin(f64::from(self)) as $t
            }
            fn cos_hard(self) -> Self {
                libm::cos(f64::from(self)) as $t
            }
            fn tan(self) -> Self {
                libm::tan(f64::from(self)) as $t
            }
            #[inline(always)]
            fn exp(self) -> Self {
                exp::exp(self)
            }
            #[inline(always)]
            fn expm1(self) -> Self {
                exp::expm1(f64::from(self)) as $t
            }
            #[inline(always)]
            fn log(self) -> Self {
                log::log(self)
            }
            #[inline(always)]
            fn log2(self) -> Self {
                log::log2(f64::from(self)) as $t
            }
            #[inline(always)]
            fn log10(self) -> Self {
                log::log10(f64::from(self)) as $t
            }
            #[inline(always)]
            fn log1p(self) -> Self {
                log::log1p(f64::from(self)) as $t
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                exp::tanh(f64::from(self)) as $t
            }
            fn cbrt(self) -> Self {
                libm::cbrt(f64::from(self)) as $t
            }
            #[inline(always)]
            fn exp2(self) -> Self {
                exp::exp2(f64::from(self)) as $t
            }
            #[inline(always)]
            fn asin(self) -> Self {
                inverse::asin(f64::from(self)) as $t
            }
            #[inline(always)]
            fn acos(self) -> Self {
                inverse::acos(f64::from(self)) as $t
            }
            #[inline(always)]
            fn atan(self) -> Self {
                inverse::atan(f64::from(self)) as $t
            }
            #[inline(always)]
            fn sinh(self) -> Self {
                hyperbolic::sinh(f64::from(self)) as $t
            }
            #[inline(always)]
            fn cosh(self) -> Self {
                hyperbolic::cosh(f64::from(self)) as $t
            }
            #[inline(always)]
            fn asinh(self) -> Self {
                hyperbolic::asinh(f64::from(self)) as $t
            }
            #[inline(always)]
            fn acosh(self) -> Self {
                hyperbolic::acosh(f64::from(self)) as $t
            }
            #[inline(always)]
            fn atanh(self) -> Self {
                hyperbolic::atanh(f64::from(self)) as $t
            }
            fn erf(self) -> Self {
                libm::erf(f64::from(self)) as $t
            }
            fn erfc(self) -> Self {
                libm::erfc(f64::from(self)) as $t
            }
            fn gamma(self) -> Self {
                libm::tgamma(f64::from(self)) as $t
            }
            fn lgamma(self) -> Self {
                libm::lgamma(f64::from(self)) as $t
            }
            #[inline(always)]
            fn atan2(self, b: Self) -> Self {
                inverse::atan2(f64::from(self), f64::from(b)) as $t
            }
            #[inline(always)]
            fn hypot(self, b: Self) -> Self {
                inverse::hypot(f64::from(self), f64::from(b)) as $t
            }
            #[inline(always)]
            fn logaddexp(self, b: Self) -> Self {
                log::logaddexp(f64::from(self), f64::from(b)) as $t
            }
            #[inline(always)]
            fn pow(self, b: Self) -> Self {
                pow::pow(f64::from(self), f64::from(b)) as $t
            }
        }
    )*};
}

floats! {
    f32 u32 {
        const LN2_HI: Self = 0.693_145_75;
        const LN2_LO: Self = 1.428_606_8e-6;
        const FRAC_PI_2_PARTS: [Self; 3] = [
            // Cut off, not rounded, so that the next part is positive.
            f32::from_bits(0x3fc9_0fda),
            7.549_789_4e-8,
            5.390_302_5e-15,
        ];
        const ANGLE_MAX: Self = 8192.0;
        const EXP_MIN: Self = -110.0;
        const EXP_MAX: Self = 90.0;
        const EXP: &'static [Self] = &exp::EXP_F32;
        const SIN: &'static [Self] = &trig::SIN_F32;
        const COS: &'static [Self] = &trig::COS_F32;
        const LOG: &'static [Self] = &log::LOG_F32;
    }
    f64 u64 {
        const LN2_HI: Self = 0.693_147_180_559_890_3;
        const LN2_LO: Self = 5.497_923_018_708_371e-14;
        const FRAC_PI_2_PARTS: [Self; 3] = [
            std::f64::consts::FRAC_PI_2,
            6.123_233_995_736_765e-17,
            1.082_856_673_921_913_9e-32,
        ];
        const ANGLE_MAX: Self = 1_048_576.0;
        const EXP_MIN: Self = -760.0;
        const EXP_MAX: Self = 712.0;
        const EXP: &'static [Self] = &exp::EXP_F64;
        const SIN: &'static [Self] = &trig::SIN_F64;
        const COS: &'static [Self] = &trig::COS_F64;
        const LOG: &'static [Self] = &log::LOG_F64;
    }
}
