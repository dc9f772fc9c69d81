//! In: a dataset. Out: its versions, one after the other. Never: a slab file opened.

use std::collections::HashSet;
use std::path::Path;
use std::time::SystemTime;

use super::root::Root;
use super::snapshot::Snapshot;
use crate::error::Result;

/// A version of a dataset.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VersionInfo {
    /// Its number.
    pub version: u64,
    /// When it was committed.
    pub time: SystemTime,
    /// How many rows it has.
    pub rows: usize,
    /// Slabs that these are in.
    pub slabs: usize,
    /// Whether all its files are there. Those of older versions may have been vacuumed while their manifests are still
    /// needed.
    pub whole: bool,
}

/// The versions of the dataset at `path` that can be read, from the oldest to the newest.
///
/// # Errors
/// When there is no dataset, or its newest version cannot be read.
pub fn history(path: impl AsRef<Path>) -> Result<Vec<VersionInfo>> {
    let root = Root::open(path.as_ref())?;
    let newest = root.newest(None)?;
    let there: HashSet<_> = root
        .data_files()?
        .slabs
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    let mut found = Vec::new();
    let mut last: Option<Snapshot> = None;
    for version in root.versions()? {
        if version > newest.version() {
            break;
        }
        let Ok(snapshot) = root.load(version, last.as_ref()) else {
            continue;
        };
        found.push(VersionInfo {
            version,
            time: snapshot.time(),
            rows: snapshot.state.rows(),
            slabs: snapshot.slabs().len(),
            whole: snapshot.state.files().all(|id| there.contains(&id)),
        });
        last = Some(snapshot);
    }
    Ok(found)
}
