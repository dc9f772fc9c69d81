//! In: an operand and a number. Out: the first elements of the array there, of any dtype.
//! Never: blocks decoded that none of them is in.

use crate::array::{Array, DecodeScratch};
use crate::cli::args::{self, Head as Args};
use crate::cli::json::{self, Data};
use crate::cli::output::Output;
use crate::cli::{print, printable, show};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_HEAD_BYTES;
use crate::store::item_text;
use crate::types::{DType, Shape};

/// Elements shown of axes that are neither the first nor the last.
const LAYERS: usize = 3;

/// Elements of one index of the first axis above which further axes show one index only.
const PAGE: usize = 100;
/// Bytes shown of an item that is no number.
const ITEM_BYTES: usize = 256;

/// Shows the first elements of an array.
pub(super) fn head(args: &Args, output: &mut Output) -> Result<()> {
    let corner = match Array::open_operand(&args.path) {
        Ok(array) => Corner::read(&array, args.n)?,
        Err(error) if error.code() == Code::UnsupportedDType => {
            match Array::options().bytes().open_operand(&args.path) {
                Ok(items) if items.dtype() == DType::UInt8 => Corner::read_items(&items, args.n)?,
                Ok(_) | Err(_) => return Err(error),
            }
        }
        Err(error) => return Err(error),
    };
    match output.is_json() {
        true => print(output, &corner.json()),
        false => print(output, &printable(&corner.text())),
    }
}

/// The first elements of an array along each axis.
struct Corner {
    /// What the elements are, for people.
    dtype: String,
    /// Extents of the array.
    shape: Shape,
    /// Extents of what was read.
    extent: Shape,
    elements: Elements,
}

enum Elements {
    Native(DType, Vec<u8>),
    /// A text each.
    Texts(Vec<String>),
}

impl Corner {
    fn read(array: &Array<'_>, n: args::Corner) -> Result<Self> {
        let (shape, dtype) = (array.shape().clone(), array.dtype());
        let extent = corner(&shape, n);
        let bytes = read(array, &extent)?;
        Ok(Self {
            dtype: dtype.to_string(),
            shape,
            extent,
            elements: Elements::Native(dtype, bytes),
        })
    }

    /// The same for items that were opened as bytes along a last axis.
    fn read_items(array: &Array<'_>, n: args::Corner) -> Result<Self> {
        let dtype = array.declared_dtype().unwrap_or("?").to_string();
        let (itemsize, shape) = match array.shape().split_last() {
            Some((&itemsize, shape)) => (itemsize, Shape::new(shape)),
            None => (1, Shape::scalar()),
        };
        let extent = corner(&shape, n);
        let shown = itemsize.min(ITEM_BYTES);
        let bytes = read(array, &extent.with_axis(shown))?;
        let more = if shown < itemsize { "..." } else { "" };
        let items = bytes.chunks_exact(shown.max(1));
        let texts = items
            .map(|item| format!("{}{more}", item_text(&dtype, item)))
            .collect();
        Ok(Self {
            dtype,
            shape,
            extent,
            elements: Elements::Texts(texts),
        })
    }

    fn text(&self) -> String {
        let shown = match self.extent == self.shape {
            true => String::new(),
            false => format!(", of which {}", self.extent),
        };
        let title = format!("{} {}{shown}", self.dtype, self.shape);
        if self.extent.elems() == 0 {
            return title;
        }
        let elements = match &self.elements {
            Elements::Native(dtype, bytes) => show::layout(&self.extent, false, &|index| {
                show::element(*dtype, bytes, index)
            }),
            Elements::Texts(texts) => show::layout(&self.extent, false, &|index| {
                texts.get(index).cloned().unwrap_or_default()
            }),
        };
        format!("{title}\n{elements}")
    }

    fn json(&self) -> String {
        // Not through a JSON value, which has no numbers but float64.
        let data = match &self.elements {
            Elements::Native(dtype, bytes) => json::line(&Data(*dtype, bytes)),
            Elements::Texts(texts) => json::line(texts),
        };
        format!(
            r#"{{"ok":true,"dtype":{},"shape":{},"extent":{},"data":{data}}}"#,
            json::line(&self.dtype),
            json::line(&self.shape[..].to_vec()),
            json::line(&self.extent[..].to_vec()),
        )
    }
}

/// Extents of the corner to read: what `n` says of the first axis and of the last, and of the others
/// what keeps the rest of it on a page.
fn corner(shape: &Shape, n: args::Corner) -> Shape {
    let mut extents = shape.to_vec();
    let last = extents.len().saturating_sub(1);
    let mut shown = 1;
    for (axis, extent) in extents.iter_mut().enumerate().skip(1).rev() {
        let most = if axis == last { n.columns } else { LAYERS };
        let most = if shown > PAGE { 1 } else { most };
        *extent = most.min(*extent);
        shown *= (*extent).max(1);
    }
    if let Some(first) = extents.first_mut() {
        *first = n.rows.min(*first);
    }
    Shape::from(extents)
}

fn read(array: &Array<'_>, extent: &Shape) -> Result<Vec<u8>> {
    let needed = extent
        .checked_elems()
        .and_then(|elems| elems.checked_mul(array.dtype().size()))
        .filter(|&needed| needed <= MAX_HEAD_BYTES);
    let Some(needed) = needed else {
        let message = format!("the first {extent} elements are more than head shows");
        let error = Error::new(ErrorKind::Limit, Code::TooLarge, message);
        return Err(error.with_help("ask for fewer with -n"));
    };
    let mut bytes = vec![0; needed];
    let start = vec![0; extent.ndim()];
    array.read_box(&start, extent, &mut DecodeScratch::default(), &mut bytes)?;
    Ok(bytes)
}
