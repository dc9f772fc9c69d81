//! In: blocks. Out: each as stored, its streams; and a chunk of such blocks: header, block starts,
//! streams.
//! Never: a stream or a chunk longer than the data it stands for; a chunk form that the reference library
//! cannot read.

use super::layout::Layout;
use super::options::{Filters, Options, Split};
use super::wrong;
use crate::codec::filter::{Pipeline, Position, SHUFFLE, Setting};
use crate::codec::{self, Codec, Contexts};
use crate::error::Result;
use crate::store::chunk::{Chunk, Expected, HEADER_BYTES, Item};
use crate::store::file::Source;
use crate::store::scratch::DecodeScratch;
use crate::types::Shape;

/// The chunk format version of the stable format.
const VERSION: u8 = 5;

/// How chunks are encoded.
#[derive(Clone, Debug)]
pub(in crate::store) struct Coding {
    pub(in crate::store) options: Options,
    pub(in crate::store) itemsize: usize,
    pub(in crate::store) blocksize: usize,
    /// The extents of a block, where it is an array's.
    pub(in crate::store) block_shape: Option<Shape>,
}

impl Coding {
    /// That of an array.
    pub(in crate::store) fn of_array(options: Options, layout: &Layout) -> Self {
        Self {
            options,
            itemsize: layout.item.size,
            blocksize: layout.block_bytes,
            block_shape: Some(layout.grid.block.clone()),
        }
    }

    /// That of chunks of a frame's own, such as its index, in items of `itemsize`.
    pub(in crate::store) fn inner(options: Options, itemsize: usize, blocksize: usize) -> Self {
        Self {
            options,
            itemsize,
            blocksize,
            block_shape: None,
        }
    }

    /// The item size as chunks know it.
    fn typesize(&self) -> usize {
        match u8::try_from(self.itemsize) {
            Ok(_) => self.itemsize,
            Err(_) => 1,
        }
    }

    /// Whether blocks have a stream a byte plane.
    fn splits(&self) -> bool {
        let Options {
            codec,
            level,
            filters,
            split,
        } = &self.options;
        match split {
            Split::Always => true,
            Split::Never => false,
            Split::Auto => {
                let fast = match codec.compcode() {
                    codec::id::BLOSCLZ | codec::id::LZ4 => true,
                    codec::id::ZSTD => *level <= 5,
                    _ => false,
                };
                let typesize = self.typesize();
                let planes = typesize <= 16 && self.blocksize / typesize >= 32;
                fast && filters.ids.contains(&SHUFFLE) && planes
            }
        }
    }
}

/// A block as it is stored.
#[derive(Clone, Debug)]
pub(in crate::store) struct Encoded {
    /// Its streams, or its bytes as they are.
    bytes: Box<[u8]>,
    /// The item that all of it repeats, where it does.
    item: Option<Box<[u8]>>,
}

/// A chunk as it is stored.
#[derive(Debug)]
pub(in crate::store) enum EncodedChunk {
    /// All its bytes are zero: the index says so.
    Zeros,
    /// All its items are NaN: the index says so.
    Nan,
    /// These bytes.
    Stored(Vec<u8>),
}

impl EncodedChunk {
    /// Bytes that are stored of it.
    pub(in crate::store) fn len(&self) -> usize {
        match self {
            Self::Zeros | Self::Nan => 0,
            Self::Stored(bytes) => bytes.len(),
        }
    }
}

/// Encodes block after block; one a thread.
#[derive(Debug)]
pub(in crate::store) struct Encoder {
    coding: Coding,
    format: u8,
    codec: &'static dyn Codec,
    pipeline: Pipeline,
    contexts: Contexts,
    block: Vec<u8>,
    filtered: Vec<u8>,
    spare: Vec<u8>,
    out: Vec<u8>,
}

impl Encoder {
    pub(in crate::store) fn new(coding: Coding) -> Result<Self> {
        let compcode = coding.options.codec.compcode();
        let (format, codec) = codec::by_id(compcode)
            .and_then(|row| row.codec.map(|codec| (row.format, codec)))
            .ok_or_else(|| wrong(format!("codec {compcode} cannot be written")))?;
        let setting = Setting {
            typesize: coding.typesize(),
            itemsize: coding.itemsize,
            blosc1: false,
            block_shape: coding.block_shape.clone(),
        };
        let Filters { ids, metas } = coding.options.filters;
        Ok(Self {
            format,
            codec,
            pipeline: Pipeline::to_apply(ids, metas, setting)?,
            coding,
            contexts: Contexts::default(),
            block: Vec::new(),
            filtered: Vec::new(),
            spare: Vec::new(),
            out: Vec::new(),
        })
    }

    /// Whether blocks are stored as they are.
    fn plain(&self) -> bool {
        self.coding.options.level == 0
    }

    /// Whether a block is encoded by what the chunk's first block holds.
    pub(in crate::store) fn needs_first(&self) -> bool {
        !self.plain() && self.pipeline.needs_first()
    }

    /// Encodes a whole block.
    pub(in crate::store) fn block(&mut self, at: Position<'_>, block: &[u8]) -> Encoded {
        let itemsize = self.coding.itemsize.min(block.len());
        let item = repeats(block, itemsize).then(|| block[..itemsize].into());
        if self.plain() {
            let bytes = block.into();
            return Encoded { bytes, item };
        }
        self.out.clear();
        let whole = block.len() == self.coding.blocksize;
        let streams = match self.coding.splits() && whole {
            true => self.coding.typesize(),
            false => 1,
        };
        if self.pipeline.is_empty() {
            for stream in block.chunks_exact(block.len() / streams) {
                self.stream(stream);
            }
        } else {
            self.filtered.resize(block.len(), 0);
            let (spare, filtered) = (&mut self.spare, &mut self.filtered);
            if !self.pipeline.apply_only(at, block, filtered) {
                self.block.clear();
                self.block.extend_from_slice(block);
                self.pipeline.apply(at, &mut self.block, spare, filtered);
            }
            let filtered = std::mem::take(&mut self.filtered);
            for stream in filtered.chunks_exact(block.len() / streams) {
                self.stream(stream);
            }
            self.filtered = filtered;
        }
        let bytes = self.out.as_slice().into();
        Encoded { bytes, item }
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
        let level = self.coding.options.level;
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

    /// The chunk of these blocks, which decode to `nbytes`.
    pub(in crate::store) fn chunk(
        &mut self,
        blocks: &[Encoded],
        nbytes: usize,
    ) -> Result<EncodedChunk> {
        if let Some(item) = common_item(blocks) {
            if item.iter().all(|&byte| byte == 0) {
                return Ok(EncodedChunk::Zeros);
            }
            if Item::nan(item.len()) == Item::of_bytes(item.to_vec()) {
                return Ok(EncodedChunk::Nan);
            }
            let length = HEADER_BYTES + item.len();
            if length < nbytes {
                let mut out = self.header(0x05, nbytes, 0x30, length);
                out.extend_from_slice(item);
                return Ok(EncodedChunk::Stored(out));
            }
        }
        let streams: usize = blocks.iter().map(|block| block.bytes.len()).sum();
        let memcpyed = HEADER_BYTES + nbytes;
        if self.plain() || nbytes < HEADER_BYTES {
            let mut out = self.header(0x07, nbytes, 0, memcpyed);
            match self.plain() {
                true => blocks
                    .iter()
                    .for_each(|block| out.extend_from_slice(&block.bytes)),
                false => self.decoded(blocks, nbytes, &mut out)?,
            }
            return Ok(EncodedChunk::Stored(out));
        }
        let length = HEADER_BYTES + blocks.len() * 4 + streams;
        if length > memcpyed {
            let mut out = self.header(0x07, nbytes, 0, memcpyed);
            self.decoded(blocks, nbytes, &mut out)?;
            return Ok(EncodedChunk::Stored(out));
        }
        Ok(EncodedChunk::Stored(self.regular(blocks, nbytes)))
    }

    /// Block starts and streams.
    fn regular(&self, blocks: &[Encoded], nbytes: usize) -> Vec<u8> {
        let streams: usize = blocks.iter().map(|block| block.bytes.len()).sum();
        let not_split = if self.coding.splits() { 0 } else { 0x10 };
        let length = HEADER_BYTES + blocks.len() * 4 + streams;
        let flags = 0x05 | not_split | self.format << 5;
        let mut out = self.header(flags, nbytes, 0, length);
        let mut start = HEADER_BYTES + blocks.len() * 4;
        for block in blocks {
            out.extend_from_slice(&int(start));
            start += block.bytes.len();
        }
        for block in blocks {
            out.extend_from_slice(&block.bytes);
        }
        out
    }

    /// Appends what these blocks stand for: they compress to more than that.
    fn decoded(&self, blocks: &[Encoded], nbytes: usize, out: &mut Vec<u8>) -> Result<()> {
        let source = Source::memory(self.regular(blocks, nbytes));
        let expected = Expected {
            block_shape: self.coding.block_shape.as_ref(),
            ..Expected::bytes(nbytes, self.coding.itemsize)
        };
        let chunk = Chunk::load(&source, 0, source.len_bytes(), &expected)?;
        let start = out.len();
        out.resize(start + nbytes, 0);
        chunk.read(&source, 0, &mut DecodeScratch::default(), &mut out[start..])
    }

    fn header(&self, flags: u8, nbytes: usize, blosc2_flags: u8, cbytes: usize) -> Vec<u8> {
        let Filters { ids, metas } = self.coding.options.filters;
        // OK because it fits, by what it is.
        let typesize = u8::try_from(self.coding.typesize()).unwrap_or(1);
        let blocksize = self.coding.blocksize.min(nbytes);
        let delta = u8::from(ids.contains(&codec::filter::DELTA)) << 3;
        let mut out = Vec::with_capacity(cbytes);
        out.extend_from_slice(&[VERSION, 1, flags | delta, typesize]);
        out.extend_from_slice(&int(nbytes));
        out.extend_from_slice(&int(blocksize));
        out.extend_from_slice(&int(cbytes));
        out.extend_from_slice(&ids);
        out.extend_from_slice(&[self.coding.options.codec.compcode(), 0]);
        out.extend_from_slice(&metas);
        out.extend_from_slice(&[0, blosc2_flags]);
        out
    }

    /// The chunk that stands for `data`, which is at most as long as chunks may be: one of a frame's own,
    /// such as its index.
    pub(in crate::store) fn whole(&mut self, data: &[u8]) -> Result<Vec<u8>> {
        if data.len() < HEADER_BYTES {
            let mut out = self.header(0x07, data.len(), 0, HEADER_BYTES + data.len());
            out.extend_from_slice(data);
            return Ok(out);
        }
        let blocks = data
            .chunks(self.coding.blocksize)
            .map(|block| self.block(Position::First, block))
            .collect::<Vec<_>>();
        Ok(match self.chunk(&blocks, data.len())? {
            EncodedChunk::Stored(bytes) => bytes,
            // The reference library reads no stored chunk of a special kind from files, but for
            // those of a value.
            EncodedChunk::Zeros | EncodedChunk::Nan => {
                let item = &data[..self.coding.itemsize];
                let mut out = self.header(0x05, data.len(), 0x30, HEADER_BYTES + item.len());
                out.extend_from_slice(item);
                out
            }
        })
    }
}

/// The item that all blocks repeat, where there is one.
fn common_item(blocks: &[Encoded]) -> Option<&[u8]> {
    let item = blocks.first()?.item.as_deref()?;
    let same = |block: &Encoded| block.item.as_deref() == Some(item);
    blocks.iter().all(same).then_some(item)
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
