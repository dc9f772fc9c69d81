//! In: the elements of a block, seen once. Out: what is known of them without seeing them again.
//! Never: padding, or the number of elements.

use super::{DType, Scalar};

/// What is known of some elements of one dtype, in bit patterns of that dtype (see [`Scalar::bits`]).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Zone {
    /// The least number, -0.0 being less than +0.0 and NaN no number.
    pub least: u64,
    /// The greatest number; less than the least where there is none.
    pub greatest: u64,
    /// How many are NaN.
    pub nans: u32,
    /// How many are zero, of either sign; or false.
    pub zeros: u32,
    /// Whether all of them are one element, bit for bit: `least` then, a NaN too.
    pub same: bool,
}

impl Zone {
    /// The one element that all are, where they are.
    pub fn element(&self, dtype: DType) -> Option<Scalar> {
        self.same.then(|| Scalar::from_bits(dtype, self.least))
    }

    /// The least and the greatest number; NaN, or the greatest less than the least, where there is none.
    pub fn bounds(&self, dtype: DType) -> (Scalar, Scalar) {
        let scalar = |bits| Scalar::from_bits(dtype, bits);
        (scalar(self.least), scalar(self.greatest))
    }
}
