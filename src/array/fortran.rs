//! In: elements in Fortran order, read by position. Out: blocks of the array in C order.
//! Never: more of the array in memory than a block.

use std::sync::Arc;
use std::time::Instant;

use super::gather::fetch_runs;
use super::{Blocks, DecodeScratch, Runs};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::FORTRAN_BLOCK_BYTES;
use crate::store::boxes::{Strided, copy_box, dense_strides};
use crate::types::{DType, Grid, Scalar, Shape};

/// An array whose elements stand with the first axis varying fastest, cut into blocks that are
/// read in runs along the first axis. Chunks are columns of blocks: as long as the array along
/// the first axes, so that neighbouring blocks are read from neighbouring places.
#[derive(Debug)]
pub(super) struct Fortran {
    runs: Arc<dyn Runs>,
    /// Bytes of what is moved as a whole: an element, or an item whose bytes are the last axis.
    item: usize,
    shape: Shape,
    /// The extents of the axes of items in the order of the file, the slowest first.
    reversed: Shape,
    grid: Grid,
}

/// Runs of whole items where the elements are their bytes.
#[derive(Debug)]
struct Items {
    runs: Arc<dyn Runs>,
    itemsize: usize,
}

impl Runs for Items {
    fn read(&self, first: usize, scratch: &mut DecodeScratch, dst: &mut [u8]) -> Result<()> {
        self.runs.read(first * self.itemsize, scratch, dst)
    }

    fn grain(&self) -> usize {
        self.runs.grain()
    }

    fn declared_dtype(&self) -> Option<&str> {
        self.runs.declared_dtype()
    }
}

impl Fortran {
    /// The array of `shape` whose elements `runs` has in Fortran order: its C order is that of the
    /// axes reversed. Meant for shapes where the orders differ.
    pub(super) fn new(runs: Arc<dyn Runs>, shape: &Shape, dtype: DType) -> Self {
        Self::of_items(runs, shape, dtype.size())
    }

    /// As [`Fortran::new`] for the bytes of items, which are the last axis of `shape`: they stand
    /// together in the file, and the other axes are in Fortran order.
    pub(super) fn of_bytes(runs: Arc<dyn Runs>, shape: &Shape) -> Self {
        let (itemsize, items) = match shape.split_last() {
            Some((&itemsize, items)) => (itemsize.max(1), Shape::new(items)),
            None => (1, Shape::scalar()),
        };
        let mut fortran = Self::of_items(Arc::new(Items { runs, itemsize }), &items, itemsize);
        let grid = &fortran.grid;
        fortran.grid = Grid {
            chunk: grid.chunk.with_axis(itemsize),
            block: grid.block.with_axis(itemsize),
        };
        fortran.shape = shape.clone();
        fortran
    }

    fn of_items(runs: Arc<dyn Runs>, shape: &Shape, item: usize) -> Self {
        let grid = choose_grid(shape, item, runs.grain());
        Self {
            runs,
            item,
            shape: shape.clone(),
            reversed: reversed(shape).into(),
            grid,
        }
    }

    /// How it is cut into blocks.
    pub(super) fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The dtype string of the file, where it declares one.
    pub(super) fn declared_dtype(&self) -> Option<&str> {
        self.runs.declared_dtype()
    }

    /// Where block `block` of chunk `chunk` starts, and its extents without padding.
    fn place(&self, chunk: usize, block: usize) -> Option<(Vec<usize>, Vec<usize>)> {
        let grid = &self.grid;
        let chunk = index(chunk, &grid.chunks_per_axis(&self.shape))?;
        let block = index(block, &grid.blocks_per_axis())?;
        // The bytes of an item are one cell.
        let axes = 0..self.reversed.ndim();
        let first = |axis: usize| chunk[axis] * grid.chunk[axis] + block[axis] * grid.block[axis];
        let start: Vec<usize> = axes.clone().map(first).collect();
        let extent = axes.map(|axis| grid.block[axis].min(self.shape[axis] - start[axis]));
        let extent = extent.collect();
        Some((start, extent))
    }
}

impl Blocks for Fortran {
    fn decode(
        &self,
        chunk: usize,
        block: usize,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        let items = &self.grid.block[..self.reversed.ndim()];
        let bytes = items.iter().product::<usize>() * self.item;
        let place = self.place(chunk, block).filter(|_| dst.len() == bytes);
        let Some((start, extent)) = place else {
            let len = dst.len();
            let message = format!("there is no block {block} of {len} bytes in chunk {chunk}");
            return Err(Error::new(ErrorKind::Argument, Code::WrongBuffer, message));
        };
        let mut read = std::mem::take(&mut scratch.transposed);
        read.resize(bytes, 0);
        let len = extent.iter().product::<usize>() * self.item;
        let outcome = fetch_runs(
            &*self.runs,
            &self.reversed,
            self.item,
            &reversed(&start),
            &reversed(&extent),
            scratch,
            &mut read[..len],
        );
        let before = Instant::now();
        if len < bytes {
            dst.fill(0);
        }
        transpose(self.item, &extent, &read[..len], items, dst);
        scratch.counts.unshuffle += before.elapsed();
        scratch.transposed = read;
        outcome
    }

    fn constant(&self, _chunk: usize, _scratch: &mut DecodeScratch) -> Result<Option<Scalar>> {
        Ok(None)
    }
}

/// Copies a dense box in Fortran order to the start of a block in C order.
fn transpose(item: usize, extent: &[usize], src: &[u8], block: &[usize], dst: &mut [u8]) {
    let mut from = dense_strides(&reversed(extent), item);
    from.reverse();
    let from = Strided {
        offset: 0,
        strides: &from,
    };
    let to = Strided {
        offset: 0,
        strides: &dense_strides(block, item),
    };
    copy_box(item, extent, src, from, dst, to);
}

/// Chunks and blocks of about [`FORTRAN_BLOCK_BYTES`]: `grain` bytes in the order of the file, so
/// that runs are worth their read, and the rest in C order, so that rows are long.
fn choose_grid(shape: &Shape, item: usize, grain: usize) -> Grid {
    let most = (FORTRAN_BLOCK_BYTES / item).max(1);
    let (mut block, mut chunk) = (vec![1; shape.ndim()], vec![1; shape.ndim()]);
    let (mut run, mut elems) = ((grain / item).clamp(1, most), 1);
    for (axis, &extent) in shape.iter().enumerate() {
        (block[axis], chunk[axis]) = (extent.min(run), extent);
        elems *= block[axis];
        // The axis that is cut ends the run.
        if block[axis] < extent {
            break;
        }
        run = run.div_ceil(extent);
    }
    let mut room = (most / elems).max(1);
    for axis in (0..shape.ndim()).rev() {
        let times = room.min(shape[axis].div_ceil(block[axis]));
        block[axis] = (block[axis] * times).min(shape[axis]);
        chunk[axis] = chunk[axis].max(block[axis]);
        room /= times;
    }
    Grid {
        chunk: chunk.into(),
        block: block.into(),
    }
}

fn reversed(extents: &[usize]) -> Vec<usize> {
    extents.iter().rev().copied().collect()
}

/// The index along each axis of cell `number` (C order) of a grid of `counts`.
fn index(mut number: usize, counts: &[usize]) -> Option<Vec<usize>> {
    let mut index = vec![0; counts.len()];
    for (at, &count) in index.iter_mut().zip(counts).rev() {
        *at = number % count.max(1);
        number /= count.max(1);
    }
    (number == 0).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::{Array, Place};
    use std::sync::Mutex;

    /// Elements `0 ..` in the order of the file, and the runs that were read.
    #[derive(Debug, Default)]
    struct Counting {
        grain: Option<usize>,
        item: usize,
        runs: Mutex<Vec<usize>>,
    }

    impl Runs for Counting {
        fn read(&self, first: usize, _: &mut DecodeScratch, dst: &mut [u8]) -> Result<()> {
            self.runs.lock().unwrap().push(dst.len());
            for (nth, element) in dst.chunks_exact_mut(self.item).enumerate() {
                let value = (first + nth).to_le_bytes();
                element.copy_from_slice(&value[..self.item]);
            }
            Ok(())
        }

        fn grain(&self) -> usize {
            self.grain.unwrap_or(4096)
        }
    }

    fn counting(item: usize, grain: Option<usize>) -> Arc<Counting> {
        let runs = Mutex::default();
        Arc::new(Counting { grain, item, runs })
    }

    fn extents(shape: &[usize], item: usize) -> (Vec<usize>, Vec<usize>) {
        let grid = choose_grid(&Shape::new(shape), item, 4096);
        (grid.chunk.to_vec(), grid.block.to_vec())
    }

    #[test]
    fn blocks_have_long_runs_and_about_256_kib() {
        let check = |shape: &[usize], item, chunk: &[usize], block: &[usize]| {
            let found = extents(shape, item);
            assert_eq!(found, (chunk.to_vec(), block.to_vec()), "{shape:?}");
        };
        check(&[5000, 4000], 8, &[5000, 64], &[512, 64]);
        check(&[5000, 4000], 1, &[5000, 64], &[4096, 64]);
        // A short last axis leaves room for longer runs.
        check(&[100_000, 3], 8, &[100_000, 3], &[10_752, 3]);
        // A short first axis goes on along the second.
        check(&[100, 200, 300], 8, &[100, 200, 54], &[100, 6, 54]);
        check(&[3, 1_000_000], 8, &[3, 1_000_000], &[3, 10_773]);
        check(&[2, 3], 4, &[2, 3], &[2, 3]);
        check(&[1, 700, 1, 700], 4, &[1, 700, 1, 700], &[1, 700, 1, 92]);
        let (chunk, block) = ([10, 1, 10, 10, 5, 10], [10, 1, 10, 6, 5, 10]);
        check(&[10, 1, 10, 10, 10, 10], 8, &chunk, &block);
    }

    /// Every element of every block is the one whose place in the file is its value.
    fn check(shape: &[usize], grain: usize) {
        let dtype = DType::UInt32;
        let shape = Shape::new(shape);
        let counting = counting(4, Some(grain));
        let fortran = Fortran::new(counting.clone(), &shape, dtype);
        let array = Array {
            dtype,
            shape: shape.clone(),
            place: Place::Fortran(Arc::new(fortran)),
            left_out: None,
        };
        let found: Vec<u32> = array.to_vec().unwrap();
        let mut wanted = vec![0; found.len()];
        for (nth, value) in wanted.iter_mut().enumerate() {
            let index = index(nth, &shape).unwrap();
            let axes = index.iter().zip(shape.iter()).rev();
            *value = axes.fold(0, |place, (&at, &extent)| place * extent + at) as u32;
        }
        assert_eq!(found, wanted, "{shape} {grain}");
    }

    #[test]
    fn blocks_are_in_c_order() {
        for grain in [1, 64, 4096, 1 << 20] {
            for shape in [
                &[2, 3][..],
                &[700, 300],
                &[1, 1025, 3, 70],
                &[9, 8, 7, 6, 5],
                &[70_000, 2],
                &[2, 70_000],
                &[3; 9],
            ] {
                check(shape, grain);
            }
        }
    }

    #[test]
    fn bytes_of_items_stay_together() {
        let counting = counting(1, Some(64));
        let shape = Shape::new(&[40, 30, 5]);
        let fortran = Fortran::of_bytes(counting, &shape);
        let array = Array {
            dtype: DType::UInt8,
            shape,
            place: Place::Fortran(Arc::new(fortran)),
            left_out: None,
        };
        let found = array.to_bytes().unwrap();
        for (nth, &byte) in found.iter().enumerate() {
            let (item, inside) = (nth / 5, nth % 5);
            let place = ((item % 30) * 40 + item / 30) * 5 + inside;
            assert_eq!(byte, place as u8, "{nth}");
        }
    }

    #[test]
    fn runs_are_long_and_nothing_is_read_twice() {
        let shape = Shape::new(&[5000, 130]);
        let counting = counting(8, None);
        let fortran = Fortran::new(counting.clone(), &shape, DType::Float64);
        let mut scratch = DecodeScratch::default();
        let bytes = fortran.grid().block.elems() * 8;
        let mut dst = vec![0xFF; bytes];
        for chunk in 0..3 {
            for block in 0..10 {
                fortran
                    .decode(chunk, block, &mut scratch, &mut dst)
                    .unwrap();
            }
        }
        // The last block has 2 of 64 columns, the rest is padding.
        assert_eq!(dst[16..512], [0; 496]);
        let runs = counting.runs.lock().unwrap();
        assert_eq!(runs.iter().sum::<usize>(), 5000 * 130 * 8);
        let short = runs.iter().filter(|&&run| run < 4096).count();
        assert_eq!((runs.len(), short), (1300, 130));
        for (chunk, block, len) in [(3, 0, bytes), (0, 10, bytes), (0, 0, bytes - 8)] {
            let outcome = fortran.decode(chunk, block, &mut scratch, &mut dst[..len]);
            assert_eq!(outcome.unwrap_err().code(), Code::WrongBuffer);
        }
    }
}
