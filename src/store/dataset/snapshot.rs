//! In: the manifests of a version and of those it builds upon. Out: the version: an array as it was at one time.
//! Never: changed.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::header::Header;
use super::manifest::{AttributeChanges, Manifest, Stamp, bad, check_values};
use super::slab::{Digest, FileId, Slab};
use super::splice;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{CHECKPOINT_EVERY, MAX_VLMETALAYERS};
use crate::store::attributes::Attribute;
use crate::store::write::Layout;
use crate::types::Shape;

/// The content of a version.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct State {
    pub(super) header: Header,
    /// Values as MessagePack, as in frames.
    pub(super) attributes: BTreeMap<String, Vec<u8>>,
    pub(super) slabs: Vec<Slab>,
    /// How often the content as a whole was replaced.
    pub(super) generation: u64,
}

impl State {
    /// Without rows.
    pub(super) fn new(header: Header) -> Self {
        Self {
            header,
            attributes: BTreeMap::new(),
            slabs: Vec::new(),
            generation: 0,
        }
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        // Checked by `layout`.
        self.slabs.iter().map(|slab| slab.rows).sum()
    }

    /// How the array is cut, if it can be.
    ///
    /// # Errors
    /// When there are more rows than can be counted, or a value is none of the dtype.
    pub(super) fn layout(&self) -> Result<Layout> {
        check_values(&self.slabs, &self.header)?;
        let each = self.slabs.iter().map(|slab| slab.rows);
        let mut rows = each.clone();
        let sum = rows.try_fold(0usize, |sum, rows| sum.checked_add(rows));
        let layout = sum.and_then(|rows| self.header.layout(rows).ok());
        layout.ok_or_else(|| {
            let message = "the dataset has more elements than can be counted";
            Error::new(ErrorKind::Limit, Code::TooLarge, message)
        })
    }

    /// The files of its slabs.
    pub(super) fn files(&self) -> impl Iterator<Item = FileId> + '_ {
        let files = self.slabs.iter().filter_map(Slab::file);
        files.map(|file| file.id)
    }

    /// What `new` changes of it.
    fn manifest_to(&self, new: &State) -> (Option<Header>, AttributeChanges) {
        let header = (self.header != new.header).then(|| new.header.clone());
        let set = new.attributes.iter();
        let set = set.filter(|&(name, value)| self.attributes.get(name) != Some(value));
        let set = set.map(|(name, value)| (name.clone(), Some(value.clone())));
        let removed = self.attributes.keys();
        let removed = removed.filter(|name| !new.attributes.contains_key(*name));
        let mut changes: Vec<_> = set
            .chain(removed.map(|name| (name.clone(), None)))
            .collect();
        changes.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        (header, changes)
    }
}

/// A version of a dataset.
#[derive(Clone, PartialEq, Debug)]
pub struct Snapshot {
    pub(super) stamp: Stamp,
    /// The digest of its manifest.
    pub(super) digest: Digest,
    /// The version that stands alone and that this one builds upon, or is.
    pub(super) checkpoint: u64,
    pub(super) state: State,
    shape: Shape,
}

impl Snapshot {
    /// The version with this manifest; one that does not stand alone builds upon `before`.
    ///
    /// # Errors
    /// When it contradicts itself or the one before.
    pub(super) fn of(
        before: Option<&Snapshot>,
        manifest: Manifest,
        digest: Digest,
    ) -> Result<Self> {
        let stamp = manifest.stamp;
        let (state, checkpoint) = match (manifest.checkpoint, before) {
            (true, _) => {
                let header = manifest.header.ok_or_else(|| bad("there is no array"))?;
                let state = State::new(header);
                (
                    changed(state, None, manifest.attributes, manifest.splices)?,
                    stamp.version,
                )
            }
            (false, Some(before)) => {
                if before.stamp.version.checked_add(1) != Some(stamp.version)
                    || before.digest != stamp.previous
                {
                    return Err(bad(format!(
                        "version {} does not build upon the version {} that is there",
                        stamp.version, before.stamp.version
                    )));
                }
                let state = before.state.clone();
                let state = changed(
                    state,
                    manifest.header,
                    manifest.attributes,
                    manifest.splices,
                )?;
                (state, before.checkpoint)
            }
            (false, None) => return Err(bad("the first version does not stand alone")),
        };
        let state = State {
            generation: stamp.generation,
            ..state
        };
        let shape = state.layout()?.shape;
        Ok(Self {
            stamp,
            digest,
            checkpoint,
            state,
            shape,
        })
    }

    /// The manifest of the version behind this one, with this content; as a whole if it is time for that or asked for.
    pub(super) fn next(&self, state: &State, time: i64, whole: bool) -> Manifest {
        let version = self.stamp.version + 1;
        let stamp = Stamp {
            version,
            previous: self.digest,
            time,
            generation: state.generation,
        };
        if whole || version - self.checkpoint >= CHECKPOINT_EVERY {
            return checkpoint(stamp, state);
        }
        let (header, attributes) = self.state.manifest_to(state);
        Manifest {
            stamp,
            checkpoint: false,
            header,
            attributes,
            splices: splice::between(&self.state.slabs, &state.slabs),
        }
    }

    /// Its number.
    pub fn version(&self) -> u64 {
        self.stamp.version
    }

    /// When it was written.
    pub fn time(&self) -> SystemTime {
        let micros = Duration::from_micros(self.stamp.time.unsigned_abs());
        let epoch = SystemTime::UNIX_EPOCH;
        let time = match self.stamp.time {
            0.. => epoch.checked_add(micros),
            _ => epoch.checked_sub(micros),
        };
        time.unwrap_or(epoch)
    }

    /// Element type, grid and compression.
    pub fn header(&self) -> &Header {
        &self.state.header
    }

    /// The extents of the array.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// How it is cut.
    ///
    /// # Errors
    /// Never, of a version that was read.
    pub(in crate::store) fn layout(&self) -> Result<Layout> {
        self.state.layout()
    }

    /// Its slabs, in the order of their rows.
    pub fn slabs(&self) -> &[Slab] {
        &self.state.slabs
    }

    /// Its attributes in the order of their names. Those whose bytes are no value are left out.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, Attribute)> {
        let each = self.state.attributes.iter();
        each.filter_map(|(name, value)| Some((&**name, Attribute::decode(value).ok()?)))
    }
}

/// The manifest of a version that stands alone.
pub(super) fn checkpoint(stamp: Stamp, state: &State) -> Manifest {
    let attributes = state.attributes.iter();
    Manifest {
        stamp,
        checkpoint: true,
        header: Some(state.header.clone()),
        attributes: attributes
            .map(|(name, value)| (name.clone(), Some(value.clone())))
            .collect(),
        splices: splice::between(&[], &state.slabs),
    }
}

fn changed(
    mut state: State,
    header: Option<Header>,
    attributes: AttributeChanges,
    splices: Vec<splice::Splice>,
) -> Result<State> {
    if let Some(header) = header {
        state.header = header;
    }
    for (name, value) in attributes {
        match value {
            Some(value) => state.attributes.insert(name, value),
            None => state.attributes.remove(&name),
        };
    }
    if state.attributes.len() > MAX_VLMETALAYERS {
        return Err(bad("the dataset has more attributes than are possible"));
    }
    state.slabs = splice::apply(&state.slabs, splices)?;
    Ok(state)
}

/// Now, as manifests have it.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    })
}
