"""In: a grammar, the depth that is left, the kinds that are wanted. Out: parts made of operators, and
choices between parts. Never: a function of one argument."""

from nodes import ANY, BOOL, INT, NUMBER, WHOLE

BY_NAME = {
    "+": ["add"], "-": ["subtract"], "*": ["multiply"], "/": ["divide", "true_divide"], "//": ["floor_divide"],
    "%": ["remainder", "mod"], "&": ["bitwise_and"], "|": ["bitwise_or"], "^": ["bitwise_xor"],
    "==": ["equal"], "!=": ["not_equal"], "<": ["less"], "<=": ["less_equal"], ">": ["greater"], ">=": ["greater_equal"],
}  # fmt: skip


def arithmetic(g, depth, want):
    op = g.rng.choice(["+", "-", "*", "+", "-", "*", "/", "//", "%"])
    return binary(g, op, depth, ANY if op in "+*" else NUMBER)


def binary(g, op, depth, kinds):
    a, b = g.node(depth, kinds), g.node(g.rng.randint(0, depth), kinds)
    if g.rng.random() < 0.5:
        a, b = b, a
    if g.rng.random() < 0.12:
        return g.make(g.rng.choice(BY_NAME[op]) + "({A}, {B})", A=a, B=b)
    return g.make(f"{{A}} {op} {{B}}", A=a, B=b)


def bitwise(g, depth, want):
    return binary(g, g.rng.choice("&|^"), depth, WHOLE)


def shift(g, depth, want):
    op = g.rng.choice(["<<", ">>"])
    a = g.node(depth, INT)
    by = [0, 1, 2, 3, 7, 8, 31, 32, 63, 64, -1]
    b = g.written(str(g.rng.choice(by))) if g.rng.random() < 0.4 else g.node(depth, INT)
    return g.make(f"{{A}} {op} {{B}}", A=a, B=b)


def power(g, depth, want):
    pick = g.rng.random()
    if pick < 0.5:
        exponent = g.rng.choice(["2", "3", "2", "1", "0", "0.5", "-1"])
        return g.exact(g.make("{A} ** " + f"({exponent})", A=g.node(depth, NUMBER)))
    form = "{A} ** ({B} & 7)" if pick < 0.75 else "{A} ** {B}"
    return g.exact(g.make(form, A=g.node(depth, INT), B=g.node(0, INT)))


def comparison(g, depth, want):
    ops = ["<", "<=", "==", "!=", ">", ">="]
    if g.rng.random() < 0.15:
        parts = [g.node(0, ANY), g.node(depth, ANY), g.node(0, ANY)]
        text = f"{{A}} {g.rng.choice(ops)} {{B}} {g.rng.choice(ops)} {{C}}"
        return g.make(text, **dict(zip("ABC", parts, strict=True)))
    return binary(g, g.rng.choice(ops), depth, ANY)


def logical(g, depth, want):
    form = g.rng.choice(["{A} and {B}", "{A} or {B}", "not {A}"])
    parts = {"A": g.node(depth, ANY)} | ({"B": g.node(depth, ANY)} if "B" in form else {})
    return g.make(form, **parts)


def select(g, depth, want):
    form = g.rng.choice(["where({A}, {B}, {C})", "{B} if {A} else {C}"])
    a, b = g.node(depth, ANY if g.rng.random() < 0.2 else BOOL), g.node(depth, want)
    return g.make(form, A=a, B=b, C=g.node(g.rng.randint(0, depth), want))


def sign(g, depth, want):
    a = g.node(depth, NUMBER if g.rng.random() < 0.9 else ANY)
    form = g.rng.choice(["-{A}", "+{A}", "-{A}"] if a.kind == "f" else ["-{A}", "+{A}", "~{A}"])
    return g.make(form, A=a)


PRODUCTIONS = [
    (28, arithmetic, NUMBER), (10, bitwise, WHOLE), (5, shift, INT), (6, power, NUMBER), (12, comparison, BOOL),
    (6, logical, BOOL), (10, select, ANY), (6, sign, NUMBER),
]  # fmt: skip
