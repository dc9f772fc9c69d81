//! In: nothing. Out: the instructions, and for each the dtypes it takes and gives.
//! Never: a default arm, so that a new instruction breaks the build wherever it must be thought of.

use super::{Cut, OperandId, Value, View};
use crate::math::scalar;
use crate::types::{BinaryOp, DType, Scalar, UnaryOp};

/// What a value is computed from.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Inst {
    /// One value; its shape may be any (`full`, `zeros`, `ones`): every element is the same.
    Const(Scalar),
    /// All elements of an operand.
    Elem(OperandId),
    /// Elements computed from their index along a 1-d array.
    Generate(Generator),
    /// An elementwise operation; shapes of the arguments broadcast.
    Map(Elementwise<Value>),
    /// A reduction over some axes.
    Reduce(Reduce),
    /// The elements of another value, elsewhere.
    View(View),
    /// The elements of another value in C order, under another shape of as many elements.
    Reshape(Value),
    /// The elements of several values, one after the other along an axis.
    Concat(Concat),
    /// A running sum, product or extremum along an axis.
    Scan(Scan),
    /// The sums of the weights that fall in each bin.
    Tally(Tally),
}

/// Values of one dtype, whose shapes agree but along `axis`, one after the other along it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Concat {
    /// At least one.
    pub parts: Vec<Value>,
    /// The axis, below their ndim.
    pub axis: usize,
}

/// A 1-d array computed from the index, never stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Generator {
    /// `start + i * step` in the value's own dtype (`arange`). For floats `step` is already
    /// NumPy's `(start + step) - start`; integers wrap. Both scalars have the value's dtype.
    Arange {
        /// First element.
        start: Scalar,
        /// Difference between neighbours.
        step: Scalar,
    },
    /// `i * step + start` in float64, then the last element replaced by `stop` where
    /// `Some`; then cast to the value's dtype. All scalars are float64.
    Linspace {
        /// First element.
        start: Scalar,
        /// Difference between neighbours.
        step: Scalar,
        /// The exact last element, if the end point belongs to it and there is more than one.
        stop: Option<Scalar>,
        /// NumPy's order of operations when `step` underflows to zero: `i / div * delta + start`
        /// where `Some((div, delta))`, both float64.
        tiny: Option<(Scalar, Scalar)>,
    },
    /// Element `i` of the stream of [`crate::math::generate::random`], in float64.
    Random {
        /// The key of the stream.
        seed: u64,
    },
}

/// Elementwise operations over values `V` (of a function or of a kernel body).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Elementwise<V> {
    /// One argument.
    Unary(UnaryOp, V),
    /// Two arguments of one dtype.
    Binary(BinaryOp, V, V),
    /// `condition ? then : otherwise`; the condition is bool, the arms have the result's dtype.
    Select {
        /// bool
        condition: V,
        /// Taken where the condition holds.
        then: V,
        /// Taken elsewhere.
        otherwise: V,
    },
    /// Conversion to the value's dtype, by the rules of docs/language.md: float to int truncates,
    /// saturates and maps NaN to 0; anything to bool is `!= 0`; int to int wraps.
    Cast(V),
}

/// A scan: along `axis` of `arg` each element is combined with all before it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Scan {
    /// How elements are combined.
    pub op: ScanOp,
    /// What is scanned; the result has its dtype.
    pub arg: Value,
    /// The axis, below `arg`'s ndim.
    pub axis: usize,
    /// Whether what nothing adds up to stands in front, so that the axis is longer by one.
    pub initial: bool,
}

/// What a scan computes: any dtype to itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ScanOp {
    /// Wrapping for integers; for bools whether any was true.
    Sum,
    /// Wrapping for integers; for bools whether all were true.
    Prod,
    /// NaN from the first NaN on.
    Min,
    /// As `Min`.
    Max,
}

impl ScanOp {
    /// Every operation.
    pub const ALL: [ScanOp; 4] = [ScanOp::Sum, ScanOp::Prod, ScanOp::Min, ScanOp::Max];

    /// The name in IR text.
    pub fn name(self) -> &'static str {
        match self {
            ScanOp::Sum => "sum",
            ScanOp::Prod => "prod",
            ScanOp::Min => "min",
            ScanOp::Max => "max",
        }
    }

    /// The operation of the result so far and the next element.
    pub fn step(self, dtype: DType) -> BinaryOp {
        match self {
            ScanOp::Sum if dtype.is_bool() => BinaryOp::Or,
            ScanOp::Sum => BinaryOp::Add,
            ScanOp::Prod if dtype.is_bool() => BinaryOp::And,
            ScanOp::Prod => BinaryOp::Mul,
            ScanOp::Min => BinaryOp::Min,
            ScanOp::Max => BinaryOp::Max,
        }
    }

    /// The sum or product of nothing; extrema of nothing there are none.
    pub fn initial(self, dtype: DType) -> Option<Scalar> {
        match self {
            ScanOp::Sum => Some(scalar::cast(Scalar::Bool(false), dtype)),
            ScanOp::Prod => Some(scalar::cast(Scalar::Bool(true), dtype)),
            ScanOp::Min | ScanOp::Max => None,
        }
    }
}

/// Sums of weights, bin by bin: of an array of at least one axis to shape `(bins,)`. An element
/// whose number is negative is not there; one whose number is `bins` or more is, but in no bin.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Tally {
    /// int64: which bin an element falls in.
    pub number: Value,
    /// float64 or int64, of the shape of `number`: what an element adds to its bin.
    pub weight: Value,
    /// At most [`crate::limits::MAX_BINS`].
    pub bins: usize,
    /// For float64 weights, whether sums are rounded on the way.
    pub rounded: Option<Rounded>,
}

/// How the sums of a [`Tally`] are rounded on the way: those of some elements after the other are
/// converted each, and then added.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Rounded {
    /// How many elements that are there make a block; at least 1.
    pub block: usize,
    /// The dtype of the result, not bool. Integers narrower than 64 bits are the last bits of the
    /// sum truncated to 64.
    pub dtype: DType,
}

/// A reduction: of `arg` over `axes` (sorted, distinct, all below `arg`'s ndim).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Reduce {
    /// What is computed.
    pub op: ReduceOp,
    /// What is reduced.
    pub arg: Value,
    /// The axes that go; all of them for a reduction to a scalar.
    pub axes: Vec<usize>,
    /// Whether the reduced axes stay with extent 1.
    pub keepdims: bool,
    /// How the domain (the shape of `arg`) is cut into tiles; for floats it fixes the bits.
    pub cut: Cut,
}

/// What a reduction computes. The result dtype is the value's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ReduceOp {
    /// bool and signed ints to int64, unsigned to uint64 (wrapping), floats to themselves.
    Sum,
    /// As `Sum`.
    Prod,
    /// bool and ints to float64, floats to themselves.
    Mean,
    /// Any dtype to itself.
    Min,
    /// Any dtype to itself.
    Max,
    /// Any dtype to int64: the C-order position of the first NaN, else of the first minimum, among
    /// the elements that are reduced.
    ArgMin,
    /// As `ArgMin`, of the first maximum.
    ArgMax,
    /// Any dtype to itself: the element at a rank once all are sorted, -0.0 before +0.0; NaN if any
    /// is NaN. The cut takes reduced axes whole, unless all axes are reduced.
    Nth {
        /// From 0 on, less than the number of elements reduced.
        rank: Rank,
    },
    /// int64 to int64 of shape `(bins,)`: how many elements are 0, 1, 2 and so on; others are not
    /// counted. All axes are reduced.
    Bins {
        /// At most [`crate::limits::MAX_BINS`].
        bins: usize,
    },
    /// Any dtype to bool.
    Any,
    /// Any dtype to bool.
    All,
    /// Any dtype to int64.
    CountNonzero,
    /// bool and ints to float64, floats to themselves; the delta degrees of freedom, as float64
    /// bits so that the instruction can be hashed.
    Var {
        /// Bits of the float64 `ddof`.
        ddof: u64,
    },
    /// The square root of `Var`.
    Std {
        /// Bits of the float64 `ddof`.
        ddof: u64,
    },
}

/// Which element is asked for, once all are sorted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Rank {
    /// This one.
    Known(u64),
    /// What a pass before finds, the same for every element of the result: one int64 element. A
    /// rank that there is none for is the nearest that there is.
    Found(Value),
}

impl Inst {
    /// The view, where it is one.
    pub fn view(&self) -> Option<&View> {
        if let Inst::View(view) = self {
            return Some(view);
        }
        None
    }

    /// The reduction, where it is one.
    pub fn reduce(&self) -> Option<&Reduce> {
        if let Inst::Reduce(reduce) = self {
            return Some(reduce);
        }
        None
    }

    /// The concat, where it is one.
    pub fn concat(&self) -> Option<&Concat> {
        if let Inst::Concat(concat) = self {
            return Some(concat);
        }
        None
    }

    /// The scan, where it is one.
    pub fn scan(&self) -> Option<&Scan> {
        if let Inst::Scan(scan) = self {
            return Some(scan);
        }
        None
    }

    /// The tally, where it is one.
    pub fn tally(&self) -> Option<&Tally> {
        if let Inst::Tally(tally) = self {
            return Some(tally);
        }
        None
    }

    /// The values it names.
    pub fn args(&self) -> Vec<Value> {
        match self {
            Inst::Const(_) | Inst::Elem(_) | Inst::Generate(_) => Vec::new(),
            Inst::Map(map) => map.args().collect(),
            Inst::Reduce(reduce) => std::iter::once(reduce.arg)
                .chain(reduce.op.found())
                .collect(),
            Inst::View(view) => {
                let lists = view.lists().map(|(list, _)| list);
                std::iter::once(view.arg).chain(lists).collect()
            }
            Inst::Reshape(arg) => vec![*arg],
            Inst::Concat(concat) => concat.parts.clone(),
            Inst::Scan(scan) => vec![scan.arg],
            Inst::Tally(tally) => vec![tally.number, tally.weight],
        }
    }

    /// The same instruction with its arguments renamed.
    pub fn renamed(&self, mut name: impl FnMut(Value) -> Value) -> Inst {
        match self {
            Inst::Const(scalar) => Inst::Const(*scalar),
            Inst::Elem(operand) => Inst::Elem(*operand),
            Inst::Generate(generator) => Inst::Generate(*generator),
            Inst::Map(map) => Inst::Map(map.map(name)),
            Inst::Reduce(reduce) => Inst::Reduce(Reduce {
                arg: name(reduce.arg),
                op: reduce.op.renamed(name),
                ..reduce.clone()
            }),
            Inst::View(view) => Inst::View(view.renamed(name)),
            Inst::Reshape(arg) => Inst::Reshape(name(*arg)),
            Inst::Concat(concat) => Inst::Concat(Concat {
                parts: concat.parts.iter().map(|&part| name(part)).collect(),
                axis: concat.axis,
            }),
            Inst::Scan(scan) => Inst::Scan(Scan {
                arg: name(scan.arg),
                ..*scan
            }),
            Inst::Tally(tally) => Inst::Tally(Tally {
                number: name(tally.number),
                weight: name(tally.weight),
                ..*tally
            }),
        }
    }
}

impl ReduceOp {
    /// The name in IR text, without `ddof`.
    pub fn name(self) -> &'static str {
        match self {
            ReduceOp::Sum => "sum",
            ReduceOp::Prod => "prod",
            ReduceOp::Mean => "mean",
            ReduceOp::Min => "min",
            ReduceOp::Max => "max",
            ReduceOp::ArgMin => "argmin",
            ReduceOp::ArgMax => "argmax",
            ReduceOp::Nth { .. } => "nth",
            ReduceOp::Bins { .. } => "bins",
            ReduceOp::Any => "any",
            ReduceOp::All => "all",
            ReduceOp::CountNonzero => "count_nonzero",
            ReduceOp::Var { .. } => "var",
            ReduceOp::Std { .. } => "std",
        }
    }

    /// The rank that a pass before finds.
    pub fn found(self) -> Option<Value> {
        match self {
            ReduceOp::Nth {
                rank: Rank::Found(rank),
            } => Some(rank),
            ReduceOp::Nth {
                rank: Rank::Known(_),
            }
            | ReduceOp::Sum
            | ReduceOp::Prod
            | ReduceOp::Mean
            | ReduceOp::Min
            | ReduceOp::Max
            | ReduceOp::ArgMin
            | ReduceOp::ArgMax
            | ReduceOp::Bins { .. }
            | ReduceOp::Any
            | ReduceOp::All
            | ReduceOp::CountNonzero
            | ReduceOp::Var { .. }
            | ReduceOp::Std { .. } => None,
        }
    }

    /// The same operation with the value that it names renamed.
    fn renamed(self, mut name: impl FnMut(Value) -> Value) -> ReduceOp {
        match self.found() {
            Some(rank) => ReduceOp::Nth {
                rank: Rank::Found(name(rank)),
            },
            None => self,
        }
    }

    /// Whether there is no answer without elements.
    pub fn needs_elements(self) -> bool {
        match self {
            ReduceOp::Min
            | ReduceOp::Max
            | ReduceOp::ArgMin
            | ReduceOp::ArgMax
            | ReduceOp::Nth { .. } => true,
            ReduceOp::Sum
            | ReduceOp::Prod
            | ReduceOp::Mean
            | ReduceOp::Bins { .. }
            | ReduceOp::Any
            | ReduceOp::All
            | ReduceOp::CountNonzero
            | ReduceOp::Var { .. }
            | ReduceOp::Std { .. } => false,
        }
    }

    /// The result dtype for an argument of `dtype`.
    pub fn result(self, dtype: DType) -> DType {
        match self {
            ReduceOp::Sum | ReduceOp::Prod if dtype.is_float() => dtype,
            ReduceOp::Sum | ReduceOp::Prod if dtype.is_unsigned() => DType::UInt64,
            ReduceOp::Sum
            | ReduceOp::Prod
            | ReduceOp::Bins { .. }
            | ReduceOp::CountNonzero
            | ReduceOp::ArgMin
            | ReduceOp::ArgMax => DType::Int64,
            ReduceOp::Mean | ReduceOp::Var { .. } | ReduceOp::Std { .. } if dtype.is_float() => {
                dtype
            }
            ReduceOp::Mean | ReduceOp::Var { .. } | ReduceOp::Std { .. } => DType::Float64,
            ReduceOp::Min | ReduceOp::Max | ReduceOp::Nth { .. } => dtype,
            ReduceOp::Any | ReduceOp::All => DType::Bool,
        }
    }
}

impl<V: Copy> Elementwise<V> {
    /// The arguments, in order.
    pub fn args(self) -> impl Iterator<Item = V> {
        let (a, b, c) = match self {
            Elementwise::Unary(_, a) | Elementwise::Cast(a) => (a, None, None),
            Elementwise::Binary(_, a, b) => (a, Some(b), None),
            Elementwise::Select {
                condition,
                then,
                otherwise,
            } => (condition, Some(then), Some(otherwise)),
        };
        [Some(a), b, c].into_iter().flatten()
    }

    /// The same operation over other values.
    pub fn map<W>(self, mut f: impl FnMut(V) -> W) -> Elementwise<W> {
        match self {
            Elementwise::Unary(op, a) => Elementwise::Unary(op, f(a)),
            Elementwise::Cast(a) => Elementwise::Cast(f(a)),
            Elementwise::Binary(op, a, b) => {
                let a = f(a);
                Elementwise::Binary(op, a, f(b))
            }
            Elementwise::Select {
                condition,
                then,
                otherwise,
            } => {
                let condition = f(condition);
                let then = f(then);
                Elementwise::Select {
                    condition,
                    then,
                    otherwise: f(otherwise),
                }
            }
        }
    }
}
