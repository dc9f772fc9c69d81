//! In: the text of an operand: a path, perhaps with a member or a dtype behind it. Out: the array.
//! Never: a file opened that the text does not name.

use std::path::Path;

use super::{Array, OpenOptions};
use crate::diag::{Code, nearest};
use crate::error::{Error, ErrorKind, Result};
use crate::store::Opened;
use crate::store::dtype::Items;
use crate::store::zip::ZipFile;
use crate::types::DType;

/// The word that stands for items taken as their bytes, where a dtype can stand.
const BYTES: &str = "bytes";

impl Array<'static> {
    /// Opens the array that `text` names, as operands of the command line do:
    ///
    /// | text | what it opens |
    /// |---|---|
    /// | `PATH` | what [`Array::open`] opens |
    /// | `PATH:DTYPE` | the same with items taken as a dtype: [`Array::open_as`] |
    /// | `PATH:bytes` | the same with items taken as their bytes: [`Array::open_bytes`] |
    /// | `PATH:MEMBER` | a member of a zip file, a column of a table: [`Array::open_member`] |
    /// | `PATH:MEMBER:DTYPE`, `PATH:MEMBER:bytes` | both |
    /// | `PATH@VERSION`, `PATH@VERSION:DTYPE` | an older version of a dataset: [`OpenOptions::version`] |
    ///
    /// A path that exists as it is comes first; else it ends at the last colon before which there
    /// is a file. A member that has the name of a dtype comes before the dtype.
    ///
    /// ```
    /// use fuseblock::{Array, DType, array::npy::NpyWriter, types::Shape};
    ///
    /// let path = std::env::temp_dir().join("fuseblock-doc-operand.npy");
    /// let writer = NpyWriter::create(&path, DType::Int32, &Shape::new(&[2]))?;
    /// writer.write_at(0, &[0, 0, 128, 63, 0, 0, 0, 64])?;
    /// writer.finish()?;
    /// let array = Array::open_operand(&format!("{}:float32", path.display()))?;
    /// assert_eq!(array.to_vec::<f32>()?, [1.0, 2.0]);
    /// # std::fs::remove_file(path).ok();
    /// # Ok::<(), fuseblock::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Array::open`] and [`Array::open_member`], and when what stands behind the path is
    /// neither a member nor a dtype.
    pub fn open_operand(text: &str) -> Result<Self> {
        Self::options().open_operand(text)
    }

    /// The name that an operand goes by if it is given as `text` alone: the file name without
    /// extension, that of a member where one stands behind the path.
    ///
    /// ```
    /// use fuseblock::Array;
    ///
    /// assert_eq!(Array::operand_name("dir/mask.b2nd"), Some("mask"));
    /// assert_eq!(Array::operand_name("mask.b2frame:float32"), Some("mask"));
    /// assert_eq!(Array::operand_name("year.npz:temp"), Some("temp"));
    /// ```
    pub fn operand_name(text: &str) -> Option<&str> {
        let named = match text.rsplit_once(':') {
            Some((path, word)) if items(word).is_some() => path,
            Some(_) | None => text,
        };
        let last = named.rsplit_once(':').map_or(named, |(_, member)| member);
        Path::new(last).file_stem()?.to_str()
    }

    /// The part of the text of an operand that is a path where something is.
    pub(crate) fn operand_path(text: &str) -> Option<&Path> {
        Found::of(text).map(|found| found.path)
    }

    /// Opens a member of a zip file: an array in an `.npz` or `.b2z` file; or a column of a bcolz or
    /// BLZ table. The name of a member may leave out `.npy`. Stored members are read where they are, block by block, without a look at their
    /// checksum; deflated ones are inflated into memory as a whole, of at most
    /// [`MAX_INFLATED_BYTES`](crate::limits::MAX_INFLATED_BYTES), and verified.
    ///
    /// # Errors
    /// When there is neither a zip file nor a table, it is damaged, or has no such member; else as
    /// [`Array::open`].
    pub fn open_member(path: impl AsRef<Path>, member: &str) -> Result<Self> {
        Self::options().open_member(path, member)
    }
}

impl OpenOptions {
    /// As [`Array::open_operand`]; a dtype behind the path comes before that of the options.
    ///
    /// # Errors
    /// As [`Array::open_operand`] and [`OpenOptions::open`].
    pub fn open_operand(&self, text: &str) -> Result<Array<'static>> {
        let Some(found) = Found::of(text) else {
            // Says that there is no such file.
            return self.open(text);
        };
        let options = match found.version {
            Some(version) => self.clone().version(version),
            None => self.clone(),
        };
        match found.part {
            Some(part) => options.open_part(found.path, part),
            None => options.open(found.path),
        }
    }

    /// As [`Array::open_member`].
    ///
    /// # Errors
    /// As [`Array::open_member`] and [`OpenOptions::open`].
    pub fn open_member(&self, path: impl AsRef<Path>, member: &str) -> Result<Array<'static>> {
        let path = path.as_ref();
        match self.opened(path)? {
            Opened::Zip(zip) => self.in_zip(&zip, zip.find(member)?),
            Opened::Table(table) => self.array(Opened::Rootdir(table.column(member)?.into())),
            Opened::Frame(_)
            | Opened::Npy(_)
            | Opened::Bloscpack(_)
            | Opened::Rootdir(_)
            | Opened::Dataset(_)
            | Opened::Program(..) => Err(no_part(path, member, "is no zip file")),
        }
    }

    /// Opens the part of what is at `path` that `part` names.
    fn open_part(&self, path: &Path, part: &str) -> Result<Array<'static>> {
        match (self.opened(path)?, items(part)) {
            (Opened::Zip(zip), _) => self.open_zip(&zip, part),
            (Opened::Table(_), _) => {
                let (column, word) = part.rsplit_once(':').unwrap_or((part, ""));
                match items(word) {
                    Some(items) => self.taking(items).open_member(path, column),
                    None => self.open_member(path, part),
                }
            }
            (opened, Some(items)) => self.taking(items).array(opened),
            (_, None) => {
                let why = "has no parts, and it is no dtype: those are bool, int8 to int64, uint8 to uint64, float32, \
                     float64, and bytes";
                Err(no_part(path, part, why))
            }
        }
    }

    fn open_zip(&self, zip: &ZipFile, part: &str) -> Result<Array<'static>> {
        let missing = match zip.find(part) {
            Ok(member) => return self.in_zip(zip, member),
            Err(missing) => missing,
        };
        // A dtype may stand behind the member, or behind the only one that there is.
        let (name, word) = part.rsplit_once(':').unwrap_or(("", part));
        let Some(items) = items(word) else {
            return Err(missing);
        };
        let member = match name {
            "" => zip.only()?,
            name => zip.find(name)?,
        };
        self.taking(items).in_zip(zip, member)
    }

    /// The same options with items taken in this way.
    fn taking(&self, items: Items) -> Self {
        let mut options = self.clone();
        options.items = items;
        options
    }
}

/// What the text of an operand names.
struct Found<'t> {
    /// Where something is.
    path: &'t Path,
    version: Option<u64>,
    part: Option<&'t str>,
}

impl<'t> Found<'t> {
    /// The longest path that the text begins with and where something is, and what stands behind it.
    fn of(text: &'t str) -> Option<Self> {
        let at = |path: &'t str, part: Option<&'t str>| {
            let there = |path: &'t str, version| {
                let path = Path::new(path);
                Opened::is_at(path).then_some(Self {
                    path,
                    version,
                    part,
                })
            };
            let versioned = || {
                let (path, version) = path.rsplit_once('@')?;
                there(path, Some(version.parse().ok()?))
            };
            there(path, None).or_else(versioned)
        };
        let mut colons = text.rmatch_indices(':');
        at(text, None)
            .or_else(|| colons.find_map(|(colon, _)| at(&text[..colon], Some(&text[colon + 1..]))))
    }
}

/// How items are taken where this word stands behind a path.
fn items(word: &str) -> Option<Items> {
    match word {
        BYTES => Some(Items::Bytes),
        _ => DType::from_name(word).map(Items::As),
    }
}

#[cold]
fn no_part(path: &Path, part: &str, why: &str) -> Error {
    let part = part.escape_debug().to_string();
    let words = DType::ALL.into_iter().map(DType::name).chain([BYTES]);
    let help = match nearest(&part, words) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "a dtype can stand behind a path, or a member of a zip file".to_string(),
    };
    let message = format!("there is no '{part}' in the file: it {why}");
    let error = Error::new(ErrorKind::Argument, Code::Usage, message);
    error.with_path(path).with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::npy::NpyWriter;
    use crate::types::Shape;

    #[test]
    fn what_stands_behind_a_path_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name).display().to_string();
        for name in ["a.npy", "a.npy:float32", "b:c.npy"] {
            let shape = Shape::new(&[2]);
            let writer = NpyWriter::create(place(name), DType::Int32, &shape).unwrap();
            writer.write_at(0, &[1, 0, 0, 0, 2, 0, 0, 0]).unwrap();
            writer.finish().unwrap();
        }
        let dtype = |text: &str| Array::open_operand(&place(text)).unwrap().dtype();
        assert_eq!(dtype("a.npy"), DType::Int32);
        assert_eq!(dtype("a.npy:float32"), DType::Int32, "the path is there");
        assert_eq!(dtype("a.npy:float32:float32"), DType::Float32);
        assert_eq!(dtype("a.npy:uint32"), DType::UInt32);
        assert_eq!(dtype("b:c.npy"), DType::Int32);
        assert_eq!(dtype("b:c.npy:bytes"), DType::UInt8);
        let bytes = Array::open_operand(&place("a.npy:bytes")).unwrap();
        assert_eq!(bytes.shape().to_vec(), [2, 4]);
        assert_eq!(bytes.to_vec::<u8>().unwrap(), [1, 0, 0, 0, 2, 0, 0, 0]);
        let error = |text: &str| Array::open_operand(&place(text)).unwrap_err();
        assert_eq!(error("c.npy").code(), Code::FileIo);
        assert_eq!(error("c.npy:float32").code(), Code::FileIo);
        assert_eq!(error("a.npy:float64").code(), Code::UnsupportedDType);
        let wrong = error("a.npy:flaot32");
        assert_eq!(wrong.code(), Code::Usage);
        assert_eq!(wrong.help(), Some("did you mean `float32`?"));
        assert_eq!(error("a.npy:").code(), Code::Usage);
        let wrong = Array::open_member(place("a.npy"), "b").unwrap_err();
        assert_eq!(
            wrong.message(),
            "there is no 'b' in the file: it is no zip file"
        );
    }
}
