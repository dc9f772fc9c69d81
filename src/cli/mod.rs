//! In: the command line. Out: what a verb prints, and an exit code: 0, 1 where the expression or
//! the data is wrong, 2 for a wrong command line, 70 for a bug of ours.
//! Never: a computation of its own.

mod append;
mod args;
mod convert;
mod dataset;
mod demo;
mod eval;
mod head;
mod info;
mod json;
mod output;
mod plot;
mod repair;
mod repl;
mod show;
mod upkeep;

use std::io::{self, Write};
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use clap::Parser;

use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use args::{Args, Verb};
use output::Output;

/// Exit code where the expression or the data is wrong.
const WRONG: u8 = 1;
/// Exit code for a bug of ours: BSD's EX_SOFTWARE.
const BUG: u8 = 70;

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    // Exits with 2 and a message where the command line is wrong.
    let args = Args::parse();
    let mut output = Output::new(args.json());
    let outcome = guarded(|| match &args.verb {
        Verb::Eval(eval) => eval::eval(eval, &mut output),
        Verb::Convert(convert) => convert::convert(convert, &mut output),
        Verb::Append(append) => append::append(append, &mut output),
        Verb::Verify(args) => upkeep::verify(args, &mut output),
        Verb::Seal(args) => upkeep::seal(args, &mut output),
        Verb::Index(args) => upkeep::index(args, &mut output),
        Verb::Compact(args) => upkeep::compact(args, &mut output),
        Verb::Vacuum(args) => dataset::vacuum(args, &mut output),
        Verb::Repair(args) => repair::repair(args, &mut output),
        Verb::Info(info) => info::info(info, &mut output),
        Verb::Head(head) => head::head(head, &mut output),
        Verb::Explain(explain) => eval::explain(explain, &mut output),
        Verb::View(args) => eval::view(args, &mut output),
        Verb::Demo(demo) => demo::demo(demo, &mut output),
        Verb::Repl(repl) => repl::repl(repl, &mut output),
    });
    match outcome {
        Ok(()) => output.exit_code(),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output.error(&error);
            exit_code(&error)
        }
    }
}

/// Runs `work`; a panic, which is a bug of ours, becomes an error that says so.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let message = "fuseblock failed where it never should; the lines above say where";
        let error = Error::new(ErrorKind::Internal, Code::Internal, message);
        Err(error.with_help("please report this with the command that caused it"))
    })
}

/// The exit code of an error.
fn exit_code(error: &Error) -> ExitCode {
    ExitCode::from(if error.is_internal() { BUG } else { WRONG })
}

/// Whether whoever read our output has gone, as `head` does: no error worth a word.
fn is_closed_pipe(error: &Error) -> bool {
    let cause = std::error::Error::source(error);
    cause
        .and_then(|cause| cause.downcast_ref::<io::Error>())
        .is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// An error writing to the terminal or a pipe, as ours.
fn written(outcome: io::Result<()>) -> Result<()> {
    outcome.map_err(|cause| Error::io("write", std::path::Path::new("<output>"), cause))
}

/// `text` without what a terminal would take for commands: names in files may hold anything.
fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push(c),
            _ if c.is_control() => out.extend(c.escape_default()),
            _ => out.push(c),
        }
    }
    out
}

/// Writes a line to standard output.
fn print(output: &mut impl Write, text: &str) -> Result<()> {
    written(writeln!(output, "{text}"))
}
