//! In: the numbers of bins and the weights of tiles. Out: the sums of the weights of each bin, added
//! up in C order. Never: a sum whose bits depend on tiles, or an element that waits for more than its
//! slab.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Result;
use crate::exec::filter::{Budget, Kept, Part, weave};
use crate::exec::tiling::Tile;
use crate::ir::{Func, Rounded, Tally};
use crate::math::scalar;
use crate::types::{BinaryOp, DType, Scalar, Shape};

/// Bytes of an element that waits: the number of its bin in four, its weight.
const ITEM: usize = 12;

/// The sums of a pass.
#[derive(Debug)]
pub(crate) struct TallyRun {
    /// The sink of the pass that has the weights.
    pub(crate) weight: usize,
    bins: usize,
    whole: Shape,
    budget: Arc<Budget>,
    sums: Mutex<Sums>,
}

/// What has been added up so far: bit patterns, one a bin.
#[derive(Debug)]
enum Sums {
    Floats(Vec<f64>),
    Integers(Vec<i64>),
    Rounded(Blocks),
}

/// Sums that are rounded block by block.
#[derive(Debug)]
struct Blocks {
    how: Rounded,
    /// How many elements the block has so far, and their sums.
    elems: usize,
    sums: Vec<f64>,
    /// Bit patterns of the sums of the blocks before.
    totals: Vec<u64>,
}

impl TallyRun {
    /// A tally of `func`, whose weights sink `weight` has.
    pub(crate) fn new(func: &Func, tally: Tally, weight: usize, budget: Arc<Budget>) -> Self {
        let Tally { bins, rounded, .. } = tally;
        let sums = match (rounded, func.values[tally.weight].dtype) {
            (Some(how), _) => Sums::Rounded(Blocks {
                how,
                elems: 0,
                sums: vec![0.0; bins],
                totals: vec![0; bins],
            }),
            (None, DType::Int64) => Sums::Integers(vec![0; bins]),
            (None, _) => Sums::Floats(vec![0.0; bins]),
        };
        Self {
            weight,
            bins,
            whole: func.values[tally.number].shape.clone(),
            budget,
            sums: Mutex::new(sums),
        }
    }

    /// What the elements that wait may take in memory.
    pub(crate) fn into_budget(self) -> Arc<Budget> {
        self.budget
    }

    /// The elements of a tile that are there, each its bin and its weight.
    pub(crate) fn keep(&self, tile: &Tile, numbers: &[u8], weights: &[u8]) -> Result<Kept> {
        let (numbers, _) = numbers.as_chunks::<8>();
        let (weights, _) = weights.as_chunks::<8>();
        // OK because what is added up has an axis.
        let run = tile.extent[tile.extent.len() - 1];
        let (mut bytes, mut runs) = (vec![0; numbers.len() * ITEM], Vec::new());
        let (items, _) = bytes.as_chunks_mut::<ITEM>();
        let mut kept = 0;
        let pairs = numbers.chunks(run).zip(weights.chunks(run));
        for (at, (numbers, weights)) in pairs.enumerate() {
            let before = kept;
            for (&number, &weight) in numbers.iter().zip(weights) {
                // Without a branch: what is not there is overwritten by what is.
                let number = i64::from_ne_bytes(number);
                items[kept] = self.item(number, weight);
                kept += usize::from(number >= 0);
            }
            if kept > before {
                // OK because a tile has far fewer elements.
                runs.push((at as u32, (kept - before) as u32));
            }
        }
        bytes.truncate(kept * ITEM);
        bytes.shrink_to_fit();
        let kept = Kept { bytes, runs };
        match self.budget.take(kept.bytes.len() + kept.bookkeeping()) {
            true => Ok(kept),
            false => Err(self
                .budget
                .exceeded("what is added up in order", "raise `--max-memory`")),
        }
    }

    /// An element that waits, should it be there.
    fn item(&self, number: i64, weight: [u8; 8]) -> [u8; ITEM] {
        // OK because there are at most `MAX_BINS` bins.
        let number = (number as usize).min(self.bins) as u32;
        let ([a, b, c, d], [e, f, g, h, i, j, k, l]) = (number.to_ne_bytes(), weight);
        [a, b, c, d, e, f, g, h, i, j, k, l]
    }

    /// Adds up what there is of the tiles of a slab; `which` of the ordered sinks this is.
    pub(crate) fn deliver(&self, slab: &[Part], which: usize) {
        let mut sums = self.sums();
        weave(slab, which, &self.whole, ITEM, |items| {
            let (items, _) = items.as_chunks::<ITEM>();
            sums.add(items);
        });
        let kept = slab.iter().map(|part| part.kept(which));
        let waited = kept.map(|kept| kept.bytes.len() + kept.bookkeeping());
        self.budget.give_back(waited.sum());
    }

    /// The sums as an array.
    pub(crate) fn into_result(self) -> (DType, Shape, Vec<u8>) {
        let shape = Shape::new(&[self.bins]);
        let sums = self.sums.into_inner();
        let (dtype, bytes) = sums.unwrap_or_else(PoisonError::into_inner).into_bytes();
        (dtype, shape, bytes)
    }

    fn sums(&self) -> MutexGuard<'_, Sums> {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sums {
    fn add(&mut self, items: &[[u8; ITEM]]) {
        let floats = items.iter().map(|item| {
            let (number, weight) = parted(item);
            (number, f64::from_ne_bytes(weight))
        });
        match self {
            Sums::Floats(sums) => add_floats(sums, floats),
            Sums::Integers(sums) => {
                for item in items {
                    let (number, weight) = parted(item);
                    if let Some(sum) = sums.get_mut(number) {
                        *sum = sum.wrapping_add(i64::from_ne_bytes(weight));
                    }
                }
            }
            Sums::Rounded(blocks) => blocks.add(items.len(), floats),
        }
    }

    fn into_bytes(self) -> (DType, Vec<u8>) {
        match self {
            Sums::Floats(sums) => {
                let bytes = sums.into_iter().flat_map(f64::to_ne_bytes);
                (DType::Float64, bytes.collect())
            }
            Sums::Integers(sums) => {
                let bytes = sums.into_iter().flat_map(i64::to_ne_bytes);
                (DType::Int64, bytes.collect())
            }
            Sums::Rounded(mut blocks) => {
                blocks.close();
                let dtype = blocks.how.dtype;
                let mut bytes = Vec::with_capacity(blocks.totals.len() * dtype.size());
                for bits in blocks.totals {
                    Scalar::from_bits(dtype, bits).write(&mut bytes);
                }
                (dtype, bytes)
            }
        }
    }
}

impl Blocks {
    fn add(&mut self, n: usize, mut items: impl Iterator<Item = (usize, f64)>) {
        let mut left = n;
        while left > 0 {
            let more = left.min(self.how.block - self.elems);
            add_floats(&mut self.sums, items.by_ref().take(more));
            self.elems += more;
            left -= more;
            if self.elems == self.how.block {
                self.close();
            }
        }
    }

    /// Ends the block.
    fn close(&mut self) {
        self.elems = 0;
        let dtype = self.how.dtype;
        for (total, sum) in self.totals.iter_mut().zip(&mut self.sums) {
            let sum = std::mem::take(sum);
            // Adding 0 changes nothing: no total is -0.0.
            if sum != 0.0 {
                let (before, sum) = (Scalar::from_bits(dtype, *total), rounded(sum, dtype));
                let after = scalar::binary(BinaryOp::Add, before, sum);
                *total = after.unwrap_or(before).bits();
            }
        }
    }
}

fn add_floats(sums: &mut [f64], items: impl Iterator<Item = (usize, f64)>) {
    for (number, weight) in items {
        if let Some(sum) = sums.get_mut(number) {
            *sum += weight;
        }
    }
}

/// A sum in `dtype`: of integers narrower than 64 bits the last bits count.
fn rounded(sum: f64, dtype: DType) -> Scalar {
    let wide = match dtype.is_float() || dtype == DType::UInt64 {
        true => dtype,
        false => DType::Int64,
    };
    scalar::cast(scalar::cast(Scalar::Float64(sum), wide), dtype)
}

/// The bin and the weight of an element that waits.
fn parted(item: &[u8; ITEM]) -> (usize, [u8; 8]) {
    let [a, b, c, d, weight @ ..] = *item;
    (u32::from_ne_bytes([a, b, c, d]) as usize, weight)
}

/// The most that elements which wait can take.
pub(crate) fn waiting_bytes(domain: &Shape) -> usize {
    domain.elems().saturating_mul(ITEM)
}
