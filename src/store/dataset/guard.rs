//! In: a dataset. Out: as long as it lives, nobody vacuums it, or nobody writes to it. Never: readers kept waiting.
//!
//! Files of a commit that is on its way are named by no version yet, so that only this tells them from orphans, however
//! long they take to write. Where the file system has no locks, their age does.

use std::fs::{File, TryLockError};

use super::root::Root;
use crate::error::{Error, Result};

/// A lock of the file `format`.
#[derive(Debug)]
pub(super) struct Guard(File);

impl Guard {
    /// Keeps files from being vacuumed that no version names yet. Waits while somebody vacuums.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(super) fn writing(root: &Root) -> Result<Self> {
        let file = root.lock_file()?;
        // Not every file system has locks.
        let _ = file.lock_shared();
        Ok(Self(file))
    }

    /// Keeps others from writing; nothing where somebody writes.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(super) fn alone(root: &Root) -> Result<Option<Self>> {
        let file = root.lock_file()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(cause)) if cause.kind() == std::io::ErrorKind::Unsupported => {
                Ok(Some(Self(file)))
            }
            Err(TryLockError::Error(cause)) => Err(Error::io("lock", root.path(), cause)),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Closing does not do while a process that was forked meanwhile still has it open.
        let _ = self.0.unlock();
    }
}
