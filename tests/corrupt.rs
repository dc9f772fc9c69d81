//! Damaged files end in an error or in an array of some declared dtype and shape: never in a
//! panic, never in an allocation that the file does not justify. And sound files, once warm, decode
//! without any allocation at all.
#![expect(unsafe_code, reason = "an allocator that notes what is asked of it")]
#![allow(clippy::unwrap_used, reason = "functions of a test, too, may fail it")]

mod common;

use std::alloc::{GlobalAlloc, Layout as Memory, System};
use std::cell::Cell;
use std::path::Path;

use common::{read_all, sample};
use fuseblock::array::{DecodeScratch, Layout};
use fuseblock::limits::MAX_CHUNKS;
use fuseblock::store::file::Source;
use fuseblock::store::write::{Options, Split, WriteCodec, write_frame};
use fuseblock::store::{Info, info, info_of};
use fuseblock::types::{Grid, Shape};
use fuseblock::{Array, DType, Error, ErrorKind};

/// The system's allocator, which notes the number of requests and the largest, by thread.
struct Noting;

thread_local! {
    static LARGEST: Cell<usize> = const { Cell::new(0) };
    static REQUESTS: Cell<usize> = const { Cell::new(0) };
}

fn note(size: usize) {
    // A thread that is ending has no note to take.
    let _ = LARGEST.try_with(|largest| largest.set(largest.get().max(size)));
    let _ = REQUESTS.try_with(|requests| requests.set(requests.get() + 1));
}

// SAFETY: every call is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Noting {
    unsafe fn alloc(&self, layout: Memory) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Memory) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Memory) {
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Memory, size: usize) -> *mut u8 {
        note(size);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Noting = Noting;

/// No file here is longer than 4 KiB, and none stands for more than a few of them.
const LARGEST_ALLOWED: usize = 1 << 20;

/// Files to damage: some of ours, and those of the reference library under `tests/data`.
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
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    for entry in std::fs::read_dir(data).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "b2nd")
        {
            files.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    assert!(files.len() >= 12);
    files
}

/// Opens, decodes and describes `bytes`; what they say may be an error, but a clear one.
/// Returns whether they could be read.
fn survive(bytes: &[u8], what: &dyn Fn() -> String) -> bool {
    let open = || Array::from_file_bytes(bytes.to_vec());
    let tell = || info_of(Source::memory(bytes.to_vec()));
    survive_reading(&open, &tell, what)
}

/// The same for what is at `path`, where files may be missing, too.
fn survive_at(path: &Path, what: &dyn Fn() -> String) -> bool {
    survive_reading(&|| Array::open(path), &|| info(path), what)
}

fn survive_reading(
    open: &dyn Fn() -> Result<Array<'static>, Error>,
    tell: &dyn Fn() -> Result<Info, Error>,
    what: &dyn Fn() -> String,
) -> bool {
    LARGEST.set(0);
    let read = open().and_then(|array| {
        let elems = array.shape().checked_elems().unwrap();
        let total = elems * array.dtype().size();
        assert!(total <= 64 << 10, "{}: shape {}", what(), array.shape());
        let elements = read_all(&array)?;
        assert_eq!(elements.len(), total, "{}", what());
        if array.dtype().is_bool() {
            assert!(elements.iter().all(|&byte| byte < 2), "{}", what());
        }
        Ok(())
    });
    let told = tell();
    for error in [read.as_ref().err(), told.as_ref().err()]
        .into_iter()
        .flatten()
    {
        let kind = error.kind();
        let expected = match error.place().path {
            Some(_) => &[ErrorKind::Corrupt, ErrorKind::Unsupported, ErrorKind::Io][..],
            None => &[ErrorKind::Corrupt, ErrorKind::Unsupported, ErrorKind::Limit],
        };
        assert!(expected.contains(&kind), "{}: {error:?}", what());
        assert!(error.message().len() > 10, "{}: {error:?}", what());
    }
    let largest = LARGEST.get();
    assert!(largest <= LARGEST_ALLOWED, "{}: {largest} bytes", what());
    read.is_ok()
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

fn legacy(name: &str) -> std::path::PathBuf {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/legacy");
    golden.join(name)
}

#[test]
fn bloscpack_files_cut_or_flipped() {
    // With positions and without, with every kind of checksum, compressed metadata and none.
    for name in [
        "bloscpack/np_u1.blp",
        "bloscpack/np_F3d.blp",
        "bloscpack/np_zerod.blp",
        "bcolz/f8_1d/data/__7.blp",
        "sums/none.blp",
        "sums/adler32.blp",
        "sums/sha384.blp",
        "appended.blp",
        "plain.blp",
        "records.blp",
    ] {
        let mut bytes = std::fs::read(legacy(name)).unwrap();
        let readable = survive(&bytes, &|| name.to_string());
        assert_eq!(readable, name != "records.blp", "{name}");
        for cut in 0..bytes.len() {
            let readable = survive(&bytes[..cut], &|| format!("{name} cut at {cut}"));
            // What was appended is in no shape, and so not missed.
            let missed = name != "appended.blp" || cut < 1000;
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

#[test]
fn array_directories_with_a_file_cut_or_flipped() {
    for name in ["bcolz/m_noflush", "blz/nd3"] {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::create_dir_all(root.join("meta")).unwrap();
        std::fs::create_dir_all(root.join("data")).unwrap();
        let files = ["meta/sizes", "meta/storage", "data/__0.blp", "data/__3.blp"];
        for file in [&files[..], &["data/__1.blp", "data/__2.blp"]].concat() {
            std::fs::copy(legacy(name).join(file), root.join(file)).unwrap();
        }
        assert!(survive_at(root, &|| name.to_string()));
        for file in files {
            let path = root.join(file);
            let sound = std::fs::read(&path).unwrap();
            // The last character of a JSON file is the end of its line.
            for cut in 0..sound.len() - 1 {
                std::fs::write(&path, &sound[..cut]).unwrap();
                let readable = survive_at(root, &|| format!("{name} {file} cut at {cut}"));
                assert!(!readable, "{name} {file} cut at {cut} still reads");
            }
            let mut bytes = sound.clone();
            for at in 0..bytes.len() {
                for bit in 0..8 {
                    bytes[at] ^= 1 << bit;
                    std::fs::write(&path, &bytes).unwrap();
                    survive_at(root, &|| format!("{name} {file} flip {at:#x} bit {bit}"));
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
    let first = legacy("bcolz/m_append/data/__0.blp");
    let sum = fuseblock::Expr::new("sum(x)").unwrap();
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
            assert!(LARGEST.get() <= LARGEST_ALLOWED, "{}", LARGEST.get());
            for error in [summed.unwrap_err(), told.unwrap_err()] {
                let kinds = [ErrorKind::Io, ErrorKind::Corrupt];
                assert!(kinds.contains(&error.kind()), "{error}");
            }
        }
    }
}

/// 268 million chunks of zeros in a file of some 250 bytes: legal, and no reason for memory.
#[test]
fn a_tiny_file_of_a_huge_array_costs_nothing() {
    let chunks = MAX_CHUNKS as u64;
    let mut frame = header(chunks * 80, chunks * 10);
    // The index: a chunk that repeats the entry "zeros".
    let index_bytes = u32::try_from(chunks * 8).unwrap();
    frame.extend_from_slice(&[5, 1, 5, 8]);
    frame.extend_from_slice(&index_bytes.to_le_bytes());
    frame.extend_from_slice(&16384u32.to_le_bytes());
    frame.extend_from_slice(&40u32.to_le_bytes());
    frame.extend_from_slice(&[0; 15]);
    frame.push(0x30);
    frame.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 0x81]);
    let frame = with_trailer(frame);
    LARGEST.set(0);
    let array = Array::from_file_bytes(frame.clone()).unwrap();
    assert_eq!(array.shape().to_string(), "(2684354510,)");
    let Layout::Blocks(_, blocks) = array.layout() else {
        panic!("a stored array has blocks");
    };
    let mut scratch = DecodeScratch::default();
    let last = usize::try_from(chunks).unwrap() - 1;
    let mut block = [1; 80];
    blocks.decode(last, 0, &mut scratch, &mut block).unwrap();
    assert_eq!(block, [0; 80]);
    assert!(
        blocks
            .decode(last + 1, 0, &mut scratch, &mut block)
            .is_err()
    );
    assert!(blocks.decode(last, 1, &mut scratch, &mut block).is_err());
    let told = info_of(Source::memory(frame)).unwrap();
    assert_eq!(told.chunks, Some(last + 1));
    assert!(LARGEST.get() <= LARGEST_ALLOWED, "{}", LARGEST.get());
}

/// One chunk more than the format can index.
#[test]
fn one_chunk_too_many_is_an_error() {
    let chunks = MAX_CHUNKS as u64 + 1;
    let frame = with_trailer(header(chunks * 80, chunks * 10));
    let error = Array::from_file_bytes(frame).unwrap_err();
    assert!(error.message().contains("268435452 chunks"), "{error}");
}

/// A frame header for a float64 array of `extent` elements in chunks and blocks of 10.
fn header(nbytes: u64, extent: u64) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.b2nd");
    let ten = Shape::new(&[10]);
    let grid = Grid {
        chunk: ten.clone(),
        block: ten.clone(),
    };
    let options = Options::default();
    write_frame(&path, DType::Float64, &ten, &grid, options, &[0; 80]).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let header_len = usize::from(u16::from_be_bytes([bytes[0x0D], bytes[0x0E]]));
    bytes.truncate(header_len);
    bytes[0x1E..0x26].copy_from_slice(&nbytes.to_be_bytes());
    // The shape is the first extent of the metalayer, behind its marker.
    let shape_at = bytes
        .windows(5)
        .position(|window| window == [0x97, 0, 1, 0x91, 0xD3]);
    let shape_at = shape_at.unwrap() + 5;
    bytes[shape_at..shape_at + 8].copy_from_slice(&extent.to_be_bytes());
    bytes
}

fn with_trailer(mut frame: Vec<u8>) -> Vec<u8> {
    frame.extend_from_slice(&[0x94, 1, 0x93, 0xCD, 0, 6, 0xDE, 0, 0, 0xDC, 0, 0]);
    frame.extend_from_slice(&[0xCE, 0, 0, 0, 35, 0xD8, 0]);
    frame.extend_from_slice(&[0; 16]);
    let len = frame.len() as u64;
    frame[0x10..0x18].copy_from_slice(&len.to_be_bytes());
    frame
}

#[test]
fn decoding_allocates_nothing_once_warm() {
    for (name, bytes) in files() {
        let array = Array::from_file_bytes(bytes).unwrap();
        let Layout::Blocks(grid, blocks) = array.layout() else {
            panic!("a stored array has blocks");
        };
        let chunks: usize = grid.chunks_per_axis(array.shape()).iter().product();
        let blocks_per_chunk: usize = grid.blocks_per_axis().iter().product();
        let mut block = vec![0; grid.block.elems() * array.dtype().size()];
        let mut scratch = DecodeScratch::default();
        for round in 0..2 {
            REQUESTS.set(0);
            for chunk in 0..chunks {
                for nth in 0..blocks_per_chunk {
                    blocks.decode(chunk, nth, &mut scratch, &mut block).unwrap();
                }
            }
            assert!(
                round == 0 || REQUESTS.get() == 0,
                "{name}: {}",
                REQUESTS.get()
            );
        }
        assert_eq!(
            scratch.counts.blocks,
            2 * (chunks * blocks_per_chunk) as u64
        );
    }
}
