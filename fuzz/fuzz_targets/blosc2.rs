//! What C-Blosc 2 compresses, we decode to what it was.

#![no_main]

mod data;

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::Once;

use blosc2_src as _;
use data::{Data, same};
use fuseblock::store::chunk::BareChunk;

const CODECS: [&CStr; 3] = [c"blosclz", c"lz4", c"lz4hc"];

/// Bytes that a chunk may be longer than its data.
const OVERHEAD: usize = 32;

// The crate's own declarations are of an older version; these did not change.
unsafe extern "C" {
    safe fn blosc2_init();
    safe fn blosc2_set_delta(delta: c_int);
    safe fn blosc1_set_blocksize(bytes: usize);
    safe fn blosc1_set_splitmode(mode: c_int);
    fn blosc1_set_compressor(name: *const c_char) -> c_int;
    fn blosc2_compress(
        level: c_int,
        shuffle: c_int,
        typesize: i32,
        src: *const c_void,
        src_len: i32,
        dst: *mut c_void,
        dst_len: i32,
    ) -> c_int;
}

#[derive(Debug, arbitrary::Arbitrary)]
struct Input {
    codec: u8,
    level: u8,
    shuffle: u8,
    delta: bool,
    split: u8,
    typesize: u8,
    blocksize: u16,
    data: Data,
}

libfuzzer_sys::fuzz_target!(|input: Input| {
    static INIT: Once = Once::new();
    INIT.call_once(|| blosc2_init());
    let typesize = i32::from(input.typesize.max(1));
    let mut data = input.data.bytes();
    let mut blocksize = usize::from(input.blocksize);
    if input.delta {
        // The encoder leaves what follows the last whole element of a block undefined.
        blocksize = blocksize.max(typesize as usize);
        data.truncate(data.len() / typesize as usize * typesize as usize);
    }
    let packed = compress(&input, typesize, blocksize, &data);
    let chunk = BareChunk::open(packed, data.len()).expect("a sound chunk opens");
    same(&chunk.decode().expect("a sound chunk decodes"), &data);
});

fn compress(input: &Input, typesize: i32, blocksize: usize, data: &[u8]) -> Vec<u8> {
    let codec = CODECS[usize::from(input.codec) % CODECS.len()];
    blosc2_set_delta(c_int::from(input.delta));
    blosc1_set_blocksize(blocksize);
    blosc1_set_splitmode(c_int::from(input.split % 4) + 1);
    let mut packed = vec![0u8; data.len() + OVERHEAD];
    let small = |len: usize| i32::try_from(len).expect("inputs are short");
    // SAFETY: the name ends in a zero, and both buffers have the lengths given.
    let len = unsafe {
        blosc1_set_compressor(codec.as_ptr());
        blosc2_compress(
            c_int::from(input.level % 10),
            c_int::from(input.shuffle % 3),
            typesize,
            data.as_ptr().cast(),
            small(data.len()),
            packed.as_mut_ptr().cast(),
            small(packed.len()),
        )
    };
    packed.truncate(usize::try_from(len).expect("it compresses"));
    packed
}
