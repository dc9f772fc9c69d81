//! In: text in JSON or of a Python literal, as headers and metadata of array files hold it. Out:
//! its value.
//! Never: an evaluator: no names, calls or operators; a key that is there twice.

use std::collections::HashSet;
use std::fmt;

use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_LITERAL_DEPTH;

/// The value of a literal.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `None` or `null`.
    None,
    /// `True`, `False`, `true` or `false`.
    Bool(bool),
    /// An integer; Python 2 ends long ones with an `L`.
    Int(i128),
    /// A number with a point or an exponent, and `NaN`, `nan`, `Infinity`, `inf`.
    Float(f64),
    /// A string in single or double quotes; in byte strings, `\xE9` is the character U+00E9.
    Str(String),
    /// `[a, b]`.
    List(Vec<Literal>),
    /// `(a, b)`; `(a)` is `a`.
    Tuple(Vec<Literal>),
    /// `{'key': value}`: the keys are strings, each there once.
    Dict(Vec<(String, Literal)>),
}

impl Literal {
    /// Reads the one literal that `text`, (part of) a `what`, consists of; errors carry `code`.
    /// Takes time and memory in proportion to the text, whose length the caller bounds.
    ///
    /// # Errors
    /// When the text is anything else, or nests deeper than
    /// [`MAX_LITERAL_DEPTH`](crate::limits::MAX_LITERAL_DEPTH).
    pub fn parse(text: &str, code: Code, what: &str) -> Result<Self> {
        let mut reader = Reader {
            rest: text,
            depth: 0,
            code,
            what,
        };
        let literal = reader.literal()?;
        match reader.next() {
            None => Ok(literal),
            Some(_) => Err(reader.unexpected("its end")),
        }
    }

    /// The value of a key, where this is a dict that has it.
    pub fn get(&self, key: &str) -> Option<&Literal> {
        let mut entries = self.as_dict()?.iter();
        let found = entries.find(|(name, _)| name == key);
        found.map(|(_, value)| value)
    }

    /// Whether this is `None` or `null`.
    pub fn is_none(&self) -> bool {
        matches!(self, Literal::None)
    }

    /// The boolean.
    pub fn as_bool(&self) -> Option<bool> {
        let Literal::Bool(value) = self else {
            return None;
        };
        Some(*value)
    }

    /// The integer; floats are none, not even whole ones.
    pub fn as_int(&self) -> Option<i128> {
        let Literal::Int(value) = self else {
            return None;
        };
        Some(*value)
    }

    /// The integer as a size, where it can be one.
    pub fn as_usize(&self) -> Option<usize> {
        usize::try_from(self.as_int()?).ok()
    }

    /// The number, rounded where it is an integer with more digits than a float has.
    pub fn as_f64(&self) -> Option<f64> {
        if let Literal::Float(value) = self {
            return Some(*value);
        }
        self.as_int().map(|value| value as f64)
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        let Literal::Str(text) = self else {
            return None;
        };
        Some(text)
    }

    /// The items of a list or a tuple.
    pub fn as_list(&self) -> Option<&[Literal]> {
        let (Literal::List(items) | Literal::Tuple(items)) = self else {
            return None;
        };
        Some(items)
    }

    /// The entries of a dict, in the order of the text.
    pub fn as_dict(&self) -> Option<&[(String, Literal)]> {
        let Literal::Dict(entries) = self else {
            return None;
        };
        Some(entries)
    }
}

/// As Python writes it, in one line.
impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::None => f.write_str("None"),
            Literal::Bool(true) => f.write_str("True"),
            Literal::Bool(false) => f.write_str("False"),
            Literal::Int(value) => write!(f, "{value}"),
            // A float's text has a point or an exponent, or is `NaN` or `inf`.
            Literal::Float(value) => write!(f, "{value:?}"),
            Literal::Str(text) => quoted(f, text),
            Literal::List(items) => joined(f, ["[", "]"], items, |f, item| write!(f, "{item}")),
            Literal::Tuple(items) => {
                let close = if items.len() == 1 { ",)" } else { ")" };
                joined(f, ["(", close], items, |f, item| write!(f, "{item}"))
            }
            Literal::Dict(entries) => joined(f, ["{", "}"], entries, |f, (key, value)| {
                quoted(f, key)?;
                write!(f, ": {value}")
            }),
        }
    }
}

fn joined<T>(
    f: &mut fmt::Formatter<'_>,
    [open, close]: [&str; 2],
    items: &[T],
    mut show: impl FnMut(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    f.write_str(open)?;
    for (nth, item) in items.iter().enumerate() {
        f.write_str(if nth == 0 { "" } else { ", " })?;
        show(f, item)?;
    }
    f.write_str(close)
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    write!(f, "{quote}")?;
    for character in text.chars() {
        match character {
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\r' => f.write_str("\\r")?,
            c if c == quote => write!(f, "\\{c}")?,
            c if c.is_control() => write!(f, "\\x{:02x}", u32::from(c))?,
            c => write!(f, "{c}")?,
        }
    }
    write!(f, "{quote}")
}

/// Words that are literals.
const WORDS: [(&str, Literal); 10] = [
    ("None", Literal::None),
    ("null", Literal::None),
    ("True", Literal::Bool(true)),
    ("true", Literal::Bool(true)),
    ("False", Literal::Bool(false)),
    ("false", Literal::Bool(false)),
    ("NaN", Literal::Float(f64::NAN)),
    ("nan", Literal::Float(f64::NAN)),
    ("Infinity", Literal::Float(f64::INFINITY)),
    ("inf", Literal::Float(f64::INFINITY)),
];

/// Letters before the quote of a Python string.
const PREFIXES: [&str; 5] = ["b", "u", "r", "br", "rb"];

/// A reading position in the text.
struct Reader<'t> {
    rest: &'t str,
    depth: usize,
    code: Code,
    what: &'t str,
}

impl<'t> Reader<'t> {
    fn literal(&mut self) -> Result<Literal> {
        match self.next() {
            Some('{') => self.nested(Self::dict),
            Some('[') => self.nested(|reader| {
                let (items, _) = reader.items('[', ']')?;
                Ok(Literal::List(items))
            }),
            Some('(') => self.nested(Self::tuple),
            Some('-' | '.' | '0'..='9') => self.number(),
            _ => match self.string()? {
                Some(text) => Ok(Literal::Str(text)),
                None => self.word(),
            },
        }
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Result<Literal>) -> Result<Literal> {
        if self.depth == MAX_LITERAL_DEPTH {
            let message = format!("nests deeper than {MAX_LITERAL_DEPTH} brackets");
            return Err(self.bad(&message));
        }
        self.depth += 1;
        let literal = read(self)?;
        self.depth -= 1;
        Ok(literal)
    }

    fn dict(&mut self) -> Result<Literal> {
        self.expect('{')?;
        let (mut entries, mut seen) = (Vec::new(), HashSet::new());
        while !self.accept('}') {
            let Some(key) = self.string()? else {
                return Err(self.unexpected("a key in quotes"));
            };
            if !seen.insert(key.clone()) {
                let message = format!("has the key '{}' twice", key.escape_debug());
                return Err(self.bad(&message));
            }
            self.expect(':')?;
            entries.push((key, self.literal()?));
            if !self.accept(',') {
                self.expect('}')?;
                break;
            }
        }
        Ok(Literal::Dict(entries))
    }

    fn tuple(&mut self) -> Result<Literal> {
        let (mut items, comma) = self.items('(', ')')?;
        // Brackets around one value do not make it a tuple, a comma does.
        match (items.len(), comma) {
            (1, false) => Ok(items.remove(0)),
            _ => Ok(Literal::Tuple(items)),
        }
    }

    /// The items between brackets, and whether a comma follows the last one.
    fn items(&mut self, open: char, close: char) -> Result<(Vec<Literal>, bool)> {
        self.expect(open)?;
        let (mut items, mut comma) = (Vec::new(), false);
        while !self.accept(close) {
            items.push(self.literal()?);
            comma = self.accept(',');
            if !comma {
                self.expect(close)?;
                break;
            }
        }
        Ok((items, comma))
    }

    fn word(&mut self) -> Result<Literal> {
        let len = self.rest.bytes().take_while(|&byte| is_word(byte)).count();
        let (word, rest) = self.rest.split_at(len);
        match WORDS.iter().find(|(name, _)| *name == word) {
            Some((_, literal)) => {
                self.rest = rest;
                Ok(literal.clone())
            }
            None => Err(self.unexpected("a value")),
        }
    }

    fn number(&mut self) -> Result<Literal> {
        let unsigned = self.rest.strip_prefix('-').unwrap_or(self.rest);
        if unsigned.starts_with(['I', 'i']) {
            self.rest = unsigned;
            let word = self.word()?;
            return Ok(Literal::Float(-word.as_f64().unwrap_or(f64::NAN)));
        }
        let sign = self.rest.len() - unsigned.len();
        let whole = digits(unsigned);
        let mut len = whole;
        let mut float = false;
        if let Some(behind) = unsigned[len..].strip_prefix('.') {
            let fraction = digits(behind);
            float = whole + fraction > 0;
            len += 1 + fraction;
        }
        if let Some(behind) = unsigned[len..].strip_prefix(['e', 'E']) {
            let power = behind.strip_prefix(['+', '-']).unwrap_or(behind);
            let count = digits(power);
            float = (whole > 0 || float) && count > 0;
            len += 1 + behind.len() - power.len() + count;
        }
        let (text, rest) = self.rest.split_at(sign + len);
        let literal = match float {
            true => text.parse().ok().map(Literal::Float),
            false => self.integer(text, &unsigned[..whole])?,
        };
        let long = rest.strip_prefix('L').filter(|_| !float);
        let rest = long.unwrap_or(rest);
        let ends = !rest.starts_with(|next| is_word_char(next) || next == '.');
        match literal.filter(|_| ends) {
            Some(literal) => {
                self.rest = rest;
                Ok(literal)
            }
            None => Err(self.unexpected("a number")),
        }
    }

    /// An integer; `None` where the text is none.
    fn integer(&self, text: &str, digits: &str) -> Result<Option<Literal>> {
        // Python 2 read 010 as 8, Python 3 and JSON do not read it.
        if digits.is_empty() || digits.len() > 1 && digits.starts_with('0') {
            return Ok(None);
        }
        match text.parse() {
            Ok(value) => Ok(Some(Literal::Int(value))),
            // Something else than digits follows them.
            Err(_) if !text.ends_with(digits) => Ok(None),
            Err(_) => Err(self.bad("has an integer of more than 127 bits")),
        }
    }

    /// A string; `None` where none begins here.
    fn string(&mut self) -> Result<Option<String>> {
        self.next();
        let letters = self.rest.bytes().take_while(u8::is_ascii_alphabetic);
        let (prefix, quoted) = self.rest.split_at(letters.count());
        let prefix = prefix.to_ascii_lowercase();
        let Some(quote) = quoted.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
            return Ok(None);
        };
        if !prefix.is_empty() && !PREFIXES.contains(&&*prefix) {
            return Ok(None);
        }
        let raw = prefix.contains('r');
        let bytes = prefix.contains('b');
        self.rest = &quoted[1..];
        let mut text = String::new();
        loop {
            let plain = self.rest.find(|c: char| c == quote || c == '\\' || c < ' ');
            let (before, rest) = self.rest.split_at(plain.unwrap_or(self.rest.len()));
            text.push_str(before);
            let mut chars = rest.chars();
            let stop = chars.next();
            self.rest = chars.as_str();
            match stop {
                Some(stop) if stop == quote => return Ok(Some(text)),
                // A backslash keeps a quote inside a raw string, and stays there itself.
                Some('\\') if raw => {
                    text.push('\\');
                    let next = chars.next();
                    text.extend(next);
                    self.rest = chars.as_str();
                }
                Some('\\') => text.extend(self.escape(bytes)?),
                Some(_) => return Err(self.bad("has a control character in a string")),
                None => return Err(self.bad("has a string without its end")),
            }
        }
    }

    /// What a backslash and the characters behind it stand for.
    fn escape(&mut self, bytes: bool) -> Result<Option<char>> {
        let mut chars = self.rest.chars();
        let letter = chars.next();
        self.rest = chars.as_str();
        let plain = match letter {
            Some(same @ ('\\' | '\'' | '"' | '/')) => same,
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('a') => '\x07',
            Some('b') => '\x08',
            Some('f') => '\x0C',
            Some('v') => '\x0B',
            Some('x') => return self.code_point(2).map(char::from_u32),
            Some('u') if !bytes => return self.utf16().map(Some),
            Some('U') if !bytes => {
                let value = self.code_point(8)?;
                return match char::from_u32(value) {
                    Some(character) => Ok(Some(character)),
                    None => Err(self.bad("has an escape that is no character")),
                };
            }
            Some(first @ '0'..='7') => return Ok(char::from_u32(self.octal(first))),
            _ => return Err(self.bad("has a backslash that starts no known escape")),
        };
        Ok(Some(plain))
    }

    /// Up to three octal digits, of which `first` is behind us.
    fn octal(&mut self, first: char) -> u32 {
        let mut value = first.to_digit(8).unwrap_or(0);
        for _ in 0..2 {
            let mut chars = self.rest.chars();
            let Some(digit) = chars.next().and_then(|c| c.to_digit(8)) else {
                break;
            };
            value = value * 8 + digit;
            self.rest = chars.as_str();
        }
        value
    }

    /// Exactly `count` hexadecimal digits.
    fn code_point(&mut self, count: usize) -> Result<u32> {
        let digits = self.rest.get(..count).unwrap_or("");
        let hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = u32::from_str_radix(digits, 16).ok().filter(|_| hex);
        let value = value.ok_or_else(|| self.bad("has an escape without its digits"))?;
        self.rest = &self.rest[count..];
        Ok(value)
    }

    /// Four hexadecimal digits, and the second half of a pair where they are the first.
    fn utf16(&mut self) -> Result<char> {
        let first = self.code_point(4)?;
        let mut value = Some(first);
        if (0xD800..0xDC00).contains(&first) {
            value = None;
            if let Some(rest) = self.rest.strip_prefix("\\u") {
                self.rest = rest;
                let second = self.code_point(4)?;
                let low = second.checked_sub(0xDC00).filter(|low| *low < 0x400);
                value = low.map(|low| 0x10000 + ((first - 0xD800) << 10) + low);
            }
        }
        let character = value.and_then(char::from_u32);
        character.ok_or_else(|| self.bad("has half of a surrogate pair"))
    }

    /// The next character that is no space.
    fn next(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
        self.rest.chars().next()
    }

    fn accept(&mut self, token: char) -> bool {
        let found = self.next() == Some(token);
        if found {
            self.rest = &self.rest[token.len_utf8()..];
        }
        found
    }

    fn expect(&mut self, token: char) -> Result<()> {
        match self.accept(token) {
            true => Ok(()),
            false => Err(self.unexpected(&format!("'{token}'"))),
        }
    }

    #[cold]
    fn unexpected(&mut self, wanted: &str) -> Error {
        if self.next().is_none() {
            return self.bad(&format!("ends where {wanted} belongs"));
        }
        let found: String = self.rest.chars().take(8).collect();
        let found = found.escape_debug();
        self.bad(&format!("has '{found}' where {wanted} belongs"))
    }

    #[cold]
    fn bad(&self, predicate: &str) -> Error {
        let message = format!("the {} {predicate}", self.what);
        Error::new(ErrorKind::Corrupt, self.code, message)
    }
}

/// How many digits a text begins with.
fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

fn is_word_char(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;
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
            "-", ".", "-.", "1e", "1e+", ".e5", "--1", "+1", "0x10", "1_000", "007", "-01",
            "1.2.3", "1LL", "1.5L", "5x", "5é", "1 2", "- 1", "1e5L", "-nan", "-None",
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
            "[", "]", "(", ")", "{", "}", ",", ":", "'", "\"", "\\", "x", "u", "U", "b", "r", "0",
            "1", "9", ".", "e", "-", "L", "\\ud83d", "é", "\n", " ", "None", "inf", "'a': 1",
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
}
