//! In: diagnostics and the text they are about. Out: that text with carets, as rustc draws them.
//! Never: a decision what to say. The only file that names the renderer crate.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};

use super::{Diagnostic, Help};
use crate::source::{Source, Span};

/// All diagnostics, a blank line between them; with terminal colours if `color`.
///
/// ```
/// use fuseblock::{diag::render::render, source::Source, syntax::parse};
///
/// let source = Source::expr("2x");
/// let text = render(&source, &parse(&source).diagnostics, false);
/// assert!(text.starts_with("error[E0101]: expected an operator, found `x`\n --> <expr>:1:2\n"));
/// ```
pub fn render(source: &Source, diagnostics: &[Diagnostic], color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut out = String::new();
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        out.push_str(&renderer.render(&report(source, diagnostic)));
        out.push('\n');
    }
    out
}

/// The finding first, then each way out that has edits with the line it changes.
fn report<'a>(source: &'a Source, diagnostic: &'a Diagnostic) -> Vec<Group<'a>> {
    let annotations = diagnostic.labels.iter().enumerate().map(|(index, label)| {
        let kind = if index == 0 {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let text = (!label.text.is_empty()).then_some(label.text.as_str());
        kind.span(clip(source, label.span)).label(text)
    });
    let snippet = Snippet::source(source.text())
        .path(source.name())
        .annotations(annotations);
    let title = Level::ERROR
        .primary_title(&diagnostic.message)
        .id(diagnostic.code.as_str());
    let mut finding = title.element(snippet);
    for note in &diagnostic.notes {
        finding = finding.element(Level::NOTE.message(note));
    }
    let (words, edits): (Vec<&Help>, Vec<&Help>) = diagnostic
        .help
        .iter()
        .partition(|help| help.edits.is_empty());
    let words = words
        .into_iter()
        .map(|help| Level::HELP.message(&help.text));
    std::iter::once(finding.elements(words))
        .chain(edits.into_iter().map(|help| suggestion(source, help)))
        .collect()
}

fn suggestion<'a>(source: &'a Source, help: &'a Help) -> Group<'a> {
    let patches = help
        .edits
        .iter()
        .map(|edit| Patch::new(clip(source, edit.span), &edit.text));
    let snippet = Snippet::source(source.text()).patches(patches);
    Level::HELP.secondary_title(&help.text).element(snippet)
}

/// A span as the renderer takes it: within the text, and on characters.
fn clip(source: &Source, span: Span) -> Range<usize> {
    let text = source.text();
    let start = text.floor_char_boundary(span.start as usize);
    let end = text.ceil_char_boundary(span.end as usize);
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::diag::{Code, Edit};

    #[test]
    fn the_form_of_a_message() {
        let source = Source::expr("(a > 0) - (b > 1)");
        let diagnostic = Diagnostic::new(
            Code::NoSuchOperation,
            "cannot subtract `bool` from `bool`",
            Span::new(8, 9),
            "",
        )
        .label(Span::new(0, 7), "`bool`, the result of `>`")
        .label(Span::new(10, 17), "`bool`, the result of `>`")
        .suggest(
            "to tell where the two differ, use `^`",
            vec![Edit {
                span: Span::new(8, 9),
                text: "^".into(),
            }],
        );
        expect![[r#"
            error[E0203]: cannot subtract `bool` from `bool`
             --> <expr>:1:9
              |
            1 | (a > 0) - (b > 1)
              | ------- ^ ------- `bool`, the result of `>`
              | |
              | `bool`, the result of `>`
              |
            help: to tell where the two differ, use `^`
              |
            1 - (a > 0) - (b > 1)
            1 + (a > 0) ^ (b > 1)
              |
        "#]]
        .assert_eq(&render(&source, &[diagnostic], false));
    }

    /// Labels and edits past the text, inside characters or out of order do not matter.
    #[test]
    fn any_span() {
        arbtest::arbtest(|u| {
            let text: String = u.arbitrary()?;
            let source = Source::expr(&text);
            let mut span = || -> arbitrary::Result<Span> {
                Ok(Span::new(u.int_in_range(0..=40)?, u.int_in_range(0..=40)?))
            };
            let diagnostic = Diagnostic::new(Code::Internal, "fact", span()?, "here")
                .label(span()?, "")
                .note("note")
                .help("words")
                .suggest(
                    "edit",
                    vec![Edit {
                        span: span()?,
                        text: "x\ny".into(),
                    }],
                );
            let text = render(&source, &[diagnostic], u.arbitrary()?);
            assert!(text.contains("E0599"));
            Ok(())
        });
    }
}
