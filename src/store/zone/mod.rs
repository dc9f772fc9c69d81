//! In: a decoded block, and how much of it is no padding. Out: what is known of its elements from then on.
//! Never: padding seen; a bool that is neither 0 nor 1.

mod index;
pub(in crate::store) mod sidecar;

use std::fmt;

use crate::types::{DType, Zone};

pub use index::{Indexed, index, index_beside};

/// Where it is noted what is known of an array's blocks.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ZoneMap {
    /// Nowhere.
    None,
    /// In the seal of its file.
    Inside,
    /// In a file beside it.
    Beside,
    /// In a file beside it that does not count: why.
    Ignored(String),
}

impl fmt::Display for ZoneMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ZoneMap::None => f.write_str("none"),
            ZoneMap::Inside => f.write_str("in the seal"),
            ZoneMap::Beside => f.write_str("beside the file"),
            ZoneMap::Ignored(why) => write!(f, "ignored: {why}"),
        }
    }
}

/// The zone of the first `valid` elements along each axis of a block of `extents`, native-endian.
pub(in crate::store) fn zone_of(
    dtype: DType,
    bytes: &[u8],
    extents: &[usize],
    valid: &[usize],
) -> Zone {
    match dtype {
        DType::Bool => over::<Truth>(bytes, extents, valid),
        DType::Int8 => over::<i8>(bytes, extents, valid),
        DType::Int16 => over::<i16>(bytes, extents, valid),
        DType::Int32 => over::<i32>(bytes, extents, valid),
        DType::Int64 => over::<i64>(bytes, extents, valid),
        DType::UInt8 => over::<u8>(bytes, extents, valid),
        DType::UInt16 => over::<u16>(bytes, extents, valid),
        DType::UInt32 => over::<u32>(bytes, extents, valid),
        DType::UInt64 => over::<u64>(bytes, extents, valid),
        DType::Float32 => over::<f32>(bytes, extents, valid),
        DType::Float64 => over::<f64>(bytes, extents, valid),
    }
}

/// A number as far as zones are concerned.
trait Number: Copy {
    type Raw: Copy;
    /// No number is greater.
    const HIGHEST: Self;
    /// No number is less.
    const LOWEST: Self;
    const ZERO: Self;
    fn items(bytes: &[u8]) -> &[Self::Raw];
    fn load(raw: Self::Raw) -> Self;
    fn bits(self) -> u64;
    /// Whether it is less; a NaN is not.
    fn less(self, other: Self) -> bool;
    fn is_zero(self) -> bool;
    fn is_nan(self) -> bool;
}

macro_rules! numbers {
    ($($t:ty: $size:literal, $high:expr, $low:expr, $bits:expr, $nan:expr;)*) => {$(
        impl Number for $t {
            type Raw = [u8; $size];
            const HIGHEST: Self = $high;
            const LOWEST: Self = $low;
            const ZERO: Self = 0 as $t;
            #[inline(always)]
            fn items(bytes: &[u8]) -> &[Self::Raw] {
                bytes.as_chunks().0
            }
            #[inline(always)]
            fn load(raw: Self::Raw) -> Self {
                <$t>::from_ne_bytes(raw)
            }
            #[inline(always)]
            fn bits(self) -> u64 {
                $bits(self)
            }
            #[inline(always)]
            fn less(self, other: Self) -> bool {
                self < other
            }
            #[inline(always)]
            fn is_zero(self) -> bool {
                self == 0 as $t
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                $nan(self)
            }
        }
    )*};
}
numbers! {
    i8: 1, i8::MAX, i8::MIN, |v: i8| u64::from(v.cast_unsigned()), |_| false;
    i16: 2, i16::MAX, i16::MIN, |v: i16| u64::from(v.cast_unsigned()), |_| false;
    i32: 4, i32::MAX, i32::MIN, |v: i32| u64::from(v.cast_unsigned()), |_| false;
    i64: 8, i64::MAX, i64::MIN, |v: i64| v.cast_unsigned(), |_| false;
    u8: 1, u8::MAX, u8::MIN, u64::from, |_| false;
    u16: 2, u16::MAX, u16::MIN, u64::from, |_| false;
    u32: 4, u32::MAX, u32::MIN, u64::from, |_| false;
    u64: 8, u64::MAX, u64::MIN, |v| v, |_| false;
    f32: 4, f32::INFINITY, f32::NEG_INFINITY, |v: f32| u64::from(v.to_bits()), |v: f32| v.is_nan();
    f64: 8, f64::INFINITY, f64::NEG_INFINITY, f64::to_bits, |v: f64| v.is_nan();
}

/// A bool: any byte but 0 is true.
#[derive(Clone, Copy)]
struct Truth(u8);

impl Number for Truth {
    type Raw = [u8; 1];
    const HIGHEST: Self = Truth(1);
    const LOWEST: Self = Truth(0);
    const ZERO: Self = Truth(0);
    #[inline(always)]
    fn items(bytes: &[u8]) -> &[Self::Raw] {
        bytes.as_chunks().0
    }
    #[inline(always)]
    fn load(raw: Self::Raw) -> Self {
        Truth(u8::from(raw[0] != 0))
    }
    #[inline(always)]
    fn bits(self) -> u64 {
        u64::from(self.0)
    }
    #[inline(always)]
    fn less(self, other: Self) -> bool {
        self.0 < other.0
    }
    #[inline(always)]
    fn is_zero(self) -> bool {
        self.0 == 0
    }
    #[inline(always)]
    fn is_nan(self) -> bool {
        false
    }
}

/// What was seen so far, in lanes that do not wait for each other.
struct Seen<T, const LANES: usize> {
    least: [T; LANES],
    greatest: [T; LANES],
    zeros: [u32; LANES],
    nans: [u32; LANES],
    /// Bits of zeros, to tell zeros of one sign from those of both.
    zero_or: [u64; LANES],
    differs: [u64; LANES],
}

/// Lanes: those of a few vectors of any element.
const LANES: usize = 16;

impl<T: Number> Seen<T, LANES> {
    #[inline(always)]
    fn see(&mut self, lane: usize, value: T, first: u64) {
        let zero = value.is_zero();
        if value.less(self.least[lane]) {
            self.least[lane] = value;
        }
        if self.greatest[lane].less(value) {
            self.greatest[lane] = value;
        }
        self.zeros[lane] += u32::from(zero);
        self.nans[lane] += u32::from(value.is_nan());
        // One bit for a zero with a sign.
        self.zero_or[lane] |= value.bits() & u64::from(zero).wrapping_neg();
        self.differs[lane] |= value.bits() ^ first;
    }

    #[inline(always)]
    fn run(&mut self, items: &[T::Raw], first: u64) {
        let (groups, rest) = items.as_chunks::<LANES>();
        for group in groups {
            for (lane, &raw) in group.iter().enumerate() {
                self.see(lane, T::load(raw), first);
            }
        }
        for &raw in rest {
            self.see(0, T::load(raw), first);
        }
    }
}

fn over<T: Number>(bytes: &[u8], extents: &[usize], valid: &[usize]) -> Zone {
    let items = T::items(bytes);
    let first = items.first().map_or(0, |&raw| T::load(raw).bits());
    let mut seen = Seen::<T, LANES> {
        least: [T::HIGHEST; LANES],
        greatest: [T::LOWEST; LANES],
        zeros: [0; LANES],
        nans: [0; LANES],
        zero_or: [0; LANES],
        differs: [0; LANES],
    };
    let count: usize = valid.iter().product();
    each_run(extents, valid, |start, len| {
        seen.run(&items[start..start + len], first)
    });
    let mut least = T::HIGHEST;
    let mut greatest = T::LOWEST;
    for (&low, &high) in seen.least.iter().zip(&seen.greatest) {
        least = if low.less(least) { low } else { least };
        greatest = if greatest.less(high) { high } else { greatest };
    }
    let zeros: u32 = seen.zeros.iter().sum();
    let signed = seen.zero_or.iter().any(|&bits| bits != 0);
    let (mut low, mut high) = (least.bits(), greatest.bits());
    if zeros > 0 && signed {
        let minus = seen.zero_or.iter().fold(0, |all, bits| all | bits);
        if least.is_zero() {
            low = minus;
        }
        if greatest.is_zero() {
            high = match count_signed::<T>(items, extents, valid) == zeros {
                true => minus,
                false => T::ZERO.bits(),
            };
        }
    } else if zeros > 0 {
        // Which zero a comparison kept does not matter: there is only one.
        low = if least.is_zero() { T::ZERO.bits() } else { low };
        high = if greatest.is_zero() {
            T::ZERO.bits()
        } else {
            high
        };
    }
    let same = count > 0 && seen.differs.iter().all(|&bits| bits == 0);
    if same {
        (low, high) = (first, first);
    }
    Zone {
        least: low,
        greatest: high,
        nans: seen.nans.iter().sum(),
        zeros,
        same,
    }
}

/// How many zeros have a sign; looked at where that decides what the greatest element is.
#[cold]
fn count_signed<T: Number>(items: &[T::Raw], extents: &[usize], valid: &[usize]) -> u32 {
    let mut count = 0;
    each_run(extents, valid, |start, len| {
        for &raw in &items[start..start + len] {
            let value = T::load(raw);
            count += u32::from(value.is_zero() && value.bits() != 0);
        }
    });
    count
}

/// Calls `visit` with the start and the length, in elements, of each run of neighbours.
fn each_run(extents: &[usize], valid: &[usize], mut visit: impl FnMut(usize, usize)) {
    if valid.contains(&0) {
        return;
    }
    // The axes behind the last one that is cut are whole.
    let cut = (0..extents.len())
        .rev()
        .find(|&axis| valid[axis] < extents[axis]);
    let Some(cut) = cut else {
        return visit(0, extents.iter().product());
    };
    let inner: usize = extents[cut + 1..].iter().product();
    let rows: usize = valid[..cut].iter().product();
    for row in 0..rows {
        let (mut rest, mut start, mut stride) = (row, 0, inner * extents[cut]);
        for axis in (0..cut).rev() {
            start += rest % valid[axis] * stride;
            rest /= valid[axis];
            stride *= extents[axis];
        }
        visit(start, valid[cut] * inner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Scalar;

    fn bytes(values: &[f64]) -> Vec<u8> {
        values
            .iter()
            .flat_map(|value| value.to_ne_bytes())
            .collect()
    }

    fn floats(values: &[f64]) -> Zone {
        zone_of(
            DType::Float64,
            &bytes(values),
            &[values.len()],
            &[values.len()],
        )
    }

    #[test]
    fn a_zone_is_of_all_elements() {
        let values: Vec<f64> = (0..1000)
            .map(|i| f64::from((i * 7919) % 1000 - 300))
            .collect();
        let zone = floats(&values);
        let bounds = (Scalar::Float64(-300.0), Scalar::Float64(699.0));
        assert_eq!(zone.bounds(DType::Float64), bounds);
        assert_eq!((zone.nans, zone.zeros, zone.same), (0, 1, false));
    }

    #[test]
    fn nans_are_counted_and_no_bounds() {
        let mut values = vec![f64::NAN; 20];
        assert!(floats(&values).same);
        assert!(floats(&values).element(DType::Float64).unwrap().is_nan());
        values[3] = -f64::NAN;
        let zone = floats(&values);
        assert_eq!((zone.nans, zone.same), (20, false));
        let (least, greatest) = zone.bounds(DType::Float64);
        assert!(least.as_f64() > greatest.as_f64());
        values[17] = 2.5;
        let zone = floats(&values);
        let two = Scalar::Float64(2.5);
        assert_eq!((zone.bounds(DType::Float64), zone.nans), ((two, two), 19));
    }

    #[test]
    fn zeros_have_signs() {
        let zero = |zone: Zone| (zone.least, zone.greatest, zone.zeros, zone.same);
        let minus = (-0.0f64).to_bits();
        assert_eq!(zero(floats(&[0.0; 40])), (0, 0, 40, true));
        assert_eq!(zero(floats(&[-0.0; 40])), (minus, minus, 40, true));
        let mut mixed = vec![-0.0; 40];
        mixed[33] = 0.0;
        assert_eq!(zero(floats(&mixed)), (minus, 0, 40, false));
        mixed[5] = -1.0;
        assert_eq!(zero(floats(&mixed)), ((-1.0f64).to_bits(), 0, 39, false));
        assert_eq!(
            zero(floats(&[-1.0, -0.0])),
            ((-1.0f64).to_bits(), minus, 1, false)
        );
        assert_eq!(
            zero(floats(&[1.0, -0.0, 0.0])),
            (minus, 1.0f64.to_bits(), 2, false)
        );
    }

    #[test]
    fn padding_is_not_seen() {
        let block: Vec<u8> = (0..60).collect();
        let zone = zone_of(DType::UInt8, &block, &[3, 4, 5], &[2, 3, 4]);
        // The elements are (i * 4 + j) * 5 + k.
        assert_eq!((zone.least, zone.greatest, zone.zeros), (0, 33, 1));
        let zone = zone_of(DType::UInt8, &block[..], &[3, 4, 5], &[1, 2, 5]);
        assert_eq!((zone.least, zone.greatest), (0, 9));
        let none = zone_of(DType::UInt8, &block, &[3, 4, 5], &[0, 4, 5]);
        assert_eq!((none.least, none.greatest, none.same), (255, 0, false));
        let all = zone_of(DType::Float32, &[0; 4], &[], &[]);
        assert!(all.same);
    }

    #[test]
    fn bools_are_true_or_false() {
        let zone = zone_of(DType::Bool, &[2, 1, 255], &[3], &[3]);
        assert_eq!(zone.element(DType::Bool), Some(Scalar::Bool(true)));
    }
}
