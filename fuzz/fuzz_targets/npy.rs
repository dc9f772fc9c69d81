//! Whatever the bytes of a `.npy` file are: its elements and their sum agree, or it is refused.
//! Bytes that do not begin as one are taken for the text of a header.

#![no_main]

#[path = "../../tests/common/noting.rs"]
mod noting;
#[path = "../../tests/common/read.rs"]
mod read;
#[path = "../../tests/common/survive.rs"]
mod survive;

use fuseblock::Array;
use fuseblock::store::file::Source;
use fuseblock::store::npy::MAGIC;
use fuseblock::store::{ReadLimits, info_of};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let what = || String::from("npy");
    let file = match bytes.starts_with(MAGIC) {
        true => bytes.to_vec(),
        false => with_header(bytes),
    };
    noting::LARGEST.set(0);
    let told = info_of(Source::memory(file.clone()));
    survive::clear(told.err().as_ref(), &what);
    let limits = ReadLimits {
        max_array_bytes: survive::MOST_BYTES as u64,
        max_inflated_bytes: survive::MOST_BYTES as u64,
        ..ReadLimits::untrusted()
    };
    let options = Array::options().limits(limits);
    survive::survive(options.from_file_bytes(file.clone()), &what);
    survive::survive(options.bytes().from_file_bytes(file), &what);
});

/// A file of this header and some data.
fn with_header(text: &[u8]) -> Vec<u8> {
    let len = u32::try_from(text.len()).expect("inputs are short");
    let mut file = [MAGIC, &[2, 0], &len.to_le_bytes(), text].concat();
    file.extend((0..=255u8).cycle().take(1 << 10));
    file
}
