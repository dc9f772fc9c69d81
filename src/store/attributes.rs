//! In: the value of a variable-length metalayer, which python-blosc2 calls `vlmeta`. Out: what it says, and
//! back. Never: memory that the bytes do not justify; an object of another program brought to life.

use std::fmt;
use std::path::Path;

use rmpv::Value;

use super::chunk::BareChunk;
use super::dataset::Root;
use super::frame::Frame;
use super::open::Opened;
use super::seal::{LAYER, Verify};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_ATTRIBUTE_BYTES;

/// How deep lists and maps may be inside of each other.
const MAX_DEPTH: usize = 64;

/// The value of an attribute: what MessagePack has, which is what python-blosc2 stores.
#[derive(Clone, PartialEq, Debug)]
pub enum Attribute {
    /// Python's None.
    Nil,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An integer above those of `i64`.
    UInt(u64),
    /// A float.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes, those of an extension included.
    Bytes(Vec<u8>),
    /// Values one after the other. python-blosc2 marks tuples by a first `__tuple__`.
    List(Vec<Attribute>),
    /// Keys and values, in the order they are stored.
    Map(Vec<(Attribute, Attribute)>),
}

impl Attribute {
    /// What these bytes say.
    ///
    /// # Errors
    /// When they are no MessagePack value, or lists are too deep inside of each other.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut rest = bytes;
        let value = rmpv::decode::read_value_with_max_depth(&mut rest, MAX_DEPTH);
        match value {
            Ok(value) if rest.is_empty() => Ok(Self::of(value)),
            Ok(_) => Err(bad("bytes follow its value".to_string())),
            Err(error) => Err(bad(error.to_string())),
        }
    }

    /// The bytes that say this.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // OK because writing to memory does not fail.
        let _ = rmpv::encode::write_value(&mut bytes, &self.value());
        bytes
    }

    fn of(value: Value) -> Self {
        match value {
            Value::Nil => Self::Nil,
            Value::Boolean(value) => Self::Bool(value),
            Value::Integer(value) => match (value.as_i64(), value.as_u64()) {
                (Some(value), _) => Self::Int(value),
                (None, Some(value)) => Self::UInt(value),
                (None, None) => Self::Nil,
            },
            Value::F32(value) => Self::Float(f64::from(value)),
            Value::F64(value) => Self::Float(value),
            Value::String(value) => match value.into_str() {
                Some(text) => Self::Text(text),
                None => Self::Bytes(Vec::new()),
            },
            Value::Binary(bytes) | Value::Ext(_, bytes) => Self::Bytes(bytes),
            Value::Array(items) => Self::List(items.into_iter().map(Self::of).collect()),
            Value::Map(pairs) => {
                let pairs = pairs.into_iter();
                Self::Map(
                    pairs
                        .map(|(key, value)| (Self::of(key), Self::of(value)))
                        .collect(),
                )
            }
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::Nil => Value::Nil,
            Self::Bool(value) => Value::Boolean(*value),
            Self::Int(value) => Value::from(*value),
            Self::UInt(value) => Value::from(*value),
            Self::Float(value) => Value::F64(*value),
            Self::Text(text) => Value::from(text.as_str()),
            Self::Bytes(bytes) => Value::Binary(bytes.clone()),
            Self::List(items) => Value::Array(items.iter().map(Self::value).collect()),
            Self::Map(pairs) => {
                let pairs = pairs.iter();
                Value::Map(
                    pairs
                        .map(|(key, value)| (key.value(), value.value()))
                        .collect(),
                )
            }
        }
    }
}

impl From<&str> for Attribute {
    fn from(text: &str) -> Self {
        Self::Text(text.to_string())
    }
}

impl From<f64> for Attribute {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<i64> for Attribute {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Attribute {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// As JSON writes it; bytes as hexadecimal digits.
impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::UInt(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Bytes(bytes) => {
                f.write_str("\"")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str("\"")
            }
            Self::List(items) => {
                f.write_str("[")?;
                for (number, item) in items.iter().enumerate() {
                    let between = if number == 0 { "" } else { ", " };
                    write!(f, "{between}{item}")?;
                }
                f.write_str("]")
            }
            Self::Map(pairs) => {
                f.write_str("{")?;
                for (number, (key, value)) in pairs.iter().enumerate() {
                    let between = if number == 0 { "" } else { ", " };
                    write!(f, "{between}{key}: {value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

/// The attributes of the frame in the file at `path`, in the order of its trailer, or those of the newest version of the
/// dataset there, in that of their names. Those whose bytes are no
/// value are left out: other programs keep what they like there.
///
/// # Errors
/// When the file cannot be read or is neither, or a value is damaged or decodes to more than 64 MiB.
pub fn attributes(path: impl AsRef<Path>) -> Result<Vec<(String, Attribute)>> {
    let path = path.as_ref();
    if !Root::is_dataset(path) {
        return of_frame(&Opened::frame_at(path, Verify::Always)?);
    }
    let snapshot = Root::open(path)?.snapshot(None)?;
    let each = snapshot.attributes();
    Ok(each
        .map(|(name, value)| (name.to_string(), value))
        .collect())
}

/// The attributes of an open frame.
pub(super) fn of_frame(frame: &Frame) -> Result<Vec<(String, Attribute)>> {
    let mut found = Vec::new();
    for layer in frame
        .vl_metalayers()
        .iter()
        .filter(|layer| layer.name != LAYER)
    {
        let content = frame.vl_metalayer(&layer.name, MAX_ATTRIBUTE_BYTES);
        let content = content.map_err(|error| frame.source().blame(error))?;
        if let Ok(value) = Attribute::decode(&content) {
            found.push((layer.name.clone(), value));
        }
    }
    Ok(found)
}

/// What the chunk of a metalayer holds.
pub(super) fn content(chunk: Vec<u8>) -> Result<Vec<u8>> {
    BareChunk::open(chunk, MAX_ATTRIBUTE_BYTES)?.decode()
}

fn bad(why: String) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        Code::BadMeta,
        format!("an attribute is no value: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes_to_the_same() {
        let inner = Attribute::Map(vec![
            (Attribute::from("unit"), Attribute::from("K")),
            (Attribute::Int(-3), Attribute::Nil),
        ]);
        let all = Attribute::List(vec![
            Attribute::Bool(true),
            Attribute::Int(i64::MIN),
            Attribute::UInt(u64::MAX),
            Attribute::Float(-0.0),
            Attribute::Bytes(vec![0, 255]),
            inner,
        ]);
        let bytes = all.encode();
        assert_eq!(Attribute::decode(&bytes).unwrap(), all);
        assert_eq!(
            all.to_string(),
            r#"[true, -9223372036854775808, 18446744073709551615, -0.0, "00ff", {"unit": "K", -3: null}]"#
        );
        for cut in 0..bytes.len() {
            assert!(Attribute::decode(&bytes[..cut]).is_err());
        }
        assert!(Attribute::decode(&[&bytes[..], &[0]].concat()).is_err());
    }

    #[test]
    fn hostile_values_are_errors() {
        assert!(
            Attribute::decode(&[0x91; 100_000]).is_err(),
            "lists of lists"
        );
        assert!(
            Attribute::decode(&[0xDD, 0xFF, 0xFF, 0xFF, 0xFF]).is_err(),
            "2^32 items"
        );
        assert!(
            Attribute::decode(&[0xC6, 0xFF, 0xFF, 0xFF, 0xFF]).is_err(),
            "2^32 bytes"
        );
    }
}
