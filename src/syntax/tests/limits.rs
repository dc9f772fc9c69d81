use super::*;
use crate::limits::MAX_IDLE_TOKENS;

fn one_code(text: &str) -> Option<Code> {
    let codes = codes(text);
    assert!(codes.len() <= 1, "{codes:?}");
    codes.first().copied()
}

#[test]
fn length() {
    let program = |bytes: usize| format!("a{}", " ".repeat(bytes - 1));
    assert_eq!(one_code(&program(MAX_SOURCE_BYTES)), None);
    assert_eq!(
        one_code(&program(MAX_SOURCE_BYTES + 1)),
        Some(Code::TooLong)
    );
}

#[test]
fn nesting() {
    let cases: &[(&str, &str, &str)] = &[
        ("(", "a", ")"),
        ("[", "a", "]"),
        ("f(", "a", ")"),
        ("x[", "a", "]"),
        ("-", "a", ""),
        ("not ", "a", ""),
        ("a**", "a", ""),
        ("a if b else ", "a", ""),
    ];
    for (before, middle, after) in cases {
        let program = |deep: usize| before.repeat(deep) + middle + &after.repeat(deep);
        assert_eq!(one_code(&program(MAX_NESTING)), None, "{before}");
        let past = program(MAX_NESTING + 1);
        assert_eq!(one_code(&past), Some(Code::TooDeep), "{before}");
    }
    let mixed = |deep: usize| "(-a**not ".repeat(deep) + "a" + &")".repeat(deep);
    assert_eq!(one_code(&mixed(MAX_NESTING / 4 + 1)), Some(Code::TooDeep));
    // What does not wait at the same time does not count together.
    let side_by_side = |part: &str| format!("{}1", part.repeat(400));
    assert_eq!(one_code(&side_by_side("-a**2 + (b) * ")), None);
    assert_eq!(one_code(&side_by_side("not -a and ")), None);
}

#[test]
fn depth() {
    let sum = |terms: usize| "a + ".repeat(terms - 1) + "a";
    assert_eq!(one_code(&sum(MAX_DEPTH)), None);
    assert_eq!(one_code(&sum(MAX_DEPTH + 1)), Some(Code::TooDeep));
    let parts = |text: &str| text.repeat(MAX_DEPTH);
    assert_eq!(one_code(&format!("x{}", parts(".T"))), Some(Code::TooDeep));
    assert_eq!(one_code(&format!("x{}", parts("[0]"))), Some(Code::TooDeep));
    assert_eq!(one_code(&format!("x{}", parts("()"))), Some(Code::TooDeep));
}

#[test]
fn parts() {
    let list = |items: usize| "a,".repeat(items);
    assert_eq!(one_code(&list(MAX_NODES)), None);
    assert_eq!(one_code(&list(MAX_NODES + 1)), Some(Code::TooMany));
    assert_eq!(one_code(&(";".repeat(MAX_TOKENS - 1) + "a")), None);
    assert_eq!(
        one_code(&(";".repeat(MAX_TOKENS) + "a")),
        Some(Code::TooMany)
    );
    assert_eq!(codes(&"$ ".repeat(100)).len(), MAX_DIAGNOSTICS);
}

/// Every walk fits a thread's default stack of 2 MiB, also in a debug build.
#[test]
fn stack() {
    let deep = ["-", "not ", "(", "a**", "f(", "a if b else "]
        .map(|part| part.repeat(1_000_000 / part.len()));
    let wide = [
        "a+".repeat(MAX_DEPTH - 1) + "a",
        format!("x{}", "[0]".repeat(MAX_DEPTH - 1)),
        "(-a+".repeat(MAX_NESTING / 2) + "a" + &")".repeat(MAX_NESTING / 2),
    ];
    let walk = move || {
        for text in deep.iter().chain(&wide) {
            let parsed = parse(&Source::expr(text));
            parsed.ast.to_text();
            parsed.ast.to_program();
        }
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(walk);
    thread.expect("a thread").join().expect("no overflow");
}

/// Hostile text takes time in proportion to its length, with a small factor: the deepest stack
/// with the most tokens to drop, the most mistakes, the most suggestions.
#[test]
fn time() {
    let deep = "f(".repeat(MAX_NESTING - 1);
    let begin = std::time::Instant::now();
    for text in [
        format!("{deep}a {}", "b ".repeat(MAX_TOKENS - 2 * MAX_NESTING)),
        format!("{deep}a b;",).repeat(MAX_TOKENS / MAX_NESTING / 3),
        format!("{deep}a {}", ",b c".repeat(MAX_TOKENS / 4)),
        "a b;".repeat(20_000),
        "2x;".repeat(5_000),
        ")".repeat(MAX_TOKENS),
        "(]".repeat(MAX_NESTING - 1),
        "$ ".repeat(500_000),
    ] {
        assert!(!codes(&text).is_empty());
    }
    // All of it takes a tenth of this, unoptimised and on a busy machine.
    assert!(begin.elapsed().as_secs() < 30);
}

/// Long runs of tokens that are no nodes are still of use.
#[test]
fn idle_tokens() {
    let subscripts = |part: &str| format!("x[{}0]", part.repeat(2 * MAX_IDLE_TOKENS));
    for part in [":,", "...,", "(0),", "(),"] {
        assert_eq!(one_code(&subscripts(part)), None, "{part}");
    }
    assert_eq!(
        one_code(&format!("{}a", "\n".repeat(2 * MAX_IDLE_TOKENS))),
        None
    );
}
