//! In: a contiguous Blosc2 frame. Out: its header, metalayers and trailer, checked, and where
//! each chunk stands.
//! Never: more than the header, the trailer's map and one index block in memory.

mod header;
mod index;
mod trailer;

pub use header::{FrameHeader, HEADER_MIN_BYTES, MAGIC, Metalayer};
pub use index::Entry;
pub use trailer::VlMetalayer;

use super::chunk::{self, Expected};
use super::file::{Source, unsupported};
use super::scratch::DecodeScratch;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_CHUNK_BYTES, MAX_CHUNKS};
use index::Index;

/// An open frame.
#[derive(Debug)]
pub struct Frame {
    source: Source,
    header: FrameHeader,
    vl_metalayers: Vec<VlMetalayer>,
    fingerprinted: bool,
    chunks: usize,
    index: Index,
}

impl Frame {
    /// Reads and checks everything of a frame except its chunks.
    ///
    /// # Errors
    /// When it is damaged, cut off, or of a kind that this version does not read.
    pub fn open(source: Source) -> Result<Self> {
        let (header, trailer, chunks, index) = match Self::read(&source) {
            Ok(parts) => parts,
            Err(error) => return Err(source.blame(error)),
        };
        Ok(Self {
            source,
            header,
            vl_metalayers: trailer.metalayers,
            fingerprinted: trailer.fingerprinted,
            chunks,
            index,
        })
    }

    fn read(source: &Source) -> Result<(FrameHeader, trailer::Trailer, usize, Index)> {
        let header = FrameHeader::read(source)?;
        if header.sparse {
            return Err(unsupported(
                "the frame is the index of a sparse frame, whose chunks are files of their own",
            )
            .with_help("sparse frames are not read yet; copy it to a contiguous one"));
        }
        let trailer = trailer::read(source, &header)?;
        let data_end = header.header_len + header.cbytes;
        if data_end > trailer.start {
            return Err(bad(format!(
                "the frame's chunks end at byte {data_end}, behind the start of its trailer at {}",
                trailer.start
            )));
        }
        let chunks = count_chunks(&header)?;
        let index = Index::open(source, &header, chunks, trailer.start)?;
        Ok((header, trailer, chunks, index))
    }

    /// The frame's header.
    pub fn header(&self) -> &FrameHeader {
        &self.header
    }

    /// The variable-length metalayers in the trailer.
    pub fn vl_metalayers(&self) -> &[VlMetalayer] {
        &self.vl_metalayers
    }

    /// Whether the trailer's fingerprint slot, which the reference library zeroes, is in use.
    pub fn fingerprinted(&self) -> bool {
        self.fingerprinted
    }

    /// Number of chunks.
    pub fn chunks(&self) -> usize {
        self.chunks
    }

    /// Where the bytes are.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Position in the file behind the last byte that a chunk may have.
    pub fn data_end(&self) -> u64 {
        self.header.header_len + self.header.cbytes
    }

    /// What the index says of chunk `chunk`.
    ///
    /// # Errors
    /// When there is no such chunk, or the index is damaged or cannot be read.
    pub fn entry(&self, chunk: usize, scratch: &mut DecodeScratch) -> Result<Entry> {
        if chunk >= self.chunks {
            return Err(Error::new(
                ErrorKind::Argument,
                Code::Usage,
                format!("chunk {chunk} is asked for, but there are {}", self.chunks),
            ));
        }
        self.index
            .entry(&self.source, &self.header, chunk, scratch)
            .map_err(|error| self.source.blame(error.with_chunk(chunk)))
    }

    /// Opens the chunk that `entry` describes.
    ///
    /// # Errors
    /// When it is damaged or is not what is expected.
    pub fn load(&self, entry: Entry, expected: Expected) -> Result<chunk::Chunk> {
        let item = match entry {
            Entry::Stored(position) => {
                return chunk::Chunk::load(&self.source, position, self.data_end(), expected);
            }
            Entry::Zeros | Entry::Uninit => chunk::Item::zero(expected.itemsize),
            Entry::Nan => chunk::Item::nan(expected.itemsize).ok_or_else(|| {
                self.source.blame(bad(format!(
                    "the index has a chunk of NaN, but items have {} bytes",
                    expected.itemsize
                )))
            })?,
        };
        Ok(chunk::Chunk::constant(item, expected))
    }
}

/// The number of chunks by the header; 0 also for frames of variable-size chunks, which only
/// `info` opens.
fn count_chunks(header: &FrameHeader) -> Result<usize> {
    let Some(chunksize) = header.chunksize else {
        return Ok(0);
    };
    let chunks = header.nbytes.div_ceil(chunksize.max(1) as u64);
    usize::try_from(chunks)
        .ok()
        .filter(|&chunks| chunks <= MAX_CHUNKS)
        .ok_or_else(|| {
            bad(format!(
                "the frame claims {chunks} chunks; no frame has more than {MAX_CHUNKS}"
            ))
        })
}

/// An error about a frame that contradicts itself.
#[cold]
fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, Code::BadFrame, message)
}

/// Checks a size field that has to fit a chunk.
fn chunk_bytes(value: usize) -> Result<usize> {
    if value <= MAX_CHUNK_BYTES {
        return Ok(value);
    }
    Err(bad(format!(
        "the frame has chunks of {value} bytes; no chunk has more than {MAX_CHUNK_BYTES}"
    )))
}
