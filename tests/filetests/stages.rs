//! In: a case and one of its sections. Out: what the section's body should be.
//! Never: a comparison.

use fuseblock::diag::apply_edits;
use fuseblock::diag::render::render;
use fuseblock::explain::{Stage, explain};
use fuseblock::source::Source;
use fuseblock::{Bound, Error, Expr, Options, SimdLevel, syntax};

use crate::Outcome;
use crate::case::{Case, Section};
use crate::matrix::{self, Cells, Codec, agree, ways};
use crate::operands::Opened;

/// Edits after which a program that does not check is given up.
const MAX_EDITS: usize = 8;

/// The text that belongs below a section's header.
pub(crate) fn text(case: &Case, section: &Section) -> Outcome<String> {
    let stage = Stage::ALL
        .into_iter()
        .find(|stage| stage.name() == section.kind);
    match (section.kind.as_str(), stage) {
        ("clif", Some(stage)) => contained(&explained(case, stage, &section.args)?, &section.body),
        (_, Some(stage)) => explained(case, stage, &section.args),
        ("run", None) => agree(case, &section.args, |opened, way, bound| {
            bound
                .and_then(|bound| matrix::results(way, &bound))
                .map_err(|error| format!("it does not run:\n{}", error_text(opened, &error)))
        }),
        ("stats", None) => agree(case, &section.args, |opened, _, bound| {
            bound
                .and_then(|bound| stats(&bound))
                .map_err(|error| format!("it does not run:\n{}", error_text(opened, &error)))
        }),
        ("error", None) => error(case, section),
        ("fixed", None) => fixed(case),
        (kind, None) => Err(format!("there is no section `{kind}`")),
    }
}

/// A stage as `explain` shows it: scalar kernels, one thread.
fn explained(case: &Case, stage: Stage, matrix: &str) -> Outcome<String> {
    let way = ways(matrix)?[0];
    let opened = Opened::new(case, way.codec, way.cells)?;
    let options = Options {
        simd: Some(SimdLevel::Off),
        threads: Some(1),
        ..Options::default()
    };
    let text = opened.with(|operands| explain(&case.program, operands, stage, &options));
    let text = text.map_err(|error| error_text(&opened, &error))?;
    Ok(text.trim_end().to_string())
}

/// `body`, if its lines occur in `text` in order.
fn contained(text: &str, body: &str) -> Outcome<String> {
    let mut lines = text.lines();
    for wanted in body.lines().map(str::trim) {
        if !lines.any(|line| line.contains(wanted)) {
            return Err(format!(
                "`{wanted}` does not occur, or not here, in\n{text}"
            ));
        }
    }
    Ok(body.to_string())
}

/// What an evaluation did, as far as no cache decides it.
fn stats(bound: &Bound<'_>) -> Result<String, Error> {
    let evaluated = bound.run()?;
    let stats = evaluated.stats();
    Ok(format!(
        "passes {}\nblocks decoded {}\nbytes decoded {}",
        stats.passes, stats.blocks_decoded, stats.bytes_decoded
    ))
}

/// The message as people see it: carets for a wrong program, the facts for all else.
fn error_text(opened: &Opened, error: &Error) -> String {
    match error.diagnostics() {
        Some((source, list)) => render(source, list, false).trim_end().to_string(),
        None => opened.plain(&format!("error[{}]: {error}", error.code())),
    }
}

/// The error that every way to run ends with; every edit it suggests is tried.
fn error(case: &Case, section: &Section) -> Outcome<String> {
    let brief = section.args.strip_prefix("brief");
    let matrix = brief.unwrap_or(&section.args);
    let text = agree(case, matrix, |opened, way, bound| {
        match bound.and_then(|bound| matrix::results(way, &bound)) {
            Ok(results) => Err(format!("it runs:\n{results}")),
            Err(error) => Ok(error_text(opened, &error)),
        }
    })?;
    let opened = Opened::new(case, Codec::Lz4, Cells::Given)?;
    let found = faults(&opened, &case.program);
    let before = found.as_ref().map_or(0, how_many);
    let edited = found
        .as_ref()
        .map_or(Vec::new(), |error| edited(&case.program, error));
    for program in &edited {
        // Edits of a text that is no program may lead to one that does not check.
        if let Some(left) = faults(&opened, program)
            && how_many(&left) >= before
            && !case.only_parses()
        {
            let left = error_text(&opened, &left);
            return Err(format!("the edit to `{program}` does not help:\n{left}"));
        }
    }
    if !edited.is_empty() && !case.has("fixed") {
        return Err("the error suggests an edit: add a section `--- fixed`".to_string());
    }
    let first = |line: &&str| line.starts_with("error[");
    Ok(match brief {
        Some(_) => text.lines().filter(first).collect::<Vec<_>>().join("\n"),
        None => text,
    })
}

/// What is wrong with a program over the operands.
fn faults(opened: &Opened, program: &str) -> Option<Error> {
    opened
        .with(|operands| Expr::new(program)?.bind(operands).map(|_| ()))
        .err()
}

fn how_many(error: &Error) -> usize {
    error.diagnostics().map_or(1, |(_, list)| list.len())
}

/// The program after each edit that its error suggests.
fn edited(program: &str, error: &Error) -> Vec<String> {
    let list = error.diagnostics().map_or(&[][..], |(_, list)| list);
    let help = list.iter().flat_map(|diagnostic| &diagnostic.help);
    let edits = help
        .map(|help| &help.edits)
        .filter(|edits| !edits.is_empty());
    edits.map(|edits| apply_edits(program, edits)).collect()
}

/// The program after the first edit that its error suggests, and so on until it checks.
fn fixed(case: &Case) -> Outcome<String> {
    let opened = Opened::new(case, Codec::Lz4, Cells::Given)?;
    let mut program = case.program.clone();
    for _ in 0..MAX_EDITS {
        let Some(error) = faults(&opened, &program) else {
            return Ok(program);
        };
        let parses = syntax::parse(&Source::expr(&program))
            .diagnostics
            .is_empty();
        if parses && case.only_parses() {
            return Ok(program);
        }
        let next = edited(&program, &error).into_iter().next();
        program = next.ok_or(format!("`{program}` has no edit that leads on:\n{error:?}"))?;
    }
    Err(format!(
        "`{program}` does not check after {MAX_EDITS} edits"
    ))
}
