"""One case of the matrix: it can be written on its own, and is the same each time."""

import zlib
from dataclasses import dataclass, field
from typing import Callable

import numpy as np


@dataclass(frozen=True)
class Case:
    """`function(recorder, name, rng, **options)` writes it."""

    group: str
    name: str
    function: Callable
    options: dict = field(default_factory=dict)

    def write(self, recorder):
        # Only its name decides what is drawn, so that it does not matter which others are written.
        rng = np.random.default_rng(zlib.crc32(self.name.encode()))
        self.function(recorder, self.name, rng, **self.options)
