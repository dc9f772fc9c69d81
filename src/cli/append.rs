//! In: a file or a dataset, and what to append to it. Out: a line for each commit, once it is durable.
//! Never: a row told of that could still be lost.

use std::io::{self, BufRead, Write};
use std::path::Path;

use crate::array::{Array, OutputFile};
use crate::cli::args::Append as Args;
use crate::cli::output::Output;
use crate::cli::{print, printable, written};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::store::dataset::{Dataset, DatasetOptions, Root};
use crate::store::edit::ArrayFile;
use crate::store::write::grid_for;
use crate::types::{Scalar, Shape};

/// Appends one array, or those that standard input names.
pub(super) fn append(args: &Args, output: &mut Output) -> Result<()> {
    let there = args.dest.exists();
    if there {
        given_for_nothing(args)?;
    }
    let mut destination = match (there, is_dataset(&args.dest)) {
        (true, true) => Some(Destination::Dataset(Box::new(Dataset::open(&args.dest)?))),
        (true, false) => Some(Destination::File(Box::new(ArrayFile::open(&args.dest)?))),
        (false, _) => None,
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

/// Elements of the chunks of an array that a dataset is made with, too: those of others are chosen anew.
const MAX_KEPT_ELEMS: usize = 1 << 24;

/// What grows.
enum Destination {
    File(Box<ArrayFile>),
    Dataset(Box<Dataset>),
}

/// Whether a dataset is at the path, or one would be written to it.
fn is_dataset(path: &Path) -> bool {
    match path.exists() {
        true => Root::is_dataset(path),
        false => OutputFile::is_dataset_name(path),
    }
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
    destination: &mut Option<Destination>,
    source: &str,
    output: &mut Output,
) -> Result<()> {
    let array = Array::open_operand(source)?;
    let destination = match destination {
        Some(destination) => destination,
        None => destination.insert(create(args, &array)?),
    };
    match destination {
        Destination::File(file) => to_file(&array, file, output),
        Destination::Dataset(dataset) => to_dataset(&array, source, dataset, output),
    }
}

fn to_file(array: &Array<'_>, file: &mut ArrayFile, output: &mut Output) -> Result<()> {
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

fn to_dataset(
    array: &Array<'_>,
    source: &str,
    dataset: &mut Dataset,
    output: &mut Output,
) -> Result<()> {
    let adopted = dataset.adopt(source)?;
    if !adopted {
        array.append_to_dataset(dataset)?;
    }
    let version = dataset.commit()?;
    let rows = dataset.shape().first().copied().unwrap_or(0);
    let line = match output.is_json() {
        true => format!("{{\"committed\":{rows},\"version\":{version},\"adopted\":{adopted}}}"),
        false => format!("committed {rows}"),
    };
    print(output, &line)?;
    written(output.flush())
}

/// A new file or dataset for arrays like this one.
fn create(args: &Args, array: &Array<'_>) -> Result<Destination> {
    let dataset = OutputFile::is_dataset_name(&args.dest);
    if !dataset {
        OutputFile::check_frame_name(&args.dest)?;
    }
    let mut extents = array.shape().to_vec();
    let Some(first) = extents.first_mut() else {
        let message = "a value without axes cannot be appended";
        let error = Error::new(ErrorKind::Argument, Code::WriteFailed, message);
        return Err(error.with_path(Path::new(&args.source)));
    };
    *first = 0;
    let (shape, options) = (Shape::from(extents), args.save.options(false));
    let (chunk, block) = (options.chunk.as_ref(), options.block.as_ref());
    let compression = options.compression;
    if !dataset {
        let grid = grid_for(&shape, array.dtype().size(), chunk, block)?;
        let file =
            ArrayFile::open_or_create(&args.dest, array.dtype(), &shape, &grid, compression)?;
        return Ok(Destination::File(Box::new(file)));
    }
    // The grid of what is appended, so that files with it can be taken as they are.
    let chosen = chunk.is_some() || block.is_some();
    let kept = array.grid().filter(|grid| {
        let elems = grid.chunk.checked_elems().unwrap_or(usize::MAX);
        !chosen && (1..=MAX_KEPT_ELEMS).contains(&elems)
    });
    let options = DatasetOptions {
        compression,
        chunk: kept.map(|grid| grid.chunk.clone()).or(options.chunk),
        block: kept.map(|grid| grid.block.clone()).or(options.block),
        slab_rows: None,
    };
    let (path, dtype) = (&args.dest, array.dtype());
    let zero = Scalar::from_bits(dtype, 0);
    let made = Dataset::create(path, dtype, &shape, zero, &options);
    // Somebody else may have been faster.
    let dataset = made.or_else(|error| match path.exists() {
        true => Dataset::open(path),
        false => Err(error),
    })?;
    Ok(Destination::Dataset(Box::new(dataset)))
}
