//! In: an expression string and named arrays. Out: results. Never: a stage of its own; this is
//! the library's front door, behind which the stages run in order.

mod program;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::array::{Array, Element, LeftOut, OutputFile, SaveOptions};
use crate::check::{self, Group, Scope};
use crate::diag::{Code, Diagnostic};
use crate::error::{Error, ErrorKind, Result};
use crate::exec::{self, Destination, Engine, Options, Receiver, Stats, Task};
use crate::ir::{Operand, Verified};
use crate::limits::CHUNK_BYTES;
use crate::math::SimdLevel;
use crate::opt;
use crate::opt::passes::PassPlan;
use crate::source::{Source, Span};
use crate::syntax;
use crate::syntax::ast::{Ast, Statement};
use crate::types::{DType, Grid, Scalar, Shape};

use program::Program;
pub use program::save_program;

/// Elements of an operand's blocks below which a result gets others.
const KEPT_BLOCK_ELEMS: usize = 4_096;

/// Bytes of chunks above which a result gets others than its operand has.
const KEPT_CHUNK_BYTES: usize = 16 * CHUNK_BYTES;

/// How many operand layouts an expression remembers its compiled form for.
const REMEMBERED: usize = 16;

/// An expression, parsed once, to be evaluated over any arrays. It is `Send + Sync`: many threads
/// may evaluate one expression at once.
///
/// ```
/// use fuseblock::{Array, Expr};
///
/// let a = Array::from_vec(vec![1.0, 2.0, 3.0, 4.0], &[2, 2])?;
/// let c = Array::from_vec(vec![2.5, 2.5], &[2])?;
/// let expr = Expr::new("sum(a**2 * (a > c), axis=1)")?;
/// let result = expr.eval(&[("a", &a), ("c", &c)])?;
/// assert_eq!(result.array(0).to_vec::<f64>()?, [0.0, 25.0]);
/// # Ok::<(), fuseblock::Error>(())
/// ```
#[derive(Debug)]
pub struct Expr {
    source: Source,
    ast: Arc<Ast>,
    parse: Duration,
    prepared: Mutex<Vec<Arc<Prepared>>>,
}

/// An expression checked, optimised and cut into passes for operands of certain types.
#[derive(Debug)]
pub(crate) struct Prepared {
    given: Vec<Operand>,
    pub(crate) func: Verified,
    pub(crate) plan: PassPlan,
    check: Duration,
}

/// An expression with its operands, ready to run as often as you like.
#[derive(Clone, Debug)]
pub struct Bound<'a> {
    prepared: Arc<Prepared>,
    operands: Vec<Array<'a>>,
    options: Options,
    parse: Duration,
    check: Duration,
}

/// What an output is before it is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputInfo {
    /// The bound name, or the text of an unnamed output.
    pub name: String,
    /// Element type.
    pub dtype: DType,
    /// Extents in elements; of a filtered output the largest that it can have.
    pub shape: Shape,
    /// Whether a filter decides how many elements there are along the first axis.
    pub filtered: bool,
}

/// What was written.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The outputs, in the order of the program, as they are in the files: none is filtered any more.
    pub outputs: Vec<OutputInfo>,
    /// Where time and bytes went.
    pub stats: Stats,
}

/// The outputs of an evaluation, in the order of the program.
#[derive(Clone, Debug)]
pub struct Evaluated {
    names: Vec<String>,
    arrays: Vec<Array<'static>>,
    stats: Stats,
}

impl Expr {
    /// Parses an expression or a program of several statements.
    ///
    /// # Errors
    /// [`ErrorKind::Expression`] with diagnostics if the text is no program.
    pub fn new(text: &str) -> Result<Expr> {
        Expr::from_source(Source::expr(text))
    }

    /// As [`Expr::new`], for text with a name of its own in messages.
    ///
    /// # Errors
    /// As [`Expr::new`].
    pub fn from_source(source: Source) -> Result<Expr> {
        let started = Instant::now();
        let parsed = syntax::parse(&source);
        if !parsed.diagnostics.is_empty() {
            return Err(Error::expression(&source, parsed.diagnostics));
        }
        Ok(Expr {
            source,
            ast: Arc::new(parsed.ast),
            parse: started.elapsed(),
            prepared: Mutex::default(),
        })
    }

    /// The text.
    pub fn text(&self) -> &str {
        self.source.text()
    }

    /// Evaluates over these operands, to memory, with default options.
    ///
    /// # Errors
    /// [`ErrorKind::Expression`] if names, types or shapes do not fit; [`ErrorKind::Limit`] if a
    /// result would take more than half of the free memory; what reading files can give; and
    /// [`ErrorKind::Run`] if the data makes the evaluation fail.
    pub fn eval(&self, operands: &[(&str, &Array<'_>)]) -> Result<Evaluated> {
        self.bind(operands)?.run()
    }

    /// Checks and optimises the expression for these operands; those it does not name are
    /// ignored. Nothing is computed or read. Done once for operands of the same dtypes, shapes and
    /// grids.
    ///
    /// # Errors
    /// [`ErrorKind::Expression`] if names, types or shapes do not fit.
    pub fn bind<'a>(&self, operands: &[(&str, &Array<'a>)]) -> Result<Bound<'a>> {
        let started = Instant::now();
        let prepared = self.prepare(operands)?;
        let arrays = prepared
            .func
            .operands
            .rows()
            .iter()
            .map(|operand| find(operands, &operand.name))
            .collect::<Result<Vec<_>>>()?;
        let mut bound = Bound::new(prepared, arrays, Options::default(), self.parse);
        bound.check = bound.check.max(started.elapsed());
        Ok(bound)
    }

    /// The typed IR for these operands, as the checker builds it.
    pub(crate) fn checked(&self, operands: &[(&str, &Array<'_>)]) -> Result<Verified> {
        let scope = scope_of(operands)?;
        let checked = check::check(&self.source, &self.ast, &scope);
        let checked = checked.map_err(|list| Error::expression(&self.source, list))?;
        self.computes(&checked.func)?;
        Ok(checked.func)
    }

    /// Refuses a program that ends in the definition of a function.
    fn computes(&self, func: &Verified) -> Result<()> {
        if !func.outputs.is_empty() {
            return Ok(());
        }
        let span = match self.ast.statements.last() {
            Some(Statement::Bind { target, .. }) => self.ast.spans[*target],
            Some(Statement::Outputs(_) | Statement::Error(_)) | None => Span::default(),
        };
        let message = "there is nothing to compute: the program ends in a definition";
        let finding = Diagnostic::new(Code::Empty, message, span, "defined, but not used")
            .help("add a line that calls it");
        Err(Error::expression(&self.source, vec![finding]))
    }

    /// The compiled form for operands declared so, remembered.
    fn prepare(&self, operands: &[(&str, &Array<'_>)]) -> Result<Arc<Prepared>> {
        let given = declared(operands);
        let remembered = || self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = remembered().iter().find(|prepared| prepared.given == given) {
            return Ok(Arc::clone(found));
        }
        let scope = scope_of(operands)?;
        let prepared = Arc::new(Prepared::new(&self.source, &self.ast, &scope, given)?);
        self.computes(&prepared.func)?;
        let mut list = remembered();
        if list.len() >= REMEMBERED {
            list.remove(0);
        }
        list.push(Arc::clone(&prepared));
        Ok(prepared)
    }
}

impl Prepared {
    pub(crate) fn new(
        source: &Source,
        ast: &Ast,
        scope: &Scope,
        given: Vec<Operand>,
    ) -> Result<Prepared> {
        let started = Instant::now();
        let checked =
            check::check(source, ast, scope).map_err(|list| Error::expression(source, list))?;
        let func = opt::optimise(checked.func);
        let plan = PassPlan::new(&func);
        Ok(Prepared {
            given,
            func,
            plan,
            check: started.elapsed(),
        })
    }
}

/// Arrays as the checker sees them: what tells apart programs that are checked for them.
fn declared(operands: &[(&str, &Array<'_>)]) -> Vec<Operand> {
    let mut found = Vec::with_capacity(operands.len());
    for (name, array) in operands {
        declare_all(name, array, &mut found);
    }
    found
}

fn declare_all(key: &str, array: &Array<'_>, found: &mut Vec<Operand>) {
    let mut own = declare(key, array);
    if let Some(program) = Program::of(array) {
        for (name, array) in program.operands() {
            declare_all(&format!("{key}.{name}"), array, found);
        }
        own.name = format!("{key} = {}", program.text());
    }
    found.push(own);
}

/// The names of a program. A name given twice is refused: nobody could say which array it means.
fn scope_of(given: &[(&str, &Array<'_>)]) -> Result<Scope> {
    let mut scope = Scope::new();
    for (index, (name, array)) in given.iter().enumerate() {
        if given[..index].iter().any(|(other, _)| other == name) {
            let message = format!("two operands are called `{name}`");
            let error = Error::new(ErrorKind::Argument, Code::Usage, message);
            return Err(error.with_help(format!("call one of them `{name}2`, say")));
        }
        enter(&mut scope, name, array);
    }
    Ok(scope)
}

/// Gives the checker an array; if that is computed when it is read, by what name its operands are known from now on.
pub(crate) fn enter(scope: &mut Scope, name: &str, array: &Array<'_>) -> Option<String> {
    enter_in(scope, Group::default(), name, name, array)
}

/// Gives the checker an array that has the name `key` among all, and `name` in a group. One that is computed is what its
/// program says, with names of its own: those of no other, whatever takes its name later.
fn enter_in(
    scope: &mut Scope,
    group: Group,
    name: &str,
    key: &str,
    array: &Array<'_>,
) -> Option<String> {
    let operand = declare(key, array);
    let Some(program) = Program::of(array) else {
        scope.operand_in(group, name, operand);
        return None;
    };
    // Earlier texts that name the operand see the array that has its name now.
    scope.replace(operand);
    let inner = scope.group();
    let own = format!("{key}{NUMBERED}{}", inner.number());
    for (name, array) in program.operands() {
        enter_in(scope, inner, name, &format!("{own}.{name}"), array);
    }
    let (source, ast, output) = program.tree();
    scope.keep_in(inner, source, ast);
    scope.bind((group, inner), name, source, ast, output);
    Some(own)
}

/// What stands between the name of a program and its number where its operands are named; no name has it.
const NUMBERED: char = '~';

/// An array as the checker sees it.
fn declare(name: &str, array: &Array<'_>) -> Operand {
    Operand {
        name: name.to_string(),
        dtype: array.dtype(),
        shape: array.shape().clone(),
        grid: array.grid().cloned(),
        damaged: array.left_out().is_some(),
    }
}

/// The array for an operand of a checked program: one of those given, which elements of it are sound, or an operand of a
/// program among them.
pub(crate) fn find<'a>(operands: &[(&str, &Array<'a>)], name: &str) -> Result<Array<'a>> {
    let given = |name: &str| operands.iter().find(|(given, _)| *given == name);
    if let Some((outer, inner)) = name.split_once('.') {
        // A session keeps replaced programs by their numbered names.
        let plain = outer.split(NUMBERED).next().unwrap_or(outer);
        let found = given(outer).or_else(|| given(plain));
        let program = found.and_then(|(_, array)| Program::of(array));
        let missing = || Error::new(ErrorKind::Internal, Code::Internal, "a program is gone");
        let program = program.ok_or_else(missing)?;
        let operands = program.operands();
        return find(&operands.collect::<Vec<_>>(), inner);
    }
    let sound = Operand::sound_of(name).and_then(|name| Some(given(name)?.1.left_out()?.sound()));
    let found = given(name).map(|(_, array)| (*array).clone()).or(sound);
    found.ok_or_else(|| {
        let message = format!("no array was given for `{name}`");
        Error::new(ErrorKind::Argument, Code::MissingOperand, message)
    })
}

impl<'a> Bound<'a> {
    /// A prepared expression with the arrays for its operands, in its order.
    pub(crate) fn new(
        prepared: Arc<Prepared>,
        operands: Vec<Array<'a>>,
        options: Options,
        parse: Duration,
    ) -> Self {
        Self {
            check: prepared.check,
            prepared,
            operands,
            options,
            parse,
        }
    }

    /// Sets how evaluations run.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Uses a pool of this many threads instead of the caller's.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.options.threads = Some(threads);
        self
    }

    /// Uses kernels of this SIMD level, or of the widest the machine has if that is narrower.
    #[must_use]
    pub fn simd(mut self, level: SimdLevel) -> Self {
        self.options.simd = Some(level);
        self
    }

    /// Chooses the engine.
    #[must_use]
    pub fn engine(mut self, engine: Engine) -> Self {
        self.options.engine = engine;
        self
    }

    /// What will be computed, in order.
    pub fn outputs(&self) -> impl ExactSizeIterator<Item = OutputInfo> + '_ {
        let func = &self.prepared.func;
        func.outputs.iter().map(|output| OutputInfo {
            name: output.name.clone(),
            dtype: func.values[output.value].dtype,
            shape: func.largest(output),
            filtered: output.filter.is_some(),
        })
    }

    /// Evaluates to memory.
    ///
    /// # Errors
    /// As [`Expr::eval`].
    pub fn run(&self) -> Result<Evaluated> {
        let names: Vec<String> = self.outputs().map(|output| output.name).collect();
        let destinations = names.iter().map(|_| Destination::Memory).collect();
        let (arrays, stats) = self.evaluate(destinations)?;
        Ok(Evaluated {
            names,
            arrays: arrays.into_iter().flatten().collect(),
            stats,
        })
    }

    /// Evaluates the only output into `buffer`, C order, without allocating it.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] if there are several outputs, if it is filtered, or if dtype or
    /// length differ, and as [`Expr::eval`].
    pub fn run_into<T: Element>(&self, buffer: &mut [T]) -> Result<Stats> {
        let mut outputs = self.outputs();
        let fits = outputs.next().filter(|only| only.dtype == T::DTYPE);
        if fits.is_none() || outputs.next().is_some() {
            let found: Vec<String> = self
                .outputs()
                .map(|output| format!("`{}`: {output}", output.name))
                .collect();
            let (wanted, found) = (T::DTYPE, found.join(", "));
            let message =
                format!("the buffer takes one output of {wanted}, the program gives {found}");
            return Err(Error::new(ErrorKind::Argument, Code::WrongBuffer, message));
        }
        let bytes = crate::array::element_bytes_mut(buffer);
        Ok(self.evaluate(vec![Destination::Buffer(bytes)])?.1)
    }

    /// Evaluates and hands each output to `receiver` in boxes, from worker threads, in no fixed
    /// order; boxes of one output cover it once. What passes a filter comes some rows at a time, in
    /// order.
    ///
    /// # Errors
    /// What `receiver` returns, and as [`Expr::eval`].
    pub fn stream(&self, receiver: &Receiver<'_>) -> Result<Stats> {
        let destinations = self.outputs().map(|_| Destination::Receiver(receiver));
        Ok(self.evaluate(destinations.collect())?.1)
    }

    /// Evaluates into files, one an output, in the format of their extensions: `.b2nd`, `.npy`. Each appears
    /// under its name only when it is complete. Says what is in them. A compressed file takes the chunks and
    /// blocks of the first operand with its shape, unless `options` say otherwise; each block is compressed
    /// by the thread that computed it, and some chunks are in memory at a time.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] if the numbers of paths and outputs differ, [`ErrorKind::Unsupported`] if an
    /// extension is of no format, [`ErrorKind::Io`], and as [`Expr::eval`].
    pub fn save<P: AsRef<Path>>(&self, paths: &[P], options: &SaveOptions) -> Result<Saved> {
        let outputs: Vec<OutputInfo> = self.outputs().collect();
        if outputs.len() != paths.len() {
            let (have, need) = (paths.len(), outputs.len());
            let message = format!("{have} output paths were given for {need} outputs");
            return Err(Error::new(ErrorKind::Argument, Code::Usage, message));
        }
        let mut seen = std::collections::HashSet::new();
        for path in paths.iter().map(AsRef::as_ref) {
            let whole =
                std::path::absolute(path).map_err(|cause| Error::io("find", path, cause))?;
            if !seen.insert(whole) {
                let message = format!("two outputs would go to `{}`", path.display());
                return Err(Error::new(ErrorKind::Argument, Code::Usage, message));
            }
        }
        let writers = outputs
            .iter()
            .zip(paths)
            .map(|(output, path)| {
                let OutputInfo { dtype, shape, .. } = output;
                OutputFile::create(path.as_ref(), *dtype, shape, self.grid_of(output), options)
            })
            .collect::<Result<Vec<_>>>()?;
        let destinations = writers.iter().map(Destination::File).collect();
        let (_, stats) = self.evaluate(destinations)?;
        let written = outputs.into_iter().zip(&writers);
        let outputs = written.map(|(output, writer)| OutputInfo {
            shape: writer.final_shape(),
            filtered: false,
            ..output
        });
        let outputs = outputs.collect();
        writers.into_iter().try_for_each(OutputFile::finish)?;
        Ok(Saved { outputs, stats })
    }

    /// The grid of the first operand with an output's shape, if its blocks are neither tiny nor huge.
    fn grid_of(&self, output: &OutputInfo) -> Option<&Grid> {
        let size = output.dtype.size();
        let sound = |grid: &&Grid| {
            let block = grid.block.elems();
            let chunk = grid.chunk.checked_elems().unwrap_or(usize::MAX);
            block >= KEPT_BLOCK_ELEMS
                && block.saturating_mul(size) <= CHUNK_BYTES
                && chunk.saturating_mul(size) <= KEPT_CHUNK_BYTES
        };
        let operands = self.prepared.func.operands.rows().iter();
        let same = operands.filter(|operand| operand.shape == output.shape);
        same.filter_map(|operand| operand.grid.as_ref()).find(sound)
    }

    /// The task as the executor sees it.
    pub(crate) fn task(&self) -> Task<'_, 'a> {
        Task {
            func: &self.prepared.func,
            plan: &self.prepared.plan,
            operands: &self.operands,
            options: &self.options,
        }
    }

    fn zone_maps_ignored(&self) -> Vec<String> {
        let operands = self.prepared.func.operands.rows().iter();
        let arrays = operands.zip(&self.operands);
        let ignored = arrays.filter_map(|(operand, array)| {
            let why = array.ignored_zone_map()?;
            Some(format!("{}: {why}", operand.name))
        });
        ignored.collect()
    }

    fn evaluate(
        &self,
        destinations: Vec<Destination<'_>>,
    ) -> Result<(Vec<Option<Array<'static>>>, Stats)> {
        let started = Instant::now();
        let mut stats = Stats {
            parse: self.parse,
            check: self.check,
            zone_maps_ignored: self.zone_maps_ignored(),
            elements_left_out: self
                .operands
                .iter()
                .filter_map(Array::left_out)
                .map(LeftOut::elements)
                .sum(),
            ..Stats::default()
        };
        let arrays = exec::evaluate(&self.task(), destinations, &mut stats)?;
        stats.total = started.elapsed();
        Ok((arrays, stats))
    }
}

/// Dtype and shape, a question mark for an extent that a filter decides: `float64(?, 3)`.
impl std::fmt::Display for OutputInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shape = self.shape.to_string();
        match (self.filtered, self.shape.first()) {
            (true, Some(most)) => {
                let shape = shape.replacen(&most.to_string(), "?", 1);
                write!(f, "{}{shape}", self.dtype)
            }
            _ => write!(f, "{}{shape}", self.dtype),
        }
    }
}

impl Evaluated {
    /// How many outputs there are.
    pub fn len(&self) -> usize {
        self.arrays.len()
    }

    /// Whether there is none; a program always has at least one.
    pub fn is_empty(&self) -> bool {
        self.arrays.is_empty()
    }

    /// Output `index`.
    ///
    /// # Panics
    /// If there are fewer outputs.
    pub fn array(&self, index: usize) -> &Array<'static> {
        &self.arrays[index]
    }

    /// The output of this name.
    pub fn get(&self, name: &str) -> Option<&Array<'static>> {
        let index = self.names.iter().position(|other| other == name)?;
        self.arrays.get(index)
    }

    /// The first output's element, if it has exactly one.
    pub fn scalar(&self) -> Option<Scalar> {
        let array = self.arrays.first()?;
        if array.shape().elems() != 1 {
            return None;
        }
        Scalar::read(array.dtype(), &array.to_bytes().ok()?)
    }

    /// Names and arrays, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Array<'static>)> {
        self.names.iter().map(String::as_str).zip(&self.arrays)
    }

    /// The arrays, in order.
    pub fn into_arrays(self) -> Vec<Array<'static>> {
        self.arrays
    }

    /// Where time and bytes went.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }
}
