"""In: a program and its operands. Out: what NumPy gives for it by the rules of tests/numpy.
Never: a rule of its own."""

import paths  # noqa: F401
from reading import Reading
from values import Ambiguous, Arr, Refused


def expected(text, arrays):
    """The outputs, or the refusal; None where rounding decides."""
    try:
        return refusing(Reading(arrays).run, text)
    except Refused as refusal:
        return refusal
    except Ambiguous:
        return None


def refusing(function, text):
    """Refusals of NumPy's that the oracle knows no code for are those of an argument."""
    try:
        return function(text)
    except (ValueError, IndexError) as error:
        raise Refused("E0206", str(error)) from error


class Evaluator:
    """Values of the parts of a program, one operation at a time."""

    def __init__(self, operands):
        self.known = {name: Arr(operand.array) for name, operand in operands.items()}

    def value(self, template, children):
        """`template` is an expression over `children`, by name, and the operands."""
        program = Reading({})
        program.names = {**self.known, **children}
        return refusing(program.single, template)
