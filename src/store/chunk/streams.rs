//! In: a regular chunk's block starts and streams. Out: any of its blocks, decoded and unfiltered.
//! Never: a block that reads outside of its own extent.

use std::time::Instant;

use super::bad;
use super::header::{Coding, Header};
use crate::bytes::{Cursor, u32s_le};
use crate::codec::filter::Pipeline;
use crate::codec::{self, Codec, Contexts, Fault};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::store::file::Source;
use crate::store::scratch::DecodeScratch;

/// How the blocks of a regular chunk are found and decoded.
#[derive(Debug)]
pub(super) struct Streams {
    codec: &'static dyn Codec,
    pipeline: Pipeline,
    typesize: usize,
    split: bool,
    /// Where the chunk stands in the file.
    position: u64,
    /// First byte of each block, from the chunk's start, and the byte behind its extent.
    extents: Box<[(u32, u32)]>,
}

impl Streams {
    /// Memory this takes.
    pub(super) fn footprint(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.extents)
    }

    /// `bytes` are the header and the block starts.
    pub(super) fn new(
        header: &Header,
        coding: Coding,
        position: u64,
        bytes: &[u8],
    ) -> Result<Self> {
        if coding.dict {
            return Err(Error::new(
                ErrorKind::Unsupported,
                Code::UnknownCodec,
                "the chunk is compressed with a dictionary, which this version cannot use",
            )
            .with_help("re-encode it without use_dict"));
        }
        let pipeline = Pipeline::new(coding.filters, coding.metas, header.typesize)?;
        Ok(Self {
            codec: codec::of_chunk(coding.format, coding.udcodec)?,
            pipeline,
            typesize: header.typesize,
            split: coding.split,
            position,
            extents: extents(header, bytes)?,
        })
    }

    pub(super) fn decode_block(
        &self,
        source: &Source,
        block: usize,
        leftover: bool,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        // OK because the caller checked that block `block` has bytes, so it has an extent.
        let (start, end) = self.extents[block];
        let (start, len) = (u64::from(start), (end - start) as usize);
        let DecodeScratch {
            counts,
            packed,
            filtered,
            spare,
            contexts,
        } = scratch;
        let begin = Instant::now();
        let packed = packed.get(len);
        source.read_at(self.position + start, packed)?;
        let read = Instant::now();
        let nstreams = if self.split && !leftover {
            self.typesize
        } else {
            1
        };
        let blame = |error: Error| {
            source.blame(
                error
                    .with_offset(self.position + start)
                    .context(format!("decoding block {block}")),
            )
        };
        if self.pipeline.is_empty() {
            self.decode_streams(packed, nstreams, contexts, dst)
                .map_err(blame)?;
            counts.decode += read.elapsed();
        } else {
            let filtered = filtered.get(dst.len());
            self.decode_streams(packed, nstreams, contexts, filtered)
                .map_err(blame)?;
            let decoded = Instant::now();
            self.pipeline.undo(filtered, spare, dst);
            counts.decode += decoded - read;
            counts.unshuffle += decoded.elapsed();
        }
        counts.read += read - begin;
        counts.bytes_read += len as u64;
        Ok(())
    }

    /// Decodes the streams in `packed` one after the other into equal parts of `dst`.
    fn decode_streams(
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
            self.decode_stream(&mut cursor, contexts, stream)?;
        }
        Ok(())
    }

    fn decode_stream(
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
        let payload = cursor.take(size, "stream")?;
        if size == dst.len() {
            dst.copy_from_slice(payload);
            return Ok(());
        }
        self.codec
            .decode(contexts, payload, dst)
            .map_err(|Fault(fact)| bad(fact))
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

/// The extents of the blocks: each ends where the next one in the file starts. Writers with
/// several threads store blocks in the order they finish.
fn extents(header: &Header, bytes: &[u8]) -> Result<Box<[(u32, u32)]>> {
    let (low, high) = (bytes.len(), header.cbytes);
    let mut extents: Vec<(u32, u32)> = u32s_le(&bytes[header.header_len..])
        .map(|start| (start, 0))
        .collect();
    if let Some((start, _)) = extents.iter().find(|(start, _)| {
        let start = *start as usize;
        start < low || start >= high
    }) {
        return Err(bad(format!(
            "a block starts at byte {start} of its chunk, outside of its data ({low}..{high})"
        )));
    }
    let last = u32::try_from(high).unwrap_or(u32::MAX);
    if extents.is_sorted() {
        let ends: Vec<u32> = extents.iter().map(|&(start, _)| start).collect();
        set_ends(&mut extents, &ends, last);
    } else {
        let mut sorted: Vec<u32> = extents.iter().map(|&(start, _)| start).collect();
        sorted.sort_unstable();
        set_ends(&mut extents, &sorted, last);
    }
    Ok(extents.into_boxed_slice())
}

/// Gives each extent the smallest of `starts` (ascending) above its own start, else `last`.
fn set_ends(extents: &mut [(u32, u32)], starts: &[u32], last: u32) {
    for (start, end) in extents {
        let above = starts.partition_point(|other| other <= start);
        *end = starts.get(above).copied().unwrap_or(last);
    }
}
