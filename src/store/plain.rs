//! In: a frame without shape. Out: its bytes as an array of one axis, or chunk by chunk.
//! Never: a guess at a dtype beyond the item size.

use super::chunk::Expected;
use super::dtype::{FileDType, Items};
use super::file::unsupported;
use super::frame::{Entry, Frame};
use super::linear::{Lengths, LinearArray};
use super::read_limits::ReadLimits;
use super::scratch::DecodeScratch;
use super::stored::has_items;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::types::Shape;

/// The items of a super-chunk as an array of one axis; as bytes, of one more.
///
/// # Errors
/// When items cannot be computed with, do not fill the super-chunk, or are more than `limits`
/// allow.
pub fn plain_array(frame: Frame, items: Items, limits: &ReadLimits) -> Result<LinearArray> {
    let header = frame.header();
    let filtered = header.itemsize;
    let itemsize = match items {
        Items::Declared | Items::Bytes => header.itemsize,
        // A super-chunk of bytes may hold anything.
        Items::As(dtype) => dtype.size(),
    };
    let shaped = has_items(&frame, items)
        .and_then(|()| FileDType::missing().resolve(items, itemsize))
        .and_then(|format| {
            limits.check_array(header.nbytes, frame.chunks())?;
            Ok((format, items_shape(header.nbytes, itemsize, items)?))
        });
    let (format, shape) = shaped.map_err(|error| frame.source().blame(error))?;
    let lengths = match header.chunksize {
        Some(chunk) => Lengths::Uniform {
            chunk,
            slack: false,
        },
        None => Lengths::Starts(starts(&frame)?),
    };
    LinearArray::new(Box::new(frame), lengths, filtered, format, shape, limits)
}

/// One axis of as many items as `nbytes` are; as bytes, one more.
pub(super) fn items_shape(nbytes: u64, itemsize: usize, items: Items) -> Result<Shape> {
    if !nbytes.is_multiple_of(itemsize as u64) {
        return Err(unsupported(format!(
            "the data has {nbytes} bytes, no whole number of items of {itemsize}"
        )));
    }
    let count = usize::try_from(nbytes / itemsize as u64);
    let shape = Shape::new(&[count.map_err(|_| unsupported("the data is too large"))?]);
    Ok(match items {
        Items::Bytes => shape.with_axis(itemsize),
        Items::Declared | Items::As(_) => shape,
    })
}

/// The first byte of every chunk and the number of all bytes, from the chunks' headers.
fn starts(frame: &Frame) -> Result<Box<[u64]>> {
    // They are all kept in memory, so the file has to justify them: none shares its bytes.
    let room = frame.most_chunks()?;
    if frame.chunks() as u64 > room {
        return Err(frame.source().blame(bad(format!(
            "the frame claims {} chunks of varying sizes, with room for {room}",
            frame.chunks()
        ))));
    }
    let mut scratch = DecodeScratch::default();
    let (mut starts, mut at) = (vec![0u64], 0u64);
    for chunk in 0..frame.chunks() {
        let entry = frame.entry(chunk, &mut scratch)?;
        let header = frame
            .chunk_header(entry.place())
            .map_err(|error| error.with_chunk(chunk))?;
        at = at.saturating_add(header.nbytes as u64);
        starts.push(at);
    }
    if at == frame.header().nbytes {
        return Ok(starts.into());
    }
    Err(frame.source().blame(bad(format!(
        "the frame's chunks decode to {at} bytes, its header says {}",
        frame.header().nbytes
    ))))
}

#[cold]
fn bad(message: String) -> Error {
    Error::new(ErrorKind::Corrupt, Code::BadFrame, message)
}

impl Frame {
    /// The decoded bytes of chunk `chunk`, which may be at most `max_bytes`.
    ///
    /// # Errors
    /// When there is no such chunk, it decodes to more, is damaged, or cannot be read.
    pub fn read_chunk(&self, chunk: usize, max_bytes: usize) -> Result<Vec<u8>> {
        let mut scratch = DecodeScratch::default();
        let (loaded, source) = self.open_chunk(chunk, max_bytes, &mut scratch)?;
        let mut bytes = vec![0; loaded.nbytes()];
        loaded
            .read(&source, 0, &mut scratch, &mut bytes)
            .map_err(|error| error.with_chunk(chunk))?;
        Ok(bytes)
    }

    /// The blocks of chunk `chunk`, each decoded on its own: where blocks vary in length, they
    /// are the records that the writer put in.
    ///
    /// # Errors
    /// As [`Frame::read_chunk`].
    pub fn read_blocks(&self, chunk: usize, max_bytes: usize) -> Result<Vec<Vec<u8>>> {
        let mut scratch = DecodeScratch::default();
        let (loaded, source) = self.open_chunk(chunk, max_bytes, &mut scratch)?;
        let decode = |block| {
            let mut bytes = vec![0; loaded.block_len(block)];
            loaded
                .decode_block(&source, block, &mut scratch, &mut bytes)
                .map_err(|error| error.with_chunk(chunk))?;
            Ok(bytes)
        };
        (0..loaded.blocks()).map(decode).collect()
    }

    fn open_chunk(
        &self,
        chunk: usize,
        max_bytes: usize,
        scratch: &mut DecodeScratch,
    ) -> Result<(super::chunk::Chunk, super::file::Source)> {
        let entry = self.entry(chunk, scratch)?;
        let nbytes = match entry {
            Entry::Stored(place) => self.chunk_header(place)?.nbytes,
            Entry::Zeros | Entry::Nan | Entry::Uninit => self.chunk_nbytes(chunk).unwrap_or(0),
        };
        if nbytes > max_bytes {
            let message =
                format!("chunk {chunk} decodes to {nbytes} bytes; {max_bytes} are allowed");
            let error = Error::new(ErrorKind::Limit, Code::TooLarge, message);
            return Err(self.source().blame(error));
        }
        let expected = Expected::bytes(nbytes, self.header().itemsize);
        let loaded = self
            .load(chunk, entry, &expected, scratch)
            .map_err(|error| error.with_chunk(chunk))?;
        Ok((loaded, self.source_at(entry.place())?))
    }

    /// The decoded content of a variable-length metalayer, of at most `max_bytes`.
    ///
    /// # Errors
    /// When there is none of that name, it decodes to more, or is damaged.
    pub fn vl_metalayer(&self, name: &str, max_bytes: usize) -> Result<Vec<u8>> {
        let found = self.vl_metalayers().iter().find(|layer| layer.name == name);
        let layer = found.ok_or_else(|| {
            let message = format!("the frame has no variable-length metalayer '{name}'");
            Error::new(ErrorKind::Argument, Code::Usage, message)
        })?;
        if layer.nbytes > max_bytes {
            let message = format!("metalayer '{name}' decodes to {} bytes", layer.nbytes);
            return Err(Error::new(ErrorKind::Limit, Code::TooLarge, message));
        }
        let end = layer.position + layer.cbytes as u64;
        let expected = Expected::bytes(layer.nbytes, 1);
        let source = self.source();
        let chunk = super::chunk::Chunk::load(source, layer.position, end, &expected)?;
        let mut bytes = vec![0; layer.nbytes];
        chunk.read(source, 0, &mut DecodeScratch::default(), &mut bytes)?;
        Ok(bytes)
    }
}
