//! In: a dtype as files spell it: `<f8`, `|b1`, `>i4`, `|S7`, `[('a', '<i4')]`. Out: the dtype
//! that expressions compute with, or the reason why there is none.
//! Never: an evaluator for Python literals; structured dtypes stay text.

use std::fmt;

use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::types::DType;

/// A dtype as a file declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDType {
    text: String,
    meaning: Meaning,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Meaning {
    /// Little-endian or single bytes, of a kind that expressions have.
    Native(DType),
    /// Something else of a known item size.
    Other { itemsize: usize, why: &'static str },
    /// Something whose item size the text does not say.
    Opaque { why: &'static str },
}

impl FileDType {
    /// Reads a dtype string.
    pub fn parse(text: &str) -> Self {
        Self {
            text: text.to_string(),
            meaning: meaning(text),
        }
    }

    /// The dtype of arrays whose file declares none.
    pub fn missing() -> Self {
        let why = "the file declares none";
        Self {
            text: "?".to_string(),
            meaning: Meaning::Opaque { why },
        }
    }

    /// The dtype string.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Bytes of an item, where the string says so.
    pub fn itemsize(&self) -> Option<usize> {
        match self.meaning {
            Meaning::Native(dtype) => Some(dtype.size()),
            Meaning::Other { itemsize, .. } => Some(itemsize),
            Meaning::Opaque { .. } => None,
        }
    }

    /// The dtype that expressions compute with, for items of `itemsize` bytes in the file.
    ///
    /// # Errors
    /// When there is none, or the item sizes contradict each other.
    pub fn resolve(&self, itemsize: usize) -> Result<DType> {
        let (message, help) = match self.meaning {
            Meaning::Native(dtype) if dtype.size() == itemsize => return Ok(dtype),
            Meaning::Native(dtype) => (
                format!(
                    "the file declares dtype {self} ({} bytes), but its items have {itemsize} bytes",
                    dtype.size()
                ),
                "write the array again with its real dtype",
            ),
            Meaning::Other { why, .. } | Meaning::Opaque { why } => (
                format!("dtype {self} cannot be computed with: {why}"),
                "bool, int8 to int64, uint8 to uint64, float32 and float64 can, little-endian",
            ),
        };
        Err(Error::new(ErrorKind::Unsupported, Code::UnsupportedDType, message).with_help(help))
    }
}

impl fmt::Display for FileDType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.text.escape_debug())
    }
}

/// How files spell a dtype: `<f8`, `|b1`.
pub fn spell(dtype: DType) -> String {
    let order = if dtype.size() == 1 { '|' } else { '<' };
    format!("{order}{}{}", kind_letter(dtype), dtype.size())
}

fn kind_letter(dtype: DType) -> char {
    match dtype {
        DType::Bool => 'b',
        DType::Int8 | DType::Int16 | DType::Int32 | DType::Int64 => 'i',
        DType::UInt8 | DType::UInt16 | DType::UInt32 | DType::UInt64 => 'u',
        DType::Float32 | DType::Float64 => 'f',
    }
}

fn meaning(text: &str) -> Meaning {
    if text.starts_with(['[', '{']) {
        let why = "it is structured";
        return Meaning::Opaque { why };
    }
    if let Some(dtype) = DType::from_name(text) {
        return in_order('<', dtype);
    }
    let (order, rest) = match text.strip_prefix(['<', '>', '|', '=']) {
        Some(rest) => (text.chars().next().unwrap_or('|'), rest),
        None => ('|', text),
    };
    let mut chars = rest.chars();
    let (kind, digits) = (chars.next(), chars.as_str());
    // A unit as in `M8[ns]` follows the size.
    let digits = digits.split('[').next().unwrap_or(digits);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let (Some(kind), true, Ok(size)) = (kind, plain, digits.parse::<usize>()) else {
        let why = "it is not a NumPy dtype string";
        return Meaning::Opaque { why };
    };
    let known = DType::ALL
        .into_iter()
        .find(|&dtype| kind_letter(dtype) == kind && dtype.size() == size);
    match known {
        Some(dtype) => in_order(order, dtype),
        None => other(kind, size),
    }
}

fn in_order(order: char, dtype: DType) -> Meaning {
    let native = match order {
        '>' => cfg!(target_endian = "big"),
        '<' => cfg!(target_endian = "little"),
        _ => true,
    };
    if native || dtype.size() == 1 {
        return Meaning::Native(dtype);
    }
    Meaning::Other {
        itemsize: dtype.size(),
        why: "its byte order is not this machine's",
    }
}

fn other(kind: char, size: usize) -> Meaning {
    let (unit, why) = match kind {
        'f' => (1, "only 4 and 8 byte floats can be"),
        'c' => (1, "it is complex"),
        'S' | 'a' => (1, "it is a string"),
        'U' => (4, "it is a string"),
        'V' => (1, "it is raw bytes"),
        'M' | 'm' => (1, "it is a date or a duration"),
        'O' => (1, "it is Python objects"),
        _ => {
            let why = "it is not a NumPy dtype string";
            return Meaning::Opaque { why };
        }
    };
    match size.checked_mul(unit) {
        Some(itemsize) => Meaning::Other { itemsize, why },
        None => Meaning::Opaque { why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dtype_reads_back_what_it_spells() {
        for dtype in DType::ALL {
            let text = spell(dtype);
            assert_eq!(
                FileDType::parse(&text).resolve(dtype.size()).unwrap(),
                dtype
            );
            let named = FileDType::parse(dtype.name());
            assert_eq!(named.resolve(dtype.size()).unwrap(), dtype);
        }
        assert_eq!(spell(DType::Float64), "<f8");
        assert_eq!(spell(DType::Bool), "|b1");
        assert!(FileDType::parse(">u1").resolve(1).is_ok());
    }

    #[test]
    fn other_dtypes_keep_their_item_size_and_say_why_not() {
        let check = |text: &str, itemsize: Option<usize>, why: &str| {
            let dtype = FileDType::parse(text);
            assert_eq!(dtype.itemsize(), itemsize, "{text}");
            let error = dtype.resolve(itemsize.unwrap_or(1)).unwrap_err();
            assert_eq!(error.code(), Code::UnsupportedDType);
            assert!(error.message().contains(why), "{text}: {error}");
        };
        check(">f8", Some(8), "byte order");
        check("|S7", Some(7), "string");
        check("<U3", Some(12), "string");
        check("<M8[ns]", Some(8), "date");
        check("<c16", Some(16), "complex");
        check("<f2", Some(2), "floats");
        check("|V10", Some(10), "raw");
        check("[('a', '<i4'), ('b', '<f8')]", None, "structured");
        check("{'names': ['a']}", None, "structured");
        check("", None, "not a NumPy");
        check("<f", None, "not a NumPy");
        check("<f+8", None, "not a NumPy");
        check("<U99999999999999999999", None, "not a NumPy");
        check("<U18446744073709551615", None, "string");
        check("é8", None, "not a NumPy");
    }

    #[test]
    fn a_wrong_item_size_names_both() {
        let error = FileDType::parse("|u1").resolve(4).unwrap_err();
        assert_eq!(
            error.message(),
            "the file declares dtype '|u1' (1 bytes), but its items have 4 bytes"
        );
    }
}
