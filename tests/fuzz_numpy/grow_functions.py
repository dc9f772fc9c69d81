"""In: a grammar, the depth that is left, the kinds that are wanted. Out: calls of the elementwise
functions of the table. Never: an operator or a reduction."""

from functions import EXACT, FLOATS, MATH
from nodes import ANY, BOOL, FLOAT, NUMBER, kinds_of, of_kind

# By what they give.
GIVING = {kind: [f for f in EXACT if f.gives == kind or f.gives == "=" and kind in kinds_of(f.takes)] for kind in ANY}
ATTRIBUTES = ("real", "imag")


def call(g, depth, function, kinds=None):
    """A call of a function of the table, or its method."""
    takes = [name for name in function.takes if kinds is None or name[0] in kinds]
    parts = {letter: g.argument(depth, takes) for letter in "AB"[: function.arity]}
    if function.name in ATTRIBUTES and parts["A"].literal:
        parts["A"] = g.array(0, kinds_of(takes))  # Python's numbers have them, too, as Python has it
    rest = ", ".join("{%s}" % letter for letter in list(parts)[1:])
    if not parts["A"].literal and g.rng.random() < 0.2:
        return g.make(f"{{A}}.{function.name}" + ("" if function.name in ATTRIBUTES else f"({rest})"), **parts)
    return g.make(f"{function.name}({', '.join('{%s}' % letter for letter in parts)})", **parts)


def elementwise(g, depth, want):
    kind = g.rng.choice(want)
    function = g.rng.choice(GIVING[kind])
    return call(g, depth, function, want if function.gives == "=" and g.rng.random() < 0.9 else None)


def extremum(g, depth, want):
    name = g.rng.choice(["minimum", "maximum", "fmin", "fmax"])
    return g.make(name + "({A}, {B})", A=g.node(depth, want), B=g.node(depth, want))


def clip(g, depth, want):
    form = g.rng.choice(["clip({A}, {B}, {C})", "{A}.clip({B}, {C})", "clip({A}, {B})", "clip({A}, None, {B})",
                         "clip({A}, max={B})", "clip({A}, min={B}, max={C})"])  # fmt: skip
    a = g.array(depth, want) if "}." in form else g.node(depth, want)
    parts = {"A": a, "B": g.node(0, want)} | ({"C": g.node(0, want)} if "C" in form else {})
    return g.make(form, **parts)


def rounding(g, depth, want):
    form = g.rng.choice(["round({A})", "around({A}, %d)", "round({A}, %d)", "round({A}, decimals=%d)"])
    return g.make(form.replace("%d", str(g.rng.randint(-2, 3))), A=g.node(depth, NUMBER))


def numbers_for_nan(g, depth, want):
    words = [f"{key}={g.rng.choice(['0', '1', '-2.5', '1e10', '-0.0'])}" for key in ["nan", "posinf", "neginf"]]
    words = [word for word in words if g.rng.random() < 0.4]
    a = g.array(depth, FLOAT if g.rng.random() < 0.8 else ANY)
    return g.make(f"nan_to_num({', '.join(['{A}', *words])})", A=a)


def test(g, depth, want):
    a = g.node(depth, ANY if g.rng.random() < 0.2 else FLOAT)
    return g.make(g.rng.choice(["isnan", "isinf", "isfinite"]) + "({A})", A=a)


def cast(g, depth, want):
    dtype = g.rng.choice(of_kind(want))
    a = g.node(depth, ANY)
    if a.literal or g.rng.random() < 0.5:
        return g.make(f"{dtype}({{A}})", A=a)
    return g.make(g.rng.choice(["{A}.astype(%s)", "astype({A}, %s)", "{A}.astype(dtype=%s)"]) % dtype, A=a)


def math(g, depth):
    """A function that is not exact, at the root."""
    function = g.rng.choice(MATH)
    if function.name == "pow" and g.rng.random() < 0.6:
        return g.make("{A} ** {B}", A=g.argument(depth, FLOATS), B=g.node(g.rng.randint(0, 1), FLOAT))
    kinds = FLOAT if g.rng.random() < 0.8 else None
    return call(g, depth, function, kinds)


PRODUCTIONS = [
    (34, elementwise, ANY), (6, extremum, ANY), (4, clip, NUMBER), (4, rounding, NUMBER), (2, numbers_for_nan, NUMBER),
    (4, test, BOOL), (8, cast, ANY),
]  # fmt: skip
