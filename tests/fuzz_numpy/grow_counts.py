"""In: a grammar, the depth that is left, the kinds that are wanted. Out: histograms and counts of
integers, which are NumPy's to the bit. Never: weights, or bins that data decides."""

from nodes import ANY, NUMBER, WHOLE


def histogram(g, depth, want):
    """The counts, or the edges of the bins."""
    a = g.array(depth, ANY)
    return g.make(f"{counted(g)}[{g.rng.choice([0, 0, 1, -1])}]", A=a)


def both(g, depth):
    """Two outputs."""
    return g.make(counted(g), A=g.array(depth, ANY))


def counted(g):
    words, pick = [], g.rng.random()
    if pick < 0.25:
        edges = sorted({g.rng.choice([-3, -1, 0, 0.5, 1, 2.5, 10, 100]) for _ in range(g.rng.randint(2, 5))})
        words.append(f"[{', '.join(map(str, [edges[0] - 1, *edges]))}]")
    elif pick < 0.75:
        words.append(g.rng.choice(["", "bins="]) + str(g.rng.choice([1, 2, 3, 7, 10, 50])))
    # Most operands have an infinity or NaN, between which there are no bins.
    if g.rng.random() < 0.6:
        words.append(f"range=({g.rng.choice(['-4', '-0.5', '0'])}, {g.rng.choice(['1', '3.7', '100'])})")
    if g.rng.random() < 0.2:
        words.append(f"density={g.rng.choice(['True', 'True', 'False'])}")
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
    form = g.rng.choice(["%s", "%s", "sum(%s)", "max(%s)", "%s * 2", "%s / sum(%s)", "mean(%s > 1)"])
    return g.make(form.replace("%s", f"bincount({', '.join(['{A}', *words])})"), A=few)


PRODUCTIONS = [(3, histogram, NUMBER)]
