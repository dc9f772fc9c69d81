//! In: a function nobody knows, or a diagnostic with edits. Out: the function that was meant; the
//! edits that lead to a program that checks. Never: advice that was not tried.

use super::{Scope, run};
use crate::diag::{Diagnostic, Edit, apply_edits, nearest};
use crate::funcs;
use crate::source::{Source, Span};
use crate::syntax;

/// What other languages call our functions.
const FOREIGN: [(&str, &str); 12] = [
    ("float", "float64"),
    ("double", "float64"),
    ("single", "float32"),
    ("int", "int64"),
    ("ln", "log"),
    ("average", "mean"),
    ("avg", "mean"),
    ("stddev", "std"),
    ("product", "prod"),
    ("iif", "where"),
    ("select", "where"),
    ("ceiling", "ceil"),
];

/// The function that was meant: by another language's name, or the closest one; those of later
/// versions come last.
pub(super) fn nearest_function(name: &str) -> Option<&'static str> {
    let names = |available: bool| {
        funcs::all()
            .filter(move |function| function.is_available() == available)
            .flat_map(|function| function.names())
    };
    let foreign = FOREIGN.iter().find(|(foreign, _)| *foreign == name);
    foreign
        .map(|(_, ours)| *ours)
        .or_else(|| nearest(name, names(true)))
        .or_else(|| nearest(name, names(false)))
}

/// Adds the suggestion to write `near` at `span`.
pub(super) fn meant(diagnostic: Diagnostic, span: Span, near: &str) -> Diagnostic {
    let edit = Edit {
        span,
        text: near.to_string(),
    };
    diagnostic.suggest(format!("did you mean `{near}`?"), vec![edit])
}

/// Keeps only the suggestions whose edited program checks.
pub(super) fn keep_proven(source: &Source, scope: &Scope, diagnostics: &mut [Diagnostic]) {
    for diagnostic in diagnostics {
        diagnostic.help.retain(|help| {
            help.edits.is_empty() || checks(&apply_edits(source.text(), &help.edits), source, scope)
        });
    }
}

fn checks(text: &str, source: &Source, scope: &Scope) -> bool {
    let edited = Source::new(source.name(), text);
    let parsed = syntax::parse(&edited);
    parsed.diagnostics.is_empty() && run(&edited, &parsed.ast, scope).is_ok()
}
