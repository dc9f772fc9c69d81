//! In: files and bytes of the Blosc2, NumPy and older formats. Out: checked frames, chunks and decoded
//! blocks; and the same formats written.
//! Never: expressions, panics on bytes, memory that the file does not justify.
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

// file -> frame -> chunk -> block.
pub mod disk;
pub mod file;
pub mod folder;
pub mod frame;
mod generations;
mod meta;

pub(crate) mod boxes;
pub mod attributes;
mod cache;
pub mod chunk;
mod scratch;

pub mod dtype;
mod info;
mod items;
pub mod legacy;
mod linear;
pub mod literal;
pub mod npy;
mod open;
mod plain;
pub mod program;
mod read_limits;
mod stored;
mod verify;
pub mod zip;
mod zone;

pub mod edit;
pub mod dataset;
pub mod pending;
pub mod repair;
mod seal;
pub mod write;

pub use dtype::normalise_bools;
pub use info::{
    ChunkCodes, ChunkInfo, ChunkKind, CodeCount, ColumnInfo, Compression, DatasetInfo, FilterInfo,
    Info, InfoOptions, Kind, Layer, MemberInfo, SpecialCounts, info, info_of, info_with,
};
pub use items::item_text;
pub use linear::LinearArray;
pub use open::Opened;
pub use plain::plain_array;
pub use read_limits::ReadLimits;
pub use scratch::{DecodeCounts, DecodeScratch};
pub use seal::{LAYER as SEAL_LAYER, SealStatus, Verify};
pub use stored::StoredArray;
pub use verify::{Report, verify};
pub use zone::{Indexed, ZoneMap, index, index_beside};
