//! In: the path of a file to change or to replace. Out: the only one who does, as long as it lives.
//! Never: a lock left behind by a process that is gone.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};

/// Where the lock file has a counter of changes.
const COUNTER_AT: u64 = 8;

/// The lock that the reference library takes, too: the file's name with `.b2lock` behind it, which stays. The file
/// itself is locked besides, since it may have several names.
#[derive(Debug)]
pub(in crate::store) struct Lock {
    beside: File,
    /// The file itself, where there is one.
    itself: Option<File>,
}

impl Lock {
    /// Takes the lock for the file at `path`, which need not be there.
    pub(in crate::store) fn take(path: &Path) -> Result<Self> {
        let beside = lock_path(path);
        let open = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&beside);
        let file = open.map_err(|cause| {
            Error::io("open the lock file", &beside, cause)
                .with_help("whoever changes a file keeps its lock file beside it")
        })?;
        Self::of(file, path)
    }

    /// The same where somebody has taken the lock before, and so may hold it: its file stays. Nothing is locked, and
    /// none made, where there is none.
    pub(in crate::store) fn take_if_used(path: &Path) -> Result<Option<Self>> {
        let beside = lock_path(path);
        match OpenOptions::new().read(true).write(true).open(&beside) {
            Ok(file) => Self::of(file, path).map(Some),
            Err(_) => Ok(None),
        }
    }

    fn of(beside: File, path: &Path) -> Result<Self> {
        try_lock(&beside, path)?;
        let mut lock = Self {
            beside,
            itself: None,
        };
        lock.follow(path)?;
        Ok(lock)
    }

    /// Locks the file that is at `path` now.
    pub(in crate::store) fn follow(&mut self, path: &Path) -> Result<()> {
        self.leave();
        // Whoever opens it says what is wrong with it.
        self.itself = File::open(path).ok();
        match &self.itself {
            Some(file) => try_lock(file, path),
            None => Ok(()),
        }
    }

    /// Unlocks the file itself. Closing does not do while a process that was forked meanwhile still has it open.
    fn leave(&mut self) {
        let _ = self.itself.take().as_ref().map(File::unlock);
    }

    /// Tells those who look at the lock file that the array has changed.
    pub(super) fn count(&self) {
        let mut bytes = [0; 8];
        // What stands there is of use to other programs alone, and nothing depends on it.
        let _ = self.beside.read_exact_at(&mut bytes, COUNTER_AT);
        let next = u64::from_ne_bytes(bytes).wrapping_add(1);
        let _ = self.beside.write_all_at(&next.to_ne_bytes(), COUNTER_AT);
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.leave();
        let _ = self.beside.unlock();
    }
}

fn try_lock(file: &File, path: &Path) -> Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            let message = "another process is changing the file";
            let error = Error::new(ErrorKind::Io, Code::WriteFailed, message).with_path(path);
            Err(error.with_help("try again when it is done"))
        }
        Err(TryLockError::Error(cause)) => Err(Error::io("lock", path, cause)),
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".b2lock");
    PathBuf::from(name)
}
