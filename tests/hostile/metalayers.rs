//! Rules 26 and 28 of the format description's list: named values in a frame's header and trailer.

use fuseblock::ErrorKind::{Argument, Corrupt, Limit};

use crate::build::{BuiltChunk, BuiltFrame, at, patched, stream, trailer};
use crate::frame::{reads, sound};
use crate::{frugal, open_frame, read, refused};

#[test]
fn item_26_metalayers() {
    let layers = vec![("one", b"1".to_vec()), ("two", b"22".to_vec())];
    let sound = BuiltFrame {
        metalayers: layers,
        ..sound()
    };
    reads(&sound, b"abcdef");
    let file = sound.bytes();
    let corrupt_at = |at, with: &[u8], words| {
        refused(read(&patched(&file, at, with)), Corrupt, words);
    };
    for count in [17, u16::MAX] {
        corrupt_at(
            at::METALAYER_COUNT,
            &count.to_be_bytes(),
            "metalayers; there are",
        );
    }
    corrupt_at(at::METALAYER_COUNT, &[0, 3], "name begins with byte 0xdc");
    corrupt_at(at::METALAYERS, &[0x92], "marker 0x93");
    corrupt_at(at::METALAYERS + 4, &[0xDF], "marker 0xde");
    let name = at::FIRST_METALAYER;
    corrupt_at(name, &[0x9F], "name begins with byte 0x9f");
    corrupt_at(name, &[0xBF], "marker 0xd2");
    corrupt_at(name + 4, &[0xD3], "marker 0xd2");
    corrupt_at(name + 5, &(-1i32).to_be_bytes(), "has offset -1");
    corrupt_at(
        name + 5,
        &i32::MAX.to_be_bytes(),
        "before the end of its metalayer",
    );
    corrupt_at(name + 5, &[0, 0, 0, 0], "marker 0xc6");
    corrupt_at(name + 10, b"one", "two metalayers 'one'");
    let value = file
        .windows(6)
        .position(|bytes| bytes == b"\xC6\0\0\0\x011")
        .unwrap();
    corrupt_at(value + 1, &u32::MAX.to_be_bytes(), "its metalayer content");
    corrupt_at(value + 1, &[0, 0, 1, 0], "its metalayer content");
}

#[test]
fn item_26_variable_length_metalayers() {
    let content = BuiltChunk::memcpyed(1, b"hello");
    let with = |layers: Vec<(&'static str, Vec<u8>)>| BuiltFrame {
        vl_metalayers: layers,
        ..sound()
    };
    let sound = with(vec![("one", content.clone()), ("two", content)]);
    let opened = open_frame(&sound.bytes()).unwrap();
    assert_eq!(opened.vl_metalayer("two", 5).unwrap(), b"hello");
    let file = sound.bytes();
    let start = file.len() - trailer(&sound.vl_metalayers).len();
    let corrupt_at = |at: usize, with: &[u8], words| {
        refused(
            open_frame(&patched(&file, start + at, with)),
            Corrupt,
            words,
        );
    };
    for count in [8193, u16::MAX] {
        corrupt_at(7, &count.to_be_bytes(), "there are at most 8192");
    }
    corrupt_at(2, &[0x92], "marker 0x93");
    corrupt_at(6, &[0xDF], "marker 0xde");
    corrupt_at(9, &[0xC6], "name begins with byte 0xc6");
    corrupt_at(14, &(-1i32).to_be_bytes(), "has offset -1");
    corrupt_at(14, &i32::MAX.to_be_bytes(), "stands at byte 2147483647");
    corrupt_at(14, &[0, 0, 0, 0], "marker 0xc6");
    corrupt_at(19, b"one", "two metalayers 'one'");
    let value = file[start..].iter().position(|&byte| byte == 0xC6).unwrap();
    corrupt_at(
        value + 1,
        &u32::MAX.to_be_bytes(),
        "more than the trailer has",
    );
}

#[test]
fn item_28_values_of_variable_length_metalayers() {
    let with = |content: Vec<u8>| {
        let vl_metalayers = vec![("one", content)];
        BuiltFrame {
            vl_metalayers,
            ..sound()
        }
        .bytes()
    };
    let hello = BuiltChunk::memcpyed(1, b"hello");
    let opened = open_frame(&with(hello.clone())).unwrap();
    assert_eq!(opened.vl_metalayer("one", 5).unwrap(), b"hello");
    refused(opened.vl_metalayer("one", 4), Limit, "decodes to 5 bytes");
    refused(opened.vl_metalayer("two", 5), Argument, "metalayer 'two'");
    let regular = BuiltChunk::new(BuiltChunk::PLAIN, 1, 4, 4).blocks(&[&stream(4, b"abcd")], &[0]);
    let shorter = patched(&regular, 12, &[43]);
    refused(
        open_frame(&with(shorter)),
        Corrupt,
        "has 44 bytes, its chunk 43",
    );
    // 32 bytes that stand for 2 GiB.
    let nbytes = 2_147_483_615;
    let bomb = with(BuiltChunk::special(1, 1, nbytes).tail(&[]));
    let opened = open_frame(&bomb).unwrap();
    let value = frugal(|| opened.vl_metalayer("one", 1 << 20));
    refused(value, Limit, "decodes to 2147483615 bytes");
    let damaged = BuiltChunk::new(BuiltChunk::PLAIN, 1, 4, 4).blocks(&[&stream(9, b"abcd")], &[0]);
    let opened = open_frame(&with(damaged)).unwrap();
    refused(opened.vl_metalayer("one", 4), Corrupt, "end of its stream");
    assert_eq!(read(&with(hello)).unwrap(), b"abcdef");
}
