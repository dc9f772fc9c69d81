//! In: what does not go together, and the nodes it came from. Out: diagnostics with carets, the
//! types of both sides, and edits to try.
//! Never: a decision.

use super::literal::Literal;
use super::meaning::{Is, Meaning, Term};
use super::{By, Checker, Reported, Use};
use crate::diag::{Code, Diagnostic, Edit};
use crate::funcs::Rule;
use crate::ir::VerifyError;
use crate::limits::{MAX_DIAGNOSTICS, MAX_VALUES};
use crate::source::Span;
use crate::syntax::ast::{Node, NodeId};
use crate::types::DType;

/// A function that breaks a rule of the IR: too many values, or a bug.
pub(super) fn unverified(error: &VerifyError) -> Diagnostic {
    let code = match error.value {
        None if error.message.contains(&MAX_VALUES.to_string()) => Code::TooMany,
        _ => Code::Internal,
    };
    Diagnostic::new(code, error.to_string(), Span::default(), "")
}

impl Checker<'_> {
    /// Keeps a finding. One in an earlier binding, or in the body of a function, becomes one at
    /// the place of its use.
    pub(super) fn report(&mut self, mut diagnostic: Diagnostic) {
        if let Some(Use { span, by }) = self.frame.used_as.clone() {
            diagnostic = match by {
                By::Binding(name) => {
                    let message = format!("`{name}` no longer checks: {}", diagnostic.message);
                    Diagnostic::new(diagnostic.code, message, span, "bound earlier")
                }
                By::Call(function) => self.in_body(diagnostic, span, &function),
            };
        }
        if self.diagnostics.len() < MAX_DIAGNOSTICS {
            self.diagnostics.push(diagnostic);
        }
    }

    /// The text of a node, or where the program uses the text it belongs to.
    pub(super) fn span(&self, id: NodeId) -> Span {
        self.place(self.frame.ast.spans[id])
    }

    /// A span of the text being read, as a span of the program.
    pub(super) fn place(&self, span: Span) -> Span {
        match &self.frame.used_as {
            Some(used) if !self.frame.is_program() => used.span,
            Some(_) | None => span,
        }
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
    pub(super) fn origin(&self, term: Term) -> String {
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
    pub(super) fn made_by(&self, node: NodeId) -> Option<&str> {
        let ast = self.frame.ast;
        match &ast.nodes[node] {
            Node::Prefix(op, _) => Some(op.symbol()),
            Node::Infix(op, _, _) => Some(op.symbol()),
            Node::Compare { rest, .. } => rest.first().map(|(op, _)| op.symbol()),
            Node::Ternary { .. } => Some("if"),
            Node::Call { callee, .. } => {
                if let Node::Name(name) | Node::Attribute { name, .. } = &ast.nodes[*callee] {
                    Some(name)
                } else {
                    None
                }
            }
            Node::Error
            | Node::Name(_)
            | Node::Int(_)
            | Node::Float(_)
            | Node::Imaginary(_)
            | Node::Str(_)
            | Node::Attribute { .. }
            | Node::Index { .. }
            | Node::Tuple(_)
            | Node::List(_) => None,
        }
    }

    pub(super) fn dtype_text(&self, term: Term) -> String {
        match term.is {
            Is::Literal(Literal::Int(_)) => "an integer".to_string(),
            Is::Literal(Literal::Float(_)) => "a float".to_string(),
            Is::Literal(Literal::Bool(_)) => "`bool`".to_string(),
            Is::Value(value) => format!("`{}`", self.build.dtype(value)),
        }
    }

    pub(super) fn dtype(&self, term: Term) -> DType {
        match term.is {
            Is::Literal(literal) => literal.strong().dtype(),
            Is::Value(value) => self.build.dtype(value),
        }
    }

    /// Edits that put `name(...)` around a node.
    pub(super) fn wrap(&self, name: &str, node: NodeId) -> Vec<Edit> {
        let Span { start, end } = self.frame.ast.spans[node];
        let (start, end) = (start as usize, end as usize);
        if self.in_brackets(node) {
            return vec![insert(start, name)];
        }
        vec![insert(start, &format!("{name}(")), insert(end, ")")]
    }

    /// Whether a node's own brackets are part of its text.
    pub(super) fn in_brackets(&self, node: NodeId) -> bool {
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
    pub(super) fn replace_operator(&self, node: NodeId, operator: Span, text: &str) -> Vec<Edit> {
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
    pub(super) fn no_value(&mut self, node: NodeId) -> Reported {
        let meaning = self.get(node);
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
            Meaning::Pair(..) => (
                "two arrays",
                format!("the counts are `{text}[0]`, the edges `{text}[1]`"),
            ),
            Meaning::Tuple => ("several values", "write each on its own".to_string()),
            Meaning::Text => ("text", "strings name dtypes only".to_string()),
            Meaning::None => ("no value", "leave it out".to_string()),
            Meaning::Unread
            | Meaning::Mistake
            | Meaning::Value(_)
            | Meaning::Filtered(_)
            | Meaning::Literal(_) => return Reported,
        };
        let message = format!("`{text}` is {what}, not an array");
        let label = "an array is needed here";
        let mut diagnostic = Diagnostic::new(Code::NotAValue, message, span, label);
        let inner = text
            .strip_prefix('(')
            .and_then(|text| text.strip_suffix(')'));
        diagnostic = match (meaning, inner) {
            (Meaning::Tuple, Some(inner)) => {
                let edit = Edit {
                    span,
                    text: inner.to_string(),
                };
                diagnostic.suggest("without the brackets each is an output", vec![edit])
            }
            _ => diagnostic.help(help),
        };
        self.report(diagnostic);
        Reported
    }

    /// The name a call goes by in the text.
    pub(super) fn name_at<'s>(&'s self, id: NodeId, otherwise: &'s str) -> &'s str {
        self.made_by(id).unwrap_or(otherwise)
    }
}

/// An edit that only adds.
pub(super) fn insert(at: usize, text: &str) -> Edit {
    Edit {
        span: Span::new(at, at),
        text: text.to_string(),
    }
}
