//! In: the elements of tiles, in any order and several times over. Out: the element that stands at
//! a rank once all are sorted. Never: the elements themselves; only counts are kept.
//!
//! Elements have ranks of up to 64 bits in their own order. Each round counts, among those whose
//! rank begins with the bits that are known, how many have which next 16 bits; the bits of the
//! wanted one follow. A float64 takes four rounds, a bool one.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::ir::Reduce;
use crate::limits::SELECT_ROUND_BITS;
use crate::math::element::{Element, with_dtype};
use crate::types::{DType, Shape};

/// What a round counts: as many as there are patterns of [`SELECT_ROUND_BITS`] bits.
const N_BUCKETS: usize = 1 << SELECT_ROUND_BITS;

/// Elements of a tile below which they are counted where all threads count: adding up the tile's own
/// counts would take longer.
const FEW_ELEMS: usize = N_BUCKETS / 16;

/// The search for one element.
#[derive(Debug)]
pub(crate) struct Selection {
    dtype: DType,
    shape: Shape,
    /// How many elements that are not below the known bits are before the wanted one.
    before: u64,
    /// The bits that are known, and how many are not.
    known: u64,
    unknown: u32,
    counts: Mutex<Vec<u64>>,
}

impl Selection {
    /// For a reduction of all of a domain to the element at `rank`.
    pub(crate) fn new(reduce: &Reduce, rank: u64, domain: &Shape, dtype: DType) -> Self {
        let bits = dtype.size() as u32 * 8;
        Self {
            dtype,
            shape: reduce.result_shape(domain),
            before: rank,
            known: 0,
            unknown: bits.max(SELECT_ROUND_BITS),
            counts: Mutex::new(vec![0; N_BUCKETS]),
        }
    }

    /// The rank that is asked for, before anything is counted.
    pub(crate) fn rank(&self) -> u64 {
        self.before
    }

    /// The dtype of the elements.
    pub(crate) fn dtype(&self) -> DType {
        self.dtype
    }

    /// Counts the elements of a tile.
    pub(crate) fn count(&self, values: &[u8]) {
        // Found in fewer rounds than its neighbours in the pass.
        let Some(shift) = self.unknown.checked_sub(SELECT_ROUND_BITS) else {
            return;
        };
        with_dtype!(self.dtype, T => {
            let items = T::items(values);
            let buckets = items.iter().filter_map(|&raw| {
                let rank = T::load(raw).rank() >> shift;
                (rank >> SELECT_ROUND_BITS == self.known).then_some(rank as usize % N_BUCKETS)
            });
            if items.len() < FEW_ELEMS {
                let mut counts = self.counts();
                buckets.for_each(|bucket| counts[bucket] += 1);
                return;
            }
            let mut local = vec![0u32; N_BUCKETS];
            buckets.for_each(|bucket| local[bucket] += 1);
            for (count, local) in self.counts().iter_mut().zip(local) {
                *count += u64::from(local);
            }
        });
    }

    /// Ends a round; whether another one is needed.
    pub(crate) fn refine(&mut self) -> bool {
        if self.unknown == 0 {
            return false;
        }
        let mut counts = std::mem::replace(&mut *self.counts(), vec![0; N_BUCKETS]);
        let first = self.known == 0 && self.unknown == (self.dtype.size() as u32 * 8);
        let last = N_BUCKETS - 1;
        if first && self.dtype.is_float() && counts[last] > 0 {
            // Only NaN has a rank that begins with ones alone: it is above all numbers, and wins.
            counts[..last].fill(0);
            self.before = 0;
        }
        let mut bucket = 0;
        while bucket < last && self.before >= counts[bucket] {
            self.before -= counts[bucket];
            bucket += 1;
        }
        self.known = (self.known << SELECT_ROUND_BITS) | bucket as u64;
        self.unknown -= SELECT_ROUND_BITS;
        self.unknown > 0
    }

    /// The element, when no round is needed any more.
    pub(crate) fn into_result(self) -> (DType, Shape, Vec<u8>) {
        let mut bytes = Vec::new();
        with_dtype!(self.dtype, T => T::from_rank(self.known).to_scalar().write(&mut bytes));
        (self.dtype, self.shape, bytes)
    }

    fn counts(&self) -> MutexGuard<'_, Vec<u64>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Cut, Rank, ReduceOp};

    /// Tiles of few elements and of many are counted in different ways.
    #[test]
    fn the_size_of_tiles_does_not_matter() {
        let domain = Shape::new(&[3 * FEW_ELEMS]);
        let ranks = (0..domain.elems() as u64).map(|at| at.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut elems: Vec<u64> = ranks.map(|bits| bits >> (bits % 50)).collect();
        let bytes: Vec<u8> = elems.iter().flat_map(|elem| elem.to_ne_bytes()).collect();
        elems.sort_unstable();
        for rank in [0, 1, 7_000, elems.len() - 1] {
            let reduce = Reduce {
                op: ReduceOp::Nth {
                    rank: Rank::Known(rank as u64),
                },
                arg: crate::table::Id::new(0),
                axes: vec![0],
                keepdims: false,
                cut: Cut::boxes(&domain),
            };
            for tile in [1, 100, FEW_ELEMS, 2 * FEW_ELEMS] {
                let mut selection = Selection::new(&reduce, rank as u64, &domain, DType::UInt64);
                while {
                    bytes
                        .chunks(tile * 8)
                        .for_each(|tile| selection.count(tile));
                    selection.refine()
                } {}
                let (.., found) = selection.into_result();
                assert_eq!(
                    found,
                    elems[rank].to_ne_bytes(),
                    "{rank} of tiles of {tile}"
                );
            }
        }
    }
}
