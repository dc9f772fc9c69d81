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
    later("cbrt", &[], "the cube root"),
    later("reciprocal", &[], "1 / x"),
    later("exp2", &[], "2 to the power x"),
    later("asin", &["arcsin"], "the angle with that sine"),
    later("acos", &["arccos"], "the angle with that cosine"),
    later("atan", &["arctan"], "the angle with that tangent"),
    later("atan2", &["arctan2"], "the angle of a point"),
    later("sinh", &[], "the hyperbolic sine"),
    later("cosh", &[], "the hyperbolic cosine"),
    later("asinh", &["arcsinh"], "the inverse hyperbolic sine"),
    later("acosh", &["arccosh"], "the inverse hyperbolic cosine"),
    later("atanh", &["arctanh"], "the inverse hyperbolic tangent"),
    later("hypot", &[], "the length of a vector of two components"),
    later("copysign", &[], "x1 with the sign of x2"),
    later("nextafter", &[], "the next float after x1 towards x2"),
    later("logaddexp", &[], "log(exp(x1) + exp(x2))"),
    later("fmod", &[], "the remainder with the sign of x1"),
    later("signbit", &[], "whether the sign is negative"),
    later("fabs", &[], "the magnitude, as a float"),
    later("nan_to_num", &[], "NaN and infinities replaced by numbers"),
    later("fmax", &[], "the larger of two, NaN ignored"),
    later("fmin", &[], "the smaller of two, NaN ignored"),
    later("erf", &[], "the error function"),
    later("erfc", &[], "the complementary error function"),
    later("gamma", &[], "the gamma function"),
    later("lgamma", &[], "the logarithm of the gamma function"),
    later("deg2rad", &["radians"], "degrees to radians"),
    later("rad2deg", &["degrees"], "radians to degrees"),
    later("heaviside", &[], "the step function"),
    later("sinc", &[], "sin(pi x) / (pi x)"),
    later("real", &[], "the real part"),
    later("imag", &[], "the imaginary part"),
    later("conj", &["conjugate"], "the complex conjugate"),
    later("angle", &[], "the angle of a complex number"),
    later("complex", &[], "a complex number from two parts"),
    later("gcd", &[], "the greatest common divisor"),
    later("lcm", &[], "the least common multiple"),
    later("complex64", &[], "x as a complex number of 64 bits"),
    later("complex128", &[], "x as a complex number of 128 bits"),
    later("float16", &[], "x as a 16-bit float"),
    // Reductions.
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
