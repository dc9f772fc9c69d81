//! In: byte streams one behind the other, as the byte shuffle leaves them. Out: in each, every
//! byte minus the one before it, modulo 256; and back. Bytes after the last stream stay.
//! Never: a result that depends on the instruction set.

#[cfg(target_arch = "x86_64")]
mod x86;

use super::{Filter, Position, Setting};

/// The bytedelta filter.
#[derive(Debug)]
pub(super) struct ByteDelta {
    /// Whether a stream starts over, as if nothing were before, behind its last whole vector of
    /// 16 bytes: what the first version of the filter did where it had vectors.
    pub(super) starts_over: bool,
}

/// Bytes of a vector of that version.
const VECTOR: usize = 16;

/// Most streams: the parameter is a byte.
const MAX_STREAMS: usize = 255;

impl Filter for ByteDelta {
    fn is_identity(&self, _: u8, _: &Setting) -> bool {
        false
    }

    fn check(&self, meta: u8, setting: &Setting) -> Result<(), String> {
        let streams = streams(meta, setting);
        if (1..=MAX_STREAMS).contains(&streams) {
            return Ok(());
        }
        Err(format!(
            "it would have {streams} streams, not 1 to {MAX_STREAMS}"
        ))
    }

    fn check_apply(&self, _: u8, _: &Setting) -> Result<(), String> {
        match self.starts_over {
            false => Ok(()),
            true => Err("only old files have it; bytedelta (35) is what it was to be".to_string()),
        }
    }

    fn undo(&self, meta: u8, setting: &Setting, _: Position<'_>, src: &[u8], dst: &mut [u8]) {
        self.for_each_part(streams(meta, setting), src, dst, sum);
    }

    fn apply(&self, meta: u8, setting: &Setting, _: Position<'_>, src: &[u8], dst: &mut [u8]) {
        self.for_each_part(streams(meta, setting), src, dst, difference);
    }
}

impl ByteDelta {
    /// Calls `go` for every run of bytes that starts with nothing before it.
    fn for_each_part(&self, streams: usize, src: &[u8], dst: &mut [u8], go: fn(&[u8], &mut [u8])) {
        let len = src.len() / streams.max(1);
        let all = len * streams;
        dst[all..].copy_from_slice(&src[all..]);
        if len == 0 {
            return;
        }
        let whole = if self.starts_over {
            len - len % VECTOR
        } else {
            len
        };
        let parts = src[..all].chunks_exact(len);
        for (src, dst) in parts.zip(dst[..all].chunks_exact_mut(len)) {
            go(&src[..whole], &mut dst[..whole]);
            go(&src[whole..], &mut dst[whole..]);
        }
    }
}

fn streams(meta: u8, setting: &Setting) -> usize {
    match meta {
        0 => setting.itemsize,
        meta => usize::from(meta),
    }
}

/// Each byte plus all before it.
fn sum(src: &[u8], dst: &mut [u8]) {
    let done = simd_sum(src, dst);
    let before = dst[..done].last().copied().unwrap_or(0);
    sum_from(done, before, src, dst);
}

/// Sums as many bytes as the CPU's vectors take and says how many that were.
#[cfg(target_arch = "x86_64")]
fn simd_sum(src: &[u8], dst: &mut [u8]) -> usize {
    x86::sum(src, dst)
}

#[cfg(not(target_arch = "x86_64"))]
fn simd_sum(_: &[u8], _: &mut [u8]) -> usize {
    0
}

/// Sums from byte `first` on, with the sum `before` it.
fn sum_from(first: usize, mut before: u8, src: &[u8], dst: &mut [u8]) {
    for (to, &byte) in dst[first..].iter_mut().zip(&src[first..]) {
        before = before.wrapping_add(byte);
        *to = before;
    }
}

/// Each byte minus the one before it.
fn difference(src: &[u8], dst: &mut [u8]) {
    let ([first, behind @ ..], [to_first, to_behind @ ..]) = (src, dst) else {
        return;
    };
    *to_first = *first;
    for ((to, byte), before) in to_behind.iter_mut().zip(behind).zip(src) {
        *to = byte.wrapping_sub(*before);
    }
}

#[cfg(test)]
mod tests {
    use super::super::conformance::{LENGTHS, WIDTHS, conforms, noise, setting};
    use super::*;

    /// Byte `k` of each of `streams` streams minus byte `k - 1`, and byte 0 as it is; byte
    /// `restart(length of a stream)` as well.
    fn by_definition(streams: usize, src: &[u8], restart: fn(usize) -> usize) -> Vec<u8> {
        let (len, mut out) = (src.len() / streams, src.to_vec());
        for stream in 0..streams {
            for k in (1..len).filter(|&k| k != restart(len)) {
                let at = stream * len + k;
                let difference = 256 + u16::from(src[at]) - u16::from(src[at - 1]);
                out[at] = u8::try_from(difference % 256).unwrap();
            }
        }
        out
    }

    #[test]
    fn every_count_and_length_agrees_with_the_definition() {
        let usual = ByteDelta { starts_over: false };
        let old = ByteDelta { starts_over: true };
        for streams in WIDTHS {
            // The parameter counts the streams; where it is 0 the item size does.
            let meta = u8::try_from(streams).unwrap();
            for (meta, setting) in [(meta, setting(3)), (0, setting(streams))] {
                conforms(&usual, meta, &setting, Position::First, |src| {
                    by_definition(streams, src, |_| 0)
                });
                conforms(&old, meta, &setting, Position::First, |src| {
                    by_definition(streams, src, |len| len / 16 * 16)
                });
            }
        }
    }

    #[test]
    fn vectors_sum_as_the_scalar_twin() {
        for len in (0..100).chain(LENGTHS) {
            let src = noise(len);
            let (mut fast, mut slow) = (vec![0; len], vec![0; len]);
            sum(&src, &mut fast);
            sum_from(0, 0, &src, &mut slow);
            assert_eq!(fast, slow, "length {len}");
        }
    }

    #[test]
    fn too_many_streams_or_none_are_refused_and_harm_nobody() {
        let filter = ByteDelta { starts_over: true };
        for itemsize in [0, 256, 1 << 20] {
            let why = filter.check(0, &setting(itemsize)).unwrap_err();
            assert!(why.contains(&format!("{itemsize} streams")), "{why}");
            let mut out = [0; 9];
            filter.undo(0, &setting(itemsize), Position::First, &[7; 9], &mut out);
            assert_eq!(out, [7; 9]);
        }
        assert_eq!(filter.check(255, &setting(1 << 20)), Ok(()));
    }
}
