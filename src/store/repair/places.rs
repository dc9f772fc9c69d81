//! In: a damaged frame, and what is known of its seal. Out: where each of its chunks is, as far as anything tells.
//! Never: a guess that was not asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::body::Body;
use super::survey::{Hint, survey};
use super::{PlacesFrom, Reader, RepairOptions, Stored};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::store::chunk::{HEADER_BYTES, Header};
use crate::store::file::Source;
use crate::store::folder::Folder;
use crate::store::frame::{FrameHeader, NAN_ENTRY, UNINIT_ENTRY, ZEROS_ENTRY, words};
use crate::store::scratch::DecodeCounts;
use crate::store::seal::{ChunkSeal, Sealed, Table, Verify};
use crate::store::write::chunk_name;

/// Where the chunks of a frame are, and what they are.
pub(super) struct Chunks<'c> {
    pub(super) source: &'c Source,
    /// Where they are files.
    pub(super) folder: Option<&'c Folder>,
    pub(super) header: &'c FrameHeader,
    pub(super) body: &'c Body,
}

/// Where the chunks of a frame are, as far as that is known.
pub(super) struct Places {
    /// The entry of the index of each chunk that is known, and who said so.
    known: Vec<Option<PlacesFrom>>,
    words: Vec<i64>,
    /// Seals that hold.
    seals: BTreeMap<usize, ChunkSeal>,
    /// Chunks that were found and have no number.
    pub(super) left_out: usize,
}

impl Places {
    /// Asks everything that may know.
    ///
    /// # Errors
    /// When the system refuses, or neither seal nor index knows of any chunk and nothing is to be guessed.
    pub(super) fn find(
        chunks: &Chunks<'_>,
        table: Option<&Table>,
        options: RepairOptions,
        reader: &mut Reader,
    ) -> Result<Self> {
        let count = chunks.body.chunks;
        let mut places = Self {
            known: vec![None; count],
            words: vec![0; count],
            seals: BTreeMap::new(),
            left_out: 0,
        };
        if let Some(table) = table {
            places.take_sealed(chunks, table);
        }
        if let Ok(words) = words(chunks.source, chunks.header.data_end(), count)
            && chunks.are_entries(&words)
        {
            places.take(chunks, words, PlacesFrom::Index);
        }
        let missing = places.known.iter().filter(|from| from.is_none()).count();
        match (missing > 0, options.guess, chunks.folder) {
            (false, _, _) => {}
            (true, false, _) if missing < count => {}
            (true, false, _) => {
                return Err(bad("neither a seal nor an index says where the chunks are").with_help(
                    "--guess believes what else the file has: older indexes, parts of seals, and the order of the chunks, \
                     which is right where they were written from the first to the last and none is of one value only",
                ));
            }
            (true, true, Some(folder)) => places.take_in_order(chunks, &files(folder)?),
            (true, true, None) => places.take_surveyed(chunks, reader)?,
        }
        Ok(places)
    }

    /// How many chunks each side knew of.
    pub(super) fn sides(&self) -> Vec<(PlacesFrom, usize)> {
        let all = [
            PlacesFrom::Seal,
            PlacesFrom::Index,
            PlacesFrom::OtherIndex,
            PlacesFrom::Leaves,
            PlacesFrom::Order,
        ];
        let known = |side| {
            let known = self.known.iter().flatten();
            known.filter(|&&from| from == side).count()
        };
        let counts = all.map(|side| (side, known(side)));
        counts.into_iter().filter(|&(_, count)| count > 0).collect()
    }

    /// The chunk with this number, which is sound.
    ///
    /// # Errors
    /// When it is not, or nothing says where it is.
    pub(super) fn stored(
        &self,
        chunk: usize,
        chunks: &Chunks<'_>,
        reader: &mut Reader,
    ) -> Result<Stored> {
        let word = self.words[chunk];
        if self.known[chunk].is_none() {
            return Err(bad("nothing says where the chunk is"));
        }
        let Ok(at) = u64::try_from(word) else {
            return Ok(Stored::Unstored(word));
        };
        let expected = chunks.body.expected(chunk);
        let (source, start) = chunks.locate(at)?;
        let end = source.len_bytes();
        let bytes = reader.bytes((&source, start..end), &expected, self.seals.get(&chunk));
        let bytes = bytes.map_err(|error| source.blame(error))?;
        Ok(Stored::Bytes(bytes))
    }

    /// Takes what the leaves say that the table has the digests of.
    fn take_sealed(&mut self, chunks: &Chunks<'_>, table: &Table) {
        let sealed = Sealed::new(table.clone(), Verify::Always);
        let mut counts = DecodeCounts::default();
        for number in 0..table.leaves.len() {
            let leaf = sealed.leaf(chunks.source, chunks.header.header_len, number, &mut counts);
            // A leaf that is damaged says nothing.
            let Ok(leaf) = leaf else { continue };
            for (chunk, seal) in leaf.numbered() {
                self.put_sealed(chunks, chunk, seal.clone(), PlacesFrom::Seal);
            }
        }
    }

    fn take(&mut self, chunks: &Chunks<'_>, words: Vec<i64>, from: PlacesFrom) {
        for (chunk, word) in words.into_iter().enumerate() {
            self.put(chunks, chunk, word, from);
        }
    }

    /// Takes `word` for the entry of a chunk whose place is not known, if it can be one; whether it has.
    fn put(&mut self, chunks: &Chunks<'_>, chunk: usize, word: i64, from: PlacesFrom) -> bool {
        match self.known.get_mut(chunk) {
            Some(slot @ None) if chunks.may_be(word) => {
                *slot = Some(from);
                self.words[chunk] = word;
                true
            }
            Some(_) | None => false,
        }
    }

    /// The same for a chunk that has this seal.
    fn put_sealed(&mut self, chunks: &Chunks<'_>, chunk: usize, seal: ChunkSeal, from: PlacesFrom) {
        if self.put(chunks, chunk, seal.word, from) && seal.word >= 0 {
            self.seals.insert(chunk, seal);
        }
    }

    /// Takes what is found in the file.
    fn take_surveyed(&mut self, chunks: &Chunks<'_>, reader: &mut Reader) -> Result<()> {
        let start = chunks.header.header_len;
        let found = survey(chunks.source, start, chunks.body, reader)?;
        let there: BTreeSet<i64> = found
            .chunks
            .iter()
            .map(|at| (at - start).cast_signed())
            .collect();
        // What stands further behind was written later.
        for hint in found.hints.into_iter().rev() {
            match hint {
                Hint::Index(at) => {
                    let words = words(chunks.source, at, chunks.body.chunks).unwrap_or_default();
                    let mut stored = words.iter().filter(|&&word| word >= 0);
                    if stored.all(|word| there.contains(word)) {
                        self.take(chunks, words, PlacesFrom::OtherIndex);
                    }
                }
                Hint::Leaf(leaf) => {
                    let seals = leaf.numbered();
                    // A chunk may have been written over since.
                    let left =
                        seals.filter(|(_, seal)| seal.word < 0 || there.contains(&seal.word));
                    for (chunk, seal) in left {
                        self.put_sealed(chunks, chunk, seal.clone(), PlacesFrom::Leaves);
                    }
                }
            }
        }
        self.take_in_order(chunks, &there);
        Ok(())
    }

    /// Takes chunks behind those that are known for those that are not, in the order of the file.
    fn take_in_order(&mut self, chunks: &Chunks<'_>, there: &BTreeSet<i64>) {
        let known = self.known.iter().zip(&self.words);
        let known = known.filter_map(|(from, &word)| from.map(|_| word));
        let last = known.max().unwrap_or(-1);
        let free: Vec<i64> = there.range(last + 1..).copied().collect();
        let missing: Vec<usize> = (0..self.known.len())
            .filter(|&chunk| self.known[chunk].is_none())
            .collect();
        self.left_out = free.len().saturating_sub(missing.len());
        for (chunk, word) in missing.into_iter().zip(free) {
            self.put(chunks, chunk, word, PlacesFrom::Order);
        }
    }
}

impl Chunks<'_> {
    /// Whether an entry of the index can be one of this frame.
    fn may_be(&self, word: i64) -> bool {
        let Ok(at) = u64::try_from(word) else {
            return match word {
                NAN_ENTRY => matches!(self.header.itemsize, 4 | 8),
                ZEROS_ENTRY | UNINIT_ENTRY => true,
                _ => false,
            };
        };
        match self.folder {
            Some(_) => u32::try_from(at).is_ok(),
            None => self
                .header
                .header_len
                .checked_add(at)
                .is_some_and(|at| at < self.source.len_bytes()),
        }
    }

    /// Whether most of these can be entries of the index, and are not elements of a chunk that was written over it.
    fn are_entries(&self, words: &[i64]) -> bool {
        let is_chunk = |word: i64| -> Result<bool> {
            let Ok(at) = u64::try_from(word) else {
                return Ok(true);
            };
            let (source, start) = self.locate(at)?;
            let header = Header::parse(&source.read_vec(start, HEADER_BYTES)?)?;
            Ok(self.body.has_size(header.nbytes))
        };
        let may_be = words.iter().filter(|&&word| self.may_be(word));
        let right = may_be.filter(|&&word| is_chunk(word).unwrap_or(false));
        right.count() * 2 > words.len()
    }

    /// Where the chunk is that the index has as `at`.
    fn locate(&self, at: u64) -> Result<(Source, u64)> {
        match self.folder {
            Some(folder) => Ok((folder.file(&chunk_name(at))?, 0)),
            None => Ok((self.source.clone(), self.header.header_len + at)),
        }
    }
}

/// The numbers of the chunks in a directory.
fn files(folder: &Folder) -> Result<BTreeSet<i64>> {
    let list = std::fs::read_dir(folder.path());
    let list = list.map_err(|cause| Error::io("list", folder.path(), cause))?;
    let mut numbers = BTreeSet::new();
    for entry in list {
        let entry = entry.map_err(|cause| Error::io("list", folder.path(), cause))?;
        let name = entry.file_name();
        let name = Path::new(&name);
        let number = name.file_stem().and_then(|stem| stem.to_str());
        let number = number.and_then(|stem| u32::from_str_radix(stem, 16).ok());
        if let (Some(number), true) = (number, name.extension() == Some("chunk".as_ref()))
            && entry
                .metadata()
                .is_ok_and(|file| file.len() >= HEADER_BYTES as u64)
        {
            numbers.insert(i64::from(number));
        }
    }
    Ok(numbers)
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, Code::BadFrame, message)
}
