//! In: a Bloscpack file behind its header and metadata. Out: where each of its chunks begins and
//! how many bytes it decodes to.
//! Never: a position that leads out of the file, or two chunks in one place.

use super::bad;
use super::header::FileHeader;
use crate::bytes::i64_le_at;
use crate::error::{Error, Result};
use crate::limits::MAX_CHUNKS;
use crate::store::chunk::{self, SHORT_HEADER_BYTES};
use crate::store::file::Source;
use crate::store::linear::Lengths;

/// Where the chunks are, and how long when decoded.
#[derive(Debug)]
pub(super) struct Index {
    /// The first byte of every chunk, and behind them the byte that no digest goes beyond.
    starts: Box<[u64]>,
    sizes: Sizes,
}

#[derive(Debug)]
enum Sizes {
    /// The last chunk decodes to `last` bytes, all others to `chunk`.
    Uniform { chunk: usize, last: usize },
    /// The first decoded byte of every chunk, and behind them the number of all bytes.
    Starts(Box<[u64]>),
}

/// Where a chunk stands.
pub(super) struct Room {
    /// Its first byte.
    pub(super) start: u64,
    /// The byte that its digest ends before.
    pub(super) end: u64,
    /// Whether its digest has to end right there.
    pub(super) exact: bool,
}

impl Index {
    /// Reads the positions of the chunks from their section, which begins at `position`; walks
    /// from chunk to chunk where there is none, or the writer did not get to complete it.
    pub(super) fn open(source: &Source, header: &FileHeader, position: u64) -> Result<Self> {
        let (Some(chunks), true) = (header.chunks, header.offsets) else {
            return walk(source, header, position);
        };
        let data_start = (chunks as u64)
            .checked_add(header.spare_offsets)
            .and_then(|places| places.checked_mul(8))
            .and_then(|bytes| bytes.checked_add(position))
            .filter(|&start| start <= source.len_bytes())
            .ok_or_else(|| bad("the section of chunk positions reaches beyond the file"))?;
        let stored = source.read_vec(position, chunks * 8)?;
        let sizes = uniform(header, chunks);
        match (sizes, starts(&stored, data_start, source, header)?) {
            (Some(sizes), Some(starts)) => Ok(Self { starts, sizes }),
            (_, _) => walk(source, header, data_start),
        }
    }

    /// Number of chunks.
    pub(super) fn chunks(&self) -> usize {
        self.starts.len() - 1
    }

    /// The first byte of the first chunk, or where it would be.
    pub(super) fn start(&self) -> u64 {
        self.starts[0]
    }

    /// All decoded bytes.
    pub(super) fn nbytes(&self) -> u64 {
        match &self.sizes {
            Sizes::Uniform { chunk, last } => match self.chunks() {
                0 => 0,
                // No overflow: below 2^28 chunks of less than 2^31 bytes.
                chunks => *chunk as u64 * (chunks - 1) as u64 + *last as u64,
            },
            Sizes::Starts(starts) => starts.last().copied().unwrap_or(0),
        }
    }

    /// Decoded bytes of chunk `number`; 0 where there is none.
    pub(super) fn size(&self, number: usize) -> usize {
        match &self.sizes {
            Sizes::Uniform { chunk, last } => match self.chunks().checked_sub(number + 1) {
                None => 0,
                Some(0) => *last,
                Some(_) => *chunk,
            },
            Sizes::Starts(starts) => {
                let ends = starts.get(number + 1).zip(starts.get(number));
                let size = ends.map_or(0, |(end, start)| end - start);
                usize::try_from(size).unwrap_or(usize::MAX)
            }
        }
    }

    /// The same for an array of all chunks.
    pub(super) fn lengths(&self) -> Lengths {
        match &self.sizes {
            // An array may end before its chunks do: rows appended later are in no shape.
            &Sizes::Uniform { chunk, .. } => Lengths::Uniform { chunk, slack: true },
            Sizes::Starts(starts) => Lengths::Starts(starts.clone()),
        }
    }

    /// Where chunk `number` stands, if there is one.
    pub(super) fn room(&self, number: usize) -> Option<Room> {
        let end = *self.starts.get(number + 1)?;
        Some(Room {
            start: self.starts[number],
            end,
            // Behind the last chunk may be what is left of a longer one.
            exact: number + 1 < self.chunks(),
        })
    }
}

/// The sizes by the header, where it has them.
fn uniform(header: &FileHeader, chunks: usize) -> Option<Sizes> {
    let (chunk, last) = (header.chunk_size?, header.last_chunk?);
    // The only chunk is the last.
    let chunk = if chunks == 1 { last } else { chunk };
    Some(Sizes::Uniform { chunk, last })
}

/// The `stored` positions; `None` where one of them is -1, as the writer left it.
fn starts(
    stored: &[u8],
    data_start: u64,
    source: &Source,
    header: &FileHeader,
) -> Result<Option<Box<[u64]>>> {
    let smallest = (SHORT_HEADER_BYTES + header.checksum.digest_len()) as u64;
    let mut starts = Vec::with_capacity(stored.len() / 8 + 1);
    let mut earliest = data_start;
    let mut complete = true;
    for number in 0..stored.len() / 8 {
        // OK because `number` counts the words of `stored`.
        let value = i64_le_at(stored, number * 8).unwrap_or(-1);
        let Ok(start) = u64::try_from(value) else {
            if value != -1 {
                return Err(misplaced(value, number));
            }
            complete = false;
            continue;
        };
        let first_elsewhere = number == 0 && start != data_start;
        let beyond = start
            .checked_add(smallest)
            .is_none_or(|end| end > source.len_bytes());
        if start < earliest || first_elsewhere || beyond {
            return Err(misplaced(value, number));
        }
        starts.push(start);
        earliest = start + smallest;
    }
    starts.push(source.len_bytes());
    Ok(complete.then(|| starts.into()))
}

fn misplaced(start: i64, number: usize) -> Error {
    bad(format!(
        "chunk {number} starts at byte {start} by the section of positions, where it cannot be"
    ))
}

/// Finds the chunks by their headers, from the first at `data_start` on.
fn walk(source: &Source, header: &FileHeader, data_start: u64) -> Result<Index> {
    let (mut starts, mut decoded) = (vec![data_start], vec![0u64]);
    let (mut at, mut nbytes) = (data_start, 0u64);
    loop {
        let number = starts.len() - 1;
        let done = match header.chunks {
            Some(chunks) => number == chunks,
            None => at == source.len_bytes(),
        };
        if done {
            break;
        }
        if number == MAX_CHUNKS {
            let message = format!("the file has more than {MAX_CHUNKS} chunks");
            return Err(bad(message));
        }
        let found = chunk_header(source, at, source.len_bytes());
        let found = found.map_err(|error| error.with_chunk(number))?;
        // No overflow: the file's length is below 2^63, a chunk's below 2^31.
        at += found.cbytes as u64 + header.checksum.digest_len() as u64;
        if at > source.len_bytes() {
            let error = bad("the file ends inside the chunk or its digest");
            return Err(error.with_chunk(number));
        }
        nbytes += found.nbytes as u64;
        starts.push(at);
        decoded.push(nbytes);
    }
    Ok(Index {
        starts: starts.into(),
        sizes: sizes_of(header, decoded)?,
    })
}

/// The header of the chunk at `start`, which ends before `end`.
pub(super) fn chunk_header(source: &Source, start: u64, end: u64) -> Result<chunk::Header> {
    let room = usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX);
    let bytes = source.read_vec(start, room.min(chunk::HEADER_BYTES))?;
    chunk::Header::parse(&bytes).map_err(|error| source.blame(error.with_offset(start)))
}

/// The sizes of chunks that begin at these decoded bytes, in agreement with the header.
fn sizes_of(header: &FileHeader, decoded: Vec<u64>) -> Result<Sizes> {
    let lengths = || decoded.windows(2).map(|pair| pair[1] - pair[0]);
    let Some(last) = lengths().next_back() else {
        return Ok(Sizes::Starts(decoded.into()));
    };
    let others = decoded.len() - 2;
    let wrong = |number: usize, found: u64, wanted: usize| {
        let message =
            format!("the chunk decodes to {found} bytes, but the file's header says {wanted}");
        Err(bad(message).with_chunk(number))
    };
    if let Some(chunk) = header.chunk_size {
        let mut each = lengths().take(others).enumerate();
        if let Some((number, found)) = each.find(|&(_, found)| found != chunk as u64) {
            return wrong(number, found, chunk);
        }
    }
    if let Some(wanted) = header.last_chunk
        && last != wanted as u64
    {
        return wrong(others, last, wanted);
    }
    let chunk = lengths().next().unwrap_or(last);
    let uniform = last <= chunk && lengths().take(others).all(|length| length == chunk);
    match (uniform, usize::try_from(chunk), usize::try_from(last)) {
        (true, Ok(chunk), Ok(last)) => Ok(Sizes::Uniform { chunk, last }),
        (_, _, _) => Ok(Sizes::Starts(decoded.into())),
    }
}
