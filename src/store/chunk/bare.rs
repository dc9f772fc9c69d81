//! In: the bytes of one chunk on its own, as `blosc_compress` and `blosc2_compress` return them.
//! Out: its blocks, or all of it.
//! Never: memory for more decoded bytes than the caller allows.

use super::{Chunk, Expected, Header};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::store::file::Source;
use crate::store::scratch::DecodeScratch;

/// A Blosc1 or Blosc2 chunk outside of any frame.
///
/// ```
/// use fuseblock::store::chunk::BareChunk;
///
/// // A Blosc1 chunk of 8 bytes that are stored as they are.
/// let mut bytes = vec![2, 1, 0x02, 1, 8, 0, 0, 0, 8, 0, 0, 0, 24, 0, 0, 0];
/// bytes.extend_from_slice(b"fuseblok");
/// let chunk = BareChunk::open(bytes, 1 << 20)?;
/// assert_eq!(chunk.decode()?, b"fuseblok");
/// # Ok::<(), fuseblock::Error>(())
/// ```
#[derive(Debug)]
pub struct BareChunk {
    source: Source,
    header: Header,
    chunk: Chunk,
}

impl BareChunk {
    /// Checks the metadata of the chunk that `bytes` begin with, which may decode to at most
    /// `max_bytes`.
    ///
    /// # Errors
    /// When the chunk is damaged, cut off, or decodes to more.
    pub fn open(bytes: Vec<u8>, max_bytes: usize) -> Result<Self> {
        let header = Header::parse(&bytes)?;
        if header.nbytes > max_bytes {
            return Err(Error::new(
                ErrorKind::Limit,
                Code::TooLarge,
                format!(
                    "the chunk decodes to {} bytes; {max_bytes} are allowed",
                    header.nbytes
                ),
            ));
        }
        let end = bytes.len() as u64;
        let source = Source::memory(bytes);
        let expected = Expected::bytes(header.nbytes, header.typesize);
        let chunk = Chunk::load(&source, 0, end, &expected)?;
        Ok(Self {
            source,
            header,
            chunk,
        })
    }

    /// The chunk's header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Decoded bytes.
    pub fn nbytes(&self) -> usize {
        self.chunk.nbytes()
    }

    /// Number of blocks.
    pub fn blocks(&self) -> usize {
        self.chunk.blocks()
    }

    /// Decoded bytes of block `block`; 0 where there is no such block.
    pub fn block_len(&self, block: usize) -> usize {
        self.chunk.block_len(block)
    }

    /// Decodes block `block` into `dst`, which has exactly its bytes.
    ///
    /// # Errors
    /// When the block is damaged, or `dst` has another length.
    pub fn decode_block(
        &self,
        block: usize,
        scratch: &mut DecodeScratch,
        dst: &mut [u8],
    ) -> Result<()> {
        self.chunk.decode_block(&self.source, block, scratch, dst)
    }

    /// All decoded bytes.
    ///
    /// # Errors
    /// When a block is damaged.
    pub fn decode(&self) -> Result<Vec<u8>> {
        let mut bytes = vec![0; self.nbytes()];
        let mut scratch = DecodeScratch::default();
        self.chunk.read(&self.source, 0, &mut scratch, &mut bytes)?;
        Ok(bytes)
    }
}
