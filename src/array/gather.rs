//! In: an array and a box of its elements. Out: those elements, dense, in C order.
//! Never: padding, or elements outside the box.

use super::{Array, Blocks, DecodeScratch, Element, Layout, Runs};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::store::boxes::{self, Strided, copy_box, copy_dense, dense_strides};
use crate::types::{Grid, Scalar, Shape};

impl Array<'_> {
    /// Reads the box of elements that starts at `start` and has `extent`, both in elements along
    /// each axis, into `dst`: dense, C order, native byte order.
    ///
    /// # Panics
    /// If the box does not lie in the array or `dst` has not exactly its bytes.
    ///
    /// # Errors
    /// What reading and decoding a file can give.
    pub fn read_box(
        &self,
        start: &[usize],
        extent: &[usize],
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        let shape = self.shape();
        let axes = shape.iter().zip(start).zip(extent);
        let inside = axes
            .filter(|((n, at), len)| *at <= n && **len <= *n - *at)
            .count();
        assert!(inside == shape.ndim(), "the box lies outside the array");
        let item = self.dtype().size();
        assert_eq!(dst.len(), extent.iter().product::<usize>() * item);
        if dst.is_empty() {
            return Ok(());
        }
        match self.layout() {
            Layout::Resident {
                bytes,
                offset,
                strides,
            } => {
                copy_resident(bytes, offset, strides, item, start, extent, dst);
                Ok(())
            }
            Layout::Runs(runs) => fetch_runs(runs, shape, item, start, extent, scratch, dst),
            Layout::Blocks(grid, blocks) => {
                let source = BlockSource::new(grid, blocks, shape, item);
                let mut block = vec![0; source.block_bytes()];
                source.each_block(start, extent, |overlap| {
                    let (chunk, number) = source.numbers(overlap);
                    blocks.decode(chunk, number, scratch, &mut block)?;
                    source.copy_out(overlap, extent, &block, dst);
                    Ok(())
                })
            }
        }
    }

    /// All elements in C order, native byte order.
    ///
    /// # Errors
    /// What reading and decoding a file can give.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let shape = self.shape();
        let len = shape.elems() * self.dtype().size();
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(len).map_err(|_| {
            let message = format!("the array needs {len} bytes of memory, more than there is");
            Error::new(ErrorKind::Limit, Code::TooLarge, message)
        })?;
        bytes.resize(len, 0);
        let start = vec![0; shape.ndim()];
        self.read_box(&start, shape, &mut DecodeScratch::default(), &mut bytes)?;
        Ok(bytes)
    }

    /// All elements in C order.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Argument`] if the array has another dtype, and what reading and
    /// decoding a file can give.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        if self.dtype() != T::DTYPE {
            let (have, want) = (self.dtype(), T::DTYPE);
            let message = format!("the array has dtype {have}, not {want}");
            return Err(Error::new(ErrorKind::Argument, Code::WrongBuffer, message));
        }
        let bytes = self.to_bytes()?;
        let items = bytes.chunks_exact(self.dtype().size());
        let scalars = items.filter_map(|item| Scalar::read(T::DTYPE, item));
        Ok(scalars.filter_map(T::from_scalar).collect())
    }
}

/// Copies a box of an array in memory.
pub(crate) fn copy_resident(
    bytes: &[u8],
    offset: usize,
    strides: &[isize],
    item: usize,
    start: &[usize],
    extent: &[usize],
    dst: &mut [u8],
) {
    let from = Strided {
        offset: position(offset, strides, start),
        strides,
    };
    copy_dense(item, extent, bytes, from, dst);
}

/// Byte position of element `start`.
pub(crate) fn position(offset: usize, strides: &[isize], start: &[usize]) -> usize {
    let steps = strides.iter().zip(start);
    offset.wrapping_add_signed(steps.map(|(&stride, &i)| stride * i as isize).sum())
}

/// A gridded array as the gatherer sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockSource<'s> {
    grid: &'s Grid,
    pub(crate) blocks: &'s dyn Blocks,
    shape: &'s Shape,
    item: usize,
}

/// The part of one block that a box covers, along one axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Overlap {
    chunk: usize,
    block: usize,
    /// First index inside the block.
    pub(crate) inside: usize,
    /// First index inside the box.
    at: usize,
    len: usize,
}

impl<'s> BlockSource<'s> {
    pub(crate) fn new(
        grid: &'s Grid,
        blocks: &'s dyn Blocks,
        shape: &'s Shape,
        item: usize,
    ) -> BlockSource<'s> {
        BlockSource {
            grid,
            blocks,
            shape,
            item,
        }
    }

    /// Bytes of a block.
    pub(crate) fn block_bytes(&self) -> usize {
        self.grid.block.iter().product::<usize>() * self.item
    }

    /// Whether a box of `extent` is one whole block, which `overlap` says where to find.
    pub(crate) fn is_block(&self, overlap: &[Overlap], extent: &[usize]) -> bool {
        extent == &self.grid.block[..] && overlap.iter().all(|o| o.inside == 0)
    }

    /// Whether a box has all elements of the block that `overlap` is of.
    pub(crate) fn has_all(&self, overlap: &[Overlap]) -> bool {
        overlap.iter().enumerate().all(|(axis, part)| {
            let (chunk, block) = (self.grid.chunk[axis], self.grid.block[axis]);
            let inside = part.block * block;
            let end = chunk.min(self.shape[axis] - part.chunk * chunk);
            part.inside == 0 && part.len == block.min(end - inside)
        })
    }

    /// How many elements of a block a box has.
    pub(crate) fn elems(&self, overlap: &[Overlap]) -> usize {
        overlap.iter().map(|part| part.len).product()
    }

    /// How many blocks a box touches.
    pub(crate) fn count(&self, start: &[usize], extent: &[usize]) -> usize {
        let along = |axis: usize| {
            let (chunk, block) = (self.grid.chunk[axis].max(1), self.grid.block[axis].max(1));
            let (first, end) = (start[axis], start[axis] + extent[axis]);
            let before = first / chunk * chunk.div_ceil(block) + first % chunk / block;
            let until = end / chunk * chunk.div_ceil(block) + (end % chunk).div_ceil(block);
            if extent[axis] > 0 { until - before } else { 0 }
        };
        (0..extent.len()).map(along).product()
    }

    /// Calls `visit` for every block that a box touches, in C order.
    pub(crate) fn each_block(
        &self,
        start: &[usize],
        extent: &[usize],
        mut visit: impl FnMut(&[Overlap]) -> Result<()>,
    ) -> Result<()> {
        let axes: Vec<Vec<Overlap>> = (0..extent.len())
            .map(|axis| self.overlaps(axis, start[axis], extent[axis]))
            .collect();
        let mut pick = vec![0usize; axes.len()];
        loop {
            let overlap: Vec<Overlap> = axes.iter().zip(&pick).map(|(axis, &i)| axis[i]).collect();
            visit(&overlap)?;
            let stepped = pick.iter_mut().zip(&axes).rev().any(|(i, axis)| {
                *i += 1;
                let inside = *i < axis.len();
                if !inside {
                    *i = 0;
                }
                inside
            });
            if !stepped {
                return Ok(());
            }
        }
    }

    /// The chunk and block numbers of an overlap.
    pub(crate) fn numbers(&self, overlap: &[Overlap]) -> (usize, usize) {
        let chunks = self.grid.chunks_per_axis(self.shape);
        let chunk = c_order(overlap.iter().map(|o| o.chunk), &chunks);
        let block = c_order(
            overlap.iter().map(|o| o.block),
            &self.grid.blocks_per_axis(),
        );
        (chunk, block)
    }

    /// The blocks along `axis` that `start .. start + extent` touches.
    fn overlaps(&self, axis: usize, start: usize, extent: usize) -> Vec<Overlap> {
        let (chunk_len, block_len) = (self.grid.chunk[axis], self.grid.block[axis]);
        let mut found = Vec::new();
        let mut at = 0;
        while at < extent {
            let index = start + at;
            let (chunk, local) = (index / chunk_len, index % chunk_len);
            let (block, inside) = (local / block_len, local % block_len);
            let len = (block_len - inside).min(chunk_len - local).min(extent - at);
            found.push(Overlap {
                chunk,
                block,
                inside,
                at,
                len,
            });
            at += len;
        }
        found
    }

    /// Copies what a box covers of a decoded block to its place in the box.
    pub(crate) fn copy_out(
        &self,
        overlap: &[Overlap],
        extent: &[usize],
        block: &[u8],
        dst: &mut [u8],
    ) {
        let from = dense_strides(&self.grid.block, self.item);
        let to = dense_strides(extent, self.item);
        let inside: Vec<usize> = overlap.iter().map(|o| o.inside).collect();
        let at: Vec<usize> = overlap.iter().map(|o| o.at).collect();
        let len: Vec<usize> = overlap.iter().map(|o| o.len).collect();
        let from = Strided {
            offset: position(0, &from, &inside),
            strides: &from,
        };
        let to = Strided {
            offset: position(0, &to, &at),
            strides: &to,
        };
        copy_box(self.item, &len, block, from, dst, to);
    }
}

/// The C-order number of `index` in a grid of `counts`.
fn c_order(index: impl Iterator<Item = usize>, counts: &[usize]) -> usize {
    index.zip(counts).fold(0, |n, (i, &count)| n * count + i)
}

/// Reads a box of a C-order file, one call a run of neighbours.
pub(crate) fn fetch_runs(
    runs: &dyn Runs,
    shape: &Shape,
    item: usize,
    start: &[usize],
    extent: &[usize],
    scratch: &mut DecodeScratch,
    dst: &mut [u8],
) -> Result<()> {
    let (strides, mut odometer) = (shape.strides(), boxes::Runs::new(shape, extent));
    for run in dst.chunks_exact_mut((odometer.elems * item).max(1)) {
        runs.read(odometer.first(start, &strides), scratch, run)?;
        odometer.advance(extent);
    }
    Ok(())
}
