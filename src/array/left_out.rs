//! In: a stored array with damaged chunks. Out: which of its elements are sound, as an array.
//! Never: an element of a damaged chunk called sound.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Array, Blocks, DecodeScratch, Place};
use crate::error::{Error, Result};
use crate::types::{DType, Grid, Scalar, Shape};

/// What is left out of an array that was opened with [`OpenOptions::skip_damaged`](super::OpenOptions::skip_damaged).
#[derive(Debug)]
pub struct LeftOut {
    soundness: Arc<Soundness>,
    elements: usize,
}

/// Which elements of an array are sound.
#[derive(Debug)]
pub(super) struct Soundness {
    shape: Shape,
    grid: Grid,
    damaged: BTreeMap<usize, Error>,
}

impl LeftOut {
    /// The array of `shape` and `grid` has these chunks damaged, in these ways.
    pub(super) fn new(shape: &Shape, grid: &Grid, damaged: BTreeMap<usize, Error>) -> Self {
        let soundness = Soundness {
            shape: shape.clone(),
            grid: grid.clone(),
            damaged,
        };
        Self {
            elements: soundness
                .damaged
                .keys()
                .map(|&chunk| soundness.elements(chunk))
                .sum(),
            soundness: Arc::new(soundness),
        }
    }

    /// How many elements are left out.
    pub fn elements(&self) -> usize {
        self.elements
    }

    /// The chunks that are damaged, and how.
    pub fn chunks(&self) -> impl ExactSizeIterator<Item = (usize, &Error)> {
        self.soundness
            .damaged
            .iter()
            .map(|(&chunk, error)| (chunk, error))
    }

    /// Which elements are not left out: bool, of the shape of the array.
    pub(crate) fn sound(&self) -> Array<'static> {
        Array {
            dtype: DType::Bool,
            shape: self.soundness.shape.clone(),
            place: Place::Soundness(Arc::clone(&self.soundness)),
            left_out: None,
        }
    }
}

impl Soundness {
    pub(super) fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Elements of a chunk that are no padding.
    fn elements(&self, chunk: usize) -> usize {
        let counts = Shape::from(self.grid.chunks_per_axis(&self.shape));
        let axes = counts.strides().into_iter().enumerate();
        axes.map(|(axis, stride)| {
            let first = chunk / stride % counts[axis] * self.grid.chunk[axis];
            self.grid.chunk[axis].min(self.shape[axis] - first)
        })
        .product()
    }
}

impl Blocks for Soundness {
    fn decode(&self, chunk: usize, _: usize, _: &mut DecodeScratch, dst: &mut [u8]) -> Result<()> {
        dst.fill(u8::from(!self.damaged.contains_key(&chunk)));
        Ok(())
    }

    fn constant(&self, chunk: usize, _: &mut DecodeScratch) -> Result<Option<Scalar>> {
        Ok(Some(Scalar::Bool(!self.damaged.contains_key(&chunk))))
    }
}
