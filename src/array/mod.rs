//! In: a file or memory. Out: one [`Array`] type: dtype, shape, and a way to get at its elements.
//! Never: expressions.

use crate::error::Result;
use crate::types::{DType, Grid, Shape};

/// An n-d array that expressions can read: its dtype, its shape, and where its elements are.
/// Cheap to clone; `'a` is the lifetime of memory it borrows (`'static` for files and owned data).
#[derive(Clone, Debug)]
pub struct Array<'a> {
    dtype: DType,
    shape: Shape,
    memory: std::marker::PhantomData<&'a [u8]>,
}

/// Buffers and counters that a worker reuses from block to block.
#[derive(Debug, Default)]
pub struct DecodeScratch {
    /// What was read and decoded with this scratch.
    pub counts: DecodeCounts,
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
    pub read: std::time::Duration,
    /// Time in codecs.
    pub decode: std::time::Duration,
    /// Time in filters.
    pub unshuffle: std::time::Duration,
}

/// How an array's elements can be reached.
#[derive(Clone, Copy, Debug)]
pub enum Layout<'l> {
    /// In memory: element `i` starts at byte `offset + sum(i[axis] * strides[axis])` of `bytes`,
    /// in native byte order. Bool bytes may be any value; non-zero is true.
    Resident {
        /// The memory that holds every element.
        bytes: &'l [u8],
        /// Byte position of element (0, 0, ...).
        offset: usize,
        /// Bytes between neighbours along each axis; may be negative or 0.
        strides: &'l [isize],
    },
    /// In compressed blocks.
    Blocks(&'l Grid, &'l dyn Blocks),
    /// In a file in C order, read by position.
    Runs(&'l dyn Runs),
}

/// A source of decoded blocks.
pub trait Blocks: Send + Sync + std::fmt::Debug {
    /// Decodes block `block` (C order among the blocks of its chunk) of chunk `chunk` (C order
    /// among the chunks) into `dst`, which has exactly the bytes of a block, padding included,
    /// native byte order.
    fn decode(
        &self,
        chunk: usize,
        block: usize,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()>;
}

/// A source of elements read by position.
pub trait Runs: Send + Sync + std::fmt::Debug {
    /// Reads the elements `first ..` in C order into `dst`, a whole number of elements, native
    /// byte order. The range lies inside the array.
    fn read(&self, first: usize, scratch: &mut DecodeScratch, dst: &mut [u8]) -> Result<()>;
}
