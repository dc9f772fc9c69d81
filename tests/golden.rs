//! Small files of every kind, made by the libraries that own the formats and kept here, read back
//! as what they hold: tests/golden/README.md says what made them.
#![allow(clippy::unwrap_used, reason = "functions of a test, too, may fail it")]

mod common;
#[path = "common/compare.rs"]
mod compare;
#[path = "common/manifest.rs"]
mod manifest;

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_golden_file_reads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    compare::all(&manifest::read(&root));
}

/// A file that the manifest does not name is not tested.
#[test]
fn every_golden_file_is_named() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let named: BTreeSet<_> = manifest::read(&root)
        .into_iter()
        .flat_map(|case| [case.path, case.expect])
        .collect();
    let about = [
        "README.md",
        "make.py",
        "manifest.jsonl",
        "requirements.txt",
        "__pycache__",
        "legacy",
        // tests/seal.rs reads these.
        "sealed",
        // tests/dataset reads these.
        "datasets",
        // Its columns are.
        "tab",
    ];
    let files = std::fs::read_dir(&root).unwrap();
    let legacy = ["blz", "bcolz", "bloscpack"].map(|kind| root.join("legacy").join(kind));
    let legacy = legacy
        .iter()
        .flat_map(|kind| std::fs::read_dir(kind).unwrap());
    for file in files.chain(legacy) {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(named.contains(&path) || about.contains(&name), "{path:?}");
    }
}
