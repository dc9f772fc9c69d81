//! In: a `.npy` file, or elements for one. Out: runs of elements by position; or the file,
//! complete.
//! Never: the whole file in memory.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Instant;

use super::{DecodeScratch, Runs};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::store::ReadLimits;
use crate::store::boxes::each_run;
use crate::store::dtype::{ElementFormat, FileDType, Items};
use crate::store::file::Source;
use crate::store::npy::NpyHeader;
use crate::store::pending::PendingFile;
use crate::store::zip;
use crate::types::{DType, Shape};

/// An open `.npy` file.
#[derive(Debug)]
pub(super) struct NpyFile {
    source: Source,
    format: ElementFormat,
    declared: FileDType,
    shape: Shape,
    order: Order,
    data_start: u64,
}

/// The order in which a `.npy` file has its elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// C order.
    C,
    /// Fortran order, where that is another one.
    Fortran,
    /// Items in Fortran order, and their bytes one after the other.
    FortranBytes,
}

impl NpyFile {
    pub(super) fn open(source: Source, items: Items, limits: &ReadLimits) -> Result<Self> {
        let header = NpyHeader::read(&source)?;
        let bytes = source.len_bytes().saturating_sub(header.data_start);
        limits
            .check_array(bytes, 1)
            .map_err(|error| source.blame(error))?;
        let (format, shape) = header.resolve(&source, items)?;
        let order = match items {
            // Items without bytes have no order.
            _ if !header.transposed() || shape.contains(&0) => Order::C,
            Items::Declared | Items::As(_) => Order::Fortran,
            Items::Bytes => Order::FortranBytes,
        };
        Ok(Self {
            format,
            declared: header.dtype,
            shape,
            order,
            data_start: header.data_start,
            source,
        })
    }

    pub(super) fn dtype(&self) -> DType {
        self.format.dtype
    }

    pub(super) fn shape(&self) -> &Shape {
        &self.shape
    }

    pub(super) fn order(&self) -> Order {
        self.order
    }
}

/// Reads elements in the order of the file.
impl Runs for NpyFile {
    fn read(&self, first: usize, scratch: &mut DecodeScratch, dst: &mut [u8]) -> Result<()> {
        let start = byte_range(self.format.dtype, &self.shape, first, dst.len())?;
        let before = Instant::now();
        self.source.read_at(self.data_start + start, dst)?;
        self.format.to_native(dst);
        scratch.counts.read += before.elapsed();
        scratch.counts.bytes_read += dst.len() as u64;
        Ok(())
    }

    fn declared_dtype(&self) -> Option<&str> {
        Some(self.declared.text())
    }
}

/// What NumPy calls the first array of a `.npz` file that has no name of its own.
const NPZ_MEMBER: &str = "arr_0.npy";

/// Writes a C-order `.npy` file, or one as the only member of a `.npz` file; elements may come in any order and
/// from several threads. The file appears under its name when [`NpyWriter::finish`] succeeds, and not before.
#[derive(Debug)]
pub struct NpyWriter {
    file: PendingFile,
    dtype: DType,
    shape: Shape,
    /// Where the `.npy` file begins in the file.
    start: u64,
    /// Bytes of its header.
    header_len: usize,
    /// The shape where it has become known later.
    shortened: OnceLock<Shape>,
}

impl NpyWriter {
    /// Begins the file that will be at `path`. Elements that are never written are zero.
    ///
    /// # Errors
    /// When the system refuses, or the shape is larger than files can be.
    pub fn create(path: impl AsRef<Path>, dtype: DType, shape: &Shape) -> Result<Self> {
        Self::create_at(0, path.as_ref(), dtype, shape)
    }

    /// The same for a `.npz` file, which NumPy finds the array in as `arr_0`. It is stored as it is, not deflated.
    ///
    /// # Errors
    /// As [`NpyWriter::create`].
    pub fn create_npz(path: impl AsRef<Path>, dtype: DType, shape: &Shape) -> Result<Self> {
        Self::create_at(zip::start_len(NPZ_MEMBER)?, path.as_ref(), dtype, shape)
    }

    fn create_at(start: u64, path: &Path, dtype: DType, shape: &Shape) -> Result<Self> {
        let header = NpyHeader::to_write(dtype, shape);
        shape
            .checked_elems()
            .and_then(|elems| (elems as u64).checked_mul(dtype.size() as u64))
            .and_then(|bytes| bytes.checked_add(start + header.len() as u64))
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Limit,
                    Code::TooLarge,
                    format!("shape {shape} of {dtype} is larger than files can be"),
                )
            })?;
        let file = PendingFile::create(path)?;
        file.write_at(start, &header)?;
        Ok(Self {
            file,
            dtype,
            shape: shape.clone(),
            start,
            header_len: header.len(),
            shortened: OnceLock::new(),
        })
    }

    /// Element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The extents that it was created with.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Writes the elements `first ..` in C order; `bytes` are native-endian.
    ///
    /// # Errors
    /// When the system refuses, or the elements do not lie inside the array.
    pub fn write_at(&self, first: usize, bytes: &[u8]) -> Result<()> {
        let start = byte_range(self.dtype, &self.shape, first, bytes.len())?;
        self.file.write_at(self.data_start() + start, bytes)
    }

    /// Writes the elements of a box; `bytes` has them in C order, native-endian.
    ///
    /// # Errors
    /// When the system refuses, or the box does not lie inside the array.
    pub fn write(&self, start: &[usize], extent: &[usize], bytes: &[u8]) -> Result<()> {
        each_run(
            &self.shape,
            self.dtype.size(),
            start,
            extent,
            bytes,
            |first, run| self.write_at(first, run),
        )
    }

    /// Gives the array its first extent, once, when that is known: not larger than that it was
    /// created with.
    ///
    /// # Errors
    /// When the system refuses, or the extent is larger.
    pub fn shorten(&self, extent: usize) -> Result<()> {
        let mut extents = self.shape.to_vec();
        match extents.first_mut() {
            Some(first) if extent <= *first => *first = extent,
            _ => {
                let message = format!("an array of shape {} has no first {extent}", self.shape);
                return Err(Error::new(ErrorKind::Argument, Code::WrongBuffer, message));
            }
        }
        let shape = Shape::from(extents);
        let header = NpyHeader::to_write_over(self.dtype, &shape, self.header_len);
        self.file.write_at(self.start, &header)?;
        self.shortened.get_or_init(|| shape);
        Ok(())
    }

    /// The extents that the array has got.
    pub fn final_shape(&self) -> Shape {
        self.shortened.get().unwrap_or(&self.shape).clone()
    }

    /// Makes the file durable and gives it its name.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn finish(self) -> Result<()> {
        let bytes = (self.final_shape().elems() * self.dtype.size()) as u64;
        self.file.set_len(self.data_start() + bytes)?;
        if self.start > 0 {
            zip::enclose(&self.file, NPZ_MEMBER, self.header_len as u64 + bytes)?;
        }
        self.file.finish()
    }

    /// Where the elements begin in the file.
    fn data_start(&self) -> u64 {
        self.start + self.header_len as u64
    }
}

/// The byte among the array's own where element `first` starts, for `len` bytes from there on.
fn byte_range(dtype: DType, shape: &Shape, first: usize, len: usize) -> Result<u64> {
    // The shape's bytes were checked when the array was opened or created.
    let total = shape.elems() * dtype.size();
    let start = first.checked_mul(dtype.size());
    start
        .filter(|start| start.checked_add(len).is_some_and(|end| end <= total))
        .map(|start| start as u64)
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Argument,
                Code::WrongBuffer,
                format!("{len} bytes from element {first} on lie outside of shape {shape}"),
            )
        })
}
