//! In: a call of a reduction. Out: what it asks for, and instructions with the cut that fixes
//! their bits.
//! Never: a cut that depends on anything but the text, the shapes, the dtypes and the grids.

use super::call::Given;
use super::filter::Filtered;
use super::index::{Axes, from_end};
use super::literal::Literal;
use super::meaning::{Meaning, Term};
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic, Edit};
use crate::funcs::{Reduction, Rule};
use crate::ir::{Cut, Reduce, ReduceOp, Value};
use crate::syntax::ast::{Node, NodeId};
use crate::types::{BinaryOp, DType, Scalar, Shape};

/// What a call of a reduction asks for, besides its array.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// The axes that go, sorted.
    pub(super) axes: Vec<usize>,
    pub(super) keepdims: bool,
    /// Which elements count; none: all. It broadcasts to the array.
    pub(super) mask: Option<Value>,
    pub(super) dtype: Option<DType>,
    pub(super) ddof: f64,
    /// The extents of the array.
    pub(super) shape: Shape,
    /// One for all reductions that the call comes down to, so that they share passes.
    pub(super) cut: Cut,
}

impl Checker<'_> {
    /// A call of a reduction, some of whose arguments may be filtered.
    pub(super) fn reduce(
        &mut self,
        given: &Given,
        nodes: &[NodeId],
        reduction: Reduction,
    ) -> Res<Meaning> {
        let filter = self.filter_of(nodes)?;
        let node = given.get(0).ok_or(Reported)?;
        let filtered = matches!(self.get(node), Meaning::Filtered(_));
        let Some(filter) = filter.filter(|_| filtered) else {
            let x = self.first(given)?;
            return self.reduced(given, reduction, x, None).map(Meaning::Value);
        };
        let apparent = self.largest(filter);
        let axes = self.axes((node, &apparent), given.named("axis"), given)?;
        let passing = Passing { filter, axes };
        let first = passing.goes();
        let several = given
            .named("q")
            .filter(|&q| matches!(self.get(q), Meaning::Tuple));
        if let Some(q) = several.filter(|_| !first) {
            let span = self.span(q);
            return Err(self.not_yet(span, "several quantiles of each row that passes a filter"));
        }
        let value = self.with_whole(nodes, |checker| {
            let x = checker.first(given)?;
            checker.reduced(given, reduction, x, Some(passing))
        })?;
        Ok(match first {
            true => Meaning::Value(value),
            false => Meaning::Filtered(Filtered { value, ..filter }),
        })
    }

    /// A reduction of `x`, of which only what passes a filter may count.
    pub(super) fn reduced(
        &mut self,
        given: &Given,
        reduction: Reduction,
        x: Term,
        passing: Option<Passing>,
    ) -> Res<Value> {
        let value = self.strong(x)?;
        let filtered = passing.as_ref().is_some_and(Passing::goes);
        let along = passing.as_ref().map_or(0, |passing| passing.filter.axes);
        let asked = self.asked(given, x, value, passing)?;
        let value = self.answer(given, reduction, x, value, asked.clone())?;
        match filtered && asked.keepdims {
            // The axes of the mask have become one; that of several quantiles is before them.
            true => {
                let shape = self.build.shape(value).to_vec();
                let (list, kept) = shape.split_at(shape.len() - asked.shape.ndim());
                let mut axes = Axes::default();
                list.iter().for_each(|&extent| axes.keep(extent));
                (1..along).for_each(|_| axes.drop_at(0));
                let kept = &kept[along - 1..];
                kept.iter().for_each(|&extent| axes.keep(extent));
                self.seen(value, axes)
            }
            false => Ok(value),
        }
    }

    fn answer(
        &mut self,
        given: &Given,
        reduction: Reduction,
        x: Term,
        value: Value,
        asked: Asked,
    ) -> Res<Value> {
        let initial = self.optional(given, "initial");
        let float = self.build.dtype(value).is_float();
        if initial.is_none() {
            self.not_empty(given, reduction, &asked)?;
        }
        match reduction {
            Reduction::Sum => self.added(ReduceOp::Sum, value, &asked, initial),
            Reduction::Prod => self.added(ReduceOp::Prod, value, &asked, initial),
            Reduction::Mean => self.averaged(value, &asked),
            Reduction::Var | Reduction::Std => self.spread(given, value, &asked),
            Reduction::Min => self.extreme(given, ReduceOp::Min, value, &asked, initial),
            Reduction::Max => self.extreme(given, ReduceOp::Max, value, &asked, initial),
            Reduction::ArgMin => self.position(ReduceOp::ArgMin, value, &asked),
            Reduction::ArgMax => self.position(ReduceOp::ArgMax, value, &asked),
            Reduction::Ptp => self.range(x, value, &asked),
            Reduction::Median => self.median(given, value, &asked),
            Reduction::Quantile => self.quantile(given, value, &asked, 1.0),
            Reduction::Percentile => self.quantile(given, value, &asked, 100.0),
            Reduction::Any => self.tested(ReduceOp::Any, value, &asked),
            Reduction::All => self.tested(ReduceOp::All, value, &asked),
            Reduction::CountNonzero => self.tested(ReduceOp::CountNonzero, value, &asked),
            Reduction::NanSum => self.nan_added(value, &asked, initial),
            Reduction::NanMean if !float => self.averaged(value, &asked),
            Reduction::NanMean => self.nan_averaged(given, value, asked),
            Reduction::NanVar | Reduction::NanStd if !float => self.spread(given, value, &asked),
            Reduction::NanVar | Reduction::NanStd => self.nan_spread(given, value, asked),
            Reduction::NanMin => self.nan_extreme(given, ReduceOp::Min, value, &asked, initial),
            Reduction::NanMax => self.nan_extreme(given, ReduceOp::Max, value, &asked, initial),
            Reduction::NanCount => self.nan_count(value, &asked),
        }
    }

    /// The arguments that reductions share.
    fn asked(
        &mut self,
        given: &Given,
        x: Term,
        value: Value,
        passing: Option<Passing>,
    ) -> Res<Asked> {
        let axes = match &passing {
            Some(passing) => Ok(passing.whole_axes()),
            None => self.axes((x.node, &self.shape(x)), given.named("axis"), given),
        };
        let keepdims = self.flag(given, "keepdims", false);
        let ddof = match given.named("ddof") {
            Some(node) => self.number_arg(node, "ddof").map(|n| n.to_f64()),
            None => Ok(0.0),
        };
        let dtype = self.dtype_given(given);
        let mut mask = self.mask(given, x)?;
        if let Some(Passing { filter, .. }) = passing.filter(|passing| passing.goes()) {
            let passes = self.aligned_mask(Filtered { value, ..filter })?;
            mask = Some(match mask {
                Some(mask) => self.binary(BinaryOp::And, mask, passes)?,
                None => passes,
            });
        }
        let mask = self.sound_mask(value, mask)?;
        let shape = self.build.shape(value).clone();
        let cut = self.cut(&shape, std::iter::once(value).chain(mask));
        Ok(Asked {
            axes: axes?,
            keepdims: keepdims?,
            mask,
            dtype: dtype?,
            ddof: ddof?,
            shape,
            cut,
        })
    }

    /// How reductions of a domain over which `values` are read are cut.
    pub(super) fn cut(&self, domain: &Shape, values: impl Iterator<Item = Value>) -> Cut {
        match self.best_driver(values) {
            Some(driver) => driver.cut(domain),
            None => Cut::boxes(domain),
        }
    }

    /// The reduction of `arg`, which has the shape of the array.
    pub(super) fn fold(&mut self, op: ReduceOp, arg: Value, asked: &Asked) -> Res<Value> {
        self.of_sound(|checker| {
            checker.reduce_by(Reduce {
                op,
                arg,
                axes: asked.axes.clone(),
                keepdims: asked.keepdims,
                cut: asked.cut.clone(),
            })
        })
    }

    /// The argument `where`; none if everything counts.
    fn mask(&mut self, given: &Given, x: Term) -> Res<Option<Value>> {
        let Some(node) = given.named("where") else {
            return Ok(None);
        };
        let term = self.term(node)?;
        if let Some(literal @ (Literal::Bool(_) | Literal::Int(_))) = term.is.literal() {
            return match literal.truth() {
                true => Ok(None),
                false => self.constant(Scalar::Bool(false)).map(Some),
            };
        }
        let mask = self.strong(term)?;
        let dtype = self.build.dtype(mask);
        if !dtype.is_bool() {
            let message = format!("`where` is `bool`, not `{dtype}`");
            let label = self.origin(term);
            let diagnostic =
                Diagnostic::new(Code::NoSuchOperation, message, self.span(node), label)
                    .suggest("to count what is not 0", self.wrap("bool", node));
            self.report(diagnostic);
            return Err(Reported);
        }
        self.broadcasts_to(x, term, "where")?;
        Ok(Some(mask))
    }

    /// An argument must broadcast to the array, which itself stays what it is.
    pub(super) fn broadcasts_to(&mut self, x: Term, term: Term, name: &str) -> Res<()> {
        let (shape, other) = (self.shape(x), self.shape(term));
        if shape.broadcast(&other).is_ok_and(|both| both == shape) {
            return Ok(());
        }
        let message = format!("`{name}` of shape `{other}` does not broadcast to `{shape}`");
        let span = self.span(term.node);
        let diagnostic = Diagnostic::new(Code::Shapes, message, span, format!("`{other}`"))
            .label(self.span(x.node), format!("`{shape}`"));
        self.report(diagnostic);
        Err(Reported)
    }

    /// Which axes go, sorted; all of them without `axis`.
    fn axes(
        &mut self,
        x: (NodeId, &Shape),
        node: Option<NodeId>,
        given: &Given,
    ) -> Res<Vec<usize>> {
        let ndim = x.1.ndim();
        let Some(node) = node else {
            return Ok((0..ndim).collect());
        };
        let mut axes = Vec::new();
        match (self.get(node), &self.frame.ast.nodes[node]) {
            (Meaning::None, _) => return Ok((0..ndim).collect()),
            (Meaning::Tuple, Node::Tuple(items) | Node::List(items)) if !one_axis(given) => {
                for &item in items {
                    let axis = self.axis(x, item, given)?;
                    if axes.contains(&axis) {
                        return Err(self.axis_twice(item, axis));
                    }
                    axes.push(axis);
                }
            }
            // NumPy lets the first and the last axis of a single value pass, there are none to go.
            (Meaning::Literal(Literal::Int(0 | -1)), _)
                if ndim == 0 && folds(given, self.is_float(x.0)) => {}
            _ => axes.push(self.axis(x, node, given)?),
        }
        axes.sort_unstable();
        Ok(axes)
    }

    /// Whether an array or a number is a float.
    fn is_float(&self, node: NodeId) -> bool {
        match self.get(node).array() {
            Some(value) => self.build.dtype(value).is_float(),
            None => matches!(self.literal(node), Some(Literal::Float(_))),
        }
    }

    /// One axis of an array of such a shape, written out.
    pub(super) fn axis(
        &mut self,
        (x, shape): (NodeId, &Shape),
        node: NodeId,
        given: &Given,
    ) -> Res<usize> {
        let Meaning::Literal(Literal::Int(axis)) = self.get(node) else {
            return Err(self.no_axis(node, given));
        };
        if let Some(axis) = from_end(axis, shape.ndim()) {
            return Ok(axis);
        }
        let message = format!("axis {axis} is not an axis of shape `{shape}`");
        let label = match shape.ndim() {
            0 => "a single value has no axes".to_string(),
            1 => "the only axis is 0".to_string(),
            n => format!("the axes are 0 to {}", n - 1),
        };
        let diagnostic = Diagnostic::new(Code::BadAxis, message, self.span(node), label)
            .label(self.span(x), format!("`{shape}`"));
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
        let message = match one_axis(given) {
            true => "`axis` must be an integer, written out",
            false => "`axis` must be an integer or a tuple of integers, written out",
        };
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

    /// What chooses among elements needs one for every result.
    fn not_empty(&mut self, given: &Given, reduction: Reduction, asked: &Asked) -> Res<()> {
        use Reduction::{ArgMax, ArgMin, Max, Min, NanMax, NanMin, Percentile, Ptp, Quantile};
        let chooses = [
            Min, Max, ArgMin, ArgMax, NanMin, NanMax, Ptp, Quantile, Percentile,
        ];
        if !(chooses.contains(&reduction) && asked.lacks_elements()) {
            return Ok(());
        }
        let name = given.function.name;
        let message = format!("`{name}` of nothing: there are no elements to choose from");
        let node = given.get(0).ok_or(Reported)?;
        let label = format!("`{}`", asked.shape);
        let span = self.span(node);
        self.report(Diagnostic::new(Code::EmptyReduction, message, span, label));
        Err(Reported)
    }
}

/// That only what passes a filter counts.
#[derive(Clone, Debug)]
pub(super) struct Passing {
    filter: Filtered,
    /// The axes that go, of the filtered array, sorted.
    axes: Vec<usize>,
}

impl Passing {
    /// Whether the axis goes along which elements pass; else the filter is for the result.
    fn goes(&self) -> bool {
        self.axes.first() == Some(&0)
    }

    /// The axes that go, of the whole array.
    fn whole_axes(&self) -> Vec<usize> {
        let n = self.filter.axes;
        let first = (0..n).filter(|_| self.goes());
        let behind = self.axes.iter().filter(|&&axis| axis > 0);
        first.chain(behind.map(|axis| axis + n - 1)).collect()
    }
}

impl Asked {
    /// Whether there are no elements to come from, for any element of the result there may be.
    pub(super) fn lacks_elements(&self) -> bool {
        self.axes.iter().any(|&axis| self.shape[axis] == 0)
    }

    /// The same with the reduced axes kept.
    pub(super) fn kept(&self) -> Asked {
        Asked {
            keepdims: true,
            ..self.clone()
        }
    }
}

/// Whether NumPy lets the axes 0 and -1 of a single value pass.
fn folds(given: &Given, float: bool) -> bool {
    use Reduction::{
        All, Any, ArgMax, ArgMin, CountNonzero, Max, Mean, Median, Min, NanCount, NanMax, NanMean,
        NanMin, NanStd, NanSum, NanVar, Percentile, Prod, Ptp, Quantile, Std, Sum, Var,
    };
    let Rule::Reduce(reduction) = given.function.rule else {
        return false;
    };
    match reduction {
        Sum | Prod | Min | Max | Any | All | Ptp | ArgMin | ArgMax | CountNonzero | NanSum
        | NanMin | NanMax => true,
        NanMean | NanVar | NanStd => float,
        Mean | Var | Std | Median | Quantile | Percentile | NanCount => false,
    }
}

/// Whether NumPy takes one axis, or none, but no tuple.
fn one_axis(given: &Given) -> bool {
    let one = [Reduction::ArgMin, Reduction::ArgMax].map(Rule::Reduce);
    one.contains(&given.function.rule)
}
