//! In: the elementwise values of one pass, stripped of shapes. Out: what a kernel computes over
//! `n` neighbouring elements, and the key of the kernel cache. Never: shapes, files, loops.

use super::Elementwise;
use crate::define_id;
use crate::table::Table;
use crate::types::{DType, Scalar};

define_id!(
    /// A value of a [`Body`].
    Reg,
    "r"
);
define_id!(
    /// An input stream of a [`Body`].
    InputId,
    "in"
);

/// What a kernel computes for each of `n` elements, and where that goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Body {
    /// What it reads.
    pub inputs: Table<InputId, BodyInput>,
    /// What it computes, each register naming only registers before it.
    pub regs: Table<Reg, RegData>,
    /// What it delivers, in order.
    pub sinks: Vec<Sink>,
}

/// An input of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BodyInput {
    /// Element type.
    pub dtype: DType,
    /// Whether there is one element for the whole call (stride 0) instead of `n` neighbours.
    pub uniform: bool,
}

/// A register: how it is computed and its dtype.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RegData {
    /// How it is computed.
    pub inst: BodyInst,
    /// Element type.
    pub dtype: DType,
}

/// The instructions of a body.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BodyInst {
    /// One value.
    Const(Scalar),
    /// The element of an input.
    Input(InputId),
    /// An elementwise operation.
    Map(Elementwise<Reg>),
}

/// Where a register goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sink {
    /// `n` elements to the output pointer.
    Store(Reg),
    /// Folded over the `n` elements; the state goes to the output pointer.
    Fold(FoldOp, Reg),
}

impl Sink {
    /// The register that it takes.
    pub fn reg(self) -> Reg {
        let (Sink::Store(reg) | Sink::Fold(_, reg)) = self;
        reg
    }
}

/// What a kernel can fold itself. Its output is:
///
/// - `SumFloat` (float32, float64): `ceil(n / 128)` run vectors of 8 float64 lanes each, as the
///   IR manual defines runs; merging them is the caller's;
/// - `SumInt` (bool, ints): one int64 or uint64, wrapping;
/// - `CountNonzero` (bool): one int64;
/// - `Any`, `All` (bool): one byte, 0 or 1;
/// - `Min`, `Max` (any dtype): one element of the register's dtype.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "described together above")]
pub enum FoldOp {
    SumFloat,
    SumInt,
    CountNonzero,
    Any,
    All,
    Min,
    Max,
}
