//! In: the `.fb` files beside this one. Out: whether every stage still says what they pin.
//! Never: a word about a stage that the public interface does not say.
//!
//! `BLESS=1 cargo test --test filetests` writes what the stages say now into the files; read the
//! difference before you commit it. The format:
//!
//! ```text
//! # The first line is a sentence that says what is pinned.
//! given a: float32[2, 4] chunk 2,2 block 1,2 = 0 1 2 3 4 5 6 7
//! given b: int8[100] = cycle(1 2 -3)
//! given f: file "store/data/x.b2nd" flip 0x1c
//! expr  sum(a) + b
//!
//! --- run simd=off,avx2 threads=1,2 codec=none,lz4 engine=jit,interpreter grid=given,odd
//! sum(a) + b: float32(100,) = [29.0 30.0 25.0 ...]
//! ```
//!
//! Values are as many as the shape has, or one of `range(start step)`, `linspace(first last)`,
//! `cycle(v v v)`, `fill(v)`. What has a `chunk` is written to a file, unless `codec=none`; `flip
//! N`, `cut N` and `set N BYTE` damage that file (N may count from the end: `-4`). Several `expr`
//! lines are the lines of one program; `more` goes on with the line above, after a space; `repeat N
//! TEXT` adds TEXT to it N times.
//!
//! Sections: the stages of `explain`, `run`, `stats`, `error` (`error brief` leaves the carets
//! out) and `fixed`, the program after the edits that its errors suggest, which must check (`fixed
//! parses`: must parse). A body of `clif` is lines that occur in that order; all others are the
//! whole text.

mod case;
mod coverage;
mod matrix;
mod operands;
mod stages;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use case::Case;
use libtest_mimic::{Arguments, Failed, Trial};

/// What a step of a test gives, or why the test fails.
type Outcome<T> = Result<T, String>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/filetests");
    let mut paths = Vec::new();
    if let Err(error) = find(&root, &mut paths) {
        report(&format!("{}: {error}", root.display()));
        return ExitCode::FAILURE;
    }
    paths.sort();
    let mut trials: Vec<Trial> = paths.iter().map(|path| file_trial(&root, path)).collect();
    trials.push(Trial::test("coverage", move || {
        coverage::check(&root, &paths).map_err(Failed::from)
    }));
    let conclusion = libtest_mimic::run(&arguments, trials);
    matrix::skipped().iter().for_each(|note| report(note));
    conclusion.exit_code()
}

#[expect(
    clippy::print_stderr,
    reason = "what the test harness has no words for"
)]
fn report(note: &str) {
    eprintln!("{note}");
}

/// All `.fb` files below `folder`.
fn find(folder: &Path, paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "fb") {
            paths.push(path);
        }
    }
    Ok(())
}

fn file_trial(root: &Path, path: &Path) -> Trial {
    let name = path
        .strip_prefix(root)
        .unwrap_or(path)
        .display()
        .to_string();
    let (root, path) = (root.to_path_buf(), path.to_path_buf());
    Trial::test(name, move || check_file(&root, &path).map_err(Failed::from))
}

/// Compares every section of a file, or rewrites their bodies.
fn check_file(root: &Path, path: &Path) -> Outcome<()> {
    let bless = std::env::var_os("BLESS").is_some_and(|value| value == "1");
    let mut case = Case::read(root, path)?;
    let mut wrong = Vec::new();
    let mut bodies = Vec::new();
    for section in &case.sections {
        match stages::text(&case, section) {
            Ok(text) => {
                if !bless && text != section.body {
                    wrong.push(difference(&section.header, &section.body, &text));
                }
                bodies.push(text);
            }
            Err(message) => {
                wrong.push(format!("--- {}\n{message}", section.header));
                bodies.push(section.body.clone());
            }
        }
    }
    if bless {
        case.rewrite(bodies)?;
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(format!("{}\n{}", path.display(), wrong.join("\n\n"))),
    }
}

/// Both texts; lines that only one of them has are marked.
fn difference(header: &str, pinned: &str, found: &str) -> String {
    let marked = |text: &str, other: &str, mark: char| -> String {
        let lines = text.lines().map(|line| {
            let both = other.lines().any(|theirs| theirs == line);
            format!("{} {line}\n", if both { ' ' } else { mark })
        });
        lines.collect()
    };
    let (expected, actual) = (marked(pinned, found, '-'), marked(found, pinned, '+'));
    format!("--- {header}\npinned:\n{expected}found:\n{actual}")
}
