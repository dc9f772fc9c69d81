//! In: standard zstd frames. Out: their bytes, and back. One context a direction, reused.
//! Never: an allocation by the frame's own declared size: decoding goes straight into `dst`.

use zstd_safe::{CCtx, DCtx, get_error_name};

use super::{Codec, Contexts, Fault};

/// Zstandard.
#[derive(Debug)]
pub(super) struct Zstd;

/// The library's working memory, made when first needed.
#[derive(Default)]
pub(super) struct Context {
    decoder: Option<DCtx<'static>>,
    encoder: Option<CCtx<'static>>,
}

impl Codec for Zstd {
    fn decode(&self, contexts: &mut Contexts, src: &[u8], dst: &mut [u8]) -> Result<(), Fault> {
        let slot = &mut contexts.zstd.decoder;
        if slot.is_none() {
            *slot = DCtx::try_create();
        }
        let decoder = slot
            .as_mut()
            .ok_or(Fault("there is no memory for a zstd decoder"))?;
        let room = dst.len();
        match decoder.decompress(dst, src) {
            Ok(written) if written == room => Ok(()),
            Ok(_) => Err(Fault("the zstd stream ends before its block is full")),
            Err(code) => Err(Fault(get_error_name(code))),
        }
    }

    fn encode(
        &self,
        contexts: &mut Contexts,
        level: u8,
        src: &[u8],
        dst: &mut [u8],
    ) -> Option<usize> {
        let slot = &mut contexts.zstd.encoder;
        if slot.is_none() {
            *slot = CCtx::try_create();
        }
        slot.as_mut()?
            .compress(dst, src, library_level(level))
            .ok()
            .filter(|&used| used > 0)
    }
}

/// Blosc2 levels 1..=9 spread over the library's 1..=22 in steps of two.
fn library_level(level: u8) -> i32 {
    match level.clamp(1, 9) {
        9 => zstd_safe::max_c_level(),
        below => i32::from(below) * 2 - 1,
    }
}
