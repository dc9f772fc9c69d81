//! Literals as files have them, and as they should not.

use super::*;
use crate::limits::MAX_LITERAL_DEPTH;
use arbitrary::Unstructured;

fn parse(text: &str) -> Result<Literal> {
    Literal::parse(text, Code::BadMeta, "text")
}

fn fails(text: &str, why: &str) {
    let error = parse(text).unwrap_err();
    assert_eq!(error.code(), Code::BadMeta, "{text}");
    assert_eq!(error.message(), format!("the text {why}"), "{text}");
}

fn int(value: i128) -> Literal {
    Literal::Int(value)
}

fn str(text: &str) -> Literal {
    Literal::Str(text.to_string())
}

#[test]
fn dtypes_as_numpy_writes_them() {
    let fields = parse("[('a', '<i4'), ('v', '<f4', (2, 3)), ('n', [('x', '<i2')])]");
    let tuple = |items: &[Literal]| Literal::Tuple(items.to_vec());
    let inner = Literal::List(vec![tuple(&[str("x"), str("<i2")])]);
    let wanted = Literal::List(vec![
        tuple(&[str("a"), str("<i4")]),
        tuple(&[str("v"), str("<f4"), tuple(&[int(2), int(3)])]),
        tuple(&[str("n"), inner]),
    ]);
    assert_eq!(fields.unwrap(), wanted);
    let dict = "{'names': ['x', 'y'], 'formats': ['<f4', 'u1'], 'offsets': [0, 8], \
                'itemsize': 16, 'aligned': True}";
    let dict = parse(dict).unwrap();
    assert_eq!(dict.get("itemsize").and_then(Literal::as_usize), Some(16));
    assert_eq!(dict.get("aligned").and_then(Literal::as_bool), Some(true));
    let names = dict.get("names").and_then(Literal::as_list).unwrap();
    assert_eq!(names[1].as_str(), Some("y"));
    assert_eq!(dict.get("titles"), None);
    assert_eq!(dict.as_dict().unwrap().len(), 5);
}

#[test]
fn json_as_python_writes_it() {
    let text = "{\"shape\": [3, 4], \"dflt\": NaN, \"low\": -Infinity, \"n\": null,\n\
                \"x\": {}, \"\\u00e9\\ud83d\\ude00\\/\": 1e3, \"ok\": false, \"e\": []}";
    let json = parse(text).unwrap();
    let get = |key: &str| json.get(key).unwrap();
    assert_eq!(get("shape").as_list(), Some(&[int(3), int(4)][..]));
    assert!(get("dflt").as_f64().unwrap().is_nan());
    assert_eq!(get("low").as_f64(), Some(f64::NEG_INFINITY));
    assert!(get("n").is_none());
    assert_eq!(get("x").as_dict(), Some(&[][..]));
    assert_eq!(get("é😀/").as_f64(), Some(1000.0));
    assert_eq!(get("ok").as_bool(), Some(false));
    assert_eq!(get("e").as_list(), Some(&[][..]));
    assert_eq!(get("e").get("e"), None);
}

#[test]
fn numbers() {
    let check = |text: &str, wanted: Literal| assert_eq!(parse(text).unwrap(), wanted);
    check("0", int(0));
    check("-7", int(-7));
    check("18446744073709551615", int(u64::MAX.into()));
    check("12L", int(12));
    check("-0.5", Literal::Float(-0.5));
    check("1.", Literal::Float(1.0));
    check(".5", Literal::Float(0.5));
    check("2E-3", Literal::Float(0.002));
    check("1.5e+300", Literal::Float(1.5e300));
    check("-inf", Literal::Float(f64::NEG_INFINITY));
    check("Infinity", Literal::Float(f64::INFINITY));
    assert_eq!(parse("-1").unwrap().as_usize(), None);
    assert_eq!(parse("3.0").unwrap().as_int(), None);
    for text in [
        "-", ".", "-.", "1e", "1e+", ".e5", "--1", "+1", "0x10", "1_000", "007", "-01", "1.2.3",
        "1LL", "1.5L", "5x", "5é", "1 2", "- 1", "1e5L", "-nan", "-None",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
    assert_eq!(parse(&i128::MAX.to_string()).unwrap(), int(i128::MAX));
    assert_eq!(parse(&i128::MIN.to_string()).unwrap(), int(i128::MIN));
    let long = "has an integer of more than 127 bits";
    fails("[170141183460469231731687303715884105728]", long);
    fails(&"9".repeat(10_000), long);
    fails("[1, 5x]", "has '5x]' where a number belongs");
}

#[test]
fn strings() {
    let check = |text: &str, wanted: &str| assert_eq!(parse(text).unwrap(), str(wanted));
    check(r#""it's""#, "it's");
    check("'a]b}'", "a]b}");
    check(r"'\'\\\n\t\x41\101\0'", "'\\\n\tAA\0");
    check(r"u'\u00e9\U0001F600'", "é😀");
    check(r"b'\xe9'", "é");
    check(r"r'\n\''", r"\n\'");
    check(r"Br'\x'", r"\x");
    check("'é😀'", "é😀");
    for text in [
        "'",
        "'a",
        "'a\"",
        "f'a'",
        "bu'a'",
        "rr'a'",
        "'a' 'b'",
        "'''a'''",
        r"'\q'",
        r"'\x4'",
        r"'\x+4'",
        r"'\u12'",
        r"b'\u0041'",
        r"'\ud83d'",
        r"'\ude00'",
        r"'\ud83d\u0041'",
        r"'\U00110000'",
        "'a\nb'",
        "'\\\n'",
        "b",
        r"'\N{DASH}'",
        r"r'\'",
        r"'\xé'",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
    fails("'abc", "has a string without its end");
    fails(r"'\ud83d\u0041'", "has half of a surrogate pair");
}

#[test]
fn brackets() {
    assert_eq!(parse("(1)").unwrap(), int(1));
    assert_eq!(parse("(1,)").unwrap(), Literal::Tuple(vec![int(1)]));
    assert_eq!(parse(" ( ) ").unwrap(), Literal::Tuple(vec![]));
    assert_eq!(parse("[1, ]").unwrap(), Literal::List(vec![int(1)]));
    for text in [
        "",
        " ",
        "[",
        "[1",
        "[1,",
        "[,]",
        "[1,,2]",
        "[1)",
        "(,)",
        "{",
        "{'a'",
        "{'a':",
        "{'a':1",
        "{1: 2}",
        "{'a'}",
        "{,}",
        "{None: 1}",
        "]",
        "[] []",
        "[1] # one",
        "int",
        "Nonee",
        "None1",
        "array([1])",
        "1 + 1",
        "[*a]",
        "True and False",
        "\u{a0}1",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
    fails("", "ends where a value belongs");
    fails("{1: 2}", "has '1: 2}' where a key in quotes belongs");
    fails("open('x')", "has 'open(\\'x\\'' where a value belongs");
    fails("[1] x", "has 'x' where its end belongs");
    fails("{'a': 1, \"a\": 2}", "has the key 'a' twice");
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(&nested(MAX_LITERAL_DEPTH)).is_ok());
    let message = format!("nests deeper than {MAX_LITERAL_DEPTH} brackets");
    fails(&nested(MAX_LITERAL_DEPTH + 1), &message);
    fails(&"(".repeat(100_000), &message);
    fails(&"{'a':".repeat(100_000), &message);
    let wide = format!("[{}]", nested(MAX_LITERAL_DEPTH - 1) + ", []");
    assert!(parse(&wide).is_ok());
}

#[test]
fn literals_are_written_as_python_writes_them() {
    for text in [
        "[('a]', '<i4'), ('b', '<f8', (2,)), ('', '|V4')]",
        "{'names': ['x', \"it's\"], 'offsets': [0, -8], 'aligned': True, 'n': None, 'e': {}}",
        "(False, 1.5, 1e300, -2.0, (), 'a\\n\\t\\\\\\x7f\\x85', 'both \\' and \"')",
        "[NaN, inf, -inf, 'é😀', ((1,), [])]",
    ] {
        assert_eq!(parse(text).unwrap().to_string(), text);
    }
}

/// Pieces that literals are made of, in any order.
#[test]
fn no_text_panics() {
    const PIECES: [&str; 30] = [
        "[", "]", "(", ")", "{", "}", ",", ":", "'", "\"", "\\", "x", "u", "U", "b", "r", "0", "1",
        "9", ".", "e", "-", "L", "\\ud83d", "é", "\n", " ", "None", "inf", "'a': 1",
    ];
    arbtest::arbtest(|bytes: &mut Unstructured<'_>| {
        let mut text = String::new();
        for _ in 0..bytes.int_in_range(0..=30)? {
            text.push_str(bytes.choose(&PIECES)?);
        }
        if let Ok(literal) = parse(&text) {
            // What is written reads the same again.
            let again = parse(&literal.to_string()).unwrap();
            assert_eq!(format!("{literal:?}"), format!("{again:?}"));
        }
        Ok(())
    });
}
