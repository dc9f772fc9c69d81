//! In: the text of a literal, of the shape its token's pattern fixed. Out: its value; and back.
//! Never: a sign (that is an operator).

use super::token::Fault;

/// A decimal integer. As in Python, only zero itself may start with 0: `007` was octal once.
pub(super) fn decimal(text: &str) -> Result<u64, Fault> {
    if text.starts_with('0') && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
        return Err(Fault::LeadingZero);
    }
    parse_int(text, 10)
}

/// An integer with a two-character prefix: `0x`, `0o`, `0b`.
pub(super) fn radix(text: &str, radix: u32) -> Result<u64, Fault> {
    parse_int(text.get(2..).unwrap_or(""), radix)
}

/// Digits, perhaps with `_` between them.
fn parse_int(digits: &str, radix: u32) -> Result<u64, Fault> {
    // The pattern left only digits of the radix, so all that can go wrong is size.
    u64::from_str_radix(&without_underscores(digits), radix).map_err(|_| Fault::TooLarge)
}

/// A float. Beyond float64's range it is inf, as in Python.
pub(super) fn float(text: &str) -> Result<f64, Fault> {
    without_underscores(text).parse().map_err(|_| Fault::Number)
}

/// A float with `j` or `J` after it.
pub(super) fn imaginary(text: &str) -> Result<f64, Fault> {
    float(text.trim_end_matches(['j', 'J']))
}

fn without_underscores(text: &str) -> String {
    text.chars().filter(|&char| char != '_').collect()
}

/// A quoted string: Python's escapes, but an unknown one is a mistake instead of itself.
pub(super) fn string(quoted: &str) -> Result<String, Fault> {
    let body = quoted.get(1..quoted.len() - 1).unwrap_or("");
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let Some((char, used)) = unescape(escape) else {
            let start = quoted.len() - 1 - escape.len() - 1;
            let length = 1 + escape.chars().next().map_or(0, char::len_utf8);
            return Err(Fault::Escape(start, start + length));
        };
        out.push(char);
        rest = &escape[used..];
    }
    out.push_str(rest);
    Ok(out)
}

/// The character that the text after a backslash stands for, and how many bytes say so.
fn unescape(text: &str) -> Option<(char, usize)> {
    let simple = |char| Some((char, 1));
    match text.bytes().next()? {
        b'\\' => simple('\\'),
        b'\'' => simple('\''),
        b'"' => simple('"'),
        b'n' => simple('\n'),
        b't' => simple('\t'),
        b'r' => simple('\r'),
        b'0' => simple('\0'),
        b'x' => hex_escape(text, 2),
        b'u' => hex_escape(text, 4),
        b'U' => hex_escape(text, 8),
        _ => None,
    }
}

/// A letter, then `digits` hexadecimal digits that number a character.
fn hex_escape(text: &str, digits: usize) -> Option<(char, usize)> {
    let hex = text.get(1..1 + digits)?;
    if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let number = u32::from_str_radix(hex, 16).ok()?;
    Some((char::from_u32(number)?, 1 + digits))
}

/// A float literal that reads back as `value`, which is not negative and not NaN.
pub(super) fn float_text(value: f64) -> String {
    if value.is_infinite() {
        "1e999".to_owned()
    } else {
        format!("{value:?}")
    }
}

/// A string literal that reads back as `text`.
pub(super) fn string_text(text: &str) -> String {
    let mut out = String::from("'");
    for char in text.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            char if char.is_control() => out.push_str(&format!("\\U{:08x}", u32::from(char))),
            char => out.push(char),
        }
    }
    out.push('\'');
    out
}
