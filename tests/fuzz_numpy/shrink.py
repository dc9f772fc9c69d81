"""In: a program that is wrong, and its operands. Out: a smaller one that is wrong too.
Never: a change that was not tried."""

import ast
import copy
import re

import numpy as np
import source
from values import Refused

# Tries for one finding.
BUDGET = 250


class Shrinker:
    """`wrong(text, arrays)` says why a program is wrong, or gives None."""

    def __init__(self, wrong, text, arrays):
        self.wrong, self.text, self.tries = wrong, text, 0
        self.arrays = used(text, arrays)

    def run(self):
        """Smaller programs, then smaller arrays, until nothing helps."""
        going = True
        while going and self.tries < BUDGET:
            going = self.first_that_fails(self.programs())
            going |= self.first_that_fails(self.shapes())
            going |= self.first_that_fails(self.elements())
        return self.text, self.arrays

    def first_that_fails(self, candidates):
        """Goes to the first candidate that is wrong too."""
        for text, arrays in candidates:
            self.tries += 1
            if self.tries > BUDGET:
                return False
            if self.wrong(text, used(text, arrays)):
                self.text, self.arrays = text, used(text, arrays)
                return True
        return False

    def programs(self):
        """Fewer statements and outputs; a node in place of its parent; a literal in place of a node."""
        statements = source.parse(self.text).body
        for skip in range(len(statements) if len(statements) > 1 else 0):
            yield source.program(statements[:skip] + statements[skip + 1 :]), self.arrays
        tree = source.parse(self.text)
        last = tree.body[-1]
        if isinstance(last, ast.Expr) and isinstance(last.value, ast.Tuple):
            for item in last.value.elts:
                yield source.program([*tree.body[:-1], ast.Expr(item)]), self.arrays
        seen = set()
        for number, node in enumerate(expressions(tree)):
            smaller = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
            smaller = [child for child in smaller if not isinstance(child, ast.Attribute)] + inside(node)
            if not isinstance(node, (ast.Constant, ast.Name)):
                smaller += [ast.Name(name) for name in self.arrays]
                smaller.append(ast.Constant(1))
            for other in smaller:
                text = replaced(tree, number, other)
                if len(text) < len(self.text) and text not in seen:
                    seen.add(text)
                    yield text, self.arrays

    def shapes(self):
        """All arrays cut to half along an axis, counted from the last; axes of one dropped."""
        ndim = max([array.ndim for array in self.arrays.values()], default=0)
        for back in range(1, ndim + 1):
            extent = max(a.shape[-back] for a in self.arrays.values() if a.ndim >= back)
            keeps = [slice(None, extent // 2), slice(extent // 2, None), slice(None, extent - 1), slice(1, None)]
            for keep in keeps if extent > 1 else []:
                yield self.text, {name: cut(array, back, keep) for name, array in self.arrays.items()}
        if ndim and all(array.ndim < ndim or array.shape[0] == 1 for array in self.arrays.values()):
            drop = {name: np.asarray(array[0]) if array.ndim == ndim else array for name, array in self.arrays.items()}
            yield self.text, drop

    def elements(self):
        """Plain values in place of special ones: the whole array, then each element."""
        for name, array in self.arrays.items():
            for plain in (0, 1):
                if array.size and not np.array_equal(array, np.full_like(array, plain)):
                    yield self.text, self.arrays | {name: np.full_like(array, plain)}
            if array.size <= 12:
                for at in np.ndindex(array.shape):
                    if array[at] not in (0, 1):
                        other = array.copy()
                        other[at] = 1
                        yield self.text, self.arrays | {name: other}


def kind(why):
    """What sort of mistake it is, so that no smaller program is taken that is wrong in another way."""
    return re.findall(r"refused with E\d+|NumPy answers|answered|died|no kernel|differ|element |\] instead of", why)


def is_program(text, expected):
    """Whether a variant computes something, and names nothing that there is not."""
    unknown = isinstance(expected, Refused) and expected.code in ("E0201", "E0202")
    return not unknown and isinstance(source.parse(text).body[-1], ast.Expr)


def used(text, arrays):
    """The operands that a program names."""
    try:
        names = {node.id for node in ast.walk(source.parse(text)) if isinstance(node, ast.Name)}
    except SyntaxError:
        return arrays
    return {name: array for name, array in arrays.items() if name in names}


def expressions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.expr)]


def inside(node):
    """The parts of the receiver of a method."""
    method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return [node.func.value] if method else []


def replaced(tree, number, other):
    """The program with another expression in place of the one of that number."""
    tree = copy.deepcopy(tree)
    target = expressions(tree)[number]

    class Swap(ast.NodeTransformer):
        def visit(self, node):
            return copy.deepcopy(other) if node is target else self.generic_visit(node)

    return source.program(Swap().visit(tree).body)


def cut(array, back, keep):
    """The array cut along an axis, unless it broadcasts there."""
    if array.ndim < back or array.shape[-back] == 1:
        return array
    index = [slice(None)] * array.ndim
    index[array.ndim - back] = keep
    return np.ascontiguousarray(array[tuple(index)])
