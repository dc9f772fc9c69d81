//! In: a BloscLZ stream. Out: its bytes, and back.
//! Never: unsafe code.

mod decode;
mod encode;

use super::{Codec, Contexts, Fault};
pub(super) use encode::Context;

/// BloscLZ, the byte-oriented LZ77 of the Blosc family.
#[derive(Debug)]
pub(super) struct BloscLz;

/// The near distance code that says: two more bytes follow.
const FAR: usize = 8191;

impl Codec for BloscLz {
    fn decode(&self, _: &mut Contexts, src: &[u8], dst: &mut [u8]) -> Result<(), Fault> {
        decode::decode(src, dst)
    }

    fn encode(
        &self,
        contexts: &mut Contexts,
        level: u8,
        src: &[u8],
        dst: &mut [u8],
    ) -> Option<usize> {
        encode::encode(&mut contexts.blosclz, level, src, dst)
    }
}
