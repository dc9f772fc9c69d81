//! Damaged chunks that reductions leave out: the answer is the one over all other elements, and what would have a
//! damaged element in it is refused.
#![allow(clippy::unwrap_used, reason = "functions of a test, too, may fail it")]

mod common;

use std::path::Path;

use common::sample;
use fuseblock::store::write::{Options, write_frame};
use fuseblock::types::{Grid, Shape};
use fuseblock::{Array, DType, Engine, Evaluated, Expr, Scalar};

/// Extents of the arrays, of their chunks and of their blocks.
const SHAPE: [usize; 2] = [50, 24];
const CHUNK: [usize; 2] = [8, 10];
const BLOCK: [usize; 2] = [4, 5];

/// Writes an array of which some chunks are damaged, in whichever block; returns it as it was.
fn damaged(path: &Path, dtype: DType, chunks: &[usize], flavour: usize) -> Array<'static> {
    let [shape, chunk, block] = [SHAPE, CHUNK, BLOCK].map(|extents| Shape::new(&extents));
    let grid = Grid { chunk, block };
    let mut elements = sample(dtype, shape.elems(), flavour);
    if dtype == DType::Float64 {
        // Some NaN, and not too large.
        for (nth, item) in elements.chunks_exact_mut(8).enumerate() {
            let value = f64::from_ne_bytes(item.try_into().unwrap()) % 1000.0 - 500.0;
            let value = if nth % 131 == 7 { f64::NAN } else { value };
            item.copy_from_slice(&value.to_ne_bytes());
        }
    }
    write_frame(path, dtype, &shape, &grid, Options::default(), &elements).unwrap();
    let before = Array::from_file_bytes(std::fs::read(path).unwrap()).unwrap();
    let info =
        fuseblock::store::info_with(path, fuseblock::store::InfoOptions { chunks: true }).unwrap();
    let list = info.chunk_list.unwrap();
    let mut bytes = std::fs::read(path).unwrap();
    for &chunk in chunks {
        let place = list[chunk].place.unwrap() as usize;
        let len = list[chunk].cbytes;
        bytes[place + 40 + chunk % (len - 40)] ^= 0x10;
    }
    std::fs::write(path, bytes).unwrap();
    before
}

/// Where the elements of an array are that are not in these chunks.
fn sound(chunks: &[usize]) -> Array<'static> {
    let per_row = SHAPE[1].div_ceil(CHUNK[1]);
    let mut bools = Vec::new();
    for row in 0..SHAPE[0] {
        for column in 0..SHAPE[1] {
            let chunk = row / CHUNK[0] * per_row + column / CHUNK[1];
            bools.push(!chunks.contains(&chunk));
        }
    }
    Array::from_vec(bools, &SHAPE).unwrap()
}

/// A program over arrays with damaged chunks, and one over the arrays as they were, `x` and `y`, that says with `m` and
/// `n` which of their elements count.
const PROGRAMS: [(&str, &str); 36] = [
    ("sum(y)", "sum(y, where=n)"),
    ("sum(x)", "sum(x, where=m)"),
    ("nansum(x * y)", "nansum(x * y, where=m & n)"),
    ("sum(y, axis=0)", "sum(y, axis=0, where=n)"),
    (
        "sum(y, axis=1, keepdims=True)",
        "sum(y, axis=1, keepdims=True, where=n)",
    ),
    ("mean(y)", "mean(y, where=n)"),
    ("nanmean(x, axis=1)", "nanmean(x, axis=1, where=m)"),
    ("std(y, ddof=1)", "std(y, ddof=1, where=n)"),
    ("nanvar(x, axis=0)", "nanvar(x, axis=0, where=m)"),
    ("prod(y % 3 + 1)", "prod(y % 3 + 1, where=n)"),
    ("min(y)", "min(y[n])"),
    ("max(y)", "max(y[n])"),
    ("nanmax(x)", "nanmax(x[m])"),
    (
        "max(y, axis=1)",
        "max(y, axis=1, where=n, initial=-(2**31))",
    ),
    ("ptp(y)", "ptp(y[n])"),
    ("any(x > 499)", "any(x > 499, where=m)"),
    ("all(y >= 0)", "all(y >= 0, where=n)"),
    ("count_nonzero(isnan(x))", "count_nonzero(isnan(x) & m)"),
    ("nancount(x)", "nancount(x, where=m)"),
    ("median(y)", "median(y[n])"),
    ("quantile(y, 0.3)", "quantile(y[n], 0.3)"),
    ("percentile(y, [10, 90])", "percentile(y[n], [10, 90])"),
    (
        "sum((y - mean(y))**2)",
        "sum((y - mean(y, where=n))**2, where=n)",
    ),
    (
        "sum(where(x > 0, y, 0))",
        "sum(where(x > 0, y, 0), where=m & n)",
    ),
    (
        "mean(y[3:40, ::2])",
        "mean(y[3:40, ::2], where=n[3:40, ::2])",
    ),
    ("sum(y.T, axis=0)", "sum(y.T, axis=0, where=n.T)"),
    (
        "sum(reshape(y, (24, 50)), axis=0)",
        "sum(reshape(y, (24, 50)), axis=0, where=reshape(n, (24, 50)))",
    ),
    (
        "sum(concat((y, y[:5])), axis=0)",
        "sum(concat((y, y[:5])), axis=0, where=concat((n, n[:5])))",
    ),
    (
        "sum(y[[3, 30, 11]], axis=0)",
        "sum(y[[3, 30, 11]], axis=0, where=n[[3, 30, 11]])",
    ),
    (
        "sum(y + index(0, (50, 24)))",
        "sum(y + index(0, (50, 24)), where=n)",
    ),
    ("mean(y[x > 0])", "mean(y[(x > 0) & m & n])"),
    ("sum(y, where=x > 0)", "sum(y, where=(x > 0) & m & n)"),
    (
        "d = x * 2 + y; nanmin(d), nanmax(d)",
        "d = (x * 2 + y)[m & n]; nanmin(d), nanmax(d)",
    ),
    (
        "f(a) = sum(a, axis=0); f(y + 1)",
        "f(a) = sum(a, axis=0, where=n); f(y + 1)",
    ),
    (
        "sum(y[:, 3:4] * x[0:1], axis=1)",
        "sum(y[:, 3:4] * x[0:1], axis=1, where=n[:, 3:4] & m[0:1])",
    ),
    (
        "sum(y) + sum(arange(10))",
        "sum(y, where=n) + sum(arange(10))",
    ),
];

fn values(evaluated: &Evaluated) -> Vec<(String, Vec<u8>)> {
    let each = (0..evaluated.len()).map(|output| evaluated.array(output));
    each.map(|array| {
        (
            format!("{} {}", array.dtype(), array.shape()),
            array.to_bytes().unwrap(),
        )
    })
    .collect()
}

#[test]
fn reductions_leave_out_what_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("x.b2nd"), folder.path().join("y.b2nd"));
    for (lost_x, lost_y) in [
        (&[0, 4, 20][..], &[7][..]),
        (&[], &[1, 2, 19]),
        (&[16], &[16]),
    ] {
        let x = damaged(&first, DType::Float64, lost_x, 1);
        let y = damaged(&second, DType::Int32, lost_y, 1);
        let (m, n) = (sound(lost_x), sound(lost_y));
        let opening = Array::options().skip_damaged(true);
        let (found_x, found_y) = (
            opening.open(&first).unwrap(),
            opening.open(&second).unwrap(),
        );
        assert_eq!(
            found_x.left_out().map_or(0, |left| left.chunks().len()),
            lost_x.len()
        );
        let left_out = found_y.left_out().unwrap();
        let chunks: Vec<usize> = left_out.chunks().map(|(chunk, _)| chunk).collect();
        assert_eq!(chunks, lost_y);
        let counted = Expr::new("sum(n)")
            .unwrap()
            .bind(&[("n", &n)])
            .unwrap()
            .run()
            .unwrap();
        let counted = counted.scalar().unwrap();
        assert_eq!(
            counted,
            Scalar::Int64((50 * 24 - left_out.elements()) as i64)
        );
        for (program, expected) in PROGRAMS {
            let given = [("x", &x), ("y", &y), ("m", &m), ("n", &n)];
            let expected = Expr::new(expected)
                .unwrap()
                .bind(&given)
                .unwrap()
                .run()
                .unwrap();
            for engine in [Engine::Jit, Engine::Interpreter] {
                for threads in [1, 3] {
                    let bound = Expr::new(program).unwrap();
                    let bound = bound.bind(&[("x", &found_x), ("y", &found_y)]);
                    let bound = bound.unwrap_or_else(|error| panic!("{program}: {error}"));
                    let found = bound.engine(engine).threads(threads).run();
                    let found = found.unwrap_or_else(|error| panic!("{program}: {error}"));
                    assert_close(program, &values(&found), &values(&expected));
                }
            }
        }
    }
}

/// Floating-point sums may be cut otherwise, so that their last bits differ.
fn assert_close(program: &str, found: &[(String, Vec<u8>)], expected: &[(String, Vec<u8>)]) {
    assert_eq!(found.len(), expected.len(), "{program}");
    for ((what, found), (other, expected)) in found.iter().zip(expected) {
        assert_eq!(what, other, "{program}");
        if !what.starts_with("float64") {
            assert_eq!(found, expected, "{program}");
            continue;
        }
        let pairs = found.chunks_exact(8).zip(expected.chunks_exact(8));
        for (found, expected) in pairs {
            let [found, expected] =
                [found, expected].map(|bytes| f64::from_ne_bytes(bytes.try_into().unwrap()));
            let near = (found - expected).abs() <= expected.abs() * 1e-12;
            assert!(
                near || found.is_nan() && expected.is_nan(),
                "{program}: {found}, not {expected}"
            );
        }
    }
}

#[test]
fn what_a_damaged_element_has_a_part_in_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.b2nd");
    let y = damaged(&path, DType::Int32, &[5], 1);
    let x = Array::options().skip_damaged(true).open(&path).unwrap();
    let programs = [
        "x",
        "x + 1",
        "x[3]",
        "x[0, 0]",
        "x[x > 3]",
        "x - mean(x)",
        "cumulative_sum(x, axis=0)",
        "sum(cumulative_sum(x, axis=0))",
        "histogram(x)",
        "histogram(x, bins=4, range=(0, 10))",
        "bincount(reshape(x, 1200) % 7)",
        "argmax(x)",
        "argmin(x, axis=0)",
        "take(y, x[0] % 50, axis=0)",
        "sum(take(y, x[0] % 50, axis=0))",
        "x[x > 3][0]",
        "diff(x)",
        "concat((x, y))",
    ];
    for program in programs {
        let refused = Expr::new(program).unwrap().bind(&[("x", &x), ("y", &y)]);
        let error = refused.map(|_| ()).expect_err(program);
        let text = error.to_string();
        let named = text.contains("leave out") || text.contains("left out");
        assert!(named, "{program}: {text}");
        // As it was, all of it can be computed.
        Expr::new(program)
            .unwrap()
            .bind(&[("x", &y), ("y", &y)])
            .unwrap();
    }
    // Without the option, the damage is an error; with it and without damage, nothing is refused.
    let bound = Expr::new("sum(x)").unwrap();
    let damaged_array = Array::open(&path).unwrap();
    assert!(bound.bind(&[("x", &damaged_array)]).unwrap().run().is_err());
    std::fs::write(&path, []).unwrap();
    damaged(&path, DType::Int32, &[], 1);
    let whole = Array::options().skip_damaged(true).open(&path).unwrap();
    assert!(whole.left_out().is_none());
    Expr::new("x + 1")
        .unwrap()
        .bind(&[("x", &whole)])
        .unwrap()
        .run()
        .unwrap();
}
