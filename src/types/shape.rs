//! In: extents. Out: a checked shape, and what two shapes broadcast to.
//! Never: a product that wraps.

use std::fmt;
use std::ops::Deref;

use crate::limits::MAX_NDIM;

/// The extents of an array in elements, outermost axis first; empty for a 0-d array.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Shape(Vec<usize>);

/// Two shapes that do not broadcast, and the axis (of the result) where they part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShapeMismatch {
    /// Axis of the broadcast result, counted from the front.
    pub axis: usize,
    /// Extent of the left shape there.
    pub left: usize,
    /// Extent of the right shape there.
    pub right: usize,
}

impl Shape {
    /// A shape of these extents. More than [`MAX_NDIM`] axes are refused by whoever reads or
    /// checks them; this only stores.
    pub fn new(extents: &[usize]) -> Self {
        Self(extents.to_vec())
    }

    /// The shape of a 0-d array.
    pub fn scalar() -> Self {
        Self(Vec::new())
    }

    /// Number of axes.
    pub fn ndim(&self) -> usize {
        self.0.len()
    }

    /// Number of elements (1 for 0-d), `None` where their bytes could exceed `isize::MAX`.
    pub fn checked_elems(&self) -> Option<usize> {
        if self.0.contains(&0) {
            return Some(0);
        }
        self.0
            .iter()
            .try_fold(1usize, |n, &extent| n.checked_mul(extent))
            .filter(|&n| n <= isize::MAX as usize / 8)
    }

    /// Number of elements (1 for 0-d).
    ///
    /// # Panics
    /// If the product is too large; shapes from outside go through
    /// [`Shape::checked_elems`] first.
    pub fn elems(&self) -> usize {
        // OK because arrays and checked programs only carry shapes whose product was checked.
        self.checked_elems().expect("shape was checked on entry")
    }

    /// C-order strides in elements; 0 where an extent is 0 further in.
    pub fn strides(&self) -> Vec<usize> {
        let mut strides = vec![1usize; self.0.len()];
        for axis in (1..self.0.len()).rev() {
            strides[axis - 1] = strides[axis].saturating_mul(self.0[axis]);
        }
        strides
    }

    /// The shape both broadcast to, by NumPy's rule: aligned at the last axis, extent 1 stretches.
    pub fn broadcast(&self, other: &Shape) -> Result<Shape, ShapeMismatch> {
        let ndim = self.ndim().max(other.ndim());
        (0..ndim)
            .map(|axis| {
                let (left, right) = (self.extent_in(axis, ndim), other.extent_in(axis, ndim));
                match (left, right) {
                    (1, n) | (n, 1) => Ok(n),
                    (l, r) if l == r => Ok(l),
                    (left, right) => Err(ShapeMismatch { axis, left, right }),
                }
            })
            .collect::<Result<Vec<_>, _>>()
            .map(Shape)
    }

    /// Whether C order and Fortran order differ: with at most one axis longer than 1, or without
    /// elements, they are the same.
    pub fn orders_differ(&self) -> bool {
        let long = self.iter().filter(|&&extent| extent != 1).count();
        long > 1 && !self.contains(&0)
    }

    /// The same with one more axis behind the others.
    #[must_use]
    pub fn with_axis(&self, extent: usize) -> Shape {
        Self(self.iter().copied().chain([extent]).collect())
    }

    /// The extent this shape has at `axis` of a result with `ndim` axes: 1 where it has none.
    pub fn extent_in(&self, axis: usize, ndim: usize) -> usize {
        (axis + self.ndim())
            .checked_sub(ndim)
            .map_or(1, |own| self.0[own])
    }

    /// Whether the number of axes is within [`MAX_NDIM`].
    pub fn ndim_allowed(&self) -> bool {
        self.0.len() <= MAX_NDIM
    }
}

impl Deref for Shape {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.0
    }
}

impl From<Vec<usize>> for Shape {
    fn from(extents: Vec<usize>) -> Self {
        Self(extents)
    }
}

/// As Python prints a tuple: `()`, `(5,)`, `(3, 4)`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => write!(f, "({one},)"),
            many => {
                let extents: Vec<String> = many.iter().map(usize::to_string).collect();
                write!(f, "({})", extents.join(", "))
            }
        }
    }
}
