//! In: a tree, and a scope that knows arrays. Out: the typed program it means; or what is wrong
//! with it, each finding with a way out that was tried.
//! Never: data, or a second place where a name gets a meaning.

mod args;
mod arith;
mod call;
mod demand;
mod driver;
mod emit;
mod extremes;
mod generate;
mod index;
mod join;
mod literal;
mod meaning;
mod names;
mod power;
mod quantile;
mod reduce;
mod refused;
mod report;
mod scope;
mod structure;
mod suggest;
mod totals;
#[cfg(test)]
mod tests;

pub use scope::Scope;

use std::collections::HashMap;

use self::driver::Driver;
use self::meaning::Meaning;
use crate::diag::{Code, Diagnostic};
use crate::ir::{Builder, Value, Verified};
use crate::source::{Source, Span};
use crate::syntax::Ast;
use crate::syntax::ast::{Node, NodeId, Statement};
use crate::table::Id;

/// A program that makes sense.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What it computes. Its outputs are those of the last statement, named.
    pub func: Verified,
    /// The names its statements bind, in order, each with the expression it stands for.
    pub bindings: Vec<(String, NodeId)>,
    /// Whether the last statement is a binding; it is then also the only output.
    pub ends_in_binding: bool,
}

/// Gives a program its meaning, in terms of the names of `scope`. On failure, everything that is
/// wrong with it (at least one finding), in text order.
///
/// `ast` is what [`crate::syntax::parse`] made of `source`; where that reported mistakes, they
/// come first and this need not be called.
pub fn check(source: &Source, ast: &Ast, scope: &Scope) -> Result<Checked, Vec<Diagnostic>> {
    run(source, ast, scope).map_err(|mut diagnostics| {
        suggest::keep_proven(source, scope, &mut diagnostics);
        diagnostics
    })
}

/// [`check`], with suggestions that have not been tried.
fn run(source: &Source, ast: &Ast, scope: &Scope) -> Result<Checked, Vec<Diagnostic>> {
    let mut checker = Checker::new(source, ast, scope);
    let outputs = checker.statements();
    checker.finish(outputs)
}

/// What has been reported already and needs no further word.
#[derive(Clone, Copy, Debug)]
struct Reported;

type Res<T> = Result<T, Reported>;

/// A text being read.
#[derive(Debug)]
struct Frame<'a> {
    source: &'a Source,
    ast: &'a Ast,
    /// What each node means, for those read so far.
    meanings: Vec<Meaning>,
    /// What the statements so far have bound.
    bound: HashMap<&'a str, NodeId>,
    /// How many entries of the scope can be seen.
    limit: usize,
    /// For the text of an earlier binding: where and under what name the program uses it.
    used_as: Option<(Span, &'a str)>,
}

/// An integer power whose exponent may turn out to be negative.
#[derive(Clone, Copy, Debug)]
struct Power {
    value: Value,
    exponent: Value,
    span: Span,
}

#[derive(Debug)]
struct Checker<'a> {
    scope: &'a Scope,
    frame: Frame<'a>,
    build: Builder,
    /// The text that the values built now come from.
    here: Span,
    /// The operands read so far.
    elems: HashMap<&'a str, Value>,
    /// The meanings of entries of the scope read so far.
    entries: HashMap<usize, Meaning>,
    /// For each value, what drives the cut of a reduction of it.
    drivers: Vec<Option<Driver>>,
    powers: Vec<Power>,
    diagnostics: Vec<Diagnostic>,
    /// Functions whose definition has been reported as not available.
    defined: Vec<String>,
}

impl<'a> Frame<'a> {
    fn new(source: &'a Source, ast: &'a Ast, limit: usize) -> Self {
        Self {
            source,
            ast,
            meanings: vec![Meaning::Unread; ast.nodes.len()],
            bound: HashMap::new(),
            limit,
            used_as: None,
        }
    }
}

impl<'a> Checker<'a> {
    fn new(source: &'a Source, ast: &'a Ast, scope: &'a Scope) -> Self {
        Self {
            scope,
            frame: Frame::new(source, ast, scope.len()),
            build: Builder::new(),
            here: Span::default(),
            elems: HashMap::new(),
            entries: HashMap::new(),
            drivers: Vec::new(),
            powers: Vec::new(),
            diagnostics: Vec::new(),
            defined: Vec::new(),
        }
    }

    /// Reads all statements; gives the outputs of the last one.
    fn statements(&mut self) -> Vec<(String, NodeId)> {
        let ast = self.frame.ast;
        let mut outputs = Vec::new();
        let mut first = 0;
        for statement in &ast.statements {
            outputs = match statement {
                Statement::Error(span) => {
                    self.unreadable(*span);
                    Vec::new()
                }
                Statement::Outputs(roots) => {
                    let end = roots.iter().map(|root| root.index() + 1).max();
                    self.read_range(first..end.unwrap_or(first));
                    first = end.unwrap_or(first);
                    let name = |root: &NodeId| self.frame.source.slice(ast.spans[*root]).trim();
                    roots
                        .iter()
                        .map(|root| (name(root).to_string(), *root))
                        .collect()
                }
                Statement::Bind { target, value } => {
                    let output = self.bind(*target, *value, first);
                    first = first.max(value.index() + 1);
                    output.into_iter().collect()
                }
            };
        }
        if ast.statements.is_empty() {
            let message = "there is nothing to compute";
            self.report(Diagnostic::new(Code::Empty, message, Span::default(), ""));
        }
        outputs
    }

    /// `target = value`, whose nodes begin at `first`.
    fn bind(&mut self, target: NodeId, value: NodeId, first: usize) -> Option<(String, NodeId)> {
        let ast = self.frame.ast;
        if let Node::Name(name) = &ast.nodes[target] {
            let start = first.max(target.index() + 1);
            self.read_range(start..value.index() + 1);
            // A binding that nothing uses must be a value all the same.
            if self.term(value).is_err() {
                self.set(value, Meaning::Mistake);
            }
            self.frame.bound.insert(name, value);
            return Some((name.clone(), value));
        }
        let span = ast.spans[target];
        if let Node::Call { callee, .. } = &ast.nodes[target] {
            self.not_yet(span, "defining a function");
            if let Node::Name(name) = &ast.nodes[*callee] {
                self.defined.push(name.clone());
            }
        } else {
            let message = "only a name can be bound";
            let label = "this is no name";
            self.report(Diagnostic::new(Code::BadTarget, message, span, label));
        }
        None
    }

    fn read_range(&mut self, range: std::ops::Range<usize>) {
        self.read_all(range.map(NodeId::new).collect());
    }

    /// Gives nodes their meaning, in their order: children come before parents, so that nothing
    /// recurses. What is called is no value and is left to the call.
    fn read_all(&mut self, ids: Vec<NodeId>) {
        let mut called = vec![false; self.frame.ast.nodes.len()];
        for &id in &ids {
            if let Node::Call { callee, .. } = &self.frame.ast.nodes[id] {
                called[callee.index()] = true;
            }
        }
        for id in ids {
            if !called[id.index()] {
                self.read(id);
            }
        }
    }

    /// Turns what was read into a function, unless something is wrong with it.
    fn finish(mut self, outputs: Vec<(String, NodeId)>) -> Result<Checked, Vec<Diagnostic>> {
        for (name, root) in outputs {
            if let Ok(term) = self.term(root) {
                let span = self.frame.ast.spans[root];
                if let Ok(value) = self.at(span).strong(term) {
                    self.build.output(name, value);
                }
            }
        }
        self.raise();
        if !self.diagnostics.is_empty() {
            return Err(self.diagnostics);
        }
        let statements = &self.frame.ast.statements;
        let ends_in_binding = matches!(statements.last(), Some(Statement::Bind { .. }));
        let bindings = self.bindings();
        match self.build.finish() {
            Ok(func) => Ok(Checked {
                func,
                bindings,
                ends_in_binding,
            }),
            Err(error) => Err(vec![report::unverified(&error)]),
        }
    }

    /// The names that the statements bind, in order.
    fn bindings(&self) -> Vec<(String, NodeId)> {
        let ast = self.frame.ast;
        let bound = |statement: &Statement| {
            if let Statement::Bind { target, value } = statement
                && let Node::Name(name) = &ast.nodes[*target]
            {
                Some((name.clone(), *value))
            } else {
                None
            }
        };
        ast.statements.iter().filter_map(bound).collect()
    }
}
