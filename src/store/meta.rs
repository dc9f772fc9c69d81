//! In: the `b2nd` metalayer and the frame around it. Out: shape, grid, dtype and item size that
//! agree with the frame.
//! Never: a product that wraps, an extent of 0 in a grid that has elements.

use super::dtype::FileDType;
use super::frame::FrameHeader;
use crate::bytes::Cursor;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_BLOCK_BYTES, MAX_CHUNK_BYTES, MAX_NDIM};
use crate::types::{Grid, Shape};

/// Names of the metalayer that makes a frame an n-d array: today's, and that of the library it
/// came from, whose layout ends before the dtype.
pub(super) const NAMES: [&str; 2] = ["b2nd", "caterva"];

/// What the metalayer says; extents are only known to be small enough for a usize.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct B2nd {
    pub(super) shape: Shape,
    pub(super) grid: Grid,
    pub(super) dtype: FileDType,
    /// Whether the byte before the shape is not the one that the reference library writes.
    pub(super) odd_marker: bool,
}

impl B2nd {
    pub(super) fn parse(content: &[u8]) -> Result<Self> {
        let mut cursor = Cursor::new(content, Code::BadMeta, "b2nd metalayer");
        let _array = cursor.u8("array marker")?;
        let version = cursor.u8("version")?;
        if version != 0 {
            return Err(bad(format!(
                "the b2nd metalayer has unknown version {version}"
            )));
        }
        let ndim = usize::from(cursor.u8("number of axes")?);
        if ndim > MAX_NDIM {
            return Err(Error::new(
                ErrorKind::Limit,
                Code::TooManyAxes,
                format!("the array has {ndim} axes; at most {MAX_NDIM} are allowed"),
            ));
        }
        let marker = cursor.u8("shape")?;
        let shape = axes(&mut cursor, ndim, 0xD3, |cursor| cursor.i64_be("shape"))?;
        let _marker = cursor.u8("chunk shape")?;
        let wide = |cursor: &mut Cursor<'_>, field| cursor.i32_be(field).map(i64::from);
        let chunk = axes(&mut cursor, ndim, 0xD2, |cursor| {
            wide(cursor, "chunk shape")
        })?;
        let _marker = cursor.u8("block shape")?;
        let block = axes(&mut cursor, ndim, 0xD2, |cursor| {
            wide(cursor, "block shape")
        })?;
        let grid = Grid { chunk, block };
        check_extents(&shape, &grid)?;
        Ok(Self {
            shape,
            grid,
            dtype: parse_dtype(&mut cursor)?,
            // For 16 axes the reference library writes 0xA0, which is the marker of a string.
            odd_marker: usize::from(marker) != 0x90 + ndim,
        })
    }
}

fn axes(
    cursor: &mut Cursor<'_>,
    ndim: usize,
    marker: u8,
    read: impl Fn(&mut Cursor<'_>) -> Result<i64>,
) -> Result<Shape> {
    let mut extents = Vec::with_capacity(ndim);
    for _ in 0..ndim {
        cursor.marker(marker, "extents")?;
        let extent = read(cursor)?;
        extents.push(
            usize::try_from(extent).map_err(|_| bad(format!("the array has extent {extent}")))?,
        );
    }
    Ok(Shape::from(extents))
}

fn check_extents(shape: &Shape, grid: &Grid) -> Result<()> {
    let cut = grid.chunk.iter().chain(grid.block.iter());
    if !shape.contains(&0) && cut.clone().any(|&extent| extent == 0) {
        return Err(bad(format!(
            "the array of shape {shape} has chunks {} and blocks {}",
            grid.chunk, grid.block
        )));
    }
    Ok(())
}

fn parse_dtype(cursor: &mut Cursor<'_>) -> Result<FileDType> {
    if cursor.remaining() == 0 {
        return Ok(FileDType::missing());
    }
    let format = cursor.u8("dtype format")?;
    cursor.marker(0xDB, "dtype")?;
    let len = cursor.u32_be("dtype length")? as usize;
    let text = cursor.take(len, "dtype")?;
    if format != 0 {
        return Ok(FileDType::missing());
    }
    let text = std::str::from_utf8(text).map_err(|_| bad("the array's dtype is not text"))?;
    Ok(FileDType::parse(text))
}

/// The sizes that follow from the metalayer and the frame together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Geometry {
    /// Bytes of an item as the chunks hold it.
    pub(super) itemsize: usize,
    /// Decoded bytes of a chunk; 0 in an array without elements.
    pub(super) chunk_bytes: usize,
    /// Decoded bytes of a block; 0 in an array without elements.
    pub(super) block_bytes: usize,
    /// Blocks of a chunk.
    pub(super) blocks: usize,
    /// Chunks of the array.
    pub(super) chunks: usize,
}

impl Geometry {
    /// Checks the metalayer against the frame's header.
    pub(super) fn new(meta: &B2nd, header: &FrameHeader) -> Result<Self> {
        let elems = meta.shape.checked_elems().ok_or_else(|| too_large(meta))?;
        // Without elements, too, others multiply the extents of the grid.
        let blocks = product(&meta.grid.blocks_per_axis()).ok_or_else(|| too_large(meta))?;
        let block_elems = product(&meta.grid.block).ok_or_else(|| too_large(meta))?;
        let chunk_elems = blocks
            .checked_mul(block_elems)
            .ok_or_else(|| too_large(meta))?;
        if elems == 0 {
            let chunk_bytes = chunk_elems.checked_mul(header.itemsize);
            if chunk_bytes.is_none_or(|bytes| bytes > MAX_CHUNK_BYTES) {
                return Err(too_large(meta));
            }
            if header.nbytes != 0 {
                return Err(bad(format!(
                    "the array of shape {} has no elements, but its frame {} bytes",
                    meta.shape, header.nbytes
                )));
            }
            return Ok(Self {
                itemsize: header.itemsize,
                chunk_bytes: 0,
                block_bytes: 0,
                blocks: 0,
                chunks: 0,
            });
        }
        let chunk_bytes = header
            .chunksize
            .ok_or_else(|| super::file::unsupported("the array has chunks of varying sizes"))?;
        let chunks =
            product(&meta.grid.chunks_per_axis(&meta.shape)).ok_or_else(|| too_large(meta))?;
        if chunk_bytes == 0 || !chunk_bytes.is_multiple_of(chunk_elems) {
            return Err(bad(format!(
                "the frame's chunks have {chunk_bytes} bytes, the array's {chunk_elems} items"
            )));
        }
        let expected = (chunks as u64).checked_mul(chunk_bytes as u64);
        if expected != Some(header.nbytes) {
            return Err(bad(format!(
                "the array has {chunks} chunks of {chunk_bytes} bytes, but its frame {} bytes",
                header.nbytes
            )));
        }
        let itemsize = chunk_bytes / chunk_elems;
        // Both factors are factors of `chunk_bytes`, so is their product.
        let block_bytes = block_elems * itemsize;
        if block_bytes > MAX_BLOCK_BYTES || elems.checked_mul(itemsize).is_none() {
            return Err(too_large(meta));
        }
        Ok(Self {
            itemsize,
            chunk_bytes,
            block_bytes,
            blocks,
            chunks,
        })
    }
}

fn product(factors: &[usize]) -> Option<usize> {
    factors
        .iter()
        .try_fold(1usize, |product, &factor| product.checked_mul(factor))
}

fn too_large(meta: &B2nd) -> Error {
    bad(format!(
        "the array of shape {}, chunks {} and blocks {} is larger than memory can count",
        meta.shape, meta.grid.chunk, meta.grid.block
    ))
}

#[cold]
fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, Code::BadMeta, message)
}
