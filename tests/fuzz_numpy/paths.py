"""In: nothing. Out: the folders whose modules the fuzzer shares: the oracle of tests/numpy, the
writers of tests/interop. Never: a copy of either. Imported first."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE.parent / "numpy"), str(HERE.parent / "interop")]
