//! A reader beside a writer: whenever it opens the file, it finds one of the commits, and reads all of it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use fuseblock::store::attributes::{Attribute, attributes};
use fuseblock::store::edit::{ArrayFile, compact};
use fuseblock::types::{Grid, Shape};
use fuseblock::{Array, DType};

use crate::common::read_all;
use crate::options;

/// Commits that are made while others read.
const COMMITS: usize = 150;

/// Appends some rows a commit, whose values are their numbers, and says in the first row how many there are.
fn write(path: &Path, committed: &AtomicUsize) {
    let mut file = ArrayFile::open(path).unwrap();
    let mut rows = file.shape()[0];
    for commit in 0..COMMITS {
        if commit % 50 == 25 {
            // Written anew, and put in the place of the old one.
            drop(file);
            compact(path).unwrap();
            file = ArrayFile::open(path).unwrap();
        }
        let more = 1 + commit % 7;
        let bytes: Vec<u8> = (rows..rows + more)
            .flat_map(|row| (row as i32).to_ne_bytes())
            .collect();
        file.append(&[more], &bytes).unwrap();
        rows += more;
        file.write(&[0], &[1], &(rows as i32).to_ne_bytes())
            .unwrap();
        file.set_attribute("rows", &Attribute::Int(rows as i64))
            .unwrap();
        file.commit().unwrap();
        committed.store(rows, Ordering::SeqCst);
    }
}

#[test]
fn readers_beside_a_writer_see_whole_commits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.b2nd");
    let grid = Grid {
        chunk: Shape::new(&[64]),
        block: Shape::new(&[16]),
    };
    let mut file =
        ArrayFile::create(&path, DType::Int32, &Shape::new(&[1]), &grid, options(0)).unwrap();
    file.write(&[0], &[1], &1i32.to_ne_bytes()).unwrap();
    file.commit().unwrap();
    drop(file);
    let (committed, done) = (AtomicUsize::new(1), AtomicBool::new(false));
    let read = || {
        let mut times = 0;
        while !done.load(Ordering::SeqCst) {
            let before = committed.load(Ordering::SeqCst);
            let array = Array::open(&path).unwrap_or_else(|error| panic!("{times}: {error}"));
            let bytes = read_all(&array).unwrap_or_else(|error| panic!("{times}: {error}"));
            let values: Vec<i32> = bytes
                .chunks_exact(4)
                .map(|item| i32::from_ne_bytes(item.try_into().unwrap()))
                .collect();
            // Nothing that was told of is missing, and what is there belongs to one commit.
            assert!(values.len() >= before, "{} of {before} rows", values.len());
            assert_eq!(values[0] as usize, values.len());
            assert!(
                values
                    .iter()
                    .enumerate()
                    .skip(1)
                    .all(|(row, &value)| row == value as usize)
            );
            let there = attributes(&path).unwrap_or_else(|error| panic!("{times}: {error}"));
            assert!(there.len() <= 1);
            times += 1;
        }
        times
    };
    std::thread::scope(|scope| {
        let readers = [scope.spawn(read), scope.spawn(read)];
        write(&path, &committed);
        done.store(true, Ordering::SeqCst);
        for reader in readers {
            let times = reader.join().unwrap();
            assert!(times > 10, "read {times} times only");
        }
    });
}
