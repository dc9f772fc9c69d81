//! In: a pass and what its executor wants of each sink. Out: the kernel body that computes it.
//! Never: a decision how to fold.

use std::collections::{HashMap, HashSet};

use super::{Input, Pass, PassSink, leaf};
use crate::ir::{
    Body, BodyInput, BodyInst, Elementwise, FoldOp, Func, InputId, Inst, Reduce, ReduceOp, Reg,
    RegData, Sink, Value,
};
use crate::table::{Id, Table};
use crate::types::DType;

/// What an executor wants of a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Want {
    /// The elements: of the stored value, of the condition, of what is scanned, or of what is reduced, converted to
    /// [`fold_dtype`].
    Store,
    /// The fold's state: by [`fold_op`], or `Any` of a raise. Where there is no such fold, as
    /// `Store`.
    Fold,
    /// Nothing: the executor has it already.
    Nothing,
}

/// The dtype in which elements of `dtype` enter a reduction: float64 for means and variances of
/// integers, bool for what counts or tests, else their own.
pub fn fold_dtype(op: ReduceOp, dtype: DType) -> DType {
    match op {
        ReduceOp::Mean | ReduceOp::Var { .. } | ReduceOp::Std { .. } if !dtype.is_float() => {
            DType::Float64
        }
        ReduceOp::Any | ReduceOp::All | ReduceOp::CountNonzero => DType::Bool,
        ReduceOp::Mean
        | ReduceOp::Var { .. }
        | ReduceOp::Std { .. }
        | ReduceOp::Sum
        | ReduceOp::Prod
        | ReduceOp::Min
        | ReduceOp::Max
        | ReduceOp::ArgMin
        | ReduceOp::ArgMax
        | ReduceOp::Nth { .. }
        | ReduceOp::Bins { .. } => dtype,
    }
}

/// What a kernel folds for a reduction of elements of `dtype`; `None` where it must be given the
/// elements instead.
pub fn fold_op(op: ReduceOp, dtype: DType) -> Option<FoldOp> {
    match op {
        ReduceOp::Sum if dtype.is_float() => Some(FoldOp::SumFloat),
        ReduceOp::Sum => Some(FoldOp::SumInt),
        ReduceOp::Mean => Some(FoldOp::SumFloat),
        ReduceOp::Min => Some(FoldOp::Min),
        ReduceOp::Max => Some(FoldOp::Max),
        ReduceOp::Any => Some(FoldOp::Any),
        ReduceOp::All => Some(FoldOp::All),
        ReduceOp::CountNonzero => Some(FoldOp::CountNonzero),
        ReduceOp::Prod
        | ReduceOp::ArgMin
        | ReduceOp::ArgMax
        | ReduceOp::Nth { .. }
        | ReduceOp::Bins { .. }
        | ReduceOp::Var { .. }
        | ReduceOp::Std { .. } => None,
    }
}

impl Pass {
    /// The kernel body that delivers what is wanted of each sink (`wants` beside
    /// [`Pass::sinks`]), reading [`Pass::inputs`] in their order, of which `uniform` says which
    /// have one element for the whole call. Sinks of which nothing is wanted leave no trace; the
    /// others keep their order.
    pub fn body(&self, func: &Func, uniform: &[bool], wants: &[Want]) -> Body {
        let inputs = self
            .inputs
            .iter()
            .enumerate()
            .map(|(index, input)| BodyInput {
                dtype: input.dtype,
                uniform: uniform.get(index).is_some_and(|&uniform| uniform),
            });
        let mut lower = Lower {
            func,
            inputs: &self.inputs,
            regs: Table::new(),
            by_value: HashMap::new(),
            by_input: HashMap::new(),
            casts: HashMap::new(),
        };
        lower.compute(self.needed(func, wants));
        let wanted = self.sinks.iter().zip(wants);
        let sinks = wanted.filter_map(|(&sink, &want)| lower.sink(sink, want));
        Body {
            sinks: sinks.collect(),
            inputs: inputs.collect(),
            regs: lower.regs,
        }
    }

    /// The values of the body that the wanted sinks need, in order.
    fn needed(&self, func: &Func, wants: &[Want]) -> Vec<Value> {
        let wanted = self.sinks.iter().zip(wants);
        let roots = wanted.filter(|(_, want)| **want != Want::Nothing);
        let mut needed: HashSet<Value> = roots.map(|(sink, _)| sink.arg(func)).collect();
        let mut values = Vec::new();
        for &value in self.body.iter().rev() {
            if !needed.contains(&value) {
                continue;
            }
            values.push(value);
            if let Inst::Map(map) = &func.values[value].inst {
                needed.extend(map.args());
            }
        }
        values.reverse();
        values
    }
}

/// A body under construction.
struct Lower<'f> {
    func: &'f Func,
    inputs: &'f [Input],
    regs: Table<Reg, RegData>,
    by_value: HashMap<Value, Reg>,
    by_input: HashMap<usize, Reg>,
    casts: HashMap<(Reg, DType), Reg>,
}

impl Lower<'_> {
    fn compute(&mut self, values: Vec<Value>) {
        for value in values {
            let data = &self.func.values[value];
            let inst = match &data.inst {
                Inst::Const(scalar) => BodyInst::Const(*scalar),
                Inst::Map(map) => BodyInst::Map(map.map(|arg| self.reg(arg))),
                // OK because a pass's body holds only constants and elementwise values.
                Inst::Elem(_)
                | Inst::Generate(_)
                | Inst::Reduce(_)
                | Inst::View(_)
                | Inst::Reshape(_)
                | Inst::Concat(_)
                | Inst::Scan(_)
                | Inst::Tally(_) => continue,
            };
            let dtype = data.dtype;
            let reg = self.regs.push(RegData { inst, dtype });
            self.by_value.insert(value, reg);
        }
    }

    /// The register of a value: computed already, or an input read here for the first time.
    fn reg(&mut self, value: Value) -> Reg {
        if let Some(&reg) = self.by_value.get(&value) {
            return reg;
        }
        let leaf = leaf(self.func, value);
        let index = self.inputs.iter().position(|input| input.leaf == leaf);
        // OK because a value of a pass is either in its body, in order, or among its inputs.
        let index = index.expect("a pass reads what it does not compute");
        let reg = self.input(index);
        self.by_value.insert(value, reg);
        reg
    }

    fn input(&mut self, index: usize) -> Reg {
        let inst = BodyInst::Input(InputId::new(index));
        let dtype = self.inputs[index].dtype;
        let regs = &mut self.regs;
        *self
            .by_input
            .entry(index)
            .or_insert_with(|| regs.push(RegData { inst, dtype }))
    }

    fn sink(&mut self, sink: PassSink, want: Want) -> Option<Sink> {
        if want == Want::Nothing {
            return None;
        }
        let arg = sink.arg(self.func);
        let dtype = self.func.values[arg].dtype;
        let reg = self.reg(arg);
        let (fold, reg) = match sink {
            PassSink::Store(_)
            | PassSink::Scan(_)
            | PassSink::Filter(_)
            | PassSink::Tally(_)
            | PassSink::Mask(_)
            | PassSink::Weight(_) => (None, reg),
            PassSink::Raise(_) => (Some(FoldOp::Any), reg),
            PassSink::Fold(value) => match self.func.values[value].inst.reduce() {
                Some(Reduce { op, .. }) => {
                    let reg = self.cast(reg, fold_dtype(*op, dtype));
                    (fold_op(*op, dtype), reg)
                }
                // OK because only reductions are folded.
                None => (None, reg),
            },
        };
        Some(match (want, fold) {
            (Want::Fold, Some(op)) => Sink::Fold(op, reg),
            (Want::Fold, None) | (Want::Store | Want::Nothing, _) => Sink::Store(reg),
        })
    }

    fn cast(&mut self, reg: Reg, dtype: DType) -> Reg {
        if self.regs[reg].dtype == dtype {
            return reg;
        }
        let inst = BodyInst::Map(Elementwise::Cast(reg));
        let regs = &mut self.regs;
        *self
            .casts
            .entry((reg, dtype))
            .or_insert_with(|| regs.push(RegData { inst, dtype }))
    }
}
