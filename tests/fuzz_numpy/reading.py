"""In: a program's text and its operands. Out: its outputs, as the oracle of tests/numpy has them, for
what that does not read: definitions, other names and keywords of functions, the signs of zeros.
Never: an answer of Fuseblock's."""

import ast
import copy

import paths  # noqa: F401
import numpy as np
import oracle
import source
import weighted
import zeros
from evaluate import CASTS, OPERATIONS, Program, beyond, is_none
from reductions import RANKED
from values import Ambiguous, Arr, Lit, Refused, call

ALIASES = {"absolute": "abs", "around": "round", "power": "pow", "amin": "min", "amax": "max"}
ALIASES |= {"bitwise_invert": "bitwise_not", "invert": "bitwise_not"}
ALIASES |= {"bitwise_left_shift": "left_shift", "bitwise_right_shift": "right_shift"}
# Which argument's sign is told; that of a NaN is not specified.
SIGNS = {"signbit": 0, "copysign": 1}
COUNTS = ["histogram", "bincount"]
SPREAD = ["var", "std", "nanvar", "nanstd"]


class Definition:
    """A function of a program, with the names as they were where it stands."""

    def __init__(self, function, names):
        self.params = [param.arg for param in function.args.args]
        self.body, self.names = function.body, dict(names)

    def arguments(self, node):
        """Nodes by the names of the parameters."""
        given = dict(zip(self.params, node.args, strict=False))
        return given | {keyword.arg: keyword.value for keyword in node.keywords}


class Substituted(ast.NodeTransformer):
    """A body with dtypes and None in the place of parameters."""

    def __init__(self, words):
        self.words = words

    def visit_Name(self, node):
        return self.words.get(node.id, node)


class Pair(tuple):
    """Counts and edges."""

    err = None
    value = property(lambda self: self[0].value)


def parts(value):
    return value if isinstance(value, Pair) else [value]


class Reading(Program):
    """One evaluation, with definitions."""

    def run(self, text):
        outputs = []
        for statement in source.parse(text).body:
            if isinstance(statement, ast.Assign):
                name = statement.targets[0].id
                defines = source.defines(statement)
                made = Definition(statement.value, self.names) if defines else self.value(statement.value)
                self.names[name] = made
                outputs = [] if defines else [made]
            else:
                node = statement.value
                nodes = node.elts if isinstance(node, ast.Tuple) else [node]
                outputs = [each for node in nodes for each in parts(self.value(node))]
        return [Arr(np.asarray(out.raw)) if isinstance(out, Lit) else out for out in outputs]

    def on_Name(self, node):
        value = super().on_Name(node)
        if isinstance(value, Definition):
            raise Refused("E0201", node.id)
        return value

    def on_Call(self, node):
        if isinstance(node.func, ast.Name) and isinstance(self.names.get(node.func.id), Definition):
            return self.called(self.names[node.func.id], node)
        if isinstance(node.func, ast.Name) and node.func.id == "index":
            return self.index_along(*node.args)
        if isinstance(node.func, ast.Name) and node.func.id in COUNTS:
            return self.counted(node.func.id, node.args, {k.arg: k.value for k in node.keywords})
        return super().on_Call(self.plainly(node))

    def on_Subscript(self, node):
        value = self.value(node.value)
        return value[self.plain(node.slice)] if isinstance(value, Pair) else super().on_Subscript(node)

    def counted(self, name, args, keywords):
        """`histogram` and `bincount`: NumPy's."""
        first, *rest = [self.array(args[0]).value, *[self.plain(each) for each in args[1:]]]
        plain = self.counting(keywords)
        if name == "bincount":
            return Arr(call(np.bincount, first, *rest, **plain))
        return Pair(weighted.histogram(first, *rest, **plain))

    def index_along(self, axis, shape):
        """`index(axis, shape)`, where the shape may be that of an array."""
        axis = self.plain(axis)
        shape = self.plain(shape) if isinstance(shape, ast.Tuple) else self.array(shape).value.shape
        if not -len(shape) <= axis < len(shape):
            raise Refused("E0206")
        return Arr(np.indices(shape)[axis])

    def called(self, definition, node):
        """The body, with the arguments in the place of the parameters."""
        values, words = {}, {}
        for param, argument in definition.arguments(node).items():
            word = is_none(argument) or isinstance(argument, ast.Name) and self.is_dtype(argument.id)
            (words if word else values)[param] = argument if word else self.value(argument)
        inner = Reading({})
        inner.names = {name: value for name, value in definition.names.items() if name not in words} | values
        return inner.value(Substituted(words).visit(copy.deepcopy(definition.body)))

    def is_dtype(self, name):
        return name in CASTS and name not in self.names

    def plainly(self, node):
        """The call under the names that the oracle knows."""
        method = isinstance(node.func, ast.Attribute)
        name = node.func.attr if method else node.func.id
        other = ALIASES.get(name)
        keywords = [ast.keyword("ddof" if k.arg == "correction" else k.arg, k.value) for k in node.keywords]
        args = list(node.args)
        if name == "astype" and keywords and keywords[0].arg == "dtype":
            args, keywords = [*args, keywords[0].value], keywords[1:]
        if not other:
            return ast.Call(node.func, args, keywords)
        func = ast.Attribute(node.func.value, other) if method else ast.Name(other)
        return ast.Call(func, args, keywords)

    def function(self, name, args):
        if name in SIGNS and np.isnan(np.asarray(args[SIGNS[name]].raw, np.float64)).any():
            raise Ambiguous()
        if name in OPERATIONS:
            beyond(args)
        if name in oracle.SPECIAL and args[0].err is not None:
            raise Ambiguous()  # NumPy does not have it at the ends of a range
        return super().function(name, args)

    def clip(self, args, keywords):
        """As NumPy has it, a literal beyond the integers of the array is no bound, also beside a float."""
        bounds = dict(zip(["min", "max"], args[1:], strict=False)) | keywords
        x = self.value(args[0])
        if isinstance(x, Arr) and x.value.dtype.kind in "iu":
            info = np.iinfo(x.value.dtype)
            told = {name: self.value(node) for name, node in bounds.items() if not is_none(node)}
            whole = {name: lit.value for name, lit in told.items() if isinstance(lit, Lit) and type(lit.value) is int}
            if whole.get("min", info.max) <= info.min:
                del bounds["min"]
            if whole.get("max", info.min) >= info.max:
                del bounds["max"]
        return super().clip(args[:1], bounds)

    def reduce(self, name, args, keywords):
        try:
            return self.reduced(name, self.value(args[0]), args[1:], dict(keywords))
        except (OverflowError, TypeError):
            # The order of the additions, or of the factors, decides whether they overflow on the way.
            raise Ambiguous() from None

    def reduced(self, name, arg, rest, keywords):
        """The signs of zeros are ours; all else is the oracle's."""
        rest = list(rest)
        if rest and name not in ("quantile", "percentile"):
            keywords = keywords | {"axis": rest.pop()}
        plain = {key: self.plain(value) for key, value in keywords.items()}
        if np.ndim(arg.raw) == 0 and plain.get("axis") in (0, -1) and name not in RANKED:
            # NumPy lets some of them pass.
            call(getattr(np, name.replace("nancount", "sum")), arg.raw, **plain)
            del keywords["axis"], plain["axis"]
        if arg.err is None and name in RANKED + zeros.EXTREMES:
            function = zeros.ranked if name in RANKED else zeros.extreme
            return function(name, arg.raw, *[self.plain(each) for each in rest], **plain)
        if "mean" in plain and np.asarray(arg.raw).dtype == np.float32 and plain.get("dtype") == np.float64:
            raise Ambiguous()  # NumPy rounds the deviations to float32
        alone = f"argument {len(self.names)}"
        self.names[alone] = arg
        out = super().reduce(name, [ast.Name(alone), *rest], keywords)
        if name in SPREAD and {"mean", "dtype"} & set(plain) and not np.isfinite(out.value).all():
            raise Ambiguous()  # NumPy rounds the mean and the squares on the way, and may overflow
        return out

    def scan(self, name, args, keywords):
        if len(args) > 1:
            keywords = dict(zip(["axis", "dtype"], args[1:], strict=False)) | keywords
        axis = keywords.get("axis")
        flattens = name in ("cumsum", "cumprod")
        if not flattens and (axis is None or is_none(axis)) and np.ndim(self.value(args[0]).raw) > 1:
            raise Refused("E0206")
        return super().scan(name, args[:1], keywords)
