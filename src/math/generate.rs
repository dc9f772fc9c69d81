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

/// Four random numbers from 0 up to 1: those at `4 * block ..` of the stream of `seed`. The same
/// numbers as NumPy's `Generator(Philox(key=seed)).random()`: Philox 4x64 with ten rounds (Salmon,
/// Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", 2011), counting from 1, of
/// which the upper 53 bits become a float64.
pub fn random(seed: u64, block: usize) -> [f64; 4] {
    const MULTIPLIERS: [u64; 2] = [0xd2e7_470e_e14c_6c93, 0xca5a_8263_9512_1157];
    const WEYL: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xbb67_ae85_84ca_a73b];
    let mut key = [seed, 0];
    let mut state = [block as u64 + 1, 0, 0, 0];
    for _ in 0..10 {
        let (high0, low0) = wide(MULTIPLIERS[0], state[0]);
        let (high1, low1) = wide(MULTIPLIERS[1], state[2]);
        state = [
            high1 ^ state[1] ^ key[0],
            low1,
            high0 ^ state[3] ^ key[1],
            low0,
        ];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    // OK because 53 bits are exact.
    state.map(|bits| (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64))
}

/// The upper and the lower half of a product.
fn wide(a: u64, b: u64) -> (u64, u64) {
    let product = u128::from(a) * u128::from(b);
    // OK because halves are what is wanted.
    ((product >> 64) as u64, product as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMPY: [[f64; 4]; 2] = [
        [
            0.8720734548204873,
            0.29536538151378355,
            0.4200976785072422,
            0.4053922457839946,
        ],
        [
            0.0828426870273763,
            0.6966328926282271,
            0.2963575925326176,
            0.6205620114540453,
        ],
    ];

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

    /// `np.random.Generator(np.random.Philox(key=7)).random(6)`
    #[test]
    fn random_numbers_are_numpys() {
        assert_eq!(random(7, 0), NUMPY[0]);
        assert_eq!(random(7, 1)[..2], NUMPY[1][..2]);
    }
}
