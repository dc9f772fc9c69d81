//! In: nothing. Out: the functions of the language that this version does not compute yet.
//! Never: a name that works.

use super::{Function, Rule};

const fn later(
    name: &'static str,
    aliases: &'static [&'static str],
    help: &'static str,
) -> Function {
    Function {
        name,
        aliases,
        params: &[],
        rule: Rule::NotYet,
        help,
    }
}

/// In the order of the docs.
#[rustfmt::skip]
pub(super) const LATER: &[Function] = &[
    // Elementwise.
    later("complex", &[], "a complex number from two parts"),
    later("complex64", &[], "x as a complex number of 64 bits"),
    later("complex128", &[], "x as a complex number of 128 bits"),
    later("float16", &[], "x as a 16-bit float"),
    // Linear algebra.
    later("matmul", &[], "the matrix product"),
    later("tensordot", &[], "the tensor product over axes"),
    later("vecdot", &["dot"], "the scalar product"),
    later("outer", &[], "the product of every pair"),
    // Generators.
    later("eye", &[], "the identity matrix"),
];
