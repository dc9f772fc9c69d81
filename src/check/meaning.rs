//! In: a node whose children have been read. Out: what it means.
//! Never: recursion.

use super::filter::Filtered;
use super::literal::Literal;
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic};
use crate::funcs::Function;
use crate::ir::Value;
use crate::syntax::ast::{InfixOp, Node, NodeId, PrefixOp};
use crate::types::promote::Side;
use crate::types::{BinaryOp, UnaryOp};

/// What an expression means.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meaning {
    /// Its turn has not come.
    Unread,
    /// Nothing: it is wrong, which has been reported.
    Mistake,
    /// An array.
    Value(Value),
    /// What a filter lets pass of an array.
    Filtered(Filtered),
    /// Two arrays: the counts of a histogram and the edges of its bins.
    Pair([Part; 2]),
    /// A number or truth value that the text fixes.
    Literal(Literal),
    /// `None`
    None,
    /// A function, or a dtype: the function that converts to it.
    Function(&'static Function),
    /// A method, not called.
    Method(&'static Function),
    /// A tuple or a list; its items are nodes.
    Tuple,
    /// A string.
    Text,
}

/// One of two arrays.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Whole(Value),
    Filtered(Filtered),
}

/// An expression that is an array or a literal, with its node for messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    pub(super) node: NodeId,
    pub(super) is: Is,
}

/// An array or a literal.
#[derive(Clone, Copy, Debug)]
pub(super) enum Is {
    Value(Value),
    Literal(Literal),
}

impl From<Is> for Meaning {
    fn from(is: Is) -> Self {
        match is {
            Is::Value(value) => Meaning::Value(value),
            Is::Literal(literal) => Meaning::Literal(literal),
        }
    }
}

impl From<Part> for Meaning {
    fn from(part: Part) -> Self {
        match part {
            Part::Whole(value) => Meaning::Value(value),
            Part::Filtered(filter) => Meaning::Filtered(filter),
        }
    }
}

impl Meaning {
    /// What passes a filter, where it is that.
    pub(super) fn filtered(self) -> Option<Filtered> {
        if let Meaning::Filtered(filter) = self {
            return Some(filter);
        }
        None
    }

    /// An array, filtered or not.
    pub(super) fn array(self) -> Option<Value> {
        if let Meaning::Value(value) = self {
            return Some(value);
        }
        self.filtered().map(|filter| filter.value)
    }
}

impl Checker<'_> {
    /// Gives a node its meaning.
    pub(super) fn read(&mut self, id: NodeId) {
        let span = self.span(id);
        self.at(span);
        let meaning = match self.is_elementwise(id) {
            true => {
                let mut children = Vec::new();
                self.frame.ast.nodes[id].for_each_child(|child| children.push(child));
                self.passing(&children, |checker| checker.meaning(id))
            }
            false => self.meaning(id),
        };
        let meaning = meaning.unwrap_or(Meaning::Mistake);
        self.set(id, meaning);
    }

    fn meaning(&mut self, id: NodeId) -> Res<Meaning> {
        let ast = self.frame.ast;
        match &ast.nodes[id] {
            Node::Error => {
                self.unreadable(self.span(id));
                Err(Reported)
            }
            Node::Name(name) => self.name(id, name),
            Node::Int(value) => Ok(Meaning::Literal(Literal::Int(i128::from(*value)))),
            Node::Float(value) => Ok(Meaning::Literal(Literal::Float(*value))),
            Node::Imaginary(_) => Err(self.not_yet(self.span(id), "an imaginary number")),
            Node::Str(_) => Ok(Meaning::Text),
            Node::Prefix(op, operand) => self.prefix(id, *op, *operand).map(Meaning::from),
            Node::Infix(op, left, right) => self.infix(id, *op, *left, *right).map(Meaning::from),
            Node::Compare { first, rest } => self.chain(id, *first, rest).map(Meaning::from),
            Node::Ternary {
                condition,
                then,
                otherwise,
            } => self
                .choose(id, *condition, *then, *otherwise)
                .map(Meaning::Value),
            Node::Call { callee, args } => self.call(id, *callee, args),
            Node::Attribute {
                base,
                name,
                name_span,
            } => self.attribute(*base, name, *name_span),
            Node::Index { base, items } => self.index(id, *base, items),
            Node::Tuple(_) | Node::List(_) => Ok(Meaning::Tuple),
        }
    }

    /// What a node that was read means.
    pub(super) fn get(&self, id: NodeId) -> Meaning {
        use crate::table::Id;
        let place = id.index().checked_sub(self.frame.first);
        let meaning = place.and_then(|place| self.frame.meanings.get(place));
        meaning.copied().unwrap_or(Meaning::Unread)
    }

    pub(super) fn set(&mut self, id: NodeId, meaning: Meaning) {
        use crate::table::Id;
        let place = id.index().checked_sub(self.frame.first);
        if let Some(slot) = place.and_then(|place| self.frame.meanings.get_mut(place)) {
            *slot = meaning;
        }
    }

    /// A node that must be an array or a literal.
    pub(super) fn term(&mut self, node: NodeId) -> Res<Term> {
        let is = match self.get(node) {
            Meaning::Value(value) => Is::Value(value),
            Meaning::Literal(literal) => Is::Literal(literal),
            Meaning::Mistake | Meaning::Unread => return Err(Reported),
            Meaning::Filtered(_) => {
                let span = self.span(node);
                return Err(self.not_yet(span, "this use of what passes a filter"));
            }
            Meaning::None
            | Meaning::Pair(..)
            | Meaning::Function(_)
            | Meaning::Method(_)
            | Meaning::Tuple
            | Meaning::Text => return Err(self.no_value(node)),
        };
        Ok(Term { node, is })
    }

    /// Whether a node is an array or a literal, filtered arrays and pairs of arrays included; what
    /// is not is reported.
    pub(super) fn is_value(&mut self, node: NodeId) -> bool {
        let meaning = self.get(node);
        matches!(meaning, Meaning::Filtered(_) | Meaning::Pair(..)) || self.term(node).is_ok()
    }

    fn prefix(&mut self, id: NodeId, op: PrefixOp, operand: NodeId) -> Res<Is> {
        let term = self.term(operand)?;
        if op == PrefixOp::Not {
            return self.logical_not(term);
        }
        let folded = match (op, term.is) {
            (PrefixOp::Neg, Is::Literal(literal)) => Some(literal.negate()),
            (PrefixOp::Invert, Is::Literal(literal)) => Some(literal.invert()),
            (PrefixOp::Pos, Is::Literal(literal @ (Literal::Int(_) | Literal::Float(_)))) => {
                Some(Ok(literal))
            }
            _ => None,
        };
        if let Some(folded) = folded
            && let Some(literal) = self.folded(id, folded)?
        {
            return Ok(Is::Literal(literal));
        }
        let value = match op {
            PrefixOp::Neg => self.unary_op(id, UnaryOp::Neg, term)?,
            PrefixOp::Invert => self.unary_op(id, UnaryOp::Not, term)?,
            PrefixOp::Pos | PrefixOp::Not => self.positive(id, term)?,
        };
        Ok(Is::Value(value))
    }

    fn infix(&mut self, id: NodeId, op: InfixOp, left: NodeId, right: NodeId) -> Res<Is> {
        let (left, right) = (self.term(left), self.term(right));
        let (left, right) = (left?, right?);
        let op = match op {
            InfixOp::Add => BinaryOp::Add,
            InfixOp::Sub => BinaryOp::Sub,
            InfixOp::Mul => BinaryOp::Mul,
            InfixOp::Div => BinaryOp::Div,
            InfixOp::FloorDiv => BinaryOp::FloorDiv,
            InfixOp::Mod => BinaryOp::Mod,
            InfixOp::Pow => BinaryOp::Pow,
            InfixOp::Shl => BinaryOp::Shl,
            InfixOp::Shr => BinaryOp::Shr,
            InfixOp::BitAnd => BinaryOp::And,
            InfixOp::BitXor => BinaryOp::Xor,
            InfixOp::BitOr => BinaryOp::Or,
            InfixOp::And => return self.logical(BinaryOp::And, left, right),
            InfixOp::Or => return self.logical(BinaryOp::Or, left, right),
            InfixOp::MatMul => {
                let span = self.operator(left.node, right.node, op.symbol());
                return Err(self.not_yet(span, "the matrix product `@`"));
            }
        };
        self.operate(id, op, left, right)
    }

    /// `left op right` as operators have it: literals stay literals.
    pub(super) fn operate(&mut self, id: NodeId, op: BinaryOp, left: Term, right: Term) -> Res<Is> {
        if let (Is::Literal(a), Is::Literal(b)) = (left.is, right.is)
            && let Some(literal) = self.folded(id, a.combine(op, b))?
        {
            return Ok(Is::Literal(literal));
        }
        let value = if op == BinaryOp::Pow {
            self.power(id, left, right, true)
        } else {
            self.binary_op(id, op, left, right)
        };
        value.map(Is::Value)
    }

    /// A folded literal; `None` if the rules for arrays decide.
    fn folded(
        &mut self,
        id: NodeId,
        folded: Result<Literal, super::literal::Unfolded>,
    ) -> Res<Option<Literal>> {
        use super::literal::Unfolded;
        match folded {
            Ok(literal) => Ok(Some(literal)),
            Err(Unfolded::Typed) => Ok(None),
            Err(Unfolded::Overflow) => {
                let diagnostic = Diagnostic::new(
                    Code::LiteralRange,
                    "an integer computed from literals does not fit in 64 bits",
                    self.span(id),
                    "too large for `int64`",
                )
                .help("write out a number that fits in `uint64`, or write a float, `2.0**64`");
                self.report(diagnostic);
                Err(Reported)
            }
        }
    }
}

impl Term {
    /// What it brings to promotion.
    pub(super) fn side(self, checker: &Checker<'_>) -> Side {
        match self.is {
            Is::Value(value) => Side::Strong(checker.build.dtype(value)),
            Is::Literal(literal) => literal.side(),
        }
    }
}
