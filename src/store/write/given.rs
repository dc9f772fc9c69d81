//! In: a box of elements in C order, and an array's layout. Out: what of the box belongs to each block, copied
//! where it stands there. Never: padding written.

use super::layout::{Layout, Region};
use crate::error::Result;
use crate::store::boxes::{Strided, cells, common, copy_box, dense_strides, dot, each};
use crate::types::Shape;

/// A box that a caller has given.
pub(in crate::store) struct Given<'g> {
    start: &'g [usize],
    extent: &'g [usize],
    strides: Vec<isize>,
    bytes: &'g [u8],
}

/// What a box has of one block.
pub(in crate::store) struct Piece<'p> {
    /// The block's number in its chunk.
    pub(in crate::store) block: usize,
    /// How much of the block is no padding.
    pub(in crate::store) valid: Vec<usize>,
    /// How much of it the box has.
    pub(in crate::store) extent: Vec<usize>,
    given: &'p Given<'p>,
    from: usize,
    to: usize,
    strides: &'p [isize],
    item: usize,
}

impl<'g> Given<'g> {
    /// A box of `extent` at `start` of an array, whose elements `bytes` has.
    pub(in crate::store) fn new(
        layout: &Layout,
        start: &'g [usize],
        extent: &'g [usize],
        bytes: &'g [u8],
    ) -> Self {
        Self {
            start,
            extent,
            strides: dense_strides(extent, layout.item.size),
            bytes,
        }
    }

    /// The extents of what it has of a region.
    pub(in crate::store) fn part_of(&self, region: &Region) -> Shape {
        Shape::from(common(self.start, self.extent, &region.start, &region.shape).1)
    }

    /// Visits what it has of each block of the chunk with this region.
    ///
    /// # Errors
    /// What `visit` returns.
    pub(in crate::store) fn each_block(
        &self,
        layout: &Layout,
        region: &Region,
        mut visit: impl FnMut(&Piece<'_>) -> Result<()>,
    ) -> Result<()> {
        let origin = &region.start;
        let (low, part) = common(self.start, self.extent, origin, &region.shape);
        let inside: Vec<usize> = low
            .iter()
            .zip(origin)
            .map(|(at, origin)| at - origin)
            .collect();
        let touched = cells(&inside, &part, &layout.grid.block);
        let (counts, item) = (layout.blocks.strides(), layout.item.size);
        let strides = dense_strides(&layout.grid.block, item);
        each(&touched, |cell| {
            let block = dot(cell, &counts);
            let (first, valid) = layout.block(block, &region.shape);
            let begins: Vec<usize> = first.iter().zip(origin).map(|(a, b)| a + b).collect();
            let (low, extent) = common(self.start, self.extent, &begins, &valid);
            visit(&Piece {
                block,
                from: offset(&low, self.start, &self.strides),
                to: offset(&low, &begins, &strides),
                valid,
                extent,
                given: self,
                strides: &strides,
                item,
            })
        })
    }
}

impl Piece<'_> {
    /// Whether it is all of the block that is no padding.
    pub(in crate::store) fn is_all(&self) -> bool {
        self.extent == self.valid
    }

    /// Copies its elements to where they stand in the block.
    pub(in crate::store) fn copy_into(&self, block: &mut [u8]) {
        let from = Strided {
            offset: self.from,
            strides: &self.given.strides,
        };
        let to = Strided {
            offset: self.to,
            strides: self.strides,
        };
        copy_box(self.item, &self.extent, self.given.bytes, from, block, to);
    }
}

/// Bytes from `from` to `at`.
fn offset(at: &[usize], from: &[usize], strides: &[isize]) -> usize {
    let steps = at.iter().zip(from).zip(strides);
    // OK because dense strides are not negative.
    steps
        .map(|((at, from), stride)| (at - from) * stride.unsigned_abs())
        .sum()
}
