//! In: a dataset. Out: everything about it that is damaged or missing. Never: the end at the first.

use std::ops::Range;
use std::path::Path;

use rayon::prelude::*;

use super::read::DatasetArray;
use super::root::Root;
use super::slab::Slab;
use super::snapshot::Snapshot;
use crate::error::{Error, Result};
use crate::store::read_limits::ReadLimits;
use crate::store::seal::Verify;

/// What there was to find.
#[derive(Debug)]
pub struct DatasetReport {
    /// The version whose files were looked at: the newest that can be read.
    pub version: u64,
    /// Manifests that were looked at: all.
    pub manifests: usize,
    /// Files of the version, and what they have.
    pub files: usize,
    /// Bytes of these files.
    pub bytes: u64,
    /// The versions whose manifests are damaged, and how.
    pub versions: Vec<(u64, Error)>,
    /// The rows whose file is damaged or missing, and how.
    pub rows: Vec<(Range<usize>, Error)>,
}

impl DatasetReport {
    /// Whether nothing is damaged.
    pub fn is_sound(&self) -> bool {
        self.versions.is_empty() && self.rows.is_empty()
    }
}

/// Checks the manifests of all versions of the dataset at `path`, and every byte of the files of the newest.
///
/// # Errors
/// When there is no dataset, or no version of it can be read.
pub fn verify(path: impl AsRef<Path>) -> Result<DatasetReport> {
    let root = Root::open(path.as_ref())?;
    let numbers = root.versions()?;
    let looked = numbers
        .iter()
        .map(|&version| (version, root.manifest(version)));
    let versions: Vec<_> = looked
        .filter_map(|(version, found)| Some((version, found.err()?)))
        .collect();
    let snapshot = newest_readable(&root)?;
    let (version, files) = (
        snapshot.version(),
        snapshot.slabs().iter().filter_map(Slab::file),
    );
    let (count, bytes) = (files.clone().count(), files.map(|file| file.len).sum());
    let array = DatasetArray::open(
        Root::open(path.as_ref())?,
        snapshot,
        Default::default(),
        Verify::Always,
        &ReadLimits::default(),
    )?;
    Ok(DatasetReport {
        version,
        manifests: numbers.len(),
        files: count,
        bytes,
        versions,
        rows: damaged(&array),
    })
}

/// The rows of an array whose files are damaged or missing, and how.
pub(super) fn damaged(array: &DatasetArray) -> Vec<(Range<usize>, Error)> {
    let slabs = 0..array.snapshot().slabs().len();
    let checked = slabs
        .into_par_iter()
        .map(|slab| array.check_file(slab).err().map(|error| (slab, error)));
    let found: Vec<_> = checked.flatten().collect();
    let each = found.into_iter();
    each.map(|(slab, error)| (array.rows_of(slab), error))
        .collect()
}

/// The newest version that can be read.
///
/// # Errors
/// That of the newest there is, where none can be.
pub(super) fn newest_readable(root: &Root) -> Result<Snapshot> {
    let older = root.versions()?;
    let mut older = older
        .iter()
        .rev()
        .filter_map(|&version| root.load(version, None).ok());
    match older.next() {
        Some(snapshot) => Ok(snapshot),
        None => root.newest(None),
    }
}
