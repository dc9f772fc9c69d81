//! In: what the grammar recognises, bottom up. Out: nodes in an arena, within their limits.
//! Never: recursion, or a meaning for a name.

use std::cell::Cell;
use std::convert::Infallible;

use lalrpop_util::ErrorRecovery;

use super::Limit;
use super::ast::{Arg, Ast, CompareOp, InfixOp, Node, NodeId, PrefixOp, Subscript};
use super::token::Token;
use crate::diag::{Code, Diagnostic, Edit};
use crate::limits::{MAX_DEPTH, MAX_DIAGNOSTICS, MAX_IDLE_TOKENS, MAX_NODES};
use crate::source::Span;
use crate::table::{Id, Table};

/// What the parser got over.
pub(super) type Mistake<'s> = ErrorRecovery<usize, Token<'s>, Infallible>;

/// Whether it is worth to go on: told by the builder, asked by who hands out the tokens.
#[derive(Default)]
pub(super) struct Progress {
    /// Tokens handed out since something was added to the tree.
    idle: Cell<usize>,
    mistakes: Cell<usize>,
}

impl Progress {
    /// Counts a token, and says whether to hand it out.
    pub(super) fn goes_on(&self, token: &Token<'_>) -> bool {
        let separates = matches!(token, Token::Semicolon | Token::Newline);
        let idle = if separates { 0 } else { self.idle.get() + 1 };
        self.idle.set(idle);
        idle <= MAX_IDLE_TOKENS && self.mistakes.get() <= MAX_DIAGNOSTICS
    }
}

/// The state of the grammar's actions.
pub(super) struct Builder<'s> {
    pub(super) ast: Ast,
    progress: &'s Progress,
    /// Depth of the tree below each node, the node included.
    depths: Table<NodeId, usize>,
    /// What the parser got over, in text order.
    pub(super) mistakes: Vec<Mistake<'s>>,
    /// Mistakes that the grammar lets through.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The first node past a limit, and which: the tree is then of no use.
    pub(super) overflow: Option<(Limit, Span)>,
}

impl<'s> Builder<'s> {
    pub(super) fn new(progress: &'s Progress) -> Self {
        Self {
            ast: Ast::default(),
            progress,
            depths: Table::new(),
            mistakes: Vec::new(),
            diagnostics: Vec::new(),
            overflow: None,
        }
    }

    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        Span::new(start, end)
    }

    pub(super) fn mistake(&mut self, mistake: Mistake<'s>) {
        self.mistakes.push(mistake);
        self.progress.mistakes.set(self.mistakes.len());
    }

    /// Notes that the last tokens were of use.
    fn advance(&self) {
        self.progress.idle.set(0);
    }

    /// Adds a node, unless that exceeds a limit: then any id will do, since the tree is given up.
    fn push(&mut self, node: Node, span: Span) -> NodeId {
        let mut depth = 0;
        node.for_each_child(|child| depth = depth.max(self.depths[child]));
        let exceeded = if self.ast.nodes.len() >= MAX_NODES {
            Some(Limit::Nodes)
        } else if depth >= MAX_DEPTH {
            Some(Limit::Depth)
        } else {
            None
        };
        if let Some(limit) = exceeded {
            self.overflow.get_or_insert((limit, span));
            return NodeId::new(0);
        }
        self.advance();
        self.depths.push(depth + 1);
        self.ast.push(node, span)
    }

    fn push_at(&mut self, node: Node, start: usize, end: usize) -> NodeId {
        self.push(node, Span::new(start, end))
    }

    pub(super) fn error(&mut self, start: usize, end: usize) -> NodeId {
        self.push_at(Node::Error, start, end)
    }

    pub(super) fn name(&mut self, name: &str, start: usize, end: usize) -> NodeId {
        self.push_at(Node::Name(name.to_owned()), start, end)
    }

    pub(super) fn int(&mut self, value: u64, start: usize, end: usize) -> NodeId {
        self.push_at(Node::Int(value), start, end)
    }

    pub(super) fn float(&mut self, value: f64, start: usize, end: usize) -> NodeId {
        self.push_at(Node::Float(value), start, end)
    }

    pub(super) fn imaginary(&mut self, value: f64, start: usize, end: usize) -> NodeId {
        self.push_at(Node::Imaginary(value), start, end)
    }

    pub(super) fn string(&mut self, text: String, start: usize, end: usize) -> NodeId {
        self.push_at(Node::Str(text), start, end)
    }

    pub(super) fn prefix(&mut self, op: PrefixOp, operand: NodeId, start: usize) -> NodeId {
        let span = Span::new(start, start).to(self.ast.spans[operand]);
        self.push(Node::Prefix(op, operand), span)
    }

    pub(super) fn infix(&mut self, op: InfixOp, left: NodeId, right: NodeId) -> NodeId {
        let span = self.ast.spans[left].to(self.ast.spans[right]);
        self.push(Node::Infix(op, left, right), span)
    }

    pub(super) fn compare(&mut self, first: NodeId, rest: Vec<(CompareOp, NodeId)>) -> NodeId {
        let span = rest
            .iter()
            .fold(self.ast.spans[first], |span, &(_, operand)| {
                span.to(self.ast.spans[operand])
            });
        self.push(Node::Compare { first, rest }, span)
    }

    pub(super) fn ternary(&mut self, then: NodeId, condition: NodeId, otherwise: NodeId) -> NodeId {
        let span = self.ast.spans[then].to(self.ast.spans[otherwise]);
        let node = Node::Ternary {
            condition,
            then,
            otherwise,
        };
        self.push(node, span)
    }

    pub(super) fn attribute(
        &mut self,
        base: NodeId,
        name: &str,
        start: usize,
        end: usize,
    ) -> NodeId {
        let name_span = Span::new(start, end);
        let node = Node::Attribute {
            base,
            name: name.to_owned(),
            name_span,
        };
        self.push(node, self.ast.spans[base].to(name_span))
    }

    /// A call; `open` is where its bracket opens.
    pub(super) fn call(
        &mut self,
        callee: NodeId,
        open: usize,
        args: Vec<Arg>,
        end: usize,
    ) -> NodeId {
        self.check_order(&args);
        self.check_callee(callee, open);
        let span = self.ast.spans[callee].to(Span::new(open, end));
        self.push(Node::Call { callee, args }, span)
    }

    /// `2(a + b)` is a slip, not a call.
    fn check_callee(&mut self, callee: NodeId, open: usize) {
        let callee_end = self.ast.spans[callee].range().end;
        let is_number = matches!(
            self.ast.nodes[callee],
            Node::Int(_) | Node::Float(_) | Node::Imaginary(_)
        );
        if is_number {
            let diagnostic = Diagnostic::new(
                Code::UnexpectedToken,
                "a number cannot be called",
                self.ast.spans[callee],
                "",
            )
            .suggest("to multiply, use `*`", times(callee_end, open));
            self.diagnostics.push(diagnostic);
        }
    }

    /// Positional arguments come before keywords, as in Python.
    fn check_order(&mut self, args: &[Arg]) {
        let Some(first) = args.iter().position(|arg| arg.keyword.is_some()) else {
            return;
        };
        let misplaced = args[first..].iter().find(|arg| arg.keyword.is_none());
        if let (Some(arg), Some((keyword, span))) = (misplaced, &args[first].keyword) {
            let diagnostic = Diagnostic::new(
                Code::UnexpectedToken,
                format!("an argument without a name follows `{keyword}=`"),
                self.ast.spans[arg.value],
                "which argument is this?",
            )
            .label(*span, "named arguments come last")
            .suggest(
                "to compare, use `==`",
                vec![Edit {
                    span: Span {
                        start: span.end,
                        end: self.ast.spans[args[first].value].start,
                    },
                    text: " == ".to_owned(),
                }],
            );
            self.diagnostics.push(diagnostic);
        }
    }

    pub(super) fn keyword(
        &mut self,
        keyword: &str,
        start: usize,
        end: usize,
        value: NodeId,
    ) -> Arg {
        Arg {
            keyword: Some((keyword.to_owned(), Span::new(start, end))),
            value,
        }
    }

    pub(super) fn subscript(&self, item: Subscript) -> Subscript {
        self.advance();
        item
    }

    pub(super) fn index(&mut self, base: NodeId, items: Vec<Subscript>, end: usize) -> NodeId {
        let span = self.ast.spans[base].to(Span::new(end, end));
        self.push(Node::Index { base, items }, span)
    }

    /// `(a)` is `a` with the brackets in its span; `(a,)`, `(a, b)` and `()` are tuples.
    pub(super) fn parens(
        &mut self,
        (items, trailing_comma): (Vec<NodeId>, bool),
        start: usize,
        end: usize,
    ) -> NodeId {
        self.advance();
        match items[..] {
            [inner] if !trailing_comma => {
                self.ast.spans[inner] = Span::new(start, end);
                inner
            }
            _ => self.push_at(Node::Tuple(items), start, end),
        }
    }

    pub(super) fn list(&mut self, items: Vec<NodeId>, start: usize, end: usize) -> NodeId {
        self.push_at(Node::List(items), start, end)
    }
}

/// The edit that multiplies what ends at `end` by what starts at `start`: `2x` and `2 x` become
/// `2*x` and `2 * x`.
pub(super) fn times(end: usize, start: usize) -> Vec<Edit> {
    let text = if end == start { "*" } else { " * " };
    vec![Edit {
        span: Span::new(end, start),
        text: text.to_owned(),
    }]
}
