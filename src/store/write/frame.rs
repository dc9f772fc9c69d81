//! In: what a frame's header says. Out: its bytes, those of its index and of its trailer.
//! Never: chunks.

use super::chunk::{Coding, Encoder};
use super::{Split, wrong};
use crate::codec::filter::{SHUFFLE, SLOTS};
use crate::codec::id;
use crate::error::Result;
use crate::store::frame::{HEADER_MIN_BYTES, MAGIC};
use crate::store::meta;
use crate::types::{Grid, Shape};

/// The index entry of a chunk of zeros, which is not stored.
pub(super) const ZEROS_ENTRY: i64 = i64::MIN | 1 << 56;

/// Bytes of an index block, as the reference library chooses.
const INDEX_BLOCK_BYTES: usize = 16 << 10;

/// What a header says.
pub(super) struct Fields<'f> {
    pub(super) shape: &'f Shape,
    pub(super) grid: &'f Grid,
    pub(super) dtype: &'f str,
    pub(super) itemsize: usize,
    pub(super) compcode: u8,
    pub(super) level: u8,
    pub(super) shuffle: bool,
    pub(super) split: Split,
    pub(super) blocksize: usize,
    pub(super) chunksize: usize,
    pub(super) nbytes: u64,
}

/// A frame header; the lengths of the frame and of its chunks come last.
#[derive(Debug)]
pub(super) struct FrameBytes(Vec<u8>);

impl FrameBytes {
    pub(super) fn new(fields: &Fields<'_>) -> Result<Self> {
        let content = b2nd(fields)?;
        let name = meta::NAMES[0].as_bytes();
        let mut out = Vec::with_capacity(HEADER_MIN_BYTES + 32 + content.len());
        out.extend_from_slice(MAGIC);
        out.push(0xD2);
        out.extend_from_slice(&[0; 4]);
        out.push(0xCF);
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&[0xA4, 0x12, 0, fields.level << 4 | fields.compcode]);
        out.push(splitmode(fields.split) - 1);
        out.push(0xD3);
        out.extend_from_slice(&fields.nbytes.to_be_bytes());
        out.push(0xD3);
        out.extend_from_slice(&[0; 8]);
        for size in [fields.itemsize, fields.blocksize, fields.chunksize] {
            out.push(0xD2);
            out.extend_from_slice(&int(size)?.to_be_bytes());
        }
        // One thread to compress and one to decompress: a hint that nobody follows.
        out.extend_from_slice(&[0xD1, 0, 1, 0xD1, 0, 1]);
        // No variable-length metalayers; then the filters, as an extension of 16 bytes.
        out.extend_from_slice(&[0xC2, 0xD8, 6]);
        let mut filters = [0; SLOTS];
        if fields.shuffle {
            filters[SLOTS - 1] = SHUFFLE;
        }
        out.extend_from_slice(&filters);
        out.extend_from_slice(&[fields.compcode, 0]);
        out.extend_from_slice(&[0; SLOTS]);
        out.extend_from_slice(&[0, 0]);
        // The map of one metalayer: 7 bytes of markers and counts, then its entry.
        let map_len = int16(7 + 1 + name.len() + 5)?;
        out.extend_from_slice(&[0x93, 0xCD]);
        out.extend_from_slice(&map_len);
        out.extend_from_slice(&[0xDE, 0, 1]);
        out.push(0xA0 | int16(name.len())?[1]);
        out.extend_from_slice(name);
        out.push(0xD2);
        let value_at = out.len() + 4 + 3;
        out.extend_from_slice(&int(value_at)?.to_be_bytes());
        out.extend_from_slice(&[0xDC, 0, 1]);
        out.push(0xC6);
        out.extend_from_slice(&int(content.len())?.to_be_bytes());
        out.extend_from_slice(&content);
        let header_len = int(out.len())?;
        out[0x0B..0x0F].copy_from_slice(&header_len.to_be_bytes());
        Ok(Self(out))
    }

    pub(super) fn header(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn header_len(&self) -> u64 {
        self.0.len() as u64
    }

    pub(super) fn set_lengths(&mut self, frame_len: u64, cbytes: u64) {
        self.0[0x10..0x18].copy_from_slice(&frame_len.to_be_bytes());
        self.0[0x27..0x2F].copy_from_slice(&cbytes.to_be_bytes());
    }
}

fn splitmode(split: Split) -> u8 {
    match split {
        Split::Always => 1,
        Split::Never => 2,
        Split::Auto => 3,
    }
}

/// The content of the b2nd metalayer.
fn b2nd(fields: &Fields<'_>) -> Result<Vec<u8>> {
    // At most 16. The marker of 16 axes is the one the reference library writes.
    let ndim = int16(fields.shape.ndim())?[1];
    let mut out = vec![0x97, 0, ndim, 0x90 + ndim];
    for &extent in fields.shape.iter() {
        let extent = i64::try_from(extent).map_err(|_| wrong("an extent is above 2^63"))?;
        out.push(0xD3);
        out.extend_from_slice(&extent.to_be_bytes());
    }
    for extents in [&fields.grid.chunk, &fields.grid.block] {
        out.push(0x90 + ndim);
        for &extent in extents.iter() {
            out.push(0xD2);
            out.extend_from_slice(&int(extent)?.to_be_bytes());
        }
    }
    out.extend_from_slice(&[0, 0xDB]);
    out.extend_from_slice(&int(fields.dtype.len())?.to_be_bytes());
    out.extend_from_slice(fields.dtype.as_bytes());
    Ok(out)
}

/// The chunk that holds the index.
pub(super) fn index_chunk(index: &[i64]) -> Result<Vec<u8>> {
    let bytes: Vec<u8> = index.iter().flat_map(|entry| entry.to_le_bytes()).collect();
    let mut encoder = Encoder::new(Coding {
        compcode: id::LZ4,
        level: 5,
        shuffle: true,
        split: Split::Never,
        typesize: 8,
        blocksize: INDEX_BLOCK_BYTES.min(bytes.len()),
    })?;
    Ok(encoder.encode(&bytes).to_vec())
}

/// A trailer without metalayers.
pub(super) fn trailer() -> Vec<u8> {
    let mut out = vec![0x94, 1, 0x93, 0xCD, 0, 6, 0xDE, 0, 0, 0xDC, 0, 0, 0xCE];
    out.extend_from_slice(&35u32.to_be_bytes());
    out.extend_from_slice(&[0xD8, 0]);
    out.extend_from_slice(&[0; 16]);
    out
}

fn int(value: usize) -> Result<i32> {
    i32::try_from(value).map_err(|_| wrong(format!("{value} is too large for a frame's header")))
}

fn int16(value: usize) -> Result<[u8; 2]> {
    u16::try_from(value)
        .map(u16::to_be_bytes)
        .map_err(|_| wrong(format!("{value} is too large for a frame's header")))
}
