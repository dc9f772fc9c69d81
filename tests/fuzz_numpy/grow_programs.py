"""In: a grammar and what is wanted. Out: whole programs: definitions, bindings, outputs; now and then
one that must be refused, or one of which a part is asked for, too. Never: an operation."""

import grow_counts
import grow_filters
import grow_functions
import grow_reductions
import grow_structure
import source
from nodes import ANY, DTYPES, FLOAT, Case
from reading import Definition, Pair

FUNCTIONS, NAMES = "fgh", "stu"
# What a parameter may stand for that is no array.
FORMS = [
    ("{}.astype(d)", DTYPES),
    ("max({}, axis=d)", ["0", "None", "-1"]),
    ("any({}, keepdims=True, axis=d)", ["None"]),
]
PARAMS = ["x", "y", "p", "q", "x", "y", "e", "pi"]


def program(g, grammar):
    if g.rng.random() < 0.12:
        case = g.attempt(grow_filters.program, grammar)
        if case is not None:
            return case
        g.forget()
    statements = []
    while len(g.definitions) < 2 and g.rng.random() < 0.15:
        text = g.attempt(definition, FUNCTIONS[len(g.definitions)])
        statements += [text] if text else []
    while len(g.bound) < 2 and g.rng.random() < 0.25:
        statements.append(binding(g, NAMES[len(g.bound)]))
    outputs = 1 if g.rng.random() < 0.85 else g.rng.randint(2, 3)
    roots = [root(g, grammar) for _ in range(outputs)]
    if g.refusals and g.rng.random() < 0.08:
        return Case(spelled(g, [*statements, g.rng.choice(g.refusals)]), grammar)
    index = None
    if outputs == 1 and g.rng.random() < 0.25 and has_parts(roots[0]):
        index = part(g, roots[0])
    return Case(spelled(g, [*statements, ", ".join(node.text for node in roots)]), grammar, index)


def spelled(g, statements):
    """With all brackets, or only with those that Python needs."""
    text = "; ".join(statements)
    return text if g.rng.random() < 0.4 else source.spelled(text)


def root(g, grammar):
    if grammar == "exact":
        grows = [grow_counts.both, grow_counts.bincount, grow_counts.estimated, None]
        grow = g.rng.choices(grows, [1, 1, 1, 60])[0]
        node = grow and g.attempt(grow, g.rng.randint(0, 2))
        return node or g.node(g.rng.choice([1, 2, 2, 3, 3, 4, 5]), ANY)
    for _ in range(4):
        node = g.attempt(inexact, g.rng.choice([1, 1, 2, 3]))
        if node is not None:
            return node
    return g.leaf(ANY)


def inexact(g, depth):
    """A math function or a float reduction; sometimes inside a smooth expression."""
    grow = grow_reductions.inexact if g.rng.random() < 0.5 else grow_functions.math
    node = grow(g, depth)
    if g.rng.random() < 0.12:
        form = g.rng.choice(["{A} * {B}", "{B} - {A}", "{A} + {B}", "{A} / {B}", "-{A}", "sum({A})", "{A}.max()"])
        parts = {"A": node} | ({"B": g.node(1, FLOAT)} if "B" in form else {})
        node = g.make(form, **parts)
    return node


def has_parts(node):
    """Whether it is one array whose bits depend on no grid: float sums may be in what is inexact."""
    if isinstance(node.value, Pair) or not node.ndim or "bincount" in node.text or "histogram" in node.text:
        return False
    return node.value.err is None or node.value.ulp is not None


def part(g, whole):
    """An index within bounds."""
    text = grow_structure.index(g, whole.shape)
    node = g.attempt(lambda g: g.make(f"{{A}}[{text}]", A=whole))
    return text if node is not None else None


def binding(g, name):
    node = g.node(g.rng.randint(1, 3), ANY)
    g.bind(name, node.value)
    return f"{name} = {node.text}"


def definition(g, name):
    """A function that can be called with arguments like those it was made with; now and then one of
    its parameters stands for a dtype or for axes."""
    params = list(dict.fromkeys(g.rng.sample(PARAMS, g.rng.randint(1, 3))))
    examples, refusals = {param: g.leaf(ANY) for param in params}, len(g.refusals)
    with g.within({param: node.value for param, node in examples.items()}):
        body = g.node(g.rng.randint(1, 3), ANY)
    del g.refusals[refusals:]
    form, words = "{}", []
    if g.rng.random() < 0.25 and not body.literal:
        form, words = g.rng.choice(FORMS)
        params = [*params, "d"]
    text = f"{name}({', '.join(params)}) = {form.format(f'({body.text})')}"
    made = Definition(source.parse(text).body[0].value, g.evaluator.known)
    made.kinds, made.words = [node.kind for node in examples.values()], words
    g.bind(name, made)
    return text


def call(g, depth, want):
    """A call of a function that the program defines."""
    if not g.definitions:
        return None
    name = g.rng.choice(g.definitions)
    function = g.evaluator.known[name]
    nodes = [g.node(g.rng.randint(0, depth), kind) for kind in function.kinds]
    words = [f"{{{letter}}}" for letter in "ABC"[: len(nodes)]]
    words += [g.rng.choice(function.words)] if function.words else []
    named = g.rng.randint(0, len(words))
    words = words[:named] + [f"{p}={w}" for p, w in list(zip(function.params, words, strict=True))[named:]]
    return g.make(f"{name}({', '.join(words)})", **dict(zip("ABC", nodes, strict=False)))


PRODUCTIONS = [(12, call, ANY)]
