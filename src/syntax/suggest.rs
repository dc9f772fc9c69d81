//! In: diagnostics with every edit that might help. Out: the same with those that do.
//! Never: an edit that was not tried.

use crate::diag::{Diagnostic, Edit, Help, apply_edits};
use crate::limits::MAX_SUGGEST_BYTES;
use crate::source::{Source, Span};

/// Slips of one kind that are put right together, as in `2x + 3y`.
const MAX_ROUNDS: usize = 8;

/// Keeps of each diagnostic's edits those that leave the program with fewer mistakes than
/// `before` (`read` finds them, in text order), and of edits under one heading the first. Words
/// without edits stay.
pub(super) fn keep_what_helps(
    source: &Source,
    diagnostics: &mut [Diagnostic],
    before: usize,
    read: impl Fn(&Source) -> Vec<Diagnostic>,
) {
    for diagnostic in diagnostics {
        let mut kept: Vec<Help> = Vec::new();
        for help in diagnostic.help.drain(..) {
            if help.edits.is_empty() {
                kept.push(help);
            } else if source.text().len() <= MAX_SUGGEST_BYTES
                && kept.iter().all(|other| other.text != help.text)
            {
                kept.extend(try_out(source.text(), help, before, &read));
            }
        }
        diagnostic.help = kept;
    }
}

/// The way out, if its edits help, perhaps together with the same kind of edit further on.
fn try_out(
    text: &str,
    mut help: Help,
    before: usize,
    read: impl Fn(&Source) -> Vec<Diagnostic>,
) -> Option<Help> {
    for _ in 0..MAX_ROUNDS {
        let found = read(&Source::expr(&apply_edits(text, &help.edits)));
        if found.len() < before {
            return Some(help);
        }
        let next = found
            .iter()
            .flat_map(|diagnostic| &diagnostic.help)
            .filter(|other| other.text == help.text)
            .find_map(|other| match &other.edits[..] {
                [edit] => before_edits(edit, &help.edits),
                _ => None,
            })?;
        help.edits.push(next);
    }
    None
}

/// An edit of edited text, as one of the text before; it must lie behind those edits.
fn before_edits(edit: &Edit, earlier: &[Edit]) -> Option<Edit> {
    let added: usize = earlier.iter().map(|edit| edit.text.len()).sum();
    let removed: usize = earlier.iter().map(|edit| edit.span.range().len()).sum();
    let back = |at: u32| (at as usize + removed).checked_sub(added);
    let span = Span::new(back(edit.span.start)?, back(edit.span.end)?);
    let last = earlier.last()?.span;
    (span.start > last.start && span.start >= last.end).then(|| Edit {
        span,
        text: edit.text.clone(),
    })
}
