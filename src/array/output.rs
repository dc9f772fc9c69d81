//! In: the elements of a result, box by box. Out: a file of the format that its name asks for, in place when
//! it is complete. Never: the whole result in memory.

use std::path::Path;

use super::npy::NpyWriter;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::store::dataset::{DatasetOptions, DatasetWriter};
use crate::store::write::{ArrayWriter, Extras, Options, grid_for};
use crate::types::{DType, Grid, Shape};

/// How results are written to files of a compressed format.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SaveOptions {
    /// Codec, level, filters.
    pub compression: Options,
    /// Extents of a chunk; by default those of an operand with the result's shape, else of about 4 MiB.
    pub chunk: Option<Shape>,
    /// Extents of a block; by default those of an operand with the result's shape, else of 128 to 256 KiB.
    pub block: Option<Shape>,
    /// Metalayers, attributes, and whether the chunks become files of a folder.
    pub extras: Extras,
}

/// A file that elements are written to, each once, in any order and from several threads. It appears under
/// its name when [`OutputFile::finish`] succeeds, and not before.
#[derive(Debug)]
pub enum OutputFile {
    /// A NumPy array, on its own or in a `.npz` file.
    Npy(NpyWriter),
    /// An n-d array in a Blosc2 frame.
    Frame(Box<ArrayWriter>),
    /// A dataset, or the next version of the one that is there.
    Dataset(Box<DatasetWriter>),
}

impl OutputFile {
    /// Whether files with the name of `path` can be written.
    ///
    /// # Errors
    /// When its extension is none of `.npy`, `.npz`, `.b2nd`, `.b2frame` and `.fbd`.
    pub fn check_name(path: &Path) -> Result<()> {
        Format::of(path).map(|_| ())
    }

    /// Whether Blosc2 frames can have the name of `path`.
    ///
    /// # Errors
    /// When its extension is neither `.b2nd` nor `.b2frame`.
    pub fn check_frame_name(path: &Path) -> Result<()> {
        if matches!(Format::of(path), Ok(Format::Frame)) {
            return Ok(());
        }
        let message = format!("`{}` has not the name of a Blosc2 frame", path.display());
        let error = Error::new(ErrorKind::Unsupported, Code::UnsupportedFile, message);
        Err(error.with_help("give it a name that ends in `.b2nd`"))
    }

    /// Whether `path` has the name of a dataset.
    pub fn is_dataset_name(path: &Path) -> bool {
        matches!(Format::of(path), Ok(Format::Dataset))
    }

    /// Begins the file that will be at `path`, in the format of its extension. `grid` is the one to keep
    /// where `options` do not say.
    ///
    /// # Errors
    /// When the extension is of no format, the system refuses, or the grid does not fit.
    pub fn create(
        path: &Path,
        dtype: DType,
        shape: &Shape,
        grid: Option<&Grid>,
        options: &SaveOptions,
    ) -> Result<Self> {
        match Format::of(path)? {
            Format::Npy => Ok(Self::Npy(NpyWriter::create(path, dtype, shape)?)),
            Format::Npz => Ok(Self::Npy(NpyWriter::create_npz(path, dtype, shape)?)),
            Format::Frame => {
                let (chunk, block) = (options.chunk.as_ref(), options.block.as_ref());
                let kept = grid.filter(|_| chunk.is_none() && block.is_none());
                let grid = match kept {
                    Some(grid) => grid.clone(),
                    None => grid_for(shape, dtype.size(), chunk, block)?,
                };
                let (compression, extras) = (options.compression, options.extras.clone());
                let writer =
                    ArrayWriter::create_with(path, dtype, shape, &grid, compression, extras)?;
                Ok(Self::Frame(Box::new(writer)))
            }
            Format::Dataset => {
                if options.extras.sparse {
                    let message = "a dataset has no sparse frames";
                    let error = Error::new(ErrorKind::Argument, Code::Usage, message);
                    return Err(error.with_path(path).with_help("leave out --sparse"));
                }
                let wished = DatasetOptions {
                    compression: options.compression,
                    chunk: options.chunk.clone(),
                    block: options.block.clone(),
                    slab_rows: None,
                };
                let attributes = &options.extras.vlmetalayers;
                let writer = DatasetWriter::create(path, dtype, shape, grid, &wished, attributes)?;
                Ok(Self::Dataset(Box::new(writer)))
            }
        }
    }

    /// Element type and the extents it was created with.
    pub fn declared(&self) -> (DType, &Shape) {
        match self {
            Self::Npy(writer) => (writer.dtype(), writer.shape()),
            Self::Frame(writer) => (writer.dtype(), writer.shape()),
            Self::Dataset(writer) => (writer.dtype(), writer.shape()),
        }
    }

    /// Whether it takes less memory when elements come in order.
    pub fn wants_order(&self) -> bool {
        match self {
            Self::Npy(_) => false,
            Self::Frame(_) | Self::Dataset(_) => true,
        }
    }

    /// How it is cut into chunks and blocks, where it is.
    pub fn grid(&self) -> Option<&Grid> {
        match self {
            Self::Npy(_) => None,
            Self::Frame(writer) => Some(writer.grid()),
            Self::Dataset(writer) => Some(writer.grid()),
        }
    }

    /// Writes the elements of a box; `bytes` has them in C order, native-endian.
    ///
    /// # Errors
    /// When the system refuses, or the box does not lie inside the array.
    pub fn write(&self, start: &[usize], extent: &[usize], bytes: &[u8]) -> Result<()> {
        match self {
            Self::Npy(writer) => writer.write(start, extent, bytes),
            Self::Frame(writer) => writer.write(start, extent, bytes),
            Self::Dataset(writer) => writer.write(start, extent, bytes),
        }
    }

    /// What takes one value for all elements at once, where this does.
    pub(crate) fn filler(&self) -> Option<&DatasetWriter> {
        match self {
            Self::Npy(_) | Self::Frame(_) => None,
            Self::Dataset(writer) => Some(writer),
        }
    }

    /// Gives the array its first extent, once, when that is known: not larger than that it was created
    /// with.
    ///
    /// # Errors
    /// When the system refuses, or the extent is larger.
    pub fn shorten(&self, extent: usize) -> Result<()> {
        match self {
            Self::Npy(writer) => writer.shorten(extent),
            Self::Frame(writer) => writer.shorten(extent),
            Self::Dataset(writer) => writer.shorten(extent),
        }
    }

    /// The extents that the array has got.
    pub fn final_shape(&self) -> Shape {
        match self {
            Self::Npy(writer) => writer.final_shape(),
            Self::Frame(writer) => writer.final_shape(),
            Self::Dataset(writer) => writer.final_shape(),
        }
    }

    /// Makes the file durable and gives it its name.
    ///
    /// # Errors
    /// When the system refuses, or elements are missing.
    pub fn finish(self) -> Result<()> {
        match self {
            Self::Npy(writer) => writer.finish(),
            Self::Frame(writer) => writer.finish(),
            Self::Dataset(writer) => writer.finish(),
        }
    }
}

/// The extension of datasets.
const DATASET: &str = "fbd";

/// A format that results are written in.
#[derive(Clone, Copy, Debug)]
enum Format {
    Npy,
    Npz,
    Frame,
    Dataset,
}

impl Format {
    fn of(path: &Path) -> Result<Self> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension {
            Some("npy") => Ok(Self::Npy),
            Some("npz") => Ok(Self::Npz),
            Some("b2nd" | "b2frame") => Ok(Self::Frame),
            Some(DATASET) => Ok(Self::Dataset),
            Some(_) | None => {
                let message = format!("`{}` has the name of no format to write", path.display());
                let error = Error::new(ErrorKind::Unsupported, Code::UnsupportedFile, message);
                Err(error.with_help(
                    "give the output a name that ends in `.b2nd`, `.fbd`, `.npy` or `.npz`",
                ))
            }
        }
    }
}
