//! In: one LZ4 block. Out: its bytes. Decoding only, after the format description
//! (<https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md>).
//! Never: unsafe code: what is near an end or odd is decoded here, everything else by
//! [`super::quick`].

use super::super::{Fault, back};
use super::quick;

const CUT_OFF: Fault = Fault("the lz4 stream ends inside a sequence");
const OVERFLOW: Fault = Fault("the lz4 stream is longer than its block");
const BEFORE: Fault = Fault("the lz4 stream copies from before its block's start");
const SHORT: Fault = Fault("the lz4 stream ends before its block is full");

/// A length of this in a token goes on in the bytes behind it.
pub(super) const EXTENDED: usize = 15;
/// The shortest match.
pub(super) const MIN_MATCH: usize = 4;

/// How far a stream and its block are.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Where the next sequence begins.
    pub(super) at: usize,
    /// How many bytes of the block are there.
    pub(super) filled: usize,
}

/// Decodes `src` into `dst`, which it has to fill exactly; the first `before` bytes are there
/// already and may be copied from.
pub(super) fn decode(src: &[u8], dst: &mut [u8], before: usize) -> Result<(), Fault> {
    let mut place = Place {
        at: 0,
        filled: before.min(dst.len()),
    };
    loop {
        place = quick::sequences(src, dst, place);
        match sequence(src, dst, place)? {
            Some(after) => place = after,
            None => return Ok(()),
        }
    }
}

/// Decodes the sequence at `place`; none is behind the last.
fn sequence(src: &[u8], dst: &mut [u8], place: Place) -> Result<Option<Place>, Fault> {
    let Place { at, mut filled } = place;
    let mut input = Input { src, at };
    let token = input.byte()?;
    let literals = input.length(usize::from(token >> 4), dst.len() - filled)?;
    let bytes = input.take(literals)?;
    let to = dst.get_mut(filled..filled + literals);
    to.ok_or(OVERFLOW)?.copy_from_slice(bytes);
    filled += literals;
    let room = dst.len() - filled;
    if input.at == src.len() {
        // The last sequence has no match.
        return match room {
            0 => Ok(None),
            _ => Err(SHORT),
        };
    }
    let distance = usize::from(u16::from_le_bytes([input.byte()?, input.byte()?]));
    let length = input.length(usize::from(token & 15), room)? + MIN_MATCH;
    if length > room {
        return Err(OVERFLOW);
    }
    if !back::copy_back(dst, filled, distance, length) {
        return Err(BEFORE);
    }
    Ok(Some(Place {
        at: input.at,
        filled: filled + length,
    }))
}

struct Input<'s> {
    src: &'s [u8],
    /// Never beyond the end.
    at: usize,
}

impl<'s> Input<'s> {
    fn byte(&mut self) -> Result<u8, Fault> {
        let byte = *self.src.get(self.at).ok_or(CUT_OFF)?;
        self.at += 1;
        Ok(byte)
    }

    fn take(&mut self, count: usize) -> Result<&'s [u8], Fault> {
        let bytes = self.src.get(self.at..self.at + count).ok_or(CUT_OFF)?;
        self.at += count;
        Ok(bytes)
    }

    /// A length that starts with `code` of a token; at most `room`, as every extension byte is
    /// checked, so that no sequence of 255s overflows.
    fn length(&mut self, code: usize, room: usize) -> Result<usize, Fault> {
        if code < EXTENDED {
            return Ok(code);
        }
        let mut length = code;
        loop {
            let extension = self.byte()?;
            length += usize::from(extension);
            if length > room {
                return Err(OVERFLOW);
            }
            if extension != 255 {
                return Ok(length);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::lz4::reference;

    /// The format, one byte at a time.
    fn by_definition(src: &[u8]) -> Option<Vec<u8>> {
        let (mut out, mut at) = (Vec::new(), 0);
        let extend = |at: &mut usize, mut length: usize| {
            let mut more = length == 15;
            while more {
                let byte = *src.get(*at)?;
                *at += 1;
                length += usize::from(byte);
                more = byte == 255;
            }
            Some(length)
        };
        loop {
            let token = *src.get(at)?;
            at += 1;
            let literals = extend(&mut at, usize::from(token >> 4))?;
            out.extend_from_slice(src.get(at..at + literals)?);
            at += literals;
            if at == src.len() {
                return Some(out);
            }
            let distance = usize::from(u16::from_le_bytes([*src.get(at)?, *src.get(at + 1)?]));
            at += 2;
            let length = extend(&mut at, usize::from(token & 15))? + 4;
            if distance == 0 || distance > out.len() || out.len() + length > 1 << 20 {
                return None;
            }
            for _ in 0..length {
                out.push(out[out.len() - distance]);
            }
        }
    }

    fn check(src: &[u8]) {
        let expected = by_definition(src);
        let len = expected.as_ref().map_or(500, Vec::len);
        for len in [len, len + 1, len.saturating_sub(1)] {
            // Behind the block stands what must not change.
            let mut room = vec![0x5A; len + 64];
            let decoded = decode(src, &mut room[..len], 0);
            assert!(room[len..].iter().all(|&byte| byte == 0x5A));
            match &expected {
                Some(bytes) if bytes.len() == len => {
                    assert!(decoded.is_ok(), "{src:?}");
                    assert_eq!(&room[..len], bytes);
                }
                Some(_) | None => assert!(decoded.is_err(), "{len} of {src:?}"),
            }
        }
    }

    /// One sequence after the other: literals, then a match.
    fn build(sequences: &[(usize, usize, usize)]) -> Vec<u8> {
        let mut src = Vec::new();
        let mut value = 0u8;
        for &(literals, distance, length) in sequences {
            let code = length.saturating_sub(4);
            let token = literals.min(15) << 4 | code.min(15);
            src.push(u8::try_from(token).unwrap());
            let extension = |src: &mut Vec<u8>, mut rest: usize| {
                while rest >= 255 {
                    src.push(255);
                    rest -= 255;
                }
                src.push(u8::try_from(rest).unwrap());
            };
            if literals >= 15 {
                extension(&mut src, literals - 15);
            }
            for _ in 0..literals {
                value = value.wrapping_mul(5).wrapping_add(7);
                src.push(value);
            }
            if distance > 0 {
                src.extend_from_slice(&u16::try_from(distance).unwrap().to_le_bytes());
                if code >= 15 {
                    extension(&mut src, code - 15);
                }
            }
        }
        src
    }

    #[test]
    fn every_distance_and_length() {
        for distance in (1..=70).chain([127, 128, 255, 256, 300]) {
            for length in (4..=80).chain([255, 270, 273, 274, 275, 529, 1000]) {
                // Room behind the match, little room, and none.
                for tail in [200, 20, 5, 1, 0] {
                    check(&build(&[(300, distance, length), (tail, 0, 0)]));
                }
            }
        }
    }

    #[test]
    fn many_short_sequences() {
        for distance in 1..40 {
            let mut sequences: Vec<_> = (0..60)
                .map(|i| (i % 17, distance + i % 3, 4 + i * 7 % 23))
                .collect();
            sequences.insert(0, (50, 50, 4));
            sequences.push((7, 0, 0));
            let src = build(&sequences);
            check(&src);
            for cut in 0..src.len() {
                check(&src[..cut]);
            }
        }
    }

    #[test]
    fn streams_that_cannot_be() {
        for src in [
            &[][..],
            &[0x10],
            &[0x10, 7, 0, 0],
            &[0x10, 7, 2, 0],
            &[0xF0],
            &[0xF0, 255, 255, 255],
            &[0x1F, 7, 1, 0],
            &[0x1F, 7, 1, 0, 255, 255],
            &[0x00, 1, 0],
        ] {
            check(src);
        }
    }

    #[test]
    fn damaged_streams_are_the_definitions() {
        let sound = build(&[
            (40, 3, 90),
            (3, 20, 6),
            (9, 40, 18),
            (20, 1, 300),
            (90, 0, 0),
        ]);
        let mut state = 1u32;
        for _ in 0..20_000 {
            let mut src = sound.clone();
            for _ in 0..2 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = (state >> 8) as usize % src.len();
                src[at] = (state >> 24) as u8;
            }
            check(&src);
        }
    }

    /// What the C library decodes, this decodes to the same.
    #[test]
    fn the_c_library_agrees() {
        let mut state = 7u32;
        for round in 0..300u16 {
            let bits = round % 8;
            let data: Vec<u8> = (0..3_000 + u32::from(round))
                .map(|i| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let noise = (state >> 24) & ((1 << bits) - 1);
                    (noise ^ (i / 97)).to_le_bytes()[0]
                })
                .collect();
            let packed = reference::encode(&data);
            let (mut ours, mut theirs) = (vec![0; data.len()], vec![0; data.len()]);
            reference::decode(&packed, &mut theirs).unwrap();
            decode(&packed, &mut ours, 0).unwrap();
            assert_eq!(ours, theirs);
            assert_eq!(ours, data);
        }
    }
}
