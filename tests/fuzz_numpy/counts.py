"""In: programs and what became of them. Out: how many by operator, function, dtype, rank, so that a
weak generator shows. Never: a verdict."""

import ast
from collections import Counter

import source
from functions import MATH

BOUNDS = {function.name: f"  ({function.bound} ulp)" for function in MATH}
ATTRIBUTES = ["T", "real", "imag"]
FATES = ["accepted", "refused", "discarded", "wrong"]


class Counts:
    """How many programs of each fate have a feature."""

    def __init__(self):
        self.by_feature, self.total = {}, Counter()

    def add(self, fate, text, operands, *more):
        self.total[fate] += 1
        for feature in features(text, operands) | set(more):
            self.by_feature.setdefault(feature, Counter())[fate] += 1

    def merge(self, other):
        self.total.update(other.total)
        for feature, counter in other.by_feature.items():
            self.by_feature.setdefault(feature, Counter()).update(counter)

    def table(self):
        """One line a feature."""
        width = max((len(name) for _, name in self.by_feature), default=8) + 2
        lines = [" " * 10 + " " * width + "".join(f"{fate:>11}" for fate in FATES)]
        for (family, name), counter in sorted(self.by_feature.items()):
            numbers = "".join(f"{counter[fate]:>11}" for fate in FATES)
            lines.append(f"{family:10}{name:{width}}{numbers}")
        return "\n".join(lines)


def features(text, operands):
    """Operators, functions, methods, their keywords and words; dtypes and ranks of operands; forms."""
    found, tree = set(), source.parse(text)
    defined = {each.targets[0].id for each in tree.body if source.defines(each)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.operator, ast.unaryop, ast.cmpop, ast.boolop)):
            found.add(("operator", type(node).__name__))
        elif isinstance(node, ast.Call):
            method = isinstance(node.func, ast.Attribute)
            name = node.func.attr if method else node.func.id
            if name in defined:
                found.add(("form", "call of a definition"))
                continue
            found.add(("function", name + BOUNDS.get(name, "")))
            found |= {("form", "method")} if method else set()
            found |= {("keyword", f"{name} {keyword.arg}=") for keyword in node.keywords}
        elif isinstance(node, ast.Attribute) and node.attr in ATTRIBUTES:
            found.add(("attribute", node.attr))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(("word", node.value))
        elif isinstance(node, ast.Name) and node.id in operands:
            operand = operands[node.id]
            found.add(("dtype", operand.array.dtype.name))
            found.add(("rank", str(operand.array.ndim)))
        elif isinstance(node, ast.Assign):
            found.add(("form", "definition" if source.defines(node) else "binding"))
        elif isinstance(node, ast.Subscript):
            found.add(("form", "index"))
        elif isinstance(node, ast.Tuple):
            found.add(("form", "tuple"))
        elif isinstance(node, ast.IfExp):
            found.add(("form", "if else"))
    return found
