//! A Python with the packages of `tests/interop/requirements.txt`, built once and kept under the
//! target directory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The interpreter of the environment; `None`, with a loud message, where there is no `python3`.
pub fn python() -> Option<PathBuf> {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("SKIPPED: there is no python3 on this machine, so nothing was compared with it");
        return None;
    }
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/requirements.txt");
    let wanted = fs::read_to_string(&requirements).unwrap();
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(root).unwrap();
    let environment = root.join("interop-venv");
    let python = environment.join("bin/python");
    let stamp = environment.join("installed.txt");
    // Several test binaries may want it at once; the lock goes when the file is closed.
    let lock = File::create(root.join("interop-venv.lock")).unwrap();
    lock.lock().unwrap();
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Some(python);
    }
    let _ = fs::remove_dir_all(&environment);
    eprintln!("building {} (once)", environment.display());
    let mut venv = Command::new("python3");
    run(venv.args(["-m", "venv"]).arg(&environment));
    let mut pip = Command::new(&python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]);
    run(pip.arg("-r").arg(&requirements));
    fs::write(&stamp, wanted).unwrap();
    Some(python)
}

/// Runs a command to its end and returns what it printed; its failure is the test's.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?} failed:\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
