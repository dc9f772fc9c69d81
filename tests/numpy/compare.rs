//! In: a case and an answer. Out: whether the answer is right, or what is wrong with it.
//! Never: a tolerance that the case does not carry.

use fuseblock::{DType, Scalar};

use crate::cases::{Allowed, Case, Expected, mix, words};
use crate::engine::{Answer, Output};

/// Elements shown of a wrong output.
const SHOWN: usize = 64;

/// Whether the answer is what NumPy gives, within what the case allows.
pub(crate) fn compare(case: &Case, got: &Answer) -> Result<(), String> {
    match (&case.expected, got) {
        (Err(code), Err((found, _))) if code == found => Ok(()),
        (Err(code), Err((found, message))) => {
            Err(format!("  expected {code}\n  got      {found} {message}\n"))
        }
        (Err(code), Ok(outputs)) => Err(format!("  expected {code}\n  got      {outputs:?}\n")),
        (Ok(_), Err((code, message))) => Err(format!(
            "  expected an answer\n  got      {code} {message}\n"
        )),
        (Ok(expected), Ok(outputs)) if expected.len() != outputs.len() => {
            let (need, have) = (expected.len(), outputs.len());
            Err(format!("  expected {need} outputs, got {have}\n"))
        }
        (Ok(expected), Ok(outputs)) => {
            let mut pairs = expected.iter().zip(outputs).enumerate();
            pairs.try_for_each(|(index, (expected, got))| {
                compare_output(expected, got).map_err(|why| format!("  output {index}: {why}"))
            })
        }
    }
}

/// Whether two answers agree to the bit; all NaNs are one, and so are messages.
pub(crate) fn same_bits(a: &Answer, b: &Answer) -> bool {
    match (a, b) {
        (Ok(a), Ok(b)) => a == b,
        (Err((a, _)), Err((b, _))) => a == b,
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
    }
}

fn compare_output(expected: &Expected, got: &Output) -> Result<(), String> {
    if (expected.dtype, &expected.shape) != (got.dtype, &got.shape) {
        let (dtype, shape) = (expected.dtype, &expected.shape);
        return Err(format!(
            "expected {dtype}{shape}, got {}{}\n",
            got.dtype, got.shape
        ));
    }
    let wrong = match expected.digest {
        Some(digest) => (digest_of(&got.elems) != digest).then_some(0),
        None => first_wrong(expected, got),
    };
    match wrong {
        None => Ok(()),
        Some(index) => Err(format!(
            "{}{}, first wrong at {index} (allowed: {})\n  expected {}\n  got      {}\n",
            expected.dtype,
            expected.shape,
            expected.allowed.text(index),
            list(&expected.elems),
            list(&got.elems),
        )),
    }
}

fn first_wrong(expected: &Expected, got: &Output) -> Option<usize> {
    if expected.elems.len() != got.elems.len() {
        return Some(expected.elems.len().min(got.elems.len()));
    }
    let mut pairs = expected.elems.iter().zip(&got.elems).enumerate();
    pairs
        .find(|&(index, (a, b))| !expected.allowed.covers(index, *a, *b))
        .map(|(index, _)| index)
}

fn list(elems: &[Scalar]) -> String {
    let shown: Vec<String> = elems.iter().take(SHOWN).map(Scalar::to_string).collect();
    let more = if elems.len() > SHOWN { " ..." } else { "" };
    shown.join(" ") + more
}

impl Allowed {
    fn covers(&self, index: usize, expected: Scalar, got: Scalar) -> bool {
        if expected == got {
            return true;
        }
        match self {
            Allowed::Exact => false,
            Allowed::Ulps(ulps) => distance(expected, got).is_some_and(|apart| apart <= *ulps),
            Allowed::Within(_) => {
                let (expected, got) = (expected.as_f64(), got.as_f64());
                // Infinities are apart by NaN or infinity, which no bound covers.
                expected == got || (expected - got).abs() <= self.bound(index)
            }
        }
    }

    fn bound(&self, index: usize) -> f64 {
        match self {
            Allowed::Exact | Allowed::Ulps(_) => 0.0,
            Allowed::Within(bounds) if bounds.len() == 1 => bounds[0],
            Allowed::Within(bounds) => bounds[index],
        }
    }

    fn text(&self, index: usize) -> String {
        match self {
            Allowed::Exact => "the same bits".to_string(),
            Allowed::Ulps(ulps) => format!("{ulps} ulp"),
            Allowed::Within(_) => format!("{:e}", self.bound(index)),
        }
    }
}

/// How many floats lie between two; `None` for NaN, and between a zero that was expected and
/// another zero: its sign is part of the answer.
fn distance(expected: Scalar, got: Scalar) -> Option<u64> {
    if expected.is_nan() || got.is_nan() || expected.as_f64() == got.as_f64() {
        return None;
    }
    let place = |scalar: Scalar| {
        if let Scalar::Float32(value) = scalar {
            order(i64::from(value.to_bits() as i32), i64::from(i32::MIN))
        } else {
            order(scalar.bits() as i64, i64::MIN)
        }
    };
    Some(
        place(expected)
            .abs_diff(place(got))
            .min(u128::from(u64::MAX)) as u64,
    )
}

/// Sign and magnitude as a number that grows with the float.
fn order(bits: i64, sign: i64) -> i128 {
    let (bits, sign) = (i128::from(bits), i128::from(sign));
    if bits < 0 { sign - bits } else { bits }
}

/// `digest` of pool.py.
fn digest_of(elems: &[Scalar]) -> u64 {
    let salted = elems.iter().zip(words(1)).map(|(elem, salt)| {
        let bits = match elem {
            nan if nan.is_nan() => quiet_nan(nan.dtype()),
            other => other.bits(),
        };
        mix(bits.wrapping_add(salt))
    });
    salted.fold(0, u64::wrapping_add)
}

fn quiet_nan(dtype: DType) -> u64 {
    if dtype == DType::Float32 {
        0x7FC0_0000
    } else {
        0x7FF8_0000_0000_0000
    }
}

#[test]
fn distances() {
    let f32s = |a: f32, b: f32| distance(Scalar::Float32(a), Scalar::Float32(b));
    assert_eq!(f32s(1.0, 1.0 + f32::EPSILON), Some(1));
    assert_eq!(f32s(-1.0, -1.0 - f32::EPSILON), Some(1));
    assert_eq!(f32s(0.0, -0.0), None);
    assert_eq!(f32s(f32::from_bits(1), -f32::from_bits(1)), Some(2));
    assert_eq!(f32s(f32::MAX, f32::INFINITY), Some(1));
    let f64s = |a: f64, b: f64| distance(Scalar::Float64(a), Scalar::Float64(b));
    assert_eq!(f64s(2.0, 2.0 - f64::EPSILON), Some(1));
    assert_eq!(f64s(f64::NAN, 1.0), None);
}
