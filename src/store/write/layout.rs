//! In: an array's item, shape and grid. Out: its chunks and blocks by number: where each begins, and how
//! much of it is no padding.
//! Never: a product that wraps; a grid that the format cannot say.

use super::wrong;
use crate::error::{Error, Result};
use crate::limits::{MAX_BLOCK_BYTES, MAX_CHUNK_BYTES, MAX_CHUNKS};
use crate::store::dtype;
use crate::types::{DType, Grid, Shape};

/// What the items of an array are: as the formats spell it, and how long.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::store) struct ItemType {
    pub(in crate::store) text: String,
    pub(in crate::store) size: usize,
}

impl From<DType> for ItemType {
    fn from(dtype: DType) -> Self {
        Self {
            text: dtype::spell(dtype),
            size: dtype.size(),
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

/// How an array is cut.
#[derive(Clone, Debug)]
pub(in crate::store) struct Layout {
    pub(in crate::store) item: ItemType,
    pub(in crate::store) shape: Shape,
    pub(in crate::store) grid: Grid,
    pub(in crate::store) chunks: usize,
    /// Chunks along each axis.
    pub(in crate::store) counts: Shape,
    /// Blocks along each axis of a chunk.
    pub(in crate::store) blocks: Shape,
    pub(in crate::store) chunk_bytes: usize,
    pub(in crate::store) block_bytes: usize,
}

impl Layout {
    pub(in crate::store) fn new(item: ItemType, shape: &Shape, grid: &Grid) -> Result<Self> {
        let (chunk, block) = (&grid.chunk, &grid.block);
        let elems = shape.checked_elems().filter(|_| shape.ndim_allowed());
        let same_axes = chunk.ndim() == shape.ndim() && block.ndim() == shape.ndim();
        let has_zero = chunk.iter().chain(block.iter()).any(|&extent| extent == 0);
        let misfit = || misfit(shape, grid);
        let elems = elems
            .filter(|&elems| same_axes && (elems == 0 || !has_zero))
            .ok_or_else(misfit)?;
        let blocks = Shape::from(grid.blocks_per_axis());
        let bytes = |extents: &[usize], limit: usize| {
            extents
                .iter()
                .try_fold(item.size, |bytes, &extent| bytes.checked_mul(extent))
                .filter(|&bytes| bytes <= limit)
                .ok_or_else(misfit)
        };
        let block_bytes = bytes(block, MAX_BLOCK_BYTES)?;
        let whole_blocks: Vec<usize> = blocks
            .iter()
            .zip(block.iter())
            .map(|(&blocks, &extent)| blocks.saturating_mul(extent))
            .collect();
        let chunk_bytes = bytes(&whole_blocks, MAX_CHUNK_BYTES)?;
        let counts = Shape::from(grid.chunks_per_axis(shape));
        let chunks = match elems {
            0 => 0,
            _ => counts
                .checked_elems()
                .filter(|&chunks| chunks <= MAX_CHUNKS)
                .ok_or_else(misfit)?,
        };
        (chunks as u64)
            .checked_mul(chunk_bytes as u64)
            .filter(|&bytes| i64::try_from(bytes).is_ok())
            .ok_or_else(misfit)?;
        Ok(Self {
            item,
            shape: shape.clone(),
            grid: grid.clone(),
            chunks,
            counts,
            blocks,
            chunk_bytes,
            block_bytes,
        })
    }

    /// Whether a box lies inside the array.
    pub(in crate::store) fn has_box(&self, start: &[usize], extent: &[usize]) -> bool {
        let mut axes = start.iter().zip(extent).zip(self.shape.iter());
        start.len() == self.shape.ndim()
            && extent.len() == self.shape.ndim()
            && axes.all(|((&start, &extent), &end)| {
                start.checked_add(extent).is_some_and(|last| last <= end)
            })
    }

    /// Bytes of the elements of a box.
    pub(in crate::store) fn box_bytes(&self, extent: &[usize]) -> Option<usize> {
        let mut extents = extent.iter();
        extents.try_fold(self.item.size, |bytes, &extent| bytes.checked_mul(extent))
    }

    /// Decoded bytes of all chunks.
    pub(in crate::store) fn nbytes(&self) -> u64 {
        // Checked by `new`.
        self.chunks as u64 * self.chunk_bytes as u64
    }

    /// Where chunk `chunk` begins.
    pub(in crate::store) fn chunk_start(&self, chunk: usize) -> Vec<usize> {
        let strides = self.counts.strides();
        let axes = strides.iter().enumerate();
        axes.map(|(axis, stride)| chunk / stride % self.counts[axis] * self.grid.chunk[axis])
            .collect()
    }

    /// The part of chunk `chunk` that lies inside the array.
    pub(in crate::store) fn region(&self, chunk: usize) -> Region {
        let start = self.chunk_start(chunk);
        let extents = (0..start.len())
            .map(|axis| self.grid.chunk[axis].min(self.shape[axis] - start[axis]))
            .collect::<Vec<_>>();
        Region {
            shape: Shape::from(extents),
            start,
        }
    }

    /// Where block `block` begins in its chunk, and the extents of what it has of a chunk of which
    /// `inside` is no padding: none where all of it is.
    pub(in crate::store) fn block(&self, block: usize, inside: &Shape) -> (Vec<usize>, Vec<usize>) {
        let strides = self.blocks.strides();
        let axes = strides.iter().enumerate();
        axes.map(|(axis, stride)| {
            let extent = self.grid.block[axis];
            let first = block / stride % self.blocks[axis] * extent;
            (first, extent.min(inside[axis].saturating_sub(first)))
        })
        .unzip()
    }

    /// Blocks of a chunk.
    pub(in crate::store) fn blocks_per_chunk(&self) -> usize {
        self.blocks.elems()
    }
}

#[cold]
fn misfit(shape: &Shape, grid: &Grid) -> Error {
    wrong(format!(
        "an array of shape {shape} cannot have chunks {} and blocks {}",
        grid.chunk, grid.block
    ))
}
