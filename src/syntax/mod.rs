//! In: program text. Out: a tree, always; and what was wrong with the text.
//! Never: types, names' meanings, or an `Err`.
//!
//! Text is split into tokens (`lexer`), their brackets are matched (`balance`), the grammar
//! recognises statements (`grammar/expr.lalrpop`) and adds nodes to an arena (`build`). What it
//! has no place for is put in words (`expected`), and edits that would help are tried out
//! (`suggest`).

pub mod ast;
mod balance;
mod build;
mod expected;
mod lexer;
mod literal;
mod print;
mod suggest;
mod token;

lalrpop_util::lalrpop_mod!(
    #[allow(warnings, clippy::all, clippy::pedantic, reason = "generated")]
    expr
);

pub use ast::Ast;
pub use print::tokens_text;
pub use token::{Class, Fault, Token};

use ast::Statement;
use build::{Builder, Progress};

use crate::diag::{Code, Diagnostic};
use crate::limits::{
    MAX_DEPTH, MAX_DIAGNOSTICS, MAX_NESTING, MAX_NODES, MAX_SOURCE_BYTES, MAX_TOKENS,
};
use crate::source::{Source, Span};

/// What a program's text says, and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The tree. Where text could not be read it has [`ast::Node::Error`] or
    /// [`ast::Statement::Error`], and then there is a diagnostic. Nodes that no statement reaches
    /// may be left over from text that could not be read.
    pub ast: Ast,
    /// What is wrong, in text order; empty for a valid program.
    pub diagnostics: Vec<Diagnostic>,
}

/// The tokens of a program. Line ends inside brackets and comments are no tokens; text that is
/// none is [`Token::Error`]. Stops one past [`MAX_TOKENS`].
pub fn lex(source: &Source) -> Vec<(Token<'_>, Span)> {
    lexer::lex(source).tokens
}

/// The tree of a program.
///
/// ```
/// use fuseblock::source::Source;
/// use fuseblock::syntax::parse;
///
/// assert!(parse(&Source::expr("mean(d), max(abs(d))")).diagnostics.is_empty());
///
/// let broken = parse(&Source::expr("2x"));
/// assert_eq!(broken.diagnostics[0].message, "expected an operator, found `x`");
/// assert_eq!(broken.diagnostics[0].help[0].text, "to multiply, use `*`");
/// ```
pub fn parse(source: &Source) -> Parsed {
    let Parsed {
        ast,
        mut diagnostics,
    } = read(source);
    let found = diagnostics.len();
    diagnostics.truncate(MAX_DIAGNOSTICS);
    suggest::keep_what_helps(source, &mut diagnostics, found, |edited| {
        read(edited).diagnostics
    });
    Parsed { ast, diagnostics }
}

/// The tree, and all that is wrong, with edits that nobody has tried yet.
fn read(source: &Source) -> Parsed {
    if source.text().len() > MAX_SOURCE_BYTES {
        return Limit::Bytes.refuse(source, Span::new(MAX_SOURCE_BYTES, MAX_SOURCE_BYTES));
    }
    let lexed = lexer::lex(source);
    if let Some(&(_, past)) = lexed.tokens.get(MAX_TOKENS) {
        return Limit::Tokens.refuse(source, past);
    }
    let balanced = balance::balance(source, lexed);
    if let Some(past) = balanced.too_deep {
        return Limit::Nesting.refuse(source, past);
    }

    let progress = Progress::default();
    let mut builder = Builder::new(&progress);
    let triples = balanced
        .tokens
        .iter()
        .take_while(|(token, _)| progress.goes_on(token))
        .map(|(token, span)| Ok((span.start as usize, token.clone(), span.end as usize)));
    let result = expr::ProgramParser::new().parse(&mut builder, triples);
    if let Some((limit, past)) = builder.overflow {
        return limit.refuse(source, past);
    }

    let refusals = builder.mistakes.into_iter().map(|mistake| mistake.error);
    let (statements, last) = match result {
        Ok(statements) => (statements, None),
        Err(refusal) => (vec![Statement::Error(whole(source))], Some(refusal)),
    };
    let mut diagnostics = balanced.diagnostics;
    diagnostics.append(&mut builder.diagnostics);
    diagnostics.extend(
        refusals
            .chain(last)
            .filter_map(|refusal| expected::explain(source, &balanced.tokens, &refusal))
            .filter(|diagnostic| {
                balanced
                    .unclosed
                    .is_none_or(|open| diagnostic.span().start < open.start)
            }),
    );
    if statements.is_empty() && diagnostics.is_empty() {
        diagnostics.push(empty(source));
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.span().start);
    builder.ast.statements = statements;
    Parsed {
        ast: builder.ast,
        diagnostics,
    }
}

/// A bound that a program can exceed.
#[derive(Clone, Copy)]
enum Limit {
    Bytes,
    Tokens,
    Nesting,
    Depth,
    Nodes,
}

impl Limit {
    /// No tree but one error, and one diagnostic, at what is one too many.
    fn refuse(self, source: &Source, past: Span) -> Parsed {
        let code = match self {
            Limit::Bytes => Code::TooLong,
            Limit::Nesting | Limit::Depth => Code::TooDeep,
            Limit::Tokens | Limit::Nodes => Code::TooMany,
        };
        let (message, way_out) = match self {
            Limit::Bytes => (
                format!("the program is longer than {MAX_SOURCE_BYTES} bytes"),
                "split it into several programs",
            ),
            Limit::Tokens => (
                format!("the program has more than {MAX_TOKENS} words and signs"),
                "split it into several programs",
            ),
            Limit::Nesting => (
                format!("brackets and operators are nested more than {MAX_NESTING} deep"),
                "bind the inner part to a name, in a statement of its own",
            ),
            Limit::Depth => (
                format!("more than {MAX_DEPTH} operations hang on each other"),
                "bind a part to a name, in a statement of its own, or put brackets around parts",
            ),
            Limit::Nodes => (
                format!("the program has more than {MAX_NODES} names, numbers and operations"),
                "split it into several programs",
            ),
        };
        let mut ast = Ast::default();
        ast.statements.push(Statement::Error(whole(source)));
        let diagnostic =
            Diagnostic::new(code, message, past, "here it is one too many").help(way_out);
        Parsed {
            ast,
            diagnostics: vec![diagnostic],
        }
    }
}

fn whole(source: &Source) -> Span {
    Span::new(0, source.text().len())
}

fn empty(source: &Source) -> Diagnostic {
    let end = source.text().trim_end().len();
    Diagnostic::new(
        Code::Empty,
        "there is nothing to compute",
        Span::new(end, end),
        "expected an expression",
    )
}

#[cfg(test)]
mod tests;
