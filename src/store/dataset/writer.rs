//! In: the elements of an array, box by box, from any threads. Out: a dataset, or the next version of the one that is
//! there, when all of it is complete. Never: a dataset that is there in part.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::changes::Change;
use super::handle::{Dataset, DatasetOptions, argument, header_of};
use super::header::Header;
use super::publish::{Local, META, Outcome, Publish};
use super::root::{DATA, Root};
use super::slabs::{NewSlabs, Purpose, Yard};
use super::snapshot::{State, checkpoint, now};
use super::{format, manifest::Stamp};
use crate::error::Result;
use crate::store::disk::{Disk, System};
use crate::store::pending::{PendingFolder, failed};
use crate::types::{DType, Grid, Scalar, Shape};

/// Writes a dataset as a whole. Slabs become files as their elements come; the dataset, or its next version, appears
/// when [`DatasetWriter::finish`] succeeds, and not before.
#[derive(Debug)]
pub struct DatasetWriter {
    slabs: NewSlabs,
    attributes: BTreeMap<String, Vec<u8>>,
    place: Place,
}

/// Where a dataset is written.
#[derive(Debug)]
enum Place {
    /// Where nothing was.
    New(Skeleton),
    /// To one that is there.
    There(Box<Dataset>),
}

impl DatasetWriter {
    /// Begins the array that will be all of the dataset at `path`; `grid` is the one to keep where `options` do not say.
    ///
    /// # Errors
    /// When something else than a dataset is there, the array has no axis or its grid does not fit, or the system
    /// refuses.
    pub fn create(
        path: &Path,
        dtype: DType,
        shape: &Shape,
        grid: Option<&Grid>,
        options: &DatasetOptions,
        attributes: &[(String, Vec<u8>)],
    ) -> Result<Self> {
        let chosen = options.chunk.is_some() || options.block.is_some();
        let kept = grid.filter(|grid| !chosen && !grid.chunk.contains(&0));
        let kept = kept.map(|grid| DatasetOptions {
            chunk: Some(grid.chunk.clone()),
            block: Some(grid.block.clone()),
            ..options.clone()
        });
        let (rows, header) = header_of(dtype, shape, kept.as_ref().unwrap_or(options))?;
        let place = match path.symlink_metadata() {
            Ok(_) => Place::There(Box::new(Self::there(path)?)),
            Err(_) => Place::New(Skeleton::begin(System::shared(), path)?),
        };
        Self::begin(place, &header, rows, attributes)
    }

    fn there(path: &Path) -> Result<Dataset> {
        if !Root::is_dataset(path) {
            let error = argument("what is at the output path is no dataset".to_string());
            return Err(error
                .with_path(path)
                .with_help("remove it first, or give another name"));
        }
        Dataset::open(path)
    }

    fn begin(
        mut place: Place,
        header: &Header,
        rows: usize,
        attributes: &[(String, Vec<u8>)],
    ) -> Result<Self> {
        let yard = match &mut place {
            Place::New(skeleton) => skeleton.yard(),
            Place::There(dataset) => dataset.yard()?,
        };
        Ok(Self {
            slabs: NewSlabs::begin(yard, header, Purpose::Whole, rows, 0)?,
            attributes: attributes.iter().cloned().collect(),
            place,
        })
    }

    /// Makes a dataset of this content, which has no files.
    pub(super) fn make(disk: Arc<dyn Disk>, path: &Path, state: &State) -> Result<()> {
        Skeleton::begin(disk, path)?.finish(state)
    }

    /// Element type.
    pub fn dtype(&self) -> DType {
        self.slabs.header().dtype
    }

    /// The extents it was begun with.
    pub fn shape(&self) -> &Shape {
        self.slabs.shape()
    }

    /// How it is cut into chunks and blocks.
    pub fn grid(&self) -> &Grid {
        &self.slabs.header().grid
    }

    /// The extents that the array has got.
    pub fn final_shape(&self) -> Shape {
        self.slabs.final_shape()
    }

    /// Writes the elements of a box; `bytes` has them in C order, native-endian.
    ///
    /// # Errors
    /// As [`NewSlabs::write`].
    pub fn write(&self, start: &[usize], extent: &[usize], bytes: &[u8]) -> Result<()> {
        self.slabs.write(start, extent, bytes)
    }

    /// Makes all elements this value, in place of writing them; costs nothing.
    ///
    /// # Errors
    /// When some are written.
    pub fn fill(&self, value: Scalar) -> Result<()> {
        self.slabs.fill(value)
    }

    /// Gives the array its first extent, once, when that is known: not larger than that it was begun with.
    ///
    /// # Errors
    /// When it is larger.
    pub fn shorten(&self, rows: usize) -> Result<()> {
        self.slabs.shorten(rows)
    }

    /// Publishes it.
    ///
    /// # Errors
    /// When the system refuses, or elements are missing.
    pub fn finish(self) -> Result<()> {
        let header = self.slabs.header().clone();
        match self.place {
            Place::New(skeleton) => {
                let (slabs, _) = self.slabs.take()?;
                skeleton.finish(&State {
                    attributes: self.attributes,
                    slabs,
                    ..State::new(header)
                })
            }
            Place::There(mut dataset) => {
                dataset.stage(self.slabs)?;
                for (name, value) in self.attributes {
                    dataset.stage_change(Change::Attribute(name, Some(value)), None);
                }
                dataset.commit().map(|_| ())
            }
        }
    }
}

/// The folder of a dataset that has no version yet, under a hidden name.
#[derive(Debug)]
pub(super) struct Skeleton {
    disk: Arc<dyn Disk>,
    folder: PendingFolder,
}

impl Skeleton {
    /// Begins the dataset that will be at `path`, where nothing is.
    ///
    /// # Errors
    /// When something is there, or the system refuses.
    pub(super) fn begin(disk: Arc<dyn Disk>, path: &Path) -> Result<Self> {
        let folder = PendingFolder::create_on(Arc::clone(&disk), path)?;
        folder.write(format::NAME, format::text().as_bytes())?;
        for name in [DATA, META] {
            disk.create_folder(&folder.path().join(name))
                .map_err(|cause| failed(&format!("create {name} in"), path, cause))?;
        }
        Ok(Self { disk, folder })
    }

    /// Where its files go.
    pub(super) fn yard(&self) -> Yard {
        Yard {
            disk: Arc::clone(&self.disk),
            root: self.folder.path().to_path_buf(),
            // Nobody else knows of it.
            guard: None,
        }
    }

    /// Publishes its first version, and gives it its name.
    ///
    /// # Errors
    /// When the system refuses, or somebody else was faster.
    pub(super) fn finish(self, state: &State) -> Result<()> {
        state.layout()?;
        let stamp = Stamp {
            version: 1,
            previous: Default::default(),
            time: now(),
            generation: state.generation,
        };
        let bytes = checkpoint(stamp, state).encode()?;
        let published =
            Local::new(Arc::clone(&self.disk), self.folder.path()).publish(1, &bytes)?;
        debug_assert_eq!(published, Outcome::Won, "nobody else knows of it");
        let data = self.folder.path().join(DATA);
        self.disk
            .sync_folder(&data)
            .map_err(|cause| failed("flush", &data, cause))?;
        self.folder.finish()
    }
}
