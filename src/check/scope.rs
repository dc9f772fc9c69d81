//! In: operands and bindings of a session, one by one. Out: what a name stood for at any point.
//! Never: a value; a binding is checked again, with the operands of now, wherever it is used.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ir::Operand;
use crate::source::Source;
use crate::syntax::Ast;
use crate::syntax::ast::NodeId;
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
    /// `None` for an operand.
    binding: Option<Binding>,
}

/// An expression that an earlier program bound.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    pub(super) source: Arc<Source>,
    pub(super) ast: Arc<Ast>,
    pub(super) node: NodeId,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found<'s> {
    Operand(&'s Operand),
    /// With its position: it sees the names before that.
    Binding(usize, &'s Binding),
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
        };
        self.operands.insert(name.to_string(), operand);
        self.push(name, None);
    }

    /// Gives an expression of a checked program a name, for the programs after it.
    pub fn bind(&mut self, name: &str, source: Arc<Source>, ast: Arc<Ast>, node: NodeId) {
        self.push(name, Some(Binding { source, ast, node }));
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

    fn push(&mut self, name: &str, binding: Option<Binding>) {
        self.entries.push(Entry {
            name: name.to_string(),
            binding,
        });
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What `name` stands for among the first `limit` entries.
    pub(super) fn find(&self, name: &str, limit: usize) -> Option<Found<'_>> {
        let visible = &self.entries[..limit];
        let at = visible.iter().rposition(|entry| entry.name == name)?;
        match &visible[at].binding {
            Some(binding) => Some(Found::Binding(at, binding)),
            None => self.operands.get(name).map(Found::Operand),
        }
    }

    /// The binding at a position.
    pub(super) fn binding(&self, at: usize) -> Option<(&str, &Binding)> {
        let entry = self.entries.get(at)?;
        Some((&entry.name, entry.binding.as_ref()?))
    }
}
