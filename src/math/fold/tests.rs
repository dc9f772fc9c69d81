//! Folds against the IR manual, written down as naively as it reads.

use super::*;
use crate::math::scalar;
use crate::types::{BinaryOp, Scalar};

const KINDS: [FoldKind; 12] = [
    FoldKind::SumFloat,
    FoldKind::ProdFloat,
    FoldKind::SumInt,
    FoldKind::ProdInt,
    FoldKind::Min,
    FoldKind::Max,
    FoldKind::ArgMin,
    FoldKind::ArgMax,
    FoldKind::Any,
    FoldKind::All,
    FoldKind::CountNonzero,
    FoldKind::Moments,
];

/// The manual's sum (or product) of a tile, `x` being its elements.
fn manual(x: &[f64], start: f64, step: fn(f64, f64) -> f64) -> f64 {
    let runs = (0..x.len().div_ceil(128)).map(|r| {
        let mut lanes = vec![start; 8];
        for (i, &value) in x.iter().enumerate().skip(128 * r).take(128) {
            let lane = (i - 128 * r) % 8;
            lanes[lane] = step(lanes[lane], value);
        }
        lanes
    });
    let by_lane = |a: Vec<f64>, b: Vec<f64>| a.iter().zip(&b).map(|(&a, &b)| step(a, b)).collect();
    let l = tree_merge(runs.collect(), by_lane).unwrap();
    let even = step(step(l[0], l[4]), step(l[2], l[6]));
    step(even, step(step(l[1], l[5]), step(l[3], l[7])))
}

fn sum(x: &[f64]) -> f64 {
    manual(x, -0.0, |a, b| a + b)
}

/// The manual's moments of a tile.
fn moments_of(x: &[f64]) -> Moments {
    let strips = x.chunks(512).map(|strip| {
        let n = strip.len() as f64;
        let mean = sum(strip) / n;
        let squares: Vec<f64> = strip.iter().map(|x| (x - mean) * (x - mean)).collect();
        (n, mean, sum(&squares))
    });
    let chan = |a: (f64, f64, f64), b: (f64, f64, f64)| {
        let (d, n) = (b.1 - a.1, a.0 + b.0);
        (
            n,
            a.1 + d * (b.0 / n),
            (a.2 + b.2) + (d * d) * (a.0 * b.0 / n),
        )
    };
    let (n, mean, m2) = tree_merge(strips.collect(), chan).unwrap();
    Moments { n, mean, m2 }
}

/// The state of one output element, of whatever kind, as the doc comments of [`FoldKind`] say.
fn naive(kind: FoldKind, dtype: DType, x: &[Scalar]) -> Scalar {
    let floats: Vec<f64> = x.iter().map(|x| x.as_f64()).collect();
    let wide = if dtype.is_unsigned() {
        DType::UInt64
    } else {
        DType::Int64
    };
    let fold = |op: BinaryOp, to: DType| {
        let elements = x.iter().map(|&x| scalar::cast(x, to));
        elements
            .reduce(|a, b| scalar::binary(op, a, b).unwrap())
            .unwrap()
    };
    match kind {
        FoldKind::SumFloat => Scalar::Float64(sum(&floats)),
        FoldKind::ProdFloat => Scalar::Float64(manual(&floats, 1.0, |a, b| a * b)),
        FoldKind::SumInt => fold(BinaryOp::Add, wide),
        FoldKind::ProdInt => fold(BinaryOp::Mul, wide),
        FoldKind::Min => fold(BinaryOp::Min, dtype),
        FoldKind::Max => fold(BinaryOp::Max, dtype),
        FoldKind::ArgMin | FoldKind::ArgMax => {
            let op = if kind == FoldKind::ArgMin {
                BinaryOp::Min
            } else {
                BinaryOp::Max
            };
            let best = fold(op, dtype);
            let first = x.iter().position(|&x| x == best || x.as_f64().is_nan());
            Scalar::Int64(first.unwrap() as i64)
        }
        FoldKind::Nth { .. } => panic!("what is sorted is never merged"),
        FoldKind::Any => fold(BinaryOp::Or, DType::Bool),
        FoldKind::All => fold(BinaryOp::And, DType::Bool),
        FoldKind::CountNonzero => {
            let nonzero = x
                .iter()
                .filter(|&&x| scalar::cast(x, DType::Bool) == Scalar::Bool(true));
            Scalar::Int64(nonzero.count() as i64)
        }
        FoldKind::Moments => panic!("moments are no scalar"),
    }
}

/// Element `i`: mostly of the size of 1, so that products stay finite.
fn element(dtype: DType, i: usize) -> Scalar {
    let mixed = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    if !dtype.is_float() {
        let zero = mixed.is_multiple_of(4);
        return Scalar::from_bits(dtype, if zero { 0 } else { mixed });
    }
    let value = 0.5 + (mixed % 1_000_003) as f64 / 1_000_003.0;
    let signed = if mixed.is_multiple_of(5) {
        -value
    } else {
        value
    };
    scalar::cast(Scalar::Float64(signed), dtype)
}

fn memory(x: &[Scalar]) -> Vec<u8> {
    let mut bytes = Vec::new();
    x.iter().for_each(|x| x.write(&mut bytes));
    bytes
}

/// Folds rows, and the transposed table by columns, and compares both with the naive fold.
fn check(kind: FoldKind, dtype: DType, n_rows: usize, n_inner: usize) {
    let table: Vec<Scalar> = (0..n_rows * n_inner).map(|i| element(dtype, i)).collect();
    let columns: Vec<Scalar> = (0..n_inner)
        .flat_map(|i| table.iter().skip(i).step_by(n_inner).copied())
        .collect();
    let by_row = fold_rows(kind, dtype, &memory(&table), n_rows, n_inner);
    let by_column = fold_columns(kind, dtype, &memory(&columns), n_inner, n_rows);
    assert_eq!(by_row, by_column, "{kind:?} {dtype} {n_rows} x {n_inner}");
    assert_eq!(by_row.len(), n_rows);
    for (row, x) in table.chunks(n_inner).enumerate() {
        if kind == FoldKind::Moments {
            let floats: Vec<f64> = x.iter().map(|x| x.as_f64()).collect();
            assert_eq!(
                by_row.moments().unwrap()[row],
                moments_of(&floats),
                "{dtype} {n_inner}"
            );
        } else {
            let want = Some(naive(kind, dtype, x));
            assert_eq!(
                by_row.scalar(row),
                want,
                "{kind:?} {dtype} {n_rows} x {n_inner}"
            );
        }
    }
}

#[test]
fn folds_are_the_manuals_to_the_bit() {
    for kind in KINDS {
        for dtype in DType::ALL {
            let integer = matches!(kind, FoldKind::SumInt | FoldKind::ProdInt);
            if integer && dtype.is_float() {
                continue;
            }
            for n_inner in [1, 2, 7, 8, 9, 16, 17, 127, 128, 129, 511, 512, 513, 1700] {
                check(kind, dtype, 3, n_inner);
            }
            check(kind, dtype, 63, 5);
            check(kind, dtype, 64, 130);
            check(kind, dtype, 65, 3);
            check(kind, dtype, 200, 2);
        }
    }
}

#[test]
fn runs_of_a_kernel_merge_into_the_partial_of_the_tile() {
    for n in [1, 8, 128, 129, 300, 4000, 4096] {
        let x: Vec<f64> = (0..n)
            .map(|i| element(DType::Float64, i).as_f64())
            .collect();
        let mut runs: Vec<[f64; 8]> = x
            .chunks(128)
            .map(|run| {
                let mut lanes = [-0.0; 8];
                run.iter().enumerate().for_each(|(i, x)| lanes[i % 8] += x);
                lanes
            })
            .collect();
        assert_eq!(
            tile_partial_from_runs(&mut runs).to_bits(),
            sum(&x).to_bits(),
            "{n}"
        );
    }
}

#[test]
fn zeros_and_nans_keep_their_bits() {
    let fold = |kind, x: &[f64]| {
        let x: Vec<Scalar> = x.iter().copied().map(Scalar::Float64).collect();
        fold_rows(kind, DType::Float64, &memory(&x), 1, x.len())
            .scalar(0)
            .unwrap()
    };
    let of = Scalar::Float64;
    assert_eq!(fold(FoldKind::SumFloat, &[-0.0, -0.0]), of(-0.0));
    assert_eq!(fold(FoldKind::SumFloat, &[-0.0, 0.0]), of(0.0));
    assert_eq!(fold(FoldKind::Min, &[0.0, -0.0, 0.0]), of(-0.0));
    assert_eq!(fold(FoldKind::Max, &[-0.0, 0.0, -0.0]), of(0.0));
    assert_eq!(fold(FoldKind::Min, &[1.0, f64::NAN, 0.0]), of(f64::NAN));
    assert_eq!(
        fold(FoldKind::Max, &[f64::NAN, f64::INFINITY]),
        of(f64::NAN)
    );
    assert_eq!(fold(FoldKind::Any, &[0.0, f64::NAN]), Scalar::Bool(true));
    assert_eq!(
        fold(FoldKind::CountNonzero, &[-0.0, f64::NAN, 2.0]),
        Scalar::Int64(2)
    );
}

#[test]
fn partials_merge_and_the_identity_is_neutral() {
    for kind in KINDS {
        for dtype in [
            DType::Bool,
            DType::Int16,
            DType::UInt32,
            DType::Float32,
            DType::Float64,
        ] {
            if matches!(kind, FoldKind::SumInt | FoldKind::ProdInt) && dtype.is_float() {
                continue;
            }
            let x: Vec<Scalar> = (0..40).map(|i| element(dtype, i)).collect();
            let part =
                |range: std::ops::Range<usize>| fold_rows(kind, dtype, &memory(&x[range]), 2, 10);
            let mut merged = part(0..20);
            let mut later = part(20..40);
            later.relocate(|index| index + 10);
            merged.merge(later);
            for row in 0..2 {
                let halves = [&x[10 * row..][..10], &x[20 + 10 * row..][..10]];
                if kind == FoldKind::Moments {
                    let halves = halves.map(|half| {
                        moments_of(&half.iter().map(|x| x.as_f64()).collect::<Vec<f64>>())
                    });
                    assert_eq!(merged.moments().unwrap()[row], halves[0].merge(halves[1]));
                } else if matches!(kind, FoldKind::SumFloat | FoldKind::ProdFloat) {
                    let op = if kind == FoldKind::SumFloat {
                        BinaryOp::Add
                    } else {
                        BinaryOp::Mul
                    };
                    let halves = halves.map(|half| naive(kind, dtype, half));
                    assert_eq!(merged.scalar(row), scalar::binary(op, halves[0], halves[1]));
                } else {
                    assert_eq!(
                        merged.scalar(row),
                        Some(naive(kind, dtype, &halves.concat()))
                    );
                }
            }
            let mut before = Partials::identity(kind, dtype, 2);
            before.merge(part(0..20));
            let mut after = part(0..20);
            after.merge(Partials::identity(kind, dtype, 2));
            assert_eq!(
                (&before, &after),
                (&part(0..20), &part(0..20)),
                "{kind:?} {dtype}"
            );
            let mut joined = part(0..20);
            joined.append(part(20..40));
            assert_eq!(joined.len(), 4);
            if kind.state_dtype(dtype).is_some() {
                let states: Vec<Scalar> = (0..4).map(|i| joined.scalar(i).unwrap()).collect();
                assert_eq!(
                    Partials::from_bytes(kind, dtype, &memory(&states)),
                    Some(joined)
                );
            }
        }
    }
}

#[test]
fn an_output_element_without_tiles_is_the_identity_of_the_manual() {
    let of = |kind| Partials::without_tiles(kind, DType::Float64, 1);
    assert_eq!(of(FoldKind::SumFloat).scalar(0), Some(Scalar::Float64(0.0)));
    assert_eq!(
        of(FoldKind::ProdFloat).scalar(0),
        Some(Scalar::Float64(1.0))
    );
    assert_eq!(of(FoldKind::Any).scalar(0), Some(Scalar::Bool(false)));
    assert_eq!(of(FoldKind::All).scalar(0), Some(Scalar::Bool(true)));
    assert_eq!(
        of(FoldKind::Moments).moments(),
        Some(&[Moments::default()][..])
    );
}
