//! In: floats. Out: `exp`, `exp2`, `expm1` and `tanh`, at most 1 ulp off.
//! Never: a branch or a table; every body is straight-line code that vectorises.
//!
//! `x = n ln2 + r` with `|r| <= ln2 / 2`; `exp(r) = 1 + r + r^2 P(r)` with a minimax `P`, and
//! the power of two is multiplied in two halves, so that subnormal results round once.

use super::float::{Float, polynomial};
use super::two::Two;

/// Minimax coefficients of `(exp(r) - 1 - r) / r^2` on `|r| <= ln2 / 2`: relative error of
/// `exp(r)` below 2^-64.
pub(super) const EXP_F64: [f64; 11] = [
    0.5,
    0.16666666666666682,
    0.04166666666666609,
    0.008333333333316918,
    0.0013888888889117261,
    0.00019841269896680877,
    2.4801586924610847e-05,
    2.7557234558862783e-06,
    2.7557582790414916e-07,
    2.5112144464784124e-08,
    2.0826537889567976e-09,
];

/// All but the first of them, which is exactly 1/2.
const EXP_F64_TAIL: [f64; 10] = {
    let mut tail = [0.0; 10];
    let mut i = 0;
    while i < 10 {
        tail[i] = EXP_F64[i + 1];
        i += 1;
    }
    tail
};

/// The same for float32: below 2^-28.
pub(super) const EXP_F32: [f32; 5] = [
    0.49999994,
    0.1666652,
    0.041668393,
    0.008368781,
    0.0013814474,
];

/// Minimax coefficients of `(tanh(x) - x) / x^3` in `x^2` on `|x| <= 0.35`: relative error of
/// `tanh(x)` below 2^-69.
const TANH: [f64; 10] = [
    -0.3333333333333333,
    0.13333333333333264,
    -0.05396825396815706,
    0.02186948852953912,
    -0.008863235270065564,
    0.0035921217138568744,
    -0.0014557357547234156,
    0.0005890368695815248,
    -0.00023289960322990514,
    7.422928799036193e-05,
];

/// ln2 less the float next to it.
const LN2_TAIL: f64 = 2.319_046_813_846_299_6e-17;

/// `exp(x)`.
#[inline(always)]
pub(super) fn exp<T: Float>(x: T) -> T {
    let (n, r, rest) = parts(clamp(x, T::EXP_MIN, T::EXP_MAX));
    scale(T::ONE + (r + rest), n)
}

/// `exp(high + low)`; infinite or 0 where `high` says so, whatever `low`.
#[inline(always)]
pub(super) fn exp_of_sum(high: f64, low: f64) -> f64 {
    let clamped = clamp(high, f64::EXP_MIN, f64::EXP_MAX);
    let (n, most, tail) = reduce(clamped);
    let more = tail + if clamped == high { low } else { 0.0 };
    let r = most + more;
    let low = (most - r) + more;
    let rest = (r * r).mul_add(polynomial(r, &EXP_F64), low);
    let y = 1.0 + r;
    scale(y + (((1.0 - y) + r) + rest), n)
}

/// `y * 2^n`, in two steps of which only the second rounds.
#[inline(always)]
pub(super) fn scale<T: Float>(y: T, n: T) -> T {
    let half = n.mul_add(T::HALF, T::MAGIC);
    let rest = n - (half - T::MAGIC);
    y * half.power_of_two() * (rest + T::MAGIC).power_of_two()
}

/// `x` within `low..=high`; NaN stays NaN.
#[inline(always)]
pub(super) fn clamp<T: Float>(x: T, low: T, high: T) -> T {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// `x = n ln2 + r + low`: `n`, `r`, `low`.
#[inline(always)]
fn reduce<T: Float>(x: T) -> (T, T, T) {
    let n = (x * T::LOG2_E + T::MAGIC) - T::MAGIC;
    let most = n.mul_add(-T::LN2_HI, x);
    let tail = n * T::LN2_LO;
    let r = most - tail;
    (n, r, (most - r) - tail)
}

/// `exp(x)` as `2^n (1 + r + rest)`: `n`, `r`, `rest`; the sum is exact to a small part of an ulp.
#[inline(always)]
pub(super) fn parts<T: Float>(x: T) -> (T, T, T) {
    let (n, r, low) = reduce(x);
    (n, r, (r * r).mul_add(polynomial(r, T::EXP), low))
}

/// `2^x`: `exp(r ln2)` of the fraction `r`, the product in two parts.
#[inline(always)]
pub(super) fn exp2(x: f64) -> f64 {
    let x = clamp(x, -1100.0, 1025.0);
    let n = (x + f64::MAGIC) - f64::MAGIC;
    let r = x - n;
    let product = Two::product(r, std::f64::consts::LN_2);
    let low = r.mul_add(LN2_TAIL, product.1);
    let rest = (product.0 * product.0).mul_add(polynomial(product.0, &EXP_F64), low);
    let y = 1.0 + product.0;
    scale(y + (((1.0 - y) + product.0) + rest), n)
}

/// `exp(x) - 1`: `2^n (1 + r + r^2 / 2 + rest) - 1`, everything but `rest` without error, for the
/// 1 and the `2^n` may cancel.
#[inline(always)]
pub(super) fn expm1(x: f64) -> f64 {
    let (n, r, low) = reduce(clamp(x, -60.0, 710.0));
    let half = 0.5 * r * r;
    let lost = (0.5 * r).mul_add(r, -half);
    let rest = (half * 2.0 * r).mul_add(polynomial(r, &EXP_F64_TAIL), low + lost);
    // Half of everything: `2^1024` would be infinite.
    let scale = (n + f64::MAGIC - 1.0).power_of_two();
    let whole = scale - 0.5;
    let cut = (scale - whole) - 0.5;
    let part = scale * r;
    let (large, small) = if whole == 0.0 {
        (part, whole)
    } else {
        (whole, part)
    };
    let first = large + small;
    let second = first + scale * half;
    let lost = (small - (first - large)) + scale.mul_add(half, first - second) + cut;
    let y = (second + scale.mul_add(rest, lost)) * 2.0;
    // Below, the half above would not be exact; `x` is the answer.
    if x.abs() < 1e-17 { x } else { y }
}

/// `tanh(x)`: `(e - 1) / (e + 1)` with `e = exp(2 |x|)` in two parts, or a polynomial near 0.
#[inline(always)]
pub(super) fn tanh(x: f64) -> f64 {
    let a = clamp(x.abs(), 0.0, 22.0);
    let (n, r, rest) = parts(a + a);
    let scale = (n + f64::MAGIC).power_of_two();
    let most = scale.mul_add(r, scale);
    let more = scale.mul_add(rest, scale.mul_add(r, scale - most));
    let e = most + more;
    let e_low = (most - e) + more;
    let (up, down) = (e - 1.0, e + 1.0);
    let up_low = ((e - up) - 1.0) + e_low;
    let down_low = ((e - down) + 1.0) + e_low;
    let quotient = up / down;
    let left = quotient.mul_add(-down, up) + quotient.mul_add(-down_low, up_low);
    let far = quotient + left / down;
    let square = a * a;
    let near = (a * square).mul_add(polynomial(square, &TANH), a);
    let y = if a < 0.35 { near } else { far };
    y.copysign(x)
}
