//! In: operands, instructions. Out: one program as tables indexed by newtypes.
//! Never: a value that names a later one.

use super::{Inst, View};
use crate::define_id;
use crate::source::Span;
use crate::table::Table;
use crate::types::{DType, Grid, Shape};

define_id!(
    /// A value of a [`Func`].
    Value,
    "v"
);
define_id!(
    /// An operand of a [`Func`].
    OperandId,
    "op"
);

/// A typed program: what `check` makes and `opt` improves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Func {
    /// The arrays the program reads.
    pub operands: Table<OperandId, Operand>,
    /// The values, each naming only values before it.
    pub values: Table<Value, ValueData>,
    /// What the program delivers, in order.
    pub outputs: Vec<Output>,
    /// What must not hold anywhere.
    pub raises: Vec<Raise>,
}

/// An array a program reads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operand {
    /// The name in the program's text.
    pub name: String,
    /// Element type.
    pub dtype: DType,
    /// Extents.
    pub shape: Shape,
    /// Chunks and blocks, for stored arrays.
    pub grid: Option<Grid>,
}

/// A value: how it is computed, and what it is.
#[derive(Clone, Debug)]
pub struct ValueData {
    /// How it is computed.
    pub inst: Inst,
    /// Element type.
    pub dtype: DType,
    /// Extents.
    pub shape: Shape,
    /// The text it came from; no part of equality.
    pub span: Option<Span>,
}

impl Func {
    /// What a view or reshape is of.
    pub fn seen_by(&self, value: Value) -> Option<Value> {
        match self.values[value].inst {
            Inst::View(View { arg, .. }) | Inst::Reshape(arg) => Some(arg),
            Inst::Const(_)
            | Inst::Elem(_)
            | Inst::Generate(_)
            | Inst::Map(_)
            | Inst::Reduce(_)
            | Inst::Scan(_) => None,
        }
    }

    /// How a value lies in chunks and blocks: an operand as it is stored, a view as far as what it
    /// sees has a grid along the same axes.
    pub fn grid(&self, value: Value) -> Option<Grid> {
        let mut views = Vec::new();
        let mut seen = value;
        while let Inst::View(view) = &self.values[seen].inst {
            views.push((view, &self.values[seen].shape));
            seen = view.arg;
        }
        let Inst::Elem(operand) = self.values[seen].inst else {
            return None;
        };
        let grid = self.operands[operand].grid.clone()?;
        let outwards = views.iter().rev();
        Some(outwards.fold(grid, |grid, (view, shape)| view.grid(shape, &grid)))
    }
}

impl PartialEq for ValueData {
    fn eq(&self, other: &Self) -> bool {
        (&self.inst, self.dtype, &self.shape) == (&other.inst, other.dtype, &other.shape)
    }
}

impl Eq for ValueData {}

impl std::hash::Hash for ValueData {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (&self.inst, self.dtype, &self.shape).hash(state);
    }
}

/// Something the program delivers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Output {
    /// The bound name, or the text of an unnamed output.
    pub name: String,
    /// The value.
    pub value: Value,
}

/// A bool value that must be false in every element; where it is not, the evaluation is an error
/// that names the lowest C-order index.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Raise {
    /// What must not hold.
    pub condition: Value,
    /// The text at fault: the `**` with a negative exponent.
    pub span: Option<Span>,
}
