//! In: a leaf of a pass and a box of its elements. Out: those elements, dense, in C order.
//! Never: padding, or elements outside the box.

use std::sync::Arc;

use crate::array::gather::{BlockSource, Overlap, copy_resident, fetch_runs, position};
use crate::array::{Array, DecodeScratch, Layout};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::exec::buffer::Buffer;
use crate::exec::cache::BlockCache;
use crate::exec::joined::Joined;
use crate::exec::seen::Seen;
use crate::ir::{Generator, eval};
use crate::math::generate;
use crate::store::boxes::dense_strides;
use crate::types::{DType, Scalar, Shape};

/// Where the elements of a leaf come from.
#[derive(Clone, Debug)]
pub(crate) enum Leaf<'a> {
    /// An operand, or the result of an earlier pass.
    Array(Array<'a>),
    /// Computed from the index along its one axis.
    Generate(Generator, DType, Shape),
    /// Another leaf, seen elsewhere.
    Seen(Box<Seen<'a>>),
    /// Several leaves, one after the other.
    Joined(Arc<Joined<'a>>),
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
    /// Room for the boxes that views are copied from.
    pub(crate) spare: &'w mut Vec<Buffer>,
}

impl Leaf<'_> {
    /// Element type.
    pub(crate) fn dtype(&self) -> DType {
        match self {
            Leaf::Array(array) => array.dtype(),
            Leaf::Generate(_, dtype, _) | Leaf::Pending(dtype, _) => *dtype,
            Leaf::Seen(seen) => seen.inner.dtype(),
            Leaf::Joined(joined) => joined.dtype,
        }
    }

    /// Extents.
    pub(crate) fn shape(&self) -> &Shape {
        match self {
            Leaf::Array(array) => array.shape(),
            Leaf::Generate(_, _, shape) | Leaf::Pending(_, shape) => shape,
            Leaf::Seen(seen) => &seen.shape,
            Leaf::Joined(joined) => &joined.shape,
        }
    }

    /// Bytes of a block; 0 where there are no blocks.
    pub(crate) fn block_bytes(&self) -> usize {
        match self {
            Leaf::Array(array) => array.grid().map_or(0, |grid| {
                grid.block.elems().saturating_mul(array.dtype().size())
            }),
            Leaf::Generate(..) | Leaf::Pending(..) => 0,
            Leaf::Seen(seen) => seen.inner.block_bytes(),
            Leaf::Joined(joined) => joined.block_bytes,
        }
    }

    /// How its elements are fetched where tiles are cut without regard to it.
    pub(crate) fn access(&self) -> Access {
        match self {
            Leaf::Generate(..) => Access::Generated,
            Leaf::Pending(..) => Access::Resident,
            Leaf::Seen(seen) => seen.inner.access(),
            Leaf::Joined(joined) => joined.access,
            Leaf::Array(array) => match array.layout() {
                Layout::Resident { .. } => Access::Resident,
                Layout::Runs(_) => Access::File,
                Layout::Blocks(..) => Access::SharedBlocks,
            },
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
        if let Leaf::Seen(seen) = self {
            let mut note = |start: &[usize], extent: &[usize]| {
                found.extend(seen.inner.blocks(start, extent));
                Ok(())
            };
            // OK to ignore: noting a number does not fail.
            let _ = seen.each_inner(start, extent, &mut note);
        }
        if let Leaf::Joined(joined) = self {
            found = joined.blocks(start, extent);
        }
        if let Leaf::Array(array) = self
            && let Layout::Blocks(grid, blocks) = array.layout()
        {
            let source = BlockSource::new(grid, blocks, array.shape(), array.dtype().size());
            let note = |overlap: &[Overlap]| {
                found.push(source.numbers(overlap));
                Ok(())
            };
            // OK to ignore: noting a number does not fail.
            let _ = source.each_block(start, extent, note);
        }
        found
    }

    /// How many blocks a box touches.
    pub(crate) fn n_blocks(&self, start: &[usize], extent: &[usize]) -> u64 {
        match self {
            Leaf::Array(array) => match array.layout() {
                Layout::Blocks(grid, blocks) => {
                    let item = array.dtype().size();
                    BlockSource::new(grid, blocks, array.shape(), item).count(start, extent) as u64
                }
                Layout::Resident { .. } | Layout::Runs(_) => 0,
            },
            Leaf::Generate(..) | Leaf::Pending(..) => 0,
            Leaf::Seen(_) | Leaf::Joined(_) => self.blocks(start, extent).len() as u64,
        }
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
            Leaf::Seen(seen) => return seen.fetch(start, extent, fetch, dst),
            Leaf::Joined(joined) => return joined.fetch(start, extent, fetch, dst),
            Leaf::Array(array) => array,
        };
        let item = array.dtype().size();
        match array.layout() {
            Layout::Resident {
                bytes,
                offset,
                strides,
            } => {
                copy_resident(bytes, offset, strides, item, start, extent, dst);
                Ok(())
            }
            Layout::Blocks(grid, blocks) => {
                let source = BlockSource::new(grid, blocks, array.shape(), item);
                source.each_block(start, extent, |overlap| {
                    fetch_block(&source, overlap, extent, fetch, dst)
                })
            }
            Layout::Runs(runs) => {
                fetch_runs(runs, array.shape(), item, start, extent, fetch.scratch, dst)
            }
        }
    }
}

/// Fetches the part of a box that lies in one block.
fn fetch_block(
    source: &BlockSource<'_>,
    overlap: &[Overlap],
    extent: &[usize],
    fetch: &mut Fetch<'_>,
    dst: &mut [u8],
) -> Result<()> {
    let (chunk, block) = source.numbers(overlap);
    let len = source.block_bytes();
    if let Some(cache) = fetch.shared {
        let scratch = &mut *fetch.scratch;
        let decode = |data: &mut [u8]| source.blocks.decode(chunk, block, scratch, data);
        let found = cache.get((fetch.leaf, chunk, block), len, decode)?;
        source.copy_out(overlap, extent, found.bytes(), dst);
        return Ok(());
    }
    if source.is_block(overlap, extent) {
        return source.blocks.decode(chunk, block, fetch.scratch, dst);
    }
    let data = fetch.block.bytes(len);
    source.blocks.decode(chunk, block, fetch.scratch, data)?;
    source.copy_out(overlap, extent, data, dst);
    Ok(())
}

/// Computes `n` elements of a generator of `len` elements from index `first` on.
fn fill(generator: &Generator, dtype: DType, first: usize, len: usize, dst: &mut [u8]) {
    let item = dtype.size();
    // Those that programs use most, without a look at dtypes an element; to the same bits.
    match (generator, dtype) {
        (Generator::Random { seed }, _) => return fill_random(*seed, first, dst),
        (
            Generator::Linspace {
                start,
                step,
                stop,
                tiny: None,
            },
            DType::Float64,
        ) => {
            let (start, step) = (start.as_f64(), step.as_f64());
            fill_words(first, dst, |i| {
                generate::linspace_at(start, step, i).to_ne_bytes()
            });
            let last = (len - 1).checked_sub(first).map(|at| at * 8);
            if let (Some(stop), Some(at)) = (stop, last)
                && let Some(out) = dst.get_mut(at..at + 8)
            {
                out.copy_from_slice(&stop.as_f64().to_ne_bytes());
            }
            return;
        }
        (
            Generator::Arange {
                start: Scalar::Float64(start),
                step: Scalar::Float64(step),
            },
            DType::Float64,
        ) => return fill_words(first, dst, |i| (start + i as f64 * step).to_ne_bytes()),
        (
            Generator::Arange {
                start: Scalar::Int64(start),
                step: Scalar::Int64(step),
            },
            DType::Int64,
        ) => {
            return fill_words(first, dst, |i| {
                start
                    .wrapping_add((i as i64).wrapping_mul(*step))
                    .to_ne_bytes()
            });
        }
        (_, _) => {}
    }
    let mut bytes = Vec::with_capacity(item);
    for (i, out) in dst.chunks_exact_mut(item).enumerate() {
        bytes.clear();
        eval::element(generator, dtype, len, first + i).write(&mut bytes);
        out.copy_from_slice(&bytes);
    }
}

/// Computes elements of eight bytes from index `first` on.
fn fill_words(first: usize, dst: &mut [u8], at: impl Fn(usize) -> [u8; 8]) {
    for (i, out) in (first..).zip(dst.as_chunks_mut::<8>().0) {
        *out = at(i);
    }
}

/// Random numbers, four at a time as they are made.
fn fill_random(seed: u64, first: usize, dst: &mut [u8]) {
    let mut four = [0.0; 4];
    for (i, out) in (first..).zip(dst.chunks_exact_mut(8)) {
        if i == first || i % 4 == 0 {
            four = generate::random(seed, i / 4);
        }
        out.copy_from_slice(&four[i % 4].to_ne_bytes());
    }
}
