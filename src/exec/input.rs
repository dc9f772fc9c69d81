//! In: a leaf of a pass and a box of its elements. Out: those elements, dense, in C order.
//! Never: padding, or elements outside the box.

use crate::array::{Array, Blocks, DecodeScratch, Layout, Runs};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::exec::boxes::{self, Strided, copy_box, dense_strides};
use crate::exec::buffer::Buffer;
use crate::exec::cache::BlockCache;
use crate::ir::Generator;
use crate::types::{DType, Grid, Shape};

/// Where the elements of a leaf come from.
#[derive(Clone, Debug)]
pub(crate) enum Leaf<'a> {
    /// An operand, or the result of an earlier pass.
    Array(Array<'a>),
    /// Computed from the index along its one axis.
    Generate(Generator, DType, Shape),
    /// The result of an earlier pass that has not run: only for looking at a plan.
    Pending(DType, Shape),
}

/// How the elements of a leaf are fetched, for the plan's text and for the worker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Access {
    /// Memory, used in place where a tile is dense there.
    Resident,
    /// Blocks that belong to one tile each: decoded by whoever computes the tile.
    OwnBlocks,
    /// Blocks that several tiles need: decoded once into the shared cache.
    SharedBlocks,
    /// A file without compression, read by position.
    File,
    /// Computed.
    Generated,
}

/// What a worker needs to fetch.
pub(crate) struct Fetch<'w> {
    /// Which leaf this is; part of the cache's key.
    pub(crate) leaf: usize,
    /// Whether its blocks go through the shared cache.
    pub(crate) shared: Option<&'w BlockCache>,
    /// The worker's decoding buffers and counters.
    pub(crate) scratch: &'w mut DecodeScratch,
    /// Room for one block.
    pub(crate) block: &'w mut Buffer,
}

impl Leaf<'_> {
    /// Element type.
    pub(crate) fn dtype(&self) -> DType {
        match self {
            Leaf::Array(array) => array.dtype(),
            Leaf::Generate(_, dtype, _) | Leaf::Pending(dtype, _) => *dtype,
        }
    }

    /// Extents.
    pub(crate) fn shape(&self) -> &Shape {
        match self {
            Leaf::Array(array) => array.shape(),
            Leaf::Generate(_, _, shape) | Leaf::Pending(_, shape) => shape,
        }
    }

    /// The box's elements where they lie, if they are dense and aligned in memory.
    pub(crate) fn in_place(&self, start: &[usize], extent: &[usize]) -> Option<&[u8]> {
        let Leaf::Array(array) = self else {
            return None;
        };
        let Layout::Resident {
            bytes,
            offset,
            strides,
        } = array.layout()
        else {
            return None;
        };
        let item = array.dtype().size();
        let dense = dense_strides(extent, item);
        let differs = |axis: usize| extent[axis] > 1 && strides[axis] != dense[axis];
        if (0..extent.len()).any(differs) {
            return None;
        }
        let at = position(offset, strides, start);
        let len = extent.iter().product::<usize>() * item;
        let found = bytes.get(at..at.checked_add(len)?)?;
        (found.as_ptr().align_offset(item) == 0).then_some(found)
    }

    /// The blocks a box touches, as numbers of chunk and block; none where there are no blocks.
    pub(crate) fn blocks(&self, start: &[usize], extent: &[usize]) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        if let Leaf::Array(array) = self
            && let Layout::Blocks(grid, blocks) = array.layout()
        {
            let source = BlockSource {
                grid,
                blocks,
                shape: array.shape(),
                item: array.dtype().size(),
            };
            let note = |overlap: &[Overlap]| {
                found.push(source.numbers(overlap));
                Ok(())
            };
            // OK to ignore: noting a number does not fail.
            let _ = source.each_block(start, extent, note);
        }
        found
    }

    /// Copies the box's elements to `dst`, which has exactly their bytes.
    pub(crate) fn fetch(
        &self,
        start: &[usize],
        extent: &[usize],
        fetch: &mut Fetch<'_>,
        dst: &mut [u8],
    ) -> Result<()> {
        let array = match self {
            Leaf::Generate(generator, dtype, shape) => {
                let first = start.first().copied().unwrap_or(0);
                fill(generator, *dtype, first, shape.elems(), dst);
                return Ok(());
            }
            Leaf::Pending(..) => {
                let message = "a pass reads what no pass delivered";
                return Err(Error::new(ErrorKind::Internal, Code::Internal, message));
            }
            Leaf::Array(array) => array,
        };
        let item = array.dtype().size();
        match array.layout() {
            Layout::Resident {
                bytes,
                offset,
                strides,
            } => {
                let offset = position(offset, strides, start);
                let to = dense_strides(extent, item);
                let from = Strided { offset, strides };
                let to = Strided {
                    offset: 0,
                    strides: &to,
                };
                copy_box(item, extent, bytes, from, dst, to);
                Ok(())
            }
            Layout::Blocks(grid, blocks) => {
                let source = BlockSource {
                    grid,
                    blocks,
                    shape: array.shape(),
                    item,
                };
                source.fetch(start, extent, fetch, dst)
            }
            Layout::Runs(runs) => {
                fetch_runs(runs, array.shape(), item, start, extent, fetch.scratch, dst)
            }
        }
    }
}

/// Byte position of element `start`.
fn position(offset: usize, strides: &[isize], start: &[usize]) -> usize {
    let steps = strides.iter().zip(start);
    offset.wrapping_add_signed(steps.map(|(&stride, &i)| stride * i as isize).sum())
}

/// A gridded array as the gatherer sees it.
struct BlockSource<'s> {
    grid: &'s Grid,
    blocks: &'s dyn Blocks,
    shape: &'s Shape,
    item: usize,
}

/// The part of one block that a box covers, along one axis.
#[derive(Clone, Copy, Debug)]
struct Overlap {
    chunk: usize,
    block: usize,
    /// First index inside the block.
    inside: usize,
    /// First index inside the box.
    at: usize,
    len: usize,
}

impl BlockSource<'_> {
    fn fetch(
        &self,
        start: &[usize],
        extent: &[usize],
        fetch: &mut Fetch<'_>,
        dst: &mut [u8],
    ) -> Result<()> {
        self.each_block(start, extent, |overlap| {
            self.fetch_block(overlap, extent, fetch, dst)
        })
    }

    /// Calls `visit` for every block that a box touches, in C order.
    fn each_block(
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
    fn numbers(&self, overlap: &[Overlap]) -> (usize, usize) {
        let chunks = self.grid.chunks_per_axis(self.shape);
        let chunk = c_order(overlap.iter().map(|o| o.chunk), &chunks);
        let block = c_order(overlap.iter().map(|o| o.block), &self.grid.blocks_per_axis());
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

    fn fetch_block(
        &self,
        overlap: &[Overlap],
        extent: &[usize],
        fetch: &mut Fetch<'_>,
        dst: &mut [u8],
    ) -> Result<()> {
        let (chunk, block) = self.numbers(overlap);
        let len = self.grid.block.iter().product::<usize>() * self.item;
        if let Some(cache) = fetch.shared {
            let scratch = &mut *fetch.scratch;
            let decode = |data: &mut [u8]| self.blocks.decode(chunk, block, scratch, data);
            let found = cache.get((fetch.leaf, chunk, block), len, decode)?;
            self.copy_out(overlap, extent, found.bytes(), dst);
            return Ok(());
        }
        let whole = extent == &self.grid.block[..] && overlap.iter().all(|o| o.inside == 0);
        if whole && dst.len() == len {
            return self.blocks.decode(chunk, block, fetch.scratch, dst);
        }
        let data = fetch.block.bytes(len);
        self.blocks.decode(chunk, block, fetch.scratch, data)?;
        self.copy_out(overlap, extent, data, dst);
        Ok(())
    }

    fn copy_out(&self, overlap: &[Overlap], extent: &[usize], block: &[u8], dst: &mut [u8]) {
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
fn fetch_runs(
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

/// Computes `n` elements of a generator of `len` elements from index `first` on.
fn fill(generator: &Generator, dtype: DType, first: usize, len: usize, dst: &mut [u8]) {
    let item = dtype.size();
    let mut bytes = Vec::with_capacity(item);
    for (i, out) in dst.chunks_exact_mut(item).enumerate() {
        bytes.clear();
        generator.at(dtype, first + i, len).write(&mut bytes);
        out.copy_from_slice(&bytes);
    }
}
