//! In: slices of the types that elements have. Out: their dtype and their bytes.
//! Never: a type with padding or with bit patterns that are not values.
#![expect(unsafe_code, reason = "the one cast of elements to bytes")]

use crate::types::{DType, Scalar};

mod sealed {
    pub trait Sealed {}
}

/// A Rust type that array elements have; sealed, because its bytes are read directly.
pub trait Element: sealed::Sealed + Copy + Send + Sync + std::fmt::Debug + 'static {
    /// The dtype of arrays of it.
    const DTYPE: DType;

    /// The value of a scalar of this very dtype.
    fn from_scalar(scalar: Scalar) -> Option<Self>;
}

macro_rules! elements {
    ($($rust:ty, $dtype:ident;)*) => {
        $(
            impl sealed::Sealed for $rust {}
            impl Element for $rust {
                const DTYPE: DType = DType::$dtype;

                fn from_scalar(scalar: Scalar) -> Option<Self> {
                    match scalar {
                        Scalar::$dtype(value) => Some(value),
                        _ => None,
                    }
                }
            }
            const _: () = assert!(size_of::<$rust>() <= 8);
        )*

        #[cfg(test)]
        #[test]
        fn sizes_agree_with_the_dtypes() {
            $(assert_eq!(size_of::<$rust>(), <$rust>::DTYPE.size());)*
        }
    };
}

elements! {
    bool, Bool;
    i8, Int8;
    i16, Int16;
    i32, Int32;
    i64, Int64;
    u8, UInt8;
    u16, UInt16;
    u32, UInt32;
    u64, UInt64;
    f32, Float32;
    f64, Float64;
}

/// The memory of `data`.
pub(super) fn bytes_of<T: Element>(data: &[T]) -> &[u8] {
    // SAFETY: the trait is sealed and its types are numbers and bool: no padding, every byte
    // initialised; the length is the slice's own size, and the result borrows `data`.
    unsafe { std::slice::from_raw_parts(data.as_ptr().cast(), size_of_val(data)) }
}

/// The memory of `data`, to be overwritten with elements of the same dtype.
pub(crate) fn element_bytes_mut<T: Element>(data: &mut [T]) -> &mut [u8] {
    // SAFETY: as in `bytes_of`; whoever writes is the executor, whose bools are 0 or 1, and every
    // other bit pattern is a number.
    unsafe { std::slice::from_raw_parts_mut(data.as_mut_ptr().cast(), size_of_val(data)) }
}
