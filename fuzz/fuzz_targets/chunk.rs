//! Whatever the bytes of a chunk are: it decodes to the same as a whole and block by block, or is
//! refused with an error that says why, and asks for no memory that is not justified.

#![no_main]

#[path = "../../tests/common/noting.rs"]
mod noting;
#[path = "../../tests/common/read.rs"]
mod read;
#[path = "../../tests/common/survive.rs"]
mod survive;

use fuseblock::Error;
use fuseblock::store::DecodeScratch;
use fuseblock::store::chunk::BareChunk;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let what = || String::from("chunk");
    noting::LARGEST.set(0);
    survive::clear(decode(bytes.to_vec()).err().as_ref(), &what);
    survive::frugal(&what);
});

fn decode(bytes: Vec<u8>) -> Result<(), Error> {
    let chunk = BareChunk::open(bytes, survive::MOST_BYTES)?;
    let whole = chunk.decode();
    // In no order that is likely to be the stored one.
    let mut scratch = DecodeScratch::default();
    let lengths = (0..chunk.blocks()).map(|block| chunk.block_len(block));
    let mut blocks = vec![0xA5; lengths.sum()];
    let (mut rest, mut by_block) = (&mut blocks[..], Ok(()));
    for number in (0..chunk.blocks()).rev() {
        let (before, block) = rest.split_at_mut(rest.len() - chunk.block_len(number));
        by_block = by_block.and(chunk.decode_block(number, &mut scratch, block));
        rest = before;
    }
    let whole = whole?;
    by_block.expect("a chunk that decodes has blocks that do");
    assert_eq!(blocks, whole);
    Ok(())
}
