//! In: results and errors. Out: text on the right stream, in colour where that helps.
//! Never: colour in a pipe or under NO_COLOR.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::process::ExitCode;

use crate::cli::json;
use crate::diag::{Code, render};
use crate::error::Error;

/// Where a verb prints.
#[derive(Debug)]
pub(super) struct Output {
    stdout: BufWriter<Stdout>,
    json: bool,
    color: bool,
    failed: bool,
}

impl Output {
    /// Standard output and error; errors are JSON objects if `json`.
    pub(super) fn new(json: bool) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            stdout: BufWriter::new(io::stdout()),
            json,
            color: !plain && io::stderr().is_terminal(),
            failed: false,
        }
    }

    /// Whether replies are JSON.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Reports an error: on standard output as JSON, else on standard error.
    pub(super) fn error(&mut self, error: &Error) {
        // Nothing can be done where even the message cannot be written.
        let _ = if self.json {
            writeln!(self.stdout, "{}", json::error(error)).and_then(|()| self.stdout.flush())
        } else {
            let text = error_text(error, self.color);
            self.stdout
                .flush()
                .and_then(|()| writeln!(io::stderr(), "{text}"))
        };
    }

    /// Makes the exit code one of failure: the reply says why.
    pub(super) fn fail(&mut self) {
        self.failed = true;
    }

    /// Success unless something failed, once everything is written.
    pub(super) fn exit_code(mut self) -> ExitCode {
        match self.stdout.flush() {
            Ok(()) if self.failed => ExitCode::from(super::WRONG),
            Ok(()) => ExitCode::SUCCESS,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Err(error) => {
                // Nothing can be done where even the message cannot be written.
                let _ = writeln!(io::stderr(), "error: cannot write the output: {error}");
                ExitCode::from(super::WRONG)
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stdout.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdout.flush()
    }
}

/// An error as people read it: carets for expressions, place and help for the rest.
pub(super) fn error_text(error: &Error, color: bool) -> String {
    match error.diagnostics() {
        Some((source, list)) => {
            let mut text = render::render(source, list, color);
            let unknown = list.iter().find(|found| found.code == Code::UnknownName);
            if let Some(unknown) = unknown.filter(|found| found.help.is_empty()) {
                let name = source.slice(unknown.span());
                text.push_str(&format!(
                    "\nhelp: name the file that holds it: `{name}=PATH`"
                ));
            }
            text
        }
        None => {
            let (bold, red, reset) = match color {
                true => ("\x1b[1m", "\x1b[1;31m", "\x1b[0m"),
                false => ("", "", ""),
            };
            let words = super::printable(&error.to_string());
            format!("{red}error[{}]{reset}{bold}: {words}{reset}", error.code())
        }
    }
}
