//! In: files and bytes of the Blosc2 and NumPy formats. Out: checked frames, chunks and decoded
//! blocks; and the same formats written.
//! Never: expressions, panics on bytes, memory that the file does not justify.
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

// file -> frame -> chunk -> block.
pub mod file;
pub mod frame;
mod meta;

mod cache;
pub mod chunk;
mod scratch;

pub mod dtype;
mod info;
pub mod npy;
mod sniff;
mod stored;

pub mod pending;
pub mod write;

pub use info::{Compression, FilterInfo, Info, Kind, SpecialCounts, info, info_of};
pub use scratch::{DecodeCounts, DecodeScratch};
pub use sniff::{Format, sniff};
pub use stored::{StoredArray, normalise_bools};
