//! In: what the grammar recognised. Out: the tree, as an arena of nodes with spans in a side table.
//! Never: a meaning for a name.

use crate::define_id;
use crate::source::Span;
use crate::table::Table;

define_id!(
    /// A node of an [`Ast`].
    NodeId,
    "n"
);

/// A program as text has it: statements over an arena of nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ast {
    /// Expressions, children before parents.
    pub nodes: Table<NodeId, Node>,
    /// The text of each node; brackets around an expression belong to it.
    pub spans: Table<NodeId, Span>,
    /// The statements, in order.
    pub statements: Vec<Statement>,
}

/// One statement: a line, or what stands between `;`.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `target = value`. The target is a [`Node::Name`] in a valid program; a call is a function
    /// definition, anything else a mistake. Both are told apart after parsing.
    Bind {
        /// Left of `=`.
        target: NodeId,
        /// Right of `=`.
        value: NodeId,
    },
    /// One or more expressions, separated by commas.
    Outputs(Vec<NodeId>),
    /// Text that could not be parsed as a statement.
    Error(Span),
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Text that could not be parsed; a diagnostic exists.
    Error,
    /// An identifier, as written. `pi`, `e`, `inf`, `nan`, `True` are names: an operand may
    /// shadow them.
    Name(String),
    /// An integer literal; those above u64 are a lexer error.
    Int(u64),
    /// A float literal.
    Float(f64),
    /// An imaginary literal, `1.5j`.
    Imaginary(f64),
    /// A string literal, unescaped.
    Str(String),
    /// `-x`, `+x`, `~x`, `not x`.
    Prefix(PrefixOp, NodeId),
    /// `a op b`, for all binary operators but comparisons.
    Infix(InfixOp, NodeId, NodeId),
    /// `first op1 second op2 third ...`: a chain of one or more comparisons.
    Compare {
        /// The leftmost operand.
        first: NodeId,
        /// Each operator with the operand to its right.
        rest: Vec<(CompareOp, NodeId)>,
    },
    /// `then if condition else otherwise`
    Ternary {
        /// Between `if` and `else`.
        condition: NodeId,
        /// Before `if`.
        then: NodeId,
        /// After `else`.
        otherwise: NodeId,
    },
    /// `callee(args)`; a method call has an [`Node::Attribute`] as callee.
    Call {
        /// What is called.
        callee: NodeId,
        /// The arguments in text order.
        args: Vec<Arg>,
    },
    /// `base.name`
    Attribute {
        /// Left of the dot.
        base: NodeId,
        /// Right of the dot.
        name: String,
        /// The text of the name.
        name_span: Span,
    },
    /// `base[items]`
    Index {
        /// What is indexed.
        base: NodeId,
        /// What stands between the brackets.
        items: Vec<Subscript>,
    },
    /// `(a, b)`, `(a,)`, `()`
    Tuple(Vec<NodeId>),
    /// `[a, b]`
    List(Vec<NodeId>),
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// The keyword and its text, for `axis=0`.
    pub keyword: Option<(String, Span)>,
    /// The value.
    pub value: NodeId,
}

/// One item of a subscript.
#[derive(Clone, Debug, PartialEq)]
pub enum Subscript {
    /// An expression: an integer, a mask, `None`.
    Item(NodeId),
    /// `start:stop:step`
    Slice {
        /// Before the first colon.
        start: Option<NodeId>,
        /// Between the colons.
        stop: Option<NodeId>,
        /// After the second colon.
        step: Option<NodeId>,
    },
    /// `...`
    Ellipsis,
}

/// Operators before their operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the symbols say it")]
pub enum PrefixOp {
    Neg,
    Pos,
    Invert,
    Not,
}

/// Operators between two operands, comparisons excepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the symbols say it")]
pub enum InfixOp {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Mod,
    MatMul,
    Pow,
    Shl,
    Shr,
    BitAnd,
    BitXor,
    BitOr,
    And,
    Or,
}

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the symbols say it")]
pub enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl PrefixOp {
    /// As written.
    pub fn symbol(self) -> &'static str {
        match self {
            PrefixOp::Neg => "-",
            PrefixOp::Pos => "+",
            PrefixOp::Invert => "~",
            PrefixOp::Not => "not",
        }
    }
}

impl InfixOp {
    /// As written.
    pub fn symbol(self) -> &'static str {
        match self {
            InfixOp::Add => "+",
            InfixOp::Sub => "-",
            InfixOp::Mul => "*",
            InfixOp::Div => "/",
            InfixOp::FloorDiv => "//",
            InfixOp::Mod => "%",
            InfixOp::MatMul => "@",
            InfixOp::Pow => "**",
            InfixOp::Shl => "<<",
            InfixOp::Shr => ">>",
            InfixOp::BitAnd => "&",
            InfixOp::BitXor => "^",
            InfixOp::BitOr => "|",
            InfixOp::And => "and",
            InfixOp::Or => "or",
        }
    }
}

impl CompareOp {
    /// As written.
    pub fn symbol(self) -> &'static str {
        match self {
            CompareOp::Eq => "==",
            CompareOp::Ne => "!=",
            CompareOp::Lt => "<",
            CompareOp::Le => "<=",
            CompareOp::Gt => ">",
            CompareOp::Ge => ">=",
        }
    }
}

impl Ast {
    /// Adds a node with its text.
    pub fn push(&mut self, node: Node, span: Span) -> NodeId {
        self.spans.push(span);
        self.nodes.push(node)
    }
}

impl Node {
    /// Calls `see` with every child, in text order; not with the children's children.
    pub fn for_each_child(&self, mut see: impl FnMut(NodeId)) {
        match self {
            Node::Error
            | Node::Name(_)
            | Node::Int(_)
            | Node::Float(_)
            | Node::Imaginary(_)
            | Node::Str(_) => {}
            Node::Prefix(_, operand) => see(*operand),
            Node::Infix(_, left, right) => {
                see(*left);
                see(*right);
            }
            Node::Compare { first, rest } => {
                see(*first);
                rest.iter().for_each(|&(_, operand)| see(operand));
            }
            Node::Ternary {
                condition,
                then,
                otherwise,
            } => {
                see(*then);
                see(*condition);
                see(*otherwise);
            }
            Node::Call { callee, args } => {
                see(*callee);
                args.iter().for_each(|arg| see(arg.value));
            }
            Node::Attribute { base, .. } => see(*base),
            Node::Index { base, items } => {
                see(*base);
                items.iter().for_each(|item| item.for_each_child(&mut see));
            }
            Node::Tuple(items) | Node::List(items) => items.iter().copied().for_each(see),
        }
    }
}

impl Subscript {
    fn for_each_child(&self, mut see: impl FnMut(NodeId)) {
        match self {
            Subscript::Item(item) => see(*item),
            Subscript::Slice { start, stop, step } => {
                [start, stop, step]
                    .into_iter()
                    .flatten()
                    .for_each(|&part| see(part));
            }
            Subscript::Ellipsis => {}
        }
    }
}
