//! In: a file. Out: the same array without dead bytes, or with a seal. Never: a damaged chunk taken for a sound one.

use std::path::Path;

use super::anew::Anew;
use super::{ArrayFile, argument};
use crate::error::Result;
use crate::store::chunk::stored_bytes;
use crate::store::disk::System;
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
    let sealed = file.frame.sealed().is_some();
    let leaves = Leaves::new(file.layout.blocks_per_chunk(), file.layout.block_bytes)?;
    let (disk, header) = (file.disk.clone(), file.header.clone());
    let mut anew = Anew::create(disk, path, header, Some(leaves).filter(|_| sealed))?;
    for chunk in 0..file.layout.chunks {
        let word = file.index[chunk];
        if word < 0 {
            anew.put_unstored(word)?;
            continue;
        }
        let bytes = file.stored(chunk)?;
        let mut seal = ChunkSeal::default();
        if sealed {
            seal = file.seal_of(chunk)?;
            let found = ChunkSeal::of(&bytes, file.layout.block_bytes);
            found
                .and_then(|found| seal.check(found))
                .map_err(|error| file.source.blame(error.with_chunk(chunk)))?;
        }
        anew.put(&bytes, seal)?;
    }
    let after = anew.finish(&file.layers)?;
    file.lock.count();
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
        stored_bytes(&self.source, position..self.frame.header().data_end())
            .map_err(|error| self.source.blame(error.with_chunk(chunk)))
    }
}
