//! In: program text. Out: its tokens with their spans, and what is wrong with those that are none.
//! Never: an `Err`, or a line end inside brackets (it separates nothing there).

use logos::Logos;

use super::token::{Fault, Token};
use crate::diag::{Code, Diagnostic, Edit};
use crate::limits::MAX_TOKENS;
use crate::source::{Source, Span};

/// A program's tokens, and what is wrong with some.
#[derive(Clone, Debug, Default)]
pub(super) struct Lexed<'s> {
    pub(super) tokens: Vec<(Token<'s>, Span)>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Splits text into tokens; stops one past the limit.
pub(super) fn lex(source: &Source) -> Lexed<'_> {
    let mut lexed = Lexed::default();
    let mut depth = 0_usize;
    for (result, range) in Token::lexer(source.text()).spanned() {
        let span = Span::new(range.start, range.end);
        let (token, span) = match result {
            Ok(token) => (token, span),
            Err(fault) => lexed.fault(source, fault, span),
        };
        if matches!(token, Token::OpenParen | Token::OpenSquare) {
            depth += 1;
        } else if matches!(token, Token::CloseParen | Token::CloseSquare) {
            depth = depth.saturating_sub(1);
        } else if token == Token::Newline && depth > 0 {
            continue;
        }
        lexed.tokens.push((token, span));
        if lexed.tokens.len() > MAX_TOKENS {
            break;
        }
    }
    lexed
}

impl<'s> Lexed<'s> {
    /// Reports a fault and returns the token that was probably meant, and its text.
    fn fault(&mut self, source: &'s Source, fault: Fault, mut span: Span) -> (Token<'s>, Span) {
        let text = source.slice(span);
        if fault == Fault::Foreign {
            if let Some(slip) = SLIPS.iter().find(|slip| slip.text == text) {
                self.diagnostics.push(slip.diagnostic(source, span));
                return (slip.meant.clone(), span);
            }
            span = self.take_foreign_before(span);
        }
        let diagnostic = match fault {
            Fault::Foreign => foreign(source.slice(span), span),
            Fault::Number => bad_number(text, span),
            Fault::LeadingZero => leading_zero(text, span),
            Fault::TooLarge => Diagnostic::new(
                Code::NumberTooLarge,
                "this integer does not fit 64 bits",
                span,
                "the largest is 18446744073709551615",
            ),
            Fault::Unterminated => unterminated(text, span),
            Fault::Escape(start, end) => bad_escape(source, span, start, end),
        };
        self.diagnostics.push(diagnostic);
        (Token::Error, span)
    }

    /// Takes back the foreign text that ends where `span` starts, so that a run of it is one
    /// token; returns the span of both.
    fn take_foreign_before(&mut self, span: Span) -> Span {
        let (Some((Token::Error, before)), Some(diagnostic)) =
            (self.tokens.last(), self.diagnostics.last())
        else {
            return span;
        };
        let before = *before;
        let joins = before.end == span.start
            && diagnostic.code == Code::UnknownChar
            && diagnostic.span() == before;
        if !joins {
            return span;
        }
        self.tokens.pop();
        self.diagnostics.pop();
        before.to(span)
    }
}

/// An operator of another language, and what it is called here.
struct Slip {
    text: &'static str,
    meant: Token<'static>,
    here: &'static str,
}

const fn slip(text: &'static str, meant: Token<'static>, here: &'static str) -> Slip {
    Slip { text, meant, here }
}

// `&&` becomes `and`, not `&`, which would bind tighter than the comparisons on its sides.
const SLIPS: &[Slip] = &[
    slip("&&", Token::And, "and"),
    slip("||", Token::Or, "or"),
    slip("!", Token::Tilde, "~"),
    slip("<>", Token::NotEq, "!="),
    slip("!==", Token::NotEq, "!="),
    slip("===", Token::EqEq, "=="),
    slip("=>", Token::GreaterEq, ">="),
    slip("=<", Token::LessEq, "<="),
    slip(":=", Token::Assign, "="),
    slip("≠", Token::NotEq, "!="),
    slip("≥", Token::GreaterEq, ">="),
    slip("≤", Token::LessEq, "<="),
    slip("×", Token::Star, "*"),
    slip("·", Token::Star, "*"),
    slip("÷", Token::Slash, "/"),
    slip("−", Token::Minus, "-"),
    slip("–", Token::Minus, "-"),
    slip("∧", Token::And, "and"),
    slip("∨", Token::Or, "or"),
    slip("¬", Token::Tilde, "~"),
    slip("∞", Token::Name("inf"), "inf"),
    slip("…", Token::Ellipsis, "..."),
];

impl Slip {
    fn diagnostic(&self, source: &Source, span: Span) -> Diagnostic {
        let Self { text, here, .. } = self;
        Diagnostic::new(
            Code::UnknownChar,
            format!("there is no `{text}`"),
            span,
            format!("here it is `{here}`"),
        )
        .suggest(
            format!("write `{here}`"),
            vec![Edit {
                span,
                text: as_word(source.text(), span, here),
            }],
        )
    }
}

/// `word` to stand at `span`, with the spaces that keep it apart from letters beside it.
pub(super) fn as_word(text: &str, span: Span, word: &str) -> String {
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    if !word.ends_with(is_word) {
        return word.to_owned();
    }
    let space = |apart: bool| if apart { "" } else { " " };
    let before = text[..span.start as usize].chars().next_back();
    let after = text[span.end as usize..].chars().next();
    format!(
        "{}{word}{}",
        space(before.is_none_or(char::is_whitespace)),
        space(after.is_none_or(char::is_whitespace)),
    )
}

fn foreign(text: &str, span: Span) -> Diagnostic {
    let shown: String = text.chars().take(8).collect();
    let dots = if shown.len() < text.len() { "..." } else { "" };
    let diagnostic = Diagnostic::new(
        Code::UnknownChar,
        format!("no token starts with `{}{dots}`", shown.escape_debug()),
        span,
        "",
    );
    match text.chars().next() {
        Some('?') => diagnostic.help("a choice is written `a if condition else b`"),
        Some('\\') => diagnostic.help("a line goes on inside brackets, without a backslash"),
        Some('{' | '}') => diagnostic.help("groups stand in `(` `)`, lists in `[` `]`"),
        Some('“' | '”' | '‘' | '’' | '`') => {
            diagnostic.help("strings stand in `'` or `\"`")
        }
        _ => diagnostic,
    }
}

fn bad_number(text: &str, span: Span) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::BadNumber,
        format!("`{text}` is no number"),
        span,
        "cannot be read",
    );
    match text.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => diagnostic.note("after `0x` come digits 0 to 9 and a to f"),
        Some("0o") => diagnostic.note("after `0o` come digits 0 to 7"),
        Some("0b") => diagnostic.note("after `0b` come digits 0 and 1"),
        _ => {
            let digits: Vec<&str> = text.split('_').filter(|part| !part.is_empty()).collect();
            diagnostic.suggest(
                "a single `_` may stand between two digits",
                vec![Edit {
                    span,
                    text: digits.join("_"),
                }],
            )
        }
    }
}

fn leading_zero(text: &str, span: Span) -> Diagnostic {
    let edit = |text: String| vec![Edit { span, text }];
    let digits = text.trim_start_matches(['0', '_']);
    let mut diagnostic = Diagnostic::new(
        Code::BadNumber,
        "a decimal integer does not start with 0",
        span,
        "decimal or octal?",
    )
    .suggest("if it is decimal", edit(digits.to_owned()));
    if !digits.contains(['8', '9']) {
        diagnostic = diagnostic.suggest("if it is octal", edit(format!("0o{digits}")));
    }
    diagnostic
}

fn unterminated(text: &str, span: Span) -> Diagnostic {
    let quote = text.get(..1).unwrap_or("'");
    let diagnostic = Diagnostic::new(
        Code::UnterminatedString,
        "a string is never closed",
        span,
        format!("no `{quote}` up to the end of the line"),
    );
    // Perhaps brackets and what follows them belong outside: the first that parses is shown.
    let end = text.trim_end().len();
    let outside = text.trim_end_matches(|char: char| char.is_whitespace() || ")],".contains(char));
    let places = [end, outside.len()]
        .into_iter()
        .chain(text.find([')', ']', ',']));
    places.fold(diagnostic, |diagnostic, at| {
        let at = span.start as usize + at;
        let edit = Edit {
            span: Span::new(at, at),
            text: quote.to_owned(),
        };
        diagnostic.suggest(format!("close it with `{quote}`"), vec![edit])
    })
}

fn bad_escape(source: &Source, string: Span, start: usize, end: usize) -> Diagnostic {
    let at = string.start as usize;
    let span = Span::new(at + start, at + end);
    let backslash = Span::new(at + start, at + start + 1);
    Diagnostic::new(
        Code::BadEscape,
        format!("strings have no escape `{}`", source.slice(span)),
        span,
        "",
    )
    .suggest(
        "a backslash itself is written twice",
        vec![Edit {
            span: backslash,
            text: "\\\\".to_owned(),
        }],
    )
}
