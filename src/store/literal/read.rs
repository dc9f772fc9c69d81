//! In: text. Out: the literal that it consists of.
//! Never: recursion without a bound.

use std::collections::HashSet;

use super::Literal;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_LITERAL_DEPTH;

/// Reads the one literal of a text.
pub(super) fn literal(text: &str, code: Code, what: &str) -> Result<Literal> {
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
