//! In: a dataset, and how much of its past is to be kept. Out: the dataset without the rest. Never: a file removed that a
//! version which is kept has, or a commit on its way.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use super::guard::Guard;
use super::publish::META;
use super::root::{DATA, Root};
use super::slab::FileId;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::store::disk::{Disk, System};
use crate::store::pending::failed;

/// How often it is looked whether nobody writes, and how long is waited in between.
const ATTEMPTS: usize = 40;
const PAUSE: Duration = Duration::from_millis(50);

/// What [`vacuum`] has removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Vacuumed {
    /// Manifests of versions.
    pub versions: usize,
    /// Files of slabs, and their bytes.
    pub files: usize,
    /// Bytes of these files.
    pub bytes: u64,
    /// Temporaries that killed processes have left.
    pub temporaries: usize,
    /// The oldest version that was to be kept.
    pub oldest: u64,
}

/// Removes what the newest `keep` versions of the dataset at `path` do not need, and nothing that is younger than
/// `grace`: versions that somebody may have opened that long ago, files and temporaries that no version has.
///
/// # Errors
/// When somebody is writing to the dataset, a version that is to be kept cannot be read, or the system refuses.
pub fn vacuum(path: impl AsRef<Path>, grace: Duration, keep: usize) -> Result<Vacuumed> {
    vacuum_on(System::shared(), path.as_ref(), grace, keep)
}

/// The same on a disk of the caller's: for tests of what one that fails leaves.
#[doc(hidden)]
pub fn vacuum_on(
    disk: Arc<dyn Disk>,
    path: &Path,
    grace: Duration,
    keep: usize,
) -> Result<Vacuumed> {
    let root = Root::open(path)?;
    let _guard = alone(&root)?;
    let newest = root.newest(None)?;
    let versions = root.versions()?;
    let broom = Broom {
        disk,
        root: &root,
        before: SystemTime::now()
            .checked_sub(grace)
            .unwrap_or(SystemTime::UNIX_EPOCH),
    };
    // The version that was the newest so long ago, and the first of those that are to be kept.
    let old = versions.iter().rev();
    let old = old
        .copied()
        .find(|&version| broom.is_old(&root.manifest_path(version)));
    let keep = u64::try_from(keep.max(1)).unwrap_or(u64::MAX);
    let first_kept = (newest.version() + 1).saturating_sub(keep);
    let oldest = old.map_or(0, |old| old.min(first_kept));
    let oldest = versions.iter().copied().find(|&version| version >= oldest);
    let oldest = root.load(oldest.unwrap_or(newest.version()), Some(&newest))?;
    let mut files: HashSet<FileId> = oldest.state.files().chain(newest.state.files()).collect();
    for version in oldest.version() + 1..=newest.version() {
        let splices = root.manifest(version)?.0.splices.into_iter();
        let slabs = splices.flat_map(|splice| splice.added);
        files.extend(slabs.filter_map(|slab| slab.file().map(|file| file.id)));
    }
    let mut done = Vacuumed {
        oldest: oldest.version(),
        ..Vacuumed::default()
    };
    // From the oldest on: whoever finds the one that he builds upon knows that later ones are there.
    for &version in versions
        .iter()
        .filter(|&&version| version < oldest.checkpoint)
    {
        done.versions += usize::from(broom.remove(&root.manifest_path(version))?);
    }
    broom.sync(META)?;
    let there = root.data_files()?;
    for (id, len) in there.slabs {
        let path = root.data_path(id);
        if !files.contains(&id) && broom.is_old(&path) && broom.remove(&path)? {
            done.files += 1;
            done.bytes += len;
        }
    }
    done.temporaries +=
        broom.temporaries(DATA, &there.others)? + broom.temporaries(META, &root.strays()?)?;
    broom.sync(DATA)?;
    Ok(done)
}

/// Waits a little until nobody writes.
fn alone(root: &Root) -> Result<Guard> {
    for _ in 0..ATTEMPTS {
        if let Some(guard) = Guard::alone(root)? {
            return Ok(guard);
        }
        sleep(PAUSE);
    }
    let message = "somebody is writing to the dataset";
    let error = Error::new(ErrorKind::Conflict, Code::Conflict, message).with_path(root.path());
    Err(error.with_help("nothing was removed; try again when that is done"))
}

/// What removes files.
struct Broom<'r> {
    disk: Arc<dyn Disk>,
    root: &'r Root,
    /// What has changed since then is not removed.
    before: SystemTime,
}

impl Broom<'_> {
    /// Whether a file has got its name, and all it holds, long enough ago.
    fn is_old(&self, path: &Path) -> bool {
        // The time of its last change of whatever kind: one that was adopted may be much older itself.
        let changed = fs::symlink_metadata(path).ok().and_then(|found| {
            let seconds = u64::try_from(found.ctime()).ok()?;
            let nanos = u32::try_from(found.ctime_nsec()).ok()?;
            SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanos))
        });
        changed.is_some_and(|changed| changed <= self.before)
    }

    /// Removes a file; whether it was there.
    fn remove(&self, path: &Path) -> Result<bool> {
        match self.disk.remove(path) {
            Ok(()) => Ok(true),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(cause) => Err(failed("remove", path, cause)),
        }
    }

    /// Removes those of some files of a folder that are temporaries, and says how many.
    fn temporaries(&self, folder: &str, names: &[String]) -> Result<usize> {
        let mut removed = 0;
        let ours = |name: &&String| name.starts_with('.') && name.ends_with(".tmp");
        for name in names.iter().filter(ours) {
            let path = self.root.path().join(folder).join(name);
            removed += usize::from(self.is_old(&path) && self.remove(&path)?);
        }
        Ok(removed)
    }

    fn sync(&self, folder: &str) -> Result<()> {
        let path = self.root.path().join(folder);
        let synced = self.disk.sync_folder(&path);
        synced.map_err(|cause| failed("flush", &path, cause))
    }
}
