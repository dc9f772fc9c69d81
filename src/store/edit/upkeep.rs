//! In: a file. Out: the same array without dead bytes, or with a seal. Never: a damaged chunk taken for a sound one.

use std::path::Path;

use super::{ArrayFile, argument};
use crate::error::{Error, ErrorKind, Result};
use crate::store::chunk::HEADER_BYTES;
use crate::store::disk::System;
use crate::store::pending::PendingFile;
use crate::store::seal::{self, ChunkSeal, Leaves, Verify};

/// What [`compact`] made of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Bytes of the file before.
    pub before: u64,
    /// Bytes of the file now.
    pub after: u64,
}

/// Writes the array at `path` anew, without what changes have left of earlier ones, and puts it in the place of the
/// old file. Chunks are copied as they are; a sealed file is verified on the way, and sealed again.
///
/// # Errors
/// As [`ArrayFile::open`], and when a chunk is damaged: then the file is left as it was.
pub fn compact(path: impl AsRef<Path>) -> Result<Compacted> {
    let path = path.as_ref();
    let mut file = ArrayFile::open(path)?;
    let before = file.source.len_bytes();
    let pending = PendingFile::create_on(file.disk.clone(), path)?;
    let header_len = file.header.header_len();
    let sealed = file.frame.sealed().is_some();
    let mut leaves = Leaves::new(file.layout.blocks_per_chunk(), file.layout.block_bytes)?;
    let (mut index, mut cbytes) = (Vec::with_capacity(file.index.len()), 0);
    let put = |at: &mut u64, bytes: &[u8]| -> Result<i64> {
        pending.write_at(header_len + *at, bytes)?;
        let place = *at;
        *at += bytes.len() as u64;
        // OK because no file has 2^63 bytes.
        Ok(place.cast_signed())
    };
    for chunk in 0..file.layout.chunks {
        let mut seal = ChunkSeal::unstored(file.index[chunk]);
        if seal.word >= 0 {
            let bytes = file.stored(chunk)?;
            if sealed {
                let old = file.seal_of(chunk)?;
                seal = ChunkSeal::of(&bytes, file.layout.block_bytes)?;
                seal.word = old.word;
                if seal != old {
                    let message = "the checksum of the chunk does not match: it is damaged";
                    let error =
                        Error::new(ErrorKind::Corrupt, crate::diag::Code::BadChecksum, message);
                    return Err(file.source.blame(error.with_chunk(chunk)));
                }
            }
            seal.word = put(&mut cbytes, &bytes)?;
        }
        index.push(seal.word);
        if let Some(leaf) = leaves.put(chunk, seal, cbytes).filter(|_| sealed) {
            put(&mut cbytes, &leaf)?;
        }
    }
    while let Some(leaf) = leaves.rest(cbytes).filter(|_| sealed) {
        put(&mut cbytes, &leaf)?;
    }
    let mut header = file.header.clone();
    let table = sealed.then(|| leaves.table(file.layout.chunks));
    let tail = file.tail(&mut header, cbytes, &index, table)?;
    pending.write_at(header_len + cbytes, &tail)?;
    pending.write_at(0, header.header())?;
    pending.finish()?;
    file.lock.count();
    let after = header_len + cbytes + tail.len() as u64;
    Ok(Compacted { before, after })
}

/// Seals the file at `path` as it is: one that has no seal, or one that another program has written to. What it holds
/// is taken for right.
///
/// # Errors
/// As [`ArrayFile::open`], and when a chunk contradicts itself or cannot be sealed.
pub fn seal(path: impl AsRef<Path>) -> Result<()> {
    let mut file = ArrayFile::open_with(System::shared(), path.as_ref(), Verify::Never)?;
    if file.layout.chunks == 0 {
        return Err(argument("an array without elements has nothing to seal"));
    }
    for chunk in 0..file.layout.chunks {
        let word = file.index[chunk];
        let mut seal = ChunkSeal::unstored(word);
        if word >= 0 {
            let bytes = file.stored(chunk)?;
            seal = ChunkSeal::of(&bytes, file.layout.block_bytes)
                .map_err(|error| file.source.blame(error.with_chunk(chunk)))?;
            seal.word = word;
        }
        file.written.insert(chunk, seal);
    }
    file.layers.retain(|layer| layer.name != seal::LAYER);
    file.sealing = true;
    file.changed = true;
    file.commit()
}

impl ArrayFile {
    /// The bytes of a chunk that is committed, as they are stored.
    fn stored(&self, chunk: usize) -> Result<Vec<u8>> {
        let place = u64::try_from(self.index[chunk]).unwrap_or(0);
        let position = self.header.header_len() + place;
        let header = self.frame.chunk_header(position)?;
        let end = self.frame.header().data_end();
        let len = header.cbytes.max(HEADER_BYTES);
        if position.saturating_add(len as u64) > end {
            let message = format!("the chunk claims {len} bytes, more than there are");
            let error = Error::new(ErrorKind::Corrupt, crate::diag::Code::BadChunk, message);
            return Err(self
                .source
                .blame(error.with_chunk(chunk).with_offset(position)));
        }
        self.source.read_vec(position, len)
    }
}
