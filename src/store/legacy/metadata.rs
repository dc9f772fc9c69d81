//! In: the metadata section of a Bloscpack file. Out: its JSON, and the NumPy array it tells of.
//! Never: a dtype literal evaluated; more decoded bytes than the section declares.

use super::checksum::Checksum;
use super::{bad, damaged, json_dict, shape_of, too_long};
use crate::bytes::Cursor;
use crate::codec::{self, Contexts};
use crate::diag::Code;
use crate::error::Result;
use crate::limits::{MAX_DEFLATE_RATIO, MAX_LEGACY_META_BYTES};
use crate::store::dtype::FileDType;
use crate::store::file::{Source, unsupported};
use crate::store::literal::Literal;
use crate::types::Shape;

/// Bytes of the section's header.
const HEADER_BYTES: usize = 32;

/// The metadata of a Bloscpack file.
#[derive(Clone, Debug)]
pub struct Metadata {
    /// What stands behind it.
    pub checksum: Checksum,
    /// What it says.
    pub json: Literal,
    /// The NumPy array in the file, where it says that there is one.
    pub numpy: Option<NumPyArray>,
    /// Bytes of the section, what is reserved included.
    pub(super) section_len: u64,
}

/// A NumPy array in a Bloscpack file.
#[derive(Clone, Debug)]
pub struct NumPyArray {
    /// The dtype of its elements.
    pub dtype: FileDType,
    /// Its shape.
    pub shape: Shape,
    /// Whether its elements are in Fortran order.
    pub fortran: bool,
}

/// The header of the section.
struct SectionHeader {
    checksum: Checksum,
    zlib: bool,
    nbytes: usize,
    reserved: u64,
    cbytes: usize,
}

impl Metadata {
    /// Reads the section that begins at `position`.
    pub(super) fn read(source: &Source, position: u64) -> Result<Self> {
        let header = SectionHeader::parse(&source.read_vec(position, HEADER_BYTES)?)?;
        let start = position + HEADER_BYTES as u64;
        let stored = source.read_vec(start, header.cbytes)?;
        let digest = start + header.reserved;
        let checksum = header.checksum;
        let len = header.cbytes as u64;
        checksum.verify(source, start, len, digest, "metadata")?;
        let json = json_dict(&header.decode(stored)?, "metadata")?;
        Ok(Self {
            checksum,
            numpy: NumPyArray::of(&json)?,
            json,
            section_len: HEADER_BYTES as u64 + header.reserved + checksum.digest_len() as u64,
        })
    }
}

impl SectionHeader {
    fn parse(bytes: &[u8]) -> Result<Self> {
        let mut cursor = Cursor::new(bytes, Code::BadFrame, "metadata section");
        let format = cursor.take(8, "format")?;
        if format.trim_ascii_end() != b"JSON" && format != b"JSON\0\0\0\0" {
            let format = format.escape_ascii();
            return Err(unsupported(format!("the metadata has format '{format}'")));
        }
        let options = cursor.u8("options")?;
        if options != 0 {
            return Err(bad(format!(
                "the metadata section has unknown options {options:#04x}"
            )));
        }
        let id = cursor.u8("checksum")?;
        let checksum = Checksum::by_id(id)
            .ok_or_else(|| bad(format!("the metadata section has unknown checksum {id}")))?;
        let codec = cursor.u8("codec")?;
        if codec > 1 {
            return Err(bad(format!(
                "the metadata section has unknown codec {codec}"
            )));
        }
        let _level = cursor.u8("level")?;
        let header = Self {
            checksum,
            zlib: codec == 1,
            nbytes: cursor.u32_le("size")? as usize,
            reserved: cursor.u32_le("reserved size")?.into(),
            cbytes: cursor.u32_le("compressed size")? as usize,
        };
        header.check()?;
        Ok(header)
    }

    fn check(&self) -> Result<()> {
        let longest = self.nbytes.max(self.cbytes);
        if longest > MAX_LEGACY_META_BYTES {
            return Err(too_long("metadata", longest as u64));
        }
        if self.cbytes as u64 > self.reserved {
            return Err(bad(format!(
                "the metadata has {} bytes, but its section {} for them",
                self.cbytes, self.reserved
            )));
        }
        let most = if self.zlib { MAX_DEFLATE_RATIO } else { 1 };
        let possible = self.nbytes as u64 <= self.cbytes as u64 * most;
        if possible && (self.zlib || self.cbytes == self.nbytes) {
            return Ok(());
        }
        Err(bad(format!(
            "the metadata cannot have {} bytes, of which {} are stored",
            self.nbytes, self.cbytes
        )))
    }

    fn decode(&self, stored: Vec<u8>) -> Result<Vec<u8>> {
        if !self.zlib {
            return Ok(stored);
        }
        let mut text = vec![0; self.nbytes];
        let zlib = codec::by_id(codec::id::ZLIB).and_then(|row| row.codec);
        let decoded = zlib.map(|zlib| zlib.decode(&mut Contexts::default(), &stored, &mut text));
        match decoded {
            Some(Ok(())) => Ok(text),
            Some(Err(_)) | None => Err(bad(format!(
                "the metadata does not decode to the {} bytes that its section declares",
                self.nbytes
            ))),
        }
    }
}

impl NumPyArray {
    /// What `json` says of an array, where it does.
    fn of(json: &Literal) -> Result<Option<Self>> {
        if json.get("container").and_then(Literal::as_str) != Some("numpy") {
            return Ok(None);
        }
        let order = json.get("order").and_then(Literal::as_str);
        let fortran = match order {
            Some("C") => false,
            Some("F") => true,
            Some(_) | None => return Err(damaged("the metadata has no order of axes, C or F")),
        };
        let dtype = json.get("dtype");
        let dtype = dtype.ok_or_else(|| damaged("the metadata has no dtype"))?;
        Ok(Some(Self {
            dtype: read_dtype(dtype)?,
            shape: shape_of(json, "metadata")?,
            fortran,
        }))
    }
}

/// The dtype in one of three generations: a string that holds a Python literal, a plain string,
/// or the fields as JSON lists.
fn read_dtype(value: &Literal) -> Result<FileDType> {
    let parsed = match value.as_str() {
        Some(text) if is_literal(text) => Literal::parse(text, Code::BadMeta, "dtype")?,
        Some(_) | None => value.clone(),
    };
    Ok(FileDType::from_literal(
        lone_item(&parsed).unwrap_or(&parsed),
    ))
}

/// Whether a dtype string holds a literal; Python 2 put letters before quotes.
fn is_literal(text: &str) -> bool {
    let text = text.trim_start_matches(['u', 'b']);
    text.starts_with(['\'', '"', '[', '(', '{'])
}

/// The dtype of a lone field without a name, which stands for no structure.
fn lone_item(fields: &Literal) -> Option<&Literal> {
    let Literal::List(fields) = fields else {
        return None;
    };
    match fields.first()?.as_list()? {
        [name, item] if fields.len() == 1 && name.as_str() == Some("") => Some(item),
        _ => None,
    }
}
