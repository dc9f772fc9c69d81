//! In: the elements of a tile. Out: those elements where the caller wants them.
//! Never: two tiles writing the same byte.

#![expect(
    unsafe_code,
    reason = "tiles write disjoint parts of one result from several threads"
)]

use std::fmt;
use std::marker::PhantomData;

use crate::array::OutputFile;
use crate::error::Result;
use crate::exec::tiling::Tile;
use crate::store::boxes::{dense_strides, each_run};
use crate::store::dataset::DatasetWriter;
use crate::types::{DType, Shape};

/// A part of an output, handed to a callback: a box of elements, dense in C order.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'p> {
    /// Which output.
    pub output: usize,
    /// Element type.
    pub dtype: DType,
    /// Index of the box's first element along each axis of the output.
    pub start: &'p [usize],
    /// Extent of the box along each axis.
    pub extent: &'p [usize],
    /// The elements in C order, native byte order.
    pub bytes: &'p [u8],
}

/// Receives the parts of outputs, from worker threads, in no fixed order.
pub type Receiver<'r> = dyn Fn(&Piece<'_>) -> Result<()> + Sync + 'r;

/// Where an elementwise output goes.
pub(crate) enum Target<'t> {
    /// Memory of the whole output.
    Memory(SharedBytes<'t>),
    /// A file.
    File(&'t OutputFile),
    /// The caller, piece by piece.
    Receiver(usize, &'t Receiver<'t>),
}

/// An elementwise output: its type, and where it goes.
pub(crate) struct Output<'t> {
    pub(crate) dtype: DType,
    pub(crate) shape: Shape,
    pub(crate) target: Target<'t>,
}

/// Memory that several workers write to, each its own tiles.
pub(crate) struct SharedBytes<'t> {
    start: *mut u8,
    len: usize,
    memory: PhantomData<&'t mut [u8]>,
}

// SAFETY: `SharedBytes` stands for an exclusive borrow of the memory, and the executor hands out
// each tile, hence each byte, to one worker only (`Tiling` covers the domain once).
unsafe impl Send for SharedBytes<'_> {}
// SAFETY: as above.
unsafe impl Sync for SharedBytes<'_> {}

impl<'t> SharedBytes<'t> {
    /// Shares `memory` for the lifetime of the evaluation.
    pub(crate) fn new(memory: &'t mut [u8]) -> Self {
        Self {
            start: memory.as_mut_ptr(),
            len: memory.len(),
            memory: PhantomData,
        }
    }

    /// Where bytes `at .. at + len` are.
    ///
    /// # Panics
    /// If they are outside the memory.
    pub(crate) fn at(&self, at: usize, len: usize) -> *mut u8 {
        assert!(
            at <= self.len && len <= self.len - at,
            "tile outside its output"
        );
        self.start.wrapping_add(at)
    }

    /// Copies `piece` to byte `at`.
    fn write(&self, at: usize, piece: &[u8]) {
        let to = self.at(at, piece.len());
        // SAFETY: `at` checked that the range lies in the memory that `new` borrowed exclusively;
        // no other tile has these bytes, and `piece` is not part of the output.
        unsafe { std::ptr::copy_nonoverlapping(piece.as_ptr(), to, piece.len()) };
    }
}

impl Output<'_> {
    /// Where row `start ..` of `n` elements lies in the output's memory, if the rows of tiles are
    /// dense there (`inner` is the number of axes in front of a row).
    pub(crate) fn row(&self, tile: &Tile, split: usize) -> Option<(&SharedBytes<'_>, Vec<isize>)> {
        let Target::Memory(memory) = &self.target else {
            return None;
        };
        let dense =
            (split + 1..self.shape.ndim()).all(|axis| tile.extent[axis] == self.shape[axis]);
        dense.then(|| (memory, dense_strides(&self.shape, self.dtype.size())))
    }

    /// What takes one value for all elements at once, where this goes to that.
    pub(crate) fn filler(&self) -> Option<&DatasetWriter> {
        match &self.target {
            Target::File(file) => file.filler(),
            Target::Memory(_) | Target::Receiver(..) => None,
        }
    }

    /// Whether tiles had better come in order.
    pub(crate) fn wants_order(&self) -> bool {
        matches!(self.target, Target::File(file) if file.wants_order())
    }

    /// Delivers a tile's elements, dense in C order.
    pub(crate) fn deliver(&self, tile: &Tile, bytes: &[u8]) -> Result<()> {
        let item = self.dtype.size();
        match &self.target {
            Target::Memory(memory) => each_run(
                &self.shape,
                item,
                &tile.start,
                &tile.extent,
                bytes,
                |first, run| {
                    memory.write(first * item, run);
                    Ok(())
                },
            ),
            Target::File(file) => file.write(&tile.start, &tile.extent, bytes),
            Target::Receiver(output, receiver) => receiver(&Piece {
                output: *output,
                dtype: self.dtype,
                start: &tile.start,
                extent: &tile.extent,
                bytes,
            }),
        }
    }
}

impl fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = match &self.target {
            Target::Memory(_) => "memory",
            Target::File(_) => "file",
            Target::Receiver(..) => "receiver",
        };
        write!(f, "{}{} to {target}", self.dtype, self.shape)
    }
}
