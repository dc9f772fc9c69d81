"""In: a program's text and its operands. Out: what it must give: values, dtypes, shapes, how far
off an answer may be, or the code of its error. Never: an answer of Fuseblock's.

Every operation is NumPy's own, applied to one node of the syntax tree; where docs/language.md
differs from NumPy on purpose (its last section), the node's value is replaced by ours.
"""

import ast
import itertools
import math
import operator

import numpy as np

import oracle
import weighted
from oracle import F32, F64
from pool import DTYPES
from reductions import EXACT, RANKED, REDUCTIONS, SKIPPING, ranked, reduction, special
from structure import SPREAD, STRUCTURE, moved, structure
from values import Ambiguous, Arr, Lit, Refused, call, ends, same

NAMES = {
    "pi": math.pi,
    "e": math.e,
    "inf": math.inf,
    "nan": math.nan,
    "True": True,
    "False": False,
    "true": True,
    "false": False,
}
CASTS = {dtype.name: dtype for dtype in DTYPES.values()}


# --- elementwise -----------------------------------------------------------------------------


TRUTHS = [np.logical_and, np.logical_or, np.logical_xor, np.logical_not]


def elementwise(function, args, smooth=True):
    """NumPy's `function`, with the error of its arguments carried through. A function that jumps
    must give the same at both ends of every argument; its answer is then exact."""
    if function in TRUTHS:
        # Any literal has a truth value, also one that no dtype holds.
        args = [Lit(bool(arg.value)) if isinstance(arg, Lit) else arg for arg in args]
    beyond(args)
    base = call(function, *[arg.raw for arg in args])
    if all(arg.err is None for arg in args):
        return Arr(base)
    err = np.zeros(base.shape)
    for corner in itertools.product(*[ends(arg) for arg in args]):
        other = call(function, *corner)
        agree = same(other, base)
        if base.dtype.kind != "f" or not smooth:
            if not agree.all():
                raise Ambiguous()
            continue
        finite = np.isfinite(base) & np.isfinite(other)
        if not (agree | finite).all():
            raise Ambiguous()
        with np.errstate(all="ignore"):
            gap = np.abs(other.astype(F64) - base.astype(F64))
        err = np.maximum(err, np.where(agree, 0.0, gap))
    if base.dtype.kind != "f" or not smooth:
        return Arr(base)
    err = np.where(err > 0, err * 1.05 + oracle.spacing(base), 0.0)
    size = np.abs(base.astype(F64))
    if (err > size[np.isfinite(size)].max(initial=0) * 1e-3).any():
        raise Ambiguous()
    return Arr(base, err)


def extremum(numpy_function, zero_of):
    """Minimum and maximum order -0.0 before +0.0, whatever the order of the arguments."""

    def function(x, y):
        out = np.asarray(numpy_function(x, y))
        if out.dtype.kind != "f":
            return out
        both = np.broadcast_arrays(np.asarray(x, out.dtype), np.asarray(y, out.dtype))
        signs = np.signbit(both[0]), np.signbit(both[1])
        zeros = (both[0] == 0) & (both[1] == 0)
        return np.where(zeros, np.where(zero_of(*signs), out.dtype.type(-0.0), out.dtype.type(0.0)), out)

    return function


minimum = extremum(np.minimum, np.logical_or)
maximum = extremum(np.maximum, np.logical_and)
fmin = extremum(np.fmin, np.logical_or)
fmax = extremum(np.fmax, np.logical_and)


def clip(x, low=None, high=None):
    """`minimum(maximum(x, low), high)` with the result dtype of NumPy's clip; a bound that is None
    is none."""
    out = np.asarray(np.clip(x, low, high))
    if out.dtype.kind != "f":
        return out
    clipped = np.asarray(x).astype(out.dtype)
    clipped = clipped if low is None else maximum(clipped, np.asarray(low, out.dtype))
    return clipped if high is None else minimum(clipped, np.asarray(high, out.dtype))


EXTREMA = {"minimum": minimum, "maximum": maximum, "fmin": fmin, "fmax": fmax, "clip": clip}


def cast(value, dtype):
    """Float to int truncates, saturates, and gives 0 for NaN; all else is NumPy's."""
    value = np.asarray(value)
    if value.dtype.kind != "f" or dtype.kind not in "iu":
        with np.errstate(all="ignore"):
            return value.astype(dtype)
    info = np.iinfo(dtype)
    whole = np.trunc(value.astype(F64))
    inside = (whole > float(info.min) - 1) & (whole < float(info.max) + 1)
    if info.bits == 64:
        inside = (whole >= float(info.min)) & (whole < float(info.max))
    kept = np.where(inside, whole, 0.0).astype(dtype)
    limit = np.where(whole < 0, info.min, info.max).astype(dtype)
    return np.where(inside | np.isnan(whole), kept, limit)


def round_to(value, digits):
    """NumPy's round; integers to tens or hundreds go by way of float64 and are cast as `cast` does."""
    value = np.asarray(value)
    if value.dtype.kind not in "iu" or digits >= 0:
        return np.round(value, digits)
    scale = 10.0**-digits
    return cast(np.rint(value.astype(F64) / scale) * scale, value.dtype)


def select(condition, then, otherwise):
    """`where`; unlike NumPy's, it refuses a literal that the result's dtype cannot hold."""
    beyond([then, otherwise])
    out = elementwise(np.where, [condition, then, otherwise])
    arrays = [arm for arm in (then, otherwise) if isinstance(arm, Arr)]
    if out.value.dtype.kind in "iu" and arrays:
        info = np.iinfo(out.value.dtype)
        for arm in (then, otherwise):
            if isinstance(arm, Lit) and not info.min <= arm.value <= info.max:
                raise Refused("E0207")
    return out


def compare(function, args):
    """Exact for any integer literal; NumPy refuses those beyond int64 beside a bool array."""
    try:
        return elementwise(function, args)
    except Refused as refusal:
        if refusal.code != "E0207":
            raise
        return Arr(function(*[np.asarray(arg.raw, object) for arg in args]).astype(bool))


def each_power(x, y):
    """Element by element: an exponent that is the same for all NumPy may make a root, also a computed one."""
    dtype = np.power(x, y).dtype
    x, y = [each.astype(dtype) for each in np.broadcast_arrays(x, y)]
    return np.power(np.stack([x, x]), np.stack([y, y]))[0]


def math_function(name, args):
    """Correctly rounded; how many ulps are allowed is in `oracle.ULPS`."""
    function = each_power if name == "pow" else getattr(np, name, None)
    if function is None:
        function = lambda v: oracle.special(name, v)  # noqa: E731
    base = call(function, *[arg.raw for arg in args])
    if any(arg.err is not None for arg in args):
        carried = elementwise(function, args)
        noise = 6 * oracle.spacing(carried.value)
        err = noise + (0 if carried.err is None else carried.err)
        return Arr(correctly_rounded(name, args, base), err)
    if base.dtype.kind != "f" or base.dtype == np.float16:
        return Arr(base)
    value = correctly_rounded(name, args, base)
    if name == "logaddexp":
        return Arr(value, np.maximum(oracle.spacing(value), 2.0**-56))
    if name in ("lgamma", "gammaln"):
        return Arr(value, np.maximum(16 * oracle.spacing(value), 2.0**-48))
    return Arr(value, ulp=oracle.ULPS.get(name, 1))


def correctly_rounded(name, args, base):
    """The oracle's value, which is the same on every machine, where NumPy has `base`."""
    raws = [np.broadcast_to(np.asarray(arg.raw).astype(base.dtype), base.shape) for arg in args]
    if name == "pow":
        return oracle.math_pow(*raws, base)
    return oracle.math_two(name, *raws, base) if name in oracle.TWO else oracle.math_unary(name, *raws, base)


def sinc(x):
    """NumPy's own operations; the sine is correctly rounded."""
    y = elementwise(lambda v: np.pi * v, [x])
    y = elementwise(lambda v: np.where(v, v, np.finfo(v.dtype).eps), [y])
    return elementwise(np.divide, [math_function("sin", [y]), y])


def power(x, y):
    """`x ** y`: some literal exponents are multiplications, divisions, square roots."""
    if isinstance(y, Lit) and isinstance(x, Arr) and not isinstance(y.value, bool):
        if y.value < 0 and isinstance(y.value, int) and x.value.dtype.kind in "biu":
            raise Refused("E0209")
        out = call(operator.pow, x.raw, y.value)
        if out.dtype.kind == "f" and out.dtype != np.float16:
            return literal_power(x, y, out.dtype)
        return Arr(out)
    out = call(operator.pow, x.raw, y.raw)
    if out.dtype.kind != "f":
        return elementwise(operator.pow, [x, y])
    return math_function("pow", [x, y])


def literal_power(x, y, dtype):
    """The powers that docs/language.md and the design name; everything else is pow."""
    base = Arr(x.value.astype(dtype), x.err)
    if y.value in (0, 1):
        return Arr(np.ones_like(base.value)) if y.value == 0 else base
    if y.value == 2:
        return elementwise(lambda v: v * v, [base])
    if y.value == 3:
        cube = elementwise(lambda v: v * v * v, [base])
        return cube if isinstance(y.value, int) or cube.err is not None else Arr(cube.value, ulp=2)
    if y.value == -1:
        return elementwise(lambda v: 1 / v, [base])
    if y.value == 0.5:
        return elementwise(np.sqrt, [base])
    return math_function("pow", [base, y])


# --- literals among themselves ---------------------------------------------------------------


def exactly(values):
    """Whether all are integers and none a bool."""
    return all(isinstance(v, int) and not isinstance(v, bool) for v in values)


def fitting(value):
    """An integer computed from literals; a wrapped one is a mistake of the text."""
    if not -(2**63) <= value < 2**63:
        raise Refused("E0207", "literal overflow")
    return value


def literal_pow(x, y):
    """A power of integers: an integer, or a float where the exponent is negative."""
    if y < 0:
        return float_literal_pow(float(x), float(y))
    if abs(x) > 1 and y > 64:
        raise Refused("E0207", "literal overflow")
    return Lit(fitting(x**y))


def beyond(args):
    """NumPy has no say in literals among themselves of which one is beyond int64."""
    values = [arg.value for arg in args if isinstance(arg, Lit) and isinstance(arg.value, int)]
    if all(isinstance(arg, Lit) for arg in args) and max(values, default=0) >= 2**63:
        raise Ambiguous()


def fold(function, args):
    """An operator over literals: int64, float64 or bool arrays of no axes, then weak again."""
    if function is not operator.neg:
        beyond(args)
    values = [arg.value for arg in args]
    if function is operator.pow and isinstance(values[0], int) and isinstance(values[1], int):
        return literal_pow(*values)
    if function in (operator.add, operator.sub, operator.mul, operator.neg) and exactly(values):
        return Lit(fitting(function(*values)))
    if function is operator.lshift and exactly(values) and values[1] >= 0:
        return Lit(fitting(values[0] << min(values[1], 128)))
    if function is operator.pow:
        return float_literal_pow(*[float(value) for value in values])
    return Lit(call(function, *[np.asarray(v) for v in values]).item())


def float_literal_pow(x, y):
    """Products, inverses and roots as of arrays; of other powers the last bit is not fixed."""
    out = literal_power(Arr(np.asarray(x)), Lit(y), F64)
    special = not math.isfinite(out.value) or out.value == 0
    if out.err is not None and not special and out.value != round(out.value.item()):
        raise Ambiguous()
    return Lit(out.value.item())


# --- the tree --------------------------------------------------------------------------------

OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
    ast.Not: np.logical_not,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.And: np.logical_and,
    ast.Or: np.logical_or,
}
# The functions that operators are, by name.
OPERATIONS = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "true_divide": operator.truediv,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
    "mod": operator.mod,
    "negative": operator.neg,
    "positive": operator.pos,
    "equal": operator.eq,
    "not_equal": operator.ne,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "bitwise_and": operator.and_,
    "bitwise_or": operator.or_,
    "bitwise_xor": operator.xor,
    "bitwise_not": operator.invert,
    "left_shift": operator.lshift,
    "right_shift": operator.rshift,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_xor": np.logical_xor,
    "logical_not": np.logical_not,
}
COMPARISONS = {operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge}
JUMPS = {operator.floordiv, operator.mod}
UNARY = ["abs", "sqrt", "square", "isnan", "isfinite", "isinf", "signbit", "reciprocal", "fabs"]
UNARY += ["deg2rad", "radians", "rad2deg", "degrees", "real", "imag", "conj", "conjugate"]
NAMED = ["add", "subtract", "multiply", "divide", "true_divide", "negative", "positive"]
NAMED += ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "invert"]
NAMED += ["bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not", "bitwise_invert"]
NAMED += ["left_shift", "right_shift", "bitwise_left_shift", "bitwise_right_shift"]
NAMED += ["logical_and", "logical_or", "logical_xor", "logical_not"]
NAMED_JUMPS = ["floor_divide", "remainder", "mod"]
PAIRS = ["fmod", "copysign", "nextafter", "heaviside", "gcd", "lcm"]
STEPS = ["floor", "ceil", "trunc", "rint", "sign"]


def running(extremum, x, axis):
    """NumPy's `accumulate`, but for the zeros, which are ordered."""
    out = np.moveaxis(np.atleast_1d(x).copy(), axis, 0)
    for at in range(1, len(out)):
        out[at] = extremum(out[at - 1], out[at])
    return np.moveaxis(out, 0, axis)


SCANS = {
    "cumulative_sum": np.cumulative_sum,
    "cumulative_prod": np.cumulative_prod,
    "cumsum": np.cumsum,
    "cumprod": np.cumprod,
    "cumulative_max": lambda x, axis=0: running(maximum, x, axis),
    "cumulative_min": lambda x, axis=0: running(minimum, x, axis),
}


GENERATORS = ["linspace", "arange", "full", "zeros", "ones"]


def is_none(node):
    """Whether it is the word None."""
    return isinstance(node, ast.Constant) and node.value is None


class Program:
    """One evaluation: the names bound so far."""

    def __init__(self, operands):
        self.names = {name: Arr(value) for name, value in operands.items()}

    def run(self, text):
        """The outputs of the last statement, as (name, value)."""
        outputs = []
        for statement in ast.parse(text).body:
            if isinstance(statement, ast.Assign):
                name = statement.targets[0].id
                self.names[name] = self.value(statement.value)
                outputs = [self.names[name]]
            else:
                node = statement.value
                nodes = node.elts if isinstance(node, ast.Tuple) else [node]
                outputs = [self.value(node) for node in nodes]
        return [Arr(np.asarray(out.raw)) if isinstance(out, Lit) else out for out in outputs]

    def single(self, text):
        """The value of one expression; literals stay weak."""
        return self.value(ast.parse(text, mode="eval").body)

    def value(self, node):
        return getattr(self, "on_" + type(node).__name__)(node)

    def on_Constant(self, node):
        return Lit(node.value)

    def on_Name(self, node):
        if node.id in self.names:
            return self.names[node.id]
        if node.id in NAMES:
            return Lit(NAMES[node.id])
        raise Refused("E0201", node.id)

    def named(self, name, args):
        """A function that an operator is; of literals it wraps, where an operator is a mistake."""
        try:
            return self.apply(OPERATIONS[name], args)
        except Refused as refusal:
            if refusal.code == "E0207" and all(isinstance(arg, Lit) for arg in args):
                raise Ambiguous() from refusal
            raise

    def on_BinOp(self, node):
        return self.apply(OPERATORS[type(node.op)], [self.value(node.left), self.value(node.right)])

    def on_UnaryOp(self, node):
        return self.apply(OPERATORS[type(node.op)], [self.value(node.operand)])

    def on_BoolOp(self, node):
        function, values = OPERATORS[type(node.op)], [self.value(v) for v in node.values]
        out = values[0]
        for value in values[1:]:
            out = self.apply(function, [out, value])
        return out

    def on_IfExp(self, node):
        return select(self.value(node.test), self.value(node.body), self.value(node.orelse))

    def on_Compare(self, node):
        sides = [self.value(side) for side in [node.left, *node.comparators]]
        out = None
        for op, left, right in zip(node.ops, sides, sides[1:], strict=False):
            link = self.apply(OPERATORS[type(op)], [left, right])
            out = link if out is None else self.apply(operator.and_, [out, link])
        return out

    def apply(self, function, args):
        if all(isinstance(arg, Lit) for arg in args):
            return fold(function, args)
        if function is operator.pow:
            return power(*args)
        if function in COMPARISONS:
            return compare(function, args)
        return elementwise(function, args, smooth=function not in JUMPS)

    def on_Attribute(self, node):
        """`x.T`, or a function of one argument: `x.real`."""
        if node.attr == "T":
            return moved(np.transpose, self.array(node.value))
        return self.function(node.attr, [self.value(node.value)])

    def on_Subscript(self, node):
        if isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") == "histogram":
            return self.histogram(node.value)[self.plain(node.slice)]
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        index = tuple(self.index(part) for part in parts)
        return moved(lambda values: values[index], self.array(node.value))

    def index(self, node):
        """An integer, a slice, `...`, None, a list of integers, or an array: a mask or indices."""
        if isinstance(node, ast.Slice):
            ends = [None if end is None else self.plain(end) for end in (node.lower, node.upper, node.step)]
            return slice(*ends)
        if isinstance(node, ast.List):
            return [self.plain(item) for item in node.elts]
        if isinstance(node, ast.Constant) or is_none(node) or isinstance(node, ast.UnaryOp):
            return ... if getattr(node, "value", 0) is ... else self.plain(node)
        value = self.value(node)
        if isinstance(value, Arr) and value.err is not None:
            raise Ambiguous()
        return value.raw

    def exact(self, node):
        """The elements of an array that are exact to the bit."""
        value = self.value(node)
        if value.err is not None:
            raise Ambiguous()
        return value.raw

    def histogram(self, call):
        plain = self.counting({k.arg: k.value for k in call.keywords})
        if isinstance(plain.get("bins"), tuple):
            plain["bins"] = list(plain["bins"])
        return weighted.histogram(self.exact(call.args[0]), *map(self.plain, call.args[1:]), **plain)

    def counting(self, keywords):
        """Keywords of `histogram` and `bincount`."""
        return {key: self.exact(node) if key == "weights" else self.plain(node) for key, node in keywords.items()}

    def array(self, node):
        """A value that is no literal."""
        value = self.value(node)
        return Arr(np.asarray(value.raw)) if isinstance(value, Lit) else value

    def on_Call(self, node):
        args = list(node.args)
        if isinstance(node.func, ast.Attribute):
            name = node.func.attr
            args.insert(0, node.func.value)
        else:
            name = node.func.id
        keywords = {k.arg: k.value for k in node.keywords}
        if name in STRUCTURE:
            return self.structure(name, args, keywords, isinstance(node.func, ast.Attribute))
        if name in GENERATORS:
            return self.generator(name, args, keywords)
        if name == "index":
            return Arr(np.indices(self.plain(args[1]))[self.plain(args[0])])
        if name == "random":
            seed, shape = [self.plain(arg) for arg in args]
            return Arr(np.random.Generator(np.random.Philox(key=seed)).random(shape))
        if name == "bincount":
            return Arr(call(np.bincount, self.exact(args[0]), **self.counting(keywords)))
        if name == "take" and isinstance(args[1], (ast.Name, ast.BinOp)):
            plain = {key: self.plain(value) for key, value in keywords.items()}
            at = self.exact(args[1])
            return moved(lambda values: np.take(values, at, **plain), self.array(args[0]))
        if name in SCANS:
            return self.scan(name, args, keywords)
        if name in REDUCTIONS + EXACT + SKIPPING + RANKED:
            return self.reduce(name, args, keywords)
        if name == "astype":
            return self.cast(self.value(args[0]), CASTS[args[1].id])
        if name in CASTS:
            return self.cast(self.value(args[0]), CASTS[name])
        if name == "round":
            return self.round(args, keywords)
        if name == "angle":
            plain = [self.plain(arg) for arg in args[1:]]
            return Arr(call(np.angle, self.value(args[0]).raw, *plain))
        if name == "nan_to_num":
            plain = {key: self.plain(value) for key, value in keywords.items()}
            return Arr(call(np.nan_to_num, np.array(self.value(args[0]).raw), **plain))
        if name == "clip":
            return self.clip(args, keywords)
        return self.function(name, [self.value(arg) for arg in args])

    def cast(self, arg, dtype):
        if isinstance(arg, Lit) and isinstance(arg.value, int) and dtype.kind in "iu":
            info = np.iinfo(dtype)
            if not info.min <= arg.value <= info.max:
                raise Refused("E0207")
        out = elementwise(lambda v: cast(v, dtype), [arg])
        if dtype == F32 and arg.err is not None:
            return Arr(out.value, arg.err + oracle.spacing(out.value))
        return out

    def round(self, args, keywords):
        digits = keywords.get("decimals", args[1] if len(args) > 1 else None)
        digits = 0 if digits is None else self.value(digits).value
        return elementwise(lambda v: round_to(v, digits), [self.value(args[0])], smooth=False)

    def clip(self, args, keywords):
        """Bounds by position or name; None is no bound."""
        bounds = dict(zip(["min", "max"], args[1:], strict=False)) | keywords
        given = {name: self.value(node) for name, node in bounds.items() if not is_none(node)}

        def function(x, *values):
            named = dict(zip(given, values, strict=True))
            return clip(x, named.get("min"), named.get("max"))

        return elementwise(function, [self.value(args[0]), *given.values()])

    def function(self, name, args):
        if name in OPERATIONS:
            out = self.named(name, args)
            return Arr(np.asarray(out.value)) if isinstance(out, Lit) else out
        if name in oracle.MATH or name in oracle.TWO or name == "pow":
            return math_function(name, args)
        if name in UNARY + NAMED:
            return elementwise(getattr(np, name), args)
        if name in STEPS:
            return elementwise(getattr(np, name), args, smooth=False)
        if name in PAIRS + NAMED_JUMPS:
            return elementwise(getattr(np, name), args, smooth=False)
        if name in EXTREMA:
            return elementwise(EXTREMA[name], args)
        if name == "sinc":
            return sinc(args[0])
        if name == "where":
            return select(*args)
        raise Refused("E0202", name)

    def reduce(self, name, args, keywords):
        plain = {key: self.plain(value) for key, value in keywords.items()}
        if name in RANKED:
            if name == "median" and len(args) > 1:
                plain["axis"] = self.plain(args.pop())
            return ranked(name, self.value(args[0]), *[self.plain(arg) for arg in args[1:]], **plain)
        if len(args) > 1:
            plain["axis"] = self.plain(args[1])
        told = {"where", "initial", "dtype", "mean"} & set(plain)
        function = reduction if name in REDUCTIONS and not told else special
        return function(name, self.value(args[0]), **plain)

    def scan(self, name, args, keywords):
        """To the bit, so that there is no answer for approximate elements."""
        plain = {key: self.plain(value) for key, value in keywords.items()}
        arg = self.value(args[0])
        if isinstance(arg, Arr) and arg.err is not None:
            raise Ambiguous()
        out = call(SCANS[name], cast(arg.raw, plain["dtype"]) if "dtype" in plain else arg.raw, **plain)
        return Arr(out)

    def structure(self, name, args, keywords, method):
        """A function that moves elements; all but the arrays is written out."""
        first = args[0].elts if isinstance(args[0], (ast.List, ast.Tuple)) else [args[0]]
        rest = [self.plain(arg) for arg in args[1:]]
        if method and name in SPREAD and len(rest) > 1:
            rest = [tuple(rest)]
        plain = {key: self.plain(value) for key, value in keywords.items()}
        return structure(name, [self.array(item) for item in first], rest, plain)

    def generator(self, name, args, keywords):
        plain = {key: self.plain(value) for key, value in keywords.items()}
        return Arr(call(getattr(np, name), *[self.plain(arg) for arg in args], **plain))

    def plain(self, node):
        """An argument that is a literal, a tuple of them, a dtype, or None."""
        if isinstance(node, (ast.Tuple, ast.List)):
            return tuple(self.plain(item) for item in node.elts)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        if is_none(node):
            return None
        if isinstance(node, ast.Name) and node.id in CASTS:
            return CASTS[node.id]
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        return self.value(node).value
