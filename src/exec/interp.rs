//! In: a body and its inputs for one row. Out: what its sinks store, one element after another.
//! Never: speed, or machine code. Folds are the caller's: the interpreter only stores.

use crate::ir::{Body, eval};
use crate::types::Scalar;

/// Computes `n` elements. Each input has `n` elements, or one if it is uniform; each output has
/// room for `n`. Sinks that fold get the elements they would fold.
pub(crate) fn run(body: &Body, n: usize, inputs: &[&[u8]], outputs: &mut [&mut [u8]]) {
    let mut bytes = Vec::with_capacity(8);
    let mut elements = Vec::with_capacity(inputs.len());
    for element in 0..n {
        elements.clear();
        elements.extend(body.inputs.rows().iter().zip(inputs).map(|(input, from)| {
            let at = if input.uniform { 0 } else { element };
            let item = from.get(at * input.dtype.size()..);
            // OK because the caller gives `n` elements of each input.
            item.and_then(|item| Scalar::read(input.dtype, item))
                .expect("an input is too short")
        }));
        let regs = eval::registers(body, &elements);
        for (sink, out) in body.sinks.iter().zip(outputs.iter_mut()) {
            bytes.clear();
            regs[sink.reg()].write(&mut bytes);
            let item = bytes.len();
            out[element * item..][..item].copy_from_slice(&bytes);
        }
    }
}
