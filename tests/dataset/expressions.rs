//! Expressions over datasets with slabs of any height have the bits that they have over one file with the same grid; and
//! results that are written to datasets are those in memory.

use std::path::Path;

use fuseblock::array::SaveOptions;
use fuseblock::store::dataset::{Dataset, Root};
use fuseblock::store::write::{Options, write_frame};
use fuseblock::types::{Grid, Shape};
use fuseblock::{Array, DType, Expr, Scalar};

use crate::bits::Bits;
use crate::common::sample;
use crate::{content, options};

const PROGRAMS: [&str; 9] = [
    "sum(x)",
    "mean(x * 2 + 1, axis=0), std(x, axis=1)",
    "x[x > 10]",
    "x[3:-3:2, ::-1] - x[2:-4:2]",
    "cumulative_sum(x, axis=0)",
    "max(x, axis=0), argmin(x)",
    "where(x > mean(x), x, 0)",
    "median(x), any(x > 1e9)",
    "x.T + 1",
];

/// A dataset and a file of the same elements and grid, the dataset in slabs of any height.
fn both(folder: &Path, dtype: DType, bits: &mut Bits) -> [Array<'static>; 2] {
    let (rows, width) = (60 + bits.below(40), 9);
    let grid = Grid {
        chunk: Shape::new(&[7, 5]),
        block: Shape::new(&[3, 2]),
    };
    let bytes = sample(dtype, rows * width, bits.below(3));
    let (file, path) = (folder.join("a.b2nd"), folder.join("a.fbd"));
    write_frame(
        &file,
        dtype,
        &Shape::new(&[rows, width]),
        &grid,
        Options::default(),
        &bytes,
    )
    .unwrap();
    let zero = Scalar::from_bits(dtype, 0);
    let _ = std::fs::remove_dir_all(&path);
    let mut dataset = Dataset::create(
        &path,
        dtype,
        &Shape::new(&[0, width]),
        zero,
        &options(&[7, 5], &[3, 2], 14),
    )
    .unwrap();
    let row = width * dtype.size();
    let mut at = 0;
    while at < rows {
        let count = (1 + bits.below(17)).min(rows - at);
        dataset
            .append(&[count, width], &bytes[at * row..(at + count) * row])
            .unwrap();
        dataset.commit().unwrap();
        at += count;
    }
    [file, path].map(|path| Array::open(path).unwrap())
}

#[test]
fn slabs_of_any_height_are_one_array() {
    let folder = tempfile::tempdir().unwrap();
    let mut bits = Bits(17);
    for dtype in [DType::Float64, DType::Int16, DType::UInt8] {
        for _ in 0..3 {
            let [file, dataset] = both(folder.path(), dtype, &mut bits);
            assert_eq!(file.grid(), dataset.grid());
            assert!(file.to_bytes().unwrap() == dataset.to_bytes().unwrap());
            for program in PROGRAMS {
                let expr = Expr::new(program).unwrap();
                let answers = |array: &Array<'_>, threads| -> Vec<(Shape, Vec<u8>)> {
                    let result = expr.bind(&[("x", array)]).unwrap().threads(threads).run();
                    let result = result.unwrap_or_else(|error| panic!("{program}: {error}"));
                    (0..result.len())
                        .map(|nth| {
                            (
                                result.array(nth).shape().clone(),
                                result.array(nth).to_bytes().unwrap(),
                            )
                        })
                        .collect()
                };
                let expected = answers(&file, 1);
                for threads in [1, 3] {
                    assert!(
                        answers(&dataset, threads) == expected,
                        "{program} on {threads} threads"
                    );
                }
                let together = Expr::new("sum(x * (y + 1) - x)").unwrap();
                let sum = together.eval(&[("x", &dataset), ("y", &file)]).unwrap();
                assert_eq!(
                    sum.scalar(),
                    together
                        .eval(&[("x", &file), ("y", &file)])
                        .unwrap()
                        .scalar()
                );
            }
        }
    }
}

#[test]
fn results_that_are_written_are_those_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let mut bits = Bits(23);
    let [_, array] = both(folder.path(), DType::Float64, &mut bits);
    let (out, mut versions) = (folder.path().join("out.fbd"), 0);
    for program in [
        "x + 1",
        "x[x > 10]",
        "x * 0",
        "mean(x, axis=0)",
        "x[x < -1]",
        "x.T",
    ] {
        for chunk in [None, Some(4)] {
            let bound = Expr::new(program).unwrap();
            let bound = bound.bind(&[("x", &array)]).unwrap();
            let expected = bound.run().unwrap();
            let expected = expected.array(0);
            let save = SaveOptions {
                chunk: chunk.map(|extent| Shape::from(vec![extent; expected.shape().ndim()])),
                ..SaveOptions::default()
            };
            let saved = bound.threads(3).save(&[&out], &save).unwrap();
            versions += 1;
            assert_eq!(&saved.outputs[0].shape, expected.shape());
            let (shape, bytes) = content(&out, None);
            assert_eq!(shape, expected.shape().to_vec(), "{program}");
            assert!(bytes == expected.to_bytes().unwrap(), "{program}");
            let snapshot = Root::open(&out).unwrap().snapshot(None).unwrap();
            assert_eq!(snapshot.version(), versions);
            if program == "x * 0" {
                assert!(snapshot.slabs().iter().all(|slab| slab.file().is_none()));
            }
        }
    }
    // What fails leaves nothing: neither a version nor a file.
    let files = || std::fs::read_dir(out.join("data")).unwrap().count();
    let before = files();
    let failing = Expr::new("int64(x) ** (int64(x > 1e300) - 1)").unwrap();
    let failed = failing
        .bind(&[("x", &array)])
        .and_then(|bound| bound.save(&[&out], &SaveOptions::default()));
    assert!(failed.is_err());
    assert_eq!(files(), before);
    assert_eq!(
        Root::open(&out).unwrap().snapshot(None).unwrap().version(),
        versions
    );
    // What is there and is no dataset stays.
    let other = folder.path().join("other.fbd");
    std::fs::create_dir(&other).unwrap();
    let one = Expr::new("x + 1").unwrap();
    let bound = one.bind(&[("x", &array)]).unwrap();
    let error = bound.save(&[&other], &SaveOptions::default()).unwrap_err();
    assert!(error.message().contains("no dataset"), "{error}");
    let scalar = Expr::new("sum(x)").unwrap();
    let error = scalar
        .bind(&[("x", &array)])
        .and_then(|bound| bound.save(&[folder.path().join("s.fbd")], &SaveOptions::default()))
        .unwrap_err();
    assert!(error.message().contains("without axes"), "{error}");
}

/// What files know of their blocks is used, also in a dataset, and changes no answer.
#[test]
fn blocks_that_are_known_are_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fbd");
    let shape = Shape::new(&[0, 64]);
    let (zero, cut) = (Scalar::Int32(0), options(&[256, 64], &[64, 64], 256));
    let mut dataset = Dataset::create(&path, DType::Int32, &shape, zero, &cut).unwrap();
    let bytes: Vec<u8> = (0..1_024 * 64)
        .flat_map(|at: i32| (at / 64).to_ne_bytes())
        .collect();
    dataset.append(&[1_024, 64], &bytes).unwrap();
    // Rows of one value, and some that are put together of two slabs.
    dataset
        .append(&[300, 64], &7i32.to_ne_bytes().repeat(300 * 64))
        .unwrap();
    dataset.append(&[100, 64], &bytes[..100 * 256]).unwrap();
    dataset.commit().unwrap();
    let array = Array::open(&path).unwrap();
    let mut skipped = 0;
    for program in [
        "sum(where(x > 1000, x, 0))",
        "count_nonzero(x < 10)",
        "max(x), min(x)",
        "x[x == 70]",
    ] {
        let run = |zone_maps| {
            let options = fuseblock::Options {
                zone_maps,
                ..Default::default()
            };
            let bound = Expr::new(program).unwrap().bind(&[("x", &array)]).unwrap();
            let result = bound.options(options).run().unwrap();
            let bytes: Vec<_> = (0..result.len())
                .map(|nth| result.array(nth).to_bytes().unwrap())
                .collect();
            (bytes, result.stats().blocks_decoded)
        };
        let ((with, few), (without, all)) = (run(true), run(false));
        assert!(with == without, "{program}");
        skipped += all - few;
    }
    assert!(skipped > 20, "{skipped} blocks");
}

/// Items of the same size are taken as another dtype; rows may be replaced by any array.
#[test]
fn other_dtypes_and_arrays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fbd");
    let shape = Shape::new(&[20, 2]);
    let value = Scalar::UInt32(1.0f32.to_bits());
    let mut dataset = Dataset::create(
        &path,
        DType::UInt32,
        &shape,
        value,
        &options(&[4, 2], &[4, 2], 8),
    )
    .unwrap();
    let rows: Vec<u32> = (0..12).map(|at| (at as f32).to_bits()).collect();
    Array::from_slice(&rows, &[6, 2])
        .unwrap()
        .replace_in_dataset(&mut dataset, 3)
        .unwrap();
    dataset.commit().unwrap();
    let array = Array::open_operand(&format!("{}:float32", path.display())).unwrap();
    let values = array.to_vec::<f32>().unwrap();
    assert_eq!(values[..6], [1.0; 6]);
    assert_eq!(
        values[6..18],
        (0..12).map(|at| at as f32).collect::<Vec<_>>()
    );
    assert_eq!(values[18..], [1.0; 22]);
    assert!(Array::open_operand(&format!("{}:float64", path.display())).is_err());
    let old = Array::open_operand(&format!("{}@1:float32", path.display())).unwrap();
    assert_eq!(old.to_vec::<f32>().unwrap(), [1.0; 40]);
}
