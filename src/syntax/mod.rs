//! In: program text. Out: a tree, always; and what was wrong with the text.
//! Never: types, names' meanings, or an `Err`.

pub mod ast;
mod build;
mod lexer;
mod literal;
mod token;

lalrpop_util::lalrpop_mod!(
    #[allow(warnings, clippy::all, clippy::pedantic, reason = "generated")]
    expr
);

pub use ast::Ast;
pub use token::{Class, Fault, Token};

use build::Builder;

use crate::diag::Diagnostic;
use crate::source::{Source, Span};

/// What a program's text says, and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The tree. Where text could not be read it has [`ast::Node::Error`] or
    /// [`ast::Statement::Error`], and
    /// then there is a diagnostic.
    pub ast: Ast,
    /// What is wrong, in text order; empty for a valid program.
    pub diagnostics: Vec<Diagnostic>,
}

/// The tokens of a program. Line ends inside brackets and comments are no tokens.
pub fn lex(source: &Source) -> Vec<(Token<'_>, Span)> {
    lexer::lex(source).tokens
}

/// The tree of a program.
pub fn parse(source: &Source) -> Parsed {
    let lexed = lexer::lex(source);
    let mut diagnostics = lexed.diagnostics;
    let tokens = lexed
        .tokens
        .into_iter()
        .map(|(token, span)| (span.start as usize, token, span.end as usize));
    let mut builder = Builder::new();
    match expr::ProgramParser::new().parse(&mut builder, tokens.map(Ok)) {
        Ok(statements) => builder.ast.statements = statements,
        Err(_) => {}
    }
    diagnostics.append(&mut builder.diagnostics);
    for m in &builder.mistakes {
        diagnostics.push(Diagnostic::new(
            crate::diag::Code::UnexpectedToken,
            format!("{:?}", m.error),
            Span::default(),
            "",
        ));
    }
    Parsed {
        ast: builder.ast,
        diagnostics,
    }
}
