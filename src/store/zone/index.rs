//! In: an array in a frame. Out: what is known of its blocks from then on, in the file or beside it.
//! Never: a file changed that is to stay as it is.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::{sidecar, zone_of};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::store::dtype::Items;
use crate::store::edit;
use crate::store::open::Opened;
use crate::store::read_limits::ReadLimits;
use crate::store::scratch::DecodeScratch;
use crate::store::seal::Verify;
use crate::store::stored::StoredArray;
use crate::types::Zone;

/// What [`index`] or [`index_beside`] did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Indexed {
    /// Nothing: the file's seal has all there is to know.
    Already,
    /// Sealed the file, and wrote what is known of each block into the seal.
    Inside,
    /// Wrote what is known of each block to this file.
    Beside(PathBuf),
}

/// Notes in the file at `path` what is known of the elements of each block, under a seal: see [`edit::seal`].
///
/// # Errors
/// As [`edit::seal`].
pub fn index(path: impl AsRef<Path>) -> Result<Indexed> {
    let path = path.as_ref();
    if path.is_dir() {
        let message = "a directory of chunks is not changed in place";
        let error = Error::new(ErrorKind::Unsupported, Code::UnsupportedFile, message);
        let help = format!("fuseblock index --sidecar {}", path.display());
        return Err(error.with_path(path).with_help(help));
    }
    let frame = Opened::frame_at(path, Verify::Always)?;
    if let Some(sealed) = frame.sealed() {
        let base = frame.header().header_len;
        let all = sealed.has_zones(frame.source(), base);
        if all.map_err(|error| frame.source().blame(error))? {
            return Ok(Indexed::Already);
        }
    }
    // What expressions cannot compute with has no zones.
    StoredArray::open(frame, Items::Declared, &ReadLimits::default())?;
    edit::seal(path, false)?;
    Ok(Indexed::Inside)
}

/// Notes in a file beside the array at `path` what is known of the elements of each block; it counts as long as the
/// array's file stays as it is. What the array's seal has already is not written again.
///
/// # Errors
/// When the array cannot be read, has elements that expressions cannot compute with, or the system refuses.
pub fn index_beside(path: impl AsRef<Path>) -> Result<Indexed> {
    let path = path.as_ref();
    let frame = Opened::frame_at(path, Verify::Always)?;
    if let Some(sealed) = frame.sealed() {
        let all = sealed.has_zones(frame.source(), frame.header().header_len);
        if all.map_err(|error| frame.source().blame(error))? {
            return Ok(Indexed::Already);
        }
    }
    let mut words = Vec::with_capacity(frame.chunks());
    let mut scratch = DecodeScratch::default();
    for chunk in 0..frame.chunks() {
        words.push(frame.entry(chunk, &mut scratch)?.word(frame.header()));
    }
    let array = StoredArray::open(frame, Items::Declared, &ReadLimits::default())?;
    let sizes = (array.blocks_per_chunk(), array.block_bytes());
    let idle: Mutex<Vec<DecodeScratch>> = Mutex::default();
    let lock = || idle.lock().unwrap_or_else(PoisonError::into_inner);
    let zones = |chunk: usize| {
        let free = lock().pop();
        let (mut scratch, mut block) = (free.unwrap_or_default(), vec![0; array.block_bytes()]);
        let blocks = 0..array.blocks_per_chunk();
        let found = blocks.map(|number| {
            array.decode(chunk, number, &mut scratch, &mut block)?;
            let (_, valid) = array.grid().block_box(array.shape(), chunk, number);
            Ok(zone_of(array.dtype(), &block, &array.grid().block, &valid))
        });
        let found = found.collect::<Result<Vec<Zone>>>();
        lock().push(scratch);
        found
    };
    // Some chunks at a time.
    let at_once = rayon::current_num_threads() * 4;
    let mut ready: std::vec::IntoIter<(i64, Vec<Zone>)> = Vec::new().into_iter();
    let mut next = 0;
    let path = sidecar::write(array.frame(), sizes, || {
        if ready.len() == 0 {
            let some = next..words.len().min(next + at_once);
            next = some.end;
            let found = some
                .into_par_iter()
                .map(|chunk| Ok((words[chunk], zones(chunk)?)));
            ready = found.collect::<Result<Vec<_>>>()?.into_iter();
        }
        Ok(ready.next())
    })?;
    Ok(Indexed::Beside(path))
}
