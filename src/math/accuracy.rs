//! In: a math function. Out: how far from the true value its result may be.
//! Never: a bound that the tests do not check.
//!
//! Largest true errors found against 160-bit arithmetic, in units of the last place, float64:
//! sin 0.80, cos 0.82, tan 0.82, exp 0.82, expm1 0.78, log 0.70, log2 0.81, log10 0.71,
//! log1p 0.68, tanh 0.60, pow 0.65; float32 (every third one): sin 0.88, cos 0.90, exp 0.87,
//! log 0.72, the others 0.5.

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
        | UnaryOp::Tanh
        | UnaryOp::Cbrt
        | UnaryOp::Exp2
        | UnaryOp::Asin
        | UnaryOp::Acos
        | UnaryOp::Atan
        | UnaryOp::Sinh
        | UnaryOp::Cosh
        | UnaryOp::Asinh
        | UnaryOp::Acosh
        | UnaryOp::Atanh
        | UnaryOp::Erf => dtype.is_float().then_some(1.0),
        // float32 results are rounded float64 ones.
        UnaryOp::Erfc => bound(dtype, 4.0),
        UnaryOp::Gamma | UnaryOp::Lgamma => bound(dtype, 16.0),
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
        | UnaryOp::IsInf
        | UnaryOp::SignBit => None,
    }
}

/// The error that the sum of exponentials may have where its logarithm is smaller than 1/16.
pub const LOGADDEXP_NEAR_ZEROS: f64 = 1.4e-17;
/// The error that `lgamma` may have where its bound in units in the last place is smaller.
pub const LGAMMA_NEAR_ZEROS: f64 = 8.9e-16;

/// What is stated for float64; float32 is computed in it and rounded.
fn bound(dtype: DType, wide: f64) -> Option<f64> {
    match dtype {
        DType::Float64 => Some(wide),
        DType::Float32 => Some(1.0),
        DType::Bool
        | DType::Int8
        | DType::Int16
        | DType::Int32
        | DType::Int64
        | DType::UInt8
        | DType::UInt16
        | DType::UInt32
        | DType::UInt64 => None,
    }
}

/// As [`unary`], for operations of two arguments.
pub fn binary(op: BinaryOp, dtype: DType) -> Option<f64> {
    use BinaryOp::{Atan2, Hypot, LogAddExp, Pow};
    let inexact = matches!(op, Pow | Atan2 | Hypot | LogAddExp);
    (inexact && dtype.is_float()).then_some(1.0)
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

    /// Where something special happens: bounds of ranges, ends of the number line.
    const SPECIAL: [f64; 31] = [
        0.0,
        1.0,
        2.0,
        0.5,
        3.0,
        10.0,
        100.0,
        1e22,
        1e-17,
        5e-324,
        f64::MIN_POSITIVE,
        f64::MAX,
        f64::INFINITY,
        f64::NAN,
        709.78,
        709.79,
        710.0,
        745.13,
        745.14,
        760.0,
        88.72,
        88.73,
        103.97,
        103.98,
        1_048_576.0,
        1_048_577.0,
        8192.0,
        8193.0,
        22.0,
        0.35,
        60.0,
    ];

    /// Special arguments, any bits, even and logarithmic spreads, and the neighbourhoods of 1
    /// and of the multiples of pi/2 and ln2/2; of each also the negative and the inverse.
    fn arguments(n: usize) -> Vec<f64> {
        use std::f64::consts::{FRAC_PI_2, LN_2};
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let mut list = SPECIAL.to_vec();
        for _ in 0..n {
            list.push(f64::from_bits(random.next()));
            list.push(f64::from(f32::from_bits(random.next() as u32)));
            for bound in [1.0, 4.0, 30.0, 45.0, 800.0, 1e4, 1.1e6] {
                list.push(random.between(0.0, bound));
            }
            list.push(random.between(-60.0, 60.0).exp2());
            list.push(1.0 + random.between(-30.0, -1.0).exp2());
            for step in [FRAC_PI_2, LN_2 / 2.0] {
                let multiple = random.between(0.0, 1e4).floor() * step;
                list.push(multiple * (1.0 + random.between(-1e-12, 1e-12)));
                list.push(f64::from(multiple as f32));
            }
        }
        list.iter().flat_map(|&x| [x, -x, 1.0 / x]).collect()
    }

    /// How many float64 lie between two; all NaNs are one.
    fn steps(a: f64, b: f64) -> u64 {
        let order = |x: f64| {
            let bits = x.to_bits() as i64;
            if bits < 0 { i64::MIN - bits } else { bits }
        };
        if a.is_nan() && b.is_nan() {
            return 0;
        }
        order(a).abs_diff(order(b))
    }

    /// The error of `got` in units of the last place of float32; `true_value` is float64.
    fn error_f32(got: f32, true_value: f64) -> f64 {
        if got.is_nan() || true_value.is_nan() {
            return if got.is_nan() && true_value.is_nan() {
                0.0
            } else {
                f64::INFINITY
            };
        }
        let normal = true_value
            .abs()
            .clamp(f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX));
        let ulp = (normal.log2().floor() - 23.0).exp2();
        if got.is_infinite() {
            // Infinity stands for 2^128.
            let past = (2f64.powi(128) - true_value.abs()).max(0.0);
            let same_sign = (got > 0.0) == (true_value > 0.0);
            return if same_sign { past / ulp } else { f64::INFINITY };
        }
        (f64::from(got) - true_value).abs() / ulp
    }

    fn f64_of(scalar: Option<Scalar>) -> f64 {
        match scalar {
            Some(Scalar::Float64(x)) => x,
            other => panic!("{other:?} is no float64"),
        }
    }

    fn f32_of(scalar: Option<Scalar>) -> f32 {
        match scalar {
            Some(Scalar::Float32(x)) => x,
            other => panic!("{other:?} is no float32"),
        }
    }

    /// The largest error and where it is.
    #[derive(Default)]
    struct Worst<A>(f64, A);

    impl<A> Worst<A> {
        fn see(&mut self, error: f64, at: A) {
            if error > self.0 {
                *self = Worst(error, at);
            }
        }
    }

    /// Against the correctly rounded result: float64 must be it or its neighbour, float32 within
    /// the bound of the float64 result.
    fn check(op: UnaryOp, oracle: fn(f64) -> f64) {
        let (mut wide, mut narrow) = (Worst::default(), Worst::default());
        for x in arguments(2_000) {
            let got = f64_of(scalar::unary(op, Scalar::Float64(x)));
            wide.see(steps(got, oracle(x)) as f64, x);
            let x = x as f32;
            let got = f32_of(scalar::unary(op, Scalar::Float32(x)));
            narrow.see(error_f32(got, oracle(f64::from(x))), x);
        }
        println!(
            "{op:?}: f64 {} at {:e}, f32 {} at {:e}",
            wide.0, wide.1, narrow.0, narrow.1
        );
        assert!(
            Some(wide.0) <= unary(op, DType::Float64),
            "{op:?} of {:e}",
            wide.1
        );
        assert!(
            Some(narrow.0) <= unary(op, DType::Float32),
            "{op:?} of {:e}",
            narrow.1
        );
    }

    #[test]
    fn functions_are_within_their_bound() {
        check(UnaryOp::Sin, core_math::sin);
        check(UnaryOp::Cos, core_math::cos);
        check(UnaryOp::Tan, core_math::tan);
        check(UnaryOp::Exp, core_math::exp);
        check(UnaryOp::Expm1, core_math::expm1);
        check(UnaryOp::Log, core_math::log);
        check(UnaryOp::Log2, core_math::log2);
        check(UnaryOp::Log10, core_math::log10);
        check(UnaryOp::Log1p, core_math::log1p);
        check(UnaryOp::Tanh, core_math::tanh);
    }

    #[test]
    fn more_functions_are_within_their_bound() {
        check(UnaryOp::Cbrt, core_math::cbrt);
        check(UnaryOp::Exp2, core_math::exp2);
        check(UnaryOp::Asin, core_math::asin);
        check(UnaryOp::Acos, core_math::acos);
        check(UnaryOp::Atan, core_math::atan);
        check(UnaryOp::Sinh, core_math::sinh);
        check(UnaryOp::Cosh, core_math::cosh);
        check(UnaryOp::Asinh, core_math::asinh);
        check(UnaryOp::Acosh, core_math::acosh);
        check(UnaryOp::Atanh, core_math::atanh);
        check(UnaryOp::Erf, core_math::erf);
        check(UnaryOp::Erfc, core_math::erfc);
        check(UnaryOp::Gamma, core_math::tgamma);
    }

    /// Bases and exponents: special ones with each other, and random ones with a result that is
    /// neither 0 nor infinite.
    fn powers(n: usize) -> Vec<(f64, f64)> {
        let mut random = Random(0x1234_5678_9abc_def1);
        let special: Vec<f64> = SPECIAL.into_iter().flat_map(|x| [x, -x]).collect();
        let pairs = special
            .iter()
            .flat_map(|&a| special.iter().map(move |&b| (a, b)));
        let mut list: Vec<(f64, f64)> = pairs.collect();
        for _ in 0..n {
            let base = f64::from_bits(random.next() >> 1);
            let log = random.between(-745.0, 710.0);
            list.push((base, log / base.ln()));
            let near = 1.0 + random.between(-1.0, 1.0) * random.between(-40.0, -1.0).exp2();
            list.push((near, log / near.ln()));
            list.push((random.between(0.0, 10.0), random.between(-80.0, 80.0)));
            let base = f64::from(random.between(0.0, 10.0) as f32);
            list.push((
                base,
                f64::from((random.between(-100.0, 88.0) / base.ln()) as f32),
            ));
            list.push((
                random.between(-50.0, 50.0),
                random.between(-20.0, 20.0).round(),
            ));
        }
        list
    }

    /// Against the correctly rounded result, over pairs of arguments.
    fn check_pairs(
        op: BinaryOp,
        pairs: impl Iterator<Item = (f64, f64)>,
        oracle: fn(f64, f64) -> f64,
    ) {
        let (mut wide, mut narrow) = (Worst::default(), Worst::default());
        for (a, b) in pairs {
            let pair = [a, b].map(Scalar::Float64);
            let got = f64_of(scalar::binary(op, pair[0], pair[1]));
            wide.see(steps(got, oracle(a, b)) as f64, (a, b));
            let [a, b] = [a as f32, b as f32];
            let pair = [a, b].map(Scalar::Float32);
            let got = f32_of(scalar::binary(op, pair[0], pair[1]));
            let want = oracle(f64::from(a), f64::from(b));
            narrow.see(error_f32(got, want), (a, b));
        }
        println!(
            "{op:?}: f64 {} at {:?}, f32 {} at {:?}",
            wide.0, wide.1, narrow.0, narrow.1
        );
        assert!(
            Some(wide.0) <= binary(op, DType::Float64),
            "{op:?} of {:?}",
            wide.1
        );
        assert!(
            Some(narrow.0) <= binary(op, DType::Float32),
            "{op:?} of {:?}",
            narrow.1
        );
    }

    #[test]
    fn powers_are_within_their_bound() {
        let pairs = powers(20_000).into_iter();
        check_pairs(BinaryOp::Pow, pairs, core_math::pow);
    }

    /// Special arguments with each other, any with any, and sides of similar length.
    fn sides(n: usize) -> Vec<(f64, f64)> {
        let list = arguments(n);
        let mut random = Random(0x0bad_cafe_0123_4567);
        let special = SPECIAL.iter().flat_map(|&x| [x, -x]);
        let mut pairs: Vec<(f64, f64)> = special
            .clone()
            .flat_map(|a| special.clone().map(move |b| (a, b)))
            .collect();
        for &a in &list {
            pairs.push((a, list[random.next() as usize % list.len()]));
            pairs.push((a, a * random.between(-30.0, 30.0).exp2()));
            pairs.push((a, -a * random.between(0.0, 3.0)));
        }
        pairs
    }

    #[test]
    fn angles_and_lengths_are_within_their_bound() {
        let pairs = sides(1_000);
        check_pairs(BinaryOp::Atan2, pairs.iter().copied(), core_math::atan2);
        check_pairs(BinaryOp::Hypot, pairs.into_iter(), core_math::hypot);
    }

    /// Rows "x y value", correctly rounded by mpmath with 400 bits. Near the zeros of the function
    /// the error is absolute.
    #[test]
    fn logarithms_of_sums_of_exponentials_are_within_their_bound() {
        let mut worst = 0.0f64;
        for row in include_str!("logaddexp.txt").lines() {
            let words: Vec<f64> = row.split(' ').map(|word| word.parse().unwrap()).collect();
            let [x, y, want] = words[..] else {
                panic!("{row}")
            };
            for pair in [[x, y], [y, x]].map(|pair| pair.map(Scalar::Float64)) {
                let got = f64_of(scalar::binary(BinaryOp::LogAddExp, pair[0], pair[1]));
                let ulps = steps(got, want) as f64;
                let near = (got - want).abs() <= LOGADDEXP_NEAR_ZEROS;
                assert!(
                    near || Some(ulps) <= binary(BinaryOp::LogAddExp, DType::Float64),
                    "{row}: {got:e}"
                );
                worst = worst.max(if near { 0.0 } else { ulps });
            }
            let pair = [x, y].map(|x| Scalar::Float32(x as f32));
            let got = f32_of(scalar::binary(BinaryOp::LogAddExp, pair[0], pair[1]));
            let pair = pair.map(|x| scalar::cast(x, DType::Float64));
            let wide = f64_of(scalar::binary(BinaryOp::LogAddExp, pair[0], pair[1]));
            assert!(error_f32(got, wide) <= 0.5, "{row} as float32");
        }
        println!("logaddexp: f64 {worst}");
    }

    /// lgamma's bound is absolute near its zeros: 1, 2, and two between every two poles.
    #[test]
    fn logarithms_of_gamma_are_within_their_bound() {
        let (mut wide, mut narrow) = (Worst::default(), Worst::default());
        for x in arguments(2_000) {
            let want = core_math::lgamma(x);
            let got = f64_of(scalar::unary(UnaryOp::Lgamma, Scalar::Float64(x)));
            if (got - want).abs() > LGAMMA_NEAR_ZEROS || got.is_nan() != want.is_nan() {
                wide.see(steps(got, want) as f64, x);
            }
            let x = x as f32;
            let want = core_math::lgamma(f64::from(x));
            let got = f32_of(scalar::unary(UnaryOp::Lgamma, Scalar::Float32(x)));
            if want.is_finite() && (f64::from(got) - want).abs() > LGAMMA_NEAR_ZEROS {
                narrow.see(error_f32(got, want), x);
            }
        }
        println!(
            "lgamma: f64 {} at {:e}, f32 {} at {:e}",
            wide.0, wide.1, narrow.0, narrow.1
        );
        assert!(
            Some(wide.0) <= unary(UnaryOp::Lgamma, DType::Float64),
            "{:e}",
            wide.1
        );
        assert!(
            Some(narrow.0) <= unary(UnaryOp::Lgamma, DType::Float32),
            "{:e}",
            narrow.1
        );
    }
}
