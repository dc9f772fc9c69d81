//! In: the parts of a frame as they are written. Out: a file, or a folder with a file a chunk, in place when complete.
//! Never: a part of it under the final name.

use std::path::Path;
use std::sync::Arc;

use crate::error::Result;
use crate::store::disk::Disk;
use crate::store::edit::Lock;
use crate::store::frame::SPARSE_INDEX;
use crate::store::pending::{PendingFile, PendingFolder};

/// Where a new frame goes.
#[derive(Debug)]
pub(super) enum Place {
    /// To one file; whether whoever changes that is to be asked first.
    File(PendingFile, bool),
    /// To a folder.
    Folder(PendingFolder),
}

impl Place {
    /// Begins what will be at `path`.
    ///
    /// # Errors
    /// When the system refuses, or another process changes the file there, unless the caller has the lock of it.
    pub(super) fn create(
        disk: Arc<dyn Disk>,
        path: &Path,
        sparse: bool,
        locked: bool,
    ) -> Result<Self> {
        if sparse {
            return Ok(Self::Folder(PendingFolder::create_on(disk, path)?));
        }
        let file = PendingFile::create_on(disk, path)?;
        if !locked {
            Lock::take_if_used(file.target())?;
        }
        Ok(Self::File(file, !locked))
    }

    /// Writes a chunk, or a leaf of the seal, that the index has as `word`, behind a header of `header_len` bytes.
    pub(super) fn put(&self, header_len: u64, word: u64, bytes: &[u8]) -> Result<()> {
        match self {
            Self::File(file, _) => file.write_at(header_len + word, bytes),
            Self::Folder(folder) => folder.write(&chunk_name(word), bytes),
        }
    }

    /// Writes the header, and index and trailer where they belong, behind `cbytes` of chunks in a file; makes all of it
    /// durable and gives it its name.
    pub(super) fn finish(self, header: &[u8], cbytes: u64, tail: &[u8]) -> Result<()> {
        match self {
            Self::File(file, ask) => {
                file.write_at(header.len() as u64 + cbytes, tail)?;
                file.write_at(0, header)?;
                let _lock = match ask {
                    true => Lock::take_if_used(file.target())?,
                    false => None,
                };
                file.finish()
            }
            Self::Folder(folder) => {
                folder.write(SPARSE_INDEX, &[header, tail].concat())?;
                folder.finish()
            }
        }
    }
}

/// Name of the file that has chunk `word` of a sparse frame.
pub(in crate::store) fn chunk_name(word: u64) -> String {
    format!("{word:08X}.chunk")
}
