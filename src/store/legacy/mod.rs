//! In: containers that were written before Blosc2: Bloscpack files, directories of BLZ, carray and
//! bcolz. Out: the arrays that they hold.
//! Never: written; a pickle opened.

mod bloscpack;
mod checksum;
mod header;
mod index;
mod metadata;

mod rootdir;
mod table;

pub use bloscpack::Bloscpack;
pub use checksum::Checksum;
pub use header::{FileHeader, MAGIC};
pub use metadata::{Metadata, NumPyArray};
pub use rootdir::Rootdir;
pub use table::Table;

use super::dtype::{ElementFormat, FileDType, Items};
use super::file::Source;
use super::linear::LinearArray;
use super::literal::Literal;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_LEGACY_META_BYTES, MAX_NDIM};
use crate::types::Shape;

/// The array in a Bloscpack file.
#[derive(Debug)]
pub struct LegacyArray {
    /// Its elements, in the order that they are stored in.
    pub elements: LinearArray,
    /// Whether that is Fortran order: the first axis varies fastest.
    pub fortran: bool,
}

/// The dict that the JSON `text` consists of.
fn json_dict(text: &[u8], what: &str) -> Result<Literal> {
    let text = std::str::from_utf8(text).map_err(|_| damaged(format!("the {what} is no text")))?;
    if text.trim().is_empty() {
        return Err(damaged(format!(
            "the {what} is empty: its writer did not complete it"
        )));
    }
    let literal = Literal::parse(text, Code::BadMeta, what)?;
    match literal.as_dict() {
        Some(_) => Ok(literal),
        None => Err(damaged(format!("the {what} is no JSON object"))),
    }
}

/// The dict in a JSON file.
fn json_file(source: &Source, what: &str) -> Result<Literal> {
    let len = usize::try_from(source.len_bytes()).ok();
    let read = match len.filter(|&len| len <= MAX_LEGACY_META_BYTES) {
        Some(len) => source
            .read_vec(0, len)
            .and_then(|text| json_dict(&text, what)),
        None => Err(too_long(what, source.len_bytes())),
    };
    read.map_err(|error| source.blame(error))
}

/// The extents that stand under the key `shape`.
fn shape_of(dict: &Literal, what: &str) -> Result<Shape> {
    let extents = dict.get("shape").and_then(Literal::as_list);
    let extents = extents.ok_or_else(|| damaged(format!("the {what} has no shape")))?;
    if extents.len() > MAX_NDIM {
        return Err(too_many_axes(what, extents.len()));
    }
    let sizes: Option<Vec<usize>> = extents.iter().map(Literal::as_usize).collect();
    let sizes = sizes.ok_or_else(|| damaged(format!("the {what} has an extent that is none")))?;
    Ok(Shape::from(sizes))
}

/// How the elements of an array are taken, and its shape with that.
fn resolve(dtype: &FileDType, shape: &Shape, items: Items) -> Result<(ElementFormat, Shape)> {
    let Some(itemsize) = dtype.itemsize() else {
        // What cannot be counted cannot be computed with either; the dtype knows why.
        dtype.resolve(Items::Declared, 1)?;
        return Err(damaged("the array has no dtype"));
    };
    if itemsize == 0 {
        return Err(damaged(format!("dtype {dtype} has items without bytes")));
    }
    let format = dtype.resolve(items, itemsize)?;
    let shape = match items {
        Items::Bytes => shape.with_axis(itemsize),
        Items::Declared | Items::As(_) => shape.clone(),
    };
    match shape.ndim_allowed() {
        true => Ok((format, shape)),
        false => Err(too_many_axes("array", shape.ndim())),
    }
}

#[cold]
fn too_many_axes(what: &str, axes: usize) -> Error {
    let message = format!("the {what} has {axes} axes; at most {MAX_NDIM} are allowed");
    Error::new(ErrorKind::Limit, Code::TooManyAxes, message)
}

#[cold]
fn too_long(what: &str, bytes: u64) -> Error {
    let message = format!("the {what} has {bytes} bytes; at most {MAX_LEGACY_META_BYTES} are read");
    Error::new(ErrorKind::Limit, Code::TooLarge, message)
}

/// An error about a container that contradicts itself.
#[cold]
fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, Code::BadFrame, message)
}

/// An error about what is said of an array.
#[cold]
fn damaged(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, Code::BadMeta, message)
}
