//! Strip routines and folds, per element: `cargo bench --bench math -- sin`.
#![expect(unsafe_code, reason = "strip routines take raw pointers")]
#![allow(missing_docs, reason = "criterion's macros declare public functions")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fuseblock::math::SimdLevel;
use fuseblock::math::fold::{FoldKind, fold_columns, fold_rows};
use fuseblock::math::strip::{self, Routine};
use fuseblock::types::{BinaryOp, DType, UnaryOp};
use std::hint::black_box;

/// Elements of a strip.
const N: usize = 512;

/// `N` elements of 4 or 8 bytes, from 0.1 up in steps of 0.02.
fn elements(dtype: DType) -> Vec<u64> {
    let values = (0..N).map(|i| i as f64 * 0.02 + 0.1);
    let bytes: Vec<u8> = if dtype == DType::Float32 {
        values.flat_map(|x| (x as f32).to_ne_bytes()).collect()
    } else {
        values.flat_map(f64::to_ne_bytes).collect()
    };
    bytes
        .as_chunks()
        .0
        .iter()
        .map(|&word| u64::from_ne_bytes(word))
        .collect()
}

fn routines(
    c: &mut Criterion,
    name: &str,
    dtype: DType,
    pick: impl Fn(SimdLevel) -> Option<Routine>,
) {
    let mut group = c.benchmark_group(format!("{name}_{dtype}"));
    group.throughput(Throughput::Elements(N as u64));
    let source = elements(dtype);
    for level in SimdLevel::ALL
        .into_iter()
        .filter(|level| level.is_available())
    {
        let mut strip = source.clone();
        group.bench_function(level.name(), |b| {
            b.iter(|| {
                strip.copy_from_slice(&source);
                let to = strip.as_mut_ptr().cast();
                match pick(level) {
                    // SAFETY: `strip` holds `N` aligned elements.
                    Some(Routine::InPlace(f)) => unsafe { f(to, N) },
                    Some(Routine::Pair(f) | Routine::Convert(f)) => {
                        // SAFETY: both hold `N` aligned elements.
                        unsafe { f(to, source.as_ptr().cast(), N) }
                    }
                    None => {}
                }
            });
        });
    }
}

fn strips(c: &mut Criterion) {
    for dtype in [DType::Float64, DType::Float32] {
        for op in [
            UnaryOp::Sin,
            UnaryOp::Exp,
            UnaryOp::Log,
            UnaryOp::Tan,
            UnaryOp::Tanh,
        ] {
            routines(c, op.name(), dtype, |level| strip::unary(op, dtype, level));
        }
        routines(c, "pow", dtype, |level| {
            strip::binary(BinaryOp::Pow, dtype, level)
        });
    }
}

fn folds(c: &mut Criterion) {
    let (n_rows, n_inner) = (64, 512);
    let values: Vec<u8> = (0..n_rows * n_inner)
        .flat_map(|i| f64::from(i as u32).to_ne_bytes())
        .collect();
    for kind in [FoldKind::SumFloat, FoldKind::Min, FoldKind::Moments] {
        let mut group = c.benchmark_group(format!("{kind:?}"));
        group.throughput(Throughput::Elements((n_rows * n_inner) as u64));
        group.bench_function("rows", |b| {
            b.iter(|| fold_rows(kind, DType::Float64, black_box(&values), n_rows, n_inner));
        });
        group.bench_function("columns", |b| {
            b.iter(|| fold_columns(kind, DType::Float64, black_box(&values), n_inner, n_rows));
        });
    }
}

criterion_group!(benches, strips, folds);
criterion_main!(benches);
