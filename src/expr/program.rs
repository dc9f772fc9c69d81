//! In: a program and its operands, or the file of one. Out: an array that is computed when it is read; and that file.
//! Never: a file followed out of the program's directory unless the caller allows it.

use std::any::Any;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Weak};

use super::Expr;
use crate::array::{Array, Blocks, DecodeScratch, Lazy, OpenOptions};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::source::Source;
use crate::store::Opened;
use crate::store::boxes::{Strided, copy_box, dense_strides};
use crate::store::pending::PendingFile;
use crate::store::program::{ProgramFile, ProgramOperand};
use crate::store::write::grid_for;
use crate::syntax::ast::{Ast, NodeId, Statement};
use crate::types::{DType, Grid, Scalar, Shape};

/// An array that is computed when it is read.
#[derive(Debug)]
pub(super) struct Program {
    source: Arc<Source>,
    ast: Arc<Ast>,
    /// What it is of the text.
    output: NodeId,
    operands: Vec<(String, Array<'static>)>,
    dtype: DType,
    shape: Shape,
    grid: Grid,
    /// Itself, to be an operand.
    me: Weak<Program>,
}

impl Program {
    /// What computes an array, if it is computed when it is read.
    pub(super) fn of<'p>(array: &'p Array<'_>) -> Option<&'p Program> {
        array.as_computed()?.downcast_ref()
    }

    /// Its text.
    pub(super) fn text(&self) -> &str {
        self.source.text()
    }

    /// What it is computed from.
    pub(super) fn operands(&self) -> impl Iterator<Item = (&str, &Array<'static>)> {
        let each = self.operands.iter();
        each.map(|(name, array)| (name.as_str(), array))
    }

    /// Its tree, and the node of it that the array is.
    pub(super) fn tree(&self) -> (&Arc<Source>, &Arc<Ast>, NodeId) {
        (&self.source, &self.ast, self.output)
    }

    /// The array that a program computes from these operands; it has to be of this dtype and shape.
    fn array(
        text: &str,
        operands: Vec<(String, Array<'static>)>,
        declared: Option<(DType, &Shape)>,
    ) -> Result<Array<'static>> {
        let expr = Expr::from_source(Source::new("<program>", text))?;
        // Whether what is left out of operands can be left out is for the program that reads this one.
        let each = operands.iter();
        let whole: Vec<(&str, Array<'_>)> = each
            .map(|(name, array)| (name.as_str(), array.as_if_whole()))
            .collect();
        let given: Vec<(&str, &Array<'_>)> =
            whole.iter().map(|(name, array)| (*name, array)).collect();
        let bound = expr.bind(&given)?;
        let mut outputs = bound.outputs();
        let (first, more) = (outputs.next(), outputs.len());
        let Some(info) = first.filter(|info| more == 0 && !info.filtered) else {
            return Err(refused(
                "has to have one output, and no filter that decides its extent",
            ));
        };
        if let Some((dtype, shape)) = declared
            && (dtype, shape) != (info.dtype, &info.shape)
        {
            let message = format!(
                "the program gives {}{}, but its file says {dtype}{shape}",
                info.dtype, info.shape
            );
            return Err(Error::new(ErrorKind::Corrupt, Code::BadProgram, message));
        }
        let output = match expr.ast.statements.last() {
            Some(Statement::Outputs(roots)) if roots.len() == 1 => roots[0],
            Some(Statement::Bind { value, .. }) => *value,
            Some(Statement::Outputs(_) | Statement::Error(_)) | None => {
                return Err(refused("has to have one output"));
            }
        };
        let grid = match bound.grid_of(&info) {
            Some(grid) => grid.clone(),
            None => grid_for(&info.shape, info.dtype.size(), None, None)?,
        };
        let (dtype, shape) = (info.dtype, info.shape.clone());
        let program = Arc::new_cyclic(|me| Program {
            source: Arc::new(expr.source.clone()),
            ast: Arc::clone(&expr.ast),
            output,
            operands,
            dtype,
            shape: shape.clone(),
            grid,
            me: Weak::clone(me),
        });
        Ok(Array::computed(dtype, shape, program))
    }
}

fn refused(why: &str) -> Error {
    let message = format!("a program that is an array {why}");
    Error::new(ErrorKind::Argument, Code::Usage, message)
}

impl Lazy for Program {
    fn grid(&self) -> &Grid {
        &self.grid
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Blocks for Program {
    /// Computes what the block has of the array, on this thread alone.
    fn decode(
        &self,
        chunk: usize,
        block: usize,
        _: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        dst.fill(0);
        let (start, extent) = self.grid.block_box(&self.shape, chunk, block);
        if extent.contains(&0) {
            return Ok(());
        }
        // OK because whoever decodes a block holds the array.
        let Some(me) = self.me.upgrade() else {
            return Err(refused("is gone"));
        };
        let array = Array::computed(self.dtype, self.shape.clone(), me);
        let axes = start.iter().zip(&extent);
        let slices: Vec<String> = axes
            .map(|(start, extent)| format!("{start}:{}", start + extent))
            .collect();
        let text = match slices.is_empty() {
            true => "view".to_string(),
            false => format!("view[{}]", slices.join(", ")),
        };
        let bound = Expr::new(&text)?.bind(&[("view", &array)])?;
        let bytes = bound.threads(1).run()?.array(0).to_bytes()?;
        let item = self.dtype.size();
        let (from, to) = (
            dense_strides(&extent, item),
            dense_strides(&self.grid.block, item),
        );
        let at = |strides| Strided { offset: 0, strides };
        copy_box(item, &extent, &bytes, at(&from), dst, at(&to));
        Ok(())
    }

    fn constant(&self, _: usize, _: &mut DecodeScratch) -> Result<Option<Scalar>> {
        Ok(None)
    }
}

/// How files are opened that are anything: those of programs, too.
impl Default for OpenOptions {
    fn default() -> Self {
        Self::with_programs(open)
    }
}

/// The array that a program file is, of which `folder` is the directory.
fn open(file: ProgramFile, folder: Option<&Path>, options: &OpenOptions) -> Result<Array<'static>> {
    let program = options.for_operand()?;
    let mut operands = Vec::with_capacity(file.operands.len());
    for ProgramOperand {
        name,
        dtype,
        shape,
        place,
    } in &file.operands
    {
        let text = located(place, folder, options)?;
        let context = || format!("opening `{name}` of a program");
        let array = program
            .counted()?
            .open_operand(&text)
            .map_err(|error| error.context(context()))?;
        if (array.dtype(), array.shape()) != (*dtype, shape) {
            let message = format!(
                "`{name}` is {}{} in {text}, but {dtype}{shape} in the program",
                array.dtype(),
                array.shape()
            );
            let error = Error::new(ErrorKind::Corrupt, Code::BadProgram, message);
            return Err(error.with_help("write the program again: fuseblock view"));
        }
        operands.push((name.clone(), array));
    }
    Program::array(&file.text, operands, Some((file.dtype, &file.shape)))
}

/// The text of an operand, from where this process is.
fn located(place: &str, folder: Option<&Path>, options: &OpenOptions) -> Result<String> {
    let outside = || {
        let message = format!("the program names `{place}`, which is outside of its directory");
        Error::new(ErrorKind::Argument, Code::BadProgram, message)
            .with_help("if you trust the program: --allow-outside")
    };
    let Some(folder) = folder else {
        let message = format!("the program names `{place}`, but it is in no directory itself");
        return Err(Error::new(ErrorKind::Argument, Code::BadProgram, message));
    };
    let whole = folder.join(place);
    if !options.allows_outside() {
        let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        if !Path::new(place).components().all(plain) {
            return Err(outside());
        }
        // Links may lead anywhere.
        let existing = existing(&whole);
        if let (Ok(home), Some(Ok(found))) = (
            here(folder).canonicalize(),
            existing.map(|path| path.canonicalize()),
        ) && !found.starts_with(home)
        {
            return Err(outside());
        }
    }
    let text = whole.to_str().map(str::to_string);
    text.ok_or_else(|| {
        let message = "the path of an operand of a program has to be text in UTF-8";
        Error::new(ErrorKind::Argument, Code::BadProgram, message)
    })
}

/// The path of a folder that may be the current one.
fn here(folder: &Path) -> &Path {
    match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    }
}

/// The part of the text of an operand that is a path where something is.
fn existing(text: &Path) -> Option<PathBuf> {
    if Opened::is_at(text) {
        return Some(text.to_path_buf());
    }
    Array::operand_path(text.to_str()?).map(Path::to_path_buf)
}

/// Writes a program with its operands to a file, which opens like an array and is computed when it is read. Of each
/// operand `texts` has what the command line takes, a path with perhaps a member or dtype behind it; those in the file's
/// directory are named from there, others only if `allow_outside`. Says what the array is.
///
/// # Errors
/// When the program does not fit its operands, has several outputs or a filtered one; when an operand is outside of the
/// file's directory; and when the system refuses.
pub fn save_program(
    path: impl AsRef<Path>,
    program: &str,
    texts: &[(String, String)],
    opening: &OpenOptions,
) -> Result<Array<'static>> {
    let path = path.as_ref();
    let mut operands = Vec::with_capacity(texts.len());
    for (name, text) in texts {
        operands.push((name.clone(), opening.open_operand(text)?));
    }
    let array = Program::array(program, operands, None)?;
    let folder = here(path.parent().unwrap_or(Path::new("")));
    let home = folder
        .canonicalize()
        .map_err(|cause| Error::io("find", folder, cause))?;
    let named = Program::of(&array).map(|program| program.operands().collect::<Vec<_>>());
    let mut listed = Vec::with_capacity(texts.len());
    for ((name, array), (_, text)) in named.unwrap_or_default().into_iter().zip(texts) {
        listed.push(ProgramOperand {
            name: name.to_string(),
            dtype: array.dtype(),
            shape: array.shape().clone(),
            place: place(text, &home, opening)?,
        });
    }
    let file = ProgramFile {
        operands: listed,
        dtype: array.dtype(),
        shape: array.shape().clone(),
        text: program.to_string(),
    };
    let printed = file.print()?;
    // What is read back is what was meant.
    ProgramFile::parse(printed.as_bytes())?;
    let pending = PendingFile::create(path)?;
    pending.write_at(0, printed.as_bytes())?;
    pending.finish()?;
    Ok(array)
}

/// An operand's text as a file in `home` has it.
fn place(text: &str, home: &Path, opening: &OpenOptions) -> Result<String> {
    let found = existing(Path::new(text)).unwrap_or_else(|| PathBuf::from(text));
    let behind = &text[found.as_os_str().len().min(text.len())..];
    let whole = found
        .canonicalize()
        .map_err(|cause| Error::io("find", &found, cause))?;
    let written = match whole.strip_prefix(home) {
        Ok(inside) => inside.to_path_buf(),
        Err(_) if opening.allows_outside() => whole,
        Err(_) => {
            let message = format!("`{text}` is outside of the directory of the program file");
            let error = Error::new(ErrorKind::Argument, Code::BadProgram, message);
            return Err(error.with_help(
                "write the file beside its operands, or with --allow-outside, which is asked for again when it is read",
            ));
        }
    };
    let written = written.to_str().map(str::to_string).ok_or_else(|| {
        let message = format!("the path of `{text}` is no text in UTF-8");
        Error::new(ErrorKind::Argument, Code::BadProgram, message)
    })?;
    Ok(written + behind)
}
