//! In: the header of a `.npy` file. Out: its dtype, shape and where the data begins; and the
//! header of a file to write.
//! Never: a header that is anything but one literal dict of the known keys.

use super::dtype::{self, ElementFormat, FileDType, Items};
use super::file::{Source, unsupported};
use super::literal::Literal;
use crate::bytes::Cursor;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_NDIM, MAX_NPY_HEADER_BYTES};
use crate::types::{DType, Shape};

/// The first bytes of every `.npy` file.
pub const MAGIC: &[u8] = b"\x93NUMPY";

/// What a `.npy` header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NpyHeader {
    /// The dtype string, or the text of a structured dtype.
    pub dtype: FileDType,
    /// Whether the first axis varies fastest.
    pub fortran_order: bool,
    /// The shape.
    pub shape: Shape,
    /// Position of the first element.
    pub data_start: u64,
}

impl NpyHeader {
    /// Reads the header of the file in `source`.
    ///
    /// # Errors
    /// When it is damaged or not what NumPy writes.
    pub fn read(source: &Source) -> Result<Self> {
        Self::read_inner(source).map_err(|error| source.blame(error))
    }

    fn read_inner(source: &Source) -> Result<Self> {
        let prefix = source.len_bytes().min(12);
        let prefix = source.read_vec(0, usize::try_from(prefix).unwrap_or(0))?;
        let mut cursor = Cursor::new(&prefix, Code::BadNpy, ".npy header");
        if cursor.take(MAGIC.len(), "magic")? != MAGIC {
            return Err(bad("the file does not begin as a .npy file"));
        }
        let major = cursor.u8("version")?;
        let _minor = cursor.u8("version")?;
        let len = match major {
            1 => usize::from(cursor.u16_le("header length")?),
            2 | 3 => cursor.u32_le("header length")? as usize,
            _ => return Err(unsupported(format!("the .npy file has version {major}"))),
        };
        let start = cursor.position() as u64;
        if len > MAX_NPY_HEADER_BYTES {
            return Err(bad(format!(
                "the .npy header has {len} bytes; at most {MAX_NPY_HEADER_BYTES} are read"
            )));
        }
        let text = source.read_vec(start, len).map_err(|_| {
            bad(format!(
                "the file ends inside its .npy header of {len} bytes"
            ))
        })?;
        // Before version 3, a header is Latin-1: each byte is the character of that number.
        let text = match major {
            3 => String::from_utf8(text).map_err(|_| bad("the .npy header is not UTF-8 text"))?,
            _ => text.into_iter().map(char::from).collect(),
        };
        let mut header = Self::parse(&text)?;
        header.data_start = start + len as u64;
        Ok(header)
    }

    /// Reads the dict; the data is taken to begin at byte 0.
    fn parse(text: &str) -> Result<Self> {
        let dict = Literal::parse(text, Code::BadNpy, ".npy header")?;
        let known = ["descr", "fortran_order", "shape"];
        let mut keys = dict.as_dict().unwrap_or(&[]).iter().map(|(key, _)| key);
        if let Some(key) = keys.find(|key| !known.contains(&key.as_str())) {
            let key = key.escape_debug();
            return Err(bad(format!("the .npy header has the unknown key '{key}'")));
        }
        let [Some(descr), Some(order), Some(extents)] = known.map(|key| dict.get(key)) else {
            return Err(bad("the .npy header lacks descr, fortran_order or shape"));
        };
        let fortran_order = order.as_bool();
        Ok(Self {
            dtype: FileDType::from_literal(descr),
            fortran_order: fortran_order.ok_or_else(|| {
                bad("the .npy header says neither True nor False to fortran_order")
            })?,
            shape: shape(extents)?,
            data_start: 0,
        })
    }

    /// What expressions compute with: the format of the elements, and their shape, which has one
    /// more axis where items are taken as bytes.
    ///
    /// # Errors
    /// When the dtype or the file's length does not allow that.
    pub fn resolve(&self, source: &Source, items: Items) -> Result<(ElementFormat, Shape)> {
        self.resolve_inner(source.len_bytes(), items)
            .map_err(|error| source.blame(error))
    }

    fn resolve_inner(&self, len_bytes: u64, items: Items) -> Result<(ElementFormat, Shape)> {
        let Some(itemsize) = self.dtype.itemsize() else {
            // What cannot be counted cannot be computed with either.
            self.dtype.resolve(Items::Declared, 1)?;
            return Err(bad("the .npy header declares no dtype"));
        };
        let format = self.dtype.resolve(items, itemsize)?;
        self.check(format.dtype, itemsize, len_bytes)?;
        let shape = match items {
            Items::Declared | Items::As(_) => self.shape.clone(),
            Items::Bytes => self.shape.with_axis(itemsize),
        };
        match shape.ndim_allowed() {
            true => Ok((format, shape)),
            false => Err(too_many_axes()),
        }
    }

    /// Whether the elements stand in another order than C order.
    pub fn transposed(&self) -> bool {
        self.fortran_order && self.shape.orders_differ()
    }

    /// Bytes of the elements, where the dtype's item size is known.
    pub fn data_bytes(&self) -> Option<u64> {
        let elems = self.shape.checked_elems()? as u64;
        elems.checked_mul(self.dtype.itemsize()? as u64)
    }

    fn check(&self, dtype: DType, itemsize: usize, len_bytes: u64) -> Result<()> {
        let fits = self.shape.checked_elems().and_then(|elems| {
            let bytes = (elems as u64).checked_mul(itemsize as u64)?;
            let end = self.data_start.checked_add(bytes)?;
            (end <= len_bytes).then_some(())
        });
        fits.ok_or_else(|| {
            let items = match itemsize == dtype.size() {
                true => dtype.to_string(),
                false => format!("items of {itemsize} bytes"),
            };
            bad(format!(
                "the file has {} bytes of data, too few for shape {} of {items}",
                len_bytes.saturating_sub(self.data_start),
                self.shape
            ))
        })
    }

    /// The bytes before the data of a C-order file, aligned to 64.
    pub fn to_write(dtype: DType, shape: &Shape) -> Vec<u8> {
        Self::to_write_over(dtype, shape, 0)
    }

    /// The same, as many as are there already where that are more: they were those of a larger
    /// shape.
    pub fn to_write_over(dtype: DType, shape: &Shape, there: usize) -> Vec<u8> {
        let mut dict = format!(
            "{{'descr': '{}', 'fortran_order': False, 'shape': {shape}, }}",
            dtype::spell(dtype)
        );
        // At most 16 axes of 20 digits: far below the 65,535 bytes of version 1.
        let unpadded = MAGIC.len() + 4 + dict.len() + 1;
        dict.extend(std::iter::repeat_n(
            ' ',
            unpadded.next_multiple_of(64).max(there) - unpadded,
        ));
        dict.push('\n');
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&[1, 0]);
        let len = u16::try_from(dict.len()).unwrap_or(u16::MAX);
        bytes.extend_from_slice(&len.to_le_bytes());
        bytes.extend_from_slice(dict.as_bytes());
        bytes
    }
}

fn shape(extents: &Literal) -> Result<Shape> {
    let Literal::Tuple(extents) = extents else {
        return Err(bad("the .npy header has a shape that is no tuple"));
    };
    if extents.len() > MAX_NDIM {
        return Err(too_many_axes());
    }
    let extents: Option<Vec<usize>> = extents.iter().map(Literal::as_usize).collect();
    let extents = extents.ok_or_else(|| bad("the .npy header has an extent that is no number"))?;
    Ok(Shape::from(extents))
}

#[cold]
fn too_many_axes() -> Error {
    let message = format!("the .npy file has more than {MAX_NDIM} axes");
    Error::new(ErrorKind::Limit, Code::TooManyAxes, message)
}

#[cold]
fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, Code::BadNpy, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<NpyHeader> {
        NpyHeader::parse(text)
    }

    #[test]
    fn reads_what_numpy_and_its_older_versions_write() {
        let check = |text: &str, dtype: &str, fortran: bool, shape: &[usize]| {
            let header = parse(text).unwrap();
            assert_eq!(header.dtype.text(), dtype, "{text}");
            assert_eq!(header.fortran_order, fortran, "{text}");
            assert_eq!(&*header.shape, shape, "{text}");
        };
        let plain = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }       \n";
        check(plain, "<f8", false, &[3, 4]);
        let scalar = "{'descr': '|b1', 'fortran_order': False, 'shape': (), }";
        check(scalar, "|b1", false, &[]);
        let reordered = "{\"shape\":(3L,),\"fortran_order\":True,\"descr\":\">i4\"}";
        check(reordered, ">i4", true, &[3]);
        let structured =
            "{'descr': [('a]', '<i4'), ('b', '<f8', (2,))], 'fortran_order': False, 'shape': (2,)}";
        check(
            structured,
            "[('a]', '<i4'), ('b', '<f8', (2,))]",
            false,
            &[2],
        );
    }

    #[test]
    fn damaged_headers_are_errors() {
        for text in [
            "",
            "{",
            "{}",
            "{'descr': '<f8'}",
            "{'descr': '<f8, 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<f8', 'fortran_order': Falsch, 'shape': (3,), }",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (-3,), }",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,), }",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3 4), }",
            "{'descr': [('a', '<f8', 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), } x",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), 'x': 1}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3), }",
            "{'descr': '<f8', 'fortran_order': False, 'shape': [3], }",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3.0,), }",
            "{'descr': '<f8', 'fortran_order': 0, 'shape': (3,), }",
            "{'descr': '<f8', 'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
            "('<f8', False, (3,))",
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.code(), Code::BadNpy, "{text}");
        }
        let many = format!(
            "{{'descr': '<f8', 'fortran_order': False, 'shape': ({}), }}",
            "1, ".repeat(17)
        );
        assert_eq!(parse(&many).unwrap_err().code(), Code::TooManyAxes);
    }

    #[test]
    fn what_is_written_is_aligned_and_reads_back() {
        for shape in [&[][..], &[5], &[3, 0, 2], &[usize::MAX; 16]] {
            let shape = Shape::new(shape);
            let bytes = NpyHeader::to_write(DType::Int16, &shape);
            assert!(bytes.len().is_multiple_of(64));
            let header = NpyHeader::read(&Source::memory(bytes.clone())).unwrap();
            assert_eq!(header.shape, shape);
            assert_eq!(header.dtype.text(), "<i2");
            assert_eq!(header.data_start, bytes.len() as u64);
        }
    }

    /// A file of a version, with this dict.
    fn file(version: u8, dict: &[u8], data: &[u8]) -> Source {
        let mut bytes = [MAGIC, &[version, 0]].concat();
        match version {
            1 => bytes.extend_from_slice(&u16::try_from(dict.len()).unwrap().to_le_bytes()),
            _ => bytes.extend_from_slice(&u32::try_from(dict.len()).unwrap().to_le_bytes()),
        }
        Source::memory([&bytes, dict, data].concat())
    }

    fn dict(descr: &str, fortran: &str, shape: &str) -> String {
        format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n")
    }

    fn resolve(source: &Source, items: Items) -> Result<(ElementFormat, Shape)> {
        NpyHeader::read(source)?.resolve(source, items)
    }

    #[test]
    fn every_version_is_read_in_its_encoding() {
        let text = dict("[('\u{e9}', '<i4')]", "False", "(2,)");
        let latin: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap()).collect();
        for (version, bytes) in [(1, &latin[..]), (2, &latin), (3, text.as_bytes())] {
            let header = NpyHeader::read(&file(version, bytes, &[0; 8])).unwrap();
            assert_eq!(
                header.dtype.text(),
                "[('\u{e9}', '<i4')]",
                "version {version}"
            );
            assert_eq!(header.dtype.itemsize(), Some(4));
        }
        let code = |version, bytes| {
            NpyHeader::read(&file(version, bytes, &[]))
                .unwrap_err()
                .code()
        };
        assert_eq!(code(3, &latin), Code::BadNpy);
        assert_eq!(code(4, &latin), Code::UnsupportedFile);
        assert_eq!(code(0, &latin), Code::UnsupportedFile);
    }

    #[test]
    fn too_little_data_is_refused() {
        let header = NpyHeader::to_write(DType::Int16, &Shape::new(&[2, 2]));
        let open = |data: usize| {
            let source = Source::memory([header.clone(), vec![0; data]].concat());
            resolve(&source, Items::Declared)
        };
        assert_eq!(open(8).unwrap().0.dtype, DType::Int16);
        assert_eq!(open(7).unwrap_err().code(), Code::BadNpy);
    }

    #[test]
    fn fortran_order_matters_with_two_long_axes() {
        let transposed = |shape: &str| {
            let dict = dict("'<i2'", "True", shape);
            let header = NpyHeader::read(&file(1, dict.as_bytes(), &[])).unwrap();
            header.transposed()
        };
        assert!(transposed("(2, 2)") && transposed("(1, 2, 1, 3)"));
        for shape in ["()", "(3,)", "(1, 7, 1)", "(2, 0, 3)", "(1, 1)"] {
            assert!(!transposed(shape), "{shape}");
        }
    }

    #[test]
    fn items_are_taken_as_the_caller_wants() {
        let structured = dict("[('a', '<i4'), ('b', '<f8')]", "False", "(2,)");
        let source = file(1, structured.as_bytes(), &[0; 24]);
        let error = resolve(&source, Items::Declared).unwrap_err();
        assert_eq!(error.code(), Code::UnsupportedDType);
        let (format, shape) = resolve(&source, Items::Bytes).unwrap();
        assert_eq!((format.dtype, &shape[..]), (DType::UInt8, &[2, 12][..]));
        let short = file(1, structured.as_bytes(), &[0; 23]);
        assert_eq!(
            resolve(&short, Items::Bytes).unwrap_err().code(),
            Code::BadNpy
        );
        let raw = dict("'|V8'", "False", "(3,)");
        let source = file(1, raw.as_bytes(), &[0; 24]);
        let (format, shape) = resolve(&source, Items::As(DType::Float64)).unwrap();
        assert_eq!((format.dtype, &shape[..]), (DType::Float64, &[3][..]));
        assert!(resolve(&source, Items::As(DType::Float32)).is_err());
        let objects = file(1, dict("'|O'", "False", "(3,)").as_bytes(), &[0; 24]);
        for items in [Items::Declared, Items::Bytes, Items::As(DType::UInt8)] {
            let error = resolve(&objects, items).unwrap_err();
            assert_eq!(error.code(), Code::UnsupportedDType);
        }
        let axes = format!("({})", "1, ".repeat(16));
        let many = file(1, dict("'|V3'", "False", &axes).as_bytes(), &[0; 3]);
        let error = resolve(&many, Items::Bytes).unwrap_err();
        assert_eq!(error.code(), Code::TooManyAxes);
    }
}
