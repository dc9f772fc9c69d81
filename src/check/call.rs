//! In: a call. Out: the function it means, its arguments matched to parameters, its value.
//! Never: an argument that is silently ignored.

use super::meaning::{Meaning, Term};
use super::names::Known;
use super::suggest::{meant, nearest_function};
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic, Edit, nearest};
use crate::funcs::{self, Function, Rule};
use crate::ir::Value;
use crate::source::Span;
use crate::syntax::ast::{Arg, Node, NodeId};
use crate::types::promote::{self, Promotion};
use crate::types::{BinaryOp, DType, UnaryOp};

/// The arguments of a call, one a parameter, in the order of the parameters.
pub(super) struct Given {
    pub(super) function: &'static Function,
    pub(super) nodes: Vec<Option<NodeId>>,
    /// Further positional arguments, of methods that take an integer or several.
    pub(super) more: Vec<NodeId>,
}

impl Given {
    /// The argument of parameter `index`, if it was given.
    pub(super) fn get(&self, index: usize) -> Option<NodeId> {
        self.nodes.get(index).copied().flatten()
    }

    /// The argument of the parameter called `name`, if it was given.
    pub(super) fn named(&self, name: &str) -> Option<NodeId> {
        let params = self.function.params.iter();
        let index = params.into_iter().position(|param| param.name == name)?;
        self.get(index)
    }
}

impl Checker<'_> {
    /// `callee(args)`: a function of the program hides one of the language, an array does not.
    pub(super) fn call(&mut self, id: NodeId, callee: NodeId, args: &[Arg]) -> Res<Meaning> {
        if let Node::Name(name) = &self.frame.ast.nodes[callee] {
            match self.lookup(name) {
                Some(Known::Function(function)) => return self.inline(id, &function, args),
                Some(Known::Is(Meaning::Mistake)) => return Err(Reported),
                Some(Known::Is(_)) if self.is_param(name) => return Err(self.not_callable(callee)),
                Some(Known::Is(_) | Known::Operand(_) | Known::Binding(..)) | None => {}
            }
        }
        let (function, base) = self.callee(id, callee)?;
        if !function.is_available() {
            let what = format!("the function `{}`", function.name);
            return Err(self.not_yet(self.span(callee), &what));
        }
        let given = self.matched(callee, function, base, args)?;
        self.apply(id, &given)
    }

    /// What is called, and on what: a method has a base, which must be an array.
    fn callee(&mut self, id: NodeId, callee: NodeId) -> Res<(&'static Function, Option<NodeId>)> {
        let node = &self.frame.ast.nodes[callee];
        if let Node::Name(name) = node {
            let found = funcs::find(name).ok_or_else(|| self.unknown_function(callee, name));
            return found.map(|function| (function, None));
        }
        let Node::Attribute {
            base,
            name,
            name_span,
        } = node
        else {
            return Err(self.not_callable(callee));
        };
        if !self.is_value(*base) {
            return Err(Reported);
        }
        match funcs::find(name) {
            Some(function) if function.is_method() || !function.is_available() => {
                Ok((function, Some(*base)))
            }
            Some(function) if function.is_attribute() => {
                Err(self.attribute_called(id, callee, function))
            }
            _ => Err(self.unknown_method(name, self.place(*name_span))),
        }
    }

    /// Matches arguments to parameters.
    fn matched(
        &mut self,
        callee: NodeId,
        function: &'static Function,
        base: Option<NodeId>,
        args: &[Arg],
    ) -> Res<Given> {
        let params = function.params;
        let mut nodes = vec![None; params.len()];
        let mut positional = params
            .iter()
            .take_while(|param| !param.keyword_only)
            .count();
        let mut next = 0;
        let gathers = base.is_some() && function.gathers();
        let mut more = Vec::new();
        if let Some(base) = base {
            nodes[0] = Some(base);
            next = 1;
            positional = positional.max(1);
        }
        for arg in args {
            let index = match &arg.keyword {
                Some((keyword, span)) => {
                    let span = self.place(*span);
                    match params
                        .iter()
                        .position(|param| param.names().any(|name| name == keyword))
                    {
                        Some(index) => index,
                        None => return Err(self.unknown_keyword(function, keyword, span)),
                    }
                }
                None if next < positional => {
                    next += 1;
                    next - 1
                }
                None if gathers => {
                    more.push(arg.value);
                    continue;
                }
                None => return Err(self.too_many(function, positional, arg.value)),
            };
            if nodes[index].replace(arg.value).is_some() {
                return Err(self.given_twice(function, params[index].name, arg.value));
            }
        }
        let missing = |(param, node): (&funcs::Param, &Option<NodeId>)| {
            (param.default.is_none() && node.is_none()).then_some(param.name)
        };
        match params.iter().zip(&nodes).find_map(missing) {
            Some(name) => Err(self.missing(callee, function, name)),
            None => Ok(Given {
                function,
                nodes,
                more,
            }),
        }
    }

    /// The value of a function for its arguments, some of which may be filtered.
    fn apply(&mut self, id: NodeId, given: &Given) -> Res<Meaning> {
        let nodes: Vec<NodeId> = given.nodes.iter().flatten().copied().collect();
        match given.function.rule {
            Rule::Unary(_)
            | Rule::Positive
            | Rule::Square
            | Rule::Binary(_)
            | Rule::Composed(_)
            | Rule::Logical(_)
            | Rule::LogicalNot
            | Rule::Where
            | Rule::Clip
            | Rule::Round
            | Rule::Cast(_)
            | Rule::AsType => self.passing(&nodes, |checker| checker.elementwise(id, given)),
            Rule::Reduce(reduction) => self.reduce(given, &nodes, reduction),
            Rule::Scan { scanned, flattens } => {
                let filtered = given.get(0).map(|node| (node, self.get(node)));
                match filtered {
                    Some((node, Meaning::Filtered(filter))) => {
                        self.scan_filtered(given, node, filter, scanned)
                    }
                    _ => self.scan(given, scanned, flattens).map(Meaning::Value),
                }
            }
            Rule::Histogram => self.histogram(given),
            Rule::BinCount => self.bincount(given),
            Rule::Linspace => self.linspace(given).map(Meaning::Value),
            Rule::Arange => self.arange(given).map(Meaning::Value),
            Rule::Full => self.full_of(given).map(Meaning::Value),
            Rule::Fill(value) => self.filled(given, value).map(Meaning::Value),
            Rule::Index => self.index_along(given).map(Meaning::Value),
            Rule::Random => self.random(given).map(Meaning::Value),
            Rule::Structure(what) => self.structure(id, given, what).map(Meaning::Value),
            Rule::NotYet => Err(Reported),
        }
    }

    /// The value of a function that goes element by element.
    fn elementwise(&mut self, id: NodeId, given: &Given) -> Res<Meaning> {
        let value = match given.function.rule {
            Rule::Unary(op) => {
                let x = self.first(given)?;
                self.unary_op(id, op, x)
            }
            Rule::Positive => {
                let x = self.first(given)?;
                self.positive(id, x)
            }
            Rule::Square => {
                let x = self.first(given)?;
                self.square(id, x)
            }
            Rule::Binary(op) => {
                let (left, right) = self.two(given)?;
                if op == BinaryOp::Pow {
                    self.power(id, left, right, false)
                } else {
                    self.binary_op(id, op, left, right)
                }
            }
            Rule::Composed(composed) => self.composed(id, given, composed),
            Rule::Logical(op) => {
                let (left, right) = self.two(given)?;
                return self.logical(op, left, right).map(Meaning::from);
            }
            Rule::LogicalNot => {
                let x = self.first(given)?;
                return self.logical_not(x).map(Meaning::from);
            }
            Rule::Where => match given.nodes[..] {
                [Some(condition), Some(x), Some(y)] => self.choose(id, condition, x, y),
                _ => Err(Reported),
            },
            Rule::Clip => self.clip(id, given),
            Rule::Round => self.round(id, given),
            Rule::Cast(dtype) => {
                let x = self.first(given)?;
                self.convert(x, dtype)
            }
            Rule::AsType => {
                let x = self.first(given)?;
                let node = given.get(1).ok_or(Reported)?;
                let dtype = self.dtype_arg(node)?;
                self.convert(x, dtype)
            }
            // OK because `apply` asks for no other.
            Rule::Reduce(_)
            | Rule::Scan { .. }
            | Rule::Histogram
            | Rule::BinCount
            | Rule::Linspace
            | Rule::Arange
            | Rule::Full
            | Rule::Fill(_)
            | Rule::Index
            | Rule::Random
            | Rule::Structure(_)
            | Rule::NotYet => Err(Reported),
        };
        value.map(Meaning::Value)
    }

    /// The argument of the parameter called `name`, if it was given and is not `None`.
    pub(super) fn optional(&self, given: &Given, name: &str) -> Option<NodeId> {
        let node = given.named(name);
        node.filter(|&node| !matches!(self.get(node), Meaning::None))
    }

    /// An argument that is a truth value, written out.
    pub(super) fn flag(&mut self, given: &Given, name: &str, default: bool) -> Res<bool> {
        match given.named(name) {
            Some(node) => self.bool_arg(node, name),
            None => Ok(default),
        }
    }

    /// The first argument, an array or a literal.
    pub(super) fn first(&mut self, given: &Given) -> Res<Term> {
        let node = given.get(0).ok_or(Reported)?;
        self.term(node)
    }

    pub(super) fn two(&mut self, given: &Given) -> Res<(Term, Term)> {
        let left = self.first(given);
        let right = given
            .get(1)
            .ok_or(Reported)
            .and_then(|node| self.term(node));
        Ok((left?, right?))
    }

    /// A conversion. An integer literal must fit, everything else obeys the rules of casts.
    fn convert(&mut self, x: Term, dtype: DType) -> Res<Value> {
        self.typed(x, dtype, x)
    }

    /// `clip(x, min, max)`: `minimum(maximum(x, min), max)` in a common dtype. An integer literal
    /// at or beyond the end of an integer's range bounds nothing there.
    fn clip(&mut self, id: NodeId, given: &Given) -> Res<Value> {
        let x = self.first(given)?;
        let x = self.strengthened(x)?;
        let low = self.bound(x, given.get(1), true)?;
        let high = self.bound(x, given.get(2), false)?;
        let bounds = || [low, high].into_iter().flatten();
        let mut terms = vec![x];
        terms.extend(bounds());
        self.broadcast(id, &terms)?;
        let dtype = self.common(id, &terms)?;
        let mut value = self.typed(x, dtype, x)?;
        if let Some(low) = low {
            let low = self.typed(low, dtype, x)?;
            value = self.binary(BinaryOp::Max, value, low)?;
        }
        if let Some(high) = high {
            let high = self.typed(high, dtype, x)?;
            value = self.binary(BinaryOp::Min, value, high)?;
        }
        Ok(value)
    }

    /// A bound of `clip`, if it is one.
    fn bound(&mut self, x: Term, node: Option<NodeId>, low: bool) -> Res<Option<Term>> {
        use super::literal::Literal;
        let Some(node) = node else { return Ok(None) };
        if let Meaning::None = self.get(node) {
            return Ok(None);
        }
        let term = self.term(node)?;
        let value = self.strong(x)?;
        let range = self.build.dtype(value).int_range();
        let Some(Literal::Int(bound)) = term.is.literal() else {
            return Ok(Some(term));
        };
        let idle = match range {
            Some(_) if self.build.dtype(value).is_bool() => false,
            Some((least, _)) if low => bound <= least,
            Some((_, most)) => bound >= most,
            None => false,
        };
        Ok((!idle).then_some(term))
    }

    /// The dtype that all terms promote to. Floats come first, as in NumPy: int16, uint16 and
    /// float32 meet in float32, though int16 and uint16 alone would meet in int32. Literals come
    /// last: bool, 2 and uint16 meet in uint16, though bool and 2 alone would meet in int64.
    pub(super) fn common(&mut self, id: NodeId, terms: &[Term]) -> Res<DType> {
        let first = *terms.first().ok_or(Reported)?;
        let mut terms = terms.to_vec();
        terms.sort_by_key(|term| match term.side(self) {
            promote::Side::Strong(dtype) => u8::from(!dtype.is_float()),
            promote::Side::WeakInt | promote::Side::WeakFloat => 2,
        });
        let mut side = None;
        for term in terms {
            let next = term.side(self);
            side = Some(match side {
                None => next,
                Some(side) => match promote::binary(BinaryOp::Max, side, next) {
                    Promotion::In(dtype) => promote::Side::Strong(dtype),
                    Promotion::Float16 | Promotion::MixedInts | Promotion::Refused => {
                        return Err(self.no_common(id, first, term));
                    }
                },
            });
        }
        match side {
            Some(promote::Side::Strong(dtype)) => Ok(dtype),
            _ => Err(Reported),
        }
    }

    /// `round(x, decimals)`: x * 10**n, to even, / 10**n; for n < 0 the other way around.
    /// Integers stay what they are, by way of float64 for n < 0.
    fn round(&mut self, id: NodeId, given: &Given) -> Res<Value> {
        let x = self.first(given)?;
        let x = self.strengthened(x)?;
        let decimals = match given.get(1) {
            Some(node) => self.int_arg(node, "decimals")?,
            None => 0,
        };
        let value = self.strong(x)?;
        let dtype = self.build.dtype(value);
        if dtype.is_int() && decimals >= 0 {
            return Ok(value);
        }
        if decimals == 0 {
            return self.unary_op(id, UnaryOp::Rint, x);
        }
        if dtype.is_bool() {
            return Err(self.refused_one(id, UnaryOp::Rint, x));
        }
        let float = if dtype.is_int() {
            DType::Float64
        } else {
            dtype
        };
        let exponent = i32::try_from(decimals.unsigned_abs()).unwrap_or(i32::MAX);
        let scale = super::literal::Literal::Float(power_of_ten(exponent)).to(float);
        let scale = self.constant(scale.ok_or(Reported)?)?;
        let (before, after) = if decimals > 0 {
            (BinaryOp::Mul, BinaryOp::Div)
        } else {
            (BinaryOp::Div, BinaryOp::Mul)
        };
        let scaled = self.cast(value, float)?;
        let scaled = self.binary(before, scaled, scale)?;
        let rounded = self.unary(UnaryOp::Rint, scaled)?;
        let value = self.binary(after, rounded, scale)?;
        self.cast(value, dtype)
    }

    pub(super) fn unknown_function(&mut self, callee: NodeId, name: &str) -> Reported {
        let span = self.span(callee);
        if self.lookup(name).is_some() {
            return self.not_callable(callee);
        }
        let message = format!("there is no function `{name}`");
        let mut diagnostic =
            Diagnostic::new(Code::UnknownFunction, message, span, "unknown function");
        let defined = self.functions_seen();
        if let Some(near) = nearest(name, defined.into_iter()).or_else(|| nearest_function(name)) {
            diagnostic = meant(diagnostic, span, near);
        }
        self.report(diagnostic);
        Reported
    }

    /// `x.real()`
    fn attribute_called(&mut self, id: NodeId, callee: NodeId, function: &Function) -> Reported {
        let spans = &self.frame.ast.spans;
        let call = Span::new(spans[callee].range().end, spans[id].range().end);
        let message = format!("`{}` of an array is not called", function.name);
        let edit = Edit {
            span: call,
            text: String::new(),
        };
        let call = self.place(call);
        let diagnostic = Diagnostic::new(Code::UnknownFunction, message, call, "an attribute")
            .suggest("leave the brackets out", vec![edit]);
        self.report(diagnostic);
        Reported
    }

    pub(super) fn not_callable(&mut self, callee: NodeId) -> Reported {
        let text = self.text(callee);
        let message = format!("`{text}` is not a function");
        let span = self.span(callee);
        let end = Span::new(span.range().end, span.range().end);
        let edit = Edit {
            span: end,
            text: " * ".to_string(),
        };
        let diagnostic = Diagnostic::new(
            Code::UnknownFunction,
            message,
            span,
            "this cannot be called",
        )
        .suggest("to multiply, write `*`", vec![edit]);
        self.report(diagnostic);
        Reported
    }
}

/// As NumPy's `round` has it: a table up to 10**8, repeated products above.
fn power_of_ten(exponent: i32) -> f64 {
    if exponent <= 8 {
        return 10f64.powi(exponent);
    }
    let mut power = 1e9;
    for _ in 9..exponent.min(400) {
        power *= 10.0;
    }
    power
}
