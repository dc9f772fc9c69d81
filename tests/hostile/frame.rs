//! Rules 18 to 25 of the format description's list: frames around chunks.

use fuseblock::ErrorKind::{Argument, Corrupt, Limit, Unsupported};
use fuseblock::array::Layout;
use fuseblock::limits::{MAX_CHUNKS, MAX_FRAME_HEADER_BYTES, MAX_ITEM_BYTES};
use fuseblock::store::{DecodeScratch, info_of};
use fuseblock::{Array, DType, store::file::Source};

use crate::build::{
    BuiltChunk, BuiltFrame, ZEROS, at, b2nd, index, patched, repeated_index, stream,
};
use crate::{frugal, read, refused};

/// The bytes `abcdef` in chunks of 4.
pub(crate) fn sound() -> BuiltFrame {
    let chunks = [b"abcd".as_slice(), b"ef"].map(|data| BuiltChunk::memcpyed(1, data));
    BuiltFrame::plain(1, 4, &chunks)
}

#[track_caller]
pub(crate) fn reads(frame: &BuiltFrame, expect: &[u8]) {
    assert_eq!(read(&frame.bytes()).unwrap(), expect);
}

#[track_caller]
fn corrupt(frame: &BuiltFrame, words: &str) {
    refused(read(&frame.bytes()), Corrupt, words);
}

/// Refuses the sound frame with the bytes from `at` on replaced.
#[track_caller]
fn corrupt_at(at: usize, with: &[u8], words: &str) {
    refused(read(&patched(&sound().bytes(), at, with)), Corrupt, words);
}

#[test]
fn item_18_the_index_is_a_chunk() {
    let with = |index: Vec<u8>| BuiltFrame { index, ..sound() };
    let words: Vec<u8> = [0, 36].iter().flat_map(|w| i64::to_le_bytes(*w)).collect();
    let block = stream(16, &words);
    let regular = BuiltChunk::new(BuiltChunk::PLAIN, 8, 16, 16);
    reads(&with(regular.clone().blocks(&[&block], &[0])), b"abcdef");
    // Every rule of chunks holds for it, and a few more.
    let lazy = regular.clone().with(0x1F, 8).blocks(&[&block], &[0]);
    corrupt(&with(lazy), "lazy");
    let cut = BuiltChunk::new(BuiltChunk::PLAIN, 8, 16, 12);
    let parts: [&[u8]; 2] = [&stream(12, &words[..12]), &stream(4, &words[12..])];
    corrupt(&with(cut.blocks(&parts, &[0, 1])), "cut entries in two");
    let variable = BuiltChunk::variable(1, 16).blocks(&[&block], &[0]);
    corrupt(&with(variable), "cut entries in two");
    let short = BuiltChunk::memcpyed(8, &words[..15]);
    corrupt(&with(short), "decodes to 15 bytes");
}

#[test]
fn item_19_the_size_of_the_frame() {
    let file = sound().bytes();
    assert_eq!(read(&file).unwrap(), b"abcdef");
    assert_eq!(read(&[&file[..], b"more"].concat()).unwrap(), b"abcdef");
    for cut in 10..122 {
        refused(read(&file[..cut]), Corrupt, "a frame has at least");
    }
    for cut in 0..10 {
        refused(read(&file[..cut]), Unsupported, "neither a Blosc2 frame");
    }
    let len = file.len() as u64;
    for claimed in [0, 1, 121, len + 1, u64::MAX, 1 << 63] {
        corrupt_at(at::FRAME_LEN, &claimed.to_be_bytes(), "the frame claims");
    }
    let len = i32::try_from(len).unwrap();
    for claimed in [0, 96, -1, i32::MIN, len + 1, i32::MAX] {
        corrupt_at(at::HEADER_LEN, &claimed.to_be_bytes(), "claims a header");
    }
    // As long as the frame: no room for the trailer.
    corrupt_at(at::HEADER_LEN, &len.to_be_bytes(), "the frame claims");
    let claimed = i32::try_from(MAX_FRAME_HEADER_BYTES + 1).unwrap();
    let mut long = patched(&file, at::HEADER_LEN, &claimed.to_be_bytes());
    long.resize(MAX_FRAME_HEADER_BYTES + 200, 0);
    let opened = frugal(|| Array::from_file_bytes(long));
    refused(opened, Limit, "a header of 1048577 bytes");
}

#[test]
fn item_20_versions_and_types() {
    for version in 1..=3 {
        let flags = 0x10 | version;
        reads(&BuiltFrame { flags, ..sound() }, b"abcdef");
    }
    for version in 4..16 {
        let flags = 0x10 | version;
        let frame = BuiltFrame { flags, ..sound() }.bytes();
        refused(read(&frame), Unsupported, "format version");
    }
    for width in [0, 2, 3] {
        let flags = width << 4 | 2;
        corrupt(&BuiltFrame { flags, ..sound() }, "not of 64 bits");
    }
    let sparse = patched(&sound().bytes(), at::TYPE, &[1]);
    refused(read(&sparse), Unsupported, "whose chunks are files");
    corrupt_at(at::TYPE, &[2], "unknown type 2");
}

#[test]
fn item_21_fields_of_the_header() {
    for bad in [-1, i64::MIN] {
        corrupt_at(at::NBYTES, &bad.to_be_bytes(), "claims nbytes");
        corrupt_at(at::CBYTES, &bad.to_be_bytes(), "claims cbytes");
    }
    let frame = sound();
    let (data, rest) = (frame.data.len() as i64, frame.bytes().len() as i64 - 97);
    corrupt_at(at::CBYTES, &(rest + 1).to_be_bytes(), "claims cbytes");
    corrupt_at(at::CBYTES, &i64::MAX.to_be_bytes(), "claims cbytes");
    let over = rest.to_be_bytes();
    corrupt_at(at::CBYTES, &over, "behind the start of its trailer");
    let no_index = data + frame.index.len() as i64;
    corrupt_at(
        at::CBYTES,
        &no_index.to_be_bytes(),
        "no room for their index",
    );
    let most = i32::try_from(MAX_ITEM_BYTES).unwrap();
    for bad in [0, -1, i32::MIN, most + 1, i32::MAX] {
        corrupt_at(at::ITEMSIZE, &bad.to_be_bytes(), "an item size of");
    }
    for bad in [-1, most + 1] {
        corrupt_at(at::BLOCKSIZE, &bad.to_be_bytes(), "a block size of");
    }
    for bad in [-1, -2, i32::MIN, i32::MAX] {
        corrupt_at(at::CHUNKSIZE, &bad.to_be_bytes(), "chunks of");
    }
    corrupt_at(at::FILTER_COUNT, &[7], "7 filter slots");
    let empty = BuiltFrame::plain(1, -1, &[]);
    reads(&empty, b"");
}

#[test]
fn item_22_the_trailer() {
    let file = sound().bytes();
    let tail = file.len() - 23;
    refused(
        read(&patched(&file, tail, &[0xCD])),
        Corrupt,
        "byte 0xcd where the marker 0xce",
    );
    let most = u32::try_from(file.len() - 97).unwrap();
    for len in [0, 24, most + 1, u32::MAX] {
        let file = patched(&file, tail + 1, &len.to_be_bytes());
        refused(read(&file), Corrupt, "claims a trailer of");
    }
    // Longer than it is, it would begin among the chunks; shorter, behind its own beginning.
    for len in [most, 34] {
        let file = patched(&file, tail + 1, &len.to_be_bytes());
        refused(read(&file), Corrupt, "where the marker");
    }
}

#[test]
fn item_23_more_chunks_than_can_be() {
    // 2^63 chunks of a byte.
    let many = BuiltFrame {
        nbytes: i64::MAX,
        chunksize: 1,
        ..sound()
    };
    corrupt(&many, "claims 9223372036854775807 chunks");
    let one_more = BuiltFrame {
        nbytes: 4 * (MAX_CHUNKS as i64 + 1),
        ..sound()
    };
    corrupt(&one_more, "claims 268435452 chunks");
    // An index for another number of chunks.
    let index = index(&[0, 36, 0]);
    corrupt(&BuiltFrame { index, ..sound() }, "decodes to 24 bytes");
}

/// As many chunks as can be, in a file of 300 bytes: legal, and no reason for memory.
#[test]
fn item_23_a_tiny_file_of_a_huge_array_costs_nothing() {
    let extent = i64::try_from(MAX_CHUNKS * 10).unwrap();
    let huge = BuiltFrame {
        nbytes: extent * 8,
        index: repeated_index(MAX_CHUNKS, ZEROS),
        ..BuiltFrame::array(8, 80, b2nd(&[extent], &[10], &[10], "<f8"), &[])
    };
    let bytes = huge.bytes();
    let array = frugal(|| Array::from_file_bytes(bytes.clone())).unwrap();
    assert_eq!(array.shape().to_string(), "(2684354510,)");
    let Layout::Blocks(_, blocks) = array.layout() else {
        panic!("a stored array has blocks");
    };
    let mut scratch = DecodeScratch::default();
    let mut block = [1; 80];
    let mut decode = |chunk, nth| frugal(|| blocks.decode(chunk, nth, &mut scratch, &mut block));
    decode(MAX_CHUNKS - 1, 0).unwrap();
    refused(decode(MAX_CHUNKS, 0), Argument, "there are 268435451");
    refused(decode(MAX_CHUNKS - 1, 1), Argument, "block 1 has 0 bytes");
    assert_eq!(block, [0; 80]);
    let told = frugal(|| info_of(Source::memory(bytes))).unwrap();
    assert_eq!(told.chunks, Some(MAX_CHUNKS));
}

/// Chunks of varying sizes have their starts kept in memory: the file has to have room for them.
#[test]
fn item_23_as_many_varying_chunks_as_fit() {
    let chunk = BuiltChunk::memcpyed(1, b"a");
    let three = BuiltFrame::plain(1, 0, &[chunk.clone(), chunk.clone(), chunk.clone()]);
    reads(&three, b"aaa");
    // The same chunk three times is more than fits: 33 bytes are two headers of 16.
    for chunks in [3, MAX_CHUNKS] {
        let aliased = BuiltFrame {
            nbytes: i64::try_from(chunks).unwrap(),
            index: repeated_index(chunks, 0),
            ..BuiltFrame::plain(1, 0, std::slice::from_ref(&chunk))
        };
        corrupt(&aliased, "of varying sizes, with room for 2");
    }
}

#[test]
fn item_24_where_the_index_points() {
    let with = |entries: &[i64]| BuiltFrame {
        index: index(entries),
        ..sound()
    };
    reads(&with(&[0, 36]), b"abcdef");
    let last = sound().data.len() as i64 - 16;
    for beyond in [last + 1, 1 << 40, i64::MAX] {
        corrupt(&with(&[0, beyond]), "the index puts a chunk at byte");
    }
    corrupt(&with(&[0, last]), "");
    // The special entries, and what looks like one.
    let entry = |top: u8, rest: u8| i64::from_be_bytes([top, 0, 0, 0, 0, 0, 0, rest]);
    reads(&with(&[entry(0x81, 0), 36]), b"\0\0\0\0ef");
    reads(&with(&[entry(0x84, 0), 36]), b"\0\0\0\0ef");
    corrupt(&with(&[entry(0x82, 0), 36]), "a chunk of NaN");
    for (top, rest) in [
        (0x80, 0),
        (0x83, 0),
        (0x85, 0),
        (0x87, 0),
        (0xC1, 0),
        (0x81, 1),
    ] {
        corrupt(&with(&[entry(top, rest), 36]), "that means nothing");
    }
    corrupt(&with(&[entry(0xFF, 0xFF), 36]), "that means nothing");
    // A chunk of another length than its place has.
    corrupt(&with(&[36, 0]), "decodes to 2 bytes, but its place");
    // One that reaches into the index.
    let chunk = BuiltChunk::new(BuiltChunk::PLAIN, 1, 4, 4).blocks(&[&stream(4, b"abcd")], &[0]);
    let one = |chunk: &[u8]| BuiltFrame::plain(1, 4, &[chunk.to_vec()]);
    reads(&one(&chunk), b"abcd");
    corrupt(&one(&patched(&chunk, 12, &[45])), "there is room for 44");
}

#[test]
fn item_24_where_chunks_vary_in_size() {
    let chunks = [b"abc".as_slice(), b"d", b"ef"].map(|data| BuiltChunk::memcpyed(1, data));
    let sound = BuiltFrame::plain(1, 0, &chunks);
    reads(&sound, b"abcdef");
    for nbytes in [1, 5, 7, i64::MAX] {
        let frame = BuiltFrame {
            nbytes,
            ..sound.clone()
        };
        corrupt(&frame, "the frame's chunks decode to 6 bytes");
    }
    let special = index(&[0, i64::from_be_bytes([0x81, 0, 0, 0, 0, 0, 0, 0]), 68]);
    let frame = BuiltFrame {
        index: special,
        ..sound
    };
    corrupt(&frame, "whose length nothing tells");
}

/// The same bytes may be many chunks: that is what `ReadLimits` are for.
#[test]
fn item_25_chunks_that_share_their_bytes() {
    let chunk = BuiltChunk::memcpyed(1, b"abcd");
    let frame = BuiltFrame {
        nbytes: 12,
        index: index(&[0, 0, 0]),
        ..BuiltFrame::plain(1, 4, &[chunk])
    };
    reads(&frame, b"abcdabcdabcd");
}

/// Items that a header declares but whose number is no whole one.
#[test]
fn items_that_do_not_fill_the_chunks() {
    let frame = BuiltFrame {
        itemsize: 4,
        ..sound()
    };
    refused(
        read(&frame.bytes()),
        Unsupported,
        "no whole number of items",
    );
    let pairs = BuiltFrame {
        itemsize: 2,
        ..sound()
    };
    let array = Array::from_file_bytes(pairs.bytes()).unwrap();
    assert_eq!((array.dtype(), array.shape().elems()), (DType::UInt16, 3));
}
