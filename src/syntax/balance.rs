//! In: the tokens of a program. Out: the same tokens with every bracket closed, nested within
//! the limit; and what had to be added, changed or left out.
//! Never: a tree. The parser, which follows, never sees a bracket without its partner.

use super::lexer::Lexed;
use super::token::{Class, Token};
use crate::diag::{Code, Diagnostic, Edit};
use crate::limits::MAX_NESTING;
use crate::source::{Source, Span};

/// Tokens whose brackets match.
#[derive(Debug, Default)]
pub(super) struct Balanced<'s> {
    /// Closing brackets that the text lacks have an empty span.
    pub(super) tokens: Vec<(Token<'s>, Span)>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The first bracket that nothing closes: what follows it can hardly be judged.
    pub(super) unclosed: Option<Span>,
    /// The first token nested deeper than the limit; the tokens end there.
    pub(super) too_deep: Option<Span>,
}

/// Matches brackets; keeps the lexer's diagnostics.
pub(super) fn balance<'s>(source: &'s Source, lexed: Lexed<'s>) -> Balanced<'s> {
    let mut out = Balanced {
        tokens: Vec::with_capacity(lexed.tokens.len()),
        diagnostics: lexed.diagnostics,
        ..Balanced::default()
    };
    let mut open: Vec<Open> = Vec::new();
    let mut nesting = Nesting::default();
    for (token, span) in lexed.tokens {
        let after_operand = out
            .tokens
            .last()
            .is_some_and(|(before, _)| before.ends_operand());
        if nesting.see(&token, after_operand) > MAX_NESTING {
            out.too_deep = Some(span);
            return out;
        }
        if let Some(bracket) = Bracket::opened_by(&token) {
            open.push(Open {
                bracket,
                span,
                wrong: None,
            });
        }
        let stays = Bracket::closed_by(&token)
            .is_none_or(|bracket| out.close(source, &mut open, bracket, span));
        if stays {
            out.tokens.push((token, span));
        }
    }
    let end = source.text().len();
    while let Some(innermost) = open.pop() {
        out.unclosed = Some(innermost.span);
        out.never_closed(source, innermost, end);
    }
    out
}

/// A bracket that waits for its partner.
struct Open {
    bracket: Bracket,
    span: Span,
    /// A closing bracket of another kind seen meanwhile, and before which token.
    wrong: Option<(usize, Span)>,
}

/// A kind of bracket.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bracket {
    Paren,
    Square,
}

impl Bracket {
    const ALL: [Bracket; 2] = [Bracket::Paren, Bracket::Square];

    fn opened_by(token: &Token<'_>) -> Option<Self> {
        Self::ALL.into_iter().find(|open| open.opening() == *token)
    }

    fn closed_by(token: &Token<'_>) -> Option<Self> {
        Self::ALL.into_iter().find(|open| open.closing() == *token)
    }

    fn closing(self) -> Token<'static> {
        match self {
            Bracket::Paren => Token::CloseParen,
            Bracket::Square => Token::CloseSquare,
        }
    }

    fn opening(self) -> Token<'static> {
        match self {
            Bracket::Paren => Token::OpenParen,
            Bracket::Square => Token::OpenSquare,
        }
    }
}

impl<'s> Balanced<'s> {
    /// Handles a closing bracket; says whether it stays.
    fn close(
        &mut self,
        source: &Source,
        open: &mut Vec<Open>,
        bracket: Bracket,
        span: Span,
    ) -> bool {
        let Some(partner) = open.iter().rposition(|open| open.bracket == bracket) else {
            match open.last_mut() {
                // Perhaps it is the partner, mistyped: the end of the text will tell.
                Some(innermost) if innermost.wrong.is_none() => {
                    innermost.wrong = Some((self.tokens.len(), span));
                }
                _ => self.diagnostics.push(closes_nothing(bracket, span)),
            }
            return false;
        };
        while open.len() > partner + 1 {
            // OK because the loop runs only while there is more than one.
            let inner = open.pop().expect("an open bracket above its partner");
            self.never_closed(source, inner, span.start as usize);
        }
        if let Some(Open {
            wrong: Some((_, wrong)),
            bracket,
            ..
        }) = open.pop()
        {
            let other = match bracket {
                Bracket::Paren => Bracket::Square,
                Bracket::Square => Bracket::Paren,
            };
            self.diagnostics.push(closes_nothing(other, wrong));
        }
        true
    }

    /// Closes a bracket that nothing in the text closes before `end`.
    fn never_closed(&mut self, source: &Source, open: Open, end: usize) {
        let (opening, closing) = (open.bracket.opening(), open.bracket.closing());
        if let Some((at, span)) = open.wrong {
            let found = source.slice(span);
            let diagnostic = Diagnostic::new(
                Code::Unclosed,
                format!("`{opening}` is closed by `{found}`"),
                span,
                format!("this should be `{closing}`"),
            )
            .label(open.span, "opened here")
            .suggest(
                format!("write `{closing}`"),
                vec![Edit {
                    span,
                    text: closing.to_string(),
                }],
            );
            self.diagnostics.push(diagnostic);
            self.tokens.insert(at, (closing, span));
            return;
        }
        let mut diagnostic = Diagnostic::new(
            Code::Unclosed,
            format!("`{opening}` is never closed"),
            open.span,
            "opened here",
        );
        // All of them are tried, in this order; the first that parses is shown.
        for at in closing_places(source.text(), open.span.end as usize, end) {
            let edit = Edit {
                span: Span::new(at, at),
                text: closing.to_string(),
            };
            diagnostic = diagnostic.suggest(format!("close it with `{closing}`"), vec![edit]);
        }
        if !self.swallowed_after(open.span) {
            self.diagnostics.push(diagnostic);
        }
        self.tokens.push((closing, Span::new(end, end)));
    }
}

impl Balanced<'_> {
    /// Whether a string without an end may have swallowed the partner of this bracket.
    fn swallowed_after(&self, open: Span) -> bool {
        self.diagnostics.iter().any(|diagnostic| {
            diagnostic.code == Code::UnterminatedString && diagnostic.span().start >= open.end
        })
    }
}

/// Where a bracket may have been meant to close: at the end of the statement, of the line, of
/// what surrounds it. Behind the last character that is no space.
fn closing_places(text: &str, from: usize, end: usize) -> Vec<usize> {
    let rest = &text[from..end];
    let mut places: Vec<usize> = [rest.find(';'), rest.find('#'), rest.find('\n')]
        .into_iter()
        .flatten()
        .chain([rest.len()])
        .map(|at| from + rest[..at].trim_end().len())
        .collect();
    places.dedup();
    places
}

fn closes_nothing(bracket: Bracket, span: Span) -> Diagnostic {
    let closing = bracket.closing();
    Diagnostic::new(
        Code::UnexpectedToken,
        format!("`{closing}` closes nothing"),
        span,
        format!("no `{}` is open here", bracket.opening()),
    )
    .suggest(
        "leave it out",
        vec![Edit {
            span,
            text: String::new(),
        }],
    )
}

/// How much the parser has to remember: open brackets, and operators that wait for their right
/// side. It reads from left to right, so `a + b + c` waits for one at a time, `-a`, `a ** b`,
/// `not a` and `a if b else c` for as many as follow each other.
#[derive(Default)]
struct Nesting {
    outer: Vec<Waiting>,
    here: Waiting,
    total: usize,
}

/// Operators within one pair of brackets that wait for their right side, weakest first.
#[derive(Default)]
struct Waiting {
    choices: usize,
    nots: usize,
    signs: usize,
}

impl Waiting {
    fn count(&self) -> usize {
        self.choices + self.nots + self.signs
    }
}

impl Nesting {
    /// Sees the next token; returns the nesting after it.
    fn see(&mut self, token: &Token<'_>, after_operand: bool) -> usize {
        let here = &mut self.here;
        let is = |tokens: &[Token<'_>]| tokens.contains(token);
        if Bracket::opened_by(token).is_some() {
            self.total += 1 + here.count();
            self.outer.push(std::mem::take(here));
        } else if Bracket::closed_by(token).is_some() {
            if let Some(outer) = self.outer.pop() {
                self.total -= 1 + outer.count();
                *here = outer;
            }
        } else if is(&[Token::StarStar]) || (token.class() == Class::Operator && !after_operand) {
            here.signs += 1;
        } else if is(&[Token::Not]) {
            here.nots += 1;
        } else if is(&[Token::And, Token::Or, Token::If, Token::Else]) {
            let choices = here.choices + usize::from(is(&[Token::Else]));
            *here = Waiting {
                choices,
                ..Waiting::default()
            };
        } else if token.class() == Class::Operator {
            here.signs = 0;
        } else if token.class() == Class::Mark && !is(&[Token::Dot, Token::Ellipsis]) {
            *here = Waiting::default();
        }
        self.total + self.here.count()
    }
}
