//! In: the first bytes of a frame. Out: its header's fields, each in its range, and the
//! metalayers.
//! Never: trust in the map sizes, which readers do not need.

use super::{bad, chunk_bytes};
use crate::bytes::Cursor;
use crate::codec::filter::SLOTS;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_BLOCK_BYTES, MAX_FRAME_HEADER_BYTES, MAX_ITEM_BYTES, MAX_METALAYERS};
use crate::store::file::{Source, unsupported};

/// The first bytes of every frame: a msgpack array of 14 and the string `b2frame`.
pub const MAGIC: &[u8] = b"\x9E\xA8b2frame\0";

/// Bytes of a header without metalayers.
pub const HEADER_MIN_BYTES: usize = 0x61;

/// Where the metalayers' part of a header begins.
const METALAYERS_AT: usize = 0x57;

/// A frame header whose fields are each in their range.
#[derive(Clone, Debug)]
pub struct FrameHeader {
    /// Bytes of this header.
    pub header_len: u64,
    /// Bytes of the frame.
    pub frame_len: u64,
    /// Format version, at most 3.
    pub version: u8,
    /// Whether the chunks are files of their own.
    pub sparse: bool,
    /// Codec id for new chunks.
    pub compcode: u8,
    /// Compression level for new chunks.
    pub clevel: u8,
    /// 1 always, 2 never, 3 auto, 4 forward compatible.
    pub splitmode: u8,
    /// Decoded bytes of all chunks.
    pub nbytes: u64,
    /// Bytes of the section that holds the chunks.
    pub cbytes: u64,
    /// Item size as the header has it.
    pub itemsize: usize,
    /// Block size for new chunks; 0 where unknown.
    pub blocksize: usize,
    /// Decoded bytes of a chunk; `None` where they vary.
    pub chunksize: Option<usize>,
    /// Filter ids for new chunks.
    pub filters: [u8; SLOTS],
    /// Filter parameters for new chunks.
    pub filters_meta: [u8; SLOTS],
    /// Whether new chunks use a dictionary.
    pub use_dict: bool,
    /// The metalayers, in order.
    pub metalayers: Vec<Metalayer>,
}

/// A named piece of a frame header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metalayer {
    /// Its name.
    pub name: String,
    /// Its content.
    pub content: Vec<u8>,
    /// Where in the header that stands.
    pub at: usize,
}

impl FrameHeader {
    /// The bytes of the header of the frame that `source` begins with.
    ///
    /// # Errors
    /// When these are not there.
    pub(in crate::store) fn read_bytes(source: &Source) -> Result<Vec<u8>> {
        let smallest = HEADER_MIN_BYTES as u64 + super::trailer::MIN_BYTES;
        if source.len_bytes() < smallest {
            return Err(bad(format!(
                "a frame has at least {smallest} bytes, this one {}",
                source.len_bytes()
            )));
        }
        let first = source.read_vec(0, HEADER_MIN_BYTES)?;
        let mut cursor = Cursor::new(&first, Code::BadFrame, "frame header");
        if cursor.take(MAGIC.len(), "magic")? != MAGIC {
            return Err(bad("the frame does not begin with b2frame"));
        }
        cursor.seek(0x0B, "header length")?;
        let header_len = cursor.i32_be("header length")?;
        let header_len = usize::try_from(header_len)
            .ok()
            .filter(|&len| len >= HEADER_MIN_BYTES && len as u64 <= source.len_bytes())
            .ok_or_else(|| bad(format!("the frame claims a header of {header_len} bytes")))?;
        if header_len > MAX_FRAME_HEADER_BYTES {
            return Err(Error::new(
                ErrorKind::Limit,
                Code::BadFrame,
                format!(
                    "the frame has a header of {header_len} bytes; at most \
                     {MAX_FRAME_HEADER_BYTES} are read"
                ),
            ));
        }
        source.read_vec(0, header_len)
    }

    /// The header that all of `bytes` are, of a frame in a file of `available` bytes.
    pub(in crate::store) fn parse(bytes: &[u8], available: u64) -> Result<Self> {
        let mut header = Self::parse_fixed(bytes, available)?;
        header.metalayers = parse_metalayers(bytes)?;
        Ok(header)
    }

    /// The fields at fixed positions; the metalayers stay empty.
    fn parse_fixed(bytes: &[u8], available: u64) -> Result<Self> {
        let mut cursor = Cursor::new(bytes, Code::BadFrame, "frame header");
        cursor.seek(0x10, "frame length")?;
        let frame_len = cursor.u64_be("frame length")?;
        cursor.seek(0x19, "flags")?;
        let flags = cursor.u8("flags")?;
        let kind = cursor.u8("frame type")?;
        let codec = cursor.u8("codec")?;
        let splitmode = (cursor.u8("split mode")? & 3) + 1;
        cursor.seek(0x1E, "nbytes")?;
        let nbytes = cursor.i64_be("nbytes")?;
        cursor.seek(0x27, "cbytes")?;
        let cbytes = cursor.i64_be("cbytes")?;
        cursor.seek(0x30, "item size")?;
        let itemsize = cursor.i32_be("item size")?;
        cursor.seek(0x35, "block size")?;
        let blocksize = cursor.i32_be("block size")?;
        cursor.seek(0x3A, "chunk size")?;
        let chunksize = cursor.i32_be("chunk size")?;
        cursor.seek(0x46, "filter count")?;
        let filter_count = cursor.u8("filter count")?;
        let filters = cursor.array("filters")?;
        let compcode = cursor.u8("codec id")?;
        cursor.seek(0x4F, "filter parameters")?;
        let filters_meta = cursor.array("filter parameters")?;
        let use_dict = cursor.u8("dictionary flag")? & 1 != 0;
        check_version(flags, kind, filter_count)?;
        let header_len = bytes.len() as u64;
        let least = header_len + super::trailer::MIN_BYTES;
        if frame_len < least {
            return Err(bad(format!(
                "the frame claims {frame_len} bytes, too few for a header of {header_len} and a trailer"
            )));
        }
        if frame_len > available {
            return Err(bad(format!(
                "the frame claims {frame_len} bytes, the file has {available}"
            )));
        }
        let nbytes = size(nbytes, "nbytes", u64::MAX >> 1)?;
        Ok(Self {
            header_len,
            frame_len,
            version: flags & 15,
            sparse: kind & 15 == 1,
            compcode: codec_id(codec & 15, compcode),
            clevel: codec >> 4,
            splitmode,
            nbytes,
            cbytes: match (kind & 15, nbytes) {
                // The chunks are elsewhere.
                (1, _) => size(cbytes, "cbytes", u64::MAX >> 1)?,
                // When its last chunk goes, the reference library leaves the figure as it was.
                (_, 0) => 0,
                _ => size(cbytes, "cbytes", frame_len - header_len)?,
            },
            itemsize: small(itemsize, "an item size", 1, MAX_ITEM_BYTES)?,
            blocksize: small(blocksize, "a block size", 0, MAX_BLOCK_BYTES)?,
            chunksize: parse_chunksize(chunksize, nbytes)?,
            filters,
            filters_meta,
            use_dict,
            metalayers: Vec::new(),
        })
    }

    /// Position behind the last byte of the section of the file that holds the chunks: none in a
    /// sparse frame.
    pub fn data_end(&self) -> u64 {
        self.header_len + if self.sparse { 0 } else { self.cbytes }
    }

    /// The metalayer of this name.
    pub fn metalayer(&self, name: &str) -> Option<&Metalayer> {
        self.metalayers.iter().find(|layer| layer.name == name)
    }
}

/// The nibble holds the small ids; 6 means that the id byte counts.
fn codec_id(nibble: u8, id: u8) -> u8 {
    if nibble == crate::codec::FORMAT_BY_ID {
        id
    } else {
        nibble
    }
}

fn check_version(flags: u8, kind: u8, filter_count: u8) -> Result<()> {
    if flags & 15 > 3 {
        return Err(unsupported(format!(
            "the frame has format version {}; up to 3 are known",
            flags & 15
        )));
    }
    if flags >> 4 & 3 != 1 {
        return Err(bad("the frame's chunk offsets are not of 64 bits"));
    }
    if kind & 15 > 1 {
        return Err(bad(format!("the frame has unknown type {}", kind & 15)));
    }
    if usize::from(filter_count) > SLOTS {
        return Err(bad(format!("the frame has {filter_count} filter slots")));
    }
    Ok(())
}

fn parse_chunksize(chunksize: i32, nbytes: u64) -> Result<Option<usize>> {
    match chunksize {
        0 if nbytes > 0 => Ok(None),
        // Nothing is stored yet.
        -1 if nbytes == 0 => Ok(Some(0)),
        _ => usize::try_from(chunksize)
            .map_err(|_| bad(format!("the frame has chunks of {chunksize} bytes")))
            .and_then(chunk_bytes)
            .map(Some),
    }
}

fn size(value: i64, field: &str, high: u64) -> Result<u64> {
    u64::try_from(value)
        .ok()
        .filter(|&value| value <= high)
        .ok_or_else(|| bad(format!("the frame claims {field} of {value}")))
}

fn small(value: i32, field: &str, low: usize, high: usize) -> Result<usize> {
    usize::try_from(value)
        .ok()
        .filter(|value| (low..=high).contains(value))
        .ok_or_else(|| bad(format!("the frame has {field} of {value}")))
}

/// The map of names, then an array of contents that the map's offsets point into.
fn parse_metalayers(bytes: &[u8]) -> Result<Vec<Metalayer>> {
    let mut cursor = Cursor::new(bytes, Code::BadFrame, "frame header");
    cursor.seek(METALAYERS_AT, "metalayers")?;
    cursor.marker(0x93, "metalayers")?;
    cursor.seek(METALAYERS_AT + 4, "metalayers")?;
    cursor.marker(0xDE, "metalayer map")?;
    let count = usize::from(cursor.u16_be("metalayer count")?);
    if count > MAX_METALAYERS {
        return Err(bad(format!(
            "the frame claims {count} metalayers; there are at most {MAX_METALAYERS}"
        )));
    }
    let mut layers: Vec<Metalayer> = Vec::with_capacity(count);
    for _ in 0..count {
        let (name, offset) = parse_name(&mut cursor)?;
        if layers.iter().any(|layer| layer.name == name) {
            return Err(bad(format!("the frame has two metalayers '{name}'")));
        }
        let mut value = Cursor::new(bytes, Code::BadFrame, "frame header");
        value.seek(offset, "metalayer")?;
        value.marker(0xC6, "metalayer content")?;
        let len = value.u32_be("metalayer length")? as usize;
        let content = value.take(len, "metalayer content")?.to_vec();
        let at = offset + 5;
        layers.push(Metalayer { name, content, at });
    }
    Ok(layers)
}

/// One entry of a map of metalayers: its name and the offset of its value.
pub(super) fn parse_name(cursor: &mut Cursor<'_>) -> Result<(String, usize)> {
    let marker = cursor.u8("metalayer name")?;
    if !(0xA0..=0xBF).contains(&marker) {
        return Err(bad(format!(
            "a metalayer's name begins with byte {marker:#04x}"
        )));
    }
    let name = cursor.take(usize::from(marker & 31), "metalayer name")?;
    let name = String::from_utf8_lossy(name).into_owned();
    cursor.marker(0xD2, "metalayer offset")?;
    let offset = cursor.i32_be("metalayer offset")?;
    let offset = usize::try_from(offset)
        .map_err(|_| bad(format!("metalayer '{name}' has offset {offset}")))?;
    Ok((name, offset))
}
