//! In: the elements of an array, chunk by chunk. Out: a contiguous Blosc2 frame with the b2nd
//! metalayer, in place when it is complete.
//! Never: more than one chunk in memory; a chunk form that the reference library cannot read.

mod chunk;
mod frame;
mod scatter;

use std::path::Path;

use super::dtype;
use super::pending::PendingFile;
use crate::codec::id;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_BLOCK_BYTES, MAX_CHUNK_BYTES, MAX_CHUNKS};
use crate::types::{DType, Grid, Shape};
use chunk::{Coding, Encoder};
use frame::FrameBytes;

/// A codec that files are written with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WriteCodec {
    /// Fastest to write and read.
    Lz4,
    /// Slower to write, as fast to read, smaller.
    Lz4Hc,
    /// Smallest.
    Zstd,
}

impl WriteCodec {
    fn compcode(self) -> u8 {
        match self {
            WriteCodec::Lz4 => id::LZ4,
            WriteCodec::Lz4Hc => id::LZ4HC,
            WriteCodec::Zstd => id::ZSTD,
        }
    }
}

/// Whether each byte plane of a shuffled block becomes a stream of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Split {
    /// Where the reference library would.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How a file is compressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// The codec.
    pub codec: WriteCodec,
    /// 0 (stored as it is) to 9 (smallest).
    pub level: u8,
    /// Whether bytes of equal significance are brought together first.
    pub shuffle: bool,
    /// Whether the byte planes become streams of their own.
    pub split: Split,
}

impl Default for Options {
    /// LZ4 at level 5 with shuffle.
    fn default() -> Self {
        Self {
            codec: WriteCodec::Lz4,
            level: 5,
            shuffle: true,
            split: Split::Auto,
        }
    }
}

/// A box of an array: the part of a chunk that is not padding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Region {
    /// Index of its first element.
    pub start: Vec<usize>,
    /// Its extents.
    pub shape: Shape,
}

/// Writes an array chunk by chunk. The file appears under its name when
/// [`FrameWriter::finish`] succeeds, and not before.
#[derive(Debug)]
pub struct FrameWriter {
    file: PendingFile,
    layout: Layout,
    encoder: Encoder,
    /// One entry of the index a chunk written.
    index: Vec<i64>,
    /// Bytes of the chunks written.
    cbytes: u64,
    /// A chunk, padded, in the order of its blocks.
    padded: Vec<u8>,
}

/// What is known before the first chunk.
#[derive(Debug)]
struct Layout {
    dtype: DType,
    shape: Shape,
    grid: Grid,
    chunks: usize,
    chunk_bytes: usize,
    block_bytes: usize,
    frame: FrameBytes,
}

impl FrameWriter {
    /// Begins the file that will be at `path`.
    ///
    /// # Errors
    /// When the system refuses, or the grid does not fit the array or the format.
    pub fn create(
        path: impl AsRef<Path>,
        dtype: DType,
        shape: &Shape,
        grid: &Grid,
        options: Options,
    ) -> Result<Self> {
        let layout = Layout::new(dtype, shape, grid, options)?;
        let coding = Coding {
            compcode: options.codec.compcode(),
            level: options.level.min(9),
            shuffle: options.shuffle,
            split: options.split,
            typesize: dtype.size(),
            blocksize: layout.block_bytes,
        };
        Ok(Self {
            file: PendingFile::create(path.as_ref())?,
            encoder: Encoder::new(coding)?,
            index: Vec::new(),
            cbytes: 0,
            padded: Vec::new(),
            layout,
        })
    }

    /// Number of chunks to write.
    pub fn chunks(&self) -> usize {
        self.layout.chunks
    }

    /// The region whose elements come next; `None` when all chunks are written.
    pub fn next_region(&self) -> Option<Region> {
        let chunk = self.index.len();
        (chunk < self.layout.chunks).then(|| self.layout.region(chunk))
    }

    /// Writes the next chunk: `elements` are those of [`FrameWriter::next_region`] in C order,
    /// native-endian.
    ///
    /// # Errors
    /// When the system refuses, or there are too many or too few elements or chunks.
    pub fn write_next(&mut self, elements: &[u8]) -> Result<()> {
        let region = self.next_region().ok_or_else(|| {
            let chunks = self.layout.chunks;
            wrong(format!(
                "the array has {chunks} chunks, and one more is written"
            ))
        })?;
        let itemsize = self.layout.dtype.size();
        if elements.len() != region.shape.elems() * itemsize {
            return Err(wrong(format!(
                "a region of shape {} of {} is written with {} bytes",
                region.shape,
                self.layout.dtype,
                elements.len()
            )));
        }
        self.padded.clear();
        self.padded.resize(self.layout.chunk_bytes, 0);
        scatter::to_blocks(
            elements,
            &region.shape,
            &self.layout.grid,
            itemsize,
            &mut self.padded,
        );
        if self.padded.iter().all(|&byte| byte == 0) {
            self.index.push(frame::ZEROS_ENTRY);
            return Ok(());
        }
        let bytes = self.encoder.encode(&self.padded);
        let position = self.layout.frame.header_len() + self.cbytes;
        self.file.write_at(position, bytes)?;
        self.index.push(offset_entry(self.cbytes)?);
        self.cbytes += bytes.len() as u64;
        Ok(())
    }

    /// Writes the index, the trailer and the header, makes the file durable and gives it its
    /// name.
    ///
    /// # Errors
    /// When the system refuses, or chunks are missing.
    pub fn finish(mut self) -> Result<()> {
        let (written, chunks) = (self.index.len(), self.layout.chunks);
        if written < chunks {
            return Err(wrong(format!(
                "the array has {chunks} chunks, and only {written} are written"
            )));
        }
        let header_len = self.layout.frame.header_len();
        let mut tail = Vec::new();
        if chunks > 0 {
            tail.extend_from_slice(&frame::index_chunk(&self.index)?);
        }
        tail.extend_from_slice(&frame::trailer());
        self.file.write_at(header_len + self.cbytes, &tail)?;
        let frame_len = header_len + self.cbytes + tail.len() as u64;
        self.layout.frame.set_lengths(frame_len, self.cbytes);
        self.file.write_at(0, self.layout.frame.header())?;
        self.file.finish()
    }
}

/// Writes an array whose elements are in memory, in C order.
///
/// # Errors
/// As the functions of [`FrameWriter`].
pub fn write_frame(
    path: impl AsRef<Path>,
    dtype: DType,
    shape: &Shape,
    grid: &Grid,
    options: Options,
    elements: &[u8],
) -> Result<()> {
    let mut writer = FrameWriter::create(path, dtype, shape, grid, options)?;
    if Some(elements.len()) != shape.checked_elems().map(|elems| elems * dtype.size()) {
        return Err(wrong(format!(
            "an array of shape {shape} of {dtype} is written with {} bytes",
            elements.len()
        )));
    }
    let mut part = Vec::new();
    while let Some(region) = writer.next_region() {
        scatter::gather(elements, shape, &region, dtype.size(), &mut part);
        writer.write_next(&part)?;
    }
    writer.finish()
}

impl Layout {
    fn new(dtype: DType, shape: &Shape, grid: &Grid, options: Options) -> Result<Self> {
        let (chunk, block) = (&grid.chunk, &grid.block);
        let elems = shape.checked_elems().filter(|_| shape.ndim_allowed());
        let same_axes = chunk.ndim() == shape.ndim() && block.ndim() == shape.ndim();
        let has_zero = chunk.iter().chain(block.iter()).any(|&extent| extent == 0);
        let misfit = || {
            wrong(format!(
                "an array of shape {shape} cannot have chunks {chunk} and blocks {block}"
            ))
        };
        let elems = elems
            .filter(|&elems| same_axes && (elems == 0 || !has_zero))
            .ok_or_else(misfit)?;
        let bytes = |extents: &[usize], limit: usize| {
            extents
                .iter()
                .try_fold(dtype.size(), |bytes, &extent| bytes.checked_mul(extent))
                .filter(|&bytes| bytes <= limit)
                .ok_or_else(misfit)
        };
        let block_bytes = bytes(block, MAX_BLOCK_BYTES)?;
        let whole_blocks: Vec<usize> = grid
            .blocks_per_axis()
            .iter()
            .zip(block.iter())
            .map(|(&blocks, &extent)| blocks.saturating_mul(extent))
            .collect();
        let chunk_bytes = bytes(&whole_blocks, MAX_CHUNK_BYTES)?;
        let chunks = match elems {
            0 => 0,
            _ => Shape::from(grid.chunks_per_axis(shape))
                .checked_elems()
                .filter(|&chunks| chunks <= MAX_CHUNKS)
                .ok_or_else(misfit)?,
        };
        let frame = FrameBytes::new(&frame::Fields {
            shape,
            grid,
            dtype: &dtype::spell(dtype),
            itemsize: dtype.size(),
            compcode: options.codec.compcode(),
            level: options.level.min(9),
            shuffle: options.shuffle,
            split: options.split,
            blocksize: block_bytes,
            chunksize: chunk_bytes,
            nbytes: (chunks as u64)
                .checked_mul(chunk_bytes as u64)
                .ok_or_else(misfit)?,
        })?;
        Ok(Self {
            dtype,
            shape: shape.clone(),
            grid: grid.clone(),
            chunks,
            chunk_bytes,
            block_bytes,
            frame,
        })
    }

    /// The part of chunk `chunk` that lies inside the array.
    fn region(&self, chunk: usize) -> Region {
        let counts = Shape::from(self.grid.chunks_per_axis(&self.shape));
        let mut start = Vec::with_capacity(counts.ndim());
        let mut extents = Vec::with_capacity(counts.ndim());
        for (axis, stride) in counts.strides().into_iter().enumerate() {
            let first = chunk / stride % counts[axis] * self.grid.chunk[axis];
            start.push(first);
            extents.push(self.grid.chunk[axis].min(self.shape[axis] - first));
        }
        Region {
            start,
            shape: Shape::from(extents),
        }
    }
}

fn offset_entry(offset: u64) -> Result<i64> {
    i64::try_from(offset).map_err(|_| wrong("the file is larger than offsets can say"))
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Argument, Code::WriteFailed, message)
}
