//! What the storage tests share.
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::wildcard_enum_match_arm,
    reason = "a module of several test binaries, each of which uses some of it"
)]

pub mod read;
pub mod venv;

pub use read::{place_blocks, read_all};

use fuseblock::DType;

/// `elems` elements of `dtype` of several characters: smooth, noisy, or mostly equal.
pub fn sample(dtype: DType, elems: usize, flavour: usize) -> Vec<u8> {
    let size = dtype.size();
    let mut state = 12_345u64 + flavour as u64;
    let mut out = Vec::with_capacity(elems * size);
    for nth in 0..elems as u64 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let value = match flavour % 3 {
            0 => nth,
            1 => state >> 11,
            _ => u64::from(nth % 97 == 0) * 7,
        };
        match dtype {
            DType::Bool => out.push((value & 1) as u8),
            DType::Float32 => out.extend_from_slice(&(value as f32 * 0.5).to_ne_bytes()),
            DType::Float64 => out.extend_from_slice(&(value as f64 * 0.5).to_ne_bytes()),
            _ => out.extend_from_slice(&value.to_le_bytes()[..size]),
        }
    }
    out
}

/// Shapes, chunks and blocks that exercise every kind of edge.
pub fn geometries() -> Vec<(Vec<usize>, Vec<usize>, Vec<usize>)> {
    [
        (&[][..], &[][..], &[][..]),
        (&[0], &[0], &[0]),
        (&[0], &[4], &[2]),
        (&[3, 0, 2], &[3, 1, 2], &[2, 1, 1]),
        (&[1], &[1], &[1]),
        (&[7], &[1], &[1]),
        (&[1000], &[1000], &[1000]),
        (&[1000], &[300], &[70]),
        (&[1000], &[4096], &[512]),
        (&[5, 7], &[4, 5], &[2, 2]),
        (&[40, 50], &[40, 50], &[8, 50]),
        (&[40, 50], &[13, 17], &[5, 6]),
        (&[9, 10, 11], &[4, 10, 5], &[3, 3, 5]),
        (&[3, 4, 5, 6], &[2, 4, 3, 6], &[2, 2, 2, 4]),
        (
            &[2, 3, 2, 3, 2, 3, 2],
            &[2, 2, 2, 2, 2, 2, 2],
            &[1, 2, 1, 2, 1, 2, 2],
        ),
        (
            &[2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 3],
            &[1, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 2],
            &[1, 1, 1, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 2],
        ),
    ]
    .iter()
    .map(|(shape, chunk, block)| (shape.to_vec(), chunk.to_vec(), block.to_vec()))
    .collect()
}
