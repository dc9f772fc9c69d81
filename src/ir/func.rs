//! In: operands, instructions. Out: one program as tables indexed by newtypes.
//! Never: a value that names a later one.

use std::collections::HashSet;

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
    /// Whether some of its elements are damaged and left out: which ones are sound is an operand, too.
    pub damaged: bool,
}

impl Operand {
    /// The operand that says which elements of this one are sound.
    pub fn soundness(&self) -> Operand {
        Operand {
            name: format!("{}{SOUND}", self.name),
            dtype: DType::Bool,
            shape: self.shape.clone(),
            grid: self.grid.clone(),
            damaged: false,
        }
    }

    /// The name of the operand that the operand called `name` says the soundness of, if it is such a one.
    pub fn sound_of(name: &str) -> Option<&str> {
        name.strip_suffix(SOUND)
    }
}

/// What stands behind the name of an operand in that of its soundness; no name of a program has it.
const SOUND: &str = "#sound";

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
    /// The shape of an output; where it is filtered, the largest that it can have.
    pub fn largest(&self, output: &Output) -> Shape {
        let whole = &self.values[output.value].shape;
        match output.filter {
            Some(filter) => filter.shape(whole, whole.elems()),
            None => whole.clone(),
        }
    }

    /// The values that outputs are made of.
    pub fn delivered(&self) -> impl Iterator<Item = Value> {
        let filters = |output: &Output| output.filter.map(|filter| filter.mask);
        let of = move |output: &Output| [Some(output.value), filters(output)];
        self.outputs.iter().flat_map(of).flatten()
    }

    /// What a view or reshape is of.
    pub fn seen_by(&self, value: Value) -> Option<Value> {
        match self.values[value].inst {
            Inst::View(View { arg, .. }) | Inst::Reshape(arg) => Some(arg),
            Inst::Const(_)
            | Inst::Elem(_)
            | Inst::Generate(_)
            | Inst::Map(_)
            | Inst::Reduce(_)
            | Inst::Concat(_)
            | Inst::Scan(_)
            | Inst::Tally(_) => None,
        }
    }

    /// Whether two values are computed in the same way from the same operands.
    pub fn alike(&self, one: Value, other: Value) -> bool {
        let mut open = vec![(one, other)];
        let mut seen = HashSet::new();
        while let Some((one, other)) = open.pop() {
            if one == other || !seen.insert((one, other)) {
                continue;
            }
            let (a, b) = (&self.values[one], &self.values[other]);
            let bare = |data: &ValueData| data.inst.renamed(|_| one);
            if (a.dtype, &a.shape) != (b.dtype, &b.shape) || bare(a) != bare(b) {
                return false;
            }
            open.extend(a.inst.args().into_iter().zip(b.inst.args()));
        }
        true
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
    /// Which of its elements; none: all of them.
    pub filter: Option<Filter>,
}

/// Which elements of an output are delivered, in C order: those where the mask holds. Its first
/// `axes` axes become one, whose extent is known only when the mask has been computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Filter {
    /// bool, of the shape of the value. It is the same all along the axes behind the first `axes`.
    pub mask: Value,
    /// At least 1. The axes behind them have elements.
    pub axes: usize,
}

/// A bool value that must be false in every element; where it is not, the evaluation is an error
/// that names the lowest C-order index.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Raise {
    /// What must not hold.
    pub condition: Value,
    /// What is wrong where it holds.
    pub kind: RaiseKind,
    /// The text that asks for it.
    pub span: Option<Span>,
}

/// What is wrong where the condition of a [`Raise`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RaiseKind {
    /// An integer to a negative integer power.
    NegativePower,
    /// A minimum or the like of no elements.
    NoElements,
    /// The smallest and the largest element are no ends of a histogram.
    InfiniteBounds,
    /// Edges of a histogram that are no higher than the ones before.
    NarrowBins,
    /// An estimated number of bins that there is no room for.
    ManyBins,
    /// A negative integer is counted.
    NegativeCount,
    /// An integer is counted for which there is no bin.
    LargeCount,
    /// An index that the array does not have.
    IndexOutside,
}

impl RaiseKind {
    /// Every kind.
    pub const ALL: [RaiseKind; 8] = [
        RaiseKind::NegativePower,
        RaiseKind::NoElements,
        RaiseKind::InfiniteBounds,
        RaiseKind::NarrowBins,
        RaiseKind::ManyBins,
        RaiseKind::NegativeCount,
        RaiseKind::LargeCount,
        RaiseKind::IndexOutside,
    ];

    /// The name in IR text.
    pub fn name(self) -> &'static str {
        match self {
            RaiseKind::NegativePower => "negative_power",
            RaiseKind::NoElements => "no_elements",
            RaiseKind::InfiniteBounds => "infinite_bounds",
            RaiseKind::NarrowBins => "narrow_bins",
            RaiseKind::ManyBins => "many_bins",
            RaiseKind::NegativeCount => "negative_count",
            RaiseKind::LargeCount => "large_count",
            RaiseKind::IndexOutside => "index_outside",
        }
    }
}

impl Filter {
    /// The shape of `count` elements that were delivered of a value of shape `whole`.
    pub fn shape(&self, whole: &Shape, count: usize) -> Shape {
        let behind = &whole[self.axes..];
        let each: usize = behind.iter().product();
        let mut extents = vec![count / each.max(1)];
        extents.extend_from_slice(behind);
        Shape::from(extents)
    }
}
