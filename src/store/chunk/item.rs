//! In: the bytes of one item. Out: any stretch of a chunk that repeats it.
//! Never: a buffer as long as the item size that a file claims.

/// One item that a whole chunk repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// All bytes are zero, whatever the item size.
    Zeros,
    /// These bytes, at least one.
    Bytes(Box<[u8]>),
}

impl Item {
    /// The quiet NaN of an item size, where there is one.
    pub fn nan(len: usize) -> Option<Self> {
        match len {
            4 => Some(Self::Bytes(Box::new(0x7FC0_0000u32.to_le_bytes()))),
            8 => Some(Self::Bytes(Box::new(
                0x7FF8_0000_0000_0000u64.to_le_bytes(),
            ))),
            _ => None,
        }
    }

    /// The item with these bytes, if there are any.
    pub fn of_bytes(bytes: Vec<u8>) -> Option<Self> {
        (!bytes.is_empty()).then(|| Self::Bytes(bytes.into()))
    }

    /// Fills `dst` with what stands from byte `start` on in items repeated from byte 0 on.
    pub fn fill(&self, start: usize, dst: &mut [u8]) {
        let bytes = match self {
            Self::Zeros => return dst.fill(0),
            Self::Bytes(bytes) => bytes,
        };
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return dst.fill(bytes[0]);
        }
        let phase = start % bytes.len();
        let (head, rest) = dst.split_at_mut((bytes.len() - phase).min(dst.len()));
        head.copy_from_slice(&bytes[phase..phase + head.len()]);
        for item in rest.chunks_mut(bytes.len()) {
            item.copy_from_slice(&bytes[..item.len()]);
        }
    }

    /// Whether all stretches of `len` bytes that start at a multiple of `len` are the same.
    pub fn repeats(&self, len: usize) -> bool {
        match self {
            Self::Zeros => true,
            Self::Bytes(bytes) => len.is_multiple_of(bytes.len()),
        }
    }

    /// Memory this takes besides itself.
    pub fn footprint(&self) -> usize {
        match self {
            Self::Zeros => 0,
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_stretch_of_a_repetition() {
        let item = Item::of_bytes(vec![1, 2, 3]).unwrap();
        let whole: Vec<u8> = (0..30).map(|i| [1, 2, 3][i % 3]).collect();
        for start in 0..7 {
            for len in 0..9 {
                let mut out = vec![0; len];
                item.fill(start, &mut out);
                assert_eq!(out, whole[start..start + len]);
            }
        }
        assert_eq!(Item::of_bytes(Vec::new()), None);
        assert_eq!(Item::nan(2), None);
        let mut out = [7; 4];
        Item::Zeros.fill(1, &mut out);
        assert_eq!(out, [0; 4]);
    }
}
