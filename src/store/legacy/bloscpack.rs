//! In: a Bloscpack file (`.blp`) of any version. Out: its header, metadata and chunks; the array
//! that it holds.
//! Never: a chunk decoded whose digest was not checked; anything written.

use std::time::Instant;

use super::header::FileHeader;
use super::index::{self, Index};
use super::metadata::{Metadata, NumPyArray};
use super::{LegacyArray, bad, damaged, resolve};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::store::cache::{Container, Loaded};
use crate::store::chunk::{self, Chunk, Expected};
use crate::store::dtype::{FileDType, Items};
use crate::store::file::Source;
use crate::store::linear::LinearArray;
use crate::store::plain::items_shape;
use crate::store::read_limits::ReadLimits;
use crate::store::scratch::DecodeScratch;

/// An open Bloscpack file.
#[derive(Debug)]
pub struct Bloscpack {
    source: Source,
    header: FileHeader,
    metadata: Option<Metadata>,
    index: Index,
}

impl Bloscpack {
    /// Reads everything of a file but its chunks.
    ///
    /// # Errors
    /// When it is damaged, cut off, or of an unknown version.
    pub fn open(source: Source) -> Result<Self> {
        let header = FileHeader::read(&source)?;
        let parts = Self::read_parts(&source, &header);
        let (metadata, index) = parts.map_err(|error| source.blame(error))?;
        Ok(Self {
            source,
            header,
            metadata,
            index,
        })
    }

    fn read_parts(source: &Source, header: &FileHeader) -> Result<(Option<Metadata>, Index)> {
        let mut at = header.len as u64;
        let metadata = match header.metadata {
            true => Some(Metadata::read(source, at)?),
            false => None,
        };
        at += metadata.as_ref().map_or(0, |metadata| metadata.section_len);
        let index = Index::open(source, header, at)?;
        Ok((metadata, index))
    }

    /// The file's header.
    pub fn header(&self) -> &FileHeader {
        &self.header
    }

    /// The file's metadata, where it has some.
    pub fn metadata(&self) -> Option<&Metadata> {
        self.metadata.as_ref()
    }

    /// What the metadata says of a NumPy array, where the file holds one.
    pub fn numpy(&self) -> Option<&NumPyArray> {
        self.metadata.as_ref()?.numpy.as_ref()
    }

    /// Where it is.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Number of chunks.
    pub fn chunks(&self) -> usize {
        self.index.chunks()
    }

    /// Decoded bytes of all chunks.
    pub fn nbytes(&self) -> u64 {
        self.index.nbytes()
    }

    /// The byte behind the last chunk and its digest.
    ///
    /// # Errors
    /// When the last chunk's header is damaged or cannot be read.
    pub fn data_end(&self) -> Result<u64> {
        match self.chunks().checked_sub(1) {
            None => Ok(self.index.start()),
            Some(last) => {
                let (start, header) = self.chunk_header(last)?;
                Ok(start + self.stored_len(&header))
            }
        }
    }

    /// Where chunk `number` begins, and its header.
    ///
    /// # Errors
    /// When there is no such chunk, or it is damaged or cannot be read.
    pub fn chunk_header(&self, number: usize) -> Result<(u64, chunk::Header)> {
        let Some(room) = self.index.room(number) else {
            let message = format!(
                "chunk {number} is asked for, but there are {}",
                self.chunks()
            );
            return Err(Error::new(ErrorKind::Argument, Code::Usage, message));
        };
        let header = index::chunk_header(&self.source, room.start, room.end)?;
        // No overflow: the file's length is below 2^63, a chunk's below 2^31.
        let end = room.start + self.stored_len(&header);
        let fits = match room.exact {
            true => end == room.end,
            false => end <= room.end,
        };
        if fits {
            return Ok((room.start, header));
        }
        let what = match room.exact {
            true => "the next one starts",
            false => "the file ends",
        };
        let message = format!(
            "the chunk and its digest end at byte {end}, but {what} at {}",
            room.end
        );
        Err(self.source.blame(bad(message).with_offset(room.start)))
    }

    /// Bytes of an item, at least 1: those that the writer was told, else those of the first chunk.
    ///
    /// # Errors
    /// When the first chunk's header is damaged or cannot be read.
    pub fn typesize(&self) -> Result<usize> {
        match self.header.typesize {
            Some(typesize) => Ok(typesize.max(1)),
            None if self.chunks() == 0 => Ok(1),
            None => Ok(self.chunk_header(0)?.1.typesize),
        }
    }

    /// The dtype as the file declares it.
    pub fn dtype(&self) -> FileDType {
        self.numpy()
            .map_or_else(FileDType::missing, |numpy| numpy.dtype.clone())
    }

    /// Bytes of an item, where they are known: those of the dtype, else those of the chunks.
    ///
    /// # Errors
    /// As [`Bloscpack::typesize`].
    pub fn itemsize(&self) -> Result<Option<usize>> {
        match self.numpy() {
            Some(numpy) => Ok(numpy.dtype.itemsize()),
            None => self.typesize().map(Some),
        }
    }

    /// The array that the file holds: NumPy's, where its metadata tells of one, else its bytes as
    /// an array of one axis.
    ///
    /// # Errors
    /// When its items cannot be computed with, there are too few bytes, or more than `limits`
    /// allow.
    pub fn into_array(self, items: Items, limits: &ReadLimits) -> Result<LegacyArray> {
        let source = self.source.clone();
        let array = limits
            .check_array(self.nbytes(), self.chunks())
            .and_then(|()| match self.numpy().cloned() {
                Some(numpy) => self.shaped(&numpy, items, limits),
                None => self.unshaped(items, limits),
            });
        array.map_err(|error| source.blame(error))
    }

    fn shaped(self, numpy: &NumPyArray, items: Items, limits: &ReadLimits) -> Result<LegacyArray> {
        let (format, shape) = resolve(&numpy.dtype, &numpy.shape, items)?;
        let fortran = numpy.fortran && numpy.shape.orders_differ();
        let needed = shape.checked_elems();
        let needed = needed.and_then(|elems| elems.checked_mul(format.dtype.size()));
        if needed.is_none_or(|needed| needed as u64 > self.nbytes()) {
            return Err(damaged(format!(
                "the file has {} bytes of data, too few for shape {} of {}",
                self.nbytes(),
                numpy.shape,
                numpy.dtype
            )));
        }
        let lengths = self.index.lengths();
        let declared = numpy.dtype.clone();
        let elements = LinearArray::new(Box::new(self), lengths, 1, format, shape, limits)?;
        let elements = elements.with_declared(declared);
        Ok(LegacyArray { elements, fortran })
    }

    fn unshaped(self, items: Items, limits: &ReadLimits) -> Result<LegacyArray> {
        let itemsize = match items {
            Items::Declared | Items::Bytes => self.typesize()?,
            // A file of bytes may hold anything.
            Items::As(dtype) => dtype.size(),
        };
        let format = FileDType::missing().resolve(items, itemsize)?;
        let shape = items_shape(self.nbytes(), itemsize, items)?;
        let lengths = self.index.lengths();
        let elements = LinearArray::new(Box::new(self), lengths, 1, format, shape, limits)?;
        let fortran = false;
        Ok(LegacyArray { elements, fortran })
    }

    /// Bytes that a chunk and its digest take.
    fn stored_len(&self, header: &chunk::Header) -> u64 {
        header.cbytes as u64 + self.header.checksum.digest_len() as u64
    }
}

impl Container for Bloscpack {
    fn load(
        &self,
        number: usize,
        expected: &Expected<'_>,
        scratch: &mut DecodeScratch,
    ) -> Result<Loaded> {
        let (start, header) = self.chunk_header(number)?;
        let end = start + header.cbytes as u64;
        let before = Instant::now();
        let checksum = self.header.checksum;
        checksum.verify(&self.source, start, header.cbytes as u64, end, "chunk")?;
        scratch.counts.verify += before.elapsed();
        let size = self.index.size(number);
        let expected = Expected {
            nbytes: size..=size,
            ..expected.clone()
        };
        let chunk = Chunk::load(&self.source, start, end, &expected)?;
        Ok(Loaded { chunk, home: 0 })
    }

    fn source(&self, _home: u64) -> Result<Source> {
        Ok(self.source.clone())
    }
}
