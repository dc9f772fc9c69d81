//! In: two n-d layouts of the same box. Out: its elements copied from one to the other.
//! Never: a byte outside the slices.

use crate::types::Shape;

/// A layout of a box in memory: byte position of its first element, and bytes between neighbours
/// along each axis. A stride of 0 repeats an element.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strided<'s> {
    /// Byte position of the first element.
    pub(crate) offset: usize,
    /// Bytes between neighbours along each axis.
    pub(crate) strides: &'s [isize],
}

/// C-order strides in bytes of a dense box with elements of `item` bytes.
pub(crate) fn dense_strides(extents: &[usize], item: usize) -> Vec<isize> {
    let mut strides = vec![0; extents.len()];
    let mut step = item;
    for axis in (0..extents.len()).rev() {
        // OK because the box lies in memory, so that its bytes fit isize.
        strides[axis] = step as isize;
        step *= extents[axis].max(1);
    }
    strides
}

/// Copies a box of `extents` elements of `item` bytes each.
///
/// # Panics
/// If a layout reaches outside its slice.
pub(crate) fn copy_box(
    item: usize,
    extents: &[usize],
    src: &[u8],
    from: Strided<'_>,
    dst: &mut [u8],
    to: Strided<'_>,
) {
    if extents.contains(&0) {
        return;
    }
    let axes = collapse(extents, from.strides, to.strides);
    let Some((&row, outer)) = axes.split_last() else {
        dst[to.offset..to.offset + item].copy_from_slice(&src[from.offset..from.offset + item]);
        return;
    };
    let mut index = vec![0usize; outer.len()];
    loop {
        let at = |stride: fn(&Axis) -> isize, offset: usize| {
            let steps = outer.iter().zip(&index);
            let moved: isize = steps.map(|(axis, &i)| stride(axis) * i as isize).sum();
            offset.wrapping_add_signed(moved)
        };
        let (read, write) = (at(|a| a.from, from.offset), at(|a| a.to, to.offset));
        copy_row(item, row, src, read, dst, write);
        if !advance(&mut index, outer) {
            return;
        }
    }
}

/// Copies a box of `extents` elements to `dst`, dense, in C order.
///
/// # Panics
/// If the layout reaches outside `src` or `dst` is too short.
pub(crate) fn copy_dense(
    item: usize,
    extents: &[usize],
    src: &[u8],
    from: Strided<'_>,
    dst: &mut [u8],
) {
    let strides = dense_strides(extents, item);
    let to = Strided {
        offset: 0,
        strides: &strides,
    };
    copy_box(item, extents, src, from, dst, to);
}

/// One axis of a copy.
#[derive(Clone, Copy, Debug)]
struct Axis {
    extent: usize,
    from: isize,
    to: isize,
}

/// Drops axes of extent 1 and merges neighbours that are one run in both layouts.
fn collapse(extents: &[usize], from: &[isize], to: &[isize]) -> Vec<Axis> {
    let mut axes: Vec<Axis> = Vec::with_capacity(extents.len());
    for ((&extent, &from), &to) in extents.iter().zip(from).zip(to) {
        if extent == 1 {
            continue;
        }
        let inner = Axis { extent, from, to };
        match axes.last_mut() {
            Some(last)
                if last.from == from * extent as isize && last.to == to * extent as isize =>
            {
                *last = Axis {
                    extent: last.extent * extent,
                    from,
                    to,
                };
            }
            _ => axes.push(inner),
        }
    }
    axes
}

/// Steps an odometer; false when it wraps to the start.
fn advance(index: &mut [usize], axes: &[Axis]) -> bool {
    for (i, axis) in index.iter_mut().zip(axes).rev() {
        *i += 1;
        if *i < axis.extent {
            return true;
        }
        *i = 0;
    }
    false
}

fn copy_row(item: usize, row: Axis, src: &[u8], read: usize, dst: &mut [u8], write: usize) {
    let dense = item as isize;
    if row.from == dense && row.to == dense {
        let bytes = row.extent * item;
        dst[write..write + bytes].copy_from_slice(&src[read..read + bytes]);
        return;
    }
    match item {
        1 => copy_items::<1>(row, src, read, dst, write),
        2 => copy_items::<2>(row, src, read, dst, write),
        4 => copy_items::<4>(row, src, read, dst, write),
        8 => copy_items::<8>(row, src, read, dst, write),
        _ => copy_wide(item, row, src, read, dst, write),
    }
}

fn copy_items<const N: usize>(row: Axis, src: &[u8], read: usize, dst: &mut [u8], write: usize) {
    let load = |at: usize| -> [u8; N] {
        // OK because a slice of N bytes is an array of N bytes.
        src[at..at + N].try_into().expect("N bytes")
    };
    if row.to == N as isize {
        let out = dst[write..write + row.extent * N].chunks_exact_mut(N);
        if row.from == 0 {
            let value = load(read);
            out.for_each(|to| to.copy_from_slice(&value));
        } else {
            let mut at = read;
            for to in out {
                to.copy_from_slice(&load(at));
                at = at.wrapping_add_signed(row.from);
            }
        }
        return;
    }
    let (mut at, mut to) = (read, write);
    for _ in 0..row.extent {
        dst[to..to + N].copy_from_slice(&load(at));
        at = at.wrapping_add_signed(row.from);
        to = to.wrapping_add_signed(row.to);
    }
}

fn copy_wide(item: usize, row: Axis, src: &[u8], read: usize, dst: &mut [u8], write: usize) {
    let (mut at, mut to) = (read, write);
    for _ in 0..row.extent {
        dst[to..to + item].copy_from_slice(&src[at..at + item]);
        at = at.wrapping_add_signed(row.from);
        to = to.wrapping_add_signed(row.to);
    }
}

/// Walks the runs of a box inside a C-order array: the pieces of the box that are neighbours in
/// the array, in C order.
#[derive(Clone, Debug)]
pub(crate) struct Runs {
    /// Elements of a run.
    pub(crate) elems: usize,
    index: Vec<usize>,
}

impl Runs {
    /// The runs of a box of `extent` in an array of `shape`: whole trailing axes, and a range of
    /// the axis before them.
    pub(crate) fn new(shape: &[usize], extent: &[usize]) -> Self {
        let mut axis = extent.len();
        let mut elems = 1;
        while axis > 0 {
            axis -= 1;
            elems *= extent[axis];
            if extent[axis] != shape[axis] {
                break;
            }
        }
        Self {
            elems,
            index: vec![0; axis],
        }
    }

    /// The C-order index in the array of the current run's first element, for a box at `start`
    /// of an array with these strides in elements.
    pub(crate) fn first(&self, start: &[usize], strides: &[usize]) -> usize {
        let moved = |axis: usize| self.index.get(axis).copied().unwrap_or(0);
        let axes = 0..start.len();
        axes.map(|axis| (start[axis] + moved(axis)) * strides[axis])
            .sum()
    }

    /// Steps to the next run.
    pub(crate) fn advance(&mut self, extent: &[usize]) {
        for (i, &n) in self.index.iter_mut().zip(extent).rev() {
            *i += 1;
            if *i < n {
                return;
            }
            *i = 0;
        }
    }
}

/// Calls `write(first, run)` for each run of a box's elements that are neighbours in an array of
/// `shape`, `first` being the C-order index of the run's first element.
///
/// # Errors
/// What `write` returns.
pub(crate) fn each_run<E>(
    shape: &Shape,
    item: usize,
    start: &[usize],
    extent: &[usize],
    bytes: &[u8],
    mut write: impl FnMut(usize, &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let (strides, mut odometer) = (shape.strides(), Runs::new(shape, extent));
    for run in bytes.chunks_exact((odometer.elems * item).max(1)) {
        write(odometer.first(start, &strides), run)?;
        odometer.advance(extent);
    }
    Ok(())
}

/// The first cell and how many there are, along each axis, of the grid of `side` that a box touches.
pub(crate) fn cells(start: &[usize], extent: &[usize], side: &[usize]) -> Vec<(usize, usize)> {
    let axes = start.iter().zip(extent).zip(side);
    axes.map(|((&start, &extent), &side)| {
        let first = start / side;
        (first, (start + extent).div_ceil(side) - first)
    })
    .collect()
}

/// Visits cells in C order.
///
/// # Errors
/// What `visit` returns.
pub(crate) fn each<E>(
    cells: &[(usize, usize)],
    mut visit: impl FnMut(&[usize]) -> Result<(), E>,
) -> Result<(), E> {
    let mut cell: Vec<usize> = cells.iter().map(|&(first, _)| first).collect();
    loop {
        visit(&cell)?;
        let mut axis = cells.len();
        loop {
            let Some(inner) = axis.checked_sub(1) else {
                return Ok(());
            };
            axis = inner;
            cell[axis] += 1;
            let (first, count) = cells[axis];
            if cell[axis] < first + count {
                break;
            }
            cell[axis] = first;
        }
    }
}

/// Where two boxes begin to overlap, and how far.
pub(crate) fn common(
    start: &[usize],
    extent: &[usize],
    other: &[usize],
    extents: &[usize],
) -> (Vec<usize>, Vec<usize>) {
    let axes = start.iter().zip(extent).zip(other.iter().zip(extents));
    axes.map(|((&start, &extent), (&other, &extents))| {
        let low = start.max(other);
        let end = (start + extent).min(other + extents);
        (low, end.saturating_sub(low))
    })
    .unzip()
}

/// The sum of what an index takes along each axis.
pub(crate) fn dot(index: &[usize], strides: &[usize]) -> usize {
    index
        .iter()
        .zip(strides)
        .map(|(at, stride)| at * stride)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(
        item: usize,
        extents: &[usize],
        src: &[u8],
        offset: usize,
        strides: &[isize],
    ) -> Vec<u8> {
        let mut dst = vec![0; extents.iter().product::<usize>() * item];
        copy_dense(item, extents, src, Strided { offset, strides }, &mut dst);
        dst
    }

    #[test]
    fn a_box_is_cut_out_of_a_larger_one() {
        let src: Vec<u8> = (0..24).collect();
        // Rows 1..3, columns 2..4 of a 4 x 6 array.
        assert_eq!(copied(1, &[2, 2], &src, 8, &[6, 1]), [8, 9, 14, 15]);
    }

    #[test]
    fn a_stride_of_0_repeats_and_a_negative_one_reverses() {
        let src = [1, 2, 3];
        assert_eq!(copied(1, &[2, 3], &src, 0, &[0, 1]), [1, 2, 3, 1, 2, 3]);
        assert_eq!(copied(1, &[3, 2], &src, 0, &[1, 0]), [1, 1, 2, 2, 3, 3]);
        assert_eq!(copied(1, &[3], &src, 2, &[-1]), [3, 2, 1]);
    }

    #[test]
    fn every_item_size_is_transposed_alike() {
        for item in [1, 2, 3, 4, 8] {
            let src: Vec<u8> = (0u8..).take(6 * item).collect();
            let pieces: Vec<&[u8]> = src.chunks(item).collect();
            let expected: Vec<u8> = [0, 3, 1, 4, 2, 5]
                .iter()
                .flat_map(|&i| pieces[i].to_vec())
                .collect();
            let strides = [item as isize, 3 * item as isize];
            assert_eq!(
                copied(item, &[3, 2], &src, 0, &strides),
                expected,
                "item {item}"
            );
        }
    }

    #[test]
    fn a_0d_box_is_one_element() {
        assert_eq!(copied(2, &[], &[9, 8, 7, 6], 2, &[]), [7, 6]);
    }
}
