//! In: a frame's header. Out: the chunks that a frame with this header has, and what each has to be.
//! Never: a place in the file.

use std::ops::RangeInclusive;

use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_EDITED_CHUNKS;
use crate::store::chunk::Expected;
use crate::store::dtype::Items;
use crate::store::file::unsupported;
use crate::store::frame::{FrameHeader, NAN_ENTRY, ZEROS_ENTRY};
use crate::store::meta::{B2nd, NAMES};
use crate::store::write::{FrameBytes, ItemType, Layout};
use crate::types::DType;

/// What a frame's header says of its chunks.
#[derive(Debug)]
pub(super) struct Body {
    /// How many there are.
    pub(super) chunks: usize,
    itemsize: usize,
    chunk_bytes: usize,
    last_bytes: usize,
    /// Where it is an n-d array: how it is cut, and where the header has that.
    pub(super) array: Option<(Layout, usize)>,
    /// The entry of the index for a chunk that is lost.
    pub(super) filler: i64,
}

impl Body {
    /// What `header` says.
    ///
    /// # Errors
    /// When it contradicts itself, or says something that is not repaired.
    pub(super) fn new(header: &FrameHeader) -> Result<Self> {
        let layer = NAMES.iter().find_map(|name| header.metalayer(name));
        let body = match layer {
            Some(layer) => Self::array(header, B2nd::parse(&layer.content)?, layer.at)?,
            None => Self::plain(header)?,
        };
        if body.chunks > MAX_EDITED_CHUNKS {
            let message = format!(
                "the frame has {} chunks; of those that are repaired {MAX_EDITED_CHUNKS} are the most",
                body.chunks
            );
            return Err(Error::new(ErrorKind::Limit, Code::TooLarge, message));
        }
        Ok(body)
    }

    fn array(header: &FrameHeader, meta: B2nd, at: usize) -> Result<Self> {
        let B2nd {
            shape, grid, dtype, ..
        } = meta;
        // The header's item size is 1 for items of more than 255 bytes.
        let padded = grid.blocks_per_axis().into_iter().zip(grid.block.iter());
        let elems = padded.fold(1usize, |elems, (blocks, &block)| {
            elems.saturating_mul(blocks.saturating_mul(block))
        });
        let chunk_bytes = header.chunksize.unwrap_or(0);
        let itemsize = match elems {
            0 => header.itemsize,
            _ if shape.contains(&0) => header.itemsize,
            elems if chunk_bytes > 0 && chunk_bytes.is_multiple_of(elems) => chunk_bytes / elems,
            elems => {
                return Err(bad(format!(
                    "the frame's chunks have {chunk_bytes} bytes, the array's {elems} items"
                )));
            }
        };
        let item = ItemType {
            text: String::new(),
            size: itemsize,
        };
        let layout = Layout::new(item, &shape, &grid).map_err(|error| bad(error.message()))?;
        let floats = dtype
            .resolve(Items::Declared, itemsize)
            .is_ok_and(|format| {
                let wide = matches!(format.dtype, DType::Float32 | DType::Float64);
                wide && format.swapped == cfg!(target_endian = "big")
            });
        Ok(Self {
            chunks: layout.chunks,
            itemsize,
            chunk_bytes: layout.chunk_bytes,
            last_bytes: layout.chunk_bytes,
            array: Some((layout, at)),
            // What is not a number is not taken for one.
            filler: if floats && header.itemsize == itemsize {
                NAN_ENTRY
            } else {
                ZEROS_ENTRY
            },
        })
    }

    fn plain(header: &FrameHeader) -> Result<Self> {
        let Some(chunk_bytes) = header.chunksize.filter(|&bytes| bytes > 0) else {
            if header.nbytes == 0 {
                return Ok(Self::empty(header));
            }
            return Err(unsupported(
                "the chunks of the super-chunk vary in size: it is not repaired",
            ));
        };
        let chunks = header.nbytes.div_ceil(chunk_bytes as u64);
        let last = usize::try_from(header.nbytes % chunk_bytes as u64);
        Ok(Self {
            chunks: usize::try_from(chunks).unwrap_or(usize::MAX),
            itemsize: header.itemsize,
            chunk_bytes,
            last_bytes: last.ok().filter(|&last| last > 0).unwrap_or(chunk_bytes),
            array: None,
            filler: ZEROS_ENTRY,
        })
    }

    fn empty(header: &FrameHeader) -> Self {
        Self {
            chunks: 0,
            itemsize: header.itemsize,
            chunk_bytes: 0,
            last_bytes: 0,
            array: None,
            filler: ZEROS_ENTRY,
        }
    }

    /// What chunk `chunk` has to be.
    pub(super) fn expected(&self, chunk: usize) -> Expected<'_> {
        let last = chunk + 1 == self.chunks;
        let nbytes = if last {
            self.last_bytes
        } else {
            self.chunk_bytes
        };
        self.expected_of(nbytes..=nbytes)
    }

    fn expected_of(&self, nbytes: RangeInclusive<usize>) -> Expected<'_> {
        let layout = self.array.as_ref().map(|(layout, _)| layout);
        Expected {
            nbytes,
            itemsize: self.itemsize,
            blocksize: layout.map(|layout| layout.block_bytes),
            block_shape: layout.map(|layout| &layout.grid.block),
        }
    }

    /// What any of its chunks has to be.
    pub(super) fn expected_any(&self) -> Expected<'_> {
        let least = self.last_bytes.min(self.chunk_bytes);
        self.expected_of(least..=self.chunk_bytes)
    }

    /// Whether a chunk that decodes to `nbytes` may be one of its chunks.
    pub(super) fn has_size(&self, nbytes: usize) -> bool {
        nbytes == self.chunk_bytes || nbytes == self.last_bytes
    }

    /// Makes a header say no more than this.
    ///
    /// # Errors
    /// When the format cannot say it.
    pub(super) fn settle(&self, header: &mut FrameBytes) -> Result<()> {
        match &self.array {
            Some((layout, at)) => header.reshape(*at, layout),
            None => Ok(()),
        }
    }
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, Code::BadFrame, message)
}
