//! In: chunks by their number. Out: their bytes decoded; and back, encoded behind the end of the file.
//! Never: an entry of the index for bytes that are not written.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::ArrayFile;
use crate::codec::filter::Position;
use crate::error::{Error, Result};
use crate::store::chunk::{Chunk, Expected, Item};
use crate::store::file::Source;
use crate::store::pending::failed;
use crate::store::write::{Coding, EncodedChunk, Encoder, NAN_ENTRY, ZEROS_ENTRY};

impl ArrayFile {
    /// The bytes of a chunk, in the order of its blocks.
    pub(super) fn load(&mut self, chunk: usize) -> Result<Vec<u8>> {
        let mut decoded = vec![0; self.layout.chunk_bytes];
        let entry = self.index[chunk];
        if let Ok(place) = u64::try_from(entry) {
            let expected = Expected {
                nbytes: self.layout.chunk_bytes..=self.layout.chunk_bytes,
                itemsize: self.layout.item.size,
                blocksize: Some(self.layout.block_bytes),
                block_shape: Some(&self.layout.grid.block),
            };
            let position = self.header.header_len() + place;
            let loaded = Chunk::load(&self.source, position, self.end, &expected)
                .and_then(|loaded| loaded.read(&self.source, 0, &mut self.scratch, &mut decoded));
            loaded.map_err(|error| error.with_chunk(chunk))?;
        } else if entry == NAN_ENTRY
            && let Some(item) = Item::nan(self.layout.item.size)
        {
            item.fill(0, &mut decoded);
        }
        Ok(decoded)
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
        let coding = Coding {
            options: self.options,
            itemsize: self.layout.item.size,
            blocksize: self.layout.block_bytes,
            block_shape: Some(self.layout.grid.block.clone()),
        };
        let blocksize = self.layout.block_bytes;
        let idle = Mutex::new(vec![Encoder::new(coding.clone())?]);
        let encode = |(chunk, decoded): (usize, Vec<u8>)| {
            let lock = || idle.lock().unwrap_or_else(PoisonError::into_inner);
            let free = lock().pop();
            let mut encoder = free.map_or_else(|| Encoder::new(coding.clone()), Ok)?;
            let encoded = encode(&mut encoder, &decoded, blocksize)?;
            lock().push(encoder);
            Ok((chunk, encoded))
        };
        let encoded: Vec<(usize, EncodedChunk)> =
            dirty.into_par_iter().map(encode).collect::<Result<_>>()?;
        for (chunk, encoded) in encoded {
            self.index[chunk] = match encoded {
                EncodedChunk::Zeros => ZEROS_ENTRY,
                EncodedChunk::Nan => NAN_ENTRY,
                EncodedChunk::Stored(bytes) => self.put(&bytes)?,
            };
        }
        // As long as it is now.
        self.source = Source::open(&self.path)?;
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

fn encode(encoder: &mut Encoder, decoded: &[u8], blocksize: usize) -> Result<EncodedChunk> {
    let mut blocks = decoded.chunks_exact(blocksize);
    let first = blocks.next().unwrap_or_default();
    let mut encoded = vec![encoder.block(Position::First, first)];
    encoded.extend(blocks.map(|block| encoder.block(Position::After(first), block)));
    encoder.chunk(&encoded, decoded.len())
}
