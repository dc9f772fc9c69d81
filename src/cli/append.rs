//! In: a file and what to append to it. Out: a line for each commit, once it is durable.
//! Never: a row told of that could still be lost.

use std::io::{self, BufRead, Write};
use std::path::Path;

use crate::array::{Array, OutputFile};
use crate::cli::args::Append as Args;
use crate::cli::output::Output;
use crate::cli::{print, printable, written};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::store::edit::ArrayFile;
use crate::store::write::grid_for;
use crate::types::Shape;

/// Appends one array, or those that standard input names.
pub(super) fn append(args: &Args, output: &mut Output) -> Result<()> {
    let mut destination = match args.dest.exists() {
        true => {
            given_for_nothing(args)?;
            Some(ArrayFile::open(&args.dest)?)
        }
        false => None,
    };
    if args.source != "-" {
        return one(args, &mut destination, &args.source, output);
    }
    for line in io::stdin().lock().lines() {
        let line = line.map_err(|cause| Error::io("read", Path::new("<input>"), cause))?;
        if !line.trim().is_empty() {
            one(args, &mut destination, line.trim(), output)?;
        }
    }
    Ok(())
}

/// The grid of a file that is there stays.
fn given_for_nothing(args: &Args) -> Result<()> {
    if args.save.chunks.is_none() && args.save.blocks.is_none() {
        return Ok(());
    }
    let message = "the file is there already, and keeps its chunks and blocks";
    let error = Error::new(ErrorKind::Argument, Code::Usage, message).with_path(&args.dest);
    Err(error.with_help("leave out --chunks and --blocks, or `fuseblock convert` it first"))
}

fn one(
    args: &Args,
    destination: &mut Option<ArrayFile>,
    source: &str,
    output: &mut Output,
) -> Result<()> {
    let array = Array::open_operand(source)?;
    let file = match destination {
        Some(file) => file,
        None => destination.insert(create(args, &array)?),
    };
    array.append_to(file)?;
    file.commit()?;
    let rows = file.shape().first().copied().unwrap_or(0);
    match output.is_json() {
        true => print(output, &format!("{{\"committed\":{rows}}}"))?,
        false => print(output, &format!("committed {rows}"))?,
    }
    written(output.flush())?;
    // Many small appends leave many dead chunks behind. What was appended is durable with them, too.
    if file.is_mostly_dead()
        && let Err(error) = file.compact()
    {
        let note = format!("note: the file was not compacted: {error}");
        written(writeln!(io::stderr(), "{}", printable(&note)))?;
    }
    Ok(())
}

/// A new file for arrays like this one.
fn create(args: &Args, array: &Array<'_>) -> Result<ArrayFile> {
    OutputFile::check_frame_name(&args.dest)?;
    let mut extents = array.shape().to_vec();
    let Some(first) = extents.first_mut() else {
        let message = "a value without axes cannot be appended";
        let error = Error::new(ErrorKind::Argument, Code::WriteFailed, message);
        return Err(error.with_path(Path::new(&args.source)));
    };
    *first = 0;
    let (shape, options) = (Shape::from(extents), args.save.options(false));
    let (chunk, block) = (options.chunk.as_ref(), options.block.as_ref());
    let grid = grid_for(&shape, array.dtype().size(), chunk, block)?;
    let compression = options.compression;
    ArrayFile::open_or_create(&args.dest, array.dtype(), &shape, &grid, compression)
}
