//! In: a disk that fails, a process that is killed. Out: whether all that was committed is there, and nothing
//! else. Never: a file that cannot be opened.
#![allow(clippy::unwrap_used, reason = "functions of a test, too, may fail it")]

#[path = "../common/mod.rs"]
mod common;
mod beside;
mod bits;
mod disk;
mod kill;
mod model;
mod several;

use std::path::Path;

use bits::Bits;
use common::read_all;
use disk::{Recorder, Request, states};
use fuseblock::store::edit::ArrayFile;
use fuseblock::store::write::{ArrayWriter, Extras, Filters, Options, WriteCodec, write_frame};
use fuseblock::types::{Grid, Shape};
use fuseblock::{Array, DType, ErrorKind};
use model::{Model, grid_of};

/// What the system says when there is no room, and when a device fails.
const ERRORS: [i32; 2] = [28, 5];

fn options(case: u64) -> Options {
    let codecs = [WriteCodec::Lz4, WriteCodec::Zstd, WriteCodec::Lz4Hc];
    let filters = ["shuffle", "none", "delta,shuffle"];
    Options {
        codec: codecs[case as usize % 3],
        level: [5, 0, 1][case as usize / 3 % 3],
        filters: filters[case as usize / 9 % 3].parse::<Filters>().unwrap(),
        ..Options::default()
    }
}

/// Writes a random array, and what it holds.
fn random_file(path: &Path, case: u64, bits: &mut Bits) -> Model {
    let model = Model::random(bits);
    let grid = grid_of(&model.shape, bits);
    let shape = Shape::new(&model.shape);
    write_frame(
        path,
        DType::Int32,
        &shape,
        &grid,
        options(case),
        &model.bytes,
    )
    .unwrap();
    model
}

/// The elements and shape of the array at `path`.
fn content(path: &Path) -> (Vec<usize>, Vec<u8>) {
    let array = Array::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let bytes = read_all(&array).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    (array.shape().to_vec(), bytes)
}

fn assert_same(path: &Path, model: &Model, what: &str) {
    let (shape, bytes) = content(path);
    assert_eq!(shape, model.shape, "{what}");
    assert!(bytes == model.bytes, "{what}: other elements");
}

/// Random changes give what they give in memory, through any number of commits and openings.
#[test]
fn changes_are_what_they_are_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.b2nd");
    for case in 0..60 {
        let mut bits = Bits(case * 7919 + 1);
        let mut model = random_file(&path, case, &mut bits);
        let mut file = ArrayFile::open(&path).unwrap();
        let mut committed = model.clone();
        for step in 0..25 {
            let what = format!("case {case} step {step}");
            match bits.below(7) {
                2 => {
                    file.compact().unwrap();
                    committed = model.clone();
                    assert_same(&path, &committed, &what);
                }
                0 => {
                    file.commit().unwrap();
                    committed = model.clone();
                    assert_same(&path, &committed, &what);
                }
                1 => {
                    // What is not committed is gone.
                    drop(file);
                    assert_same(&path, &committed, &what);
                    model = committed.clone();
                    file = ArrayFile::open(&path).unwrap();
                }
                _ => model.change(&mut file, &mut bits),
            }
        }
        file.commit().unwrap();
        assert_same(&path, &model, &format!("case {case} at last"));
    }
}

/// Wherever power goes, what is left is the array before the commit or after it; and after it where that was
/// told.
#[test]
fn power_may_go_at_any_time() {
    let folder = tempfile::tempdir().unwrap();
    let (path, left) = (
        folder.path().join("a.b2nd"),
        folder.path().join("left.b2nd"),
    );
    let mut checked = 0;
    for case in 0..12 {
        let mut bits = Bits(case * 104_729 + 3);
        let mut model = random_file(&path, case, &mut bits);
        let before = std::fs::read(&path).unwrap();
        let recorder = Recorder::default();
        let mut file = ArrayFile::open_on(recorder.disk(), &path).unwrap();
        let mut commits = vec![model.clone()];
        for commit in 1..=3 {
            for _ in 0..=bits.below(3) {
                model.change(&mut file, &mut bits);
            }
            file.commit().unwrap();
            recorder.told(commit);
            commits.push(model.clone());
        }
        drop(file);
        let requests = recorder.requests();
        // Arrays that lost all their elements are written anew, through a rename: see the test below.
        if requests
            .iter()
            .any(|request| matches!(request, Request::Rename))
        {
            continue;
        }
        for point in 0..=requests.len() {
            let told = requests[..point].iter().rev();
            let told = told
                .filter_map(|request| {
                    if let Request::Told(commit) = request {
                        Some(*commit)
                    } else {
                        None
                    }
                })
                .next()
                .unwrap_or(0);
            for state in states(&before, &requests[..point], &mut || bits.next()) {
                std::fs::write(&left, state).unwrap();
                let (shape, bytes) = content(&left);
                let allowed = &commits[told..commits.len().min(told + 2)];
                let found = allowed
                    .iter()
                    .find(|model| (&model.shape, &model.bytes) == (&shape, &bytes));
                let found = found
                    .unwrap_or_else(|| panic!("case {case} point {point}: {shape:?} after {told}"));
                checked += 1;
                // And it goes on from there.
                if checked % 16 == 0 {
                    let mut model = found.clone();
                    let mut file = ArrayFile::open(&left).unwrap();
                    model.change(&mut file, &mut bits);
                    file.commit().unwrap();
                    assert_same(
                        &left,
                        &model,
                        &format!("case {case} point {point}, then a change"),
                    );
                }
            }
        }
    }
    assert!(checked > 1_000, "{checked}");
}

/// Whatever request fails, the error says so, the handle writes nothing more, and the file has what was
/// committed, or the commit that failed.
#[test]
fn every_request_may_fail() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.b2nd");
    for case in 0..6 {
        for errno in ERRORS {
            for fail in 0.. {
                let mut bits = Bits(case * 15_485_863 + 5);
                let mut model = random_file(&path, case, &mut bits);
                let before = model.clone();
                let recorder = Recorder::failing_at(fail, errno);
                let mut file = ArrayFile::open_on(recorder.disk(), &path).unwrap();
                model.change(&mut file, &mut bits);
                model.change(&mut file, &mut bits);
                let Err(error) = file.commit() else {
                    assert_same(&path, &model, "committed");
                    // Compacting it, too: it stays what it is, and the handle goes on where it can.
                    let Err(error) = file.compact() else {
                        assert_same(&path, &model, "compacted");
                        break;
                    };
                    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
                    assert_same(&path, &model, "not compacted");
                    continue;
                };
                assert_eq!(error.kind(), ErrorKind::Io, "{error}");
                assert!(error.to_string().contains("a.b2nd"), "{error}");
                let again = file.commit().unwrap_err();
                assert!(again.to_string().contains("an earlier write"), "{again}");
                drop(file);
                let (shape, bytes) = content(&path);
                let found = [&before, &model]
                    .into_iter()
                    .any(|model| (&model.shape, &model.bytes) == (&shape, &bytes));
                assert!(found, "case {case} request {fail}: {shape:?}");
                let mut file = ArrayFile::open(&path).unwrap();
                assert_eq!(file.shape().to_vec(), shape);
                file.write(&vec![0; shape.len()], &vec![0; shape.len()], &[])
                    .unwrap();
            }
        }
    }
}

/// A new file is there as a whole or not at all, and none is left beside it; and so is a new folder.
#[test]
fn what_is_new_is_whole_or_not_there() {
    new_is_whole_or_not_there(false);
    new_is_whole_or_not_there(true);
}

fn new_is_whole_or_not_there(sparse: bool) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.b2nd");
    let (shape, grid) = (
        Shape::new(&[40]),
        Grid {
            chunk: Shape::new(&[16]),
            block: Shape::new(&[8]),
        },
    );
    let bytes: Vec<u8> = (0..160).collect();
    let write = |recorder: &Recorder| {
        let writer = ArrayWriter::create_on(
            recorder.disk(),
            &path,
            DType::Int32,
            &shape,
            &grid,
            options(0),
            Extras {
                sparse,
                ..Extras::default()
            },
        )?;
        writer.write(&[0], &[40], &bytes)?;
        writer.finish()
    };
    let remove = || match sparse {
        true => std::fs::remove_dir_all(&path),
        false => std::fs::remove_file(&path),
    };
    // A folder replaces nothing.
    for old in [false, true].into_iter().take(if sparse { 1 } else { 2 }) {
        for errno in ERRORS {
            for fail in 0.. {
                let recorder = Recorder::failing_at(fail, errno);
                if old {
                    std::fs::write(&path, b"old").unwrap();
                }
                let Err(error) = write(&recorder) else { break };
                assert_eq!(error.kind(), ErrorKind::Io);
                let requests = recorder.requests();
                let renamed = matches!(requests.last(), Some(Request::SyncFolder))
                    && requests.iter().any(|r| matches!(r, Request::Rename));
                match (renamed, old) {
                    (true, _) => assert_eq!(content(&path).1, bytes),
                    (false, true) => assert_eq!(std::fs::read(&path).unwrap(), b"old"),
                    (false, false) => assert!(!path.exists()),
                }
                let _ = remove();
                assert_eq!(
                    std::fs::read_dir(folder.path()).unwrap().count(),
                    0,
                    "request {fail}"
                );
            }
            assert_eq!(content(&path).1, bytes);
            remove().unwrap();
        }
    }
    // Nothing is renamed before it is durable, and the name is made durable behind it.
    let recorder = Recorder::default();
    write(&recorder).unwrap();
    let requests = recorder.requests();
    let last: Vec<&Request> = requests.iter().rev().take(3).collect();
    let durable = match last[..] {
        [Request::SyncFolder, Request::Rename, Request::SyncFolder] => sparse,
        [Request::SyncFolder, Request::Rename, Request::Sync] => !sparse,
        _ => false,
    };
    assert!(durable, "{requests:?}");
    // Each file is durable before the folder is.
    let count = |wanted: fn(&Request) -> bool| requests.iter().filter(|r| wanted(r)).count();
    let files = count(|r| matches!(r, Request::Create)) - usize::from(sparse);
    assert_eq!(count(|r| matches!(r, Request::Sync)), files);
    assert_eq!(files, if sparse { 4 } else { 1 });
}

#[test]
fn one_handle_at_a_time_changes_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.b2nd");
    let grid = Grid {
        chunk: Shape::new(&[4]),
        block: Shape::new(&[4]),
    };
    let mut first =
        ArrayFile::create(&path, DType::Int32, &Shape::new(&[2]), &grid, options(0)).unwrap();
    let second = ArrayFile::open(&path).unwrap_err();
    assert!(second.to_string().contains("another process"), "{second}");
    first.append(&[1], &7i32.to_ne_bytes()).unwrap();
    first.commit().unwrap();
    drop(first);
    let mut third = ArrayFile::open(&path).unwrap();
    assert_eq!(third.shape().to_vec(), [3]);
    assert_eq!(
        third.append(&[1, 1], &[0; 4]).unwrap_err().kind(),
        ErrorKind::Argument
    );
    assert_eq!(
        third.append(&[2], &[0; 4]).unwrap_err().kind(),
        ErrorKind::Argument
    );
    assert_eq!(
        third.write(&[2], &[2], &[0; 8]).unwrap_err().kind(),
        ErrorKind::Argument
    );
    assert_eq!(
        third.resize(&Shape::new(&[3, 3])).unwrap_err().kind(),
        ErrorKind::Argument
    );
    // Refused arguments change nothing.
    third.commit().unwrap();
    assert_eq!(content(&path).0, [3]);
}

/// A change that fails half-way, at a chunk that is damaged, is not committed in part.
#[test]
fn half_a_change_is_never_committed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.b2nd");
    let grid = Grid {
        chunk: Shape::new(&[4]),
        block: Shape::new(&[4]),
    };
    let bytes: Vec<u8> = (0..32).map(|byte| byte * 7).collect();
    write_frame(
        &path,
        DType::Int32,
        &Shape::new(&[8]),
        &grid,
        options(3),
        &bytes,
    )
    .unwrap();
    let mut stored = std::fs::read(&path).unwrap();
    let second = stored
        .windows(16)
        .position(|some| *some == bytes[16..])
        .unwrap();
    stored[second] ^= 1;
    std::fs::write(&path, &stored).unwrap();
    let mut file = ArrayFile::open(&path).unwrap();
    // Of each chunk some elements, so that both are read.
    assert_eq!(
        file.write(&[2], &[4], &[9; 16]).unwrap_err().kind(),
        ErrorKind::Corrupt
    );
    assert_eq!(file.commit().unwrap_err().kind(), ErrorKind::Io);
    drop(file);
    assert_eq!(std::fs::read(&path).unwrap(), stored);
}

/// A reader who opened the array before goes on with what it saw, whatever is committed.
#[test]
fn readers_keep_what_they_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.b2nd");
    let grid = Grid {
        chunk: Shape::new(&[64]),
        block: Shape::new(&[16]),
    };
    let mut file =
        ArrayFile::create(&path, DType::Int32, &Shape::new(&[100]), &grid, options(0)).unwrap();
    let mut kept = Vec::new();
    for value in 1..20i32 {
        let bytes: Vec<u8> = std::iter::repeat_n(value.to_ne_bytes(), 100)
            .flatten()
            .collect();
        file.write(&[0], &[100], &bytes).unwrap();
        file.append(&[1], &value.to_ne_bytes()).unwrap();
        file.write(&[0], &[100], &bytes).unwrap();
        file.commit().unwrap();
        kept.push((Array::open(&path).unwrap(), value));
        for (array, value) in &kept {
            let bytes = read_all(array).unwrap();
            assert_eq!(bytes.len(), (100 + *value as usize) * 4);
            let first = bytes[..400].chunks_exact(4);
            assert!(first.into_iter().all(|item| item == value.to_ne_bytes()));
        }
    }
}
