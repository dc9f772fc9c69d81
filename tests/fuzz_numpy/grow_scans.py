"""In: a grammar, the depth that is left, the kinds that are wanted. Out: scans along an axis, whose
float sums, too, are NumPy's to the bit. Never: a reduction."""

from functions import SCANS
from nodes import ANY, DTYPES


def scan(g, depth, want):
    name = g.rng.choice(list(SCANS))
    a = g.array(depth, want if g.rng.random() < 0.7 else ANY)
    words = axis(g, a.ndim, name) + options(g, SCANS[name].split())
    if g.rng.random() < 0.3:
        return g.make(f"{{A}}.{name}({', '.join(words)})", A=a)
    return g.make(f"{name}({', '.join(['{A}', *words])})", A=a)


def axis(g, ndim, name):
    """It must be named above one dimension, but for the two that flatten."""
    pick = g.rng.random()
    if ndim > 1 and (pick < 0.75 or name not in ("cumsum", "cumprod") and pick < 0.97):
        chosen = str(g.rng.randrange(-ndim, ndim))
        only_named = name in ("cumulative_sum", "cumulative_prod")
        return [chosen if not only_named and g.rng.random() < 0.1 else f"axis={chosen}"]
    if pick < 0.4:
        return [f"axis={g.rng.randrange(-max(ndim, 1), max(ndim, 1))}"]
    return []


def options(g, keys):
    words = []
    if "dtype" in keys and g.rng.random() < 0.25:
        words.append("dtype=" + g.rng.choice(DTYPES))
    if "include_initial" in keys and g.rng.random() < 0.25:
        words.append(f"include_initial={g.rng.choice(['True', 'True', 'False'])}")
    return words


PRODUCTIONS = [(7, scan, ANY)]
