//! In: floats. Out: logarithms, at most 1 ulp off.
//! Never: a branch or a table; every body is straight-line code that vectorises.
//!
//! `x = 2^k (1 + f)` with `1 + f` between sqrt(1/2) and sqrt(2); with `s = f / (2 + f)`,
//! `log(1 + f) = f - f^2 / 2 + s (f^2 / 2 + R(s^2))`, kept as a sum of two floats.

use super::exp;
use super::float::{Float, polynomial};
use super::two::{self, Two};

/// Minimax coefficients of `(log((1 + s) / (1 - s)) / s - 2) / s^2` in `s^2`, for `|s|` up to
/// 0.1716: below 2^-58.
pub(super) const LOG_F64: [f64; 7] = [
    0.6666666666666734,
    0.39999999999413965,
    0.28571428742562294,
    0.22222198553770844,
    0.18183565407974753,
    0.15314021101130026,
    0.1479626133352677,
];

/// The same for float32: below 2^-29.
pub(super) const LOG_F32: [f32; 3] = [0.66666776, 0.39977533, 0.29871997];

/// 1/ln2 in two parts.
const LOG2_E: [f64; 2] = [std::f64::consts::LOG2_E, 2.0355273740931033e-17];
/// 1/ln10 in two parts.
const LOG10_E: [f64; 2] = [std::f64::consts::LOG10_E, 1.098319650216765e-17];
/// log10(2) in two parts, the first with 42 bits.
const LOG10_2: [f64; 2] = [0.30102999566383914, 1.42050232272661e-13];

/// `k` and `log(1 + f)` in two parts.
struct Parts<T> {
    k: T,
    high: T,
    low: T,
}

/// Takes a positive `x` apart.
#[inline(always)]
fn parts<T: Float>(x: T) -> Parts<T> {
    let (k, m) = x.split_exponent();
    let f = m - T::ONE;
    let half = T::HALF * f * f;
    let s = f / (f + T::TWO);
    let z = s * s;
    let r = z * polynomial(z, T::LOG);
    let high = f - half;
    let low = s.mul_add(half + r, (f - high) - half);
    Parts { k, high, low }
}

/// `large + small + rest`, with one rounding that matters; `|large| >= |small|` or `large` is 0.
#[inline(always)]
fn sum<T: Float>(large: T, small: T, rest: T) -> T {
    let sum = large + small;
    sum + ((small - (sum - large)) + rest)
}

/// `y`, or what a logarithm is outside of the positive numbers.
#[inline(always)]
fn special<T: Float>(x: T, y: T) -> T {
    let outside = if x == T::ZERO { -T::HIGHEST } else { T::NAN };
    let y = if x > T::ZERO { y } else { outside };
    if x == T::HIGHEST { x } else { y }
}

/// `log(x)`.
#[inline(always)]
pub(super) fn log<T: Float>(x: T) -> T {
    let Parts { k, high, low } = parts(x);
    special(x, sum(k * T::LN2_HI, high, k.mul_add(T::LN2_LO, low)))
}

/// `log2(x)`.
#[inline(always)]
pub(super) fn log2(x: f64) -> f64 {
    let Parts { k, high, low } = parts(x);
    let (high, low) = times(high, low, LOG2_E);
    special(x, sum(k, high, low))
}

/// `log10(x)`.
#[inline(always)]
pub(super) fn log10(x: f64) -> f64 {
    let Parts { k, high, low } = parts(x);
    let (high, low) = times(high, low, LOG10_E);
    special(x, sum(k * LOG10_2[0], high, k.mul_add(LOG10_2[1], low)))
}

/// The product of two numbers in two parts.
#[inline(always)]
fn times(high: f64, low: f64, by: [f64; 2]) -> (f64, f64) {
    let product = high * by[0];
    let lost = high.mul_add(by[0], -product);
    (product, low.mul_add(by[0], high.mul_add(by[1], lost)))
}

/// `log(1 + x)`: of the rounded sum, and what the rounding lost as a first-order term.
#[inline(always)]
pub(super) fn log1p(x: f64) -> f64 {
    let u = 1.0 + x;
    let back = u - 1.0;
    let lost = (1.0 - (u - back)) + (x - back);
    let Parts { k, high, low } = parts(u);
    let low = low + lost / u;
    let y = special(u, sum(k * f64::LN2_HI, high, k.mul_add(f64::LN2_LO, low)));
    // Keeps -0.0, and infinity, whose `lost` is NaN.
    if x.abs() < 1e-17 { x } else { y }
}

/// `log(exp(x) + exp(y))`: the larger one and `log1p(exp(-d))` of their distance `d`, in two parts,
/// for the two may cancel. Near the zeros of the sum the error is absolute, some 2^-57.
#[inline(always)]
pub(super) fn logaddexp(x: f64, y: f64) -> f64 {
    let (large, small) = if x > y { (x, y) } else { (y, x) };
    let apart = Two::any_sum(small, -large);
    let far = exp::exp_of_sum(apart.0, apart.1);
    let (n, r, rest) = exp::parts(exp::clamp(apart.0, -60.0, 0.0));
    let rest = r.mul_add(apart.1, apart.1 + rest);
    let scale = (n + f64::MAGIC).power_of_two();
    let most = scale.mul_add(r, scale);
    let more = scale.mul_add(rest, scale.mul_add(r, scale - most));
    let one_more = Two::sum(1.0, most);
    let near = two::log_of_sum(one_more.plus(more).normal());
    let more = if apart.0 < -40.0 { Two(far, 0.0) } else { near };
    let sum = Two::any_sum(large, more.0);
    let sum = sum.plus(more.1).rounded();
    let sum = if large.abs() < f64::INFINITY {
        sum
    } else {
        large
    };
    // As a sum, -0.0 and nothing are 0.0.
    let sum = if small == -f64::INFINITY {
        large + 0.0
    } else {
        sum
    };
    if x.is_nan() | y.is_nan() {
        f64::NAN
    } else {
        sum
    }
}
