"""In: a grammar, the depth that is left, the kinds that are wanted. Out: reductions with every argument
that NumPy gives them. Never: a scan."""

from functions import FLOATS, INTS, REDUCTIONS
from nodes import ANY, BOOL, FLOAT, kinds_of

EXACT = [reduction for reduction in REDUCTIONS if reduction.exact]
INEXACT = [reduction for reduction in REDUCTIONS if len(reduction.exact) < 4]
METHODS = """linear lower higher midpoint nearest inverted_cdf averaged_inverted_cdf closest_observation
             interpolated_inverted_cdf hazen weibull median_unbiased normal_unbiased""".split()
RANKED = ("median", "quantile", "percentile")


def exact(g, depth, want):
    reduction = g.rng.choice(EXACT)
    return g.exact(reduced(g, reduction, g.array(depth, exact_kinds(reduction))))


def exact_kinds(reduction):
    """The kinds of elements over which it is exact."""
    return "".join(kind for kind in kinds_of(reduction.takes) if kind in reduction.exact)


def inexact(g, depth, keeps=True):
    """Floats are added up, at the root."""
    reduction = g.rng.choice(INEXACT)
    return reduced(g, reduction, g.array(depth, FLOAT if reduction.exact else ANY), keeps)


def reduced(g, reduction, a, keeps=True):
    """The call, as a function or a method; it keeps dimensions only where that is allowed."""
    parts, words = {"A": a}, axes(g, a.ndim, reduction.name)
    words = [word for word in words if keeps or not word.startswith("keepdims")]
    for key in reduction.keys.split():
        if g.rng.random() < 0.25:
            words += KEYS[key](g, reduction, a, parts)
    first = fractions(g, reduction.name) if reduction.name in ("quantile", "percentile") else []
    if g.rng.random() < 0.3:
        text = f"{{A}}.{reduction.name}({', '.join([*first, *words])})"
    else:
        text = f"{reduction.name}({', '.join(['{A}', *first, *words])})"
    return g.make(text, **parts)


def axes(g, ndim, name):
    """The arguments that say over which axes, in one of the ways there are."""
    pick, out = g.rng.random(), []
    several = name not in ("argmin", "argmax") or g.rng.random() < 0.05
    if ndim and pick < 0.45:
        axis = g.rng.randrange(-ndim, ndim)
        out.append(f"axis={axis}" if name in RANKED or g.rng.random() < 0.9 else str(axis))
    elif ndim and pick < 0.65 and several:
        # Over no axis at all, NumPy's order statistics differ among each other.
        least = 1 if name in RANKED else 0
        chosen = g.rng.sample(range(ndim), g.rng.randint(least, ndim))
        chosen = [axis - ndim if g.rng.random() < 0.3 else axis for axis in chosen]
        out.append(f"axis=({', '.join(map(str, chosen))}{',' if len(chosen) == 1 else ''})")
    elif pick < 0.72:
        out.append("axis=None")
    elif pick < 0.74:
        out.append(f"axis={ndim + 1}")
    if g.rng.random() < 0.3:
        out.append(f"keepdims={g.rng.choice(['True', 'True', 'False'])}")
    return out


# --- keywords, each as a list of words --------------------------------------------------------


def where(g, reduction, a, parts):
    """A mask that broadcasts to the array."""
    parts["M"] = mask(g, a)
    extreme = reduction.name.endswith(("min", "max"))
    if extreme and g.rng.random() < 0.9 and not any(word.startswith("initial") for word in parts):
        return ["where={M}", *initial(g, reduction, a, parts)]
    return ["where={M}"]


def mask(g, a):
    node = g.node(1, BOOL)
    if stretches(node.shape, a.shape) or g.rng.random() < 0.05:
        return node
    if g.rng.random() < 0.3:
        return g.written(g.rng.choice(["True", "False"]))
    return g.make("{A} " + g.rng.choice([">", "<=", "!="]) + " {B}", A=a, B=g.literal(a.kind))


def stretches(shape, other):
    """Whether one shape broadcasts to the other."""
    pairs = zip(shape[::-1], other[::-1], strict=False)
    return len(shape) <= len(other) and all(mine in (1, theirs) for mine, theirs in pairs)


def initial(g, reduction, a, parts):
    if "I" in parts:
        return []
    kinds = {"b": "b", "i": "bi", "u": "bi", "f": "bif"}[a.kind] if g.rng.random() < 0.95 else ANY
    parts["I"] = g.literal(kinds)
    return ["initial={I}"]


def dtype(g, reduction, a, parts):
    adds = reduction.name in ("sum", "prod", "nansum")
    if adds and a.kind != "f":
        # An exact sum stays one, unless floats are what is wanted.
        return ["dtype=" + g.rng.choice(["bool", *INTS])]
    if reduction.name in ("nanvar", "nanstd") and a.kind == "f":
        return [f"dtype={a.dtype}"]  # in another, NumPy rounds the deviations to the first all the same
    return ["dtype=" + g.rng.choice(FLOATS)]


def ddof(g, reduction, a, parts):
    return [g.rng.choice(["ddof", "ddof", "correction"]) + f"={g.rng.randint(0, 2)}"]


def mean(g, reduction, a, parts):
    # About an integer NumPy's squares of integers wrap.
    return [f"mean={g.rng.choice(['0.0', '1.0', '0.5', '-2.5'])}"]


def method(g, reduction, a, parts):
    return [f"method='{g.rng.choice(METHODS)}'"]


def fractions(g, name):
    scale = 1 if name == "quantile" else 100

    def one():
        pick = g.rng.choice([0, 1, 0.5, 0.25, 0.75, round(g.rng.random(), 3), round(g.rng.random(), 2)])
        return repr(pick * scale)

    if g.rng.random() < 0.75:
        return [one()]
    several = [one() for _ in range(g.rng.randint(1, 3))]
    return [f"[{', '.join(several)}]" if g.rng.random() < 0.5 else f"({', '.join(several)},)"]


KEYS = {"where": where, "initial": initial, "dtype": dtype, "ddof": ddof, "mean": mean, "method": method}
PRODUCTIONS = [(16, exact, ANY)]
