//! In: a token that the grammar has no place for. Out: a diagnostic in the words of a person.
//! Never: the names that the grammar gives to tokens.

use std::convert::Infallible;

use lalrpop_util::ParseError;

use super::build::times;
use super::lexer::as_word;
use super::token::{Class, Token};
use crate::diag::{Code, Diagnostic, Edit};
use crate::source::{Source, Span};

/// What the generated parser says.
pub(super) type Refusal<'s> = ParseError<usize, Token<'s>, Infallible>;

/// Explains a refusal. `None` where another diagnostic says it already: at text that is no token,
/// and at a closing bracket that the text lacks.
pub(super) fn explain(
    source: &Source,
    tokens: &[(Token<'_>, Span)],
    refusal: &Refusal<'_>,
) -> Option<Diagnostic> {
    let (found, expected): (_, &[String]) = match refusal {
        ParseError::UnrecognizedToken { token, expected } => (Some(token), expected),
        ParseError::UnrecognizedEof { expected, .. } => (None, expected),
        ParseError::ExtraToken { token } => (Some(token), &[]),
        // OK because this never runs: the lexer is ours and reports no invalid tokens.
        ParseError::InvalidToken { .. } => (None, &[]),
        ParseError::User { error } => match *error {},
    };
    let start = found.map_or(source.text().len(), |&(start, ..)| start);
    let index = tokens.partition_point(|(_, span)| (span.start as usize) < start);
    let place = Place {
        source,
        before: index.checked_sub(1).and_then(|before| tokens.get(before)),
        found: found.map(|(start, token, end)| (token, Span::new(*start, *end))),
        expected: Expected::group(expected),
    };
    match place.found {
        Some((Token::Error, _)) => None,
        Some((_, span)) if span.start == span.end => None,
        _ => Some(place.explain()),
    }
}

/// Where the parser stopped.
struct Place<'a, 's> {
    source: &'a Source,
    before: Option<&'a (Token<'s>, Span)>,
    /// `None` at the end of the text.
    found: Option<(&'a Token<'s>, Span)>,
    expected: Expected,
}

/// What could have stood there, in the words of a person.
struct Expected {
    operand: bool,
    operator: bool,
    words: Vec<String>,
}

impl Expected {
    /// Groups tokens, given by their names in the grammar.
    fn group(names: &[String]) -> Self {
        let names: Vec<&str> = names.iter().map(|name| name.trim_matches('"')).collect();
        let has = |name: &str| names.contains(&name);
        let operand = has("int");
        let operator = has("*");
        let mut words = Vec::new();
        let mut word = |condition: bool, text: &str| {
            if condition {
                words.push(text.to_owned());
            }
        };
        word(has("else"), "`else`");
        word(operand, "an expression");
        word(operator && !has("else"), "an operator");
        word(has("name") && !operand, "a name");
        // After an operand a call or an index could follow too; only closing is worth a word.
        word(has(",") && (has(")") || has("]")), "`,`");
        word(has(")"), "`)`");
        word(has("]"), "`]`");
        Self {
            operand,
            operator,
            words,
        }
    }

    fn text(&self) -> String {
        match &self.words[..] {
            [] => "the end of the line".to_owned(),
            [one] => one.clone(),
            [first @ .., last] => format!("{} or {last}", first.join(", ")),
        }
    }
}

impl Place<'_, '_> {
    fn explain(self) -> Diagnostic {
        let special = self.augmented_assignment().or_else(|| self.word_operator());
        special.unwrap_or_else(|| self.with_help(self.plain()))
    }

    /// Expected this, found that.
    fn plain(&self) -> Diagnostic {
        let expected = self.expected.text();
        let before_end = self.before.map_or(0, |(_, span)| span.end as usize);
        let gap = Span::new(before_end, before_end);
        let (code, found, span) = match self.found {
            None => (Code::UnexpectedEnd, "the end".to_owned(), gap),
            Some((Token::Newline, _)) => {
                (Code::UnexpectedEnd, "the end of the line".to_owned(), gap)
            }
            Some((Token::Semicolon, span)) => (Code::UnexpectedEnd, "`;`".to_owned(), span),
            Some((_, span)) => (
                Code::UnexpectedToken,
                format!("`{}`", shorten(self.source.slice(span))),
                span,
            ),
        };
        let diagnostic = Diagnostic::new(
            code,
            format!("expected {expected}, found {found}"),
            span,
            format!("expected {expected}"),
        );
        match self.before {
            Some((operator, span)) if self.expected.operand && operator.is_operator() => {
                diagnostic.label(*span, format!("`{operator}` needs an operand on its right"))
            }
            _ => diagnostic,
        }
    }

    /// Adds the ways out that fit this place.
    fn with_help(&self, diagnostic: Diagnostic) -> Diagnostic {
        let Some((found, span)) = self.found else {
            return self.with_choice(diagnostic);
        };
        if *found == Token::Assign {
            diagnostic.suggest("to compare, use `==`", replace(span, "=="))
        } else if *found == Token::Not && self.expected.operand {
            diagnostic.help("`not` binds weaker than this operator: put it in brackets")
        } else if *found == Token::Ellipsis {
            diagnostic.help("`...` stands in an index only: `x[..., 0]`")
        } else if let Some(end) = self.product(found) {
            diagnostic.suggest("to multiply, use `*`", times(end, span.start as usize))
        } else {
            self.with_choice(diagnostic)
        }
    }

    /// How a choice is written, where somebody seems to try.
    fn with_choice(&self, diagnostic: Diagnostic) -> Diagnostic {
        let starts_with_if = matches!(self.found, Some((Token::If, _))) && self.expected.operand;
        let lacks_else = self.expected.words.iter().any(|word| word == "`else`");
        if starts_with_if || lacks_else {
            diagnostic.help("a choice is written `a if condition else b`")
        } else {
            diagnostic
        }
    }

    /// Where the first of two factors ends that stand side by side, as in `2x` and `(a + b) c`.
    fn product(&self, found: &Token<'_>) -> Option<usize> {
        let starts = matches!(
            found,
            Token::Name(_) | Token::Int(_) | Token::Float(_) | Token::Imaginary(_)
        );
        let (before, span) = self.before?;
        let ends = before.class() == Class::Number || *before == Token::CloseParen;
        (starts && ends && self.expected.operator).then_some(span.end as usize)
    }

    /// `x += 1`
    fn augmented_assignment(&self) -> Option<Diagnostic> {
        let (Some((operator, left)), Some((Token::Assign, right))) = (self.before, self.found)
        else {
            return None;
        };
        (operator.is_operator() && left.end == right.start).then(|| {
            Diagnostic::new(
                Code::UnexpectedToken,
                format!("there is no `{operator}=`"),
                left.to(right),
                "",
            )
            .help(format!("bind the name again: `a = a {operator} ...`"))
        })
    }

    /// `a AND b`, `a is b`, `a mod b`
    fn word_operator(&self) -> Option<Diagnostic> {
        let (Token::Name(name), span) = self.found? else {
            return None;
        };
        if !self.expected.operator {
            return None;
        }
        let (_, here) = WORDS.iter().find(|(word, _)| word == name)?;
        // Nothing compares with `None`.
        if self.source.text()[span.end as usize..]
            .trim_start()
            .starts_with("None")
        {
            return None;
        }
        let diagnostic = Diagnostic::new(
            Code::UnexpectedToken,
            format!("there is no operator `{name}`"),
            span,
            format!("here it is `{here}`"),
        );
        let text = as_word(self.source.text(), span, here);
        Some(diagnostic.suggest(format!("write `{here}`"), vec![Edit { span, text }]))
    }
}

/// Operators that other languages spell as words, and what they are called here.
const WORDS: &[(&str, &str)] = &[
    ("AND", "and"),
    ("And", "and"),
    ("OR", "or"),
    ("Or", "or"),
    ("IF", "if"),
    ("ELSE", "else"),
    ("xor", "^"),
    ("XOR", "^"),
    ("is", "=="),
    ("eq", "=="),
    ("ne", "!="),
    ("lt", "<"),
    ("le", "<="),
    ("gt", ">"),
    ("ge", ">="),
    ("mod", "%"),
    ("div", "//"),
];

fn replace(span: Span, text: &str) -> Vec<Edit> {
    vec![Edit {
        span,
        text: text.to_owned(),
    }]
}

/// The start of a text, if it is long.
fn shorten(text: &str) -> String {
    const MAX_SHOWN: usize = 24;
    let mut shown: String = text.chars().take(MAX_SHOWN).collect();
    if shown.len() < text.len() {
        shown.push_str("...");
    }
    shown
}
