//! In: bytes of program text. Out: one token, with its value where it has one.
//! Never: a position (the lexer has those), or a diagnostic in words.

use std::fmt;

use logos::Logos;

use super::literal;

/// A word of the language.
///
/// `True`, `None`, `pi` and the like are names: what a name means is not the lexer's business.
#[derive(Logos, Clone, Debug, PartialEq)]
#[logos(error = Fault)]
#[logos(skip r"[ \t\r\f]+")]
#[logos(skip(r"#[^\n]*", allow_greedy = true))]
#[logos(subpattern digits = r"[0-9](_?[0-9])*")]
#[logos(subpattern exponent = r"[eE][+-]?[0-9](_?[0-9])*")]
#[allow(missing_docs, reason = "the symbols say it")]
pub enum Token<'s> {
    /// An identifier, as written.
    #[regex(r"[_\p{XID_Start}]\p{XID_Continue}*")]
    Name(&'s str),
    /// An integer literal.
    #[regex(r"(?&digits)", |lex| literal::decimal(lex.slice()), priority = 10)]
    #[regex(r"0[xX](_?[0-9a-fA-F])+", |lex| literal::radix(lex.slice(), 16), priority = 10)]
    #[regex(r"0[oO](_?[0-7])+", |lex| literal::radix(lex.slice(), 8), priority = 10)]
    #[regex(r"0[bB](_?[01])+", |lex| literal::radix(lex.slice(), 2), priority = 10)]
    Int(u64),
    /// A float literal.
    #[regex(r"(?&digits)\.(?&digits)?(?&exponent)?", |lex| literal::float(lex.slice()))]
    #[regex(r"\.(?&digits)(?&exponent)?", |lex| literal::float(lex.slice()))]
    #[regex(r"(?&digits)(?&exponent)", |lex| literal::float(lex.slice()))]
    Float(f64),
    /// An imaginary literal, `1.5j`.
    #[regex(r"(?&digits)(\.(?&digits)?)?(?&exponent)?[jJ]", |lex| literal::imaginary(lex.slice()))]
    #[regex(r"\.(?&digits)(?&exponent)?[jJ]", |lex| literal::imaginary(lex.slice()))]
    Imaginary(f64),
    /// A string literal, unescaped.
    #[regex(r"'([^'\\\n]|\\[^\n])*'", |lex| literal::string(lex.slice()))]
    #[regex(r#""([^"\\\n]|\\[^\n])*""#, |lex| literal::string(lex.slice()))]
    Str(String),

    #[token("and")]
    And,
    #[token("or")]
    Or,
    #[token("not")]
    Not,
    #[token("if")]
    If,
    #[token("else")]
    Else,

    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[token("//")]
    SlashSlash,
    #[token("%")]
    Percent,
    #[token("@")]
    At,
    #[token("**")]
    StarStar,
    #[token("<<")]
    Shl,
    #[token(">>")]
    Shr,
    #[token("&")]
    Amp,
    #[token("^")]
    Caret,
    #[token("|")]
    Pipe,
    #[token("~")]
    Tilde,

    #[token("==")]
    EqEq,
    #[token("!=")]
    NotEq,
    #[token("<")]
    Less,
    #[token("<=")]
    LessEq,
    #[token(">")]
    Greater,
    #[token(">=")]
    GreaterEq,

    #[token("(")]
    OpenParen,
    #[token(")")]
    CloseParen,
    #[token("[")]
    OpenSquare,
    #[token("]")]
    CloseSquare,
    #[token(",")]
    Comma,
    #[token(".")]
    Dot,
    #[token(":")]
    Colon,
    #[token("...")]
    Ellipsis,
    #[token("=")]
    Assign,
    #[token(";")]
    Semicolon,
    /// The end of a line; inside brackets it is no token.
    #[token("\n")]
    Newline,

    /// Text that is no token; a diagnostic exists.
    // Shapes of frequent slips, so that each is one token and one diagnostic.
    #[regex(r"0[xXoObB][0-9a-zA-Z_]*", |_| fail(Fault::Number), priority = 5)]
    #[regex(r"[0-9][0-9_]*", |_| fail(Fault::Number), priority = 5)]
    #[regex(r"'([^'\\\n]|\\[^\n])*", |_| fail(Fault::Unterminated), priority = 5)]
    #[regex(r#""([^"\\\n]|\\[^\n])*"#, |_| fail(Fault::Unterminated), priority = 5)]
    #[regex(r"&&|\|\||!|<>|=>|=<|===|!==|:=", |_| fail(Fault::Foreign), priority = 5)]
    #[regex(r".", |_| fail(Fault::Foreign), priority = 0)]
    Error,
}

/// Why a piece of text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Fault {
    /// A character or operator that this language does not have.
    #[default]
    Foreign,
    /// Digits that make no number.
    Number,
    /// A decimal integer that starts with 0.
    LeadingZero,
    /// An integer of 2^64 or more.
    TooLarge,
    /// A string without its closing quote.
    Unterminated,
    /// A backslash in a string that starts no known escape; where it starts and ends in the token.
    Escape(usize, usize),
}

/// What a pattern of a slip answers; it names the types that its closure cannot.
fn fail(fault: Fault) -> Result<(), Fault> {
    Err(fault)
}

/// As written, or as close as its value gets.
impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Token::Name(name) => return f.write_str(name),
            Token::Int(value) => return write!(f, "{value}"),
            Token::Float(value) => return f.write_str(&literal::float_text(*value)),
            Token::Imaginary(value) => return write!(f, "{}j", literal::float_text(*value)),
            Token::Str(text) => return f.write_str(&literal::string_text(text)),
            Token::And => "and",
            Token::Or => "or",
            Token::Not => "not",
            Token::If => "if",
            Token::Else => "else",
            Token::Plus => "+",
            Token::Minus => "-",
            Token::Star => "*",
            Token::Slash => "/",
            Token::SlashSlash => "//",
            Token::Percent => "%",
            Token::At => "@",
            Token::StarStar => "**",
            Token::Shl => "<<",
            Token::Shr => ">>",
            Token::Amp => "&",
            Token::Caret => "^",
            Token::Pipe => "|",
            Token::Tilde => "~",
            Token::EqEq => "==",
            Token::NotEq => "!=",
            Token::Less => "<",
            Token::LessEq => "<=",
            Token::Greater => ">",
            Token::GreaterEq => ">=",
            Token::OpenParen => "(",
            Token::CloseParen => ")",
            Token::OpenSquare => "[",
            Token::CloseSquare => "]",
            Token::Comma => ",",
            Token::Dot => ".",
            Token::Colon => ":",
            Token::Ellipsis => "...",
            Token::Assign => "=",
            Token::Semicolon => ";",
            Token::Newline => "end of line",
            Token::Error => "error",
        })
    }
}

impl Token<'_> {
    /// Which group of tokens it belongs to: how editors colour it and `explain` lists it.
    pub fn class(&self) -> Class {
        match self {
            Token::Name(_) => Class::Name,
            Token::Int(_) | Token::Float(_) | Token::Imaginary(_) => Class::Number,
            Token::Str(_) => Class::Str,
            Token::And | Token::Or | Token::Not | Token::If | Token::Else => Class::Keyword,
            Token::Plus
            | Token::Minus
            | Token::Star
            | Token::Slash
            | Token::SlashSlash
            | Token::Percent
            | Token::At
            | Token::StarStar
            | Token::Shl
            | Token::Shr
            | Token::Amp
            | Token::Caret
            | Token::Pipe
            | Token::Tilde
            | Token::EqEq
            | Token::NotEq
            | Token::Less
            | Token::LessEq
            | Token::Greater
            | Token::GreaterEq => Class::Operator,
            Token::OpenParen
            | Token::CloseParen
            | Token::OpenSquare
            | Token::CloseSquare
            | Token::Comma
            | Token::Dot
            | Token::Colon
            | Token::Ellipsis
            | Token::Assign
            | Token::Semicolon
            | Token::Newline => Class::Mark,
            Token::Error => Class::Error,
        }
    }

    /// Whether it stands before or between operands: `+`, `not`.
    pub(super) fn is_operator(&self) -> bool {
        matches!(self.class(), Class::Operator | Class::Keyword)
    }

    /// Whether an operand may end here, so that a following `-` stands between two operands.
    pub(super) fn ends_operand(&self) -> bool {
        match self.class() {
            Class::Name | Class::Number | Class::Str | Class::Error => true,
            Class::Keyword | Class::Operator => false,
            Class::Mark => matches!(self, Token::CloseParen | Token::CloseSquare),
        }
    }
}

/// A group of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// An identifier.
    Name,
    /// An integer, float or imaginary literal.
    Number,
    /// A string literal.
    Str,
    /// `and`, `or`, `not`, `if`, `else`.
    Keyword,
    /// `+` and its like.
    Operator,
    /// Brackets, separators, dots, the end of a line.
    Mark,
    /// Text that is no token.
    Error,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Class::Name => "name",
            Class::Number => "number",
            Class::Str => "string",
            Class::Keyword => "keyword",
            Class::Operator => "operator",
            Class::Mark => "mark",
            Class::Error => "error",
        })
    }
}
