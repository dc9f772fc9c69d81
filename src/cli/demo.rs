//! In: a size and a folder. Out: compressed arrays there, an expression evaluated over them, a
//! sample of its rows checked against the interpreter, and an account of it all.
//! Never: an array whole in memory.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::array::{Array, DecodeScratch};
use crate::cli::args::{CodecArg, Demo};
use crate::cli::output::Output;
use crate::cli::{plot, print, written};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::exec::{Engine, Stats, bytes_text};
use crate::expr::Expr;
use crate::limits::TILE_MIN_ELEMS;
use crate::math::generate::linspace_at;
use crate::store::write::{ArrayWriter, Options, WriteCodec};
use crate::types::{DType, Grid, Shape};

/// The expression of the Blosc2 slides.
const EXPR: &str = "sum(((a**3 + sin(a*2)) < c) & (b > 0), axis=1)";
/// Blocks of a chunk.
const CHUNK_BLOCKS: usize = 32;
/// Rows checked against the interpreter.
const CHECKED_ROWS: usize = 16;

/// Makes the arrays, evaluates, checks and tells.
pub(super) fn demo(args: &Demo, output: &mut Output) -> Result<()> {
    let n = args.n as usize;
    std::fs::create_dir_all(&args.dir)
        .map_err(|cause| Error::io("make the folder", &args.dir, cause))?;
    let codec = match args.codec {
        CodecArg::Lz4 => WriteCodec::Lz4,
        CodecArg::Zstd => WriteCodec::Zstd,
    };
    print(
        output,
        &format!("Making three float64 arrays in {}:", args.dir.display()),
    )?;
    let square = Shape::new(&[n, n]);
    let arrays = [
        ("a", square.clone(), 0.0, 1.0),
        ("b", square, 1.0, 2.0),
        ("c", Shape::new(&[n]), 0.0, 1.0),
    ];
    let mut operands = Vec::new();
    for (name, shape, start, stop) in &arrays {
        let path = args.dir.join(format!("{name}.b2nd"));
        let took = make(&path, shape, *start, *stop, codec)?;
        describe(name, &path, shape, took, output)?;
        operands.push((*name, Array::open(&path)?));
    }
    let named: Vec<(&str, &Array<'_>)> = operands
        .iter()
        .map(|(name, array)| (*name, array))
        .collect();
    print(output, &format!("\nEvaluating {EXPR}"))?;
    let bound = Expr::new(EXPR)?.bind(&named)?.options(args.run.options());
    let evaluated = bound.run()?;
    tell(evaluated.stats(), n * n, output)?;
    let counts = evaluated.array(0).to_vec::<i64>()?;
    check(&named, &counts)?;
    let rows = CHECKED_ROWS.min(n);
    print(
        output,
        &format!("{rows} of {n} rows computed again by the interpreter: the same to the bit"),
    )?;
    let values: Vec<f64> = counts.iter().map(|&count| count as f64).collect();
    print(output, "\nElements counted in each row, first to last:")?;
    written(write!(output, "{}", plot::line(&values, 60, 8)))?;
    let dir = args.dir.display();
    print(
        output,
        &format!(
            "\nNext: fuseblock eval 'mean(a * c), std(b)' {dir}/a.b2nd {dir}/b.b2nd {dir}/c.b2nd --stats"
        ),
    )
}

/// Writes linspace(start, stop, elements) of `shape` to a compressed file, chunk by chunk.
fn make(path: &Path, shape: &Shape, start: f64, stop: f64, codec: WriteCodec) -> Result<Duration> {
    let started = Instant::now();
    let options = Options {
        codec,
        ..Options::default()
    };
    let writer = ArrayWriter::create(path, DType::Float64, shape, &grid(shape), options)?;
    let last = shape.elems() - 1;
    let step = (stop - start) / last as f64;
    let value = |i: usize| match i == last {
        true => stop,
        false => linspace_at(start, step, i),
    };
    let strides = shape.strides();
    let mut bytes = Vec::new();
    for chunk in 0..writer.chunks() {
        let region = writer.region(chunk);
        bytes.clear();
        // Regions are whole rows of the array or ranges of one, so that each row is a run.
        let (row, rows) = (region.shape[shape.ndim() - 1], region.shape.elems());
        let first: usize = region
            .start
            .iter()
            .zip(&strides)
            .map(|(i, stride)| i * stride)
            .sum();
        let pitch = if shape.ndim() == 2 { shape[1] } else { 0 };
        for i in 0..rows {
            bytes.extend_from_slice(&value(first + (i / row) * pitch + i % row).to_ne_bytes());
        }
        writer.write(&region.start, &region.shape, &bytes)?;
    }
    writer.finish()?;
    Ok(started.elapsed())
}

/// Blocks of whole rows with about as many elements as a tile, chunks of some blocks.
fn grid(shape: &Shape) -> Grid {
    let columns = shape[shape.ndim() - 1].min(TILE_MIN_ELEMS);
    if shape.ndim() == 1 {
        return Grid {
            chunk: Shape::new(&[(columns * CHUNK_BLOCKS).min(shape[0])]),
            block: Shape::new(&[columns]),
        };
    }
    let rows = (TILE_MIN_ELEMS / columns).clamp(1, shape[0]);
    let chunk_rows = (rows * CHUNK_BLOCKS).min(shape[0]);
    Grid {
        chunk: Shape::new(&[chunk_rows, columns]),
        block: Shape::new(&[rows, columns]),
    }
}

fn describe(
    name: &str,
    path: &PathBuf,
    shape: &Shape,
    took: Duration,
    output: &mut Output,
) -> Result<()> {
    let stored = std::fs::metadata(path)
        .map_err(|cause| Error::io("look at", path, cause))?
        .len();
    let raw = shape.elems() * 8;
    let ratio = raw as f64 / stored as f64;
    let stored = bytes_text(usize::try_from(stored).unwrap_or(usize::MAX));
    let line = format!(
        "  {name} {shape}: {} stored in {stored}, ratio {ratio:.1}, {:.2} s",
        bytes_text(raw),
        took.as_secs_f64()
    );
    print(output, &line)
}

/// Says where the time went.
fn tell(stats: &Stats, elems: usize, output: &mut Output) -> Result<()> {
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let threads = stats.threads.max(1) as f64;
    let seconds = stats.total.as_secs_f64().max(1e-9);
    let simd = stats.simd.map_or("interpreter", |level| level.name());
    print(
        output,
        &format!(
            "{:.1} ms on {} threads ({simd}): {:.0} M elements/s, {}/s of array data",
            ms(stats.total),
            stats.threads,
            elems as f64 / seconds / 1e6,
            bytes_text((elems as f64 * 16.0 / seconds) as usize),
        ),
    )?;
    print(
        output,
        &format!(
            "per thread: read {:.1} ms, decode {:.1} ms, unshuffle {:.1} ms, kernel {:.1} ms, combine {:.1} ms; parse, check and compile {:.2} ms",
            ms(stats.read) / threads,
            ms(stats.decode) / threads,
            ms(stats.unshuffle) / threads,
            ms(stats.kernel) / threads,
            ms(stats.combine) / threads,
            ms(stats.parse + stats.check + stats.compile),
        ),
    )?;
    print(
        output,
        &format!(
            "{} blocks decoded, {} of scratch memory",
            stats.blocks_decoded,
            bytes_text(stats.peak_scratch_bytes)
        ),
    )
}

/// Computes some rows again, alone, with the interpreter.
fn check(operands: &[(&str, &Array<'_>)], counts: &[i64]) -> Result<()> {
    let n = counts.len();
    let mut scratch = DecodeScratch::default();
    for sample in 0..CHECKED_ROWS.min(n) {
        let row = sample * (n - 1) / (CHECKED_ROWS.min(n) - 1).max(1);
        let mut rows = Vec::with_capacity(operands.len());
        for (name, array) in operands {
            let ndim = array.shape().ndim();
            let (start, extent) = match ndim {
                1 => (vec![0], vec![n]),
                _ => (vec![row, 0], vec![1, n]),
            };
            let mut bytes = vec![0; n * 8];
            array.read_box(&start, &extent, &mut scratch, &mut bytes)?;
            rows.push((*name, Array::from_bytes(DType::Float64, &extent, bytes)?));
        }
        let named: Vec<(&str, &Array<'_>)> =
            rows.iter().map(|(name, array)| (*name, array)).collect();
        let again = Expr::new(EXPR)?
            .bind(&named)?
            .engine(Engine::Interpreter)
            .run()?;
        let again = again.array(0).to_vec::<i64>()?;
        if again != [counts[row]] {
            let message = format!(
                "row {row}: the kernel counts {}, the interpreter {again:?}",
                counts[row]
            );
            return Err(Error::new(ErrorKind::Internal, Code::Internal, message));
        }
    }
    Ok(())
}
