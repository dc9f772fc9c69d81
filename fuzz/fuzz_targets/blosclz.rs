//! BloscLZ streams decode to what the format's definition, followed byte by byte, says.

#![no_main]

use fuseblock::codec::{self, Contexts};

/// BloscLZ's format code.
const BLOSCLZ: u8 = 0;

libfuzzer_sys::fuzz_target!(|input: (u16, &[u8])| {
    let (len, stream) = input;
    let codec = codec::of_chunk(BLOSCLZ, 0).expect("blosclz is there");
    let mut decoded = vec![0xA5; usize::from(len)];
    let ours = codec.decode(&mut Contexts::default(), stream, &mut decoded);
    let defined = by_definition(stream, usize::from(len));
    assert_eq!(ours.is_ok(), defined.is_some(), "{ours:?}");
    if let Some(defined) = defined {
        assert_eq!(decoded, defined);
    }
});

/// The `len` bytes of a stream, if it is one of so many.
fn by_definition(stream: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut input = stream.iter().copied();
    let mut out = Vec::new();
    let mut next = input.next().map(|first| first & 0x1F);
    // A stream has at least one instruction.
    next?;
    while let Some(control) = next {
        if control < 32 {
            for _ in 0..=control {
                out.push(input.next()?);
            }
        } else {
            let mut count = usize::from(control >> 5) + 2;
            if control >> 5 == 7 {
                loop {
                    let more = input.next()?;
                    count += usize::from(more);
                    if more != 255 {
                        break;
                    }
                }
            }
            let low = input.next()?;
            let mut distance = usize::from(control & 31) * 256 + usize::from(low);
            if distance == 8191 {
                distance += usize::from(input.next()?) * 256;
                distance += usize::from(input.next()?);
            }
            if count > len {
                return None;
            }
            for _ in 0..count {
                out.push(*out.get(out.len().checked_sub(distance + 1)?)?);
            }
        }
        if out.len() > len {
            return None;
        }
        next = input.next();
    }
    (out.len() == len).then_some(out)
}
