//! In: one value. Out: the value with its dtype, as bytes, as text.
//! Never: arithmetic (that is `math`'s).

use std::fmt;
use std::hash::{Hash, Hasher};

use super::DType;

/// One element. Equality is by dtype and bits, except that all NaNs of a dtype are equal.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names are their own documentation")]
pub enum Scalar {
    Bool(bool),
    Int8(i8),
    Int16(i16),
    Int32(i32),
    Int64(i64),
    UInt8(u8),
    UInt16(u16),
    UInt32(u32),
    UInt64(u64),
    Float32(f32),
    Float64(f64),
}

impl Scalar {
    /// The dtype of this value.
    pub fn dtype(self) -> DType {
        match self {
            Scalar::Bool(_) => DType::Bool,
            Scalar::Int8(_) => DType::Int8,
            Scalar::Int16(_) => DType::Int16,
            Scalar::Int32(_) => DType::Int32,
            Scalar::Int64(_) => DType::Int64,
            Scalar::UInt8(_) => DType::UInt8,
            Scalar::UInt16(_) => DType::UInt16,
            Scalar::UInt32(_) => DType::UInt32,
            Scalar::UInt64(_) => DType::UInt64,
            Scalar::Float32(_) => DType::Float32,
            Scalar::Float64(_) => DType::Float64,
        }
    }

    /// The bit pattern in the low `dtype().size() * 8` bits, zero above.
    pub fn bits(self) -> u64 {
        match self {
            Scalar::Bool(v) => u64::from(v),
            Scalar::Int8(v) => u64::from(v as u8),
            Scalar::Int16(v) => u64::from(v as u16),
            Scalar::Int32(v) => u64::from(v as u32),
            Scalar::Int64(v) => v as u64,
            Scalar::UInt8(v) => u64::from(v),
            Scalar::UInt16(v) => u64::from(v),
            Scalar::UInt32(v) => u64::from(v),
            Scalar::UInt64(v) => v,
            Scalar::Float32(v) => u64::from(v.to_bits()),
            Scalar::Float64(v) => v.to_bits(),
        }
    }

    /// The value of a bit pattern; bits above the item size are ignored, and any non-zero byte
    /// is a true `bool`.
    pub fn from_bits(dtype: DType, bits: u64) -> Scalar {
        match dtype {
            DType::Bool => Scalar::Bool(bits as u8 != 0),
            DType::Int8 => Scalar::Int8(bits as i8),
            DType::Int16 => Scalar::Int16(bits as i16),
            DType::Int32 => Scalar::Int32(bits as i32),
            DType::Int64 => Scalar::Int64(bits as i64),
            DType::UInt8 => Scalar::UInt8(bits as u8),
            DType::UInt16 => Scalar::UInt16(bits as u16),
            DType::UInt32 => Scalar::UInt32(bits as u32),
            DType::UInt64 => Scalar::UInt64(bits),
            DType::Float32 => Scalar::Float32(f32::from_bits(bits as u32)),
            DType::Float64 => Scalar::Float64(f64::from_bits(bits)),
        }
    }

    /// The value in native-endian memory at the start of `bytes`; `None` if they are too few.
    pub fn read(dtype: DType, bytes: &[u8]) -> Option<Scalar> {
        let mut word = [0u8; 8];
        let size = dtype.size();
        let item = bytes.get(..size)?;
        if cfg!(target_endian = "little") {
            word[..size].copy_from_slice(item);
            Some(Scalar::from_bits(dtype, u64::from_le_bytes(word)))
        } else {
            word[8 - size..].copy_from_slice(item);
            Some(Scalar::from_bits(dtype, u64::from_be_bytes(word)))
        }
    }

    /// Appends the value in native-endian memory form.
    pub fn write(self, out: &mut Vec<u8>) {
        let size = self.dtype().size();
        let word = self.bits().to_ne_bytes();
        if cfg!(target_endian = "little") {
            out.extend_from_slice(&word[..size]);
        } else {
            out.extend_from_slice(&word[8 - size..]);
        }
    }

    /// The integer value of a bool or an integer; `None` for floats.
    pub fn as_i128(self) -> Option<i128> {
        match self {
            Scalar::Bool(v) => Some(i128::from(v)),
            Scalar::Int8(v) => Some(i128::from(v)),
            Scalar::Int16(v) => Some(i128::from(v)),
            Scalar::Int32(v) => Some(i128::from(v)),
            Scalar::Int64(v) => Some(i128::from(v)),
            Scalar::UInt8(v) => Some(i128::from(v)),
            Scalar::UInt16(v) => Some(i128::from(v)),
            Scalar::UInt32(v) => Some(i128::from(v)),
            Scalar::UInt64(v) => Some(i128::from(v)),
            Scalar::Float32(_) | Scalar::Float64(_) => None,
        }
    }

    /// The value as float64, rounded once.
    pub fn as_f64(self) -> f64 {
        self.as_float()
            // OK because `as_i128` is `None` only for floats; `i128 as f64` rounds to nearest.
            .unwrap_or_else(|| self.as_i128().unwrap_or(0) as f64)
    }

    /// The value of a float, exactly; `None` for others.
    fn as_float(self) -> Option<f64> {
        if let Scalar::Float32(value) = self {
            return Some(f64::from(value));
        }
        if let Scalar::Float64(value) = self {
            return Some(value);
        }
        None
    }

    /// The integer `value` as `dtype`; `None` if it does not fit or the dtype is a float.
    pub fn from_i128(dtype: DType, value: i128) -> Option<Scalar> {
        let (low, high) = dtype.int_range()?;
        (low..=high)
            .contains(&value)
            .then(|| Scalar::from_bits(dtype, value as u64))
    }

    /// Whether this is a NaN.
    pub fn is_nan(self) -> bool {
        self.as_float().is_some_and(f64::is_nan)
    }
}

impl PartialEq for Scalar {
    fn eq(&self, other: &Scalar) -> bool {
        self.dtype() == other.dtype()
            && (self.bits() == other.bits() || (self.is_nan() && other.is_nan()))
    }
}

impl Eq for Scalar {}

impl Hash for Scalar {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.dtype().hash(state);
        let bits = if self.is_nan() { u64::MAX } else { self.bits() };
        bits.hash(state);
    }
}

/// The shortest text that reads back as the same value in its own dtype: `True`, `3`, `0.1`,
/// `2.0`, `1e+300`, `nan`, `inf`, `-inf`.
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Scalar::Bool(value) = *self {
            return f.pad(if value { "True" } else { "False" });
        }
        if let Some(value) = self.as_i128() {
            return f.pad(&value.to_string());
        }
        let text = if let Scalar::Float32(value) = *self {
            format!("{value:?}")
        } else {
            format!("{:?}", self.as_f64())
        };
        f.pad(&float_text(self.is_nan(), &text))
    }
}

/// Rust's shortest round-trip text, with NumPy's spelling of exponents.
fn float_text(nan: bool, text: &str) -> String {
    if nan {
        return "nan".to_string();
    }
    match text.split_once('e') {
        Some((mantissa, exponent)) if !exponent.starts_with('-') => {
            format!("{mantissa}e+{exponent}")
        }
        _ => text.to_string(),
    }
}
