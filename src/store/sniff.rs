//! In: the first bytes of a file. Out: which format it has.
//! Never: the file's name.

use super::file::Source;
use super::{frame, npy};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};

/// A format that files are recognised by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// A contiguous Blosc2 frame.
    Frame,
    /// A NumPy array.
    Npy,
}

/// Tells the format of `source` by its first bytes.
///
/// # Errors
/// When they are of no known format, or cannot be read.
pub fn sniff(source: &Source) -> Result<Format> {
    let formats = [(frame::MAGIC, Format::Frame), (npy::MAGIC, Format::Npy)];
    for (magic, format) in formats {
        if source.len_bytes() >= magic.len() as u64 && source.read_vec(0, magic.len())? == magic {
            return Ok(format);
        }
    }
    let error = Error::new(
        ErrorKind::Unsupported,
        Code::NotAnArray,
        "the file is neither a Blosc2 frame nor a .npy file",
    );
    Err(source.blame(error))
}
