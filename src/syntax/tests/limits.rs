use super::*;

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
    assert_eq!(
        one_code(&"-a**2 + (b) * ".repeat(300).repeat(1).add_end("1")),
        None
    );
    assert_eq!(one_code(&"not -a and ".repeat(900).add_end("1")), None);
}

#[test]
fn depth() {
    let sum = |terms: usize| "a + ".repeat(terms - 1).add_end("a");
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
    assert_eq!(one_code(&";".repeat(MAX_TOKENS - 1).add_end("a")), None);
    assert_eq!(
        one_code(&";".repeat(MAX_TOKENS).add_end("a")),
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
        "a+".repeat(MAX_DEPTH - 1).add_end("a"),
        format!("x{}", "[0]".repeat(MAX_DEPTH - 1)),
        "(-a+".repeat(MAX_NESTING / 2).add_end("a") + &")".repeat(MAX_NESTING / 2),
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

/// Hostile text takes time in proportion to its length: the deepest stack with the most tokens to
/// drop, the most mistakes, the most suggestions.
#[test]
fn time() {
    let begin = std::time::Instant::now();
    let deep = "f(".repeat(MAX_NESTING - 1) + "a " + &"b ".repeat(MAX_TOKENS - 2 * MAX_NESTING);
    for text in [
        deep,
        "a b;".repeat(20_000),
        "2x;".repeat(5_000),
        "((".repeat(90).add_end("a") + &";a b".repeat(10_000),
        ")".repeat(80_000),
        "(]".repeat(190),
        "$ ".repeat(500_000),
    ] {
        let _ = parse(&Source::expr(&text));
    }
    let seconds = begin.elapsed().as_secs_f64();
    assert!(seconds < 20.0, "{seconds} s");
}

trait AddEnd {
    fn add_end(self, end: &str) -> String;
}

impl AddEnd for String {
    fn add_end(mut self, end: &str) -> String {
        self.push_str(end);
        self
    }
}
