//! In: operands with a grid, and how values read them. Out: the one that drives the cut of a
//! reduction. Never: a dependence on anything but the text, the shapes, the dtypes and the grids.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::ir::{Cut, Operand, OperandId, View};
use crate::table::Id;
use crate::types::{Grid, Shape};

/// What drives the cut of a reduction of a value: of the operands with a grid that it reads,
/// reductions apart, the one with the most bytes, the first among equals; seen as the value sees
/// it.
#[derive(Clone, Debug)]
pub(super) struct Driver {
    operand: OperandId,
    bytes: usize,
    /// Broadcasts to the value's shape.
    shape: Arc<Shape>,
    grid: Arc<Grid>,
}

impl Driver {
    /// An operand itself, if it has a grid.
    pub(super) fn new(id: OperandId, operand: &Operand) -> Option<Driver> {
        let grid = operand.grid.as_ref()?;
        let elems = operand.shape.checked_elems().unwrap_or(usize::MAX);
        Some(Driver {
            operand: id,
            bytes: elems.saturating_mul(operand.dtype.size()),
            shape: Arc::new(operand.shape.clone()),
            grid: Arc::new(grid.clone()),
        })
    }

    /// The least drives.
    pub(super) fn rank(&self) -> (Reverse<usize>, usize) {
        (Reverse(self.bytes), self.operand.index())
    }

    /// The cut of a reduction over `domain`.
    pub(super) fn cut(&self, domain: &Shape) -> Cut {
        Cut::driven(domain, &self.shape, &self.grid)
    }

    /// The same through a view, with `shape`, of a value with shape `arg`.
    pub(super) fn seen(&self, view: &View, arg: &Shape, shape: &Shape) -> Driver {
        let view = View {
            arg: view.arg,
            axes: View::of_part(&view.axes, &self.shape, arg),
        };
        let reached = |axis: usize| view.axes.iter().any(|own| own.axis() == Some(axis));
        let extents = (0..shape.ndim()).map(|axis| if reached(axis) { shape[axis] } else { 1 });
        let extents = Shape::from(extents.collect::<Vec<_>>());
        Driver {
            grid: Arc::new(view.grid(&extents, &self.grid)),
            shape: Arc::new(extents),
            ..*self
        }
    }
}
