//! In: float32 and float64. Out: the float operations, in one generic text where it can be one.
//! Never: a function of the host's C library.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::element::Element;

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
    /// `self * a + b` with one rounding.
    fn mul_add(self, a: Self, b: Self) -> Self;
    fn sin(self) -> Self;
    fn cos(self) -> Self;
    fn is_hard_angle(self) -> bool;
    fn sin_hard(self) -> Self;
    fn cos_hard(self) -> Self;
    fn tan(self) -> Self;
    fn exp(self) -> Self;
    fn expm1(self) -> Self;
    fn log(self) -> Self;
    fn log2(self) -> Self;
    fn log10(self) -> Self;
    fn log1p(self) -> Self;
    fn tanh(self) -> Self;
    fn pow(self, b: Self) -> Self;

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

macro_rules! floats {
    ($($t:ident)*) => {$(
        impl Float for $t {
            const ZERO: Self = 0.0;
            const HALF: Self = 0.5;
            const ONE: Self = 1.0;
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
            fn mul_add(self, a: Self, b: Self) -> Self {
                <$t>::mul_add(self, a, b)
            }
            fn sin(self) -> Self { libm::sin(f64::from(self)) as $t }
            fn cos(self) -> Self { libm::cos(f64::from(self)) as $t }
            fn is_hard_angle(self) -> bool { false }
            fn sin_hard(self) -> Self { libm::sin(f64::from(self)) as $t }
            fn cos_hard(self) -> Self { libm::cos(f64::from(self)) as $t }
            fn tan(self) -> Self { libm::tan(f64::from(self)) as $t }
            fn exp(self) -> Self { libm::exp(f64::from(self)) as $t }
            fn expm1(self) -> Self { libm::expm1(f64::from(self)) as $t }
            fn log(self) -> Self { libm::log(f64::from(self)) as $t }
            fn log2(self) -> Self { libm::log2(f64::from(self)) as $t }
            fn log10(self) -> Self { libm::log10(f64::from(self)) as $t }
            fn log1p(self) -> Self { libm::log1p(f64::from(self)) as $t }
            fn tanh(self) -> Self { libm::tanh(f64::from(self)) as $t }
            fn pow(self, b: Self) -> Self { libm::pow(f64::from(self), f64::from(b)) as $t }
        }
    )*};
}
floats! { f32 f64 }
