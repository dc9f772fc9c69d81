use arbitrary::{Arbitrary, Result, Unstructured};
use arbtest::arbtest;

use super::*;
use crate::diag::apply_edits;
use crate::syntax::ast::{Arg, CompareOp, InfixOp, Node, NodeId, PrefixOp, Subscript};

/// Text that is more likely to be almost a program than random bytes are.
fn text(u: &mut Unstructured<'_>) -> Result<String> {
    const WORDS: &[&str] = &[
        "a",
        "f",
        "été",
        "变",
        "1",
        "007",
        "0x",
        "1.5",
        "2j",
        "'s'",
        "'",
        "\"t\"",
        "'\\q'",
        "and",
        "or",
        "not",
        "if",
        "else",
        "+",
        "-",
        "*",
        "/",
        "//",
        "%",
        "@",
        "**",
        "<<",
        "&",
        "^",
        "|",
        "~",
        "==",
        "!=",
        "<",
        "=",
        "(",
        ")",
        "[",
        "]",
        "(",
        ")",
        "[",
        "]",
        ",",
        ",",
        ".",
        ":",
        "...",
        ";",
        "\n",
        " ",
        "\t",
        "\r\n",
        "#",
        "&&",
        "!",
        "$",
        "≤",
        "\u{feff}",
        "is",
        "(a)",
        "x[1:2]",
        "f(a, k=1)",
        "a + b",
    ];
    let mut out = String::new();
    while !u.is_empty() {
        if u.ratio(1, 20)? {
            out.push(char::arbitrary(u)?);
        } else {
            out.push_str(u.choose(WORDS)?);
        }
        if u.ratio(1, 3)? {
            out.push(' ');
        }
    }
    Ok(out)
}

/// Whatever the text: a tree; no panic in any printer; every span within the text; an error in
/// the tree only with a diagnostic; every edit leaves fewer mistakes.
#[test]
fn any_text() {
    arbtest(|u| {
        let text = text(u)?;
        let source = Source::expr(&text);
        let parsed = parse(&source);
        for span in parsed.ast.spans.rows() {
            assert!(text.get(span.range()).is_some(), "{text:?} {span:?}");
        }
        for (token, span) in lex(&source) {
            assert!(text.get(span.range()).is_some(), "{text:?} {token:?}");
        }
        tokens_text(&source);
        #[cfg(feature = "cli")]
        crate::diag::render::render(&source, &parsed.diagnostics, u.arbitrary()?);
        let wrong = parsed.ast.to_text().contains("<error>");
        assert!(!wrong || !parsed.diagnostics.is_empty(), "{text:?}");
        if parsed.diagnostics.len() < MAX_DIAGNOSTICS {
            for help in parsed.diagnostics.iter().flat_map(|found| &found.help) {
                let edited = apply_edits(&text, &help.edits);
                let left = parse(&Source::expr(&edited)).diagnostics.len();
                assert!(
                    help.edits.is_empty() || left < parsed.diagnostics.len(),
                    "{text:?} -> {edited:?}"
                );
            }
        }
        Ok(())
    })
    .budget_ms(1_500);
}

/// A tree, written as source and read again, is the same tree.
#[test]
fn source_reads_back() {
    arbtest(|u| {
        let mut program = Program {
            ast: Ast::default(),
        };
        for _ in 0..u.int_in_range(1..=3)? {
            let statement = if u.arbitrary()? {
                Statement::Bind {
                    target: program.expression(u, 2)?,
                    value: program.expression(u, 4)?,
                }
            } else {
                let mut outputs = vec![program.expression(u, 6)?];
                while !u.is_empty() && u.ratio(1, 4)? {
                    outputs.push(program.expression(u, 3)?);
                }
                Statement::Outputs(outputs)
            };
            program.ast.statements.push(statement);
        }
        let text = program.ast.to_program();
        let again = parse(&Source::expr(&text));
        assert_eq!(again.diagnostics, [], "{text}");
        assert_eq!(again.ast.to_text(), program.ast.to_text(), "{text}");
        assert_eq!(again.ast.nodes.len(), program.ast.nodes.len(), "{text}");
        // Brackets that are not needed are not written, so writing again changes nothing.
        assert_eq!(again.ast.to_program(), text);
        Ok(())
    })
    .budget_ms(1_500);
}

/// A tree that grows from random bytes.
struct Program {
    ast: Ast,
}

impl Program {
    fn push(&mut self, node: Node) -> NodeId {
        self.ast.push(node, Span::default())
    }

    fn several(&mut self, u: &mut Unstructured<'_>, depth: usize) -> Result<Vec<NodeId>> {
        let mut items = Vec::new();
        while !u.is_empty() && u.ratio(1, 2)? {
            items.push(self.expression(u, depth)?);
        }
        Ok(items)
    }

    fn part(&mut self, u: &mut Unstructured<'_>, depth: usize) -> Result<Option<NodeId>> {
        u.arbitrary::<bool>()?
            .then(|| self.expression(u, depth))
            .transpose()
    }

    fn leaf(&mut self, u: &mut Unstructured<'_>) -> Result<NodeId> {
        let node = match u.int_in_range(0..=4)? {
            0 => Node::Int(u.arbitrary()?),
            1 => Node::Float(positive(u)?),
            2 => Node::Imaginary(positive(u)?),
            3 => Node::Str(u.arbitrary()?),
            _ => Node::Name(name(u)?),
        };
        Ok(self.push(node))
    }

    /// What may be called: anything but a number.
    fn callee(&mut self, u: &mut Unstructured<'_>, depth: usize) -> Result<NodeId> {
        let callee = self.expression(u, depth)?;
        let is_number = matches!(
            self.ast.nodes[callee],
            Node::Int(_) | Node::Float(_) | Node::Imaginary(_)
        );
        Ok(if is_number {
            self.push(Node::Prefix(PrefixOp::Neg, callee))
        } else {
            callee
        })
    }

    fn expression(&mut self, u: &mut Unstructured<'_>, depth: usize) -> Result<NodeId> {
        let Some(depth) = depth.checked_sub(1) else {
            return self.leaf(u);
        };
        let node = match u.int_in_range(0..=12)? {
            0 | 1 => return self.leaf(u),
            2 => Node::Prefix(*u.choose(PREFIX)?, self.expression(u, depth)?),
            3 | 4 => {
                let left = self.expression(u, depth)?;
                Node::Infix(*u.choose(INFIX)?, left, self.expression(u, depth)?)
            }
            5 => self.compare(u, depth)?,
            6 => {
                let then = self.expression(u, depth)?;
                let condition = self.expression(u, depth)?;
                let otherwise = self.expression(u, depth)?;
                Node::Ternary {
                    condition,
                    then,
                    otherwise,
                }
            }
            7 | 8 => self.call(u, depth)?,
            9 => Node::Attribute {
                base: self.expression(u, depth)?,
                name: name(u)?,
                name_span: Span::default(),
            },
            10 => self.index(u, depth)?,
            11 => Node::Tuple(self.several(u, depth)?),
            _ => Node::List(self.several(u, depth)?),
        };
        Ok(self.push(node))
    }

    fn compare(&mut self, u: &mut Unstructured<'_>, depth: usize) -> Result<Node> {
        let first = self.expression(u, depth)?;
        let mut rest = vec![(*u.choose(COMPARE)?, self.expression(u, depth)?)];
        while !u.is_empty() && u.ratio(1, 3)? {
            rest.push((*u.choose(COMPARE)?, self.expression(u, depth)?));
        }
        Ok(Node::Compare { first, rest })
    }

    fn call(&mut self, u: &mut Unstructured<'_>, depth: usize) -> Result<Node> {
        let callee = self.callee(u, depth)?;
        let mut args = Vec::new();
        for value in self.several(u, depth)? {
            args.push(Arg {
                keyword: None,
                value,
            });
        }
        while !u.is_empty() && u.ratio(1, 3)? {
            args.push(Arg {
                keyword: Some((name(u)?, Span::default())),
                value: self.expression(u, depth)?,
            });
        }
        Ok(Node::Call { callee, args })
    }

    fn index(&mut self, u: &mut Unstructured<'_>, depth: usize) -> Result<Node> {
        let base = self.expression(u, depth)?;
        let mut items = Vec::new();
        while items.is_empty() || (!u.is_empty() && u.ratio(1, 3)?) {
            items.push(match u.int_in_range(0..=2)? {
                0 => Subscript::Slice {
                    start: self.part(u, depth)?,
                    stop: self.part(u, depth)?,
                    step: self.part(u, depth)?,
                },
                1 => Subscript::Ellipsis,
                _ => Subscript::Item(self.expression(u, depth)?),
            });
        }
        Ok(Node::Index { base, items })
    }
}

const PREFIX: &[PrefixOp] = &[
    PrefixOp::Neg,
    PrefixOp::Pos,
    PrefixOp::Invert,
    PrefixOp::Not,
];

const INFIX: &[InfixOp] = &[
    InfixOp::Add,
    InfixOp::Sub,
    InfixOp::Mul,
    InfixOp::Div,
    InfixOp::FloorDiv,
    InfixOp::Mod,
    InfixOp::MatMul,
    InfixOp::Pow,
    InfixOp::Shl,
    InfixOp::Shr,
    InfixOp::BitAnd,
    InfixOp::BitXor,
    InfixOp::BitOr,
    InfixOp::And,
    InfixOp::Or,
];

const COMPARE: &[CompareOp] = &[
    CompareOp::Eq,
    CompareOp::Ne,
    CompareOp::Lt,
    CompareOp::Le,
    CompareOp::Gt,
    CompareOp::Ge,
];

fn name(u: &mut Unstructured<'_>) -> Result<String> {
    let names = ["x", "sum", "_1", "été", "e", "j", "andy", "True", "变量"];
    Ok((*u.choose(&names)?).to_owned())
}

/// A float that a literal can have: the sign is an operator.
fn positive(u: &mut Unstructured<'_>) -> Result<f64> {
    let value = u.arbitrary::<f64>()?.abs();
    Ok(if value.is_nan() { f64::INFINITY } else { value })
}
