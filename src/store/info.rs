//! In: a path. Out: what `fuseblock info` tells about the file, also where expressions could not
//! compute with it.
//! Never: decoded data, an error for what is merely odd.

use std::fmt;
use std::path::Path;

use super::chunk::{self, Special};
use super::dtype::Items;
use super::file::Source;
use super::frame::{Entry, Frame};
use super::meta::{B2nd, Geometry};
use super::npy::NpyHeader;
use super::open::Opened;
use super::scratch::DecodeScratch;
use super::stored;
use crate::codec::{self, filter};
use crate::error::{ErrorKind, Result};
use crate::limits::MAX_INFO_CHUNKS;
use crate::types::Shape;

/// What kind of file it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A Blosc2 frame that holds an n-d array.
    B2nd,
    /// A Blosc2 frame without shape.
    Frame,
    /// A NumPy file.
    Npy,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::B2nd => "Blosc2 n-d array",
            Kind::Frame => "Blosc2 frame",
            Kind::Npy => "NumPy array",
        })
    }
}

/// A used filter slot.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// How many chunks are one repeated value, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpecialCounts {
    /// All zero.
    pub zeros: usize,
    /// All NaN.
    pub nan: usize,
    /// All another value.
    pub value: usize,
    /// Never written.
    pub uninit: usize,
}

/// How a frame is compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compression {
    /// Name of the codec for new chunks.
    pub codec: String,
    /// Its level, 0 to 9.
    pub level: u8,
    /// `always`, `never`, `auto` or `forward_compat`.
    pub splitmode: &'static str,
    /// Whether chunks carry a dictionary.
    pub use_dict: bool,
    /// The filter slots in use.
    pub filters: Vec<FilterInfo>,
}

/// What there is to tell about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// What kind of file it is.
    pub kind: Kind,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// The dtype string as the file has it.
    pub dtype: Option<String>,
    /// Bytes of an item.
    pub itemsize: usize,
    /// The shape.
    pub shape: Option<Shape>,
    /// The chunk shape.
    pub chunk: Option<Shape>,
    /// The block shape.
    pub block: Option<Shape>,
    /// Number of chunks; `None` where it is not looked up.
    pub chunks: Option<usize>,
    /// Decoded bytes, padding included.
    pub nbytes: u64,
    /// Stored bytes of the data.
    pub cbytes: u64,
    /// How it is compressed.
    pub compression: Option<Compression>,
    /// Chunks of one repeated value.
    pub special: SpecialCounts,
    /// Names and bytes of the metalayers.
    pub metalayers: Vec<(String, usize)>,
    /// Names and stored bytes of the variable-length metalayers.
    pub vl_metalayers: Vec<(String, usize)>,
    /// What is unusual about the file, a sentence each.
    pub oddities: Vec<String>,
}

impl Info {
    /// Decoded bytes per stored byte; `None` where nothing is stored.
    pub fn ratio(&self) -> Option<f64> {
        (self.cbytes > 0).then(|| self.nbytes as f64 / self.cbytes as f64)
    }
}

/// What there is to tell about the file at `path`.
///
/// # Errors
/// When the file cannot be read, is of no known kind, or its structure is damaged.
pub fn info(path: impl AsRef<Path>) -> Result<Info> {
    of(Opened::at(path.as_ref())?)
}

/// What there is to tell about an open file, or bytes in memory.
///
/// # Errors
/// As [`info`].
pub fn info_of(source: Source) -> Result<Info> {
    of(Opened::source(source)?)
}

fn of(opened: Opened) -> Result<Info> {
    match opened {
        Opened::Frame(frame) => of_frame(*frame),
        Opened::Npy(source) => of_npy(&source),
    }
}

fn of_npy(source: &Source) -> Result<Info> {
    let header = NpyHeader::read(source)?;
    let bytes = source.len_bytes() - header.data_start;
    let mut oddities = Vec::new();
    if header.transposed() {
        oddities.push("the elements are in Fortran order".to_string());
    }
    if let Err(error) = header.resolve(source, Items::Declared) {
        oddities.push(error.message().to_string());
    }
    Ok(Info {
        kind: Kind::Npy,
        file_bytes: source.len_bytes(),
        dtype: Some(header.dtype.text().to_string()),
        itemsize: header.dtype.itemsize().unwrap_or(0),
        shape: Some(header.shape),
        chunk: None,
        block: None,
        chunks: None,
        nbytes: bytes,
        cbytes: bytes,
        compression: None,
        special: SpecialCounts::default(),
        metalayers: Vec::new(),
        vl_metalayers: Vec::new(),
        oddities,
    })
}

fn of_frame(frame: Frame) -> Result<Info> {
    let header = frame.header();
    let array = match stored::describe(&frame) {
        Ok(array) => Some(array),
        Err(error) if error.kind() == ErrorKind::Unsupported => None,
        Err(error) => return Err(frame.source().blame(error)),
    };
    let mut oddities = Vec::new();
    if header.chunksize.is_none() {
        oddities.push("the chunks vary in size".to_string());
    }
    if let Some((meta, geometry)) = &array {
        array_oddities(meta, geometry, &frame, &mut oddities);
    }
    if frame.fingerprinted() {
        oddities.push("the trailer's fingerprint slot is in use".to_string());
    }
    let behind = frame.source().len_bytes() - header.frame_len;
    if behind > 0 {
        oddities.push(format!("{behind} bytes follow the frame"));
    }
    let special = count_special(&frame, &mut oddities)?;
    let compression = compression(&frame);
    let header = frame.header();
    let (meta, geometry) = array.unzip();
    Ok(Info {
        kind: if meta.is_some() {
            Kind::B2nd
        } else {
            Kind::Frame
        },
        file_bytes: frame.source().len_bytes(),
        dtype: meta.as_ref().map(|meta| meta.dtype.text().to_string()),
        itemsize: geometry.map_or(header.itemsize, |geometry| geometry.itemsize),
        shape: meta.as_ref().map(|meta| meta.shape.clone()),
        chunk: meta.as_ref().map(|meta| meta.grid.chunk.clone()),
        block: meta.as_ref().map(|meta| meta.grid.block.clone()),
        chunks: header.chunksize.map(|_| frame.chunks()),
        nbytes: header.nbytes,
        cbytes: header.cbytes,
        compression: Some(compression),
        special,
        metalayers: header
            .metalayers
            .iter()
            .map(|layer| (layer.name.clone(), layer.content.len()))
            .collect(),
        vl_metalayers: frame
            .vl_metalayers()
            .iter()
            .map(|layer| (layer.name.clone(), layer.cbytes))
            .collect(),
        oddities,
    })
}

fn compression(frame: &Frame) -> Compression {
    let header = frame.header();
    let slots = header.filters.iter().zip(header.filters_meta).enumerate();
    Compression {
        codec: codec::name(header.compcode),
        level: header.clevel,
        splitmode: match header.splitmode {
            1 => "always",
            2 => "never",
            3 => "auto",
            _ => "forward_compat",
        },
        use_dict: header.use_dict,
        filters: slots
            .filter(|(_, (id, _))| **id != filter::NONE)
            .map(|(slot, (&id, meta))| FilterInfo {
                slot,
                id,
                name: filter::name(id),
                meta,
            })
            .collect(),
    }
}

fn array_oddities(meta: &B2nd, geometry: &Geometry, frame: &Frame, out: &mut Vec<String>) {
    if let Err(error) = meta.dtype.resolve(Items::Declared, geometry.itemsize) {
        out.push(error.message().to_string());
    }
    if frame.header().itemsize != geometry.itemsize {
        out.push(format!(
            "the frame's header says items of {} bytes, its chunks have {}",
            frame.header().itemsize,
            geometry.itemsize
        ));
    }
    if meta.odd_marker {
        out.push("the shape's array marker is not that of an array".to_string());
    }
    let mut axes = meta.shape.iter().zip(meta.grid.chunk.iter());
    if axes.any(|(extent, chunk)| chunk > extent) {
        out.push(format!(
            "chunks {} reach beyond shape {}",
            meta.grid.chunk, meta.shape
        ));
    }
}

/// Walks the index and the headers of stored chunks.
fn count_special(frame: &Frame, oddities: &mut Vec<String>) -> Result<SpecialCounts> {
    let mut counts = SpecialCounts::default();
    let mut scratch = DecodeScratch::default();
    let mut stored_bytes = 0u64;
    let looked_at = frame.chunks().min(MAX_INFO_CHUNKS);
    for chunk in 0..looked_at {
        let special = match frame.entry(chunk, &mut scratch)? {
            Entry::Zeros => Some(Special::Zeros),
            Entry::Nan => Some(Special::Nan),
            Entry::Uninit => Some(Special::Uninit),
            Entry::Stored(position) => {
                let header = frame
                    .chunk_header(position)
                    .map_err(|error| error.with_chunk(chunk))?;
                stored_bytes = stored_bytes.saturating_add(header.cbytes as u64);
                match header.layout {
                    chunk::Layout::Special(special) => Some(special),
                    chunk::Layout::Memcpyed
                    | chunk::Layout::Regular(_)
                    | chunk::Layout::VariableBlocks(_) => None,
                }
            }
        };
        match special {
            Some(Special::Zeros) => counts.zeros += 1,
            Some(Special::Nan) => counts.nan += 1,
            Some(Special::Value) => counts.value += 1,
            Some(Special::Uninit) => counts.uninit += 1,
            None => {}
        }
    }
    if looked_at < frame.chunks() {
        oddities.push(format!(
            "special chunks are counted among the first {looked_at} only"
        ));
    } else if frame.header().chunksize.is_some() && stored_bytes < frame.header().cbytes {
        let dead = frame.header().cbytes - stored_bytes;
        oddities.push(format!("{dead} bytes among the chunks belong to none"));
    }
    Ok(counts)
}
