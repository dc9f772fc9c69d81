//! In: a domain, and the grid of the operand that drives it. Out: the tiles a pass works on.
//! Never: a dependence on threads, caches or memory: for float reductions the cut fixes the bits.

use std::ops::Range;

use crate::limits::{MAX_SELECT_ELEMS, TILE_MAX_ELEMS, TILE_MIN_ELEMS};
use crate::types::{DType, Grid, Shape};

/// How a domain is cut into tiles: the product of one cut an axis.
///
/// Tiles are numbered by outer cell first (C order over the axes), then by inner cell within the
/// outer cell (C order), so that the tiles of a chunk are neighbours.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Cut {
    /// One entry an axis of the domain.
    pub dims: Vec<DimCut>,
}

/// How one axis is cut: at multiples of `outer`, and within each outer cell at multiples of
/// `inner` from its start. Both are at least 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct DimCut {
    /// Extent of an outer cell: a chunk, or a group of whole chunks.
    pub outer: usize,
    /// Extent of a tile: a block, a group of blocks, or part of one.
    pub inner: usize,
}

impl DimCut {
    /// The tiles of an axis of `extent`, in order.
    pub fn cells(self, extent: usize) -> impl Iterator<Item = Range<usize>> {
        (0..extent).step_by(self.outer).flat_map(move |start| {
            let end = extent.min(start.saturating_add(self.outer));
            (start..end)
                .step_by(self.inner)
                .map(move |at| at..end.min(at.saturating_add(self.inner)))
        })
    }

    /// How many outer cells an axis of `extent` has.
    pub fn n_outer(self, extent: usize) -> usize {
        extent.div_ceil(self.outer)
    }

    /// The tiles within outer cell `index` of an axis of `extent`.
    pub fn inner_cells(self, extent: usize, index: usize) -> impl Iterator<Item = Range<usize>> {
        let start = index * self.outer;
        let end = extent.min(start.saturating_add(self.outer));
        (start..end)
            .step_by(self.inner)
            .map(move |at| at..end.min(at.saturating_add(self.inner)))
    }
}

impl Cut {
    /// The cut of a domain that no stored operand drives: C-order boxes of at most
    /// [`TILE_MIN_ELEMS`] elements (a box is whole inner axes, then a range of one axis).
    pub fn boxes(domain: &Shape) -> Cut {
        let mut room = TILE_MIN_ELEMS;
        let mut dims = vec![DimCut { outer: 1, inner: 1 }; domain.ndim()];
        for axis in (0..domain.ndim()).rev() {
            let inner = domain[axis].clamp(1, room);
            // An axis cut into ranges is one outer cell.
            dims[axis] = DimCut {
                outer: domain[axis].max(1),
                inner,
            };
            room = if inner == domain[axis].max(1) {
                room / inner
            } else {
                1
            };
        }
        Cut { dims }
    }

    /// The cut of a domain over which `args` (shape, dtype, grid; in the order of the text) are
    /// read: driven by the one with a grid that has the most logical bytes, the first among
    /// equals; boxes where none has a grid.
    pub fn choose<'a>(
        domain: &Shape,
        args: impl Iterator<Item = (&'a Shape, DType, Option<&'a Grid>)>,
    ) -> Cut {
        let mut driver: Option<(&Shape, &Grid, usize)> = None;
        for (shape, dtype, grid) in args {
            let elems = shape.checked_elems().unwrap_or(usize::MAX);
            let bytes = elems.saturating_mul(dtype.size());
            if let Some(grid) = grid
                && driver.is_none_or(|(_, _, most)| bytes > most)
            {
                driver = Some((shape, grid, bytes));
            }
        }
        match driver {
            Some((shape, grid, _)) => Cut::driven(domain, shape, grid),
            None => Cut::boxes(domain),
        }
    }

    /// The cut driven by an operand of `shape` with `grid`, which broadcasts to `domain`: its
    /// blocks, axes that it broadcasts taken whole, neighbouring blocks (then chunks) grouped in
    /// C order up to [`TILE_MIN_ELEMS`] elements, tiles above [`TILE_MAX_ELEMS`] split along the
    /// outermost axes.
    pub fn driven(domain: &Shape, shape: &Shape, grid: &Grid) -> Cut {
        let mut dims = grid_dims(domain, shape, grid);
        group(&mut dims, domain);
        split(&mut dims);
        Cut { dims }
    }

    /// The same cut of `domain` with tiles that hold all elements along `axes`, and along the others
    /// no more than fit [`MAX_SELECT_ELEMS`].
    pub fn spanning(&self, domain: &Shape, axes: &[usize]) -> Cut {
        let whole: usize = axes.iter().map(|&axis| domain[axis].max(1)).product();
        let mut room = (MAX_SELECT_ELEMS / whole.max(1)).max(1);
        let mut dims = self.dims.clone();
        for (axis, dim) in dims.iter_mut().enumerate().rev() {
            let extent = domain[axis].max(1);
            if axes.contains(&axis) {
                *dim = DimCut {
                    outer: extent,
                    inner: extent,
                };
            } else {
                dim.inner = dim.inner.min(room);
                room /= dim.inner.min(extent);
            }
        }
        Cut { dims }
    }

    /// Whether tiles of `domain` hold all elements along `axes`.
    pub fn spans(&self, domain: &Shape, axes: &[usize]) -> bool {
        let whole = |&axis: &usize| {
            let DimCut { outer, inner } = self.dims[axis];
            outer.min(inner) >= domain[axis]
        };
        axes.iter().all(whole)
    }

    /// The most elements a tile has.
    pub fn tile_elems(&self, domain: &Shape) -> usize {
        self.dims
            .iter()
            .zip(domain.iter())
            .map(|(dim, &extent)| dim.inner.min(extent.max(1)))
            .product()
    }
}

/// The grid's own cells, clipped to the domain; a broadcast axis is one cell.
fn grid_dims(domain: &Shape, shape: &Shape, grid: &Grid) -> Vec<DimCut> {
    let skip = domain.ndim() - shape.ndim();
    (0..domain.ndim())
        .map(|axis| {
            let extent = domain[axis].max(1);
            match axis.checked_sub(skip) {
                Some(own) if shape[own] == domain[axis] => {
                    let outer = grid.chunk[own].clamp(1, extent);
                    DimCut {
                        outer,
                        inner: grid.block[own].clamp(1, outer),
                    }
                }
                _ => DimCut {
                    outer: extent,
                    inner: extent,
                },
            }
        })
        .collect()
}

/// Groups whole blocks of a chunk, innermost axis first, while a tile stays within
/// [`TILE_MIN_ELEMS`]; when a tile is a whole chunk, groups whole chunks the same way.
fn group(dims: &mut [DimCut], domain: &Shape) {
    let mut elems: usize = dims
        .iter()
        .fold(1, |n: usize, dim| n.saturating_mul(dim.inner));
    let mut whole = true;
    for dim in dims.iter_mut().rev() {
        let blocks = dim.outer.div_ceil(dim.inner);
        let times = (TILE_MIN_ELEMS / elems.max(1)).clamp(1, blocks);
        elems = elems.saturating_mul(times);
        dim.inner = (dim.inner * times).min(dim.outer);
        if times < blocks {
            whole = false;
            break;
        }
    }
    if !whole {
        return;
    }
    let mut elems: usize = dims
        .iter()
        .fold(1, |n: usize, dim| n.saturating_mul(dim.outer));
    for (dim, &extent) in dims.iter_mut().zip(domain.iter()).rev() {
        let chunks = extent.max(1).div_ceil(dim.outer);
        let times = (TILE_MIN_ELEMS / elems.max(1)).clamp(1, chunks);
        elems = elems.saturating_mul(times);
        dim.outer = (dim.outer * times).min(extent.max(1));
        dim.inner = dim.outer;
        if times < chunks {
            break;
        }
    }
}

/// Splits tiles above [`TILE_MAX_ELEMS`] along the outermost axis that is longer than 1, then
/// along the next.
fn split(dims: &mut [DimCut]) {
    for axis in 0..dims.len() {
        let inner: usize = dims[axis + 1..]
            .iter()
            .fold(1, |n: usize, dim| n.saturating_mul(dim.inner));
        if inner.saturating_mul(dims[axis].inner) <= TILE_MAX_ELEMS {
            return;
        }
        dims[axis].inner = (TILE_MAX_ELEMS / inner.max(1)).clamp(1, dims[axis].inner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(dim: DimCut, extent: usize) -> Vec<Range<usize>> {
        dim.cells(extent).collect()
    }

    #[test]
    fn an_axis_is_cut_at_chunks_then_blocks() {
        let dim = DimCut { outer: 5, inner: 2 };
        assert_eq!(cells(dim, 8), [0..2, 2..4, 4..5, 5..7, 7..8]);
        assert!(cells(dim, 0).is_empty());
    }

    #[test]
    fn boxes_take_whole_inner_axes_first() {
        let cut = Cut::boxes(&Shape::new(&[10, 1000, 100]));
        let inner: Vec<usize> = cut.dims.iter().map(|dim| dim.inner).collect();
        assert_eq!(inner, [1, 327, 100]);
    }

    #[test]
    fn small_blocks_are_grouped_and_large_ones_split() {
        let domain = Shape::new(&[1 << 20]);
        let small = Grid {
            chunk: Shape::new(&[1000]),
            block: Shape::new(&[10]),
        };
        let cut = Cut::driven(&domain, &domain, &small);
        assert_eq!(
            cut.dims,
            [DimCut {
                outer: 32_000,
                inner: 32_000
            }]
        );
        let large = Grid {
            chunk: Shape::new(&[1 << 20]),
            block: Shape::new(&[1 << 20]),
        };
        let cut = Cut::driven(&domain, &domain, &large);
        assert_eq!(
            cut.dims,
            [DimCut {
                outer: 1 << 20,
                inner: 262_144
            }]
        );
    }

    #[test]
    fn an_axis_the_driver_broadcasts_is_whole() {
        let domain = Shape::new(&[300, 7]);
        let grid = Grid {
            chunk: Shape::new(&[7]),
            block: Shape::new(&[3]),
        };
        let cut = Cut::driven(&domain, &Shape::new(&[7]), &grid);
        assert_eq!(cut.dims[0].inner, 300);
    }

    #[test]
    fn the_largest_stored_argument_drives() {
        let domain = Shape::new(&[1 << 20]);
        let grid = |block: usize| Grid {
            chunk: Shape::new(&[1 << 19]),
            block: Shape::new(&[block]),
        };
        let (small, wide, also_wide) = (grid(40_000), grid(50_000), grid(60_000));
        let choose = |args: &[(DType, Option<&Grid>)]| {
            let args = args.iter().map(|&(dtype, grid)| (&domain, dtype, grid));
            Cut::choose(&domain, args).dims[0].inner
        };
        let stored = [
            (DType::Float64, None),
            (DType::Int8, Some(&small)),
            (DType::Int32, Some(&wide)),
            (DType::Float32, Some(&also_wide)),
        ];
        assert_eq!(choose(&stored), 50_000);
        assert_eq!(choose(&stored[..2]), 40_000);
        assert_eq!(choose(&stored[..1]), TILE_MIN_ELEMS);
    }
}
