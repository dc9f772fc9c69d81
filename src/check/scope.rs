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
    /// How many groups there are besides the main one.
    groups: usize,
}

/// Names that see each other, and none of other groups: those of the programs themselves, or of a program that is an
/// operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Group(usize);

impl Group {
    /// Its number, which no other group of the scope has; 0 is the main one's.
    pub fn number(self) -> usize {
        self.0
    }
}

#[derive(Clone, Debug)]
struct Entry {
    name: String,
    kind: Kind,
    /// Who sees it.
    group: Group,
    /// What its own text sees.
    inner: Group,
}

#[derive(Clone, Debug)]
enum Kind {
    /// By its name among all operands.
    Operand(String),
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
        self.operand_in(Group::default(), name, operand);
    }

    /// Gives an array, which may have another name among all operands, a name in a group.
    pub fn operand_in(&mut self, group: Group, name: &str, operand: Operand) {
        let key = operand.name.clone();
        self.operands.insert(key.clone(), operand);
        self.push(name, Kind::Operand(key), group, group);
    }

    /// Says that an array has taken the place of the operand of this name, if there was one.
    pub fn replace(&mut self, operand: Operand) {
        if let Some(replaced) = self.operands.get_mut(&operand.name) {
            *replaced = operand;
        }
    }

    /// A group without names.
    pub fn group(&mut self) -> Group {
        self.groups += 1;
        Group(self.groups)
    }

    /// Gives a name in `group` the meaning of a node of a text, whose names are those of the group `inner`.
    pub fn bind(
        &mut self,
        (group, inner): (Group, Group),
        name: &str,
        source: &Arc<Source>,
        ast: &Arc<Ast>,
        node: NodeId,
    ) {
        let (source, ast) = (Arc::clone(source), Arc::clone(ast));
        let binding = Binding { source, ast, node };
        self.push(name, Kind::Binding(binding), group, inner);
    }

    /// Keeps what a checked program binds and defines, for the programs after it.
    pub fn keep(&mut self, source: &Arc<Source>, ast: &Arc<Ast>) {
        self.keep_in(Group::default(), source, ast);
    }

    /// The same for the texts of a group.
    pub fn keep_in(&mut self, group: Group, source: &Arc<Source>, ast: &Arc<Ast>) {
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
                self.push(&name, Kind::Function(definition), group, group);
            } else if let Some(name) = name_of(&ast, target) {
                let name = name.to_string();
                let node = value;
                self.bind((group, group), &name, &source, &ast, node);
            }
        }
    }

    /// Every name that can be used, without order and without repeats.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let newest: HashMap<&str, usize> = self
            .entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.group == Group::default())
            .map(|(at, entry)| (entry.name.as_str(), at))
            .collect();
        newest.into_keys()
    }

    fn push(&mut self, name: &str, kind: Kind, group: Group, inner: Group) {
        let name = name.to_string();
        self.entries.push(Entry {
            name,
            kind,
            group,
            inner,
        });
    }

    /// The entries that the text at a position sees: of its group, before it. Behind all others stand the programs.
    fn visible(&self, limit: usize) -> impl DoubleEndedIterator<Item = (usize, &Entry)> {
        let group = self
            .entries
            .get(limit)
            .map_or(Group::default(), |at| at.inner);
        let before = self.entries[..limit].iter().enumerate();
        before.filter(move |(_, entry)| entry.group == group)
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What `name` stands for in the text at position `limit`.
    pub(super) fn find(&self, name: &str, limit: usize) -> Option<Found<'_>> {
        let mut visible = self.visible(limit);
        let (at, entry) = visible.rfind(|(_, entry)| entry.name == name)?;
        match &entry.kind {
            Kind::Operand(key) => self.operands.get(key).map(Found::Operand),
            Kind::Binding(binding) => Some(Found::Binding(at, binding)),
            Kind::Function(definition) => Some(Found::Function(at, definition)),
        }
    }

    /// The functions that the text at position `limit` sees.
    pub(super) fn functions(&self, limit: usize) -> impl Iterator<Item = &str> {
        let visible = self.visible(limit);
        visible.filter_map(|(_, entry)| match entry.kind {
            Kind::Function(_) => Some(entry.name.as_str()),
            Kind::Operand(_) | Kind::Binding(_) => None,
        })
    }

    /// The binding at a position.
    pub(super) fn binding(&self, at: usize) -> Option<(&str, &Binding)> {
        let entry = self.entries.get(at)?;
        match &entry.kind {
            Kind::Binding(binding) => Some((&entry.name, binding)),
            Kind::Operand(_) | Kind::Function(_) => None,
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
