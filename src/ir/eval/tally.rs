//! In: a tally, the numbers of bins and the weights. Out: its result, read off the IR manual.
//! Never: a short cut.

use crate::ir::{Rounded, Tally};
use crate::math::scalar;
use crate::types::{BinaryOp, DType, Scalar};

/// The sums of weights of each bin, in the result's `dtype`.
pub(super) fn tally(
    tally: &Tally,
    numbers: &[Scalar],
    weights: &[Scalar],
    dtype: DType,
) -> Vec<Scalar> {
    let pairs = numbers.iter().zip(weights);
    let there = pairs.filter_map(|(number, weight)| {
        let number = usize::try_from(number.as_i128()?).ok()?;
        Some((number, *weight))
    });
    let there: Vec<(usize, Scalar)> = there.collect();
    let Some(Rounded { block, .. }) = tally.rounded else {
        return sums(&there, tally.bins, dtype);
    };
    let mut totals = vec![scalar::cast(Scalar::Int64(0), dtype); tally.bins];
    for block in there.chunks(block) {
        for (total, sum) in totals
            .iter_mut()
            .zip(sums(block, tally.bins, DType::Float64))
        {
            *total = add(*total, converted(sum, dtype));
        }
    }
    totals
}

/// The sums of weights of `dtype`, one after the other.
fn sums(weighted: &[(usize, Scalar)], bins: usize, dtype: DType) -> Vec<Scalar> {
    let mut sums = vec![scalar::cast(Scalar::Int64(0), dtype); bins];
    for &(number, weight) in weighted {
        if let Some(sum) = sums.get_mut(number) {
            *sum = add(*sum, weight);
        }
    }
    sums
}

fn converted(sum: Scalar, dtype: DType) -> Scalar {
    let wide = match dtype.is_float() || dtype == DType::UInt64 {
        true => dtype,
        false => DType::Int64,
    };
    scalar::cast(scalar::cast(sum, wide), dtype)
}

fn add(a: Scalar, b: Scalar) -> Scalar {
    // OK because both have one dtype, and it is not bool.
    scalar::binary(BinaryOp::Add, a, b).expect("numbers add")
}
