//! In: a path, or bytes in memory. Out: positioned reads that succeed in full or say why.
//! Never: a shared file position, a mapping, a read that comes up short.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};

/// Where a frame's bytes are. Its length is fixed when it is opened.
#[derive(Debug)]
pub struct Source {
    place: Place,
    len: u64,
}

#[derive(Debug)]
enum Place {
    File { file: fs::File, path: PathBuf },
    Memory(Vec<u8>),
}

impl Source {
    /// Opens a regular file for reading.
    ///
    /// # Errors
    /// When the system refuses, or the path is a directory or a device.
    pub fn open(path: &Path) -> Result<Self> {
        // Asked before opening, because opening a pipe would wait for its writer.
        let metadata = fs::metadata(path).map_err(|cause| Error::io("open", path, cause))?;
        if metadata.is_dir() {
            return Err(unsupported("the path is a directory")
                .with_help("sparse frames and datasets are not read yet; give a single .b2nd file")
                .with_path(path));
        }
        if !metadata.is_file() {
            return Err(unsupported("the path is neither a file nor a directory").with_path(path));
        }
        let file = fs::File::open(path).map_err(|cause| Error::io("open", path, cause))?;
        let len = file
            .metadata()
            .map_err(|cause| Error::io("stat", path, cause))?
            .len();
        let path = path.to_path_buf();
        Ok(Self {
            place: Place::File { file, path },
            len,
        })
    }

    /// A file's content that is already in memory.
    pub fn memory(bytes: Vec<u8>) -> Self {
        Self {
            len: bytes.len() as u64,
            place: Place::Memory(bytes),
        }
    }

    /// Length in bytes.
    pub fn len_bytes(&self) -> u64 {
        self.len
    }

    /// Fills `dst` with the bytes from `position` on.
    ///
    /// # Errors
    /// When there are fewer, or the system refuses.
    pub fn read_at(&self, position: u64, dst: &mut [u8]) -> Result<()> {
        let end = position.checked_add(dst.len() as u64);
        if end.is_none_or(|end| end > self.len) {
            return Err(self.beyond(position, dst.len()));
        }
        match &self.place {
            Place::File { file, path } => file.read_exact_at(dst, position).map_err(|cause| {
                let doing = format!("read {} bytes at {position}", dst.len());
                Error::io(&doing, path, cause)
            }),
            Place::Memory(bytes) => {
                let from = usize::try_from(position)
                    .ok()
                    .and_then(|at| bytes.get(at..)?.get(..dst.len()))
                    .ok_or_else(|| self.beyond(position, dst.len()))?;
                dst.copy_from_slice(from);
                Ok(())
            }
        }
    }

    /// The `count` bytes from `position` on. They are known to exist before memory is asked for.
    ///
    /// # Errors
    /// When there are fewer, or the system refuses.
    pub fn read_vec(&self, position: u64, count: usize) -> Result<Vec<u8>> {
        let end = position.checked_add(count as u64);
        if end.is_none_or(|end| end > self.len) {
            return Err(self.beyond(position, count));
        }
        let mut bytes = vec![0; count];
        self.read_at(position, &mut bytes)?;
        Ok(bytes)
    }

    /// Adds this file's path to an error.
    #[cold]
    pub fn blame(&self, error: Error) -> Error {
        match &self.place {
            Place::File { path, .. } => error.with_path(path),
            Place::Memory(_) => error,
        }
    }

    #[cold]
    fn beyond(&self, position: u64, count: usize) -> Error {
        self.blame(Error::new(
            ErrorKind::Corrupt,
            Code::BadFrame,
            format!(
                "{count} bytes are expected at byte {position}, but there are only {} in all",
                self.len
            ),
        ))
    }
}

/// An error about a kind of file that this version does not read.
pub(super) fn unsupported(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, Code::UnsupportedFile, message)
}
