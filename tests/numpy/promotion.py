"""Writes src/types/promote_table.rs and tests/data/promotion.txt from NumPy itself.

Run:  python3 -m venv venv && venv/bin/pip install 'numpy==2.4.*' && venv/bin/python tests/numpy/promotion.py

The table holds, for each function, the dtype it computes in (NumPy's loop). The data file holds
expressions with the dtypes of their results, recorded by evaluating them; the checker is tested
against it, so that table and rules are proven by something they were not made from.
"""

import itertools
import pathlib
import warnings

import numpy as np

DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
          "float32", "float64"]
WEAK = [int, float]
UNARY = ["negative", "absolute", "positive", "square", "sqrt", "floor", "ceil", "trunc", "rint",
         "sign", "isnan", "isfinite", "isinf", "signbit", "sin", "cos", "tan", "exp", "expm1", "log",
         "log2", "log10", "log1p", "tanh", "cbrt", "exp2", "arcsin", "arccos", "arctan", "sinh", "cosh",
         "arcsinh", "arccosh", "arctanh", "reciprocal", "fabs", "deg2rad", "rad2deg", "conjugate",
         "invert"]
BINARY = ["add", "subtract", "multiply", "divide", "floor_divide", "remainder", "power",
          "minimum", "maximum", "equal", "not_equal", "less", "less_equal", "greater",
          "greater_equal", "bitwise_and", "bitwise_or", "bitwise_xor", "left_shift",
          "right_shift", "fmod", "copysign", "nextafter", "gcd", "lcm", "fmax", "fmin", "heaviside",
          "arctan2", "hypot", "logaddexp"]
# Not in NumPy; SciPy has them for float32 and float64, and takes the first that holds all values.
SCIPY = ["erf", "erfc", "gamma", "lgamma"]
ROOT = pathlib.Path(__file__).resolve().parents[2]


def letter(dtype):
    return np.dtype(dtype).char.replace("q", "l").replace("Q", "L")


def unary(name):
    return "".join(unary_cell(getattr(np, name), dtype) for dtype in DTYPES)


def scipy():
    return "".join(next(f for f in "fd" if np.can_cast(dtype, f)) for dtype in DTYPES)


def unary_cell(ufunc, dtype):
    try:
        compute, result = ufunc.resolve_dtypes((np.dtype(dtype), None))
    except TypeError:
        return "."
    assert result in (compute, np.dtype(bool)), ufunc
    return letter(compute)


def binary(name):
    sides = [np.dtype(dtype) for dtype in DTYPES] + WEAK
    return ["".join(binary_cell(name, a, b) for b in sides) for a in sides]


def binary_cell(name, a, b):
    if weak(a) and weak(b):
        return "-"
    if name == "where":
        return letter(np.where(True, sample(a), sample(b)).dtype)
    try:
        left, right, result = getattr(np, name).resolve_dtypes((a, b, None))
    except TypeError:
        return "."
    assert result in (left, np.dtype(bool)), name
    # The loops that compare int64 with uint64 without a common dtype.
    return letter(left) if letter(left) == letter(right) else "x"


def sample(side):
    return side(2) if weak(side) else np.zeros(2, side)


def weak(side):
    return isinstance(side, type)


def rust_table():
    lines = ["//! In: nothing. Out: the dtype in which NumPy computes each function.",
             "//! Never: edited by hand; `tests/numpy/promotion.py` writes it.",
             "//!",
             "//! Letters are NumPy's, in the order of `DType::ALL`, then a weak int, a weak float:",
             "//! `e` float16, `.` no such operation, `x` int64 with uint64, compared exactly, `-` two",
             f"//! literals. From NumPy {np.__version__}.", "",
             "use super::promote::Pairs;", ""]
    for name in UNARY:
        lines.append(f'pub(super) const {name.upper()}: &[u8; 11] = b"{unary(name)}";')
    for name in SCIPY:
        lines.append(f'pub(super) const {name.upper()}: &[u8; 11] = b"{scipy()}";')
    for name in BINARY + ["where"]:
        lines.append("")
        lines.append(f"pub(super) const {name.upper()}: Pairs = [")
        lines += [f'    b"{row}",' for row in binary(name)]
        lines.append("];")
    return "\n".join(lines) + "\n"


OPERATORS = ["a + b", "a - b", "a * b", "a / b", "a // b", "a % b", "a ** b", "a == b", "a != b",
             "a < b", "a <= b", "a > b", "a >= b", "a & b", "a | b", "a ^ b", "a << b", "a >> b"]
FUNCTIONS = ["minimum(a, b)", "maximum(a, b)", "where(a, a, b)", "where(b > a, b, a)",
             "power(a, b)", "add(a, b)", "logical_and(a, b)", "true_divide(a, b)", "mod(a, b)",
             "fmod(a, b)", "copysign(a, b)", "nextafter(a, b)", "gcd(a, b)", "lcm(a, b)",
             "fmax(a, b)", "fmin(a, b)", "heaviside(a, b)", "arctan2(a, b)", "hypot(a, b)",
             "logaddexp(a, b)",
             "clip(a, b, b)", "clip(a, None, b)", "clip(a, b, a)"]
ONE = ["-a", "+a", "~a", "abs(a)", "square(a)", "round(a)", "round(a, 1)", "round(a, -1)",
       "a ** 2", "a ** 3", "a ** 0", "a ** 1", "a ** 0.5", "a ** 2.0", "a ** -1.0",
       "logical_not(a)", "clip(a, 0, 5)", "clip(a, 0.5, 5)", "clip(a, max=2.5)",
       "where(a, 1, 2)", "where(a, a, 2.5)", "where(a, True, a)", "a + True",
       "sum(a)", "prod(a)", "mean(a)", "min(a)", "max(a)", "any(a)", "all(a)",
       "count_nonzero(a)", "std(a)", "var(a)", "sum(a, axis=0)", "mean(a, axis=0, keepdims=True)",
       "a * sum(a)", "a + mean(a)", "(a > 1) * 10", "sqrt(2) * a", "a * pi",
       "real(a)", "imag(a)", "conj(a)", "sinc(a)", "nan_to_num(a)", "nan_to_num(a, nan=1)",
       "radians(a)", "degrees(a)", "copysign(a, -1)", "gcd(a, 6)", "heaviside(a, 0.5)",
       "angle(a)", "angle(a, True)", "hypot(a, 2)"]


def recorded():
    names = {name: getattr(np, name) for name in dir(np) if not name.startswith("_")}
    names |= {"abs": np.abs, "sum": np.sum, "min": np.min, "max": np.max, "any": np.any,
              "all": np.all, "round": np.round}
    arrays = {dtype: np.ones((2, 3), dtype) for dtype in DTYPES}
    lines = []
    for text in ONE + [f"{name}(a)" for name in UNARY]:
        lines.append((text, [result(text, names, a=a) for a in arrays.values()]))
    for text in OPERATORS + FUNCTIONS:
        pairs = itertools.product(arrays.values(), arrays.values())
        lines.append((text, [result(text, names, a=a, b=b) for a, b in pairs]))
    for text in ["clip(a, b, c)"]:
        triples = itertools.product(arrays.values(), repeat=3)
        lines.append((text, [result(text, names, a=a, b=b, c=c) for a, b, c in triples]))
    for text, literal in itertools.product(OPERATORS, ["2", "2.5"]):
        for one in (text.replace("b", literal), text.replace("a", literal).replace("b", "a")):
            lines.append((one, [result(one, names, a=a) for a in arrays.values()]))
    return "".join(f"{text}\t{''.join(letters)}\n" for text, letters in lines)


def result(text, names, **values):
    try:
        dtype = np.asarray(eval(text, names | values)).dtype  # our own texts
    except TypeError:
        return "."
    return letter(dtype)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    (ROOT / "src/types/promote_table.rs").write_text(rust_table())
    (ROOT / "tests/data/promotion.txt").write_text(recorded())
