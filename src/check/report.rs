//! In: what does not go together, and the nodes it came from. Out: diagnostics with carets, the
//! types of both sides, and edits to try.
//! Never: a decision.

use super::call::Given;
use super::literal::Literal;
use super::meaning::{Is, Meaning, Term};
use super::suggest::nearest;
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic, Edit};
use crate::funcs::{self, Function, Rule};
use crate::ir::VerifyError;
use crate::limits::MAX_VALUES;
use crate::source::Span;
use crate::syntax::ast::{Node, NodeId, PrefixOp};
use crate::types::{BinaryOp, DType, Shape, UnaryOp};

/// A function that breaks a rule of the IR: too many values, or a bug.
pub(super) fn unverified(error: &VerifyError) -> Diagnostic {
    let code = match error.value {
        None if error.message.contains(&MAX_VALUES.to_string()) => Code::TooMany,
        _ => Code::Internal,
    };
    Diagnostic::new(code, error.to_string(), Span::default(), "")
}

impl Checker<'_> {
    /// Keeps a finding. One in an earlier binding becomes one at the place of its use.
    pub(super) fn report(&mut self, mut diagnostic: Diagnostic) {
        if let Some((span, name)) = self.frame.used_as {
            let message = format!("`{name}` no longer checks: {}", diagnostic.message);
            diagnostic = Diagnostic::new(diagnostic.code, message, span, "bound earlier");
        }
        self.diagnostics.push(diagnostic);
    }

    /// The text of a node, or where the program uses the binding it belongs to.
    pub(super) fn span(&self, id: NodeId) -> Span {
        self.place(self.frame.ast.spans[id])
    }

    /// A span of the text being read, as a span of the program.
    pub(super) fn place(&self, span: Span) -> Span {
        self.frame.used_as.map_or(span, |(used_at, _)| used_at)
    }

    /// The text of a node, as written.
    pub(super) fn text(&self, id: NodeId) -> &str {
        self.frame.source.slice(self.frame.ast.spans[id])
    }

    /// Text that the parser could not read; it has said more about it.
    pub(super) fn unreadable(&mut self, span: Span) {
        let message = "this cannot be read";
        self.report(Diagnostic::new(Code::UnexpectedToken, message, span, ""));
    }

    /// Something that the language has but this version has not.
    pub(super) fn not_yet(&mut self, span: Span, what: &str) -> Reported {
        let message = format!("{what} is not available in this version yet");
        self.report(Diagnostic::new(Code::NotYet, message, span, "not yet"));
        Reported
    }

    /// The operator between two nodes.
    pub(super) fn operator(&self, left: NodeId, right: NodeId, symbol: &str) -> Span {
        let spans = &self.frame.ast.spans;
        let (start, end) = (spans[left].end as usize, spans[right].start as usize);
        let between = self.frame.source.text().get(start..end).unwrap_or("");
        let mut at = start;
        for line in between.split_inclusive('\n') {
            let code = line.split('#').next().unwrap_or(line);
            if let Some(offset) = code.find(symbol) {
                return self.place(Span::new(at + offset, at + offset + symbol.len()));
            }
            at += line.len();
        }
        self.place(spans[left].to(spans[right]))
    }

    /// The dtype of a term, and where it comes from.
    fn origin(&self, term: Term) -> String {
        let dtype = match term.is {
            Is::Literal(Literal::Int(_)) => return "an integer literal".to_string(),
            Is::Literal(Literal::Float(_)) => return "a float literal".to_string(),
            Is::Literal(Literal::Bool(_)) => DType::Bool,
            Is::Value(value) => self.build.dtype(value),
        };
        match self.made_by(term.node) {
            Some(what) => format!("`{dtype}`, the result of `{what}`"),
            None => format!("`{dtype}`"),
        }
    }

    /// The operator or function at the root of an expression.
    fn made_by(&self, node: NodeId) -> Option<&str> {
        let ast = self.frame.ast;
        match &ast.nodes[node] {
            Node::Prefix(op, _) => Some(op.symbol()),
            Node::Infix(op, _, _) => Some(op.symbol()),
            Node::Compare { rest, .. } => rest.first().map(|(op, _)| op.symbol()),
            Node::Ternary { .. } => Some("if"),
            Node::Call { callee, .. } => match &ast.nodes[*callee] {
                Node::Name(name) | Node::Attribute { name, .. } => Some(name),
                _ => None,
            },
            _ => None,
        }
    }

    fn dtype_text(&self, term: Term) -> String {
        match term.is {
            Is::Literal(Literal::Int(_)) => "an integer".to_string(),
            Is::Literal(Literal::Float(_)) => "a float".to_string(),
            Is::Literal(Literal::Bool(_)) => "`bool`".to_string(),
            Is::Value(value) => format!("`{}`", self.build.dtype(value)),
        }
    }

    fn dtype(&self, term: Term) -> DType {
        match term.is {
            Is::Literal(literal) => literal.strong().dtype(),
            Is::Value(value) => self.build.dtype(value),
        }
    }

    /// Edits that put `name(...)` around a node.
    fn wrap(&self, name: &str, node: NodeId) -> Vec<Edit> {
        let Span { start, end } = self.frame.ast.spans[node];
        let (start, end) = (start as usize, end as usize);
        if self.in_brackets(node) {
            return vec![insert(start, name)];
        }
        vec![insert(start, &format!("{name}(")), insert(end, ")")]
    }

    /// Whether a node's own brackets are part of its text.
    fn in_brackets(&self, node: NodeId) -> bool {
        let ast = self.frame.ast;
        let start = ast.spans[node].start;
        let mut first = true;
        ast.nodes[node].for_each_child(|child| first &= ast.spans[child].start > start);
        let tuple = matches!(ast.nodes[node], Node::Tuple(_));
        first && !tuple && self.text(node).starts_with('(')
    }

    /// Whether a node stands next to an operator, where a weaker one would need brackets.
    fn beside_operator(&self, node: NodeId) -> bool {
        let mut beside = false;
        for parent in self.frame.ast.nodes.rows() {
            if matches!(
                parent,
                Node::Prefix(..) | Node::Infix(..) | Node::Compare { .. }
            ) {
                parent.for_each_child(|child| beside |= child == node);
            }
        }
        beside && !self.in_brackets(node)
    }

    /// Edits of a node's operator, with brackets where the new one would bind otherwise.
    fn replace_operator(&self, node: NodeId, operator: Span, text: &str) -> Vec<Edit> {
        let edit = Edit {
            span: operator,
            text: text.to_string(),
        };
        if !self.beside_operator(node) {
            return vec![edit];
        }
        let span = self.frame.ast.spans[node];
        let mut edits = vec![insert(span.start as usize, "("), edit];
        edits.push(insert(span.end as usize, ")"));
        edits
    }

    /// A node that is no array: a function, a tuple.
    pub(super) fn no_value(&mut self, node: NodeId, meaning: Meaning) -> Reported {
        let text = self.text(node).to_string();
        let span = self.span(node);
        let (what, help) = match meaning {
            Meaning::Function(function) if matches!(function.rule, Rule::Cast(_)) => (
                "a dtype",
                format!("to convert, call it: `{}(x)`", function.name),
            ),
            Meaning::Function(function) => {
                ("a function", format!("call it: `{}`", function.signature()))
            }
            Meaning::Method(function) => {
                ("a function", format!("call it: `{}`", function.signature()))
            }
            Meaning::Tuple => ("several values", "write each on its own".to_string()),
            Meaning::Text => ("text", "strings name dtypes only".to_string()),
            Meaning::None => ("no value", "leave it out".to_string()),
            _ => return Reported,
        };
        let message = format!("`{text}` is {what}, not an array");
        let label = "an array is needed here";
        self.report(Diagnostic::new(Code::NotAValue, message, span, label).help(help));
        Reported
    }

    /// An operation of one array that its dtype does not have.
    pub(super) fn refused_one(&mut self, id: NodeId, op: UnaryOp, x: Term) -> Reported {
        let dtype = self.dtype(x);
        let span = self.span(id);
        let prefix = match &self.frame.ast.nodes[id] {
            Node::Prefix(PrefixOp::Neg | PrefixOp::Invert, _) => {
                let start = self.frame.ast.spans[id].start as usize;
                let text = self.frame.source.text().get(start..).unwrap_or("");
                let skip = text.find(['-', '~']).unwrap_or(0);
                Some(Span::new(start + skip, start + skip + 1))
            }
            _ => None,
        };
        let message = match op {
            UnaryOp::Neg => format!("cannot negate `{dtype}`"),
            UnaryOp::Not => format!("cannot turn the bits of `{dtype}` around"),
            _ => format!("`{}` does not take `{dtype}`", self.name_at(id, op.name())),
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

    /// The name a call goes by in the text.
    fn name_at<'s>(&'s self, id: NodeId, otherwise: &'s str) -> &'s str {
        self.made_by(id).unwrap_or(otherwise)
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
        let infix = matches!(self.frame.ast.nodes[id], Node::Infix(..));
        let symbol = self.name_at(id, op.name()).to_string();
        let caret = if infix {
            self.operator(left.node, right.node, &symbol)
        } else {
            self.span(id)
        };
        let message = match op {
            BinaryOp::Sub => format!("cannot subtract {b} from {a}"),
            _ => format!("`{symbol}` does not take {a} and {b}"),
        };
        let diagnostic = Diagnostic::new(Code::NoSuchOperation, message, caret, "")
            .label(self.span(left.node), self.origin(left))
            .label(self.span(right.node), self.origin(right));
        let diagnostic = self.two_ways_out(diagnostic, id, op, left, right, infix, caret);
        self.report(diagnostic);
        Reported
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "they are what the message is about"
    )]
    fn two_ways_out(
        &self,
        diagnostic: Diagnostic,
        id: NodeId,
        op: BinaryOp,
        left: Term,
        right: Term,
        infix: bool,
        caret: Span,
    ) -> Diagnostic {
        let (a, b) = (self.dtype(left), self.dtype(right));
        match op {
            BinaryOp::Sub if infix => diagnostic.suggest(
                "to tell where the two differ, use `^`",
                self.replace_operator(id, caret, "^"),
            ),
            BinaryOp::Sub => diagnostic.suggest("to count, convert", self.wrap("int8", left.node)),
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor if a.is_float() || b.is_float() => {
                let diagnostic = match self.bracketed_comparisons(id, left, right) {
                    Some(edits) => diagnostic.suggest(
                        "comparisons bind weaker than this operator: put them in brackets",
                        edits,
                    ),
                    None => diagnostic,
                };
                match op {
                    BinaryOp::And if infix => diagnostic.suggest(
                        "to combine truth values, use `and`",
                        self.replace_operator(id, caret, "and"),
                    ),
                    BinaryOp::Or if infix => diagnostic.suggest(
                        "to combine truth values, use `or`",
                        self.replace_operator(id, caret, "or"),
                    ),
                    _ => diagnostic,
                }
            }
            _ if a.is_signed() && b == DType::UInt64 => {
                diagnostic.suggest("convert one of them", self.wrap("uint64", left.node))
            }
            _ if b.is_signed() && a == DType::UInt64 => {
                diagnostic.suggest("convert one of them", self.wrap("uint64", right.node))
            }
            _ => {
                let float = if a.is_float() { left } else { right };
                diagnostic.suggest("convert to integers first", self.wrap("int64", float.node))
            }
        }
    }

    /// `a > 0 & b < 1` means `a > (0 & b) < 1`: the edits to `(a > 0) & (b < 1)`.
    fn bracketed_comparisons(&self, id: NodeId, left: Term, right: Term) -> Option<Vec<Edit>> {
        let ast = self.frame.ast;
        let inside = |node: &Node| match node {
            Node::Compare { first, rest } => {
                *first == id || rest.iter().any(|(_, operand)| *operand == id)
            }
            _ => false,
        };
        if self.in_brackets(id) {
            return None;
        }
        let (compare, node) = ast.nodes.iter().find(|(_, node)| inside(node))?;
        let Node::Compare { first, rest } = node else {
            return None;
        };
        let start = ast.spans[*first].start as usize;
        let end = ast.spans[rest.last()?.1].end as usize;
        debug_assert!(ast.spans[compare].start as usize <= start);
        Some(vec![
            insert(start, "("),
            insert(ast.spans[left.node].end as usize, ")"),
            insert(ast.spans[right.node].start as usize, "("),
            insert(end, ")"),
        ])
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
        let caret = match &self.frame.ast.nodes[id] {
            Node::Infix(op, a, b) => self.operator(*a, *b, op.symbol()),
            _ => self.span(id),
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

    /// The text of a callee, for a call that is being read.
    pub(super) fn callee_of(&self, given: &Given) -> Option<Span> {
        let first = given.get(0)?;
        let ast = self.frame.ast;
        ast.nodes.rows().iter().find_map(|node| match node {
            Node::Call { callee, args } => {
                let named = matches!(ast.nodes[*callee], Node::Name(_));
                let this = args.first().is_some_and(|arg| arg.value == first);
                (named && this).then(|| self.span(*callee))
            }
            _ => None,
        })
    }

    /// An argument that must be a literal of some kind.
    pub(super) fn no_literal(&mut self, node: NodeId, what: &str, kind: &str) -> Reported {
        if let Meaning::Mistake | Meaning::Unread = self.get(node) {
            return Reported;
        }
        let message = format!("{what} must be {kind}, written out");
        self.bad_literal(Some(node), &message)
    }

    pub(super) fn bad_literal(&mut self, node: Option<NodeId>, message: &str) -> Reported {
        let span = node.map_or(self.here, |node| self.span(node));
        self.report(Diagnostic::new(Code::BadLiteral, message, span, ""));
        Reported
    }

    pub(super) fn bad_range(&mut self, node: Option<NodeId>, message: &str) -> Reported {
        let span = node.map_or(self.here, |node| self.span(node));
        self.report(Diagnostic::new(Code::LiteralRange, message, span, ""));
        Reported
    }

    /// An argument that names a dtype.
    pub(super) fn dtype_arg(&mut self, node: NodeId) -> Res<DType> {
        let name = match (self.get(node), &self.frame.ast.nodes[node]) {
            (Meaning::Mistake | Meaning::Unread, _) => return Err(Reported),
            (Meaning::Function(function), _) => function.name.to_string(),
            (_, Node::Str(name)) => name.clone(),
            _ => self.text(node).to_string(),
        };
        if let Some(dtype) = DType::from_name(&name) {
            return Ok(dtype);
        }
        let span = self.span(node);
        if matches!(name.as_str(), "float16" | "complex64" | "complex128") {
            return Err(self.not_yet(span, &format!("the dtype `{name}`")));
        }
        let names = DType::ALL.map(DType::name);
        let message = format!("`{name}` is not a dtype");
        let mut diagnostic = Diagnostic::new(Code::BadLiteral, message, span, "");
        diagnostic = match nearest(&name, names.into_iter()) {
            Some(near) => diagnostic.suggest(
                format!("did you mean `{near}`?"),
                vec![Edit {
                    span,
                    text: near.to_string(),
                }],
            ),
            None => diagnostic.help(format!("the dtypes are {}", names.join(", "))),
        };
        self.report(diagnostic);
        Err(Reported)
    }

    pub(super) fn unknown_keyword(
        &mut self,
        function: &Function,
        keyword: &str,
        span: Span,
    ) -> Reported {
        let later = matches!(
            function.rule,
            Rule::Reduce(_) | Rule::Unary(_) | Rule::Binary(_)
        ) && matches!(keyword, "where" | "initial" | "dtype");
        if later {
            let what = format!("`{keyword}=` of `{}`", function.name);
            return self.not_yet(span, &what);
        }
        let message = format!("`{}` has no argument `{keyword}`", function.name);
        let mut diagnostic = Diagnostic::new(Code::Arguments, message, span, "unknown")
            .note(format!("it is `{}`", function.signature()));
        let names = function.params.iter().flat_map(|param| param.names());
        if let Some(near) = nearest(keyword, names) {
            let edit = Edit {
                span,
                text: near.to_string(),
            };
            diagnostic = diagnostic.suggest(format!("did you mean `{near}`?"), vec![edit]);
        }
        self.report(diagnostic);
        Reported
    }

    pub(super) fn too_many(&mut self, function: &Function, most: usize, extra: NodeId) -> Reported {
        let plural = if most == 1 { "" } else { "s" };
        let message = format!(
            "`{}` takes {most} argument{plural} by position",
            function.name
        );
        let diagnostic =
            Diagnostic::new(Code::Arguments, message, self.span(extra), "one too many")
                .note(format!("it is `{}`", function.signature()));
        self.report(diagnostic);
        Reported
    }

    pub(super) fn given_twice(
        &mut self,
        function: &Function,
        name: &str,
        node: NodeId,
    ) -> Reported {
        let message = format!("`{}` is given `{name}` twice", function.name);
        let diagnostic = Diagnostic::new(Code::Arguments, message, self.span(node), "again")
            .note(format!("it is `{}`", function.signature()));
        self.report(diagnostic);
        Reported
    }

    pub(super) fn missing(&mut self, callee: NodeId, function: &Function, name: &str) -> Reported {
        let message = format!("`{}` needs the argument `{name}`", function.name);
        let diagnostic = Diagnostic::new(Code::Arguments, message, self.span(callee), "")
            .note(format!("it is `{}`", function.signature()));
        self.report(diagnostic);
        Reported
    }
}

fn insert(at: usize, text: &str) -> Edit {
    Edit {
        span: Span::new(at, at),
        text: text.to_string(),
    }
}

/// Whether every value of `dtype` is one of `wide`.
fn contains(wide: DType, dtype: DType) -> bool {
    match (wide.int_range(), dtype.int_range()) {
        (Some((low, high)), Some((least, most))) => low <= least && most <= high,
        _ => false,
    }
}
