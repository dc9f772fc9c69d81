//! In: typed requests. Out: values of the function being built, each within the limits.
//! Never: a choice of dtype.

use super::driver::Driver;
use super::literal::Literal;
use super::meaning::{Is, Term};
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic};
use crate::ir::{
    Builder, Concat, Generator, Inst, OperandId, Reduce, Scan, Tally, Value, VerifyError, View,
};
use crate::limits::{MAX_NDIM, MAX_VALUES};
use crate::source::Span;
use crate::table::Id;
use crate::types::{BinaryOp, DType, Scalar, Shape, UnaryOp};

impl Checker<'_> {
    /// The text that the values built from now on come from.
    pub(super) fn at(&mut self, span: Span) -> &mut Self {
        self.here = span;
        self.build.at(span);
        self
    }

    pub(super) fn unary(&mut self, op: UnaryOp, a: Value) -> Res<Value> {
        self.emit(|build| build.unary(op, a))
    }

    pub(super) fn binary(&mut self, op: BinaryOp, a: Value, b: Value) -> Res<Value> {
        self.emit(|build| build.binary(op, a, b))
    }

    pub(super) fn select(&mut self, c: Value, then: Value, otherwise: Value) -> Res<Value> {
        self.emit(|build| build.select(c, then, otherwise))
    }

    pub(super) fn cast(&mut self, a: Value, dtype: DType) -> Res<Value> {
        self.emit(|build| build.cast(a, dtype))
    }

    pub(super) fn constant(&mut self, scalar: Scalar) -> Res<Value> {
        self.emit(|build| build.constant(scalar))
    }

    pub(super) fn full(&mut self, scalar: Scalar, shape: Shape) -> Res<Value> {
        self.emit(|build| build.full(scalar, shape))
    }

    pub(super) fn generate(
        &mut self,
        generator: Generator,
        dtype: DType,
        len: usize,
    ) -> Res<Value> {
        self.emit(|build| build.generate(generator, dtype, len))
    }

    pub(super) fn tally_by(&mut self, tally: Tally) -> Res<Value> {
        self.emit(|build| build.tally(tally))
    }

    pub(super) fn reduce_by(&mut self, reduce: Reduce) -> Res<Value> {
        self.emit(|build| build.reduce(reduce))
    }

    pub(super) fn view(&mut self, view: View, shape: Shape) -> Res<Value> {
        self.emit(|build| build.view(view, shape))
    }

    pub(super) fn reshape_to(&mut self, arg: Value, shape: Shape) -> Res<Value> {
        self.emit(|build| build.reshape(arg, shape))
    }

    pub(super) fn concat_by(&mut self, concat: Concat) -> Res<Value> {
        self.emit(|build| build.concat(concat))
    }

    pub(super) fn scan_by(&mut self, scan: Scan) -> Res<Value> {
        self.emit(|build| build.scan(scan))
    }

    pub(super) fn elem(&mut self, operand: OperandId) -> Res<Value> {
        self.emit(|build| build.elem(operand))
    }

    /// Appends a value and checks what no rule of types says: how many and how large.
    fn emit(
        &mut self,
        append: impl FnOnce(&mut Builder) -> Result<Value, VerifyError>,
    ) -> Res<Value> {
        if self.drivers.len() >= MAX_VALUES {
            return Err(self.once(Code::TooMany, || {
                format!("the program computes more than {MAX_VALUES} values")
            }));
        }
        let value = match append(&mut self.build) {
            Ok(value) => value,
            Err(error) => {
                return Err(self.once(Code::Internal, || error.to_string()));
            }
        };
        // A cast to the dtype it has is the value itself, which is noted already.
        let is_new = value.index() == self.drivers.len();
        if is_new {
            self.note_driver(value);
        }
        let shape = self.build.shape(value);
        if shape.ndim() > MAX_NDIM {
            let axes = shape.ndim();
            return Err(self.once(Code::TooManyAxes, || {
                format!("an array of {axes} axes is beyond the limit of {MAX_NDIM}")
            }));
        }
        let bytes = shape
            .checked_elems()
            .and_then(|elems| elems.checked_mul(self.build.dtype(value).size()));
        if bytes.is_none_or(|bytes| isize::try_from(bytes).is_err()) {
            let shape = shape.clone();
            return Err(self.once(Code::TooLarge, || {
                format!("an array of shape `{shape}` has more bytes than can be addressed")
            }));
        }
        if is_new {
            self.note_sound(value)?;
        }
        Ok(value)
    }

    /// Reports a limit at the text being read, unless it was the last thing reported.
    pub(super) fn once(&mut self, code: Code, message: impl FnOnce() -> String) -> Reported {
        if self.diagnostics.last().is_none_or(|last| last.code != code) {
            self.report(Diagnostic::new(code, message(), self.here, ""));
        }
        Reported
    }

    /// Keeps for a new value the operand that drives the cut of its reductions: of those with a
    /// grid that it reads, reductions apart, the one with the most bytes; the first among equals.
    fn note_driver(&mut self, value: Value) {
        let func = self.build.func();
        let data = &func.values[value];
        let driver = match &data.inst {
            Inst::Const(_)
            | Inst::Generate(_)
            | Inst::Reduce(_)
            | Inst::Reshape(_)
            | Inst::Concat(_)
            | Inst::Scan(_)
            | Inst::Tally(_) => None,
            Inst::Elem(id) => Driver::new(*id, &func.operands[*id]),
            Inst::View(view) => {
                let arg = &func.values[view.arg].shape;
                let driver = self.drivers.get(view.arg.index()).cloned().flatten();
                driver.map(|driver| driver.seen(view, arg, &data.shape))
            }
            Inst::Map(map) => self.best_driver(map.args()).cloned(),
        };
        let breadth = match &data.inst {
            Inst::Const(_) => 0,
            Inst::Elem(_)
            | Inst::Generate(_)
            | Inst::Reduce(_)
            | Inst::Concat(_)
            | Inst::Scan(_)
            | Inst::Tally(_) => 1,
            Inst::View(View { arg, .. }) | Inst::Reshape(arg) => self.breadth(*arg),
            Inst::Map(map) => map
                .args()
                .map(|arg| self.breadth(arg))
                .fold(0, u32::saturating_add),
        };
        let nesting = match &data.inst {
            Inst::View(View { arg, .. }) | Inst::Reshape(arg) => self.nesting(*arg),
            Inst::Concat(concat) => {
                let parts = concat.parts.iter().map(|&part| self.nesting(part));
                1 + parts.max().unwrap_or(0)
            }
            Inst::Const(_)
            | Inst::Elem(_)
            | Inst::Generate(_)
            | Inst::Map(_)
            | Inst::Reduce(_)
            | Inst::Scan(_)
            | Inst::Tally(_) => 0,
        };
        self.drivers.push(driver);
        self.breadths.push(breadth);
        self.nestings.push(nesting);
    }

    /// How many concats are inside of each other where a value is read.
    pub(super) fn nesting(&self, value: Value) -> u32 {
        self.nestings.get(value.index()).copied().unwrap_or(0)
    }

    /// How many leaves a pass over a value reads at most, each as often as it is named.
    pub(super) fn breadth(&self, value: Value) -> u32 {
        self.breadths.get(value.index()).copied().unwrap_or(0)
    }

    /// What drives the cut of a reduction that reads these values.
    pub(super) fn best_driver(&self, values: impl Iterator<Item = Value>) -> Option<&Driver> {
        values
            .filter_map(|value| self.drivers.get(value.index())?.as_ref())
            .min_by_key(|driver| driver.rank())
    }

    /// A term as a value in a dtype that it was promoted to.
    pub(super) fn typed(&mut self, term: Term, dtype: DType, other: Term) -> Res<Value> {
        match term.is {
            Is::Value(value) => self.cast(value, dtype),
            Is::Literal(literal) => match literal.to(dtype) {
                Some(scalar) => self.constant(scalar),
                None => Err(self.out_of_range(term, dtype, other)),
            },
        }
    }

    /// A term as a value in its own dtype: a literal gets its default one.
    pub(super) fn strong(&mut self, term: Term) -> Res<Value> {
        match term.is {
            Is::Value(value) => Ok(value),
            Is::Literal(literal) => self.constant(literal.strong()),
        }
    }

    /// A term as truth values.
    pub(super) fn truth(&mut self, term: Term) -> Res<Value> {
        match term.is {
            Is::Value(value) => self.cast(value, DType::Bool),
            Is::Literal(literal) => self.constant(Scalar::Bool(literal.truth())),
        }
    }

    /// The shape of a term.
    pub(super) fn shape(&self, term: Term) -> Shape {
        match term.is {
            Is::Value(value) => self.build.shape(value).clone(),
            Is::Literal(_) => Shape::scalar(),
        }
    }

    /// A term with the dtype it has outside of any context.
    pub(super) fn strengthened(&mut self, term: Term) -> Res<Term> {
        let value = self.strong(term)?;
        Ok(Term {
            node: term.node,
            is: Is::Value(value),
        })
    }
}

impl Is {
    /// The literal, if it is one.
    pub(super) fn literal(self) -> Option<Literal> {
        match self {
            Is::Value(_) => None,
            Is::Literal(literal) => Some(literal),
        }
    }
}
