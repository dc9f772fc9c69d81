//! In: a body and its inputs for one row. Out: what its sinks store, one element after another.
//! Never: speed, or machine code. Folds are the caller's: the interpreter only stores.

use crate::ir::{Body, BodyInst, Elementwise, Reg, Sink};
use crate::math::scalar;
use crate::table::Id;
use crate::types::Scalar;

/// Computes `n` elements. Each input has `n` elements, or one if it is uniform; each output has
/// room for `n`. Sinks that fold get the elements they would fold.
pub(crate) fn run(body: &Body, n: usize, inputs: &[&[u8]], outputs: &mut [&mut [u8]]) {
    let mut regs = vec![Scalar::Bool(false); body.regs.len()];
    let mut bytes = Vec::with_capacity(8);
    for element in 0..n {
        for (reg, data) in body.regs.iter() {
            let value = match &data.inst {
                BodyInst::Const(scalar) => *scalar,
                BodyInst::Input(id) => {
                    let input = &body.inputs[*id];
                    let at = if input.uniform { 0 } else { element };
                    let from = inputs[id.index()].get(at * input.dtype.size()..);
                    from.and_then(|from| Scalar::read(input.dtype, from))
                        // OK because the caller gives `n` elements of each input.
                        .expect("an input is too short")
                }
                BodyInst::Map(map) => {
                    let map = map.map(|arg: Reg| regs[arg.index()]);
                    apply(map, data.dtype)
                }
            };
            regs[reg.index()] = value;
        }
        for (sink, out) in body.sinks.iter().zip(outputs.iter_mut()) {
            let (Sink::Store(reg) | Sink::Fold(_, reg)) = *sink;
            bytes.clear();
            regs[reg.index()].write(&mut bytes);
            let item = bytes.len();
            out[element * item..][..item].copy_from_slice(&bytes);
        }
    }
}

/// One element of an elementwise operation with a result of `dtype`.
fn apply(map: Elementwise<Scalar>, dtype: crate::types::DType) -> Scalar {
    let computed = match map {
        Elementwise::Unary(op, a) => scalar::unary(op, a),
        Elementwise::Binary(op, a, b) => scalar::binary(op, a, b),
        Elementwise::Cast(a) => Some(scalar::cast(a, dtype)),
        Elementwise::Select {
            condition,
            then,
            otherwise,
        } => Some(if condition == Scalar::Bool(true) {
            then
        } else {
            otherwise
        }),
    };
    // OK because the verifier types every operation before a body is made of it.
    computed.expect("the verifier accepted this operation")
}
