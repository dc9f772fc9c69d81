//! In: instructions one by one. Out: a verified function. Never: a value whose type was guessed.

use super::verify::type_of;
use super::{
    Concat, Elementwise, Filter, Func, Generator, Inst, Operand, OperandId, Output, Raise,
    RaiseKind, Reduce, Scan, Tally, Value, ValueData, Verified, VerifyError, View,
};
use crate::source::Span;
use crate::types::{BinaryOp, DType, Scalar, Shape, UnaryOp};

/// Builds a [`Func`]: each method appends one value, typed by the IR's rules, or says which rule
/// it would break.
#[derive(Debug, Default)]
pub struct Builder {
    func: Func,
    span: Option<Span>,
}

impl Builder {
    /// An empty function.
    pub fn new() -> Self {
        Self::default()
    }

    /// The text that the values built from now on come from.
    pub fn at(&mut self, span: Span) -> &mut Self {
        self.span = Some(span);
        self
    }

    /// What has been built so far.
    pub fn func(&self) -> &Func {
        &self.func
    }

    /// The dtype of a value.
    pub fn dtype(&self, value: Value) -> DType {
        self.func.values[value].dtype
    }

    /// The shape of a value.
    pub fn shape(&self, value: Value) -> &Shape {
        &self.func.values[value].shape
    }

    /// Declares an operand.
    pub fn operand(&mut self, operand: Operand) -> OperandId {
        self.func.operands.push(operand)
    }

    /// All elements of an operand.
    pub fn elem(&mut self, operand: OperandId) -> Result<Value, VerifyError> {
        self.push(Inst::Elem(operand), None)
    }

    /// A 0-d constant.
    pub fn constant(&mut self, scalar: Scalar) -> Result<Value, VerifyError> {
        self.push(Inst::Const(scalar), None)
    }

    /// An array with the same value everywhere.
    pub fn full(&mut self, scalar: Scalar, shape: Shape) -> Result<Value, VerifyError> {
        let declared = (scalar.dtype(), shape);
        self.push(Inst::Const(scalar), Some(declared))
    }

    /// A generated 1-d array of `len` elements.
    pub fn generate(
        &mut self,
        generator: Generator,
        dtype: DType,
        len: usize,
    ) -> Result<Value, VerifyError> {
        let declared = (dtype, Shape::new(&[len]));
        self.push(Inst::Generate(generator), Some(declared))
    }

    /// An operation of one argument.
    pub fn unary(&mut self, op: UnaryOp, a: Value) -> Result<Value, VerifyError> {
        self.push(Inst::Map(Elementwise::Unary(op, a)), None)
    }

    /// An operation of two arguments of one dtype.
    pub fn binary(&mut self, op: BinaryOp, a: Value, b: Value) -> Result<Value, VerifyError> {
        self.push(Inst::Map(Elementwise::Binary(op, a, b)), None)
    }

    /// `condition ? then : otherwise`
    pub fn select(
        &mut self,
        condition: Value,
        then: Value,
        otherwise: Value,
    ) -> Result<Value, VerifyError> {
        let map = Elementwise::Select {
            condition,
            then,
            otherwise,
        };
        self.push(Inst::Map(map), None)
    }

    /// Conversion to `dtype`; the value itself where it has that dtype already.
    pub fn cast(&mut self, a: Value, dtype: DType) -> Result<Value, VerifyError> {
        if self.dtype(a) == dtype {
            return Ok(a);
        }
        let declared = (dtype, self.shape(a).clone());
        self.push(Inst::Map(Elementwise::Cast(a)), Some(declared))
    }

    /// The elements of `view.arg` elsewhere, under `shape`.
    pub fn view(&mut self, view: View, shape: Shape) -> Result<Value, VerifyError> {
        let declared = (self.dtype(view.arg), shape);
        self.push(Inst::View(view), Some(declared))
    }

    /// The same elements in C order, under `shape`.
    pub fn reshape(&mut self, arg: Value, shape: Shape) -> Result<Value, VerifyError> {
        let declared = (self.dtype(arg), shape);
        self.push(Inst::Reshape(arg), Some(declared))
    }

    /// Values one after the other along an axis.
    pub fn concat(&mut self, concat: Concat) -> Result<Value, VerifyError> {
        self.push(Inst::Concat(concat), None)
    }

    /// A reduction.
    pub fn reduce(&mut self, reduce: Reduce) -> Result<Value, VerifyError> {
        self.push(Inst::Reduce(reduce), None)
    }

    /// A scan.
    pub fn scan(&mut self, scan: Scan) -> Result<Value, VerifyError> {
        self.push(Inst::Scan(scan), None)
    }

    /// Sums of weights, bin by bin.
    pub fn tally(&mut self, tally: Tally) -> Result<Value, VerifyError> {
        self.push(Inst::Tally(tally), None)
    }

    /// Names an output.
    pub fn output(&mut self, name: impl Into<String>, value: Value) {
        self.output_where(name, value, None);
    }

    /// Names an output, of which only the elements that pass a filter are delivered.
    pub fn output_where(&mut self, name: impl Into<String>, value: Value, filter: Option<Filter>) {
        let name = name.into();
        self.func.outputs.push(Output {
            name,
            value,
            filter,
        });
    }

    /// Declares that `condition` must be false everywhere, and what is wrong where it is not.
    pub fn raise(&mut self, condition: Value, kind: RaiseKind) {
        let span = self.span;
        self.func.raises.push(Raise {
            condition,
            kind,
            span,
        });
    }

    /// Verifies and hands out the function.
    pub fn finish(self) -> Result<Verified, VerifyError> {
        Verified::new(self.func)
    }

    /// Appends any instruction; `declared` as `type_of` needs it.
    pub fn push(
        &mut self,
        inst: Inst,
        declared: Option<(DType, Shape)>,
    ) -> Result<Value, VerifyError> {
        let said = declared.as_ref().map(|(dtype, shape)| (*dtype, shape));
        let (dtype, shape) = type_of(&self.func, &inst, said).map_err(|message| VerifyError {
            value: None,
            message,
        })?;
        let span = self.span;
        Ok(self.func.values.push(ValueData {
            inst,
            dtype,
            shape,
            span,
        }))
    }
}
