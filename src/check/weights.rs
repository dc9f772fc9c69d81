//! In: what is counted, and the weights of its elements. Out: the sums of weights of each bin, added up
//! in C order, as NumPy does where bins are equal. Never: a weight of what does not count.

use super::call::Given;
use super::histogram::Counted;
use super::meaning::Meaning;
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic};
use crate::ir::{Rounded, Tally, Value};
use crate::math::scalar;
use crate::syntax::ast::NodeId;
use crate::types::{DType, Scalar, Shape};

impl Checker<'_> {
    /// `weights`, one for each element of the first argument.
    pub(super) fn weights(&mut self, given: &Given) -> Res<Option<Value>> {
        let Some(node) = self.optional(given, "weights") else {
            return Ok(None);
        };
        let x = given.get(0).ok_or(Reported)?;
        match (self.get(x), self.get(node)) {
            (Meaning::Filtered(of), Meaning::Filtered(weights)) => {
                match self.passes_alike(of, weights) {
                    true => Ok(Some(weights.value)),
                    false => Err(self.other_filter(x, node)),
                }
            }
            (Meaning::Filtered(_), _) => {
                self.term(node)?;
                Err(self.other_filter(x, node))
            }
            (_, Meaning::Filtered(_)) => Err(self.other_filter(node, x)),
            _ => self.as_many(x, node).map(Some),
        }
    }

    /// Weights of the shape of what they are for.
    fn as_many(&mut self, x: NodeId, node: NodeId) -> Res<Value> {
        let (of, weights) = (self.term(x)?, self.term(node)?);
        let (shape, own) = (self.shape(of), self.shape(weights));
        if shape != own {
            let message = format!("weights of shape `{own}` for an array of shape `{shape}`");
            let label = "there must be one for each element";
            let diagnostic = Diagnostic::new(Code::Shapes, message, self.span(node), label)
                .label(self.span(x), format!("`{shape}`"));
            self.report(diagnostic);
            return Err(Reported);
        }
        self.strong(weights)
    }

    /// `weights` that add up in their own dtype: no truth values.
    pub(super) fn numbers_for(&mut self, given: &Given) -> Res<Option<Value>> {
        let weight = self.weights(given)?;
        let bools = weight.filter(|&weight| self.build.dtype(weight).is_bool());
        let Some((_, node)) = bools.zip(given.named("weights")) else {
            return Ok(weight);
        };
        let message = "`histogram` adds up numbers, not `bool`";
        let diagnostic = Diagnostic::new(Code::NoSuchOperation, message, self.span(node), "`bool`")
            .suggest("to count the true ones", self.wrap("int64", node));
        self.report(diagnostic);
        Err(Reported)
    }

    /// The sums of weights of each bin, in the dtype of the weights: in blocks of so many elements as
    /// float64, each block being rounded; else floats in float64, integers wrapping.
    pub(super) fn add_up(
        &mut self,
        counted: Counted,
        number: Value,
        weight: Value,
        bins: usize,
        block: Option<usize>,
    ) -> Res<Value> {
        let dtype = self.build.dtype(weight);
        let wide = match dtype.is_float() || block.is_some() {
            true => DType::Float64,
            false => DType::Int64,
        };
        let mut weight = self.cast(weight, wide)?;
        if let Some(mask) = counted.mask {
            let nothing = self.constant(scalar::cast(Scalar::Int64(0), wide))?;
            weight = self.select(mask, weight, nothing)?;
        }
        let shape = self.build.shape(counted.value).clone();
        let (number, weight) = (
            self.repeated_to(number, &shape)?,
            self.repeated_to(weight, &shape)?,
        );
        // As if a single element were along an axis.
        let along = match shape.ndim() {
            0 => Shape::new(&[1]),
            _ => shape,
        };
        let tally = Tally {
            number: self.reshaped(number, along.clone())?,
            weight: self.reshaped(weight, along)?,
            bins,
            rounded: block.map(|block| Rounded { block, dtype }),
        };
        let sums = self.tally_by(tally)?;
        self.cast(sums, dtype)
    }
}
