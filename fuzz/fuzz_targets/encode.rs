//! What we encode decodes to what it was, is no longer than its room, and does not depend on what
//! was encoded before.

#![no_main]

mod data;

use data::{Data, same};
use fuseblock::codec::{self, Contexts, id};

const CODECS: [u8; 5] = [id::BLOSCLZ, id::LZ4, id::LZ4HC, id::ZLIB, id::ZSTD];

/// Levels above this of zstd and LZ4HC would be most of the time.
const HARDEST: u8 = 5;

#[derive(Debug, arbitrary::Arbitrary)]
struct Input {
    codec: u8,
    level: u8,
    /// Bytes of room, counted from those of the data.
    room: i16,
    before: Option<Data>,
    data: Data,
}

/// What stands behind the room, and has to stay.
const FENCE: [u8; 64] = [0xA5; 64];

libfuzzer_sys::fuzz_target!(|input: Input| {
    let compcode = CODECS[usize::from(input.codec) % CODECS.len()];
    let row = codec::by_id(compcode).expect("the table has it");
    let codec = row.codec.expect("this version has it");
    let level = match compcode {
        id::BLOSCLZ | id::LZ4 | id::ZLIB => input.level % 9 + 1,
        _ => input.level % HARDEST + 1,
    };
    let data = input.data.bytes();
    let room = data.len().saturating_add_signed(isize::from(input.room));
    let encode = |contexts: &mut Contexts| {
        let mut stream = vec![0; room];
        stream.extend(FENCE);
        let used = codec.encode(contexts, level, &data, &mut stream[..room]);
        assert_eq!(stream[room..], FENCE);
        used.map(|used| stream[..room][..used].to_vec())
    };
    let mut contexts = Contexts::default();
    if let Some(before) = &input.before {
        let before = before.bytes();
        let mut stream = vec![0; before.len()];
        codec.encode(&mut contexts, level, &before, &mut stream);
    }
    let stream = encode(&mut contexts);
    assert_eq!(stream, encode(&mut Contexts::default()), "by itself");
    if let Some(stream) = stream {
        let mut decoded = vec![0xA5; data.len()];
        let done = codec.decode(&mut contexts, &stream, &mut decoded);
        done.expect("it decodes");
        same(&decoded, &data);
    }
});
