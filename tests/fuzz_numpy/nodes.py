"""In: nothing. Out: what programs are made of while they grow: parts whose values are known, kinds of
dtypes, literals. Never: a choice."""

from dataclasses import dataclass

from values import Lit

# What a part may be: letters of NumPy's dtype kinds.
BOOL, INT, FLOAT, WHOLE, NUMBER, ANY = "b", "iu", "f", "biu", "iuf", "biuf"
DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]
SMALL = ["0", "1", "2", "3", "7", "10", "-1", "-2", "True", "0.5", "1.5", "-0.0", "2.0", "0.1"]
SMALL += ["0x1f", "0b101", "0o17", "1_000", "true", "25e-1"]
EDGES = ["100", "127", "128", "200", "255", "256", "300", "-128", "-129", "32767", "65535", "65536", "2147483647"]
EDGES += ["2147483648", "4294967295", "9223372036854775807", "9223372036854775808", "18446744073709551615"]
EDGES += ["-9223372036854775808", "1e10", "1e-3", "inf", "nan", "-inf", "pi", "1e300", "1e39", "False", "e"]


def of_kind(want):
    """The dtypes of these kinds."""
    return [name for name in DTYPES if name[0] in want]


def kinds_of(dtypes):
    """The kinds of these dtypes."""
    return "".join(kind for kind in ANY if any(name[0] == kind for name in dtypes))


@dataclass
class Node:
    """A part of a program."""

    text: str
    value: object

    @property
    def literal(self):
        return isinstance(self.value, Lit)

    @property
    def kind(self):
        if self.literal:
            return {bool: "b", int: "i", float: "f"}[type(self.value.value)]
        return self.value.value.dtype.kind

    @property
    def dtype(self):
        """The name; of a literal that of an array of it."""
        return {"b": "bool", "i": "int64", "f": "float64"}[self.kind] if self.literal else self.value.value.dtype.name

    @property
    def shape(self):
        return () if self.literal else self.value.value.shape

    @property
    def ndim(self):
        return len(self.shape)


@dataclass
class Case:
    """A program; `grammar` says how its answer is compared. `index`: the same program is asked for
    this part of its result, too, which must have the bits of the whole."""

    text: str
    grammar: str
    index: str | None = None
