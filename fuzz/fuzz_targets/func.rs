//! Whatever verified function the bytes stand for: its machine code at every SIMD level, on one
//! thread and on several, gives the reference interpreter's answers, and so does the interpreter of
//! passes. A few of the same functions run with every `cargo test` (`src/exec/tests.rs`).

#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;
use std::{fs, process};

use arbitrary::Unstructured;
use fuseblock::exec::agree;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // Bytes that stand for no function are no finding.
    let _ = agree::random(&mut Unstructured::new(bytes), &FOLDER);
});

/// Where operands are written.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("fuseblock-fuzz-{}", process::id()));
    fs::create_dir_all(&folder).expect("a scratch directory");
    folder
});
