//! In: a frame with the b2nd metalayer. Out: an n-d array whose blocks decode one by one, from
//! any number of threads.
//! Never: a decoded chunk; a bool byte other than 0 and 1.

use std::sync::Arc;

use super::cache::ChunkCache;
use super::chunk::{Chunk, Expected};
use super::file::{Source, unsupported};
use super::frame::Frame;
use super::meta::{self, B2nd, Geometry};
use super::scratch::DecodeScratch;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::CHUNK_CACHE_BYTES;
use crate::types::{DType, Grid, Scalar, Shape};

/// An n-d array in a contiguous frame.
#[derive(Debug)]
pub struct StoredArray {
    frame: Frame,
    dtype: DType,
    shape: Shape,
    grid: Grid,
    geometry: Geometry,
    cache: ChunkCache,
}

impl StoredArray {
    /// Opens the array in `source`.
    ///
    /// # Errors
    /// When the frame is damaged, holds no n-d array, or items that cannot be computed with.
    pub fn open(source: Source) -> Result<Self> {
        let frame = Frame::open(source)?;
        let (meta, geometry, dtype) = match describe(&frame).and_then(|(meta, geometry)| {
            let dtype = meta.dtype.resolve(geometry.itemsize)?;
            Ok((meta, geometry, dtype))
        }) {
            Ok(parts) => parts,
            Err(error) => return Err(frame.source().blame(error)),
        };
        Ok(Self {
            frame,
            dtype,
            shape: meta.shape,
            grid: meta.grid,
            geometry,
            cache: ChunkCache::new(CHUNK_CACHE_BYTES),
        })
    }

    /// The dtype of its elements.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Its shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// How it is cut into chunks and blocks.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Number of chunks.
    pub fn chunks(&self) -> usize {
        self.geometry.chunks
    }

    /// Number of blocks of every chunk.
    pub fn blocks_per_chunk(&self) -> usize {
        self.geometry.blocks
    }

    /// Bytes of every block.
    pub fn block_bytes(&self) -> usize {
        self.geometry.block_bytes
    }

    /// Decodes block `block` of chunk `chunk` into `dst`, which has exactly a block's bytes.
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
        self.chunk(chunk, scratch)?
            .decode_block(self.frame.source(), block, scratch, dst)
            .map_err(|error| error.with_chunk(chunk))?;
        if self.dtype.is_bool() {
            normalise_bools(dst);
        }
        Ok(())
    }

    /// The value that chunk `chunk` repeats, where that is known without decoding it.
    ///
    /// # Errors
    /// When the chunk's metadata is damaged or cannot be read.
    pub fn constant(&self, chunk: usize, scratch: &mut DecodeScratch) -> Result<Option<Scalar>> {
        let item = self.chunk(chunk, scratch)?.item();
        Ok(item.and_then(|item| Scalar::read(self.dtype, item.bytes())))
    }

    fn chunk(&self, number: usize, scratch: &mut DecodeScratch) -> Result<Arc<Chunk>> {
        if let Some(chunk) = self.cache.get(number) {
            return Ok(chunk);
        }
        let expected = Expected {
            nbytes: self.geometry.chunk_bytes,
            itemsize: self.geometry.itemsize,
            blocksize: Some(self.geometry.block_bytes),
        };
        let entry = self.frame.entry(number, scratch)?;
        let chunk = self
            .frame
            .load(entry, expected)
            .map_err(|error| error.with_chunk(number))?;
        let chunk = Arc::new(chunk);
        self.cache.put(number, &chunk);
        Ok(chunk)
    }
}

/// The n-d array that a frame holds, checked against the frame.
pub(super) fn describe(frame: &Frame) -> Result<(B2nd, Geometry)> {
    let header = frame.header();
    let Some(layer) = header.metalayer(meta::NAME) else {
        let help = if header.metalayer("caterva").is_some() {
            "its caterva metalayer is the predecessor's; write it again with a current library"
        } else {
            "plain super-chunks are not read yet; store the data as an n-d array"
        };
        return Err(unsupported("the frame has no b2nd metalayer, so no shape").with_help(help));
    };
    let meta = B2nd::parse(&layer.content)?;
    let geometry = Geometry::new(&meta, header)?;
    if geometry.chunks != frame.chunks() {
        return Err(Error::new(
            ErrorKind::Corrupt,
            Code::BadMeta,
            format!(
                "the array has {} chunks, its frame {}",
                geometry.chunks,
                frame.chunks()
            ),
        ));
    }
    Ok((meta, geometry))
}

/// Makes every byte but 0 a 1, as NumPy understands bools.
pub fn normalise_bools(bytes: &mut [u8]) {
    for byte in bytes {
        *byte = u8::from(*byte != 0);
    }
}
