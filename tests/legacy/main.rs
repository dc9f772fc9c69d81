//! Containers from before Blosc2: what their own libraries wrote (tests/golden/legacy), and files assembled by hand after the formats' descriptions.
#![allow(clippy::unwrap_used, reason = "functions of a test, too, may fail it")]

#[path = "../common/mod.rs"]
mod common;

mod assembled;
mod bloscpack;
mod rootdirs;
mod samples;

use std::fs;
use std::path::{Path, PathBuf};

/// A file or directory of tests/golden.
fn golden(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/golden").join(name)
}

/// A file that data/make.py made with Bloscpack.
fn data(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/legacy/data").join(name)
}

/// Copies a directory with everything in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}
