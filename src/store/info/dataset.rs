//! In: a dataset. Out: what `fuseblock info` tells about its newest version. Never: a slab file opened.

use std::collections::HashMap;
use std::time::SystemTime;

use super::chunks::filters;
use super::frame::splitmode;
use super::{Compression, Info, Kind};
use crate::codec;
use crate::error::Result;
use crate::store::dataset::{Root, Slab};
use crate::store::dtype::spell;

/// What is in a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetInfo {
    /// The newest version.
    pub version: u64,
    /// When it was committed.
    pub time: SystemTime,
    /// How many versions are there.
    pub versions: usize,
    /// Rows that are stored together, in a file or as one value.
    pub slabs: usize,
    /// Files of these slabs.
    pub files: usize,
    /// Slabs of one value, which have no file.
    pub constants: usize,
    /// Rows of those.
    pub constant_rows: usize,
    /// Rows of new slabs.
    pub slab_rows: usize,
    /// Bytes of all manifests.
    pub manifest_bytes: u64,
    /// Files in `data` that the newest version does not have: of older versions, or orphans; and their bytes.
    pub other_files: (usize, u64),
    /// Names and values, in the order of the names, as JSON writes them.
    pub attributes: Vec<(String, String)>,
}

pub(super) fn info(root: &Root) -> Result<Info> {
    let snapshot = root.snapshot(None)?;
    let header = snapshot.header();
    let layout = snapshot.layout()?;
    let (files, manifest_bytes) = (root.data_files()?.slabs, root.manifest_bytes()?);
    let there: HashMap<_, _> = files.iter().copied().collect();
    let own = snapshot.slabs().iter().filter_map(Slab::file);
    let (mut count, mut bytes, mut missing) = (0, 0, 0);
    for file in own {
        count += 1;
        bytes += file.len;
        missing += usize::from(there.get(&file.id) != Some(&file.len));
    }
    let all: u64 = files.iter().map(|(_, len)| len).sum();
    let other_bytes = all.saturating_sub(bytes);
    let constants = snapshot.slabs().iter().filter(|slab| slab.file().is_none());
    let mut oddities = Vec::new();
    if missing > 0 {
        oddities.push(format!(
            "{missing} of its files are missing or have other lengths"
        ));
    }
    let size = header.dtype.size() as u64;
    let (codec, level, split, slots) = header.numbers();
    Ok(Info {
        dtype: Some(spell(header.dtype)),
        computes: Ok(header.dtype),
        itemsize: Some(header.dtype.size()),
        shape: Some(snapshot.shape().clone()),
        chunk: Some(header.grid.chunk.clone()),
        block: Some(header.grid.block.clone()),
        chunks: Some(layout.chunks),
        data_bytes: Some(snapshot.shape().elems() as u64 * size),
        nbytes: layout.nbytes(),
        cbytes: bytes,
        compression: Some(Compression {
            codec: codec::name(codec),
            level,
            splitmode: splitmode(split),
            use_dict: false,
            filters: filters(slots.ids, slots.metas),
        }),
        dataset: Some(DatasetInfo {
            version: snapshot.version(),
            time: snapshot.time(),
            versions: root.versions()?.len(),
            slabs: snapshot.slabs().len(),
            files: count,
            constants: constants.clone().count(),
            constant_rows: constants.map(|slab| slab.rows).sum(),
            slab_rows: header.slab_rows,
            manifest_bytes,
            other_files: (files.len().saturating_sub(count - missing), other_bytes),
            attributes: snapshot
                .attributes()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
        }),
        oddities,
        ..Info::blank(Kind::Dataset, all + manifest_bytes)
    })
}
