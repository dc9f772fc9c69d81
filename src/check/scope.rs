//! In: operands, bindings and functions of a session, one by one. Out: what a name stood for at any
//! point. Never: a value; a binding is checked again, with the operands of now, wherever it is used.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ir::Operand;
use crate::source::Source;
use crate::syntax::Ast;
use crate::syntax::ast::{Node, NodeId, Statement};
use crate::types::{DType, Grid, Shape};

/// The names a program may use: arrays, and what earlier programs of the session bound.
///
/// A binding sees the names as they were when it was made: after `y = x; x = 1`, `y` is still
/// the old `x`. An operand given again under the same name replaces the old one for everybody.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    operands: HashMap<String, Operand>,
    /// In the order they were given; a later one hides earlier ones of its name.
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    name: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Operand,
    Binding(Binding),
    Function(Definition),
}

/// An expression that an earlier program bound.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    pub(super) source: Arc<Source>,
    pub(super) ast: Arc<Ast>,
    pub(super) node: NodeId,
}

/// A function that an earlier program defined: `target = body`.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub(super) source: Arc<Source>,
    pub(super) ast: Arc<Ast>,
    pub(super) target: NodeId,
    pub(super) body: NodeId,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found<'s> {
    Operand(&'s Operand),
    /// With its position: it sees the names before that.
    Binding(usize, &'s Binding),
    /// Likewise.
    Function(usize, &'s Definition),
}

impl Scope {
    /// A scope without names.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives an array a name.
    pub fn operand(&mut self, name: &str, dtype: DType, shape: Shape, grid: Option<Grid>) {
        let operand = Operand {
            name: name.to_string(),
            dtype,
            shape,
            grid,
            damaged: false,
        };
        self.operands.insert(name.to_string(), operand);
        self.push(name, Kind::Operand);
    }

    /// Says that some elements of an operand are damaged, so that reductions leave them out.
    pub fn leave_out(&mut self, name: &str) {
        if let Some(operand) = self.operands.get_mut(name) {
            operand.damaged = true;
        }
    }

    /// Keeps what a checked program binds and defines, for the programs after it.
    pub fn keep(&mut self, source: &Arc<Source>, ast: &Arc<Ast>) {
        for statement in &ast.statements {
            let Statement::Bind { target, value } = *statement else {
                continue;
            };
            let (source, ast) = (Arc::clone(source), Arc::clone(ast));
            if let Some(name) = defined_name(&ast, target) {
                let name = name.to_string();
                let definition = Definition {
                    source,
                    ast,
                    target,
                    body: value,
                };
                self.push(&name, Kind::Function(definition));
            } else if let Some(name) = name_of(&ast, target) {
                let name = name.to_string();
                let node = value;
                self.push(&name, Kind::Binding(Binding { source, ast, node }));
            }
        }
    }

    /// Every name that can be used, without order and without repeats.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let newest: HashMap<&str, usize> = self
            .entries
            .iter()
            .enumerate()
            .map(|(at, entry)| (entry.name.as_str(), at))
            .collect();
        newest.into_keys()
    }

    fn push(&mut self, name: &str, kind: Kind) {
        let name = name.to_string();
        self.entries.push(Entry { name, kind });
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What `name` stands for among the first `limit` entries.
    pub(super) fn find(&self, name: &str, limit: usize) -> Option<Found<'_>> {
        let visible = &self.entries[..limit];
        let at = visible.iter().rposition(|entry| entry.name == name)?;
        match &visible[at].kind {
            Kind::Operand => self.operands.get(name).map(Found::Operand),
            Kind::Binding(binding) => Some(Found::Binding(at, binding)),
            Kind::Function(definition) => Some(Found::Function(at, definition)),
        }
    }

    /// The functions among the first `limit` entries.
    pub(super) fn functions(&self, limit: usize) -> impl Iterator<Item = &str> {
        let visible = self.entries[..limit].iter();
        visible.filter_map(|entry| match entry.kind {
            Kind::Function(_) => Some(entry.name.as_str()),
            Kind::Operand | Kind::Binding(_) => None,
        })
    }

    /// The binding at a position.
    pub(super) fn binding(&self, at: usize) -> Option<(&str, &Binding)> {
        let entry = self.entries.get(at)?;
        match &entry.kind {
            Kind::Binding(binding) => Some((&entry.name, binding)),
            Kind::Operand | Kind::Function(_) => None,
        }
    }
}

/// The name of the function that `target = ...` defines, if it defines one.
pub(super) fn defined_name(ast: &Ast, target: NodeId) -> Option<&str> {
    let Node::Call { callee, .. } = &ast.nodes[target] else {
        return None;
    };
    name_of(ast, *callee)
}

/// The name that a node is, if it is one.
pub(super) fn name_of(ast: &Ast, node: NodeId) -> Option<&str> {
    let Node::Name(name) = &ast.nodes[node] else {
        return None;
    };
    Some(name)
}
