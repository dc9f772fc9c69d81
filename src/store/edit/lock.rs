//! In: the path of a file to change. Out: the only one who does, as long as it lives.
//! Never: a lock left behind by a process that is gone.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};

/// Where the lock file has a counter of changes.
const COUNTER_AT: u64 = 8;

/// The lock that the reference library takes, too: the file's name with `.b2lock` behind it, which stays.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock for the file at `path`.
    pub(super) fn take(path: &Path) -> Result<Self> {
        let beside = lock_path(path);
        let open = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&beside);
        let file = open.map_err(|cause| Error::io("lock", &beside, cause))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => {
                let message = "another process is changing the file";
                let error = Error::new(ErrorKind::Io, Code::WriteFailed, message).with_path(path);
                Err(error.with_help("try again when it is done"))
            }
            Err(TryLockError::Error(cause)) => Err(Error::io("lock", &beside, cause)),
        }
    }

    /// Tells those who look at the lock file that the array has changed.
    pub(super) fn count(&self) {
        let mut bytes = [0; 8];
        // What stands there is of use to other programs alone, and nothing depends on it.
        let _ = self.file.read_exact_at(&mut bytes, COUNTER_AT);
        let next = u64::from_ne_bytes(bytes).wrapping_add(1);
        let _ = self.file.write_all_at(&next.to_ne_bytes(), COUNTER_AT);
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing does not do while a process that was forked meanwhile still has the file open.
        let _ = self.file.unlock();
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".b2lock");
    PathBuf::from(name)
}
