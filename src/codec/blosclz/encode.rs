//! In: a block. Out: a BloscLZ stream of it, or word that it would not be shorter than the room.
//! Never: unsafe code; an answer that depends on what was encoded before.
//!
//! A greedy search: where the four bytes at hand stood last, as far as a table remembers. It takes
//! bigger and bigger steps through bytes that never stood anywhere, and gives up on a block whose
//! first part hardly shrinks, as the reference library does.

use super::FAR;

/// What a level is willing to do for a short stream.
#[derive(Clone, Copy, Debug)]
struct Effort {
    /// Entries of the table, as a power of two; at most [`TABLE_BITS`].
    bits: u32,
    /// Misses after which steps grow by one byte, as a power of two.
    patience: u32,
    /// Of 256 bytes of a block's first part, how many may be left of them.
    hope: usize,
}

/// Levels 1 to 9. The lower ones give up what they can halve only, as the reference library does:
/// it takes them as long as others take that they cannot shorten at all.
const EFFORTS: [Effort; 9] = [
    effort(12, 3, 118),
    effort(12, 4, 118),
    effort(12, 4, 136),
    effort(13, 4, 136),
    effort(13, 5, 136),
    effort(13, 5, 160),
    effort(13, 6, 184),
    effort(14, 6, 216),
    effort(14, 7, 252),
];

const fn effort(bits: u32, patience: u32, hope: usize) -> Effort {
    Effort {
        bits,
        patience,
        hope,
    }
}

/// Entries of the largest table, as a power of two.
const TABLE_BITS: u32 = 14;
const TABLE: usize = 1 << TABLE_BITS;

/// The longest distance that a stream can tell.
const FARTHEST: u32 = 8192 + 0xFFFF;

/// Most literals of an instruction.
const RUN: usize = 32;

/// Bytes that are looked up.
const WORD: usize = 4;

/// The longest match whose length takes no bytes of its own.
const SHORT: usize = 8;

/// Bytes of a match that are looked up again with those behind it.
const BACK: usize = 2;

/// Marks the first control byte.
const MARKER: u8 = 0x20;

/// A shorter block is not tried.
const SHORTEST: usize = 16;

/// Bytes of a block, at least, that tell whether there is hope.
const TRIAL: usize = 4096;

/// Where words stood last, reused from block to block.
#[derive(Default)]
pub(in crate::codec) struct Context {
    /// Where the words of a slot stood last, in the count of `origin`; made when first needed.
    table: Vec<u32>,
    /// What the next block's first byte counts as.
    origin: u32,
}

impl Context {
    /// The table, and what the first byte of a block of `len` bytes counts as: farther behind all
    /// entries than a match reaches. `None` where a block is too long to be counted.
    fn begin(&mut self, len: usize) -> Option<(&mut [u32; TABLE], u32)> {
        let reach = u32::try_from(len.checked_add(FARTHEST as usize)?).ok()?;
        if self.table.is_empty() || self.origin.checked_add(reach).is_none() {
            self.table.clear();
            self.table.resize(TABLE, 0);
            self.origin = FARTHEST + 1;
        }
        let origin = self.origin;
        self.origin = origin.checked_add(reach)?;
        Some((self.table.first_chunk_mut()?, origin))
    }
}

/// Encodes `src` into `dst` and returns the bytes used; `None` when they do not suffice, or there
/// is too little hope that they do.
pub(super) fn encode(
    context: &mut Context,
    level: u8,
    src: &[u8],
    dst: &mut [u8],
) -> Option<usize> {
    if src.len() < SHORTEST {
        return None;
    }
    let effort = EFFORTS[usize::from(level.clamp(1, 9)) - 1];
    let (table, origin) = context.begin(src.len())?;
    let mut search = Search {
        src,
        table,
        origin,
        shift: u32::BITS - effort.bits.min(src.len().ilog2()),
        patience: effort.patience,
    };
    let mut stream = Stream { dst, used: 0 };
    let mut trial = Trial::new(effort.hope, src.len());
    // A stream begins with a literal, and ends with one.
    let (mut done, mut at) = (0, 1);
    while let Some(found) = search.next(at, done) {
        stream.literals(src, done, found.start)?;
        stream.back(found.distance, found.end - found.start)?;
        (done, at) = (found.end, found.end - BACK);
        if trial.fails(done, stream.used) {
            return None;
        }
    }
    stream.literals(src, done, src.len())?;
    stream.mark();
    Some(stream.used)
}

/// Whether a part of the block, behind one that fills the table, becomes as short as hoped.
struct Trial {
    hope: usize,
    /// Bytes of the block, and of the stream, where it began.
    began: Option<(usize, usize)>,
    /// Bytes of the block at which something is to be done.
    next: usize,
    /// Bytes of the block that it takes at least.
    length: usize,
}

impl Trial {
    fn new(hope: usize, len: usize) -> Self {
        let length = TRIAL.max(len / 32);
        Self {
            hope,
            began: None,
            next: length,
            length,
        }
    }

    #[inline(always)]
    fn fails(&mut self, done: usize, used: usize) -> bool {
        if done < self.next {
            return false;
        }
        match self.began {
            None => {
                self.began = Some((done, used));
                self.next = done + self.length;
                false
            }
            Some((done_before, used_before)) => {
                self.next = usize::MAX;
                (used - used_before) * 256 > (done - done_before) * self.hope
            }
        }
    }
}

/// Bytes that stood before.
struct Match {
    start: usize,
    end: usize,
    distance: usize,
}

struct Search<'a> {
    src: &'a [u8],
    table: &'a mut [u32; TABLE],
    origin: u32,
    shift: u32,
    patience: u32,
}

impl Search<'_> {
    /// The first match from `at` on that is shorter as one. It begins at `done` or behind, which
    /// may be before the place where it is found, or after it.
    #[inline(always)]
    fn next(&mut self, mut at: usize, done: usize) -> Option<Match> {
        let last = self.src.len() - WORD;
        let mut misses = 1 << self.patience;
        while at < last {
            let word = self.word(at);
            let distance = self.replace(word, at);
            if distance <= FARTHEST && self.word(at - distance as usize) == word {
                let found = self.extend(at, distance as usize, done);
                if found.end > found.start + cost(found.distance) {
                    return Some(found);
                }
            }
            at += misses >> self.patience;
            misses += 1;
        }
        None
    }

    #[inline(always)]
    fn word(&self, at: usize) -> u32 {
        match self.src[at..].first_chunk() {
            Some(&bytes) => u32::from_le_bytes(bytes),
            None => 0,
        }
    }

    /// How far before `at` the word stood last; it is remembered to stand there from now on.
    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "blocks that begin can be counted"
    )]
    fn replace(&mut self, word: u32, at: usize) -> u32 {
        let slot = (word.wrapping_mul(0x9E37_79B1) >> self.shift) as usize % TABLE;
        let here = self.origin + at as u32;
        let before = std::mem::replace(&mut self.table[slot], here);
        here - before
    }

    /// All the bytes around a word that also stand `distance` before, from `done` to before the
    /// last one.
    #[inline(always)]
    fn extend(&self, at: usize, distance: usize, done: usize) -> Match {
        let src = self.src;
        let first = done.max(1).max(distance);
        let mut start = at.max(done);
        while start > first && src[start - 1] == src[start - 1 - distance] {
            start -= 1;
        }
        let ahead = &src[at + WORD..src.len() - 1];
        let behind = &src[at + WORD - distance..];
        Match {
            start,
            end: at + WORD + common(ahead, behind),
            distance,
        }
    }
}

/// How many bytes `a` and `b` have in common.
#[inline(always)]
fn common(a: &[u8], b: &[u8]) -> usize {
    let mut same = 0;
    let (words, others) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    for (a, b) in words.iter().zip(others) {
        let differ = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if differ != 0 {
            return same + differ.trailing_zeros() as usize / 8;
        }
        same += 8;
    }
    same + a[same..]
        .iter()
        .zip(&b[same..])
        .take_while(|(a, b)| a == b)
        .count()
}

/// Bytes of a short match, and of the control byte of literals behind it.
fn cost(distance: usize) -> usize {
    if distance <= FAR { 3 } else { 5 }
}

/// The stream, of which the first `used` bytes are there.
struct Stream<'d> {
    dst: &'d mut [u8],
    used: usize,
}

impl Stream<'_> {
    /// Instructions for the literals `src[from..to]`, if there are any. `None` where they do not
    /// fit.
    #[inline(always)]
    fn literals(&mut self, src: &[u8], mut from: usize, to: usize) -> Option<()> {
        while from < to {
            let count = (to - from).min(RUN);
            let room = self.dst.get_mut(self.used..)?;
            let [control, ..] = (count - 1).to_le_bytes();
            // PERF: as many bytes as a run has at most, since a constant number is faster.
            let strides = (room.split_first_chunk_mut(), src[from..].first_chunk());
            if let (Some(([first], rest)), Some(bytes)) = strides
                && let Some(stride) = rest.first_chunk_mut::<RUN>()
            {
                *first = control;
                *stride = *bytes;
            } else {
                let (first, rest) = room.split_first_mut()?;
                *first = control;
                rest.get_mut(..count)?
                    .copy_from_slice(&src[from..from + count]);
            }
            from += count;
            self.used += 1 + count;
        }
        Some(())
    }

    /// The instruction for a match. `None` where it does not fit.
    #[inline(always)]
    fn back(&mut self, distance: usize, length: usize) -> Option<()> {
        let near = (distance - 1).min(FAR);
        let high = near >> 8;
        if length <= SHORT {
            self.push((length - 2) << 5 | high)?;
        } else {
            self.push(7 << 5 | high)?;
            let more = length - SHORT - 1;
            for _ in 0..more / 255 {
                self.push(255)?;
            }
            self.push(more % 255)?;
        }
        self.push(near & 0xFF)?;
        if near == FAR {
            let beyond = distance - 1 - FAR;
            self.push(beyond >> 8)?;
            self.push(beyond & 0xFF)?;
        }
        Some(())
    }

    /// A byte, where it fits.
    #[inline(always)]
    fn push(&mut self, value: usize) -> Option<()> {
        let [byte, ..] = value.to_le_bytes();
        *self.dst.get_mut(self.used)? = byte;
        self.used += 1;
        Some(())
    }

    /// Marks the first control byte.
    fn mark(&mut self) {
        if let Some(first) = self.dst.first_mut() {
            *first |= MARKER;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::decode::decode;
    use super::*;

    fn noise() -> impl FnMut() -> u32 {
        let mut state = 9u32;
        move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 16
        }
    }

    /// Encodes with room for anything and decodes; returns the bytes used.
    fn round_trip(context: &mut Context, level: u8, data: &[u8]) -> Option<usize> {
        let mut stream = vec![0xAA; data.len() + data.len() / RUN + 1];
        let used = encode(context, level, data, &mut stream)?;
        let mut back = vec![0x55; data.len()];
        decode(&stream[..used], &mut back).unwrap();
        assert!(back == data, "level {level}, {} bytes", data.len());
        assert_eq!(stream[0] & 0xE0, MARKER);
        // As much room as it takes is enough, and one byte less is not.
        let mut exact = vec![0xAA; used];
        assert_eq!(encode(context, level, data, &mut exact), Some(used));
        assert_eq!(exact, stream[..used]);
        assert_eq!(encode(context, level, data, &mut exact[1..]), None);
        Some(used)
    }

    #[test]
    fn what_is_encoded_decodes_whatever_its_length() {
        let (mut context, mut random) = (Context::default(), noise());
        for len in (0..300).chain([1000, 4095, 4096, 8192, 20_000, 100_000]) {
            let byte = |value: u32| value.to_le_bytes()[0];
            let count = u32::try_from(len).unwrap();
            let level = 1 + byte(random()) % 9;
            for data in [
                vec![7; len],
                (0..count).map(byte).collect(),
                (0..count).map(|at| byte(at / 9)).collect(),
                (0..count).map(|_| byte(random())).collect(),
                (0..count).map(|_| byte(random() % 3)).collect::<Vec<u8>>(),
            ] {
                round_trip(&mut context, level, &data);
            }
        }
    }

    #[test]
    fn planes_shrink_at_every_level() {
        let (mut context, mut random) = (Context::default(), noise());
        let ramp: Vec<u8> = (0..32_768u32)
            .map(|at| (at / 37).to_le_bytes()[0])
            .collect();
        let steps: Vec<u8> = (0..32_768u32)
            .map(|at| (at / 300 + random() % 300 / 299).to_le_bytes()[0])
            .collect();
        for level in 1..=9 {
            assert!(round_trip(&mut context, level, &ramp).unwrap() < 1400);
            assert!(round_trip(&mut context, level, &steps).unwrap() < 3000);
            assert!(round_trip(&mut context, level, &[0; 40_000]).unwrap() < 170);
        }
    }

    #[test]
    fn matches_reach_as_far_as_the_format_does() {
        let mut context = Context::default();
        let word: Vec<u8> = (1..=200).collect();
        let used = |gap: usize, context: &mut Context| {
            let data = [&word[..], &vec![0; gap], &word, &[0]].concat();
            round_trip(context, 9, &data).unwrap()
        };
        for reach in [FAR, FAR + 1, FARTHEST as usize] {
            let (near, far) = (
                used(reach - 200, &mut context),
                used(reach - 200 + 1, &mut context),
            );
            match reach == FARTHEST as usize {
                true => assert!(far > near + 190, "{near} {far}"),
                false => assert!(far < near + 5, "{near} {far}"),
            }
        }
    }

    #[test]
    fn low_levels_give_up_early_and_noise_is_no_stream() {
        let (mut context, mut random) = (Context::default(), noise());
        let bits: Vec<u8> = (0..65_536)
            .map(|_| random().to_le_bytes()[0] & 15)
            .collect();
        let mut stream = vec![0; bits.len() - 1];
        assert_eq!(encode(&mut context, 1, &bits, &mut stream), None);
        let noise: Vec<u8> = (0..65_536).map(|_| random().to_le_bytes()[0]).collect();
        for level in 1..=9 {
            assert_eq!(encode(&mut context, level, &noise, &mut stream), None);
        }
    }

    #[test]
    fn blocks_before_change_nothing() {
        let data: Vec<u8> = (0..5000u32)
            .map(|at| (at / 60 * at / 900).to_le_bytes()[0])
            .collect();
        let stream = |context: &mut Context| {
            let mut stream = vec![0; 6000];
            let used = encode(context, 5, &data, &mut stream);
            stream.truncate(used.unwrap());
            stream
        };
        let alone = stream(&mut Context::default());
        let mut context = Context::default();
        for _ in 0..3 {
            assert_eq!(stream(&mut context), alone);
            // The count of bytes is about to begin anew.
            context.origin = context.origin.max(u32::MAX - FARTHEST - 6000);
        }
    }
}
