//! In: a path, or bytes in memory. Out: positioned reads that succeed in full or say why.
//! Never: a shared file position, a mapping, a read that comes up short.

use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};

/// Where bytes are: a file, memory, or a part of them. Its length is fixed when it is opened;
/// positions count from its start. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Source {
    place: Arc<Place>,
    start: u64,
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
        if !metadata.is_file() {
            let what = match metadata.is_dir() {
                true => "the path is a directory where a file belongs",
                false => "the path is neither a file nor a directory",
            };
            return Err(unsupported(what).with_path(path));
        }
        let file = fs::File::open(path).map_err(|cause| Error::io("open", path, cause))?;
        let len = file
            .metadata()
            .map_err(|cause| Error::io("stat", path, cause))?
            .len();
        let path = path.to_path_buf();
        Ok(Self {
            place: Arc::new(Place::File { file, path }),
            start: 0,
            len,
        })
    }

    /// A file's content that is already in memory.
    pub fn memory(bytes: Vec<u8>) -> Self {
        Self {
            start: 0,
            len: bytes.len() as u64,
            place: Arc::new(Place::Memory(bytes)),
        }
    }

    /// The `len` bytes from `start` on as a source of their own: a frame inside a larger file.
    ///
    /// # Errors
    /// When there are fewer.
    pub fn window(&self, start: u64, len: u64) -> Result<Self> {
        if start.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(self.beyond(start, len));
        }
        Ok(Self {
            place: self.place.clone(),
            start: self.start + start,
            len,
        })
    }

    /// Everything from `start` on as a source of its own.
    ///
    /// # Errors
    /// When `start` lies behind the end.
    pub fn tail(&self, start: u64) -> Result<Self> {
        self.window(start, self.len.saturating_sub(start))
    }

    /// The same file as long as it is now, where this is a whole file.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn as_it_is_now(&self) -> Result<Self> {
        let len = match &*self.place {
            Place::File { file, path } if self.start == 0 => {
                let metadata = file.metadata();
                metadata
                    .map_err(|cause| Error::io("stat", path, cause))?
                    .len()
            }
            Place::File { .. } | Place::Memory(_) => self.len,
        };
        Ok(Self {
            len,
            ..self.clone()
        })
    }

    /// Whether this is the file at `path`.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        let Place::File { file, .. } = &*self.place else {
            return false;
        };
        let same = |one: fs::Metadata, other: fs::Metadata| {
            (one.dev(), one.ino()) == (other.dev(), other.ino())
        };
        let both = file
            .metadata()
            .and_then(|own| Ok(same(own, fs::metadata(path)?)));
        both.unwrap_or(false)
    }

    /// The file, where it is one.
    pub fn path(&self) -> Option<&Path> {
        match &*self.place {
            Place::File { path, .. } => Some(path),
            Place::Memory(_) => None,
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
            return Err(self.beyond(position, dst.len() as u64));
        }
        // No overflow: the window lies inside the file.
        let absolute = self.start + position;
        match &*self.place {
            Place::File { file, path } => file.read_exact_at(dst, absolute).map_err(|cause| {
                let doing = format!("read {} bytes at {absolute}", dst.len());
                Error::io(&doing, path, cause)
            }),
            Place::Memory(_) => {
                if let Some(from) = self.resident(position, dst.len())? {
                    dst.copy_from_slice(from);
                }
                Ok(())
            }
        }
    }

    /// The `count` bytes from `position` on where they lie in memory; `None` for files.
    ///
    /// # Errors
    /// When there are fewer.
    pub fn resident(&self, position: u64, count: usize) -> Result<Option<&[u8]>> {
        let Place::Memory(bytes) = &*self.place else {
            return Ok(None);
        };
        let inside = position.checked_add(count as u64);
        let found = inside.filter(|&end| end <= self.len).and_then(|_| {
            let at = usize::try_from(self.start + position).ok()?;
            bytes.get(at..)?.get(..count)
        });
        match found {
            Some(found) => Ok(Some(found)),
            None => Err(self.beyond(position, count as u64)),
        }
    }

    /// The `count` bytes from `position` on. They are known to exist before memory is asked for.
    ///
    /// # Errors
    /// When there are fewer, or the system refuses.
    pub fn read_vec(&self, position: u64, count: usize) -> Result<Vec<u8>> {
        let end = position.checked_add(count as u64);
        if end.is_none_or(|end| end > self.len) {
            return Err(self.beyond(position, count as u64));
        }
        let mut bytes = vec![0; count];
        self.read_at(position, &mut bytes)?;
        Ok(bytes)
    }

    /// Adds this file's path to an error, and counts its byte offset from the start of the file.
    #[cold]
    pub fn blame(&self, error: Error) -> Error {
        match &*self.place {
            Place::File { path, .. } => error.in_file(path, self.start),
            Place::Memory(_) => error,
        }
    }

    #[cold]
    fn beyond(&self, position: u64, count: u64) -> Error {
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
