//! In: a conversion of a conversion. Out: the one conversion that equals both.
//! Never: across a step that loses what the other keeps.

use super::{Cheaper, map_of};
use crate::ir::{Elementwise, Func, Value};
use crate::types::DType;

/// Rules for `cast(a)` to `to`.
pub(super) fn cast(func: &Func, a: Value, to: DType) -> Option<Cheaper> {
    let by = func.values[a].dtype;
    if by == to {
        return Some(Cheaper::Value(a));
    }
    let x = match map_of(func, a)? {
        Elementwise::Cast(x) => x,
        Elementwise::Unary(..) | Elementwise::Binary(..) | Elementwise::Select { .. } => {
            return None;
        }
    };
    let from = func.values[x].dtype;
    if !one_step(from, by, to) {
        return None;
    }
    Some(match from == to {
        true => Cheaper::Value(x),
        false => Cheaper::Map(Elementwise::Cast(x)),
    })
}

/// Whether converting `from` to `to` gives what going by `by` gives.
fn one_step(from: DType, by: DType, to: DType) -> bool {
    // Integers wrap: keeping the low bits twice keeps the low bits.
    let wraps = from.is_int() && by.is_int() && to.is_int() && to.size() <= by.size();
    // What `by` holds exactly is converted to `to` by its value. Except that integers wrap into
    // integers and floats saturate, which differ unless `to` holds every value.
    let saturates = from.is_int() && by.is_float() && to.is_int();
    wraps || (holds(by, from) && (!saturates || holds(to, from)))
}

/// Whether `wide` holds every value of `narrow` exactly.
fn holds(wide: DType, narrow: DType) -> bool {
    match (wide.int_range(), narrow.int_range()) {
        (Some(wide), Some(narrow)) => wide.0 <= narrow.0 && narrow.1 <= wide.1,
        // Every integer of at most as many bits as the significand has.
        (None, Some((low, high))) => {
            let bits = if wide == DType::Float32 { 24 } else { 53 };
            -(1 << bits) <= low && high <= 1 << bits
        }
        (Some(_), None) => false,
        (None, None) => wide.size() >= narrow.size(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::arbitrary::Random;
    use crate::math::scalar;

    #[test]
    fn one_step_is_two_steps_for_random_values() {
        let mut random = Random(7);
        let mut shorter = 0;
        for from in DType::ALL {
            for by in DType::ALL {
                for to in DType::ALL {
                    if !one_step(from, by, to) {
                        continue;
                    }
                    shorter += 1;
                    for _ in 0..50 {
                        let x = random.scalar(from);
                        let two = scalar::cast(scalar::cast(x, by), to);
                        assert_eq!(scalar::cast(x, to), two, "{x} {from} {by} {to}");
                    }
                }
            }
        }
        assert!(shorter > 500, "only {shorter} of 1331");
    }
}
