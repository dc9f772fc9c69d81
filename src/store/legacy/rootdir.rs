//! In: the directory of a BLZ, carray or bcolz array. Out: the array: its rows, a file a chunk.
//! Never: a number of rows but that in `meta/sizes`; a pickle opened.

use super::header::{FileHeader, SHORT_BYTES};
use super::index::chunk_header;
use super::{bad, damaged, json_file, resolve, shape_of};
use crate::error::Result;
use crate::limits::MAX_BLOSC1_BYTES;
use crate::store::cache::{Container, Loaded};
use crate::store::chunk::{self, Chunk, Expected};
use crate::store::dtype::{FileDType, Items};
use crate::store::file::{Source, unsupported};
use crate::store::folder::Folder;
use crate::store::linear::{Lengths, LinearArray};
use crate::store::literal::Literal;
use crate::store::read_limits::ReadLimits;
use crate::store::scratch::DecodeScratch;
use crate::types::Shape;

/// An open array directory.
#[derive(Debug)]
pub struct Rootdir {
    folder: Folder,
    dtype: FileDType,
    shape: Shape,
    chunklen: usize,
}

/// Files in a directory's `data`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChunkFiles {
    /// Bytes of those that hold rows.
    pub bytes: u64,
    /// How many others there are: trimmed arrays leave some behind.
    pub stale: u64,
}

const SIZES: &str = "meta/sizes";
const STORAGE: &str = "meta/storage";

impl Rootdir {
    /// Whether `folder` is the directory of an array, complete or not.
    pub fn is_at(folder: &Folder) -> bool {
        folder.has(STORAGE) || folder.has(SIZES)
    }

    /// Reads what the directory says of its array.
    ///
    /// # Errors
    /// When one of its files is missing or damaged.
    pub fn open(folder: Folder) -> Result<Self> {
        let storage = folder.file(STORAGE)?;
        let described = json_file(&storage, STORAGE).and_then(|dict| {
            let described = (dtype_of(&dict)?, chunklen_of(&dict)?);
            Ok(described)
        });
        let (dtype, chunklen) = described.map_err(|error| storage.blame(error))?;
        let sizes = folder.file(SIZES)?;
        let shape = json_file(&sizes, SIZES)
            .and_then(|dict| shape_of(&dict, SIZES))
            .and_then(|shape| match shape.ndim() {
                0 => Err(damaged(format!("the {SIZES} count no rows"))),
                _ => Ok(shape),
            });
        Ok(Self {
            shape: shape.map_err(|error| sizes.blame(error))?,
            folder,
            dtype,
            chunklen,
        })
    }

    /// The dtype of its elements.
    pub fn dtype(&self) -> &FileDType {
        &self.dtype
    }

    /// Its shape; the first axis counts rows.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Rows of every chunk but the last.
    pub fn chunklen(&self) -> usize {
        self.chunklen
    }

    /// Where it is.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Whether its elements are Python objects, which have a file each.
    pub fn has_objects(&self) -> bool {
        self.dtype.text() == "object"
    }

    /// Number of chunks that hold rows.
    pub fn chunks(&self) -> usize {
        let rows = self.shape[0];
        match self.row_bytes() {
            _ if self.has_objects() => rows,
            Some(0) => 0,
            Some(_) | None => rows.div_ceil(self.chunklen),
        }
    }

    /// Bytes of a row, where the dtype says how long an element is.
    pub fn row_bytes(&self) -> Option<usize> {
        let row = Shape::new(&self.shape[1..]).checked_elems()?;
        row.checked_mul(self.dtype.itemsize()?)
    }

    /// The number of the file of chunk `number`, and the chunk's header.
    ///
    /// # Errors
    /// When its file is missing, cannot be read or is damaged.
    pub fn chunk_header(&self, number: usize) -> Result<(u64, chunk::Header)> {
        let source = self.open_chunk(number as u64)?;
        check_header(&source)?;
        let header = chunk_header(&source, SHORT_BYTES as u64, source.len_bytes())?;
        Ok((number as u64, header))
    }

    /// Looks at the files of chunks.
    ///
    /// # Errors
    /// When the directory of chunks cannot be read.
    pub fn chunk_files(&self) -> Result<ChunkFiles> {
        let mut files = ChunkFiles::default();
        let chunks = self.chunks() as u64;
        if !self.folder.has("data") {
            return Ok(files);
        }
        self.folder.each_file("data", |name, bytes| {
            match number_of(name).filter(|&number| number < chunks) {
                Some(_) => files.bytes = files.bytes.saturating_add(bytes),
                None => files.stale += 1,
            }
        })?;
        Ok(files)
    }

    /// The array.
    ///
    /// # Errors
    /// When its elements cannot be computed with, are more than `limits` allow, or its first chunk
    /// is damaged or missing.
    pub fn into_array(self, items: Items, limits: &ReadLimits) -> Result<LinearArray> {
        let path = self.folder.path().to_path_buf();
        self.into_array_inner(items, limits)
            .map_err(|error| error.with_path(&path))
    }

    fn into_array_inner(self, items: Items, limits: &ReadLimits) -> Result<LinearArray> {
        if self.has_objects() {
            let message = "the array holds Python objects, each pickled in a file of its own";
            return Err(unsupported(message).with_help("pickles can run code; none is opened"));
        }
        let (format, shape) = resolve(&self.dtype, &self.shape, items)?;
        let chunk = self
            .row_bytes()
            .and_then(|bytes| bytes.checked_mul(self.chunklen))
            .filter(|&bytes| bytes <= MAX_BLOSC1_BYTES);
        let Some(chunk) = chunk else {
            return Err(damaged(format!(
                "chunks of {} rows of shape {} and dtype {} are longer than chunks can be",
                self.chunklen, self.shape, self.dtype
            )));
        };
        let chunks = self.chunks() as u64;
        limits.check_array(chunks.saturating_mul(chunk as u64), self.chunks())?;
        // A last chunk may have room for the rows that were to come.
        let lengths = Lengths::Uniform { chunk, slack: true };
        let declared = self.dtype.clone();
        let array = LinearArray::new(Box::new(self), lengths, 1, format, shape, limits)?;
        Ok(array.with_declared(declared))
    }

    fn open_chunk(&self, number: u64) -> Result<Source> {
        self.folder
            .numbered(number, || format!("data/__{number}.blp"))
    }
}

impl Container for Rootdir {
    fn load(
        &self,
        number: usize,
        expected: &Expected<'_>,
        _scratch: &mut DecodeScratch,
    ) -> Result<Loaded> {
        let home = number as u64;
        let source = self.open_chunk(home)?;
        check_header(&source)?;
        let (start, end) = (SHORT_BYTES as u64, source.len_bytes());
        let chunk = Chunk::load(&source, start, end, expected)?;
        Ok(Loaded { chunk, home })
    }

    fn source(&self, home: u64) -> Result<Source> {
        self.open_chunk(home)
    }
}

/// Checks the header of a chunk's file: it is that of a Bloscpack file with one chunk.
fn check_header(source: &Source) -> Result<()> {
    let header = FileHeader::read(source)?;
    if header.version == 1 && matches!(header.chunks, Some(1) | None) {
        return Ok(());
    }
    let message = format!(
        "the file of a chunk has format version {} and {} chunks, not version 1 and one chunk",
        header.version,
        header.chunks.map_or("uncounted".into(), |n| n.to_string())
    );
    Err(source.blame(bad(message)))
}

/// The number in the name of a chunk's file.
fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("__")?.strip_suffix(".blp")?;
    let number = digits.parse().ok()?;
    // One spelling a number: no sign, no zeros before it.
    (digits == u64::to_string(&number)).then_some(number)
}

fn dtype_of(storage: &Literal) -> Result<FileDType> {
    let text = storage.get("dtype").and_then(Literal::as_str);
    text.map(FileDType::parse)
        .ok_or_else(|| damaged(format!("the {STORAGE} has no dtype")))
}

fn chunklen_of(storage: &Literal) -> Result<usize> {
    let rows = storage.get("chunklen").and_then(Literal::as_usize);
    rows.filter(|&rows| rows > 0)
        .ok_or_else(|| damaged(format!("the {STORAGE} has no number of rows of a chunk")))
}
