//! Files written by the frame writer read back as what was written, in every geometry, dtype and
//! codec, and `info` tells what they are.
#![allow(clippy::unwrap_used, reason = "functions of a test, too, may fail it")]

mod common;

use std::path::Path;

use common::{geometries, read_all, sample};
use fuseblock::store::attributes::{Attribute, attributes};
use fuseblock::store::edit::ArrayFile;
use fuseblock::store::write::{ArrayWriter, Extras, Options, Split, WriteCodec, write_frame};
use fuseblock::store::{self, Kind, info};
use fuseblock::types::{Grid, Shape};
use fuseblock::{Array, DType, ErrorKind};

/// Every filter that loses nothing, alone and together.
const FILTERS: [&str; 7] = [
    "shuffle",
    "none",
    "bitshuffle",
    "delta",
    "delta,shuffle",
    "shuffle,bytedelta",
    "delta,bitshuffle",
];

fn grid(chunk: &[usize], block: &[usize]) -> Grid {
    Grid {
        chunk: Shape::new(chunk),
        block: Shape::new(block),
    }
}

#[test]
fn every_geometry_dtype_and_codec_reads_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.b2nd");
    let mut case = 0;
    for (shape, chunk, block) in geometries() {
        let (shape, grid) = (Shape::new(&shape), grid(&chunk, &block));
        for dtype in DType::ALL {
            // The options cycle, so that every one meets every geometry with some dtype.
            let options = Options {
                codec: WriteCodec::ALL[case % 5],
                level: [1, 5, 9, 0][case % 4],
                filters: FILTERS[case % 7].parse().unwrap(),
                split: [Split::Auto, Split::Always, Split::Never][case / 3 % 3],
            };
            let elements = sample(dtype, shape.elems(), case);
            write_frame(&path, dtype, &shape, &grid, options, &elements).unwrap();
            let array = Array::open(&path).unwrap();
            assert_eq!(array.dtype(), dtype);
            assert_eq!(array.shape(), &shape);
            assert_eq!(array.grid(), Some(&grid));
            assert_eq!(
                read_all(&array).unwrap(),
                elements,
                "{dtype} {shape} {grid:?} {options:?}"
            );
            case += 1;
        }
    }
}

#[test]
fn constant_chunks_are_special_and_known_without_decoding() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.b2nd");
    let mut values = vec![0.0f64; 400];
    values[100..200].fill(2.5);
    values[200..300].fill(f64::NAN);
    values[399] = 1.0;
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_ne_bytes())
        .collect();
    let (shape, grid) = (Shape::new(&[400]), grid(&[100], &[50]));
    let options = Options::default();
    write_frame(&path, DType::Float64, &shape, &grid, options, &bytes).unwrap();
    let info = store::info(&path).unwrap();
    let special = info.special;
    assert_eq!((special.zeros, special.nan, special.value), (1, 1, 1));
    assert_eq!(info.oddities, Vec::<String>::new());
    let array = Array::open(&path).unwrap();
    let fuseblock::array::Layout::Blocks(_, blocks) = array.layout() else {
        panic!("a stored array has blocks");
    };
    let mut scratch = fuseblock::array::DecodeScratch::default();
    let mut constant = |chunk| blocks.constant(chunk, &mut scratch).unwrap();
    assert_eq!(constant(0), Some(fuseblock::Scalar::Float64(0.0)));
    assert_eq!(constant(1), Some(fuseblock::Scalar::Float64(2.5)));
    assert!(constant(2).unwrap().is_nan());
    assert_eq!(constant(3), None);
    assert_eq!(read_all(&array).unwrap(), bytes);
}

#[test]
fn info_tells_what_was_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.b2nd");
    let (shape, grid) = (Shape::new(&[50, 60]), grid(&[20, 30], &[10, 30]));
    let options = Options {
        codec: WriteCodec::Zstd,
        level: 3,
        ..Options::default()
    };
    let elements = sample(DType::Int32, 3000, 0);
    write_frame(&path, DType::Int32, &shape, &grid, options, &elements).unwrap();
    let info = store::info(&path).unwrap();
    assert_eq!(info.kind, Kind::B2nd);
    assert_eq!(info.dtype.as_deref(), Some("<i4"));
    assert_eq!((info.chunks, info.itemsize), (Some(6), Some(4)));
    assert_eq!(info.nbytes, 6 * 600 * 4);
    assert_eq!(info.file_bytes, std::fs::metadata(&path).unwrap().len());
    assert!(info.ratio().unwrap() > 1.5, "{info:?}");
    let compression = info.compression.unwrap();
    assert_eq!(compression.codec, "zstd");
    assert_eq!((compression.level, compression.splitmode), (3, "auto"));
    assert_eq!(compression.filters.len(), 1);
    assert_eq!(compression.filters[0].name, "shuffle");
    assert_eq!(info.metalayers.len(), 1);
    assert_eq!(info.metalayers[0].name, "b2nd");

    let npy = directory.path().join("a.npy");
    fuseblock::array::npy::NpyWriter::create(&npy, DType::Bool, &shape)
        .unwrap()
        .finish()
        .unwrap();
    let info = store::info(&npy).unwrap();
    assert_eq!((info.kind, info.itemsize), (Kind::Npy, Some(1)));
    assert_eq!(info.shape, Some(shape));
}

#[test]
fn the_writer_refuses_what_does_not_fit_and_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.b2nd");
    let create = |shape: &[usize], grid: &Grid| {
        ArrayWriter::create(
            &path,
            DType::Int64,
            &Shape::new(shape),
            grid,
            Options::default(),
        )
    };
    let good = grid(&[4], &[2]);
    for (shape, grid) in [
        (&[10, 10][..], &good),
        (&[10], &grid(&[0], &[1])),
        (&[10], &grid(&[4], &[0])),
        (&[10], &grid(&[1 << 40], &[1 << 20])),
        (&[10], &grid(&[usize::MAX], &[usize::MAX - 1])),
        (&[usize::MAX], &grid(&[1], &[1])),
        (&[1 << 60], &grid(&[1 << 20], &[1 << 10])),
    ] {
        let error = create(shape, grid).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument, "{shape:?} {grid:?}");
    }
    let writer = create(&[10], &good).unwrap();
    assert_eq!(writer.chunks(), 3);
    assert!(writer.write(&[0], &[4], &[0; 31]).is_err());
    assert!(writer.write(&[8], &[3], &[0; 24]).is_err());
    assert!(writer.write(&[0, 0], &[1, 1], &[0; 8]).is_err());
    assert!(writer.write(&[usize::MAX], &[2], &[0; 16]).is_err());
    writer.write(&[0], &[4], &[1; 32]).unwrap();
    writer.write(&[4], &[4], &[2; 32]).unwrap();
    assert_eq!(&*writer.region(2).shape, &[2]);
    writer.write(&[8], &[1], &[3; 8]).unwrap();
    // What was there before comes a second time.
    assert!(writer.write(&[8], &[2], &[3; 16]).is_err());
    assert!(writer.finish().is_err());
    assert!(create(&[10], &good).unwrap().finish().is_err());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn frames_have_metalayers_and_may_be_folders() {
    let directory = tempfile::tempdir().unwrap();
    let values = sample(DType::Int16, 50, 1);
    for sparse in [false, true] {
        let path = directory.path().join(format!("{sparse}.b2nd"));
        let mut extras = Extras {
            sparse,
            metalayers: vec![("unit".to_string(), b"m/s".to_vec())],
            vlmetalayers: vec![("note".to_string(), vec![7; 5000])],
        };
        extras.set_attribute("mean", &Attribute::Float(0.5));
        let create = |path: &Path, extras: &Extras| {
            let (shape, options) = (Shape::new(&[50]), Options::default());
            let grid = grid(&[16], &[8]);
            let extras = extras.clone();
            ArrayWriter::create_with(path, DType::Int16, &shape, &grid, options, extras)
        };
        let writer = create(&path, &extras).unwrap();
        // The last chunk first.
        writer.write(&[20], &[30], &values[40..]).unwrap();
        writer.write(&[0], &[20], &values[..40]).unwrap();
        writer.finish().unwrap();
        let array = Array::open(&path).unwrap();
        assert_eq!(read_all(&array).unwrap(), values);
        let read = array.extras().unwrap();
        assert_eq!(
            (&read.metalayers, &read.vlmetalayers),
            (&extras.metalayers, &extras.vlmetalayers)
        );
        assert_eq!(
            attributes(&path).unwrap(),
            [("mean".to_string(), Attribute::Float(0.5))]
        );
        let seal = info(&path).unwrap().seal.map(|seal| seal.to_string());
        assert_eq!(seal.as_deref(), Some(if sparse { "none" } else { "whole" }));
        assert_eq!(path.is_dir(), sparse);
        if sparse {
            // A folder replaces nothing.
            let error = create(&path, &extras).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Argument);
            assert!(ArrayFile::open(&path).is_err());
        }
        let other = directory.path().join("other.b2nd");
        let refused = |change: &dyn Fn(&mut Extras)| {
            let mut extras = extras.clone();
            change(&mut extras);
            create(&other, &extras).unwrap_err().message().to_string()
        };
        let layer = |name: &str| (name.to_string(), Vec::new());
        for name in ["", "b2nd", "caterva", "fuseblock_seal", &"x".repeat(32)] {
            assert!(refused(&|extras| extras.metalayers.push(layer(name))).contains("name"));
            assert!(refused(&|extras| extras.vlmetalayers.push(layer(name))).contains("name"));
        }
        assert!(refused(&|extras| extras.metalayers.push(layer("unit"))).contains("two"));
        assert!(refused(&|extras| extras.vlmetalayers.push(layer("note"))).contains("two"));
        let many = |extras: &mut Extras| {
            extras
                .metalayers
                .extend((0..15).map(|n| layer(&n.to_string())));
        };
        assert!(refused(&many).contains("at most 16"));
        let long = |extras: &mut Extras| extras.metalayers[0].1 = vec![0; 1 << 20];
        assert!(refused(&long).contains("metalayers of the header"));
        let left = std::fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(left, 1 + usize::from(sparse));
    }
}

/// Chunks that cross those of the array are written some at a time, and the file is the same however many threads do.
#[test]
fn crossing_chunks_are_written_some_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let (from, to) = (
        directory.path().join("from.b2nd"),
        directory.path().join("to.b2nd"),
    );
    let shape = Shape::new(&[8_200, 8_300]);
    let elements: Vec<u8> = (0..shape.elems())
        .map(|nth| (nth / 97 + nth % 8_300) as u8)
        .collect();
    let rows = grid(&[64, 8_300], &[16, 8_300]);
    write_frame(
        &from,
        DType::UInt8,
        &shape,
        &rows,
        Options::default(),
        &elements,
    )
    .unwrap();
    let array = Array::open(&from).unwrap();
    let columns = grid(&[8_200, 70], &[1_000, 70]);
    assert!(array.crosses(&columns));
    for other in [
        &rows,
        &grid(&[100, 8_300], &[10, 8_300]),
        &grid(&[100, 100], &[10, 100]),
    ] {
        assert!(!array.crosses(other), "{other:?}");
    }
    let mut files = Vec::new();
    for threads in [1, 3] {
        let options = Options::default();
        let writer = ArrayWriter::create(&to, DType::UInt8, &shape, &columns, options).unwrap();
        let told = std::sync::Mutex::new((0, 0));
        let progress = |done, total| *told.lock().unwrap() = (done, total);
        let write =
            |start: &[usize], extent: &[usize], bytes: &[u8]| writer.write(start, extent, bytes);
        array
            .rechunk_to(writer.grid(), &write, Some(threads), &progress)
            .unwrap();
        writer.finish().unwrap();
        let (done, total) = *told.lock().unwrap();
        assert!(done == total && total > 3, "{done} of {total}");
        files.push(std::fs::read(&to).unwrap());
    }
    assert!(files[0] == files[1]);
    let written = Array::open(&to).unwrap();
    assert_eq!(written.grid(), Some(&columns));
    assert!(read_all(&written).unwrap() == elements);
}

#[test]
fn several_threads_decode_one_array() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.b2nd");
    let (shape, grid) = (Shape::new(&[90, 80]), grid(&[16, 16], &[8, 8]));
    let elements = sample(DType::UInt16, 7200, 0);
    let options = Options::default();
    write_frame(&path, DType::UInt16, &shape, &grid, options, &elements).unwrap();
    let array = Array::open(&path).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(read_all(&array).unwrap(), elements));
        }
    });
}
