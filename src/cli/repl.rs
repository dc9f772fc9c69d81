//! In: lines. Out: a reply a line; in batch mode one JSON object each.
//! Never: an end to the session because one line was wrong.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use crate::array::{OutputFile, SaveOptions};
use crate::cli::args::Repl;
use crate::cli::eval::operand;
use crate::cli::json::{self, OutputReply};
use crate::cli::output::{Output, error_text};
use crate::cli::{guarded, print, show, written};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Evaluated, OutputInfo};
use crate::limits::MAX_SOURCE_BYTES;
use crate::session::{Reply, Session};

const HELP: &str = "\
statements    d = x - mean(x)      keeps a binding, computes nothing
              f(a, b) = a * b + 1  keeps a function
              mean(d), std(d)      evaluates
:open NAME=PATH    make a file an operand
:vars              the operands
:save EXPR PATH    write a result to a .b2nd, .npy or .npz file
:help              this text
:quit              leave (or end of input)";

/// Reads statements and commands until the input ends.
pub(super) fn repl(args: &Repl, output: &mut Output) -> Result<()> {
    let mut session = Session::new();
    session.options = args.run.options();
    session.opening = args.run.opening();
    for text in &args.operands {
        let (name, path) = operand(text)?;
        session.open(&name, path)?;
    }
    let mut input = io::stdin().lock();
    let prompt = !output.is_json() && io::stdin().is_terminal();
    loop {
        if prompt {
            written(write!(output, "> ").and_then(|()| output.flush()))?;
        }
        let Some(line) = read_line(&mut input)? else {
            return Ok(());
        };
        let reply = line.and_then(|line| guarded(|| answer(&mut session, line.trim(), output)));
        match reply {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Io && super::is_closed_pipe(&error) => {
                return Ok(());
            }
            Err(error) if output.is_json() => print(output, &json::error(&error))?,
            Err(error) => print(output, &error_text(&error, false))?,
        }
        written(output.flush())?;
    }
}

/// The next line; an error inside where it is too long or no text, `None` at the end.
fn read_line(input: &mut impl BufRead) -> Result<Option<Result<String>>> {
    let mut bytes = Vec::new();
    let limit = MAX_SOURCE_BYTES as u64 + 2;
    let read = io::Read::take(&mut *input, limit)
        .read_until(b'\n', &mut bytes)
        .map_err(|cause| Error::io("read", Path::new("<input>"), cause))?;
    if read == 0 {
        return Ok(None);
    }
    if read as u64 == limit && bytes.last() != Some(&b'\n') {
        skip_line(input)?;
        let message = format!("a line has more than {MAX_SOURCE_BYTES} bytes");
        return Ok(Some(Err(Error::new(
            ErrorKind::Limit,
            Code::TooLong,
            message,
        ))));
    }
    let text = String::from_utf8(bytes).map_err(|_| {
        let message = "the line is not UTF-8 text";
        Error::new(ErrorKind::Argument, Code::Usage, message)
    });
    Ok(Some(text))
}

/// Reads past the next newline without keeping what is there.
fn skip_line(input: &mut impl BufRead) -> Result<()> {
    loop {
        let found = input
            .fill_buf()
            .map_err(|cause| Error::io("read", Path::new("<input>"), cause))?;
        let (used, last) = match found.iter().position(|&byte| byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (found.len(), found.is_empty()),
        };
        input.consume(used);
        if last {
            return Ok(());
        }
    }
}

/// Answers one line; false to end the session.
fn answer(session: &mut Session, line: &str, output: &mut Output) -> Result<bool> {
    if let Some(command) = line.strip_prefix(':') {
        return obey(session, command.trim(), output);
    }
    let text_only = line.split('#').next().unwrap_or("").trim().is_empty();
    if text_only && !output.is_json() {
        return Ok(true);
    }
    match session.statement(line)? {
        Reply::Bound(infos) => bound(&infos, output)?,
        Reply::Defined(call) if output.is_json() => print(output, &json::defined(&call))?,
        Reply::Defined(call) => print(output, &format!("{call}: a function"))?,
        Reply::Ready(ready) => results(&ready.run()?, output)?,
    }
    Ok(true)
}

/// Says what a binding is.
fn bound(infos: &[OutputInfo], output: &mut Output) -> Result<()> {
    if output.is_json() {
        let outputs = infos.iter().map(|info| OutputReply::elsewhere(info, None));
        let reply = json::Reply {
            outputs: outputs.collect(),
            stats: None,
        };
        return print(output, &json::line(&reply));
    }
    for info in infos {
        print(output, &format!("{}: {info}", info.name))?;
    }
    Ok(())
}

/// Prints results: their elements alone if there is one output, named if there are several.
pub(super) fn results(evaluated: &Evaluated, output: &mut Output) -> Result<()> {
    if output.is_json() {
        let outputs = evaluated
            .iter()
            .map(|(name, array)| OutputReply::array(name, array))
            .collect::<Result<_>>()?;
        let reply = json::Reply {
            outputs,
            stats: Some(evaluated.stats()),
        };
        return print(output, &json::line(&reply));
    }
    for (name, array) in evaluated.iter() {
        let text = show::text(array)?;
        let line = match evaluated.len() {
            1 => text,
            _ if text.contains('\n') => format!("{name} =\n{text}"),
            _ => format!("{name} = {text}"),
        };
        print(output, &line)?;
    }
    Ok(())
}

/// Obeys a `:command`; false to end the session.
fn obey(session: &mut Session, command: &str, output: &mut Output) -> Result<bool> {
    let (verb, rest) = command
        .split_once(char::is_whitespace)
        .unwrap_or((command, ""));
    let rest = rest.trim();
    match verb {
        "open" => {
            let (name, path) = operand(rest)?;
            session.open(&name, path)?;
            let infos: Vec<OutputInfo> = described(session)
                .filter(|info| info.name == name)
                .collect();
            bound(&infos, output)?;
        }
        "vars" => {
            let infos: Vec<OutputInfo> = described(session).collect();
            bound(&infos, output)?;
        }
        "save" => save(session, rest, output)?,
        "help" if !output.is_json() => print(output, HELP)?,
        "quit" | "q" | "exit" => return Ok(false),
        _ => {
            let message = format!("there is no command `:{verb}`");
            let error = Error::new(ErrorKind::Argument, Code::Usage, message);
            return Err(error.with_help(match output.is_json() {
                true => "`:open NAME=PATH`, `:vars`, `:save EXPR PATH`, `:quit`",
                false => "`:open NAME=PATH`, `:vars`, `:save EXPR PATH`, `:help`, `:quit`",
            }));
        }
    }
    Ok(true)
}

fn described(session: &Session) -> impl Iterator<Item = OutputInfo> {
    session.operands().map(|(name, array)| OutputInfo {
        name: name.to_string(),
        dtype: array.dtype(),
        shape: array.shape().clone(),
        filtered: false,
    })
}

/// `:save EXPR PATH`: the path is the last word.
fn save(session: &mut Session, rest: &str, output: &mut Output) -> Result<()> {
    let usage = || {
        let error = Error::new(
            ErrorKind::Argument,
            Code::Usage,
            "`:save` needs an expression and a path",
        );
        error.with_help("`:save x - mean(x) centred.npy`")
    };
    let (expr, path) = rest.rsplit_once(char::is_whitespace).ok_or_else(usage)?;
    let path = Path::new(path);
    OutputFile::check_name(path)?;
    let Reply::Ready(ready) = session.statement(expr)? else {
        return Err(usage());
    };
    let saved = ready.save(&[path], &SaveOptions::default())?;
    if !output.is_json() {
        return print(output, &format!("wrote {}", path.display()));
    }
    let outputs = saved
        .outputs
        .iter()
        .map(|info| OutputReply::elsewhere(info, Some(path)));
    let reply = json::Reply {
        outputs: outputs.collect(),
        stats: None,
    };
    print(output, &json::line(&reply))
}
