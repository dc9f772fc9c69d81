//! In: a damaged frame. Out: a new file with everything of it that can still be read, and what could not.
//! Never: the damaged file changed; unless it is asked for, a chunk put where not the last commit says that it belongs.
//!
//! What was where is known from several sides, each asked for what those before it do not know: the leaves of a seal
//! whose table holds, and the index; and where guessing is asked for, what else the file has of seals and indexes, the
//! latest first, and the order of its chunks. A header that is gone is taken from the table's copy.

mod body;
mod places;
mod survey;

use std::ops::Range;
use std::path::Path;

use super::attributes::content;
use super::chunk::{Chunk, Expected, stored_bytes};
use super::disk::System;
use super::edit::{Anew, Lock};
use super::file::{Source, unsupported};
use super::folder::Folder;
use super::frame::{Frame, FrameHeader, SPARSE_INDEX, read_trailer};
use super::read_limits::ReadLimits;
use super::scratch::DecodeScratch;
use super::seal::{ChunkSeal, FoundTable, LAYER, Leaves, Table, Verify};
use super::write::{FrameBytes, Layer};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use body::Body;
use places::{Chunks, Places};

/// How a file is repaired.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RepairOptions {
    /// Where neither the seal nor the index says where chunks are, believe what else the file has: indexes and parts of
    /// seals that are older or elsewhere, and the order of the chunks. They may be older than the last commit then, or
    /// other chunks than they are taken for; [`Repaired::guessed`] says how many. A header that is gone may be taken from
    /// an older seal.
    pub guess: bool,
    /// How much the file may ask for.
    pub limits: ReadLimits,
}

/// Where the header of a repaired file is from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum HeaderFrom {
    /// The file's own.
    File,
    /// The copy in the file's seal.
    Seal,
    /// That in a seal that is not the last: the array is as it was then.
    OlderSeal,
}

/// From where it is known which chunk is which.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PlacesFrom {
    /// The seal.
    Seal,
    /// The index.
    Index,
    /// An index that is not where the header says.
    OtherIndex,
    /// Leaves of a seal that does not hold as a whole.
    Leaves,
    /// The order in the file.
    Order,
}

/// What [`repair`] has made of a file.
#[derive(Debug)]
#[non_exhaustive]
pub struct Repaired {
    /// Where its header is from.
    pub header: HeaderFrom,
    /// From where it is known which chunk is which, and of how many.
    pub places: Vec<(PlacesFrom, usize)>,
    /// Chunks of the array.
    pub chunks: usize,
    /// The chunks that are lost, and why. In the new file they are NaN where elements are floats, else zeros.
    pub lost: Vec<(usize, Error)>,
    /// Chunks in the file that are not part of the array any more, or not yet.
    pub left_out: usize,
    /// The attributes that could be read.
    pub attributes: usize,
    /// Why attributes are lost, if some are.
    pub lost_attributes: Option<Error>,
    /// Whether the new file is sealed: where the old one was.
    pub sealed: bool,
    /// Bytes of the new file.
    pub bytes: u64,
}

impl Repaired {
    /// Chunks for which neither the seal nor the index says that they belong where they were put.
    pub fn guessed(&self) -> usize {
        let sides = self.places.iter();
        let guessed =
            sides.filter(|(from, _)| !matches!(from, PlacesFrom::Seal | PlacesFrom::Index));
        guessed.map(|(_, count)| count).sum()
    }
}

/// Writes what can still be read of the array or super-chunk at `path` to a new file at `target`, which replaces what is
/// there. `path` is a file, or the directory of a sparse frame, and is not changed.
///
/// # Errors
/// When the header is gone and no seal has a copy, the chunks vary in size, nothing says which chunks those are that are
/// left, or the system refuses.
pub fn repair(
    path: impl AsRef<Path>,
    target: impl AsRef<Path>,
    options: RepairOptions,
) -> Result<Repaired> {
    let (path, target) = (path.as_ref(), target.as_ref());
    if let (Ok(from), Ok(to)) = (path.canonicalize(), target.canonicalize())
        && from == to
    {
        let message = "a file is not repaired in place";
        let error = Error::new(ErrorKind::Argument, Code::WriteFailed, message);
        return Err(error
            .with_path(path)
            .with_help("give the new file another name, and the old one up when all is well"));
    }
    let _lock = Lock::take_if_used(target)?;
    let damaged = Damaged::open(path, options)?;
    options
        .limits
        .check_array(damaged.header.nbytes, damaged.body.chunks)
        .map_err(|error| damaged.source.blame(error))?;
    let repaired = damaged.write(target, options);
    repaired.map_err(|error| damaged.source.blame(error))
}

/// What is known of a damaged frame as a whole.
struct Damaged {
    source: Source,
    folder: Option<Folder>,
    header: FrameHeader,
    bytes: FrameBytes,
    header_from: HeaderFrom,
    body: Body,
    /// The table of its seal, if that holds.
    table: Option<Table>,
}

impl Damaged {
    fn open(path: &Path, options: RepairOptions) -> Result<Self> {
        let folder = path.is_dir().then(|| Folder::open(path)).transpose()?;
        let source = match &folder {
            Some(folder) => folder.file(SPARSE_INDEX)?,
            None => Source::open(path)?,
        };
        let opened = match path.is_dir() {
            true => Frame::open_sparse(Folder::open(path)?, Verify::Always),
            false => Frame::open(source.clone(), Verify::Always),
        };
        let table = match opened {
            Ok(frame) => frame.sealed().map(|sealed| sealed.table().clone()),
            Err(error) if error.kind() == ErrorKind::Io => return Err(error),
            Err(error) if folder.is_some() && error.kind() == ErrorKind::Unsupported => {
                return Err(error);
            }
            Err(_) if folder.is_some() => None,
            Err(error) => return Self::salvage(source, error, options),
        };
        Self::with_own_header(source, folder, table)
    }

    /// That of a file that cannot be opened.
    fn salvage(source: Source, why: Error, options: RepairOptions) -> Result<Self> {
        let tables = survey::tables(&source)?;
        if tables.is_empty() && why.kind() == ErrorKind::Unsupported {
            return Err(why);
        }
        let own = own_header(&source).and_then(|(_, header)| Body::new(&header).map(|_| header));
        let chosen = choose(&own, &tables, source.len_bytes());
        let Some(FoundTable { table, trailer }) = chosen else {
            return match own {
                Ok(_) => Self::with_own_header(source, None, None),
                Err(error) => Err(source.blame(error).with_help(
                    "the frame's header is damaged, and there is no seal that has a copy of it",
                )),
            };
        };
        let header = FrameHeader::parse(&table.header, u64::MAX)
            .map_err(|error| error.context("reading the seal's copy of the header"))?;
        let is_own = FrameHeader::read_bytes(&source).is_ok_and(|bytes| bytes == table.header);
        let is_last = trailer.end == source.len_bytes();
        if own.is_err() && !is_last && !options.guess {
            let message = "the frame's header is damaged, and the last seal that holds is not at the end of the file";
            let error = source.blame(Error::new(ErrorKind::Corrupt, Code::BadFrame, message));
            return Err(
                error.with_help("--guess takes the array for what it was when that was written")
            );
        }
        Ok(Self {
            folder: None,
            body: Body::new(&header)?,
            header,
            bytes: FrameBytes::of(table.header.clone()),
            header_from: match (is_own, own.is_ok() || is_last) {
                (true, _) => HeaderFrom::File,
                (false, true) => HeaderFrom::Seal,
                (false, false) => HeaderFrom::OlderSeal,
            },
            table: Some(table.clone()),
            source,
        })
    }

    fn with_own_header(
        source: Source,
        folder: Option<Folder>,
        table: Option<Table>,
    ) -> Result<Self> {
        let read = || {
            let (bytes, header) = own_header(&source)?;
            let body = Body::new(&header)?;
            Ok((bytes, header, body))
        };
        let (bytes, header, body) = read().map_err(|error: Error| source.blame(error))?;
        if header.sparse != folder.is_some() {
            let message = "the file is the index of a sparse frame, whose chunks are files";
            let error = unsupported(message).with_help("give the directory that it is in");
            return Err(source.blame(error));
        }
        Ok(Self {
            source,
            folder,
            header,
            bytes: FrameBytes::of(bytes),
            header_from: HeaderFrom::File,
            body,
            table,
        })
    }

    /// The metalayers of the trailer that are sound, and why others are not.
    fn attributes(&self) -> (Vec<Layer>, Option<Error>) {
        let trailer = match read_trailer(&self.source, &self.header) {
            Ok(trailer) => trailer,
            Err(error) => return (Vec::new(), Some(error)),
        };
        let (mut sound, mut damaged) = (Vec::new(), None);
        let layers = trailer.metalayers.iter();
        for layer in layers.filter(|layer| layer.name != LAYER) {
            let chunk = self.source.read_vec(layer.position, layer.cbytes);
            match chunk.and_then(|chunk| Ok((content(chunk.clone())?, chunk))) {
                Ok((_, content)) => sound.push(Layer {
                    name: layer.name.clone(),
                    content,
                }),
                Err(error) => {
                    damaged = Some(error.context(format!("reading '{}'", layer.name)));
                }
            }
        }
        (sound, damaged)
    }

    fn write(&self, target: &Path, options: RepairOptions) -> Result<Repaired> {
        let mut reader = Reader::new(options.limits);
        let chunks = Chunks {
            source: &self.source,
            folder: self.folder.as_ref(),
            header: &self.header,
            body: &self.body,
        };
        let places = Places::find(&chunks, self.table.as_ref(), options, &mut reader)?;
        let (layers, lost_attributes) = self.attributes();
        let layout = self.body.array.as_ref().map(|(layout, _)| layout);
        let leaves = match (&self.table, layout) {
            (Some(_), Some(layout)) if self.body.chunks > 0 => {
                Some(Leaves::new(layout.blocks_per_chunk(), layout.block_bytes)?)
            }
            (_, _) => None,
        };
        let sealed = leaves.is_some();
        let mut header = self.bytes.clone().contiguous();
        self.body.settle(&mut header)?;
        let mut anew = Anew::create(System::shared(), target, header, leaves)?;
        let mut lost = Vec::new();
        for chunk in 0..self.body.chunks {
            match places.stored(chunk, &chunks, &mut reader) {
                Ok(Stored::Unstored(word)) => anew.put_unstored(word)?,
                Ok(Stored::Bytes(bytes)) => {
                    let block_bytes = layout.map_or(0, |layout| layout.block_bytes);
                    let seal = match sealed {
                        true => ChunkSeal::of(&bytes, block_bytes)?,
                        false => ChunkSeal::default(),
                    };
                    anew.put(&bytes, seal)?;
                }
                Err(error) => {
                    lost.push((chunk, error.with_chunk(chunk)));
                    anew.put_unstored(self.body.filler)?;
                }
            }
        }
        Ok(Repaired {
            header: self.header_from,
            places: places.sides(),
            chunks: self.body.chunks,
            lost,
            left_out: places.left_out,
            attributes: layers.len(),
            lost_attributes,
            sealed,
            bytes: anew.finish(&layers)?,
        })
    }
}

/// The header that a file begins with: its bytes, and what it says, whatever of its lengths cannot be.
fn own_header(source: &Source) -> Result<(Vec<u8>, FrameHeader)> {
    let mut bytes = FrameHeader::read_bytes(source)?;
    let refused = match FrameHeader::parse(&bytes, u64::MAX) {
        Ok(header) => return Ok((bytes, header)),
        Err(error) => error,
    };
    // A writer that was killed may have left lengths of another time than the rest.
    bytes[0x10..0x18].copy_from_slice(&source.len_bytes().to_be_bytes());
    let header = FrameHeader::parse(&bytes, u64::MAX).or_else(|_| {
        bytes[0x27..0x2F].fill(0);
        FrameHeader::parse(&bytes, u64::MAX)
    });
    header.map(|header| (bytes, header)).map_err(|_| refused)
}

/// The table to believe in, of a file whose own header is `own`.
fn choose<'t>(
    own: &Result<FrameHeader>,
    tables: &'t [FoundTable],
    file_len: u64,
) -> Option<&'t FoundTable> {
    let Ok(own) = own else {
        return tables.last();
    };
    // That of the frame that the header is of; or one that nobody has written behind, of the same array.
    let mut latest = tables.iter().rev();
    latest.find(|found| {
        let same = FrameHeader::parse(&found.table.header, u64::MAX).is_ok_and(|sealed| {
            (sealed.nbytes, sealed.itemsize) == (own.nbytes, own.itemsize)
                && sealed.metalayers == own.metalayers
        });
        found.trailer.end == own.frame_len || (same && found.trailer.end == file_len)
    })
}

/// A chunk as a frame has it.
enum Stored {
    /// In the index only.
    Unstored(i64),
    /// These bytes.
    Bytes(Vec<u8>),
}

/// What chunks are read with.
#[derive(Debug)]
struct Reader {
    limits: ReadLimits,
    scratch: DecodeScratch,
    block: Vec<u8>,
}

impl Reader {
    fn new(limits: ReadLimits) -> Self {
        Self {
            limits,
            scratch: DecodeScratch::default(),
            block: Vec::new(),
        }
    }

    /// Decodes the chunk at the start of `place`, every block of it.
    fn check(&mut self, source: &Source, place: Range<u64>, expected: &Expected<'_>) -> Result<()> {
        let chunk = Chunk::load(source, place.start, place.end, expected)?;
        self.limits.check_block(chunk.longest_block())?;
        for block in 0..chunk.blocks() {
            self.block.resize(chunk.block_len(block), 0);
            chunk.decode_block(source, block, &mut self.scratch, &mut self.block)?;
        }
        Ok(())
    }

    /// The bytes of the chunk at the start of `place`, which is the one with this seal, or at least sound.
    fn bytes(
        &mut self,
        (source, place): (&Source, Range<u64>),
        expected: &Expected<'_>,
        seal: Option<&ChunkSeal>,
    ) -> Result<Vec<u8>> {
        let bytes = stored_bytes(source, place.clone())?;
        if let (Some(seal), Some(block_bytes)) = (seal, expected.blocksize) {
            seal.check(ChunkSeal::of(&bytes, block_bytes)?)?;
        }
        self.check(source, place, expected)?;
        Ok(bytes)
    }
}
