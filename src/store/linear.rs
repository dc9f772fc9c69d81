//! In: chunks whose decoded bytes, one after the other, are the elements of an array in C or
//! Fortran order. Out: any stretch of those elements.
//! Never: a decoded chunk; more memory than blocks need.

use super::cache::{CachedChunks, Container};
use super::chunk::Expected;
use super::dtype::{ElementFormat, FileDType};
use super::read_limits::ReadLimits;
use super::scratch::DecodeScratch;
use super::stored::scalar;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_ROW_BYTES, TILE_MIN_ELEMS};
use crate::types::{DType, Grid, Scalar, Shape};

/// How long the chunks of a [`LinearArray`] are.
#[derive(Clone, Debug)]
pub(super) enum Lengths {
    /// All chunks decode to this many bytes; the last has what the array still needs, and may
    /// have more where `slack` says so.
    Uniform { chunk: usize, slack: bool },
    /// The first byte of every chunk, and behind them the number of all bytes.
    Starts(Box<[u64]>),
}

/// An array whose elements stand one after the other in chunks.
#[derive(Debug)]
pub struct LinearArray {
    chunks: CachedChunks<Box<dyn Container>>,
    lengths: Lengths,
    declared: FileDType,
    format: ElementFormat,
    shape: Shape,
    /// Bytes of an item as filters know them, whatever the elements are taken for.
    itemsize: usize,
    /// Decoded bytes of the elements; the chunks may have more.
    nbytes: u64,
    grid: Option<Grid>,
    /// Whether the chunks of the grid are the stored ones.
    aligned: bool,
}

impl LinearArray {
    /// The array of `shape` in the chunks of `container`, whose filters know items of `itemsize`.
    ///
    /// # Errors
    /// When the chunks have fewer bytes than the shape needs, or the first one has blocks that
    /// `limits` do not allow.
    pub(super) fn new(
        container: Box<dyn Container>,
        lengths: Lengths,
        itemsize: usize,
        format: ElementFormat,
        shape: Shape,
        limits: &ReadLimits,
    ) -> Result<Self> {
        let nbytes = shape
            .checked_elems()
            .and_then(|elems| elems.checked_mul(format.dtype.size()))
            .ok_or_else(|| bad(format!("shape {shape} is larger than memory can count")))?;
        if let Lengths::Starts(starts) = &lengths {
            let stored = starts.last().copied().unwrap_or(0);
            if stored < nbytes as u64 {
                return Err(bad(format!(
                    "shape {shape} of {} needs {nbytes} bytes, the chunks have {stored}",
                    format.dtype
                )));
            }
        }
        let mut array = Self {
            chunks: CachedChunks::new(container, *limits),
            lengths,
            declared: FileDType::missing(),
            format,
            shape,
            itemsize,
            nbytes: nbytes as u64,
            grid: None,
            aligned: false,
        };
        array.choose_grid(limits)?;
        Ok(array)
    }

    /// The same, where the container declares a dtype.
    pub(super) fn with_declared(self, declared: FileDType) -> Self {
        Self { declared, ..self }
    }

    /// The dtype as the container declares it.
    pub fn declared(&self) -> &FileDType {
        &self.declared
    }

    /// The dtype of its elements.
    pub fn dtype(&self) -> DType {
        self.format.dtype
    }

    /// Its shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// How it is cut into chunks and blocks of whole rows, where rows are not too long.
    pub fn grid(&self) -> Option<&Grid> {
        self.grid.as_ref()
    }

    /// Bytes of a block of the first chunk: a part of one costs as much as all of it. `None` where
    /// blocks vary, or there is none.
    pub fn grain(&self) -> Option<usize> {
        let mut scratch = DecodeScratch::default();
        let first = self.chunks.get(0, &self.expected(0), &mut scratch).ok()?;
        first.chunk.blocksize()
    }

    /// Blocks of whole rows (of elements, where there is one axis), about as long as those of the
    /// first chunk. Where chunks are of whole rows, too, they are the grid's; others may have other
    /// blocks, which only costs time.
    fn choose_grid(&mut self, limits: &ReadLimits) -> Result<()> {
        if self.shape.ndim() == 0 || self.nbytes == 0 {
            return Ok(());
        }
        let row = self.row_bytes();
        let mut scratch = DecodeScratch::default();
        let first = self.chunks.get(0, &self.expected(0), &mut scratch)?;
        // Chunks of one value, and those stored as they are, may name any block size.
        let decoded = first.chunk.longest_block() > 0;
        let stored = first.chunk.blocksize().filter(|_| decoded);
        let wanted = stored.unwrap_or(TILE_MIN_ELEMS * self.format.dtype.size());
        let chunk_rows = match self.lengths {
            Lengths::Uniform { chunk, .. } if chunk.is_multiple_of(row) => Some(chunk / row),
            Lengths::Uniform { .. } | Lengths::Starts(_) => None,
        };
        let one_axis = self.shape.ndim() == 1;
        let cut = one_axis && (chunk_rows.is_none() || !wanted.is_multiple_of(row));
        if cut || row > limits.max_block_bytes.min(MAX_ROW_BYTES) {
            // Runs of elements, which may begin and end anywhere.
            return Ok(());
        }
        let block_rows = (wanted / row).clamp(1, self.shape[0]);
        let chunk_rows = chunk_rows.map(|rows| rows.min(self.shape[0]));
        let extents = |rows: usize| {
            let mut extents = self.shape.to_vec();
            extents[0] = rows;
            Shape::from(extents)
        };
        self.grid = Some(Grid {
            chunk: extents(chunk_rows.unwrap_or(block_rows)),
            block: extents(block_rows.min(chunk_rows.unwrap_or(block_rows))),
        });
        self.aligned = chunk_rows.is_some();
        Ok(())
    }

    /// Bytes of the elements that share an index of the first axis.
    fn row_bytes(&self) -> usize {
        // A factor of the checked size of the array, which has elements.
        self.shape.iter().skip(1).product::<usize>() * self.format.dtype.size()
    }

    /// Decodes block `block` of chunk `chunk` of the grid into `dst`, which has exactly a block's
    /// bytes; what lies behind the end of the chunk is zero.
    ///
    /// # Errors
    /// When the block is damaged or cannot be read, or does not exist, or `dst` has another
    /// length.
    pub fn decode(
        &self,
        chunk: usize,
        block: usize,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        let Some(grid) = &self.grid else {
            return Err(wrong("the array has no grid".to_string()));
        };
        let (chunk_rows, block_rows) = (grid.chunk[0], grid.block[0]);
        let row = self.row_bytes();
        let inside = block.saturating_mul(block_rows);
        let first = chunk.saturating_mul(chunk_rows).saturating_add(inside);
        let exists = chunk < self.shape[0].div_ceil(chunk_rows) && inside < chunk_rows;
        if dst.len() != block_rows * row || !exists {
            return Err(wrong(format!(
                "there is no block {block} of {} bytes in chunk {chunk}",
                dst.len()
            )));
        }
        // The array may end before the last blocks of its last chunk begin.
        let left = self.shape[0].saturating_sub(first);
        let rows = block_rows.min(chunk_rows - inside).min(left);
        let (elements, padding) = dst.split_at_mut(rows * row);
        if rows > 0 {
            self.read(first * (row / self.format.dtype.size()), scratch, elements)?;
        }
        padding.fill(0);
        Ok(())
    }

    /// The value that chunk `chunk` of the grid repeats, where that is known without decoding it.
    ///
    /// # Errors
    /// When the chunk's metadata is damaged or cannot be read.
    pub fn constant(&self, chunk: usize, scratch: &mut DecodeScratch) -> Result<Option<Scalar>> {
        if !self.aligned {
            return Ok(None);
        }
        let loaded = self.chunks.get(chunk, &self.expected(chunk), scratch)?;
        let item = loaded.chunk.item();
        Ok(item.and_then(|item| scalar(self.format, item)))
    }

    /// Reads the elements `first ..` in the order of the chunks into `dst`, native byte order.
    ///
    /// # Errors
    /// When a block is damaged or cannot be read, or the elements do not lie inside the array.
    pub fn read(&self, first: usize, scratch: &mut DecodeScratch, dst: &mut [u8]) -> Result<()> {
        let start = (first as u64).saturating_mul(self.format.dtype.size() as u64);
        let end = start.saturating_add(dst.len() as u64);
        if end > self.nbytes {
            return Err(wrong(format!(
                "{} bytes from element {first} on lie outside of shape {}",
                dst.len(),
                self.shape
            )));
        }
        let mut filled = 0;
        while filled < dst.len() {
            let at = start + filled as u64;
            let (chunk, inside, left) = self.find(at);
            let len = left.min(dst.len() - filled);
            self.read_chunk(chunk, inside, scratch, &mut dst[filled..filled + len])?;
            filled += len;
        }
        self.format.to_native(dst);
        Ok(())
    }

    /// The chunk with byte `at` of the array, where in it that is, and how many bytes of it are
    /// left from there on.
    fn find(&self, at: u64) -> (usize, usize, usize) {
        // OK to convert: chunks have less than 2^31 bytes, and files less than 2^63 of them.
        let small = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        match &self.lengths {
            Lengths::Uniform { chunk, .. } => {
                let (number, inside) = (at / *chunk as u64, small(at % *chunk as u64));
                (small(number), inside, chunk - inside)
            }
            Lengths::Starts(starts) => {
                let number = starts.partition_point(|&start| start <= at) - 1;
                let left = starts[number + 1] - at;
                (number, small(at - starts[number]), small(left))
            }
        }
    }

    fn read_chunk(
        &self,
        chunk: usize,
        start: usize,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        let (loaded, source) = self.chunks.open(chunk, &self.expected(chunk), scratch)?;
        loaded
            .chunk
            .read(&source, start, scratch, dst)
            .map_err(|error| error.with_chunk(chunk))
    }

    /// Bytes of chunk `chunk` that belong to elements, where all chunks but the last have `size`.
    fn needed(&self, chunk: usize, size: usize) -> usize {
        let before = (chunk as u64).saturating_mul(size as u64);
        let left = self.nbytes.saturating_sub(before);
        size.min(usize::try_from(left).unwrap_or(usize::MAX))
    }

    fn expected(&self, chunk: usize) -> Expected<'static> {
        let itemsize = self.itemsize;
        match &self.lengths {
            Lengths::Uniform { chunk: size, slack } => {
                let needed = self.needed(chunk, *size);
                let most = if *slack { *size } else { needed };
                Expected {
                    nbytes: needed..=most,
                    ..Expected::bytes(needed, itemsize)
                }
            }
            Lengths::Starts(starts) => {
                let len = starts.get(chunk + 1).zip(starts.get(chunk));
                let len = len.map_or(0, |(end, start)| end - start);
                Expected::bytes(usize::try_from(len).unwrap_or(usize::MAX), itemsize)
            }
        }
    }
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Argument, Code::WrongBuffer, message)
}

#[cold]
fn bad(message: String) -> Error {
    Error::new(ErrorKind::Corrupt, Code::BadMeta, message)
}
