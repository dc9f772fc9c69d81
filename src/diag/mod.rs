//! In: what a stage found wrong, and where. Out: that finding as plain data.
//! Never: terminals or colours (only `render`, which is the command line's, draws carets).

mod codes;
mod nearest;
#[cfg(feature = "cli")]
pub mod render;

pub use codes::Code;
pub(crate) use nearest::nearest;

use crate::source::Span;

/// One thing wrong with a program: the fact, what the carets point at, and the ways out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of mistake.
    pub code: Code,
    /// The fact, lower case, naming both sides.
    pub message: String,
    /// What the carets point at. The first is the smallest thing that must change.
    pub labels: Vec<Label>,
    /// Facts that belong to no place.
    pub notes: Vec<String>,
    /// Ways out.
    pub help: Vec<Help>,
}

/// Text at a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// What the label is about.
    pub span: Span,
    /// What to say there; may be empty.
    pub text: String,
}

/// A way out, with the edit that takes it where there is one. An edit is only suggested when
/// the edited program checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Help {
    /// What to do, in words.
    pub text: String,
    /// The edits that do it, in text order; empty if the help is only words.
    pub edits: Vec<Edit>,
}

/// Replace the text of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What to replace; empty to insert.
    pub span: Span,
    /// What to put there.
    pub text: String,
}

impl Diagnostic {
    /// A finding whose carets stand under `span`, with `label` there.
    pub fn new(
        code: Code,
        message: impl Into<String>,
        span: Span,
        label: impl Into<String>,
    ) -> Self {
        Self {
            code,
            message: message.into(),
            labels: vec![Label {
                span,
                text: label.into(),
            }],
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Adds a secondary label.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds a way out in words.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(Help {
            text: text.into(),
            edits: Vec::new(),
        });
        self
    }

    /// Adds a way out with its edits.
    #[must_use]
    pub fn suggest(mut self, text: impl Into<String>, edits: Vec<Edit>) -> Self {
        self.help.push(Help {
            text: text.into(),
            edits,
        });
        self
    }

    /// Where the first caret stands.
    pub fn span(&self) -> Span {
        self.labels
            .first()
            .map_or(Span::default(), |label| label.span)
    }
}

/// `text` with `edits` applied; edits are given in text order and do not overlap.
pub fn apply_edits(text: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        let range = edit.span.range();
        out.push_str(text.get(at..range.start).unwrap_or(""));
        out.push_str(&edit.text);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    out
}
