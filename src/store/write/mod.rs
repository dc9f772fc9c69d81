//! In: the elements of an array, box by box. Out: a Blosc2 frame with the b2nd metalayer, contiguous or
//! sparse, in place when it is complete.
//! Never: more than some chunks in memory; a chunk form that the reference library cannot read.

mod chunk;
mod frame;
mod given;
pub(in crate::store) mod layout;
mod options;
mod place;
mod shapes;
mod writer;

use crate::diag::Code;
use crate::error::{Error, ErrorKind};

pub(in crate::store) use chunk::{Coding, EncodedChunk, Encoder};
pub(in crate::store) use frame::{
    FrameBytes, Layer, check_name, index_chunk, trailer, value_chunk,
};
pub(in crate::store) use given::Given;
pub(in crate::store) use layout::{ItemType, Layout};
pub(in crate::store) use place::chunk_name;

pub use layout::Region;
pub use options::{Extras, Filters, Options, Split, WriteCodec};
pub use shapes::grid_for;
pub use writer::{ArrayWriter, write_frame};

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Argument, Code::WriteFailed, message)
}
