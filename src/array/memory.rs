//! In: memory, borrowed or owned. Out: elements at an offset and strides, all of them inside.
//! Never: a stride that was not checked against the memory's length.

use std::fmt;
use std::sync::Arc;

use super::element::bytes_of;
use super::{Element, Layout};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::types::{DType, Shape};

/// Elements in memory.
#[derive(Clone)]
pub(super) struct Memory<'a> {
    bytes: Bytes<'a>,
    offset: usize,
    strides: Arc<[isize]>,
}

#[derive(Clone)]
enum Bytes<'a> {
    Borrowed(&'a [u8]),
    Owned(Arc<dyn Owner>),
}

/// Something that owns elements.
pub(super) trait Owner: Send + Sync {
    fn bytes(&self) -> &[u8];
}

impl<T: Element> Owner for Vec<T> {
    fn bytes(&self) -> &[u8] {
        bytes_of(self)
    }
}

impl<'a> Memory<'a> {
    /// C-order elements of `shape`, which the caller has compared with the length of `bytes`.
    pub(super) fn borrowed(bytes: &'a [u8], dtype: DType, shape: &Shape) -> Self {
        Self::c_order(Bytes::Borrowed(bytes), dtype, shape)
    }

    /// C-order elements of `shape`, which the caller has compared with the length of `owner`.
    pub(super) fn owned(owner: Arc<dyn Owner>, dtype: DType, shape: &Shape) -> Self {
        Self::c_order(Bytes::Owned(owner), dtype, shape)
    }

    fn c_order(bytes: Bytes<'a>, dtype: DType, shape: &Shape) -> Self {
        // Saturation only happens where an extent is 0, and then no stride is ever used.
        let strides = shape.strides().into_iter().map(|stride| {
            isize::try_from(stride.saturating_mul(dtype.size())).unwrap_or(isize::MAX)
        });
        Self {
            bytes,
            offset: 0,
            strides: strides.collect(),
        }
    }

    /// Elements anywhere in `bytes`.
    pub(super) fn strided(
        bytes: &'a [u8],
        dtype: DType,
        shape: &Shape,
        offset: usize,
        strides: &[isize],
    ) -> Result<Self> {
        if strides.len() != shape.ndim() {
            return Err(wrong(format!(
                "shape {shape} has {} axes, but {} strides are given",
                shape.ndim(),
                strides.len()
            )));
        }
        let inside = shape.contains(&0)
            || span(shape, offset, strides, dtype.size()).is_some_and(|end| end <= bytes.len());
        if !inside {
            return Err(wrong(format!(
                "shape {shape} of {dtype} at byte {offset} with strides {strides:?} does not lie \
                 inside {} bytes",
                bytes.len()
            )));
        }
        Ok(Self {
            bytes: Bytes::Borrowed(bytes),
            offset,
            strides: strides.into(),
        })
    }

    /// The same memory from element `first` of it on, with other strides; `None` where an element
    /// would lie outside of it.
    pub(super) fn restrided(
        &self,
        dtype: DType,
        first: &[usize],
        shape: &Shape,
        strides: &[isize],
    ) -> Option<Self> {
        let bytes = self.bytes();
        let moved = first.iter().zip(self.strides.iter());
        let moved: isize = moved.map(|(&i, &stride)| stride * i as isize).sum();
        let offset = match shape.contains(&0) {
            true => 0,
            false => self.offset.checked_add_signed(moved)?,
        };
        let inside = shape.contains(&0)
            || span(shape, offset, strides, dtype.size()).is_some_and(|end| end <= bytes.len());
        inside.then(|| Self {
            bytes: self.bytes.clone(),
            offset,
            strides: strides.into(),
        })
    }

    fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Borrowed(bytes) => bytes,
            Bytes::Owned(owner) => owner.bytes(),
        }
    }

    pub(super) fn layout(&self) -> Layout<'_> {
        Layout::Resident {
            bytes: self.bytes(),
            offset: self.offset,
            strides: &self.strides,
        }
    }
}

/// The byte behind the last one of any element; `None` where one starts before byte 0 or the
/// arithmetic wraps.
fn span(shape: &Shape, offset: usize, strides: &[isize], itemsize: usize) -> Option<usize> {
    let (mut low, mut high) = (offset, offset);
    for (&extent, &stride) in shape.iter().zip(strides) {
        let reach = stride.unsigned_abs().checked_mul(extent - 1)?;
        if stride < 0 {
            low = low.checked_sub(reach)?;
        } else {
            high = high.checked_add(reach)?;
        }
    }
    high.checked_add(itemsize)
}

impl fmt::Debug for Memory<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("offset", &self.offset)
            .field("strides", &self.strides)
            .finish_non_exhaustive()
    }
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Argument, Code::WrongBuffer, message)
}
