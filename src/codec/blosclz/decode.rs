//! In: a BloscLZ stream. Out: its bytes.
//! Never: unsafe code; a byte outside the block, though bytes ahead of the ones asked for, which
//! the rest of the stream overwrites, change early.

use super::super::{Fault, back};
use super::FAR;

const CUT_OFF: Fault = Fault("the blosclz stream ends inside an instruction");
const OVERFLOW: Fault = Fault("the blosclz stream is longer than its block");
const BEFORE: Fault = Fault("the blosclz stream copies from before its block's start");

/// Bytes copied at a time where that many are left: a run of literals, or more.
const STRIDE: usize = 32;

/// Decodes `src` into `dst`, which it has to fill exactly.
pub(super) fn decode(src: &[u8], dst: &mut [u8]) -> Result<(), Fault> {
    let mut input = Input(src);
    let mut output = Output { dst, filled: 0 };
    // The top bits of the first control byte are a marker, not an instruction.
    let mut control = usize::from(input.byte()? & 0x1F);
    loop {
        if control < 32 {
            output.literals(&mut input, control + 1)?;
        } else {
            let length = input.match_length(control >> 5, output.room())?;
            let distance = input.match_distance(control & 31)?;
            output.copy_back(distance, length)?;
        }
        match input.byte() {
            Ok(next) => control = usize::from(next),
            Err(_) => break,
        }
    }
    match output.room() {
        0 => Ok(()),
        _ => Err(Fault("the blosclz stream ends before its block is full")),
    }
}

/// What is left of the stream.
struct Input<'s>(&'s [u8]);

impl Input<'_> {
    #[inline]
    fn byte(&mut self) -> Result<u8, Fault> {
        let (&byte, rest) = self.0.split_first().ok_or(CUT_OFF)?;
        self.0 = rest;
        Ok(byte)
    }

    /// The length of a match, at most `room`: checked at every extension byte, so that no
    /// sequence of 255s overflows.
    #[inline]
    fn match_length(&mut self, code: usize, room: usize) -> Result<usize, Fault> {
        let mut length = code + 2;
        if code == 7 {
            loop {
                let extension = self.byte()?;
                length += usize::from(extension);
                if length > room {
                    return Err(OVERFLOW);
                }
                if extension != 255 {
                    break;
                }
            }
        }
        if length > room {
            return Err(OVERFLOW);
        }
        Ok(length)
    }

    #[inline]
    fn match_distance(&mut self, high: usize) -> Result<usize, Fault> {
        let near = high * 256 + usize::from(self.byte()?);
        if near != FAR {
            return Ok(near + 1);
        }
        let far = usize::from(self.byte()?) * 256 + usize::from(self.byte()?);
        Ok(FAR + far + 1)
    }
}

/// The block, of which the first `filled` bytes are there.
struct Output<'d> {
    dst: &'d mut [u8],
    filled: usize,
}

impl Output<'_> {
    #[inline]
    fn room(&self) -> usize {
        self.dst.len() - self.filled
    }

    /// Copies `count` bytes, at most a stride, from the stream.
    #[inline]
    fn literals(&mut self, input: &mut Input<'_>, count: usize) -> Result<(), Fault> {
        let dst = &mut self.dst[self.filled..];
        let strides = (dst.first_chunk_mut(), input.0.first_chunk());
        if let (Some(to), Some(from)) = strides {
            let to: &mut [u8; STRIDE] = to;
            *to = *from;
        } else {
            let from = input.0.get(..count).ok_or(CUT_OFF)?;
            dst.get_mut(..count).ok_or(OVERFLOW)?.copy_from_slice(from);
        }
        input.0 = &input.0[count..];
        self.filled += count;
        Ok(())
    }

    /// Copies `length` bytes, which there is room for, from `distance` before, as if byte by byte.
    #[inline]
    fn copy_back(&mut self, distance: usize, length: usize) -> Result<(), Fault> {
        if !back::copy_back(self.dst, self.filled, distance, length) {
            return Err(BEFORE);
        }
        self.filled += length;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(src: &[u8], len: usize) -> Result<Vec<u8>, Fault> {
        let mut dst = vec![0xAA; len];
        super::decode(src, &mut dst).map(|()| dst)
    }

    /// The worked example of the format description: 40 times "abcdefgh", then 0..=63.
    fn example() -> (Vec<u8>, Vec<u8>) {
        let mut src = vec![0x27];
        src.extend_from_slice(b"abcdefgh");
        src.extend_from_slice(&[0xE0, 0xFF, 0x2F, 0x07, 0x1F]);
        src.push(b'h');
        src.extend(0..31);
        src.push(0x1F);
        src.extend(31..63);
        src.extend_from_slice(&[0x00, 0x3F]);
        let mut out = b"abcdefgh".repeat(40);
        out.extend(0..64);
        (src, out)
    }

    #[test]
    fn decodes_the_worked_example() {
        let (src, out) = example();
        assert_eq!(decode(&src, out.len()).unwrap(), out);
    }

    #[test]
    fn every_prefix_and_every_wrong_length_is_a_fault() {
        let (src, out) = example();
        for cut in 0..src.len() {
            assert!(decode(&src[..cut], out.len()).is_err(), "prefix {cut}");
        }
        assert!(decode(&src, out.len() - 1).is_err());
        assert!(decode(&src, out.len() + 1).is_err());
    }

    #[test]
    fn far_matches_overlaps_and_bad_distances() {
        // 8192 zeros by an overlapping match of distance 1, then a far match of distance 8192.
        let mut src = vec![0x20, 7, 0xE0];
        let mut rest = 8191 - 9;
        while rest >= 255 {
            src.push(255);
            rest -= 255;
        }
        src.extend_from_slice(&[u8::try_from(rest).unwrap(), 0]);
        src.extend_from_slice(&[0x3F, 0xFF, 0, 0, 0x00, 9]);
        let out = decode(&src, 8192 + 3 + 1).unwrap();
        assert!(out[..8195].iter().all(|&byte| byte == 7));
        assert_eq!(out[8195], 9);
        assert!(decode(&[0x20, 7, 0x20, 1, 0, 9], 5).is_err());
    }

    /// The format's description, byte by byte.
    fn by_definition(src: &[u8]) -> Option<Vec<u8>> {
        let mut input = src.iter().map(|&byte| usize::from(byte));
        let (mut out, mut control) = (Vec::new(), input.next()? & 31);
        loop {
            if control < 32 {
                for _ in 0..=control {
                    out.push(input.next()?.to_le_bytes()[0]);
                }
            } else {
                let mut length = (control >> 5) + 2;
                if control >> 5 == 7 {
                    loop {
                        let more = input.next()?;
                        length += more;
                        if more != 255 {
                            break;
                        }
                    }
                }
                let mut distance = (control & 31) * 256 + input.next()? + 1;
                if distance == 8192 {
                    distance += input.next()? * 256 + input.next()?;
                }
                for _ in 0..length {
                    out.push(*out.get(out.len().checked_sub(distance)?)?);
                }
            }
            match input.next() {
                Some(next) => control = next,
                None => return Some(out),
            }
        }
    }

    /// A match instruction.
    fn back(distance: usize, length: usize) -> Vec<u8> {
        let byte = |value: usize| u8::try_from(value).unwrap();
        let far = distance.checked_sub(8192);
        let near = far.map_or(distance - 1, |_| 8191);
        let mut bytes = vec![byte((length - 2).min(7) << 5 | near >> 8)];
        if length >= 9 {
            bytes.extend(vec![255; (length - 9) / 255]);
            bytes.push(byte((length - 9) % 255));
        }
        bytes.push(byte(near & 255));
        bytes.extend(
            far.into_iter()
                .flat_map(|far| [byte(far >> 8), byte(far & 255)]),
        );
        bytes
    }

    #[test]
    fn every_distance_and_length_agrees_with_the_definition() {
        for distance in (1..70).chain([255, 256, 300, 8191, 8192, 8193, 9000]) {
            for length in (3..75).chain([263, 264, 265, 518, 519, 520, 2000]) {
                // Literals enough for the distance, the match, and a few or many literals behind.
                for behind in [1, 31, 40] {
                    let mut src = Vec::new();
                    let ahead: Vec<u8> = (0..distance)
                        .map(|i: usize| (i * 7 + i / 256).to_le_bytes()[0])
                        .collect();
                    for run in ahead.chunks(32) {
                        src.push(u8::try_from(run.len() - 1).unwrap());
                        src.extend_from_slice(run);
                    }
                    src.extend(back(distance, length));
                    for _ in 0..behind {
                        src.extend([0, 0xEE]);
                    }
                    let len = distance + length + behind;
                    let expect = by_definition(&src).unwrap();
                    assert_eq!(decode(&src, len).unwrap(), expect, "{distance} {length}");
                    assert!(decode(&src, len - 1).is_err());
                    assert!(decode(&src, len + 1).is_err());
                }
            }
        }
    }

    #[test]
    fn whatever_the_bytes_the_answer_is_the_definitions() {
        let mut state = 7u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        let mut decoded = 0;
        for round in 0..4_000 {
            let mut src = vec![31];
            src.extend((0..32).map(|_| random()));
            for _ in 0..random() % 30 {
                if random() % 2 == 0 {
                    let run = random() % 32;
                    src.push(run);
                    src.extend((0..=run).map(|_| random()));
                } else {
                    let (distance, length) = (1 + random() % 40, 3 + usize::from(random()));
                    src.extend(back(usize::from(distance), length));
                }
            }
            if round % 2 == 1 {
                let at = usize::from(random()) % src.len();
                src[at] = random();
            }
            let expect = by_definition(&src);
            decoded += usize::from(expect.is_some());
            let len = expect.as_ref().map_or(usize::from(random()), Vec::len);
            assert_eq!(decode(&src, len).ok(), expect, "round {round}: {src:?}");
        }
        assert!(
            (2_000..3_900).contains(&decoded),
            "{decoded} streams were valid"
        );
    }
}
