"""In: a grammar and what is wanted. Out: programs over what passes a mask: elementwise expressions,
reductions and scans of filtered arrays; and reductions of what passes, as parts of others. Never: what
passes one mask beside what passes another, or another use that docs/language.md refuses."""

import grow_counts
import grow_functions
import grow_operators
import grow_reductions
import source
from functions import SCANS
from grow_reductions import stretches
from nodes import ANY, BOOL, NUMBER, Case
from reading import Definition

PASSED = ["v", "w"]
FRACTIONS = ("quantile", "percentile")
PLACES = [*range(-3, 4), 7, -9, 1000]


def program(g, grammar):
    """Bindings of a mask and of what passes it, then outputs over these."""
    first = source_of(g)
    if g.rng.random() < 0.15:
        return by_definition(g, first, grammar)
    mask = mask_of(g, first)
    statements = [bound(g, "m", mask)]
    passed = {}
    for name in PASSED[: g.rng.randint(1, 2)]:
        whole = first if name == "v" else another(g, first)
        passed[name] = g.make("{A}[m]", A=whole)
        statements.append(f"{name} = ({whole.text})[m]")
    if g.rng.random() < 0.2:
        place = f"{g.rng.choice(['', *PLACES])}:{g.rng.choice(['', *PLACES])}" + g.rng.choice(["", ":2", ":3"])
        for name, node in passed.items():
            passed[name] = g.make(f"{{A}}[{place}]", A=node)
            statements.append(f"{name} = {name}[{place}]")
    scope = {name: node.value for name, node in passed.items()}
    if g.rng.random() < 0.15:
        with g.within(scope):
            mask = g.make("v " + g.rng.choice([">", "<=", "!="]) + " {B}", B=g.literal(first.kind))
            if mask.ndim > 1:
                mask = g.make(f"any({{M}}, axis={tuple(range(1, mask.ndim))})", M=mask)
            again = g.make("v[{M}]", M=mask)
        statements.append(f"y = {again.text}")
        scope = {"y": again.value}
    # With rows goes what broadcasts to one; with their sums nothing.
    row = passed["v"].shape[1:]
    rows = bool(row)
    singles = {name: value for name, value in g.operands.items() if stretches(value.value.shape, row)}
    productions = FLAT + [(3, weighted, NUMBER)]
    productions += [] if rows else SINGLES
    with g.alone(scope | singles, list(scope), productions):
        roots = [root(g, grammar) for _ in range(g.rng.choice([1, 1, 2]))]
    return Case("; ".join([*statements, ", ".join(node.text for node in roots)]), grammar)


def indexed(g, depth, want):
    """What passes, from one place to another, or the one at a place."""
    a = g.array(depth, ANY)
    if not a.ndim or not all(a.shape[1:]):
        return None
    place = g.rng.choice(PLACES)
    if g.rng.random() < 0.6:
        ends = [g.rng.choice(["", *PLACES]) for _ in range(2)]
        place = f"{ends[0]}:{ends[1]}" + g.rng.choice(["", "", ":1", ":2", ":5"])
        if g.rng.random() < 0.5:
            return g.make(f"sum({{A}}[{{M}}][{place}] != 0, axis=0)", A=a, M=mask_of(g, a))
        return g.make(f"max({{A}}[{{M}}][{place}])", A=a, M=mask_of(g, a))
    rows = ", " + g.rng.choice(["0", "::-1", "...", "None"]) if a.ndim > 1 and g.rng.random() < 0.3 else ""
    return g.make(f"{{A}}[{{M}}][{place}{rows}]", A=a, M=mask_of(g, a))


def passing(g, depth, want):
    """A reduction of what passes, inside an expression over all."""
    a = g.array(depth, ANY)
    if not a.ndim or not all(a.shape[1:]):
        return None
    parts = {"A": a, "M": mask_of(g, a)}
    reduction = g.rng.choice([each for each in grow_reductions.EXACT if each.name not in FRACTIONS])
    if a.kind not in reduction.exact or a.dtype not in reduction.takes:
        return None
    axis = g.rng.choice(["", ", axis=0"])
    return g.make(f"{reduction.name}({{A}}[{{M}}]{axis})", **parts)


def by_definition(g, whole, grammar):
    """A function that filters its argument."""
    text = f"f(x, y) = x[x {g.rng.choice(['>', '<=', '!='])} y]"
    g.bind("f", Definition(source.parse(text).body[0].value, {}))
    v = g.make("f({A}, {B})", A=whole, B=g.literal(whole.kind))
    with g.alone({"v": v.value}, ["v"], FLAT + SINGLES):
        node = root(g, grammar)
    return Case("; ".join([text, f"v = {v.text}", node.text]), grammar)


def source_of(g):
    """An array with axes, whose rows have elements."""
    while True:
        node = g.array(g.rng.randint(0, 3), ANY)
        if node.ndim and all(node.shape[1:]):
            return node


def another(g, first):
    """A part of the same shape."""
    for _ in range(4):
        node = g.array(g.rng.randint(0, 2), ANY)
        if node.shape == first.shape:
            return node
    return g.make("{A} " + g.rng.choice(["+ 1", "* 2", "== 1"]), A=first)


def mask_of(g, whole):
    """Of the array's shape, or of that of its first axes."""
    node = g.node(g.rng.randint(0, 2), BOOL)
    if node.ndim and node.shape == whole.shape[: node.ndim]:
        return node
    axes = g.rng.randrange(1, whole.ndim) if whole.ndim > 1 and g.rng.random() < 0.25 else whole.ndim
    first = "[" + ", ".join([":"] * axes + ["0"] * (whole.ndim - axes)) + "]" if axes < whole.ndim else ""
    return g.make(f"{{A}}{first} {g.rng.choice(['>', '<=', '!=', '=='])} {{B}}", A=whole, B=g.literal(whole.kind))


def bound(g, name, node):
    g.bind(name, node.value)
    return f"{name} = {node.text}"


def root(g, grammar):
    if grammar == "inexact":
        grow = g.rng.choice([summed, grow_functions.math])
        node = g.attempt(grow, g.rng.randint(0, 2))
        if node is not None:
            return node
    node = g.node(g.rng.randint(0, 4), ANY)
    if g.rng.random() < 0.4:
        return g.attempt(reduced, 1, ANY) or node
    return node


def reduced(g, depth, want):
    """An exact reduction. NumPy has no minimum of nothing, and neither have we."""
    reduction = g.rng.choice(grow_reductions.EXACT)
    a = g.array(depth, grow_reductions.exact_kinds(reduction))
    if reduction.name in FRACTIONS and a.ndim > 1:
        return None  # several of each row: refused
    return g.exact(grow_reductions.reduced(g, reduction, a, keeps=False))


def single(g, depth, want):
    """An exact reduction inside an expression: several quantiles are an array that no mask made, which
    goes with no filtered one."""
    node = reduced(g, depth, want)
    return node if node is None or not node.ndim else None


def summed(g, depth):
    """A reduction of floats, or to floats."""
    return grow_reductions.inexact(g, depth, keeps=False)


def weighted(g, depth, want):
    """The largest of what a histogram adds up of what passes."""
    a = g.array(depth, ANY)
    weights = {"W": grow_counts.alike(g, a)}
    return g.make(f"max({grow_counts.counted(g, weights)}[0])", A=a, **weights)


def scanned(g, depth, want):
    name = g.rng.choice(list(SCANS))
    words = ["axis=0"] if g.rng.random() < 0.3 else []
    a = g.array(depth, want)
    # A single value becomes an array of one, which is no filtered one.
    return g.make(f"{name}({', '.join(['{A}', *words])})", A=a) if a.ndim else None


PRODUCTIONS = [(3, passing, ANY), (2, indexed, ANY)]
SINGLES = [(8, single, ANY), (5, scanned, ANY)]
FLAT = grow_operators.PRODUCTIONS + grow_functions.PRODUCTIONS
