//! In: leaves that stand one after the other along an axis, and a box of their elements. Out: those
//! elements, dense, in C order. Never: a part fetched that the box does not reach.

use std::sync::Arc;

use crate::error::Result;
use crate::exec::input::{Access, Fetch, Leaf};
use crate::store::boxes::{Strided, copy_box, dense_strides};
use crate::types::{DType, Shape};

/// Called with a part, where what is reached of it begins along the axis of the box, and the start and
/// the extent of a box of the part.
type Visit<'v> = dyn FnMut(&Part<'_>, usize, &[usize], &[usize]) -> Result<()> + 'v;

/// Called with a leaf, and the start and the extent of a box of it.
pub(crate) type VisitLeaf<'v> = dyn FnMut(&Leaf<'_>, &[usize], &[usize]) -> Result<()> + 'v;

/// Leaves beside each other.
#[derive(Clone, Debug)]
pub(crate) struct Joined<'a> {
    pub(crate) dtype: DType,
    pub(crate) shape: Shape,
    pub(crate) block_bytes: usize,
    /// How most work is done; blocks are shared, since tiles are cut without regard to parts.
    pub(crate) access: Access,
    /// See [`Leaf::grain`]: the finest of all parts.
    pub(crate) grains: Vec<usize>,
    axis: usize,
    /// In order.
    parts: Vec<Part<'a>>,
}

/// A leaf, and where it begins along the axis.
#[derive(Clone, Debug)]
pub(crate) struct Part<'a> {
    pub(crate) leaf: Leaf<'a>,
    /// Part of the block cache's key.
    pub(crate) key: usize,
    start: usize,
}

impl<'a> Leaf<'a> {
    /// Leaves one after the other along `axis`, with their keys in the block cache; under `shape`.
    pub(crate) fn joined(leaves: Vec<(Leaf<'a>, usize)>, axis: usize, shape: &Shape) -> Leaf<'a> {
        let pending = |(leaf, _): &(Leaf<'a>, usize)| matches!(leaf, Leaf::Pending(..));
        let dtype = leaves.first().map_or(DType::Bool, |(leaf, _)| leaf.dtype());
        if leaves.iter().any(pending) {
            return Leaf::Pending(dtype, shape.clone());
        }
        let block_bytes = leaves.iter().map(|(leaf, _)| leaf.block_bytes()).max();
        let rank = |access: &Access| match access {
            Access::SharedBlocks | Access::OwnBlocks => 3,
            Access::File => 2,
            Access::Resident => 1,
            Access::Generated => 0,
        };
        let access = leaves
            .iter()
            .map(|(leaf, _)| leaf.access())
            .max_by_key(rank);
        let grain = |axis| leaves.iter().map(|(leaf, _)| leaf.grain(axis)).min();
        let grains = (0..shape.ndim()).map(|axis| grain(axis).unwrap_or(1));
        let grains = grains.collect();
        let mut end = 0;
        let parts = leaves.into_iter().map(|(leaf, key)| {
            let start = end;
            end += leaf.shape()[axis];
            Part { leaf, key, start }
        });
        let parts = parts.collect();
        Leaf::Joined(Arc::new(Joined {
            dtype,
            shape: shape.clone(),
            block_bytes: block_bytes.unwrap_or(0),
            access: access.unwrap_or(Access::Resident),
            grains,
            axis,
            parts,
        }))
    }
}

impl Joined<'_> {
    /// Copies the box's elements to `dst`, which has exactly their bytes.
    pub(crate) fn fetch(
        &self,
        start: &[usize],
        extent: &[usize],
        fetch: &mut Fetch<'_>,
        dst: &mut [u8],
    ) -> Result<()> {
        let item = self.dtype.size();
        // Bytes of one index along the axis, where those before it have one index only.
        let step = extent[self.axis + 1..].iter().product::<usize>() * item;
        let whole = extent[..self.axis].iter().product::<usize>() == 1;
        let whose = fetch.leaf;
        let mut visit = |part: &Part<'_>, at: usize, start: &[usize], len: &[usize]| {
            fetch.leaf = part.key;
            let bytes = len.iter().product::<usize>() * item;
            if whole {
                return part
                    .leaf
                    .fetch(start, len, fetch, &mut dst[at * step..][..bytes]);
            }
            let mut buffer = fetch.spare.pop().unwrap_or_default();
            let fetched = part.leaf.fetch(start, len, fetch, buffer.bytes(bytes));
            if fetched.is_ok() {
                let (from, to) = (dense_strides(len, item), dense_strides(extent, item));
                let offset = at * step;
                let (from, to) = (&from[..], &to[..]);
                let from = Strided {
                    offset: 0,
                    strides: from,
                };
                let to = Strided {
                    offset,
                    strides: to,
                };
                copy_box(item, len, buffer.bytes(bytes), from, dst, to);
            }
            fetch.spare.push(buffer);
            fetched
        };
        let fetched = self.each_part(start, extent, &mut visit);
        fetch.leaf = whose;
        fetched
    }

    /// Its parts.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = &Leaf<'_>> {
        self.parts.iter().map(|part| &part.leaf)
    }

    /// Calls `visit` with each leaf that a box reaches, and the box of it.
    pub(crate) fn each_leaf(
        &self,
        start: &[usize],
        extent: &[usize],
        visit: &mut VisitLeaf<'_>,
    ) -> Result<()> {
        self.each_part(start, extent, &mut |part, _, start, len| {
            visit(&part.leaf, start, len)
        })
    }

    /// The blocks that a box touches, as numbers of chunk and block: those of each part are others.
    pub(crate) fn blocks(&self, start: &[usize], extent: &[usize]) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let mut note = |part: &Part<'_>, _: usize, start: &[usize], len: &[usize]| {
            let blocks = part.leaf.blocks(start, len).into_iter();
            found.extend(blocks.map(|(chunk, block)| (chunk.wrapping_add(part.key << 32), block)));
            Ok(())
        };
        // OK to ignore: noting a number does not fail.
        let _ = self.each_part(start, extent, &mut note);
        found
    }

    /// Calls `visit` with each part that a box reaches.
    fn each_part(&self, start: &[usize], extent: &[usize], visit: &mut Visit<'_>) -> Result<()> {
        let (first, end) = (start[self.axis], start[self.axis] + extent[self.axis]);
        let behind = self.parts.partition_point(|part| part.start <= first);
        let (mut own, mut len) = (start.to_vec(), extent.to_vec());
        for part in &self.parts[behind.saturating_sub(1)..] {
            let low = first.max(part.start);
            let high = end.min(part.start + part.leaf.shape()[self.axis]);
            if part.start >= end {
                break;
            }
            if low < high {
                own[self.axis] = low - part.start;
                len[self.axis] = high - low;
                visit(part, low - first, &own, &len)?;
            }
        }
        Ok(())
    }
}
