"""Records how Python reads expressions: `python3 make.py > trees.txt`.

Each line is an expression, a tab, and its tree in the form of `Ast::to_text`, or `!` where Python
finds a syntax error. Half of the expressions are valid by construction, half had one token
changed. Left out: what Python has and this language does not, and the reverse (`...` outside an
index, calls of numbers, repeated keywords, strings side by side).
"""

import ast
import random
import warnings

warnings.simplefilter("ignore")
random.seed(20)

BINARY = "+ - * / // % @ ** << >> & ^ |".split()
COMPARE = "== != < <= > >=".split()
OPS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.MatMult: "@", ast.Pow: "**", ast.LShift: "<<", ast.RShift: ">>", ast.BitAnd: "&",
    ast.BitXor: "^", ast.BitOr: "|", ast.And: "and", ast.Or: "or", ast.Not: "not",
    ast.USub: "-", ast.UAdd: "+", ast.Invert: "~", ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<",
    ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}


def op(node):
    return OPS[type(node)]


def atom():
    return [random.choice(["a", "b", "x_1", "été", "True", "1", "42", "0x1F", "1_000", "2.", ".5",
                           "1.5e-3", "3j", "1e2", "'s'", '"t"', "0"])]


def commas(items, least=0, most=3, trailing=True):
    count = random.randint(least, most)
    out = []
    for i in range(count):
        out += ([","] if i else []) + items()
    if count and trailing and random.random() < 0.2:
        out.append(",")
    return out


def name():
    return [random.choice(["a", "f", "sum", "x"])]


def subscript(depth):
    kind = random.random()
    if kind < 0.5:
        return expression(depth)
    if kind < 0.6:
        return ["..."]
    part = lambda: expression(depth) if random.random() < 0.5 else []
    out = part() + [":"] + part()
    return out + ([":"] + part() if random.random() < 0.5 else [])


def arguments(depth):
    out = commas(lambda: expression(depth), trailing=False)
    if random.random() < 0.3:
        out += ([","] if out else []) + ["axis", "="] + expression(depth)
    return out


def expression(depth):
    if depth <= 0:
        return atom()
    deeper = lambda: expression(depth - random.randint(1, 2))
    kind = random.randint(0, 14)
    if kind <= 4:
        return deeper() + [random.choice(BINARY)] + deeper()
    if kind == 5:
        return [random.choice("+-~")] + deeper()
    if kind == 6:
        return ["not"] + deeper()
    if kind == 7:
        return deeper() + [random.choice(["and", "or"])] + deeper()
    if kind == 8:
        return deeper() + [random.choice(COMPARE)] + deeper()
    if kind == 9:
        return deeper() + ["if"] + deeper() + ["else"] + deeper()
    if kind == 10:
        return name() + ["("] + arguments(depth - 1) + [")"]
    if kind == 11:
        return name() + [".", random.choice(["T", "sum"])]
    if kind == 12:
        return name() + ["["] + commas(lambda: subscript(depth - 1), least=1) + ["]"]
    if kind == 13:
        return ["["] + commas(deeper) + ["]"]
    return ["("] + commas(deeper) + [")"]


def changed(tokens):
    tokens = list(tokens)
    at = random.randrange(len(tokens))
    what = random.randint(0, 2)
    if what == 0:
        del tokens[at]
    elif what == 1:
        tokens.insert(at, random.choice(tokens))
    else:
        tokens[at] = random.choice(tokens)
    return tokens


class Skip(Exception):
    pass


def tree(node):
    match node:
        case ast.BinOp():
            return f"({op(node.op)} {tree(node.left)} {tree(node.right)})"
        case ast.UnaryOp():
            return f"({op(node.op)} {tree(node.operand)})"
        case ast.BoolOp():
            out = tree(node.values[0])
            for value in node.values[1:]:
                out = f"({op(node.op)} {out} {tree(value)})"
            return out
        case ast.Compare():
            pairs = zip(node.ops, node.comparators)
            rest = " ".join(f"{op(o)} {tree(c)}" for o, c in pairs)
            return f"(compare {tree(node.left)} {rest})"
        case ast.IfExp():
            return f"(if {tree(node.test)} {tree(node.body)} {tree(node.orelse)})"
        case ast.Call():
            if isinstance(node.func, ast.Constant):
                raise Skip
            names = [keyword.arg for keyword in node.keywords]
            if any(isinstance(arg, ast.Starred) for arg in node.args) or None in names:
                raise Skip
            items = [tree(node.func)] + [tree(arg) for arg in node.args]
            items += [f"({keyword.arg}= {tree(keyword.value)})" for keyword in node.keywords]
            return f"(call {' '.join(items)})"
        case ast.Attribute():
            return f"(. {tree(node.value)} {node.attr})"
        case ast.Subscript():
            items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if not items:
                raise Skip
            return f"(index {' '.join([tree(node.value)] + [tree_item(item) for item in items])})"
        case ast.Tuple():
            return "(" + " ".join(["tuple"] + [tree(item) for item in node.elts]) + ")"
        case ast.List():
            return "(" + " ".join(["list"] + [tree(item) for item in node.elts]) + ")"
        case ast.Name():
            return node.id
        case ast.Constant() if node.value is ...:
            raise Skip
        case ast.Constant(complex()):
            return f"{node.value.imag!r}j"
        case ast.Constant():
            return repr(node.value)
        case _:
            raise Skip


def tree_item(node):
    match node:
        case ast.Slice():
            parts = [node.lower, node.upper, node.step]
            return f"(slice {' '.join(tree(part) if part else '_' for part in parts)})"
        case ast.Constant() if node.value is ...:
            return "..."
        case ast.Tuple():
            return tree(node)
        case _:
            return tree(node)


def left_out(text):
    """Python's tree does not tell `x[(a, b)]` from `x[a, b]`; strings side by side are one."""
    return "[ (" in text or "' \"" in text or "\" '" in text or "' '" in text or '" "' in text


def main():
    seen = set()
    lines = 0
    while lines < 800:
        tokens = expression(random.randint(1, 6))
        if lines % 2:
            tokens = changed(tokens) if tokens else tokens
        text = " ".join(tokens)
        if not text or text in seen or left_out(text) or len(text) > 160:
            continue
        seen.add(text)
        try:
            body = ast.parse(text, mode="eval").body
            bare = isinstance(body, ast.Tuple) and body.col_offset == 0 and text[0] != "("
            if bare:
                continue
            result = tree(body)
        except SyntaxError as error:
            if "repeated" in str(error):
                continue
            result = "!"
        except Skip:
            continue
        print(f"{text}\t{result}")
        lines += 1


main()
