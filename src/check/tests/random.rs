//! Random programs: none panics, what checks verifies, what does not is explained.

use arbitrary::Unstructured;

use super::{run, scope};

const OPERANDS: &str = "a: float64[3]; i: int64[3]; u: uint64[2, 3]; c: int8[3]; b: bool[3]; \
    s: float32; z: int16[0, 3]; g: float32[3] chunk [2] block [1]";

const ATOMS: [&str; 24] = [
    "a",
    "i",
    "u",
    "c",
    "b",
    "s",
    "z",
    "g",
    "0",
    "1",
    "-1",
    "2",
    "0.5",
    "300",
    "pi",
    "inf",
    "nan",
    "True",
    "None",
    "float32",
    "sum",
    "9223372036854775808",
    "'int8'",
    "unknown",
];

const OPERATORS: [&str; 20] = [
    "+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "|", "^", "==", "!=", "<", "<=", ">",
    ">=", " and ", " or ",
];

const SUBSCRIPTS: [&str; 12] = [
    "0", "-1", "1:", "::-2", "...", "None", "0, 1", ":, 0", "5", "a", "b", "...,:2",
];

/// An expression, mostly of sense.
fn expression(from: &mut Unstructured<'_>, depth: usize) -> arbitrary::Result<String> {
    if depth == 0 || from.ratio(1, 6)? {
        return Ok((*from.choose(&ATOMS)?).to_string());
    }
    let part = |from: &mut Unstructured<'_>| expression(from, depth - 1);
    let text = match from.int_in_range(0..=11)? {
        0..=3 => {
            let (left, op, right) = (part(from)?, *from.choose(&OPERATORS)?, part(from)?);
            format!("({left}){op}({right})")
        }
        4 => format!("{}{}", from.choose(&["-", "+", "~", "not "])?, part(from)?),
        5 => format!("{} if {} else {}", part(from)?, part(from)?, part(from)?),
        6 => format!("({}).{}()", part(from)?, function(from)?),
        7 => format!("({})[{}]", part(from)?, from.choose(&SUBSCRIPTS)?),
        _ => {
            let mut args = Vec::new();
            for _ in 0..from.int_in_range(0..=3)? {
                let keyword =
                    *from.choose(&["", "", "", "axis=", "dtype=", "keepdims=", "min="])?;
                args.push(format!("{keyword}{}", part(from)?));
            }
            format!("{}({})", function(from)?, args.join(", "))
        }
    };
    Ok(text)
}

fn function(from: &mut Unstructured<'_>) -> arbitrary::Result<&'static str> {
    let available = crate::funcs::all().filter(|function| function.is_available());
    let names: Vec<&str> = available.map(|function| function.name).collect();
    Ok(*from.choose(&names)?)
}

#[test]
fn random_programs_check_or_are_explained() {
    let scope = scope(OPERANDS);
    let (mut tried, mut checked) = (0, 0);
    arbtest::arbtest(|from| {
        let first = expression(from, 3)?;
        let second = expression(from, 2)?;
        let text = format!("x = {first}; x, {second}");
        tried += 1;
        match run(&scope, &text) {
            Ok(_) => checked += 1,
            Err(found) => {
                assert!(!found.is_empty(), "{text}");
                let bugs = found.iter().filter(|one| one.code.as_str() == "E0599");
                assert_eq!(bugs.count(), 0, "{text}: {found:?}");
            }
        }
        Ok(())
    })
    .budget_ms(1_500);
    // A busy machine tries few; of many, some must make sense.
    assert!(
        checked * 100 >= tried,
        "only {checked} of {tried} programs checked"
    );
}
