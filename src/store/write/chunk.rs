//! In: the bytes of a chunk. Out: the chunk as stored: header, block starts, streams.
//! Never: a stream or a chunk longer than the data it stands for.

use super::{Split, wrong};
use crate::codec::filter::{Pipeline, Position, SHUFFLE, SLOTS, Setting};
use crate::codec::{self, Codec, Contexts};
use crate::error::Result;
use crate::store::chunk::HEADER_BYTES;

/// The chunk format version of the stable format.
const VERSION: u8 = 5;

/// How chunks are encoded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coding {
    pub(super) compcode: u8,
    pub(super) level: u8,
    pub(super) shuffle: bool,
    pub(super) split: Split,
    pub(super) typesize: usize,
    pub(super) blocksize: usize,
}

impl Coding {
    /// Whether blocks have a stream a byte plane.
    fn splits(&self) -> bool {
        match self.split {
            Split::Always => true,
            Split::Never => false,
            Split::Auto => {
                let fast = match self.compcode {
                    codec::id::BLOSCLZ | codec::id::LZ4 => true,
                    codec::id::ZSTD => self.level <= 5,
                    _ => false,
                };
                let planes = self.typesize <= 16 && self.blocksize / self.typesize >= 32;
                fast && self.shuffle && planes
            }
        }
    }

    pub(super) fn filters(&self) -> [u8; SLOTS] {
        let mut filters = [0; SLOTS];
        if self.shuffle {
            filters[SLOTS - 1] = SHUFFLE;
        }
        filters
    }
}

/// Encodes chunk after chunk into one buffer.
#[derive(Debug)]
pub(super) struct Encoder {
    coding: Coding,
    format: u8,
    codec: &'static dyn Codec,
    pipeline: Pipeline,
    contexts: Contexts,
    out: Vec<u8>,
    block: Vec<u8>,
    filtered: Vec<u8>,
    spare: Vec<u8>,
}

impl Encoder {
    pub(super) fn new(coding: Coding) -> Result<Self> {
        let row = codec::by_id(coding.compcode)
            .and_then(|row| row.codec.map(|codec| (row.format, codec)))
            .ok_or_else(|| wrong(format!("codec {} cannot be written", coding.compcode)))?;
        let setting = Setting {
            typesize: coding.typesize,
            itemsize: coding.typesize,
            blosc1: false,
            block_shape: None,
        };
        Ok(Self {
            coding,
            format: row.0,
            codec: row.1,
            pipeline: Pipeline::new(coding.filters(), [0; SLOTS], setting)?,
            contexts: Contexts::default(),
            out: Vec::new(),
            block: Vec::new(),
            filtered: Vec::new(),
            spare: Vec::new(),
        })
    }

    /// The chunk that stands for `data`, which is at most as long as chunks may be.
    pub(super) fn encode(&mut self, data: &[u8]) -> &[u8] {
        self.out.clear();
        let item = &data[..self.coding.typesize.min(data.len())];
        if data.len() < HEADER_BYTES || self.coding.level == 0 {
            self.memcpyed(data);
        } else if repeats(data, item.len()) {
            let length = HEADER_BYTES + item.len();
            self.header(0x05, data.len(), 0x30, length);
            self.out.extend_from_slice(item);
        } else {
            self.regular(data);
            if self.out.len() > data.len() + HEADER_BYTES {
                self.out.clear();
                self.memcpyed(data);
            }
        }
        &self.out
    }

    fn memcpyed(&mut self, data: &[u8]) {
        self.header(0x07, data.len(), 0, HEADER_BYTES + data.len());
        self.out.extend_from_slice(data);
    }

    fn regular(&mut self, data: &[u8]) {
        let split = self.coding.splits();
        let not_split = if split { 0 } else { 0x10 };
        self.header(0x05 | not_split | self.format << 5, data.len(), 0, 0);
        let blocks = data.len().div_ceil(self.coding.blocksize);
        let starts = self.out.len();
        self.out.resize(starts + blocks * 4, 0);
        for (number, block) in data.chunks(self.coding.blocksize).enumerate() {
            let start = int(self.out.len());
            self.out[starts + number * 4..][..4].copy_from_slice(&start);
            let leftover = block.len() != self.coding.blocksize;
            let streams = if split && !leftover {
                self.coding.typesize
            } else {
                1
            };
            self.block(block, streams);
        }
        let length = int(self.out.len());
        self.out[0x0C..0x10].copy_from_slice(&length);
    }

    fn block(&mut self, block: &[u8], streams: usize) {
        self.block.clear();
        self.block.extend_from_slice(block);
        self.filtered.resize(block.len(), 0);
        self.pipeline.apply(
            Position::First,
            &mut self.block,
            &mut self.spare,
            &mut self.filtered,
        );
        let filtered = std::mem::take(&mut self.filtered);
        for stream in filtered.chunks_exact(block.len() / streams) {
            self.stream(stream);
        }
        self.filtered = filtered;
    }

    /// One stream: a run, codec output, or the bytes as they are, whichever is shortest.
    fn stream(&mut self, stream: &[u8]) {
        let first = stream[0];
        if repeats(stream, 1) {
            self.out
                .extend_from_slice(&(-i32::from(first)).to_le_bytes());
            if first != 0 {
                self.out.push(1);
            }
            return;
        }
        let start = self.out.len();
        // A payload as long as the stream would be taken for the bytes themselves.
        let room = stream.len() - 1;
        self.out.resize(start + 4 + room, 0);
        let payload = &mut self.out[start + 4..];
        let level = self.coding.level;
        match self
            .codec
            .encode(&mut self.contexts, level, stream, payload)
        {
            Some(used) => {
                self.out[start..start + 4].copy_from_slice(&int(used));
                self.out.truncate(start + 4 + used);
            }
            None => {
                self.out[start..start + 4].copy_from_slice(&int(stream.len()));
                self.out.truncate(start + 4);
                self.out.extend_from_slice(stream);
            }
        }
    }

    fn header(&mut self, flags: u8, nbytes: usize, blosc2_flags: u8, cbytes: usize) {
        // OK because typesizes are those of dtypes, at most 8.
        let typesize = u8::try_from(self.coding.typesize).unwrap_or(1);
        let blocksize = self.coding.blocksize.min(nbytes);
        self.out.extend_from_slice(&[VERSION, 1, flags, typesize]);
        self.out.extend_from_slice(&int(nbytes));
        self.out.extend_from_slice(&int(blocksize));
        self.out.extend_from_slice(&int(cbytes));
        self.out.extend_from_slice(&self.coding.filters());
        self.out.extend_from_slice(&[self.coding.compcode, 0]);
        self.out.extend_from_slice(&[0; SLOTS]);
        self.out.extend_from_slice(&[0, blosc2_flags]);
    }
}

/// Whether `data` repeats its first `period` bytes.
fn repeats(data: &[u8], period: usize) -> bool {
    data[period..] == data[..data.len() - period]
}

/// A size in a chunk.
fn int(value: usize) -> [u8; 4] {
    // OK because chunks are at most MAX_CHUNK_BYTES + HEADER_BYTES long, which fits; while a
    // chunk that will be stored as it is grows beyond that, its sizes do not matter.
    i32::try_from(value).unwrap_or(i32::MAX).to_le_bytes()
}
