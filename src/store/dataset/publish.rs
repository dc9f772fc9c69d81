//! In: the bytes of a version, and its number. Out: it is published, or somebody else's is. Never: both; a version that
//! is seen and not durable when that is told.

use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::Result;
use crate::store::disk::Disk;
use crate::store::pending::{create_temporary, failed};

/// What came of publishing a version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The version is there, and durable.
    Won,
    /// There is another version of that number. Nothing has changed.
    Lost,
}

/// Where versions are published: where a name is given once. An object store would put if absent.
pub trait Publish: Send + Sync + Debug {
    /// Publishes `bytes` as `version`, unless there is one.
    ///
    /// # Errors
    /// When neither is certain.
    fn publish(&self, version: u64, bytes: &[u8]) -> Result<Outcome>;
}

/// A folder of a local or shared file system: its `link` gives a name once.
#[derive(Debug)]
pub(super) struct Local {
    disk: Arc<dyn Disk>,
    meta: PathBuf,
}

impl Local {
    /// That of the dataset at `root`.
    pub(super) fn new(disk: Arc<dyn Disk>, root: &Path) -> Self {
        let meta = root.join(META);
        Self { disk, meta }
    }

    /// Links a temporary that is durable to its final name.
    fn link(&self, temporary: &Path, target: &Path) -> Result<Outcome> {
        let Err(cause) = self.disk.link(temporary, target) else {
            return Ok(Outcome::Won);
        };
        // A server may have done it, and its answer have been lost: then it has two names, whatever the error says.
        match self.disk.link_count(temporary) {
            Ok(2..) => Ok(Outcome::Won),
            Ok(_) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(Outcome::Lost),
            Ok(_) | Err(_) => Err(failed("publish the version", target, cause)),
        }
    }
}

impl Publish for Local {
    fn publish(&self, version: u64, bytes: &[u8]) -> Result<Outcome> {
        let target = self.meta.join(manifest_name(version));
        let (temporary, file) = create_temporary(&target, |path| self.disk.create(path))?;
        let written = file.write_at(0, bytes).and_then(|()| file.sync());
        let outcome = written
            .map_err(|cause| failed("write", &target, cause))
            .and_then(|()| self.link(&temporary, &target));
        // Nothing can be done about a temporary that cannot be removed; `vacuum` does later.
        let _ = self.disk.remove(&temporary);
        if outcome? == Outcome::Lost {
            return Ok(Outcome::Lost);
        }
        self.disk
            .sync_folder(&self.meta)
            .map_err(|cause| failed("flush the directory", &target, cause))?;
        Ok(Outcome::Won)
    }
}

/// The folder of manifests.
pub(super) const META: &str = "meta";

const EXTENSION: &str = ".manifest";

/// The name of a version's manifest.
pub(super) fn manifest_name(version: u64) -> String {
    format!("{version:020}{EXTENSION}")
}

/// The version whose manifest has this name.
pub(super) fn version_of(name: &str) -> Option<u64> {
    let version = name.strip_suffix(EXTENSION)?.parse().ok()?;
    (manifest_name(version) == name).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::System;

    #[test]
    fn a_version_is_published_once() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join(META)).unwrap();
        let local = Local::new(System::shared(), root.path());
        assert_eq!(local.publish(7, b"seven").unwrap(), Outcome::Won);
        assert_eq!(local.publish(7, b"other").unwrap(), Outcome::Lost);
        let path = root.path().join("meta/00000000000000000007.manifest");
        assert_eq!(std::fs::read(path).unwrap(), b"seven");
        assert_eq!(
            std::fs::read_dir(root.path().join(META)).unwrap().count(),
            1
        );
    }

    #[test]
    fn names_are_numbers_of_twenty_digits() {
        assert_eq!(version_of("00000000000000000007.manifest"), Some(7));
        assert_eq!(version_of(&manifest_name(u64::MAX)), Some(u64::MAX));
        for name in [
            "7.manifest",
            "+0000000000000000007.manifest",
            "00000000000000000007.manifest.tmp",
            ".00000000000000000007.manifest",
            "99999999999999999999.manifest",
        ] {
            assert_eq!(version_of(name), None, "{name}");
        }
    }
}
