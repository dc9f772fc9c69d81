"""In: a program whose result is a part of another's, and the replies to both. Out: where the part has
other bits than the whole. Never: what NumPy gives."""

import ast
import json

import source
from judge import covered, read
from pool import DTYPES
from reading import Reading
from values import Arr

BY_NAME = {dtype.name: dtype for dtype in DTYPES.values()}


def of_part(text, index):
    """The program that gives this part of the other's result."""
    *rest, last = source.parse(text).body
    return source.program([*rest, ast.Expr(ast.parse(f"({ast.unparse(last)})[{index}]", mode="eval").body)])


def of_whole(text):
    """The program whose result this one takes a part of; None if it takes none."""
    *rest, last = source.parse(text).body
    if not isinstance(last, ast.Expr) or not isinstance(last.value, ast.Subscript):
        return None
    return source.program([*rest, ast.Expr(last.value.value)])


def beside(text, ways, replies, wholes):
    """The first way on which the part differs, and where."""
    index = source.parse(text).body[-1].value.slice
    for way, reply, other in zip(ways, replies, wholes, strict=True):
        reply, other = json.loads(reply), json.loads(other)
        if not (reply.get("ok") and other.get("ok")):
            continue
        part, whole = array(reply), array(other)
        expected = Arr(whole[indices(index)])
        if not covered(expected.value.reshape(-1), part.reshape(-1), expected).all():
            have, want = part.reshape(-1)[:20], expected.value.reshape(-1)[:20]
            return f"{way.text()}: the part differs from the whole: {have} and {want}"
    return None


def indices(node):
    """The index that a subscript is."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return tuple(Reading({}).index(part) for part in parts)


def array(reply):
    output = reply["outputs"][0]
    return read(output["data"], BY_NAME[output["dtype"]]).reshape(output["shape"])
