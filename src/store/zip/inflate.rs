//! In: deflated bytes. Out: what they inflate to, checked, or the beginning of it.
//! Never: memory for more than DEFLATE can make of the bytes.

use libdeflater::{DecompressionError, Decompressor, crc32};

use super::bad;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_DEFLATE_RATIO;
use crate::store::file::Source;

/// Bytes that are inflated to look at a header. More than a stored block of DEFLATE has, which is
/// inflated as a whole or not at all.
const BEGINNING_BYTES: usize = 128 << 10;

/// Inflates all of `packed`, which has to become `nbytes` bytes with the CRC-32 `crc`.
pub(super) fn whole(packed: &Source, nbytes: u64, crc: u32) -> Result<Vec<u8>> {
    let cbytes = packed.len_bytes();
    if nbytes > cbytes.saturating_mul(MAX_DEFLATE_RATIO) {
        return Err(bad(format!(
            "the member claims to inflate from {cbytes} to {nbytes} bytes, which nothing does"
        )));
    }
    let too_large = || {
        let message = format!("the member needs {nbytes} bytes of memory, more than there is");
        Error::new(ErrorKind::Limit, Code::TooLarge, message)
    };
    let len = usize::try_from(nbytes).map_err(|_| too_large())?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| too_large())?;
    bytes.resize(len, 0);
    let packed = read(packed, cbytes)?;
    match Decompressor::new().deflate_decompress(&packed, &mut bytes) {
        Ok(written) if written == len => {}
        Ok(written) => {
            return Err(bad(format!(
                "the member inflates to {written} bytes instead of {nbytes}"
            )));
        }
        Err(DecompressionError::InsufficientSpace) => {
            return Err(bad(format!(
                "the member inflates to more than {nbytes} bytes"
            )));
        }
        Err(DecompressionError::BadData) => {
            return Err(bad("the member's deflated data is damaged"));
        }
    }
    match crc32(&bytes) == crc {
        true => Ok(bytes),
        false => Err(bad("the member's content does not agree with its CRC-32")),
    }
}

/// The first bytes that `packed` inflates to, zeros behind them.
pub(super) fn beginning(packed: &Source) -> Result<Vec<u8>> {
    let packed = read(packed, packed.len_bytes().min(BEGINNING_BYTES as u64))?;
    let mut bytes = vec![0; BEGINNING_BYTES];
    // OK to ignore: the decoder fills what room there is before it says that it is too little, or
    // that the data ends too early. A header is checked by whoever reads it.
    let _ = Decompressor::new().deflate_decompress(&packed, &mut bytes);
    Ok(bytes)
}

fn read(packed: &Source, count: u64) -> Result<Vec<u8>> {
    let count = usize::try_from(count).map_err(|_| bad("the member is larger than memory"))?;
    packed.read_vec(0, count)
}
