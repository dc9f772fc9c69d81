//! In: a dtype as files spell it: `<f8`, `|b1`, `>i4`, `|S7`, `[('a', '<i4')]`. Out: the dtype
//! that expressions compute with, or the reason why there is none.
//! Never: a structured dtype that is computed with.

use std::fmt;

use super::literal::Literal;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::types::DType;

/// How elements are stored that expressions compute with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ElementFormat {
    /// What they are.
    pub dtype: DType,
    /// Whether their bytes stand in the order that is not this machine's.
    pub swapped: bool,
}

impl ElementFormat {
    /// Elements in this machine's byte order.
    pub fn native(dtype: DType) -> Self {
        let swapped = false;
        Self { dtype, swapped }
    }

    /// Makes stored elements native ones: this machine's byte order, bools of 0 and 1.
    pub fn to_native(self, elements: &mut [u8]) {
        if self.swapped {
            match self.dtype.size() {
                2 => swap::<2>(elements),
                4 => swap::<4>(elements),
                _ => swap::<8>(elements),
            }
        }
        if self.dtype.is_bool() {
            normalise_bools(elements);
        }
    }
}

fn swap<const N: usize>(elements: &mut [u8]) {
    let (elements, _) = elements.as_chunks_mut::<N>();
    for element in elements {
        element.reverse();
    }
}

/// Makes every byte but 0 a 1, as NumPy understands bools.
pub fn normalise_bools(bytes: &mut [u8]) {
    for byte in bytes {
        *byte = u8::from(*byte != 0);
    }
}

/// How the items of a file are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Items {
    /// As the file declares them; as unsigned integers where it declares nothing.
    #[default]
    Declared,
    /// As this dtype, whatever the file declares: the item sizes have to agree.
    As(DType),
    /// As their bytes: `uint8`, with one more axis behind the others, as long as an item.
    Bytes,
}

/// A dtype as a file declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDType {
    text: String,
    meaning: Meaning,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Meaning {
    /// Of a kind that expressions have; `swapped` where the byte order is not this machine's.
    Known(ElementFormat),
    /// Something else of a known item size.
    Other { itemsize: usize, why: &'static str },
    /// Something whose item size the text does not say.
    Opaque { why: &'static str },
    /// Nothing is declared.
    Missing,
}

impl Meaning {
    /// Bytes of an item, where they are known.
    fn itemsize(&self) -> Option<usize> {
        match self {
            Meaning::Known(format) => Some(format.dtype.size()),
            Meaning::Other { itemsize, .. } => Some(*itemsize),
            Meaning::Opaque { .. } | Meaning::Missing => None,
        }
    }
}

impl FileDType {
    /// Reads a dtype string, or the literal of a structured dtype as text.
    pub fn parse(text: &str) -> Self {
        let meaning = match text.starts_with(['[', '{', '(']) {
            false => plain(text),
            true => match Literal::parse(text, Code::UnsupportedDType, "dtype") {
                Ok(literal) => structured(&literal),
                Err(_) => NO_DTYPE,
            },
        };
        Self {
            text: text.to_string(),
            meaning,
        }
    }

    /// Reads a dtype that stands in a larger literal: a string, or the fields of a structured
    /// dtype as a list, in JSON also a list of lists, or as a dict.
    pub fn from_literal(literal: &Literal) -> Self {
        match literal.as_str() {
            Some(text) => Self::parse(text),
            None => Self {
                text: literal.to_string(),
                meaning: structured(literal),
            },
        }
    }

    /// The dtype of arrays whose file declares none.
    pub fn missing() -> Self {
        Self {
            text: "?".to_string(),
            meaning: Meaning::Missing,
        }
    }

    /// The dtype string.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Bytes of an item, where the text says so.
    pub fn itemsize(&self) -> Option<usize> {
        self.meaning.itemsize()
    }

    /// The text, where the file declares a dtype.
    pub fn declared_text(&self) -> Option<&str> {
        (!self.is_missing()).then_some(&*self.text)
    }

    /// Whether the file declares no dtype at all.
    pub fn is_missing(&self) -> bool {
        matches!(self.meaning, Meaning::Missing)
    }

    /// What expressions compute with, for items of `itemsize` bytes in the file.
    ///
    /// # Errors
    /// When there is none, or the item sizes contradict each other.
    pub fn resolve(&self, items: Items, itemsize: usize) -> Result<ElementFormat> {
        match items {
            Items::Declared => {}
            Items::As(dtype) => return self.resolve_as(dtype, itemsize),
            Items::Bytes => return Ok(ElementFormat::native(DType::UInt8)),
        }
        let (message, help) = match self.meaning {
            Meaning::Known(format) if format.dtype.size() == itemsize => return Ok(format),
            Meaning::Known(format) => (
                format!(
                    "the file declares dtype {self} ({} bytes), but its items have {itemsize} bytes",
                    format.dtype.size()
                ),
                "give the real dtype behind the path: x=file.b2nd:float32",
            ),
            Meaning::Missing => match unsigned(itemsize) {
                Some(dtype) => return Ok(ElementFormat::native(dtype)),
                None => (
                    format!("the file declares no dtype, and its items have {itemsize} bytes"),
                    "expressions compute with items of 1, 2, 4 and 8 bytes",
                ),
            },
            Meaning::Other { why, .. } | Meaning::Opaque { why } => (
                format!("dtype {self} cannot be computed with: {why}"),
                "expressions compute with bool, int8 to int64, uint8 to uint64, float32 and float64; \
                 PATH:bytes reads the bytes of other items",
            ),
        };
        Err(Error::new(ErrorKind::Unsupported, Code::UnsupportedDType, message).with_help(help))
    }

    /// The items as `dtype`, in the byte order that the file declares.
    fn resolve_as(&self, dtype: DType, itemsize: usize) -> Result<ElementFormat> {
        if dtype.size() != itemsize {
            return Err(Error::new(
                ErrorKind::Argument,
                Code::UnsupportedDType,
                format!(
                    "dtype {dtype} has items of {} bytes, the file of {itemsize}",
                    dtype.size()
                ),
            ));
        }
        let swapped = match self.meaning {
            Meaning::Known(format) => format.swapped,
            Meaning::Other { .. } | Meaning::Opaque { .. } | Meaning::Missing => {
                cfg!(target_endian = "big")
            }
        };
        Ok(ElementFormat {
            dtype,
            swapped: swapped && dtype.size() > 1,
        })
    }
}

/// The unsigned integers of an item size.
fn unsigned(itemsize: usize) -> Option<DType> {
    let dtypes = [DType::UInt8, DType::UInt16, DType::UInt32, DType::UInt64];
    dtypes.into_iter().find(|dtype| dtype.size() == itemsize)
}

/// In quotes, or as the literal that it is; long ones cut off.
impl fmt::Display for FileDType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 200;
        let quote = if self.text.starts_with(['[', '{', '(']) {
            ""
        } else {
            "'"
        };
        f.write_str(quote)?;
        for character in self.text.chars().take(MOST) {
            match character.is_control() {
                true => write!(f, "{}", character.escape_debug())?,
                false => write!(f, "{character}")?,
            }
        }
        let more = if self.text.chars().nth(MOST).is_some() {
            "..."
        } else {
            ""
        };
        write!(f, "{more}{quote}")
    }
}

/// How files spell a dtype: `<f8`, `|b1`.
pub fn spell(dtype: DType) -> String {
    let order = if dtype.size() == 1 { '|' } else { '<' };
    format!("{order}{}{}", kind_letter(dtype), dtype.size())
}

fn kind_letter(dtype: DType) -> char {
    match dtype {
        DType::Bool => 'b',
        DType::Int8 | DType::Int16 | DType::Int32 | DType::Int64 => 'i',
        DType::UInt8 | DType::UInt16 | DType::UInt32 | DType::UInt64 => 'u',
        DType::Float32 | DType::Float64 => 'f',
    }
}

const NO_DTYPE: Meaning = Meaning::Opaque {
    why: "it is not a NumPy dtype",
};

/// NumPy's names of dtypes that expressions do not have: their kind and size.
const NAMES: [(&str, char, usize); 8] = [
    ("float16", 'f', 2),
    ("float128", 'f', 16),
    ("complex64", 'c', 8),
    ("complex128", 'c', 16),
    ("complex256", 'c', 32),
    ("datetime64", 'M', 8),
    ("timedelta64", 'm', 8),
    ("object", 'O', 8),
];

/// What a dtype string means.
fn plain(text: &str) -> Meaning {
    if let Some(dtype) = DType::from_name(text) {
        return in_order('<', dtype);
    }
    // A unit as in `M8[ns]` follows the rest.
    let text = match text.strip_suffix(']') {
        Some(unit) => unit.split_once('[').map_or(text, |(text, _)| text),
        None => text,
    };
    if let Some(&(_, kind, size)) = NAMES.iter().find(|(name, ..)| *name == text) {
        return other(kind, size);
    }
    let (order, rest) = match text.strip_prefix(['<', '>', '|', '=']) {
        Some(rest) => (text.chars().next().unwrap_or('|'), rest),
        None => ('|', text),
    };
    if rest == "O" {
        return other('O', 8);
    }
    let mut chars = rest.chars();
    let (kind, digits) = (chars.next(), chars.as_str());
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let (Some(kind), true, Ok(size)) = (kind, plain, digits.parse::<usize>()) else {
        return NO_DTYPE;
    };
    let known = DType::ALL
        .into_iter()
        .find(|&dtype| kind_letter(dtype) == kind && dtype.size() == size);
    match known {
        Some(dtype) => in_order(order, dtype),
        None => other(kind, size),
    }
}

/// What the literal of a structured dtype means: its fields are not looked at, only counted.
fn structured(literal: &Literal) -> Meaning {
    let why = "it is structured, and expressions have no fields";
    match item_bytes(literal) {
        Some(itemsize) => Meaning::Other { itemsize, why },
        None => Meaning::Opaque { why },
    }
}

/// Bytes of an item of a dtype; `None` where that does not follow from the text. Recurses no
/// deeper than literals nest.
fn item_bytes(dtype: &Literal) -> Option<usize> {
    match dtype {
        Literal::Str(text) => plain(text).itemsize(),
        Literal::List(fields) => {
            let mut fields = fields.iter().map(field_bytes);
            fields.try_fold(0usize, |sum, bytes| sum.checked_add(bytes?))
        }
        Literal::Tuple(parts) => match &parts[..] {
            [item, shape] => item_bytes(item)?.checked_mul(elems(shape)?),
            _ => None,
        },
        Literal::Dict(_) => dict_bytes(dtype),
        Literal::None | Literal::Bool(_) | Literal::Int(_) | Literal::Float(_) => None,
    }
}

/// Bytes of a field: name, dtype, and a shape where it is an array.
fn field_bytes(field: &Literal) -> Option<usize> {
    match field.as_list()? {
        [_, item] => item_bytes(item),
        [_, item, shape] => item_bytes(item)?.checked_mul(elems(shape)?),
        _ => None,
    }
}

/// Elements of the shape of a field: a number or several.
fn elems(shape: &Literal) -> Option<usize> {
    match shape.as_list() {
        None => shape.as_usize(),
        Some(extents) => {
            let mut extents = extents.iter().map(Literal::as_usize);
            extents.try_fold(1usize, |product, extent| product.checked_mul(extent?))
        }
    }
}

/// Bytes of an item of the dict form, where fields may overlap and leave gaps.
fn dict_bytes(dtype: &Literal) -> Option<usize> {
    let mut end = Some(0usize);
    let offsets = dtype.get("offsets").map(|offsets| offsets.as_list());
    for (nth, item) in dtype.get("formats")?.as_list()?.iter().enumerate() {
        let offset = match offsets {
            Some(offsets) => offsets?.get(nth)?.as_usize()?,
            None => end.unwrap_or(0),
        };
        let field_end = item_bytes(item).and_then(|bytes| offset.checked_add(bytes));
        end = end.zip(field_end).map(|(a, b)| a.max(b));
    }
    let aligned = dtype.get("aligned").and_then(Literal::as_bool) == Some(true);
    match dtype.get("itemsize") {
        Some(itemsize) => itemsize
            .as_usize()
            .filter(|size| end.is_none_or(|end| end <= *size)),
        // Alignment leaves gaps that only offsets would tell.
        None => end.filter(|_| !aligned),
    }
}

fn in_order(order: char, dtype: DType) -> Meaning {
    let foreign = match order {
        '>' => cfg!(target_endian = "little"),
        '<' => cfg!(target_endian = "big"),
        _ => false,
    };
    Meaning::Known(ElementFormat {
        dtype,
        swapped: foreign && dtype.size() > 1,
    })
}

fn other(kind: char, size: usize) -> Meaning {
    let (unit, why) = match kind {
        'f' => (1, "only 4 and 8 byte floats can be"),
        'c' => (1, "it is complex"),
        'S' | 'a' => (1, "it is a string"),
        'U' => (4, "it is a string"),
        'V' => (1, "it is raw bytes"),
        'M' | 'm' => (1, "it is a date or a duration"),
        'O' => {
            // Files hold them pickled, whatever their size in memory.
            let why = "it is Python objects";
            return Meaning::Opaque { why };
        }
        _ => return NO_DTYPE,
    };
    match size.checked_mul(unit) {
        Some(itemsize) => Meaning::Other { itemsize, why },
        None => Meaning::Opaque { why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dtype_reads_back_what_it_spells() {
        for dtype in DType::ALL {
            let text = spell(dtype);
            assert_eq!(
                FileDType::parse(&text)
                    .resolve(Items::Declared, dtype.size())
                    .unwrap(),
                ElementFormat::native(dtype)
            );
            let named = FileDType::parse(dtype.name());
            let format = named.resolve(Items::Declared, dtype.size()).unwrap();
            assert_eq!(format.dtype, dtype);
        }
        assert_eq!(spell(DType::Float64), "<f8");
        assert_eq!(spell(DType::Bool), "|b1");
        assert!(
            !FileDType::parse(">u1")
                .resolve(Items::Declared, 1)
                .unwrap()
                .swapped
        );
    }

    #[test]
    fn other_dtypes_keep_their_item_size_and_say_why_not() {
        let check = |text: &str, itemsize: Option<usize>, why: &str| {
            let dtype = FileDType::parse(text);
            assert_eq!(dtype.itemsize(), itemsize, "{text}");
            let error = dtype
                .resolve(Items::Declared, itemsize.unwrap_or(1))
                .unwrap_err();
            assert_eq!(error.code(), Code::UnsupportedDType);
            assert!(error.message().contains(why), "{text}: {error}");
        };
        check("|S7", Some(7), "string");
        check("<U3", Some(12), "string");
        check("<M8[ns]", Some(8), "date");
        check("<c16", Some(16), "complex");
        check("<f2", Some(2), "floats");
        check("|V10", Some(10), "raw");
        check("{'names': ['a']}", None, "structured");
        check("[('a', '<i4'), ('b', '<f8')]", Some(12), "structured");
        check("float16", Some(2), "floats");
        check("complex128", Some(16), "complex");
        check("datetime64[ns]", Some(8), "date");
        check("timedelta64[D]", Some(8), "date");
        check("|S300", Some(300), "string");
        check("<U80", Some(320), "string");
        check("object", None, "Python objects");
        check("|O", None, "Python objects");
        check("|O8", None, "Python objects");
        check("[('a', '<i4'", None, "not a NumPy");
        check("[__import__('os')]", None, "not a NumPy");
        check("<f8[ns", None, "not a NumPy");
        check("", None, "not a NumPy");
        check("<f", None, "not a NumPy");
        check("<f+8", None, "not a NumPy");
        check("<U99999999999999999999", None, "not a NumPy");
        check("<U18446744073709551615", None, "string");
        check("é8", None, "not a NumPy");
    }

    #[test]
    fn structured_dtypes_have_an_item_size() {
        let check = |text: &str, itemsize: Option<usize>| {
            let dtype = FileDType::parse(text);
            assert_eq!(dtype.itemsize(), itemsize, "{text}");
            assert!(
                dtype
                    .resolve(Items::Declared, itemsize.unwrap_or(1))
                    .is_err()
            );
            let literal = Literal::parse(text, Code::BadMeta, "text").unwrap();
            let same = FileDType::from_literal(&literal);
            assert_eq!((same.itemsize(), same.text()), (itemsize, dtype.text()));
        };
        check(
            "[('a', '<i4'), ('v', '<f4', (2, 3)), ('n', [('x', '<i2')])]",
            Some(30),
        );
        check("[['a', '<i4'], ['b', '<f8', 2]]", Some(20));
        check("[(('title', 'name'), '>u8'), ('', '|V4')]", Some(12));
        check("[('a', ('<i4', (5,)))]", Some(20));
        check("('<f8', (2, 2))", Some(32));
        check("[('a', '<f8')]", Some(8));
        check("[]", Some(0));
        check("[('t', '<M8[ns]'), ('s', '<U3'), ('f', '<f2')]", Some(22));
        check("[('o', '|O'), ('a', '<i4')]", None);
        check("[('a', '<i4', (9223372036854775807, 9))]", None);
        check("[('a', '|S18446744073709551615'), ('b', '|u1')]", None);
        check("[('a', '<i4', (2, -3))]", None);
        check("[('a', '<i4', 2, 2)]", None);
        check("[('a',)]", None);
        check("[8]", None);
        let dict = |rest: &str| format!("{{'names': ['x', 'y'], 'formats': ['<f4', '|u1']{rest}}}");
        check(
            &dict(", 'offsets': [0, 8], 'itemsize': 16, 'aligned': True"),
            Some(16),
        );
        check(&dict(", 'offsets': [8, 0]"), Some(12));
        check(&dict(""), Some(5));
        check(&dict(", 'aligned': True"), None);
        check(&dict(", 'itemsize': 4"), None);
        check(&dict(", 'itemsize': -1"), None);
        check(&dict(", 'offsets': [0]"), None);
        check(&dict(", 'offsets': 3"), None);
        check(
            "{'names': ['o'], 'formats': ['|O'], 'itemsize': 8}",
            Some(8),
        );
        // One field without a name is no scalar dtype here, as in NumPy.
        check("[('', '<f8')]", Some(8));
    }

    #[test]
    fn a_wrong_item_size_names_both() {
        let error = FileDType::parse("|u1")
            .resolve(Items::Declared, 4)
            .unwrap_err();
        assert_eq!(
            error.message(),
            "the file declares dtype '|u1' (1 bytes), but its items have 4 bytes"
        );
    }

    #[test]
    fn foreign_byte_orders_are_swapped() {
        let format = FileDType::parse(">i4").resolve(Items::Declared, 4).unwrap();
        assert_eq!(format.swapped, cfg!(target_endian = "little"));
        let mut elements = [0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFE];
        ElementFormat {
            dtype: DType::Int32,
            swapped: true,
        }
        .to_native(&mut elements);
        assert_eq!(elements, [1, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF]);
        let mut pairs = [1, 2, 3, 4];
        swap::<2>(&mut pairs);
        assert_eq!(pairs, [2, 1, 4, 3]);
    }

    #[test]
    fn the_caller_may_give_the_dtype_and_no_dtype_is_unsigned() {
        let missing = FileDType::missing();
        assert_eq!(
            missing.resolve(Items::Declared, 4).unwrap().dtype,
            DType::UInt32
        );
        assert!(missing.resolve(Items::Declared, 3).is_err());
        let wanted = |text: &str, dtype, itemsize| {
            FileDType::parse(text).resolve(Items::As(dtype), itemsize)
        };
        assert_eq!(
            wanted("|u1", DType::Float32, 4).unwrap().dtype,
            DType::Float32
        );
        assert!(wanted(">i8", DType::Float64, 8).unwrap().swapped);
        assert!(wanted("|V8", DType::Float64, 8).is_ok());
        assert!(wanted("<f8", DType::Float32, 8).is_err());
    }
}
