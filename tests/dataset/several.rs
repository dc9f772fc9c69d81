//! Several who change a dataset at the same time, and readers beside them: no commit is lost, no version is seen in part.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use fuseblock::array::npy::NpyWriter;
use fuseblock::store::dataset::{Dataset, Root, vacuum};
use fuseblock::types::Shape;
use fuseblock::{Array, DType, ErrorKind, Scalar};

use crate::{content, options};

/// Writes a `.npy` file of `rows` rows of one value.
fn part(path: &Path, rows: usize, value: i32) {
    let writer = NpyWriter::create(path, DType::Int32, &Shape::new(&[rows, 3])).unwrap();
    writer
        .write_at(0, &value.to_ne_bytes().repeat(rows * 3))
        .unwrap();
    writer.finish().unwrap();
}

#[test]
fn four_processes_lose_none_of_a_hundred_commits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fbd");
    let rows = |value: usize| 1 + value % 5;
    let done = AtomicBool::new(false);
    let mut expected = BTreeMap::new();
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let names: String = (0..25)
                .map(|number| {
                    let value = writer * 25 + number;
                    let name = folder.path().join(format!("{value}.npy"));
                    part(&name, rows(value), value as i32);
                    expected.insert(value as i32, rows(value));
                    format!("{}\n", name.display())
                })
                .collect();
            let mut child = Command::new(env!("CARGO_BIN_EXE_fuseblock"))
                .args(["append".as_ref(), path.as_os_str(), "-".as_ref()])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            child
                .stdin
                .take()
                .unwrap()
                .write_all(names.as_bytes())
                .unwrap();
            child
        })
        .collect();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                if path.exists() {
                    whole(&content(&path, None).1, rows);
                }
            }
        });
        for writer in writers {
            let output = writer.wait_with_output().unwrap();
            assert!(output.status.success(), "{output:?}");
            let told = String::from_utf8(output.stdout).unwrap();
            assert_eq!(told.lines().count(), 25);
        }
        done.store(true, Ordering::SeqCst);
    });
    assert_eq!(whole(&content(&path, None).1, rows), expected);
    assert_eq!(
        Root::open(&path).unwrap().snapshot(None).unwrap().version(),
        101
    );
    assert_eq!(
        std::fs::read_dir(path.join("data")).unwrap().count(),
        0,
        "rows of one value"
    );
}

/// The values, and how many rows of each there are: all of one commit together, and as many as it has.
fn whole(bytes: &[u8], rows: impl Fn(usize) -> usize) -> BTreeMap<i32, usize> {
    let values: Vec<i32> = bytes
        .chunks_exact(4)
        .map(|item| i32::from_ne_bytes(item.try_into().unwrap()))
        .collect();
    let mut found = BTreeMap::new();
    for run in values.chunk_by(|one, other| one == other) {
        assert_eq!(run.len(), 3 * rows(run[0] as usize), "{}", run[0]);
        assert!(
            found.insert(run[0], run.len() / 3).is_none(),
            "{} twice",
            run[0]
        );
    }
    found
}

/// Each commit replaces the rows of one writer, all of them by its number, and raises an attribute. A reader finds every
/// writer's rows as one of its commits left them.
#[test]
fn readers_see_whole_commits() {
    const WRITERS: usize = 3;
    const COMMITS: i32 = 40;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fbd");
    let shape = Shape::new(&[WRITERS * 10, 2]);
    Dataset::create(
        &path,
        DType::Int32,
        &shape,
        Scalar::Int32(0),
        &options(&[4, 2], &[2, 2], 8),
    )
    .unwrap();
    let done = AtomicBool::new(false);
    let write = |writer: usize| {
        for commit in 1..=COMMITS {
            let mut dataset = Dataset::open(&path).unwrap();
            // Not one value, so that there are files.
            let bytes: Vec<u8> = (0..20)
                .flat_map(|at| (commit * 100 + at).to_ne_bytes())
                .collect();
            dataset.replace(writer * 10, &[10, 2], &bytes).unwrap();
            dataset
                .set_attribute(&format!("w{writer}"), &i64::from(commit).into())
                .unwrap();
            dataset.commit().unwrap();
        }
    };
    let read = || {
        let mut times = 0;
        while !done.load(Ordering::SeqCst) {
            let snapshot = Root::open(&path).unwrap().snapshot(None).unwrap();
            let attributes: BTreeMap<_, _> = snapshot
                .attributes()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect();
            let (_, bytes) = content(&path, Some(snapshot.version()));
            let values: Vec<i32> = bytes
                .chunks_exact(4)
                .map(|item| i32::from_ne_bytes(item.try_into().unwrap()))
                .collect();
            for writer in 0..WRITERS {
                let own = &values[writer * 20..(writer + 1) * 20];
                let commit = own[0] / 100;
                let told = attributes
                    .get(&format!("w{writer}"))
                    .map_or(0, |told| told.parse().unwrap());
                assert_eq!(commit, told);
                let expected: Vec<i32> = (0..20)
                    .map(|at| if commit == 0 { 0 } else { commit * 100 + at })
                    .collect();
                assert_eq!(own, expected);
            }
            times += 1;
        }
        times
    };
    std::thread::scope(|scope| {
        let reader = scope.spawn(read);
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| scope.spawn(move || write(writer)))
            .collect();
        writers
            .into_iter()
            .for_each(|writer| writer.join().unwrap());
        done.store(true, Ordering::SeqCst);
        assert!(reader.join().unwrap() > 3);
    });
    let snapshot = Root::open(&path).unwrap().snapshot(None).unwrap();
    assert_eq!(snapshot.version(), 1 + (WRITERS as u64) * COMMITS as u64);
    // A reader who opened the array before goes on with what it saw.
    let before = Array::open(&path).unwrap();
    let mut dataset = Dataset::open(&path).unwrap();
    dataset.replace(0, &[30, 2], &[7; 240]).unwrap();
    dataset.commit().unwrap();
    let values: Vec<i32> = before.to_vec().unwrap();
    assert_eq!(values[0], COMMITS * 100);
}

/// Whoever vacuums all the time, whatever is how young, takes nothing from those who write: neither files that no version
/// has yet, nor versions that others build upon.
#[test]
fn vacuum_beside_writers_takes_nothing_from_them() {
    const WRITERS: i32 = 3;
    const COMMITS: i32 = 40;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fbd");
    let shape = Shape::new(&[0, 2]);
    Dataset::create(
        &path,
        DType::Int32,
        &shape,
        Scalar::Int32(0),
        &options(&[4, 2], &[2, 2], 8),
    )
    .unwrap();
    let done = AtomicBool::new(false);
    let write = |writer: i32| {
        let mut dataset = Dataset::open(&path).unwrap();
        for commit in 0..COMMITS {
            let value = writer * COMMITS + commit;
            let bytes: Vec<u8> = [value, -value - 1]
                .into_iter()
                .flat_map(i32::to_ne_bytes)
                .collect();
            dataset.append(&[1, 2], &bytes).unwrap();
            if commit % 7 == 0 {
                // Time for somebody to vacuum what is not committed yet, if he could.
                std::thread::sleep(std::time::Duration::from_millis(3));
            }
            dataset.commit().unwrap();
            if commit % 15 == 14 {
                match dataset.compact() {
                    Ok(_) => {}
                    // Another was faster, or has the files that are read taken away since.
                    Err(error) => {
                        let kind = error.kind();
                        assert!(
                            matches!(kind, ErrorKind::Conflict | ErrorKind::Io),
                            "{error}"
                        );
                        dataset = Dataset::open(&path).unwrap();
                    }
                }
            }
        }
    };
    let mut vacuumed = 0;
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| scope.spawn(move || write(writer)))
            .collect();
        let vacuums = scope.spawn(|| {
            let mut files = 0;
            while !done.load(Ordering::SeqCst) {
                match vacuum(&path, std::time::Duration::ZERO, 1) {
                    Ok(done) => files += done.files + done.versions,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error}"),
                }
            }
            files
        });
        for writer in writers {
            writer.join().unwrap();
        }
        done.store(true, Ordering::SeqCst);
        vacuumed = vacuums.join().unwrap();
    });
    let (_, bytes) = content(&path, None);
    let mut values: Vec<i32> = bytes
        .chunks_exact(8)
        .map(|row| i32::from_ne_bytes(row[..4].try_into().unwrap()))
        .collect();
    values.sort_unstable();
    assert_eq!(values, (0..WRITERS * COMMITS).collect::<Vec<_>>());
    assert!(vacuumed > 20, "{vacuumed}");
}
