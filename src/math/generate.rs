//! In: the parameters of `arange` and `linspace` and an index. Out: the element there.
//! Never: a fused multiplication and addition; the bits are NumPy's.

use super::scalar;
use crate::types::{BinaryOp, DType, Scalar};

/// Element `i` of an `arange`: `start + i * step` in `start`'s own dtype. Floats convert `i`
/// first and round the product and the sum; integers wrap. Bools are computed as uint8.
pub fn arange_at(start: Scalar, step: Scalar, i: usize) -> Scalar {
    let dtype = start.dtype();
    let within = if dtype.is_bool() { DType::UInt8 } else { dtype };
    let index = scalar::cast(Scalar::UInt64(i as u64), within);
    let [start, step] = [start, step].map(|value| scalar::cast(value, within));
    let at = scalar::binary(BinaryOp::Mul, index, step)
        .and_then(|offset| scalar::binary(BinaryOp::Add, start, offset));
    // OK because every dtype but bool adds and multiplies, and all three have one dtype.
    scalar::cast(at.unwrap_or(start), dtype)
}

/// Element `i` of a `linspace`: `i * step + start`, rounded twice.
pub fn linspace_at(start: f64, step: f64, i: usize) -> f64 {
    i as f64 * step + start
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last elements of `np.arange(0.1, ..., 0.3)` and of an int8 one.
    #[test]
    fn elements_are_numpys() {
        let step = Scalar::Float32((0.1f32 + 0.3) - 0.1);
        let at = |i| arange_at(Scalar::Float32(0.1), step, i);
        assert_eq!(at(0), Scalar::Float32(0.1));
        assert_eq!(at(1), Scalar::Float32(0.4));
        assert_eq!(at(16_000_000), Scalar::Float32(4_800_000.0));
        assert_eq!(
            arange_at(Scalar::Int8(-3), Scalar::Int8(2), 2),
            Scalar::Int8(1)
        );
        assert_eq!(
            arange_at(Scalar::UInt8(250), Scalar::UInt8(7), 1),
            Scalar::UInt8(1)
        );
        assert_eq!(
            arange_at(Scalar::Bool(false), Scalar::Bool(true), 1),
            Scalar::Bool(true)
        );
        assert_eq!(linspace_at(0.1, 0.1, 2), 0.1 * 2.0 + 0.1);
    }
}
