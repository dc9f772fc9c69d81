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
    // Reductions.
    later("ptp", &[], "the range from smallest to largest"),
    later("argmin", &[], "where the smallest element is"),
    later("argmax", &[], "where the largest element is"),
    later("nansum", &[], "the sum, NaN skipped"),
    later("nanmean", &[], "the mean, NaN skipped"),
    later("nanvar", &[], "the variance, NaN skipped"),
    later("nanstd", &[], "the standard deviation, NaN skipped"),
    later("nanmin", &[], "the smallest element, NaN skipped"),
    later("nanmax", &[], "the largest element, NaN skipped"),
    later("nancount", &[], "how many elements are not NaN"),
    later("median", &[], "the middle element"),
    later("percentile", &[], "the element below which a percentage lies"),
    later("quantile", &[], "the element below which a fraction lies"),
    later("histogram", &[], "how many elements lie in each bin"),
    later("bincount", &[], "how often each integer occurs"),
    // Linear algebra.
    later("matmul", &[], "the matrix product"),
    later("tensordot", &[], "the tensor product over axes"),
    later("vecdot", &["dot"], "the scalar product"),
    later("outer", &[], "the product of every pair"),
    // Generators.
    later("eye", &[], "the identity matrix"),
];
