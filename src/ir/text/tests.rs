//! In: functions, random ones and hostile text. Out: the same functions back, or an error.

use arbtest::arbtest;
use expect_test::expect;

use crate::ir::{Func, Verified, arbitrary, parse};

#[test]
fn text_reads_back_as_the_same_function() {
    arbtest(|u| {
        let func = arbitrary::func(u)?;
        let text = func.to_string();
        let back = parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(back, *func, "{text}");
        Ok(())
    })
    .budget_ms(1_000);
}

/// One of everything that has a form of its own.
const EVERYTHING: &str = r#"operand a: float64[8, 8] chunk [4, 8] block [2, 4]
operand "no name \"\\\u{a}": uint8
operand operand: bool[0] chunk [1] block [1]
v0: float64[8, 8] = elem a
v1: uint8 = elem "no name \"\\\u{a}"
v2: bool[0] = elem operand
v3: float32 = const 0.1
v4: float64[8] = const -inf
v5: float64 = const nan
v6: float64 = const -1e+300
v7: int64 = const -9223372036854775808
v8: bool[2] = const True
v9: int16[3] = arange -5 2
v10: float32[3] = linspace 0.0 5e-324 stop 1.0 tiny 10.0 1.0
v11: float64[8, 8] = mul v0 v4
v12: bool[8, 8] = isnan v11
v13: float64[8, 8] = select v12 v11 v0
v14: int8[8, 8] = cast v13
v15: float64[8] = reduce std v0 axes [1] cut [4:2, 8:4] ddof 1.5
v16: int64[1, 1] = reduce sum v14 axes [0, 1] cut [4:2, 8:4] keepdims
v17: uint8 = reduce max v1 axes [] cut []
raise v12
raise v8 at 4..9
output "" = v16
output "größe \u{1b}[0m" = v15
"#;

#[test]
fn every_form_reads_back() {
    let func = parse(EVERYTHING).expect("parses");
    assert_eq!(func.to_string(), EVERYTHING);
    Verified::new(func).expect("verifies");
}

#[test]
fn hostile_text_is_an_error_at_most() {
    let parse = |text: &str| parse(text).map(Verified::new);
    arbtest(|u| {
        // Any bytes, then valid text with a piece cut out and another put in.
        let junk: String = u.arbitrary()?;
        let _ = parse(&junk);
        let chars: Vec<char> = EVERYTHING.chars().collect();
        let from = u.int_in_range(0..=chars.len())?;
        let to = u.int_in_range(from..=chars.len().min(from + 20))?;
        let other = u.int_in_range(0..=chars.len() - 20)?;
        let len = u.int_in_range(0..=20)?;
        let pieces = [&chars[..from], &chars[other..other + len], &chars[to..]];
        let _ = parse(&pieces.concat().iter().collect::<String>());
        Ok(())
    })
    .budget_ms(1_000);
}

#[test]
fn errors_name_the_line() {
    let mut found = String::new();
    for text in [
        "\nv1: int8 = const 1",
        "v0: int8 = const 300",
        "v0: int8 = const 1 2",
        "v0: int9 = const 1",
        "v0: int8 = frobnicate v0",
        "v0: int8 = elem x",
        "v4294967296: int8 = const 1",
        "v0: int8[-1] = const 1",
        "v0: int8[99999999999999999999] = const 1",
        "v0: int8[1 = const 1",
        "v0: int8 = reduce var v0 axes [] cut []",
        "v0: int8 = reduce sum v0 axes [] cut [] ddof 1.0",
        "operand x: int8\noperand x: int8",
        "operand [: int8",
        "raise v0 at 4",
        "output \"x = v0",
        "output \"\\u{d800}\" = v0",
        "output \"\\n\" = v0",
        "v0",
        "v0: int64 = select v0 v0",
    ] {
        let error = parse(text).map(|_| ()).expect_err(text);
        found += &format!("{error}\n");
    }
    expect![[r#"
        line 2: `v1` where v0 is due
        line 1: `300` is no int8
        line 1: `2` is too much
        line 1: `int9` is no dtype
        line 1: no instruction is called `frobnicate`
        line 1: no operand is called `x`
        line 1: `v4294967296` is no value
        line 1: `-1` is no extent
        line 1: `99999999999999999999` is no extent
        line 1: expected `,`, found `=`
        line 1: var needs its ddof
        line 1: `sum` takes no ddof
        line 2: an operand of this name exists already
        line 1: `[` is no name
        line 1: `4` is no span
        line 1: a string without its closing quote
        line 1: `d800` is no character
        line 1: `\` escapes `"`, `\` and `u{...}`
        line 1: expected `:`, found the end
        line 1: the line ends too early
    "#]]
    .assert_eq(&found);
}

/// Pins which broken rule `verify` names.
#[test]
fn rules_are_checked() {
    let mut found = String::new();
    for text in [
        "v0: int8 = neg v1\nv1: int8 = const 1",
        "v0: int8 = neg v0",
        "v0: int8 = const 1\nv1: int16 = neg v0",
        "v0: bool = const True\nv1: bool = neg v0",
        "v0: int8 = const 1\nv1: int16 = const 1\nv2: int8 = add v0 v1",
        "v0: int8[2] = const 1\nv1: int8[3] = const 1\nv2: int8[3] = add v0 v1",
        "v0: int8 = const 1\nv1: int8 = select v0 v0 v0",
        "v0: int8[2] = const 1\nv1: int64 = reduce sum v0 axes [1] cut [1:1]",
        "v0: int8[2] = const 1\nv1: int64 = reduce sum v0 axes [0, 0] cut [1:1]",
        "v0: int8[2] = const 1\nv1: int64 = reduce sum v0 axes [0] cut []",
        "v0: int8[2] = const 1\nv1: int64 = reduce sum v0 axes [0] cut [0:1]",
        "v0: int8[2] = const 1\nv1: float64 = reduce var v0 axes [0] cut [1:1] ddof nan",
        "v0: int8[0] = const 1\nv1: int8 = reduce min v0 axes [0] cut [1:1]",
        "v0: int8[2, 2] = arange 0 1",
        "v0: bool[4294967296, 4294967296] = const True",
        "operand x: int8[4294967296, 4294967296]",
        "operand x: int8[2] chunk [1] block []",
        "v0: bool[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] = const True",
        "raise v0",
        "v0: int8 = const 1\nraise v0",
        "output \"x\" = v0",
    ] {
        let func: Func = parse(text).expect(text);
        let error = Verified::new(func).expect_err(text);
        found += &format!("{error}\n");
    }
    expect![[r#"
        v0: names v1, which is not before it
        v0: names v0, which is not before it
        v1: is int8(), but says int16()
        v1: neg does not take bool
        v2: add of int8 and int16
        v2: shapes (2,) and (3,) do not broadcast
        v1: the condition of select must be bool
        v1: axes [1] of shape (2,)
        v1: axes [0, 0] of shape (2,)
        v1: the cut and the argument differ in axes
        v1: a cut needs extents of at least 1
        v1: ddof must be a number
        v1: min over no elements
        v0: a generator has one axis
        v0: shape (4294967296, 4294967296) is too large
        op0: shape (4294967296, 4294967296) is too large
        op0: the grid and the operand differ in axes
        v0: shape (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1) is too large
        v0: must be a bool value
        v0: must be a bool value
        v0: is an output but no value
    "#]]
    .assert_eq(&found);
}
