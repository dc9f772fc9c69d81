//! In: an array in a file. Out: every chunk that cannot be decoded or is not what was sealed.
//! Never: the end at the first.

use std::path::Path;

use super::attributes;
use super::open::Opened;
use super::scratch::DecodeScratch;
use super::seal::{SealStatus, Verify};
use super::stored::StoredArray;
use crate::error::{Error, Result};
use crate::store::dtype::Items;
use crate::store::file::unsupported;
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

/// Decodes every block of the array at `path`, and verifies what is sealed.
///
/// # Errors
/// When it cannot be opened at all, or is no n-d array in a Blosc2 frame.
pub fn verify(path: impl AsRef<Path>) -> Result<Report> {
    let path = path.as_ref();
    let Opened::Frame(frame) = Opened::at(path, Verify::Always)? else {
        return Err(unsupported("only Blosc2 frames can be verified").with_path(path));
    };
    let seal = frame.seal().clone();
    // They are few, and must be readable, too.
    attributes::of_frame(&frame)?;
    let array = StoredArray::open(*frame, Items::Bytes, &ReadLimits::default())?;
    let (mut scratch, mut block) = (DecodeScratch::default(), vec![0; array.block_bytes()]);
    let (mut damaged, mut bytes) = (Vec::new(), 0);
    for chunk in 0..array.chunks() {
        let decoded = (0..array.blocks_per_chunk()).try_for_each(|number| {
            bytes += block.len() as u64;
            array.decode(chunk, number, &mut scratch, &mut block)
        });
        if let Err(error) = decoded {
            damaged.push((chunk, error));
        }
    }
    Ok(Report {
        seal,
        chunks: array.chunks(),
        bytes,
        damaged,
    })
}
