//! In: nothing. Out: the functions that this version computes.
//! Never: code.

use super::{Composed, Function, Param, Reduction, Rule, Scanned, Structure};
use crate::types::{BinaryOp, DType, UnaryOp};

const fn required(name: &'static str, aliases: &'static [&'static str]) -> Param {
    Param {
        name,
        aliases,
        default: None,
        keyword_only: false,
    }
}

const fn optional(
    name: &'static str,
    aliases: &'static [&'static str],
    default: &'static str,
) -> Param {
    Param {
        name,
        aliases,
        default: Some(default),
        keyword_only: false,
    }
}

const fn keyword(
    name: &'static str,
    aliases: &'static [&'static str],
    default: &'static str,
) -> Param {
    Param {
        name,
        aliases,
        default: Some(default),
        keyword_only: true,
    }
}

const X: Param = required("x", &["a"]);
const AXIS: Param = optional("axis", &[], "None");
const KEEPDIMS: Param = keyword("keepdims", &[], "False");
const DDOF: Param = keyword("ddof", &["correction"], "0");
const INITIAL: Param = keyword("initial", &[], "None");
const WHERE: Param = keyword("where", &[], "True");
const DTYPE: Param = optional("dtype", &[], "None");

const ONE: &[Param] = &[X];
const TWO: &[Param] = &[required("x1", &["x"]), required("x2", &["y"])];
const REDUCED: &[Param] = &[X, AXIS, KEEPDIMS];
const CUMULATIVE: &[Param] = &[
    X,
    keyword("axis", &[], "None"),
    keyword("dtype", &[], "None"),
    keyword("include_initial", &[], "False"),
];
const RUNNING: &[Param] = &[X, AXIS, DTYPE];
const ADDED: &[Param] = &[X, AXIS, DTYPE, KEEPDIMS, INITIAL, WHERE];
const AVERAGED: &[Param] = &[X, AXIS, DTYPE, KEEPDIMS, WHERE];
const EXTREME: &[Param] = &[X, AXIS, KEEPDIMS, INITIAL, WHERE];
const QUANTILE: &[Param] = &[
    X,
    required("q", &[]),
    AXIS,
    keyword("method", &[], "'linear'"),
    KEEPDIMS,
];
const TESTED: &[Param] = &[X, AXIS, KEEPDIMS, WHERE];
const SPREAD: &[Param] = &[
    X,
    AXIS,
    DTYPE,
    DDOF,
    KEEPDIMS,
    WHERE,
    keyword("mean", &[], "None"),
];
const SHAPED: &[Param] = &[required("shape", &[]), optional("dtype", &[], "float64")];

const fn unary(
    name: &'static str,
    aliases: &'static [&'static str],
    op: UnaryOp,
    help: &'static str,
) -> Function {
    function(name, aliases, ONE, Rule::Unary(op), help)
}

const fn binary(
    name: &'static str,
    aliases: &'static [&'static str],
    op: BinaryOp,
    help: &'static str,
) -> Function {
    function(name, aliases, TWO, Rule::Binary(op), help)
}

const fn composed(
    name: &'static str,
    aliases: &'static [&'static str],
    params: &'static [Param],
    composed: Composed,
    help: &'static str,
) -> Function {
    function(name, aliases, params, Rule::Composed(composed), help)
}

const fn cast(dtype: DType, name: &'static str, help: &'static str) -> Function {
    function(name, &[], ONE, Rule::Cast(dtype), help)
}

const fn reduce(
    name: &'static str,
    aliases: &'static [&'static str],
    params: &'static [Param],
    reduction: Reduction,
    help: &'static str,
) -> Function {
    function(name, aliases, params, Rule::Reduce(reduction), help)
}

const fn function(
    name: &'static str,
    aliases: &'static [&'static str],
    params: &'static [Param],
    rule: Rule,
    help: &'static str,
) -> Function {
    Function {
        name,
        aliases,
        params,
        rule,
        help,
    }
}

/// In the order of the docs.
#[rustfmt::skip]
pub(super) const AVAILABLE: &[Function] = &[
    // Choosing and rounding.
    function("where", &[], &[required("condition", &[]), required("x", &[]), required("y", &[])],
        Rule::Where, "x where the condition holds, y elsewhere"),
    function("clip", &[], &[X, optional("min", &["a_min"], "None"), optional("max", &["a_max"], "None")],
        Rule::Clip, "x, at least min and at most max"),
    function("round", &["around"], &[X, optional("decimals", &[], "0")],
        Rule::Round, "rounded to that many decimals, half to even"),
    unary("floor", &[], UnaryOp::Floor, "the next integer below or equal"),
    unary("ceil", &[], UnaryOp::Ceil, "the next integer above or equal"),
    unary("trunc", &[], UnaryOp::Trunc, "the next integer towards zero"),
    unary("rint", &[], UnaryOp::Rint, "the nearest integer, half to even"),
    unary("abs", &["absolute"], UnaryOp::Abs, "the magnitude"),
    unary("sign", &[], UnaryOp::Sign, "-1, 0 or 1"),
    binary("minimum", &[], BinaryOp::Min, "the smaller of two, element by element; NaN wins"),
    binary("maximum", &[], BinaryOp::Max, "the larger of two, element by element; NaN wins"),
    composed("fmin", &[], TWO, Composed::Fmin, "the smaller of two, element by element; a number wins over NaN"),
    composed("fmax", &[], TWO, Composed::Fmax, "the larger of two, element by element; a number wins over NaN"),
    unary("isnan", &[], UnaryOp::IsNan, "whether it is NaN"),
    unary("isfinite", &[], UnaryOp::IsFinite, "whether it is neither infinite nor NaN"),
    unary("isinf", &[], UnaryOp::IsInf, "whether it is infinite"),
    composed("signbit", &[], ONE, Composed::SignBit, "whether the sign is negative, also that of -0.0"),
    composed("nan_to_num", &[],
        &[X, optional("copy", &[], "True"), optional("nan", &[], "0.0"), optional("posinf", &[], "None"), optional("neginf", &[], "None")],
        Composed::NanToNum, "x with numbers for NaN and infinities: 0 and the largest there are, unless given"),
    composed("heaviside", &[], TWO, Composed::Heaviside, "0 below 0, 1 above, x2 where x1 is 0"),
    composed("real", &[], ONE, Composed::Real, "the real part: of real numbers x itself"),
    composed("imag", &[], ONE, Composed::Imag, "the imaginary part: of real numbers 0"),
    composed("conj", &["conjugate"], ONE, Composed::Conj, "the complex conjugate: of real numbers x itself"),
    composed("fabs", &[], ONE, Composed::Fabs, "the magnitude, as a float"),
    binary("copysign", &[], BinaryOp::CopySign, "the magnitude of x1 with the sign of x2"),
    binary("nextafter", &[], BinaryOp::NextAfter, "the next float from x1 towards x2"),
    // Mathematics.
    composed("reciprocal", &[], ONE, Composed::Reciprocal, "1 / x; of integers the whole part"),
    unary("sqrt", &[], UnaryOp::Sqrt, "the square root"),
    unary("cbrt", &[], UnaryOp::Cbrt, "the cube root"),
    function("square", &[], ONE, Rule::Square, "x * x"),
    unary("sin", &[], UnaryOp::Sin, "the sine of an angle in radians"),
    unary("cos", &[], UnaryOp::Cos, "the cosine of an angle in radians"),
    unary("tan", &[], UnaryOp::Tan, "the tangent of an angle in radians"),
    unary("exp", &[], UnaryOp::Exp, "e to the power x"),
    unary("exp2", &[], UnaryOp::Exp2, "2 to the power x"),
    unary("expm1", &[], UnaryOp::Expm1, "exp(x) - 1, precise near 0"),
    unary("log", &[], UnaryOp::Log, "the natural logarithm"),
    unary("log2", &[], UnaryOp::Log2, "the logarithm to base 2"),
    unary("log10", &[], UnaryOp::Log10, "the logarithm to base 10"),
    unary("log1p", &[], UnaryOp::Log1p, "log(1 + x), precise near 0"),
    binary("logaddexp", &[], BinaryOp::LogAddExp, "log(exp(x1) + exp(x2)), without overflow"),
    unary("asin", &["arcsin"], UnaryOp::Asin, "the angle with that sine, in radians"),
    unary("acos", &["arccos"], UnaryOp::Acos, "the angle with that cosine, in radians"),
    unary("atan", &["arctan"], UnaryOp::Atan, "the angle with that tangent, in radians"),
    binary("atan2", &["arctan2"], BinaryOp::Atan2, "the angle of the point (x2, x1), in radians"),
    binary("hypot", &[], BinaryOp::Hypot, "the length of a vector of two components"),
    unary("sinh", &[], UnaryOp::Sinh, "the hyperbolic sine"),
    unary("cosh", &[], UnaryOp::Cosh, "the hyperbolic cosine"),
    unary("tanh", &[], UnaryOp::Tanh, "the hyperbolic tangent"),
    unary("asinh", &["arcsinh"], UnaryOp::Asinh, "the inverse hyperbolic sine"),
    unary("acosh", &["arccosh"], UnaryOp::Acosh, "the inverse hyperbolic cosine"),
    unary("atanh", &["arctanh"], UnaryOp::Atanh, "the inverse hyperbolic tangent"),
    composed("deg2rad", &["radians"], ONE, Composed::Deg2Rad, "an angle in degrees, in radians"),
    composed("rad2deg", &["degrees"], ONE, Composed::Rad2Deg, "an angle in radians, in degrees"),
    composed("angle", &[], &[required("x", &["z"]), optional("deg", &[], "False")], Composed::Angle,
        "the angle of a complex number: 0, or pi for a negative real one; in degrees if deg"),
    unary("erf", &[], UnaryOp::Erf, "the error function"),
    unary("erfc", &[], UnaryOp::Erfc, "1 - erf(x), precise where that is small"),
    unary("gamma", &[], UnaryOp::Gamma, "the gamma function"),
    unary("lgamma", &["gammaln"], UnaryOp::Lgamma, "the logarithm of the magnitude of the gamma function"),
    composed("sinc", &[], ONE, Composed::Sinc, "sin(pi x) / (pi x), 1 at 0"),
    binary("gcd", &[], BinaryOp::Gcd, "the greatest common divisor of integers"),
    binary("lcm", &[], BinaryOp::Lcm, "the least common multiple of integers"),
    // Operators as functions.
    binary("add", &[], BinaryOp::Add, "x1 + x2"),
    binary("subtract", &[], BinaryOp::Sub, "x1 - x2"),
    binary("multiply", &[], BinaryOp::Mul, "x1 * x2"),
    binary("divide", &["true_divide"], BinaryOp::Div, "x1 / x2, in floats"),
    binary("floor_divide", &[], BinaryOp::FloorDiv, "x1 // x2, rounded down"),
    binary("remainder", &["mod"], BinaryOp::Mod, "x1 % x2, with the sign of x2"),
    binary("fmod", &[], BinaryOp::Fmod, "the remainder of x1 / x2, with the sign of x1"),
    binary("pow", &["power"], BinaryOp::Pow, "x1 ** x2"),
    unary("negative", &[], UnaryOp::Neg, "-x"),
    function("positive", &[], ONE, Rule::Positive, "+x"),
    binary("equal", &[], BinaryOp::Eq, "x1 == x2"),
    binary("not_equal", &[], BinaryOp::Ne, "x1 != x2"),
    binary("less", &[], BinaryOp::Lt, "x1 < x2"),
    binary("less_equal", &[], BinaryOp::Le, "x1 <= x2"),
    binary("greater", &[], BinaryOp::Gt, "x1 > x2"),
    binary("greater_equal", &[], BinaryOp::Ge, "x1 >= x2"),
    binary("bitwise_and", &[], BinaryOp::And, "x1 & x2"),
    binary("bitwise_or", &[], BinaryOp::Or, "x1 | x2"),
    binary("bitwise_xor", &[], BinaryOp::Xor, "x1 ^ x2"),
    unary("bitwise_not", &["bitwise_invert", "invert"], UnaryOp::Not, "~x"),
    binary("left_shift", &["bitwise_left_shift"], BinaryOp::Shl, "x1 << x2"),
    binary("right_shift", &["bitwise_right_shift"], BinaryOp::Shr, "x1 >> x2"),
    function("logical_and", &[], TWO, Rule::Logical(BinaryOp::And), "x1 and x2, as truth values"),
    function("logical_or", &[], TWO, Rule::Logical(BinaryOp::Or), "x1 or x2, as truth values"),
    function("logical_xor", &[], TWO, Rule::Logical(BinaryOp::Xor), "whether exactly one is true"),
    function("logical_not", &[], ONE, Rule::LogicalNot, "not x, as a truth value"),
    // Conversions.
    function("astype", &[], &[X, required("dtype", &[])], Rule::AsType, "x as that dtype; floats to ints truncate and saturate"),
    cast(DType::Bool, "bool", "x != 0"),
    cast(DType::Int8, "int8", "x as an 8-bit integer"),
    cast(DType::Int16, "int16", "x as a 16-bit integer"),
    cast(DType::Int32, "int32", "x as a 32-bit integer"),
    cast(DType::Int64, "int64", "x as a 64-bit integer"),
    cast(DType::UInt8, "uint8", "x as an unsigned 8-bit integer"),
    cast(DType::UInt16, "uint16", "x as an unsigned 16-bit integer"),
    cast(DType::UInt32, "uint32", "x as an unsigned 32-bit integer"),
    cast(DType::UInt64, "uint64", "x as an unsigned 64-bit integer"),
    cast(DType::Float32, "float32", "x as a 32-bit float"),
    cast(DType::Float64, "float64", "x as a 64-bit float"),
    // Reductions.
    reduce("sum", &[], ADDED, Reduction::Sum, "the sum over axes; small integers add up in 64 bits"),
    reduce("prod", &[], ADDED, Reduction::Prod, "the product over axes"),
    reduce("mean", &[], AVERAGED, Reduction::Mean, "the mean over axes"),
    reduce("min", &["amin"], EXTREME, Reduction::Min, "the smallest element over axes; NaN wins"),
    reduce("max", &["amax"], EXTREME, Reduction::Max, "the largest element over axes; NaN wins"),
    reduce("ptp", &[], REDUCED, Reduction::Ptp, "the range from smallest to largest"),
    reduce("argmin", &[], REDUCED, Reduction::ArgMin, "where the first NaN, else the first smallest element is"),
    reduce("argmax", &[], REDUCED, Reduction::ArgMax, "where the first NaN, else the first largest element is"),
    reduce("median", &[], REDUCED, Reduction::Median, "the middle element, or the mean of the two in the middle"),
    reduce("quantile", &[], QUANTILE, Reduction::Quantile, "the element below which the fraction q lies"),
    reduce("percentile", &[], QUANTILE, Reduction::Percentile, "the element below which q percent lie"),
    function("histogram", &[], &[X, optional("bins", &[], "10"), optional("range", &[], "None"), optional("density", &[], "False"), optional("weights", &[], "None")],
        Rule::Histogram, "how many elements lie in each bin, or the sums of their weights, and the edges of the bins"),
    function("bincount", &[], &[X, optional("weights", &[], "None"), optional("minlength", &[], "0")],
        Rule::BinCount, "how often each integer from 0 on occurs, or the sums of the weights beside it"),
    reduce("any", &[], TESTED, Reduction::Any, "whether any element over axes is true"),
    reduce("all", &[], TESTED, Reduction::All, "whether all elements over axes are true"),
    reduce("count_nonzero", &[], REDUCED, Reduction::CountNonzero, "how many elements over axes are not 0"),
    reduce("var", &[], SPREAD, Reduction::Var, "the variance over axes"),
    reduce("std", &[], SPREAD, Reduction::Std, "the standard deviation over axes"),
    reduce("nansum", &[], ADDED, Reduction::NanSum, "the sum, NaN skipped"),
    reduce("nanmean", &[], AVERAGED, Reduction::NanMean, "the mean, NaN skipped"),
    reduce("nanvar", &[], SPREAD, Reduction::NanVar, "the variance, NaN skipped"),
    reduce("nanstd", &[], SPREAD, Reduction::NanStd, "the standard deviation, NaN skipped"),
    reduce("nanmin", &[], EXTREME, Reduction::NanMin, "the smallest element, NaN skipped"),
    reduce("nanmax", &[], EXTREME, Reduction::NanMax, "the largest element, NaN skipped"),
    reduce("nancount", &[], TESTED, Reduction::NanCount, "how many elements are not NaN"),
    // Structure: elements elsewhere.
    function("reshape", &[], &[X, required("shape", &["newshape"])],
        Rule::Structure(Structure::Reshape), "the same elements in C order under another shape; -1 is what is left"),
    function("ravel", &["flatten"], ONE, Rule::Structure(Structure::Ravel), "the elements in C order, one after the other"),
    function("permute_dims", &["transpose"], &[X, optional("axes", &[], "None")],
        Rule::Structure(Structure::Permute), "the axes in another order; reversed if none is given"),
    function("squeeze", &[], &[X, AXIS], Rule::Structure(Structure::Squeeze), "without axes of extent 1"),
    function("expand_dims", &[], &[X, required("axis", &[])],
        Rule::Structure(Structure::ExpandDims), "with new axes of extent 1"),
    function("broadcast_to", &[], &[X, required("shape", &[])],
        Rule::Structure(Structure::BroadcastTo), "stretched to a shape"),
    function("concat", &["concatenate"], &[required("arrays", &[]), optional("axis", &[], "0")],
        Rule::Structure(Structure::Concat), "arrays one after the other along an axis"),
    function("stack", &[], &[required("arrays", &[]), optional("axis", &[], "0")],
        Rule::Structure(Structure::Stack), "arrays one after the other along a new axis"),
    function("flip", &[], &[X, AXIS], Rule::Structure(Structure::Flip), "in reverse order along axes"),
    function("roll", &[], &[X, required("shift", &[]), AXIS],
        Rule::Structure(Structure::Roll), "moved along axes; what leaves at one end enters at the other"),
    function("take", &[], &[X, required("indices", &[]), AXIS],
        Rule::Structure(Structure::Take), "elements at indices that are written out"),
    function("repeat", &[], &[X, required("repeats", &[]), AXIS],
        Rule::Structure(Structure::Repeat), "each element several times"),
    function("tile", &[], &[X, required("reps", &["repetitions"])],
        Rule::Structure(Structure::Tile), "the whole several times along each axis"),
    function("diff", &[], &[X, optional("n", &[], "1"), optional("axis", &[], "-1"), optional("prepend", &[], "None"), optional("append", &[], "None")],
        Rule::Structure(Structure::Diff), "differences between neighbours; of bools, whether they differ"),
    function("shift", &[], &[X, required("offsets", &[]), optional("mode", &[], "\"constant\""), optional("fill", &[], "0")],
        Rule::Structure(Structure::Shift), "moved along each axis; mode: \"constant\", \"edge\", \"wrap\", \"symmetric\", \"reflect\""),
    // Scans.
    function("cumulative_sum", &[], CUMULATIVE, Rule::Scan { scanned: Scanned::Sum, flattens: false }, "the sums so far along an axis"),
    function("cumulative_prod", &[], CUMULATIVE, Rule::Scan { scanned: Scanned::Prod, flattens: false }, "the products so far along an axis"),
    function("cumulative_max", &[], &[X, AXIS], Rule::Scan { scanned: Scanned::Max, flattens: false }, "the largest element so far along an axis"),
    function("cumulative_min", &[], &[X, AXIS], Rule::Scan { scanned: Scanned::Min, flattens: false }, "the smallest element so far along an axis"),
    function("cumsum", &[], RUNNING, Rule::Scan { scanned: Scanned::Sum, flattens: true }, "the sums so far along an axis"),
    function("cumprod", &[], RUNNING, Rule::Scan { scanned: Scanned::Prod, flattens: true }, "the products so far along an axis"),
    // Generators.
    function("index", &[], &[required("axis", &[]), required("shape", &[])],
        Rule::Index, "the index along an axis, for a shape or an array's shape"),
    function("random", &[], &[required("seed", &[]), required("shape", &[])],
        Rule::Random, "random numbers from 0 up to 1, the same for the same seed (Philox 4x64)"),
    function("linspace", &[],
        &[required("start", &[]), required("stop", &[]), optional("num", &[], "50"), optional("endpoint", &[], "True"), DTYPE],
        Rule::Linspace, "num evenly spaced numbers from start to stop"),
    function("arange", &[],
        &[required("start", &[]), optional("stop", &[], "None"), optional("step", &[], "1"), DTYPE],
        Rule::Arange, "numbers from start up to stop, exclusive; from 0 if only one is given"),
    function("full", &[], &[required("shape", &[]), required("value", &["fill_value"]), DTYPE],
        Rule::Full, "an array of that shape with the same value everywhere"),
    function("zeros", &[], SHAPED, Rule::Fill(0), "an array of zeros"),
    function("ones", &[], SHAPED, Rule::Fill(1), "an array of ones"),
];
