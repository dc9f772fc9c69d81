//! In: a Blosc2 frame: one file, or a directory with a file a chunk. Out: its header, metalayers
//! and trailer, checked, and its chunks.
//! Never: more than the header, the trailer's map and one index block in memory.

mod header;
mod index;
mod trailer;

pub use header::{FrameHeader, HEADER_MIN_BYTES, MAGIC, Metalayer};
pub use index::Entry;
pub(super) use index::{NAN_ENTRY, UNINIT_ENTRY, ZEROS_ENTRY, words};
pub use trailer::VlMetalayer;
pub(super) use trailer::{TAIL_BYTES, Trailer, read as read_trailer, read_tail};

use super::chunk::{self, Chunk, Expected, SHORT_HEADER_BYTES};
use super::file::Source;
use super::folder::Folder;
use super::scratch::DecodeScratch;
use super::seal::{self, SealStatus, Sealed, Verify};
use super::write::chunk_name;
use super::zone::ZoneMap;
use super::zone::sidecar::{self, SidecarStatus};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_CHUNK_BYTES, MAX_CHUNKS, MAX_READ_ATTEMPTS};
use crate::types::Zone;
use index::Index;

/// Name of the file in a sparse frame's directory that has everything but the chunks.
pub const SPARSE_INDEX: &str = "chunks.b2frame";

/// An open frame.
#[derive(Debug)]
pub struct Frame {
    source: Source,
    /// Where the chunks of a sparse frame are.
    folder: Option<Folder>,
    header: FrameHeader,
    vl_metalayers: Vec<VlMetalayer>,
    fingerprinted: bool,
    index: Index,
    status: SealStatus,
    sealed: Option<Sealed>,
    sidecar: SidecarStatus,
}

/// What a frame has besides its chunks.
struct Parts {
    header: FrameHeader,
    trailer: Trailer,
    index: Index,
    status: SealStatus,
    sealed: Option<Sealed>,
}

impl Frame {
    /// Reads and checks everything of a contiguous frame except its chunks. `source` begins with
    /// it and may go on behind it. If it is sealed, so much of it is verified as `verify` says.
    ///
    /// # Errors
    /// When it is damaged, cut off, or of a kind that this version does not read.
    pub fn open(source: Source, verify: Verify) -> Result<Self> {
        Self::read(source, None, verify)
    }

    /// The same for a sparse frame, a directory that has [`SPARSE_INDEX`].
    ///
    /// # Errors
    /// As [`Frame::open`].
    pub fn open_sparse(folder: Folder, verify: Verify) -> Result<Self> {
        Self::read(folder.file(SPARSE_INDEX)?, Some(folder), verify)
    }

    fn read(mut source: Source, folder: Option<Folder>, verify: Verify) -> Result<Self> {
        let mut attempts = 1;
        let parts = loop {
            let (header, parts) = match read_header(&source) {
                Ok(header) => {
                    let parts = Self::read_parts(&source, &header, folder.is_some(), verify);
                    (Some(header), parts)
                }
                Err(error) => (None, Err(error)),
            };
            let error = match parts {
                Ok(parts) => break parts,
                Err(error) => error,
            };
            // A writer may have gone on since the file was opened or its header was read.
            let later = source.as_it_is_now()?;
            let same = later.len_bytes() == source.len_bytes()
                && FrameHeader::read_bytes(&later).ok() == header;
            if same || attempts == MAX_READ_ATTEMPTS {
                return Err(source.blame(error));
            }
            source = later;
            attempts += 1;
        };
        let mut frame = Self {
            source,
            folder,
            header: parts.header,
            vl_metalayers: parts.trailer.metalayers,
            fingerprinted: parts.trailer.fingerprint != [0; 16],
            index: parts.index,
            status: parts.status,
            sealed: parts.sealed,
            sidecar: SidecarStatus::None,
        };
        // Who wants no verification wants no zones either.
        if verify != Verify::Never {
            frame.sidecar = sidecar::open(&frame);
        }
        Ok(frame)
    }

    fn read_parts(source: &Source, header: &[u8], sparse: bool, verify: Verify) -> Result<Parts> {
        let header = FrameHeader::parse(header, source.len_bytes())?;
        match (header.sparse, sparse) {
            (true, false) => {
                let message = "the file is the index of a sparse frame, whose chunks are files";
                let error = Error::new(ErrorKind::Unsupported, Code::UnsupportedFile, message);
                return Err(error.with_help("give the directory that it is in"));
            }
            (false, true) => return Err(bad("the index of the directory is a contiguous frame")),
            (true, true) | (false, false) => {}
        }
        let trailer = trailer::read(source, &header)?;
        let (status, sealed) = seal::open(source, &header, &trailer, verify)?;
        if header.data_end() > trailer.start {
            return Err(bad(format!(
                "the frame's chunks end at byte {}, behind the start of its trailer at {}",
                header.data_end(),
                trailer.start
            )));
        }
        let chunks = count_chunks(&header)?;
        let index = Index::open(source, &header, chunks, trailer.start)?;
        if let Some(sealed) = &sealed {
            sealed.check_chunks(index.chunks())?;
        }
        Ok(Parts {
            header,
            trailer,
            index,
            status,
            sealed,
        })
    }

    /// What the seal says of the frame as a whole.
    pub fn seal(&self) -> &SealStatus {
        &self.status
    }

    /// The seal, where it holds and is looked at.
    pub(in crate::store) fn sealed(&self) -> Option<&Sealed> {
        self.sealed.as_ref()
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

    /// Whether it has a metalayer that gives it a shape.
    pub fn has_shape(&self) -> bool {
        let mut names = super::meta::NAMES.iter();
        names.any(|name| self.header.metalayer(name).is_some())
    }

    /// Number of chunks.
    pub fn chunks(&self) -> usize {
        self.index.chunks()
    }

    /// The most chunks that can be stored with bytes of their own: what fits, or as many as the
    /// directory has entries.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn most_chunks(&self) -> Result<u64> {
        match &self.folder {
            None => Ok(self.header.cbytes / SHORT_HEADER_BYTES as u64),
            Some(folder) => folder.entries(),
        }
    }

    /// Where the header and the trailer are, and the chunks of a contiguous frame.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// What the index says of chunk `chunk`.
    ///
    /// # Errors
    /// When there is no such chunk, or the index is damaged or cannot be read.
    pub fn entry(&self, chunk: usize, scratch: &mut DecodeScratch) -> Result<Entry> {
        if chunk >= self.chunks() {
            return Err(Error::new(
                ErrorKind::Argument,
                Code::Usage,
                format!(
                    "chunk {chunk} is asked for, but there are {}",
                    self.chunks()
                ),
            ));
        }
        self.index
            .entry(&self.source, &self.header, chunk, scratch)
            .map_err(|error| self.source.blame(error.with_chunk(chunk)))
    }

    /// Where the bytes of a stored chunk are: a source, its first byte there, and the byte behind
    /// the last that it may have.
    ///
    /// # Errors
    /// When the chunk has a file of its own and that cannot be opened.
    pub fn locate(&self, place: u64) -> Result<(Source, u64, u64)> {
        match &self.folder {
            None => Ok((self.source.clone(), place, self.header.data_end())),
            Some(folder) => {
                let source = folder.numbered(place, || chunk_name(place))?;
                let end = source.len_bytes();
                Ok((source, 0, end))
            }
        }
    }

    /// The header of a stored chunk.
    ///
    /// # Errors
    /// When it is damaged or cannot be read.
    pub fn chunk_header(&self, place: u64) -> Result<chunk::Header> {
        let (source, position, end) = self.locate(place)?;
        let room = usize::try_from(end.saturating_sub(position)).unwrap_or(usize::MAX);
        let bytes = source.read_vec(position, room.min(chunk::HEADER_BYTES))?;
        chunk::Header::parse(&bytes).map_err(|error| source.blame(error.with_offset(position)))
    }

    /// Opens chunk `number`, which `entry` describes, and verifies both if the frame is sealed.
    ///
    /// # Errors
    /// When it is damaged or is not what is expected.
    pub fn load(
        &self,
        number: usize,
        entry: Entry,
        expected: &Expected<'_>,
        scratch: &mut DecodeScratch,
    ) -> Result<Chunk> {
        let (source, header, counts) = (&self.source, &self.header, &mut scratch.counts);
        let word = entry.word(header);
        let seal = self
            .sealed
            .as_ref()
            .map(|sealed| sealed.chunk(source, header, number, word, counts));
        let seal = seal.transpose().map_err(|error| source.blame(error))?;
        let item = match entry {
            Entry::Stored(place) => {
                let (source, position, end) = self.locate(place)?;
                return Chunk::load_sealed(&source, position..end, expected, seal, counts);
            }
            Entry::Zeros | Entry::Uninit => chunk::Item::Zeros,
            Entry::Nan => chunk::Item::nan(self.header.itemsize).ok_or_else(|| {
                self.source.blame(bad(format!(
                    "the index has a chunk of NaN, but items have {} bytes",
                    self.header.itemsize
                )))
            })?,
        };
        Ok(Chunk::constant(item, expected))
    }

    /// What the seal, or a file beside this one, knows of the elements of block `block` of chunk `number`, which `entry` describes.
    ///
    /// # Errors
    /// When the seal is damaged there, or does not hold for the chunk.
    pub(in crate::store) fn zone(
        &self,
        number: usize,
        entry: Entry,
        block: usize,
        scratch: &mut DecodeScratch,
    ) -> Result<Option<Zone>> {
        let (chunk, counts) = ((number, entry.word(&self.header)), &mut scratch.counts);
        if let SidecarStatus::Used(sidecar) = &self.sidecar {
            return Ok(sidecar.zone(self, chunk, block, counts));
        }
        let Some(sealed) = &self.sealed else {
            return Ok(None);
        };
        sealed
            .zone(&self.source, self.header.header_len, chunk, block, counts)
            .map_err(|error| self.source.blame(error.with_chunk(number)))
    }

    /// Whether zones may be known.
    pub(in crate::store) fn has_zones(&self) -> bool {
        self.sealed.is_some() || matches!(self.sidecar, SidecarStatus::Used(_))
    }

    /// Where it is noted what is known of the array's blocks.
    pub fn zone_map(&self) -> ZoneMap {
        match (&self.sidecar, &self.sealed) {
            (SidecarStatus::Used(_), _) => ZoneMap::Beside,
            (SidecarStatus::Ignored(why), _) => ZoneMap::Ignored(why.clone()),
            (SidecarStatus::None, Some(sealed))
                if sealed.notes_zones(&self.source, self.header.header_len) =>
            {
                ZoneMap::Inside
            }
            (SidecarStatus::None, _) => ZoneMap::None,
        }
    }

    /// Why what is beside the file does not count, where it does not.
    pub(crate) fn ignored_zone_map(&self) -> Option<&str> {
        match &self.sidecar {
            SidecarStatus::Ignored(why) => Some(why),
            SidecarStatus::None | SidecarStatus::Used(_) => None,
        }
    }

    /// The digest of all that the frame is besides its chunks: header, index and trailer.
    ///
    /// # Errors
    /// When the system refuses.
    pub(in crate::store) fn digest(&self) -> Result<u64> {
        let bytes = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let (header, end) = (&self.header, self.header.data_end());
        let mut digested = self.source.read_vec(0, bytes(header.header_len))?;
        let tail = bytes(header.frame_len.saturating_sub(end));
        digested.extend(self.source.read_vec(end, tail)?);
        Ok(seal::digest(&digested))
    }

    /// The source that blocks of a chunk at this [`Entry::place`] are read from.
    ///
    /// # Errors
    /// When the chunk has a file of its own and that cannot be opened.
    pub fn source_at(&self, place: u64) -> Result<Source> {
        if self.folder.is_none() || place == index::NOWHERE {
            return Ok(self.source.clone());
        }
        Ok(self.locate(place)?.0)
    }

    /// Decoded bytes of chunk `chunk`, where all chunks have the same.
    pub fn chunk_nbytes(&self, chunk: usize) -> Option<usize> {
        let chunksize = self.header.chunksize?;
        let before = (chunk as u64).saturating_mul(chunksize as u64);
        let left = self.header.nbytes.saturating_sub(before);
        Some(chunksize.min(usize::try_from(left).unwrap_or(usize::MAX)))
    }
}

/// The bytes of a frame's header, read until twice in a row they are the same: a writer may be writing them.
fn read_header(source: &Source) -> Result<Vec<u8>> {
    let mut bytes = FrameHeader::read_bytes(source)?;
    for _ in 1..MAX_READ_ATTEMPTS {
        let again = FrameHeader::read_bytes(source)?;
        if again == bytes {
            break;
        }
        bytes = again;
    }
    Ok(bytes)
}

/// The number of chunks by the header; where chunks vary in size only the index knows.
fn count_chunks(header: &FrameHeader) -> Result<Option<usize>> {
    let Some(chunksize) = header.chunksize else {
        return Ok(None);
    };
    let chunks = header.nbytes.div_ceil(chunksize.max(1) as u64);
    usize::try_from(chunks)
        .ok()
        .filter(|&chunks| chunks <= MAX_CHUNKS)
        .map(Some)
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
