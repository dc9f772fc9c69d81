//! In: statements one after another. Out: bindings that cost nothing, and results.
//! Never: a statement that changes an earlier result.

use std::sync::Arc;
use std::time::Instant;

use crate::array::{Array, OpenOptions};
use crate::check::Scope;
use crate::error::{Error, Result};
use crate::exec::Options;
use crate::expr::{Bound, OutputInfo, Prepared, enter, find};
use crate::source::Source;
use crate::syntax::{self, ast::Statement};

/// Named arrays and the bindings made so far: what the REPL works on.
///
/// ```
/// use fuseblock::{Array, session::{Reply, Session}};
///
/// let mut session = Session::new();
/// session.insert("x", Array::from_vec(vec![1.0, 2.0, 4.0], &[3])?);
/// assert!(matches!(session.statement("d = x - mean(x)")?, Reply::Bound(_)));
/// let Reply::Ready(bound) = session.statement("max(abs(d)) < 2")? else { unreachable!() };
/// assert_eq!(bound.run()?.scalar(), Some(fuseblock::Scalar::Bool(true)));
/// assert!(matches!(session.statement("f(a, b) = a * b + 1")?, Reply::Defined(_)));
/// let Reply::Ready(bound) = session.statement("sum(f(x, b=d))")? else { unreachable!() };
/// # Ok::<(), fuseblock::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Session {
    scope: Scope,
    arrays: Vec<(String, Array<'static>)>,
    /// For each program among the arrays the name that its operands are known by.
    programs: Vec<(String, String)>,
    /// Programs whose names others have now, by these names: earlier bindings may be of them.
    replaced: Vec<(String, Array<'static>)>,
    /// How evaluations run.
    pub options: Options,
    /// How files are opened.
    pub opening: OpenOptions,
}

/// What became of a statement.
#[derive(Debug)]
pub enum Reply {
    /// The last statement bound names: kept, nothing computed.
    Bound(Vec<OutputInfo>),
    /// The last statement defined a function, called like this: kept, nothing computed.
    Defined(String),
    /// Expressions, ready to be evaluated.
    Ready(Box<Bound<'static>>),
}

impl Session {
    /// An empty session.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens what `text` names, a path with perhaps a member or a dtype behind it, as operand
    /// `name`.
    ///
    /// # Errors
    /// What [`OpenOptions::open_operand`] gives.
    pub fn open(&mut self, name: &str, text: &str) -> Result<()> {
        let array = self.opening.open_operand(text)?;
        self.insert(name, array);
        Ok(())
    }

    /// Gives an array a name; an earlier operand of that name is replaced, a binding hidden. A program that had the name
    /// stays what earlier bindings of it mean.
    pub fn insert(&mut self, name: &str, array: Array<'static>) {
        let own = enter(&mut self.scope, name, &array);
        let before = self.arrays.iter().position(|(other, _)| other == name);
        let before = before.map(|at| self.arrays.remove(at));
        let program = self.programs.iter().position(|(other, _)| other == name);
        if let (Some((_, before)), Some(at)) = (before, program) {
            self.replaced.push((self.programs.remove(at).1, before));
        }
        self.programs.extend(own.map(|own| (name.to_string(), own)));
        self.arrays.push((name.to_string(), array));
    }

    /// The operands, in the order they were opened.
    pub fn operands(&self) -> impl ExactSizeIterator<Item = (&str, &Array<'static>)> {
        self.arrays
            .iter()
            .map(|(name, array)| (name.as_str(), array))
    }

    /// Checks one line of statements. Bindings and functions are kept for later lines, unless any
    /// statement of the line is wrong.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Expression`] with diagnostics.
    pub fn statement(&mut self, text: &str) -> Result<Reply> {
        let started = Instant::now();
        let source = Source::new("<line>", text);
        let parsed = syntax::parse(&source);
        let parse = started.elapsed();
        if !parsed.diagnostics.is_empty() {
            return Err(Error::expression(&source, parsed.diagnostics));
        }
        let ast = Arc::new(parsed.ast);
        let prepared = Arc::new(Prepared::new(&source, &ast, &self.scope, Vec::new())?);
        // What was replaced is found by its own name before that of its successor is tried.
        let replaced = self.replaced.iter();
        let replaced = replaced.map(|(name, array)| (name.as_str(), array));
        let given: Vec<(&str, &Array<'static>)> = self.operands().chain(replaced).collect();
        let operands = prepared.func.operands.rows().iter();
        let arrays = operands
            .map(|operand| find(&given, &operand.name))
            .collect::<Result<Vec<_>>>()?;
        let bound = Bound::new(prepared, arrays, self.options.clone(), parse);
        self.scope.keep(&Arc::new(source), &ast);
        match ast.statements.last() {
            Some(Statement::Bind { target, .. }) if bound.outputs().len() == 0 => {
                Ok(Reply::Defined(ast.to_source(*target)))
            }
            Some(Statement::Bind { .. }) => Ok(Reply::Bound(bound.outputs().collect())),
            Some(Statement::Outputs(_) | Statement::Error(_)) | None => {
                Ok(Reply::Ready(Box::new(bound)))
            }
        }
    }
}
