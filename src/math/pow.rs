//! In: floats. Out: `pow`, at most 1 ulp off, with C's special cases.
//! Never: a branch or a table; the body is straight-line code that vectorises.
//!
//! `x^y = exp(y log(x))`. An error of `log(x)` grows by a factor of up to 745, so it is kept as a
//! sum of two floats with an error of some 2^-65: `log(m) = 2 s (1 + z (1/3 + z P(z)))` with
//! `s = (m - 1) / (m + 1)` and `z = s^2`, everything but `P` in two floats.

use super::exp;
use super::float::{Float, polynomial};

/// Minimax coefficients of `((atanh(s) / s - 1) / z - 1/3) / z` in `z = s^2`, for `|s|` up to
/// 0.1716: below 2^-59.
const ATANH: [f64; 8] = [
    0.2,
    0.14285714285714687,
    0.11111111110825489,
    0.09090909168200612,
    0.07692297431930953,
    0.066674048239036,
    0.058530565005350726,
    0.05862192439045178,
];

/// 1/3 in two parts.
const THIRD: Two = Two(0.333_333_333_333_333_3, 1.850_371_707_708_594e-17);

/// The sum of two floats, the second at most about an ulp of the first.
#[derive(Clone, Copy)]
struct Two(f64, f64);

impl Two {
    /// `a + b`, exactly; `|a| >= |b|` or `a` is 0.
    #[inline(always)]
    fn sum(a: f64, b: f64) -> Two {
        let sum = a + b;
        Two(sum, b - (sum - a))
    }

    /// `a * b`, exactly.
    #[inline(always)]
    fn product(a: f64, b: f64) -> Two {
        let product = a * b;
        Two(product, a.mul_add(b, -product))
    }

    /// The product, without the smallest term.
    #[inline(always)]
    fn times(self, other: Two) -> Two {
        let Two(high, low) = Two::product(self.0, other.0);
        Two(high, self.1.mul_add(other.0, self.0.mul_add(other.1, low)))
    }

    /// With `low` added to the second.
    #[inline(always)]
    fn plus(self, low: f64) -> Two {
        Two(self.0, self.1 + low)
    }
}

/// `log(x)` of a positive finite `x`.
#[inline(always)]
fn log(x: f64) -> Two {
    let (k, m) = x.split_exponent();
    let up = m - 1.0;
    let down = Two::sum(2.0, up);
    let high = up / down.0;
    let left = high.mul_add(-down.1, high.mul_add(-down.0, up));
    let s = Two(high, left / down.0);
    let z = s.times(s);
    let q = Two::sum(THIRD.0, z.0 * polynomial(z.0, &ATANH)).plus(THIRD.1);
    let twice = Two(2.0 * s.0, 2.0 * s.1);
    let more = twice.times(z.times(q));
    let fraction = Two::sum(twice.0, more.0).plus(more.1 + twice.1);
    let whole = Two::sum(k * f64::LN2_HI, fraction.0);
    let low = whole.1 + k.mul_add(f64::LN2_LO, fraction.1);
    Two::sum(whole.0, low)
}

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
