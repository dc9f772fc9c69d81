//! In: a function. Out: its text; and back. Never: text that reads back as something else.
//!
//! One line a thing, in the order operands, values, raises, outputs:
//!
//! ```text
//! operand a: float64[8000, 8000] chunk [400, 8000] block [20, 4000]
//! v0: float64[8000, 8000] = elem a
//! v1: float64 = const 3.0
//! v2: float64[8000, 8000] = mul v0 v1
//! v3: bool[8000, 8000] = lt v2 v1
//! v4: float64[8000] = reduce var v2 axes [1] cut [400:20, 8000:4000] ddof 1.0 keepdims
//! v5: float64[8000, 8001] = scan sum v2 axis 1 initial
//! v6: int64[8000, 8000] = cast v2
//! v7: float32[10] = tally v6 weights v2 count 10 blocks 65536 float32
//! raise v3 at 4..9
//! output "var(a * 3, 1)" = v4
//! output "a[a * 3 < 3]" = v0 where v3 axes 2
//! ```

mod parse;

use std::fmt::{self, Display, Formatter, Write};

use super::{
    Body, BodyInst, Cut, Elementwise, Filter, FoldOp, Func, Generator, Inst, Operand, RaiseKind,
    Rank, Reduce, ReduceOp, Rounded, Scan, Sink, SourceAxis, Step, Tally, Value, View,
};
use crate::types::{DType, Scalar, Shape};

pub use parse::{ParseError, parse};

/// The text of a function; see the head of this module's source for the format.
impl Display for Func {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for operand in self.operands.rows() {
            writeln!(f, "{operand}")?;
        }
        for value in self.values.ids() {
            writeln!(f, "{}", self.line(value))?;
        }
        for raise in &self.raises {
            write!(f, "raise {}", raise.condition)?;
            if raise.kind != RaiseKind::NegativePower {
                write!(f, " {}", raise.kind.name())?;
            }
            match raise.span {
                Some(span) => writeln!(f, " at {}..{}", span.start, span.end)?,
                None => writeln!(f)?,
            }
        }
        for output in &self.outputs {
            write!(f, "output {} = {}", Quoted(&output.name), output.value)?;
            match output.filter {
                Some(Filter { mask, axes }) => writeln!(f, " where {mask} axes {axes}")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}

impl Func {
    /// The line that defines `value`: `v2: float64[3] = mul v0 v1`.
    pub(crate) fn line(&self, value: Value) -> impl Display {
        Line(self, value)
    }
}

/// `operand a: float64[8] chunk [4] block [2]`
impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "operand {}: {}",
            Name(&self.name),
            Typed(self.dtype, &self.shape)
        )?;
        match &self.grid {
            Some(grid) => write!(
                f,
                " chunk {} block {}",
                List(&grid.chunk),
                List(&grid.block)
            ),
            None => Ok(()),
        }
    }
}

/// `[400:20, 8000:4000]`, outer and inner extent an axis.
impl Display for Cut {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let dims = self.dims.iter();
        List(
            &dims
                .map(|d| format!("{}:{}", d.outer, d.inner))
                .collect::<Vec<_>>(),
        )
        .fmt(f)
    }
}

/// `mul v0 v1`
impl<V: Copy + Display> Display for Elementwise<V> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Elementwise::Unary(op, _) => op.name(),
            Elementwise::Binary(op, _, _) => op.name(),
            Elementwise::Select { .. } => "select",
            Elementwise::Cast(_) => "cast",
        })?;
        self.args().try_for_each(|arg| write!(f, " {arg}"))
    }
}

/// `arange 0 1`, `linspace 0.0 0.1 stop 1.0 tiny 10.0 1.0`
impl Display for Generator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Generator::Arange { start, step } => write!(f, "arange {start} {step}"),
            Generator::Random { seed } => write!(f, "random {seed}"),
            Generator::Linspace {
                start,
                step,
                stop,
                tiny,
            } => {
                write!(f, "linspace {start} {step}")?;
                if let Some(stop) = stop {
                    write!(f, " stop {stop}")?;
                }
                match tiny {
                    Some((div, delta)) => write!(f, " tiny {div} {delta}"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// `view v3 [at 2, axis 0 from 9 by -2, axis 1 wrap -1 of 10, axis 2 repeat 3, axis 3 pick [0, 0, 4]]`
impl Display for View {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let axes: Vec<String> = self.axes.iter().map(SourceAxis::to_string).collect();
        write!(f, "view {} {}", self.arg, List(&axes))
    }
}

impl Display for SourceAxis {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            SourceAxis::At(at) => write!(f, "at {at}"),
            SourceAxis::Along { axis, steps } => {
                write!(f, "axis {axis}")?;
                steps.iter().try_for_each(|step| write!(f, " {step}"))
            }
        }
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Step::Affine { start, step } => write!(f, "from {start} by {step}"),
            Step::Repeat(times) => write!(f, "repeat {times}"),
            Step::Bounded {
                offset,
                extent,
                rule,
            } => write!(f, "{} {offset} of {extent}", rule.name()),
            Step::Pick(list) => write!(f, "pick {}", List(list)),
            Step::Look {
                list,
                count,
                extent,
            } => write!(f, "look {list} count {count} of {extent}"),
        }
    }
}

/// `reduce sum v8 axes [1] cut [400:20, 8000:4000] keepdims`
impl Display for Reduce {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let axes = List(&self.axes);
        let (name, arg, cut) = (self.op.name(), self.arg, &self.cut);
        write!(f, "reduce {name} {arg} axes {axes} cut {cut}")?;
        if let ReduceOp::Var { ddof } | ReduceOp::Std { ddof } = self.op {
            write!(f, " ddof {}", Scalar::Float64(f64::from_bits(ddof)))?;
        }
        if let ReduceOp::Nth { rank } = self.op {
            write!(f, " rank {rank}")?;
        }
        if let ReduceOp::Bins { bins } = self.op {
            write!(f, " count {bins}")?;
        }
        f.write_str(if self.keepdims { " keepdims" } else { "" })
    }
}

impl Display for Rank {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Rank::Known(rank) => rank.fmt(f),
            Rank::Found(rank) => rank.fmt(f),
        }
    }
}

/// `scan sum v8 axis 1 initial`
impl Display for Scan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (name, arg, axis) = (self.op.name(), self.arg, self.axis);
        write!(f, "scan {name} {arg} axis {axis}")?;
        f.write_str(if self.initial { " initial" } else { "" })
    }
}

/// `tally v8 weights v9 count 10 blocks 65536 float32`
impl Display for Tally {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (number, weight, bins) = (self.number, self.weight, self.bins);
        write!(f, "tally {number} weights {weight} count {bins}")?;
        match self.rounded {
            Some(Rounded { block, dtype }) => write!(f, " blocks {block} {dtype}"),
            None => Ok(()),
        }
    }
}

/// The text of a kernel body:
///
/// ```text
/// in0: float64
/// in1: float64 uniform
/// r0: float64 = input in0
/// r1: float64 = const 3.0
/// r2: float64 = mul r0 r1
/// store r2
/// fold sum_float r2
/// ```
impl Display for Body {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (id, input) in self.inputs.iter() {
            let uniform = if input.uniform { " uniform" } else { "" };
            writeln!(f, "{id}: {}{uniform}", input.dtype)?;
        }
        for (reg, data) in self.regs.iter() {
            write!(f, "{reg}: {} = ", data.dtype)?;
            match &data.inst {
                BodyInst::Const(scalar) => writeln!(f, "const {scalar}")?,
                BodyInst::Input(id) => writeln!(f, "input {id}")?,
                BodyInst::Map(map) => writeln!(f, "{map}")?,
            }
        }
        for sink in &self.sinks {
            match sink {
                Sink::Store(reg) => writeln!(f, "store {reg}")?,
                Sink::Fold(op, reg) => writeln!(f, "fold {} {reg}", op.name())?,
            }
        }
        Ok(())
    }
}

impl FoldOp {
    /// The name in the text of a body.
    pub fn name(self) -> &'static str {
        match self {
            FoldOp::SumFloat => "sum_float",
            FoldOp::SumInt => "sum_int",
            FoldOp::CountNonzero => "count_nonzero",
            FoldOp::Any => "any",
            FoldOp::All => "all",
            FoldOp::Min => "min",
            FoldOp::Max => "max",
        }
    }
}

/// A value's defining line.
struct Line<'f>(&'f Func, Value);

impl Display for Line<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Line(func, value) = self;
        let Some(data) = func.values.get(*value) else {
            return write!(f, "{value}: ?");
        };
        write!(f, "{value}: {} = ", Typed(data.dtype, &data.shape))?;
        match &data.inst {
            Inst::Const(scalar) => write!(f, "const {scalar}"),
            Inst::Elem(id) => match func.operands.get(*id) {
                Some(operand) => write!(f, "elem {}", Name(&operand.name)),
                None => write!(f, "elem {id}"),
            },
            Inst::Generate(generator) => generator.fmt(f),
            Inst::Map(map) => map.fmt(f),
            Inst::Reduce(reduce) => reduce.fmt(f),
            Inst::View(view) => view.fmt(f),
            Inst::Reshape(arg) => write!(f, "reshape {arg}"),
            Inst::Concat(concat) => {
                write!(f, "concat {} axis {}", List(&concat.parts), concat.axis)
            }
            Inst::Scan(scan) => scan.fmt(f),
            Inst::Tally(tally) => tally.fmt(f),
        }
    }
}

/// A dtype and a shape: `float64[3, 4]`, `float64` for 0-d.
pub(crate) struct Typed<'s>(pub(crate) DType, pub(crate) &'s Shape);

impl Display for Typed<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)?;
        match self.1.ndim() {
            0 => Ok(()),
            _ => List(self.1).fmt(f),
        }
    }
}

/// A list in brackets: `[3, 4]`.
pub(crate) struct List<'l, T>(pub(crate) &'l [T]);

impl<T: Display> Display for List<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let items: Vec<String> = self.0.iter().map(T::to_string).collect();
        write!(f, "[{}]", items.join(", "))
    }
}

/// An operand's name: bare where it is an identifier, else quoted.
pub(crate) struct Name<'n>(pub(crate) &'n str);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let plain = |c: char| c.is_alphanumeric() || c == '_';
        match !self.0.is_empty() && self.0.chars().all(plain) {
            true => f.write_str(self.0),
            false => Quoted(self.0).fmt(f),
        }
    }
}

/// A string in quotes on one line: `"` and `\` escaped by `\`, control characters as `\u{a}`.
pub(crate) struct Quoted<'q>(pub(crate) &'q str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                c if c.is_control() => write!(f, "\\u{{{:x}}}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests;
