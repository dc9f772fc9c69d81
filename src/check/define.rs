//! In: `f(x, y) = body`, and calls of `f`. Out: the body's value for the arguments of each call,
//! checked anew. Never: a function of its own in the IR, or one that calls itself.

use std::rc::Rc;

use super::meaning::Meaning;
use super::names::{Known, language_name, reachable};
use super::scope::{Definition, defined_name, name_of};
use super::suggest::meant;
use super::{Bound, By, Checker, Frame, Reported, Res, Use, without_callees};
use crate::diag::{Code, Diagnostic, Label, nearest};
use crate::funcs;
use crate::limits::{MAX_BODY_NODES, MAX_CALL_DEPTH};
use crate::source::{Source, Span};
use crate::syntax::Ast;
use crate::syntax::ast::{Arg, Node, NodeId, Statement};
use crate::table::Id;

/// A function that a program defines.
#[derive(Debug)]
pub(super) struct Defined<'a> {
    name: &'a str,
    params: Vec<&'a str>,
    source: &'a Source,
    ast: &'a Ast,
    target: NodeId,
    body: NodeId,
    /// The nodes of the body, those that are called excepted, in order.
    nodes: Vec<NodeId>,
    /// How many of the names that the program has bound it can see.
    seen: usize,
    /// How many entries of the scope it can see.
    limit: usize,
    /// Whether it is this program that defines it.
    local: bool,
}

impl<'a> Defined<'a> {
    /// The function that `target = body` defines; `None` where that is no definition.
    fn new(source: &'a Source, ast: &'a Ast, target: NodeId, body: NodeId) -> Option<Self> {
        let Node::Call { args, .. } = &ast.nodes[target] else {
            return None;
        };
        let param = |arg: &'a Arg| name_of(ast, arg.value);
        Some(Self {
            name: defined_name(ast, target)?,
            params: args.iter().map(param).collect::<Option<_>>()?,
            source,
            ast,
            target,
            body,
            nodes: without_callees(ast, reachable(ast, body)),
            seen: 0,
            limit: 0,
            local: false,
        })
    }

    /// The definition as it was written, on one line, cut where it is long.
    fn text(&self) -> String {
        const MOST: usize = 200;
        let spans = &self.ast.spans;
        let text = self.source.slice(spans[self.target].to(spans[self.body]));
        let words: Vec<&str> = text.split_whitespace().collect();
        let text = words.join(" ");
        match text.char_indices().nth(MOST) {
            Some((end, _)) => format!("{}...", &text[..end]),
            None => text,
        }
    }

    /// As it is called.
    fn signature(&self) -> String {
        format!("{}({})", self.name, self.params.join(", "))
    }
}

impl<'a> Frame<'a> {
    /// The body of a function, its parameters bound.
    fn body(function: &Defined<'a>, args: Vec<Meaning>) -> Self {
        let first = function.nodes.first().map_or(0, |node| node.index());
        Frame {
            source: function.source,
            ast: function.ast,
            first,
            meanings: vec![Meaning::Unread; function.body.index() + 1 - first],
            params: function.params.iter().copied().zip(args).collect(),
            seen: function.seen,
            limit: function.limit,
            used_as: None,
        }
    }

    /// Whether this is text of the program itself.
    pub(super) fn is_program(&self) -> bool {
        let by = self.used_as.as_ref().map(|used| &used.by);
        match by {
            None => true,
            Some(By::Binding(_)) => false,
            Some(By::Call(function)) => function.local,
        }
    }
}

impl<'a> Checker<'a> {
    /// `target = body`, where the target is a call.
    pub(super) fn define(&mut self, target: NodeId, callee: NodeId, args: &'a [Arg], body: NodeId) {
        let (source, ast) = (self.frame.source, self.frame.ast);
        let Node::Name(name) = &ast.nodes[callee] else {
            let message = "only a name can become a function";
            let span = ast.spans[callee];
            self.report(Diagnostic::new(Code::BadTarget, message, span, ""));
            return;
        };
        let bound = match self
            .params(args)
            .ok()
            .and(Defined::new(source, ast, target, body))
        {
            Some(mut function) => {
                function.seen = self.frame.seen;
                function.limit = self.frame.limit;
                function.local = true;
                match self.body_names(&function) {
                    Ok(()) => Bound::Function(Rc::new(function)),
                    Err(Reported) => Bound::Value(Meaning::Mistake),
                }
            }
            None => Bound::Value(Meaning::Mistake),
        };
        self.keep(name, bound);
    }

    /// Each parameter is a name of its own.
    fn params(&mut self, args: &'a [Arg]) -> Res<()> {
        let ast = self.frame.ast;
        let mut seen: Vec<&str> = Vec::new();
        for arg in args {
            let span = ast.spans[arg.value];
            if let Some((keyword, keyword_span)) = &arg.keyword {
                let message = format!("the parameter `{keyword}` cannot have a default");
                let label = "every argument is given in the call";
                let whole = keyword_span.to(span);
                self.report(Diagnostic::new(Code::BadTarget, message, whole, label));
                return Err(Reported);
            }
            let Node::Name(name) = &ast.nodes[arg.value] else {
                let message = "a parameter is a name";
                self.report(Diagnostic::new(
                    Code::BadTarget,
                    message,
                    span,
                    "this is no name",
                ));
                return Err(Reported);
            };
            if seen.contains(&name.as_str()) {
                let message = format!("two parameters are called `{name}`");
                self.report(Diagnostic::new(Code::BadTarget, message, span, "again"));
                return Err(Reported);
            }
            seen.push(name);
        }
        Ok(())
    }

    /// Whether every name in a body means something. What it computes is looked at in calls.
    fn body_names(&mut self, function: &Defined<'a>) -> Res<()> {
        let params = function.params.iter().map(|name| (*name, Meaning::Unread));
        self.frame.params = params.collect();
        let known = self.diagnostics.len();
        for &id in &function.nodes {
            let node = &function.ast.nodes[id];
            if *node == Node::Error {
                self.unreadable(self.span(id));
            } else if let Node::Name(name) = node {
                self.body_name(id, name);
            } else if let Node::Call { callee, .. } = node
                && let Some(name) = name_of(function.ast, *callee)
            {
                self.body_call(function, *callee, name);
            }
        }
        self.frame.params.clear();
        match self.diagnostics.len() == known {
            true => Ok(()),
            false => Err(Reported),
        }
    }

    fn body_name(&mut self, id: NodeId, name: &str) {
        match self.lookup(name) {
            Some(Known::Function(function)) => {
                self.function_as_value(id, &function);
            }
            Some(Known::Is(_) | Known::Operand(_) | Known::Binding(..)) => {}
            None if language_name(name).is_some() => {}
            None => {
                self.unknown_name(id, name);
            }
        }
    }

    fn body_call(&mut self, function: &Defined<'a>, callee: NodeId, name: &str) {
        if name == function.name && !self.is_param(name) {
            let message = format!("`{name}` calls itself");
            let span = self.span(callee);
            let diagnostic = Diagnostic::new(Code::Recursion, message, span, "")
                .note("a call is replaced by the body of the function, which would never end");
            self.report(diagnostic);
            return;
        }
        match self.lookup(name) {
            Some(Known::Function(_) | Known::Is(Meaning::Mistake)) => {}
            Some(Known::Is(_)) if self.is_param(name) => {
                self.not_callable(callee);
            }
            _ if funcs::find(name).is_some() => {}
            _ => {
                self.unknown_function(callee, name);
                self.note_later(name);
            }
        }
    }

    /// Says of an unknown function where it is defined, if it is.
    fn note_later(&mut self, name: &str) {
        let ast = self.frame.ast;
        let later = ast.statements.iter().any(|statement| match statement {
            Statement::Bind { target, .. } => defined_name(ast, *target) == Some(name),
            Statement::Outputs(_) | Statement::Error(_) => false,
        });
        if let Some(last) = self.diagnostics.last_mut().filter(|_| later) {
            let note = format!("`{name}` is defined further down; a function can use earlier ones");
            last.notes.push(note);
        }
    }

    pub(super) fn is_param(&self, name: &str) -> bool {
        self.frame.params.iter().any(|(param, _)| *param == name)
    }

    /// A function that an earlier program defined.
    pub(super) fn earlier_function(
        &mut self,
        at: usize,
        definition: &'a Definition,
    ) -> Option<Rc<Defined<'a>>> {
        if let Some(known) = self.functions.get(&at) {
            return Some(Rc::clone(known));
        }
        let Definition {
            source,
            ast,
            target,
            body,
        } = definition;
        let mut function = Defined::new(source, ast, *target, *body)?;
        function.limit = at;
        let function = Rc::new(function);
        self.functions.insert(at, Rc::clone(&function));
        Some(function)
    }

    /// The names of the program's own functions that can be called here.
    pub(super) fn functions_seen(&self) -> Vec<&'a str> {
        let seen = self.bound[..self.frame.seen].iter();
        let local = seen.filter_map(|(name, bound)| match bound {
            Bound::Function(_) => Some(*name),
            Bound::Value(_) => None,
        });
        local
            .chain(self.scope.functions(self.frame.limit))
            .collect()
    }

    /// A call of a function of the program: its body, read with the arguments in the place of the
    /// parameters.
    pub(super) fn inline(
        &mut self,
        id: NodeId,
        function: &Rc<Defined<'a>>,
        args: &[Arg],
    ) -> Res<Meaning> {
        let args = self.arguments(id, function, args)?;
        self.visits += function.nodes.len();
        if self.visits > MAX_BODY_NODES {
            return Err(self.once(Code::TooMany, || {
                format!("calls of functions stand for more than {MAX_BODY_NODES} parts")
            }));
        }
        if self.depth >= MAX_CALL_DEPTH {
            return Err(self.once(Code::TooDeep, || {
                format!("more than {MAX_CALL_DEPTH} functions call each other in a row")
            }));
        }
        let used = self.frame.used_as.as_ref().map(|used| used.span);
        let span = used.unwrap_or_else(|| self.span(id));
        let mut frame = Frame::body(function, args);
        let by = By::Call(Rc::clone(function));
        frame.used_as = Some(Use { span, by });
        let outer = std::mem::replace(&mut self.frame, frame);
        self.depth += 1;
        for &node in &function.nodes {
            self.read(node);
        }
        let meaning = match self.is_value(function.body) {
            true => Ok(self.get(function.body)),
            false => Err(Reported),
        };
        self.depth -= 1;
        self.frame = outer;
        let span = self.span(id);
        self.at(span);
        meaning
    }

    /// What each parameter stands for in a call.
    fn arguments(&mut self, id: NodeId, function: &Defined<'a>, args: &[Arg]) -> Res<Vec<Meaning>> {
        let params = &function.params;
        let mut given: Vec<Option<Meaning>> = vec![None; params.len()];
        let mut next = 0;
        for arg in args {
            let index = match &arg.keyword {
                Some((keyword, span)) => {
                    let index = params.iter().position(|param| param == keyword);
                    index.ok_or_else(|| self.no_param(function, keyword, self.place(*span)))?
                }
                None if next < params.len() => {
                    next += 1;
                    next - 1
                }
                None => {
                    let (name, most) = (function.name, params.len());
                    let plural = if most == 1 { "" } else { "s" };
                    let message = format!("`{name}` takes {most} argument{plural}");
                    let span = self.span(arg.value);
                    return Err(self.misfit(function, message, span, "one too many"));
                }
            };
            let meaning = self.argument(function, arg.value)?;
            if given[index].replace(meaning).is_some() {
                let message = format!("`{}` is given `{}` twice", function.name, params[index]);
                let span = self.span(arg.value);
                return Err(self.misfit(function, message, span, "again"));
            }
        }
        let missing = given.iter().position(Option::is_none);
        if let Some(missing) = missing {
            let (name, param) = (function.name, params[missing]);
            let message = format!("`{name}` needs the argument `{param}`");
            return Err(self.misfit(function, message, self.span(id), ""));
        }
        Ok(given.into_iter().flatten().collect())
    }

    /// What an argument means; it must be something that has a meaning away from its text.
    fn argument(&mut self, function: &Defined<'a>, node: NodeId) -> Res<Meaning> {
        match self.get(node) {
            Meaning::Mistake | Meaning::Unread => Err(Reported),
            meaning @ (Meaning::Value(_)
            | Meaning::Filtered(_)
            | Meaning::Pair(..)
            | Meaning::Literal(_)
            | Meaning::None
            | Meaning::Function(_)) => Ok(meaning),
            Meaning::Method(_) | Meaning::Tuple | Meaning::Text => {
                let message = format!(
                    "`{}` takes arrays, numbers, dtypes and `None`",
                    function.name
                );
                Err(self.misfit(function, message, self.span(node), "this is none of them"))
            }
        }
    }

    fn no_param(&mut self, function: &Defined<'a>, keyword: &str, span: Span) -> Reported {
        let message = format!("`{}` has no argument `{keyword}`", function.name);
        let mut diagnostic = Diagnostic::new(Code::Arguments, message, span, "unknown")
            .note(format!("it is `{}`", function.signature()));
        if let Some(near) = nearest(keyword, function.params.iter().copied()) {
            diagnostic = meant(diagnostic, span, near);
        }
        self.report(diagnostic);
        Reported
    }

    fn misfit(
        &mut self,
        function: &Defined<'a>,
        message: String,
        span: Span,
        label: &str,
    ) -> Reported {
        let diagnostic = Diagnostic::new(Code::Arguments, message, span, label)
            .note(format!("it is `{}`", function.signature()));
        self.report(diagnostic);
        Reported
    }

    /// A function of the program where an array is needed.
    pub(super) fn function_as_value(&mut self, id: NodeId, function: &Defined<'a>) -> Reported {
        let message = format!("`{}` is a function, not an array", function.name);
        let label = "an array is needed here";
        let diagnostic = Diagnostic::new(Code::NotAValue, message, self.span(id), label)
            .help(format!("call it: `{}`", function.signature()));
        self.report(diagnostic);
        Reported
    }

    /// A finding in the body of a function, as one about the call at `span`.
    pub(super) fn in_body(
        &self,
        mut found: Diagnostic,
        span: Span,
        function: &Defined<'a>,
    ) -> Diagnostic {
        let label = "in this call";
        if !function.local {
            return Diagnostic::new(found.code, found.message, span, label)
                .note(format!("it is `{}`", function.text()));
        }
        if let Some(first) = found
            .labels
            .first_mut()
            .filter(|first| first.text.is_empty())
        {
            first.text = format!("in `{}`", function.name);
        }
        let text = label.to_string();
        found.labels.insert(0, Label { span, text });
        found
    }
}
