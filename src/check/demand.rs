//! In: the integer powers of a program. Out: what must not hold: an exponent below zero in a lane
//! whose power is delivered. Never: an error from a lane that `where` leaves out.

use std::collections::HashMap;

use super::{Checker, Power, Res};
use crate::ir::{Elementwise, Filter, Inst, RaiseKind, Value};
use crate::table::Id;
use crate::types::{BinaryOp, DType, Scalar, Shape, UnaryOp};

/// Which lanes of a value reach an output.
#[derive(Clone, Debug, Default)]
enum Demand {
    /// None of them.
    #[default]
    Never,
    /// Those where one of these masks holds; masks differ in shape.
    Where(Vec<Value>),
    /// All of them.
    Always,
}

/// Demand flows from the outputs to the arguments: an arm of a select is wanted where its
/// condition says so, everything under a reduction is wanted, and several users want the union.
struct Flow<'c, 'a> {
    checker: &'c mut Checker<'a>,
    demands: Vec<Demand>,
    /// Whether a value is a power in question, or computed from one: masks for others are not
    /// made.
    concerned: Vec<bool>,
}

impl Checker<'_> {
    /// Declares what must not hold.
    pub(super) fn raise(&mut self) {
        if self.powers.is_empty() || !self.diagnostics.is_empty() {
            return;
        }
        let powers = std::mem::take(&mut self.powers);
        let powers = powers
            .into_iter()
            .map(|power| (power.value, power))
            .collect();
        let concerned = self.concerned(&powers);
        let mut flow = Flow {
            demands: vec![Demand::Never; concerned.len()],
            checker: self,
            concerned,
        };
        // OK to drop: a limit that is exceeded here has been reported.
        let _ = flow.run(&powers);
    }

    fn concerned(&self, powers: &HashMap<Value, Power>) -> Vec<bool> {
        let values = &self.build.func().values;
        let mut concerned = vec![false; values.len()];
        for value in powers.keys() {
            concerned[value.index()] = true;
        }
        for (id, data) in values.iter() {
            let any = match &data.inst {
                Inst::Const(_) | Inst::Elem(_) | Inst::Generate(_) => false,
                Inst::Map(map) => map.args().any(|arg| concerned[arg.index()]),
                Inst::View(_)
                | Inst::Reshape(_)
                | Inst::Concat(_)
                | Inst::Reduce(_)
                | Inst::Scan(_)
                | Inst::Tally(_) => data.inst.args().iter().any(|arg| concerned[arg.index()]),
            };
            concerned[id.index()] |= any;
        }
        concerned
    }
}

impl Flow<'_, '_> {
    fn run(&mut self, powers: &HashMap<Value, Power>) -> Res<()> {
        let func = self.checker.build.func();
        let outputs = func.outputs.iter();
        let outputs: Vec<_> = outputs
            .map(|output| (output.value, output.filter))
            .collect();
        for (value, filter) in outputs {
            match filter {
                Some(Filter { mask, .. }) => {
                    self.want(mask, Demand::Always)?;
                    self.want_under(mask, value, &Demand::Always)?;
                }
                None => self.want(value, Demand::Always)?,
            }
        }
        for index in (0..self.concerned.len()).rev() {
            let demand = std::mem::take(&mut self.demands[index]);
            if !self.concerned[index] || matches!(demand, Demand::Never) {
                continue;
            }
            let value = Value::new(index);
            let inst = self.checker.build.func().values[value].inst.clone();
            if let Some(power) = powers.get(&value) {
                self.guard(power, &demand)?;
            }
            self.pass_on(&inst, demand)?;
        }
        Ok(())
    }

    /// Hands the demand for a value on to its arguments.
    fn pass_on(&mut self, inst: &Inst, demand: Demand) -> Res<()> {
        match inst {
            Inst::Const(_) | Inst::Elem(_) | Inst::Generate(_) => Ok(()),
            // Of an array that is seen in part everything is computed, as NumPy does.
            Inst::View(_)
            | Inst::Reshape(_)
            | Inst::Concat(_)
            | Inst::Reduce(_)
            | Inst::Scan(_)
            | Inst::Tally(_) => inst
                .args()
                .into_iter()
                .try_for_each(|arg| self.want(arg, Demand::Always)),
            Inst::Map(Elementwise::Select {
                condition,
                then,
                otherwise,
            }) => {
                self.want_under(*condition, *then, &demand)?;
                if self.concerned[otherwise.index()] {
                    let unless = self.checker.unary(UnaryOp::Not, *condition)?;
                    self.want_under(unless, *otherwise, &demand)?;
                }
                self.want(*condition, demand)
            }
            Inst::Map(map) => map
                .args()
                .try_for_each(|arg| self.want(arg, demand.clone())),
        }
    }

    /// `arm` is wanted where `mask` holds, as far as `demand` reaches.
    fn want_under(&mut self, mask: Value, arm: Value, demand: &Demand) -> Res<()> {
        if !self.concerned[arm.index()] {
            return Ok(());
        }
        let masks = match demand {
            Demand::Never => return Ok(()),
            Demand::Always => vec![mask],
            Demand::Where(masks) => masks
                .iter()
                .map(|&outer| self.checker.binary(BinaryOp::And, outer, mask))
                .collect::<Res<_>>()?,
        };
        self.want(arm, Demand::Where(masks))
    }

    /// Adds to the demand for a value.
    fn want(&mut self, value: Value, more: Demand) -> Res<()> {
        if !self.concerned[value.index()] {
            return Ok(());
        }
        let known = std::mem::take(&mut self.demands[value.index()]);
        self.demands[value.index()] = match (known, more) {
            (Demand::Always, _) | (_, Demand::Always) => Demand::Always,
            (Demand::Never, demand) | (demand, Demand::Never) => demand,
            (Demand::Where(masks), Demand::Where(more)) => self.union(masks, more)?,
        };
        Ok(())
    }

    /// One mask a shape.
    fn union(&mut self, mut masks: Vec<Value>, more: Vec<Value>) -> Res<Demand> {
        for mask in more {
            if masks.contains(&mask) {
                continue;
            }
            let build = &self.checker.build;
            let alike = |other: &Value| build.shape(*other) == build.shape(mask);
            match masks.iter().position(alike) {
                Some(at) => masks[at] = self.checker.binary(BinaryOp::Or, masks[at], mask)?,
                None => masks.push(mask),
            }
        }
        Ok(Demand::Where(masks))
    }

    /// The exponent must not be negative where the power is wanted.
    fn guard(&mut self, power: &Power, demand: &Demand) -> Res<()> {
        let checker = &mut *self.checker;
        checker.at(power.span);
        let dtype = checker.build.dtype(power.exponent);
        let zero = checker.constant(Scalar::from_bits(dtype, 0))?;
        let mut negative = checker.binary(BinaryOp::Lt, power.exponent, zero)?;
        if let Some(mask) = power.mask {
            negative = checker.binary(BinaryOp::And, negative, mask)?;
        }
        match demand {
            Demand::Never => {}
            Demand::Always => {
                let condition = self.spread(negative, power)?;
                self.checker
                    .build
                    .raise(condition, RaiseKind::NegativePower);
            }
            Demand::Where(masks) => {
                for &mask in masks {
                    let lanes = self.checker.binary(BinaryOp::And, negative, mask)?;
                    let condition = self.spread(lanes, power)?;
                    self.checker
                        .build
                        .raise(condition, RaiseKind::NegativePower);
                }
            }
        }
        Ok(())
    }

    /// A condition in the shape of its power, so that the index it is reported at is that of the
    /// result, and an empty result has no lane that could raise.
    fn spread(&mut self, condition: Value, power: &Power) -> Res<Value> {
        let build = &self.checker.build;
        let shape: Shape = build.shape(power.value).clone();
        let (value, known) = (condition, build.shape(condition));
        if known.broadcast(&shape).as_ref() == Ok(known) {
            return Ok(value);
        }
        debug_assert_eq!(build.dtype(value), DType::Bool);
        let everywhere = self.checker.full(Scalar::Bool(true), shape)?;
        self.checker.binary(BinaryOp::And, value, everywhere)
    }
}
