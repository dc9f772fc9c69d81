//! In: the directory of a dataset. Out: its versions and its files. Never: a file outside of it; a lock.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::format;
use super::manifest::{Manifest, bad};
use super::publish::{META, manifest_name, version_of};
use super::slab::{Digest, FileId, root_of};
use super::snapshot::Snapshot;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_DELTAS, MAX_MANIFEST_BYTES, MAX_READ_ATTEMPTS};
use crate::store::file::Source;
use crate::store::folder::Folder;

/// The folder of slab files.
pub(super) const DATA: &str = "data";

/// A directory that is a dataset of a format that this version reads.
#[derive(Debug)]
pub struct Root {
    folder: Folder,
}

impl Root {
    /// Whether a directory is a dataset, of whatever version.
    pub(in crate::store) fn is_at(folder: &Folder) -> bool {
        folder.has(META)
            && folder
                .file(format::NAME)
                .is_ok_and(|file| format::begins(&file))
    }

    /// Whether there is a dataset at `path`, of whatever version.
    pub fn is_dataset(path: &Path) -> bool {
        path.is_dir() && Folder::open(path).is_ok_and(|folder| Self::is_at(&folder))
    }

    /// Opens the dataset at `path`.
    ///
    /// # Errors
    /// When there is none, or one of a format that this version does not read.
    pub fn open(path: &Path) -> Result<Self> {
        let folder = Folder::open(path)?;
        if !Self::is_at(&folder) {
            let message = "what is there is no dataset";
            let error = Error::new(ErrorKind::Unsupported, Code::NotAnArray, message);
            return Err(error.with_path(path));
        }
        let format = folder.file(format::NAME)?;
        format::check(&format).map_err(|error| format.blame(error))?;
        Ok(Self { folder })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The numbers of its versions whose manifests are there, in order.
    ///
    /// # Errors
    /// When the folder of manifests cannot be read.
    pub fn versions(&self) -> Result<Vec<u64>> {
        let mut versions = Vec::new();
        self.folder
            .each_file(META, |name, _| versions.extend(version_of(name)))?;
        versions.sort_unstable();
        Ok(versions)
    }

    /// The newest version, or the one of a number.
    ///
    /// # Errors
    /// When it is damaged, cut off or not there, or the system refuses.
    pub fn snapshot(&self, version: Option<u64>) -> Result<Snapshot> {
        match version {
            Some(version) => self.numbered(version),
            None => self.newest(None),
        }
    }

    /// The newest version; `known` is one that need not be read again.
    pub(super) fn newest(&self, known: Option<&Snapshot>) -> Result<Snapshot> {
        let mut attempts = 1;
        loop {
            let Some(&newest) = self.versions()?.last() else {
                let error = bad("the dataset has no version").with_path(self.path());
                return Err(error.with_help(
                    "its manifests are lost; the files in `data` are arrays of their own",
                ));
            };
            match self.load(newest, known) {
                Ok(snapshot) => return Ok(snapshot),
                // Whoever vacuums may have been faster; then there is a newer one.
                Err(error) if is_missing(&error) && attempts < MAX_READ_ATTEMPTS => attempts += 1,
                Err(error) => return Err(self.explain(error)),
            }
        }
    }

    fn numbered(&self, version: u64) -> Result<Snapshot> {
        self.load(version, None).map_err(|error| {
            let there = self.versions().unwrap_or_default();
            if there.contains(&version) {
                return self.explain(error);
            }
            let message = format!("the dataset has no version {version}");
            let error = Error::new(ErrorKind::Argument, Code::Usage, message);
            let help = match (there.first(), there.last()) {
                (Some(first), Some(last)) => format!("there are versions {first} to {last}"),
                _ => "there is none at all".to_string(),
            };
            error.with_path(self.path()).with_help(help)
        })
    }

    /// Adds what may be done about a version that cannot be read.
    fn explain(&self, error: Error) -> Error {
        let (versions, path) = (self.versions().unwrap_or_default(), self.path());
        let help = match versions
            .iter()
            .rev()
            .find(|&&version| self.load(version, None).is_ok())
        {
            Some(version) => format!(
                "version {version} can be read: {}@{version}; `fuseblock repair` makes a dataset of it",
                path.display()
            ),
            None => {
                "no other version can be read, either; the files in `data` are arrays of their own"
                    .to_string()
            }
        };
        error.with_path(path).with_help(help)
    }

    /// Reads a version, and those it builds upon as far as `known` is none of them.
    pub(super) fn load(&self, version: u64, known: Option<&Snapshot>) -> Result<Snapshot> {
        let mut upon = Vec::new();
        let mut number = version;
        let mut snapshot: Option<Snapshot> = None;
        loop {
            if let Some(known) = known.filter(|known| known.stamp.version == number) {
                // Its manifest may have been another's if this is no version of the same dataset any more: the digest
                // of the next one says.
                snapshot = Some(known.clone());
                break;
            }
            let (manifest, digest) = self.manifest(number)?;
            let alone = manifest.checkpoint;
            upon.push((manifest, digest));
            if alone {
                break;
            }
            if number <= 1 || upon.len() > MAX_DELTAS {
                return Err(bad(format!(
                    "version {version} builds upon none that stands alone"
                )));
            }
            number -= 1;
        }
        while let Some((manifest, digest)) = upon.pop() {
            let number = manifest.stamp.version;
            let next = Snapshot::of(snapshot.as_ref(), manifest, digest);
            snapshot = Some(next.map_err(|error| error.with_path(&self.manifest_path(number)))?);
        }
        snapshot.ok_or_else(|| bad("the version builds upon nothing"))
    }

    /// The manifest of a version, and its digest.
    pub(super) fn manifest(&self, version: u64) -> Result<(Manifest, Digest)> {
        let source = self
            .folder
            .file(&format!("{META}/{}", manifest_name(version)))?;
        let len = source.len_bytes();
        let read = || {
            let len = usize::try_from(len)
                .ok()
                .filter(|_| len <= MAX_MANIFEST_BYTES);
            let len = len.ok_or_else(|| bad("the manifest is longer than any can be"))?;
            Manifest::decode(&source.read_vec(0, len)?, version)
        };
        read().map_err(|error| source.blame(error))
    }

    /// The digest that the manifest of a version ends in, if it is there.
    pub(super) fn digest(&self, version: u64) -> Result<Option<Digest>> {
        let name = format!("{META}/{}", manifest_name(version));
        match self.folder.file(&name).and_then(|source| root_of(&source)) {
            Ok(digest) => Ok(Some(digest)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Where the manifest of a version is.
    pub(super) fn manifest_path(&self, version: u64) -> PathBuf {
        self.path().join(META).join(manifest_name(version))
    }

    /// Where a slab file is.
    pub fn data_path(&self, id: FileId) -> PathBuf {
        self.path().join(DATA).join(id.to_string())
    }

    /// Opens a slab file.
    ///
    /// # Errors
    /// When the system refuses, or it is a link that leads out of the dataset.
    pub(super) fn data(&self, id: FileId) -> Result<Source> {
        self.folder.file(&format!("{DATA}/{id}"))
    }

    /// The slab files that are there, and what else is in their folder.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub(in crate::store) fn data_files(&self) -> Result<DataFiles> {
        let mut found = DataFiles::default();
        self.folder
            .each_file(DATA, |name, len| match FileId::of_name(name) {
                Some(id) => found.slabs.push((id, len)),
                None => found.others.push(name.to_string()),
            })?;
        found.slabs.sort_unstable();
        Ok(found)
    }

    /// The names of what is beside the manifests.
    ///
    /// # Errors
    /// When their folder cannot be read.
    pub(super) fn strays(&self) -> Result<Vec<String>> {
        let mut strays = Vec::new();
        self.folder.each_file(META, |name, _| {
            if version_of(name).is_none() {
                strays.push(name.to_string());
            }
        })?;
        Ok(strays)
    }

    /// Bytes of all manifests.
    ///
    /// # Errors
    /// When their folder cannot be read.
    pub(in crate::store) fn manifest_bytes(&self) -> Result<u64> {
        let mut bytes = 0;
        self.folder.each_file(META, |name, len| {
            if version_of(name).is_some() {
                bytes += len;
            }
        })?;
        Ok(bytes)
    }

    /// Opens the file `format`, which writers lock.
    pub(super) fn lock_file(&self) -> Result<fs::File> {
        let path = self.path().join(format::NAME);
        fs::File::open(&path).map_err(|cause| Error::io("open", &path, cause))
    }
}

/// What is in the folder of slab files.
#[derive(Debug, Default)]
pub(in crate::store) struct DataFiles {
    /// Slab files, and how long they are.
    pub(in crate::store) slabs: Vec<(FileId, u64)>,
    /// The names of all else.
    pub(super) others: Vec<String>,
}

/// Whether an error says that a file is not there.
pub(super) fn is_missing(error: &Error) -> bool {
    let cause = std::error::Error::source(error);
    cause
        .and_then(|cause| cause.downcast_ref::<io::Error>())
        .is_some_and(|cause| cause.kind() == io::ErrorKind::NotFound)
}
