//! In: the first bytes of a Bloscpack file, or of a chunk's file in a BLZ or bcolz directory.
//! Out: its header, each field in its range and in agreement with the others.
//! Never: a count that the file is too short for.

use super::bad;
use super::checksum::Checksum;
use crate::bytes::Cursor;
use crate::diag::Code;
use crate::error::Result;
use crate::limits::{MAX_BLOSC1_BYTES, MAX_CHUNKS};
use crate::store::chunk::SHORT_HEADER_BYTES;
use crate::store::file::{Source, unsupported};

/// The first bytes of every file.
pub const MAGIC: &[u8] = b"blpk";

/// Bytes of the header of versions 2 and 3.
const LONG_BYTES: usize = 32;

/// Bytes of the header of version 1, which only counts chunks.
pub(super) const SHORT_BYTES: usize = 16;

/// Bits of the options byte.
mod option {
    pub(super) const OFFSETS: u8 = 1;
    pub(super) const METADATA: u8 = 2;
}

/// The header of a Bloscpack file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileHeader {
    /// Version of the format, 1 to 3.
    pub version: u8,
    /// Bytes of this header.
    pub len: usize,
    /// Whether the file has a section with the positions of its chunks.
    pub offsets: bool,
    /// Whether the file has a metadata section.
    pub metadata: bool,
    /// What stands behind each chunk.
    pub checksum: Checksum,
    /// Item size that the writer was told.
    pub typesize: Option<usize>,
    /// Decoded bytes of every chunk but the last, where that is known.
    pub chunk_size: Option<usize>,
    /// Decoded bytes of the last chunk, where that is known.
    pub last_chunk: Option<usize>,
    /// Number of chunks, where that is known.
    pub chunks: Option<usize>,
    /// Places for further chunks in the section of positions.
    pub spare_offsets: u64,
}

impl FileHeader {
    /// Reads the header that `source` begins with.
    ///
    /// # Errors
    /// When it is damaged or of an unknown version.
    pub fn read(source: &Source) -> Result<Self> {
        let prefix = usize::try_from(source.len_bytes()).map_or(LONG_BYTES, |l| l.min(LONG_BYTES));
        let bytes = source.read_vec(0, prefix)?;
        let parsed = Self::parse(&bytes).and_then(|header| {
            header.check_count(source.len_bytes())?;
            Ok(header)
        });
        parsed.map_err(|error| source.blame(error))
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let mut cursor = Cursor::new(bytes, Code::BadFrame, "Bloscpack header");
        if cursor.take(MAGIC.len(), "magic")? != MAGIC {
            return Err(bad("the file does not begin as a Bloscpack file"));
        }
        let version = cursor.u8("version")?;
        match version {
            1 => Self::parse_short(cursor),
            2 | 3 => Self::parse_long(cursor, version),
            _ => Err(unsupported(format!(
                "the Bloscpack file has format version {version}; 1, 2 and 3 are read"
            ))),
        }
    }

    fn parse_short(mut cursor: Cursor<'_>) -> Result<Self> {
        if cursor.array("reserved bytes")? != [0; 3] {
            return Err(bad("the Bloscpack header has reserved bytes in use"));
        }
        let chunks = count(cursor.i64_le("number of chunks")?)?;
        Ok(Self {
            version: 1,
            len: cursor.position(),
            offsets: false,
            metadata: false,
            checksum: Checksum::None,
            typesize: None,
            chunk_size: None,
            last_chunk: None,
            chunks,
            spare_offsets: 0,
        })
    }

    fn parse_long(mut cursor: Cursor<'_>, version: u8) -> Result<Self> {
        let options = cursor.u8("options")?;
        let known = match version {
            2 => option::OFFSETS,
            _ => option::OFFSETS | option::METADATA,
        };
        if options & !known != 0 {
            return Err(bad(format!(
                "the Bloscpack header has unknown options {options:#04x}"
            )));
        }
        let id = cursor.u8("checksum")?;
        let checksum = Checksum::by_id(id)
            .ok_or_else(|| bad(format!("the Bloscpack header has unknown checksum {id}")))?;
        let typesize = usize::from(cursor.u8("typesize")?);
        let chunk_size = size(cursor.i32_le("chunk size")?, "chunk size")?;
        let last_chunk = size(cursor.i32_le("last chunk")?, "last chunk")?;
        let chunks = count(cursor.i64_le("number of chunks")?)?;
        let spare = cursor.i64_le("number of spare offsets")?;
        let header = Self {
            version,
            len: cursor.position(),
            offsets: options & option::OFFSETS != 0,
            metadata: options & option::METADATA != 0,
            checksum,
            typesize: Some(typesize),
            chunk_size,
            last_chunk,
            chunks,
            spare_offsets: u64::try_from(spare)
                .map_err(|_| bad(format!("the Bloscpack header has {spare} spare offsets")))?,
        };
        header.check_agreement()?;
        Ok(header)
    }

    fn check_agreement(&self) -> Result<()> {
        if let (Some(chunk), Some(last)) = (self.chunk_size, self.last_chunk)
            && last > chunk
        {
            return Err(bad(format!(
                "the last chunk has {last} bytes, more than the {chunk} of the others"
            )));
        }
        if self.offsets && self.chunks.is_none() {
            return Err(bad(
                "the Bloscpack header has a section of positions for an unknown number of chunks",
            ));
        }
        // Version 2 has no such field; its bytes are reserved, and zero.
        if self.spare_offsets > 0 && (!self.offsets || self.version < 3) {
            return Err(bad(format!(
                "the Bloscpack header has {} spare offsets, but no section for them",
                self.spare_offsets
            )));
        }
        Ok(())
    }

    /// Checks that a file of `len_bytes` has room for the chunks that are counted.
    fn check_count(&self, len_bytes: u64) -> Result<()> {
        let Some(chunks) = self.chunks else {
            return Ok(());
        };
        let digest = self.checksum.digest_len();
        let room = len_bytes.saturating_sub(self.len as u64) / (SHORT_HEADER_BYTES + digest) as u64;
        if chunks <= MAX_CHUNKS && chunks as u64 <= room {
            return Ok(());
        }
        Err(bad(format!(
            "the Bloscpack header counts {chunks} chunks, but there is room for {room}"
        )))
    }
}

/// A number of chunks; -1 where the writer did not know it.
fn count(value: i64) -> Result<Option<usize>> {
    match value {
        -1 => Ok(None),
        _ => usize::try_from(value)
            .map(Some)
            .map_err(|_| bad(format!("the Bloscpack header counts {value} chunks"))),
    }
}

/// A size in bytes; -1 where the writer did not know it.
fn size(value: i32, field: &str) -> Result<Option<usize>> {
    let most = MAX_BLOSC1_BYTES;
    match value {
        -1 => Ok(None),
        _ => usize::try_from(value)
            .ok()
            .filter(|&value| value <= most)
            .map(Some)
            .ok_or_else(|| {
                bad(format!(
                    "the Bloscpack header has {field} {value}, outside of -1..={most}"
                ))
            }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(version: u8, edit: impl FnOnce(&mut [u8])) -> Result<FileHeader> {
        let mut bytes = b"blpk\x03\x03\x01\x08".to_vec();
        bytes[4] = version;
        bytes.extend(100i32.to_le_bytes());
        bytes.extend(40i32.to_le_bytes());
        bytes.extend(3i64.to_le_bytes());
        bytes.extend(30i64.to_le_bytes());
        edit(&mut bytes);
        FileHeader::parse(&bytes)
    }

    fn fails(header: Result<FileHeader>, fact: &str) {
        let error = header.unwrap_err();
        assert!(error.message().contains(fact), "{error}");
    }

    #[test]
    fn all_versions() {
        let header = long(3, |_| {}).unwrap();
        assert_eq!((header.len, header.typesize), (32, Some(8)));
        assert_eq!(header.checksum, Checksum::Adler32);
        assert_eq!(header.chunk_size, Some(100));
        assert_eq!(header.last_chunk, Some(40));
        assert_eq!((header.chunks, header.spare_offsets), (Some(3), 30));
        assert!(header.offsets && header.metadata);
        let header = long(2, |bytes| {
            bytes[5] = 1;
            bytes[24] = 0;
        });
        assert_eq!(header.unwrap().version, 2);
        let unknown = long(3, |bytes| {
            bytes[5] = 0;
            bytes[8..24].fill(0xFF);
            bytes[24] = 0;
        });
        let unknown = unknown.unwrap();
        assert_eq!((unknown.chunk_size, unknown.last_chunk), (None, None));
        assert_eq!(unknown.chunks, None);
        let short = FileHeader::parse(b"blpk\x01\0\0\0\x05\0\0\0\0\0\0\0and more").unwrap();
        assert_eq!((short.len, short.chunks), (16, Some(5)));
        assert_eq!(short.checksum, Checksum::None);
        let short = FileHeader::parse(b"blpk\x01\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
        assert_eq!(short.unwrap().chunks, None);
    }

    #[test]
    fn contradictions_and_unknown_things_are_errors() {
        fails(long(0, |_| {}), "format version 0; 1, 2 and 3");
        fails(long(4, |_| {}), "format version 4");
        fails(long(3, |bytes| bytes[5] = 7), "unknown options 0x07");
        fails(long(2, |_| {}), "unknown options 0x03");
        fails(long(2, |bytes| bytes[5] = 1), "30 spare offsets, but no");
        fails(long(3, |bytes| bytes[5] = 2), "30 spare offsets, but no");
        fails(long(3, |bytes| bytes[6] = 9), "unknown checksum 9");
        fails(long(3, |bytes| bytes[12] = 101), "more than the 100");
        fails(long(3, |bytes| bytes[8..12].fill(0xFE)), "chunk size -1684");
        fails(
            long(3, |bytes| {
                bytes[8..12].copy_from_slice(&i32::MAX.to_le_bytes())
            }),
            "chunk size 2147483647, outside of -1..=2147483631",
        );
        fails(long(3, |bytes| bytes[16..24].fill(0xFF)), "unknown number");
        fails(long(3, |bytes| bytes[23] = 0x80), "chunks");
        fails(long(3, |bytes| bytes[31] = 0x80), "spare offsets");
        fails(FileHeader::parse(b"blpk"), "ends 1 byte before");
        fails(FileHeader::parse(b"blpk\x01\0\x01\0"), "reserved bytes");
        fails(FileHeader::parse(b"blob\x01\0\0\0"), "does not begin");
        let short = FileHeader::parse(b"blpk\x01\0\0\0\x01\0\0");
        fails(short, "number of chunks");
    }

    #[test]
    fn no_more_chunks_than_there_is_room_for() {
        let mut bytes = b"blpk\x01\0\0\0\x02\0\0\0\0\0\0\0".to_vec();
        bytes.extend([0; 32]);
        assert!(FileHeader::read(&Source::memory(bytes.clone())).is_ok());
        bytes.pop();
        fails(FileHeader::read(&Source::memory(bytes)), "room for 1");
        let claims = b"blpk\x01\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F".to_vec();
        fails(FileHeader::read(&Source::memory(claims)), "room for 0");
    }
}
