//! In: a base and an exponent. Out: multiplications, a root or a power; and a note of each
//! integer exponent that the data may make negative.
//! Never: a choice that an engine could make differently.

use super::filter::Filtered;
use super::literal::Literal;
use super::meaning::{Is, Term};
use super::{Checker, Power, Res};
use crate::ir::Value;
use crate::syntax::ast::NodeId;
use crate::types::promote::{self, Promotion};
use crate::types::{BinaryOp, DType, Scalar, UnaryOp};

impl Checker<'_> {
    /// `base ** exponent`; `operator` tells the operator from the function `pow`, for which NumPy
    /// promotes the square of a bool differently.
    pub(super) fn power(
        &mut self,
        id: NodeId,
        base: Term,
        exponent: Term,
        operator: bool,
    ) -> Res<Value> {
        let (base, exponent) = match (base.is, exponent.is) {
            // `power(-0.0, 0.5)` is a root, too.
            (Is::Literal(_), Is::Literal(Literal::Float(_))) => {
                (self.strengthened(base)?, exponent)
            }
            _ => self.one_strong(base, exponent)?,
        };
        self.broadcast(id, &[base, exponent])?;
        let dtype = match promote::binary(BinaryOp::Pow, base.side(self), exponent.side(self)) {
            Promotion::In(dtype) => dtype,
            Promotion::Float16 | Promotion::MixedInts | Promotion::Refused => {
                return Err(self.refused_two(id, BinaryOp::Pow, base, exponent));
            }
        };
        if let (Is::Value(_), Is::Literal(literal)) = (base.is, exponent.is) {
            if operator && literal == Literal::Int(2) {
                return self.square(id, base);
            }
            return self.literal_power(base, exponent, literal, dtype);
        }
        let a = self.typed(base, dtype, exponent)?;
        let b = self.typed(exponent, dtype, base)?;
        let value = self.binary(BinaryOp::Pow, a, b)?;
        self.note_exponent(value, exponent, dtype)?;
        Ok(value)
    }

    /// A literal power: the small ones are products, inverses and roots.
    fn literal_power(
        &mut self,
        base: Term,
        exponent: Term,
        literal: Literal,
        dtype: DType,
    ) -> Res<Value> {
        if let Literal::Int(n) = literal
            && n < 0
            && !dtype.is_float()
        {
            return Err(self.negative_power(base, exponent));
        }
        let x = self.typed(base, dtype, exponent)?;
        let n = self.exponent_scalar(base, exponent, literal, dtype)?;
        let one = Literal::Int(1).to(dtype);
        match (n.as_f64(), one) {
            (0.0, Some(one)) => self.full(one, self.shape(base)),
            (1.0, _) => Ok(x),
            (2.0, _) => self.binary(BinaryOp::Mul, x, x),
            (3.0, _) => {
                let square = self.binary(BinaryOp::Mul, x, x)?;
                self.binary(BinaryOp::Mul, square, x)
            }
            (-1.0, Some(one)) if dtype.is_float() => {
                let one = self.constant(one)?;
                self.binary(BinaryOp::Div, one, x)
            }
            (0.5, _) if dtype.is_float() => self.unary(UnaryOp::Sqrt, x),
            _ => {
                let n = self.constant(n)?;
                self.binary(BinaryOp::Pow, x, n)
            }
        }
    }

    fn exponent_scalar(
        &mut self,
        base: Term,
        exponent: Term,
        literal: Literal,
        dtype: DType,
    ) -> Res<Scalar> {
        match literal.to(dtype) {
            Some(scalar) => Ok(scalar),
            None => Err(self.out_of_range(exponent, dtype, base)),
        }
    }

    /// Keeps a power in mind if its result is an integer and its exponent may be negative.
    fn note_exponent(&mut self, value: Value, exponent: Term, dtype: DType) -> Res<()> {
        let Is::Value(exponent) = exponent.is else {
            return Ok(());
        };
        if !dtype.is_float() && self.build.dtype(exponent).is_signed() {
            let passing = self.passing;
            let mask = passing.map(|filter| self.aligned_mask(Filtered { value, ..filter }));
            self.powers.push(Power {
                value,
                exponent,
                mask: mask.transpose()?,
                span: self.here,
            });
        }
        Ok(())
    }
}
