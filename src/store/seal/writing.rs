//! In: the seals of chunks as they are written, in whatever order. Out: leaves as they become complete; and what
//! stands behind the chunks of a sealed frame.
//! Never: more in memory than the leaves that are not complete.

use std::collections::BTreeMap;

use super::digest::{ChunkSeal, digest, sign};
use super::leaf::{Leaf, chunks_per_leaf};
use super::table::{LeafPlace, Table};
use super::{LAYER, bad};
use crate::error::Result;
use crate::store::write::{FrameBytes, Layer, index_chunk, trailer};

/// Gathers the seals of chunks into leaves.
#[derive(Debug)]
pub(in crate::store) struct Leaves {
    blocks: u32,
    block_bytes: u32,
    chunks_per_leaf: usize,
    /// Leaves that lack chunks.
    open: BTreeMap<usize, BTreeMap<usize, ChunkSeal>>,
    /// Where the others are.
    places: BTreeMap<usize, LeafPlace>,
}

impl Leaves {
    /// For an array with `blocks` blocks of `block_bytes` a chunk.
    ///
    /// # Errors
    /// When these are more than a chunk can have.
    pub(in crate::store) fn new(blocks: usize, block_bytes: usize) -> Result<Self> {
        let int = |value| {
            u32::try_from(value).map_err(|_| bad("a chunk has fewer than 2^32 blocks and bytes"))
        };
        Ok(Self {
            blocks: int(blocks)?,
            block_bytes: int(block_bytes)?,
            chunks_per_leaf: chunks_per_leaf(blocks),
            open: BTreeMap::new(),
            places: BTreeMap::new(),
        })
    }

    /// Chunks of each leaf but the last.
    pub(in crate::store) fn chunks_per_leaf(&self) -> usize {
        self.chunks_per_leaf
    }

    /// Takes the seal of chunk `chunk`. The bytes of its leaf, if that is complete now, are to be written at byte
    /// `offset` of the data section.
    pub(in crate::store) fn put(
        &mut self,
        chunk: usize,
        seal: ChunkSeal,
        offset: u64,
    ) -> Option<Vec<u8>> {
        let number = chunk / self.chunks_per_leaf;
        let leaf = self.open.entry(number).or_default();
        leaf.insert(chunk, seal);
        match leaf.len() == self.chunks_per_leaf {
            true => self.close(number, offset),
            false => None,
        }
    }

    /// The bytes of the next leaf that has fewer chunks than others, to be written at byte `offset` of the data
    /// section: for the last of an array whose chunks are all there.
    pub(in crate::store) fn rest(&mut self, offset: u64) -> Option<Vec<u8>> {
        let number = *self.open.first_key_value()?.0;
        self.close(number, offset)
    }

    fn close(&mut self, number: usize, offset: u64) -> Option<Vec<u8>> {
        let leaf = Leaf {
            first: number * self.chunks_per_leaf,
            chunks: self.open.remove(&number)?.into_values().collect(),
        };
        let bytes = leaf.encode(self.blocks);
        let place = LeafPlace {
            offset,
            len: bytes.len() as u64,
            digest: digest(&bytes),
        };
        self.places.insert(number, place);
        Some(bytes)
    }

    /// The table of a frame of `chunks` chunks, all of which are in leaves that were written. The copy of the header
    /// is left for the caller to fill in.
    pub(in crate::store) fn table(self, chunks: usize) -> Table {
        Table {
            chunks,
            blocks: self.blocks,
            block_bytes: self.block_bytes,
            chunks_per_leaf: self.chunks_per_leaf,
            header: Vec::new(),
            leaves: self.places.into_values().collect(),
        }
    }
}

/// What stands behind the data section of a frame.
#[derive(Debug)]
pub(in crate::store) struct Tail<'t> {
    /// Bytes of the data section, leaves included; of the files of all chunks where it is `sparse`.
    pub(in crate::store) cbytes: u64,
    /// An entry a chunk.
    pub(in crate::store) index: &'t [i64],
    /// The metalayers in the trailer besides the seal, each content a chunk.
    pub(in crate::store) layers: &'t [Layer],
    /// Where it is sealed: the seal; the copy of the header is filled in here.
    pub(in crate::store) table: Option<Table>,
    /// Whether the chunks are files of their own.
    pub(in crate::store) sparse: bool,
}

impl Tail<'_> {
    /// Completes the header of a frame for this tail, and returns the bytes of the latter: index and trailer, with seal
    /// and root.
    ///
    /// # Errors
    /// When something is longer than the format can say.
    pub(in crate::store) fn complete(mut self, header: &mut FrameBytes) -> Result<Vec<u8>> {
        let mut tail = index_chunk(self.index)?;
        let data = if self.sparse { 0 } else { self.cbytes };
        let start = header.header_len() + data + tail.len() as u64;
        // The length of the trailer does not depend on what the header says, which depends on it.
        let frame_len = start + self.trailer(header)?.len() as u64;
        let has_layers = self.table.is_some() || !self.layers.is_empty();
        header.complete(frame_len, self.cbytes, has_layers);
        let mut trailer = self.trailer(header)?;
        if self.table.is_some() {
            sign(&mut trailer);
        }
        tail.extend_from_slice(&trailer);
        Ok(tail)
    }

    /// The trailer of a frame with this header, unsigned.
    fn trailer(&mut self, header: &FrameBytes) -> Result<Vec<u8>> {
        let Some(table) = &mut self.table else {
            return trailer(self.layers);
        };
        table.header = header.header().to_vec();
        let seal = Layer {
            name: LAYER.to_string(),
            content: table.encode()?,
        };
        trailer(&[self.layers, &[seal]].concat())
    }
}
