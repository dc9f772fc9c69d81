//! Rule 27 of the format description's list: frames whose chunks are files.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use fuseblock::ErrorKind::{Corrupt, Io, Unsupported};
use fuseblock::{Array, ErrorKind};
use tempfile::TempDir;

use crate::build::{BuiltChunk, BuiltFrame, index, repeated_index};
use crate::{Result, common, frugal, refused};

/// A sparse frame of the bytes `abcdef`, with the file of its second chunk named by `second`.
fn sound(second: i64) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let chunks = [b"abcd".as_slice(), b"ef"].map(|data| BuiltChunk::memcpyed(1, data));
    let numbers = [0, second];
    write_index(
        directory.path(),
        &BuiltFrame::plain(1, 4, &chunks),
        &index(&numbers),
    );
    for (number, chunk) in numbers.iter().zip(&chunks) {
        let name = format!("{number:08X}.chunk");
        fs::write(directory.path().join(name), chunk).unwrap();
    }
    directory
}

fn write_index(directory: &Path, frame: &BuiltFrame, index: &[u8]) {
    let frame = BuiltFrame {
        sparse: true,
        index: index.to_vec(),
        ..frame.clone()
    };
    fs::write(directory.join("chunks.b2frame"), frame.bytes()).unwrap();
}

fn read(directory: &Path) -> Result<Vec<u8>> {
    frugal(|| common::read_all(&Array::open(directory)?))
}

/// Refuses the sound frame after `harm` was done to its second chunk's file.
#[track_caller]
fn harmed(harm: impl Fn(&Path, &Path), kind: ErrorKind, words: &str) {
    let directory = sound(0xAB);
    let chunk = directory.path().join("000000AB.chunk");
    assert_eq!(read(directory.path()).unwrap(), b"abcdef");
    let whole = fs::read(&chunk).unwrap();
    fs::remove_file(&chunk).unwrap();
    harm(directory.path(), &chunk);
    refused(read(directory.path()), kind, words);
    drop(whole);
}

#[test]
fn item_27_chunk_files() {
    let whole = BuiltChunk::memcpyed(1, b"ef");
    harmed(|_, _| {}, Io, "cannot open");
    harmed(
        |_, chunk| fs::write(chunk, []).unwrap(),
        Corrupt,
        "chunk header ends",
    );
    for cut in [1, 16, 32, 33] {
        let cut = |_: &Path, chunk: &Path| fs::write(chunk, &whole[..cut]).unwrap();
        harmed(cut, Corrupt, "");
    }
    let other = BuiltChunk::memcpyed(1, b"efg");
    harmed(
        |_, chunk| fs::write(chunk, &other).unwrap(),
        Corrupt,
        "decodes to 3 bytes",
    );
    harmed(
        |_, chunk| fs::create_dir(chunk).unwrap(),
        Unsupported,
        "a directory where a file belongs",
    );
}

#[test]
fn item_27_links_out_of_the_directory() {
    let elsewhere = tempfile::tempdir().unwrap();
    let secret = elsewhere.path().join("secret");
    fs::write(&secret, BuiltChunk::memcpyed(1, b"ef")).unwrap();
    harmed(
        |_, chunk| symlink(&secret, chunk).unwrap(),
        Unsupported,
        "a link that leads out of its directory",
    );
    harmed(
        |_, chunk| symlink("/dev/zero", chunk).unwrap(),
        Unsupported,
        "a link that leads out of its directory",
    );
    // A link to a file beside it is as good as the file.
    let directory = sound(1);
    let (from, to) = ("00000001.chunk", "other");
    fs::rename(directory.path().join(from), directory.path().join(to)).unwrap();
    symlink(to, directory.path().join(from)).unwrap();
    assert_eq!(read(directory.path()).unwrap(), b"abcdef");
}

#[test]
fn item_27_numbers_of_files() {
    assert_eq!(read(sound(0xFFFF_FFFF).path()).unwrap(), b"abcdef");
    for number in [0x1_0000_0000, i64::MAX] {
        refused(read(sound(number).path()), Corrupt, "puts a chunk in file");
    }
}

/// The starts of chunks of varying sizes are kept in memory: there have to be as many files.
#[test]
fn item_27_as_many_varying_chunks_as_files() {
    let directory = sound(1);
    let chunks = [b"abcd".as_slice(), b"ef"].map(|data| BuiltChunk::memcpyed(1, data));
    let varying = BuiltFrame::plain(1, 0, &chunks);
    write_index(directory.path(), &varying, &index(&[0, 1]));
    assert_eq!(read(directory.path()).unwrap(), b"abcdef");
    let many = BuiltFrame {
        nbytes: 4_000_000,
        ..varying
    };
    write_index(directory.path(), &many, &repeated_index(1_000_000, 0));
    let words = "1000000 chunks of varying sizes, with room for 3";
    refused(read(directory.path()), Corrupt, words);
}

#[test]
fn item_27_the_index_of_the_directory() {
    let directory = sound(1);
    let path = directory.path().join("chunks.b2frame");
    // The index alone is no array.
    let opened = Array::open(&path);
    refused(opened, Unsupported, "whose chunks are files");
    let chunk = BuiltChunk::memcpyed(1, b"abcdef");
    let contiguous = BuiltFrame::plain(1, 6, &[chunk]).bytes();
    fs::write(&path, contiguous).unwrap();
    refused(read(directory.path()), Corrupt, "is a contiguous frame");
    fs::remove_file(&path).unwrap();
    refused(
        read(directory.path()),
        Unsupported,
        "so it is no sparse frame",
    );
    symlink("/dev/zero", &path).unwrap();
    refused(
        read(directory.path()),
        Unsupported,
        "a link that leads out of its directory",
    );
}
