"""In: expressions. Out: lines of numpy_cases.jsonl. Never: a case that rounding decides."""

import json
import math

import numpy as np

from evaluate import Program
from pool import CODES, DTYPES, digest
from values import Ambiguous, Refused

# An output with more elements is recorded as a digest, which only exact answers can have.
LIST_MAX = 64


def float_text(value):
    """The shortest text that reads back, in the value's own dtype."""
    text = str(value)
    return text[:-2] if text.endswith(".0") else text


def data_text(values):
    flat = np.ascontiguousarray(values).reshape(-1)
    if flat.dtype.kind == "f":
        return " ".join(float_text(v) for v in flat)
    return " ".join(str(int(v)) for v in flat)


def tolerance_text(err):
    """Two digits, rounded up; one number if it serves all."""
    flat = np.asarray(err, np.float64).reshape(-1)
    texts = []
    for value in flat:
        if value == 0:
            texts.append("0")
            continue
        power = math.floor(math.log10(value)) - 1
        texts.append(f"{math.ceil(value / 10.0**power)}e{power}" if power > -300 else f"{value * 1.5:.2e}")
    return texts[0] if len(set(texts)) == 1 else " ".join(texts)


class Recorder:
    """The cases so far; operands are named by the pool."""

    def __init__(self, pool):
        self.pool, self.lines, self.seen = pool, [], set()
        self.used, self.ambiguous, self.refused = {}, 0, 0

    def add(self, family, expr, _errors=True, _means=None, **use):
        """Records what `expr` must give with the operands `use` (its name -> pool name); where
        NumPy would raise and we do not, what `_means` gives."""
        key = (expr, tuple(sorted(use.items())))
        if key in self.seen:
            return
        self.seen.add(key)
        operands = {name: self.pool.arrays[array] for name, array in use.items()}
        line = {"f": family, "e": expr}
        if use:
            line["u"] = use
        try:
            line["o"] = [self.output(out) for out in Program(operands).run(_means or expr)]
        except Ambiguous:
            self.ambiguous += 1
            return
        except Refused as refusal:
            self.refused += 1
            if not _errors:
                return
            line["x"] = refusal.code
        self.used.update(dict.fromkeys(use.values()))
        self.lines.append(line)

    def refuse(self, family, expr, code, **use):
        """Records that `expr` must be refused, where NumPy has no say."""
        self.lines.append({"f": family, "e": expr, **({"u": use} if use else {}), "x": code})
        self.used.update(dict.fromkeys(use.values()))

    def output(self, out):
        value = out.value
        line = {"t": CODES[value.dtype], "s": list(value.shape)}
        err = out.err
        if value.size > LIST_MAX:
            if err is not None:
                raise Ambiguous()
            return line | {"h": f"{digest(value):016x}", "d": data_text(value.reshape(-1)[:6])}
        line["d"] = data_text(value)
        if out.ulp is not None:
            line["ulp"] = out.ulp
        elif err is not None:
            line["tol"] = tolerance_text(err)
        return line

    def operand_lines(self):
        for name in self.used:
            value = self.pool.arrays[name]
            line = {"name": name, "t": CODES[value.dtype], "s": list(value.shape)}
            if name in self.pool.seeds:
                line["seed"] = self.pool.seeds[name]
            else:
                line["d"] = data_text(value)
            yield line

    def write(self, path):
        with open(path, "w", newline="\n") as file:
            for line in [*self.operand_lines(), *self.lines]:
                file.write(json.dumps(line, separators=(",", ":")) + "\n")


assert set(CODES.values()) == set(DTYPES)
