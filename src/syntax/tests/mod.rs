//! Text in, trees and messages out. `trees`: what is valid; `mistakes`: what is not; `random`:
//! properties of any text; `limits`: one past each bound.

use expect_test::Expect;

use super::*;

mod limits;
#[cfg(feature = "cli")]
mod mistakes;
mod random;
mod trees;

/// The tree of a valid program.
fn check(text: &str, tree: Expect) {
    let parsed = parse(&Source::expr(text));
    assert_eq!(parsed.diagnostics, [], "{text}");
    tree.assert_eq(parsed.ast.to_text().trim_end());
}

/// The codes of what is wrong with a program.
fn codes(text: &str) -> Vec<Code> {
    let diagnostics = parse(&Source::expr(text)).diagnostics;
    diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code)
        .collect()
}
