//! In: an array and what a minimum, a maximum or a test of it asks for. Out: the reductions and
//! the few operations that it comes down to. Never: an element that does not count.

use super::call::Given;
use super::filter::limit;
use super::literal::Literal;
use super::meaning::Term;
use super::reduce::Asked;
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic};
use crate::ir::{ReduceOp, Value};
use crate::math::scalar;
use crate::syntax::ast::NodeId;
use crate::types::{BinaryOp, DType, Scalar, UnaryOp};

impl Checker<'_> {
    /// The minimum or maximum of what counts and of `initial`.
    pub(super) fn extreme(
        &mut self,
        given: &Given,
        op: ReduceOp,
        value: Value,
        asked: &Asked,
        initial: Option<NodeId>,
    ) -> Res<Value> {
        let Some(start) = self.start(initial, self.build.dtype(value))? else {
            self.all_count(given, asked)?;
            let value = self.chosen(op, value, asked)?;
            return self.fold(op, value, asked);
        };
        if asked.lacks_elements() {
            return self.everywhere(start, asked);
        }
        let value = match asked.mask {
            Some(mask) => self.select(mask, value, start)?,
            None => value,
        };
        let found = self.fold(op, value, asked)?;
        self.binary(pairwise(op), start, found)
    }

    /// The same with NaN skipped: NaN only where nothing else is there.
    pub(super) fn nan_extreme(
        &mut self,
        given: &Given,
        op: ReduceOp,
        value: Value,
        asked: &Asked,
        initial: Option<NodeId>,
    ) -> Res<Value> {
        let dtype = self.build.dtype(value);
        if !dtype.is_float() {
            return self.extreme(given, op, value, asked, initial);
        }
        let start = self.start(initial, dtype)?;
        match start {
            Some(start) if asked.lacks_elements() => return self.everywhere(start, asked),
            Some(_) => {}
            None => {
                self.all_count(given, asked)?;
                self.some_count(asked)?;
            }
        }
        let numbers = self.without_nan(value, asked.clone())?;
        let value = self.counting(value, &numbers, limit(dtype, op == ReduceOp::Min))?;
        let found = self.fold(op, value, asked)?;
        let all = self.full(Scalar::Bool(true), asked.shape.clone())?;
        let number = self.counting(all, &numbers, Scalar::Bool(false))?;
        let some = self.fold(ReduceOp::Any, number, asked)?;
        let nan = self.constant(scalar::cast(Scalar::Float64(f64::NAN), dtype))?;
        let found = self.select(some, found, nan)?;
        let Some(start) = start else {
            return Ok(found);
        };
        // NaN on one side leaves the other.
        let both = self.binary(pairwise(op), start, found)?;
        let lost = self.unary(UnaryOp::IsNan, start)?;
        let both = self.select(lost, found, both)?;
        self.select(some, both, start)
    }

    /// The distance from minimum to maximum.
    pub(super) fn range(&mut self, x: Term, value: Value, asked: &Asked) -> Res<Value> {
        if self.build.dtype(value).is_bool() {
            let message = "cannot subtract `bool` from `bool`: there is no range of truth values";
            let diagnostic = Diagnostic::new(
                Code::NoSuchOperation,
                message,
                self.span(x.node),
                self.origin(x),
            )
            .suggest("to count with it, convert it", self.wrap("int8", x.node));
            self.report(diagnostic);
            return Err(Reported);
        }
        let candidates = self.chosen(ReduceOp::Max, value, asked)?;
        let most = self.fold(ReduceOp::Max, candidates, asked)?;
        let candidates = self.chosen(ReduceOp::Min, value, asked)?;
        let least = self.fold(ReduceOp::Min, candidates, asked)?;
        self.binary(BinaryOp::Sub, most, least)
    }

    /// Whether any, or all, of what counts is true, or how much of it.
    pub(super) fn tested(&mut self, op: ReduceOp, value: Value, asked: &Asked) -> Res<Value> {
        let value = match asked.mask {
            Some(_) => self.cast(value, DType::Bool)?,
            None => value,
        };
        let value = self.counting(value, asked, Scalar::Bool(op == ReduceOp::All))?;
        self.fold(op, value, asked)
    }

    /// Without `initial` there may be nothing to choose from.
    fn all_count(&mut self, given: &Given, asked: &Asked) -> Res<()> {
        let (Some(_), Some(node)) = (asked.mask, given.named("where")) else {
            return Ok(());
        };
        // The mask may be a filter's alone.
        if let Some(literal @ (Literal::Bool(_) | Literal::Int(_))) = self.literal(node)
            && literal.truth()
        {
            return Ok(());
        }
        let name = given.function.name;
        let message = format!("`{name}` with `where` needs `initial`: nothing may be left");
        let span = self.span(node);
        self.report(Diagnostic::new(Code::Arguments, message, span, ""));
        Err(Reported)
    }

    /// A single value in every element of the result.
    pub(super) fn everywhere(&mut self, value: Value, asked: &Asked) -> Res<Value> {
        let extents = (0..asked.shape.ndim()).filter_map(|axis| {
            match (asked.axes.contains(&axis), asked.keepdims) {
                (false, _) => Some(asked.shape[axis]),
                (true, true) => Some(1),
                (true, false) => None,
            }
        });
        let shape = extents.collect::<Vec<usize>>().into();
        let all = self.full(Scalar::Bool(true), shape)?;
        self.select(all, value, value)
    }
}

/// The operation of two elements.
fn pairwise(op: ReduceOp) -> BinaryOp {
    match op == ReduceOp::Min {
        true => BinaryOp::Min,
        false => BinaryOp::Max,
    }
}
