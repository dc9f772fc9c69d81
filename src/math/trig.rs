//! In: floats. Out: `sin` and `cos`, at most 1 ulp off.
//! Never: a branch or a table; every body is straight-line code that vectorises.
//!
//! `|x| = n pi/2 + r + low` with `|r| <= pi/4` and pi/2 in three parts (Cody and Waite). Both
//! kernels are computed and the quadrant selects. Above [`Float::ANGLE_MAX`] the three parts
//! are too short; such elements go to the `libm` crate, which reduces with a table of 1/pi.

use super::float::{Float, polynomial};

/// Minimax coefficients of `(sin(r) - r) / r^3` in `r^2` on `|r| <= pi/4`: below 2^-57.
pub(super) const SIN_F64: [f64; 6] = [
    -0.1666666666666663,
    0.008333333333322005,
    -0.00019841269829495842,
    2.755731358772303e-06,
    -2.5050742322326302e-08,
    1.5895905502263207e-10,
];

/// Minimax coefficients of `(cos(r) - 1 + r^2 / 2) / r^4` in `r^2`: below 2^-63.
pub(super) const COS_F64: [f64; 6] = [
    0.041666666666666595,
    -0.0013888888888872895,
    2.4801587288748223e-05,
    -2.7557314148633613e-07,
    2.0875696573936885e-09,
    -1.1358310558696743e-11,
];

/// For float32, on `|r| <= 1.08 pi/4` (the quadrant of a large angle is not exact): below 2^-27.
pub(super) const SIN_F32: [f32; 3] = [-0.16666648, 0.008331737, -0.00019461136];

/// The same: below 2^-31.
pub(super) const COS_F32: [f32; 3] = [0.041666634, -0.0013886739, 2.4371164e-05];

/// An angle without its quarter turns.
struct Reduced<T> {
    /// The number of quarter turns, as a magic sum.
    quarters: T,
    /// What is left, and its rounding error.
    r: T,
    low: T,
}

/// Takes the quarter turns from `x`, which is not negative.
#[inline(always)]
fn reduce<T: Float>(x: T) -> Reduced<T> {
    let quarters = x.mul_add(T::FRAC_2_PI, T::MAGIC);
    let n = quarters - T::MAGIC;
    let [first, second, third] = T::FRAC_PI_2_PARTS;
    let left = n.mul_add(-first, x);
    let product = n * second;
    let lost = n.mul_add(second, -product);
    let r = left - product;
    let low = n.mul_add(-third, ((left - r) - product) - lost);
    Reduced { quarters, r, low }
}

/// `sin(r + low)`.
#[inline(always)]
fn sin_kernel<T: Float>(r: T, low: T) -> T {
    let square = r * r;
    r + (square * r).mul_add(polynomial(square, T::SIN), low)
}

/// `cos(r + low)`.
#[inline(always)]
fn cos_kernel<T: Float>(r: T, low: T) -> T {
    let square = r * r;
    let half = square * T::HALF;
    let most = T::ONE - half;
    let rest = (square * square).mul_add(polynomial(square, T::COS), -(r * low));
    most + (((T::ONE - most) - half) + rest)
}

/// `sin(x)` where [`is_hard`] is false.
#[inline(always)]
pub(super) fn sin<T: Float>(x: T) -> T {
    let Reduced { quarters, r, low } = reduce(x.abs());
    let (sin, cos) = (sin_kernel(r, low), cos_kernel(r, low));
    let y = if quarters.bit(0) { cos } else { sin };
    let y = if quarters.bit(1) { -y } else { y };
    y.xor_sign(x)
}

/// `cos(x)` where [`is_hard`] is false.
#[inline(always)]
pub(super) fn cos<T: Float>(x: T) -> T {
    let Reduced { quarters, r, low } = reduce(x.abs());
    let (sin, cos) = (sin_kernel(r, low), cos_kernel(r, low));
    let y = if quarters.bit(0) { sin } else { cos };
    if quarters.bit(0) != quarters.bit(1) {
        -y
    } else {
        y
    }
}

/// Whether `x` has too many turns for [`sin`] and [`cos`]; NaN has not.
#[inline(always)]
pub(super) fn is_hard<T: Float>(x: T) -> bool {
    x.abs() > T::ANGLE_MAX
}
