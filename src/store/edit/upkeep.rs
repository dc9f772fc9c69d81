//! In: a file. Out: the same array without dead bytes, or with a seal. Never: a damaged chunk taken for a sound one.

use std::path::Path;

use super::anew::Anew;
use super::dirty::zones;
use super::{ArrayFile, Kept, argument};
use crate::diag::Code;
use crate::error::Result;
use crate::limits::MAX_DEAD_BYTES;
use crate::store::chunk::stored_bytes;
use crate::store::disk::System;
use crate::store::dtype::Items;
use crate::store::seal::{self, ChunkSeal, Leaves, Verify};
use crate::store::stored::describe;
use crate::store::verify;
use crate::store::write::FrameBytes;

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
    let (path, disk) = (path.as_ref(), System::shared());
    ArrayFile::open_with(disk, path, Verify::Always, Items::Bytes)?.compact()
}

/// Seals the file at `path` as it is, and notes what is known of the elements of each block: for one that has no seal,
/// or one that another program has written to. Every chunk has to decode; what else it holds is taken for right. Where a seal still holds, only what it says is: chunks that have
/// changed are refused unless `accept` says that they are right.
///
/// # Errors
/// As [`ArrayFile::open`], and when a chunk is damaged, is not what was sealed, or cannot be sealed.
pub fn seal(path: impl AsRef<Path>, accept: bool) -> Result<()> {
    let path = path.as_ref();
    if !accept {
        check_sealed(path)?;
    }
    let mut file = ArrayFile::open_with(System::shared(), path, Verify::Never, Items::Bytes)?;
    if file.layout.chunks == 0 {
        return Err(argument("an array without elements has nothing to seal"));
    }
    let (meta, geometry) = describe(&file.frame)?;
    let format = meta.dtype.resolve(Items::Declared, geometry.itemsize).ok();
    for chunk in 0..file.layout.chunks {
        let word = file.index[chunk];
        let mut seal = ChunkSeal::unstored(word);
        if word >= 0 {
            let mut decoded = file.load(chunk)?;
            let bytes = file.stored(chunk)?;
            seal = ChunkSeal::of(&bytes, file.layout.block_bytes)
                .map_err(|error| file.source.blame(error.with_chunk(chunk)))?;
            if let Some(format) = format {
                format.to_native(&mut decoded);
                seal = seal.with_zones(zones(&decoded, chunk, &file.layout, format.dtype));
            }
            seal.word = word;
        }
        file.written.insert(chunk, seal);
    }
    file.layers.retain(|layer| layer.name != seal::LAYER);
    file.sealing = true;
    file.changed = true;
    file.commit()
}

/// Checks that a file is what its seal says, as far as that holds: other programs clear the root when they change
/// chunks, and change no more than the header where they do not.
fn check_sealed(path: &Path) -> Result<()> {
    let refused = match verify(path) {
        Ok(report) => report.damaged.into_iter().next().map(|(_, error)| error),
        Err(error) if error.code() == Code::BadSeal => None,
        Err(error) => Some(error),
    };
    match refused {
        Some(error) if error.code() == Code::BadChecksum => Err(error.with_help(format!(
            "if the file is right as it is now: fuseblock seal --accept {}",
            path.display()
        ))),
        Some(error) => Err(error),
        None => Ok(()),
    }
}

impl ArrayFile {
    /// Whether the file has become more than twice as large as its elements are, and some: what changes have left is
    /// most of it. Whoever compacts it then writes at most as much again as was written before.
    pub fn is_mostly_dead(&self) -> bool {
        let live = self.layout.nbytes().saturating_mul(2);
        self.end > live.saturating_add(MAX_DEAD_BYTES)
    }

    /// Commits, and writes the file anew as [`compact`] does.
    ///
    /// # Errors
    /// As [`ArrayFile::commit`], and when a chunk is damaged: then the file is left as it was.
    pub fn compact(&mut self) -> Result<Compacted> {
        self.commit()?;
        let before = self.source.len_bytes();
        let after = self.write_anew(self.header.clone())?;
        self.lock.count();
        Ok(Compacted { before, after })
    }

    /// Writes the frame anew, with this header and without dead bytes, and puts it in the place of the old one; its
    /// bytes.
    pub(super) fn write_anew(&mut self, header: FrameBytes) -> Result<u64> {
        let sealed = self.frame.sealed().is_some() || self.sealing;
        let leaves = Leaves::new(self.layout.blocks_per_chunk(), self.layout.block_bytes)?;
        let (disk, leaves) = (self.disk.clone(), Some(leaves).filter(|_| sealed));
        let mut anew = Anew::create(disk, &self.path, header, leaves)?;
        for chunk in 0..self.layout.chunks {
            let word = self.index[chunk];
            if word < 0 {
                anew.put_unstored(word)?;
                continue;
            }
            let bytes = self.stored(chunk)?;
            let mut seal = ChunkSeal::default();
            if sealed {
                seal = self.seal_of(chunk)?;
                let found = ChunkSeal::of(&bytes, self.layout.block_bytes);
                found
                    .and_then(|found| seal.check(found))
                    .map_err(|error| self.source.blame(error.with_chunk(chunk)))?;
            }
            anew.put(&bytes, seal)?;
        }
        self.check_unchanged()?;
        let bytes = anew.finish(&self.layers)?;
        self.begin_anew().map_err(|error| self.poison(error))?;
        Ok(bytes)
    }

    /// Goes on with the file that was written.
    fn begin_anew(&mut self) -> Result<()> {
        self.follow()?;
        self.reopen()?;
        let kept =
            Kept::read(&self.frame, Items::Bytes).map_err(|error| self.source.blame(error))?;
        (self.header, self.index) = (kept.header, kept.index);
        Ok(())
    }

    /// The bytes of a chunk that is written, as they are stored.
    fn stored(&self, chunk: usize) -> Result<Vec<u8>> {
        let place = u64::try_from(self.index[chunk]).unwrap_or(0);
        let position = self.header.header_len() + place;
        stored_bytes(&self.source, position..self.end)
            .map_err(|error| self.source.blame(error.with_chunk(chunk)))
    }
}
