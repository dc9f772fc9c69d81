//! A process that appends is killed, again and again: nothing that it told of is lost.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use fuseblock::array::npy::NpyWriter;
use fuseblock::types::Shape;
use fuseblock::{Array, DType};

use crate::bits::Bits;
use crate::common::read_all;

/// Rows of each part that is appended.
const PARTS: [usize; 3] = [1, 700, 9_000];

/// Columns.
const WIDTH: usize = 8;

/// How many kills `FUSEBLOCK_KILLS` asks for, or some that take seconds.
fn kills() -> usize {
    match std::env::var("FUSEBLOCK_KILLS") {
        Ok(number) => number.parse().expect("FUSEBLOCK_KILLS: a number"),
        Err(_) => 12,
    }
}

#[test]
fn a_process_that_is_killed_loses_nothing_that_it_told_of() {
    kill_those_who_append("log.b2nd");
}

#[test]
fn nothing_of_a_dataset_is_lost_where_writers_are_killed() {
    kill_those_who_append("log.fbd");
}

fn kill_those_who_append(name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let parts: Vec<_> = PARTS
        .iter()
        .map(|&rows| {
            let path = folder.path().join(format!("part-{rows}.npy"));
            let values = (0..rows * WIDTH).map(|at| (rows * 31 + at % 977) as f64);
            let bytes: Vec<u8> = values.flat_map(f64::to_ne_bytes).collect();
            let writer =
                NpyWriter::create(&path, DType::Float64, &Shape::new(&[rows, WIDTH])).unwrap();
            writer.write_at(0, &bytes).unwrap();
            writer.finish().unwrap();
            (path, bytes)
        })
        .collect();
    let mut bits = Bits(u64::from(std::process::id()));
    let mut expected: Vec<u8> = Vec::new();
    let mut told_of = 0;
    for kill in 0..kills() {
        if expected.len() > 64 << 20 {
            match path.is_dir() {
                true => std::fs::remove_dir_all(&path).unwrap(),
                false => std::fs::remove_file(&path).unwrap(),
            }
            expected.clear();
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_fuseblock"))
            .args(["append".as_ref(), path.as_os_str(), "-".as_ref()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // What it is asked for, in order; more than it will get to.
        let asked: Vec<usize> = (0..400).map(|_| bits.below(PARTS.len())).collect();
        let mut input = child.stdin.take().unwrap();
        let names: String = asked
            .iter()
            .map(|&part| format!("{}\n", parts[part].0.display()))
            .collect();
        let feeder = std::thread::spawn(move || {
            // Its reader is killed sooner or later.
            let _ = input.write_all(names.as_bytes());
        });
        let reader = BufReader::new(child.stdout.take().unwrap());
        let listener = std::thread::spawn(move || {
            let lines = reader.lines().map_while(Result::ok);
            lines
                .filter_map(|line| line.strip_prefix("committed ")?.parse::<usize>().ok())
                .last()
        });
        std::thread::sleep(Duration::from_millis(20 + bits.next() % 300));
        child.kill().unwrap();
        child.wait().unwrap();
        feeder.join().unwrap();
        let told = listener.join().unwrap();
        told_of += usize::from(told.is_some());
        if !path.exists() {
            assert!(
                told.is_none() && expected.is_empty(),
                "kill {kill}: the file is gone"
            );
            continue;
        }
        let found = content(&path);
        // Some of what it was asked for, in order, is there, all of what it told of included.
        let rows = |bytes: &[u8]| bytes.len() / WIDTH / 8;
        let mut asked = asked.into_iter();
        while rows(&expected) < rows(&found) {
            expected.extend_from_slice(&parts[asked.next().unwrap()].1);
        }
        assert!(
            expected == found,
            "kill {kill}: {} rows, of which {told:?} were told",
            rows(&found)
        );
        assert!(
            told.is_none_or(|told| told <= rows(&found)),
            "kill {kill}: {told:?} of {}",
            rows(&found)
        );
    }
    assert!(
        told_of > 0,
        "no process lived long enough to tell of anything"
    );
}

fn content(path: &Path) -> Vec<u8> {
    let array = Array::open(path).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(array.shape()[1..], [WIDTH]);
    read_all(&array).unwrap_or_else(|error| panic!("{error}"))
}
