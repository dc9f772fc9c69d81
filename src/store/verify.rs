//! In: an array in a file. Out: every chunk that cannot be decoded or is not what was sealed.
//! Never: the end at the first.

use std::path::Path;

use super::attributes;
use super::open::Opened;
use super::scratch::DecodeScratch;
use super::seal::{SealStatus, Verify};
use super::stored::StoredArray;
use crate::error::{Error, Result};
use crate::limits::MAX_CHUNK_BYTES;
use crate::store::dtype::Items;
use crate::store::read_limits::ReadLimits;

/// What there was to find.
#[derive(Debug)]
pub struct Report {
    /// Whether checksums could be verified.
    pub seal: SealStatus,
    /// Chunks that were looked at: all.
    pub chunks: usize,
    /// Decoded bytes of all of them.
    pub bytes: u64,
    /// The chunks that are damaged, and how.
    pub damaged: Vec<(usize, Error)>,
}

/// Decodes every block of the array or super-chunk at `path`, and verifies what is sealed.
///
/// # Errors
/// When it cannot be opened at all, or is no Blosc2 frame.
pub fn verify(path: impl AsRef<Path>) -> Result<Report> {
    let frame = Opened::frame_at(path.as_ref(), Verify::Always)?;
    let seal = frame.seal().clone();
    // They are few, and must be readable, too.
    attributes::of_frame(&frame)?;
    let (mut damaged, mut bytes, chunks) = (Vec::new(), 0, frame.chunks());
    if frame.has_shape() {
        let array = StoredArray::open(frame, Items::Bytes, &ReadLimits::default())?;
        let (mut scratch, mut block) = (DecodeScratch::default(), vec![0; array.block_bytes()]);
        for chunk in 0..chunks {
            let decoded = (0..array.blocks_per_chunk()).try_for_each(|number| {
                bytes += block.len() as u64;
                array.decode(chunk, number, &mut scratch, &mut block)
            });
            damaged.extend(decoded.err().map(|error| (chunk, error)));
        }
    } else {
        for chunk in 0..chunks {
            match frame.read_chunk(chunk, MAX_CHUNK_BYTES) {
                Ok(decoded) => bytes += decoded.len() as u64,
                Err(error) => damaged.push((chunk, error)),
            }
        }
    }
    Ok(Report {
        seal,
        chunks,
        bytes,
        damaged,
    })
}
