//! In: the fuzzer's bytes. Out: data as codecs like it: repeated, counted up, or as it is.
//! Never: more than some 100 KiB.

/// Data to compress, up to some 100 KiB.
#[derive(Debug, arbitrary::Arbitrary)]
pub struct Data {
    seed: Vec<u8>,
    repeats: u8,
    /// Added to every repetition, byte by byte.
    step: u8,
    /// Repetitions of every byte.
    stretch: u8,
}

impl Data {
    /// The bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for repeat in 0..=self.repeats {
            for byte in &self.seed {
                let byte = byte.wrapping_add(repeat.wrapping_mul(self.step));
                out.extend(std::iter::repeat_n(byte, usize::from(self.stretch % 8) + 1));
            }
            if out.len() > 100 << 10 {
                break;
            }
        }
        out
    }
}

/// Checks that a chunk decodes to what it was made of.
pub fn same(decoded: &[u8], data: &[u8]) {
    let differ = decoded
        .iter()
        .zip(data)
        .position(|(ours, other)| ours != other);
    assert_eq!(differ, None, "first byte that differs");
    assert_eq!(decoded.len(), data.len());
}
