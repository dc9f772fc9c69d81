//! In: the arguments of `eval` and `explain`. Out: what they print.
//! Never: results on standard output when they go to a file.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use crate::array::{Array, OutputFile};
use crate::cli::args::{Eval, Explain, RunArgs, StageArg, View};
use crate::cli::json::{self, OutputReply};
use crate::cli::output::Output;
use crate::cli::{print, printable, repl, written};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::exec::{Stats, bytes_text, skipped_text};
use crate::explain::{self, Stage};
use crate::expr::{Expr, Saved, save_program};

/// Evaluates and prints or writes the results.
pub(super) fn eval(args: &Eval, output: &mut Output) -> Result<()> {
    let expr = Expr::new(&args.expr)?;
    let arrays = open(&args.operands, &args.run)?;
    tell_left_out(&arrays)?;
    let bound = expr.bind(&named(&arrays))?.options(args.run.options());
    let stats = if args.output.is_empty() {
        let evaluated = bound.run()?;
        repl::results(&evaluated, output)?;
        evaluated.stats().clone()
    } else {
        args.output
            .iter()
            .try_for_each(|path| OutputFile::check_name(path))?;
        let saved = bound.save(&args.output, &args.save.options(args.sparse))?;
        wrote(&saved, &args.output, output)?;
        saved.stats
    };
    if args.stats && !output.is_json() {
        // Beside the result, so that the result can go to a file or a variable.
        written(
            output
                .flush()
                .and_then(|()| writeln!(io::stderr(), "{}", stats_text(&stats))),
        )?;
    }
    Ok(())
}

/// Says on standard error what is left out of operands, and why.
fn tell_left_out(arrays: &[(String, Array<'static>)]) -> Result<()> {
    for (name, array) in arrays {
        let Some(left_out) = array.left_out() else {
            continue;
        };
        let mut text = format!(
            "{name}: {} of {} elements are left out of reductions, in {} of its chunks:",
            left_out.elements(),
            array.shape().elems(),
            left_out.chunks().len()
        );
        for (_, error) in left_out.chunks().take(SHOWN_LEFT_OUT) {
            let _ = write!(text, "\n  {}", error.to_string().replace('\n', "\n  "));
        }
        if left_out.chunks().len() > SHOWN_LEFT_OUT {
            text.push_str("\n  ...");
        }
        written(writeln!(io::stderr(), "{}", printable(&text)))?;
    }
    Ok(())
}

/// Damaged chunks of an operand that are shown.
const SHOWN_LEFT_OUT: usize = 5;

/// Says which files were written.
pub(super) fn wrote(saved: &Saved, paths: &[PathBuf], output: &mut Output) -> Result<()> {
    let mut each = saved.outputs.iter().zip(paths);
    if !output.is_json() {
        return each.try_for_each(|(info, path)| {
            let line = format!("{}: {info} -> {}", info.name, path.display());
            print(output, &line)
        });
    }
    let outputs = each.map(|(info, path)| OutputReply::elsewhere(info, Some(path)));
    let reply = json::Reply {
        outputs: outputs.collect(),
        stats: Some(&saved.stats),
    };
    print(output, &json::line(&reply))
}

/// Where time and bytes went, one fact a line.
fn stats_text(stats: &Stats) -> String {
    let mut out = String::new();
    let seconds = |time: Duration| format!("{:.3} ms", time.as_secs_f64() * 1e3);
    let stages = [
        ("parse", stats.parse),
        ("check", stats.check),
        ("compile", stats.compile),
        ("read", stats.read),
        ("verify", stats.verify),
        ("decode", stats.decode),
        ("unshuffle", stats.unshuffle),
        ("kernel", stats.kernel),
        ("combine", stats.combine),
        ("write", stats.write),
    ];
    for (name, time) in stages {
        let _ = writeln!(out, "{name:>10}  {}", seconds(time));
    }
    let _ = writeln!(
        out,
        "{:>10}  {} (stages are summed over threads)",
        "total",
        seconds(stats.total)
    );
    let simd = stats.simd.map_or("interpreter", |level| level.name());
    let _ = writeln!(
        out,
        "{} blocks decoded, {} read, {} decoded; {} passes, {} kernels compiled; {} threads, {simd}; scratch {}",
        stats.blocks_decoded,
        bytes_text(usize::try_from(stats.bytes_read).unwrap_or(usize::MAX)),
        bytes_text(usize::try_from(stats.bytes_decoded).unwrap_or(usize::MAX)),
        stats.passes,
        stats.kernels_compiled,
        stats.threads,
        bytes_text(stats.peak_scratch_bytes),
    );
    if let Some(text) = skipped_text(&stats.skipped) {
        let _ = writeln!(out, "skipped {text}");
    }
    for ignored in &stats.zone_maps_ignored {
        let _ = writeln!(out, "zone map ignored of {ignored}");
    }
    out.pop();
    out
}

/// Shows a program at one stage, or at all.
pub(super) fn explain(args: &Explain, output: &mut Output) -> Result<()> {
    let arrays = open(&args.operands, &args.run)?;
    let operands = named(&arrays);
    let options = args.run.options();
    let show = |stage| explain::explain(&args.expr, &operands, stage, &options);
    let stage = match args.stage {
        StageArg::Tokens => Stage::Tokens,
        StageArg::Ast => Stage::Ast,
        StageArg::Ir => Stage::Ir,
        StageArg::Opt => Stage::Opt,
        StageArg::Passes => Stage::Passes,
        StageArg::Clif => Stage::Clif,
        StageArg::Asm => Stage::Asm,
        StageArg::Plan => Stage::Plan,
        StageArg::All => {
            return Stage::ALL.into_iter().try_for_each(|stage| {
                print(output, &format!("--- {}\n{}", stage.name(), show(stage)?))
            });
        }
    };
    print(output, show(stage)?.trim_end())
}

/// Writes a program to a file that opens like an array.
pub(super) fn view(args: &View, output: &mut Output) -> Result<()> {
    let extension = args.output.extension();
    if extension.is_none_or(|extension| extension != "fbe") {
        let message = format!("`{}` has not the name of a program", args.output.display());
        let error = Error::new(ErrorKind::Unsupported, Code::UnsupportedFile, message);
        return Err(error.with_help("give it a name that ends in `.fbe`"));
    }
    let texts = args.operands.iter().map(|text| {
        let (name, path) = operand(text)?;
        Ok((name, path.to_string()))
    });
    let texts = texts.collect::<Result<Vec<_>>>()?;
    let opening = Array::options().allow_outside(args.allow_outside);
    let array = save_program(&args.output, &args.expr, &texts, &opening)?;
    let (dtype, shape, path) = (array.dtype(), array.shape(), args.output.display());
    match output.is_json() {
        true => {
            let reply =
                serde_json::json!({ "ok": true, "dtype": dtype.name(), "shape": shape.to_vec() });
            print(output, &reply.to_string())
        }
        false => print(
            output,
            &format!("{dtype}{shape} -> {path}, computed when it is read"),
        ),
    }
}

/// Opens operands given as NAME=PATH or PATH; a member or a dtype may stand behind the path.
fn open(texts: &[String], run: &RunArgs) -> Result<Vec<(String, Array<'static>)>> {
    let (each, opening) = (texts.iter(), run.opening());
    each.map(|text| {
        let (name, path) = operand(text)?;
        Ok((name, opening.open_operand(path)?))
    })
    .collect()
}

pub(super) fn named<'n>(
    arrays: &'n [(String, Array<'static>)],
) -> Vec<(&'n str, &'n Array<'static>)> {
    arrays
        .iter()
        .map(|(name, array)| (name.as_str(), array))
        .collect()
}

/// The name and path of an operand: NAME=PATH, or a path that goes by its stem.
pub(super) fn operand(text: &str) -> Result<(String, &str)> {
    let given = text
        .split_once('=')
        .filter(|(name, path)| is_name(name) && !path.is_empty());
    if let Some((name, path)) = given {
        return Ok((name.to_string(), path));
    }
    if let Some((name, "")) = text.split_once('=') {
        let message = format!("the operand `{name}` has no path");
        let error = Error::new(ErrorKind::Argument, Code::Usage, message);
        return Err(error.with_help(format!("write `{name}=PATH`")));
    }
    match Array::operand_name(text).filter(|stem| is_name(stem)) {
        Some(stem) => Ok((stem.to_string(), text)),
        None => {
            let message = format!("`{text}` gives no name for the operand");
            let error = Error::new(ErrorKind::Argument, Code::Usage, message);
            let path = text.split_once('=').map_or(text, |(_, path)| path);
            Err(error.with_help(format!("write NAME=PATH, as in `'x={path}'`")))
        }
    }
}

/// Whether a text can stand as a name in an expression.
fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    let starts = chars.next().is_some_and(|c| c == '_' || c.is_alphabetic());
    starts && chars.all(|c| c == '_' || c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_have_names() {
        let check = |text: &str, name: &str, path: &str| {
            assert_eq!(operand(text).unwrap(), (name.to_string(), path), "{text}");
        };
        check("x=a.b2nd", "x", "a.b2nd");
        check("dir/mask.b2nd", "mask", "dir/mask.b2nd");
        check("x=dir/a=b.npy", "x", "dir/a=b.npy");
        check("x=a.b2frame:float32", "x", "a.b2frame:float32");
        check("dir/a.b2frame:float32", "a", "dir/a.b2frame:float32");
        check("a.npy:bytes", "a", "a.npy:bytes");
        check("a.npz:dir/temp.npy", "temp", "a.npz:dir/temp.npy");
        check("a.npz:temp", "temp", "a.npz:temp");
        check("a.npz:temp:int8", "temp", "a.npz:temp:int8");
        assert!(operand("3d.npy").is_err());
        assert!(operand("a-b.npy").is_err());
        assert!(operand("").is_err());
    }
}
