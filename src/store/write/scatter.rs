//! In: elements of a box in C order. Out: the same elements in the order of a chunk's blocks, or
//! a box cut out of a larger one.
//! Never: dtypes; elements are bytes of a size.

use super::Region;
use crate::types::{Grid, Shape};

/// Puts the elements of a chunk's `region` (C order) where they stand in the chunk's blocks.
/// `padded` holds whole blocks; what is not covered stays as it is.
pub(super) fn to_blocks(
    elements: &[u8],
    region: &Shape,
    grid: &Grid,
    itemsize: usize,
    padded: &mut [u8],
) {
    let block = &grid.block;
    let blocks = Shape::from(grid.blocks_per_axis());
    let (from_strides, in_block) = (region.strides(), block.strides());
    let block_elems = block.elems();
    let mut number = 0;
    for_each_index(&blocks, |position| {
        let base = number * block_elems;
        number += 1;
        let first: Vec<usize> = zip(position, block)
            .map(|(at, extent)| at * extent)
            .collect();
        // The part of the block that is not padding.
        let extents: Vec<usize> = zip(&first, region)
            .zip(block.iter())
            .map(|((first, end), &extent)| extent.min(end.saturating_sub(first)))
            .collect();
        for_each_row(&extents, |row, len| {
            let to = base + dot(row, &in_block);
            let from = dot(&first, &from_strides) + dot(row, &from_strides);
            let run = &elements[from * itemsize..(from + len) * itemsize];
            padded[to * itemsize..(to + len) * itemsize].copy_from_slice(run);
        });
    });
}

/// Copies the elements of `region` of an array of `shape` into `part`, in C order.
pub(super) fn gather(
    elements: &[u8],
    shape: &Shape,
    region: &Region,
    itemsize: usize,
    part: &mut Vec<u8>,
) {
    part.clear();
    let strides = shape.strides();
    let base = dot(&region.start, &strides);
    for_each_row(&region.shape, |row, len| {
        let from = (base + dot(row, &strides)) * itemsize;
        part.extend_from_slice(&elements[from..from + len * itemsize]);
    });
}

fn zip<'z>(left: &'z [usize], right: &'z [usize]) -> impl Iterator<Item = (usize, usize)> + 'z {
    left.iter().copied().zip(right.iter().copied())
}

fn dot(index: &[usize], strides: &[usize]) -> usize {
    zip(index, strides).map(|(at, stride)| at * stride).sum()
}

/// Visits the first index of every row (run along the last axis) of a box, with the row's length.
fn for_each_row(extents: &[usize], mut visit: impl FnMut(&[usize], usize)) {
    match extents.split_last() {
        None => visit(&[], 1),
        Some((0, _)) => {}
        Some((&len, outer)) => for_each_index(outer, |index| visit(index, len)),
    }
}

/// Visits every index of a box in C order.
fn for_each_index(extents: &[usize], mut visit: impl FnMut(&[usize])) {
    if extents.contains(&0) {
        return;
    }
    let mut index = vec![0; extents.len()];
    loop {
        visit(&index);
        let mut axis = extents.len();
        loop {
            let Some(inner) = axis.checked_sub(1) else {
                return;
            };
            axis = inner;
            index[axis] += 1;
            if index[axis] < extents[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of the format description: shape (5, 7), chunks (4, 5), blocks (2, 2).
    #[test]
    fn the_worked_example() {
        let array: Vec<u8> = (1..=35).collect();
        let shape = Shape::new(&[5, 7]);
        let grid = Grid {
            chunk: Shape::new(&[4, 5]),
            block: Shape::new(&[2, 2]),
        };
        let check = |start: [usize; 2], extents: [usize; 2], expect: &[u8]| {
            let region = Region {
                start: start.to_vec(),
                shape: Shape::new(&extents),
            };
            let mut part = Vec::new();
            gather(&array, &shape, &region, 1, &mut part);
            let mut padded = vec![0; 24];
            to_blocks(&part, &region.shape, &grid, 1, &mut padded);
            assert_eq!(padded, expect, "{region:?}");
        };
        check(
            [0, 0],
            [4, 5],
            &[
                1, 2, 8, 9, 3, 4, 10, 11, 5, 0, 12, 0, 15, 16, 22, 23, 17, 18, 24, 25, 19, 0, 26, 0,
            ],
        );
        check(
            [0, 5],
            [4, 2],
            &[
                6, 7, 13, 14, 0, 0, 0, 0, 0, 0, 0, 0, 20, 21, 27, 28, 0, 0, 0, 0, 0, 0, 0, 0,
            ],
        );
        check(
            [4, 5],
            [1, 2],
            &[
                34, 35, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            ],
        );
    }
}
