//! In: the codec, dictionary and filters of a chunk, and the stored bytes of one of its blocks.
//! Out: the block as it was.
//! Never: where blocks stand; a read outside of the bytes given.

use std::time::Instant;

use super::Expected;
use super::bad;
use super::header::{Coding, Header};
use crate::bytes::Cursor;
use crate::codec::filter::{Pipeline, Position, Setting};
use crate::codec::{self, Codec, Contexts, Dictionary, Fault};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_DICT_BYTES;
use crate::store::scratch::{Buffer, DecodeCounts};

/// How the blocks of a chunk become bytes.
#[derive(Debug)]
pub(super) struct Coder {
    codec: &'static dyn Codec,
    dictionary: Option<Dictionary>,
    pipeline: Pipeline,
}

/// What decoding one block works with, besides where it ends up.
pub(in crate::store) struct Bench<'s> {
    pub(in crate::store) filtered: &'s mut Buffer,
    pub(in crate::store) spare: &'s mut Vec<u8>,
    pub(in crate::store) contexts: &'s mut Contexts,
    pub(in crate::store) counts: &'s mut DecodeCounts,
}

impl Coder {
    /// `dictionary` is the chunk's, where its header says that it has one.
    pub(super) fn new(
        header: &Header,
        coding: Coding,
        expected: &Expected<'_>,
        dictionary: Option<Dictionary>,
    ) -> Result<Self> {
        let setting = Setting {
            typesize: header.typesize,
            itemsize: expected.itemsize,
            blosc1: header.blosc1,
            block_shape: expected.block_shape.cloned(),
        };
        Ok(Self {
            codec: codec::of_chunk(coding.format, coding.udcodec)?,
            dictionary,
            pipeline: Pipeline::new(coding.filters, coding.metas, setting)?,
        })
    }

    pub(super) fn needs_first(&self) -> bool {
        self.pipeline.needs_first()
    }

    /// Memory this takes besides itself.
    pub(super) fn footprint(&self) -> usize {
        self.dictionary.as_ref().map_or(0, Dictionary::footprint)
    }

    /// Decodes a block from its stored bytes: `decode` fills the filtered block, the filters are
    /// undone after it.
    pub(super) fn block(
        &self,
        at: Position<'_>,
        bench: Bench<'_>,
        dst: &mut [u8],
        decode: impl FnOnce(&Self, &mut Contexts, &mut [u8]) -> Result<()>,
    ) -> Result<()> {
        let begin = Instant::now();
        if self.pipeline.is_empty() {
            decode(self, bench.contexts, dst)?;
            bench.counts.decode += begin.elapsed();
            return Ok(());
        }
        let filtered = bench.filtered.get(dst.len());
        decode(self, bench.contexts, filtered)?;
        let decoded = Instant::now();
        self.pipeline.undo(at, filtered, bench.spare, dst);
        bench.counts.decode += decoded - begin;
        bench.counts.unshuffle += decoded.elapsed();
        Ok(())
    }

    /// Decodes `nstreams` streams in `packed` one after the other into equal parts of `dst`.
    pub(super) fn streams(
        &self,
        packed: &[u8],
        nstreams: usize,
        contexts: &mut Contexts,
        dst: &mut [u8],
    ) -> Result<()> {
        let part = dst.len() / nstreams;
        if part == 0 || part * nstreams != dst.len() {
            return Err(bad(format!(
                "a block of {} bytes cannot be split into {nstreams} streams",
                dst.len()
            )));
        }
        let mut cursor = Cursor::new(packed, Code::BadChunk, "block");
        for stream in dst.chunks_exact_mut(part) {
            self.stream(&mut cursor, contexts, stream)?;
        }
        Ok(())
    }

    fn stream(
        &self,
        cursor: &mut Cursor<'_>,
        contexts: &mut Contexts,
        dst: &mut [u8],
    ) -> Result<()> {
        let csize = cursor.i32_le("stream size")?;
        let Ok(size) = usize::try_from(csize) else {
            dst.fill(run_value(cursor, csize)?);
            return Ok(());
        };
        if size == 0 {
            dst.fill(0);
            return Ok(());
        }
        self.payload(cursor.take(size, "stream")?, contexts, dst)
    }

    /// Decodes a payload: as long as `dst` it is stored as it is, else compressed.
    pub(super) fn payload(
        &self,
        payload: &[u8],
        contexts: &mut Contexts,
        dst: &mut [u8],
    ) -> Result<()> {
        if payload.len() == dst.len() {
            dst.copy_from_slice(payload);
            return Ok(());
        }
        let decoded = match &self.dictionary {
            None => self.codec.decode(contexts, payload, dst),
            Some(dictionary) => self.codec.decode_with(contexts, dictionary, payload, dst),
        };
        decoded.map_err(|Fault(fact)| bad(fact))
    }
}

/// The byte that a stream with negative size `csize` repeats.
fn run_value(cursor: &mut Cursor<'_>, csize: i32) -> Result<u8> {
    let token = cursor.u8("run token")?;
    let value = csize
        .checked_neg()
        .and_then(|value| u8::try_from(value).ok());
    match value {
        Some(value) if token & 1 == 1 => Ok(value),
        Some(_) | None => Err(bad(format!(
            "a stream has size {csize} and token {token:#04x}, which mean nothing"
        ))),
    }
}

/// The length of the dictionary whose section starts with `bytes`.
pub(super) fn dictionary_len(bytes: &[u8], room: usize) -> Result<usize> {
    let len = Cursor::new(bytes, Code::BadChunk, "dictionary").i32_le("length")?;
    usize::try_from(len)
        .ok()
        .filter(|len| (1..=MAX_DICT_BYTES).contains(len) && *len <= room)
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Corrupt,
                Code::BadChunk,
                format!("the chunk claims a dictionary of {len} bytes, with room for {room}"),
            )
        })
}
