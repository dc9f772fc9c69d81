//! In: an array, and a frame to be with chunks that cross its own. Out: the elements written, some chunks at a time.
//! Never: more chunks incomplete than threads work on.

use rayon::prelude::*;

use super::{Array, DecodeScratch};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_WAITING_BYTES, RECHUNK_BYTES};
use crate::types::{Grid, Shape};

/// Takes a box of elements: where it starts, its extents, and the elements in C order, native-endian.
pub type WriteBox<'w> = dyn Fn(&[usize], &[usize], &[u8]) -> Result<()> + Sync + 'w;

impl Array<'_> {
    /// Whether much of a file with this grid is incomplete while the array is read in its own order.
    pub fn crosses(&self, grid: &Grid) -> bool {
        let (shape, chunk) = (self.shape(), &grid.chunk);
        let Some((&rows, row)) = shape.split_first() else {
            return false;
        };
        let cut = row
            .iter()
            .zip(&chunk[1..])
            .any(|(extent, chunk)| chunk < extent);
        let own = self.grid().map_or(1, |own| own.chunk[0]);
        let high = chunk[0].min(rows);
        let slab = row
            .iter()
            .fold(high, |elems, &extent| elems.saturating_mul(extent));
        cut && own < high && slab.saturating_mul(self.dtype().size()) > MAX_WAITING_BYTES
    }

    /// Writes the array's elements with `write`, which takes boxes as [`OutputFile::write`](super::OutputFile::write) does,
    /// some chunks of a file with this grid at a time for each thread; its own blocks are decoded as
    /// often as such boxes share them. `threads` are those of a pool of its own, else the caller's; `progress` is told
    /// how many boxes of how many are written.
    ///
    /// # Errors
    /// When the array cannot be read, or the system refuses.
    pub fn rechunk_to(
        &self,
        grid: &Grid,
        write: &WriteBox<'_>,
        threads: Option<usize>,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<()> {
        let (shape, item) = (self.shape(), self.dtype().size());
        let unit = unit_of(shape, &grid.chunk, item);
        let counts: Shape = shape
            .iter()
            .zip(&unit)
            .map(|(extent, unit)| extent.div_ceil(*unit))
            .collect::<Vec<_>>()
            .into();
        let total = counts.elems();
        let copy = |(scratch, bytes): &mut (DecodeScratch, Vec<u8>), number: usize| {
            let axes = counts.strides().into_iter().zip(counts.iter()).zip(&unit);
            let start: Vec<usize> = axes
                .map(|((stride, count), unit)| number / stride % count * unit)
                .collect();
            let ends = start.iter().zip(&unit).zip(shape.iter());
            let extent: Vec<usize> = ends
                .map(|((start, unit), end)| *unit.min(&(end - start)))
                .collect();
            bytes.resize(extent.iter().product::<usize>() * item, 0);
            self.read_box(&start, &extent, scratch, bytes)?;
            write(&start, &extent, bytes)
        };
        let run = || {
            // Some at a time, so that chunks are written in order.
            let at_once = rayon::current_num_threads();
            for first in (0..total).step_by(at_once) {
                let some = first..total.min(first + at_once);
                let done = some.end;
                some.into_par_iter()
                    .try_for_each_init(Default::default, copy)?;
                progress(done, total);
            }
            Ok(())
        };
        let Some(threads) = threads else {
            return run();
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|cause| {
            let message = format!("cannot start {threads} threads: {cause}");
            Error::new(ErrorKind::Io, Code::FileIo, message)
        })?;
        pool.install(run)
    }
}

/// Extents of what is written at a time: whole chunks, grown from the last axis on.
fn unit_of(shape: &Shape, chunk: &Shape, item: usize) -> Vec<usize> {
    let mut unit = chunk.to_vec();
    for axis in (0..unit.len()).rev() {
        let others = unit.iter().product::<usize>() / unit[axis] * item;
        let room = (RECHUNK_BYTES / others.max(1)) / chunk[axis] * chunk[axis];
        unit[axis] = room.clamp(
            chunk[axis],
            shape[axis].max(chunk[axis]).next_multiple_of(chunk[axis]),
        );
    }
    unit
}
