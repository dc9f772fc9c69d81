//! In: the elements of tiles, in any order: numbers of bins. Out: how many there are of each.
//! Never: an order that matters; counts are integers.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::types::{DType, Shape};

/// The counts of a pass.
#[derive(Debug)]
pub(crate) struct BinCount(Vec<AtomicI64>);

impl BinCount {
    /// For this many bins.
    pub(crate) fn new(bins: usize) -> Self {
        Self((0..bins).map(|_| AtomicI64::new(0)).collect())
    }

    /// Counts the int64 elements of a tile; those outside of the bins are not counted.
    pub(crate) fn count(&self, elems: &[u8]) {
        let (elems, _) = elems.as_chunks::<8>();
        let bins = elems.iter().map(|&elem| i64::from_ne_bytes(elem) as usize);
        if self.0.len() > elems.len() {
            // Each tile reaches few of them.
            for bin in bins.filter(|&bin| bin < self.0.len()) {
                self.0[bin].fetch_add(1, Ordering::Relaxed);
            }
            return;
        }
        // One place behind the last for what is not counted.
        let mut local = vec![0u32; self.0.len() + 1];
        bins.for_each(|bin| local[bin.min(self.0.len())] += 1);
        for (count, more) in self.0.iter().zip(local) {
            if more > 0 {
                count.fetch_add(i64::from(more), Ordering::Relaxed);
            }
        }
    }

    /// The counts as an array.
    pub(crate) fn into_result(self) -> (DType, Shape, Vec<u8>) {
        let shape = Shape::new(&[self.0.len()]);
        let counts = self.0.into_iter().map(AtomicI64::into_inner);
        (
            DType::Int64,
            shape,
            counts.flat_map(i64::to_ne_bytes).collect(),
        )
    }
}
