//! In: the last bytes of a frame. Out: the names and places of its variable-length metalayers,
//! each checked to be a whole chunk.
//! Never: their contents in memory.

use super::header::parse_name;
use super::{FrameHeader, bad};
use crate::bytes::Cursor;
use crate::diag::Code;
use crate::error::Result;
use crate::limits::MAX_VLMETALAYERS;
use crate::store::chunk::{self, HEADER_BYTES};
use crate::store::file::Source;

/// Bytes of the shortest trailer that any version wrote.
pub(super) const MIN_BYTES: u64 = 25;

/// Bytes from the CE marker to the frame's end: marker, length, fingerprint type, fingerprint.
pub(in crate::store) const TAIL_BYTES: u64 = 23;

/// Bytes of the largest map of names there can be.
const MAP_MAX_BYTES: usize = 9 + MAX_VLMETALAYERS * (1 + 31 + 5) + 3;

/// A named, compressed value in a frame's trailer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VlMetalayer {
    /// Its name.
    pub name: String,
    /// Position of its chunk in the file.
    pub position: u64,
    /// Stored bytes.
    pub cbytes: usize,
    /// Decoded bytes.
    pub nbytes: usize,
}

/// A frame's trailer.
#[derive(Debug)]
pub(in crate::store) struct Trailer {
    /// Position in the file.
    pub(in crate::store) start: u64,
    pub(in crate::store) metalayers: Vec<VlMetalayer>,
    /// What is in the last 16 bytes, which the reference library fills with zeros.
    pub(in crate::store) fingerprint: [u8; 16],
}

/// Reads the trailer of the frame with this header.
///
/// # Errors
/// When it is damaged or not there.
pub(in crate::store) fn read(source: &Source, header: &FrameHeader) -> Result<Trailer> {
    let (len, fingerprint) = read_tail(source, header.frame_len)?;
    if !(MIN_BYTES..=header.frame_len - header.header_len).contains(&len) {
        return Err(bad(format!("the frame claims a trailer of {len} bytes")));
    }
    let start = header.frame_len - len;
    let names = read_names(source, start, len)?;
    let mut metalayers: Vec<VlMetalayer> = Vec::with_capacity(names.len());
    let mut seen = std::collections::HashSet::new();
    for (name, offset) in names {
        if !seen.insert(name.clone()) {
            return Err(bad(format!("the trailer has two metalayers '{name}'")));
        }
        metalayers.push(read_value(source, start, len - TAIL_BYTES, name, offset)?);
    }
    Ok(Trailer {
        start,
        metalayers,
        fingerprint,
    })
}

/// The length of the trailer that ends in front of byte `end`, and its fingerprint.
///
/// # Errors
/// When none ends there.
pub(in crate::store) fn read_tail(source: &Source, end: u64) -> Result<(u64, [u8; 16])> {
    // No underflow where a frame ends: a header is longer than the tail, and a frame than its header.
    let tail = source.read_vec(end.saturating_sub(TAIL_BYTES), 23)?;
    let mut cursor = Cursor::new(&tail, Code::BadFrame, "frame trailer");
    cursor.marker(0xCE, "length")?;
    let len = u64::from(cursor.u32_be("length")?);
    cursor.marker(0xD8, "fingerprint")?;
    let _type = cursor.u8("type of the fingerprint")?;
    Ok((len, cursor.array("fingerprint")?))
}

fn read_names(source: &Source, start: u64, len: u64) -> Result<Vec<(String, usize)>> {
    let len = usize::try_from(len - TAIL_BYTES).unwrap_or(usize::MAX);
    let bytes = source.read_vec(start, len.min(MAP_MAX_BYTES))?;
    let mut cursor = Cursor::new(&bytes, Code::BadFrame, "frame trailer");
    let version = cursor.u8("array marker").and(cursor.u8("version"))?;
    if len < 6 {
        // The betas wrote trailers without this part.
        return Ok(Vec::new());
    }
    cursor.marker(0x93, "metalayers")?;
    cursor.seek(6, "metalayer map")?;
    cursor.marker(0xDE, "metalayer map")?;
    let count = usize::from(cursor.u16_be("metalayer count")?);
    if count > MAX_VLMETALAYERS {
        return Err(bad(format!(
            "the trailer (version {version}) claims {count} metalayers; there are at most \
             {MAX_VLMETALAYERS}"
        )));
    }
    (0..count).map(|_| parse_name(&mut cursor)).collect()
}

fn read_value(
    source: &Source,
    start: u64,
    len: u64,
    name: String,
    offset: usize,
) -> Result<VlMetalayer> {
    let place = offset as u64;
    if place + 5 + HEADER_BYTES as u64 > len {
        return Err(bad(format!(
            "metalayer '{name}' stands at byte {offset} of a trailer of {len} bytes"
        )));
    }
    let bytes = source.read_vec(start + place, 5 + HEADER_BYTES)?;
    let mut cursor = Cursor::new(&bytes, Code::BadFrame, "frame trailer");
    cursor.marker(0xC6, "metalayer content")?;
    let cbytes = cursor.u32_be("metalayer length")? as usize;
    if place + 5 + cbytes as u64 > len {
        return Err(bad(format!(
            "metalayer '{name}' claims {cbytes} bytes, more than the trailer has left"
        )));
    }
    let chunk = chunk::Header::parse(cursor.take(HEADER_BYTES, "metalayer chunk")?)?;
    if chunk.cbytes != cbytes {
        return Err(bad(format!(
            "metalayer '{name}' has {cbytes} bytes, its chunk {}",
            chunk.cbytes
        )));
    }
    Ok(VlMetalayer {
        name,
        position: start + place + 5,
        cbytes,
        nbytes: chunk.nbytes,
    })
}
