//! In: another shape of as many axes. Out: the chunks that an array of that shape has: those it had, and
//! zeros. Never: what was padding, or was cut off, as elements.

use super::{ArrayFile, argument};
use crate::error::Result;
use crate::limits::MAX_EDITED_CHUNKS;
use crate::store::boxes::{dot, each};
use crate::store::frame::{UNINIT_ENTRY, ZEROS_ENTRY};
use crate::store::seal::ChunkSeal;
use crate::store::write::{Layout, Region};
use crate::types::Shape;

impl ArrayFile {
    /// Changes the extents. What is new is zero; what lies outside is gone.
    ///
    /// # Errors
    /// When the shape has another number of axes, more chunks than are possible, or a chunk at the edge
    /// cannot be read.
    pub fn resize(&mut self, shape: &Shape) -> Result<()> {
        self.check()?;
        if shape.ndim() != self.layout.shape.ndim() {
            return Err(argument(format!(
                "an array of shape {} cannot become one of shape {shape}: it keeps its axes",
                self.layout.shape
            )));
        }
        if *shape == self.layout.shape {
            return Ok(());
        }
        let new = Layout::new(self.layout.item.clone(), shape, &self.layout.grid)?;
        if new.chunks > MAX_EDITED_CHUNKS {
            return Err(argument(format!(
                "an array of shape {shape} would have {} chunks; {MAX_EDITED_CHUNKS} are the most",
                new.chunks
            ))
            .with_help("write it with larger chunks"));
        }
        self.changed = true;
        self.clear_padding(&new)
            .map_err(|error| self.poison(error))?;
        let old = std::mem::replace(&mut self.layout, new);
        let same = old.counts[..]
            .iter()
            .skip(1)
            .eq(self.layout.counts[..].iter().skip(1));
        if same && old.chunks > 0 {
            // Chunks keep their numbers.
            let chunks = self.layout.chunks;
            self.index.resize(chunks, ZEROS_ENTRY);
            self.dirty.retain(|&chunk, _| chunk < chunks);
            self.written.retain(|&chunk, _| chunk < chunks);
            for (&chunk, seal) in &mut self.written {
                forget(seal, &old.region(chunk), &self.layout.region(chunk));
            }
            self.lowest = self.lowest.min(chunks);
            if let Some(origin) = &mut self.origin {
                origin.resize(chunks, None);
            }
            return Ok(());
        }
        self.lowest = 0;
        let mut index = vec![ZEROS_ENTRY; self.layout.chunks];
        let mut origin = vec![None; self.layout.chunks];
        for (chunk, &entry) in self.index.iter().enumerate() {
            if let Some(place) = renumbered(chunk, &old, &self.layout) {
                index[place] = entry;
                origin[place] = self.committed(chunk);
            }
        }
        self.index = index;
        self.origin = Some(origin);
        let layout = &self.layout;
        let written = std::mem::take(&mut self.written).into_iter();
        self.written = written
            .filter_map(|(chunk, mut seal)| {
                let place = renumbered(chunk, &old, layout)?;
                forget(&mut seal, &old.region(chunk), &layout.region(place));
                Some((place, seal))
            })
            .collect();
        let dirty = std::mem::take(&mut self.dirty).into_iter();
        self.dirty = dirty
            .filter_map(|(chunk, bytes)| Some((renumbered(chunk, &old, layout)?, bytes)))
            .collect();
        Ok(())
    }

    /// Makes zeros of the padding that becomes elements: other programs may have left anything there, and
    /// so has an array that was larger before.
    fn clear_padding(&mut self, new: &Layout) -> Result<()> {
        if self.layout.chunks == 0 || new.chunks == 0 {
            return Ok(());
        }
        let old = self.layout.clone();
        for axis in 0..old.shape.ndim() {
            let (before, after) = (old.shape[axis], new.shape[axis]);
            if after <= before || before.is_multiple_of(old.grid.chunk[axis]) {
                continue;
            }
            // The chunks at the edge of this axis.
            let cells: Vec<(usize, usize)> = (0..old.shape.ndim())
                .map(|other| match other == axis {
                    true => (old.counts[other] - 1, 1),
                    false => (0, old.counts[other]),
                })
                .collect();
            let strides = old.counts.strides();
            each(&cells, |cell| self.clear_chunk(dot(cell, &strides), &old))?;
        }
        Ok(())
    }

    fn clear_chunk(&mut self, chunk: usize, old: &Layout) -> Result<()> {
        let clean = !self.dirty.contains_key(&chunk);
        if clean && [ZEROS_ENTRY, UNINIT_ENTRY].contains(&self.index[chunk]) {
            return Ok(());
        }
        let mut decoded = match self.dirty.remove(&chunk) {
            Some(decoded) => decoded,
            None => self.load(chunk)?,
        };
        let before = clean.then(|| decoded.clone());
        let inside = old.region(chunk).shape;
        for block in 0..old.blocks_per_chunk() {
            let (_, valid) = old.block(block, &inside);
            if valid == *old.grid.block {
                continue;
            }
            let at = block * old.block_bytes;
            clear_block(&mut decoded[at..at + old.block_bytes], &valid, old);
        }
        if before.is_none_or(|before| before != decoded) {
            self.dirty.insert(chunk, decoded);
        }
        Ok(())
    }
}

/// Forgets what is known of the elements of a chunk that has others inside of the array now.
fn forget(seal: &mut ChunkSeal, before: &Region, now: &Region) {
    if before.shape != now.shape {
        seal.zones = Box::default();
    }
}

/// The number that chunk `chunk` of an array cut like `old` has in one cut like `new`, if that has it.
fn renumbered(chunk: usize, old: &Layout, new: &Layout) -> Option<usize> {
    let axes = old.counts.strides().into_iter().enumerate();
    let cell: Vec<usize> = axes
        .map(|(axis, stride)| chunk / stride % old.counts[axis])
        .collect();
    let mut inside = cell.iter().zip(new.counts.iter());
    (new.chunks > 0 && inside.all(|(at, count)| at < count))
        .then(|| dot(&cell, &new.counts.strides()))
}

/// Zeroes what of a block lies outside of its first `valid` elements along each axis.
fn clear_block(block: &mut [u8], valid: &[usize], layout: &Layout) {
    let extents = &layout.grid.block;
    let row = extents.last().copied().unwrap_or(1);
    let item = layout.item.size;
    for (number, bytes) in block.chunks_exact_mut(row * item).enumerate() {
        let mut rest = number;
        let mut inside = true;
        for axis in (0..extents.ndim().saturating_sub(1)).rev() {
            inside &= rest % extents[axis] < valid[axis];
            rest /= extents[axis];
        }
        let kept = if inside {
            valid.last().map_or(1, |&last| last)
        } else {
            0
        };
        bytes[kept * item..].fill(0);
    }
}
