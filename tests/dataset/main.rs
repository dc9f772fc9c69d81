//! In: datasets that are changed, on disks that fail, by processes that are killed or that change them at the same time.
//! Out: whether every version that was told of is there, and each is whole. Never: a dataset that cannot be opened.
#![allow(clippy::unwrap_used, reason = "functions of a test, too, may fail it")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../crash/bits.rs"]
mod bits;
#[path = "../common/noting.rs"]
mod noting;
mod command;
mod crash;
mod disk;
mod earlier;
mod expressions;
mod model;
mod hostile;
mod several;
mod upkeep;

use std::path::Path;

use common::read_all;
use fuseblock::store::attributes::Attribute;
use fuseblock::store::dataset::{Dataset, DatasetOptions};
use fuseblock::types::Shape;
use fuseblock::{Array, DType, ErrorKind, Scalar};

use bits::Bits;
use model::Model;

/// The elements and the shape of a version, or the newest.
pub(crate) fn content(path: &Path, version: Option<u64>) -> (Vec<usize>, Vec<u8>) {
    let options = Array::options();
    let options = version.map_or(options.clone(), |version| options.version(version));
    let array = options.open(path).unwrap_or_else(|error| panic!("{error}"));
    let bytes = read_all(&array).unwrap_or_else(|error| panic!("{error}"));
    (array.shape().to_vec(), bytes)
}

/// Small slabs, so that everything comes in several.
pub(crate) fn options(chunk: &[usize], block: &[usize], slab_rows: usize) -> DatasetOptions {
    DatasetOptions {
        chunk: Some(Shape::new(chunk)),
        block: Some(Shape::new(block)),
        slab_rows: Some(slab_rows),
        ..DatasetOptions::default()
    }
}

/// Random changes give what they give in memory, through any number of commits, openings and other writers; and every
/// version stays what it was.
#[test]
fn versions_are_what_they_are_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    for case in 0..40 {
        let mut bits = Bits(case * 7_919 + 1);
        let path = folder.path().join(format!("{case}.fbd"));
        let (mut dataset, mut model) = Model::create(&path, &mut bits);
        let mut versions = vec![model.clone()];
        for step in 0..12 {
            let what = format!("case {case} step {step}");
            for _ in 0..=bits.below(2) {
                model.change(&mut dataset, &mut bits);
                // What is appended is seen by nobody before it is committed, so that rows are replaced afterwards.
                if model.rows() != dataset.shape()[0] {
                    break;
                }
            }
            if bits.below(5) == 0 {
                drop(dataset);
                model = versions.last().unwrap().clone();
                dataset = Dataset::open(&path).unwrap();
                continue;
            }
            let before = dataset.snapshot().version();
            let version = dataset.commit().unwrap();
            if version > before {
                versions.push(model.clone());
            }
            assert_eq!(version as usize, versions.len(), "{what}");
            model.check(&path, None, &what);
        }
        for (number, model) in versions.iter().enumerate() {
            model.check(
                &path,
                Some(number as u64 + 1),
                &format!("case {case}, version {number}"),
            );
        }
    }
}

#[test]
fn large_arrays_of_one_value_need_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zeros.fbd");
    let shape = Shape::new(&[8_000_000, 1_000]);
    let (fill, options) = (Scalar::Float64(2.5), DatasetOptions::default());
    let mut dataset = Dataset::create(&path, DType::Float64, &shape, fill, &options).unwrap();
    assert_eq!(std::fs::read_dir(path.join("data")).unwrap().count(), 0);
    let bytes: u64 = std::fs::read_dir(path.join("meta"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(bytes < 4_096, "{bytes}");
    let rows: Vec<u8> = (0..3_000)
        .flat_map(|value| f64::from(value).to_ne_bytes())
        .collect();
    dataset.replace(4_000_000, &[3, 1_000], &rows).unwrap();
    dataset.commit().unwrap();
    let array = Array::open(&path).unwrap();
    assert_eq!(array.shape(), &shape);
    let mut read = vec![0; 5 * 1_000 * 8];
    let mut scratch = Default::default();
    array
        .read_box(&[3_999_999, 0], &[5, 1_000], &mut scratch, &mut read)
        .unwrap();
    let row = 2.5f64.to_ne_bytes().repeat(1_000);
    assert!(read == [&row[..], &rows, &row].concat());
}

#[test]
fn what_cannot_be_is_refused_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fbd");
    let create = |shape: &[usize]| {
        let (fill, options) = (Scalar::Int32(0), options(&[4, 2], &[2, 2], 8));
        Dataset::create(&path, DType::Int32, &Shape::new(shape), fill, &options)
    };
    let plain = DatasetOptions::default();
    let error = Dataset::create(
        &path,
        DType::Int8,
        &Shape::scalar(),
        Scalar::Int8(0),
        &plain,
    )
    .unwrap_err();
    assert!(error.message().contains("without axes"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let mut dataset = create(&[10, 2]).unwrap();
    assert_eq!(create(&[10, 2]).unwrap_err().kind(), ErrorKind::Argument);
    assert_eq!(
        dataset.append(&[1, 3], &[0; 12]).unwrap_err().kind(),
        ErrorKind::Argument
    );
    assert_eq!(
        dataset.append(&[1, 2], &[0; 12]).unwrap_err().kind(),
        ErrorKind::Argument
    );
    assert_eq!(
        dataset.replace(9, &[2, 2], &[0; 16]).unwrap_err().kind(),
        ErrorKind::Argument
    );
    let bytes: Vec<u8> = (0..80).collect();
    dataset.replace(0, &[10, 2], &bytes).unwrap();
    dataset.commit().unwrap();
    // A file cannot be cut.
    let error = dataset.replace(4, &[4, 2], &bytes[..32]).unwrap_err();
    assert!(
        error.message().contains("rows 0 to 8 are in one file"),
        "{error}"
    );
    dataset.replace(8, &[2, 2], &bytes[..16]).unwrap();
    assert!(dataset.set_attribute("", &Attribute::Nil).is_err());
    // Nothing of what was refused or not committed stays.
    drop(dataset);
    assert_eq!(std::fs::read_dir(path.join("data")).unwrap().count(), 2);
    let other = folder.path().join("other");
    std::fs::create_dir(&other).unwrap();
    assert_eq!(
        Dataset::open(&other).unwrap_err().kind(),
        ErrorKind::Unsupported
    );
    let error = Array::options().version(7).open(&path).unwrap_err();
    assert_eq!(error.help(), Some("there are versions 1 to 2"));
}

/// Of two who change a dataset at the same time none is lost, and whoever is too late and touches the same is told.
#[test]
fn changes_of_others_are_never_undone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fbd");
    let options = options(&[4], &[4], 4);
    let shape = Shape::new(&[16]);
    Dataset::create(&path, DType::Int8, &shape, Scalar::Int8(0), &options).unwrap();
    let open = || Dataset::open(&path).unwrap();
    let (mut one, mut two, mut three) = (open(), open(), open());
    one.append(&[3], &[1, 2, 1]).unwrap();
    two.append(&[2], &[3, 4]).unwrap();
    three.replace(4, &[4], &[5, 6, 7, 8]).unwrap();
    three.set_attribute("a", &Attribute::Int(1)).unwrap();
    assert_eq!(one.commit().unwrap(), 2);
    assert_eq!(two.commit().unwrap(), 3);
    assert_eq!(three.commit().unwrap(), 4);
    let expected = [
        0, 0, 0, 0, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 1, 3, 4,
    ];
    assert_eq!(content(&path, None).1, expected);
    // Rows beside each other.
    let (mut one, mut two) = (open(), open());
    one.replace(0, &[2], &[1, 2]).unwrap();
    two.replace(2, &[2], &[3, 4]).unwrap();
    two.set_attribute("b", &Attribute::Int(2)).unwrap();
    one.set_attribute("c", &Attribute::Int(3)).unwrap();
    two.commit().unwrap();
    one.commit().unwrap();
    assert_eq!(content(&path, None).1[..4], [1, 2, 3, 4]);
    // The same rows.
    let (mut one, mut two) = (open(), open());
    one.replace(8, &[4], &[9, 8, 9, 8]).unwrap();
    two.replace(10, &[6], &[7, 6, 7, 6, 7, 6]).unwrap();
    one.commit().unwrap();
    let files = || std::fs::read_dir(path.join("data")).unwrap().count();
    let before = files();
    let error = two.commit().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(
        error
            .message()
            .contains("version 7 has changed rows 10 to 12"),
        "{error}"
    );
    assert!(files() < before, "what was written for it is gone");
    two.append(&[1], &[9]).unwrap();
    two.commit().unwrap();
    // The same attribute, in another way and in the same.
    let (mut one, mut two, mut three) = (open(), open(), open());
    one.set_attribute("a", &Attribute::Int(7)).unwrap();
    two.set_attribute("a", &Attribute::Int(7)).unwrap();
    three.remove_attribute("a").unwrap();
    one.commit().unwrap();
    two.commit().unwrap();
    let error = three.commit().unwrap_err();
    assert!(error.message().contains("the attribute `a`"), "{error}");
    let names: Vec<_> = open()
        .snapshot()
        .attributes()
        .map(|(name, _)| name.to_string())
        .collect();
    assert_eq!(names, ["a", "b", "c"]);
}

/// More versions than are kept apart.
#[test]
fn a_version_is_put_together_of_few_manifests() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fbd");
    let options = options(&[4], &[4], 8);
    let mut dataset = Dataset::create(
        &path,
        DType::Int32,
        &Shape::new(&[0]),
        Scalar::Int32(0),
        &options,
    )
    .unwrap();
    for value in 1..=230i32 {
        dataset.append(&[1], &value.to_ne_bytes()).unwrap();
        dataset.commit().unwrap();
    }
    let manifest = |version: u64| path.join(format!("meta/{version:020}.manifest"));
    let len = |version| std::fs::metadata(manifest(version)).unwrap().len();
    assert!(
        len(100) < 300 && len(229) < 300,
        "{} {}",
        len(100),
        len(229)
    );
    assert!(len(101) > 2_000 && len(201) > 4_000);
    // What a version that stands alone does not need.
    for version in 1..=200 {
        std::fs::remove_file(manifest(version)).unwrap();
    }
    let expected: Vec<u8> = (1..=230i32).flat_map(i32::to_ne_bytes).collect();
    assert_eq!(content(&path, None).1, expected);
    assert_eq!(content(&path, Some(205)).1, expected[..204 * 4]);
    dataset.append(&[1], &7i32.to_ne_bytes()).unwrap();
    assert_eq!(dataset.commit().unwrap(), 232);
}

/// Whoever opened a dataset that somebody has removed and made anew writes nothing to the new one.
#[test]
fn another_dataset_is_not_taken_for_the_one_that_was_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fbd");
    let (shape, options) = (Shape::new(&[4]), options(&[4], &[4], 4));
    let make =
        |value| Dataset::create(&path, DType::Int8, &shape, Scalar::Int8(value), &options).unwrap();
    let mut old = make(1);
    std::fs::remove_dir_all(&path).unwrap();
    make(2);
    old.append(&[1], &[3]).unwrap();
    let error = old.commit().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(content(&path, None).1, [2; 4]);
}
