//! In: a domain and its cut. Out: the tiles, and their places in the order that merges partials.
//! Never: a dependence on the order in which tiles are visited.

use crate::ir::{Cut, DimCut};
use crate::types::Shape;

/// The tiles of one pass.
#[derive(Clone, Debug)]
pub(crate) struct Tiling {
    domain: Shape,
    cut: Cut,
    /// Outer cells along each axis.
    outer: Vec<usize>,
    /// The order in which axes vary when outer cells are visited, slowest first.
    order: Vec<usize>,
}

/// One tile: where it lies in the domain, and its cell numbers along each axis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tile {
    /// First index along each axis.
    pub(crate) start: Vec<usize>,
    /// Extent along each axis, at least 1.
    pub(crate) extent: Vec<usize>,
    /// Outer cell along each axis.
    outer: Vec<usize>,
    /// Inner cell along each axis, within the outer cell.
    inner: Vec<usize>,
}

/// The place of a tile among the tiles that differ from it only along some axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Position in tile order.
    pub(crate) index: usize,
    /// How many there are.
    pub(crate) count: usize,
}

impl Tile {
    /// Number of elements.
    pub(crate) fn elems(&self) -> usize {
        self.extent.iter().product()
    }
}

impl Tiling {
    /// Cuts `domain`. Outer cells are visited so that `fastest` axes vary fastest: the axes that
    /// a reduction folds, so that few partials wait for their neighbours.
    pub(crate) fn new(domain: &Shape, cut: &Cut, fastest: &[usize]) -> Tiling {
        let outer = domain
            .iter()
            .zip(&cut.dims)
            .map(|(&extent, dim)| dim.n_outer(extent))
            .collect();
        let (mut order, last): (Vec<usize>, Vec<usize>) =
            (0..domain.ndim()).partition(|axis| !fastest.contains(axis));
        order.extend(last);
        Tiling {
            domain: domain.clone(),
            cut: cut.clone(),
            outer,
            order,
        }
    }

    /// How many tiles there are along `axis`.
    pub(crate) fn cells(&self, axis: usize) -> usize {
        match self.domain.contains(&0) {
            true => 0,
            false => self.cells_before(axis, self.outer[axis]),
        }
    }

    /// Whether all tiles along `axis` have the same extent there, but perhaps the last.
    pub(crate) fn is_even(&self, axis: usize) -> bool {
        let DimCut { outer, inner } = self.cut.dims[axis];
        outer >= self.domain[axis] || outer.is_multiple_of(inner)
    }

    /// How many columns of tiles there are along `axis`: tiles that differ only there.
    pub(crate) fn columns(&self, axis: usize) -> usize {
        let others = (0..self.domain.ndim()).filter(|&other| other != axis);
        others.map(|other| self.cells(other)).product()
    }

    /// The `step`-th tile along `axis` of a column.
    pub(crate) fn tile_in_column(&self, axis: usize, column: usize, step: usize) -> Tile {
        let mut rest = column;
        self.tile_of_cells(|other, cells| match other == axis {
            true => step,
            false => split_off(&mut rest, cells),
        })
    }

    /// The tile at a place in the C order of cells.
    pub(crate) fn tile_in_order(&self, at: usize) -> Tile {
        let mut rest = at;
        self.tile_of_cells(|_, cells| split_off(&mut rest, cells))
    }

    /// How many tiles a slab has: the fewest neighbours in the C order of cells that together are
    /// neighbours in the C order of elements.
    pub(crate) fn tiles_in_slab(&self) -> usize {
        let thick = |&axis: &usize| {
            let DimCut { outer, inner } = self.cut.dims[axis];
            outer.min(inner).min(self.domain[axis]) > 1
        };
        let ndim = self.domain.ndim();
        let first = (0..ndim).find(thick).unwrap_or(ndim);
        (first + 1..ndim).map(|axis| self.cells(axis)).product()
    }

    /// The tile whose cell along each axis, of so many, is given; asked for from the last axis on.
    fn tile_of_cells(&self, mut cell: impl FnMut(usize, usize) -> usize) -> Tile {
        let ndim = self.domain.ndim();
        let (mut outer, mut inner) = (vec![0; ndim], vec![0; ndim]);
        for axis in (0..ndim).rev() {
            let cell = cell(axis, self.cells(axis));
            let DimCut {
                outer: wide,
                inner: narrow,
            } = self.cut.dims[axis];
            let full = wide.div_ceil(narrow);
            (outer[axis], inner[axis]) = (cell / full, cell % full);
        }
        self.place_tile(outer, inner)
    }

    /// How many outer cells there are.
    pub(crate) fn n_outer(&self) -> usize {
        // Without elements the other extents may be anything.
        if self.domain.contains(&0) {
            return 0;
        }
        self.outer.iter().product()
    }

    /// How many tiles there are.
    pub(crate) fn n_tiles(&self) -> usize {
        if self.domain.contains(&0) {
            return 0;
        }
        let axes = 0..self.domain.ndim();
        axes.map(|axis| self.cells_before(axis, self.outer[axis]))
            .product()
    }

    /// The most elements a tile has.
    pub(crate) fn tile_elems(&self) -> usize {
        self.cut.tile_elems(&self.domain)
    }

    /// The outer cell along each axis of the `visit`-th cell in visiting order.
    pub(crate) fn outer_cell(&self, visit: usize) -> Vec<usize> {
        let mut cell = vec![0; self.outer.len()];
        let mut rest = visit;
        for &axis in self.order.iter().rev() {
            cell[axis] = rest % self.outer[axis];
            rest /= self.outer[axis];
        }
        cell
    }

    /// How many tiles an outer cell has.
    pub(crate) fn n_inner(&self, outer: &[usize]) -> usize {
        let axes = outer.iter().enumerate();
        axes.map(|(axis, &cell)| self.inner_count(axis, cell))
            .product()
    }

    /// The `index`-th tile (C order) of an outer cell.
    pub(crate) fn tile(&self, outer: &[usize], index: usize) -> Tile {
        let mut inner = vec![0; self.domain.ndim()];
        let mut rest = index;
        for axis in (0..self.domain.ndim()).rev() {
            let count = self.inner_count(axis, outer[axis]);
            inner[axis] = rest % count;
            rest /= count;
        }
        self.place_tile(outer.to_vec(), inner)
    }

    /// The tile of these cells.
    fn place_tile(&self, outer: Vec<usize>, inner: Vec<usize>) -> Tile {
        let axes = self.cut.dims.iter().zip(self.domain.iter());
        let cells = outer.iter().zip(&inner);
        let (start, extent) = axes
            .zip(cells)
            .map(|((dim, &extent), (&outer, &inner))| {
                let cell_end = extent.min((outer + 1).saturating_mul(dim.outer));
                let start = outer * dim.outer + inner * dim.inner;
                (start, dim.inner.min(cell_end - start))
            })
            .unzip();
        Tile {
            start,
            extent,
            outer,
            inner,
        }
    }

    /// Where `tile` stands, in tile order, among the tiles that differ from it only along `axes`.
    pub(crate) fn place(&self, tile: &Tile, axes: &[usize]) -> Place {
        let (mut index, mut count, mut same_outer) = (0, 1, 1);
        // Tiles in earlier outer cells (C order): those that agree before an axis, are earlier
        // along it, and are anything after it.
        for &axis in axes.iter() {
            let all = self.cells_before(axis, self.outer[axis]);
            index = index * all + same_outer * self.cells_before(axis, tile.outer[axis]);
            same_outer *= self.inner_count(axis, tile.outer[axis]);
            count *= all;
        }
        let mut within = 0;
        for &axis in axes {
            within = within * self.inner_count(axis, tile.outer[axis]) + tile.inner[axis];
        }
        Place {
            index: index + within,
            count,
        }
    }

    /// Tiles along `axis` before outer cell `cell`.
    fn cells_before(&self, axis: usize, cell: usize) -> usize {
        let DimCut { outer, inner } = self.cut.dims[axis];
        let full = outer.div_ceil(inner);
        if cell < self.outer[axis] {
            return cell * full;
        }
        match cell.checked_sub(1) {
            Some(last) => last * full + self.inner_count(axis, last),
            None => 0,
        }
    }

    /// Tiles along `axis` within outer cell `cell`.
    fn inner_count(&self, axis: usize, cell: usize) -> usize {
        let DimCut { outer, inner } = self.cut.dims[axis];
        let start = cell * outer;
        let end = self.domain[axis].min(start.saturating_add(outer));
        (end - start).div_ceil(inner)
    }
}

/// The number of the next of `cells`, taken off what is left.
fn split_off(rest: &mut usize, cells: usize) -> usize {
    let cell = *rest % cells;
    *rest /= cells;
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiling(domain: &[usize], dims: &[(usize, usize)], fastest: &[usize]) -> Tiling {
        let dims = dims
            .iter()
            .map(|&(outer, inner)| DimCut { outer, inner })
            .collect();
        Tiling::new(&Shape::new(domain), &Cut { dims }, fastest)
    }

    fn range(tile: &Tile, axis: usize) -> std::ops::Range<usize> {
        tile.start[axis]..tile.start[axis] + tile.extent[axis]
    }

    fn all(tiling: &Tiling) -> Vec<Tile> {
        (0..tiling.n_outer())
            .map(|visit| tiling.outer_cell(visit))
            .flat_map(|outer| {
                let n = tiling.n_inner(&outer);
                (0..n)
                    .map(move |index| tiling.tile(&outer, index))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn tiles_cover_the_domain_once() {
        let tiling = tiling(&[7, 10, 5], &[(4, 3), (10, 4), (2, 1)], &[1]);
        let mut seen = vec![0; 7 * 10 * 5];
        let tiles = all(&tiling);
        assert_eq!(tiles.len(), tiling.n_tiles());
        for tile in &tiles {
            for i in range(tile, 0) {
                for j in range(tile, 1) {
                    for k in range(tile, 2) {
                        seen[(i * 10 + j) * 5 + k] += 1;
                    }
                }
            }
        }
        assert!(seen.iter().all(|&times| times == 1));
    }

    #[test]
    fn places_count_up_in_tile_order() {
        // Visiting order is C order here, so for all axes the places are 0, 1, 2, ...
        let tiling = tiling(&[7, 10, 5], &[(4, 3), (6, 4), (2, 1)], &[]);
        for (at, tile) in all(&tiling).iter().enumerate() {
            let place = tiling.place(tile, &[0, 1, 2]);
            assert_eq!((place.index, place.count), (at, tiling.n_tiles()));
        }
    }

    #[test]
    fn places_along_some_axes_count_up_where_the_others_agree() {
        let tiling = tiling(&[7, 10, 5], &[(4, 3), (6, 4), (2, 1)], &[0, 2]);
        let mut next = std::collections::HashMap::new();
        for tile in all(&tiling) {
            let kept = tiling.place(&tile, &[1]).index;
            let expected = next.entry(kept).or_insert(0);
            let place = tiling.place(&tile, &[0, 2]);
            // OK: within one kept tile the visiting order is the tile order, as 0 and 2 vary fastest.
            assert_eq!(place.index, *expected, "{tile:?}");
            *expected += 1;
        }
        assert!(next.values().all(|&n| n == next[&0]));
    }

    #[test]
    fn columns_hold_every_tile_once_in_order() {
        let tiling = tiling(&[7, 10, 5], &[(4, 3), (6, 4), (2, 1)], &[]);
        for axis in 0..3 {
            let mut seen = Vec::new();
            for column in 0..tiling.columns(axis) {
                let mut next = 0;
                for step in 0..tiling.cells(axis) {
                    let tile = tiling.tile_in_column(axis, column, step);
                    assert_eq!(tile.start[axis], next);
                    next += tile.extent[axis];
                    seen.push(tile);
                }
                assert_eq!(next, tiling.domain[axis]);
            }
            assert_eq!(seen.len(), tiling.n_tiles());
            assert!(all(&tiling).iter().all(|tile| seen.contains(tile)));
        }
    }

    #[test]
    fn slabs_follow_each_other_in_c_order() {
        let thin = [(1, 1), (6, 4), (2, 1)];
        let flat = [(7, 7), (10, 10), (1, 1)];
        for (dims, tiles) in [([(4, 3), (6, 4), (2, 1)], 15), (thin, 5), (flat, 5)] {
            let tiling = tiling(&[7, 10, 5], &dims, &[]);
            assert_eq!(tiling.tiles_in_slab(), tiles);
            let mut next = 0;
            let all: Vec<Tile> = (0..tiling.n_tiles())
                .map(|at| tiling.tile_in_order(at))
                .collect();
            for slab in all.chunks(tiles) {
                let first = |tile: &Tile| (tile.start[0] * 10 + tile.start[1]) * 5 + tile.start[2];
                assert_eq!(slab.iter().map(first).min(), Some(next));
                next += slab.iter().map(Tile::elems).sum::<usize>();
            }
            assert_eq!(next, 7 * 10 * 5);
        }
    }

    #[test]
    fn a_0d_domain_is_one_tile() {
        let tiling = tiling(&[], &[], &[]);
        assert_eq!(all(&tiling).len(), 1);
        assert_eq!(all(&tiling)[0].elems(), 1);
    }
}
