//! In: the Rust types behind the dtypes. Out: what every element can do, in one trait a family.
//! Never: a choice by operation (that is `ops`).

use crate::types::Scalar;

/// An element in memory.
pub(crate) trait Element: Copy + PartialOrd + CastAll + Send + Sync + 'static {
    /// Its native-endian memory form.
    type Raw: Copy;
    /// No element is less (float: -inf).
    const LOWEST: Self;
    /// No element is greater (float: +inf).
    const HIGHEST: Self;
    /// The elements in `bytes`; a rest of less than an element is dropped.
    fn items(bytes: &[u8]) -> &[Self::Raw];
    /// The same, to be written.
    fn items_mut(bytes: &mut [u8]) -> &mut [Self::Raw];
    /// Reads one.
    fn load(raw: Self::Raw) -> Self;
    /// As it lies in memory.
    fn store(self) -> Self::Raw;
    /// The element of a bit pattern ([`Scalar::bits`]).
    fn from_bits(bits: u64) -> Self;
    /// As a scalar.
    fn to_scalar(self) -> Scalar;
    /// Whether it is true as a bool: not equal to zero (NaN is not).
    fn truth(self) -> bool;
    /// Whether it is NaN.
    fn is_nan(self) -> bool;
    /// The same number, a zero without its sign.
    fn plain(self) -> Self;
    /// Its place in the order of all elements: NaN is above all, -0.0 below +0.0.
    fn rank(self) -> u64;
    /// The element of a rank.
    fn from_rank(rank: u64) -> Self;
    /// The smaller; NaN propagates, -0.0 is less than +0.0.
    fn least(self, other: Self) -> Self;
    /// The greater; NaN propagates, -0.0 is less than +0.0.
    fn greatest(self, other: Self) -> Self;
}

/// A bool as it lies in memory: a byte, 0 or 1. Any other byte is read as true.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(transparent)]
pub(crate) struct Bool8(u8);

impl Bool8 {
    #[inline(always)]
    pub(crate) fn new(truth: bool) -> Self {
        Self(u8::from(truth))
    }
}

/// Conversion between two element types, by the rules of `Elementwise::Cast`.
pub(crate) trait Cast<To> {
    /// The converted element.
    fn cast(self) -> To;
}

macro_rules! cast_all {
    ($($to:ty),*) => {
        /// Conversion to every element type.
        pub(crate) trait CastAll: $(Cast<$to> +)* {}
        impl<T: $(Cast<$to> +)*> CastAll for T {}
    };
}
cast_all!(Bool8, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);

/// Rust's `as` between numbers is the language's cast: it truncates floats toward zero,
/// saturates, maps NaN to 0, wraps integers and rounds once.
macro_rules! casts {
    ($($from:ty => $($to:ty)*;)*) => {$(
        $(impl Cast<$to> for $from {
            #[inline(always)]
            fn cast(self) -> $to {
                self as $to
            }
        })*
        impl Cast<Bool8> for $from {
            #[inline(always)]
            fn cast(self) -> Bool8 {
                Bool8::new(self.truth())
            }
        }
        impl Cast<$from> for Bool8 {
            #[inline(always)]
            fn cast(self) -> $from {
                u8::from(self.truth()) as $from
            }
        }
    )*};
}
casts! {
    i8 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    i16 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    i32 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    i64 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    u8 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    u16 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    u32 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    u64 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    f32 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    f64 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
}

impl Cast<Bool8> for Bool8 {
    #[inline(always)]
    fn cast(self) -> Bool8 {
        Bool8::new(self.truth())
    }
}

/// What the element types share literally.
macro_rules! element_common {
    ($size:literal) => {
        type Raw = [u8; $size];
        #[inline(always)]
        fn items(bytes: &[u8]) -> &[Self::Raw] {
            bytes.as_chunks().0
        }
        #[inline(always)]
        fn items_mut(bytes: &mut [u8]) -> &mut [Self::Raw] {
            bytes.as_chunks_mut().0
        }
    };
}

macro_rules! int_elements {
    ($($t:ty, $dtype:ident, $size:literal;)*) => {$(
        impl Element for $t {
            element_common!($size);
            const LOWEST: Self = <$t>::MIN;
            const HIGHEST: Self = <$t>::MAX;
            #[inline(always)]
            fn load(raw: Self::Raw) -> Self {
                <$t>::from_ne_bytes(raw)
            }
            #[inline(always)]
            fn store(self) -> Self::Raw {
                self.to_ne_bytes()
            }
            #[inline(always)]
            fn from_bits(bits: u64) -> Self {
                bits as $t
            }
            #[inline(always)]
            fn to_scalar(self) -> Scalar {
                Scalar::$dtype(self)
            }
            #[inline(always)]
            fn truth(self) -> bool {
                self != 0
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                false
            }
            #[inline(always)]
            fn plain(self) -> Self {
                self
            }
            #[inline(always)]
            fn rank(self) -> u64 {
                (self as i128 - <$t>::MIN as i128) as u64
            }
            #[inline(always)]
            fn from_rank(rank: u64) -> Self {
                (rank as i128 + <$t>::MIN as i128) as $t
            }
            #[inline(always)]
            fn least(self, other: Self) -> Self {
                self.min(other)
            }
            #[inline(always)]
            fn greatest(self, other: Self) -> Self {
                self.max(other)
            }
        }
    )*};
}
int_elements! {
    i8, Int8, 1;
    i16, Int16, 2;
    i32, Int32, 4;
    i64, Int64, 8;
    u8, UInt8, 1;
    u16, UInt16, 2;
    u32, UInt32, 4;
    u64, UInt64, 8;
}

impl Element for Bool8 {
    element_common!(1);
    const LOWEST: Self = Bool8(0);
    const HIGHEST: Self = Bool8(1);
    #[inline(always)]
    fn load(raw: Self::Raw) -> Self {
        Bool8::new(raw[0] != 0)
    }
    #[inline(always)]
    fn store(self) -> Self::Raw {
        [self.0]
    }
    #[inline(always)]
    fn from_bits(bits: u64) -> Self {
        Bool8::new(bits as u8 != 0)
    }
    #[inline(always)]
    fn to_scalar(self) -> Scalar {
        Scalar::Bool(self.truth())
    }
    #[inline(always)]
    fn truth(self) -> bool {
        self.0 != 0
    }
    #[inline(always)]
    fn is_nan(self) -> bool {
        false
    }
    #[inline(always)]
    fn plain(self) -> Self {
        self
    }
    #[inline(always)]
    fn rank(self) -> u64 {
        u64::from(self.0)
    }
    #[inline(always)]
    fn from_rank(rank: u64) -> Self {
        Bool8::new(rank != 0)
    }
    #[inline(always)]
    fn least(self, other: Self) -> Self {
        Bool8::new(self.truth() & other.truth())
    }
    #[inline(always)]
    fn greatest(self, other: Self) -> Self {
        Bool8::new(self.truth() | other.truth())
    }
}

macro_rules! float_elements {
    ($($t:ident, $bits:ty, $dtype:ident, $size:literal;)*) => {$(
        impl Element for $t {
            element_common!($size);
            const LOWEST: Self = <$t>::NEG_INFINITY;
            const HIGHEST: Self = <$t>::INFINITY;
            #[inline(always)]
            fn load(raw: Self::Raw) -> Self {
                <$t>::from_ne_bytes(raw)
            }
            #[inline(always)]
            fn store(self) -> Self::Raw {
                self.to_ne_bytes()
            }
            #[inline(always)]
            fn from_bits(bits: u64) -> Self {
                <$t>::from_bits(bits as $bits)
            }
            #[inline(always)]
            fn to_scalar(self) -> Scalar {
                Scalar::$dtype(self)
            }
            #[inline(always)]
            fn truth(self) -> bool {
                self != 0.0
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                self.is_nan()
            }
            #[inline(always)]
            fn plain(self) -> Self {
                self + 0.0
            }
            #[inline(always)]
            fn rank(self) -> u64 {
                // Negative numbers in reverse, below the others.
                let bits = self.to_bits();
                let sign = <$bits>::MAX ^ (<$bits>::MAX >> 1);
                let ordered = if bits & sign == 0 { bits | sign } else { !bits };
                u64::from(if self.is_nan() { <$bits>::MAX } else { ordered })
            }
            #[inline(always)]
            fn from_rank(rank: u64) -> Self {
                let ordered = rank as $bits;
                let sign = <$bits>::MAX ^ (<$bits>::MAX >> 1);
                let negative = ordered & sign == 0;
                <$t>::from_bits(if negative { !ordered } else { ordered ^ sign })
            }
            #[inline(always)]
            fn least(self, other: Self) -> Self {
                // Equal values differ at most in the sign of a zero: keep a sign there is.
                let equal = <$t>::from_bits(self.to_bits() | other.to_bits());
                let ordered = if self < other { self } else { other };
                let number = if self == other { equal } else { ordered };
                if self.is_nan() { self } else { number }
            }
            #[inline(always)]
            fn greatest(self, other: Self) -> Self {
                let equal = <$t>::from_bits(self.to_bits() & other.to_bits());
                let ordered = if self > other { self } else { other };
                let number = if self == other { equal } else { ordered };
                if self.is_nan() { self } else { number }
            }
        }
    )*};
}
float_elements! {
    f32, u32, Float32, 4;
    f64, u64, Float64, 8;
}

/// Runs `$body` with `$t` naming the element type of `$dtype`.
macro_rules! with_dtype {
    ($dtype:expr, $t:ident => $body:expr) => {
        $crate::math::element::with_dtype!(@ $dtype, $t, $body;
            Bool Bool8, Int8 i8, Int16 i16, Int32 i32, Int64 i64,
            UInt8 u8, UInt16 u16, UInt32 u32, UInt64 u64, Float32 f32, Float64 f64)
    };
    (@ $dtype:expr, $t:ident, $body:expr; $($name:ident $type:ident),*) => {
        match $dtype {
            $($crate::types::DType::$name => {
                type $t = $crate::math::element::types::$type;
                $body
            })*
        }
    };
}
pub(crate) use with_dtype;

/// The element types under one path, for [`with_dtype`].
pub(crate) mod types {
    pub(crate) use super::Bool8;
    pub(crate) use std::primitive::{f32, f64, i8, i16, i32, i64, u8, u16, u32, u64};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_order_and_come_back() {
        let floats = [
            f32::NEG_INFINITY,
            -1.5,
            -0.0,
            0.0,
            1e-45,
            3.0,
            f32::INFINITY,
        ];
        assert!(floats.map(Element::rank).is_sorted());
        assert!(f32::INFINITY.rank() < (-f32::NAN).rank());
        let back = |x: f32| f32::from_rank(x.rank());
        assert_eq!(floats.map(back).map(f32::to_bits), floats.map(f32::to_bits));
        assert!(f64::from_rank(f64::NAN.rank()).is_nan());
        let ints = [i64::MIN, -1, 0, 1, i64::MAX];
        assert!(ints.map(Element::rank).is_sorted());
        assert_eq!(ints.map(|x| i64::from_rank(x.rank())), ints);
        assert_eq!([0u8, 255].map(Element::rank), [0, 255]);
    }

    #[test]
    fn least_and_greatest_order_zeros_and_propagate_nan() {
        let values = [-0.0f64, 0.0, 1.0, -1.0, f64::INFINITY, f64::NEG_INFINITY];
        for &a in &values {
            for &b in &values {
                let mut pair = [a, b];
                pair.sort_by(f64::total_cmp);
                assert_eq!(a.least(b).to_bits(), pair[0].to_bits(), "{a} {b}");
                assert_eq!(a.greatest(b).to_bits(), pair[1].to_bits(), "{a} {b}");
            }
            for pair in [(a, f64::NAN), (f64::NAN, a)] {
                assert!(pair.0.least(pair.1).is_nan());
                assert!(pair.0.greatest(pair.1).is_nan());
            }
        }
    }
}
