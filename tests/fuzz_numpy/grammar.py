"""In: a group of operands and a random source. Out: programs that NumPy computes, for the most part,
grown from their leaves up so that the types of the parts are known. Never: a file or a reply.

*Exact*: operations whose result integer or IEEE arithmetic fixes, at any depth.
*Inexact*: a math function or a float reduction over an exact expression.
"""

import contextlib
import functools

import grow_counts
import grow_filters
import grow_functions
import grow_operators
import grow_programs
import grow_reductions
import grow_scans
import grow_structure
from expected import Evaluator
from nodes import ANY, BOOL, EDGES, SMALL, Node, kinds_of, of_kind
from reading import Definition
from values import Ambiguous, Lit, Refused

# Elements of a part.
LARGEST = 20_000
# Attempts for one node before a leaf takes its place.
ATTEMPTS = 4
MODULES = [grow_operators, grow_functions, grow_reductions, grow_scans, grow_structure]
MODULES += [grow_counts, grow_filters, grow_programs]
# How often a production is taken, what it is, and what it may give.
TABLE = tuple(row for module in MODULES for row in module.PRODUCTIONS)


@functools.cache
def growing(table, want):
    """The productions that may give what is wanted, and their weights."""
    fitting = [(grow, weight) for weight, grow, gives in table if set(gives) & set(want)]
    return tuple(zip(*fitting, strict=True))


class Grammar:
    """Programs over the operands of one group."""

    def __init__(self, group, rng):
        self.group, self.rng = group, rng
        self.evaluator = Evaluator(group.operands)
        self.operands = dict(self.evaluator.known)
        self.forget()
        self.discarded = []

    def case(self, grammar):
        """One program."""
        self.forget()
        return grow_programs.program(self, grammar)

    def forget(self):
        """What the last program bound."""
        self.evaluator.known = dict(self.operands)
        self.bound, self.definitions, self.refusals = [], [], []
        self.table = TABLE

    def bind(self, name, value):
        self.evaluator.known[name] = value
        if isinstance(value, Definition):
            self.definitions.append(name)
        else:
            self.bound.append(name)

    @contextlib.contextmanager
    def within(self, params):
        """Growing the body of a definition, with these arguments."""
        kept = self.evaluator.known, self.bound
        self.evaluator.known, self.bound = kept[0] | params, [*kept[1], *params]
        try:
            yield
        finally:
            self.evaluator.known, self.bound = kept

    @contextlib.contextmanager
    def alone(self, scope, arrays, table):
        """Growing from these names only, by these productions."""
        kept = self.evaluator.known, self.bound, self.definitions, self.table
        self.evaluator.known, self.bound, self.definitions, self.table = scope, arrays, [], tuple(table)
        try:
            yield
        finally:
            self.evaluator.known, self.bound, self.definitions, self.table = kept

    # --- nodes ---------------------------------------------------------------------------------

    def node(self, depth, want):
        if depth <= 0:
            return self.leaf(want)
        for _ in range(ATTEMPTS):
            grow = self.rng.choices(*growing(self.table, want))[0]
            node = self.attempt(grow, depth - 1, want)
            if node is not None and node.kind in want:
                return node
        return self.leaf(want)

    def attempt(self, grow, *args):
        """A node; None where NumPy refuses or rounding would decide."""
        try:
            return grow(self, *args)
        except (Refused, Ambiguous):
            return None

    def array(self, depth, kinds):
        """A node that is no literal."""
        for left in [depth, 0, 0, 0, 0]:
            node = self.node(left, kinds)
            if not node.literal:
                return node
        names = self.bound or list(self.operands)
        node = Node(name := self.rng.choice(names), self.evaluator.known[name])
        return self.make(self.rng.choice(of_kind(kinds)) + "({A})", A=node)

    def argument(self, depth, dtypes):
        """A node of one of these dtypes; now and then of another."""
        node = self.node(depth, kinds_of(dtypes))
        if node.dtype in dtypes or node.literal or self.rng.random() < 0.05:
            return node
        same = [name for name in dtypes if name[0] == node.dtype[0]] or dtypes
        return self.make(self.rng.choice(same) + "({A})", A=node)

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

    def exact(self, node):
        """The node, if its value is."""
        if not node.literal and node.value.err is not None:
            self.discarded.append(node.text)
            raise Ambiguous()
        return node

    # --- leaves --------------------------------------------------------------------------------

    def leaf(self, want):
        pick = self.rng.random()
        if pick < 0.12 and want != BOOL:
            return self.literal(want)
        if pick < 0.18 and self.group.base and self.table is TABLE:
            return grow_structure.generator(self, want)
        nodes = [Node(name, value) for name, value in self.evaluator.known.items() if name not in self.definitions]
        nodes = [node for node in nodes if node.kind in want]
        if not nodes:
            return self.literal(want)
        recent = [node for node in nodes if node.text in self.bound]
        return self.rng.choice(recent if recent and self.rng.random() < 0.4 else nodes)

    def literal(self, want=ANY):
        want = want.replace("u", "i")  # there are no others
        while True:
            node = self.written(self.rng.choice(SMALL if self.rng.random() < 0.75 else EDGES))
            if node.kind in want:
                return node

    def written(self, text):
        return Node(text, self.evaluator.value(text, {}))
