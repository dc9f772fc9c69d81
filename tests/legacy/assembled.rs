//! Bloscpack files put together by hand after the format's description.

/// A Blosc1 chunk that stores `data` as it is.
pub(crate) fn chunk(data: &[u8], typesize: u8) -> Vec<u8> {
    let len = u32::try_from(data.len()).unwrap();
    let mut bytes = vec![2, 1, 0x02, typesize];
    for field in [len, len.max(1), len + 16] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend_from_slice(data);
    bytes
}

/// Chunks of these lengths, whose bytes count up from 0 through all of them.
pub(crate) fn counting(lengths: &[usize]) -> (Vec<Vec<u8>>, Vec<u8>) {
    let all: Vec<u8> = (0..lengths.iter().sum::<usize>())
        .map(|nth| (nth % 251) as u8)
        .collect();
    let mut rest = &all[..];
    let cut = lengths.iter().map(|&len| {
        let (head, tail) = rest.split_at(len);
        rest = tail;
        chunk(head, 4)
    });
    (cut.collect(), all)
}

/// A file of version 1.
pub(crate) fn version1(count: i64, chunks: &[Vec<u8>]) -> Vec<u8> {
    let header = [&b"blpk\x01\0\0\0"[..], &count.to_le_bytes()].concat();
    [header, chunks.concat()].concat()
}

/// What is done to positions before they are written.
pub(crate) type Edit = fn(&mut [i64]);

/// The header of versions 2 and 3, and what is needed for the rest.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) version: u8,
    pub(crate) chunk_size: i32,
    pub(crate) last_chunk: i32,
    pub(crate) count: i64,
    /// The section of metadata, if there is one.
    pub(crate) metadata: Option<Vec<u8>>,
    /// What is done to the positions of chunks, if there is a section of them, and how many more
    /// have room there.
    pub(crate) offsets: Option<(Edit, usize)>,
    pub(crate) chunks: Vec<Vec<u8>>,
}

impl File {
    pub(crate) fn new(lengths: &[usize]) -> (Self, Vec<u8>) {
        let (chunks, all) = counting(lengths);
        let size = |len: Option<&usize>| i32::try_from(*len.unwrap()).unwrap();
        let file = Self {
            version: 3,
            chunk_size: size(lengths.first()),
            last_chunk: size(lengths.last()),
            count: i64::try_from(lengths.len()).unwrap(),
            metadata: None,
            offsets: None,
            chunks,
        };
        (file, all)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let (has_offsets, has_metadata) = (self.offsets.is_some(), self.metadata.is_some());
        let spare = self.offsets.map_or(0, |(_, spare)| spare);
        let options = u8::from(has_offsets) | u8::from(has_metadata) << 1;
        let mut bytes = b"blpk".to_vec();
        bytes.extend([self.version, options, 0, 4]);
        bytes.extend(self.chunk_size.to_le_bytes());
        bytes.extend(self.last_chunk.to_le_bytes());
        bytes.extend(self.count.to_le_bytes());
        bytes.extend((spare as u64).to_le_bytes());
        bytes.extend(self.metadata.iter().flatten());
        if let Some((edit, spare)) = self.offsets {
            let mut at = bytes.len() + 8 * (self.chunks.len() + spare);
            let mut offsets = Vec::new();
            for chunk in &self.chunks {
                offsets.push(i64::try_from(at).unwrap());
                at += chunk.len();
            }
            edit(&mut offsets);
            offsets.resize(self.chunks.len() + spare, -1);
            bytes.extend(offsets.iter().flat_map(|offset| offset.to_le_bytes()));
        }
        bytes.extend(self.chunks.concat());
        bytes
    }
}

/// A metadata section with this JSON, neither compressed nor summed, and some room behind it.
pub(crate) fn metadata(json: &str) -> Vec<u8> {
    let len = u32::try_from(json.len()).unwrap();
    let mut bytes = b"JSON\0\0\0\0\0\0\0\x06".to_vec();
    for field in [len, len + 5, len] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend([0; 8]);
    bytes.extend(json.bytes());
    bytes.extend([0; 5]);
    bytes
}
