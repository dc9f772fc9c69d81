//! In: chunks by their number. Out: their bytes decoded; and back, encoded behind the end of the file.
//! Never: an entry of the index for bytes that are not written.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::ArrayFile;
use crate::codec::filter::Position;
use crate::error::{Error, Result};
use crate::store::chunk::{Chunk, Expected, Item};
use crate::store::frame::{NAN_ENTRY, ZEROS_ENTRY};
use crate::store::pending::failed;
use crate::store::seal::ChunkSeal;
use crate::store::write::{Coding, EncodedChunk, Encoder, Layout};
use crate::store::zone::zone_of;
use crate::types::{DType, Zone};

impl ArrayFile {
    /// The bytes of a chunk, in the order of its blocks.
    pub(super) fn load(&mut self, chunk: usize) -> Result<Vec<u8>> {
        let mut decoded = vec![0; self.layout.chunk_bytes];
        let word = self.index[chunk];
        let expected = Expected {
            nbytes: self.layout.chunk_bytes..=self.layout.chunk_bytes,
            itemsize: self.layout.item.size,
            blocksize: Some(self.layout.block_bytes),
            block_shape: Some(&self.layout.grid.block),
        };
        let scratch = &mut self.scratch;
        let read = if self.written.contains_key(&chunk)
            && let Ok(place) = u64::try_from(word)
        {
            let position = self.header.header_len() + place;
            let source = &self.source;
            Chunk::load(source, position, self.end, &expected)
                .and_then(|loaded| loaded.read(source, 0, scratch, &mut decoded))
        } else if word >= 0
            && let Some(committed) = self.committed(chunk)
        {
            // What is sealed is verified.
            let (frame, scratch) = (&self.frame, &mut self.scratch);
            frame
                .entry(committed, scratch)
                .and_then(|entry| frame.load(committed, entry, &expected, scratch))
                .and_then(|loaded| loaded.read(frame.source(), 0, scratch, &mut decoded))
        } else {
            if word == NAN_ENTRY
                && let Some(item) = Item::nan(self.layout.item.size)
            {
                item.fill(0, &mut decoded);
            }
            Ok(())
        };
        read.map_err(|error| error.with_chunk(chunk))?;
        Ok(decoded)
    }

    /// The number that a chunk had at the last commit.
    pub(super) fn committed(&self, chunk: usize) -> Option<usize> {
        match &self.origin {
            Some(origin) => origin.get(chunk).copied().flatten(),
            None => (chunk < self.frame.chunks()).then_some(chunk),
        }
    }

    /// Encodes the chunks that have changed and writes them behind the end.
    pub(super) fn flush(&mut self) -> Result<()> {
        let dirty = std::mem::take(&mut self.dirty);
        if dirty.is_empty() {
            return Ok(());
        }
        // Without them the array would not be what was asked for.
        self.write_out(dirty).map_err(|error| self.poison(error))
    }

    fn write_out(&mut self, dirty: BTreeMap<usize, Vec<u8>>) -> Result<()> {
        let coding = Coding::of_array(self.options, &self.layout);
        let (layout, dtype) = (&self.layout, self.dtype);
        let blocksize = layout.block_bytes;
        let idle = Mutex::new(vec![Encoder::new(coding.clone())?]);
        let encode = |(chunk, decoded): (usize, Vec<u8>)| {
            let lock = || idle.lock().unwrap_or_else(PoisonError::into_inner);
            let free = lock().pop();
            let mut encoder = free.map_or_else(|| Encoder::new(coding.clone()), Ok)?;
            let encoded = encode(&mut encoder, &decoded, blocksize)?;
            lock().push(encoder);
            let seal = match &encoded {
                EncodedChunk::Zeros => ChunkSeal::unstored(ZEROS_ENTRY),
                EncodedChunk::Nan => ChunkSeal::unstored(NAN_ENTRY),
                EncodedChunk::Stored(bytes) => {
                    let zones = zones(&decoded, chunk, layout, dtype);
                    ChunkSeal::of(bytes, blocksize)?.with_zones(zones)
                }
            };
            Ok((chunk, encoded, seal))
        };
        let encoded: Vec<(usize, EncodedChunk, ChunkSeal)> =
            dirty.into_par_iter().map(encode).collect::<Result<_>>()?;
        for (chunk, encoded, mut seal) in encoded {
            if let EncodedChunk::Stored(bytes) = encoded {
                seal.word = self.put(&bytes)?;
            }
            self.index[chunk] = seal.word;
            self.written.insert(chunk, seal);
        }
        // As long as it is now.
        self.source = self.source.as_it_is_now()?;
        Ok(())
    }

    /// Writes bytes behind the end; where they are, counted from the end of the header.
    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<i64> {
        let at = self.end;
        self.file.write_at(at, bytes).map_err(|cause| {
            let doing = format!("write {} bytes at {at}", bytes.len());
            self.poisoned = true;
            failed(&doing, &self.path, cause)
        })?;
        self.end += bytes.len() as u64;
        // OK because no file has 2^63 bytes.
        Ok((at - self.header.header_len()).cast_signed())
    }

    /// After this nothing more is written.
    pub(super) fn poison(&mut self, error: Error) -> Error {
        self.poisoned = true;
        error
    }
}

/// What is known of the elements of each block of a chunk that decodes to `decoded`.
pub(super) fn zones(decoded: &[u8], chunk: usize, layout: &Layout, dtype: DType) -> Vec<Zone> {
    let inside = layout.region(chunk).shape;
    let blocks = decoded.chunks_exact(layout.block_bytes).enumerate();
    blocks
        .map(|(number, block)| {
            let (_, valid) = layout.block(number, &inside);
            zone_of(dtype, block, &layout.grid.block, &valid)
        })
        .collect()
}

fn encode(encoder: &mut Encoder, decoded: &[u8], blocksize: usize) -> Result<EncodedChunk> {
    let mut blocks = decoded.chunks_exact(blocksize);
    let first = blocks.next().unwrap_or_default();
    let mut encoded = vec![encoder.block(Position::First, first)];
    encoded.extend(blocks.map(|block| encoder.block(Position::After(first), block)));
    encoder.chunk(&encoded, decoded.len())
}
