//! In: a frame's index chunk. Out: the entry of any chunk.
//! Never: all entries in memory: a few bytes on disk can stand for 2 GiB of them.

use std::sync::{Arc, Mutex, PoisonError};

use super::{FrameHeader, bad};
use crate::bytes::i64_le_at;
use crate::error::Result;
use crate::limits::{MAX_CHUNKS, MAX_INDEX_BLOCK_BYTES, MAX_INDEX_RATIO};
use crate::store::chunk::{Chunk, Expected, SHORT_HEADER_BYTES};
use crate::store::file::Source;
use crate::store::scratch::DecodeScratch;

/// Bytes of an entry.
const ENTRY_BYTES: usize = 8;

/// The index entry of a chunk of zeros, which is not stored.
pub(in crate::store) const ZEROS_ENTRY: i64 = i64::MIN | 1 << 56;

/// The index entry of a chunk of NaN, which is not stored.
pub(in crate::store) const NAN_ENTRY: i64 = i64::MIN | 1 << 57;

/// The index entry of a chunk that was never written.
pub(in crate::store) const UNINIT_ENTRY: i64 = i64::MIN | 1 << 58;

/// What the index says of a chunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry {
    /// It stands at this position of the file, or in the file of this number.
    Stored(u64),
    /// All its bytes are zero.
    Zeros,
    /// All its items are NaN.
    Nan,
    /// It was never written.
    Uninit,
}

impl Entry {
    /// As the index of the frame with this `header` has it.
    pub(in crate::store) fn word(self, header: &FrameHeader) -> i64 {
        match self {
            Self::Stored(place) if header.sparse => place.cast_signed(),
            Self::Stored(place) => place.wrapping_sub(header.header_len).cast_signed(),
            Self::Zeros => ZEROS_ENTRY,
            Self::Nan => NAN_ENTRY,
            Self::Uninit => UNINIT_ENTRY,
        }
    }

    /// The position or number of a stored chunk; `u64::MAX` where no bytes stand for it.
    pub fn place(self) -> u64 {
        match self {
            Self::Stored(place) => place,
            Self::Zeros | Self::Nan | Self::Uninit => NOWHERE,
        }
    }
}

/// The place of chunks that no bytes stand for.
pub(super) const NOWHERE: u64 = u64::MAX;

#[derive(Debug)]
pub(super) struct Index {
    /// `None` where the frame has no chunks.
    chunk: Option<Chunk>,
    /// The block of the index that was used last: neighbouring chunks are asked for together.
    recent: Mutex<Option<(usize, Arc<Vec<u8>>)>>,
}

impl Index {
    /// Opens the index of `chunks` chunks, or of as many as it has.
    pub(super) fn open(
        source: &Source,
        header: &FrameHeader,
        chunks: Option<usize>,
        end: u64,
    ) -> Result<Self> {
        let recent = Mutex::new(None);
        if chunks == Some(0) {
            let chunk = None;
            return Ok(Self { chunk, recent });
        }
        let position = header.data_end();
        if position + SHORT_HEADER_BYTES as u64 > end {
            return Err(bad("the frame has chunks, but no room for their index"));
        }
        let expected = match chunks {
            // At most 8 * MAX_CHUNKS.
            Some(chunks) => Expected::bytes(chunks * ENTRY_BYTES, ENTRY_BYTES),
            None => Expected::at_most(MAX_CHUNKS * ENTRY_BYTES),
        };
        let chunk = Chunk::load(source, position, end, &expected)
            .map_err(|error| error.context("reading the frame's index"))?;
        if !chunk.nbytes().is_multiple_of(ENTRY_BYTES) {
            return Err(bad("the frame's index ends inside an entry"));
        }
        let stored = usize::try_from(end - position).unwrap_or(usize::MAX);
        let block = chunk.block_len(0);
        let justified = stored.saturating_mul(MAX_INDEX_RATIO);
        if chunk.item().is_none() {
            if block > MAX_INDEX_BLOCK_BYTES && block > justified {
                return Err(bad(format!(
                    "the frame's index has blocks of {block} bytes in {stored}"
                )));
            }
            if chunk.blocksize().is_none() || !block.is_multiple_of(ENTRY_BYTES) {
                return Err(bad("the blocks of the frame's index cut entries in two"));
            }
        }
        let chunk = Some(chunk);
        Ok(Self { chunk, recent })
    }

    /// Number of chunks.
    pub(super) fn chunks(&self) -> usize {
        self.chunk
            .as_ref()
            .map_or(0, |chunk| chunk.nbytes() / ENTRY_BYTES)
    }

    pub(super) fn entry(
        &self,
        source: &Source,
        header: &FrameHeader,
        chunk: usize,
        scratch: &mut DecodeScratch,
    ) -> Result<Entry> {
        let index = self
            .chunk
            .as_ref()
            .ok_or_else(|| bad("the frame has no index"))?;
        let word = match index.item() {
            Some(item) => {
                let mut word = [0; ENTRY_BYTES];
                item.fill(chunk * ENTRY_BYTES, &mut word);
                Some(i64::from_le_bytes(word))
            }
            None => {
                let at = chunk * ENTRY_BYTES;
                let block_len = index.block_len(0);
                let block = self.block(source, index, at / block_len, scratch)?;
                i64_le_at(&block, at % block_len)
            }
        };
        let word = word.ok_or_else(|| bad("the frame's index ends too early"))?;
        decode(word, header)
    }

    fn block(
        &self,
        source: &Source,
        index: &Chunk,
        block: usize,
        scratch: &mut DecodeScratch,
    ) -> Result<Arc<Vec<u8>>> {
        // A thread that panicked while it held the lock left a whole value behind.
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((number, bytes)) = &*recent
            && *number == block
        {
            return Ok(bytes.clone());
        }
        drop(recent);
        let mut bytes = vec![0; index.block_len(block)];
        let counts = scratch.counts;
        index
            .decode_block(source, block, scratch, &mut bytes)
            .map_err(|error| error.context("reading the frame's index"))?;
        // Blocks of the index are not blocks of the array.
        scratch.counts = counts;
        let bytes = Arc::new(bytes);
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        *recent = Some((block, bytes.clone()));
        Ok(bytes)
    }
}

/// The first `count` entries, or as many as can be read, of the index that stands at `position`: for frames whose
/// header, or index, is not what it was.
///
/// # Errors
/// When no index stands there, or one with fewer entries.
pub(in crate::store) fn words(source: &Source, position: u64, count: usize) -> Result<Vec<i64>> {
    const MORE_BYTES: usize = 64 << 10;
    let least = count.saturating_mul(ENTRY_BYTES);
    // One of a time when there were more chunks is longer, but not out of all proportion.
    let most = least.saturating_mul(2).saturating_add(MORE_BYTES);
    let expected = Expected {
        nbytes: least..=most,
        ..Expected::bytes(least, ENTRY_BYTES)
    };
    let chunk = Chunk::load(source, position, source.len_bytes(), &expected)?;
    let mut scratch = DecodeScratch::default();
    let mut bytes = Vec::new();
    for block in 0..chunk.blocks() {
        if bytes.len() >= least {
            break;
        }
        let at = bytes.len();
        bytes.resize(at + chunk.block_len(block), 0);
        if let Err(error) = chunk.decode_block(source, block, &mut scratch, &mut bytes[at..]) {
            match at {
                0 => return Err(error),
                _ => bytes.truncate(at),
            }
            break;
        }
    }
    let words = bytes.chunks_exact(ENTRY_BYTES).take(count);
    Ok(words.filter_map(|word| i64_le_at(word, 0)).collect())
}

fn decode(word: i64, header: &FrameHeader) -> Result<Entry> {
    if let Ok(place) = u64::try_from(word) {
        return stored(place, header);
    }
    if header.chunksize.is_none() {
        return Err(bad(
            "the index has a chunk without bytes, whose length nothing tells: the chunks vary in size",
        ));
    }
    match word {
        ZEROS_ENTRY => Ok(Entry::Zeros),
        NAN_ENTRY => Ok(Entry::Nan),
        UNINIT_ENTRY => Ok(Entry::Uninit),
        _ => Err(bad(format!(
            "the index has an entry {:#018x} that means nothing",
            word.cast_unsigned()
        ))),
    }
}

fn stored(place: u64, header: &FrameHeader) -> Result<Entry> {
    if header.sparse {
        // The names of files have 8 hexadecimal digits.
        return match u32::try_from(place) {
            Ok(_) => Ok(Entry::Stored(place)),
            Err(_) => Err(bad(format!("the index puts a chunk in file {place:#x}"))),
        };
    }
    let last = header.cbytes.checked_sub(SHORT_HEADER_BYTES as u64);
    match last {
        Some(last) if place <= last => Ok(Entry::Stored(header.header_len + place)),
        Some(_) | None => Err(bad(format!(
            "the index puts a chunk at byte {place} of {} bytes of chunks",
            header.cbytes
        ))),
    }
}
