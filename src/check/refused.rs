//! In: dtypes and shapes that an operation does not take. Out: the diagnostic that names both sides
//! and what to write instead. Never: a decision; the tables have decided.

use super::meaning::Term;
use super::report::insert;
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic, Edit};
use crate::funcs::{self, Rule};
use crate::source::Span;
use crate::syntax::ast::{InfixOp, Node, NodeId};
use crate::types::{BinaryOp, DType, Shape, UnaryOp};

impl Checker<'_> {
    /// An operation of one array that its dtype does not have.
    pub(super) fn refused_one(&mut self, id: NodeId, op: UnaryOp, x: Term) -> Reported {
        let dtype = self.dtype(x);
        let span = self.span(id);
        let prefix = matches!(self.frame.ast.nodes[id], Node::Prefix(..)).then(|| {
            let start = self.frame.ast.spans[id].start as usize;
            let skip = self.text(id).find(['-', '~']).unwrap_or(0);
            Span::new(start + skip, start + skip + 1)
        });
        let message = if op == UnaryOp::Neg {
            format!("cannot negate `{dtype}`")
        } else if op == UnaryOp::Not {
            format!("cannot invert the bits of `{dtype}`")
        } else {
            format!("`{}` does not take `{dtype}`", self.name_at(id, op.name()))
        };
        let caret = prefix.map_or(span, |prefix| self.place(prefix));
        let diagnostic = Diagnostic::new(Code::NoSuchOperation, message, caret, "")
            .label(self.span(x.node), self.origin(x));
        let diagnostic = match (op, prefix) {
            (UnaryOp::Neg, Some(prefix)) => {
                let edits = self.replace_operator(id, prefix, "~");
                diagnostic.suggest("to turn a truth value around, use `~`", edits)
            }
            (UnaryOp::Not, Some(prefix)) => {
                let edits = self.replace_operator(id, prefix, "not ");
                diagnostic.suggest("to turn a truth value around, use `not`", edits)
            }
            _ if dtype.is_bool() => {
                diagnostic.suggest("to count with it, convert it", self.wrap("int8", x.node))
            }
            _ => diagnostic.suggest("convert it first", self.wrap("int64", x.node)),
        };
        self.report(diagnostic);
        Reported
    }

    pub(super) fn refused_positive(&mut self, id: NodeId, x: Term) -> Reported {
        let message = format!("`+` does not take `{}`", self.dtype(x));
        let diagnostic = Diagnostic::new(Code::NoSuchOperation, message, self.span(id), "")
            .label(self.span(x.node), self.origin(x))
            .suggest("to count with it, convert it", self.wrap("int8", x.node));
        self.report(diagnostic);
        Reported
    }

    /// An operation of two arrays that their dtypes do not have.
    pub(super) fn refused_two(
        &mut self,
        id: NodeId,
        op: BinaryOp,
        left: Term,
        right: Term,
    ) -> Reported {
        let (a, b) = (self.dtype_text(left), self.dtype_text(right));
        let symbol = self.name_at(id, op.name()).to_string();
        let operator = matches!(self.frame.ast.nodes[id], Node::Infix(..))
            .then(|| self.operator(left.node, right.node, &symbol));
        let caret = operator.unwrap_or(self.span(id));
        let message = if op == BinaryOp::Sub {
            format!("cannot subtract {b} from {a}")
        } else {
            format!("`{symbol}` does not take {a} and {b}")
        };
        let diagnostic = Diagnostic::new(Code::NoSuchOperation, message, caret, "")
            .label(self.span(left.node), self.origin(left))
            .label(self.span(right.node), self.origin(right));
        let diagnostic = self.two_ways_out(diagnostic, id, op, left, right, operator);
        self.report(diagnostic);
        Reported
    }

    fn two_ways_out(
        &self,
        diagnostic: Diagnostic,
        id: NodeId,
        op: BinaryOp,
        left: Term,
        right: Term,
        operator: Option<Span>,
    ) -> Diagnostic {
        let (a, b) = (self.dtype(left), self.dtype(right));
        let replaced = |text: &str| operator.map(|span| self.replace_operator(id, span, text));
        if op == BinaryOp::Sub {
            return match replaced("^") {
                Some(edits) => diagnostic.suggest("to tell where the two differ, use `^`", edits),
                None => diagnostic.suggest("to count, convert", self.wrap("int8", left.node)),
            };
        }
        if a.is_bool() && b.is_bool() {
            return diagnostic.suggest("to count, convert", self.wrap("int8", left.node));
        }
        if !a.is_float() && !b.is_float() {
            let signed = if a.is_signed() { left } else { right };
            return diagnostic.suggest("convert one of them", self.wrap("uint64", signed.node));
        }
        let words = [(BinaryOp::And, "and"), (BinaryOp::Or, "or")];
        let Some((_, word)) = words.into_iter().find(|&(known, _)| known == op) else {
            let float = if a.is_float() { left } else { right };
            let mut edits = self.wrap("int64", float.node);
            if a.is_float() && b.is_float() {
                edits.extend(self.wrap("int64", right.node));
            }
            return diagnostic.suggest("convert to integers first", edits);
        };
        if let Some(edits) = self.bracketed_comparisons(id) {
            let text = "comparisons bind weaker than this operator: put them in brackets";
            return diagnostic.suggest(text, edits);
        }
        match replaced(word) {
            Some(edits) => {
                diagnostic.suggest(format!("to combine truth values, use `{word}`"), edits)
            }
            None => diagnostic,
        }
    }

    /// `a > 0 & b < 1` means `a > (0 & b) < 1`: the edits to `(a > 0) & (b < 1)`, for a whole
    /// chain.
    fn bracketed_comparisons(&self, id: NodeId) -> Option<Vec<Edit>> {
        let ast = self.frame.ast;
        let (first, rest) = ast.nodes.rows().iter().find_map(|node| {
            let Node::Compare { first, rest } = node else {
                return None;
            };
            let inside = *first == id || rest.iter().any(|(_, operand)| *operand == id);
            inside.then_some((*first, rest))
        })?;
        let last = rest.last()?.1;
        let mut edits = vec![insert(ast.spans[first].start as usize, "(")];
        for node in std::iter::once(first).chain(rest.iter().map(|(_, node)| *node)) {
            if let Node::Infix(op, left, right) = &ast.nodes[node]
                && matches!(op, InfixOp::BitAnd | InfixOp::BitOr | InfixOp::BitXor)
                && !self.in_brackets(node)
            {
                edits.push(insert(ast.spans[*left].end as usize, ")"));
                edits.push(insert(ast.spans[*right].start as usize, "("));
            }
        }
        edits.push(insert(ast.spans[last].end as usize, ")"));
        Some(edits)
    }

    /// Arms of `where`, or bounds, that have no dtype in common.
    pub(super) fn no_common(&mut self, id: NodeId, left: Term, right: Term) -> Reported {
        let (a, b) = (self.dtype_text(left), self.dtype_text(right));
        let message = format!("{a} and {b} have no dtype in common");
        let diagnostic = Diagnostic::new(Code::NoSuchOperation, message, self.span(id), "")
            .label(self.span(left.node), self.origin(left))
            .label(self.span(right.node), self.origin(right));
        self.report(diagnostic);
        Reported
    }

    /// A result that NumPy gives as float16.
    pub(super) fn float16(&mut self, id: NodeId, x: Term) -> Reported {
        let name = self.name_at(id, "this").to_string();
        let message = format!(
            "`{name}` of `{}` is `float16` in NumPy, which is not available yet",
            self.dtype(x)
        );
        let diagnostic = Diagnostic::new(Code::Float16, message, self.span(x.node), self.origin(x))
            .suggest(
                "choose a precision: convert first",
                self.wrap("float32", x.node),
            );
        self.report(diagnostic);
        Reported
    }

    /// The same for two arguments: an array among them has the dtype to choose.
    pub(super) fn float16_of_two(&mut self, id: NodeId, left: Term, right: Term) -> Reported {
        let array = match left.is.literal() {
            Some(_) => right,
            None => left,
        };
        self.float16(id, array)
    }

    /// An integer literal that does not fit the dtype it must take.
    pub(super) fn out_of_range(&mut self, literal: Term, dtype: DType, other: Term) -> Reported {
        let text = self.text(literal.node).to_string();
        let message = format!("`{text}` does not fit in `{dtype}`");
        let label = match dtype.int_range() {
            Some((low, high)) => format!("`{dtype}` holds {low} to {high}"),
            None => String::new(),
        };
        let mut diagnostic =
            Diagnostic::new(Code::LiteralRange, message, self.span(literal.node), label);
        if other.node != literal.node {
            diagnostic = diagnostic.label(self.span(other.node), self.origin(other));
            let given = self.dtype(other);
            let wide = [DType::Int16, DType::Int32, DType::Int64, DType::UInt64];
            let holds = |wide: &DType| {
                let fits = literal.is.literal().is_some_and(|n| n.to(*wide).is_some());
                fits && contains(*wide, given)
            };
            if let Some(wide) = wide.into_iter().find(holds) {
                let edits = self.wrap(wide.name(), other.node);
                diagnostic = diagnostic.suggest(format!("compute in `{wide}`"), edits);
            }
        }
        self.report(diagnostic);
        Reported
    }

    /// An integer to a negative literal power.
    pub(super) fn negative_power(&mut self, base: Term, exponent: Term) -> Reported {
        let message = format!(
            "cannot raise {} to a negative integer power",
            self.dtype_text(base)
        );
        let span = self.span(exponent.node);
        let diagnostic = Diagnostic::new(Code::NegativePower, message, span, "negative")
            .label(self.span(base.node), self.origin(base))
            .suggest(
                "for a fraction, convert first",
                self.wrap("float64", base.node),
            );
        self.report(diagnostic);
        Reported
    }

    /// All terms must broadcast.
    pub(super) fn broadcast(&mut self, id: NodeId, terms: &[Term]) -> Res<()> {
        let mut shape = Shape::scalar();
        let mut shaped: Option<Term> = None;
        for &term in terms {
            let other = self.shape(term);
            match shape.broadcast(&other) {
                Ok(both) => {
                    if both.ndim() > 0 && shape != both {
                        shaped = Some(term);
                    }
                    shape = both;
                }
                Err(mismatch) => {
                    let left = shaped.unwrap_or(term);
                    return Err(self.mismatch(id, (left, shape), (term, other), &mismatch));
                }
            }
        }
        Ok(())
    }

    fn mismatch(
        &mut self,
        id: NodeId,
        (left, left_shape): (Term, Shape),
        (right, right_shape): (Term, Shape),
        mismatch: &crate::types::ShapeMismatch,
    ) -> Reported {
        let message = format!(
            "shapes `{left_shape}` and `{right_shape}` do not broadcast: axis {} has {} on the left and {} on the right",
            mismatch.axis, mismatch.left, mismatch.right
        );
        let caret = if let Node::Infix(op, a, b) = &self.frame.ast.nodes[id] {
            self.operator(*a, *b, op.symbol())
        } else {
            self.span(id)
        };
        let mut diagnostic = Diagnostic::new(Code::Shapes, message, caret, "")
            .label(self.span(left.node), format!("`{left_shape}`"))
            .label(self.span(right.node), format!("`{right_shape}`"));
        for term in [left, right] {
            if let Some(edit) = self.keep_dims(term.node) {
                diagnostic = diagnostic.suggest("keep the reduced axis with extent 1", vec![edit]);
            }
        }
        self.report(diagnostic);
        Reported
    }

    /// The edit that adds `keepdims=True` to a reduction.
    fn keep_dims(&self, node: NodeId) -> Option<Edit> {
        let ast = self.frame.ast;
        let Node::Call { callee, args } = &ast.nodes[node] else {
            return None;
        };
        let (Node::Name(name) | Node::Attribute { name, .. }) = &ast.nodes[*callee] else {
            return None;
        };
        let reduces = matches!(funcs::find(name)?.rule, Rule::Reduce(_));
        let last = ast.spans[args.last()?.value].end as usize;
        reduces.then(|| insert(last, ", keepdims=True"))
    }
}

/// Whether every value of `dtype` is one of `wide`.
fn contains(wide: DType, dtype: DType) -> bool {
    match (wide.int_range(), dtype.int_range()) {
        (Some((low, high)), Some((least, most))) => low <= least && most <= high,
        _ => false,
    }
}
