//! python-blosc2 opens every file of a dataset, and docs/format.md is enough to put them together.

use std::process::Command;

use fuseblock::store::dataset::{Dataset, DatasetOptions};
use fuseblock::types::Shape;
use fuseblock::{Array, DType, Scalar};

use crate::common::sample;
use crate::common::venv::{python, run};

#[test]
fn datasets_are_what_the_page_says_and_their_files_are_blosc2s() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut files = 0;
    for (case, dtype) in DType::ALL.into_iter().enumerate() {
        let path = folder.path().join(format!("{dtype}.fbd"));
        let options = DatasetOptions {
            chunk: Some(Shape::new(&[6, 5])),
            block: Some(Shape::new(&[4, 3])),
            slab_rows: Some(12),
            ..DatasetOptions::default()
        };
        let (shape, one) = (Shape::new(&[40, 7]), Scalar::from_bits(dtype, 1));
        let mut dataset = Dataset::create(&path, dtype, &shape, one, &options).unwrap();
        let bytes = sample(dtype, 30 * 7, case);
        let row = 7 * dtype.size();
        for (first, rows) in [(5, 20), (30, 3)] {
            dataset
                .replace(first, &[rows, 7], &bytes[..rows * row])
                .unwrap();
            dataset.commit().unwrap();
        }
        dataset.set_attribute("unit", &"K".into()).unwrap();
        dataset.set_attribute("gone", &1i64.into()).unwrap();
        dataset.commit().unwrap();
        dataset.remove_attribute("gone").unwrap();
        dataset.append(&[30, 7], &bytes).unwrap();
        dataset.commit().unwrap();
        let expected = Array::open(&path).unwrap().to_bytes().unwrap();
        let check = |path: &std::path::Path| -> usize {
            let out = folder.path().join("out.npy");
            let script = crate::script("dataset.py");
            let printed = run(Command::new(&python).arg(script).arg(path).arg(&out));
            let array = Array::open(&out).unwrap();
            assert_eq!(array.shape().to_vec(), [70, 7], "{dtype}");
            assert!(array.to_bytes().unwrap() == expected, "{dtype}");
            let (count, unit) = printed.trim().split_once(' ').unwrap();
            assert_eq!(unit, "K");
            count.parse().unwrap()
        };
        files += check(&path);
        // As a checkpoint.
        dataset.compact().unwrap();
        files += check(&path);
    }
    assert!(files > 60, "{files}");
}
