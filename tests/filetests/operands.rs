//! In: the operands of a file, a codec and a grid. Out: arrays, in memory or in files of their own,
//! damaged as the file asks. Never: a file outside of the scratch folder that is written.

use std::path::{Path, PathBuf};

use fuseblock::array::npy::NpyWriter;
use fuseblock::store::write::{Options, WriteCodec, write_frame};
use fuseblock::types::Grid;
use fuseblock::{Array, DType, Error, Scalar, Shape};

use crate::Outcome;
use crate::case::{Case, Contents, Damage, Given};
use crate::matrix::{Cells, Codec};

/// The operands of a case under one codec and one grid; files live as long as this does.
#[derive(Debug)]
pub(crate) struct Opened {
    /// Names and arrays, or why one could not be opened.
    arrays: Result<Vec<(String, Array<'static>)>, Error>,
    folder: tempfile::TempDir,
    root: PathBuf,
}

impl Opened {
    pub(crate) fn new(case: &Case, codec: Codec, cells: Cells) -> Outcome<Opened> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut arrays = Ok(Vec::new());
        for given in &case.givens {
            let place = place(case, given, codec, cells, folder.path())?;
            let Ok(list) = &mut arrays else {
                break;
            };
            let opened = match place {
                Placed::Array(array) => Ok(array),
                Placed::Path(path) => Array::open_operand(&path.to_string_lossy()),
            };
            match opened {
                Ok(array) => list.push((given.name.clone(), array)),
                Err(error) => arrays = Err(error),
            }
        }
        Ok(Opened {
            arrays,
            folder,
            root: case.root.clone(),
        })
    }

    /// Calls `work` with the operands, unless one could not be opened.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&[(&str, &Array<'static>)]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match &self.arrays {
            Ok(arrays) => {
                let operands = arrays.iter().map(|(name, array)| (name.as_str(), array));
                work(&operands.collect::<Vec<_>>())
            }
            // Errors are not cloned.
            Err(error) => Err(Error::new(error.kind(), error.code(), error.to_string())),
        }
    }

    /// A message with paths as the file gives them.
    pub(crate) fn plain(&self, message: &str) -> String {
        let folders = [self.folder.path(), &self.root];
        folders.iter().fold(message.to_string(), |message, folder| {
            message.replace(&format!("{}/", folder.display()), "")
        })
    }
}

/// Where an operand is.
enum Placed {
    Array(Array<'static>),
    Path(PathBuf),
}

fn place(case: &Case, given: &Given, codec: Codec, cells: Cells, folder: &Path) -> Outcome<Placed> {
    let path = match &given.contents {
        Contents::File(file) => {
            let original = case.root.join(file);
            if !original.is_file() {
                return Ok(Placed::Path(original));
            }
            let path = folder.join(original.file_name().ok_or("a path without a file")?);
            std::fs::copy(&original, &path).map_err(|error| error.to_string())?;
            path
        }
        Contents::Values {
            dtype,
            shape,
            grid,
            text,
        } => {
            let bytes = bytes(*dtype, shape.elems(), text)
                .map_err(|message| format!("operand {}: {message}", given.name))?;
            match written(
                &given.name,
                *dtype,
                shape,
                grid.as_ref(),
                codec,
                cells,
                &bytes,
                folder,
            ) {
                Some(path) => path.map_err(|error| format!("{error:?}"))?,
                None => {
                    let array = Array::from_bytes(*dtype, shape, bytes);
                    return array
                        .map(Placed::Array)
                        .map_err(|error| format!("{error:?}"));
                }
            }
        }
    };
    damage(&path, &given.damage)?;
    Ok(Placed::Path(path))
}

/// Writes an operand to a file, unless it stays in memory.
#[expect(
    clippy::too_many_arguments,
    reason = "all there is to say about a file"
)]
fn written(
    name: &str,
    dtype: DType,
    shape: &Shape,
    grid: Option<&(Shape, Shape)>,
    codec: Codec,
    cells: Cells,
    bytes: &[u8],
    folder: &Path,
) -> Option<Result<PathBuf, Error>> {
    let compressed = |codec: WriteCodec| {
        let path = folder.join(format!("{name}.b2nd"));
        let (chunk, block) = grid?;
        let grid = cells.grid(shape, chunk, block);
        let options = Options {
            codec,
            ..Options::default()
        };
        let written = write_frame(&path, dtype, shape, &grid, options, bytes);
        Some(written.map(|()| path))
    };
    match codec {
        Codec::None => None,
        Codec::Lz4 => compressed(WriteCodec::Lz4),
        Codec::Lz4Hc => compressed(WriteCodec::Lz4Hc),
        Codec::Zstd => compressed(WriteCodec::Zstd),
        Codec::Npy => {
            let path = folder.join(format!("{name}.npy"));
            let written = NpyWriter::create(&path, dtype, shape).and_then(|writer| {
                writer.write_at(0, bytes)?;
                writer.finish()
            });
            Some(written.map(|()| path))
        }
    }
}

impl Cells {
    /// The grid of an array whose own chunk and block are these.
    fn grid(self, shape: &Shape, chunk: &Shape, block: &Shape) -> Grid {
        let all = |extent: fn(usize) -> usize| {
            Shape::from(
                shape
                    .iter()
                    .map(|&axis| extent(axis.max(1)))
                    .collect::<Vec<_>>(),
            )
        };
        let (chunk, block) = match self {
            Cells::Given => (chunk.clone(), block.clone()),
            Cells::One => (all(|_| 1), all(|_| 1)),
            Cells::Odd => (all(|axis| axis.min(5)), all(|axis| axis.min(3))),
            Cells::Exact => (all(|axis| axis), all(|axis| axis)),
            Cells::Larger => (all(|axis| axis + 3), all(|axis| axis + 2)),
        };
        Grid { chunk, block }
    }
}

fn damage(path: &Path, list: &[Damage]) -> Outcome<()> {
    if list.is_empty() {
        return Ok(());
    }
    let mut bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    for &damage in list {
        let (Damage::Flip(place) | Damage::Cut(place) | Damage::Set(place, _)) = damage;
        let len = bytes.len() as i64;
        let at = usize::try_from(if place < 0 { len + place } else { place });
        let at = at.ok().filter(|at| *at < bytes.len());
        let at = at.ok_or(format!("{damage:?} of a file of {len} bytes"))?;
        match damage {
            Damage::Flip(_) => bytes[at] ^= 0xff,
            Damage::Cut(_) => bytes.truncate(at),
            Damage::Set(_, byte) => bytes[at] = byte,
        }
    }
    std::fs::write(path, bytes).map_err(|error| error.to_string())
}

/// Elements as the file gives them, in memory form.
fn bytes(dtype: DType, elems: usize, text: &str) -> Outcome<Vec<u8>> {
    let call = text.strip_suffix(')').and_then(|text| text.split_once('('));
    let (form, words) = call.unwrap_or(("", text));
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut bytes = Vec::with_capacity(elems * dtype.size());
    for index in 0..elems {
        let value = match (form, words.as_slice()) {
            ("", all) if all.len() == elems => scalar(dtype, all[index])?,
            ("cycle" | "fill", all) if !all.is_empty() => scalar(dtype, all[index % all.len()])?,
            ("range", [start, step]) => ranged(dtype, start, step, index)?,
            ("linspace", [first, last]) => spaced(dtype, first, last, index, elems)?,
            _ => return Err(format!("`{text}` is not {elems} elements")),
        };
        value.write(&mut bytes);
    }
    Ok(bytes)
}

fn scalar(dtype: DType, text: &str) -> Outcome<Scalar> {
    let whole = |text: &str| match text {
        "True" => Some(1),
        "False" => Some(0),
        _ => text.parse().ok(),
    };
    let value = if dtype == DType::Float32 {
        // Not by way of float64, which would round twice.
        text.parse().ok().map(Scalar::Float32)
    } else if dtype.is_float() {
        text.parse().ok().map(Scalar::Float64)
    } else {
        whole(text).and_then(|value| Scalar::from_i128(dtype, value))
    };
    value.ok_or(format!("`{text}` is no {dtype}"))
}

/// `start + index * step`
fn ranged(dtype: DType, start: &str, step: &str, index: usize) -> Outcome<Scalar> {
    if dtype.is_float() {
        let value = real(start)? + index as f64 * real(step)?;
        return Ok(float(dtype, value));
    }
    let whole = |text: &str| {
        text.parse::<i128>()
            .map_err(|_| format!("`{text}` is no integer"))
    };
    let value = whole(start)? + index as i128 * whole(step)?;
    Scalar::from_i128(dtype, value).ok_or(format!("{value} is no {dtype}"))
}

/// Evenly from `first` to `last`, in float64.
fn spaced(dtype: DType, first: &str, last: &str, index: usize, elems: usize) -> Outcome<Scalar> {
    let (first, last) = (real(first)?, real(last)?);
    let steps = elems.saturating_sub(1).max(1) as f64;
    let value = first + (last - first) * (index as f64 / steps);
    match dtype.is_float() {
        true => Ok(float(dtype, value)),
        false => Err(format!("linspace is no {dtype}")),
    }
}

fn real(text: &str) -> Outcome<f64> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

fn float(dtype: DType, value: f64) -> Scalar {
    if dtype == DType::Float32 {
        Scalar::Float32(value as f32)
    } else {
        Scalar::Float64(value)
    }
}
