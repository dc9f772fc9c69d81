//! In: floats. Out: `sinh`, `cosh`, their inverses and `atanh`, at most 1 ulp off.
//! Never: a branch or a table; every body is straight-line code that vectorises.
//!
//! Where two exponentials or the parts of a logarithm's argument cancel, they are sums of two
//! floats, whose error stays far below the last place of the result.

use super::exp::{clamp, parts};
use super::float::{Float, polynomial};
use super::two::{Two, log, log_of_sum};

/// Minimax coefficients of `(sinh(x) - x) / x^3` in `x^2` on `|x| <= 1`: relative error of
/// `sinh(x)` below 2^-63.
const SINH: [f64; 7] = [
    0.16666666666666669,
    0.008333333333333139,
    0.0001984126984143768,
    2.7557319155336905e-06,
    2.5052123398551906e-08,
    1.6057240341493974e-10,
    7.759312195864512e-13,
];

/// ln2 in two parts.
const LN2: Two = Two(std::f64::consts::LN_2, 2.319_046_813_846_299_6e-17);
/// Below, the series of an inverse function has two terms.
const TINY: f64 = 7.450_580_596_923_828e-9;
/// 2^60: above, 1 is nothing beside the square.
const HUGE: f64 = 1_152_921_504_606_846_976.0;

/// A quarter of `exp(a)` and of `exp(-a)`, of `a` from 0 on; infinite from 710.6 on after a
/// multiplication by 2.
#[inline(always)]
fn quarters(a: f64) -> (Two, Two) {
    let (n, r, rest) = parts(clamp(a, 0.0, 710.6));
    let scale = (n + f64::MAGIC - 2.0).power_of_two();
    let most = scale.mul_add(r, scale);
    let more = scale.mul_add(rest, scale.mul_add(r, scale - most));
    let up = Two::sum(most, more);
    (up, Two(0.0625, 0.0).over(up))
}

/// `sinh(x)`.
#[inline(always)]
pub(super) fn sinh(x: f64) -> f64 {
    let a = x.abs();
    let (up, down) = quarters(a);
    let far = Two::sum(up.0, -down.0).plus(up.1 - down.1).rounded() * 2.0;
    let square = a * a;
    let near = (a * square).mul_add(polynomial(square, &SINH), a);
    let y = if a < 1.0 { near } else { far };
    y.copysign(x)
}

/// `cosh(x)`.
#[inline(always)]
pub(super) fn cosh(x: f64) -> f64 {
    let (up, down) = quarters(x.abs());
    Two::sum(up.0, down.0).plus(up.1 + down.1).rounded() * 2.0
}

/// `asinh(x) = log(a + sqrt(a^2 + 1))` of `a = |x|`.
#[inline(always)]
pub(super) fn asinh(x: f64) -> f64 {
    let a = x.abs();
    let bounded = clamp(a, 0.0, HUGE);
    let square = Two::product(bounded, bounded);
    let sum = Two::any_sum(1.0, square.0).plus(square.1);
    let root = sum.normal().sqrt();
    let near = log_of_sum(Two::sum(root.0, bounded).plus(root.1).normal()).rounded();
    let y = if a > HUGE { log_of_twice(a) } else { near };
    let y = if a < TINY {
        (a * a * a).mul_add(-1.0 / 6.0, a)
    } else {
        y
    };
    let y = if a < f64::INFINITY { y } else { a };
    y.copysign(x)
}

/// `acosh(x) = log(x + sqrt((x - 1) (x + 1)))`.
#[inline(always)]
pub(super) fn acosh(x: f64) -> f64 {
    let bounded = clamp(x, 1.0, HUGE);
    let product = Two::sum(bounded, -1.0).times(Two::sum(bounded, 1.0));
    let root = product.normal().sqrt();
    let near = log_of_sum(Two::sum(bounded, root.0).plus(root.1).normal()).rounded();
    let y = if x > HUGE { log_of_twice(x) } else { near };
    let y = if x < f64::INFINITY { y } else { x };
    if x >= 1.0 { y } else { f64::NAN }
}

/// `log(2 a)` of a large `a`.
#[inline(always)]
fn log_of_twice(a: f64) -> f64 {
    let log = log(a);
    let sum = Two::sum(log.0, LN2.0);
    sum.plus(log.1 + LN2.1).rounded()
}

/// `atanh(x) = log((1 + a) / (1 - a)) / 2` of `a = |x|`.
#[inline(always)]
pub(super) fn atanh(x: f64) -> f64 {
    let a = x.abs();
    let ratio = Two::sum(1.0, a).over(Two::sum(1.0, -a));
    let y = 0.5 * log_of_sum(ratio.normal()).rounded();
    let y = if a < TINY {
        (a * a * a).mul_add(1.0 / 3.0, a)
    } else {
        y
    };
    let edge = if a == 1.0 { f64::INFINITY } else { f64::NAN };
    let y = if a < 1.0 { y } else { edge };
    y.copysign(x)
}
