//! In: bytes somebody else wrote. Out: integers and sub-slices, or an error that says which field
//! of what was cut off.
//! Never: an index that was not checked. No other module makes integers of untrusted bytes.
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};

/// A reading position in untrusted bytes; every read names the field it is for.
#[derive(Clone, Debug)]
pub struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
    code: Code,
    what: &'static str,
}

macro_rules! integers {
    ($($name:ident $type:ty, $from:ident, $doc:literal;)*) => {
        $(
            #[doc = $doc]
            ///
            /// # Errors
            /// When the bytes end before it.
            pub fn $name(&mut self, field: &str) -> Result<$type> {
                let bytes = self.array(field)?;
                Ok(<$type>::$from(bytes))
            }
        )*
    };
}

impl<'b> Cursor<'b> {
    /// Starts at the first of `bytes`, which are (part of) a `what`; errors carry `code`.
    pub fn new(bytes: &'b [u8], code: Code, what: &'static str) -> Self {
        Self {
            bytes,
            at: 0,
            code,
            what,
        }
    }

    /// Bytes read or skipped so far.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Bytes left.
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Moves to `position`, forward or back.
    ///
    /// # Errors
    /// When it lies behind the end.
    pub fn seek(&mut self, position: usize, field: &str) -> Result<()> {
        if position > self.bytes.len() {
            return Err(self.short(position - self.bytes.len(), field));
        }
        self.at = position;
        Ok(())
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// When there are fewer.
    pub fn take(&mut self, count: usize, field: &str) -> Result<&'b [u8]> {
        match self.bytes[self.at..].get(..count) {
            Some(taken) => {
                self.at += count;
                Ok(taken)
            }
            None => Err(self.short(count - self.remaining(), field)),
        }
    }

    /// The next `N` bytes as an array.
    ///
    /// # Errors
    /// When there are fewer.
    pub fn array<const N: usize>(&mut self, field: &str) -> Result<[u8; N]> {
        match self.bytes[self.at..].first_chunk::<N>() {
            Some(taken) => {
                self.at += N;
                Ok(*taken)
            }
            None => Err(self.short(N - self.remaining(), field)),
        }
    }

    /// The next byte, which has to be `marker`.
    ///
    /// # Errors
    /// When it is another byte, or there is none.
    pub fn marker(&mut self, marker: u8, field: &str) -> Result<()> {
        let found = self.u8(field)?;
        if found == marker {
            return Ok(());
        }
        Err(self.fault(format!(
            "the {} has byte {found:#04x} where the marker {marker:#04x} of its {field} belongs",
            self.what
        )))
    }

    integers! {
        u8 u8, from_le_bytes, "One byte.";
        i32_le i32, from_le_bytes, "A little-endian i32.";
        i64_le i64, from_le_bytes, "A little-endian i64.";
        u16_le u16, from_le_bytes, "A little-endian u16.";
        u32_le u32, from_le_bytes, "A little-endian u32.";
        u64_le u64, from_le_bytes, "A little-endian u64.";
        u16_be u16, from_be_bytes, "A big-endian u16.";
        u32_be u32, from_be_bytes, "A big-endian u32.";
        i32_be i32, from_be_bytes, "A big-endian i32.";
        u64_be u64, from_be_bytes, "A big-endian u64.";
        i64_be i64, from_be_bytes, "A big-endian i64.";
    }

    /// An error about these bytes.
    #[cold]
    pub fn fault(&self, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Corrupt, self.code, message)
    }

    #[cold]
    fn short(&self, missing: usize, field: &str) -> Error {
        self.fault(format!(
            "the {} ends {missing} byte{} before the end of its {field}",
            self.what,
            if missing == 1 { "" } else { "s" }
        ))
    }
}

/// The little-endian u32 values of `bytes`; a rest of fewer than 4 bytes is ignored.
pub fn u32s_le(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    let (words, _) = bytes.as_chunks::<4>();
    words.iter().map(|&word| u32::from_le_bytes(word))
}

/// The little-endian u64 values of `bytes`; a rest of fewer than 8 bytes is ignored.
pub fn u64s_le(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let (words, _) = bytes.as_chunks::<8>();
    words.iter().map(|&word| u64::from_le_bytes(word))
}

/// The little-endian i64 that starts at byte `at`, if there is one.
pub fn i64_le_at(bytes: &[u8], at: usize) -> Option<i64> {
    let word = bytes.get(at..)?.first_chunk::<8>()?;
    Some(i64::from_le_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_byte_orders_and_stops_at_the_end() {
        let bytes = [1, 0, 0, 0, 0, 0, 0, 2, 9];
        let mut cursor = Cursor::new(&bytes, Code::BadChunk, "chunk");
        assert_eq!(cursor.i32_le("a").unwrap(), 1);
        assert_eq!(cursor.i32_be("b").unwrap(), 2);
        assert_eq!(cursor.remaining(), 1);
        let error = cursor.u32_be("csize").unwrap_err();
        assert_eq!(
            error.message(),
            "the chunk ends 3 bytes before the end of its csize"
        );
        assert_eq!(cursor.u8("c").unwrap(), 9);
        assert!(cursor.seek(9, "d").is_ok());
        assert!(cursor.seek(10, "d").is_err());
        assert!(cursor.take(usize::MAX, "huge").is_err());
    }

    #[test]
    fn a_wrong_marker_names_both_bytes() {
        let mut cursor = Cursor::new(&[0xD2], Code::BadFrame, "header");
        let error = cursor.marker(0xD3, "shape").unwrap_err();
        assert_eq!(error.code(), Code::BadFrame);
        assert_eq!(
            error.message(),
            "the header has byte 0xd2 where the marker 0xd3 of its shape belongs"
        );
    }
}
