use expect_test::{Expect, expect};

use super::*;
use crate::diag::apply_edits;
use crate::diag::render::render;

/// What a user sees; and each suggestion, taken, leaves a program that parses.
fn wrong(text: &str, expect: Expect) {
    let source = Source::expr(text);
    let diagnostics = parse(&source).diagnostics;
    expect.assert_eq(&render(&source, &diagnostics, false));
    for help in diagnostics.iter().flat_map(|diagnostic| &diagnostic.help) {
        let edited = apply_edits(text, &help.edits);
        let left = parse(&Source::expr(&edited)).diagnostics.len();
        let parses = left == 0 || (diagnostics.len() > 1 && left < diagnostics.len());
        assert!(help.edits.is_empty() || parses, "{text} -> {edited}");
    }
}

#[test]
fn characters() {
    wrong(
        "a $$ b",
        expect![[r#"
        error[E0001]: no token starts with `$$`
         --> <expr>:1:3
          |
        1 | a $$ b
          |   ^^
    "#]],
    );
    wrong(
        "a > 0 && b > 1 || !c",
        expect![[r#"
        error[E0001]: there is no `&&`
         --> <expr>:1:7
          |
        1 | a > 0 && b > 1 || !c
          |       ^^ here it is `and`
          |
        help: write `and`
          |
        1 - a > 0 && b > 1 || !c
        1 + a > 0 and b > 1 || !c
          |

        error[E0001]: there is no `||`
         --> <expr>:1:16
          |
        1 | a > 0 && b > 1 || !c
          |                ^^ here it is `or`
          |
        help: write `or`
          |
        1 - a > 0 && b > 1 || !c
        1 + a > 0 && b > 1 or !c
          |

        error[E0001]: there is no `!`
         --> <expr>:1:19
          |
        1 | a > 0 && b > 1 || !c
          |                   ^ here it is `~`
          |
        help: write `~`
          |
        1 - a > 0 && b > 1 || !c
        1 + a > 0 && b > 1 || ~c
          |
    "#]],
    );
    wrong(
        "a&&b",
        expect![[r#"
        error[E0001]: there is no `&&`
         --> <expr>:1:2
          |
        1 | a&&b
          |  ^^ here it is `and`
          |
        help: write `and`
          |
        1 - a&&b
        1 + a and b
          |
    "#]],
    );
    wrong(
        "x ≤ 3",
        expect![[r#"
        error[E0001]: there is no `≤`
         --> <expr>:1:3
          |
        1 | x ≤ 3
          |   ^ here it is `<=`
          |
        help: write `<=`
          |
        1 - x ≤ 3
        1 + x <= 3
          |
    "#]],
    );
    wrong(
        "a ? b : c",
        expect![[r#"
        error[E0001]: no token starts with `?`
         --> <expr>:1:3
          |
        1 | a ? b : c
          |   ^
          |
          = help: a choice is written `a if condition else b`
    "#]],
    );
}

#[test]
fn numbers_and_strings() {
    wrong(
        "007",
        expect![[r#"
        error[E0002]: a decimal integer does not start with 0
         --> <expr>:1:1
          |
        1 | 007
          | ^^^ decimal or octal?
          |
        help: if it is decimal
          |
        1 - 007
        1 + 7
          |
        help: if it is octal
          |
        1 - 007
        1 + 0o7
          |
    "#]],
    );
    wrong(
        "1__0 + 1_",
        expect![[r#"
        error[E0002]: `1__0` is no number
         --> <expr>:1:1
          |
        1 | 1__0 + 1_
          | ^^^^ cannot be read
          |
        help: a single `_` may stand between two digits
          |
        1 - 1__0 + 1_
        1 + 1_0 + 1_
          |

        error[E0002]: `1_` is no number
         --> <expr>:1:8
          |
        1 | 1__0 + 1_
          |        ^^ cannot be read
          |
        help: a single `_` may stand between two digits
          |
        1 - 1__0 + 1_
        1 + 1__0 + 1
          |
    "#]],
    );
    wrong(
        "0b12",
        expect![[r#"
        error[E0002]: `0b12` is no number
         --> <expr>:1:1
          |
        1 | 0b12
          | ^^^^ cannot be read
          |
          = note: after `0b` come digits 0 and 1
    "#]],
    );
    wrong(
        "18446744073709551616",
        expect![[r#"
        error[E0004]: this integer does not fit 64 bits
         --> <expr>:1:1
          |
        1 | 18446744073709551616
          | ^^^^^^^^^^^^^^^^^^^^ the largest is 18446744073709551615
    "#]],
    );
    wrong(
        "f('abc",
        expect![[r#"
            error[E0003]: a string is never closed
             --> <expr>:1:3
              |
            1 | f('abc
              |   ^^^^ no `'` up to the end of the line
        "#]],
    );
    wrong(
        "f('abc) + 1",
        expect![[r#"
        error[E0003]: a string is never closed
         --> <expr>:1:3
          |
        1 | f('abc) + 1
          |   ^^^^^^^^^ no `'` up to the end of the line
          |
        help: close it with `'`
          |
        1 | f('abc') + 1
          |       +
    "#]],
    );
    wrong(
        r"'a\qb'",
        expect![[r#"
        error[E0005]: strings have no escape `\q`
         --> <expr>:1:3
          |
        1 | 'a\qb'
          |   ^^
          |
        help: a backslash itself is written twice
          |
        1 | 'a\\qb'
          |    +
    "#]],
    );
}

#[test]
fn unexpected() {
    wrong(
        "a b",
        expect![[r#"
        error[E0101]: expected an operator, found `b`
         --> <expr>:1:3
          |
        1 | a b
          |   ^ expected an operator
    "#]],
    );
    wrong(
        "a + * b",
        expect![[r#"
        error[E0101]: expected an expression, found `*`
         --> <expr>:1:5
          |
        1 | a + * b
          |   - ^ expected an expression
          |   |
          |   `+` needs an operand on its right
    "#]],
    );
    wrong(
        "f(a b)",
        expect![[r#"
        error[E0101]: expected an operator, `,` or `)`, found `b`
         --> <expr>:1:5
          |
        1 | f(a b)
          |     ^ expected an operator, `,` or `)`
    "#]],
    );
    wrong(
        "x.2",
        expect![[r#"
        error[E0101]: expected an operator, found `.2`
         --> <expr>:1:2
          |
        1 | x.2
          |  ^^ expected an operator
    "#]],
    );
    wrong(
        "a = b = c",
        expect![[r#"
        error[E0101]: expected the end of the line, found `=`
         --> <expr>:1:7
          |
        1 | a = b = c
          |       ^ expected the end of the line
          |
        help: to compare, use `==`
          |
        1 | a = b == c
          |        +
    "#]],
    );
    wrong(
        "f(x[0] = 3)",
        expect![[r#"
        error[E0101]: expected `,` or `)`, found `=`
         --> <expr>:1:8
          |
        1 | f(x[0] = 3)
          |        ^ expected `,` or `)`
          |
        help: to compare, use `==`
          |
        1 | f(x[0] == 3)
          |         +
    "#]],
    );
    wrong(
        "where(a = b, 1, 2)",
        expect![[r#"
        error[E0101]: an argument without a name follows `a=`
         --> <expr>:1:14
          |
        1 | where(a = b, 1, 2)
          |       -      ^ which argument is this?
          |       |
          |       named arguments come last
          |
        help: to compare, use `==`
          |
        1 | where(a == b, 1, 2)
          |          +
    "#]],
    );
    wrong(
        "x == not y",
        expect![[r#"
        error[E0101]: expected an expression, found `not`
         --> <expr>:1:6
          |
        1 | x == not y
          |   -- ^^^ expected an expression
          |   |
          |   `==` needs an operand on its right
          |
          = help: `not` binds weaker than this operator: put it in brackets
    "#]],
    );
    wrong(
        "x += 1",
        expect![[r#"
        error[E0101]: there is no `+=`
         --> <expr>:1:3
          |
        1 | x += 1
          |   ^^
          |
          = help: bind the name again: `a = a + ...`
    "#]],
    );
    wrong(
        "x AND y",
        expect![[r#"
        error[E0101]: there is no operator `AND`
         --> <expr>:1:3
          |
        1 | x AND y
          |   ^^^ here it is `and`
          |
        help: write `and`
          |
        1 - x AND y
        1 + x and y
          |
    "#]],
    );
    wrong(
        "... + 1",
        expect![[r#"
        error[E0101]: expected an expression, found `...`
         --> <expr>:1:1
          |
        1 | ... + 1
          | ^^^ expected an expression
          |
          = help: `...` stands in an index only: `x[..., 0]`
    "#]],
    );
    wrong(
        "if a: b",
        expect![[r#"
        error[E0101]: expected an expression, found `if`
         --> <expr>:1:1
          |
        1 | if a: b
          | ^^ expected an expression
          |
          = help: a choice is written `a if condition else b`
    "#]],
    );
}

#[test]
fn products() {
    wrong(
        "2x + 3y",
        expect![[r#"
        error[E0101]: expected an operator, found `x`
         --> <expr>:1:2
          |
        1 | 2x + 3y
          |  ^ expected an operator
          |
        help: to multiply, use `*`
          |
        1 | 2*x + 3*y
          |  +     +
    "#]],
    );
    wrong(
        "2 (a + b)",
        expect![[r#"
            error[E0101]: a number cannot be called
             --> <expr>:1:1
              |
            1 | 2 (a + b)
              | ^
              |
            help: to multiply, use `*`
              |
            1 | 2 * (a + b)
              |   +
        "#]],
    );
    wrong(
        "(a + b) c",
        expect![[r#"
            error[E0101]: expected an operator, found `c`
             --> <expr>:1:9
              |
            1 | (a + b) c
              |         ^ expected an operator
              |
            help: to multiply, use `*`
              |
            1 | (a + b) * c
              |         +
        "#]],
    );
}

#[test]
fn ends() {
    wrong(
        "a +",
        expect![[r#"
        error[E0102]: expected an expression, found the end
         --> <expr>:1:4
          |
        1 | a +
          |   -^ expected an expression
          |   |
          |   `+` needs an operand on its right
    "#]],
    );
    wrong(
        "a + # more to come\nb",
        expect![[r#"
        error[E0102]: expected an expression, found the end of the line
         --> <expr>:1:4
          |
        1 | a + # more to come
          |   -^ expected an expression
          |   |
          |   `+` needs an operand on its right
    "#]],
    );
    wrong(
        "x.",
        expect![[r#"
        error[E0102]: expected a name, found the end
         --> <expr>:1:3
          |
        1 | x.
          |   ^ expected a name
    "#]],
    );
    wrong(
        "x if y",
        expect![[r#"
        error[E0102]: expected `else`, found the end
         --> <expr>:1:7
          |
        1 | x if y
          |       ^ expected `else`
          |
          = help: a choice is written `a if condition else b`
    "#]],
    );
    wrong(
        "",
        expect![[r#"
        error[E0105]: there is nothing to compute
         --> <expr>:1:1
          |
        1 |
          | ^ expected an expression
    "#]],
    );
    wrong(
        "# nothing",
        expect![[r#"
        error[E0105]: there is nothing to compute
         --> <expr>:1:10
          |
        1 | # nothing
          |          ^ expected an expression
    "#]],
    );
}

#[test]
fn brackets() {
    wrong(
        "sum(a + b",
        expect![[r#"
        error[E0103]: `(` is never closed
         --> <expr>:1:4
          |
        1 | sum(a + b
          |    ^ opened here
          |
        help: close it with `)`
          |
        1 | sum(a + b)
          |          +
    "#]],
    );
    wrong(
        "sum(a; b = 3",
        expect![[r#"
        error[E0103]: `(` is never closed
         --> <expr>:1:4
          |
        1 | sum(a; b = 3
          |    ^ opened here
          |
        help: close it with `)`
          |
        1 | sum(a); b = 3
          |      +
    "#]],
    );
    wrong(
        "d = (a + b\nd * 2",
        expect![[r#"
        error[E0103]: `(` is never closed
         --> <expr>:1:5
          |
        1 | d = (a + b
          |     ^ opened here
          |
        help: close it with `)`
          |
        1 | d = (a + b)
          |           +
    "#]],
    );
    wrong(
        "(a + [b) * c",
        expect![[r#"
        error[E0103]: `[` is never closed
         --> <expr>:1:6
          |
        1 | (a + [b) * c
          |      ^ opened here
          |
        help: close it with `]`
          |
        1 | (a + [b]) * c
          |        +
    "#]],
    );
    wrong(
        "(a + b] * c",
        expect![[r#"
        error[E0103]: `(` is closed by `]`
         --> <expr>:1:7
          |
        1 | (a + b] * c
          | -     ^ this should be `)`
          | |
          | opened here
          |
        help: write `)`
          |
        1 - (a + b] * c
        1 + (a + b) * c
          |
    "#]],
    );
    wrong(
        "a + b) * c",
        expect![[r#"
        error[E0101]: `)` closes nothing
         --> <expr>:1:6
          |
        1 | a + b) * c
          |      ^ no `(` is open here
          |
        help: leave it out
          |
        1 - a + b) * c
        1 + a + b * c
          |
    "#]],
    );
    wrong(
        "sum(a + ",
        expect![[r#"
        error[E0103]: `(` is never closed
         --> <expr>:1:4
          |
        1 | sum(a + 
          |    ^ opened here
    "#]],
    );
}

/// One mistake does not hide the next, nor spoil the tree around it.
#[test]
fn recovery() {
    let tree = |text: &str, mistakes: usize, expect: Expect| {
        let parsed = parse(&Source::expr(text));
        assert_eq!(parsed.diagnostics.len(), mistakes, "{text}");
        expect.assert_eq(parsed.ast.to_text().trim_end());
    };
    tree(
        "a b; c; d +; e",
        2,
        expect![[r#"
        <error>
        c
        <error>
        e"#]],
    );
    tree(
        "f(a +, b)[c *] + (d /) * [e **, 1]",
        4,
        expect!["(+ (index (call f <error> b) <error>) (* <error> (list <error> 1)))"],
    );
    tree("f(, a)", 1, expect!["(call f <error> a)"]);
    tree("a && 08 + $", 3, expect!["(and a (+ <error> <error>))"]);
    tree(
        "(a + [b) * c; (d",
        2,
        expect![[r#"
        (* (+ a (list b)) c)
        d"#]],
    );
}

/// Carets stand under the right characters behind wide ones and tabs, and on later lines.
#[test]
fn places() {
    wrong(
        "变量 = 1\n\tété + * 2",
        expect![[r#"
        error[E0101]: expected an expression, found `*`
         --> <expr>:2:8
          |
        2 |     été + * 2
          |         - ^ expected an expression
          |         |
          |         `+` needs an operand on its right
    "#]],
    );
}
