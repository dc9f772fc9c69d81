//! In: the codec, dictionary and filters of a chunk, and the stored bytes of one of its blocks.
//! Out: the block as it was. Where each of its streams is one plane of a shuffle, those that are
//! stored as they are, or are one byte again and again, are joined without being copied first.
//! Never: where blocks stand; a read outside of the bytes given.

use std::time::Instant;

use super::Expected;
use super::bad;
use super::header::{Coding, Header};
use crate::bytes::Cursor;
use crate::codec::filter::shuffle::{self, MAX_PLANES, Plane};
use crate::codec::filter::{Pipeline, Position, Setting};
use crate::codec::{self, Codec, Contexts, Dictionary, Fault};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_DICT_BYTES;
use crate::store::scratch::{Buffer, DecodeCounts};

/// Bytes between two planes besides their own. Planes of 4 KiB or multiples of it side by side would
/// all want the same few lines of the cache.
// PERF: joining 8 planes of 16 KiB takes 17 % less time, 16 planes of 8 KiB half (Zen 3).
const PLANE_GAP: usize = 320;

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

    /// Decodes a block from `packed`, which has `nstreams` streams one after the other, each for an
    /// equal part of it.
    pub(super) fn block_of_streams(
        &self,
        at: Position<'_>,
        packed: &[u8],
        nstreams: usize,
        bench: Bench<'_>,
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
        if nstreams <= MAX_PLANES && self.pipeline.planes() == Some(nstreams) {
            return self.planes(&mut cursor, nstreams, bench, dst);
        }
        self.block(at, bench, dst, |contexts, dst| {
            for part in dst.chunks_exact_mut(part) {
                match stream(&mut cursor, part.len())? {
                    Stream::Run(value) => part.fill(value),
                    Stream::Raw(bytes) => part.copy_from_slice(bytes),
                    Stream::Packed(payload) => self.decode(payload, contexts, part)?,
                }
            }
            Ok(())
        })
    }

    /// Decodes a block that is stored as one payload.
    pub(super) fn block_of_payload(
        &self,
        at: Position<'_>,
        payload: &[u8],
        bench: Bench<'_>,
        dst: &mut [u8],
    ) -> Result<()> {
        self.block(at, bench, dst, |contexts, dst| {
            if payload.len() == dst.len() {
                dst.copy_from_slice(payload);
                return Ok(());
            }
            self.decode(payload, contexts, dst)
        })
    }

    /// `decode` fills the filtered block, the filters are undone after it.
    fn block(
        &self,
        at: Position<'_>,
        bench: Bench<'_>,
        dst: &mut [u8],
        decode: impl FnOnce(&mut Contexts, &mut [u8]) -> Result<()>,
    ) -> Result<()> {
        let begin = Instant::now();
        if self.pipeline.is_empty() {
            decode(bench.contexts, dst)?;
            bench.counts.decode += begin.elapsed();
            return Ok(());
        }
        let filtered = bench.filtered.get(dst.len());
        decode(bench.contexts, filtered)?;
        let decoded = Instant::now();
        self.pipeline.undo(at, filtered, bench.spare, dst);
        bench.counts.decode += decoded - begin;
        bench.counts.unshuffle += decoded.elapsed();
        Ok(())
    }

    /// Decodes a block whose streams are the planes of its shuffle, at most [`MAX_PLANES`].
    fn planes(
        &self,
        cursor: &mut Cursor<'_>,
        nstreams: usize,
        bench: Bench<'_>,
        dst: &mut [u8],
    ) -> Result<()> {
        let begin = Instant::now();
        let len = dst.len() / nstreams;
        let stride = len.next_multiple_of(64) + PLANE_GAP;
        let mut rooms = bench
            .filtered
            .get(stride * nstreams)
            .chunks_exact_mut(stride);
        let mut planes = [Plane::Run(0); MAX_PLANES];
        let planes = &mut planes[..nstreams];
        for (plane, room) in planes.iter_mut().zip(&mut rooms) {
            *plane = match stream(cursor, len)? {
                Stream::Run(value) => Plane::Run(value),
                Stream::Raw(bytes) => Plane::Bytes(bytes),
                Stream::Packed(payload) => {
                    let room = &mut room[..len];
                    self.decode(payload, bench.contexts, room)?;
                    Plane::Bytes(room)
                }
            };
        }
        let decoded = Instant::now();
        shuffle::join(planes, dst);
        bench.counts.decode += decoded - begin;
        bench.counts.unshuffle += decoded.elapsed();
        Ok(())
    }

    fn decode(&self, payload: &[u8], contexts: &mut Contexts, dst: &mut [u8]) -> Result<()> {
        let decoded = match &self.dictionary {
            None => self.codec.decode(contexts, payload, dst),
            Some(dictionary) => self.codec.decode_with(contexts, dictionary, payload, dst),
        };
        decoded.map_err(|Fault(fact)| bad(fact))
    }
}

/// What stands for a part of a block.
enum Stream<'p> {
    /// The same byte again and again.
    Run(u8),
    /// The part as it is.
    Raw(&'p [u8]),
    /// What the codec made of it.
    Packed(&'p [u8]),
}

/// The next stream, which stands for `len` bytes.
fn stream<'p>(cursor: &mut Cursor<'p>, len: usize) -> Result<Stream<'p>> {
    let csize = cursor.i32_le("stream size")?;
    let Ok(size) = usize::try_from(csize) else {
        return Ok(Stream::Run(run_value(cursor, csize)?));
    };
    if size == 0 {
        return Ok(Stream::Run(0));
    }
    let payload = cursor.take(size, "stream")?;
    Ok(match size == len {
        true => Stream::Raw(payload),
        false => Stream::Packed(payload),
    })
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
