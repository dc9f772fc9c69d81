//! In: a function. Out: without the values that nothing delivers, and the raises that never
//! happen. Never: without an operand; callers know operands by their number.

use std::collections::HashSet;

use super::rewrite::{constant, rename, rename_roots};
use crate::ir::{Func, Raise, Value};
use crate::table::Table;
use crate::types::Scalar;

/// Keeps what outputs and raises need.
pub(super) fn dce(func: &Func) -> Func {
    let func = &Func {
        raises: raises(func),
        ..func.clone()
    };
    let live = live(func);
    let mut new = Func {
        operands: func.operands.clone(),
        ..Func::default()
    };
    let mut renamed: Table<Value, Option<Value>> = Table::new();
    // OK because what a live value names is live, and comes before it.
    let name = |renamed: &Table<Value, Option<Value>>, value| {
        renamed[value].expect("a live value names live values")
    };
    for (value, data) in func.values.iter() {
        let kept = live[value].then(|| new.values.push(rename(data, |arg| name(&renamed, arg))));
        renamed.push(kept);
    }
    rename_roots(func, &mut new, |value| name(&renamed, value));
    new
}

/// The raises that can happen and are not hidden by an earlier one of the same condition.
fn raises(func: &Func) -> Vec<Raise> {
    let mut seen = HashSet::new();
    let can_happen = |raise: &&Raise| {
        let never = constant(func, raise.condition) == Some(Scalar::Bool(false));
        !never && func.values[raise.condition].shape.elems() > 0
    };
    let happening = func.raises.iter().filter(can_happen);
    happening
        .filter(|raise| seen.insert(raise.condition))
        .cloned()
        .collect()
}

fn live(func: &Func) -> Table<Value, bool> {
    let mut live: Table<Value, bool> = func.values.ids().map(|_| false).collect();
    for root in func
        .delivered()
        .chain(func.raises.iter().map(|raise| raise.condition))
    {
        live[root] = true;
    }
    for value in func.values.ids().rev() {
        if !live[value] {
            continue;
        }
        for arg in func.values[value].inst.args() {
            live[arg] = true;
        }
    }
    live
}
