//! In: the header of a `.npy` file. Out: its dtype, shape and where the data begins; and the
//! header of a file to write.
//! Never: an evaluator for Python: the header is one dict of known keys, read by a strict grammar.

use super::dtype::{self, ElementFormat, FileDType, Items};
use super::file::{Source, unsupported};
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
        let text =
            std::str::from_utf8(&text).map_err(|_| bad("the .npy header is not UTF-8 text"))?;
        let mut header = Dict::parse(text)?;
        header.data_start = start + len as u64;
        Ok(header)
    }

    /// The dtype that expressions compute with, for a file whose elements can be read in C order.
    ///
    /// # Errors
    /// When the dtype, the order or the file's length does not allow that.
    pub fn resolve(&self, source: &Source) -> Result<ElementFormat> {
        let itemsize = self.dtype.itemsize().unwrap_or(1);
        self.dtype
            .resolve(Items::Declared, itemsize)
            .and_then(|format| {
                self.check(format.dtype, source.len_bytes())?;
                Ok(format)
            })
            .map_err(|error| source.blame(error))
    }

    fn check(&self, dtype: DType, len_bytes: u64) -> Result<()> {
        let fits = self.shape.checked_elems().and_then(|elems| {
            let bytes = (elems as u64).checked_mul(dtype.size() as u64)?;
            let end = self.data_start.checked_add(bytes)?;
            (end <= len_bytes).then_some(())
        });
        if fits.is_none() {
            return Err(bad(format!(
                "the file has {} bytes of data, too few for shape {} of {dtype}",
                len_bytes.saturating_sub(self.data_start),
                self.shape
            )));
        }
        // With at most one axis longer than 1 both orders are the same.
        let orders_differ = self.shape.iter().filter(|&&extent| extent != 1).count() > 1;
        if self.fortran_order && orders_differ && !self.shape.contains(&0) {
            return Err(unsupported("the .npy file is in Fortran order")
                .with_help("save it with np.ascontiguousarray"));
        }
        Ok(())
    }

    /// The bytes before the data of a C-order file, aligned to 64.
    pub fn to_write(dtype: DType, shape: &Shape) -> Vec<u8> {
        let mut dict = format!(
            "{{'descr': '{}', 'fortran_order': False, 'shape': {shape}, }}",
            dtype::spell(dtype)
        );
        // At most 16 axes of 20 digits: far below the 65,535 bytes of version 1.
        let unpadded = MAGIC.len() + 4 + dict.len() + 1;
        dict.extend(std::iter::repeat_n(
            ' ',
            unpadded.next_multiple_of(64) - unpadded,
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

/// A reader of the one dict that a header consists of.
struct Dict<'t> {
    rest: &'t str,
}

impl<'t> Dict<'t> {
    fn parse(text: &'t str) -> Result<NpyHeader> {
        let mut dict = Dict { rest: text };
        let (mut descr, mut order, mut shape) = (None, None, None);
        dict.expect("{")?;
        while !dict.accept("}") {
            let key = dict.string()?;
            dict.expect(":")?;
            match key {
                "descr" => descr = Some(dict.descr()?),
                "fortran_order" => order = Some(dict.boolean()?),
                "shape" => shape = Some(dict.shape()?),
                _ => return Err(bad(format!("the .npy header has the unknown key '{key}'"))),
            }
            if !dict.accept(",") {
                dict.expect("}")?;
                break;
            }
        }
        if !dict.rest.trim().is_empty() {
            return Err(bad("the .npy header goes on behind its dict"));
        }
        match (descr, order, shape) {
            (Some(dtype), Some(fortran_order), Some(shape)) => Ok(NpyHeader {
                dtype,
                fortran_order,
                shape,
                data_start: 0,
            }),
            _ => Err(bad("the .npy header lacks descr, fortran_order or shape")),
        }
    }

    fn accept(&mut self, token: &str) -> bool {
        match self.rest.trim_start().strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) -> Result<()> {
        if self.accept(token) {
            return Ok(());
        }
        let found: String = self.rest.trim_start().chars().take(8).collect();
        Err(bad(format!(
            "the .npy header has '{}' where '{token}' belongs",
            found.escape_debug()
        )))
    }

    fn string(&mut self) -> Result<&'t str> {
        let quote = if self.accept("'") { '\'' } else { '"' };
        if quote == '"' {
            self.expect("\"")?;
        }
        let (text, rest) = self
            .rest
            .split_once(quote)
            .ok_or_else(|| bad("the .npy header has a string without its end"))?;
        self.rest = rest;
        Ok(text)
    }

    fn boolean(&mut self) -> Result<bool> {
        if self.accept("True") {
            return Ok(true);
        }
        self.expect("False").map(|()| false)
    }

    /// A dtype string, or the text of a structured dtype up to its balancing bracket.
    fn descr(&mut self) -> Result<FileDType> {
        let text = self.rest.trim_start();
        if !text.starts_with('[') {
            return self.string().map(FileDType::parse);
        }
        let mut depth = 0usize;
        let mut quoted = None;
        for (at, character) in text.char_indices() {
            match (quoted, character) {
                (Some(quote), end) if quote == end => quoted = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quoted = Some(character),
                (None, '[' | '(') => depth += 1,
                (None, ']' | ')') => depth = depth.saturating_sub(1),
                (None, _) => {}
            }
            if depth == 0 {
                self.rest = &text[at + 1..];
                return Ok(FileDType::parse(&text[..=at]));
            }
        }
        Err(bad("the .npy header has a bracket that is never closed"))
    }

    fn shape(&mut self) -> Result<Shape> {
        self.expect("(")?;
        let mut extents = Vec::new();
        while !self.accept(")") {
            extents.push(self.extent()?);
            if extents.len() > MAX_NDIM {
                return Err(Error::new(
                    ErrorKind::Limit,
                    Code::TooManyAxes,
                    format!("the .npy file has more than {MAX_NDIM} axes"),
                ));
            }
            if !self.accept(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(Shape::from(extents))
    }

    fn extent(&mut self) -> Result<usize> {
        let text = self.rest.trim_start();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let extent = text[..digits]
            .parse()
            .map_err(|_| bad("the .npy header has an extent that is no number"))?;
        self.rest = &text[digits..];
        // Python 2 wrote long integers with an L.
        let _ = self.accept("L");
        Ok(extent)
    }
}

#[cold]
fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, Code::BadNpy, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<NpyHeader> {
        Dict::parse(text)
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

    #[test]
    fn too_little_data_and_fortran_order_are_refused() {
        let header = NpyHeader::to_write(DType::Int16, &Shape::new(&[2, 2]));
        let open = |bytes: Vec<u8>| {
            let source = Source::memory(bytes);
            NpyHeader::read(&source)?.resolve(&source)
        };
        let with_data = |data: usize| [header.clone(), vec![0; data]].concat();
        assert_eq!(open(with_data(8)).unwrap().dtype, DType::Int16);
        assert_eq!(open(with_data(7)).unwrap_err().code(), Code::BadNpy);
        let text = String::from_utf8_lossy(&header).replace("False", "True ");
        let mut fortran = with_data(8);
        // The magic is no UTF-8, so only the dict is replaced.
        let dict = text.find('{').unwrap();
        let tail = &text.as_bytes()[dict..];
        let start = header.len() - tail.len();
        fortran[start..header.len()].copy_from_slice(tail);
        assert_eq!(open(fortran).unwrap_err().code(), Code::UnsupportedFile);
    }
}
