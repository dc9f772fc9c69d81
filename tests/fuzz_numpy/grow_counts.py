"""In: a grammar, the depth that is left, the kinds that are wanted. Out: histograms and counts of
integers, also of weights, which are NumPy's to the bit but for weights between edges that are written
out; bins that NumPy's rules estimate. Never: bins that other data decides."""

from nodes import ANY, NUMBER, WHOLE


def histogram(g, depth, want):
    """The counts, or the edges of the bins."""
    a = g.array(depth, ANY)
    weights = weights_of(g, a, NUMBER)
    return g.make(f"{counted(g, weights)}[{g.rng.choice([0, 0, 1, -1])}]", A=a, **weights)


def both(g, depth):
    """Two outputs."""
    a = g.array(depth, ANY)
    weights = weights_of(g, a, NUMBER)
    return g.make(counted(g, weights), A=a, **weights)


def estimated(g, depth):
    """As many bins as the data asks for: two outputs, or one of them."""
    a = g.array(depth, ANY)
    words = [g.rng.choice(["", "bins="]) + repr(g.rng.choice(["doane", "rice", "scott", "sqrt", "sturges"]))]
    # Between ends that are given there is room for many bins, which take their time.
    if g.rng.random() < 0.3:
        words.append(f"range=({g.rng.choice(['-4', '-0.5', '0'])}, {g.rng.choice(['1', '3.7', '100'])})")
    if g.rng.random() < 0.4:
        words[0] = g.rng.choice(["'auto'", "'fd'"])
    if g.rng.random() < 0.2:
        words.append("density=True")
    form = g.rng.choice(["%s", "%s[0]", "%s[1]", "sum(%s[0])"])
    return g.make(form.replace("%s", f"histogram({', '.join(['{A}', *words])})"), A=a)


def weights_of(g, a, want):
    """Now and then a part of the same shape."""
    if g.rng.random() < 0.6:
        return {}
    for _ in range(4):
        node = g.array(g.rng.randint(0, 2), want)
        if node.shape == a.shape:
            return {"W": node}
    # What has another shape is refused.
    return {"W": node if g.rng.random() < 0.1 else alike(g, a)}


def alike(g, a):
    """Numbers made of a part."""
    form = "{A} + 1" if a.kind == "b" else g.rng.choice(["{A}", "{A} * 2", "abs({A})", "float32({A})"])
    return g.make(form, A=a)


def counted(g, weights):
    words, pick = [], g.rng.random()
    if pick < 0.25:
        edges = sorted({g.rng.choice([-3, -1, 0, 0.5, 1, 2.5, 10, 100]) for _ in range(g.rng.randint(2, 5))})
        words.append(f"[{', '.join(map(str, [edges[0] - 1, *edges]))}]")
    elif pick < 0.75:
        words.append(g.rng.choice(["", "bins="]) + str(g.rng.choice([1, 2, 3, 7, 10, 50])))
    # Most operands have an infinity or NaN, between which there are no bins.
    if g.rng.random() < 0.6:
        words.append(f"range=({g.rng.choice(['-4', '-0.5', '0'])}, {g.rng.choice(['1', '3.7', '100'])})")
    exact = not weights or weights["W"].kind != "f"
    if exact and g.rng.random() < 0.2:
        words.append(f"density={g.rng.choice(['True', 'True', 'False'])}")
    words += ["weights={W}"] if weights else []
    return f"histogram({', '.join(['{A}', *words])})"


def bincount(g, depth):
    """How many there are, is known when it is computed."""
    a = g.array(depth, WHOLE)
    few = a if a.kind == "b" else g.make("({A} & 31)", A=a)
    few = few if few.ndim == 1 else g.make("{A}.ravel()", A=few)
    # Wide integers are counted in a million places.
    if a.kind != "b" and (few.dtype == "uint64" or g.rng.random() < 0.9):
        few = g.make(g.rng.choice(["int8", "uint8", "uint8", "int16"]) + "({A})", A=few)
    words = [f"minlength={g.rng.choice([0, 5, 40])}"] if g.rng.random() < 0.4 else []
    weights = weights_of(g, few, ANY)
    words += ["weights={W}"] if weights else []
    forms = ["%s", "%s", "max(%s)", "%s * 2", "mean(%s > 1)"]
    form = g.rng.choice(forms if weights else [*forms, "sum(%s)", "%s / sum(%s)"])
    return g.make(form.replace("%s", f"bincount({', '.join(['{A}', *words])})"), A=few, **weights)


PRODUCTIONS = [(3, histogram, NUMBER)]
