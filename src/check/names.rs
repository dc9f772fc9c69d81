//! In: a name, or what stands after a dot. Out: what it means here.
//! Never: a guess; what is not known is a mistake, with the name that was meant if one is near.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::define::Defined;
use super::literal::Literal;
use super::meaning::Meaning;
use super::scope::{Binding, Found};
use super::suggest::{meant, nearest_function};
use super::{Bound, By, Checker, Frame, Reported, Res, Use};
use crate::diag::{Code, Diagnostic, Edit, nearest};
use crate::funcs;
use crate::ir::Operand;
use crate::source::Span;
use crate::syntax::Ast;
use crate::syntax::ast::{Node, NodeId};
use crate::table::Id;

/// Names with a fixed meaning, unless the scope gives them another.
const CONSTANTS: [(&str, Meaning); 11] = [
    ("pi", Meaning::Literal(Literal::Float(std::f64::consts::PI))),
    ("e", Meaning::Literal(Literal::Float(std::f64::consts::E))),
    ("inf", Meaning::Literal(Literal::Float(f64::INFINITY))),
    ("nan", Meaning::Literal(Literal::Float(f64::NAN))),
    ("True", Meaning::Literal(Literal::Bool(true))),
    ("False", Meaning::Literal(Literal::Bool(false))),
    ("true", Meaning::Literal(Literal::Bool(true))),
    ("false", Meaning::Literal(Literal::Bool(false))),
    ("None", Meaning::None),
    ("newaxis", Meaning::None),
    ("NaN", Meaning::Literal(Literal::Float(f64::NAN))),
];

/// What a name stands for, other than what the language makes of it.
#[derive(Debug)]
pub(super) enum Known<'a> {
    /// A parameter, or a name that the program has bound.
    Is(Meaning),
    /// A function that the program or an earlier one defines.
    Function(Rc<Defined<'a>>),
    Operand(&'a Operand),
    /// A binding of an earlier program.
    Binding(usize, &'a Binding),
}

impl<'a> Checker<'a> {
    /// What a name stands for in the text being read: parameters hide what the program has bound,
    /// and that hides what earlier programs have.
    pub(super) fn lookup(&mut self, name: &str) -> Option<Known<'a>> {
        let params = &self.frame.params;
        if let Some((_, meaning)) = params.iter().find(|(param, _)| *param == name) {
            return Some(Known::Is(*meaning));
        }
        if let Some(places) = self.places.get(name)
            && let Some(&place) = places.iter().rfind(|&&place| place < self.frame.seen)
        {
            return Some(match &self.bound[place].1 {
                Bound::Value(meaning) => Known::Is(*meaning),
                Bound::Function(function) => Known::Function(Rc::clone(function)),
            });
        }
        match self.scope.find(name, self.frame.limit)? {
            Found::Operand(operand) => Some(Known::Operand(operand)),
            Found::Binding(at, binding) => Some(Known::Binding(at, binding)),
            Found::Function(at, definition) => {
                self.earlier_function(at, definition).map(Known::Function)
            }
        }
    }

    /// A name where a value may stand.
    pub(super) fn name(&mut self, id: NodeId, name: &str) -> Res<Meaning> {
        match self.lookup(name) {
            Some(Known::Is(meaning)) => return Ok(meaning),
            Some(Known::Function(function)) => return Err(self.function_as_value(id, &function)),
            Some(Known::Operand(operand)) => return self.operand(operand),
            Some(Known::Binding(at, binding)) => return self.binding(id, at, binding),
            None => {}
        }
        language_name(name).ok_or_else(|| self.unknown_name(id, name))
    }

    /// An operand; each becomes one value, where it is first named.
    fn operand(&mut self, operand: &'a Operand) -> Res<Meaning> {
        if let Some(&value) = self.elems.get(operand.name.as_str()) {
            return Ok(Meaning::Value(value));
        }
        let id = self.build.operand(operand.clone());
        let value = self.elem(id)?;
        self.elems.insert(&operand.name, value);
        if operand.damaged {
            self.leave_out(value, operand.soundness())?;
        }
        Ok(Meaning::Value(value))
    }

    /// What an earlier program bound. It is read once, after what it depends on: bindings name
    /// only earlier ones, so going through them in order needs no recursion.
    fn binding(&mut self, id: NodeId, at: usize, binding: &'a Binding) -> Res<Meaning> {
        if !self.entries.contains_key(&at) {
            let used_at = self.span(id);
            for entry in self.dependences(at, binding) {
                self.read_entry(entry, used_at);
            }
            self.at(used_at);
        }
        match self.entries.get(&at) {
            Some(Meaning::Mistake | Meaning::Unread) | None => Err(Reported),
            Some(meaning) => Ok(*meaning),
        }
    }

    /// The entries that have to be read for entry `at`, in order, `at` last.
    fn dependences(&self, at: usize, binding: &'a Binding) -> Vec<usize> {
        let mut needed = BTreeSet::from([at]);
        let mut called = BTreeSet::new();
        let mut open = vec![(at, &*binding.ast, binding.node)];
        while let Some((at, ast, node)) = open.pop() {
            for id in reachable(ast, node) {
                let Node::Name(name) = &ast.nodes[id] else {
                    continue;
                };
                match self.scope.find(name, at) {
                    Some(Found::Binding(inner, binding))
                        if !self.entries.contains_key(&inner) && needed.insert(inner) =>
                    {
                        open.push((inner, &binding.ast, binding.node));
                    }
                    Some(Found::Function(inner, function)) if called.insert(inner) => {
                        open.push((inner, &function.ast, function.body));
                    }
                    Some(Found::Binding(..) | Found::Function(..) | Found::Operand(_)) | None => {}
                }
            }
        }
        needed.into_iter().collect()
    }

    /// Reads the expression of an entry in its own frame; what is wrong with it is reported where
    /// the program uses it.
    fn read_entry(&mut self, at: usize, used_at: Span) {
        let scope = self.scope;
        let Some((name, binding)) = scope.binding(at) else {
            return;
        };
        let mut frame = Frame::new(&binding.source, &binding.ast, at);
        frame.used_as = Some(Use {
            span: used_at,
            by: By::Binding(name),
        });
        let outer = std::mem::replace(&mut self.frame, frame);
        self.read_all(reachable(&binding.ast, binding.node));
        let meaning = self.get(binding.node);
        self.frame = outer;
        self.entries.insert(at, meaning);
    }

    pub(super) fn unknown_name(&mut self, id: NodeId, name: &str) -> Reported {
        let span = self.span(id);
        let message = format!("`{name}` is not bound");
        let mut diagnostic = Diagnostic::new(Code::UnknownName, message, span, "unknown name");
        let seen = self.bound[..self.frame.seen].iter().map(|(name, _)| *name);
        let params = self.frame.params.iter().map(|(name, _)| *name);
        let bound: Vec<&str> = params.chain(seen).collect();
        let scope: Vec<&str> = self.scope.names().collect();
        let fixed = CONSTANTS.iter().map(|(name, _)| *name);
        let names = bound.iter().chain(&scope).copied().chain(fixed);
        let near = nearest(name, names).or_else(|| nearest_function(name));
        if let Some(prefix) = self.module_prefix(name, span) {
            let edit = Edit {
                span: prefix,
                text: String::new(),
            };
            diagnostic = diagnostic.suggest("functions are called without a prefix", vec![edit]);
        } else if let Some(near) = near {
            diagnostic = meant(diagnostic, span, near);
        }
        if diagnostic.help.is_empty() && !scope.is_empty() && scope.len() <= 10 {
            let mut scope = scope;
            scope.sort_unstable();
            diagnostic = diagnostic.note(format!("the operands are `{}`", scope.join("`, `")));
        }
        self.report(diagnostic);
        Reported
    }

    /// The `np.` of `np.sin`.
    fn module_prefix(&self, name: &str, span: Span) -> Option<Span> {
        let rest = self.frame.source.text().get(span.range().end..)?;
        let module = matches!(name, "np" | "numpy" | "xp" | "ne" | "math");
        (module && rest.starts_with('.'))
            .then(|| Span::new(span.range().start, span.range().end + 1))
    }

    /// `base.name`, not called.
    pub(super) fn attribute(&mut self, base: NodeId, name: &str, span: Span) -> Res<Meaning> {
        let span = self.place(span);
        if let Meaning::Filtered(filter) = self.get(base) {
            let alone = self.largest(filter).ndim() < 2;
            match (name, funcs::find(name)) {
                ("real", _) => return Ok(Meaning::Filtered(filter)),
                ("imag", _) => {
                    return self.passing(&[base], |checker| {
                        let x = checker.term(base)?;
                        checker.imaginary(x).map(Meaning::Value)
                    });
                }
                ("T", _) if alone => return Ok(Meaning::Filtered(filter)),
                (_, Some(function)) if function.is_method() => {
                    return Ok(Meaning::Method(function));
                }
                _ => {}
            }
        }
        let x = self.term(base)?;
        if name == "T" {
            if self.shape(x).ndim() < 2 {
                return Ok(x.is.into());
            }
            let value = self.strong(x)?;
            return self.transposed(value).map(Meaning::Value);
        }
        if name == "real" {
            return Ok(x.is.into());
        }
        if name == "imag" {
            return self.imaginary(x).map(Meaning::Value);
        }
        match funcs::find(name) {
            Some(function) if function.is_method() || !function.is_available() => {
                Ok(Meaning::Method(function))
            }
            _ => Err(self.unknown_method(name, span)),
        }
    }

    pub(super) fn unknown_method(&mut self, name: &str, span: Span) -> Reported {
        let message = format!("an array has no `{name}`");
        let mut diagnostic = Diagnostic::new(Code::UnknownFunction, message, span, "unknown");
        let methods = funcs::all()
            .filter(|function| function.is_method())
            .flat_map(|function| function.names());
        if let Some(near) = nearest(name, methods.chain(["T", "real", "imag"])) {
            diagnostic = meant(diagnostic, span, near);
        }
        self.report(diagnostic);
        Reported
    }
}

/// What a name means that nobody has given a meaning.
pub(super) fn language_name(name: &str) -> Option<Meaning> {
    let constant = CONSTANTS.iter().find(|(known, _)| *known == name);
    let function = || funcs::find(name).map(Meaning::Function);
    constant.map(|(_, meaning)| *meaning).or_else(function)
}

/// The nodes of an expression, children first.
pub(super) fn reachable(ast: &Ast, root: NodeId) -> Vec<NodeId> {
    let mut seen = vec![false; ast.nodes.len()];
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        let Some((node, seen)) = ast.nodes.get(id).zip(seen.get_mut(id.index())) else {
            continue;
        };
        if !std::mem::replace(seen, true) {
            node.for_each_child(|child| open.push(child));
        }
    }
    let ids = seen.iter().enumerate().filter(|(_, seen)| **seen);
    ids.map(|(index, _)| NodeId::new(index)).collect()
}
