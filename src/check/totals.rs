//! In: an array and what a sum, product, mean or variance of it asks for. Out: the reductions and
//! the few operations that it comes down to. Never: an operation that NumPy does not have there.

use super::call::Given;
use super::literal::Literal;
use super::meaning::{Is, Term};
use super::reduce::Asked;
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic};
use crate::funcs::{Reduction, Rule};
use crate::ir::{ReduceOp, Value};
use crate::syntax::ast::NodeId;
use crate::types::promote::{self, Promotion, Side};
use crate::types::{BinaryOp, DType, Scalar, UnaryOp};

impl Checker<'_> {
    /// A sum or product, in the dtype asked for.
    pub(super) fn added(
        &mut self,
        op: ReduceOp,
        value: Value,
        asked: &Asked,
        initial: Option<NodeId>,
    ) -> Res<Value> {
        let given = self.build.dtype(value);
        let dtype = asked.dtype.unwrap_or(op.result(given));
        let start = self.start(initial, dtype)?;
        let product = op == ReduceOp::Prod;
        // Elements are converted before they are added, as NumPy does; a float32 is rounded once,
        // after the start has been added.
        let wide = start.is_some() && dtype == DType::Float32;
        let mut value = self.as_asked(value, asked)?;
        if wide {
            value = self.cast(value, DType::Float64)?;
        }
        let neutral = Literal::Int(i128::from(product));
        let neutral = neutral.to(self.build.dtype(value)).ok_or(Reported)?;
        let value = self.counting(value, asked, neutral)?;
        let (op, join) = match (dtype.is_bool(), product) {
            (true, false) => (ReduceOp::Any, BinaryOp::Or),
            (true, true) => (ReduceOp::All, BinaryOp::And),
            (false, false) => (op, BinaryOp::Add),
            (false, true) => (op, BinaryOp::Mul),
        };
        let mut total = self.fold(op, value, asked)?;
        if let Some(start) = start {
            let start = self.cast(start, self.build.dtype(total))?;
            total = self.binary(join, start, total)?;
        }
        self.cast(total, dtype)
    }

    /// The mean: one reduction where everything counts, else sum and count.
    pub(super) fn averaged(&mut self, value: Value, asked: &Asked) -> Res<Value> {
        let dtype = self.averaged_dtype(value, asked);
        if asked.mask.is_none() && dtype.is_float() {
            let value = self.as_asked(value, asked)?;
            let mean = self.fold(ReduceOp::Mean, value, asked)?;
            return self.cast(mean, dtype);
        }
        let total = self.total(value, asked)?;
        let count = self.how_many(asked)?;
        let mean = self.binary(BinaryOp::Div, total, count)?;
        self.cast(mean, dtype)
    }

    /// The variance or its root: one pass where everything counts, else the mean and then the
    /// squares about it.
    pub(super) fn spread(&mut self, given: &Given, value: Value, asked: &Asked) -> Res<Value> {
        let dtype = self.averaged_dtype(value, asked);
        let mean = self.given_mean(given)?;
        if !dtype.is_float() {
            return self.whole_spread(given, value, asked, mean);
        }
        if asked.mask.is_none() && mean.is_none() {
            let ddof = asked.ddof.to_bits();
            let op = match is_std(given) {
                true => ReduceOp::Std { ddof },
                false => ReduceOp::Var { ddof },
            };
            let value = match asked.dtype == Some(DType::Float64) {
                true => self.cast(value, dtype)?,
                false => value,
            };
            let spread = self.fold(op, value, asked)?;
            return self.cast(spread, dtype);
        }
        let total = self.squares(value, asked, mean)?;
        let var = self.by_freedom(total, asked)?;
        self.rooted(given, var, dtype)
    }

    /// A sum of floats in which NaN is 0.
    pub(super) fn nan_added(
        &mut self,
        value: Value,
        asked: &Asked,
        initial: Option<NodeId>,
    ) -> Res<Value> {
        let mut value = value;
        let dtype = self.build.dtype(value);
        if dtype.is_float() {
            let nan = self.unary(UnaryOp::IsNan, value)?;
            let zero = self.constant(Scalar::from_bits(dtype, 0))?;
            value = self.select(nan, zero, value)?;
        }
        self.added(ReduceOp::Sum, value, asked, initial)
    }

    /// The mean of the floats that are not NaN.
    pub(super) fn nan_averaged(&mut self, given: &Given, value: Value, asked: Asked) -> Res<Value> {
        self.float_asked(given, &asked)?;
        let asked = self.without_nan(value, asked)?;
        self.averaged(value, &asked)
    }

    /// The variance of the floats that are not NaN, or its root; NaN where too few are left.
    pub(super) fn nan_spread(&mut self, given: &Given, value: Value, asked: Asked) -> Res<Value> {
        self.float_asked(given, &asked)?;
        let asked = self.without_nan(value, asked)?;
        let dtype = self.averaged_dtype(value, &asked);
        let mean = self.given_mean(given)?;
        let total = self.squares(value, &asked, mean)?;
        let dof = self.freedom(&asked)?;
        let var = self.binary(BinaryOp::Div, total, dof)?;
        let zero = self.constant(Scalar::Float64(0.0))?;
        let none = self.binary(BinaryOp::Le, dof, zero)?;
        let nan = self.constant(Scalar::Float64(f64::NAN))?;
        let var = self.select(none, nan, var)?;
        self.rooted(given, var, dtype)
    }

    /// How many elements are not NaN.
    pub(super) fn nan_count(&mut self, value: Value, asked: &Asked) -> Res<Value> {
        let asked = match self.build.dtype(value).is_float() {
            true => self.without_nan(value, asked.clone())?,
            false => asked.clone(),
        };
        self.count(&asked)
    }

    /// `initial` in the dtype of the result; a literal float is truncated for an integer.
    pub(super) fn start(&mut self, initial: Option<NodeId>, dtype: DType) -> Res<Option<Value>> {
        let Some(node) = initial else {
            return Ok(None);
        };
        let term = self.term(node)?;
        self.single(term, "initial")?;
        if let (Is::Literal(Literal::Float(start)), Some((low, high))) =
            (term.is, dtype.int_range())
            && !dtype.is_bool()
            && !(low as f64 - 1.0 < start && start < high as f64 + 1.0)
        {
            return Err(self.out_of_range(term, dtype, term));
        }
        self.typed(term, dtype, term).map(Some)
    }

    /// An argument that is one value must have no axes.
    pub(super) fn single(&mut self, term: Term, name: &str) -> Res<()> {
        let shape = self.shape(term);
        if shape.is_empty() {
            return Ok(());
        }
        let message = format!("`{name}` must be a single value");
        let (span, label) = (self.span(term.node), format!("`{shape}`"));
        self.report(Diagnostic::new(Code::Shapes, message, span, label));
        Err(Reported)
    }

    /// `value` where it counts, else `otherwise`.
    pub(super) fn counting(
        &mut self,
        value: Value,
        asked: &Asked,
        otherwise: Scalar,
    ) -> Res<Value> {
        let Some(mask) = asked.mask else {
            return Ok(value);
        };
        let otherwise = self.constant(otherwise)?;
        self.select(mask, value, otherwise)
    }

    /// The mask without the elements that are NaN.
    pub(super) fn without_nan(&mut self, value: Value, asked: Asked) -> Res<Asked> {
        let nan = self.unary(UnaryOp::IsNan, value)?;
        let number = self.unary(UnaryOp::Not, nan)?;
        let mask = match asked.mask {
            Some(mask) => self.binary(BinaryOp::And, mask, number)?,
            None => number,
        };
        Ok(Asked {
            mask: Some(mask),
            ..asked
        })
    }

    /// A value in the dtype asked for, if there is one.
    fn as_asked(&mut self, value: Value, asked: &Asked) -> Res<Value> {
        match asked.dtype {
            Some(dtype) => self.cast(value, dtype),
            None => Ok(value),
        }
    }

    /// The dtype of a mean or a variance.
    fn averaged_dtype(&self, value: Value, asked: &Asked) -> DType {
        asked
            .dtype
            .unwrap_or(ReduceOp::Mean.result(self.build.dtype(value)))
    }

    /// The sum of what counts, as float64: for integers added up in the dtype asked for.
    fn total(&mut self, value: Value, asked: &Asked) -> Res<Value> {
        if !self.averaged_dtype(value, asked).is_float() {
            let total = self.added(ReduceOp::Sum, value, asked, None)?;
            return self.cast(total, DType::Float64);
        }
        let value = self.as_asked(value, asked)?;
        let value = self.cast(value, DType::Float64)?;
        let value = self.counting(value, asked, Scalar::Float64(0.0))?;
        self.fold(ReduceOp::Sum, value, asked)
    }

    /// How many elements count, as float64.
    pub(super) fn how_many(&mut self, asked: &Asked) -> Res<Value> {
        if asked.mask.is_none() {
            let extents = asked.axes.iter().map(|&axis| asked.shape[axis] as f64);
            return self.constant(Scalar::Float64(extents.product()));
        }
        let count = self.count(asked)?;
        self.cast(count, DType::Float64)
    }

    /// How many elements count.
    pub(super) fn count(&mut self, asked: &Asked) -> Res<Value> {
        let all = self.full(Scalar::Bool(true), asked.shape.clone())?;
        let counts = self.counting(all, asked, Scalar::Bool(false))?;
        self.fold(ReduceOp::CountNonzero, counts, asked)
    }

    /// The count less `ddof`.
    fn freedom(&mut self, asked: &Asked) -> Res<Value> {
        let count = self.how_many(asked)?;
        let ddof = self.constant(Scalar::Float64(asked.ddof))?;
        self.binary(BinaryOp::Sub, count, ddof)
    }

    /// A sum of squares for each degree of freedom; of none, by 0.
    fn by_freedom(&mut self, total: Value, asked: &Asked) -> Res<Value> {
        let dof = self.freedom(asked)?;
        let zero = self.constant(Scalar::Float64(0.0))?;
        let dof = self.binary(BinaryOp::Max, dof, zero)?;
        self.binary(BinaryOp::Div, total, dof)
    }

    /// The sum of squares about the mean, as float64.
    fn squares(&mut self, value: Value, asked: &Asked, mean: Option<Value>) -> Res<Value> {
        let wide = self.cast(value, DType::Float64)?;
        let mean = match mean {
            Some(mean) => self.cast(mean, DType::Float64)?,
            None => {
                let kept = Asked {
                    dtype: None,
                    ..asked.kept()
                };
                let total = self.total(value, &kept)?;
                let count = self.how_many(&kept)?;
                self.binary(BinaryOp::Div, total, count)?
            }
        };
        let off = self.binary(BinaryOp::Sub, wide, mean)?;
        let square = self.binary(BinaryOp::Mul, off, off)?;
        let square = self.counting(square, asked, Scalar::Float64(0.0))?;
        self.fold(ReduceOp::Sum, square, asked)
    }

    /// A variance asked for in an integer dtype: the mean and the sum of squares are truncated to
    /// it, as NumPy does.
    fn whole_spread(
        &mut self,
        given: &Given,
        value: Value,
        asked: &Asked,
        mean: Option<Value>,
    ) -> Res<Value> {
        let dtype = self.averaged_dtype(value, asked);
        let kept = asked.keepdims || asked.axes.len() < asked.shape.ndim();
        if is_std(given) && kept {
            let node = given.named("dtype").ok_or(Reported)?;
            let message = format!("a standard deviation cannot be given in `{dtype}`");
            let span = self.span(node);
            self.report(Diagnostic::new(Code::NoSuchOperation, message, span, ""));
            return Err(Reported);
        }
        let mean = match mean {
            Some(mean) => mean,
            None => self.averaged(value, &asked.kept())?,
        };
        let sides = [value, mean].map(|value| Side::Strong(self.build.dtype(value)));
        let Promotion::In(common) = promote::binary(BinaryOp::Sub, sides[0], sides[1]) else {
            let node = given.get(0).ok_or(Reported)?;
            let (a, b) = (self.build.dtype(value), self.build.dtype(mean));
            let message = format!("cannot subtract a mean in `{b}` from `{a}`");
            let span = self.span(node);
            self.report(Diagnostic::new(Code::NoSuchOperation, message, span, ""));
            return Err(Reported);
        };
        let (value, mean) = (self.cast(value, common)?, self.cast(mean, common)?);
        let off = self.binary(BinaryOp::Sub, value, mean)?;
        let square = self.binary(BinaryOp::Mul, off, off)?;
        let total = self.added(ReduceOp::Sum, square, asked, None)?;
        let total = self.cast(total, DType::Float64)?;
        let var = self.by_freedom(total, asked)?;
        let var = self.cast(var, dtype)?;
        match is_std(given) {
            true => {
                let var = self.cast(var, DType::Float64)?;
                self.rooted(given, var, dtype)
            }
            false => Ok(var),
        }
    }

    /// A variance in float64 as the result: its root for a standard deviation.
    fn rooted(&mut self, given: &Given, var: Value, dtype: DType) -> Res<Value> {
        let spread = match is_std(given) {
            true => self.unary(UnaryOp::Sqrt, var)?,
            false => var,
        };
        self.cast(spread, dtype)
    }

    /// The argument `mean`, if there is one.
    fn given_mean(&mut self, given: &Given) -> Res<Option<Value>> {
        let Some(node) = self.optional(given, "mean") else {
            return Ok(None);
        };
        let (x, mean) = (self.first(given)?, self.term(node)?);
        self.broadcasts_to(x, mean, "mean")?;
        self.strong(mean).map(Some)
    }

    /// NumPy refuses to skip NaN and then give integers.
    fn float_asked(&mut self, given: &Given, asked: &Asked) -> Res<()> {
        match (asked.dtype, given.named("dtype")) {
            (Some(dtype), Some(node)) if !dtype.is_float() => {
                let name = given.function.name;
                let message = format!("`{name}` of floats is a float, not `{dtype}`");
                let span = self.span(node);
                self.report(Diagnostic::new(Code::NoSuchOperation, message, span, ""));
                Err(Reported)
            }
            _ => Ok(()),
        }
    }
}

fn is_std(given: &Given) -> bool {
    let roots = [Reduction::Std, Reduction::NanStd].map(Rule::Reduce);
    roots.contains(&given.function.rule)
}
