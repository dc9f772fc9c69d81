//! In: slices of the types that elements have. Out: their dtype and their bytes.
//! Never: a type with padding or with bit patterns that are not values.
#![expect(unsafe_code, reason = "the one cast of elements to bytes")]

use crate::types::DType;

mod sealed {
    pub trait Sealed {}
}

/// A Rust type that array elements have; sealed, because its bytes are read directly.
pub trait Element: sealed::Sealed + Copy + Send + Sync + std::fmt::Debug + 'static {
    /// The dtype of arrays of it.
    const DTYPE: DType;
}

macro_rules! elements {
    ($($rust:ty, $dtype:ident;)*) => {
        $(
            impl sealed::Sealed for $rust {}
            impl Element for $rust {
                const DTYPE: DType = DType::$dtype;
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
