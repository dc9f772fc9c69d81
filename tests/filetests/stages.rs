//! In: a case and one of its sections. Out: what the section's body should be.
//! Never: a comparison.

use fuseblock::diag::apply_edits;
use fuseblock::diag::render::render;
use fuseblock::explain::{Stage, explain};
use fuseblock::{Array, Bound, Error, Expr, Options, SimdLevel};

use crate::Outcome;
use crate::case::{Case, Section};
use crate::matrix::{self, agree, ways};
use crate::operands::Opened;

/// The text that belongs below a section's header.
pub(crate) fn text(case: &Case, section: &Section) -> Outcome<String> {
    let stage = Stage::ALL
        .into_iter()
        .find(|stage| stage.name() == section.kind);
    match (section.kind.as_str(), stage) {
        ("clif", Some(stage)) => contained(&explained(case, stage, &section.args)?, &section.body),
        (_, Some(stage)) => explained(case, stage, &section.args),
        ("run", None) => agree(case, &section.args, |opened, bound| {
            bound
                .and_then(|bound| matrix::results(&bound))
                .map_err(|error| format!("it does not run:\n{}", error_text(opened, &error)))
        }),
        ("stats", None) => agree(case, &section.args, |opened, bound| {
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
    let text = with(&opened, |operands| {
        explain(&case.program, operands, stage, &options)
    });
    let text = text.map_err(|error| error_text(&opened, &error))?;
    Ok(text.trim_end().to_string())
}

/// Calls `work` with the operands, unless one could not be opened.
pub(crate) fn with<T>(
    opened: &Opened,
    work: impl FnOnce(&[(&str, &Array<'_>)]) -> Result<T, Error>,
) -> Result<T, Error> {
    match &opened.arrays {
        Ok(arrays) => {
            let operands = arrays.iter().map(|(name, array)| (name.as_str(), array));
            work(&operands.collect::<Vec<_>>())
        }
        Err(error) => Err(Error::new(error.kind(), error.code(), error.to_string())),
    }
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

/// The error that every way to run ends with; every edit it suggests must check.
fn error(case: &Case, section: &Section) -> Outcome<String> {
    let brief = section.args.strip_prefix("brief");
    let matrix = brief.unwrap_or(&section.args);
    let text = agree(case, matrix, |opened, bound| {
        match bound.and_then(|bound| matrix::results(&bound)) {
            Ok(results) => Err(format!("it runs:\n{results}")),
            Err(error) => Ok(error_text(opened, &error)),
        }
    })?;
    if !suggested(case)?.is_empty() && !case.has("fixed") {
        return Err("the error suggests an edit: add a section `--- fixed`".to_string());
    }
    let first = |line: &&str| line.starts_with("error[");
    Ok(match brief {
        Some(_) => text.lines().filter(first).collect::<Vec<_>>().join("\n"),
        None => text,
    })
}

/// The program after each edit that its errors suggest, each of which must leave fewer errors.
fn suggested(case: &Case) -> Outcome<Vec<String>> {
    let opened = Opened::new(case, matrix::Codec::Lz4, matrix::Cells::Given)?;
    let faults = |program: &str| {
        let bound = with(&opened, |operands| {
            Expr::new(program)?.bind(operands).map(|_| ())
        });
        bound.err()
    };
    let Some(error) = faults(&case.program) else {
        return Ok(Vec::new());
    };
    let list = error.diagnostics().map_or(&[][..], |(_, list)| list);
    let help = list.iter().flat_map(|diagnostic| &diagnostic.help);
    let edits = help
        .map(|help| &help.edits)
        .filter(|edits| !edits.is_empty());
    edits
        .map(|edits| {
            let program = apply_edits(&case.program, edits);
            let left = faults(&program);
            let many = |error: &Error| error.diagnostics().map_or(1, |(_, list)| list.len());
            match &left {
                Some(left) if many(left) >= list.len() => Err(format!(
                    "the edit to `{program}` does not check:\n{}",
                    error_text(&opened, left)
                )),
                Some(_) | None => Ok(program),
            }
        })
        .collect()
}

/// The program after the first edit that the error suggests.
fn fixed(case: &Case) -> Outcome<String> {
    let programs = suggested(case)?;
    programs
        .into_iter()
        .next()
        .ok_or("the error suggests no edit".to_string())
}
