//! In: the bytes of a chunk's header and block starts. Out: a checked chunk, and any of its
//! blocks decoded on its own.
//! Never: the whole chunk in memory; a block is read by its own extent.

use std::time::Instant;

use super::file::{Source, unsupported};
use super::scratch::DecodeScratch;
use crate::bytes::{Cursor, u32s_le};
use crate::codec::filter::{self, Pipeline, SLOTS};
use crate::codec::{self, Codec, Contexts, Fault};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_BLOCK_BYTES, MAX_CHUNK_BYTES};

/// Bytes of a header with filter slots; no chunk in a frame is shorter.
pub const HEADER_BYTES: usize = 32;

/// Bits of a chunk's flags byte.
mod flag {
    pub(super) const SHUFFLE: u8 = 0x01;
    pub(super) const MEMCPYED: u8 = 0x02;
    pub(super) const BITSHUFFLE: u8 = 0x04;
    pub(super) const EXTENDED: u8 = 0x05;
    pub(super) const DELTA: u8 = 0x08;
    pub(super) const NOT_SPLIT: u8 = 0x10;
}

/// A chunk whose bytes are one value repeated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Special {
    /// All bytes zero.
    Zeros,
    /// Quiet NaNs of the item size.
    Nan,
    /// An item stored behind the header.
    Value,
    /// Never written; read as zeros.
    Uninit,
}

/// A chunk header whose fields were checked against each other.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// Item size as far as filters and splits are concerned, 1..=255.
    pub typesize: usize,
    /// Bytes of the decoded chunk.
    pub nbytes: usize,
    /// Bytes of a block; for chunks of variable-length blocks, their number.
    pub blocksize: usize,
    /// Bytes of the stored chunk, this header included.
    pub cbytes: usize,
    /// Bytes of this header.
    pub header_len: usize,
    /// How the rest is laid out.
    pub layout: Layout,
}

/// How the bytes behind a chunk's header are laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layout {
    /// One repeated value.
    Special(Special),
    /// The data as it is.
    Memcpyed,
    /// Block starts, then streams.
    Regular(Coding),
    /// Blocks of differing lengths.
    VariableBlocks,
}

/// What a regular chunk's streams went through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Coding {
    format: u8,
    udcodec: u8,
    filters: [u8; SLOTS],
    metas: [u8; SLOTS],
    split: bool,
    dict: bool,
}

/// The bytes 10..20 (hexadecimal) of an extended header.
struct Extension {
    filters: [u8; SLOTS],
    metas: [u8; SLOTS],
    udcodec: u8,
    variable_blocks: bool,
    dict: bool,
    special: Option<Special>,
}

impl Header {
    /// Checks the header at the start of `bytes`, which may go on behind it.
    ///
    /// # Errors
    /// When a field is out of its range or contradicts another.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut cursor = Cursor::new(bytes, Code::BadChunk, "chunk header");
        let version = cursor.u8("version")?;
        let _codec_version = cursor.u8("codec version")?;
        let flags = cursor.u8("flags")?;
        let typesize = usize::from(cursor.u8("typesize")?);
        let nbytes = cursor.i32_le("nbytes")?;
        let blocksize = cursor.i32_le("blocksize")?;
        let cbytes = cursor.i32_le("cbytes")?;
        if !(1..=6).contains(&version) {
            return Err(bad(format!(
                "the chunk has unknown format version {version}"
            )));
        }
        let extended = flags & flag::EXTENDED == flag::EXTENDED;
        let extension = if extended {
            Extension::parse(&mut cursor)?
        } else {
            Extension::of_short_header(flags)
        };
        let header_len = cursor.position();
        let nbytes = in_range(nbytes, "nbytes", 0, MAX_CHUNK_BYTES)?;
        let cbytes = in_range(cbytes, "cbytes", header_len, MAX_CHUNK_BYTES + HEADER_BYTES)?;
        // An empty chunk has no blocks, and some writers give it no block size either.
        let smallest = usize::from(nbytes > 0);
        let blocksize = in_range(blocksize, "blocksize", smallest, MAX_BLOCK_BYTES)?.max(1);
        if typesize == 0 {
            return Err(bad("the chunk has typesize 0"));
        }
        let mut header = Self {
            typesize,
            nbytes,
            // A block is never longer than its chunk, whatever the field says.
            blocksize: blocksize.min(nbytes.max(1)),
            cbytes,
            header_len,
            layout: Layout::Memcpyed,
        };
        header.layout = header.choose_layout(version, flags, &extension)?;
        if header.layout == Layout::VariableBlocks {
            header.blocksize = blocksize;
        }
        Ok(header)
    }

    fn choose_layout(&self, version: u8, flags: u8, extension: &Extension) -> Result<Layout> {
        let memcpyed = flags & flag::MEMCPYED != 0;
        if extension.variable_blocks && (memcpyed || extension.special.is_some()) {
            return Err(bad("the chunk has variable-length blocks and none at once"));
        }
        if extension.variable_blocks {
            return Ok(Layout::VariableBlocks);
        }
        if let Some(special) = extension.special {
            self.check_special(special)?;
            return Ok(Layout::Special(special));
        }
        let payload = self.cbytes - self.header_len;
        if memcpyed || self.nbytes == 0 {
            if payload != self.nbytes {
                return Err(bad(format!(
                    "the chunk stores {} bytes as they are, but has {payload} behind its header",
                    self.nbytes
                )));
            }
            return Ok(Layout::Memcpyed);
        }
        let nblocks = self.nbytes.div_ceil(self.blocksize);
        // Both are below 2^31, so the product cannot wrap in 64 bits.
        if nblocks * 4 > payload {
            return Err(bad(format!(
                "the chunk has {nblocks} blocks, but only {payload} bytes behind its header"
            )));
        }
        Ok(Layout::Regular(Coding {
            format: flags >> 5,
            udcodec: extension.udcodec,
            filters: extension.filters,
            metas: extension.metas,
            split: self.split(version, flags),
            dict: extension.dict,
        }))
    }

    /// Whether blocks have a stream a byte plane. Blosc1 before 1.11 did not know the bit and
    /// split by a rule, which its later versions kept beside the bit.
    fn split(&self, version: u8, flags: u8) -> bool {
        let bit = flags & flag::NOT_SPLIT == 0;
        let by_rule = self.typesize <= 16 && self.blocksize / self.typesize >= 128;
        bit && (version > 2 || by_rule)
    }

    fn check_special(&self, special: Special) -> Result<()> {
        let value_len = self.cbytes - self.header_len;
        let whole = match special {
            Special::Zeros => true,
            Special::Nan => {
                matches!(self.typesize, 4 | 8) && self.nbytes.is_multiple_of(self.typesize)
            }
            Special::Uninit => self.nbytes.is_multiple_of(self.typesize),
            Special::Value => {
                (1..=self.nbytes).contains(&value_len) && self.nbytes.is_multiple_of(value_len)
            }
        };
        let lone_header = special == Special::Value || value_len == 0;
        if whole && lone_header {
            return Ok(());
        }
        Err(bad(format!(
            "the special chunk ({special:?}) of {} bytes in {} has items of {} bytes",
            self.nbytes, self.cbytes, self.typesize
        )))
    }

    /// Number of blocks.
    pub fn blocks(&self) -> usize {
        self.nbytes.div_ceil(self.blocksize)
    }
}

impl Extension {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        let filters = cursor.array("filters")?;
        let udcodec = cursor.u8("codec id")?;
        let _codec_meta = cursor.u8("codec parameter")?;
        let metas = cursor.array("filter parameters")?;
        let flags2 = cursor.u8("second flags")?;
        let blosc2_flags = cursor.u8("blosc2 flags")?;
        if flags2 & !1 != 0 {
            return Err(bad(format!("the chunk has unknown flags {flags2:#04x}")));
        }
        if blosc2_flags & 0x88 != 0 {
            return Err(bad(format!(
                "the chunk claims to be lazy or instrumented ({blosc2_flags:#04x}), which no \
                 stored chunk is"
            )));
        }
        let special = match blosc2_flags >> 4 & 7 {
            0 => None,
            1 => Some(Special::Zeros),
            2 => Some(Special::Nan),
            3 => Some(Special::Value),
            4 => Some(Special::Uninit),
            code => return Err(bad(format!("the chunk has unknown special value {code}"))),
        };
        Ok(Self {
            filters,
            metas,
            udcodec,
            variable_blocks: flags2 & 1 != 0,
            dict: blosc2_flags & 1 != 0,
            special,
        })
    }

    /// A Blosc1 header has no slots; its flags say which filters ran.
    fn of_short_header(flags: u8) -> Self {
        let mut filters = [filter::NONE; SLOTS];
        if flags & flag::SHUFFLE != 0 {
            filters[5] = 1;
        } else if flags & flag::BITSHUFFLE != 0 {
            filters[5] = 2;
        }
        if flags & flag::DELTA != 0 {
            filters[4] = 3;
        }
        Self {
            filters,
            metas: [0; SLOTS],
            udcodec: 0,
            variable_blocks: false,
            dict: false,
            special: None,
        }
    }
}

/// What a chunk has to be, from the frame and the array around it.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    /// Bytes of the decoded chunk.
    pub nbytes: usize,
    /// Bytes of an item, at most 8.
    pub itemsize: usize,
    /// Bytes of a block, where the array fixes them.
    pub blocksize: Option<usize>,
}

/// One item that a whole chunk repeats: its bytes and how many of them count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    bytes: [u8; 8],
    len: usize,
}

impl Item {
    /// `len` zero bytes, at most 8.
    pub fn zero(len: usize) -> Self {
        Self {
            bytes: [0; 8],
            len: len.min(8),
        }
    }

    /// The quiet NaN of an item size, where there is one.
    pub fn nan(len: usize) -> Option<Self> {
        match len {
            4 => Self::of_bytes(&0x7FC0_0000u32.to_le_bytes()),
            8 => Self::of_bytes(&0x7FF8_0000_0000_0000u64.to_le_bytes()),
            _ => None,
        }
    }

    /// The item with these bytes, 1 to 8 of them.
    pub fn of_bytes(from: &[u8]) -> Option<Self> {
        let mut bytes = [0; 8];
        bytes.get_mut(..from.len())?.copy_from_slice(from);
        let len = from.len();
        (len > 0).then_some(Self { bytes, len })
    }

    /// The bytes as stored.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Repeats the item over `dst`.
    pub fn fill(&self, dst: &mut [u8]) {
        if self.bytes().iter().all(|&byte| byte == self.bytes[0]) {
            dst.fill(self.bytes[0]);
            return;
        }
        for item in dst.chunks_mut(self.len) {
            item.copy_from_slice(&self.bytes[..item.len()]);
        }
    }
}

/// A chunk of a file, ready to decode any of its blocks.
#[derive(Debug)]
pub struct Chunk {
    nbytes: usize,
    blocksize: usize,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Constant(Item),
    /// The data stands at this position of the file.
    Raw(u64),
    Streams(Streams),
}

#[derive(Debug)]
struct Streams {
    codec: &'static dyn Codec,
    pipeline: Pipeline,
    typesize: usize,
    split: bool,
    /// Where the chunk stands in the file.
    position: u64,
    /// First byte of each block, from the chunk's start, and the byte behind its extent.
    extents: Box<[(u32, u32)]>,
}

impl Chunk {
    /// A chunk that no bytes of the file stand for.
    pub fn constant(item: Item, expected: Expected) -> Self {
        Self {
            nbytes: expected.nbytes,
            blocksize: expected.blocksize.unwrap_or(expected.nbytes.max(1)),
            body: Body::Constant(item),
        }
    }

    /// Reads the metadata of the chunk at `position`; it has to end before `end`.
    ///
    /// # Errors
    /// When the chunk contradicts itself, the file's length or what is expected.
    pub fn load(source: &Source, position: u64, end: u64, expected: Expected) -> Result<Self> {
        Self::load_inner(source, position, end, expected)
            .map_err(|error| source.blame(error.with_offset(position)))
    }

    fn load_inner(source: &Source, position: u64, end: u64, expected: Expected) -> Result<Self> {
        let room = usize::try_from(end.saturating_sub(position)).unwrap_or(usize::MAX);
        // The block starts come along when the block size is known: one read instead of two.
        let guess = expected.blocksize.map_or(0, |blocksize| {
            expected.nbytes.div_ceil(blocksize.max(1)) * 4
        });
        let first = HEADER_BYTES.saturating_add(guess).min(room);
        let mut bytes = source.read_vec(position, first)?;
        let header = Header::parse(&bytes)?;
        if header.cbytes > room {
            return Err(bad(format!(
                "the chunk has {} bytes, but there is room for {room}",
                header.cbytes
            )));
        }
        if header.nbytes != expected.nbytes {
            return Err(bad(format!(
                "the chunk decodes to {} bytes, but its place in the array has {}",
                header.nbytes, expected.nbytes
            )));
        }
        let body = match header.layout {
            Layout::Special(special) => {
                Body::Constant(special_item(source, position, &header, special, expected)?)
            }
            Layout::Memcpyed => Body::Raw(position + header.header_len as u64),
            Layout::Regular(coding) => {
                Self::check_blocksize(&header, expected)?;
                let have = bytes.len();
                let need = header.header_len + header.blocks() * 4;
                if have < need {
                    bytes = source.read_vec(position, need)?;
                }
                Body::Streams(Streams::new(&header, coding, position, &bytes[..need])?)
            }
            Layout::VariableBlocks => {
                return Err(unsupported(
                    "chunks of variable-length blocks are not read yet",
                ));
            }
        };
        let blocksize = match (&body, expected.blocksize) {
            (Body::Streams(_), _) | (_, None) => header.blocksize,
            (Body::Constant(_) | Body::Raw(_), Some(blocksize)) => blocksize,
        };
        Ok(Self {
            nbytes: header.nbytes,
            blocksize,
            body,
        })
    }

    fn check_blocksize(header: &Header, expected: Expected) -> Result<()> {
        match expected.blocksize {
            Some(blocksize) if blocksize != header.blocksize => Err(bad(format!(
                "the chunk has blocks of {} bytes, but the array's have {blocksize}",
                header.blocksize
            ))),
            Some(_) | None => Ok(()),
        }
    }

    /// The item that the whole chunk repeats, where it does.
    pub fn item(&self) -> Option<Item> {
        match self.body {
            Body::Constant(item) => Some(item),
            Body::Raw(_) | Body::Streams(_) => None,
        }
    }

    /// Number of blocks.
    pub fn blocks(&self) -> usize {
        self.nbytes.div_ceil(self.blocksize)
    }

    /// Decoded bytes of block `block`; only the last may be short.
    pub fn block_len(&self, block: usize) -> usize {
        let start = block.saturating_mul(self.blocksize).min(self.nbytes);
        self.blocksize.min(self.nbytes - start)
    }

    /// Memory this takes.
    pub fn footprint(&self) -> usize {
        let extents = match &self.body {
            Body::Streams(streams) => size_of_val(&*streams.extents),
            Body::Constant(_) | Body::Raw(_) => 0,
        };
        size_of::<Self>() + extents
    }

    /// Decodes block `block` into `dst`, which has exactly its bytes.
    ///
    /// # Errors
    /// When the block is damaged, cannot be read, or `dst` has another length.
    pub fn decode_block(
        &self,
        source: &Source,
        block: usize,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        if dst.is_empty() || dst.len() != self.block_len(block) {
            return Err(Error::new(
                ErrorKind::Argument,
                Code::WrongBuffer,
                format!(
                    "block {block} has {} bytes, the buffer for it {}",
                    self.block_len(block),
                    dst.len()
                ),
            ));
        }
        match &self.body {
            Body::Constant(item) => item.fill(dst),
            Body::Raw(start) => {
                // `block_len` was not zero, so the product is below `nbytes`.
                let position = start + (block * self.blocksize) as u64;
                let before = Instant::now();
                source.read_at(position, dst)?;
                scratch.counts.read += before.elapsed();
                scratch.counts.bytes_read += dst.len() as u64;
            }
            Body::Streams(streams) => {
                let leftover = dst.len() != self.blocksize;
                streams.decode_block(source, block, leftover, scratch, dst)?;
            }
        }
        scratch.counts.blocks += 1;
        scratch.counts.bytes_decoded += dst.len() as u64;
        Ok(())
    }
}

impl Streams {
    /// `bytes` are the header and the block starts.
    fn new(header: &Header, coding: Coding, position: u64, bytes: &[u8]) -> Result<Self> {
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

    fn decode_block(
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

fn special_item(
    source: &Source,
    position: u64,
    header: &Header,
    special: Special,
    expected: Expected,
) -> Result<Item> {
    let itemsize = expected.itemsize;
    match special {
        Special::Zeros | Special::Uninit => Ok(Item::zero(itemsize)),
        Special::Nan => Item::nan(itemsize)
            .filter(|_| header.typesize == itemsize)
            .ok_or_else(|| bad(format!("a chunk of NaN has items of {itemsize} bytes"))),
        Special::Value => {
            let len = header.cbytes - header.header_len;
            if len != itemsize {
                return Err(bad(format!(
                    "a chunk repeats a value of {len} bytes, but items have {itemsize}"
                )));
            }
            let bytes = source.read_vec(position + header.header_len as u64, len)?;
            Item::of_bytes(&bytes).ok_or_else(|| bad("a chunk repeats a value without bytes"))
        }
    }
}

fn in_range(value: i32, field: &str, low: usize, high: usize) -> Result<usize> {
    usize::try_from(value)
        .ok()
        .filter(|value| (low..=high).contains(value))
        .ok_or_else(|| {
            bad(format!(
                "the chunk has {field} {value}, outside of {low}..={high}"
            ))
        })
}

#[cold]
fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, Code::BadChunk, message)
}
