//! In: `simd=off,avx2 threads=1,2 ...`. Out: every way to run that it names, and that they agree.
//! Never: a SIMD level that is silently left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

use fuseblock::diag::Code;
use fuseblock::{Bound, Engine, Error, ErrorKind, Expr, Options, Scalar, SimdLevel};

use crate::Outcome;
use crate::case::Case;
use crate::operands::Opened;

/// How operands are stored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Codec {
    /// In memory.
    None,
    Npy,
    Lz4,
    Lz4Hc,
    Zstd,
}

/// Chunks and blocks of the operands that have them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Cells {
    /// As the file says.
    Given,
    /// One element each.
    One,
    /// Chunks of 5, blocks of 3: neither divides anything.
    Odd,
    /// The whole array.
    Exact,
    /// More than the array.
    Larger,
}

/// One way to run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    /// `None` is the widest level of the machine.
    simd: Option<SimdLevel>,
    threads: usize,
    engine: Engine,
    pub(crate) codec: Codec,
    pub(crate) cells: Cells,
}

/// Levels that this machine lacks, and in how many runs.
static SKIPPED: Mutex<BTreeMap<SimdLevel, usize>> = Mutex::new(BTreeMap::new());

/// What to say about the levels that were not tried.
pub(crate) fn skipped() -> Vec<String> {
    let levels = SKIPPED.lock().unwrap_or_else(PoisonError::into_inner);
    let note = |(level, runs): (&SimdLevel, &usize)| {
        format!("SKIPPED: this machine has no {level}; {runs} runs went without it")
    };
    levels.iter().map(note).collect()
}

/// The ways that `text` names; what it does not name is one thread, LZ4, the JIT, the widest SIMD
/// level and the grid as given.
pub(crate) fn ways(text: &str) -> Outcome<Vec<Way>> {
    let mut simd = vec![None];
    let mut threads = vec![1];
    let mut engines = vec![Engine::Jit];
    let mut codecs = vec![Codec::Lz4];
    let mut grids = vec![Cells::Given];
    for word in text.split_whitespace() {
        let (key, values) = word
            .split_once('=')
            .ok_or(format!("`{word}` is no `key=values`"))?;
        match key {
            "simd" => simd = each(values, |name| SimdLevel::from_name(name).map(Some))?,
            "threads" => threads = each(values, |count| count.parse().ok())?,
            "engine" => engines = each(values, engine)?,
            "codec" => codecs = each(values, codec)?,
            "grid" => grids = each(values, cells)?,
            _ => return Err(format!("the matrix has no axis `{key}`")),
        }
    }
    let lacking = simd.iter().flatten().filter(|level| !level.is_available());
    for level in lacking {
        let mut levels = SKIPPED.lock().unwrap_or_else(PoisonError::into_inner);
        *levels.entry(*level).or_default() += 1;
    }
    simd.retain(|level| level.is_none_or(SimdLevel::is_available));
    let mut ways = Vec::new();
    for &codec in &codecs {
        let grids = if matches!(codec, Codec::None | Codec::Npy) {
            &grids[..1]
        } else {
            &grids
        };
        for &cells in grids {
            for &engine in &engines {
                // The interpreter knows no SIMD.
                let simd = if engine == Engine::Interpreter {
                    &[None][..]
                } else {
                    &simd
                };
                for &simd in simd {
                    ways.extend(threads.iter().map(|&threads| Way {
                        simd,
                        threads,
                        engine,
                        codec,
                        cells,
                    }));
                }
            }
        }
    }
    match ways.is_empty() {
        true => Err("no SIMD level of the matrix is available here; add `off`".to_string()),
        false => Ok(ways),
    }
}

fn each<T>(values: &str, read: impl Fn(&str) -> Option<T>) -> Outcome<Vec<T>> {
    let values = values.split(',');
    values
        .map(|value| read(value).ok_or(format!("the matrix has no value `{value}`")))
        .collect()
}

fn engine(name: &str) -> Option<Engine> {
    match name {
        "auto" => Some(Engine::Auto),
        "jit" => Some(Engine::Jit),
        "interpreter" => Some(Engine::Interpreter),
        _ => None,
    }
}

fn codec(name: &str) -> Option<Codec> {
    Some(match name {
        "none" => Codec::None,
        "npy" => Codec::Npy,
        "lz4" => Codec::Lz4,
        "lz4hc" => Codec::Lz4Hc,
        "zstd" => Codec::Zstd,
        _ => return None,
    })
}

fn cells(name: &str) -> Option<Cells> {
    Some(match name {
        "given" => Cells::Given,
        "1" => Cells::One,
        "odd" => Cells::Odd,
        "exact" => Cells::Exact,
        "larger" => Cells::Larger,
        _ => return None,
    })
}

impl Way {
    fn options(self) -> Options {
        Options {
            simd: self.simd,
            threads: Some(self.threads),
            engine: self.engine,
            ..Options::default()
        }
    }
}

/// What `show` gives for the case, run in every way of `matrix`: one text, on which all agree.
pub(crate) fn agree(
    case: &Case,
    matrix: &str,
    show: impl Fn(&Opened, Way, Result<Bound<'_>, Error>) -> Outcome<String>,
) -> Outcome<String> {
    let mut first: Option<(Way, String)> = None;
    let mut opened: Option<(Way, Opened)> = None;
    let mut disagreeing = BTreeSet::new();
    let mut report = String::new();
    for way in ways(matrix)? {
        let (codec, cells) = (way.codec, way.cells);
        let current = match opened.take() {
            Some((as_way, current)) if (as_way.codec, as_way.cells) == (codec, cells) => current,
            _ => Opened::new(case, codec, cells)?,
        };
        let text = show(&current, way, bind(case, &current, way))?;
        opened = Some((way, current));
        let (reference, pinned) = first.get_or_insert_with(|| (way, text.clone()));
        if text != *pinned && disagreeing.insert(text.clone()) {
            let _ = write!(report, "{reference:?}\n{pinned}\nbut {way:?}\n{text}\n");
        }
    }
    match first {
        Some((_, text)) if report.is_empty() => Ok(text),
        _ => Err(report),
    }
}

/// The program with its operands.
fn bind(case: &Case, opened: &Opened, way: Way) -> Result<Bound<'static>, Error> {
    let bound = opened.with(|operands| Expr::new(&case.program)?.bind(operands))?;
    Ok(bound.options(way.options()))
}

/// `name: dtype(shape) = values`, one line an output.
pub(crate) fn results(way: Way, bound: &Bound<'_>) -> Result<String, Error> {
    let evaluated = bound.run()?;
    let stats = evaluated.stats();
    if way.engine == Engine::Jit && stats.passes > 0 && stats.simd.is_none() {
        let message = "no kernel was compiled: the interpreter computed all of it";
        return Err(Error::new(ErrorKind::Internal, Code::Internal, message));
    }
    let lines = evaluated.iter().map(|(name, array)| {
        let bytes = array.to_bytes()?;
        let values = bytes.chunks(array.dtype().size()).map(|item| {
            Scalar::read(array.dtype(), item).map_or(String::new(), |value| value.to_string())
        });
        let values: Vec<String> = values.collect();
        let (dtype, shape) = (array.dtype(), array.shape());
        Ok(format!(
            "{name}: {dtype}{shape} = {}",
            nested(shape, &values)
        ))
    });
    Ok(lines.collect::<Result<Vec<_>, Error>>()?.join("\n"))
}

/// Values in brackets, one pair an axis.
fn nested(shape: &[usize], values: &[String]) -> String {
    let Some((&extent, inner)) = shape.split_first() else {
        return values.concat();
    };
    let step = inner.iter().product::<usize>();
    let rows: Vec<String> = (0..extent)
        .map(|row| {
            nested(
                inner,
                values.get(row * step..(row + 1) * step).unwrap_or(&[]),
            )
        })
        .collect();
    format!("[{}]", rows.join(" "))
}
