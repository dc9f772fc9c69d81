//! In: chunk and block extents. Out: how an array is cut into chunks, and chunks into blocks.
//! Never: files.

use super::Shape;

/// The two-level grid of a stored array; both shapes have the array's number of axes and, where
/// the array has elements, extents of at least 1. A chunk holds `chunk` rounded up to whole
/// blocks; the rest is padding.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Grid {
    /// Logical extents of a chunk.
    pub chunk: Shape,
    /// Extents of a block.
    pub block: Shape,
}

impl Grid {
    /// Chunks along each axis of an array of `shape`.
    pub fn chunks_per_axis(&self, shape: &Shape) -> Vec<usize> {
        shape
            .iter()
            .zip(self.chunk.iter())
            .map(|(&extent, &chunk)| extent.div_ceil(chunk.max(1)))
            .collect()
    }

    /// Where block `block` of chunk `chunk` of an array of `shape` begins, and the extents of what it has of the array: 0
    /// where all of it is padding.
    pub fn block_box(&self, shape: &Shape, chunk: usize, block: usize) -> (Vec<usize>, Vec<usize>) {
        let (chunks, blocks) = (self.chunks_per_axis(shape), self.blocks_per_axis());
        let (mut chunk, mut block) = (chunk, block);
        let mut found = vec![(0, 0); shape.ndim()];
        for axis in (0..shape.ndim()).rev() {
            let start = chunk % chunks[axis].max(1) * self.chunk[axis];
            let inside = block % blocks[axis].max(1) * self.block[axis];
            let end = self.chunk[axis].min(shape[axis].saturating_sub(start));
            found[axis] = (
                start + inside,
                self.block[axis].min(end.saturating_sub(inside)),
            );
            (chunk, block) = (chunk / chunks[axis].max(1), block / blocks[axis].max(1));
        }
        found.into_iter().unzip()
    }

    /// Blocks along each axis of a chunk, those that hold only padding included.
    pub fn blocks_per_axis(&self) -> Vec<usize> {
        self.chunk
            .iter()
            .zip(self.block.iter())
            .map(|(&chunk, &block)| chunk.div_ceil(block.max(1)))
            .collect()
    }
}
