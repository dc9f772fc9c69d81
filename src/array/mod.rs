//! In: a file or memory. Out: one [`Array`] type: dtype, shape, and a way to get at its elements.
//! Never: expressions.

mod append;
mod element;
mod memory;
#[cfg(feature = "ndarray")]
mod ndarray;
mod fortran;
mod left_out;
pub(crate) mod gather;
pub mod npy;
mod open;
mod operand;
mod output;
mod rechunk;

use std::any::Any;
use std::path::Path;
use std::sync::Arc;

use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::PAGE_BYTES;
use crate::store::dataset::DatasetArray;
use crate::store::write::Extras;
use crate::store::{LinearArray, StoredArray, ZoneMap, normalise_bools};
use crate::types::{DType, Grid, Scalar, Shape, Zone};
use fortran::Fortran;
use left_out::Soundness;
use memory::Memory;
use npy::{NpyFile, Order};

pub use crate::store::{DecodeCounts, DecodeScratch};
pub use element::Element;
pub(crate) use element::element_bytes_mut;
pub use left_out::LeftOut;
pub use open::OpenOptions;
pub use output::{OutputFile, SaveOptions};
pub use rechunk::WriteBox;

/// An n-d array that expressions can read: its dtype, its shape, and where its elements are.
/// Cheap to clone; `'a` is the lifetime of memory it borrows (`'static` for files and owned data).
///
/// ```
/// use fuseblock::Array;
///
/// let data = [1.0f64, 2.0, 3.0, 4.0, 5.0, 6.0];
/// let array = Array::from_slice(&data, &[2, 3])?;
/// assert_eq!(array.shape().to_string(), "(2, 3)");
/// assert_eq!(array.dtype().name(), "float64");
/// # Ok::<(), fuseblock::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Array<'a> {
    dtype: DType,
    shape: Shape,
    place: Place<'a>,
    /// What is left out of it.
    left_out: Option<Arc<LeftOut>>,
}

/// Where the elements are.
#[derive(Clone, Debug)]
enum Place<'a> {
    Memory(Memory<'a>),
    Stored(Arc<StoredArray>),
    Linear(Arc<LinearArray>),
    Npy(Arc<NpyFile>),
    Fortran(Arc<Fortran>),
    Soundness(Arc<Soundness>),
    Dataset(Arc<DatasetArray>),
    Lazy(Arc<dyn Lazy>),
}

/// Blocks of an array that is computed when it is read.
pub(crate) trait Lazy: Blocks {
    /// How it is cut where somebody wants blocks.
    fn grid(&self) -> &Grid;
    /// It, for those who know what it is.
    fn as_any(&self) -> &dyn Any;
}

/// How an array's elements can be reached.
#[derive(Clone, Copy, Debug)]
pub enum Layout<'l> {
    /// In memory: element `i` starts at byte `offset + sum(i[axis] * strides[axis])` of `bytes`,
    /// in native byte order. Bools are bytes 0 and 1.
    Resident {
        /// The memory that holds every element.
        bytes: &'l [u8],
        /// Byte position of element (0, 0, ...).
        offset: usize,
        /// Bytes between neighbours along each axis; may be negative or 0.
        strides: &'l [isize],
    },
    /// In blocks: compressed ones, or those that a file in Fortran order is read in.
    Blocks(&'l Grid, &'l dyn Blocks),
    /// In a file or in chunks, one after the other in C order, read by position.
    Runs(&'l dyn Runs),
}

/// A source of decoded blocks.
pub trait Blocks: Send + Sync + std::fmt::Debug {
    /// Decodes block `block` (C order among the blocks of its chunk) of chunk `chunk` (C order
    /// among the chunks) into `dst`, which has exactly the bytes of a block, padding included,
    /// native byte order.
    ///
    /// # Errors
    /// When the block is damaged or cannot be read, or does not exist, or `dst` has another
    /// length.
    fn decode(
        &self,
        chunk: usize,
        block: usize,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()>;

    /// The value that every element of chunk `chunk` has (not its padding), where that is known
    /// from the chunk's metadata alone. Costs no more than the first block of the chunk would.
    ///
    /// # Errors
    /// When the chunk's metadata is damaged or cannot be read.
    fn constant(&self, chunk: usize, scratch: &mut DecodeScratch) -> Result<Option<Scalar>>;

    /// Whether [`Blocks::same_over`] may know of boxes of many blocks.
    fn has_spans(&self) -> bool {
        false
    }

    /// The value of every element of a box, in elements, where that is known at once however large the box is.
    fn same_over(&self, start: &[usize], extent: &[usize]) -> Option<Scalar> {
        let _ = (start, extent);
        None
    }

    /// What is known, without decoding it, of the elements of block `block` of chunk `chunk`: of all but padding, and
    /// of no other. By default nothing.
    ///
    /// # Errors
    /// When what is known of them is damaged or cannot be read.
    fn zone(
        &self,
        chunk: usize,
        block: usize,
        scratch: &mut DecodeScratch,
    ) -> Result<Option<Zone>> {
        let _ = (chunk, block, scratch);
        Ok(None)
    }
}

/// A source of elements read by position.
pub trait Runs: Send + Sync + std::fmt::Debug {
    /// Reads the elements `first ..` in C order into `dst`, a whole number of elements, native
    /// byte order. The range lies inside the array.
    ///
    /// # Errors
    /// When the file cannot be read, or the range does not lie inside the array.
    fn read(&self, first: usize, scratch: &mut DecodeScratch, dst: &mut [u8]) -> Result<()>;

    /// Bytes that a read had better have, because it costs about as much to read fewer: a page of
    /// a file, a block of a chunk.
    fn grain(&self) -> usize {
        PAGE_BYTES
    }

    /// The dtype string of the file, where it declares one.
    fn declared_dtype(&self) -> Option<&str> {
        None
    }
}

impl<'a> Array<'a> {
    /// The dtype of the elements.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The dtype string of the file, where it declares one: also where items were opened as
    /// something else.
    pub fn declared_dtype(&self) -> Option<&str> {
        match &self.place {
            Place::Stored(stored) => stored.declared().declared_text(),
            Place::Linear(linear) => linear.declared_dtype(),
            Place::Npy(file) => file.declared_dtype(),
            Place::Fortran(fortran) => fortran.declared_dtype(),
            Place::Memory(_) | Place::Soundness(_) | Place::Dataset(_) | Place::Lazy(_) => None,
        }
    }

    /// The shape; empty for a 0-d array.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// How the array is cut into chunks and blocks, where it is.
    pub fn grid(&self) -> Option<&Grid> {
        match &self.place {
            Place::Stored(stored) => Some(stored.grid()),
            Place::Linear(linear) => linear.grid(),
            Place::Fortran(fortran) => Some(fortran.grid()),
            Place::Soundness(soundness) => Some(soundness.grid()),
            Place::Dataset(dataset) => Some(dataset.grid()),
            Place::Lazy(lazy) => Some(lazy.grid()),
            Place::Memory(_) | Place::Npy(_) => None,
        }
    }

    /// The same as if nothing was left out of it: to see what a program makes of it.
    pub(crate) fn as_if_whole(&self) -> Self {
        Self {
            left_out: None,
            ..self.clone()
        }
    }

    /// What is left out of it, if it was opened with [`OpenOptions::skip_damaged`] and has damaged chunks.
    pub fn left_out(&self) -> Option<&LeftOut> {
        self.left_out.as_deref()
    }

    /// Where it is noted what is known of its blocks.
    pub fn zone_map(&self) -> ZoneMap {
        match &self.place {
            Place::Stored(stored) => stored.frame().zone_map(),
            Place::Memory(_)
            | Place::Linear(_)
            | Place::Npy(_)
            | Place::Fortran(_)
            | Place::Soundness(_)
            | Place::Lazy(_) => ZoneMap::None,
            Place::Dataset(_) => ZoneMap::Inside,
        }
    }

    /// Why the zone map beside its file does not count, where one does not. Reads nothing.
    pub(crate) fn ignored_zone_map(&self) -> Option<&str> {
        match &self.place {
            Place::Stored(stored) => stored.frame().ignored_zone_map(),
            Place::Memory(_)
            | Place::Linear(_)
            | Place::Npy(_)
            | Place::Fortran(_)
            | Place::Soundness(_)
            | Place::Lazy(_)
            | Place::Dataset(_) => None,
        }
    }

    /// The metalayers of the frame that an n-d array is stored in, or the attributes of a dataset, for another one of its
    /// elements; none of any other array.
    ///
    /// # Errors
    /// When they are damaged.
    pub fn extras(&self) -> Result<Extras> {
        match &self.place {
            Place::Stored(stored) => stored.extras(),
            Place::Dataset(dataset) => Ok(dataset.extras()),
            Place::Memory(_)
            | Place::Linear(_)
            | Place::Npy(_)
            | Place::Fortran(_)
            | Place::Soundness(_)
            | Place::Lazy(_) => Ok(Extras::default()),
        }
    }

    /// What computes it, where it is computed when it is read.
    pub(crate) fn as_computed(&self) -> Option<&dyn Any> {
        match &self.place {
            Place::Lazy(lazy) => Some(lazy.as_any()),
            Place::Memory(_)
            | Place::Stored(_)
            | Place::Linear(_)
            | Place::Npy(_)
            | Place::Fortran(_)
            | Place::Soundness(_)
            | Place::Dataset(_) => None,
        }
    }

    /// How the elements can be reached.
    pub fn layout(&self) -> Layout<'_> {
        match &self.place {
            Place::Memory(memory) => memory.layout(),
            Place::Stored(stored) => Layout::Blocks(stored.grid(), &**stored),
            Place::Linear(linear) => match linear.grid() {
                Some(grid) => Layout::Blocks(grid, &**linear),
                None => Layout::Runs(&**linear),
            },
            Place::Npy(file) => Layout::Runs(&**file),
            Place::Fortran(fortran) => Layout::Blocks(fortran.grid(), &**fortran),
            Place::Soundness(soundness) => Layout::Blocks(soundness.grid(), &**soundness),
            Place::Dataset(dataset) => Layout::Blocks(dataset.grid(), &**dataset),
            Place::Lazy(lazy) => Layout::Blocks(lazy.grid(), &**lazy),
        }
    }

    /// Borrows a slice as an array of `shape`, in C order.
    ///
    /// # Errors
    /// When the slice has another number of elements than the shape.
    pub fn from_slice<T: Element>(data: &'a [T], shape: &[usize]) -> Result<Self> {
        let shape = checked_shape(shape, Some(data.len()))?;
        let memory = Memory::borrowed(element::bytes_of(data), T::DTYPE, &shape);
        Ok(Self::resident(T::DTYPE, shape, memory))
    }

    /// Borrows elements anywhere in `bytes`: element (0, 0, ...) starts at byte `offset`,
    /// neighbours along an axis are `strides[axis]` bytes apart (negative and 0 are fine).
    ///
    /// # Errors
    /// When an element would lie outside of `bytes`, or bools are other bytes than 0 and 1.
    pub fn from_strided(
        dtype: DType,
        bytes: &'a [u8],
        shape: &[usize],
        offset: usize,
        strides: &[isize],
    ) -> Result<Self> {
        let shape = checked_shape(shape, None)?;
        if dtype.is_bool() && bytes.iter().any(|&byte| byte > 1) {
            let message = "bools in memory must be bytes 0 or 1";
            return Err(Error::new(ErrorKind::Argument, Code::WrongBuffer, message));
        }
        let memory = Memory::strided(bytes, dtype, &shape, offset, strides)?;
        Ok(Self::resident(dtype, shape, memory))
    }

    /// For an array in memory: the elements from index `first` on under another shape, neighbours
    /// along an axis `strides[axis]` bytes apart; `None` where one would lie outside.
    pub(crate) fn restrided(
        &self,
        first: &[usize],
        shape: &Shape,
        strides: &[isize],
    ) -> Option<Self> {
        let Place::Memory(memory) = &self.place else {
            return None;
        };
        let memory = memory.restrided(self.dtype, first, shape, strides)?;
        Some(Self::resident(self.dtype, shape.clone(), memory))
    }

    fn resident(dtype: DType, shape: Shape, memory: Memory<'a>) -> Self {
        Self {
            dtype,
            shape,
            place: Place::Memory(memory),
            left_out: None,
        }
    }
}

impl Array<'static> {
    /// Opens an array file or directory: a Blosc2 frame (`.b2nd`, `.b2frame`, contiguous or
    /// sparse), a `.npy` file, a Bloscpack file (`.blp`), a zip file with one of these in it, the
    /// directory of a bcolz or BLZ array, or a column of such a table (`table/column`), the newest
    /// version of a dataset (`.fbd`), told apart by what is in them.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, or holds something that expressions cannot
    /// compute with; the error says which.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::options().open(path)
    }

    /// How to open a file in another way: with items of another dtype or as bytes, from an offset
    /// on, or within limits, because its author is not trusted.
    pub fn options() -> OpenOptions {
        OpenOptions::default()
    }

    /// As [`Array::open`], with items taken as `dtype` whatever the file declares.
    ///
    /// # Errors
    /// As [`Array::open`], and when items have another size.
    pub fn open_as(path: impl AsRef<Path>, dtype: DType) -> Result<Self> {
        Self::options().dtype(dtype).open(path)
    }

    /// As [`Array::open`], with items taken as their bytes: see [`OpenOptions::bytes`].
    ///
    /// # Errors
    /// As [`Array::open`], whatever the dtype.
    pub fn open_bytes(path: impl AsRef<Path>) -> Result<Self> {
        Self::options().bytes().open(path)
    }

    /// Opens the array that begins at byte `offset` of a file: a frame that was appended to it.
    ///
    /// # Errors
    /// As [`Array::open`].
    pub fn open_at(path: impl AsRef<Path>, offset: u64) -> Result<Self> {
        Self::options().offset(offset).open(path)
    }

    /// Opens an array file's content that is in memory already: a Blosc2 cframe, for example.
    ///
    /// # Errors
    /// As [`Array::open`].
    pub fn from_file_bytes(bytes: Vec<u8>) -> Result<Self> {
        Self::options().from_file_bytes(bytes)
    }

    /// An array that is computed when it is read.
    pub(crate) fn computed(dtype: DType, shape: Shape, lazy: Arc<dyn Lazy>) -> Self {
        Self {
            dtype,
            shape,
            place: Place::Lazy(lazy),
            left_out: None,
        }
    }

    fn npy(file: NpyFile) -> Self {
        let (dtype, shape) = (file.dtype(), file.shape().clone());
        match file.order() {
            Order::C => Self {
                dtype,
                shape,
                place: Place::Npy(Arc::new(file)),
                left_out: None,
            },
            order @ (Order::Fortran | Order::FortranBytes) => {
                Self::fortran(Arc::new(file), order, dtype, shape)
            }
        }
    }

    /// Elements that `runs` has in another order than C order.
    fn fortran(runs: Arc<dyn Runs>, order: Order, dtype: DType, shape: Shape) -> Self {
        let fortran = match order {
            Order::FortranBytes => Fortran::of_bytes(runs, &shape),
            Order::C | Order::Fortran => Fortran::new(runs, &shape, dtype),
        };
        Self {
            dtype,
            shape,
            place: Place::Fortran(Arc::new(fortran)),
            left_out: None,
        }
    }

    fn linear(linear: LinearArray) -> Self {
        Self {
            dtype: linear.dtype(),
            shape: linear.shape().clone(),
            place: Place::Linear(Arc::new(linear)),
            left_out: None,
        }
    }

    /// An array of `shape` that owns its elements, in C order.
    ///
    /// # Errors
    /// When there are not as many elements as the shape has.
    pub fn from_vec<T: Element>(data: Vec<T>, shape: &[usize]) -> Result<Self> {
        let shape = checked_shape(shape, Some(data.len()))?;
        let memory = Memory::owned(Arc::new(data), T::DTYPE, &shape);
        Ok(Self::resident(T::DTYPE, shape, memory))
    }

    /// An array of `shape` that owns its elements as native-endian bytes in C order.
    ///
    /// # Errors
    /// When there are not as many bytes as the elements take.
    pub fn from_bytes(dtype: DType, shape: &[usize], mut bytes: Vec<u8>) -> Result<Self> {
        let whole = bytes.len().is_multiple_of(dtype.size());
        let elems = if whole {
            bytes.len() / dtype.size()
        } else {
            return Err(Error::new(
                ErrorKind::Argument,
                Code::WrongBuffer,
                format!(
                    "{} bytes are no whole number of {dtype} elements",
                    bytes.len()
                ),
            ));
        };
        let shape = checked_shape(shape, Some(elems))?;
        if dtype.is_bool() {
            normalise_bools(&mut bytes);
        }
        let memory = Memory::owned(Arc::new(bytes), dtype, &shape);
        Ok(Self::resident(dtype, shape, memory))
    }

    /// A 0-d array of one value.
    pub fn scalar(value: Scalar) -> Self {
        let mut bytes = Vec::with_capacity(8);
        value.write(&mut bytes);
        let memory = Memory::owned(Arc::new(bytes), value.dtype(), &Shape::scalar());
        Self::resident(value.dtype(), Shape::scalar(), memory)
    }
}

impl Blocks for StoredArray {
    fn decode(
        &self,
        chunk: usize,
        block: usize,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        StoredArray::decode(self, chunk, block, scratch, dst)
    }

    fn constant(&self, chunk: usize, scratch: &mut DecodeScratch) -> Result<Option<Scalar>> {
        StoredArray::constant(self, chunk, scratch)
    }

    fn zone(
        &self,
        chunk: usize,
        block: usize,
        scratch: &mut DecodeScratch,
    ) -> Result<Option<Zone>> {
        StoredArray::zone(self, chunk, block, scratch)
    }
}

impl Blocks for DatasetArray {
    fn decode(
        &self,
        chunk: usize,
        block: usize,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        DatasetArray::decode(self, chunk, block, scratch, dst)
    }

    fn has_spans(&self) -> bool {
        DatasetArray::has_spans(self)
    }

    fn same_over(&self, start: &[usize], extent: &[usize]) -> Option<Scalar> {
        DatasetArray::same_over(self, start, extent)
    }

    fn constant(&self, chunk: usize, scratch: &mut DecodeScratch) -> Result<Option<Scalar>> {
        DatasetArray::constant(self, chunk, scratch)
    }

    fn zone(
        &self,
        chunk: usize,
        block: usize,
        scratch: &mut DecodeScratch,
    ) -> Result<Option<Zone>> {
        DatasetArray::zone(self, chunk, block, scratch)
    }
}

impl Blocks for LinearArray {
    fn decode(
        &self,
        chunk: usize,
        block: usize,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        LinearArray::decode(self, chunk, block, scratch, dst)
    }

    fn constant(&self, chunk: usize, scratch: &mut DecodeScratch) -> Result<Option<Scalar>> {
        LinearArray::constant(self, chunk, scratch)
    }
}

impl Runs for LinearArray {
    fn read(&self, first: usize, scratch: &mut DecodeScratch, dst: &mut [u8]) -> Result<()> {
        LinearArray::read(self, first, scratch, dst)
    }

    fn grain(&self) -> usize {
        LinearArray::grain(self).unwrap_or(PAGE_BYTES)
    }

    fn declared_dtype(&self) -> Option<&str> {
        self.declared().declared_text()
    }
}

/// A shape within the limits and, where `elems` says how many elements there are, of that many.
fn checked_shape(extents: &[usize], elems: Option<usize>) -> Result<Shape> {
    let shape = Shape::new(extents);
    if !shape.ndim_allowed() {
        return Err(Error::new(
            ErrorKind::Limit,
            Code::TooManyAxes,
            format!(
                "the shape has {} axes; at most {} are allowed",
                shape.ndim(),
                crate::limits::MAX_NDIM
            ),
        ));
    }
    let wanted = shape.checked_elems();
    let fits = match elems {
        Some(elems) => wanted == Some(elems),
        None => wanted.is_some(),
    };
    if fits {
        return Ok(shape);
    }
    let message = match (wanted, elems) {
        (Some(wanted), Some(elems)) => {
            format!("shape {shape} has {wanted} elements, but {elems} are given")
        }
        (Some(_) | None, _) => format!("shape {shape} has more elements than memory can count"),
    };
    Err(Error::new(ErrorKind::Argument, Code::WrongBuffer, message))
}

#[cfg(test)]
mod tests;
