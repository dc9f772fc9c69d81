//! In: a reduction and its axes. Out: one instruction with the cut that fixes its bits.
//! Never: a cut that depends on anything but the text, the shapes, the dtypes and the grids.

use super::call::Given;
use super::literal::Literal;
use super::meaning::{Meaning, Term};
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic, Edit};
use crate::funcs::{Reduction, Rule};
use crate::ir::{Cut, Reduce, ReduceOp, Value};
use crate::syntax::ast::{Node, NodeId};
use crate::table::Id;
use crate::types::DType;

impl Checker<'_> {
    /// A call of a reduction.
    pub(super) fn reduce(&mut self, given: &Given, reduction: Reduction) -> Res<Value> {
        let x = self.first(given)?;
        let axes = self.axes(x, given.named("axis"), given);
        let keepdims = match given.named("keepdims") {
            Some(node) => self.bool_arg(node, "keepdims"),
            None => Ok(false),
        };
        let ddof = match given.named("ddof") {
            Some(node) => self.number_arg(node, "ddof").map(|n| n.to_f64()),
            None => Ok(0.0),
        };
        let (axes, keepdims, ddof) = (axes?, keepdims?, ddof?);
        let mut value = self.strong(x)?;
        let mut result = None;
        if let Some(node) = given.named("dtype")
            && !matches!(self.get(node), Meaning::None)
        {
            let dtype = self.accumulated(node, reduction)?;
            value = self.cast(value, dtype)?;
            result = Some(dtype);
        }
        self.not_empty(given, value, reduction, &axes)?;
        let op = operation(reduction, ddof.to_bits());
        let reduced = self.reduced(op, value, axes, keepdims)?;
        match result {
            Some(dtype) => self.cast(reduced, dtype),
            None => Ok(reduced),
        }
    }

    fn reduced(
        &mut self,
        op: ReduceOp,
        arg: Value,
        axes: Vec<usize>,
        keepdims: bool,
    ) -> Res<Value> {
        let domain = self.build.shape(arg);
        let driver = self.drivers.get(arg.index()).and_then(Option::as_ref);
        let cut = match driver {
            Some(driver) => driver.cut(domain),
            None => Cut::boxes(domain),
        };
        self.reduce_by(Reduce {
            op,
            arg,
            axes,
            keepdims,
            cut,
        })
    }

    /// The dtype that a sum, product or mean is asked to use.
    fn accumulated(&mut self, node: NodeId, reduction: Reduction) -> Res<DType> {
        let dtype = self.dtype_arg(node)?;
        let exact = if matches!(reduction, Reduction::Sum | Reduction::Prod) {
            !dtype.is_bool()
        } else {
            dtype.is_float()
        };
        if exact {
            return Ok(dtype);
        }
        let what = format!("adding up in `{dtype}`");
        Err(self.not_yet(self.span(node), &what))
    }

    /// Which axes go, sorted; all of them without `axis`.
    fn axes(&mut self, x: Term, node: Option<NodeId>, given: &Given) -> Res<Vec<usize>> {
        let ndim = self.shape(x).ndim();
        let Some(node) = node else {
            return Ok((0..ndim).collect());
        };
        let mut axes = Vec::new();
        match (self.get(node), &self.frame.ast.nodes[node]) {
            (Meaning::None, _) => return Ok((0..ndim).collect()),
            (Meaning::Tuple, Node::Tuple(items) | Node::List(items)) => {
                for &item in items {
                    let axis = self.axis(x, item, given)?;
                    if axes.contains(&axis) {
                        return Err(self.axis_twice(item, axis));
                    }
                    axes.push(axis);
                }
            }
            // NumPy lets the first and the last axis of a single value pass, there are none to go.
            (Meaning::Literal(Literal::Int(0 | -1)), _) if ndim == 0 && folds(given) => {}
            _ => axes.push(self.axis(x, node, given)?),
        }
        axes.sort_unstable();
        Ok(axes)
    }

    /// One axis, written out.
    pub(super) fn axis(&mut self, x: Term, node: NodeId, given: &Given) -> Res<usize> {
        let Meaning::Literal(Literal::Int(axis)) = self.get(node) else {
            return Err(self.no_axis(node, given));
        };
        let shape = self.shape(x);
        let ndim = shape.ndim() as i128;
        let counted = if axis < 0 { axis + ndim } else { axis };
        if (0..ndim).contains(&counted) {
            // OK because it was just found to be below the number of axes.
            return Ok(counted as usize);
        }
        let message = format!("axis {axis} is not an axis of shape `{shape}`");
        let label = match ndim {
            0 => "a single value has no axes".to_string(),
            1 => "the only axis is 0".to_string(),
            n => format!("the axes are 0 to {}", n - 1),
        };
        let diagnostic = Diagnostic::new(Code::BadAxis, message, self.span(node), label)
            .label(self.span(x.node), format!("`{shape}`"));
        let diagnostic = self.two_arrays(diagnostic, given);
        self.report(diagnostic);
        Err(Reported)
    }

    pub(super) fn axis_twice(&mut self, node: NodeId, axis: usize) -> Reported {
        let message = format!("axis {axis} is named twice");
        let span = self.span(node);
        self.report(Diagnostic::new(Code::BadAxis, message, span, "again"));
        Reported
    }

    /// `axis` must be a literal.
    fn no_axis(&mut self, node: NodeId, given: &Given) -> Reported {
        if let Meaning::Mistake | Meaning::Unread = self.get(node) {
            return Reported;
        }
        let message = "`axis` must be an integer or a tuple of integers, written out";
        let diagnostic = Diagnostic::new(Code::BadLiteral, message, self.span(node), "");
        let diagnostic = self.two_arrays(diagnostic, given);
        self.report(diagnostic);
        Reported
    }

    /// `max(a, b)` is `maximum(a, b)` to many.
    fn two_arrays(&self, diagnostic: Diagnostic, given: &Given) -> Diagnostic {
        let rule = given.function.rule;
        let two = if rule == Rule::Reduce(Reduction::Min) {
            "minimum"
        } else if rule == Rule::Reduce(Reduction::Max) {
            "maximum"
        } else {
            return diagnostic;
        };
        let Some(span) = self.callee_of(given) else {
            return diagnostic;
        };
        let name = given.function.name;
        let text = format!("for the `{name}` of two arrays, use `{two}`");
        let text_edit = Edit {
            span,
            text: two.to_string(),
        };
        diagnostic.suggest(text, vec![text_edit])
    }

    /// `min` and `max` need an element for every result.
    fn not_empty(
        &mut self,
        given: &Given,
        value: Value,
        reduction: Reduction,
        axes: &[usize],
    ) -> Res<()> {
        let shape = self.build.shape(value).clone();
        let extremum = matches!(reduction, Reduction::Min | Reduction::Max);
        let empty = axes.iter().any(|&axis| shape[axis] == 0);
        let rest = (0..shape.ndim()).filter(|axis| !axes.contains(axis));
        let wanted = rest.into_iter().all(|axis| shape[axis] > 0);
        if !(extremum && empty && wanted) {
            return Ok(());
        }
        let name = given.function.name;
        let message = format!("`{name}` of nothing: there are no elements to choose from");
        let node = given.get(0).ok_or(Reported)?;
        let label = format!("`{shape}`");
        let span = self.span(node);
        self.report(Diagnostic::new(Code::EmptyReduction, message, span, label));
        Err(Reported)
    }
}

/// Whether NumPy computes the reduction by folding an operation of two elements.
fn folds(given: &Given) -> bool {
    use Reduction::{All, Any, Max, Min, Prod, Sum};
    let folds = [Sum, Prod, Min, Max, Any, All].map(Rule::Reduce);
    folds.contains(&given.function.rule)
}

fn operation(reduction: Reduction, ddof: u64) -> ReduceOp {
    match reduction {
        Reduction::Sum => ReduceOp::Sum,
        Reduction::Prod => ReduceOp::Prod,
        Reduction::Mean => ReduceOp::Mean,
        Reduction::Min => ReduceOp::Min,
        Reduction::Max => ReduceOp::Max,
        Reduction::Any => ReduceOp::Any,
        Reduction::All => ReduceOp::All,
        Reduction::CountNonzero => ReduceOp::CountNonzero,
        Reduction::Var => ReduceOp::Var { ddof },
        Reduction::Std => ReduceOp::Std { ddof },
    }
}
