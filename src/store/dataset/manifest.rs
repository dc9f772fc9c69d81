//! In: the bytes of a manifest. Out: what its version changes of the one before, or all of it; and back.
//! Never: memory that the bytes do not justify; a path.
//!
//! `docs/format.md` has the layout byte by byte. A checkpoint is the change from nothing: all attributes are set, all
//! slabs are new.

use super::header::Header;
use super::slab::{Content, Digest, FileId, Slab, SlabFile, is_value};
use super::splice::Splice;
use crate::bytes::Cursor;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_ATTRIBUTE_BYTES, MAX_VLMETALAYERS};
use crate::store::file::unsupported;
use crate::store::seal;

/// How a manifest begins: its name, and the version of this layout.
const MAGIC: &[u8; 8] = b"FBDATA\0\x01";

/// Bytes of the digest that ends it.
const DIGEST_BYTES: usize = 16;

/// Features that a reader has to know: none so far.
const KNOWN_FEATURES: u32 = 0;

/// The kinds of sections.
const ARRAY: u32 = 1;
const ATTRIBUTES: u32 = 2;
const SLABS: u32 = 3;

/// The flag of a section that a reader has to understand.
const NEEDED: u32 = 1;

/// The kinds of slabs.
const FILE: u8 = 0;
const CONSTANT: u8 = 1;

/// The bytes of the smallest record of a slab, with its length: what each claimed one takes at least.
const MIN_SLAB_BYTES: usize = 24;

/// Attributes that are set, or removed, in the order of their names.
pub(super) type AttributeChanges = Vec<AttributeChange>;

/// The name of an attribute, and its value unless it is removed.
pub(super) type AttributeChange = (String, Option<Vec<u8>>);

/// What a version is, besides the array.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stamp {
    /// Its number, from 1.
    pub(super) version: u64,
    /// The digest of the version before, zeros where there is none.
    pub(super) previous: Digest,
    /// When it was written, in microseconds since 1970 began, UTC.
    pub(super) time: i64,
    /// How often the content as a whole was replaced.
    pub(super) generation: u64,
}

/// A version as its manifest has it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Manifest {
    pub(super) stamp: Stamp,
    /// Whether it stands alone.
    pub(super) checkpoint: bool,
    /// The array, where that is not the one of the version before.
    pub(super) header: Option<Header>,
    /// Attributes that are set, or removed, in the order of their names.
    pub(super) attributes: AttributeChanges,
    /// What changes of the list of slabs.
    pub(super) splices: Vec<Splice>,
}

impl Manifest {
    /// Its bytes, its digest the last of them.
    ///
    /// # Errors
    /// When there is more than the format can count.
    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        let sections = [
            (ARRAY, self.header.as_ref().map(Header::encode).transpose()?),
            (ATTRIBUTES, encode_attributes(&self.attributes)?),
            (SLABS, encode_splices(&self.splices)?),
        ];
        let mut out = MAGIC.to_vec();
        let Stamp {
            version,
            previous,
            time,
            generation,
        } = self.stamp;
        out.extend_from_slice(&KNOWN_FEATURES.to_le_bytes());
        out.extend_from_slice(&0u32.to_le_bytes());
        out.extend_from_slice(&version.to_le_bytes());
        out.extend_from_slice(&u32::from(!self.checkpoint).to_le_bytes());
        let count = sections.iter().filter(|(_, bytes)| bytes.is_some()).count();
        out.extend_from_slice(&count32(count)?);
        out.extend_from_slice(&previous);
        out.extend_from_slice(&time.to_le_bytes());
        out.extend_from_slice(&generation.to_le_bytes());
        for (kind, bytes) in sections {
            let Some(bytes) = bytes else { continue };
            out.extend_from_slice(&kind.to_le_bytes());
            out.extend_from_slice(&NEEDED.to_le_bytes());
            out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            out.extend_from_slice(&bytes);
        }
        let digest = seal::root_of(&out);
        out.extend_from_slice(&digest);
        Ok(out)
    }

    /// What these bytes say, of the version that they are to be, and their digest.
    ///
    /// # Errors
    /// When they are damaged, of another version, or need something that this version does not know.
    pub(super) fn decode(bytes: &[u8], version: u64) -> Result<(Self, Digest)> {
        let (content, digest) = checked(bytes)?;
        let mut cursor = Cursor::new(content, Code::BadDataset, "manifest");
        cursor.take(MAGIC.len(), "magic")?;
        let features = cursor.u32_le("required features")?;
        if features & !KNOWN_FEATURES != 0 {
            return Err(newer(format!("the features {features:#x}")));
        }
        cursor.u32_le("optional features")?;
        let own = cursor.u64_le("version")?;
        if own != version || version == 0 {
            return Err(bad(format!(
                "the manifest of version {version} is that of {own}"
            )));
        }
        let kind = cursor.u32_le("kind")?;
        if kind > 1 {
            return Err(newer(format!("manifests of kind {kind}")));
        }
        let sections = cursor.u32_le("number of sections")?;
        let stamp = Stamp {
            version,
            previous: cursor.array("digest of the version before")?,
            time: cursor.i64_le("time")?,
            generation: cursor.u64_le("generation")?,
        };
        let mut manifest = Self {
            stamp,
            checkpoint: kind == 0,
            header: None,
            attributes: Vec::new(),
            splices: Vec::new(),
        };
        let mut last = 0;
        for _ in 0..sections {
            let kind = cursor.u32_le("kind of a section")?;
            if kind <= last {
                return Err(bad("the sections of the manifest are not in order"));
            }
            last = kind;
            let flags = cursor.u32_le("flags of a section")?;
            let len = size(cursor.u64_le("length of a section")?);
            let section = cursor.take(len, "section")?;
            manifest.take_section(kind, flags, section)?;
        }
        if cursor.remaining() > 0 {
            return Err(bad("bytes follow the sections of the manifest"));
        }
        if manifest.checkpoint && manifest.header.is_none() {
            return Err(bad("the manifest stands alone, but has no array"));
        }
        Ok((manifest, digest))
    }

    fn take_section(&mut self, kind: u32, flags: u32, section: &[u8]) -> Result<()> {
        let mut cursor = Cursor::new(section, Code::BadDataset, "section of the manifest");
        match kind {
            ARRAY => self.header = Some(Header::decode(&mut cursor)?),
            ATTRIBUTES => self.attributes = decode_attributes(&mut cursor)?,
            SLABS => self.splices = decode_splices(&mut cursor)?,
            _ if flags & NEEDED != 0 => return Err(newer(format!("sections of kind {kind}"))),
            // What need not be understood.
            _ => {}
        }
        Ok(())
    }
}

/// The bytes in front of the digest, and the digest, which is theirs.
fn checked(bytes: &[u8]) -> Result<(&[u8], Digest)> {
    let Some((content, digest)) = bytes.split_last_chunk::<DIGEST_BYTES>() else {
        return Err(bad("the manifest is cut off"));
    };
    match content.first_chunk::<8>() {
        Some(magic) if magic == MAGIC => {}
        Some(magic) if magic[..7] == MAGIC[..7] => {
            return Err(newer(format!("manifests of the layout {}", magic[7])));
        }
        Some(_) | None => return Err(bad("the file is no manifest")),
    }
    if seal::root_of(content) == *digest {
        return Ok((content, *digest));
    }
    let message = "the manifest's own checksum does not match: its bytes have changed";
    Err(Error::new(ErrorKind::Corrupt, Code::BadChecksum, message))
}

fn encode_attributes(attributes: &[AttributeChange]) -> Result<Option<Vec<u8>>> {
    if attributes.is_empty() {
        return Ok(None);
    }
    let mut out = count32(attributes.len())?.to_vec();
    for (name, value) in attributes {
        out.extend_from_slice(&count32(name.len())?[..1]);
        out.extend_from_slice(name.as_bytes());
        out.push(u8::from(value.is_some()));
        let value = value.as_deref().unwrap_or_default();
        out.extend_from_slice(&count32(value.len())?);
        out.extend_from_slice(value);
    }
    Ok(Some(out))
}

fn decode_attributes(cursor: &mut Cursor<'_>) -> Result<AttributeChanges> {
    let count = cursor.u32_le("number of attributes")? as usize;
    let mut attributes = AttributeChanges::new();
    for _ in 0..count {
        if attributes.len() == 2 * MAX_VLMETALAYERS {
            return Err(bad("the manifest has more attributes than are possible"));
        }
        let len = cursor.u8("length of a name")?;
        let name = cursor.take(usize::from(len), "name of an attribute")?;
        let name =
            std::str::from_utf8(name).map_err(|_| bad("the name of an attribute is no text"))?;
        let set = cursor.u8("whether it is set")?;
        let len = cursor.u32_le("length of a value")? as usize;
        let value = cursor.take(len, "value of an attribute")?;
        if len > MAX_ATTRIBUTE_BYTES || set > 1 {
            return Err(bad("the manifest has an attribute that cannot be"));
        }
        if attributes.last().is_some_and(|(last, _)| **last >= *name) {
            return Err(bad("the attributes of the manifest are not in order"));
        }
        attributes.push((name.to_string(), (set == 1).then(|| value.to_vec())));
    }
    Ok(attributes)
}

fn encode_splices(splices: &[Splice]) -> Result<Option<Vec<u8>>> {
    if splices.is_empty() {
        return Ok(None);
    }
    let mut out = count32(splices.len())?.to_vec();
    for splice in splices {
        out.extend_from_slice(&(splice.first as u64).to_le_bytes());
        out.extend_from_slice(&(splice.removed as u64).to_le_bytes());
        out.extend_from_slice(&(splice.added.len() as u64).to_le_bytes());
        for slab in &splice.added {
            let record = encode_slab(slab);
            out.extend_from_slice(&count32(record.len())?);
            out.extend_from_slice(&record);
        }
    }
    Ok(Some(out))
}

/// A slab, without a summary of its zones.
fn encode_slab(slab: &Slab) -> Vec<u8> {
    let mut out = Vec::with_capacity(72);
    let kind = match slab.content {
        Content::File(_) => FILE,
        Content::Constant(_) => CONSTANT,
    };
    out.extend_from_slice(&[kind, 0, 0, 0]);
    out.extend_from_slice(&(slab.rows as u64).to_le_bytes());
    match &slab.content {
        Content::File(file) => {
            out.extend_from_slice(&file.id.0);
            out.extend_from_slice(&file.len.to_le_bytes());
            out.extend_from_slice(&file.digest);
            out.extend_from_slice(&file.root);
        }
        Content::Constant(bits) => out.extend_from_slice(&bits.to_le_bytes()),
    }
    out
}

fn decode_splices(cursor: &mut Cursor<'_>) -> Result<Vec<Splice>> {
    let count = cursor.u32_le("number of changes")?;
    let mut splices = Vec::new();
    let mut end = 0;
    for _ in 0..count {
        let first = size(cursor.u64_le("first slab")?);
        let removed = size(cursor.u64_le("removed slabs")?);
        let added = size(cursor.u64_le("added slabs")?);
        if first < end || first.checked_add(removed).is_none() {
            return Err(bad("the changes of the list of slabs are not in order"));
        }
        end = first + removed;
        if added > cursor.remaining() / MIN_SLAB_BYTES {
            return Err(bad(format!("the manifest is too short for {added} slabs")));
        }
        let added = (0..added).map(|_| decode_slab(cursor));
        splices.push(Splice {
            first,
            removed,
            added: added.collect::<Result<Vec<_>>>()?,
        });
    }
    Ok(splices)
}

fn decode_slab(cursor: &mut Cursor<'_>) -> Result<Slab> {
    let len = cursor.u32_le("length of a slab's record")? as usize;
    let record = cursor.take(len, "record of a slab")?;
    // What follows in the record, a summary of its zones first of all, need not be understood.
    let mut cursor = Cursor::new(record, Code::BadDataset, "record of a slab");
    let kind = cursor.u8("kind")?;
    cursor.take(3, "flags")?;
    let rows = cursor.u64_le("rows")?;
    let content = match kind {
        FILE => Content::File(SlabFile {
            id: FileId(cursor.array("name")?),
            len: cursor.u64_le("length of the file")?,
            digest: cursor.array("digest of the file")?,
            root: cursor.array("root of the seal")?,
        }),
        CONSTANT => Content::Constant(cursor.u64_le("value")?),
        _ => return Err(newer(format!("slabs of kind {kind}"))),
    };
    match size(rows) {
        0 => Err(bad("the manifest has a slab without rows")),
        rows => Ok(Slab { rows, content }),
    }
}

/// Checks that constant slabs have values of the dtype.
///
/// # Errors
/// When one has other bits.
pub(super) fn check_values(slabs: &[Slab], header: &Header) -> Result<()> {
    let dtype = header.dtype;
    let wrong = slabs.iter().any(|slab| match slab.content {
        Content::Constant(bits) => !is_value(dtype, bits),
        Content::File(_) => false,
    });
    match wrong {
        true => Err(bad(format!("the manifest has a value that is no {dtype}"))),
        false => Ok(()),
    }
}

/// A count of 64 bits, which this machine's have, too.
fn size(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn count32(count: usize) -> Result<[u8; 4]> {
    let count = u32::try_from(count).map_err(|_| {
        let message = "the manifest has more of something than it can count";
        Error::new(ErrorKind::Limit, Code::TooLarge, message)
    })?;
    Ok(count.to_le_bytes())
}

/// An error about a dataset that contradicts itself.
#[cold]
pub(super) fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, Code::BadDataset, message)
}

#[cold]
fn newer(what: String) -> Error {
    let message = format!("the dataset has {what}, which this version does not know");
    unsupported(message).with_help("a newer version of fuseblock reads it")
}
