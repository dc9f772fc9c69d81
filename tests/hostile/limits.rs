//! Files that are legal and ask for more than a service wants to give: rule 25 of the format
//! description's list, and what else is large.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fuseblock::ErrorKind::{Cancelled, Limit};
use fuseblock::array::npy::NpyWriter;
use fuseblock::store::ReadLimits;
use fuseblock::{Array, DType, Error, Expr, Options, Shape};

use crate::build::{BuiltChunk, BuiltFrame, ZEROS, b2nd, repeated_index, stream};
use crate::{Result, common, frugal};

fn open(frame: &BuiltFrame, limits: ReadLimits) -> Result<Array<'static>> {
    let bytes = frame.bytes();
    frugal(|| Array::options().limits(limits).from_file_bytes(bytes))
}

/// Checks that this is refused, and that the error says which limit can be raised.
#[track_caller]
fn beyond<T>(result: Result<T>, words: &str, limit: &str) {
    let Err(error) = result else {
        panic!("it is read, but should be beyond {limit}");
    };
    let says = |error: &Error| error.help().is_some_and(|help| help.contains(limit));
    assert!(error.message().contains(words), "{error} lacks '{words}'");
    assert!(says(&error) && error.kind() == Limit, "{error}");
}

/// Zeros in blocks of `block` bytes, a block a chunk.
fn zeros(block: i32, chunks: usize) -> BuiltFrame {
    let extent = i64::from(block) * i64::try_from(chunks).unwrap();
    BuiltFrame {
        nbytes: extent,
        index: repeated_index(chunks, ZEROS),
        ..BuiltFrame::array(1, block, b2nd(&[extent], &[block], &[block], "|u1"), &[])
    }
}

/// A chunk that decodes to one block of `nbytes` zeros, in 40 bytes.
fn bomb(nbytes: usize) -> Vec<u8> {
    BuiltChunk::new(BuiltChunk::PLAIN, 1, nbytes, nbytes).blocks(&[&stream(0, &[])], &[0])
}

#[test]
fn blocks_of_an_array() {
    let large = zeros(500 << 20, 3);
    assert!(open(&large, ReadLimits::default()).is_ok());
    beyond(
        open(&large, ReadLimits::untrusted()),
        "a block decodes to 524288000 bytes; 16777216 are allowed",
        "max_block_bytes",
    );
    let most = zeros(16 << 20, 3);
    assert!(open(&most, ReadLimits::untrusted()).is_ok());
    let small = ReadLimits {
        max_block_bytes: 999,
        ..ReadLimits::default()
    };
    assert!(open(&zeros(999, 2), small).is_ok());
    beyond(
        open(&zeros(1000, 2), small),
        "1000 bytes; 999",
        "max_block_bytes",
    );
}

/// Where no array fixes the blocks, each chunk has its own.
#[test]
fn blocks_of_a_super_chunk_when_a_chunk_is_loaded() {
    let limits = ReadLimits {
        max_block_bytes: 100,
        ..ReadLimits::default()
    };
    let first = bomb(100);
    let sound = BuiltFrame::plain(1, 100, &[first.clone(), bomb(50)]);
    let array = open(&sound, limits).unwrap();
    assert_eq!(common::read_all(&array).unwrap(), [0; 150]);
    // At the first chunk opening looks; the others are met while reading.
    let large = BuiltFrame::plain(1, 200, &[bomb(200)]);
    beyond(open(&large, limits), "200 bytes; 100", "max_block_bytes");
    let varying = BuiltFrame::plain(1, 0, &[first, bomb(101)]);
    let array = open(&varying, limits).unwrap();
    let read = frugal(|| common::read_all(&array));
    beyond(read, "101 bytes; 100", "max_block_bytes");
    let block = stream(101, &[7; 101]);
    let blocks = BuiltChunk::variable(1, 101).blocks(&[&block], &[0]);
    let array = open(&BuiltFrame::plain(1, 0, &[blocks]), limits).unwrap();
    let read = frugal(|| common::read_all(&array));
    beyond(read, "101 bytes; 100", "max_block_bytes");
    // A chunk of one value needs no block, whatever its header says.
    let constant = BuiltChunk::special(1, 1, 2000).tail(&[]);
    let array = open(&BuiltFrame::plain(1, 2000, &[constant]), limits).unwrap();
    assert_eq!(common::read_all(&array).unwrap(), [0; 2000]);
}

#[test]
fn the_whole_array() {
    let limits = |max_array_bytes| ReadLimits {
        max_array_bytes,
        ..ReadLimits::default()
    };
    assert!(open(&zeros(100, 10), limits(1000)).is_ok());
    beyond(
        open(&zeros(100, 10), limits(999)),
        "decodes to 1000 bytes, padding included; 999",
        "max_array_bytes",
    );
    // 268 million chunks of 2 GiB, in 300 bytes.
    let chunks = fuseblock::limits::MAX_CHUNKS;
    let huge = BuiltFrame {
        nbytes: i64::try_from(chunks).unwrap() << 30,
        index: repeated_index(chunks, ZEROS),
        ..BuiltFrame::plain(1, 1 << 30, &[])
    };
    assert!(open(&huge, ReadLimits::default()).is_ok());
    beyond(open(&huge, ReadLimits::untrusted()), "", "max_array_bytes");
    // One element, and 16 MiB of padding around it, a thousand times.
    let padded = BuiltFrame {
        nbytes: (16 << 20) * 1000,
        index: repeated_index(1000, ZEROS),
        ..BuiltFrame::array(1, 16 << 20, b2nd(&[1000], &[1], &[16 << 20], "|u1"), &[])
    };
    assert!(open(&padded, ReadLimits::untrusted()).is_ok());
    beyond(
        open(&padded, limits(1 << 30)),
        "16777216000 bytes",
        "max_array_bytes",
    );
}

#[test]
fn the_number_of_blocks() {
    let limits = |max_blocks| ReadLimits {
        max_blocks,
        ..ReadLimits::default()
    };
    let array = BuiltFrame {
        nbytes: 1000,
        index: repeated_index(10, ZEROS),
        ..BuiltFrame::array(1, 100, b2nd(&[1000], &[100], &[10], "|u1"), &[])
    };
    assert!(open(&array, limits(100)).is_ok());
    beyond(open(&array, limits(99)), "has 100 blocks", "max_blocks");
    let plain = BuiltFrame::plain(1, 1, &[bomb(1), bomb(1), bomb(1)]);
    assert!(open(&plain, limits(3)).is_ok());
    beyond(open(&plain, limits(2)), "has 3 blocks", "max_blocks");
    let many = zeros(1, 20_000_000);
    beyond(
        open(&many, ReadLimits::untrusted()),
        "20000000 blocks",
        "max_blocks",
    );
}

/// Without limits there is still a way to stop: 2^58 zeros would take years.
#[test]
fn a_sum_that_nobody_can_wait_for_is_cancelled() {
    let chunks = fuseblock::limits::MAX_CHUNKS;
    let huge = BuiltFrame {
        nbytes: i64::try_from(chunks).unwrap() << 30,
        index: repeated_index(chunks, ZEROS),
        ..BuiltFrame::plain(1, 1 << 30, &[])
    };
    let array = open(&huge, ReadLimits::default()).unwrap();
    let cancel = Arc::new(AtomicBool::new(false));
    let options = Options {
        cancel: Some(cancel.clone()),
        ..Options::default()
    };
    let expr = Expr::new("sum(x)").unwrap();
    let bound = expr.bind(&[("x", &array)]).unwrap().options(options);
    let deadline = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        cancel.store(true, Ordering::Relaxed);
    });
    let sum = frugal(|| bound.run());
    deadline.join().unwrap();
    assert_eq!(sum.unwrap_err().kind(), Cancelled);
}

#[test]
fn npy_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.npy");
    // A file of holes: nothing is stored.
    let shape = Shape::new(&[1 << 30, 100]);
    let writer = NpyWriter::create(&path, DType::UInt8, &shape).unwrap();
    writer.finish().unwrap();
    assert!(Array::open(&path).is_ok());
    let untrusted = Array::options().limits(ReadLimits::untrusted());
    beyond(
        untrusted.open(&path),
        "107374182400 bytes",
        "max_array_bytes",
    );
}

#[test]
fn options_open_what_the_short_ways_open() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.b2frame");
    let frame = BuiltFrame::plain(4, 8, &[BuiltChunk::memcpyed(4, &[7; 8])]).bytes();
    std::fs::write(&path, [&b"before"[..], &frame].concat()).unwrap();
    let options = Array::options().offset(6).limits(ReadLimits::untrusted());
    assert_eq!(options.open(&path).unwrap().dtype(), DType::UInt32);
    let floats = options.clone().dtype(DType::Float32).open(&path).unwrap();
    assert_eq!(
        (floats.dtype(), floats.shape().to_string()),
        (DType::Float32, "(2,)".into())
    );
    let bytes = options.bytes().open(&path).unwrap();
    assert_eq!(
        (bytes.dtype(), bytes.shape().to_string()),
        (DType::UInt8, "(2, 4)".into())
    );
    assert!(Array::open(&path).is_err());
    assert!(Array::options().offset(1 << 40).open(&path).is_err());
}
