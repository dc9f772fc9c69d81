//! In: a path. Out: what `fuseblock info` tells about what is there, also where expressions could
//! not compute with it.
//! Never: decoded data, an error for what is merely odd.

mod chunks;
mod dataset;
mod frame;
mod legacy;
mod zip;

use std::fmt;
use std::path::Path;

use super::dtype::{FileDType, Items};
use super::file::{Source, unsupported};
use super::npy::NpyHeader;
use super::open::Opened;
use super::program::ProgramFile;
use super::seal::{SealStatus, Verify};
use super::zone::ZoneMap;
use crate::error::Result;
use crate::types::{DType, Shape};

pub use chunks::{ChunkCodes, ChunkInfo, ChunkKind, CodeCount, SpecialCounts};
pub use dataset::DatasetInfo;
pub use zip::MemberInfo;

/// What kind of file it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// A Blosc2 frame that holds an n-d array.
    B2nd,
    /// A Blosc2 frame without shape.
    Frame,
    /// A NumPy file.
    Npy,
    /// A zip file with arrays in it.
    Zip,
    /// A Bloscpack file.
    Bloscpack,
    /// The directory of a BLZ, carray or bcolz array.
    Rootdir,
    /// The directory of a table of such arrays.
    Table,
    /// The directory of a dataset.
    Dataset,
    /// A program that is computed when it is read.
    Program,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::B2nd => "Blosc2 n-d array",
            Kind::Frame => "Blosc2 super-chunk",
            Kind::Npy => "NumPy array",
            Kind::Zip => "zip file",
            Kind::Bloscpack => "Bloscpack file",
            Kind::Rootdir => "bcolz or BLZ array",
            Kind::Table => "bcolz or BLZ table",
            Kind::Dataset => "dataset",
            Kind::Program => "program, computed when it is read",
        })
    }
}

/// A used filter slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FilterInfo {
    /// Slot number, 0..6: the order of application.
    pub slot: usize,
    /// The filter's id.
    pub id: u8,
    /// The filter's name.
    pub name: String,
    /// Its parameter.
    pub meta: u8,
}

/// How new chunks of a frame are compressed; the chunks that are there may differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compression {
    /// Name of the codec.
    pub codec: String,
    /// Its level, 0 to 9.
    pub level: u8,
    /// `always`, `never`, `auto` or `forward_compat`.
    pub splitmode: &'static str,
    /// Whether chunks get a dictionary.
    pub use_dict: bool,
    /// The filter slots in use.
    pub filters: Vec<FilterInfo>,
}

/// A metalayer: a named piece of data in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// Bytes as stored.
    pub stored: usize,
    /// Bytes of the content.
    pub len: usize,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// The dtype string as the table has it.
    pub dtype: String,
    /// Its shape; the first axis counts rows.
    pub shape: Shape,
}

/// What there is to tell about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// What kind of file it is.
    pub kind: Kind,
    /// How the container is laid out: `contiguous`, `sparse`, or nothing to say.
    pub layout: Option<&'static str>,
    /// Version of the format.
    pub version: Option<u32>,
    /// Bytes of the file, or of all files of the directory that belong to it.
    pub file_bytes: u64,
    /// The dtype string as the file has it.
    pub dtype: Option<String>,
    /// The dtype that expressions compute with; else why they cannot.
    pub computes: Result<DType, String>,
    /// Bytes of an item, where they are known.
    pub itemsize: Option<usize>,
    /// The shape.
    pub shape: Option<Shape>,
    /// The chunk shape.
    pub chunk: Option<Shape>,
    /// The block shape.
    pub block: Option<Shape>,
    /// Number of chunks, where there are any.
    pub chunks: Option<usize>,
    /// Bytes of the elements, without padding.
    pub data_bytes: Option<u64>,
    /// Decoded bytes, padding included.
    pub nbytes: u64,
    /// Stored bytes of the data.
    pub cbytes: u64,
    /// How new chunks are compressed.
    pub compression: Option<Compression>,
    /// How the chunks that are there were compressed: the most frequent first.
    pub codes: Vec<CodeCount>,
    /// Chunks that are stored as they are.
    pub raw: usize,
    /// Chunks of one repeated value.
    pub special: SpecialCounts,
    /// The metalayers of the header.
    pub metalayers: Vec<Layer>,
    /// The variable-length metalayers of the trailer.
    pub vl_metalayers: Vec<Layer>,
    /// What stands behind every chunk, in files that may have something there.
    pub checksum: Option<&'static str>,
    /// What the seal of a frame says about it as a whole; `None` where there cannot be one.
    pub seal: Option<SealStatus>,
    /// Where it is noted what is known of the blocks of an n-d array; `None` where there cannot be a zone map.
    pub zone_map: Option<ZoneMap>,
    /// Every chunk, or the first [`MAX_LISTED_CHUNKS`](crate::limits::MAX_LISTED_CHUNKS), where
    /// that was asked for.
    pub chunk_list: Option<Vec<ChunkInfo>>,
    /// The members of a zip file.
    pub members: Vec<MemberInfo>,
    /// The program and its operands, of a file of one.
    pub program: Option<ProgramFile>,
    /// The columns of a table.
    pub columns: Vec<ColumnInfo>,
    /// What is in a dataset.
    pub dataset: Option<DatasetInfo>,
    /// What is unusual about the file, a sentence each.
    pub oddities: Vec<String>,
}

impl Info {
    /// Decoded bytes per stored byte; `None` where nothing is stored.
    pub fn ratio(&self) -> Option<f64> {
        (self.cbytes > 0).then(|| self.nbytes as f64 / self.cbytes as f64)
    }
}

/// What to look up besides what the headers say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InfoOptions {
    /// List every chunk.
    pub chunks: bool,
}

/// What there is to tell about the file or directory at `path`.
///
/// # Errors
/// When it cannot be read, is of no known kind, or its structure is damaged.
pub fn info(path: impl AsRef<Path>) -> Result<Info> {
    info_with(path, InfoOptions::default())
}

/// As [`info`], and more where `options` ask for it.
///
/// # Errors
/// As [`info`].
pub fn info_with(path: impl AsRef<Path>, options: InfoOptions) -> Result<Info> {
    of(Opened::at(path.as_ref(), Verify::Always)?, options)
}

/// What there is to tell about an open file, or bytes in memory.
///
/// # Errors
/// As [`info`].
pub fn info_of(source: Source) -> Result<Info> {
    of(
        Opened::source(source, Verify::Always)?,
        InfoOptions::default(),
    )
}

fn of(opened: Opened, options: InfoOptions) -> Result<Info> {
    match opened {
        Opened::Frame(frame) => frame::info(&frame, options),
        Opened::Npy(source) => of_npy(&source),
        Opened::Zip(zip) => Ok(zip::info(&zip)),
        Opened::Bloscpack(file) => legacy::bloscpack(&file, options),
        Opened::Rootdir(array) => legacy::rootdir(&array, options),
        Opened::Table(table) => legacy::table(&table),
        Opened::Dataset(root) if options.chunks => {
            let error = unsupported("the chunks of a dataset are those of its files");
            let error = error.with_path(root.path());
            Err(error.with_help("give one of the files in its folder `data`"))
        }
        Opened::Dataset(root) => dataset::info(&root),
        Opened::Program(file, _) => Ok(of_program(*file)),
    }
}

fn of_program(file: ProgramFile) -> Info {
    let bytes = (file.shape.elems() as u64).saturating_mul(file.dtype.size() as u64);
    Info {
        dtype: Some(file.dtype.name().to_string()),
        computes: Ok(file.dtype),
        itemsize: Some(file.dtype.size()),
        shape: Some(file.shape.clone()),
        data_bytes: Some(bytes),
        nbytes: bytes,
        program: Some(file),
        ..Info::blank(Kind::Program, 0)
    }
}

fn of_npy(source: &Source) -> Result<Info> {
    let header = NpyHeader::read(source)?;
    let stored = source.len_bytes() - header.data_start;
    let mut oddities = Vec::new();
    let itemsize = header.dtype.itemsize();
    let data_bytes = header.data_bytes();
    if let Some(data) = data_bytes.filter(|&data| data < stored) {
        oddities.push(format!("{} bytes follow the elements", stored - data));
    }
    let order = match header.fortran_order {
        true => "Fortran order",
        false => "C order",
    };
    Ok(Info {
        layout: Some(order),
        itemsize,
        computes: told(
            header
                .resolve(source, Items::Declared)
                .map(|(format, _)| format.dtype),
        ),
        dtype: Some(header.dtype.text().to_string()),
        shape: Some(header.shape),
        data_bytes,
        nbytes: data_bytes.map_or(stored, |data| data.min(stored)),
        cbytes: data_bytes.map_or(stored, |data| data.min(stored)),
        oddities,
        ..Info::blank(Kind::Npy, source.len_bytes())
    })
}

impl Info {
    /// Nothing known but the kind and the size.
    fn blank(kind: Kind, file_bytes: u64) -> Self {
        Self {
            kind,
            layout: None,
            version: None,
            file_bytes,
            dtype: None,
            computes: Err(String::new()),
            itemsize: None,
            shape: None,
            chunk: None,
            block: None,
            chunks: None,
            data_bytes: None,
            nbytes: 0,
            cbytes: 0,
            compression: None,
            codes: Vec::new(),
            raw: 0,
            special: SpecialCounts::default(),
            metalayers: Vec::new(),
            vl_metalayers: Vec::new(),
            checksum: None,
            seal: None,
            zone_map: None,
            program: None,
            chunk_list: None,
            members: Vec::new(),
            columns: Vec::new(),
            dataset: None,
            oddities: Vec::new(),
        }
    }
}

/// The dtype, or the words of the error.
fn told(found: Result<DType>) -> Result<DType, String> {
    found.map_err(|error| error.message().to_string())
}

/// What expressions compute with where a file declares `dtype` for items of `itemsize` bytes.
fn computes(dtype: &FileDType, itemsize: usize) -> Result<DType, String> {
    told(
        dtype
            .resolve(Items::Declared, itemsize)
            .map(|format| format.dtype),
    )
}
