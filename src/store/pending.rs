//! In: the path of a file to be. Out: a temporary beside it that takes its place when finished.
//! Never: a half-written file under the final name; a temporary left behind by an error.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::disk::{Disk, DiskFile, System};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};

/// A file that is being written. Dropped unfinished, it disappears.
#[derive(Debug)]
pub struct PendingFile {
    disk: Arc<dyn Disk>,
    file: Box<dyn DiskFile>,
    temporary: PathBuf,
    target: PathBuf,
    finished: bool,
}

/// Distinguishes the temporaries of one process.
static NEXT: AtomicU64 = AtomicU64::new(0);

impl PendingFile {
    /// Creates the temporary in the directory of `target`.
    ///
    /// # Errors
    /// When the system refuses, or `target` names no file.
    pub fn create(target: &Path) -> Result<Self> {
        Self::create_on(System::shared(), target)
    }

    /// The same, on a disk of the caller's.
    pub(super) fn create_on(disk: Arc<dyn Disk>, target: &Path) -> Result<Self> {
        let name = target.file_name().ok_or_else(|| {
            Error::new(
                ErrorKind::Argument,
                Code::WriteFailed,
                format!("'{}' names no file to write", target.display()),
            )
        })?;
        if target.is_dir() {
            return Err(Error::new(
                ErrorKind::Argument,
                Code::WriteFailed,
                "the output path is a directory",
            )
            .with_path(target));
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut temporary_name = std::ffi::OsString::from(".");
        temporary_name.push(name);
        temporary_name.push(format!(".{}-{number}.tmp", std::process::id()));
        let temporary = target.with_file_name(temporary_name);
        let file = disk
            .create(&temporary)
            .map_err(|cause| failed("create", target, cause))?;
        Ok(Self {
            disk,
            file,
            temporary,
            target: target.to_path_buf(),
            finished: false,
        })
    }

    /// Where the file will be.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Writes `bytes` at `position`; several threads may at once.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write_at(&self, position: u64, bytes: &[u8]) -> Result<()> {
        self.file.write_at(position, bytes).map_err(|cause| {
            let doing = format!("write {} bytes at {position}", bytes.len());
            failed(&doing, &self.target, cause)
        })
    }

    /// Makes the file `len` bytes long; what was not written reads as zeros.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_len(&self, len: u64) -> Result<()> {
        self.file
            .set_len(len)
            .map_err(|cause| failed(&format!("reserve {len} bytes"), &self.target, cause))
    }

    /// Makes what was written durable and gives it its final name.
    ///
    /// # Errors
    /// When the system refuses; the temporary is removed then.
    pub fn finish(mut self) -> Result<()> {
        self.file
            .sync()
            .map_err(|cause| failed("flush", &self.target, cause))?;
        self.disk
            .rename(&self.temporary, &self.target)
            .map_err(|cause| failed("rename to the final name", &self.target, cause))?;
        self.finished = true;
        let parent = match self.target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            Some(_) | None => Path::new("."),
        };
        self.disk
            .sync_folder(parent)
            .map_err(|cause| failed("flush the directory", &self.target, cause))
    }
}

impl Drop for PendingFile {
    fn drop(&mut self) {
        if !self.finished {
            // Nothing can be done about a temporary that cannot be removed.
            let _ = self.disk.remove(&self.temporary);
        }
    }
}

/// The error of the system about a file that is written.
pub(super) fn failed(doing: &str, target: &Path, cause: io::Error) -> Error {
    Error::new(
        ErrorKind::Io,
        Code::WriteFailed,
        format!("cannot {doing}: {cause}"),
    )
    .with_path(target)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_a_finished_file_appears_and_nothing_stays() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("out.npy");
        let pending = PendingFile::create(&target).unwrap();
        pending.write_at(3, b"abc").unwrap();
        assert!(!target.exists());
        drop(pending);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);

        let pending = PendingFile::create(&target).unwrap();
        pending.set_len(8).unwrap();
        pending.write_at(3, b"abc").unwrap();
        pending.finish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"\0\0\0abc\0\0");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_target_that_cannot_be_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let error = PendingFile::create(directory.path()).unwrap_err();
        assert_eq!(error.code(), Code::WriteFailed);
        let nowhere = directory.path().join("no").join("file");
        assert_eq!(
            PendingFile::create(&nowhere).unwrap_err().kind(),
            ErrorKind::Io
        );
    }
}
