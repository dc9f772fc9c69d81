//! In: the seals of the chunks that have changed, and the leaves of those that have not. Out: leaves and a table
//! for what is there now. Never: a leaf written again that still holds.

use super::ArrayFile;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::store::seal::{ChunkSeal, Leaf, LeafPlace, Leaves, Table, digest};

impl ArrayFile {
    /// Writes the leaves that do not hold any more behind the end, and the table of all. `None` where the file is
    /// not sealed.
    pub(super) fn seal_chunks(&mut self) -> Result<Option<Table>> {
        let old = match self.frame.sealed() {
            Some(sealed) => sealed.table().clone(),
            None if self.sealing => {
                let (blocks, block_bytes) =
                    (self.layout.blocks_per_chunk(), self.layout.block_bytes);
                Leaves::new(blocks, block_bytes)?.table(0)
            }
            None => return Ok(None),
        };
        let mut table = Table {
            chunks: self.layout.chunks,
            header: Vec::new(),
            leaves: Vec::new(),
            ..old.clone()
        };
        let leaves = self.layout.chunks.div_ceil(table.chunks_per_leaf);
        for number in 0..leaves {
            let chunks = table.chunks_of(number);
            let holds = self.origin.is_none()
                && number < old.leaves.len()
                && old.chunks_of(number) == chunks
                && chunks.end <= self.lowest
                && chunks.clone().all(|chunk| self.keeps_region(chunk, chunk))
                && self.written.range(chunks.clone()).next().is_none();
            if holds {
                table.leaves.push(old.leaves[number]);
                continue;
            }
            let seals = chunks.clone().map(|chunk| self.seal_of(chunk));
            let leaf = Leaf {
                first: chunks.start,
                chunks: seals.collect::<Result<Vec<_>>>()?,
            };
            let bytes = leaf.encode(table.blocks);
            let offset = self.put(&bytes)?.unsigned_abs();
            table.leaves.push(LeafPlace {
                offset,
                len: bytes.len() as u64,
                digest: digest(&bytes),
            });
        }
        Ok(Some(table))
    }

    /// Whether chunk `chunk` has the same elements inside of the array as chunk `committed` had that it was at the last
    /// commit.
    fn keeps_region(&self, chunk: usize, committed: usize) -> bool {
        let (was, now) = (&self.was, &self.layout);
        if was.shape == now.shape {
            return true;
        }
        let only_rows = was.shape[1..] == now.shape[1..];
        let row_chunks: usize = now.counts[1..].iter().product();
        // Rows of chunks that are whole before and after.
        let whole = was.shape[0].min(now.shape[0]) / now.grid.chunk[0];
        (only_rows && chunk == committed && chunk < whole * row_chunks)
            || was.region(committed).shape == now.region(chunk).shape
    }

    /// The seal of a chunk as it is now.
    pub(super) fn seal_of(&mut self, chunk: usize) -> Result<ChunkSeal> {
        let word = self.index[chunk];
        if word < 0 {
            return Ok(ChunkSeal::unstored(word));
        }
        if let Some(seal) = self.written.get(&chunk) {
            return Ok(seal.clone());
        }
        let committed = self.committed(chunk);
        let counts = &mut self.scratch.counts;
        let kept = match (self.frame.sealed(), committed) {
            (Some(sealed), Some(committed)) => {
                let (source, base) = (self.frame.source(), self.frame.header().header_len);
                let leaf = sealed.leaf(source, base, sealed.table().leaf_of(committed), counts);
                let leaf = leaf.map_err(|error| source.blame(error))?;
                let kept = leaf.of(committed).filter(|seal| seal.word == word).cloned();
                // What is known of elements is of those that were there.
                match self.keeps_region(chunk, committed) {
                    true => kept,
                    false => kept.map(|seal| seal.with_zones(Vec::new())),
                }
            }
            (_, _) => None,
        };
        kept.ok_or_else(|| {
            let message = "the index has another place for the chunk than the seal";
            let error = Error::new(ErrorKind::Corrupt, Code::BadSeal, message);
            self.source.blame(error.with_chunk(chunk))
        })
    }
}
