//! In: a file of a dataset, or a value. Out: what a manifest says of it, and its name.
//! Never: a name that is a path.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use crate::error::Result;
use crate::store::file::Source;
use crate::store::seal;
use crate::types::{DType, Scalar};

/// An XXH3-128, its bits as one little-endian integer.
pub(super) type Digest = [u8; 16];

/// Some neighbouring rows of a dataset: at least one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slab {
    /// How many rows.
    pub rows: usize,
    /// What they hold.
    pub content: Content,
}

/// What the rows of a slab hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Content {
    /// The array in a file.
    File(SlabFile),
    /// One value, of these bits: no file.
    Constant(u64),
}

/// A file of a dataset, as the manifest knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SlabFile {
    /// What it is called by.
    pub id: FileId,
    /// Its bytes.
    pub len: u64,
    /// The XXH3-128 of all of them.
    pub digest: [u8; 16],
    /// The root of its seal, which ends it; zeros where it has none.
    pub root: [u8; 16],
}

/// The name of a file of a dataset, which is a random UUID and an extension: no manifest can name another file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileId(pub [u8; 16]);

/// Where the groups of digits of a UUID begin.
const GROUPS: [usize; 4] = [4, 6, 8, 10];

/// The extension of files in `data/`.
const EXTENSION: &str = ".b2nd";

/// Distinguishes the names of one process.
static NEXT: AtomicU64 = AtomicU64::new(0);

impl FileId {
    /// One that no other file has.
    pub(super) fn random() -> Self {
        // Keyed by the system's random numbers.
        let (one, other) = (RandomState::new(), RandomState::new());
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let seed = (std::process::id(), number, SystemTime::now());
        let word = |state: &RandomState| state.hash_one(seed).to_le_bytes();
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&word(&one));
        bytes[8..].copy_from_slice(&word(&other));
        // Version 4, as random ones are marked.
        bytes[6] = bytes[6] & 0x0F | 0x40;
        bytes[8] = bytes[8] & 0x3F | 0x80;
        Self(bytes)
    }

    /// The one of a file with this name, if such a file is ours.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let digits: String = name.strip_suffix(EXTENSION)?.replace('-', "");
        let mut bytes = [0; 16];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        let id = Self(bytes);
        (id.to_string() == name).then_some(id)
    }
}

/// The name of the file.
impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let between = if GROUPS.contains(&at) { "-" } else { "" };
            write!(f, "{between}{byte:02x}")?;
        }
        f.write_str(EXTENSION)
    }
}

impl SlabFile {
    /// What is to be known of a file that is complete.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn of(id: FileId, source: &Source) -> Result<Self> {
        Ok(Self {
            id,
            len: source.len_bytes(),
            digest: seal::root(source, 0, source.len_bytes())?,
            root: root_of(source)?,
        })
    }
}

/// The root of the seal of the frame that a file is: its last bytes.
pub(super) fn root_of(source: &Source) -> Result<Digest> {
    let mut root = Digest::default();
    let at = source.len_bytes().saturating_sub(root.len() as u64);
    source.read_at(at, &mut root)?;
    Ok(root)
}

impl Slab {
    /// Rows of one value.
    pub(super) fn constant(rows: usize, bits: u64) -> Self {
        let content = Content::Constant(bits);
        Self { rows, content }
    }

    /// The file, where it has one.
    pub fn file(&self) -> Option<&SlabFile> {
        match &self.content {
            Content::File(file) => Some(file),
            Content::Constant(_) => None,
        }
    }
}

/// Whether these bits are a value of this dtype.
pub(super) fn is_value(dtype: DType, bits: u64) -> bool {
    Scalar::from_bits(dtype, bits).bits() == bits
}

/// Fills `dst` with elements of these bits.
pub(super) fn fill(dtype: DType, bits: u64, dst: &mut [u8]) {
    let mut item = Vec::with_capacity(8);
    Scalar::from_bits(dtype, bits).write(&mut item);
    match item.iter().all(|&byte| byte == 0) {
        true => dst.fill(0),
        false => dst
            .chunks_exact_mut(item.len())
            .for_each(|element| element.copy_from_slice(&item)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_no_other_is_one() {
        let id = FileId::random();
        let name = id.to_string();
        assert_eq!(name.len(), 41);
        assert_eq!(FileId::of_name(&name), Some(id));
        assert_ne!(FileId::random(), id);
        for other in [
            "",
            "..",
            "../x.b2nd",
            "x.b2nd",
            &name[1..],
            &name.to_uppercase(),
            &name.replace('-', ""),
            &format!("{name}x"),
            &format!("../{name}"),
        ] {
            assert_eq!(FileId::of_name(other), None, "{other}");
        }
    }

    #[test]
    fn values_are_what_their_dtype_can_have() {
        assert!(is_value(DType::Bool, 1) && !is_value(DType::Bool, 2));
        assert!(is_value(DType::Int8, 0xFF) && !is_value(DType::Int8, 0x100));
        assert!(is_value(DType::Float64, u64::MAX));
        let mut bytes = [7; 6];
        fill(DType::Int16, 0x0102, &mut bytes);
        assert_eq!(bytes, [0x0102u16.to_ne_bytes(); 3].concat()[..]);
    }
}
