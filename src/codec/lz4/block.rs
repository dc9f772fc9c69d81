//! In: one LZ4 block. Out: its bytes. Decoding only, after the format description
//! (<https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md>).
//! Never: a read or write outside the two slices. Bytes of the output ahead of the ones asked for,
//! which the rest of the stream overwrites, may change early.
//!
//! The C library copies matches 8 bytes at a time, from memory that was just written. Shuffled
//! data is full of long matches with short periods; here a period is loaded once and stored again
//! and again, which is ten times as fast on byte planes of ramps. Where sequences are short both
//! take the same time.
#![expect(
    unsafe_code,
    reason = "copies of fixed length, checked once a sequence"
)]

use std::ptr;

use super::super::Fault;

const CUT_OFF: Fault = Fault("the lz4 stream ends inside a sequence");
const OVERFLOW: Fault = Fault("the lz4 stream is longer than its block");
const BEFORE: Fault = Fault("the lz4 stream copies from before its block's start");
const SHORT: Fault = Fault("the lz4 stream ends before its block is full");

/// Bytes that one store may write beyond the end of a copy.
const SLACK: usize = 32;
/// A length of this in a token goes on in the bytes behind it.
const EXTENDED: usize = 15;
/// The shortest match.
const MIN_MATCH: usize = 4;
/// Bytes of the stream that the sequence with the longest unextended literals takes, plus what
/// their copy reads beyond them.
const QUICK_SRC: usize = 1 + 16 + 2;
/// Bytes that a sequence without extensions writes at most, rounded up generously.
const QUICK_DST: usize = 64;

/// Decodes `src` into `dst`, which it has to fill exactly; the first `before` bytes are there
/// already and may be copied from.
pub(super) fn decode(src: &[u8], dst: &mut [u8], before: usize) -> Result<(), Fault> {
    let mut input = Input { src, at: 0 };
    let filled = before.min(dst.len());
    let mut output = Output { dst, filled };
    loop {
        while let Some(sequence) = input.quick(&output) {
            if sequence.distance > output.filled + sequence.literals {
                return Err(BEFORE);
            }
            // SAFETY: `quick` saw room for any sequence without extensions on both sides, and the
            // match does not begin before the output.
            unsafe { output.quick(&mut input, sequence) };
        }
        let token = input.byte()?;
        let literals = input.length(usize::from(token >> 4), output.room())?;
        output.literals(&mut input, literals)?;
        if input.left() == 0 {
            // The last sequence has no match.
            return if output.room() == 0 {
                Ok(())
            } else {
                Err(SHORT)
            };
        }
        let distance = usize::from(u16::from_le_bytes([input.byte()?, input.byte()?]));
        let length = input.length(usize::from(token & 15), output.room())? + MIN_MATCH;
        if length > output.room() {
            return Err(OVERFLOW);
        }
        if distance == 0 || distance > output.filled {
            return Err(BEFORE);
        }
        // SAFETY: the match begins inside the output, and there is room for it.
        unsafe { output.copy_back(distance, length) };
    }
}

/// A sequence without extensions whose match does not overlap its first 8 bytes.
#[derive(Clone, Copy)]
struct Sequence {
    literals: usize,
    distance: usize,
    length: usize,
}

struct Input<'s> {
    src: &'s [u8],
    /// Never beyond the end.
    at: usize,
}

impl Input<'_> {
    fn left(&self) -> usize {
        self.src.len() - self.at
    }

    #[inline(always)]
    fn byte(&mut self) -> Result<u8, Fault> {
        let byte = *self.src.get(self.at).ok_or(CUT_OFF)?;
        self.at += 1;
        Ok(byte)
    }

    /// A length that starts with `code` of a token; at most `room`, as every extension byte is
    /// checked, so that no sequence of 255s overflows.
    #[inline(always)]
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

    /// The next sequence, where it has no extensions and neither side is near its end.
    #[inline(always)]
    fn quick(&self, output: &Output<'_>) -> Option<Sequence> {
        if self.left() <= QUICK_SRC || output.room() <= QUICK_DST {
            return None;
        }
        let token = self.src[self.at];
        let (literals, length) = (usize::from(token >> 4), usize::from(token & 15));
        // Inside the stream: at most 1 + 14 + 2 of more than QUICK_SRC bytes.
        let offset = self.at + 1 + literals;
        let offset = self.src.get(offset..)?.first_chunk::<2>()?;
        let distance = usize::from(u16::from_le_bytes(*offset));
        (literals < EXTENDED && length < EXTENDED && distance >= 8).then_some(Sequence {
            literals,
            distance,
            length: length + MIN_MATCH,
        })
    }
}

struct Output<'d> {
    dst: &'d mut [u8],
    /// Never beyond the end.
    filled: usize,
}

impl Output<'_> {
    #[inline(always)]
    fn room(&self) -> usize {
        self.dst.len() - self.filled
    }

    /// Copies the literals and the match of a sequence, and moves both sides on.
    ///
    /// # Safety
    /// [`Input::quick`] gave the sequence for this output, and `distance` is at most `filled` and
    /// the literals together.
    #[inline(always)]
    unsafe fn quick(&mut self, input: &mut Input<'_>, sequence: Sequence) {
        let from = input.src.as_ptr().wrapping_add(input.at + 1);
        let to = self.dst.as_mut_ptr().wrapping_add(self.filled);
        // SAFETY: 1 + 16 bytes from `at` on lie in the stream and more than QUICK_DST from `filled`
        // on in the output, as `quick` saw; the slices do not overlap.
        unsafe { copy::<16>(from, to, 0) };
        let to = to.wrapping_add(sequence.literals);
        let from = to.wrapping_sub(sequence.distance).cast_const();
        // Words of 8: wider loads would wait for several of the stores just made. Each is before
        // the bytes it is copied to, as the distance is at least 8.
        // SAFETY: at most 14 literals, so 50 bytes from `to` on are in the output; the caller knows
        // that `from` is too, and it is before `to`.
        unsafe { copy::<8>(from, to, 0) };
        // SAFETY: as above.
        unsafe { copy::<8>(from, to, 8) };
        // SAFETY: as above.
        unsafe { copy::<2>(from, to, 16) };
        input.at += 1 + sequence.literals + 2;
        self.filled += sequence.literals + sequence.length;
    }

    /// Copies `count` bytes from the stream.
    #[inline(always)]
    fn literals(&mut self, input: &mut Input<'_>, count: usize) -> Result<(), Fault> {
        let from = input.src.get(input.at..input.at + count).ok_or(CUT_OFF)?;
        let to = self.dst.get_mut(self.filled..self.filled + count);
        to.ok_or(OVERFLOW)?.copy_from_slice(from);
        input.at += count;
        self.filled += count;
        Ok(())
    }

    /// Copies `length` bytes from `distance` before, as if byte by byte.
    ///
    /// # Safety
    /// `distance` is 1 to `filled`, `length` at most the room.
    #[inline(always)]
    unsafe fn copy_back(&mut self, distance: usize, length: usize) {
        let slack = self.room() - length >= SLACK;
        let to = self.dst.as_mut_ptr().wrapping_add(self.filled);
        let from = to.wrapping_sub(distance).cast_const();
        // In every arm `length` bytes from `to` on are in the output and, where there is slack,
        // SLACK more; the bytes from `from` to `to` are before them.
        match distance {
            // SAFETY: as said above.
            _ if !slack => unsafe { double(from, to, distance, length) },
            // SAFETY: as said above.
            1 => unsafe { fill(from, to, length) },
            // SAFETY: as said above.
            2..8 => unsafe { repeat_word(from, to, distance, length) },
            // SAFETY: as said above.
            8..SLACK => unsafe { repeat(from, to, distance, length) },
            // SAFETY: as said above; the distance is at least SLACK.
            _ if length <= SLACK => unsafe { copy::<SLACK>(from, to, 0) },
            // SAFETY: as said above.
            _ => unsafe { double(from, to, distance, length) },
        }
        self.filled += length;
    }
}

/// Copies `N` bytes, `at` behind `from` and `to`.
///
/// # Safety
/// They can be read and written there.
#[inline(always)]
unsafe fn copy<const N: usize>(from: *const u8, to: *mut u8, at: usize) {
    let (from, to) = (from.wrapping_add(at), to.wrapping_add(at));
    // SAFETY: the caller's promise; no alignment is needed.
    let bytes = unsafe { from.cast::<[u8; N]>().read_unaligned() };
    // SAFETY: as above.
    unsafe { to.cast::<[u8; N]>().write_unaligned(bytes) };
}

/// Repeats the byte at `from`.
///
/// # Safety
/// `length` + SLACK bytes can be written at `to`.
#[inline(always)]
unsafe fn fill(from: *const u8, to: *mut u8, length: usize) {
    // SAFETY: the caller's promise.
    let byte = unsafe { *from };
    if length <= SLACK {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[u8; SLACK]>().write_unaligned([byte; SLACK]) };
    } else {
        // SAFETY: the caller's promise.
        unsafe { ptr::write_bytes(to, byte, length) };
    }
}

/// Repeats the `distance` bytes at `from`, fewer than 8.
///
/// # Safety
/// `to` is `distance` behind `from`, and `length` + SLACK bytes can be written there.
#[inline(always)]
unsafe fn repeat_word(from: *const u8, to: *mut u8, distance: usize, length: usize) {
    // Ones at every place of a word where a period starts.
    const STARTS: [u64; 8] = starts();
    // SAFETY: 8 bytes from `from` on are at most 7 beyond `to`.
    let word = u64::from_le_bytes(unsafe { from.cast::<[u8; 8]>().read_unaligned() });
    let period = word & ((1 << (distance * 8)) - 1);
    let word = period.wrapping_mul(STARTS[distance]).to_le_bytes();
    let whole = 8 - 8 % distance;
    for done in (0..length).step_by(whole) {
        let to = to.wrapping_add(done).cast::<[u8; 8]>();
        // SAFETY: begins before `length`, so ends at most 7 behind it.
        unsafe { to.write_unaligned(word) };
    }
}

const fn starts() -> [u64; 8] {
    let mut starts = [0; 8];
    let mut distance = 1;
    while distance < 8 {
        let mut bit = 0;
        while bit < 64 {
            starts[distance] |= 1 << bit;
            bit += distance * 8;
        }
        distance += 1;
    }
    starts
}

/// Repeats the `distance` bytes at `from`, fewer than SLACK.
///
/// # Safety
/// `to` is `distance` behind `from`, and `length` + SLACK bytes can be written there.
#[inline(always)]
unsafe fn repeat(from: *const u8, to: *mut u8, distance: usize, length: usize) {
    // What is behind the period is overwritten by the next one.
    // SAFETY: SLACK bytes from `from` on end less than SLACK behind `to`.
    let period = unsafe { from.cast::<[u8; SLACK]>().read_unaligned() };
    for done in (0..length).step_by(distance) {
        let to = to.wrapping_add(done).cast::<[u8; SLACK]>();
        // SAFETY: begins before `length`, so ends less than SLACK behind it.
        unsafe { to.write_unaligned(period) };
    }
}

/// Repeats the `distance` bytes at `from` in pieces that double, and writes nothing behind them.
///
/// # Safety
/// `to` is `distance` behind `from`, and `length` bytes can be written there.
#[inline]
unsafe fn double(from: *const u8, to: *mut u8, distance: usize, length: usize) {
    let mut done = 0;
    while done < length {
        // What was copied so far is a whole number of periods: twice as much can follow.
        let step = (length - done).min(distance + done);
        // SAFETY: `step` bytes from `from` on end at `to + done` at the latest.
        unsafe { ptr::copy_nonoverlapping(from, to.wrapping_add(done), step) };
        done += step;
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
