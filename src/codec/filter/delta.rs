//! In: elements of 1, 2, 4 or 8 bytes. Out: the bits in which each differs from the one before
//! it, or, behind a chunk's first block, from its counterpart there; and back. Bytes after the last
//! whole element stay as they are.
//! Never: a difference of numbers; it is an exclusive or.

use super::{Filter, Position, Setting};

/// The delta filter.
#[derive(Debug)]
pub(super) struct Delta;

impl Filter for Delta {
    fn is_identity(&self, _: u8, _: &Setting) -> bool {
        false
    }

    fn needs_first(&self) -> bool {
        true
    }

    fn undo(&self, _: u8, setting: &Setting, at: Position<'_>, src: &[u8], dst: &mut [u8]) {
        let width = width(setting);
        match at {
            Position::First => accumulate(width, src, dst),
            Position::After(first) => combine(width, first, src, dst),
        }
    }

    fn apply(&self, _: u8, setting: &Setting, at: Position<'_>, src: &[u8], dst: &mut [u8]) {
        let width = width(setting);
        match at {
            Position::First => {
                dst.copy_from_slice(src);
                // A block shorter than an element has none.
                if let Some((_, behind)) = dst.split_at_mut_checked(width) {
                    combine(width, src, &src[width..], behind);
                }
            }
            Position::After(first) => combine(width, first, src, dst),
        }
    }
}

/// Bytes of the elements that are compared.
fn width(setting: &Setting) -> usize {
    match setting.typesize {
        1 | 2 | 4 | 8 => setting.typesize,
        other if other.is_multiple_of(8) => 8,
        _ => 1,
    }
}

/// Each whole element of `src`, combined with its counterpart in `reference`.
fn combine(width: usize, reference: &[u8], src: &[u8], dst: &mut [u8]) {
    // A reference that is too short is no chunk's first block; what it lacks stays as it is.
    let whole = (src.len() - src.len() % width).min(reference.len());
    let (elements, rest) = src.split_at(whole);
    let (to, behind) = dst.split_at_mut(whole);
    for ((to, element), other) in to.iter_mut().zip(elements).zip(reference) {
        *to = element ^ other;
    }
    behind.copy_from_slice(rest);
}

/// Each whole element of `src`, combined with all before it.
fn accumulate(width: usize, src: &[u8], dst: &mut [u8]) {
    match width {
        1 => accumulate_words::<1>(src, dst),
        2 => accumulate_words::<2>(src, dst),
        4 => accumulate_words::<4>(src, dst),
        _ => accumulate_words::<8>(src, dst),
    }
}

fn accumulate_words<const WIDTH: usize>(src: &[u8], dst: &mut [u8]) {
    let (whole, rest) = src.split_at(src.len() - src.len() % WIDTH);
    let (to, to_rest) = dst.split_at_mut(whole.len());
    let (words, last) = whole.as_chunks();
    let (to_words, to_last) = to.as_chunks_mut();
    let mut before = 0;
    for (to, &word) in to_words.iter_mut().zip(words) {
        let word = within_word::<WIDTH>(u64::from_le_bytes(word));
        *to = (word ^ before).to_le_bytes();
        // Words wait for each other in this one operation only.
        before ^= last_everywhere::<WIDTH>(word);
    }
    let mut word = [0; 8];
    word[..last.len()].copy_from_slice(last);
    let word = within_word::<WIDTH>(u64::from_le_bytes(word)) ^ before;
    to_last.copy_from_slice(&word.to_le_bytes()[..last.len()]);
    to_rest.copy_from_slice(rest);
}

/// The elements of a word, each combined with those before it.
fn within_word<const WIDTH: usize>(mut word: u64) -> u64 {
    let mut distance = WIDTH * 8;
    while distance < 64 {
        word ^= word << distance;
        distance *= 2;
    }
    word
}

/// The last element of a word, which stands highest, in every place.
fn last_everywhere<const WIDTH: usize>(word: u64) -> u64 {
    let mut distance = WIDTH * 8;
    let mut word = word >> (64 - distance);
    while distance < 64 {
        word |= word << distance;
        distance *= 2;
    }
    word
}

#[cfg(test)]
mod tests {
    use super::super::conformance::{LENGTHS, WIDTHS, conforms, noise, setting};
    use super::*;

    #[test]
    fn the_worked_example() {
        let filtered = [1, 0, 2, 0, 1, 0];
        let mut out = [0; 6];
        Delta.undo(0, &setting(2), Position::First, &filtered, &mut out);
        assert_eq!(out, [1, 0, 3, 0, 2, 0]);
    }

    /// Bytes of the elements, from the description of the format.
    fn width_by_definition(typesize: usize) -> usize {
        match typesize {
            1 => 1,
            2 => 2,
            4 => 4,
            8 | 16 | 32 => 8,
            _ => 1,
        }
    }

    #[test]
    fn the_first_block_agrees_with_the_definition() {
        for typesize in WIDTHS {
            let width = width_by_definition(typesize);
            conforms(&Delta, 0, &setting(typesize), Position::First, |elements| {
                let mut out = elements.to_vec();
                for k in 1..elements.len() / width {
                    for byte in k * width..(k + 1) * width {
                        out[byte] = elements[byte] ^ elements[byte - width];
                    }
                }
                out
            });
        }
    }

    #[test]
    fn other_blocks_agree_with_the_definition() {
        let mut first = noise(*LENGTHS.iter().max().unwrap() + 5);
        first.reverse();
        for typesize in WIDTHS {
            let width = width_by_definition(typesize);
            let at = Position::After(&first);
            conforms(&Delta, 0, &setting(typesize), at, |elements| {
                let mut out = elements.to_vec();
                for byte in 0..elements.len() / width * width {
                    out[byte] ^= first[byte];
                }
                out
            });
        }
    }

    #[test]
    fn a_first_block_that_is_too_short_harms_nobody() {
        let mut out = [0; 5];
        Delta.undo(
            0,
            &setting(2),
            Position::After(&[1, 1, 1]),
            &[2; 5],
            &mut out,
        );
        assert_eq!(out, [3, 3, 3, 2, 2]);
        Delta.undo(0, &setting(0), Position::First, &[2; 5], &mut out);
        assert_eq!(out, [2; 5]);
    }
}
