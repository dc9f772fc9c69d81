"""In: a group of operands and a random source. Out: programs that NumPy computes, for the most part,
grown from their leaves up so that the types of the parts are known. Never: a file or a reply.

*Exact*: operations whose result integer or IEEE arithmetic fixes, at any depth.
*Inexact*: a math function or a float reduction over an exact expression.
"""

from dataclasses import dataclass

import source
from expected import Evaluator
from values import Ambiguous, Lit, Refused

# What a part may be: letters of NumPy's dtype kinds.
BOOL, INT, FLOAT, WHOLE, NUMBER, ANY = "b", "iu", "f", "biu", "iuf", "biuf"
CASTS = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]
CASTS_TO = {want: [name for name in CASTS if name[0] in want] for want in [BOOL, INT, FLOAT, WHOLE, NUMBER, ANY]}
SMALL = ["0", "1", "2", "3", "7", "10", "-1", "-2", "True", "0.5", "1.5", "-0.0", "2.0", "0.1"]
EDGES = ["100", "127", "128", "200", "255", "256", "300", "-128", "-129", "32767", "65535", "65536", "2147483647"]
EDGES += ["2147483648", "4294967295", "9223372036854775807", "9223372036854775808", "18446744073709551615"]
EDGES += ["-9223372036854775808", "1e10", "1e-3", "inf", "nan", "-inf", "pi", "1e300", "1e39", "False", "e"]
MATH = ["sin", "cos", "tan", "exp", "log", "log10", "log2", "log1p", "expm1", "tanh"]
# Elements of a part.
LARGEST = 20_000
# Attempts for one node before a leaf takes its place.
ATTEMPTS = 4


@dataclass
class Node:
    """A part of a program."""

    text: str
    value: object

    @property
    def kind(self):
        if isinstance(self.value, Lit):
            return {bool: "b", int: "i", float: "f"}[type(self.value.value)]
        return self.value.value.dtype.kind

    @property
    def ndim(self):
        return 0 if isinstance(self.value, Lit) else self.value.value.ndim

    @property
    def shape(self):
        return () if isinstance(self.value, Lit) else self.value.value.shape


@dataclass
class Case:
    """A program; `grammar` says how its answer is compared."""

    text: str
    grammar: str
    refused: bool = False


class Grammar:
    """Programs over the operands of one group."""

    def __init__(self, group, rng):
        self.group, self.rng = group, rng
        self.evaluator = Evaluator(group.operands)
        self.bound, self.refusals, self.discarded = {}, [], []

    # --- programs ------------------------------------------------------------------------------

    def case(self, grammar):
        """One program; now and then one that both must refuse."""
        self.bound, self.refusals = {}, []
        for name in ["s", "t", "u"]:
            self.evaluator.known.pop(name, None)
        statements = []
        while len(statements) < 2 and self.rng.random() < 0.25:
            statements.append(self.binding("stu"[len(statements)]))
        outputs = 1 if self.rng.random() < 0.85 else self.rng.randint(2, 3)
        roots = [self.root(grammar) for _ in range(outputs)]
        statements.append(", ".join(root.text for root in roots))
        if self.refusals and self.rng.random() < 0.2:
            return Case(self.spelled(statements[:-1] + [self.rng.choice(self.refusals)]), grammar, True)
        return Case(self.spelled(statements), grammar)

    def binding(self, name):
        node = self.node(self.rng.randint(1, 3), ANY)
        self.bound[name] = self.evaluator.known[name] = node.value
        return f"{name} = {node.text}"

    def root(self, grammar):
        if grammar == "exact":
            return self.node(self.rng.choice([1, 2, 2, 3, 3, 4, 5]), ANY)
        for _ in range(ATTEMPTS):
            node = self.attempt(Grammar.inexact, self.rng.choice([1, 1, 2, 3]), FLOAT)
            if node is not None:
                return node
        return self.leaf(ANY)

    def spelled(self, statements):
        """With all brackets, or only with those that Python needs."""
        if self.rng.random() < 0.4:
            return "; ".join(statements)
        return source.spelled("; ".join(statements))

    # --- nodes ---------------------------------------------------------------------------------

    def node(self, depth, want):
        if depth <= 0:
            return self.leaf(want)
        for _ in range(ATTEMPTS):
            grow = self.rng.choices(*GROWS[want])[0]
            node = self.attempt(grow, depth - 1, want)
            if node is not None and node.kind in want:
                return node
        return self.leaf(want)

    def attempt(self, grow, depth, want):
        """A node; None where NumPy refuses or rounding would decide."""
        try:
            return grow(self, depth, want)
        except (Refused, Ambiguous):
            return None

    def make(self, template, **parts):
        """The node that `template`, with a letter for each part, stands for."""
        text = template.format(**{name: f"({part.text})" for name, part in parts.items()})
        try:
            value = self.evaluator.value(template.format(**{name: name for name in parts}), {
                name: part.value for name, part in parts.items()
            })  # fmt: skip
        except Refused:
            self.refusals.append(text)
            raise
        except Ambiguous:
            self.discarded.append(text)
            raise
        if not isinstance(value, Lit) and value.value.size > LARGEST:
            raise Ambiguous()  # it would only take time
        return Node(text, value)

    def leaf(self, want):
        pick = self.rng.random()
        if pick < 0.12 and want != BOOL:
            return self.literal(want)
        if pick < 0.18 and self.group.base:
            return self.generator(want)
        known = self.evaluator.known
        names = [name for name, value in known.items() if Node(name, value).kind in want]
        if not names:
            return self.literal(want)
        recent = [name for name in names if name in self.bound]
        name = self.rng.choice(recent if recent and self.rng.random() < 0.4 else names)
        return Node(name, known[name])

    def literal(self, want):
        while True:
            text = self.rng.choice(SMALL if self.rng.random() < 0.75 else EDGES)
            node = Node(text, self.evaluator.value(text, {}))
            if node.kind in want:
                return node

    def generator(self, want):
        """An array that is computed, of the base's last axis or shape."""
        base = self.group.base
        dtype = self.rng.choice(CASTS_TO[want])
        texts = [f"arange({base[-1]})", f"ones({base}, dtype={dtype})", f"zeros({base[-1]}, dtype={dtype})"]
        texts += [f"full({base[-1]}, {self.rng.choice(['0', '1', '2'])}, dtype={dtype})", f"linspace(0, 1, {base[-1]})"]
        texts += [f"arange({base[-1]}) * {self.rng.randint(-3, 3)}", f"full({base}, {self.rng.choice(SMALL)})"]
        text = self.rng.choice(texts)
        node = Node(text, self.evaluator.value(text, {}))
        return node if node.kind in want else self.literal(want)

    # --- productions ---------------------------------------------------------------------------

    def arithmetic(self, depth, want):
        op = self.rng.choice(["+", "-", "*", "+", "-", "*", "/", "//", "%"])
        return self.binary(op, depth, ANY if op in "+*" else NUMBER)

    def binary(self, op, depth, kinds):
        a, b = self.node(depth, kinds), self.node(self.rng.randint(0, depth), kinds)
        if self.rng.random() < 0.5:
            a, b = b, a
        name = BY_NAME[op]
        if self.rng.random() < 0.12:
            return self.make(self.rng.choice(name) + "({A}, {B})", A=a, B=b)
        return self.make(f"{{A}} {op} {{B}}", A=a, B=b)

    def bitwise(self, depth, want):
        return self.binary(self.rng.choice("&|^"), depth, WHOLE)

    def shift(self, depth, want):
        op = self.rng.choice(["<<", ">>"])
        a = self.node(depth, INT)
        b = Node(*self.small_int()) if self.rng.random() < 0.4 else self.node(depth, INT)
        return self.make(f"{{A}} {op} {{B}}", A=a, B=b)

    def small_int(self):
        text = str(self.rng.choice([0, 1, 2, 3, 7, 8, 31, 32, 63, 64, -1]))
        return text, self.evaluator.value(text, {})

    def power(self, depth, want):
        pick = self.rng.random()
        if pick < 0.5:
            exponent = self.rng.choice(["2", "3", "2", "1", "0", "0.5", "-1"])
            return self.exact(self.make("{A} ** " + f"({exponent})", A=self.node(depth, NUMBER)))
        if pick < 0.75:
            return self.make("{A} ** ({B} & 7)", A=self.node(depth, INT), B=self.node(0, INT))
        return self.make("{A} ** {B}", A=self.node(depth, INT), B=self.node(0, INT))

    def exact(self, node):
        """The node, if its value is."""
        if not isinstance(node.value, Lit) and node.value.err is not None:
            self.discarded.append(node.text)
            raise Ambiguous()
        return node

    def comparison(self, depth, want):
        ops = ["<", "<=", "==", "!=", ">", ">="]
        if self.rng.random() < 0.15:
            parts = [self.node(0, ANY), self.node(depth, ANY), self.node(0, ANY)]
            text = f"{{A}} {self.rng.choice(ops)} {{B}} {self.rng.choice(ops)} {{C}}"
            return self.make(text, **dict(zip("ABC", parts, strict=True)))
        return self.binary(self.rng.choice(ops), depth, ANY)

    def logical(self, depth, want):
        form = self.rng.choice(["{A} and {B}", "{A} or {B}", "not {A}", "logical_xor({A}, {B})", "logical_and({A}, {B})"])
        parts = {"A": self.node(depth, ANY)} | ({"B": self.node(depth, ANY)} if "B" in form else {})
        return self.make(form, **parts)

    def select(self, depth, want):
        form = self.rng.choice(["where({A}, {B}, {C})", "{B} if {A} else {C}"])
        a, b = self.node(depth, ANY if self.rng.random() < 0.2 else BOOL), self.node(depth, want)
        return self.make(form, A=a, B=b, C=self.node(self.rng.randint(0, depth), want))

    def extremum(self, depth, want):
        name = self.rng.choice(["minimum", "maximum"])
        return self.make(name + "({A}, {B})", A=self.node(depth, want), B=self.node(depth, want))

    def clip(self, depth, want):
        form = self.rng.choice(["clip({A}, {B}, {C})", "{A}.clip({B}, {C})", "clip({A}, {B})", "clip({A}, None, {B})",
                                "clip({A}, max={B})", "clip({A}, min={B}, max={C})"])  # fmt: skip
        a = self.node(depth, want)
        while isinstance(a.value, Lit) and "}." in form:
            a = self.node(0, want)
        parts = {"A": a, "B": self.node(0, want)} | ({"C": self.node(0, want)} if "C" in form else {})
        return self.make(form, **parts)

    def unary(self, depth, want):
        whole = ["-{A}", "+{A}", "abs({A})", "sign({A})", "square({A})", "floor({A})", "ceil({A})", "trunc({A})", "~{A}"]
        real = [*whole[:-1], "rint({A})", "sqrt({A})", "round({A})", "-{A}", "abs({A})", "round({A}, {n})"]
        a = self.node(depth, NUMBER if self.rng.random() < 0.9 else ANY)
        form = self.rng.choice(real if a.kind == "f" else whole + ["round({A})", "round({A}, {n})", "sqrt({A})"])
        return self.make(form.replace("{n}", str(self.rng.randint(-2, 3))), A=a)

    def test(self, depth, want):
        name = self.rng.choice(["isnan", "isinf", "isfinite"])
        return self.make(name + "({A})", A=self.node(depth, ANY if self.rng.random() < 0.2 else FLOAT))

    def cast(self, depth, want):
        dtype = self.rng.choice(CASTS_TO[want])
        a = self.node(depth, ANY)
        if isinstance(a.value, Lit) or self.rng.random() < 0.5:
            return self.make(f"{dtype}({{A}})", A=a)
        return self.make(self.rng.choice(["{A}.astype(%s)", "astype({A}, %s)"]) % dtype, A=a)

    def exact_reduction(self, depth, want):
        a = self.array(depth, ANY)
        names = ["min", "max", "any", "all", "count_nonzero", "min", "max"]
        if a.kind != "f":
            names += ["sum", "sum", "prod"]
        return self.reduction(self.rng.choice(names), a)

    def array(self, depth, kinds):
        """A node that is no literal."""
        while True:
            node = self.node(depth, kinds)
            if not isinstance(node.value, Lit):
                return node
            depth = 0

    def reduction(self, name, a):
        arguments = self.axes(a.ndim)
        if name in ("sum", "prod") and a.kind != "f" and self.rng.random() < 0.1:
            arguments.append("dtype=" + self.rng.choice(["int64", "uint64", "int32", "uint8"]))
        if name in ("var", "std") and self.rng.random() < 0.4:
            arguments.append(f"ddof={self.rng.randint(0, 2)}")
        if self.rng.random() < 0.3:
            return self.make(f"{{A}}.{name}({', '.join(arguments)})", A=a)
        return self.make(f"{name}({', '.join(['{A}', *arguments])})", A=a)

    def axes(self, ndim):
        """The arguments that say over which axes, in one of the ways there are."""
        pick, out = self.rng.random(), []
        if ndim and pick < 0.45:
            out.append(f"axis={self.rng.randrange(-ndim, ndim)}")
        elif ndim and pick < 0.65:
            axes = self.rng.sample(range(ndim), self.rng.randint(0, ndim))
            axes = [axis - ndim if self.rng.random() < 0.3 else axis for axis in axes]
            out.append(f"axis=({', '.join(map(str, axes))}{',' if len(axes) == 1 else ''})")
        elif pick < 0.72:
            out.append("axis=None")
        elif pick < 0.74:
            out.append(f"axis={ndim + 1}")
        if self.rng.random() < 0.3:
            out.append(f"keepdims={self.rng.choice(['True', 'True', 'False'])}")
        return out

    # --- structure -----------------------------------------------------------------------------

    def subscript(self, depth, want):
        """Integers, slices with steps of either sign, `...`, None; now and then out of bounds."""
        a = self.array(depth, want)
        return self.make(f"{{A}}[{self.index(a.shape)}]", A=a)

    def index(self, shape):
        parts = []
        for extent in shape[: self.rng.randint(0, len(shape))]:
            if self.rng.random() < 0.35 and extent:
                reach = extent if self.rng.random() < 0.95 else extent + 2
                parts.append(str(self.rng.randrange(-reach, reach)))
            else:
                parts.append(self.slice(extent))
        if self.rng.random() < 0.2:
            parts.insert(self.rng.randint(0, len(parts)), "...")
        elif self.rng.random() < 0.15:
            parts.insert(self.rng.randint(0, len(parts)), "None")
        return ", ".join(parts) or self.rng.choice(["...", "None"])

    def slice(self, extent):
        def end():
            return "" if self.rng.random() < 0.35 else str(self.rng.randint(-extent - 2, extent + 2))

        step = self.rng.choice(["", "", ":", ":1", ":2", ":-1", ":-1", ":-2", ":3", ":-7"])
        return f"{end()}:{end()}{step}"

    def move(self, depth, want):
        """A function that moves elements."""
        a = self.array(depth, want)
        form = self.rng.choice(self.moves(a))
        return self.make(form, A=a)

    def moves(self, a):
        """The calls that fit the shape."""
        rng, shape, ndim = self.rng, a.shape, a.ndim
        size = 1
        for extent in shape:
            size *= extent
        flat = ["ravel({A})", "{A}.T", "{A}.reshape(-1)", f"reshape({{A}}, ({size}, 1))", "flip({A})", "squeeze({A})",
                f"roll({{A}}, {rng.randint(-9, 9)})", f"expand_dims({{A}}, {rng.randint(-ndim - 1, ndim)})",
                f"broadcast_to({{A}}, {(2, *shape)})", f"tile({{A}}, {rng.choice(['2', '(2, 1)', '(1, 2)', '1'])})",
                f"repeat({{A}}, {rng.randint(0, 3)})", "permute_dims({A}, None)", "{A}.flatten()"]  # fmt: skip
        if not ndim:
            return flat
        axis, other = rng.randrange(-ndim, ndim), rng.randrange(ndim)
        order = rng.sample(range(ndim), ndim)
        offsets = tuple(rng.randint(-3, 3) for _ in shape)
        extent = shape[axis]
        shaped = [f"flip({{A}}, axis={axis})", f"roll({{A}}, {rng.randint(-9, 9)}, axis={axis})",
                  f"permute_dims({{A}}, {tuple(order)})", f"{{A}}.transpose({', '.join(map(str, order))})",
                  f"repeat({{A}}, {rng.randint(0, 3)}, axis={axis})", f"diff({{A}}, axis={axis})",
                  f"diff({{A}}, {rng.randint(0, 3)})", f"reshape({{A}}, {tuple(shape[::-1])})",
                  f"concat([{{A}}, {{A}}], axis={axis})", f"stack([{{A}}, {{A}}], axis={other})",
                  f"shift({{A}}, {offsets})", f"shift({{A}}, {offsets}, {self.mode(shape)})"]  # fmt: skip
        if extent:
            picks = [rng.randrange(-extent, extent) for _ in range(rng.randint(1, 4))]
            shaped += [f"take({{A}}, {picks}, axis={axis})", f"{{A}}.take({picks[0]}, axis={axis})"]
        return flat + shaped

    def mode(self, shape):
        names = ["edge", "wrap", "symmetric", "reflect"] if all(shape) else ["constant"]
        return f"'{self.rng.choice(names)}'"

    def join(self, depth, want):
        a, b = self.array(depth, want), self.array(depth, want)
        name = self.rng.choice(["concat([{A}, {B}]", "stack([{A}, {B}]", "concatenate([{A}, {B}, {A}]"])
        axis = self.rng.randint(-max(a.ndim, 1), max(a.ndim - 1, 0))
        return self.make(self.rng.choice([f"{name})", f"{name}, axis={axis})"]), A=a, B=b)

    # --- inexact -------------------------------------------------------------------------------

    def inexact(self, depth, want):
        """A math function or a float reduction; sometimes inside a smooth expression."""
        node = self.float_reduction(depth) if self.rng.random() < 0.5 else self.math(depth)
        if self.rng.random() < 0.15:
            form = self.rng.choice(["{A} * {B}", "{B} - {A}", "{A} + {B}", "{A} / {B}", "-{A}", "sum({A})", "{A}.max()"])
            parts = {"A": node} | ({"B": self.node(1, FLOAT)} if "B" in form else {})
            node = self.make(form, **parts)
        return node

    def float_reduction(self, depth):
        name = self.rng.choice(["sum", "sum", "mean", "mean", "prod", "var", "std"])
        kinds = FLOAT if name in ("sum", "prod") else ANY
        return self.reduction(name, self.array(depth, kinds))

    def math(self, depth):
        a = self.array(depth, FLOAT if self.rng.random() < 0.85 else INT)
        if self.rng.random() < 0.25:
            form = self.rng.choice(["{A} ** {B}", "pow({A}, {B})"])
            return self.make(form, A=a, B=self.node(self.rng.randint(0, 1), FLOAT))
        return self.make(self.rng.choice(MATH) + "({A})", A=a)


BY_NAME = {
    "+": ["add"], "-": ["subtract"], "*": ["multiply"], "/": ["divide", "true_divide"], "//": ["floor_divide"],
    "%": ["remainder", "mod"], "&": ["bitwise_and"], "|": ["bitwise_or"], "^": ["bitwise_xor"],
    "==": ["equal"], "!=": ["not_equal"], "<": ["less"], "<=": ["less_equal"], ">": ["greater"], ">=": ["greater_equal"],
}  # fmt: skip
# How often a production is taken, and what it may give.
TABLE = [
    (30, Grammar.arithmetic, NUMBER), (10, Grammar.bitwise, WHOLE), (5, Grammar.shift, INT), (6, Grammar.power, NUMBER),
    (12, Grammar.comparison, BOOL), (6, Grammar.logical, BOOL), (10, Grammar.select, ANY), (7, Grammar.extremum, ANY),
    (4, Grammar.clip, NUMBER), (14, Grammar.unary, NUMBER), (4, Grammar.test, BOOL), (8, Grammar.cast, ANY),
    (10, Grammar.exact_reduction, ANY), (9, Grammar.subscript, ANY), (9, Grammar.move, ANY), (2, Grammar.join, ANY),
]  # fmt: skip
GROWS = {}
for wanted in [BOOL, INT, FLOAT, WHOLE, NUMBER, ANY]:
    fitting = [(grow, weight) for weight, grow, gives in TABLE if set(gives) & set(wanted)]
    GROWS[wanted] = tuple(zip(*fitting, strict=True))
