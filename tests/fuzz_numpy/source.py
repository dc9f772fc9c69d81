"""In: the text of a program. Out: its statements as Python's syntax trees, a definition `f(x) = x + 1`
as `f = lambda x: x + 1`; and the text of such trees. Never: a value."""

import ast
import re

DEFINITION = re.compile(r"\s*(\w+)\(([\w, ]*)\)\s*=(?!=)(.*)", re.DOTALL)


def parse(text):
    """The statements, which `;` separates."""
    return ast.parse("; ".join(DEFINITION.sub(r"\1 = lambda \2: (\3)", part).strip() for part in text.split(";")))


def spelled(text):
    """The same program, with the brackets that Python needs and no others."""
    return program(parse(text).body)


def program(statements):
    return "; ".join(statement(each) for each in statements)


def statement(tree):
    """Outputs stand without the brackets of a tuple."""
    if defines(tree):
        function = tree.value
        params = ", ".join(param.arg for param in function.args.args)
        return f"{tree.targets[0].id}({params}) = {ast.unparse(function.body)}"
    if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Tuple):
        return ", ".join(ast.unparse(item) for item in tree.value.elts)
    return ast.unparse(tree)


def defines(tree):
    """Whether the statement defines a function."""
    return isinstance(tree, ast.Assign) and isinstance(tree.value, ast.Lambda)
