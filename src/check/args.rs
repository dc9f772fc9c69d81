//! In: arguments that do not fit their parameters. Out: the diagnostic that shows the signature.
//! Never: a decision.

use super::call::Given;
use super::meaning::Meaning;
use super::suggest::meant;
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic, nearest};
use crate::funcs::{Function, Rule};
use crate::source::Span;
use crate::syntax::ast::{Node, NodeId};
use crate::types::DType;

impl Checker<'_> {
    /// The text of a callee, for a call that is being read.
    pub(super) fn callee_of(&self, given: &Given) -> Option<Span> {
        let first = given.get(0)?;
        let ast = self.frame.ast;
        ast.nodes.rows().iter().find_map(|node| {
            let Node::Call { callee, args } = node else {
                return None;
            };
            let named = matches!(ast.nodes[*callee], Node::Name(_));
            let this = args.first().is_some_and(|arg| arg.value == first);
            (named && this).then(|| self.span(*callee))
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
            Some(near) => meant(diagnostic, span, near),
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
        let later = matches!(function.rule, Rule::Unary(_) | Rule::Binary(_))
            && matches!(keyword, "where" | "dtype");
        if later {
            let what = format!("`{keyword}=` of `{}`", function.name);
            return self.not_yet(span, &what);
        }
        let message = format!("`{}` has no argument `{keyword}`", function.name);
        let mut diagnostic = Diagnostic::new(Code::Arguments, message, span, "unknown")
            .note(format!("it is `{}`", function.signature()));
        let names = function.params.iter().flat_map(|param| param.names());
        if let Some(near) = nearest(keyword, names) {
            diagnostic = meant(diagnostic, span, near);
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
