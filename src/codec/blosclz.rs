//! In: a BloscLZ stream (frame indexes are written with it). Out: its bytes. Decoding only.
//! Never: unsafe code.

use super::{Codec, Contexts, Fault};

/// BloscLZ, the byte-oriented LZ77 of the Blosc family.
#[derive(Debug)]
pub(super) struct BloscLz;

const CUT_OFF: Fault = Fault("the blosclz stream ends inside an instruction");
const OVERFLOW: Fault = Fault("the blosclz stream is longer than its block");

/// The near distance code that says: two more bytes follow.
const FAR: usize = 8191;

impl Codec for BloscLz {
    fn decode(&self, _: &mut Contexts, src: &[u8], dst: &mut [u8]) -> Result<(), Fault> {
        let mut input = Input { src, at: 0 };
        let mut filled = 0;
        // The top bits of the first control byte are a marker, not an instruction.
        let mut control = usize::from(input.byte()? & 0x1F);
        loop {
            filled = if control < 32 {
                input.literals(control + 1, dst, filled)?
            } else {
                input.copy_back(control, dst, filled)?
            };
            match input.src.get(input.at) {
                Some(&next) => control = usize::from(next),
                None => break,
            }
            input.at += 1;
        }
        if filled == dst.len() {
            Ok(())
        } else {
            Err(Fault("the blosclz stream ends before its block is full"))
        }
    }
}

struct Input<'s> {
    src: &'s [u8],
    at: usize,
}

impl Input<'_> {
    fn byte(&mut self) -> Result<u8, Fault> {
        let byte = *self.src.get(self.at).ok_or(CUT_OFF)?;
        self.at += 1;
        Ok(byte)
    }

    fn literals(&mut self, count: usize, dst: &mut [u8], filled: usize) -> Result<usize, Fault> {
        let from = self.src.get(self.at..self.at + count).ok_or(CUT_OFF)?;
        let to = dst.get_mut(filled..filled + count).ok_or(OVERFLOW)?;
        to.copy_from_slice(from);
        self.at += count;
        Ok(filled + count)
    }

    fn copy_back(&mut self, control: usize, dst: &mut [u8], filled: usize) -> Result<usize, Fault> {
        let length = self.match_length(control >> 5, dst.len() - filled)?;
        let distance = self.match_distance(control & 31)?;
        if distance > filled {
            return Err(Fault(
                "the blosclz stream copies from before its block's start",
            ));
        }
        repeat(dst, filled, distance, length);
        Ok(filled + length)
    }

    /// The length of a match, at most `room`: checked at every extension byte, so that no
    /// sequence of 255s overflows.
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

    fn match_distance(&mut self, high: usize) -> Result<usize, Fault> {
        let near = high * 256 + usize::from(self.byte()?);
        if near != FAR {
            return Ok(near + 1);
        }
        let far = usize::from(self.byte()?) * 256 + usize::from(self.byte()?);
        Ok(FAR + far + 1)
    }
}

/// Copies `length` bytes from `distance` before `filled` to `filled`, as if byte by byte.
fn repeat(dst: &mut [u8], filled: usize, distance: usize, length: usize) {
    let start = filled - distance;
    let mut done = 0;
    while done < length {
        // What was copied so far is a whole number of periods: twice as much can follow.
        let step = (length - done).min(distance + done);
        dst.copy_within(start..start + step, filled + done);
        done += step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(src: &[u8], len: usize) -> Result<Vec<u8>, Fault> {
        let mut dst = vec![0xAA; len];
        BloscLz.decode(&mut Contexts::default(), src, &mut dst)?;
        Ok(dst)
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

    #[test]
    fn a_period_of_three_repeats() {
        let mut bytes = *b"abc.......";
        repeat(&mut bytes, 3, 3, 7);
        assert_eq!(&bytes, b"abcabcabca");
    }
}
