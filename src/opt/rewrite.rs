//! In: a function and what to do with each of its values. Out: the new function.
//! Never: a decision.

use crate::ir::{Filter, Func, Inst, Output, Raise, Value, ValueData};
use crate::table::Table;
use crate::types::Scalar;

/// Rebuilds a function value by value. `step` gets the function so far and the next value, its
/// arguments already naming new values, and says which new value stands for it.
pub(super) fn rewrite(func: &Func, mut step: impl FnMut(&mut Func, ValueData) -> Value) -> Func {
    let mut new = Func {
        operands: func.operands.clone(),
        ..Func::default()
    };
    let mut renamed: Table<Value, Value> = Table::new();
    for data in func.values.rows() {
        let data = rename(data, |arg| renamed[arg]);
        renamed.push(step(&mut new, data));
    }
    rename_roots(func, &mut new, |value| renamed[value]);
    new
}

/// The same value with its arguments renamed.
pub(super) fn rename(data: &ValueData, name: impl FnMut(Value) -> Value) -> ValueData {
    ValueData {
        inst: data.inst.renamed(name),
        ..data.clone()
    }
}

/// Gives `new` the outputs and raises of `old`, renamed.
pub(super) fn rename_roots(old: &Func, new: &mut Func, mut name: impl FnMut(Value) -> Value) {
    new.outputs.extend(old.outputs.iter().map(|output| Output {
        name: output.name.clone(),
        value: name(output.value),
        filter: output.filter.map(|filter| Filter {
            mask: name(filter.mask),
            ..filter
        }),
    }));
    new.raises.extend(old.raises.iter().map(|raise| Raise {
        condition: name(raise.condition),
        kind: raise.kind,
        span: raise.span,
    }));
}

/// The one value of all elements, where that is known.
pub(super) fn constant(func: &Func, value: Value) -> Option<Scalar> {
    match func.values[value].inst {
        Inst::Const(scalar) => Some(scalar),
        Inst::Elem(_)
        | Inst::Generate(_)
        | Inst::Map(_)
        | Inst::Reduce(_)
        | Inst::View(_)
        | Inst::Reshape(_)
        | Inst::Concat(_)
        | Inst::Scan(_)
        | Inst::Tally(_) => None,
    }
}
