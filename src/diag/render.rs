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
    use expect_test::{Expect, expect};

    use super::*;
    use crate::diag::{Code, Edit};
    use crate::syntax::parse;

    fn check(text: &str, expect: Expect) {
        let source = Source::expr(text);
        expect.assert_eq(&render(&source, &parse(&source).diagnostics, false));
    }

    #[test]
    fn page() {
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

    #[test]
    fn others() {
        check(
            "2x + 3y",
            expect![[r#"
            error[E0101]: expected an operator, found `x`
             --> <expr>:1:2
              |
            1 | 2x + 3y
              |  ^ expected an operator
              |
            help: to multiply, use `*`
              |
            1 | 2*x + 3*y
              |  +     +
        "#]],
        );
        check(
            "sum(a,\n  b + ",
            expect![[r#"
            error[E0103]: `(` is never closed
             --> <expr>:1:4
              |
            1 | sum(a,
              |    ^ opened here
        "#]],
        );
        check(
            "x if y",
            expect![[r#"
            error[E0102]: expected `else`, found the end
             --> <expr>:1:7
              |
            1 | x if y
              |       ^ expected `else`
              |
              = help: a choice is written `a if condition else b`
        "#]],
        );
        check(
            "007",
            expect![[r#"
            error[E0002]: a decimal integer does not start with 0
             --> <expr>:1:1
              |
            1 | 007
              | ^^^ decimal or octal?
              |
            help: if it is decimal
              |
            1 - 007
            1 + 7
              |
            help: if it is octal
              |
            1 - 007
            1 + 0o7
              |
        "#]],
        );
        check(
            "",
            expect![[r#"
            error[E0105]: there is nothing to compute
             --> <expr>:1:1
              |
            1 |
              | ^ expected an expression
        "#]],
        );
    }
}
