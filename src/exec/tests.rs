//! In: random programs over arrays in memory and in blocks. Out: the interpreter's answers, on
//! every engine. Never: a difference that is not the payload of a NaN.

use super::agree;

/// Random programs, as built or optimised, with operands in memory or in files of blocks. What
/// `fuzz/` looks for with coverage, every `cargo test` looks for a little.
#[test]
fn engines_agree_with_the_interpreter() {
    let folder = tempfile::tempdir().expect("a scratch directory");
    arbtest::arbtest(|u| agree::random(u, folder.path())).budget_ms(5_000);
}
