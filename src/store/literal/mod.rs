//! In: text in JSON or of a Python literal, as headers and metadata of array files hold it. Out:
//! its value.
//! Never: an evaluator: no names, calls or operators; a key that is there twice.

mod read;

use std::fmt;

use crate::diag::Code;
use crate::error::Result;

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
        read::literal(text, code, what)
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

#[cfg(test)]
mod tests;
