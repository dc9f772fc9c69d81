//! In: the path of a file or folder to be. Out: a temporary beside it that takes its place when finished.
//! Never: something half written under the final name; a temporary left behind by an error.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::disk::{Disk, DiskFile, System};
use super::file::Source;
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
    pub(in crate::store) fn create_on(disk: Arc<dyn Disk>, target: &Path) -> Result<Self> {
        // What a link leads to is replaced, not the link.
        let target = match fs::symlink_metadata(target) {
            Ok(found) if found.is_symlink() => fs::canonicalize(target).ok(),
            Ok(_) | Err(_) => None,
        }
        .unwrap_or_else(|| target.to_path_buf());
        let replaced = fs::metadata(&target).ok();
        if let Some(found) = replaced.as_ref().filter(|found| !found.is_file()) {
            let message = match found.is_dir() {
                true => "the output path is a directory",
                false => "what is at the output path is no file, and is not replaced",
            };
            let error = Error::new(ErrorKind::Argument, Code::WriteFailed, message);
            return Err(error.with_path(&target));
        }
        let (temporary, file) = create_temporary(&target, |path| disk.create(path))?;
        let pending = Self {
            disk,
            file,
            temporary,
            target,
            finished: false,
        };
        if let Some(replaced) = replaced {
            pending.look_like(&replaced)?;
        }
        Ok(pending)
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

    /// Takes the permissions of the file that is to be replaced, and its owner where that is allowed.
    fn look_like(&self, replaced: &fs::Metadata) -> Result<()> {
        let (owner, group) = (Some(replaced.uid()), Some(replaced.gid()));
        // Only the administrator may give files away.
        let _ = std::os::unix::fs::chown(&self.temporary, owner, group);
        fs::set_permissions(&self.temporary, replaced.permissions())
            .map_err(|cause| failed("set the permissions of", &self.target, cause))
    }

    /// What was written so far, to be read.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn source(&self) -> Result<Source> {
        Source::open(&self.temporary)
    }

    /// Makes what was written durable and gives it its final name.
    ///
    /// # Errors
    /// When the system refuses; the temporary is removed then.
    pub fn finish(mut self) -> Result<()> {
        self.file
            .sync()
            .map_err(|cause| failed("flush", &self.target, cause))?;
        rename(&*self.disk, &self.temporary, &self.target)?;
        self.finished = true;
        sync_name(&*self.disk, &self.target)
    }
}

/// A folder of files that are each written at once. Dropped unfinished, it disappears.
#[derive(Debug)]
pub(super) struct PendingFolder {
    disk: Arc<dyn Disk>,
    temporary: PathBuf,
    target: PathBuf,
    finished: bool,
}

impl PendingFolder {
    /// Creates the temporary beside `target`, where nothing may be yet.
    ///
    /// # Errors
    /// When something is there, the system refuses, or `target` names no folder.
    pub(super) fn create_on(disk: Arc<dyn Disk>, target: &Path) -> Result<Self> {
        if target.symlink_metadata().is_ok() {
            let message = "something is at the output path already, and a folder replaces nothing";
            let error = Error::new(ErrorKind::Argument, Code::WriteFailed, message);
            return Err(error
                .with_path(target)
                .with_help("remove it first, or give another name"));
        }
        let (temporary, ()) = create_temporary(target, |path| disk.create_folder(path))?;
        Ok(Self {
            disk,
            temporary,
            target: target.to_path_buf(),
            finished: false,
        })
    }

    /// Where it is until then.
    pub(super) fn path(&self) -> &Path {
        &self.temporary
    }

    /// Writes a file of the folder, and makes its content durable; several threads may at once.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.temporary.join(name);
        let written = self.disk.create(&path).and_then(|file| {
            file.write_at(0, bytes)?;
            file.sync()
        });
        written.map_err(|cause| failed(&format!("write {name} in"), &self.target, cause))
    }

    /// Makes the folder durable and gives it its final name.
    ///
    /// # Errors
    /// When the system refuses; the temporary is removed then.
    pub(super) fn finish(mut self) -> Result<()> {
        self.disk
            .sync_folder(&self.temporary)
            .map_err(|cause| failed("flush", &self.target, cause))?;
        rename(&*self.disk, &self.temporary, &self.target)?;
        self.finished = true;
        sync_name(&*self.disk, &self.target)
    }
}

impl Drop for PendingFolder {
    fn drop(&mut self) {
        if !self.finished {
            // Nothing can be done about a temporary that cannot be removed.
            let _ = self.disk.remove_folder(&self.temporary);
        }
    }
}

/// Creates something under a hidden name beside `target`; where there is one, which a killed process with the same
/// number has left, under another.
pub(super) fn create_temporary<T>(
    target: &Path,
    create: impl Fn(&Path) -> io::Result<T>,
) -> Result<(PathBuf, T)> {
    const MAX_ATTEMPTS: usize = 1_000;
    let mut attempts = 0;
    loop {
        let path = temporary(target)?;
        attempts += 1;
        match create(&path) {
            Ok(created) => return Ok((path, created)),
            Err(cause)
                if cause.kind() == io::ErrorKind::AlreadyExists && attempts < MAX_ATTEMPTS => {}
            Err(cause) => {
                let name = path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                return Err(failed(&format!("create `{name}` for"), target, cause));
            }
        }
    }
}

/// A hidden name beside `target`.
fn temporary(target: &Path) -> Result<PathBuf> {
    let name = target.file_name().ok_or_else(|| {
        Error::new(
            ErrorKind::Argument,
            Code::WriteFailed,
            format!("'{}' names no file to write", target.display()),
        )
    })?;
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}-{number}.tmp", std::process::id()));
    Ok(target.with_file_name(temporary))
}

fn rename(disk: &dyn Disk, temporary: &Path, target: &Path) -> Result<()> {
    disk.rename(temporary, target)
        .map_err(|cause| failed("rename to the final name", target, cause))
}

/// Makes the name of `target` durable.
fn sync_name(disk: &dyn Disk, target: &Path) -> Result<()> {
    let parent = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    disk.sync_folder(parent)
        .map_err(|cause| failed("flush the directory", target, cause))
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
