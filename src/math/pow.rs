//! In: floats. Out: `pow`, at most 1 ulp off, with C's special cases.
//! Never: a branch or a table; the body is straight-line code that vectorises.
//!
//! `x^y = exp(y log(x))`. An error of `log(x)` grows by a factor of up to 745, so it is kept as a
//! sum of two floats with an error of some 2^-65.

use super::exp;
use super::float::Float;
use super::two::{Two, log};

/// `exp(log * y)`.
#[inline(always)]
fn exp_of_product(log: Two, y: f64) -> f64 {
    let Two(high, low) = log.times(Two(y, 0.0));
    exp::exp_of_sum(high, low)
}

/// `x` to the power `y`.
#[inline(always)]
pub(super) fn pow(x: f64, y: f64) -> f64 {
    let base = x.abs();
    let power = exp_of_product(log(base), y);
    // What the logarithm of 0 and of infinity would have given.
    let extreme = if (base == 0.0) == (y < 0.0) {
        f64::INFINITY
    } else {
        0.0
    };
    let power = if (base == 0.0) | (base == f64::INFINITY) {
        extreme
    } else {
        power
    };
    // Infinity is an even number, and so is every number from 2^53 on.
    let whole = y.trunc() == y;
    let odd = whole & ((0.5 * y).trunc() != 0.5 * y);
    let power = if odd { power.xor_sign(x) } else { power };
    let real = (x >= 0.0) | whole | (base == f64::INFINITY);
    let power = if real { power } else { f64::NAN };
    let power = if x.is_nan() | y.is_nan() {
        f64::NAN
    } else {
        power
    };
    let one = (y == 0.0) | (x == 1.0) | ((base == 1.0) & (y.abs() == f64::INFINITY));
    if one { 1.0 } else { power }
}
