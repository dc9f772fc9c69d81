//! In: where leaves are, and a copy of the frame's header. Out: the metalayer that is stored of them, and that back.
//! Never: a feature ignored that has to be understood.

use std::ops::Range;

use super::bad;
use super::leaf;
use crate::bytes::Cursor;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_BLOCK_BYTES, MAX_CHUNKS};
use crate::store::chunk::HEADER_BYTES;
use crate::store::file::unsupported;

/// What the content begins with; the last byte is the version of its layout.
pub(in crate::store) const TABLE_MAGIC: &[u8; 8] = b"FBSEAL\0\x01";

/// Bytes in front of the content that make it a msgpack value, as readers of metalayers expect one: those of a byte
/// string.
pub(super) const PACK_BYTES: usize = 5;

/// The first of them.
const PACK_MARKER: u8 = 0xC6;

/// Bytes of the fields in front of the header's copy.
const FIXED_BYTES: usize = 56;

/// Bytes of a leaf's row.
pub(in crate::store) const LEAF_BYTES: usize = 24;

/// The flag of a segment that has to be understood.
const SEGMENT_REQUIRED: u32 = 1;

/// Where a leaf is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::store) struct LeafPlace {
    /// Its first byte, from the end of the frame's header on.
    pub(in crate::store) offset: u64,
    /// Its bytes.
    pub(in crate::store) len: u64,
    /// Their digest.
    pub(in crate::store) digest: u64,
}

impl LeafPlace {
    /// Its row in a table.
    pub(in crate::store) fn write(&self, out: &mut Vec<u8>) {
        for field in [self.offset, self.len, self.digest] {
            out.extend_from_slice(&field.to_le_bytes());
        }
    }

    /// The rows of `count` leaves.
    ///
    /// # Errors
    /// When there are fewer.
    pub(in crate::store) fn read_all(cursor: &mut Cursor<'_>, count: usize) -> Result<Vec<Self>> {
        let rows = cursor.take(count.saturating_mul(LEAF_BYTES), "leaves")?;
        let mut rows = Cursor::new(rows, Code::BadSeal, "seal");
        let row = |_| {
            Ok(Self {
                offset: rows.u64_le("place of a leaf")?,
                len: rows.u64_le("length of a leaf")?,
                digest: rows.u64_le("digest of a leaf")?,
            })
        };
        (0..count).map(row).collect()
    }
}

/// What is sealed, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::store) struct Table {
    /// Chunks of the frame.
    pub(in crate::store) chunks: usize,
    /// Blocks of a chunk; the last chunk may have fewer.
    pub(in crate::store) blocks: u32,
    /// Decoded bytes of a block.
    pub(in crate::store) block_bytes: u32,
    /// Chunks of a leaf, a power of two; the last leaf may have fewer.
    pub(in crate::store) chunks_per_leaf: usize,
    /// All bytes of the frame's header.
    pub(in crate::store) header: Vec<u8>,
    /// Where the leaves are.
    pub(in crate::store) leaves: Vec<LeafPlace>,
}

impl Table {
    /// The chunks of a leaf.
    pub(in crate::store) fn chunks_of(&self, leaf: usize) -> Range<usize> {
        let start = leaf.saturating_mul(self.chunks_per_leaf).min(self.chunks);
        start..start + self.chunks_per_leaf.min(self.chunks - start)
    }

    /// The leaf of a chunk.
    pub(in crate::store) fn leaf_of(&self, chunk: usize) -> usize {
        chunk / self.chunks_per_leaf
    }

    /// Bytes of all leaves.
    pub(in crate::store) fn leaf_bytes(&self) -> u64 {
        let lengths = self.leaves.iter().map(|leaf| leaf.len);
        lengths.fold(0, u64::saturating_add)
    }

    /// The chunk that the metalayer is: its content as it is, so that its length is known before its content.
    ///
    /// # Errors
    /// When it is longer than a chunk can be.
    pub(in crate::store) fn encode(&self) -> Result<Vec<u8>> {
        let content = FIXED_BYTES + self.header.len() + self.leaves.len() * LEAF_BYTES;
        let nbytes = PACK_BYTES + content;
        let too_large = || {
            let message = format!(
                "the seal of {} chunks has {content} bytes, more than a chunk can have",
                self.chunks
            );
            Error::new(ErrorKind::Limit, Code::TooLarge, message)
        };
        if nbytes > MAX_BLOCK_BYTES {
            return Err(too_large());
        }
        // OK because all lengths are below the one just checked.
        let int = |value: usize| u32::try_from(value).map_err(|_| too_large());
        let mut out = Vec::with_capacity(HEADER_BYTES + nbytes);
        // A chunk of bytes that are stored as they are.
        out.extend_from_slice(&[5, 1, 0x07, 1]);
        out.extend_from_slice(&int(nbytes)?.to_le_bytes());
        out.extend_from_slice(&int(nbytes)?.to_le_bytes());
        out.extend_from_slice(&int(HEADER_BYTES + nbytes)?.to_le_bytes());
        out.resize(HEADER_BYTES, 0);
        out.push(PACK_MARKER);
        out.extend_from_slice(&int(content)?.to_be_bytes());
        out.extend_from_slice(TABLE_MAGIC);
        // No features, neither required nor optional.
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&(self.chunks as u64).to_le_bytes());
        out.extend_from_slice(&self.blocks.to_le_bytes());
        out.extend_from_slice(&self.block_bytes.to_le_bytes());
        out.extend_from_slice(&int(self.chunks_per_leaf)?.to_le_bytes());
        out.extend_from_slice(&int(self.header.len())?.to_le_bytes());
        out.extend_from_slice(&(self.leaves.len() as u64).to_le_bytes());
        // No segments, and four bytes in reserve.
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&self.header);
        for leaf in &self.leaves {
            leaf.write(&mut out);
        }
        Ok(out)
    }

    /// The table that the metalayer's chunk is.
    ///
    /// # Errors
    /// When it contradicts itself, or requires something that this version does not know.
    pub(in crate::store) fn decode(chunk: &[u8]) -> Result<Self> {
        let mut cursor = Cursor::new(chunk, Code::BadSeal, "seal");
        let head = cursor.take(HEADER_BYTES, "chunk header")?;
        if head[2] != 0x07 || head[16..].iter().any(|&byte| byte != 0) {
            return Err(bad("the seal is compressed, which no writer does"));
        }
        cursor.marker(PACK_MARKER, "content")?;
        let content = cursor.u32_be("length")? as usize;
        if content != cursor.remaining() {
            return Err(bad(format!(
                "the seal has {} bytes, its content {content}",
                cursor.remaining()
            )));
        }
        if cursor.take(TABLE_MAGIC.len(), "magic")? != TABLE_MAGIC {
            return Err(newer("is of another version"));
        }
        let required = cursor.u32_le("required features")?;
        if required != 0 {
            return Err(newer(&format!("requires features {required:#x}")));
        }
        let _optional = cursor.u32_le("optional features")?;
        let chunks = cursor.u64_le("number of chunks")?;
        let blocks = cursor.u32_le("blocks of a chunk")?;
        let block_bytes = cursor.u32_le("bytes of a block")?;
        let chunks_per_leaf = cursor.u32_le("chunks of a leaf")? as usize;
        let header_len = cursor.u32_le("length of the header")? as usize;
        let leaves = cursor.u64_le("number of leaves")?;
        let segments = cursor.u32_le("number of segments")?;
        let _reserve = cursor.u32_le("reserve")?;
        let chunks = usize::try_from(chunks)
            .ok()
            .filter(|&chunks| chunks <= MAX_CHUNKS);
        let chunks =
            chunks.ok_or_else(|| bad("the seal is one of more chunks than a frame can have"))?;
        let grouped = chunks_per_leaf.is_power_of_two()
            && chunks.div_ceil(chunks_per_leaf) as u64 == leaves
            && (chunks == 0 || (blocks > 0 && block_bytes > 0));
        if !grouped {
            return Err(bad(format!(
                "the seal has {leaves} leaves of {chunks_per_leaf} chunks of {blocks} blocks of {block_bytes} bytes \
                 for {chunks} chunks"
            )));
        }
        let table = Self {
            chunks,
            blocks,
            block_bytes,
            chunks_per_leaf,
            header: cursor.take(header_len, "copy of the header")?.to_vec(),
            leaves: LeafPlace::read_all(&mut cursor, chunks.div_ceil(chunks_per_leaf))?,
        };
        for _ in 0..segments {
            let kind = cursor.u32_le("kind of a segment")?;
            let flags = cursor.u32_le("flags of a segment")?;
            cursor.take(24, "place of a segment")?;
            if flags & SEGMENT_REQUIRED != 0 {
                return Err(newer(&format!("requires segments of kind {kind}")));
            }
        }
        Ok(table)
    }

    /// Checks that every leaf lies in a data section of `cbytes` bytes, and that they have room there beside each
    /// other: what is kept for each block is then in proportion to the file.
    pub(in crate::store) fn check_places(&self, cbytes: u64) -> Result<()> {
        let mut left = cbytes;
        for (number, place) in self.leaves.iter().enumerate() {
            let count = self.chunks_of(number).len();
            let sizes = leaf::least_bytes(count)..=leaf::most_bytes(count, self.blocks as usize);
            let inside = place
                .offset
                .checked_add(place.len)
                .is_some_and(|end| end <= cbytes);
            let room = left.checked_sub(place.len);
            match room {
                Some(room) if inside && sizes.contains(&place.len) => left = room,
                Some(_) | None => {
                    return Err(bad(format!(
                        "the seal puts leaf {number} of {} bytes at byte {} of {cbytes} bytes of chunks",
                        place.len, place.offset
                    )));
                }
            }
        }
        Ok(())
    }
}

#[cold]
fn newer(what: &str) -> Error {
    unsupported(format!(
        "the file's seal {what}, which this version does not know"
    ))
    .with_help(
        "a newer fuseblock wrote it, and can read it; Verify::Never reads it without verification",
    )
}
