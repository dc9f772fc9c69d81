//! In: an array of any kind. Out: its elements in C order, read in full without the executor.
//! Never: padding taken for elements.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a module of several test binaries, each of which uses some of it"
)]

use fuseblock::array::{Blocks, DecodeScratch, Layout};
use fuseblock::types::{Grid, Shape};
use fuseblock::{Array, Error};

/// The elements of `array` in C order, native-endian, read block by block.
pub fn read_all(array: &Array<'_>) -> Result<Vec<u8>, Error> {
    let itemsize = array.dtype().size();
    let shape = array.shape();
    let mut out = vec![0; shape.elems() * itemsize];
    match array.layout() {
        Layout::Resident {
            bytes,
            offset,
            strides,
        } => {
            for (nth, item) in out.chunks_mut(itemsize).enumerate() {
                let index = unravel(nth, shape);
                let steps = index.iter().zip(strides);
                let at: isize = steps.map(|(&i, &stride)| i as isize * stride).sum();
                let at = offset.checked_add_signed(at).unwrap();
                item.copy_from_slice(&bytes[at..at + itemsize]);
            }
        }
        Layout::Runs(runs) => {
            // An odd number of elements at a time, so that ends do not align with anything.
            let mut scratch = DecodeScratch::default();
            for (nth, run) in out.chunks_mut(1013 * itemsize).enumerate() {
                runs.read(nth * 1013, &mut scratch, run)?;
            }
        }
        Layout::Blocks(grid, blocks) => read_blocks(grid, blocks, shape, itemsize, &mut out)?,
    }
    Ok(out)
}

fn read_blocks(
    grid: &Grid,
    blocks: &dyn Blocks,
    shape: &Shape,
    itemsize: usize,
    out: &mut [u8],
) -> Result<(), Error> {
    let mut scratch = DecodeScratch::default();
    place_blocks(grid, shape, itemsize, out, |chunk, nth, block| {
        blocks.decode(chunk, nth, &mut scratch, block)?;
        let constant = blocks.constant(chunk, &mut scratch)?;
        Ok(constant.map(|value| {
            let mut item = Vec::new();
            value.write(&mut item);
            item
        }))
    })
}

/// Puts together an array of blocks that `decode(chunk, block, dst)` gives; it returns the item
/// that all of the block's are said to be, where they are.
pub fn place_blocks(
    grid: &Grid,
    shape: &Shape,
    itemsize: usize,
    out: &mut [u8],
    mut decode: impl FnMut(usize, usize, &mut [u8]) -> Result<Option<Vec<u8>>, Error>,
) -> Result<(), Error> {
    if shape.elems() == 0 {
        return Ok(());
    }
    let chunk_counts = Shape::from(grid.chunks_per_axis(shape));
    let block_counts = Shape::from(grid.blocks_per_axis());
    let mut block = vec![0xA5; grid.block.elems() * itemsize];
    let strides = shape.strides();
    for (chunk_nth, block_nth) in (0..chunk_counts.elems())
        .flat_map(|chunk| (0..block_counts.elems()).map(move |block| (chunk, block)))
    {
        let chunk_at = unravel(chunk_nth, &chunk_counts);
        let block_at = unravel(block_nth, &block_counts);
        // Where the item at `inside` of the block belongs, if it is not padding.
        let place = |inside: &[usize]| -> Option<usize> {
            (0..shape.ndim()).try_fold(0, |at, axis| {
                let local = block_at[axis] * grid.block[axis] + inside[axis];
                let global = chunk_at[axis] * grid.chunk[axis] + local;
                let real = local < grid.chunk[axis] && global < shape[axis];
                real.then_some(at + global * strides[axis])
            })
        };
        let decoded = decode(chunk_nth, block_nth, &mut block);
        if place(&vec![0; shape.ndim()]).is_none() {
            // All padding: it need not be there.
            continue;
        }
        let constant = decoded?;
        // Element by element: slow and obviously right.
        for (nth, item) in block.chunks(itemsize).enumerate() {
            if let Some(at) = place(&unravel(nth, &grid.block)) {
                assert!(constant.as_ref().is_none_or(|constant| constant == item));
                out[at * itemsize..(at + 1) * itemsize].copy_from_slice(item);
            }
        }
    }
    Ok(())
}

fn unravel(nth: usize, shape: &Shape) -> Vec<usize> {
    let strides = shape.strides();
    let axes = strides.iter().zip(shape.iter());
    axes.map(|(&stride, &extent)| nth / stride % extent)
        .collect()
}
