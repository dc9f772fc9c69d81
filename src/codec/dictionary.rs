//! In: the dictionary section of a chunk. Out: the same, and what a codec prepares from it once.
//! Never: longer than the formats allow; the caller has checked.

use std::sync::OnceLock;

use zstd_safe::DDict;

/// Bytes that every stream of a chunk was encoded against.
pub struct Dictionary {
    bytes: Box<[u8]>,
    zstd: OnceLock<Option<DDict<'static>>>,
}

impl Dictionary {
    /// The dictionary that consists of `bytes`.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Self {
        Self {
            bytes: bytes.into(),
            zstd: OnceLock::new(),
        }
    }

    /// The bytes as stored.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The digested form for zstd, made when first asked for. Bytes without the magic of a trained
    /// dictionary are taken as content. `None` where they have it and are none.
    pub(super) fn zstd(&self) -> Option<&DDict<'static>> {
        let digest = || DDict::try_create(&self.bytes);
        self.zstd.get_or_init(digest).as_ref()
    }

    /// Memory this takes; the digested form is some 30 KiB.
    pub fn footprint(&self) -> usize {
        size_of::<Self>() + 2 * self.bytes.len() + (32 << 10)
    }
}

impl std::fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dictionary")
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}
