//! In: a directory of superchunks. Out: its versions, each of them a whole array; and the next, one commit at a time.
//! Never: a byte of a version changed once it is published; a path that leads out of the directory.
//!
//! `docs/format.md` has the layout byte by byte, and how a commit goes. What a version is: a [`Header`], attributes, and
//! a list of [`Slab`]s, neighbouring rows each, in a file or of one value. The manifest of a version has what it changes
//! of the one before. Files are never changed; those that no version has any more are vacuumed.

// What is in the directory.
mod format;
mod manifest;
mod header;
mod slab;
mod splice;
mod snapshot;
mod root;

// Reading it.
mod read;

// Changing it.
mod guard;
mod publish;
mod changes;
mod slabs;
mod writer;
mod handle;
mod commit;
mod adopt;

// Keeping it.
mod compact;
mod history;
mod repair;
mod vacuum;
mod verify;

pub use compact::CompactedSlabs;
pub use handle::{Dataset, DatasetOptions};
pub use header::Header;
pub use history::{VersionInfo, history};
pub use publish::{Outcome, Publish};
pub use read::DatasetArray;
pub use repair::{RepairedDataset, repair};
pub use root::Root;
pub use slab::{Content, FileId, Slab, SlabFile};
pub use slabs::NewSlabs;
pub use snapshot::Snapshot;
#[doc(hidden)]
pub use vacuum::vacuum_on;
pub use vacuum::{Vacuumed, vacuum};
pub use verify::{DatasetReport, verify};
pub use writer::DatasetWriter;
