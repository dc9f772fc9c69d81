//! In: a path, or bytes in memory. Out: what stands there, opened far enough to know its format.
//! Never: a file's name as evidence.

use std::fs;
use std::path::Path;

use super::file::Source;
use super::folder::Folder;
use super::frame::{self, Frame, SPARSE_INDEX};
use super::npy;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};

/// A file or directory of a known format.
#[derive(Debug)]
pub enum Opened {
    /// A Blosc2 frame, contiguous or sparse.
    Frame(Box<Frame>),
    /// A NumPy array.
    Npy(Source),
}

impl Opened {
    /// Opens what is at `path`.
    ///
    /// # Errors
    /// When it cannot be read, is of no known format, or its structure is damaged.
    pub fn at(path: &Path) -> Result<Self> {
        // Asked before opening, because opening a pipe would wait for its writer.
        let metadata = fs::metadata(path).map_err(|cause| Error::io("open", path, cause))?;
        match metadata.is_dir() {
            true => Self::directory(path),
            false => Self::source(Source::open(path)?),
        }
    }

    fn directory(path: &Path) -> Result<Self> {
        let folder = Folder::open(path)?;
        if folder.has(SPARSE_INDEX) {
            return Ok(Self::Frame(Box::new(Frame::open_sparse(folder)?)));
        }
        let message = format!("the directory is no sparse frame: it has no {SPARSE_INDEX}");
        Err(Error::new(ErrorKind::Unsupported, Code::NotAnArray, message).with_path(path))
    }

    /// Opens what `source` begins with.
    ///
    /// # Errors
    /// As [`Opened::at`].
    pub fn source(source: Source) -> Result<Self> {
        let begins = |magic: &[u8]| -> Result<bool> {
            let long_enough = source.len_bytes() >= magic.len() as u64;
            Ok(long_enough && source.read_vec(0, magic.len())? == magic)
        };
        if begins(frame::MAGIC)? {
            return Ok(Self::Frame(Box::new(Frame::open(source)?)));
        }
        if begins(npy::MAGIC)? {
            return Ok(Self::Npy(source));
        }
        let error = Error::new(
            ErrorKind::Unsupported,
            Code::NotAnArray,
            "the file is neither a Blosc2 frame nor a .npy file",
        );
        Err(source.blame(error))
    }
}
