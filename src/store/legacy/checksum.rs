//! In: the id of a checksum, and where the bytes are that a digest of it follows. Out: whether
//! they still are what they were.
//! Never: all of those bytes in memory.

use libdeflater::{Adler32, Crc};
use md5::Md5;
use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::store::file::Source;

/// A checksum of Bloscpack files; the digest follows the bytes that it was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are their own documentation")]
pub enum Checksum {
    None,
    Adler32,
    Crc32,
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// Bytes read at a time: enough to be fast, little enough to stay in the cache.
const PIECE_BYTES: usize = 64 << 10;

/// Bytes of the longest digest.
const MAX_DIGEST_BYTES: usize = 64;

impl Checksum {
    /// Every checksum, at the place of its id.
    pub const ALL: [Self; 9] = [
        Self::None,
        Self::Adler32,
        Self::Crc32,
        Self::Md5,
        Self::Sha1,
        Self::Sha224,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
    ];

    /// The checksum with this id.
    pub fn by_id(id: u8) -> Option<Self> {
        Self::ALL.get(usize::from(id)).copied()
    }

    /// The name users see.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Adler32 => "adler32",
            Self::Crc32 => "crc32",
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// Bytes of a digest.
    pub fn digest_len(self) -> usize {
        match self {
            Self::None => 0,
            Self::Adler32 | Self::Crc32 => 4,
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => MAX_DIGEST_BYTES,
        }
    }

    /// Checks the `what` of `len` bytes at `position` against the digest that stands at `digest`.
    ///
    /// # Errors
    /// When they do not agree, or cannot be read.
    pub(super) fn verify(
        self,
        source: &Source,
        position: u64,
        len: u64,
        digest: u64,
        what: &str,
    ) -> Result<()> {
        let mut stored = [0; MAX_DIGEST_BYTES];
        let stored = &mut stored[..self.digest_len()];
        source.read_at(digest, stored)?;
        let pieces = Pieces {
            source,
            position,
            left: len,
        };
        let same = match self {
            Self::None => true,
            Self::Adler32 => {
                let mut sum = Adler32::new();
                pieces.each(|piece| sum.update(piece))?;
                sum.sum().to_le_bytes() == *stored
            }
            Self::Crc32 => {
                let mut sum = Crc::new();
                pieces.each(|piece| sum.update(piece))?;
                sum.sum().to_le_bytes() == *stored
            }
            Self::Md5 => pieces.hash::<Md5>(stored)?,
            Self::Sha1 => pieces.hash::<Sha1>(stored)?,
            Self::Sha224 => pieces.hash::<Sha224>(stored)?,
            Self::Sha256 => pieces.hash::<Sha256>(stored)?,
            Self::Sha384 => pieces.hash::<Sha384>(stored)?,
            Self::Sha512 => pieces.hash::<Sha512>(stored)?,
        };
        if same {
            return Ok(());
        }
        let message = format!("the {what} does not agree with its {} digest", self.name());
        let error = Error::new(ErrorKind::Corrupt, Code::BadChecksum, message);
        Err(source.blame(error.with_offset(position)))
    }
}

/// A stretch of a file, read piece by piece.
struct Pieces<'s> {
    source: &'s Source,
    position: u64,
    left: u64,
}

impl Pieces<'_> {
    fn each(mut self, mut take: impl FnMut(&[u8])) -> Result<()> {
        let most = usize::try_from(self.left).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
        let mut buffer = vec![0; most];
        while self.left > 0 {
            let len = usize::try_from(self.left).map_or(most, |left| left.min(most));
            let piece = &mut buffer[..len];
            self.source.read_at(self.position, piece)?;
            take(piece);
            self.position += len as u64;
            self.left -= len as u64;
        }
        Ok(())
    }

    fn hash<D: Digest>(self, stored: &[u8]) -> Result<bool> {
        let mut state = D::new();
        self.each(|piece| state.update(piece))?;
        Ok(*state.finalize() == *stored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Digests of `pack me`, from Python's zlib and hashlib.
    const DIGESTS: [&str; 9] = [
        "",
        "9202970a",
        "e868df55",
        "c278d25633c80b86191a73e6ebefc906",
        "8bfe01b847c28e244d772e42db97c2a71245dc71",
        "f1c046fe74f935d312c1a868bd2226cb6f8e7e37f39f49c90cb36c55",
        "b2c63c41d8f6ab20fb5120388a38f422d2da219860de9131e6dfbf146747ea9d",
        "e0d5cfeff7697760b12ff67f3ea8b1beac40b6edc13778eeaf696d11f61de5e0490508b0a624771ecdbbdd59c857a9bf",
        "4346125a05769feae07449afa5c700b24ce6651e962fe4779fe27a43b44446f9a5df8cd676dd24c933340f26536355087cc7db4fb94efaf7f6738fbf94abbf6a",
    ];

    fn bytes_of(hex: &str) -> Vec<u8> {
        let pairs = hex.as_bytes().chunks(2);
        pairs
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    #[test]
    fn each_knows_its_digest_and_notices_a_flip() {
        for (id, hex) in DIGESTS.into_iter().enumerate() {
            let checksum = Checksum::by_id(u8::try_from(id).unwrap()).unwrap();
            let digest = bytes_of(hex);
            assert_eq!(digest.len(), checksum.digest_len());
            let verify = |bytes: &[u8]| {
                let source = Source::memory([b"before", bytes, &digest].concat());
                checksum.verify(&source, 6, 7, 13, "text")
            };
            verify(b"pack me").unwrap();
            let flipped = verify(b"pack ne");
            if checksum == Checksum::None {
                flipped.unwrap();
                continue;
            }
            let error = flipped.unwrap_err();
            assert_eq!(error.code(), Code::BadChecksum);
            let name = checksum.name();
            let fact = format!("the text does not agree with its {name} digest");
            assert_eq!(error.message(), fact);
        }
        assert_eq!(Checksum::by_id(9), None);
    }

    #[test]
    fn long_stretches_are_read_in_pieces() {
        let len = 2 * PIECE_BYTES + 77;
        let mut bytes: Vec<u8> = (0..=250).cycle().take(len).collect();
        let mut sum = Adler32::new();
        sum.update(&bytes);
        bytes.extend(sum.sum().to_le_bytes());
        let len = len as u64;
        let verify =
            |bytes: Vec<u8>| Checksum::Adler32.verify(&Source::memory(bytes), 0, len, len, "text");
        verify(bytes.clone()).unwrap();
        bytes[PIECE_BYTES] ^= 1;
        assert!(verify(bytes.clone()).is_err());
        bytes.pop();
        assert!(verify(bytes).is_err(), "half a digest");
    }
}
