//! In: the shape and item size of an array, and what of its grid is wished. Out: a grid.
//! Never: a block or chunk that the format cannot say.

use super::wrong;
use crate::error::Result;
use crate::limits::{CHUNK_BYTES, GROWING_CHUNK_BYTES, MIN_BLOCK_BYTES, TILE_MIN_ELEMS};

/// Decoded bytes of a block at most: a tile of float64.
const MAX_BLOCK_BYTES: usize = TILE_MIN_ELEMS * 8;
use crate::types::{Grid, Shape};

/// Elements of a block along the last axis, where it has so many: the longest run that every reader of a
/// slice has to take whole.
const RUN_ELEMS: usize = 1_024;

/// Extents that nothing is known of yet, of an axis that is to grow.
const OPEN_EXTENT: usize = 1 << 24;

/// The grid of an array of `shape` with items of `itemsize` bytes: `chunk` and `block` where they are given,
/// and else blocks of 128 to 256 KiB in chunks of about 4 MiB.
///
/// Blocks of that size are what computing is fastest on: their elements fill the kernel's longest rows,
/// while those of all operands stay in the L2 cache of a core. Chunks are what is written at once, and what
/// an append has to write again; one of 4 MiB is read at the speed of a disk, and as many of them as a file
/// may have make a petabyte.
///
/// Where an extent is 0, of an array that is to grow, they have about 512 KiB: each of many small appends writes the
/// chunk at the edge anew, and an index of all chunks.
///
/// Along the last axis a block has up to 1,024 elements; the other axes take turns in growing, the last
/// ones first. Extents are cut evenly, so that little is padding.
///
/// # Errors
/// When what is given has another number of axes, or extents of 0.
pub fn grid_for(
    shape: &Shape,
    itemsize: usize,
    chunk: Option<&Shape>,
    block: Option<&Shape>,
) -> Result<Grid> {
    for (name, given) in [("chunks", chunk), ("blocks", block)] {
        let Some(given) = given else { continue };
        if given.ndim() != shape.ndim() || given.contains(&0) {
            return Err(wrong(format!(
                "{name} of {given} do not fit an array of shape {shape}"
            ))
            .with_help("give one number for each axis, at least 1"));
        }
    }
    if let (Some(chunk), Some(block)) = (chunk, block)
        && chunk
            .iter()
            .zip(block.iter())
            .any(|(chunk, block)| block > chunk)
    {
        return Err(wrong(format!(
            "blocks of {block} are larger than chunks of {chunk}"
        ))
        .with_help(
            "a chunk has whole blocks, and is padded where its extents are no multiples of theirs",
        ));
    }
    let extents: Vec<usize> = shape
        .iter()
        .map(|&extent| if extent == 0 { OPEN_EXTENT } else { extent })
        .collect();
    let block = match (block, chunk) {
        (Some(block), _) => block.clone(),
        (None, Some(chunk)) => block_of(chunk, itemsize),
        (None, None) => block_of(&extents, itemsize),
    };
    let chunk = match chunk {
        Some(chunk) => chunk.clone(),
        None if shape.contains(&0) => chunk_of(&extents, &block, GROWING_CHUNK_BYTES / itemsize),
        None => chunk_of(&extents, &block, CHUNK_BYTES / itemsize),
    };
    Ok(Grid { chunk, block })
}

fn block_of(extents: &[usize], itemsize: usize) -> Shape {
    let most = TILE_MIN_ELEMS.max(MIN_BLOCK_BYTES / itemsize);
    let most = most.min(MAX_BLOCK_BYTES / itemsize).max(1);
    let mut block = vec![1; extents.len()];
    if let (Some(last), Some(&extent)) = (block.last_mut(), extents.last()) {
        let run = if extents.len() == 1 { most } else { RUN_ELEMS };
        *last = evenly(extent, run.min(most));
    }
    let ones = vec![1; extents.len()];
    // The last axis only when the others are used up.
    take_turns(&mut block, extents, &ones, most, 1);
    take_turns(&mut block, extents, &ones, most, 0);
    let even = block.iter().zip(extents);
    Shape::from(
        even.map(|(&block, &extent)| evenly(extent, block))
            .collect::<Vec<_>>(),
    )
}

/// A chunk of at most `most` elements, and at least one block.
fn chunk_of(extents: &[usize], block: &Shape, most: usize) -> Shape {
    let mut chunk = block.to_vec();
    take_turns(&mut chunk, extents, block, most.max(1), 0);
    let inside = chunk.iter().zip(extents);
    Shape::from(
        inside
            .map(|(&chunk, &extent)| chunk.min(extent))
            .collect::<Vec<_>>(),
    )
}

/// Doubles extents in multiples of `step` in turn, from the last axis on, while the box has at most `most`
/// elements and is smaller than `extents`; the last `without` axes stay as they are.
fn take_turns(sides: &mut [usize], extents: &[usize], step: &[usize], most: usize, without: usize) {
    loop {
        let before = sides.to_vec();
        for axis in (0..sides.len().saturating_sub(without)).rev() {
            let whole = extents[axis].div_ceil(step[axis]) * step[axis];
            let others: usize = sides.iter().product::<usize>() / sides[axis];
            let room = most / others / step[axis] * step[axis];
            sides[axis] = (sides[axis] * 2).min(whole).min(room).max(sides[axis]);
        }
        if before == sides {
            return;
        }
    }
}

/// The extent of the pieces when `extent` is cut into equal ones of at most `most`.
fn evenly(extent: usize, most: usize) -> usize {
    let pieces = extent.div_ceil(most.max(1)).max(1);
    extent.div_ceil(pieces).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(shape: &[usize], itemsize: usize) -> (Vec<usize>, Vec<usize>) {
        let grid = grid_for(&Shape::new(shape), itemsize, None, None).unwrap();
        (grid.chunk.to_vec(), grid.block.to_vec())
    }

    #[test]
    fn blocks_fill_a_tile_and_chunks_some_megabytes() {
        assert_eq!(auto(&[], 8), (vec![], vec![]));
        assert_eq!(auto(&[10], 8), (vec![10], vec![10]));
        assert_eq!(auto(&[1 << 24], 8), (vec![1 << 19], vec![1 << 15]));
        assert_eq!(auto(&[1 << 24], 1), (vec![1 << 22], vec![1 << 17]));
        assert_eq!(auto(&[100_000_000], 4).1, [32_766]);
        assert_eq!(
            auto(&[10_000, 10_000], 8),
            (vec![128, 4_000], vec![32, 1_000])
        );
        assert_eq!(
            auto(&[500, 500, 500], 4),
            (vec![32, 64, 500], vec![8, 8, 500])
        );
        assert_eq!(auto(&[3, 5, 7], 8), (vec![3, 5, 7], vec![3, 5, 7]));
        // An axis that is to grow.
        assert_eq!(auto(&[0, 100], 8), (vec![654, 100], vec![327, 100]));
    }

    #[test]
    fn what_is_given_is_kept_and_the_rest_follows() {
        let shape = Shape::new(&[1_000, 1_000]);
        let chunk = Shape::new(&[100, 200]);
        let grid = grid_for(&shape, 8, Some(&chunk), None).unwrap();
        assert_eq!(
            (&*grid.chunk, &*grid.block),
            (&[100, 200][..], &[100, 200][..])
        );
        let block = Shape::new(&[10, 10]);
        let grid = grid_for(&shape, 8, None, Some(&block)).unwrap();
        assert_eq!(&*grid.block, [10, 10]);
        assert!(grid.chunk.elems() * 8 <= CHUNK_BYTES && grid.chunk.elems() * 16 > CHUNK_BYTES);
        let flat = Shape::new(&[10]);
        assert!(grid_for(&shape, 8, Some(&flat), None).is_err());
        assert!(grid_for(&shape, 8, None, Some(&Shape::new(&[0, 1]))).is_err());
    }

    #[test]
    fn every_grid_is_one_that_the_format_can_say() {
        for shape in [
            vec![1; 16],
            vec![2; 16],
            vec![1 << 40],
            vec![1, 1 << 30, 1, 3],
        ] {
            for itemsize in [1, 2, 8, 300, 1 << 20] {
                let shape = Shape::new(&shape);
                let grid = grid_for(&shape, itemsize, None, None).unwrap();
                let item = super::super::layout::ItemType {
                    text: String::new(),
                    size: itemsize,
                };
                let fits = super::super::layout::Layout::new(item, &shape, &grid);
                // More than 2^63 bytes are no file's.
                assert!(
                    fits.is_ok() || shape.elems() > (1 << 40) / itemsize,
                    "{shape} {grid:?}"
                );
            }
        }
    }
}
