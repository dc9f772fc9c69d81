//! Files that somebody made to do harm, built byte by byte from the format description: a test a
//! rule. Each shows the sound neighbour that is read, and the hostile ones that are refused with
//! an error that names the fact, without asking for memory that the file does not justify.
#![allow(clippy::unwrap_used, reason = "functions of a test, too, may fail it")]

#[path = "../common/build.rs"]
mod build;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/noting.rs"]
mod noting;

mod array;
mod chunk;
mod frame;
mod limits;
mod metalayers;
mod sparse;
mod streams;
mod zip;

use fuseblock::store::file::Source;
use fuseblock::store::frame::Frame;
use fuseblock::store::{Opened, Verify};
use fuseblock::{Array, Error, ErrorKind};

type Result<T> = std::result::Result<T, Error>;

/// No file here is longer than a few KiB, except where a test says so.
const LARGEST_ALLOWED: usize = 256 << 10;

/// Runs `go`, which may not ask for much memory at once.
fn frugal<T>(go: impl FnOnce() -> T) -> T {
    noting::LARGEST.set(0);
    let result = go();
    let largest = noting::LARGEST.get();
    assert!(largest <= LARGEST_ALLOWED, "{largest} bytes at once");
    result
}

/// Checks that `result` is an error of this kind, whose message has these words.
#[track_caller]
fn refused<T>(result: Result<T>, kind: ErrorKind, words: &str) {
    let Err(error) = result else {
        panic!("it is read, but should be refused: '{words}'");
    };
    assert!(error.message().contains(words), "{error} lacks '{words}'");
    assert_eq!(error.kind(), kind, "{error}");
}

/// The elements of the array in a file of these bytes, as bytes.
fn read(file: &[u8]) -> Result<Vec<u8>> {
    let file = file.to_vec();
    frugal(|| common::read_all(&Array::from_file_bytes(file)?))
}

/// The frame that these bytes begin with.
fn open_frame(file: &[u8]) -> Result<Frame> {
    let source = Source::memory(file.to_vec());
    match frugal(|| Opened::source(source, Verify::Always))? {
        Opened::Frame(frame) => Ok(*frame),
        other @ (Opened::Npy(_)
        | Opened::Zip(_)
        | Opened::Bloscpack(_)
        | Opened::Rootdir(_)
        | Opened::Table(_)
        | Opened::Dataset(_)
        | Opened::Program(..)) => panic!("not a frame: {other:?}"),
    }
}
