//! Damaged files end in an error or in an array of some declared dtype and shape, whose sum is
//! either computed or an error too: never in a panic, never in an allocation that the file does not
//! justify. And sound files, once warm, decode without any allocation at all.
#![allow(
    clippy::duplicate_mod,
    reason = "the fuzz targets use `survive` without the rest of `common`"
)]
#![allow(clippy::unwrap_used, reason = "functions of a test, too, may fail it")]

#[path = "common/build.rs"]
mod build;
mod common;
#[path = "common/noting.rs"]
mod noting;
#[path = "common/survive.rs"]
mod survive;

use std::path::{Path, PathBuf};

use build::{BuiltChunk, BuiltFrame, ZEROS, b2nd, index, stream};
use common::{read, read_all, sample};
use fuseblock::array::{DecodeScratch, Layout};
use fuseblock::store::file::Source;
use fuseblock::store::write::{Options, Split, WriteCodec, write_frame};
use fuseblock::store::{info, info_of};
use fuseblock::types::{Grid, Shape};
use fuseblock::{Array, DType, Error, ErrorKind, Expr};
use noting::{LARGEST, REQUESTS};

/// Files of the reference library to damage, under tests/golden.
const THEIRS: [&str; 13] = [
    "codec-blosclz",
    "codec-zlib",
    "example",
    "filter-delta-bitshuffle",
    "filter-ndcell3-shuffle",
    "filter-shuffle-bytedelta",
    "full",
    "made-special",
    "meta",
    "nan",
    "scalar",
    "split",
    "zeros",
];

/// Files to damage: some of ours, and some of the reference library's.
fn files() -> Vec<(String, Vec<u8>)> {
    let directory = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    let ours = [
        (
            DType::Float64,
            &[40][..],
            &[16][..],
            &[8][..],
            WriteCodec::Zstd,
            Split::Auto,
        ),
        (
            DType::Int32,
            &[7, 30],
            &[4, 30],
            &[2, 20],
            WriteCodec::Lz4,
            Split::Always,
        ),
        (
            DType::Bool,
            &[100],
            &[200],
            &[50],
            WriteCodec::Lz4Hc,
            Split::Never,
        ),
        (
            DType::UInt16,
            &[200],
            &[3],
            &[3],
            WriteCodec::Lz4,
            Split::Never,
        ),
    ];
    for (flavour, (dtype, shape, chunk, block, codec, split)) in ours.into_iter().enumerate() {
        let path = directory.path().join("file.b2nd");
        let options = Options {
            codec,
            split,
            ..Options::default()
        };
        let grid = Grid {
            chunk: Shape::new(chunk),
            block: Shape::new(block),
        };
        let shape = Shape::new(shape);
        let elements = sample(dtype, shape.elems(), 2 * flavour);
        write_frame(&path, dtype, &shape, &grid, options, &elements).unwrap();
        files.push((format!("ours {dtype}"), std::fs::read(&path).unwrap()));
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for name in THEIRS {
        let bytes = std::fs::read(golden.join(format!("{name}.b2nd"))).unwrap();
        files.push((name.to_string(), bytes));
    }
    files.extend(built());
    files
}

/// What the writer does not write: frames without shape, chunks and blocks of varying sizes.
fn built() -> Vec<(String, Vec<u8>)> {
    let raw = |data: &[u8]| stream(i32::try_from(data.len()).unwrap(), data);
    let coded = [&[0x1A, b'a', 1, 0, 0x50][..], b"bbbbb"].concat();
    let pieces = [raw(&coded), stream(0, &[]), stream(-9, &[1])];
    let blocks: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
    // 50 bytes in blocks of 20, the last a leftover.
    let regular = BuiltChunk::new(BuiltChunk::PLAIN, 1, 50, 20).blocks(&blocks, &[2, 0, 1]);
    let lengths = [stream(20, &coded), stream(3, b"abc"), stream(7, b"1234567")];
    let blocks: Vec<&[u8]> = lengths.iter().map(Vec::as_slice).collect();
    let varying = BuiltChunk::variable(3, 30).blocks(&blocks, &[0, 1, 2]);
    let data: Vec<u8> = (0..50).collect();
    let memcpyed = BuiltChunk::memcpyed(2, &data);
    let repeated = BuiltChunk::special(3, 2, 50).tail(&[1, 2]);
    let zeros = i64::from_ne_bytes(ZEROS.to_ne_bytes());
    let uniform = BuiltFrame {
        nbytes: 200,
        index: index(&[0, memcpyed.len() as i64, zeros, 0]),
        ..BuiltFrame::plain(2, 50, &[memcpyed.clone(), regular.clone()])
    };
    let mut last = BuiltFrame::plain(2, 50, &[regular.clone(), memcpyed, repeated.clone()]);
    last.vl_metalayers = vec![("note", varying.clone()), ("more", regular.clone())];
    let chunks = BuiltFrame::plain(1, 0, &[regular, repeated.clone(), varying.clone()]);
    let array = b2nd(&[5, 9], &[5, 5], &[5, 5], ">u2");
    let delta = BuiltChunk::new(BuiltChunk::PLAIN, 2, 50, 20).with(0x10, 3);
    let pieces = data.chunks(20).map(raw).collect::<Vec<_>>();
    let blocks: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
    let delta = delta.blocks(&blocks, &[1, 0, 2]);
    let from_dictionary = [&[0x0B, 16, 0, 0x50][..], b"bbbbb"].concat();
    let dictionary = BuiltChunk::new(BuiltChunk::PLAIN, 1, 20, 20).with(0x1F, 1);
    let section = stream(16, b"abcdefghijklmnop");
    let dictionary = dictionary.blocks_behind(&section, &[&raw(&from_dictionary)], &[0]);
    vec![
        ("delta".into(), BuiltFrame::plain(2, 50, &[delta]).bytes()),
        (
            "dictionary".into(),
            BuiltFrame::plain(1, 20, &[dictionary]).bytes(),
        ),
        ("special entries".into(), uniform.bytes()),
        ("vlmetalayers".into(), last.bytes()),
        ("varying chunks".into(), chunks.bytes()),
        (
            "varying blocks".into(),
            BuiltFrame::plain(1, 30, &[varying]).bytes(),
        ),
        (
            "big-endian".into(),
            BuiltFrame::array(2, 50, array, &[repeated.clone(), repeated]).bytes(),
        ),
    ]
}

/// Opens, decodes, sums and describes `bytes`; what they say may be an error, but a clear one.
/// Returns whether they could be read.
fn survive(bytes: &[u8], what: &dyn Fn() -> String) -> bool {
    LARGEST.set(0);
    let array = Array::from_file_bytes(bytes.to_vec());
    let told = info_of(Source::memory(bytes.to_vec()));
    survive::clear(told.as_ref().err(), what);
    survive::survive(array, what)
}

#[test]
fn undamaged_files_read() {
    for (name, bytes) in files() {
        assert!(survive(&bytes, &|| name.clone()), "{name}");
    }
}

#[test]
fn every_truncation() {
    for (name, bytes) in files() {
        for cut in 0..bytes.len() {
            let readable = survive(&bytes[..cut], &|| format!("{name} cut at {cut}"));
            assert!(!readable, "{name} cut at {cut} still reads");
        }
    }
}

#[test]
fn every_flipped_bit() {
    for (name, mut bytes) in files() {
        let mut errors = 0;
        for at in 0..bytes.len() {
            for bit in 0..8 {
                bytes[at] ^= 1 << bit;
                let readable = survive(&bytes, &|| format!("{name} flip {at:#x} bit {bit}"));
                errors += usize::from(!readable);
                bytes[at] ^= 1 << bit;
            }
        }
        assert!(errors > bytes.len(), "{name}: only {errors} flips noticed");
    }
}

#[test]
fn many_random_bytes() {
    let mut state = 7u64;
    let mut random = move |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(99);
        (state >> 33) as usize % below
    };
    let telling = [0, 1, 0x7F, 0x80, 0x81, 0xFF];
    for (name, original) in files() {
        for round in 0..800 {
            let mut bytes = original.clone();
            for _ in 0..1 + random(4) {
                let at = random(bytes.len());
                bytes[at] = match random(3) {
                    0 => telling[random(telling.len())],
                    1 => bytes[random(original.len())],
                    _ => random(256) as u8,
                };
            }
            survive(&bytes, &|| format!("{name} round {round}"));
        }
    }
}

#[test]
fn npy_files_cut_or_flipped() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.npy");
    let shape = Shape::new(&[3, 4]);
    let writer = fuseblock::array::npy::NpyWriter::create(&path, DType::Int16, &shape).unwrap();
    writer.write_at(0, &sample(DType::Int16, 12, 0)).unwrap();
    writer.finish().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    assert!(survive(&bytes, &|| "whole".to_string()));
    for cut in 0..bytes.len() {
        assert!(!survive(&bytes[..cut], &|| format!("cut at {cut}")));
    }
    for at in 0..bytes.len() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            survive(&bytes, &|| format!("flip {at:#x} bit {bit}"));
            bytes[at] ^= 1 << bit;
        }
    }
}

fn golden(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/golden").join(name)
}

#[test]
fn bloscpack_files_cut_or_flipped() {
    // With positions and without, with several checksums, compressed metadata and none.
    for name in [
        "legacy/bloscpack/np_u1.blp",
        "legacy/bloscpack/np_F3d.blp",
        "legacy/bloscpack/np_zerod.blp",
        "legacy/blz/f8_1d/data/__7.blp",
        "bloscpack-none.blp",
        "bloscpack-crc32.blp",
        "bloscpack-md5.blp",
        "bloscpack-sha384.blp",
        "../legacy/data/appended.blp",
        "../legacy/data/plain.blp",
    ] {
        let mut bytes = std::fs::read(golden(name)).unwrap();
        assert!(survive(&bytes, &|| name.to_string()), "{name}");
        for cut in 0..bytes.len() {
            let readable = survive(&bytes[..cut], &|| format!("{name} cut at {cut}"));
            // What was appended is in no shape, and so not missed.
            let missed = !name.contains("appended") || cut < 1000;
            assert!(!readable || !missed, "{name} cut at {cut} still reads");
        }
        for at in 0..bytes.len() {
            for bit in 0..8 {
                bytes[at] ^= 1 << bit;
                survive(&bytes, &|| format!("{name} flip {at:#x} bit {bit}"));
                bytes[at] ^= 1 << bit;
            }
        }
    }
}

/// Reads the array in a directory, in which files may be missing, too.
fn survive_in(directory: &Path, what: &dyn Fn() -> String) -> bool {
    let missing = |error: &Error| error.kind() == ErrorKind::Io;
    LARGEST.set(0);
    let told = info(directory);
    survive::clear(told.as_ref().err().filter(|error| !missing(error)), what);
    let array = Array::open(directory);
    let read = array.as_ref().map(read_all);
    if array.as_ref().is_err_and(missing) || read.is_ok_and(|r| r.is_err_and(|e| missing(&e))) {
        survive::frugal(what);
        return false;
    }
    survive::survive(array, what)
}

#[test]
fn array_directories_with_a_file_cut_or_flipped() {
    for name in ["legacy/bcolz/m_noflush", "legacy/blz/nd3"] {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::create_dir_all(root.join("meta")).unwrap();
        std::fs::create_dir_all(root.join("data")).unwrap();
        let files = ["meta/sizes", "meta/storage", "data/__0.blp", "data/__3.blp"];
        for file in [&files[..], &["data/__1.blp", "data/__2.blp"]].concat() {
            std::fs::copy(golden(name).join(file), root.join(file)).unwrap();
        }
        assert!(survive_in(root, &|| name.to_string()));
        for file in files {
            let path = root.join(file);
            let sound = std::fs::read(&path).unwrap();
            // The last character of a JSON file is the end of its line.
            for cut in 0..sound.len() - 1 {
                std::fs::write(&path, &sound[..cut]).unwrap();
                let readable = survive_in(root, &|| format!("{name} {file} cut at {cut}"));
                assert!(!readable, "{name} {file} cut at {cut} still reads");
            }
            let mut bytes = sound.clone();
            for at in 0..bytes.len() {
                for bit in 0..8 {
                    bytes[at] ^= 1 << bit;
                    std::fs::write(&path, &bytes).unwrap();
                    survive_in(root, &|| format!("{name} {file} flip {at:#x} bit {bit}"));
                    bytes[at] ^= 1 << bit;
                }
            }
            std::fs::write(&path, &sound).unwrap();
        }
    }
}

/// 10^15 rows and no file for them, or only the first: no reason for memory, nor to go on.
#[test]
fn rows_without_files_cost_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    std::fs::create_dir_all(root.join("meta")).unwrap();
    std::fs::create_dir_all(root.join("data")).unwrap();
    let storage = r#"{"dtype": "int64", "chunklen": 30}"#;
    std::fs::write(root.join("meta/storage"), storage).unwrap();
    let first = golden("legacy/blz/m_append/data/__0.blp");
    let sum = Expr::new("sum(x)").unwrap();
    for shape in ["[1000000000000000]", "[1000000000000000, 10]"] {
        let sizes = format!("{{\"shape\": {shape}}}");
        std::fs::write(root.join("meta/sizes"), sizes).unwrap();
        for present in [false, true] {
            let chunk = root.join("data/__0.blp");
            match present {
                true => drop(std::fs::copy(&first, chunk).unwrap()),
                false => drop(std::fs::remove_file(chunk)),
            }
            LARGEST.set(0);
            let opened = Array::open(root);
            let summed = opened.and_then(|array| sum.eval(&[("x", &array)]));
            let told = info(root);
            survive::frugal(&|| format!("{shape} {present}"));
            for error in [summed.unwrap_err(), told.unwrap_err()] {
                let kinds = [ErrorKind::Io, ErrorKind::Corrupt];
                assert!(kinds.contains(&error.kind()), "{error}");
            }
        }
    }
}

/// The files of a sparse frame, damaged one after the other.
#[test]
fn sparse_frames() {
    let directory = tempfile::tempdir().unwrap();
    let blocks: [&[u8]; 2] = [&stream(4, &[1, 2, 3, 4]), &stream(-7, &[1])];
    let chunks = [
        BuiltChunk::new(BuiltChunk::PLAIN, 2, 8, 4).blocks(&blocks, &[1, 0]),
        BuiltChunk::memcpyed(2, &[9; 8]),
    ];
    let frame = BuiltFrame {
        sparse: true,
        index: index(&[0, 0xFE]),
        ..BuiltFrame::array(2, 8, b2nd(&[7], &[4], &[2], "<u2"), &chunks)
    };
    let files = [
        ("chunks.b2frame", frame.bytes()),
        ("00000000.chunk", chunks[0].clone()),
        ("000000FE.chunk", chunks[1].clone()),
    ];
    let write = |name: &str, bytes: &[u8]| std::fs::write(directory.path().join(name), bytes);
    for (name, bytes) in &files {
        write(name, bytes).unwrap();
    }
    let survive = |what: &dyn Fn() -> String| {
        LARGEST.set(0);
        match Array::open(directory.path()) {
            // A chunk in a file of another number is one that is not there.
            Ok(array) if matches!(read_all(&array), Err(e) if e.kind() == ErrorKind::Io) => false,
            opened => survive::survive(opened, what),
        }
    };
    assert!(survive(&|| "whole".to_string()));
    for (name, bytes) in &files {
        for cut in 0..bytes.len() {
            write(name, &bytes[..cut]).unwrap();
            assert!(!survive(&|| format!("{name} cut at {cut}")));
        }
        let mut damaged = bytes.clone();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                damaged[at] ^= 1 << bit;
                write(name, &damaged).unwrap();
                survive(&|| format!("{name} flip {at:#x} bit {bit}"));
                damaged[at] ^= 1 << bit;
            }
        }
        write(name, bytes).unwrap();
    }
}

#[test]
fn decoding_allocates_nothing_once_warm() {
    for (name, bytes) in files() {
        let array = Array::from_file_bytes(bytes).unwrap();
        let mut scratch = DecodeScratch::default();
        let mut buffer = vec![0; 64 << 10];
        for round in 0..2 {
            REQUESTS.set(0);
            decode_all(&array, &mut scratch, &mut buffer);
            let requests = REQUESTS.get();
            assert!(round == 0 || requests <= SHAPES, "{name}: {requests}");
        }
        assert!(scratch.counts.bytes_decoded > 0, "{name}");
    }
}

/// Shapes made in [`decode_all`].
const SHAPES: usize = 2;

/// Decodes every block, or all elements a few at a time.
fn decode_all(array: &Array<'_>, scratch: &mut DecodeScratch, buffer: &mut [u8]) {
    let itemsize = array.dtype().size();
    match array.layout() {
        Layout::Blocks(grid, blocks) => {
            let chunks: usize = grid.chunks_per_axis(array.shape()).iter().product();
            let blocks_per_chunk: usize = grid.blocks_per_axis().iter().product();
            let block = &mut buffer[..grid.block.elems() * itemsize];
            for (chunk, nth) in pairs(chunks, blocks_per_chunk) {
                blocks.decode(chunk, nth, scratch, block).unwrap();
            }
        }
        Layout::Runs(runs) => {
            for first in 0..array.shape().elems() {
                runs.read(first, scratch, &mut buffer[..itemsize]).unwrap();
            }
        }
        Layout::Resident { .. } => panic!("a stored array is not in memory"),
    }
}

fn pairs(outer: usize, inner: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..outer).flat_map(move |first| (0..inner).map(move |second| (first, second)))
}
