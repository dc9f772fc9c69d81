//! In: what somebody wishes of a file. Out: codec, filters and split mode as the formats number them.
//! Never: a pipeline that the reference library reads wrong.

use std::fmt;
use std::str::FromStr;

use super::frame::check_name;
use super::wrong;
use crate::codec::filter::{self, DELTA, NONE, SHUFFLE, SLOTS};
use crate::codec::{self, id};
use crate::diag::nearest;
use crate::error::{Error, Result};
use crate::limits::{MAX_ATTRIBUTE_BYTES, MAX_FRAME_HEADER_BYTES};
use crate::store::attributes::Attribute;
use crate::store::file::unsupported;
use crate::store::frame::{Frame, FrameHeader};
use crate::store::meta::NAMES;
use crate::store::seal::LAYER;

/// A codec that files are written with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WriteCodec {
    /// The codec of the Blosc family.
    BloscLz,
    /// Fastest to write and read.
    Lz4,
    /// Slower to write, as fast to read, smaller.
    Lz4Hc,
    /// What everything can read, and slow.
    Zlib,
    /// Smallest.
    Zstd,
}

impl WriteCodec {
    /// Every one, in the order of their ids.
    pub const ALL: [Self; 5] = [
        Self::BloscLz,
        Self::Lz4,
        Self::Lz4Hc,
        Self::Zlib,
        Self::Zstd,
    ];

    pub(in crate::store) fn compcode(self) -> u8 {
        match self {
            WriteCodec::BloscLz => id::BLOSCLZ,
            WriteCodec::Lz4 => id::LZ4,
            WriteCodec::Lz4Hc => id::LZ4HC,
            WriteCodec::Zlib => id::ZLIB,
            WriteCodec::Zstd => id::ZSTD,
        }
    }
}

impl fmt::Display for WriteCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WriteCodec::BloscLz => "blosclz",
            WriteCodec::Lz4 => "lz4",
            WriteCodec::Lz4Hc => "lz4hc",
            WriteCodec::Zlib => "zlib",
            WriteCodec::Zstd => "zstd",
        })
    }
}

impl FromStr for WriteCodec {
    type Err = Error;

    /// The codec of this name, as [`fmt::Display`] writes it.
    fn from_str(name: &str) -> Result<Self> {
        let named = |codec: &Self| codec.to_string() == name;
        Self::ALL.into_iter().find(named).ok_or_else(|| {
            let names = Self::ALL.map(|codec| codec.to_string());
            unknown("codec", name, &names)
        })
    }
}

/// Whether each byte plane of a shuffled block becomes a stream of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Split {
    /// Where the reference library would.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Split {
    /// As frame headers number them.
    pub(in crate::store) fn number(self) -> u8 {
        match self {
            Split::Always => 1,
            Split::Never => 2,
            Split::Auto => 3,
        }
    }
}

impl FromStr for Split {
    type Err = Error;

    /// `auto`, `always` or `never`.
    fn from_str(name: &str) -> Result<Self> {
        match name {
            "auto" => Ok(Self::Auto),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            _ => Err(unknown("split mode", name, &["auto", "always", "never"])),
        }
    }
}

/// The filters that blocks go through before they are compressed, in their order.
///
/// ```
/// use fuseblock::store::write::Filters;
///
/// let filters: Filters = "shuffle,bytedelta".parse()?;
/// assert_eq!(filters.to_string(), "shuffle,bytedelta");
/// assert_eq!("trunc_prec:10,shuffle".parse::<Filters>()?.to_string(), "trunc_prec:10,shuffle");
/// assert_eq!("none".parse::<Filters>()?, Filters::NONE);
/// # Ok::<(), fuseblock::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Filters {
    pub(in crate::store) ids: [u8; SLOTS],
    pub(in crate::store) metas: [u8; SLOTS],
}

impl Filters {
    /// None: blocks are compressed as they are.
    pub const NONE: Self = Self {
        ids: [NONE; SLOTS],
        metas: [0; SLOTS],
    };

    /// Bytes of equal significance are brought together.
    pub const SHUFFLE: Self = Self {
        ids: [NONE, NONE, NONE, NONE, NONE, SHUFFLE],
        metas: [0; SLOTS],
    };

    /// Those that files may be written with.
    const NAMES: [&str; 6] = [
        "shuffle",
        "bitshuffle",
        "delta",
        "bytedelta",
        "trunc_prec",
        "int_trunc",
    ];

    /// Those that lose bits, and take how many.
    const LOSSY: [&str; 2] = ["trunc_prec", "int_trunc"];

    /// The slots, the last of them filled, as the reference library fills them.
    fn of(steps: &[(u8, u8)]) -> Result<Self> {
        let mut filters = Self::NONE;
        let first = SLOTS.checked_sub(steps.len()).ok_or_else(|| {
            wrong(format!(
                "{} filters are given; there is room for {SLOTS}",
                steps.len()
            ))
        })?;
        for (slot, &(id, meta)) in (first..).zip(steps) {
            filters.ids[slot] = id;
            filters.metas[slot] = meta;
        }
        let has = |named: fn(u8) -> bool| steps.iter().any(|&(id, _)| named(id));
        if has(|id| id == DELTA) && has(|id| Self::LOSSY.contains(&&*filter::name(id))) {
            return Err(
                wrong("`delta` and filters that lose bits do not go together").with_help(
                    "blocks are stored by the first one as it was, not as it will be read",
                ),
            );
        }
        // Behind another filter it reads the first block of a chunk before that is whole again.
        if steps.iter().skip(1).any(|&(id, _)| id == DELTA) {
            return Err(wrong(
                "`delta` has to be the first filter: the reference library reads other orders wrong",
            ));
        }
        Ok(filters)
    }

    fn steps(&self) -> impl Iterator<Item = (u8, u8)> {
        let slots = self.ids.into_iter().zip(self.metas);
        slots.filter(|&(id, _)| id != NONE)
    }
}

impl FromStr for Filters {
    type Err = Error;

    /// Names in the order of application, separated by commas; `none` for none. `trunc_prec:N` and
    /// `int_trunc:N` keep N bits of the fraction and of the integer, or clear -N.
    fn from_str(text: &str) -> Result<Self> {
        if text == "none" {
            return Ok(Self::NONE);
        }
        let steps = text.split(',').map(|step| {
            let (name, bits) = match step.split_once(':') {
                Some((name, bits)) => (name, Some(bits)),
                None => (step, None),
            };
            if !Self::NAMES.contains(&name) {
                return Err(unknown("filter", name, &Self::NAMES));
            }
            // Where two filters share a name's meaning, the last is the one without faults.
            let row = filter::TABLE.iter().find(|row| row.name == name);
            let id = row.map_or(NONE, |row| row.id);
            match (Self::LOSSY.contains(&name), bits) {
                (false, None) => Ok((id, 0)),
                (true, Some(bits)) => match bits.parse::<i8>() {
                    Ok(bits) => Ok((id, bits.to_le_bytes()[0])),
                    Err(_) => Err(wrong(format!(
                        "`{bits}` is no number of bits for the filter `{name}`"
                    ))),
                },
                (true, None) => Err(wrong(format!(
                    "the filter `{name}` takes how many bits it keeps, as in `{name}:10`"
                ))),
                (false, Some(_)) => Err(wrong(format!("the filter `{name}` takes no number"))),
            }
        });
        Self::of(&steps.collect::<Result<Vec<_>>>()?)
    }
}

impl fmt::Display for Filters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for (id, meta) in self.steps() {
            let name = filter::name(id);
            write!(f, "{between}{name}")?;
            if Self::LOSSY.contains(&&*name) {
                write!(f, ":{}", i8::from_le_bytes([meta]))?;
            }
            between = ",";
        }
        match between {
            "" => f.write_str("none"),
            _ => Ok(()),
        }
    }
}

fn unknown<S: AsRef<str>>(what: &str, name: &str, known: &[S]) -> Error {
    let error = wrong(format!("there is no {what} `{name}` to write with"));
    let names: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
    match nearest(name, names.iter().copied()) {
        Some(near) => error.with_help(format!("did you mean `{near}`?")),
        None => error.with_help(format!("there are {}", names.join(", "))),
    }
}

/// How a file is compressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// The codec.
    pub codec: WriteCodec,
    /// 0 (stored as it is) to 9 (smallest).
    pub level: u8,
    /// What blocks go through first.
    pub filters: Filters,
    /// Whether the byte planes become streams of their own.
    pub split: Split,
}

impl Options {
    /// Those of the frame with this header.
    ///
    /// # Errors
    /// When files are not written with its codec.
    pub(in crate::store) fn of_frame(header: &FrameHeader) -> Result<Self> {
        let filters = Filters {
            ids: header.filters,
            metas: header.filters_meta,
        };
        Self::of_numbers(header.compcode, header.clevel, header.splitmode, filters)
    }

    /// Those with these numbers of codec, level and split mode.
    ///
    /// # Errors
    /// When files are not written with that codec.
    pub(in crate::store) fn of_numbers(
        compcode: u8,
        level: u8,
        splitmode: u8,
        filters: Filters,
    ) -> Result<Self> {
        let mut codecs = WriteCodec::ALL.into_iter();
        let codec = codecs.find(|codec| codec.compcode() == compcode);
        let codec = codec.ok_or_else(|| {
            let name = codec::name(compcode);
            let message =
                format!("the file is compressed with {name}, which this version does not write");
            unsupported(message).with_help("write it to a new file with another codec")
        })?;
        Ok(Self {
            codec,
            level: level.min(9),
            filters,
            split: match splitmode {
                1 => Split::Always,
                2 => Split::Never,
                _ => Split::Auto,
            },
        })
    }
}

impl Default for Options {
    /// LZ4 at level 5 with shuffle.
    fn default() -> Self {
        Self {
            codec: WriteCodec::Lz4,
            level: 5,
            filters: Filters::SHUFFLE,
            split: Split::Auto,
        }
    }
}

/// What a new frame has besides its elements.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Extras {
    /// Whether it is a folder with a file a chunk, and not one file. It has no seal then.
    pub sparse: bool,
    /// Metalayers of the header besides the one of n-d arrays: name and content. At most 15, names of at most 31 bytes.
    pub metalayers: Vec<(String, Vec<u8>)>,
    /// Variable-length metalayers of the trailer: name and content. At most 8,191, names of at most 31 bytes.
    pub vlmetalayers: Vec<(String, Vec<u8>)>,
}

impl Extras {
    /// The metalayers of a frame that exists, without those that say what its chunks are, for one that is to have them,
    /// too.
    ///
    /// # Errors
    /// When they are damaged.
    pub fn of_frame(frame: &Frame) -> Result<Self> {
        let kept = frame.header().metalayers.iter();
        let kept = kept.filter(|layer| !NAMES.contains(&&*layer.name));
        let trailer = frame.vl_metalayers().iter();
        let trailer = trailer.filter(|layer| layer.name != LAYER);
        let value = |name: &str| frame.vl_metalayer(name, MAX_ATTRIBUTE_BYTES);
        Ok(Self {
            sparse: false,
            metalayers: kept
                .map(|layer| (layer.name.clone(), layer.content.clone()))
                .collect(),
            vlmetalayers: trailer
                .map(|layer| Ok((layer.name.clone(), value(&layer.name)?)))
                .collect::<Result<Vec<_>>>()?,
        })
    }

    /// Checks that a frame can have them, as far as that is known without the rest.
    pub(super) fn check(&self) -> Result<()> {
        let all = self.metalayers.iter().chain(&self.vlmetalayers);
        all.clone().try_for_each(|(name, _)| check_name(name))?;
        // OK because nothing is added up that is not in memory.
        let header: usize = self
            .metalayers
            .iter()
            .map(|(_, content)| content.len())
            .sum();
        let most = MAX_FRAME_HEADER_BYTES / 2;
        if header > most {
            return Err(wrong(format!(
                "the metalayers of the header have {header} bytes; at most {most} are written"
            ))
            .with_help("variable-length metalayers, attributes, may be longer"));
        }
        let long = self
            .vlmetalayers
            .iter()
            .find(|(_, content)| content.len() > MAX_ATTRIBUTE_BYTES);
        match long {
            Some((name, content)) => Err(wrong(format!(
                "the value of `{name}` has {} bytes; at most {MAX_ATTRIBUTE_BYTES} are possible",
                content.len()
            ))),
            None => Ok(()),
        }
    }

    /// Gives the frame an attribute, which python-blosc2 finds in `vlmeta`, in place of one of the same name.
    pub fn set_attribute(&mut self, name: &str, value: &Attribute) {
        self.vlmetalayers.retain(|(other, _)| other != name);
        self.vlmetalayers.push((name.to_string(), value.encode()));
    }
}
