//! No text makes the parser or the printers panic, and a tree without mistakes prints as source
//! that parses to the same tree. The same property runs with every
//! `cargo test`, on random text (`src/syntax/tests.rs`).

#![no_main]

use fuseblock::source::Source;
use fuseblock::syntax::{parse, tokens_text};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let source = Source::expr(text);
    let parsed = parse(&source);
    tokens_text(&source);
    let tree = parsed.ast.to_text();
    if parsed.diagnostics.is_empty() {
        let again = parse(&Source::expr(&parsed.ast.to_program()));
        assert_eq!(again.ast.to_text(), tree);
    }
});
