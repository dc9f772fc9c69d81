//! In: a dataset of small slabs, and of such as begin where no chunk does. Out: the same rows in slabs of full size.
//! Never: a slab written anew that is well as it is.

use std::ops::Range;

use rayon::prelude::*;

use super::changes::Change;
use super::handle::Dataset;
use super::read::DatasetArray;
use super::slab::{Content, Slab};
use super::slabs::{NewSlabs, Purpose, merged};
use crate::error::Result;
use crate::store::boxes::{Strided, copy_dense, dense_strides};
use crate::store::read_limits::ReadLimits;
use crate::store::scratch::DecodeScratch;
use crate::store::seal::Verify;

/// What [`Dataset::compact`] has made of a dataset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CompactedSlabs {
    /// Slabs before.
    pub before: usize,
    /// Slabs now.
    pub after: usize,
    /// Rows that were written anew.
    pub rows: usize,
    /// The version that it is now.
    pub version: u64,
}

impl Dataset {
    /// Commits, and writes runs of small neighbouring slabs, and of those that begin where no chunk does, anew in slabs of
    /// full size, in one more commit. Files that no version has any more are left for [`vacuum`](super::vacuum).
    ///
    /// # Errors
    /// As [`Dataset::commit`], and when a file is missing or damaged: then nothing is changed.
    pub fn compact(&mut self) -> Result<CompactedSlabs> {
        self.commit()?;
        self.refresh()?;
        let before = self.snapshot.slabs().len();
        let rows = self.stage_compacted().inspect_err(|_| self.abandon())?;
        let version = match self.has_changes() {
            true => self.commit_as(true)?,
            false => self.snapshot.version(),
        };
        Ok(CompactedSlabs {
            before,
            after: self.snapshot.slabs().len(),
            rows,
            version,
        })
    }

    /// Writes what is to be written anew, and says how many rows that are.
    fn stage_compacted(&mut self) -> Result<usize> {
        let (header, slabs) = (
            self.snapshot.header().clone(),
            self.snapshot.slabs().to_vec(),
        );
        let joined = merged(slabs.iter().copied());
        let groups = groups(&joined, header.high(), header.slab_rows);
        let array = self.array(Verify::Always, &ReadLimits::default())?;
        for (rows, bits) in neighbours(&slabs) {
            let slab = Slab::constant(rows.len(), bits);
            self.stage_change(Change::Replace(rows, vec![slab]), None);
        }
        let mut written = 0;
        for rows in groups {
            let (count, at) = (rows.len(), rows.start);
            let new = self.begin(Purpose::Replace(rows.clone()), count, at)?;
            copy(&array, &rows, &new)?;
            self.stage(new)?;
            written += count;
        }
        Ok(written)
    }
}

/// Rows of neighbouring slabs of one value, and its bits.
fn neighbours(slabs: &[Slab]) -> Vec<(Range<usize>, u64)> {
    let same = |one: &Slab, other: &Slab| {
        matches!(one.content, Content::Constant(_)) && one.content == other.content
    };
    let (mut found, mut start) = (Vec::new(), 0);
    for run in slabs.chunk_by(same) {
        let end = start + run.iter().map(|slab| slab.rows).sum::<usize>();
        if let (Content::Constant(bits), 2..) = (run[0].content, run.len()) {
            found.push((start..end, bits));
        }
        start = end;
    }
    found
}

/// Some rows that stay together.
struct Piece {
    end: usize,
    /// Whether they are few, in a file.
    small: bool,
}

/// Rows that are to be written anew, together.
fn groups(slabs: &[Slab], high: usize, slab_rows: usize) -> Vec<Range<usize>> {
    let all: usize = slabs.iter().map(|slab| slab.rows).sum();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut start = 0;
    for slab in slabs {
        let end = start + slab.rows;
        match slab.content {
            Content::File(_) => pieces.push(Piece {
                end,
                small: slab.rows < slab_rows / 2 || slab.rows < high,
            }),
            // Of rows of one value only those in a chunk with others have to be written with these.
            Content::Constant(_) => {
                let head = start.next_multiple_of(high).min(end);
                let tail = if end == all {
                    end
                } else {
                    (end - end % high).max(head)
                };
                let ends = [head, tail, end].into_iter().filter(|&end| end > start);
                for end in ends {
                    if pieces.last().is_none_or(|piece| piece.end < end) {
                        pieces.push(Piece { end, small: false });
                    }
                }
            }
        }
        start = end;
    }
    let apart =
        |one: &Piece, other: &Piece| one.end.is_multiple_of(high) && !(one.small && other.small);
    let (mut found, mut first) = (Vec::new(), 0);
    for group in pieces.chunk_by(|one, other| !apart(one, other)) {
        let end = group.last().map_or(first, |piece| piece.end);
        if group.len() > 1 {
            found.push(first..end);
        }
        first = end;
    }
    found
}

/// Copies rows, which begin where a chunk does and end where one does or there are no more.
fn copy(array: &DatasetArray, rows: &Range<usize>, new: &NewSlabs) -> Result<()> {
    let layout = array.layout();
    if layout.chunks == 0 {
        return Ok(());
    }
    let (beside, high) = (
        layout.counts.iter().skip(1).product::<usize>(),
        layout.grid.chunk[0],
    );
    let chunks = rows.start / high * beside..rows.end.div_ceil(high) * beside;
    // Some at a time, so that chunks are written in order.
    let at_once = rayon::current_num_threads();
    for first in chunks.clone().step_by(at_once) {
        let some = first..chunks.end.min(first + at_once);
        some.into_par_iter().try_for_each_init(
            || (DecodeScratch::default(), Vec::new(), Vec::new()),
            |(scratch, block, dense), chunk| {
                block.resize(layout.block_bytes, 0);
                copy_chunk(array, rows, new, chunk, (scratch, block, dense))
            },
        )?;
    }
    Ok(())
}

fn copy_chunk(
    array: &DatasetArray,
    rows: &Range<usize>,
    new: &NewSlabs,
    chunk: usize,
    (scratch, block, dense): (&mut DecodeScratch, &mut Vec<u8>, &mut Vec<u8>),
) -> Result<()> {
    let layout = array.layout();
    let (region, item) = (layout.region(chunk), layout.item.size);
    let strides = dense_strides(&layout.grid.block, item);
    for number in 0..layout.blocks_per_chunk() {
        let (first, extent) = layout.block(number, &region.shape);
        if extent.contains(&0) {
            continue;
        }
        array.decode(chunk, number, scratch, block)?;
        dense.resize(extent.iter().product::<usize>() * item, 0);
        let from = Strided {
            offset: 0,
            strides: &strides,
        };
        copy_dense(item, &extent, block, from, dense);
        let mut start: Vec<usize> = region
            .start
            .iter()
            .zip(&first)
            .map(|(a, b)| a + b)
            .collect();
        start[0] -= rows.start;
        new.write(&start, &extent, dense)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::slab::{FileId, SlabFile};
    use super::*;

    #[test]
    fn only_what_is_small_or_odd_is_written_anew() {
        let file = |rows| Slab {
            rows,
            content: Content::File(SlabFile {
                id: FileId([0; 16]),
                len: 0,
                digest: [0; 16],
                root: [0; 16],
            }),
        };
        let value = |rows| Slab::constant(rows, 7);
        let check = |slabs: &[Slab], expected: &str| {
            let found = format!("{:?}", groups(slabs, 4, 16));
            assert_eq!(found, expected, "{slabs:?}");
        };
        check(&[], "[]");
        check(&[file(16), file(16), file(3)], "[]");
        check(&[file(16), file(4), file(4), file(16)], "[16..24]");
        check(&[file(3), file(3), file(3)], "[0..9]");
        check(&[file(10), file(16), file(16)], "[0..42]");
        // Of a large value only the rows that share a chunk with others.
        check(
            &[file(10), value(1_000_000), file(14)],
            "[0..12, 1000008..1000024]",
        );
        check(&[value(1_000_000), file(16), value(5)], "[]");
        check(&[value(3), value(2), file(3)], "[0..4, 4..8]");
    }
}
