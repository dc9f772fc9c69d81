//! In: a program, its operands and a stage. Out: what the program is at that stage, as text.
//! Never: a computation over data.

use std::fmt::Write;

use crate::array::Array;
use crate::error::Result;
use crate::exec::{self, Options};
use crate::expr::{Bound, Expr};
use crate::jit;
use crate::opt;
use crate::source::Source;
use crate::syntax;

/// A stage that a program can be seen at.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stage {
    /// The lexer's tokens.
    Tokens,
    /// The syntax tree.
    Ast,
    /// The typed IR that the checker builds.
    Ir,
    /// The optimised IR.
    Opt,
    /// The passes over the data.
    Passes,
    /// Cranelift's IR of each kernel.
    Clif,
    /// The machine code of each kernel.
    Asm,
    /// What will be read and computed, and what it costs.
    Plan,
}

impl Stage {
    /// Every stage, in the order a program goes through them.
    pub const ALL: [Stage; 8] = [
        Stage::Tokens,
        Stage::Ast,
        Stage::Ir,
        Stage::Opt,
        Stage::Passes,
        Stage::Clif,
        Stage::Asm,
        Stage::Plan,
    ];

    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Tokens => "tokens",
            Stage::Ast => "ast",
            Stage::Ir => "ir",
            Stage::Opt => "opt",
            Stage::Passes => "passes",
            Stage::Clif => "clif",
            Stage::Asm => "asm",
            Stage::Plan => "plan",
        }
    }
}

/// The program at `stage`. Tokens and tree need no operands, and are shown for wrong programs too.
///
/// # Errors
/// [`crate::ErrorKind::Expression`] if the program does not check (past the tree), and what compiling a
/// kernel can give.
pub fn explain(
    text: &str,
    operands: &[(&str, &Array<'_>)],
    stage: Stage,
    options: &Options,
) -> Result<String> {
    let source = Source::expr(text);
    let bound = || {
        Expr::new(text)?
            .bind(operands)
            .map(|bound| bound.options(options.clone()))
    };
    match stage {
        Stage::Tokens => Ok(syntax::tokens_text(&source)),
        Stage::Ast => Ok(syntax::parse(&source).ast.to_text()),
        Stage::Ir => Expr::new(text)?
            .checked(operands)
            .map(|func| func.to_string()),
        Stage::Opt => {
            let func = Expr::new(text)?.checked(operands)?;
            Ok(opt::optimise(func).to_string())
        }
        Stage::Passes => {
            let bound = bound()?;
            let task = bound.task();
            Ok(task.plan.display(task.func).to_string())
        }
        Stage::Clif => kernels(&bound()?, jit::clif_text),
        Stage::Asm => kernels(&bound()?, jit::asm_text),
        Stage::Plan => exec::plan_text(&bound()?.task()),
    }
}

/// The kernels of every pass over data, as `text` shows them.
fn kernels(
    bound: &Bound<'_>,
    text: impl Fn(&crate::ir::Body, &jit::Host) -> Result<String>,
) -> Result<String> {
    let task = bound.task();
    let host = exec::host(task.options)?;
    let mut out = String::new();
    for (index, body) in exec::bodies(&task)?.iter().enumerate() {
        let kernel = text(body, host)?;
        // OK to ignore: writing to a String does not fail.
        let _ = writeln!(out, "; pass {}\n{body}\n{kernel}", index + 1);
    }
    if out.is_empty() {
        out.push_str("; no pass over data, so no kernel\n");
    }
    Ok(out)
}
