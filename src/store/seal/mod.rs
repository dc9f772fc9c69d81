//! In: the bytes of a frame. Out: checksums of all of them that an answer depends on, kept inside of the
//! frame where other readers see dead bytes; and what they say about a frame that is read.
//! Never: a file that other readers cannot read; a decoded byte.
//!
//! `docs/format.md` has the layout byte by byte. From the outside in:
//!
//! - the *root*, a digest of the frame's trailer, in the trailer's fingerprint slot;
//! - the [`Table`](table::Table), a variable-length metalayer in the trailer: a copy of the frame's header, and the place and the
//!   digest of each leaf;
//! - a [`Leaf`](leaf::Leaf) for some neighbouring chunks, dead bytes among the chunks of the frame: each chunk's entry in the
//!   index, a digest of its head, and one of each of its blocks ([`ChunkSeal`]).
//!
//! So a block is verified by the bytes of its own, its chunk's head, one leaf, the table and the trailer: never by
//! reading another block. Whoever changes chunks writes their leaves anew, a table, and a root.

mod compare;
pub(in crate::store) mod digest;
pub(in crate::store) mod leaf;
mod reading;
mod salvage;
pub(in crate::store) mod table;
mod writing;

use std::fmt;

use crate::diag::Code;
use crate::error::{Error, ErrorKind};

pub(in crate::store) use digest::{BlockSeals, ChunkSeal, digest, root, root_of};
pub(in crate::store) use leaf::{LEAF_MAGIC, Leaf};
pub(in crate::store) use reading::{LoadSeal, Sealed, open};
pub(in crate::store) use salvage::{FoundTable, leaf_at, table_at};
pub(in crate::store) use table::{LEAF_BYTES, LeafPlace, TABLE_MAGIC, Table};
pub(in crate::store) use writing::{Leaves, Tail};

/// Name of the metalayer that has the table.
pub const LAYER: &str = "fuseblock_seal";

/// How much of a sealed file is verified when it is read. What is not sealed is not verified.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Verify {
    /// Every block, each time that it is read.
    #[default]
    Always,
    /// Every block the first time that it is read through an array that was opened.
    First,
    /// Nothing; the file may even contradict its seal.
    Never,
}

/// What the seal of a file says about it as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SealStatus {
    /// There is none.
    None,
    /// It holds for the header and the trailer; chunks are verified when they are read. The notes, a sentence each, are
    /// about changes that no element depends on.
    Whole {
        /// What has changed since.
        notes: Vec<String>,
    },
    /// It was valid for what the file was, and nothing can be verified: why.
    Broken(&'static str),
    /// Nobody wanted to know: [`Verify::Never`].
    Unchecked,
}

impl fmt::Display for SealStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SealStatus::None => f.write_str("none"),
            SealStatus::Whole { .. } => f.write_str("whole"),
            SealStatus::Broken(why) => write!(f, "broken: {why}"),
            SealStatus::Unchecked => f.write_str("not looked at"),
        }
    }
}

/// An error about a seal that contradicts itself or the frame.
#[cold]
fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, Code::BadSeal, message)
}

/// An error about bytes that are not those that were sealed.
#[cold]
fn mismatch(what: impl fmt::Display) -> Error {
    let message = format!(
        "the checksum of {what} does not match: its bytes have changed since they were sealed"
    );
    Error::new(ErrorKind::Corrupt, Code::BadChecksum, message)
}

#[cfg(test)]
mod tests;
