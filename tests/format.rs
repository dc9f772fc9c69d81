//! Files written by the frame writer read back as what was written, in every geometry, dtype and
//! codec, and `info` tells what they are.
#![allow(clippy::unwrap_used, reason = "functions of a test, too, may fail it")]

mod common;

use common::{geometries, read_all, sample};
use fuseblock::store::write::{ArrayWriter, Options, Split, WriteCodec, write_frame};
use fuseblock::store::{self, Kind};
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
