//! In: what a file asks for when it is read. Out: whether that is allowed.
//! Never: a bound of the formats themselves: those are in [`crate::limits`].

use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{
    MAX_CHUNK_BYTES, MAX_INFLATED_BYTES, UNTRUSTED_ARRAY_BYTES, UNTRUSTED_BLOCK_BYTES,
    UNTRUSTED_BLOCKS, UNTRUSTED_INFLATED_BYTES,
};

/// How much a file may ask for. A few hundred bytes can declare blocks of 512 MiB, or so many
/// zeros that nobody can wait for their sum: all of that is legal. The default is what the formats
/// allow; [`ReadLimits::untrusted`] is for files of strangers.
///
/// ```
/// use fuseblock::store::ReadLimits;
///
/// let limits = ReadLimits {
///     max_block_bytes: 64 << 20,
///     ..ReadLimits::untrusted()
/// };
/// assert!(limits.max_array_bytes < ReadLimits::default().max_array_bytes);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Decoded bytes of a block: what every worker holds of each operand.
    pub max_block_bytes: usize,
    /// Decoded bytes of an array, the padding of its chunks included: how much work it can be.
    pub max_array_bytes: u64,
    /// Blocks of an array, those of padding included: each costs time, however short it is. Where
    /// only the chunks tell how many blocks they have, the chunks count.
    pub max_blocks: usize,
    /// Bytes of a deflated member of a zip file, which is inflated into memory as a whole.
    pub max_inflated_bytes: u64,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            max_block_bytes: MAX_CHUNK_BYTES,
            max_array_bytes: u64::MAX,
            max_blocks: usize::MAX,
            max_inflated_bytes: MAX_INFLATED_BYTES,
        }
    }
}

impl ReadLimits {
    /// Limits for files of strangers: blocks of 16 MiB, 64 GiB in all, 16 million blocks, and
    /// 256 MiB inflated.
    pub fn untrusted() -> Self {
        Self {
            max_block_bytes: UNTRUSTED_BLOCK_BYTES,
            max_array_bytes: UNTRUSTED_ARRAY_BYTES,
            max_blocks: UNTRUSTED_BLOCKS,
            max_inflated_bytes: UNTRUSTED_INFLATED_BYTES,
        }
    }

    /// Allows a block that decodes to `bytes`.
    pub(super) fn check_block(&self, bytes: usize) -> Result<()> {
        if bytes <= self.max_block_bytes {
            return Ok(());
        }
        Err(beyond(
            format!(
                "a block decodes to {bytes} bytes; {} are allowed",
                self.max_block_bytes
            ),
            "max_block_bytes",
        ))
    }

    /// Allows a member that inflates to `bytes`.
    pub(super) fn check_inflated(&self, bytes: u64) -> Result<()> {
        if bytes <= self.max_inflated_bytes {
            return Ok(());
        }
        let fact = format!(
            "the member inflates to {bytes} bytes in memory; {} are allowed",
            self.max_inflated_bytes
        );
        let help = "save it without compression, with np.savez say, or open it with a larger \
                    ReadLimits::max_inflated_bytes";
        Err(Error::new(ErrorKind::Limit, Code::TooLarge, fact).with_help(help))
    }

    /// Allows an array of `blocks` blocks that decodes to `bytes`.
    pub(crate) fn check_array(&self, bytes: u64, blocks: usize) -> Result<()> {
        if bytes > self.max_array_bytes {
            return Err(beyond(
                format!(
                    "the array decodes to {bytes} bytes, padding included; {} are allowed",
                    self.max_array_bytes
                ),
                "max_array_bytes",
            ));
        }
        if blocks > self.max_blocks {
            return Err(beyond(
                format!(
                    "the array has {blocks} blocks, padding included; {} are allowed",
                    self.max_blocks
                ),
                "max_blocks",
            ));
        }
        Ok(())
    }
}

fn beyond(fact: String, limit: &str) -> Error {
    Error::new(ErrorKind::Limit, Code::TooLarge, fact).with_help(format!(
        "if the file is to be trusted, open it with a larger ReadLimits::{limit}"
    ))
}
