//! In: arguments of elementwise functions. Out: values in the dtypes that NumPy's tables give.
//! Never: a rule of promotion that is not in the tables.

use super::literal::Literal;
use super::meaning::{Is, Term};
use super::{Checker, Reported, Res};
use crate::ir::Value;
use crate::syntax::ast::{CompareOp, NodeId};
use crate::types::promote::{self, Promotion};
use crate::types::{BinaryOp, DType, Scalar, UnaryOp};

impl Checker<'_> {
    /// An operation of one array; literals count as arrays.
    pub(super) fn unary_op(&mut self, id: NodeId, op: UnaryOp, x: Term) -> Res<Value> {
        let x = self.strengthened(x)?;
        let value = self.strong(x)?;
        let given = self.build.dtype(value);
        let dtype = self.promoted(id, op, promote::unary(op, given), x)?;
        if !dtype.is_float() {
            use UnaryOp::{Abs, Ceil, Floor, IsFinite, IsInf, IsNan, Trunc};
            if matches!(op, IsNan | IsInf | IsFinite) {
                return self.full(Scalar::Bool(op == IsFinite), self.shape(x));
            }
            // Integers are their own floor, and only signed numbers differ from their magnitude.
            if matches!(op, Floor | Ceil | Trunc) || op == Abs && !dtype.is_signed() {
                return Ok(value);
            }
        }
        let value = self.cast(value, dtype)?;
        self.unary(op, value)
    }

    fn promoted(&mut self, id: NodeId, op: UnaryOp, to: Promotion, x: Term) -> Res<DType> {
        match to {
            Promotion::In(dtype) => Ok(dtype),
            Promotion::Float16 => Err(self.float16(id, x)),
            Promotion::Refused | Promotion::MixedInts => Err(self.refused_one(id, op, x)),
        }
    }

    /// `+x`
    pub(super) fn positive(&mut self, id: NodeId, x: Term) -> Res<Value> {
        let value = self.strong(x)?;
        match promote::positive(self.build.dtype(value)) {
            Promotion::In(dtype) => self.cast(value, dtype),
            Promotion::Float16 | Promotion::Refused | Promotion::MixedInts => {
                Err(self.refused_positive(id, x))
            }
        }
    }

    /// `x * x`
    pub(super) fn square(&mut self, id: NodeId, x: Term) -> Res<Value> {
        let value = self.strong(x)?;
        match promote::square(self.build.dtype(value)) {
            Promotion::In(dtype) => {
                let value = self.cast(value, dtype)?;
                self.binary(BinaryOp::Mul, value, value)
            }
            Promotion::Float16 | Promotion::Refused | Promotion::MixedInts => {
                Err(self.float16(id, x))
            }
        }
    }

    /// An operation of two arguments, powers excepted. Literals are weak, unless both are.
    pub(super) fn binary_op(
        &mut self,
        id: NodeId,
        op: BinaryOp,
        left: Term,
        right: Term,
    ) -> Res<Value> {
        let (left, right) = self.one_strong(left, right)?;
        self.broadcast(id, &[left, right])?;
        match promote::binary(op, left.side(self), right.side(self)) {
            Promotion::In(dtype) => {
                if let Some(answer) = self.beyond(op, left, right, dtype)? {
                    return Ok(answer);
                }
                let a = self.typed(left, dtype, right)?;
                let b = self.typed(right, dtype, left)?;
                match (op, dtype) {
                    (BinaryOp::Add, DType::Bool) => self.binary(BinaryOp::Or, a, b),
                    (BinaryOp::Mul, DType::Bool) => self.binary(BinaryOp::And, a, b),
                    _ => self.binary(op, a, b),
                }
            }
            Promotion::MixedInts => self.compare_mixed(op, left, right),
            Promotion::Float16 => Err(self.float16_of_two(id, left, right)),
            Promotion::Refused => Err(self.refused_two(id, op, left, right)),
        }
    }

    /// Two arguments of which at least one is an array.
    pub(super) fn one_strong(&mut self, left: Term, right: Term) -> Res<(Term, Term)> {
        if left.is.literal().is_none() || right.is.literal().is_none() {
            return Ok((left, right));
        }
        Ok((self.strengthened(left)?, self.strengthened(right)?))
    }

    /// The answer of a comparison with an integer literal that `dtype` cannot hold: it is the
    /// same for every element.
    fn beyond(
        &mut self,
        op: BinaryOp,
        left: Term,
        right: Term,
        dtype: DType,
    ) -> Res<Option<Value>> {
        let outside = |term: Term| match term.is {
            Is::Literal(Literal::Int(value)) => {
                let (low, high) = dtype.int_range()?;
                (!(low..=high).contains(&value)).then_some(value > high)
            }
            Is::Literal(Literal::Bool(_) | Literal::Float(_)) | Is::Value(_) => None,
        };
        // Whether the left side is greater.
        let (greater, array) = match (outside(left), outside(right)) {
            (Some(above), _) => (above, right),
            (None, Some(above)) => (!above, left),
            (None, None) => return Ok(None),
        };
        if !compares(op) {
            return Ok(None);
        }
        // Any two numbers that are in the same order give the same answer.
        let (a, b) = if greater { (1, 0) } else { (0, 1) };
        let answer = Literal::Int(a).combine(op, Literal::Int(b)) == Ok(Literal::Bool(true));
        self.full(Scalar::Bool(answer), self.shape(array)).map(Some)
    }

    /// Compares a signed integer with a uint64, exactly: a negative number is the smaller one,
    /// any other has the same value as uint64.
    fn compare_mixed(&mut self, op: BinaryOp, left: Term, right: Term) -> Res<Value> {
        let (a, b) = (self.strong(left)?, self.strong(right)?);
        let (signed, unsigned, op) = if self.build.dtype(a).is_signed() {
            (a, b, op)
        } else {
            (b, a, mirrored(op))
        };
        let dtype = self.build.dtype(signed);
        let zero = self.constant(Scalar::from_bits(dtype, 0))?;
        let wide = self.cast(signed, DType::UInt64)?;
        let unsigned = self.cast(unsigned, DType::UInt64)?;
        let compared = self.binary(op, wide, unsigned)?;
        if matches!(op, BinaryOp::Eq | BinaryOp::Gt | BinaryOp::Ge) {
            let sign = self.binary(BinaryOp::Ge, signed, zero)?;
            self.binary(BinaryOp::And, sign, compared)
        } else {
            let sign = self.binary(BinaryOp::Lt, signed, zero)?;
            self.binary(BinaryOp::Or, sign, compared)
        }
    }

    /// `first op1 second op2 third`: each pair compared, all of them must hold.
    pub(super) fn chain(
        &mut self,
        id: NodeId,
        first: NodeId,
        rest: &[(CompareOp, NodeId)],
    ) -> Res<Is> {
        let mut left = self.term(first);
        let mut all: Option<Res<Is>> = None;
        for &(op, node) in rest {
            let right = self.term(node);
            let answer = match (left, right) {
                (Ok(left), Ok(right)) => self.operate(id, comparison(op), left, right),
                _ => Err(Reported),
            };
            all = Some(match (all, answer) {
                (None, answer) => answer,
                (Some(Ok(a)), Ok(b)) => {
                    let (a, b) = (Term { node: id, is: a }, Term { node: id, is: b });
                    self.logical(BinaryOp::And, a, b)
                }
                (Some(_), _) => Err(Reported),
            });
            left = right;
        }
        all.unwrap_or(Err(Reported))
    }

    /// `and`, `or`, xor of truth values.
    pub(super) fn logical(&mut self, op: BinaryOp, left: Term, right: Term) -> Res<Is> {
        if let (Some(a), Some(b)) = (left.is.literal(), right.is.literal()) {
            let (a, b) = (
                Literal::Int(a.truth().into()),
                Literal::Int(b.truth().into()),
            );
            let answer = a.combine(op, b).is_ok_and(Literal::truth);
            return Ok(Is::Literal(Literal::Bool(answer)));
        }
        self.broadcast(left.node, &[left, right])?;
        let (a, b) = (self.truth(left)?, self.truth(right)?);
        self.binary(op, a, b).map(Is::Value)
    }

    /// `not x`
    pub(super) fn logical_not(&mut self, x: Term) -> Res<Is> {
        match x.is {
            Is::Literal(literal) => Ok(Is::Literal(Literal::Bool(!literal.truth()))),
            Is::Value(_) => {
                let truth = self.truth(x)?;
                self.unary(UnaryOp::Not, truth).map(Is::Value)
            }
        }
    }

    /// `then if condition else otherwise`, and `where(condition, then, otherwise)`.
    pub(super) fn choose(
        &mut self,
        id: NodeId,
        condition: NodeId,
        then: NodeId,
        otherwise: NodeId,
    ) -> Res<Value> {
        let terms = [condition, then, otherwise].map(|node| self.term(node));
        let [condition, then, otherwise] = terms;
        let (condition, then, otherwise) = (condition?, then?, otherwise?);
        self.broadcast(id, &[condition, then, otherwise])?;
        let (then, otherwise) = self.one_strong(then, otherwise)?;
        let dtype = match promote::select(then.side(self), otherwise.side(self)) {
            Promotion::In(dtype) => dtype,
            Promotion::Float16 | Promotion::MixedInts | Promotion::Refused => {
                return Err(self.no_common(id, then, otherwise));
            }
        };
        let condition = self.truth(condition)?;
        let a = self.typed(then, dtype, otherwise)?;
        let b = self.typed(otherwise, dtype, then)?;
        self.select(condition, a, b)
    }
}

/// The operation of a comparison operator.
fn comparison(op: CompareOp) -> BinaryOp {
    match op {
        CompareOp::Eq => BinaryOp::Eq,
        CompareOp::Ne => BinaryOp::Ne,
        CompareOp::Lt => BinaryOp::Lt,
        CompareOp::Le => BinaryOp::Le,
        CompareOp::Gt => BinaryOp::Gt,
        CompareOp::Ge => BinaryOp::Ge,
    }
}

/// The comparison that says the same with its sides swapped.
fn mirrored(op: BinaryOp) -> BinaryOp {
    use BinaryOp::{Ge, Gt, Le, Lt};
    let pairs = [(Lt, Gt), (Le, Ge), (Gt, Lt), (Ge, Le)];
    let found = pairs.into_iter().find(|&(known, _)| known == op);
    found.map_or(op, |(_, mirrored)| mirrored)
}

/// Whether an operation is a comparison.
fn compares(op: BinaryOp) -> bool {
    use BinaryOp::{Eq, Ge, Gt, Le, Lt, Ne};
    matches!(op, Eq | Ne | Lt | Le | Gt | Ge)
}
