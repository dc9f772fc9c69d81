//! In: floats. Out: results as the sum of two floats, with errors of some 2^-65 or less.
//! Never: a branch or a table; all is straight-line code that vectorises.
//!
//! `log(m) = 2 s (1 + z (1/3 + z P(z)))` with `s = (m - 1) / (m + 1)` and `z = s^2`, everything but
//! `P` in two floats.

use super::float::{Float, polynomial};

/// The sum of two floats, the second at most about an ulp of the first.
#[derive(Clone, Copy)]
pub(super) struct Two(pub(super) f64, pub(super) f64);

impl Two {
    /// `a + b`, exactly; `|a| >= |b|` or `a` is 0.
    #[inline(always)]
    pub(super) fn sum(a: f64, b: f64) -> Two {
        let sum = a + b;
        Two(sum, b - (sum - a))
    }

    /// `a * b`, exactly.
    #[inline(always)]
    pub(super) fn product(a: f64, b: f64) -> Two {
        let product = a * b;
        Two(product, a.mul_add(b, -product))
    }

    /// The product, without the smallest term.
    #[inline(always)]
    pub(super) fn times(self, other: Two) -> Two {
        let Two(high, low) = Two::product(self.0, other.0);
        Two(high, self.1.mul_add(other.0, self.0.mul_add(other.1, low)))
    }

    /// With `low` added to the second.
    #[inline(always)]
    pub(super) fn plus(self, low: f64) -> Two {
        Two(self.0, self.1 + low)
    }

    /// `a + b`, exactly, whichever is larger.
    #[inline(always)]
    pub(super) fn any_sum(a: f64, b: f64) -> Two {
        let sum = a + b;
        let part = sum - a;
        Two(sum, (a - (sum - part)) + (b - part))
    }

    /// The quotient of two sums; the divisor is not 0.
    #[inline(always)]
    pub(super) fn over(self, other: Two) -> Two {
        let quotient = self.0 / other.0;
        let rest = quotient.mul_add(-other.0, self.0) + quotient.mul_add(-other.1, self.1);
        Two(quotient, rest / other.0)
    }

    /// The root of a sum that is not negative.
    #[inline(always)]
    pub(super) fn sqrt(self) -> Two {
        let root = self.0.sqrt();
        let rest = root.mul_add(-root, self.0) + self.1;
        let low = rest / (root + root);
        Two(root, if root > 0.0 { low } else { 0.0 })
    }

    /// The second no larger than half an ulp of the first; the first was the larger one.
    #[inline(always)]
    pub(super) fn normal(self) -> Two {
        Two::sum(self.0, self.1)
    }

    /// The one float next to the sum.
    #[inline(always)]
    pub(super) fn rounded(self) -> f64 {
        self.0 + self.1
    }
}

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

/// `log(x)` of a positive finite `x`.
#[inline(always)]
pub(super) fn log(x: f64) -> Two {
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

/// `log(x)` of a positive finite sum.
#[inline(always)]
pub(super) fn log_of_sum(x: Two) -> Two {
    log(x.0).plus(x.1 / x.0).normal()
}
