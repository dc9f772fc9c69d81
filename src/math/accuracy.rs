//! In: a math function. Out: how far from the true value its result may be.
//! Never: a bound that the tests do not check.

use crate::types::{BinaryOp, DType, UnaryOp};

/// The bound in units in the last place of the true result; `None` where the result is the
/// correctly rounded one (0.5) or the operation does not take the dtype.
pub fn unary(op: UnaryOp, dtype: DType) -> Option<f64> {
    match op {
        UnaryOp::Sin
        | UnaryOp::Cos
        | UnaryOp::Tan
        | UnaryOp::Exp
        | UnaryOp::Expm1
        | UnaryOp::Log
        | UnaryOp::Log2
        | UnaryOp::Log10
        | UnaryOp::Log1p
        | UnaryOp::Tanh => dtype.is_float().then_some(1.0),
        UnaryOp::Neg
        | UnaryOp::Abs
        | UnaryOp::Not
        | UnaryOp::Sign
        | UnaryOp::Sqrt
        | UnaryOp::Floor
        | UnaryOp::Ceil
        | UnaryOp::Trunc
        | UnaryOp::Rint
        | UnaryOp::IsNan
        | UnaryOp::IsFinite
        | UnaryOp::IsInf => None,
    }
}

/// As [`unary`], for operations of two arguments: of those only the power of floats.
pub fn binary(op: BinaryOp, dtype: DType) -> Option<f64> {
    (op == BinaryOp::Pow && dtype.is_float()).then_some(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::scalar;
    use crate::types::Scalar;

    /// Reproducible numbers (xorshift64*).
    struct Random(u64);

    impl Random {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
        }

        /// Evenly between `low` and `high`.
        fn between(&mut self, low: f64, high: f64) -> f64 {
            low + (self.next() >> 11) as f64 / (1u64 << 53) as f64 * (high - low)
        }
    }

    /// Arguments: special values, any bits, even and logarithmic spreads, near multiples of pi/2
    /// and of ln2.
    fn arguments(n: usize) -> Vec<f64> {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let mut list = vec![
            0.0,
            1.0,
            2.0,
            0.5,
            10.0,
            100.0,
            1e22,
            5e-324,
            f64::MIN_POSITIVE,
        ];
        list.extend([
            f64::MAX,
            f64::INFINITY,
            f64::NAN,
            709.78,
            709.79,
            745.2,
            88.7,
            88.8,
            104.0,
        ]);
        list.extend([
            1048576.0, 1048577.0, 8192.0, 8193.0, 22.0, 0.35, 1e-17, 60.0, 710.0,
        ]);
        list.extend((0..n).map(|_| f64::from_bits(random.next())));
        list.extend((0..n).map(|_| f64::from(f32::from_bits(random.next() as u32))));
        for bound in [1.0, 4.0, 30.0, 800.0, 1e4, 1.1e6] {
            list.extend((0..n).map(|_| random.between(0.0, bound)));
        }
        list.extend((0..n).map(|_| random.between(-60.0, 60.0).exp2()));
        list.extend((0..n).map(|_| 1.0 + random.between(-30.0, -1.0).exp2()));
        for step in [std::f64::consts::FRAC_PI_2, std::f64::consts::LN_2 / 2.0] {
            list.extend((0..n).map(|_| {
                let near = (random.between(0.0, 1e4).floor()) * step;
                near * (1.0 + random.between(-1e-12, 1e-12))
            }));
        }
        list.iter().flat_map(|&x| [x, -x, 1.0 / x]).collect()
    }

    /// How many float64 lie between two.
    fn steps(a: f64, b: f64) -> u64 {
        let order = |x: f64| {
            let bits = x.to_bits() as i64;
            if bits < 0 { i64::MIN - bits } else { bits }
        };
        order(a).abs_diff(order(b))
    }

    /// The error of `got` in units of the last place of float32.
    fn error_f32(got: f32, exact: f64) -> f64 {
        let limit = f64::from(f32::MAX) * (1.0 + 0.5f64.powi(25));
        if got.is_nan() || exact.is_nan() {
            return if got.is_nan() && exact.is_nan() {
                0.0
            } else {
                f64::INFINITY
            };
        }
        if got.is_infinite() || exact.abs() >= limit {
            // The first value past the end is as good as infinity.
            let near = f64::from(f32::MAX).copysign(exact);
            let got = f64::from(got).clamp(-limit, limit);
            return (got - exact.clamp(-limit, limit)).abs() / 2f64.powi(104)
                * f64::from(near == near);
        }
        let exponent = exact.abs().max(f64::from(f32::MIN_POSITIVE)).log2().floor();
        (f64::from(got) - exact).abs() / (exponent - 23.0).exp2()
    }

    type Oracle = fn(f64) -> f64;

    const FUNCTIONS: [(UnaryOp, Oracle); 10] = [
        (UnaryOp::Sin, core_math::sin),
        (UnaryOp::Cos, core_math::cos),
        (UnaryOp::Tan, core_math::tan),
        (UnaryOp::Exp, core_math::exp),
        (UnaryOp::Expm1, core_math::expm1),
        (UnaryOp::Log, core_math::log),
        (UnaryOp::Log2, core_math::log2),
        (UnaryOp::Log10, core_math::log10),
        (UnaryOp::Log1p, core_math::log1p),
        (UnaryOp::Tanh, core_math::tanh),
    ];

    #[test]
    fn measure() {
        for (op, oracle) in FUNCTIONS {
            let (mut worst, mut at, mut wrong, mut n) = (0, 0.0, 0, 0);
            let (mut worst32, mut at32) = (0.0, 0.0f32);
            for x in arguments(20000) {
                let Some(Scalar::Float64(got)) = scalar::unary(op, Scalar::Float64(x)) else {
                    panic!()
                };
                let want = oracle(x);
                let d = if got.is_nan() && want.is_nan() {
                    0
                } else {
                    steps(got, want)
                };
                n += 1;
                wrong += u64::from(d != 0);
                if d > worst {
                    worst = d;
                    at = x;
                }
                let x = x as f32;
                let Some(Scalar::Float32(got)) = scalar::unary(op, Scalar::Float32(x)) else {
                    panic!()
                };
                let e = error_f32(got, oracle(f64::from(x)));
                if e > worst32 {
                    worst32 = e;
                    at32 = x;
                }
            }
            println!("{op:?} f64 steps {worst} at {at:e}, {wrong}/{n}; f32 {worst32} at {at32:e}");
        }
    }
}
