"""In: a grammar, the depth that is left, the kinds that are wanted. Out: parts whose elements are those
of others, elsewhere; and arrays that are computed from nothing. Never: arithmetic, but for `diff`."""

import math

from nodes import ANY, INT, SMALL, of_kind


def subscript(g, depth, want):
    """Integers, slices with steps of either sign, `...`, None; now and then out of bounds."""
    a = g.array(depth, want)
    return g.make(f"{{A}}[{index(g, a.shape)}]", A=a)


def index(g, shape):
    parts = []
    for extent in shape[: g.rng.randint(0, len(shape))]:
        if g.rng.random() < 0.35 and extent:
            reach = extent if g.rng.random() < 0.95 else extent + 2
            parts.append(str(g.rng.randrange(-reach, reach)))
        else:
            parts.append(span(g, extent))
    if g.rng.random() < 0.2:
        parts.insert(g.rng.randint(0, len(parts)), "...")
    elif g.rng.random() < 0.15:
        parts.insert(g.rng.randint(0, len(parts)), "None")
    return ", ".join(parts) or g.rng.choice(["...", "None"])


def span(g, extent):
    def end():
        return "" if g.rng.random() < 0.35 else str(g.rng.randint(-extent - 2, extent + 2))

    step = g.rng.choice(["", "", ":", ":1", ":2", ":-1", ":-1", ":-2", ":3", ":-7"])
    return f"{end()}:{end()}{step}"


def move(g, depth, want):
    """A function that moves elements."""
    a = g.array(depth, want)
    return g.make(g.rng.choice(moves(g, a)), A=a)


def moves(g, a):
    """The calls that fit the shape."""
    rng, shape, ndim = g.rng, a.shape, a.ndim
    size = math.prod(shape)
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
              f"shift({{A}}, {offsets})", f"shift({{A}}, {offsets}, {mode(g, shape)})",
              f"shift({{A}}, {offsets}, 'constant', {rng.choice(['0', '1', '7'])})",
              f"roll({{A}}, {offsets}, axis={tuple(order)})", f"flip({{A}}, axis={tuple(order[: ndim // 2 + 1])})",
              f"expand_dims({{A}}, axis=({rng.randint(0, ndim)}, -1))", f"squeeze({{A}}, axis={axis})",
              f"{{A}}.reshape({rng.choice([1, extent or 1, 2])}, -1)",
              f"concat([{{A}}, {{A}}], axis={rng.choice(['None', other])})"]  # fmt: skip
    if extent:
        picks = [rng.randrange(-extent, extent) for _ in range(rng.randint(1, 4))]
        shaped += [f"take({{A}}, {picks}, axis={axis})", f"{{A}}.take({picks[0]}, axis={axis})"]
    return flat + shaped


def mode(g, shape):
    names = ["edge", "wrap", "symmetric", "reflect"] if all(shape) else ["constant"]
    return f"'{g.rng.choice(names)}'"


def join(g, depth, want):
    a, b = g.array(depth, want), g.array(depth, want)
    name = g.rng.choice(["concat([{A}, {B}]", "stack([{A}, {B}]", "concatenate([{A}, {B}, {A}]"])
    axis = g.rng.randint(-max(a.ndim, 1), max(a.ndim - 1, 0))
    return g.make(g.rng.choice([f"{name})", f"{name}, axis={axis})"]), A=a, B=b)


def differences(g, depth, want):
    """`diff` with something before and after."""
    a = g.array(depth, want)
    words = [f"{key}={{{letter}}}" for key, letter in [("prepend", "B"), ("append", "C")] if g.rng.random() < 0.6]
    parts = {letter: g.literal(a.kind) for letter in "BC"}
    axis = [f"axis={g.rng.randrange(-a.ndim, a.ndim)}"] if a.ndim and g.rng.random() < 0.7 else []
    return g.make(f"diff({', '.join(['{A}', str(g.rng.randint(0, 2)), *axis, *words])})", A=a, **parts)


def taking(g, depth, want):
    """Elements at indices that are computed, or listed."""
    a = g.array(depth, want)
    axis = g.rng.randrange(a.ndim) if a.ndim else 0
    if not a.ndim or not a.shape[axis]:
        return None
    extent, before = a.shape[axis], ":, " * axis
    if g.rng.random() < 0.25:
        listed = [g.rng.randrange(-extent, extent) for _ in range(g.rng.randint(1, 4))]
        return g.make(f"{{A}}[{before}{listed}]", A=a)
    i = g.array(g.rng.randint(0, 1), INT)
    # From the end, too; some out of bounds.
    reach, back = extent + (g.rng.random() < 0.05), g.rng.choice([0, 0, extent // 2, extent])
    i = g.make(f"int64({{I}}) % {reach} - {back}", I=i)
    if i.ndim > 2:
        return None
    forms = [f"take({{A}}, {{I}}, axis={axis})", f"{{A}}[{before}{{I}}]", f"{{A}}.take({{I}}, axis={axis - a.ndim})"]
    return g.make(g.rng.choice(forms), A=a, I=i)


def generator(g, want):
    """A leaf that is computed, of the base's last axis or shape."""
    base, rng = g.group.base, g.rng
    start = rng.choice([0, 1, -3])
    dtype = rng.choice(of_kind(want))
    texts = [f"arange({base[-1]})", f"ones({base}, dtype={dtype})", f"zeros({base[-1]}, dtype={dtype})",
             f"full({base[-1]}, {rng.choice(['0', '1', '2'])}, dtype={dtype})", f"linspace(0, 1, {base[-1]})",
             f"arange({base[-1]}) * {rng.randint(-3, 3)}", f"full({base}, {rng.choice(SMALL)})",
             f"index({rng.randrange(len(base))}, {base})", f"random({rng.randint(0, 9)}, {base})",
             f"arange({start}, {start + 2 * base[-1]}, 2)", f"linspace(-1.5, 2, {base[-1]}, endpoint=False)",
             f"arange(0, {base[-1]}, dtype={dtype if dtype != 'bool' else 'int8'})",
             f"linspace({rng.randint(0, 9)}, 100, {base[-1]}, dtype={dtype})"]  # fmt: skip
    node = g.written(rng.choice(texts))
    return node if node.kind in want else g.literal(want)


def indices(g, depth, want):
    """The index along an axis of another part."""
    a = g.array(depth, ANY)
    if not a.ndim:
        return None
    return g.make(f"index({g.rng.randrange(-a.ndim, a.ndim)}, {{A}})", A=a)


PRODUCTIONS = [(9, subscript, ANY), (9, move, ANY), (2, join, ANY), (1, indices, "iu"),
               (1, differences, ANY), (2, taking, ANY)]
