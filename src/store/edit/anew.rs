//! In: the chunks of a frame in order, as they are stored. Out: a new frame of them, in place when it is complete.
//! Never: a decoded chunk; dead bytes between chunks.

use std::path::Path;
use std::sync::Arc;

use crate::error::Result;
use crate::store::disk::Disk;
use crate::store::pending::PendingFile;
use crate::store::seal::{ChunkSeal, Leaves, Tail};
use crate::store::write::{FrameBytes, Layer};

/// A frame that is being written anew.
pub(in crate::store) struct Anew {
    pending: PendingFile,
    header: FrameBytes,
    /// Where the new frame is sealed: what there is of the seal.
    leaves: Option<Leaves>,
    index: Vec<i64>,
    cbytes: u64,
}

impl Anew {
    /// Begins the file that will be at `target`, with this header, sealed if there are `leaves`.
    ///
    /// # Errors
    /// When the system refuses.
    pub(in crate::store) fn create(
        disk: Arc<dyn Disk>,
        target: &Path,
        header: FrameBytes,
        leaves: Option<Leaves>,
    ) -> Result<Self> {
        Ok(Self {
            pending: PendingFile::create_on(disk, target)?,
            header,
            leaves,
            index: Vec::new(),
            cbytes: 0,
        })
    }

    /// Appends the next chunk, with these bytes and this seal, but for its entry in the index.
    ///
    /// # Errors
    /// When the system refuses.
    pub(in crate::store) fn put(&mut self, bytes: &[u8], mut seal: ChunkSeal) -> Result<()> {
        // OK because no file has 2^63 bytes.
        seal.word = self.cbytes.cast_signed();
        self.write(bytes)?;
        self.enter(seal)
    }

    /// Appends a chunk that only the index has, by this entry.
    ///
    /// # Errors
    /// When the system refuses.
    pub(in crate::store) fn put_unstored(&mut self, word: i64) -> Result<()> {
        self.enter(ChunkSeal::unstored(word))
    }

    fn enter(&mut self, seal: ChunkSeal) -> Result<()> {
        let (number, offset) = (self.index.len(), self.cbytes);
        self.index.push(seal.word);
        let leaves = self.leaves.as_mut();
        let leaf = leaves.and_then(|leaves| leaves.put(number, seal, offset));
        leaf.map_or(Ok(()), |leaf| self.write(&leaf))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let at = self.header.header_len() + self.cbytes;
        self.cbytes += bytes.len() as u64;
        self.pending.write_at(at, bytes)
    }

    /// Writes what stands behind the chunks, with these metalayers in the trailer, and the header; gives the file its
    /// name; and returns its bytes.
    ///
    /// # Errors
    /// When the system refuses, or there is more than the format can say.
    pub(in crate::store) fn finish(mut self, layers: &[Layer]) -> Result<u64> {
        let mut leaves = self.leaves.take();
        while let Some(leaf) = leaves.as_mut().and_then(|leaves| leaves.rest(self.cbytes)) {
            self.write(&leaf)?;
        }
        let start = self.header.header_len() + self.cbytes;
        let tail = Tail {
            cbytes: self.cbytes,
            index: &self.index,
            layers,
            table: leaves.map(|leaves| leaves.table(self.index.len())),
            sparse: false,
        };
        let tail = tail.complete(&mut self.header)?;
        self.pending.write_at(start, &tail)?;
        self.pending.write_at(0, self.header.header())?;
        self.pending.finish()?;
        Ok(start + tail.len() as u64)
    }
}
