//! In: a dataset of which something is damaged. Out: a new one with everything that can still be read, and what could
//! not. Never: the damaged one changed; rows that are lost called sound.

use std::ops::Range;
use std::path::Path;

use super::adopt::bring;
use super::read::DatasetArray;
use super::root::Root;
use super::slab::{Content, FileId, Slab, SlabFile};
use super::slabs::Yard;
use super::snapshot::{Snapshot, State};
use super::verify::newest_readable;
use super::writer::Skeleton;
use crate::error::{Error, Result};
use crate::store::disk::System;
use crate::store::read_limits::ReadLimits;
use crate::store::repair::{self, RepairOptions};
use crate::store::seal::Verify;
use crate::types::{DType, Scalar};

/// What [`repair`](repair()) has made of a dataset.
#[derive(Debug)]
pub struct RepairedDataset {
    /// The version that the new dataset is a copy of.
    pub version: u64,
    /// Newer versions, which cannot be read, and why.
    pub unreadable: Vec<(u64, Error)>,
    /// Files of the version.
    pub files: usize,
    /// Rows that are lost, or some elements of which are, and why. In the new dataset these are NaN where elements are
    /// floats, else zeros.
    pub lost: Vec<(Range<usize>, Error)>,
    /// The newest version before that of which nothing is lost, if some of this one is.
    pub whole: Option<u64>,
}

/// Writes what can still be read of the dataset at `path` to a new one at `target`: of its newest version that has a
/// manifest, or of `version`. Files that are sound get a second name there, or are copied; of those that are not, the
/// chunks that are.
///
/// # Errors
/// When no version can be read, something is at `target`, or the system refuses.
pub fn repair(
    path: impl AsRef<Path>,
    target: impl AsRef<Path>,
    version: Option<u64>,
) -> Result<RepairedDataset> {
    let root = Root::open(path.as_ref())?;
    let snapshot = match version {
        Some(version) => root.snapshot(Some(version))?,
        None => newest_readable(&root)?,
    };
    let number = snapshot.version();
    let newer = root.versions()?.into_iter();
    let newer = newer.filter(|&other| version.is_none() && other > number);
    let unreadable = newer.filter_map(|other| Some((other, root.load(other, None).err()?)));
    let unreadable = unreadable.collect();
    let skeleton = Skeleton::begin(System::shared(), target.as_ref())?;
    let yard = skeleton.yard();
    let array = opened(&root, snapshot.clone())?;
    let mut state = State {
        slabs: Vec::new(),
        ..snapshot.state.clone()
    };
    let (mut lost, mut start) = (Vec::new(), 0);
    for (index, slab) in snapshot.slabs().iter().enumerate() {
        let rows = start..start + slab.rows;
        let content = match &slab.content {
            Content::Constant(_) => slab.content,
            Content::File(file) => {
                let sound = array
                    .check_file(index)
                    .and_then(|()| bring(&yard, &root.data_path(file.id), file.id));
                match sound {
                    Ok(()) => slab.content,
                    Err(error) => salvage(&array, &yard, file, &rows, error, &mut lost),
                }
            }
        };
        state.slabs.push(Slab {
            rows: slab.rows,
            content,
        });
        start = rows.end;
    }
    skeleton.finish(&state)?;
    Ok(RepairedDataset {
        version: number,
        unreadable,
        files: snapshot.state.files().count(),
        whole: match lost.is_empty() {
            true => None,
            false => whole_before(&root, number),
        },
        lost,
    })
}

/// What can be had of a damaged file: those of its chunks that are sound, in a new one, else nothing.
fn salvage(
    array: &DatasetArray,
    yard: &Yard,
    file: &SlabFile,
    rows: &Range<usize>,
    error: Error,
    lost: &mut Vec<(Range<usize>, Error)>,
) -> Content {
    let id = FileId::random();
    let from = array.data_path(file.id);
    let repaired = repair::repair(from, yard.path(id), RepairOptions::default());
    let repaired = repaired.and_then(|repaired| {
        let file = yard.look(id)?;
        array.fits(&yard.path(id), rows.len())?;
        Ok((repaired, file))
    });
    match repaired {
        Ok((repaired, new)) => {
            match repaired.lost.is_empty() {
                // The file is another one than was committed, though all of it can be read.
                true => lost.push((rows.clone(), error)),
                false => lost.extend(
                    repaired
                        .lost
                        .into_iter()
                        .map(|(_, why)| (rows.clone(), why)),
                ),
            }
            Content::File(new)
        }
        Err(_) => {
            yard.remove(id);
            lost.push((rows.clone(), error));
            Content::Constant(filler(array.dtype()))
        }
    }
}

/// The bits that stand for what is lost.
fn filler(dtype: DType) -> u64 {
    match dtype {
        DType::Float32 => Scalar::Float32(f32::NAN).bits(),
        DType::Float64 => Scalar::Float64(f64::NAN).bits(),
        DType::Bool
        | DType::Int8
        | DType::Int16
        | DType::Int32
        | DType::Int64
        | DType::UInt8
        | DType::UInt16
        | DType::UInt32
        | DType::UInt64 => 0,
    }
}

/// The newest version before `number` whose files are all sound.
fn whole_before(root: &Root, number: u64) -> Option<u64> {
    let versions = root.versions().ok()?;
    let before = versions
        .into_iter()
        .rev()
        .filter(|&version| version < number);
    before.into_iter().find(|&version| {
        let array = root
            .load(version, None)
            .and_then(|snapshot| opened(root, snapshot));
        array.is_ok_and(|array| {
            let mut slabs = 0..array.snapshot().slabs().len();
            slabs.all(|slab| array.check_file(slab).is_ok())
        })
    })
}

fn opened(root: &Root, snapshot: Snapshot) -> Result<DatasetArray> {
    DatasetArray::open(
        Root::open(root.path())?,
        snapshot,
        Default::default(),
        Verify::Always,
        &ReadLimits::default(),
    )
}
