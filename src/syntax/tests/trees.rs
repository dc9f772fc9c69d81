use expect_test::{Expect, expect};

use super::*;
use crate::syntax::ast::Node;

#[test]
fn statements() {
    check(
        "d = x - y; mean(d), max(abs(d))",
        expect![[r#"
        (= d (- x y))
        (outputs (call mean d) (call max (call abs d)))"#]],
    );
    check(
        "f(p, q) = p * q\nf(a,\n  b)  # on two lines\n\n",
        expect![[r#"
            (= (call f p q) (* p q))
            (call f a b)"#]],
    );
    check(
        ";; a ;\n;b,",
        expect![[r#"
        a
        b"#]],
    );
    check(
        "a.T = 1; a == b = c",
        expect![[r#"
        (= (. a T) 1)
        (= (compare a == b) c)"#]],
    );
}

#[test]
fn operators() {
    check("-x**-y**z", expect!["(- (** x (- (** y z))))"]);
    check(
        "a - b - c, a ** b ** c",
        expect!["(outputs (- (- a b) c) (** a (** b c)))"],
    );
    check(
        "a | b ^ c & d << e + f * ~g",
        expect!["(| a (^ b (& c (<< d (+ e (* f (~ g)))))))"],
    );
    check(
        "not a < b <= c == d and e or f",
        expect!["(or (and (not (compare a < b <= c == d)) e) f)"],
    );
    check("a if b else c if d else e", expect!["(if b a (if d c e))"]);
    check(
        "(a < b) < c, (a if b else c) + d",
        expect!["(outputs (compare (compare a < b) < c) (+ (if b a c) d))"],
    );
}

#[test]
fn brackets() {
    check(
        "x.sum(axis=(0, 1)).T[0]",
        expect!["(index (. (call (. x sum) (axis= (tuple 0 1))) T) 0)"],
    );
    check(
        "x[1, -1, ::2, a:, :b, a:b:-1, ..., None, x > 0]",
        expect![[r#"
            (index
              x
              1
              (- 1)
              (slice _ _ 2)
              (slice a _ _)
              (slice _ b _)
              (slice a b (- 1))
              ...
              None
              (compare x > 0))"#]],
    );
    check(
        "f(), f(a,), (), (a), (a,), [], [a, b,]",
        expect!["(outputs (call f) (call f a) (tuple) a (tuple a) (list) (list a b))"],
    );
    check("(\n a\n + b\n)", expect!["(+ a b)"]);
    check(
        "f(a, b=c == d)",
        expect!["(call f a (b= (compare c == d)))"],
    );
}

#[test]
fn literals() {
    check(
        "0, 00, 1_000, 0xFF, 0b1_0, 0o17, 18446744073709551615",
        expect!["(outputs 0 0 1000 255 2 15 18446744073709551615)"],
    );
    check(
        "1., .5, 1e-3, 1_0.5, 07.5, 1e999, 2.5J, 3j",
        expect!["(outputs 1.0 0.5 0.001 10.5 7.5 1e999 2.5j 3.0j)"],
    );
    check(
        r#"'a"b', "a'b", '\n\t\\\'\x41\u00e9\U0001F600', ''"#,
        expect![[r#"(outputs 'a"b' 'a\'b' '\n\t\\\'Aé😀' '')"#]],
    );
    check(
        "été, _x1, 变量, True, inf",
        expect!["(outputs été _x1 变量 True inf)"],
    );
}

/// A line too long for its width is broken by depth.
#[test]
fn long_lines() {
    check(
        "where(temperature > threshold, temperature - threshold, threshold - temperature) * 2",
        expect![[r#"
            (*
              (call
                where
                (compare temperature > threshold)
                (- temperature threshold)
                (- threshold temperature))
              2)"#]],
    );
}

#[test]
fn tokens() {
    let text = |text: &str| tokens_text(&Source::expr(text));
    expect![[r#"
        0..5      name      été
        6..7      mark      =
        8..9      name      f
        9..10     mark      (
        10..14    number    0x10
        14..15    mark      ,
        17..21    number    1.50
        21..22    mark      )
        23..25    keyword   if
        26..28    error     $$
        29..33    keyword   else
        34..39    string    'a b'
        43..44    mark      \n
        44..47    mark      ...
    "#]]
    .assert_eq(&text("été = f(0x10,\n 1.50) if $$ else 'a b' # c\n..."));
}

/// A value read is the value meant, also at the edges.
#[test]
fn values() {
    let only = |text: &str| {
        let ast = parse(&Source::expr(text)).ast;
        assert_eq!(ast.nodes.len(), 1, "{text}");
        ast.nodes.rows()[0].clone()
    };
    assert_eq!(only("18446744073709551615"), Node::Int(u64::MAX));
    assert_eq!(only("0xffff_ffff_ffff_ffff"), Node::Int(u64::MAX));
    assert_eq!(only("1_0.0_5e+0_1"), Node::Float(100.5));
    assert_eq!(only("5e-324"), Node::Float(f64::from_bits(1)));
    assert_eq!(only("1e309"), Node::Float(f64::INFINITY));
    assert_eq!(only(".5J"), Node::Imaginary(0.5));
    assert_eq!(only("'\\x41\\\\\\u00e9'"), Node::Str("A\\é".to_owned()));
}

/// The span of a node is its text, brackets around it included.
#[test]
fn spans() {
    let check = |text: &str, expect: Expect| {
        let source = Source::expr(text);
        let ast = parse(&source).ast;
        let spans: Vec<&str> = ast
            .spans
            .rows()
            .iter()
            .map(|&span| source.slice(span))
            .collect();
        expect.assert_eq(&spans.join("  |  "));
    };
    check(
        "( (a) + b )*c",
        expect!["(a)  |  b  |  ( (a) + b )  |  c  |  ( (a) + b )*c"],
    );
    check(
        "-x ** 2 < f(a, k = b)[ 1 : ] . T",
        expect![
            "x  |  2  |  x ** 2  |  -x ** 2  |  f  |  a  |  b  |  f(a, k = b)  |  1  |  f(a, k = b)[ 1 : ]  |  f(a, k = b)[ 1 : ] . T  |  -x ** 2 < f(a, k = b)[ 1 : ] . T"
        ],
    );
    check(
        "(a, b) if [c] else not d",
        expect!["a  |  b  |  (a, b)  |  c  |  [c]  |  d  |  not d  |  (a, b) if [c] else not d"],
    );
}

/// Python agrees on what is valid, and on its tree (see `tests/python_trees/make.py`).
#[test]
fn python_reads_the_same() {
    let cases = include_str!("../../../tests/python_trees/trees.txt");
    assert_eq!(cases.lines().count(), 800);
    for case in cases.lines() {
        let (text, tree) = case.split_once('\t').expect("an expression and a tree");
        let parsed = parse(&Source::expr(text));
        let ours = if parsed.diagnostics.is_empty() {
            let words = parsed.ast.to_text();
            words.split_whitespace().collect::<Vec<_>>().join(" ")
        } else {
            "!".to_owned()
        };
        assert_eq!(ours, tree, "{text}");
    }
}
