//! In: an array, and a file or a dataset that is being changed. Out: the array's elements behind its own, along the
//! first axis. Never: more than some chunks of them in memory.

use rayon::prelude::*;

use super::{Array, DecodeScratch};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_DIRTY_BYTES;
use crate::store::dataset::{Dataset, NewSlabs};
use crate::store::edit::ArrayFile;
use crate::types::{DType, Shape};

/// Rows that a thread reads at a time have about this many bytes.
const PART_BYTES: usize = 1 << 20;

impl Array<'_> {
    /// Appends this array to a file along the first axis. Nothing is committed.
    ///
    /// # Errors
    /// When dtype or extents do not fit, this array cannot be read, and as [`ArrayFile::append`].
    pub fn append_to(&self, file: &mut ArrayFile) -> Result<()> {
        let (dtype, shape) = (self.dtype(), self.shape());
        if dtype != file.dtype() {
            return Err(other_dtype(dtype, file.dtype()));
        }
        let Some((&rows, row)) = shape.split_first() else {
            return Err(no_axes());
        };
        let row_bytes = row.iter().product::<usize>() * dtype.size();
        if row_bytes == 0 || rows == 0 {
            // Whether it would fit is worth knowing, too.
            return file.append(shape, &[]);
        }
        // Whole chunks at a time, as far as they fit, so that none is read again.
        let high = file.grid().chunk.first().copied().unwrap_or(1);
        let slab = (MAX_DIRTY_BYTES / 2 / row_bytes).max(1);
        let slab = if slab > high {
            slab / high * high
        } else {
            slab
        };
        let mut bytes = Vec::new();
        let mut first = 0;
        while first < rows {
            // The first slab ends where a chunk of the file does.
            let filled = file.shape().first().copied().unwrap_or(0) % high;
            let count = (slab - filled.min(slab - 1)).min(rows - first);
            bytes.resize(count * row_bytes, 0);
            self.read_rows(first, &mut bytes, row_bytes)?;
            let mut extent = shape.to_vec();
            extent[0] = count;
            file.append(&extent, &bytes)?;
            first += count;
        }
        Ok(())
    }

    /// Appends this array to a dataset along the first axis. Nothing is committed.
    ///
    /// # Errors
    /// When dtype or extents do not fit, this array cannot be read, and as [`Dataset::stage`].
    pub fn append_to_dataset(&self, dataset: &mut Dataset) -> Result<()> {
        let rows = self.fits(dataset.dtype(), dataset.shape())?;
        let slabs = dataset.appending(rows)?;
        self.write_rows_to(&slabs)?;
        dataset.stage(slabs)
    }

    /// Puts this array in the place of rows of a dataset, from row `first` on. Nothing is committed.
    ///
    /// # Errors
    /// As [`Array::append_to_dataset`] and [`Dataset::replacing`].
    pub fn replace_in_dataset(&self, dataset: &mut Dataset, first: usize) -> Result<()> {
        let rows = self.fits(dataset.dtype(), dataset.shape())?;
        let slabs = dataset.replacing(first..first.saturating_add(rows))?;
        self.write_rows_to(&slabs)?;
        dataset.stage(slabs)
    }

    /// How many rows this array has, if they can be rows of one of this dtype and shape.
    fn fits(&self, dtype: DType, shape: &Shape) -> Result<usize> {
        let own = (self.dtype(), self.shape());
        if own.0 != dtype {
            return Err(other_dtype(own.0, dtype));
        }
        match (own.1.split_first(), shape.split_first()) {
            (Some((&rows, row)), Some((_, other))) if row == other => Ok(rows),
            (None, _) => Err(no_axes()),
            (Some(_), _) => {
                let message = format!(
                    "an array of shape {} has no place in one of shape {shape}",
                    own.1
                );
                let error = Error::new(ErrorKind::Argument, Code::WriteFailed, message);
                Err(error.with_help("all extents but the first have to be the same"))
            }
        }
    }

    /// Writes all elements, some rows of chunks at a time for each thread.
    fn write_rows_to(&self, slabs: &NewSlabs) -> Result<()> {
        if self.shape().contains(&0) {
            return Ok(());
        }
        let write =
            |start: &[usize], extent: &[usize], bytes: &[u8]| slabs.write(start, extent, bytes);
        self.rechunk_to(&slabs.header().grid, &write, None, &|_, _| {})
    }

    /// Reads whole rows, from row `first` on, beside each other.
    fn read_rows(&self, first: usize, bytes: &mut [u8], row_bytes: usize) -> Result<()> {
        let high = self
            .grid()
            .and_then(|grid| grid.chunk.first().copied())
            .unwrap_or(1)
            .clamp(1, (bytes.len() / row_bytes).max(1));
        let part = (PART_BYTES / row_bytes).max(1).next_multiple_of(high);
        bytes
            .par_chunks_mut(part * row_bytes)
            .enumerate()
            .try_for_each_init(DecodeScratch::default, |scratch, (number, bytes)| {
                let mut start = vec![0; self.shape().ndim()];
                start[0] = first + number * part;
                let mut extent = self.shape().to_vec();
                extent[0] = bytes.len() / row_bytes;
                self.read_box(&start, &extent, scratch, bytes)
            })
    }
}

#[cold]
fn other_dtype(dtype: DType, own: DType) -> Error {
    let message = format!("{dtype} elements cannot be appended to an array of {own}");
    let error = Error::new(ErrorKind::Argument, Code::WriteFailed, message);
    error.with_help(format!(
        "convert them first: fuseblock eval '{own}(x)' x=SOURCE -o CONVERTED"
    ))
}

#[cold]
fn no_axes() -> Error {
    let message = "a value without axes cannot be appended";
    Error::new(ErrorKind::Argument, Code::WriteFailed, message)
}
