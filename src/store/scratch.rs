//! In: nothing. Out: what one thread reuses from block to block, and its counters.
//! Never: shared between threads at the same time.

use std::time::Duration;

use crate::codec::Contexts;

/// Buffers and counters that a worker reuses from block to block.
#[derive(Debug, Default)]
pub struct DecodeScratch {
    /// What was read and decoded with this scratch.
    pub counts: DecodeCounts,
    pub(super) packed: Buffer,
    pub(super) filtered: Buffer,
    pub(super) spare: Vec<u8>,
    pub(super) contexts: Contexts,
}

/// What decoding did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecodeCounts {
    /// Bytes read from files.
    pub bytes_read: u64,
    /// Bytes produced by decoding.
    pub bytes_decoded: u64,
    /// Blocks decoded.
    pub blocks: u64,
    /// Time in reads.
    pub read: Duration,
    /// Time in codecs.
    pub decode: Duration,
    /// Time in filters.
    pub unshuffle: Duration,
}

/// Memory that grows to the largest request and is never cleared between two.
#[derive(Debug, Default)]
pub(super) struct Buffer(Vec<u8>);

impl Buffer {
    /// `len` bytes with whatever they held before.
    pub(super) fn get(&mut self, len: usize) -> &mut [u8] {
        if self.0.len() < len {
            self.0.resize(len, 0);
        }
        &mut self.0[..len]
    }
}
