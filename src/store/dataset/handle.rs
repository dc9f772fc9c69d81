//! In: a dataset, and changes to it. Out: the next version, once it is durable. Never: a lock that others wait for; a
//! version that somebody else has published written over.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::changes::{Change, replaced};
use super::guard::Guard;
use super::header::Header;
use super::publish::{Local, Publish};
use super::read::DatasetArray;
use super::root::Root;
use super::slab::{FileId, Slab, is_value};
use super::slabs::{NewSlabs, Purpose, Yard};
use super::snapshot::{Snapshot, State};
use super::writer::DatasetWriter;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_ATTRIBUTE_BYTES, MAX_VLMETALAYERS};
use crate::store::attributes::Attribute;
use crate::store::disk::{Disk, System};
use crate::store::read_limits::ReadLimits;
use crate::store::seal::Verify;
use crate::store::write::{self, check_name, grid_for};
use crate::types::{DType, Scalar, Shape};

/// Rows of which nothing is known yet.
const OPEN_ROWS: usize = 1 << 24;

/// What a new dataset is like.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct DatasetOptions {
    /// Codec, level, filters of its files.
    pub compression: write::Options,
    /// Extents of a chunk; by default of about 4 MiB.
    pub chunk: Option<Shape>,
    /// Extents of a block; by default of 128 to 256 KiB.
    pub block: Option<Shape>,
    /// Rows of a slab, rounded down to whole chunks but for one; by default those of about 256 MiB.
    pub slab_rows: Option<usize>,
}

/// A dataset that is being changed: a directory of Blosc2 files that are never changed themselves. Changes are seen by
/// others, and survive, from [`Dataset::commit`] on; without one they never were. Any number of processes may change a
/// dataset at a time: of two commits that do not touch the same, none is lost, whoever was faster.
///
/// ```
/// use fuseblock::store::dataset::{Dataset, DatasetOptions};
/// use fuseblock::{Array, DType, Scalar, Shape};
///
/// let folder = tempfile::tempdir().expect("a folder");
/// let path = folder.path().join("log.fbd");
/// // A hundred million zeros: no file is written for them.
/// let shape = Shape::new(&[1_000_000, 100]);
/// let options = DatasetOptions::default();
/// let mut dataset = Dataset::create(&path, DType::Float64, &shape, Scalar::Float64(0.0), &options)?;
/// dataset.append(&[2, 100], &[0; 1600])?;
/// dataset.set_attribute("unit", &"K".into())?;
/// assert_eq!(dataset.commit()?, 2);
/// assert_eq!(Array::open(&path)?.shape().to_string(), "(1000002, 100)");
/// # Ok::<(), fuseblock::Error>(())
/// ```
#[derive(Debug)]
pub struct Dataset {
    pub(super) root: Root,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) publish: Box<dyn Publish>,
    /// The version that the changes are made to.
    pub(super) snapshot: Snapshot,
    pub(super) changes: Vec<Change>,
    /// Files that no version has yet.
    pub(super) files: Vec<FileId>,
    /// Keeps them from being vacuumed.
    pub(super) guard: Option<Arc<Guard>>,
    pub(super) poisoned: bool,
}

impl Dataset {
    /// Makes a dataset of this shape, all of it `fill`, where nothing is yet.
    ///
    /// # Errors
    /// When something is at `path`, the shape has no axis, the grid does not fit, or the system refuses.
    pub fn create(
        path: impl AsRef<Path>,
        dtype: DType,
        shape: &Shape,
        fill: Scalar,
        options: &DatasetOptions,
    ) -> Result<Self> {
        Self::create_on(System::shared(), path.as_ref(), dtype, shape, fill, options)
    }

    /// The same on a disk of the caller's: for tests of what one that fails leaves.
    #[doc(hidden)]
    pub fn create_on(
        disk: Arc<dyn Disk>,
        path: &Path,
        dtype: DType,
        shape: &Shape,
        fill: Scalar,
        options: &DatasetOptions,
    ) -> Result<Self> {
        let bits = fill.bits();
        if fill.dtype() != dtype || !is_value(dtype, bits) {
            return Err(argument(format!(
                "a dataset of {dtype} cannot be filled with a {}",
                fill.dtype()
            )));
        }
        let (rows, header) = header_of(dtype, shape, options)?;
        let mut state = State::new(header);
        if rows > 0 {
            state.slabs.push(Slab::constant(rows, bits));
        }
        DatasetWriter::make(Arc::clone(&disk), path, &state)?;
        Self::open_on(disk, path)
    }

    /// Opens the newest version of the dataset at `path`, to change it.
    ///
    /// # Errors
    /// When there is none, it is damaged, or of a format that this version does not write.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_on(System::shared(), path.as_ref())
    }

    /// The same on a disk of the caller's: for tests of what one that fails leaves.
    #[doc(hidden)]
    pub fn open_on(disk: Arc<dyn Disk>, path: &Path) -> Result<Self> {
        let publish = Box::new(Local::new(Arc::clone(&disk), path));
        Self::open_with(disk, path, publish)
    }

    /// The same, published in another way.
    #[doc(hidden)]
    pub fn open_with(disk: Arc<dyn Disk>, path: &Path, publish: Box<dyn Publish>) -> Result<Self> {
        let root = Root::open(path)?;
        let snapshot = root.newest(None)?;
        Ok(Self {
            root,
            disk,
            publish,
            snapshot,
            changes: Vec::new(),
            files: Vec::new(),
            guard: None,
            poisoned: false,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.root.path()
    }

    /// The version that changes are made to: the one that was opened, or committed last.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Element type.
    pub fn dtype(&self) -> DType {
        self.snapshot.header().dtype
    }

    /// Extents, without changes that wait for their commit.
    pub fn shape(&self) -> &Shape {
        self.snapshot.shape()
    }

    /// Appends rows, a box of `extent`; `bytes` has their elements in C order, native-endian.
    ///
    /// # Errors
    /// When the box has other extents along the other axes than the array, or other bytes, or the system refuses.
    pub fn append(&mut self, extent: &[usize], bytes: &[u8]) -> Result<()> {
        let rows = self.rows_of(extent)?;
        let slabs = self.appending(rows)?;
        slabs.write(&vec![0; extent.len()], extent, bytes)?;
        self.stage(slabs)
    }

    /// Begins rows that are to be appended: for elements that come in parts, or from several threads.
    ///
    /// # Errors
    /// When there are too many, or an earlier commit has failed.
    pub fn appending(&mut self, rows: usize) -> Result<NewSlabs> {
        let at = self.snapshot.state.rows();
        self.begin(Purpose::Append, rows, at)
    }

    /// Replaces rows from row `first` on with a box of `extent`. Rows that are in files begin and end where files do;
    /// rows of one value may be cut anywhere, best where chunks begin.
    ///
    /// # Errors
    /// As [`Dataset::append`], and when there are no such rows, or a file would have to be cut.
    pub fn replace(&mut self, first: usize, extent: &[usize], bytes: &[u8]) -> Result<()> {
        let rows = self.rows_of(extent)?;
        let slabs = self.replacing(first..first.saturating_add(rows))?;
        slabs.write(&vec![0; extent.len()], extent, bytes)?;
        self.stage(slabs)
    }

    /// Begins rows that are to take the place of those that are there: for elements that come in parts, or from several
    /// threads. Others may replace other rows at the same time, also before this is committed.
    ///
    /// # Errors
    /// When there are no such rows, a file would have to be cut, or an earlier commit has failed.
    pub fn replacing(&mut self, rows: Range<usize>) -> Result<NewSlabs> {
        let all = self.snapshot.state.rows();
        if rows.start >= rows.end || rows.end > all {
            return Err(argument(format!(
                "rows {} to {} are to be replaced, of {all}",
                rows.start, rows.end
            )));
        }
        let fits = self
            .changed()
            .and_then(|state| replaced(&state.slabs, &rows, &[]));
        fits.map_err(|error| self.blame(error))?;
        let (count, at) = (rows.len(), rows.start);
        self.begin(Purpose::Replace(rows), count, at)
    }

    /// Begins rows for this purpose, of which the first is row `at`.
    pub(super) fn begin(&mut self, purpose: Purpose, rows: usize, at: usize) -> Result<NewSlabs> {
        self.check()?;
        let yard = self.yard()?;
        NewSlabs::begin(yard, self.snapshot.header(), purpose, rows, at)
    }

    /// Where files go, which are not vacuumed from now on.
    pub(super) fn yard(&mut self) -> Result<Yard> {
        let guard = match &self.guard {
            Some(guard) => Arc::clone(guard),
            None => Arc::new(Guard::writing(&self.root)?),
        };
        self.guard = Some(Arc::clone(&guard));
        Ok(Yard {
            disk: Arc::clone(&self.disk),
            root: self.root.path().to_path_buf(),
            guard: Some(guard),
        })
    }

    /// Makes rows that are complete a change that waits for its commit.
    ///
    /// # Errors
    /// When elements are missing or could not be written.
    pub fn stage(&mut self, slabs: NewSlabs) -> Result<()> {
        self.check()?;
        let purpose = slabs.purpose.clone();
        let header = slabs.header().clone();
        let (slabs, guard) = slabs.take()?;
        self.guard = self.guard.take().or(guard);
        self.files
            .extend(slabs.iter().filter_map(Slab::file).map(|file| file.id));
        self.changes.push(match purpose {
            Purpose::Append => Change::Append(slabs),
            Purpose::Replace(rows) => Change::Replace(rows, slabs),
            Purpose::Whole => Change::Whole(Box::new(State {
                slabs,
                ..State::new(header)
            })),
        });
        Ok(())
    }

    /// Makes a change that has no files of its own, or files that are there already.
    pub(super) fn stage_change(&mut self, change: Change, file: Option<FileId>) {
        self.files.extend(file);
        self.changes.push(change);
    }

    /// Whether changes wait for their commit.
    pub(super) fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Gives an attribute a value.
    ///
    /// # Errors
    /// When the name is empty, has more than 31 bytes or is one of frames' own, the value more than 64 MiB, or there are
    /// 8,192 attributes already.
    pub fn set_attribute(&mut self, name: &str, value: &Attribute) -> Result<()> {
        self.check()?;
        check_name(name)?;
        let bytes = value.encode();
        if bytes.len() > MAX_ATTRIBUTE_BYTES {
            return Err(argument(format!(
                "the value of `{name}` has {} bytes; at most {MAX_ATTRIBUTE_BYTES} are possible",
                bytes.len()
            )));
        }
        let attributes = &self.snapshot.state.attributes;
        if !attributes.contains_key(name) && attributes.len() >= MAX_VLMETALAYERS {
            return Err(argument(format!(
                "the dataset has {MAX_VLMETALAYERS} attributes, as many as are possible"
            )));
        }
        self.changes
            .push(Change::Attribute(name.to_string(), Some(bytes)));
        Ok(())
    }

    /// Removes an attribute, if there is one of this name.
    ///
    /// # Errors
    /// When an earlier commit has failed.
    pub fn remove_attribute(&mut self, name: &str) -> Result<()> {
        self.check()?;
        self.changes.push(Change::Attribute(name.to_string(), None));
        Ok(())
    }

    /// Its elements, as of [`Dataset::snapshot`].
    ///
    /// # Errors
    /// When there are more than `limits` allow.
    pub fn array(&self, verify: Verify, limits: &ReadLimits) -> Result<DatasetArray> {
        DatasetArray::open(
            Root::open(self.path())?,
            self.snapshot.clone(),
            Default::default(),
            verify,
            limits,
        )
    }

    /// The rows of a box that is as wide as the array.
    fn rows_of(&self, extent: &[usize]) -> Result<usize> {
        match extent.split_first() {
            Some((&rows, row)) if *row == *self.snapshot.header().row => Ok(rows),
            Some(_) | None => Err(argument(format!(
                "an array of shape {} has no place in one of shape {}",
                Shape::new(extent),
                self.shape()
            ))
            .with_help("all extents but the first have to be the same")),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        if !self.poisoned {
            return Ok(());
        }
        let message = "an earlier commit failed, so that nothing more is written";
        let error = Error::new(ErrorKind::Io, Code::WriteFailed, message).with_path(self.path());
        Err(error.with_help("open it again: it has all that was committed"))
    }

    pub(super) fn blame(&self, error: Error) -> Error {
        error.with_path(self.path())
    }
}

impl Drop for Dataset {
    fn drop(&mut self) {
        self.abandon();
    }
}

/// The rows and the rest of what an array of this shape is.
///
/// # Errors
/// When it has no axis, or its grid does not fit.
pub(super) fn header_of(
    dtype: DType,
    shape: &Shape,
    options: &DatasetOptions,
) -> Result<(usize, Header)> {
    let Some((&rows, row)) = shape.split_first() else {
        let error = argument("a value without axes cannot be a dataset".to_string());
        return Err(error.with_help(
            "a dataset is a list of rows: give it a first axis, or write a .b2nd file",
        ));
    };
    // Of those that are to grow, too, files are as large as what is appended at once.
    let extents = header_extents(rows, row);
    let grid = grid_for(
        &extents,
        dtype.size(),
        options.chunk.as_ref(),
        options.block.as_ref(),
    )?;
    let compression = &options.compression;
    let header = Header::new(
        dtype,
        &Shape::new(row),
        &grid,
        options.slab_rows,
        compression,
    )?;
    header.layout(rows)?;
    Ok((rows, header))
}

/// The extents that the grid is chosen for.
fn header_extents(rows: usize, row: &[usize]) -> Shape {
    let rows = if rows == 0 { OPEN_ROWS } else { rows };
    let extents = std::iter::once(rows).chain(row.iter().copied());
    extents.collect::<Vec<_>>().into()
}

pub(super) fn argument(message: String) -> Error {
    Error::new(ErrorKind::Argument, Code::WriteFailed, message)
}
