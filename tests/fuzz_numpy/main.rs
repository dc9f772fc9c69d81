//! Random programs, computed on many paths and compared with NumPy: see README.md beside this file.
//! In: the binary. Out: a failure with the smallest program that is wrong. Never: a fixed seed.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "functions of a test, too, may fail it")]

#[path = "../common/mod.rs"]
mod common;

use std::path::Path;
use std::process::Command;

use common::venv::python;

/// How many programs, unless `FUSEBLOCK_FUZZ` asks for another number.
const PROGRAMS: &str = "2000";

#[test]
#[allow(
    clippy::print_stderr,
    reason = "the seed, with which a failure comes again"
)]
fn random_programs_mean_what_numpy_means() {
    let Some(python) = python() else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz_numpy/fuzz.py");
    let count = std::env::var("FUSEBLOCK_FUZZ").unwrap_or_else(|_| PROGRAMS.to_string());
    let mut fuzz = Command::new(python);
    fuzz.arg(script)
        .args(["--binary", env!("CARGO_BIN_EXE_fuseblock")])
        .args(["--count", &count]);
    if let Ok(seed) = std::env::var("FUSEBLOCK_FUZZ_SEED") {
        fuzz.args(["--seed", &seed]);
    }
    let output = fuzz.output().unwrap();
    let (printed, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{printed}\n{errors}");
    let summary = printed.lines().last().unwrap();
    eprintln!("{summary}");
    assert!(summary.starts_with("seed "), "{printed}");
}
