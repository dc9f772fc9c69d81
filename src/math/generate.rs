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
