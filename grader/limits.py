"""The bounds of what is read and computed, each with a name and a number, and each checked before the work it bounds.

An equation that meets one has status ``limit`` and names it: never ``fails``, never ``holds``.
"""

from __future__ import annotations

MAX_LINES = 20_000
"""Lines of one solution that are read; the lines behind them stand in the report without equations."""

MAX_LINE_EQUATIONS = 1_000
"""Equations of one line; what stands behind them is not read."""

MAX_DIGITS = 1_000
"""Characters of one written number."""

MAX_EXPONENT_DIGITS = 4
"""Digits of the exponent in scientific notation (``1e9999``)."""

MAX_BITS = 14_000
"""Bits of a numerator or denominator; below Python's own bound of 4,300 digits for printing."""

MAX_EXPONENT = 10_000
"""Absolute value of an exponent."""

MAX_MODULAR_EXPONENT_BITS = 500
"""Bits of an exponent in a congruence, where the power itself is beyond ``MAX_BITS``."""

MAX_FACTORIAL = 1_000
"""Argument of a factorial."""

MAX_DEPTH = 60
"""Nested parentheses and signs."""

MAX_NODES = 1_000
"""Tokens of one equation."""

MAX_READINGS = 16
"""Conventional readings that are tried for one equation."""

MAX_SIMPLE_CHARACTERS = 500
"""Characters of a line that the fast path of reading looks at."""

MAX_LINE_CHARACTERS = 50_000
"""Characters of one line that are read for equations; a longer line is cut there and said to be so."""

SYMBOLIC_SECONDS = 2.0
"""Wall time of all symbolic questions of one solution; the last resort behind ``MAX_NODES``."""

MAX_SYMBOLIC_QUESTIONS = 200
"""Questions to sympy in one solution: each costs a millisecond or two between two processes."""

MAX_TERMS = 400
"""Terms of a sum with unknowns, and products of two terms in a product of such sums."""

MAX_DEGREE = 12
"""Unknowns in one product, and the exponent of an expression with unknowns."""

MAX_COEFFICIENT_BITS = 2_000
"""Bits of a number's numerator and denominator in an expression with unknowns."""

MAX_UNKNOWNS = 20
"""Unknowns that one system of equations determines."""

MAX_ALGEBRA_CHARACTERS = 6_000
"""Characters of all equations with unknowns in one solution; beyond it they stay ``symbolic``."""

MAX_PROGRAM_CHARACTERS = 5_000
"""Characters of one program in a solution."""

MAX_PROGRAM_STEPS = 50_000
"""Steps of all programs of one solution: nodes of their trees, turns of their loops, parts of large values."""


class LimitError(Exception):
    """A bound was met. ``name`` is that of the constant, ``what`` says where."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"{name}: {what}")
        self.name = name
        self.what = what
