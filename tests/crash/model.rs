//! The same changes in memory.

use fuseblock::store::edit::ArrayFile;
use fuseblock::types::{Grid, Shape};

use crate::bits::Bits;

/// An array of int32 in C order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Model {
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

impl Model {
    pub(crate) fn random(bits: &mut Bits) -> Self {
        let ndim = 1 + bits.below(3);
        let most = [60, 14, 7][ndim - 1];
        let shape: Vec<usize> = (0..ndim).map(|_| bits.below(most)).collect();
        let bytes = values(shape.iter().product(), bits);
        Self { shape, bytes }
    }

    /// Does the same to a file and to this.
    pub(crate) fn change(&mut self, file: &mut ArrayFile, bits: &mut Bits) {
        match bits.below(3) {
            0 => {
                let mut extent = self.shape.clone();
                extent[0] = bits.below(9);
                let bytes = values(extent.iter().product(), bits);
                file.append(&extent, &bytes).unwrap();
                self.shape[0] += extent[0];
                self.bytes.extend_from_slice(&bytes);
            }
            1 => {
                let start: Vec<usize> = self.shape.iter().map(|&n| bits.below(n)).collect();
                let axes = self.shape.iter().zip(&start);
                let extent: Vec<usize> = axes.map(|(&n, &at)| bits.below(n - at + 1)).collect();
                let bytes = values(extent.iter().product(), bits);
                file.write(&start, &extent, &bytes).unwrap();
                self.put(&start, &extent, &bytes);
            }
            _ => {
                let shape: Vec<usize> = self
                    .shape
                    .iter()
                    .map(|&n| match bits.below(4) {
                        0 => bits.below(n + 4),
                        _ => n,
                    })
                    .collect();
                file.resize(&Shape::new(&shape)).unwrap();
                self.resize(&shape);
            }
        }
    }

    fn put(&mut self, start: &[usize], extent: &[usize], bytes: &[u8]) {
        let strides = Shape::new(&self.shape).strides();
        for (number, item) in bytes.chunks_exact(4).enumerate() {
            let index = unravel(number, extent);
            let at: usize = (0..index.len())
                .map(|axis| (start[axis] + index[axis]) * strides[axis])
                .sum();
            self.bytes[at * 4..at * 4 + 4].copy_from_slice(item);
        }
    }

    fn resize(&mut self, shape: &[usize]) {
        let old = self.clone();
        self.shape = shape.to_vec();
        self.bytes = vec![0; shape.iter().product::<usize>() * 4];
        let strides = Shape::new(shape).strides();
        for (number, item) in old.bytes.chunks_exact(4).enumerate() {
            let index = unravel(number, &old.shape);
            if index.iter().zip(shape).all(|(at, end)| at < end) {
                let at: usize = index
                    .iter()
                    .zip(&strides)
                    .map(|(at, stride)| at * stride)
                    .sum();
                self.bytes[at * 4..at * 4 + 4].copy_from_slice(item);
            }
        }
    }
}

fn unravel(mut number: usize, extent: &[usize]) -> Vec<usize> {
    let mut index = vec![0; extent.len()];
    for axis in (0..extent.len()).rev() {
        index[axis] = number % extent[axis];
        number /= extent[axis];
    }
    index
}

/// Integers: zeros, one value, or any.
fn values(count: usize, bits: &mut Bits) -> Vec<u8> {
    let kind = bits.below(4);
    let one = bits.next() as i32;
    let value = |bits: &mut Bits| match kind {
        0 => 0,
        1 => one,
        _ => bits.next() as i32 % 1000,
    };
    (0..count).flat_map(|_| value(bits).to_ne_bytes()).collect()
}

/// Chunks and blocks that do not divide anything evenly.
pub(crate) fn grid_of(shape: &[usize], bits: &mut Bits) -> Grid {
    let chunk: Vec<usize> = shape.iter().map(|&n| 1 + bits.below(n.max(2))).collect();
    let block: Vec<usize> = chunk.iter().map(|&n| 1 + bits.below(n)).collect();
    Grid {
        chunk: Shape::from(chunk),
        block: Shape::from(block),
    }
}
