//! In: a function. Out: elementwise values of constants are constants, of the same shape.
//! Never: a folded reduction, whose bits belong to its cut.

use super::rewrite::{constant, rewrite};
use crate::ir::eval::apply;
use crate::ir::{Func, Inst, ValueData};

/// `op(c, d)` is the constant that the interpreter computes for it.
pub(super) fn fold(func: &Func) -> Func {
    rewrite(func, |new, data| {
        let folded = folded(new, &data);
        new.values.push(folded.unwrap_or(data))
    })
}

fn folded(func: &Func, data: &ValueData) -> Option<ValueData> {
    let map = match &data.inst {
        Inst::Map(map) => map,
        Inst::Const(_)
        | Inst::Elem(_)
        | Inst::Generate(_)
        | Inst::Reduce(_)
        | Inst::View(_)
        | Inst::Reshape(_)
        | Inst::Concat(_)
        | Inst::Scan(_)
        | Inst::Tally(_) => return None,
    };
    let known = map.args().all(|arg| constant(func, arg).is_some());
    known.then(|| {
        // OK because all arguments are known.
        let args = map.map(|arg| constant(func, arg).expect("known"));
        ValueData {
            inst: Inst::Const(apply(args, data.dtype)),
            ..data.clone()
        }
    })
}
