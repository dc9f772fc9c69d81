//! In: a tree, and a scope that knows arrays. Out: the typed program it means; or what is wrong
//! with it, each finding with a way out that was tried.
//! Never: data, or a second place where a name gets a meaning.

mod args;
mod arith;
mod call;
mod composed;
mod define;
mod demand;
mod driver;
mod emit;
mod estimate;
mod extremes;
mod filter;
mod generate;
mod histogram;
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
mod scan;
mod scope;
mod sound;
mod structure;
mod suggest;
mod totals;
mod weights;
#[cfg(test)]
mod tests;

pub use scope::{Group, Scope};

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use self::define::Defined;
use self::driver::Driver;
use self::filter::Filtered;
use self::meaning::Meaning;
use self::sound::Sound;
use crate::diag::{Code, Diagnostic};
use crate::ir::{Builder, Value, Verified};
use crate::source::{Source, Span};
use crate::syntax::Ast;
use crate::syntax::ast::{Node, NodeId, Statement};
use crate::table::Id;

/// A program that makes sense.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What it computes. Its outputs are those of the last statement, named; none if that defines
    /// a function.
    pub func: Verified,
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

/// A text being read: the program, an earlier binding, or the body of a function.
#[derive(Debug)]
struct Frame<'a> {
    source: &'a Source,
    ast: &'a Ast,
    /// The node that `meanings` begin with.
    first: usize,
    /// What each node means, for those read so far.
    meanings: Vec<Meaning>,
    /// The parameters of the function whose body this is.
    params: Vec<(&'a str, Meaning)>,
    /// How many of the names that the program has bound can be seen.
    seen: usize,
    /// How many entries of the scope can be seen.
    limit: usize,
    /// For a text outside of the program, or a body: where the program uses it.
    used_as: Option<Use<'a>>,
}

/// Why a text is read that does not stand where it is used.
#[derive(Clone, Debug)]
struct Use<'a> {
    /// The text of the program that uses it.
    span: Span,
    by: By<'a>,
}

#[derive(Clone, Debug)]
enum By<'a> {
    /// The name of an earlier binding.
    Binding(&'a str),
    /// A call of a function.
    Call(Rc<Defined<'a>>),
}

/// What the program has bound a name to.
#[derive(Clone, Debug)]
enum Bound<'a> {
    Value(Meaning),
    Function(Rc<Defined<'a>>),
}

/// An integer power whose exponent may turn out to be negative.
#[derive(Clone, Copy, Debug)]
struct Power {
    value: Value,
    exponent: Value,
    /// Where it counts, if not everywhere: what passes the filters of its arguments.
    mask: Option<Value>,
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
    /// The functions among the entries of the scope that were called so far.
    functions: HashMap<usize, Rc<Defined<'a>>>,
    /// What the statements so far have bound, in order.
    bound: Vec<(&'a str, Bound<'a>)>,
    /// Where in `bound` each name is.
    places: HashMap<&'a str, Vec<usize>>,
    /// Calls of functions that are being read, each within the one before.
    depth: usize,
    /// Nodes of bodies read so far.
    visits: usize,
    /// For each value, what drives the cut of a reduction of it.
    drivers: Vec<Option<Driver>>,
    /// See [`Checker::breadth`].
    breadths: Vec<u32>,
    /// See [`Checker::nesting`].
    nestings: Vec<u32>,
    powers: Vec<Power>,
    /// See [`Checker::sound`].
    sounds: Vec<Sound>,
    /// Whether any operand has damaged elements.
    leaves_out: bool,
    /// The filter of the arguments that are being computed with.
    passing: Option<Filtered>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Frame<'a> {
    fn new(source: &'a Source, ast: &'a Ast, limit: usize) -> Self {
        Self {
            source,
            ast,
            first: 0,
            meanings: vec![Meaning::Unread; ast.nodes.len()],
            params: Vec::new(),
            seen: 0,
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
            functions: HashMap::new(),
            bound: Vec::new(),
            places: HashMap::new(),
            depth: 0,
            visits: 0,
            drivers: Vec::new(),
            breadths: Vec::new(),
            nestings: Vec::new(),
            powers: Vec::new(),
            sounds: Vec::new(),
            leaves_out: false,
            passing: None,
            diagnostics: Vec::new(),
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
            if !self.is_value(value) {
                self.set(value, Meaning::Mistake);
            }
            self.keep(name, Bound::Value(self.get(value)));
            return Some((name.clone(), value));
        }
        if let Node::Call { callee, args } = &ast.nodes[target] {
            self.define(target, *callee, args, value);
        } else {
            let message = "only a name can be bound";
            let label = "this is no name";
            let span = ast.spans[target];
            self.report(Diagnostic::new(Code::BadTarget, message, span, label));
        }
        None
    }

    /// Binds a name, for the statements that follow.
    fn keep(&mut self, name: &'a str, bound: Bound<'a>) {
        self.places.entry(name).or_default().push(self.bound.len());
        self.bound.push((name, bound));
        self.frame.seen = self.bound.len();
    }

    fn read_range(&mut self, range: std::ops::Range<usize>) {
        self.read_all(range.map(NodeId::new).collect());
    }

    /// Gives nodes their meaning, in their order: children come before parents, so that nothing
    /// recurses. What is called is no value and is left to the call.
    fn read_all(&mut self, ids: Vec<NodeId>) {
        for id in without_callees(self.frame.ast, ids) {
            self.read(id);
        }
    }

    /// Turns what was read into a function, unless something is wrong with it.
    fn finish(mut self, outputs: Vec<(String, NodeId)>) -> Result<Checked, Vec<Diagnostic>> {
        for (name, root) in outputs {
            let span = self.frame.ast.spans[root];
            self.at(span);
            let meaning = self.get(root);
            let parts = if let Meaning::Pair(pair) = meaning {
                let names = [format!("{name}[0]"), format!("{name}[1]")];
                names.into_iter().zip(pair.map(Meaning::from)).collect()
            } else {
                vec![(name, meaning)]
            };
            for (name, part) in parts {
                let output = match (part, part.filtered()) {
                    (_, Some(filter)) => self
                        .delivered(filter)
                        .map(|(value, filter)| (value, Some(filter))),
                    (Meaning::Value(value), None) => Ok((value, None)),
                    _ => self
                        .term(root)
                        .and_then(|term| self.strong(term))
                        .map(|value| (value, None)),
                };
                let output = output.and_then(|(value, filter)| {
                    let mask = filter.map(|filter| filter.mask);
                    self.output_is_sound(std::iter::once(value).chain(mask))?;
                    Ok((value, filter))
                });
                if let Ok((value, filter)) = output {
                    self.build.output_where(name, value, filter);
                }
            }
        }
        self.raise();
        if !self.diagnostics.is_empty() {
            return Err(self.diagnostics);
        }
        match self.build.finish() {
            Ok(func) => Ok(Checked { func }),
            Err(error) => Err(vec![report::unverified(&error)]),
        }
    }
}

/// Nodes in order, but for those that are called.
fn without_callees(ast: &Ast, mut ids: Vec<NodeId>) -> Vec<NodeId> {
    let callee = |id: &NodeId| {
        let Node::Call { callee, .. } = &ast.nodes[*id] else {
            return None;
        };
        Some(*callee)
    };
    let called: HashSet<NodeId> = ids.iter().filter_map(callee).collect();
    ids.retain(|id| !called.contains(id));
    ids
}
