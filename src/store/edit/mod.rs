//! In: an n-d array in a contiguous frame, and changes to it. Out: the same file with the changes, all of
//! those of a commit or none of them, whatever happens.
//! Never: a byte overwritten that the last commit needs; a change that is durable in part.
//!
//! Copy on write: chunks that change are written behind the end of the frame, then a new index and a new
//! trailer; when they are durable, one write of the header, within one sector of the disk, makes them the
//! frame's. What was there before becomes dead bytes among the chunks, which the format allows, and readers
//! who opened the file before go on with what they saw.

mod anew;
mod attributes;
mod commit;
mod dirty;
mod lock;
mod resize;
mod seal;
mod upkeep;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::boxes::{cells, dot, each};
use super::disk::{Disk, DiskFile, System};
use super::dtype::Items;
use super::file::{Source, unsupported};
use super::frame::{Frame, FrameHeader};
use super::meta::{B2nd, NAMES};
use super::pending::failed;
use super::scratch::DecodeScratch;
use super::seal::{ChunkSeal, LAYER, Verify};
use super::stored::{describe, own_data};
use super::write::{ArrayWriter, Layout, Options};
use super::write::{FrameBytes, Given, ItemType, Layer};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_DIRTY_BYTES, MAX_EDITED_CHUNKS};
use crate::types::{DType, Grid, Shape};

pub(in crate::store) use anew::Anew;
pub(in crate::store) use lock::Lock;
pub use upkeep::{Compacted, compact, seal};

/// An array in a `.b2nd` file that is being changed, by this handle alone. Changes are seen by others, and
/// survive, from [`ArrayFile::commit`] on; without one they never were.
///
/// ```
/// use fuseblock::store::edit::ArrayFile;
/// use fuseblock::store::write::{Options, grid_for};
/// use fuseblock::{Array, DType, Shape};
///
/// let folder = tempfile::tempdir().expect("a folder");
/// let path = folder.path().join("log.b2nd");
/// let shape = Shape::new(&[0, 3]);
/// let grid = grid_for(&shape, 8, None, None)?;
/// let mut file = ArrayFile::create(&path, DType::Float64, &shape, &grid, Options::default())?;
/// file.append(&[2, 3], &[0; 48])?;
/// file.commit()?;
/// assert_eq!(Array::open(&path)?.shape().to_string(), "(2, 3)");
/// # Ok::<(), fuseblock::Error>(())
/// ```
#[derive(Debug)]
pub struct ArrayFile {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    file: Box<dyn DiskFile>,
    lock: Lock,
    /// What is committed.
    frame: Frame,
    /// The file as far as it is written, what is not committed included.
    source: Source,
    header: FrameBytes,
    /// Where the header has the content of the array's metalayer.
    b2nd: usize,
    dtype: DType,
    options: Options,
    layout: Layout,
    /// How what is committed is cut.
    was: Layout,
    index: Vec<i64>,
    /// The chunks that are written and not committed, and their seals.
    written: BTreeMap<usize, ChunkSeal>,
    /// Where chunks have got other numbers since the last commit: the one that each had, if any.
    origin: Option<Vec<Option<usize>>>,
    /// The fewest chunks there were since the last commit: those beyond are new.
    lowest: usize,
    /// The metalayers of the trailer besides the seal, as their chunks.
    layers: Vec<Layer>,
    /// Where the next bytes go.
    end: u64,
    /// Chunks that have changed and are not written, decoded.
    dirty: BTreeMap<usize, Vec<u8>>,
    changed: bool,
    /// Whether all chunks are to be sealed, whatever was before.
    sealing: bool,
    poisoned: bool,
    scratch: DecodeScratch,
}

impl ArrayFile {
    /// Writes a new array of zeros, in place of what is at `path`, and opens it.
    ///
    /// # Errors
    /// As [`ArrayWriter::create`] and [`ArrayFile::open`].
    pub fn create(
        path: impl AsRef<Path>,
        dtype: DType,
        shape: &Shape,
        grid: &Grid,
        options: Options,
    ) -> Result<Self> {
        let write = |path: &Path| {
            ArrayWriter::create_locked(path, dtype, shape, grid, options)?.finish_with_zeros()
        };
        Self::open_made(path.as_ref(), write)
    }

    /// Opens the array at `path`; where nothing is there, writes a new one of zeros first.
    ///
    /// # Errors
    /// As [`ArrayFile::create`].
    pub fn open_or_create(
        path: impl AsRef<Path>,
        dtype: DType,
        shape: &Shape,
        grid: &Grid,
        options: Options,
    ) -> Result<Self> {
        let write = |path: &Path| match path.exists() {
            true => Ok(()),
            false => {
                ArrayWriter::create_locked(path, dtype, shape, grid, options)?.finish_with_zeros()
            }
        };
        Self::open_made(path.as_ref(), write)
    }

    /// Opens the file at `path` when `write` has made it, which has the lock: two processes that find nothing there do
    /// not write it one over the other.
    fn open_made(path: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<Self> {
        let path = &resolved(path);
        let lock = Lock::take(path)?;
        write(path)?;
        let how = (Verify::Always, Items::Declared);
        Self::open_locked(System::shared(), path, how, lock)
    }

    /// Opens the array at `path` to change it, and locks it: [`ErrorKind::Io`] if another process does.
    ///
    /// # Errors
    /// When it cannot be read or written, is damaged, no n-d array in a contiguous frame, or one that this
    /// version does not write: of another byte order, or with a codec or filter that it only reads or lacks.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_on(System::shared(), path.as_ref())
    }

    /// The same on a disk of the caller's: for tests of what one that fails leaves.
    #[doc(hidden)]
    pub fn open_on(disk: Arc<dyn Disk>, path: &Path) -> Result<Self> {
        Self::open_with(disk, path, Verify::Always, Items::Declared)
    }

    /// The same with other verification; as [`Items::Bytes`] for those who never encode an element, whatever it is.
    fn open_with(disk: Arc<dyn Disk>, path: &Path, verify: Verify, items: Items) -> Result<Self> {
        if path.is_dir() {
            let message = "a directory of chunks is not changed in place";
            return Err(unsupported(message).with_path(path));
        }
        let path = &resolved(path);
        // What is no frame gets no lock file.
        FrameHeader::read_bytes(&Source::open(path)?).map_err(|error| error.with_path(path))?;
        // Before it is read, so that nobody changes what was.
        let lock = Lock::take(path)?;
        Self::open_locked(disk, path, (verify, items), lock)
    }

    fn open_locked(
        disk: Arc<dyn Disk>,
        path: &Path,
        (verify, items): (Verify, Items),
        mut lock: Lock,
    ) -> Result<Self> {
        lock.follow(path)?;
        let source = Source::open(path)?;
        let frame = Frame::open(source.clone(), verify)?;
        let opened = Kept::read(&frame, items).map_err(|error| source.blame(error))?;
        let file = disk
            .open(path)
            .map_err(|cause| failed("open", path, cause))?;
        let Kept {
            header,
            b2nd,
            dtype,
            options,
            layout,
            index,
            layers,
        } = opened;
        Ok(Self {
            path: path.to_path_buf(),
            disk,
            file,
            lock,
            end: frame.header().frame_len,
            lowest: index.len(),
            written: BTreeMap::new(),
            origin: None,
            frame,
            source,
            header,
            b2nd,
            dtype,
            options,
            was: layout.clone(),
            layout,
            index,
            layers,
            dirty: BTreeMap::new(),
            changed: false,
            sealing: false,
            poisoned: false,
            scratch: DecodeScratch::default(),
        })
    }

    /// Element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Extents, changes included.
    pub fn shape(&self) -> &Shape {
        &self.layout.shape
    }

    /// How it is cut into chunks and blocks.
    pub fn grid(&self) -> &Grid {
        &self.layout.grid
    }

    /// Appends a box of `extent` along the first axis; `bytes` has its elements in C order, native-endian.
    ///
    /// # Errors
    /// When the box has other extents along the other axes than the array, or other bytes, and as
    /// [`ArrayFile::write`].
    pub fn append(&mut self, extent: &[usize], bytes: &[u8]) -> Result<()> {
        let shape = self.layout.shape.clone();
        let fits = match (extent.split_first(), shape.split_first()) {
            (Some((rows, row)), Some((before, own))) if row == own => before.checked_add(*rows),
            _ => None,
        };
        let Some(rows) = fits else {
            return Err(argument(format!(
                "an array of shape {} cannot be appended to one of shape {shape}",
                Shape::new(extent)
            ))
            .with_help("all extents but the first have to be the same"));
        };
        self.check_bytes(extent, bytes)?;
        let mut longer = shape.to_vec();
        longer[0] = rows;
        self.resize(&Shape::from(longer))?;
        let mut start = vec![0; shape.ndim()];
        start[0] = shape[0];
        self.write(&start, extent, bytes)
    }

    /// Overwrites a box; `bytes` has its elements in C order, native-endian.
    ///
    /// # Errors
    /// When the box does not lie inside the array or has other bytes, or a chunk that is changed in part
    /// cannot be read or written.
    pub fn write(&mut self, start: &[usize], extent: &[usize], bytes: &[u8]) -> Result<()> {
        self.check()?;
        let shape = &self.layout.shape;
        if !self.layout.has_box(start, extent) {
            return Err(argument(format!(
                "a box of {} at {} does not lie inside of {shape}",
                Shape::new(extent),
                Shape::new(start)
            )));
        }
        self.check_bytes(extent, bytes)?;
        if extent.contains(&0) {
            return Ok(());
        }
        self.changed = true;
        let given = Given::new(&self.layout, start, extent, bytes);
        let touched = cells(start, extent, &self.layout.grid.chunk);
        let counts = self.layout.counts.strides();
        // What is written in part is never committed.
        each(&touched, |cell| {
            self.write_chunk(dot(cell, &counts), &given)
        })
        .map_err(|error| self.poison(error))
    }

    /// Writes what a box has of one chunk.
    fn write_chunk(&mut self, chunk: usize, given: &Given<'_>) -> Result<()> {
        let region = self.layout.region(chunk);
        let whole = given.part_of(&region) == region.shape;
        let mut decoded = match (self.dirty.remove(&chunk), whole) {
            (Some(decoded), _) => decoded,
            (None, true) => vec![0; self.layout.chunk_bytes],
            (None, false) => self.load(chunk)?,
        };
        given.each_block(&self.layout, &region, |piece| {
            let at = piece.block * self.layout.block_bytes;
            piece.copy_into(&mut decoded[at..at + self.layout.block_bytes]);
            Ok(())
        })?;
        self.dirty.insert(chunk, decoded);
        if self.dirty.len().saturating_mul(self.layout.chunk_bytes) >= MAX_DIRTY_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Refuses to go on where a write has failed before, or the file is not what it was.
    fn check(&self) -> Result<()> {
        if !self.poisoned {
            return self.check_unchanged();
        }
        let message = "an earlier write to the file failed, so that nothing more is written to it";
        let error = Error::new(ErrorKind::Io, Code::WriteFailed, message).with_path(&self.path);
        Err(error.with_help("open it again: it has all that was committed"))
    }

    fn check_bytes(&self, extent: &[usize], bytes: &[u8]) -> Result<()> {
        if self.layout.box_bytes(extent) == Some(bytes.len()) {
            return Ok(());
        }
        Err(argument(format!(
            "a box of {} of {} has other than {} bytes",
            Shape::new(extent),
            self.dtype,
            bytes.len()
        )))
    }
}

/// What a frame has that an [`ArrayFile`] keeps.
struct Kept {
    header: FrameBytes,
    b2nd: usize,
    dtype: DType,
    options: Options,
    layout: Layout,
    index: Vec<i64>,
    layers: Vec<Layer>,
}

impl Kept {
    fn read(frame: &Frame, items: Items) -> Result<Self> {
        let header = frame.header();
        own_data(frame)?;
        let (meta, geometry) = describe(frame)?;
        let format = meta.dtype.resolve(items, geometry.itemsize)?;
        if format.swapped && format.dtype.size() > 1 {
            return Err(unsupported(
                "arrays of the other byte order are not changed in place",
            ));
        }
        let name = NAMES.iter().find_map(|name| header.metalayer(name));
        let b2nd = name.map_or(0, |layer| layer.at);
        if frame.chunks() > MAX_EDITED_CHUNKS {
            return Err(Error::new(
                ErrorKind::Limit,
                Code::TooLarge,
                format!(
                    "the array has {} chunks; of those that are changed {MAX_EDITED_CHUNKS} are the most",
                    frame.chunks()
                ),
            ));
        }
        let mut scratch = DecodeScratch::default();
        let entries =
            (0..frame.chunks()).map(|chunk| Ok(frame.entry(chunk, &mut scratch)?.word(header)));
        let index = entries.collect::<Result<Vec<_>>>()?;
        // A seal that holds is written anew; one that is broken is left for others to see.
        let sealed = frame.sealed().is_some();
        let layers = frame
            .vl_metalayers()
            .iter()
            .filter(|layer| !sealed || layer.name != LAYER);
        let layers = layers.map(|layer| {
            Ok(Layer {
                name: layer.name.clone(),
                content: frame.source().read_vec(layer.position, layer.cbytes)?,
            })
        });
        let layers = layers.collect::<Result<Vec<_>>>()?;
        let B2nd { shape, grid, .. } = meta;
        let item = ItemType {
            text: String::new(),
            size: geometry.itemsize,
        };
        // OK because headers that are read have at most MAX_FRAME_HEADER_BYTES.
        let header_len = usize::try_from(header.header_len).unwrap_or(usize::MAX);
        Ok(Self {
            header: FrameBytes::of(frame.source().read_vec(0, header_len)?),
            b2nd,
            dtype: format.dtype,
            options: match items {
                Items::Bytes => Options::of_frame(header).unwrap_or_default(),
                Items::Declared | Items::As(_) => Options::of_frame(header)?,
            },
            layout: Layout::new(item, &shape, &grid)?,
            index,
            layers,
        })
    }
}

/// What a link leads to, which has the lock.
fn resolved(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

fn argument(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Argument, Code::WriteFailed, message)
}
