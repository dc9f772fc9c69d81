//! In: a call of a cumulative function. Out: one instruction, in the dtype that NumPy adds up in.
//! Never: an axis that nobody named, where there are several.

use super::call::Given;
use super::meaning::{Is, Term};
use super::report::insert;
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic};
use crate::funcs::Scanned;
use crate::ir::{ReduceOp, Scan, ScanOp, Value};
use crate::syntax::ast::NodeId;
use crate::types::{DType, Shape};

impl Checker<'_> {
    /// `cumulative_sum(x, axis, dtype, include_initial)` and its kin.
    pub(super) fn scan(&mut self, given: &Given, scanned: Scanned, flattens: bool) -> Res<Value> {
        let x = self.first(given)?;
        let axis = self.optional(given, "axis");
        let x = self.with_an_axis(x, axis.is_none() && flattens)?;
        let axis = self.scan_axis(x, axis, given);
        let initial = self.flag(given, "include_initial", false);
        let (axis, initial) = (axis?, initial?);
        let op = operation(scanned);
        let value = self.strong(x)?;
        let dtype = self.dtype_or(given, adds_in(op, self.build.dtype(value)))?;
        let arg = self.cast(value, dtype)?;
        let shape = self.build.shape(arg);
        if let Some(nothing) = op.initial(dtype).filter(|_| initial && shape[axis] == 0) {
            let mut extents = shape.to_vec();
            extents[axis] = 1;
            return self.full(nothing, Shape::from(extents));
        }
        self.scan_by(Scan {
            op,
            arg,
            axis,
            initial,
        })
    }

    /// A single value as an array of one element, as NumPy sees it here; the same for all elements
    /// if the array is to be flattened.
    fn with_an_axis(&mut self, x: Term, flatten: bool) -> Res<Term> {
        let node = x.node;
        let value = self.strong(x)?;
        let shape = self.build.shape(value);
        let value = match shape.ndim() == 0 || flatten {
            true => self.reshaped(value, Shape::new(&[shape.elems()]))?,
            false => value,
        };
        let is = Is::Value(value);
        Ok(Term { node, is })
    }

    /// The axis; there must be one where there are several to choose from.
    fn scan_axis(&mut self, x: Term, axis: Option<NodeId>, given: &Given) -> Res<usize> {
        match axis {
            Some(node) => return self.axis((x.node, &self.shape(x)), node, given),
            None if self.shape(x).ndim() == 1 => return Ok(0),
            None => {}
        }
        let (name, shape) = (given.function.name, self.shape(x));
        let message = format!("`{name}` of an array of shape `{shape}` needs an axis");
        let last = given
            .nodes
            .iter()
            .flatten()
            .map(|&node| self.frame.ast.spans[node].end);
        let mut diagnostic = Diagnostic::new(
            Code::BadAxis,
            message,
            self.span(x.node),
            format!("`{shape}`"),
        );
        if let Some(end) = last.max() {
            let edit = insert(end as usize, ", axis=0");
            diagnostic = diagnostic.suggest("name it", vec![edit]);
        }
        self.report(diagnostic);
        Err(Reported)
    }
}

/// The dtype that NumPy adds up in: that of a sum.
pub(super) fn adds_in(op: ScanOp, dtype: DType) -> DType {
    match op {
        ScanOp::Min | ScanOp::Max => dtype,
        ScanOp::Sum | ScanOp::Prod => ReduceOp::Sum.result(dtype),
    }
}

pub(super) fn operation(scanned: Scanned) -> ScanOp {
    match scanned {
        Scanned::Sum => ScanOp::Sum,
        Scanned::Prod => ScanOp::Prod,
        Scanned::Min => ScanOp::Min,
        Scanned::Max => ScanOp::Max,
    }
}
