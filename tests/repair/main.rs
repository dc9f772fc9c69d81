//! Files that a killed writer or a disk has damaged. Out: whether what is repaired is what was, chunk for chunk, and
//! what is lost is said. Never: an element that the array never had.
#![allow(clippy::unwrap_used, reason = "functions of a test, too, may fail it")]

#[path = "../common/mod.rs"]
mod common;

use std::path::{Path, PathBuf};

use common::{read_all, sample};
use fuseblock::store::attributes::{Attribute, attributes};
use fuseblock::store::edit::ArrayFile;
use fuseblock::store::repair::{HeaderFrom, PlacesFrom, RepairOptions, Repaired, repair};
use fuseblock::store::write::{Options, WriteCodec, write_frame};
use fuseblock::store::{SealStatus, info, verify};
use fuseblock::types::{Grid, Shape};
use fuseblock::{Array, DType, Error, ErrorKind};

/// A folder with a damaged file in it.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn damaged(&self) -> PathBuf {
        self.folder.path().join("damaged.b2nd")
    }

    fn whole(&self) -> PathBuf {
        self.folder.path().join("whole.b2nd")
    }

    /// Repairs a file of these bytes.
    fn repair(&self, bytes: &[u8]) -> Result<Repaired, Error> {
        std::fs::write(self.damaged(), bytes).unwrap();
        let repaired = repair(self.damaged(), self.whole(), RepairOptions::default());
        assert_eq!(
            std::fs::read(self.damaged()).unwrap(),
            bytes,
            "the damaged file has changed"
        );
        repaired
    }

    /// The elements of what was repaired.
    fn elements(&self) -> Vec<u8> {
        elements(&self.whole()).unwrap()
    }
}

fn elements(path: &Path) -> Result<Vec<u8>, Error> {
    // Super-chunks declare no dtype; those here hold int64.
    let array = match Array::open(path) {
        Ok(array) if array.dtype() == DType::UInt64 => {
            Array::options().dtype(DType::Int64).open(path)?
        }
        opened => opened?,
    };
    read_all(&array)
}

fn guess() -> RepairOptions {
    RepairOptions {
        guess: true,
        ..RepairOptions::default()
    }
}

/// A change to a file that `killed.py` has recorded.
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

fn recorded(kind: &str) -> Vec<Change> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/repair/data/{kind}.writes"));
    let bytes = std::fs::read(path).unwrap();
    let (mut rest, mut changes) = (&bytes[..], Vec::new());
    while let Some((head, behind)) = rest.split_first_chunk::<12>() {
        let place = u64::from_be_bytes(head[..8].try_into().unwrap()) as usize;
        let len = u32::from_be_bytes(head[8..].try_into().unwrap());
        if len == u32::MAX {
            changes.push(Change::Length(place));
            rest = behind;
        } else {
            let (bytes, behind) = behind.split_at(len as usize);
            changes.push(Change::Write(place, bytes.to_vec()));
            rest = behind;
        }
    }
    changes
}

fn put(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    file.resize(file.len().max(at + bytes.len()), 0);
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

/// What an element of the arrays of `killed.py` may have been at some time, besides the zero that it begins as.
fn was(kind: &str, at: usize, value: i64) -> bool {
    let nth = |at: usize| at as i64 * 7919 % 100_003;
    let updated = kind == "update"
        && ((240..340).contains(&at) && value == -1 || at < 200 && value == nth(at + 77).pow(3));
    value == 0 || value == nth(at) || updated
}

/// Every state that a killed python-blosc2 leaves, with the last write whole, torn or not begun.
#[test]
fn what_a_killed_reference_leaves_is_repaired() {
    let bench = Bench::new();
    for (kind, unclear, most_lost) in [("append", 18, 10), ("update", 46, 5), ("plain", 14, 0)] {
        let (mut file, mut states) = (Vec::new(), Vec::new());
        for change in recorded(kind) {
            match change {
                Change::Length(len) => file.resize(len, 0),
                Change::Write(at, bytes) => {
                    for cut in [bytes.len() / 3, bytes.len() * 2 / 3] {
                        let mut torn = file.clone();
                        put(&mut torn, at, &bytes[..cut]);
                        states.push(torn);
                    }
                    put(&mut file, at, &bytes);
                }
            }
            states.push(file.clone());
        }
        // Before the header is there, nothing is.
        let least = if kind == "plain" { 97 + 35 } else { 165 + 35 };
        let (mut refused, mut lost) = (0, 0);
        for (number, state) in states
            .iter()
            .filter(|state| state.len() >= least)
            .enumerate()
        {
            let what = format!("{kind}, state {number}");
            let repaired = match bench.repair(state) {
                Ok(repaired) => repaired,
                Err(error) => {
                    let why = error.message();
                    assert!(
                        why.starts_with("neither a seal nor an index"),
                        "{what}: {error}"
                    );
                    assert!(error.help().unwrap().contains("--guess"));
                    let options = guess();
                    refused += 1;
                    let repaired = repair(bench.damaged(), bench.whole(), options).unwrap();
                    assert_eq!(
                        repaired.guessed(),
                        repaired.places.iter().map(|(_, n)| n).sum::<usize>()
                    );
                    if kind == "update" {
                        // Chunks that were being moved are there twice.
                        bench.elements();
                        continue;
                    }
                    repaired
                }
            };
            lost += repaired.lost.len();
            assert!(verify(bench.whole()).unwrap().damaged.is_empty(), "{what}");
            let elements = bench.elements();
            for (at, bytes) in elements.chunks_exact(8).enumerate() {
                let value = i64::from_le_bytes(bytes.try_into().unwrap());
                assert!(was(kind, at, value), "{what}: element {at} is {value}");
            }
            if let Ok(before) = self::elements(&bench.damaged()) {
                assert!(repaired.lost.is_empty() && before == elements, "{what}");
            }
        }
        assert!(states.len() > 50, "{kind}: {} states", states.len());
        let counts = format!(
            "{kind}: of {} states {refused} refused, {lost} lost",
            states.len()
        );
        assert!(refused <= unclear && lost <= most_lost, "{counts}");
        println!("{counts}");
    }
}

/// An array of several leaves, changed and committed some times: its file, its elements after each commit, the latest
/// first.
fn sealed() -> (Vec<u8>, Vec<Vec<u8>>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.b2nd");
    let grid = Grid {
        chunk: Shape::new(&[8, 6]),
        block: Shape::new(&[3, 6]),
    };
    let options = Options {
        codec: WriteCodec::Zstd,
        ..Options::default()
    };
    let mut bytes = sample(DType::Float32, 60 * 6, 1);
    // A chunk of zeros, which only the index has.
    bytes[16 * 24..24 * 24].fill(0);
    write_frame(
        &path,
        DType::Float32,
        &Shape::new(&[60, 6]),
        &grid,
        options,
        &bytes,
    )
    .unwrap();
    let mut file = ArrayFile::open(&path).unwrap();
    let mut versions = vec![bytes.clone()];
    for step in 0..3 {
        let more = sample(DType::Float32, 30, step);
        file.append(&[5, 6], &more).unwrap();
        bytes.extend(more);
        file.write(&[step, 0], &[1, 6], &[step as u8; 24]).unwrap();
        bytes[step * 24..][..24].fill(step as u8);
        file.set_attribute("step", &Attribute::Int(step as i64))
            .unwrap();
        file.commit().unwrap();
        versions.insert(0, bytes.clone());
    }
    (std::fs::read(&path).unwrap(), versions)
}

/// Checks that each chunk of `found` is what it was in one of these versions, or lost and NaN.
fn assert_recovered(found: &[u8], versions: &[Vec<u8>], repaired: &Repaired, what: &str) {
    const CHUNK: usize = 8 * 24;
    assert!(
        versions.iter().any(|version| version.len() == found.len()),
        "{what}"
    );
    let lost: Vec<usize> = repaired.lost.iter().map(|(chunk, _)| *chunk).collect();
    for (number, found) in found.chunks(CHUNK).enumerate() {
        if lost.contains(&number) {
            let mut values = found.chunks_exact(4);
            let nan = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().unwrap()).is_nan();
            assert!(
                values.all(nan),
                "{what}: chunk {number} is lost, but not NaN"
            );
        } else {
            // One at the edge of an earlier version has zeros, or is not there, where later ones have elements.
            let same = |version: &Vec<u8>| {
                let then = version.get(number * CHUNK..).unwrap_or_default();
                let then = &then[..then.len().min(found.len())];
                found.starts_with(then) && found[then.len()..].iter().all(|&byte| byte == 0)
            };
            assert!(
                versions.iter().any(same),
                "{what}: chunk {number} is not what it was: {repaired:?}\n{found:?}"
            );
        }
    }
}

#[test]
fn one_byte_costs_one_chunk_at_most() {
    let bench = Bench::new();
    let (file, versions) = sealed();
    let (mut headers, mut lost) = (0, 0);
    for at in 0..file.len() {
        let mut bytes = file.clone();
        bytes[at] ^= 1 << (at % 8);
        let what = format!("bit {} of byte {at}", at % 8);
        let repaired = bench
            .repair(&bytes)
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(repaired.lost.len() <= 1, "{what}: {:?}", repaired.lost);
        assert!(
            repaired.sealed || repaired.header == HeaderFrom::File,
            "{what}"
        );
        assert_recovered(&bench.elements(), &versions[..1], &repaired, &what);
        headers += usize::from(repaired.header == HeaderFrom::Seal);
        lost += repaired.lost.len();
    }
    // Most bytes of a header matter, and so do those of chunks.
    assert!(
        headers > 100 && lost > file.len() / 5,
        "{headers} headers, {lost} chunks lost"
    );
}

#[test]
fn a_file_that_is_cut_off_has_what_is_left_of_it() {
    let bench = Bench::new();
    let (file, versions) = sealed();
    let (mut whole, mut guessed) = (0, 0);
    for len in (0..file.len()).step_by(3) {
        let what = format!("the first {len} bytes");
        match bench.repair(&file[..len]) {
            // What is not guessed is the last commit.
            Ok(repaired) => {
                assert_recovered(&bench.elements(), &versions[..1], &repaired, &what);
                assert_eq!(repaired.guessed(), 0, "{what}");
                whole += 1;
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::Corrupt, "{what}: {error}"),
        }
        // What is guessed may be older, and is counted.
        let Ok(repaired) = repair(bench.damaged(), bench.whole(), guess()) else {
            continue;
        };
        guessed += repaired.guessed();
        // A chunk of zeros has no bytes that count in the order.
        if !repaired
            .places
            .iter()
            .any(|(from, _)| *from == PlacesFrom::Order)
        {
            assert_recovered(&bench.elements(), &versions, &repaired, &what);
        }
    }
    assert!(
        whole > 10 && guessed > 1_000,
        "{whole} whole, {guessed} chunks guessed"
    );
}

/// Nothing that the file still has of a time when it had other extents is taken for what it is now.
#[test]
fn another_time_is_not_taken_for_now() {
    let bench = Bench::new();
    let grid = Grid {
        chunk: Shape::new(&[10, 10]),
        block: Shape::new(&[5, 10]),
    };
    let values = sample(DType::Int64, 1_600, 0);
    let path = bench.folder.path().join("a.b2nd");
    let (shape, options) = (Shape::new(&[40, 40]), Options::default());
    write_frame(&path, DType::Int64, &shape, &grid, options, &values).unwrap();
    let mut file = ArrayFile::open(&path).unwrap();
    file.resize(&Shape::new(&[40, 20])).unwrap();
    file.commit().unwrap();
    let file = std::fs::read(&path).unwrap();
    for cut in (1..file.len() - 200).step_by(7) {
        let Ok(repaired) = bench.repair(&file[..file.len() - cut]) else {
            continue;
        };
        let found = bench.elements();
        for (at, item) in found.chunks_exact(8).enumerate() {
            let (row, column) = (at / 20, at % 20);
            let was = &values[(row * 40 + column) * 8..][..8];
            let chunk = row / 10 * 2 + column / 10;
            let lost = repaired.lost.iter().any(|(number, _)| *number == chunk);
            assert!(item == was || lost, "cut {cut}: element {at}");
        }
    }
    // An older seal is not taken for the last one, unless somebody asks for that.
    let (file, versions) = sealed();
    let mut torn = file[..file.len() - 1].to_vec();
    torn[..8].fill(0);
    let error = bench.repair(&torn).unwrap_err();
    assert!(error.help().unwrap().contains("--guess"), "{error}");
    let repaired = repair(bench.damaged(), bench.whole(), guess()).unwrap();
    assert_eq!(repaired.header, HeaderFrom::OlderSeal);
    assert_recovered(&bench.elements(), &versions[1..2], &repaired, "older");
}

#[test]
fn a_header_that_is_gone_is_the_one_of_the_last_commit() {
    let bench = Bench::new();
    let (file, versions) = sealed();
    for range in [0..97, 0..512, 20..60, 97..180] {
        let mut bytes = file.clone();
        bytes[range.clone()].fill(0);
        let what = format!("{range:?}");
        let repaired = bench.repair(&bytes).unwrap();
        assert_eq!(repaired.header, HeaderFrom::Seal, "{what}");
        assert_recovered(&bench.elements(), &versions[..1], &repaired, &what);
        let status = info(bench.whole()).unwrap().seal.unwrap();
        assert!(matches!(status, SealStatus::Whole { .. }), "{status:?}");
        let step = attributes(bench.whole()).unwrap();
        assert_eq!(step, [("step".to_string(), Attribute::Int(2))]);
    }
}

#[test]
fn without_an_index_and_a_seal_the_order_in_the_file_counts() {
    let bench = Bench::new();
    let grid = Grid {
        chunk: Shape::new(&[10]),
        block: Shape::new(&[10]),
    };
    let values = sample(DType::Int32, 95, 1);
    let path = bench.damaged();
    write_frame(
        &path,
        DType::Int32,
        &Shape::new(&[95]),
        &grid,
        Options::default(),
        &values,
    )
    .unwrap();
    let whole = std::fs::read(&path).unwrap();
    let find = |bytes: &[u8], what: &[u8]| {
        let mut windows = bytes.windows(what.len());
        windows.position(|window| window == what)
    };
    let leaf = find(&whole, b"FBLEAF").unwrap();
    // The leaf stands behind the chunks, in front of the index.
    let bytes = &whole[..leaf];
    let error = bench.repair(bytes).unwrap_err();
    assert!(
        error.message().starts_with("neither a seal nor an index"),
        "{error}"
    );
    let options = guess();
    let repaired = repair(bench.damaged(), bench.whole(), options).unwrap();
    assert_eq!(repaired.places, [(PlacesFrom::Order, 10)]);
    assert!(repaired.lost.is_empty() && !repaired.sealed && repaired.lost_attributes.is_some());
    assert_eq!(bench.elements(), values);
    // With the leaf, that tells.
    let index = find(&whole[leaf..], &[5, 1]).unwrap() + leaf;
    std::fs::write(bench.damaged(), &whole[..index]).unwrap();
    let repaired = repair(bench.damaged(), bench.whole(), options).unwrap();
    assert_eq!(repaired.places, [(PlacesFrom::Leaves, 10)]);
    assert_eq!(bench.elements(), values);
    // Of half of the chunks.
    std::fs::write(bench.damaged(), &bytes[..leaf / 2]).unwrap();
    let repaired = repair(bench.damaged(), bench.whole(), options).unwrap();
    let kept = 10 - repaired.lost.len();
    assert!((3..6).contains(&kept));
    assert_eq!(bench.elements()[..kept * 40], values[..kept * 40]);
    assert!(bench.elements()[kept * 40..].iter().all(|&byte| byte == 0));
}

#[test]
fn a_sparse_frame_becomes_a_file() {
    let bench = Bench::new();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sparse.b2nd");
    let copy = bench.folder.path().join("sparse.b2nd");
    std::fs::create_dir(&copy).unwrap();
    for entry in std::fs::read_dir(&golden).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    let expected = elements(&golden).unwrap();
    let repaired = repair(&copy, bench.whole(), RepairOptions::default()).unwrap();
    assert!(repaired.lost.is_empty());
    assert_eq!(bench.elements(), expected);
    // Without its index and trailer.
    let index = copy.join("chunks.b2frame");
    let bytes = std::fs::read(&index).unwrap();
    let header_len = u32::from_be_bytes(bytes[11..15].try_into().unwrap()) as usize;
    std::fs::write(&index, &bytes[..header_len + 30]).unwrap();
    let error = repair(&copy, bench.whole(), RepairOptions::default()).unwrap_err();
    assert!(
        error.message().starts_with("neither a seal nor an index"),
        "{error}"
    );
    let options = guess();
    let repaired = repair(&copy, bench.whole(), options).unwrap();
    assert!(repaired.lost.is_empty(), "{repaired:?}");
    assert_eq!(repaired.places[0].0, PlacesFrom::Order);
    assert_eq!(bench.elements(), expected);
    // Without a chunk.
    std::fs::write(&index, &bytes).unwrap();
    std::fs::remove_file(copy.join("00000001.chunk")).unwrap();
    let repaired = repair(&copy, bench.whole(), RepairOptions::default()).unwrap();
    assert_eq!(repaired.lost.len(), 1);
    assert_eq!(repaired.lost[0].1.kind(), ErrorKind::Io);
}

#[test]
fn what_cannot_be_repaired_is_refused() {
    let bench = Bench::new();
    let error = bench.repair(&[7; 500]).unwrap_err();
    assert!(error.help().unwrap().contains("no seal"), "{error}");
    bench.repair(&sealed().0).unwrap();
    let path = bench.whole();
    let error = repair(&path, &path, RepairOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/varying-chunks.b2frame");
    if golden.exists() {
        let error = repair(golden, bench.whole(), RepairOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
    let error = repair(
        bench.folder.path().join("none"),
        path,
        RepairOptions::default(),
    );
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Io);
}
