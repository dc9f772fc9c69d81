//! In: the first bytes of a chunk. Out: its header, each field in its range and in agreement with
//! the others.
//! Never: codecs and filters looked up: a special chunk may name any.

use super::bad;
use crate::bytes::Cursor;
use crate::codec;
use crate::codec::filter::{self, SLOTS};
use crate::diag::Code;
use crate::error::Result;
use crate::limits::{MAX_BLOCK_BYTES, MAX_BLOSC1_BYTES, MAX_CHUNK_BYTES};

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
    /// Bytes of this header: 16 as Blosc1 writes it, or 32.
    pub header_len: usize,
    /// Whether Blosc1 wrote the chunk: format version 2 or older.
    pub blosc1: bool,
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
    /// Block starts, then blocks of differing lengths, a stream each.
    VariableBlocks(Coding),
}

/// What a regular chunk's streams went through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Coding {
    pub(super) format: u8,
    pub(super) udcodec: u8,
    pub(super) filters: [u8; SLOTS],
    pub(super) metas: [u8; SLOTS],
    pub(super) split: bool,
    pub(super) dict: bool,
}

impl Coding {
    /// Name of the codec, also where this version lacks it.
    pub fn codec_name(&self) -> String {
        codec::chunk_codec_name(self.format, self.udcodec)
    }

    /// What this version lacks to decode it, if anything.
    pub fn missing(&self) -> Option<String> {
        let codec = codec::of_chunk(self.format, self.udcodec).err();
        let found = codec.or_else(|| filter::missing(self.filters));
        found.map(|error| error.message().to_string())
    }

    /// Filter ids, in the order of application.
    pub fn filters(&self) -> [u8; SLOTS] {
        self.filters
    }

    /// Filter parameters.
    pub fn filter_metas(&self) -> [u8; SLOTS] {
        self.metas
    }

    /// Whether blocks have a stream a byte plane.
    pub fn is_split(&self) -> bool {
        self.split
    }

    /// Whether there is a dictionary.
    pub fn has_dictionary(&self) -> bool {
        self.dict
    }
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
        let most = if extended {
            MAX_CHUNK_BYTES
        } else {
            MAX_BLOSC1_BYTES
        };
        let nbytes = in_range(nbytes, "nbytes", 0, most)?;
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
            blosc1: version <= 2,
            layout: Layout::Memcpyed,
        };
        if extension.variable_blocks {
            header.blocksize = blocksize;
        }
        header.layout = header.choose_layout(flags, &extension)?;
        Ok(header)
    }

    fn choose_layout(&self, flags: u8, extension: &Extension) -> Result<Layout> {
        let memcpyed = flags & flag::MEMCPYED != 0;
        let coding = Coding {
            format: flags >> 5,
            udcodec: extension.udcodec,
            filters: extension.filters,
            metas: extension.metas,
            split: self.split(flags),
            dict: extension.dict,
        };
        if extension.variable_blocks {
            if memcpyed || extension.special.is_some() {
                return Err(bad("the chunk has variable-length blocks and none at once"));
            }
            self.check_starts(self.blocksize)?;
            return Ok(Layout::VariableBlocks(coding));
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
        self.check_starts(self.nbytes.div_ceil(self.blocksize))?;
        Ok(Layout::Regular(coding))
    }

    /// Checks that there is room for the starts of `nblocks` blocks.
    fn check_starts(&self, nblocks: usize) -> Result<()> {
        let payload = self.cbytes - self.header_len;
        // Both are below 2^31, so the product cannot wrap in 64 bits.
        if nblocks * 4 <= payload {
            return Ok(());
        }
        Err(bad(format!(
            "the chunk has {nblocks} blocks, but only {payload} bytes behind its header"
        )))
    }

    /// Whether blocks have a stream a byte plane. Blosc1 before 1.11 did not know the bit and
    /// split by a rule, which its later versions kept beside the bit.
    fn split(&self, flags: u8) -> bool {
        let bit = flags & flag::NOT_SPLIT == 0;
        let by_rule = self.typesize <= 16 && self.blocksize / self.typesize >= 128;
        bit && (!self.blosc1 || by_rule)
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
        match self.layout {
            Layout::VariableBlocks(_) => self.blocksize,
            Layout::Special(_) | Layout::Memcpyed | Layout::Regular(_) => {
                self.nbytes.div_ceil(self.blocksize)
            }
        }
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
