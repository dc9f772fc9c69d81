//! In: random bytes. Out: a kernel body of sense. Never: one that reads a register before it is set.

use arbitrary::{Result, Unstructured};

use super::{constant, elementwise};
use crate::ir::{Body, BodyInput, BodyInst, Elementwise, FoldOp, InputId, Reg, RegData, Sink};
use crate::table::{Id, Table};
use crate::types::DType;

/// A kernel body: a few inputs, registers and sinks.
pub(crate) fn body(u: &mut Unstructured) -> Result<Body> {
    let mut inputs = Table::new();
    let mut regs: Table<Reg, RegData> = Table::new();
    for index in 0..u.int_in_range(1..=4)? {
        let dtype = *u.choose(&DType::ALL)?;
        let uniform = u.ratio(1, 4)?;
        inputs.push(BodyInput { dtype, uniform });
        let inst = BodyInst::Input(InputId::new(index));
        regs.push(RegData { inst, dtype });
    }
    for _ in 0..u.int_in_range(1..=12)? {
        if u.ratio(1, 6)? {
            let scalar = constant(u)?;
            let inst = BodyInst::Const(scalar);
            let dtype = scalar.dtype();
            regs.push(RegData { inst, dtype });
            continue;
        }
        let typed: Vec<(Reg, DType)> = regs.iter().map(|(r, data)| (r, data.dtype)).collect();
        let (map, dtype) = elementwise(u, &typed, |reg, dtype| {
            if regs[reg].dtype == dtype {
                return reg;
            }
            let inst = BodyInst::Map(Elementwise::Cast(reg));
            regs.push(RegData { inst, dtype })
        })?;
        let inst = BodyInst::Map(map);
        regs.push(RegData { inst, dtype });
    }
    let mut sinks = Vec::new();
    for _ in 0..u.int_in_range(1..=4)? {
        let reg = Reg::new(u.int_in_range(0..=regs.len() - 1)?);
        let dtype = regs[reg].dtype;
        let folds = match (dtype.is_bool(), dtype.is_float()) {
            (true, _) => &[
                FoldOp::SumInt,
                FoldOp::CountNonzero,
                FoldOp::Any,
                FoldOp::All,
            ][..],
            (_, true) => &[FoldOp::SumFloat],
            (_, false) => &[FoldOp::SumInt],
        };
        sinks.push(match u.int_in_range(0..=3)? {
            0..=1 => Sink::Store(reg),
            2 => Sink::Fold(*u.choose(folds)?, reg),
            _ => Sink::Fold(*u.choose(&[FoldOp::Min, FoldOp::Max])?, reg),
        });
    }
    Ok(Body {
        inputs,
        regs,
        sinks,
    })
}
