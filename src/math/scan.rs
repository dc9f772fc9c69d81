//! In: an operation, and the elements of a tile. Out: each of them combined with all before it along
//! an axis. Never: another order than that of the index: sums round at every step.

use super::element::Element;
use super::ops::{Binary, VisitBinary, visit_binary};
use crate::types::{BinaryOp, DType};

/// Scans the middle axis of dense elements of extents `outer`, `n`, `inner`, in place. `carry` is
/// the last result of each lane so far: none (empty) before the first tile of the lanes.
///
/// An operation that does not take the dtype, or gives another, changes nothing.
pub fn scan(
    op: BinaryOp,
    dtype: DType,
    elems: &mut [u8],
    [outer, n, inner]: [usize; 3],
    carry: &mut Vec<u8>,
) {
    let first = carry.is_empty();
    carry.resize(outer * inner * dtype.size(), 0);
    let scan = Scan {
        elems,
        n,
        inner,
        carry,
        first,
    };
    visit_binary(op, dtype, scan);
}

struct Scan<'s> {
    elems: &'s mut [u8],
    n: usize,
    inner: usize,
    carry: &'s mut [u8],
    first: bool,
}

impl VisitBinary for Scan<'_> {
    type Out = ();

    fn visit<T: Element, F: Binary<T>>(self) {
        let Scan {
            n, inner, first, ..
        } = self;
        let blocks = T::items_mut(self.elems).chunks_exact_mut((n * inner).max(1));
        let carries = T::items_mut(self.carry).chunks_exact_mut(inner.max(1));
        for (block, carry) in blocks.zip(carries) {
            if !first {
                rows::<T, F>(carry, &mut block[..inner]);
            }
            if inner == 1 {
                lane::<T, F>(block);
            } else {
                let mut rest = &mut *block;
                while rest.len() > inner {
                    let (before, after) = rest.split_at_mut(inner);
                    rows::<T, F>(before, &mut after[..inner]);
                    rest = after;
                }
            }
            carry.copy_from_slice(&block[(n - 1) * inner..]);
        }
    }
}

/// `row = op(before, row)`
#[inline(always)]
fn rows<T: Element, F: Binary<T>>(before: &[T::Raw], row: &mut [T::Raw]) {
    for (x, &before) in row.iter_mut().zip(before) {
        *x = F::eval(T::load(before), T::load(*x)).store();
    }
}

/// Each element but the first: `x = op(the one before, x)`.
#[inline(always)]
fn lane<T: Element, F: Binary<T>>(lane: &mut [T::Raw]) {
    let Some((first, rest)) = lane.split_first_mut() else {
        return;
    };
    let mut sum = T::load(*first);
    for x in rest {
        sum = F::eval(sum, T::load(*x));
        *x = sum.store();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(op: BinaryOp, elems: &[f32], extents: [usize; 3], tiles: usize) -> Vec<f32> {
        let [outer, n, inner] = extents;
        let (mut out, mut carry) = (Vec::new(), Vec::new());
        for tile in elems.chunks(outer * n / tiles * inner) {
            let mut bytes: Vec<u8> = tile.iter().flat_map(|x| x.to_ne_bytes()).collect();
            scan(
                op,
                DType::Float32,
                &mut bytes,
                [outer, n / tiles, inner],
                &mut carry,
            );
            let items = bytes.as_chunks().0.iter();
            out.extend(items.map(|&item| f32::from_ne_bytes(item)));
        }
        out
    }

    #[test]
    fn sums_round_at_every_step_and_carry_on() {
        let elems: Vec<f32> = (0..60).map(|i| 1.0 + (i % 7) as f32 * 1e-6).collect();
        let mut sum = -0.0;
        let expected: Vec<f32> = elems
            .iter()
            .map(|x| {
                sum += x;
                sum
            })
            .collect();
        for tiles in [1, 2, 12, 60] {
            assert_eq!(scanned(BinaryOp::Add, &elems, [1, 60, 1], tiles), expected);
        }
    }

    #[test]
    fn lanes_do_not_mix() {
        let elems = [1.0, 10.0, 2.0, 20.0, 3.0, 30.0, 4.0, 40.0];
        let sums = [1.0, 10.0, 3.0, 30.0, 6.0, 60.0, 10.0, 100.0];
        for tiles in [1, 2, 4] {
            assert_eq!(scanned(BinaryOp::Add, &elems, [1, 4, 2], tiles), sums);
        }
        let two = [1.0, 10.0, 3.0, 30.0, 3.0, 30.0, 7.0, 70.0];
        assert_eq!(scanned(BinaryOp::Add, &elems, [2, 2, 2], 1), two);
        let nans = scanned(BinaryOp::Max, &[1.0, f32::NAN, 3.0], [1, 3, 1], 3);
        assert!(nans[0] == 1.0 && nans[1].is_nan() && nans[2].is_nan());
    }
}
