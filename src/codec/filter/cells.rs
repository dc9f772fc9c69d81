//! In: a block of an n-d array. Out: its elements cell by cell, each cell a small cube in C order,
//! and back.
//! Never: averaging; what ndmean stored are means already. Applied, both only sort.

use super::{Filter, Position, Setting};

/// The order that ndcell and ndmean leave elements in.
#[derive(Debug)]
pub(super) struct Cells;

/// Axes that the filters know.
const MAX_AXES: usize = 8;

impl Filter for Cells {
    fn is_identity(&self, _: u8, _: &Setting) -> bool {
        false
    }

    fn check(&self, meta: u8, setting: &Setting) -> Result<(), String> {
        if meta == 0 {
            return Err("its cells have side 0".to_string());
        }
        let Some(shape) = &setting.block_shape else {
            return Err("it needs the shape of a block, and the data has none".to_string());
        };
        if shape.ndim() > MAX_AXES {
            let ndim = shape.ndim();
            return Err(format!("the block has {ndim} axes, more than {MAX_AXES}"));
        }
        if block_len(setting).is_none_or(|len| len == 0) {
            return Err(format!("a block of shape {shape} has no length in bytes"));
        }
        Ok(())
    }

    fn undo(&self, meta: u8, setting: &Setting, _: Position<'_>, src: &[u8], dst: &mut [u8]) {
        let Some(shape) = shape_of(setting, src.len()) else {
            return dst.copy_from_slice(src);
        };
        let (item, mut at) = (setting.itemsize, 0);
        for_each_row(shape, usize::from(meta), |first, elems| {
            let len = elems * item;
            dst[first * item..][..len].copy_from_slice(&src[at..][..len]);
            at += len;
        });
    }

    fn apply(&self, meta: u8, setting: &Setting, _: Position<'_>, src: &[u8], dst: &mut [u8]) {
        let Some(shape) = shape_of(setting, src.len()) else {
            return dst.copy_from_slice(src);
        };
        let (item, mut at) = (setting.itemsize, 0);
        for_each_row(shape, usize::from(meta), |first, elems| {
            let len = elems * item;
            dst[at..][..len].copy_from_slice(&src[first * item..][..len]);
            at += len;
        });
    }
}

/// Bytes of a block by its shape; `None` where there is no shape, or none that fits memory.
fn block_len(setting: &Setting) -> Option<usize> {
    let elems = setting.block_shape.as_ref()?.checked_elems()?;
    elems.checked_mul(setting.itemsize)
}

/// The block's shape, if `len` bytes are such a block; what is none has no cells.
fn shape_of(setting: &Setting, len: usize) -> Option<&[usize]> {
    let whole = len > 0 && block_len(setting) == Some(len);
    let shape = setting.block_shape.as_deref().filter(|_| whole)?;
    (shape.len() <= MAX_AXES).then_some(shape)
}

type Index = [usize; MAX_AXES];

/// Visits the rows (runs along the last axis) of all cells in their order: the number of the
/// row's first element in the block, and how many elements it has.
fn for_each_row(shape: &[usize], side: usize, mut visit: impl FnMut(usize, usize)) {
    let Some(last) = shape.len().checked_sub(1) else {
        return visit(0, 1);
    };
    let side = side.max(1);
    let mut origin = Index::default();
    loop {
        let mut end = Index::default();
        for (axis, &extent) in shape.iter().enumerate() {
            end[axis] = extent.min(origin[axis] + side);
        }
        let mut row = origin;
        loop {
            let first = shape.iter().zip(&row);
            let first = first.fold(0, |elem, (&extent, &at)| elem * extent + at);
            visit(first, end[last] - origin[last]);
            if !advance(&mut row[..last], 1, &origin, &end) {
                break;
            }
        }
        if !advance(&mut origin[..shape.len()], side, &Index::default(), shape) {
            return;
        }
    }
}

/// Moves on by `step` along the last axis that has room; false when all are back at their start.
fn advance(index: &mut [usize], step: usize, start: &[usize], end: &[usize]) -> bool {
    for axis in (0..index.len()).rev() {
        index[axis] += step;
        if index[axis] < end[axis] {
            return true;
        }
        index[axis] = start[axis];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::conformance::{noise, setting};
    use super::*;
    use crate::types::Shape;

    fn of_shape(shape: &[usize], itemsize: usize) -> Setting {
        Setting {
            block_shape: Some(Shape::new(shape)),
            ..setting(itemsize)
        }
    }

    /// The elements sorted by cell, then by place in the cell.
    fn by_definition(shape: &[usize], item: usize, side: usize, src: &[u8]) -> Vec<u8> {
        let index_of = |elem: usize| -> Vec<usize> {
            let strides = Shape::new(shape).strides();
            let axes = strides.iter().zip(shape);
            axes.map(|(stride, extent)| elem / stride % extent)
                .collect()
        };
        let mut order: Vec<usize> = (0..src.len() / item).collect();
        order.sort_by_key(|&elem| {
            let index = index_of(elem);
            let cell: Vec<usize> = index.iter().map(|at| at / side).collect();
            (cell, index)
        });
        let elements = order.iter().map(|elem| &src[elem * item..][..item]);
        elements.collect::<Vec<_>>().concat()
    }

    #[test]
    fn every_shape_and_side_agrees_with_the_definition() {
        let shapes: [&[usize]; 9] = [
            &[],
            &[1],
            &[13],
            &[5, 7],
            &[4, 6],
            &[3, 4, 5],
            &[2, 3, 2, 5],
            &[1, 9, 1, 2],
            &[2, 1, 3, 1, 2, 2, 1, 3],
        ];
        for shape in shapes {
            for item in [1, 3, 8] {
                let setting = of_shape(shape, item);
                let src = noise(shape.iter().product::<usize>() * item);
                for side in [1, 2, 3, 4, 5, 128, 255] {
                    Cells.check(side, &setting).unwrap();
                    let sorted = by_definition(shape, item, usize::from(side), &src);
                    let mut out = vec![0; src.len()];
                    Cells.apply(side, &setting, Position::First, &src, &mut out);
                    assert_eq!(out, sorted, "apply {shape:?} {item} {side}");
                    Cells.undo(side, &setting, Position::First, &sorted, &mut out);
                    assert_eq!(out, src, "undo {shape:?} {item} {side}");
                }
            }
        }
    }

    #[test]
    fn what_has_no_cells_is_refused_and_harms_nobody() {
        let cases = [
            (0, of_shape(&[4], 2), "side 0"),
            (4, setting(2), "none"),
            (4, of_shape(&[1; 9], 2), "9 axes"),
            (4, of_shape(&[2, 0], 2), "(2, 0)"),
            (4, of_shape(&[usize::MAX, 2], 2), "no length"),
            (4, of_shape(&[1 << 40], 1 << 40), "no length"),
            (4, of_shape(&[4], 0), "no length"),
        ];
        for (meta, setting, words) in cases {
            let why = Cells.check(meta, &setting).unwrap_err();
            assert!(why.contains(words), "{why}");
            for len in [0, 8, 9] {
                let mut out = vec![0; len];
                Cells.undo(meta, &setting, Position::First, &noise(len), &mut out);
                assert_eq!(out, noise(len));
            }
        }
        // A block of another length than its shape says.
        let mut out = [0; 7];
        Cells.undo(2, &of_shape(&[4], 2), Position::First, &[5; 7], &mut out);
        assert_eq!(out, [5; 7]);
    }
}
