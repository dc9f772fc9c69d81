//! In: tokens, trees. Out: text of two kinds: what people read when they look into a stage, and
//! source that parses back to the same tree.
//! Never: more brackets in that source than it needs.

use super::ast::{Arg, Ast, InfixOp, Node, NodeId, PrefixOp, Statement, Subscript};
use super::{Token, lex, literal};
use crate::source::Source;

/// The tokens of a program, one a line: where, of which class, as written.
pub fn tokens_text(source: &Source) -> String {
    let mut out = String::new();
    for (token, span) in lex(source) {
        let place = format!("{}..{}", span.start, span.end);
        let written = if token == Token::Newline {
            "\\n"
        } else {
            source.slice(span)
        };
        out.push_str(&format!("{place:9} {:9} {written}\n", token.class()));
    }
    out
}

// -- Trees, for people

impl Ast {
    /// The tree as nested lists, one statement a line; what does not fit a line is broken over
    /// several, indented by depth.
    ///
    /// ```
    /// use fuseblock::{source::Source, syntax::parse};
    ///
    /// let program = parse(&Source::expr("d = -x**2; sum(d, axis=0)"));
    /// assert_eq!(program.ast.to_text(), "(= d (- (** x 2)))\n(call sum d (axis= 0))\n");
    /// ```
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        for statement in &self.statements {
            let items = match statement {
                Statement::Bind { target, value } => {
                    vec![Tree::headed("=", [self.tree(*target), self.tree(*value)])]
                }
                Statement::Outputs(outputs) => outputs.iter().map(|&id| self.tree(id)).collect(),
                Statement::Error(_) => vec![Tree::leaf("<error>")],
            };
            match <[Tree; 1]>::try_from(items) {
                Ok([only]) => only.write(&mut out, 0),
                Err(several) => Tree::headed("outputs", several).write(&mut out, 0),
            }
            out.push('\n');
        }
        out
    }

    fn tree(&self, id: NodeId) -> Tree {
        let trees = |ids: &[NodeId]| -> Vec<Tree> { ids.iter().map(|&id| self.tree(id)).collect() };
        match &self.nodes[id] {
            Node::Error => Tree::leaf("<error>"),
            Node::Name(_) | Node::Int(_) | Node::Float(_) | Node::Imaginary(_) | Node::Str(_) => {
                Tree::leaf(self.to_source(id))
            }
            Node::Prefix(op, operand) => Tree::headed(op.symbol(), [self.tree(*operand)]),
            Node::Infix(op, left, right) => Tree::headed(op.symbol(), trees(&[*left, *right])),
            Node::Compare { first, rest } => {
                let pairs = rest
                    .iter()
                    .flat_map(|&(op, operand)| [Tree::leaf(op.symbol()), self.tree(operand)]);
                Tree::headed("compare", std::iter::once(self.tree(*first)).chain(pairs))
            }
            Node::Ternary {
                condition,
                then,
                otherwise,
            } => Tree::headed("if", trees(&[*condition, *then, *otherwise])),
            Node::Call { callee, args } => {
                let args = args.iter().map(|arg| self.arg_tree(arg));
                Tree::headed("call", std::iter::once(self.tree(*callee)).chain(args))
            }
            Node::Attribute { base, name, .. } => {
                Tree::headed(".", [self.tree(*base), Tree::leaf(name)])
            }
            Node::Index { base, items } => {
                let items = items.iter().map(|item| self.subscript_tree(item));
                Tree::headed("index", std::iter::once(self.tree(*base)).chain(items))
            }
            Node::Tuple(items) => Tree::headed("tuple", trees(items)),
            Node::List(items) => Tree::headed("list", trees(items)),
        }
    }

    fn arg_tree(&self, arg: &Arg) -> Tree {
        let value = self.tree(arg.value);
        match &arg.keyword {
            Some((keyword, _)) => Tree::headed(format!("{keyword}="), [value]),
            None => value,
        }
    }

    fn subscript_tree(&self, item: &Subscript) -> Tree {
        let part = |part: &Option<NodeId>| part.map_or(Tree::leaf("_"), |id| self.tree(id));
        match item {
            Subscript::Item(item) => self.tree(*item),
            Subscript::Slice { start, stop, step } => {
                Tree::headed("slice", [part(start), part(stop), part(step)])
            }
            Subscript::Ellipsis => Tree::leaf("..."),
        }
    }
}

/// A list of lists, to be laid out.
struct Tree {
    head: String,
    /// `None` for a leaf, which has no brackets.
    items: Option<Vec<Tree>>,
    /// Characters on one line.
    width: usize,
}

impl Tree {
    /// Characters of a line.
    const WIDTH: usize = 80;

    fn leaf(text: impl Into<String>) -> Self {
        let head = text.into();
        Self {
            width: head.chars().count(),
            head,
            items: None,
        }
    }

    fn headed(head: impl Into<String>, items: impl IntoIterator<Item = Tree>) -> Self {
        let head = head.into();
        let items: Vec<Tree> = items.into_iter().collect();
        let inner: usize = items.iter().map(|item| item.width + 1).sum();
        Self {
            width: head.chars().count() + inner + 2,
            head,
            items: Some(items),
        }
    }

    fn write(&self, out: &mut String, indent: usize) {
        let Some(items) = &self.items else {
            out.push_str(&self.head);
            return;
        };
        let broken = indent + self.width > Self::WIDTH;
        out.push('(');
        out.push_str(&self.head);
        for item in items {
            if broken {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent + 2));
            } else {
                out.push(' ');
            }
            item.write(out, indent + 2);
        }
        out.push(')');
    }
}

// -- Trees, as source

/// How tightly an expression binds, weakest first, as in the grammar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Choice,
    Or,
    And,
    Not,
    Comparison,
    BitOr,
    BitXor,
    BitAnd,
    Shift,
    Sum,
    Product,
    Sign,
    Power,
    Postfix,
}

impl Strength {
    fn of(node: &Node) -> Self {
        match node {
            Node::Ternary { .. } => Strength::Choice,
            Node::Infix(op, ..) => Self::of_infix(*op).0,
            Node::Prefix(op, _) => Self::of_prefix(*op),
            Node::Compare { .. } => Strength::Comparison,
            Node::Error
            | Node::Name(_)
            | Node::Int(_)
            | Node::Float(_)
            | Node::Imaginary(_)
            | Node::Str(_)
            | Node::Call { .. }
            | Node::Attribute { .. }
            | Node::Index { .. }
            | Node::Tuple(_)
            | Node::List(_) => Strength::Postfix,
        }
    }

    fn of_prefix(op: PrefixOp) -> Self {
        match op {
            PrefixOp::Not => Strength::Not,
            PrefixOp::Neg | PrefixOp::Pos | PrefixOp::Invert => Strength::Sign,
        }
    }

    /// Of the whole, of what may stand on its left, and on its right.
    fn of_infix(op: InfixOp) -> (Self, Self, Self) {
        use Strength::*;
        match op {
            InfixOp::Or => (Or, Or, And),
            InfixOp::And => (And, And, Not),
            InfixOp::BitOr => (BitOr, BitOr, BitXor),
            InfixOp::BitXor => (BitXor, BitXor, BitAnd),
            InfixOp::BitAnd => (BitAnd, BitAnd, Shift),
            InfixOp::Shl | InfixOp::Shr => (Shift, Shift, Sum),
            InfixOp::Add | InfixOp::Sub => (Sum, Sum, Product),
            InfixOp::Mul | InfixOp::Div | InfixOp::FloorDiv | InfixOp::Mod | InfixOp::MatMul => {
                (Product, Product, Sign)
            }
            InfixOp::Pow => (Power, Postfix, Sign),
        }
    }
}

impl Ast {
    /// Source text of an expression, with no brackets but those it needs: it parses back to the
    /// same tree. A [`Node::Error`] has none and is written `<error>`.
    ///
    /// ```
    /// use fuseblock::{source::Source, syntax::{ast::Statement, parse}};
    ///
    /// let program = parse(&Source::expr("((a)+(b*c))**(-2)")).ast;
    /// let Statement::Outputs(outputs) = &program.statements[0] else { unreachable!() };
    /// assert_eq!(program.to_source(outputs[0]), "(a + b * c)**-2");
    /// ```
    pub fn to_source(&self, id: NodeId) -> String {
        let mut out = String::new();
        self.write(&mut out, id, Strength::Choice);
        out
    }

    /// Source text of the whole program, one statement a line.
    pub fn to_program(&self) -> String {
        let mut out = String::new();
        for statement in &self.statements {
            match statement {
                Statement::Bind { target, value } => {
                    self.write(&mut out, *target, Strength::Choice);
                    out.push_str(" = ");
                    self.write(&mut out, *value, Strength::Choice);
                }
                Statement::Outputs(outputs) => self.write_all(&mut out, outputs),
                Statement::Error(_) => out.push_str("<error>"),
            }
            out.push('\n');
        }
        out
    }

    /// Appends an expression, in brackets if it binds weaker than `least`.
    fn write(&self, out: &mut String, id: NodeId, least: Strength) {
        let node = &self.nodes[id];
        let brackets = Strength::of(node) < least;
        if brackets {
            out.push('(');
        }
        self.write_bare(out, node);
        if brackets {
            out.push(')');
        }
    }

    fn write_bare(&self, out: &mut String, node: &Node) {
        match node {
            Node::Error => out.push_str("<error>"),
            Node::Name(name) => out.push_str(name),
            Node::Int(value) => out.push_str(&value.to_string()),
            Node::Float(value) => out.push_str(&literal::float_text(*value)),
            Node::Imaginary(value) => {
                out.push_str(&literal::float_text(*value));
                out.push('j');
            }
            Node::Str(text) => out.push_str(&literal::string_text(text)),
            Node::Prefix(op, operand) => {
                out.push_str(op.symbol());
                if *op == PrefixOp::Not {
                    out.push(' ');
                }
                self.write(out, *operand, Strength::of_prefix(*op));
            }
            Node::Infix(op, left, right) => self.write_infix(out, *op, *left, *right),
            Node::Compare { first, rest } => {
                self.write(out, *first, Strength::BitOr);
                for (op, operand) in rest {
                    push_spaced(out, op.symbol());
                    self.write(out, *operand, Strength::BitOr);
                }
            }
            Node::Ternary {
                condition,
                then,
                otherwise,
            } => {
                self.write(out, *then, Strength::Or);
                push_spaced(out, "if");
                self.write(out, *condition, Strength::Or);
                push_spaced(out, "else");
                self.write(out, *otherwise, Strength::Choice);
            }
            Node::Call { callee, args } => {
                self.write(out, *callee, Strength::Postfix);
                self.write_args(out, args);
            }
            Node::Attribute { base, name, .. } => {
                self.write_base(out, *base);
                out.push('.');
                out.push_str(name);
            }
            Node::Index { base, items } => {
                self.write(out, *base, Strength::Postfix);
                self.write_subscripts(out, items);
            }
            Node::Tuple(items) => {
                out.push('(');
                self.write_all(out, items);
                out.push_str(if items.len() == 1 { ",)" } else { ")" });
            }
            Node::List(items) => {
                out.push('[');
                self.write_all(out, items);
                out.push(']');
            }
        }
    }

    fn write_infix(&self, out: &mut String, op: InfixOp, left: NodeId, right: NodeId) {
        let (_, on_left, on_right) = Strength::of_infix(op);
        self.write(out, left, on_left);
        if op == InfixOp::Pow {
            out.push_str(op.symbol());
        } else {
            push_spaced(out, op.symbol());
        }
        self.write(out, right, on_right);
    }

    /// What stands before a dot: the dot of `1.real` would belong to the number.
    fn write_base(&self, out: &mut String, base: NodeId) {
        if let Node::Int(value) = self.nodes[base] {
            out.push_str(&format!("({value})"));
        } else {
            self.write(out, base, Strength::Postfix);
        }
    }

    fn write_all(&self, out: &mut String, items: &[NodeId]) {
        separated(out, items, |out, &item| {
            self.write(out, item, Strength::Choice);
        });
    }

    fn write_args(&self, out: &mut String, args: &[Arg]) {
        out.push('(');
        separated(out, args, |out, arg| {
            if let Some((keyword, _)) = &arg.keyword {
                out.push_str(keyword);
                out.push('=');
            }
            self.write(out, arg.value, Strength::Choice);
        });
        out.push(')');
    }

    fn write_subscripts(&self, out: &mut String, items: &[Subscript]) {
        out.push('[');
        separated(out, items, |out, item| match item {
            Subscript::Item(item) => self.write(out, *item, Strength::Choice),
            Subscript::Slice { start, stop, step } => {
                self.write_part(out, *start);
                out.push(':');
                self.write_part(out, *stop);
                if step.is_some() {
                    out.push(':');
                    self.write_part(out, *step);
                }
            }
            Subscript::Ellipsis => out.push_str("..."),
        });
        out.push(']');
    }

    fn write_part(&self, out: &mut String, part: Option<NodeId>) {
        if let Some(part) = part {
            self.write(out, part, Strength::Choice);
        }
    }
}

fn push_spaced(out: &mut String, text: &str) {
    out.push(' ');
    out.push_str(text);
    out.push(' ');
}

fn separated<T>(out: &mut String, items: &[T], mut write: impl FnMut(&mut String, &T)) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write(out, item);
    }
}
