//! In: floats. Out: `atan`, `atan2`, `asin`, `acos` and `hypot`, at most 1 ulp off.
//! Never: a branch or a table; every body is straight-line code that vectorises.
//!
//! All angles are that of a point: of `(1, x)`, `(x, y)`, `(sqrt(1 - x^2), x)`. The ratio of the
//! smaller side to the larger one, or past tan(pi/8) that of their difference to their sum, is kept
//! in two floats; `atan(t) = t + t^3 P(t^2)`, and a multiple of pi/4 is added.

use super::exp::clamp;
use super::float::polynomial;
use super::two::Two;

/// Minimax coefficients of `(atan(t) - t) / t^3` in `t^2` on `|t| <= 0.4144`: relative error of
/// `atan(t)` below 2^-64.
const ATAN: [f64; 12] = [
    -0.33333333333333326,
    0.19999999999997672,
    -0.14285714285388448,
    0.11111111088204542,
    -0.09090908145473602,
    0.07692282779651018,
    -0.06666227062433522,
    0.058770247418194727,
    -0.052184230769219804,
    0.045036244016995616,
    -0.03347617957712796,
    0.015196880262284029,
];

/// tan(pi/8), rounded.
const TAN_PI_8: f64 = 0.414_213_562_373_095_03;
/// pi/4 in two parts.
const PI_4: Two = Two(std::f64::consts::FRAC_PI_4, 3.061_616_997_868_383e-17);
/// 2^600 and 2^-600: sides outside of 2^-400 to 2^500 are multiplied by one of them.
const UP: f64 = f64::from_bits((1023 + 600) << 52);
const DOWN: f64 = f64::from_bits((1023 - 600) << 52);

/// The angle of `(x, y)` in the first two quadrants: `x` and `y` are not negative nor both 0, and
/// `obtuse` says that `-x` is meant.
#[inline(always)]
fn angle(y: Two, x: Two, obtuse: bool) -> f64 {
    let steep = y.0 > x.0;
    let (small, large) = if steep { (x, y) } else { (y, x) };
    let middle = small.0 > TAN_PI_8 * large.0;
    let less = Two::any_sum(small.0, -large.0).plus(small.1 - large.1);
    let more = Two::any_sum(small.0, large.0).plus(small.1 + large.1);
    let (top, bottom) = if middle { (less, more) } else { (small, large) };
    let t = top.normal().over(bottom.normal());
    let square = t.0 * t.0;
    let low = (t.0 * square).mul_add(polynomial(square, &ATAN), t.1);
    let turns = if middle { 1.0 } else { 0.0 };
    let turns = if steep { 2.0 - turns } else { turns };
    let turns = if obtuse { 4.0 - turns } else { turns };
    let base = Two::product(turns, PI_4.0).plus(turns * PI_4.1);
    let back = steep != obtuse;
    let (high, low) = if back { (-t.0, -low) } else { (t.0, low) };
    let sum = Two::sum(base.0, high);
    sum.0 + ((sum.1 + base.1) + low)
}

/// `atan(x)`.
#[inline(always)]
pub(super) fn atan(x: f64) -> f64 {
    // From 2^60 on it is pi/2.
    let size = clamp(x.abs(), 0.0, 1_152_921_504_606_846_976.0);
    angle(Two(size, 0.0), Two(1.0, 0.0), false).copysign(x)
}

/// `sqrt(1 - a^2)` of `a` from 0 to 1.
#[inline(always)]
fn other_side(a: f64) -> Two {
    Two::sum(1.0, -a).times(Two::sum(1.0, a)).normal().sqrt()
}

/// `asin(x)`.
#[inline(always)]
pub(super) fn asin(x: f64) -> f64 {
    let size = x.abs();
    let y = angle(Two(size, 0.0), other_side(size), false).copysign(x);
    if size <= 1.0 { y } else { f64::NAN }
}

/// `acos(x)`.
#[inline(always)]
pub(super) fn acos(x: f64) -> f64 {
    let size = x.abs();
    let y = angle(other_side(size), Two(size, 0.0), x < 0.0);
    if size <= 1.0 { y } else { f64::NAN }
}

/// What brings the larger of two sides near 1, and back.
#[inline(always)]
fn scales(large: f64) -> (f64, f64) {
    let scales = if large > 2f64.powi(500) {
        (DOWN, UP)
    } else {
        (1.0, 1.0)
    };
    if large < 2f64.powi(-400) {
        (UP, DOWN)
    } else {
        scales
    }
}

/// `atan2(y, x)`.
#[inline(always)]
pub(super) fn atan2(y: f64, x: f64) -> f64 {
    let (b, a) = (y.abs(), x.abs());
    let infinite = (a == f64::INFINITY) | (b == f64::INFINITY);
    let point = |side: f64| if side == f64::INFINITY { 1.0 } else { 0.0 };
    let (b, a) = if infinite {
        (point(b), point(a))
    } else {
        (b, a)
    };
    // The angle of (0, 0) is that of (1, 0), or of (-1, 0).
    let a = if (a == 0.0) & (b == 0.0) { 1.0 } else { a };
    let obtuse = x.is_sign_negative();
    let (up, _) = scales(if a > b { a } else { b });
    let far = angle(Two(b * up, 0.0), Two(a * up, 0.0), obtuse);
    let ratio = b / a;
    let near = (ratio < 1e-18) & !obtuse;
    let angle = if near { ratio } else { far };
    let angle = if x.is_nan() | y.is_nan() {
        f64::NAN
    } else {
        angle
    };
    angle.copysign(y)
}

/// `sqrt(x^2 + y^2)` without overflow on the way.
#[inline(always)]
pub(super) fn hypot(x: f64, y: f64) -> f64 {
    let (a, b) = (x.abs(), y.abs());
    let (large, small) = if a > b { (a, b) } else { (b, a) };
    let (up, down) = scales(large);
    let (large, small) = (large * up, small * up);
    let (most, more) = (Two::product(large, large), Two::product(small, small));
    let sum = Two::sum(most.0, more.0).plus(most.1 + more.1);
    let length = sum.normal().sqrt().rounded() * down;
    let length = if a.is_nan() | b.is_nan() {
        f64::NAN
    } else {
        length
    };
    let infinite = (a == f64::INFINITY) | (b == f64::INFINITY);
    if infinite { f64::INFINITY } else { length }
}
