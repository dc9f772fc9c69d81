"""In: Python's syntax trees. Out: programs with the brackets that Python needs and no others.
Never: a value."""

import ast


def spelled(text):
    """The same program, in one line."""
    return program(ast.parse(text).body)


def program(statements):
    return "; ".join(statement(each) for each in statements)


def statement(tree):
    """Outputs stand without the brackets of a tuple."""
    if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Tuple):
        return ", ".join(ast.unparse(item) for item in tree.value.elts)
    return ast.unparse(tree)
