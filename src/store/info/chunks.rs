//! In: the headers of chunks. Out: a line for each, and how many are of each sort.
//! Never: more than a header read of any chunk.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::FilterInfo;
use crate::codec::filter::{self, SLOTS};
use crate::limits::MAX_LISTED_CHUNKS;
use crate::store::chunk::{Header, Layout, Special};
use crate::store::frame::Entry;

/// How a chunk is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChunkKind {
    /// In compressed blocks.
    Compressed,
    /// As it is.
    Raw,
    /// In compressed blocks of differing lengths.
    VariableBlocks,
    /// All zero.
    Zeros,
    /// All NaN.
    Nan,
    /// One value, repeated.
    Value,
    /// Never written.
    Uninit,
}

impl fmt::Display for ChunkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ChunkKind::Compressed => "compressed",
            ChunkKind::Raw => "raw",
            ChunkKind::VariableBlocks => "variable blocks",
            ChunkKind::Zeros => "zeros",
            ChunkKind::Nan => "NaN",
            ChunkKind::Value => "one value",
            ChunkKind::Uninit => "never written",
        })
    }
}

impl From<Special> for ChunkKind {
    fn from(special: Special) -> Self {
        match special {
            Special::Zeros => Self::Zeros,
            Special::Nan => Self::Nan,
            Special::Value => Self::Value,
            Special::Uninit => Self::Uninit,
        }
    }
}

/// What the streams of a chunk went through.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChunkCodes {
    /// Name of the codec.
    pub codec: String,
    /// The filter slots in use.
    pub filters: Vec<FilterInfo>,
    /// Whether blocks have a stream a byte plane.
    pub split: bool,
    /// Whether there is a dictionary.
    pub dictionary: bool,
    /// What of these this version lacks.
    pub missing: Option<String>,
}

/// Chunks that went through the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeCount {
    /// What they went through.
    pub codes: Arc<ChunkCodes>,
    /// How many there are.
    pub chunks: usize,
}

/// One chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkInfo {
    /// Its number.
    pub number: usize,
    /// How it is stored.
    pub kind: ChunkKind,
    /// Its position in the file, or the number of its file; `None` where no bytes stand for it.
    pub place: Option<u64>,
    /// Decoded bytes.
    pub nbytes: usize,
    /// Stored bytes.
    pub cbytes: usize,
    /// Number of blocks.
    pub blocks: usize,
    /// What its streams went through, where it has some.
    pub codes: Option<Arc<ChunkCodes>>,
}

impl ChunkInfo {
    /// A chunk that only the index knows; `nbytes` are its decoded bytes.
    pub(super) fn special(number: usize, entry: Entry, nbytes: usize) -> Self {
        Self {
            number,
            kind: match entry {
                Entry::Nan => ChunkKind::Nan,
                Entry::Uninit => ChunkKind::Uninit,
                Entry::Zeros | Entry::Stored(_) => ChunkKind::Zeros,
            },
            place: None,
            nbytes,
            cbytes: 0,
            blocks: 0,
            codes: None,
        }
    }

    /// A stored chunk.
    pub(in crate::store) fn stored(number: usize, place: u64, header: &Header) -> Self {
        Self {
            number,
            kind: match header.layout {
                Layout::Special(special) => special.into(),
                Layout::Memcpyed => ChunkKind::Raw,
                Layout::Regular(_) => ChunkKind::Compressed,
                Layout::VariableBlocks(_) => ChunkKind::VariableBlocks,
            },
            place: Some(place),
            nbytes: header.nbytes,
            cbytes: header.cbytes,
            blocks: header.blocks(),
            codes: codes(header).map(Arc::new),
        }
    }
}

fn codes(header: &Header) -> Option<ChunkCodes> {
    match header.layout {
        Layout::Special(_) | Layout::Memcpyed => None,
        Layout::Regular(coding) | Layout::VariableBlocks(coding) => Some(ChunkCodes {
            codec: coding.codec_name(),
            filters: filters(coding.filters(), coding.filter_metas()),
            split: coding.is_split(),
            dictionary: coding.has_dictionary(),
            missing: coding.missing(),
        }),
    }
}

/// The used slots among these.
pub(super) fn filters(ids: [u8; SLOTS], metas: [u8; SLOTS]) -> Vec<FilterInfo> {
    let slots = ids.into_iter().zip(metas).enumerate();
    slots
        .filter(|(_, (id, _))| *id != filter::NONE)
        .map(|(slot, (id, meta))| FilterInfo {
            slot,
            id,
            name: filter::name(id),
            meta,
        })
        .collect()
}

/// How many chunks are one repeated value, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpecialCounts {
    /// All zero.
    pub zeros: usize,
    /// All NaN.
    pub nan: usize,
    /// All another value.
    pub value: usize,
    /// Never written.
    pub uninit: usize,
}

/// Counts chunks by what they are.
#[derive(Debug, Default)]
pub(in crate::store) struct Census {
    pub(in crate::store) special: SpecialCounts,
    pub(in crate::store) stored_bytes: u64,
    /// Chunks that are stored as they are.
    pub(in crate::store) raw: usize,
    codes: HashMap<Arc<ChunkCodes>, usize>,
    list: Option<Vec<ChunkInfo>>,
}

impl Census {
    /// An empty one, which keeps every chunk if `list` says so.
    pub(in crate::store) fn new(list: bool) -> Self {
        Self {
            list: list.then(Vec::new),
            ..Self::default()
        }
    }

    pub(in crate::store) fn add(&mut self, mut chunk: ChunkInfo) {
        match chunk.kind {
            ChunkKind::Zeros => self.special.zeros += 1,
            ChunkKind::Nan => self.special.nan += 1,
            ChunkKind::Value => self.special.value += 1,
            ChunkKind::Uninit => self.special.uninit += 1,
            ChunkKind::Raw => self.raw += 1,
            ChunkKind::Compressed | ChunkKind::VariableBlocks => {}
        }
        self.stored_bytes = self.stored_bytes.saturating_add(chunk.cbytes as u64);
        if let Some(codes) = chunk.codes.take() {
            // Chunks that went through the same share the words for it.
            let known = self.codes.get_key_value(&codes);
            let codes = known.map_or(codes, |(known, _)| known.clone());
            *self.codes.entry(codes.clone()).or_default() += 1;
            chunk.codes = Some(codes);
        }
        match &mut self.list {
            Some(list) if list.len() < MAX_LISTED_CHUNKS => list.push(chunk),
            Some(_) | None => {}
        }
    }

    /// How chunks were compressed, the most frequent first, and the list if there is one.
    pub(in crate::store) fn finish(self) -> (Vec<CodeCount>, Option<Vec<ChunkInfo>>) {
        let each = self.codes.into_iter();
        let mut codes: Vec<CodeCount> = each
            .map(|(codes, chunks)| CodeCount { codes, chunks })
            .collect();
        codes.sort_by(|a, b| {
            let by_name = || a.codes.codec.cmp(&b.codes.codec);
            let by_filters = || a.codes.filters.len().cmp(&b.codes.filters.len());
            b.chunks
                .cmp(&a.chunks)
                .then_with(by_name)
                .then_with(by_filters)
        });
        (codes, self.list)
    }
}
