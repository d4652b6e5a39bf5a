"""What may lie between two values that differ: a scale or a unit that the line names, digits left out, a label."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from grader.checking.comparison import compares
from grader.checking.readings import LABEL
from grader.checking.rounding import INTEGER_QUOTIENT
from grader.numbers import RELATION, SCALE_WORDS
from grader.types import SCALED, UNIT_LETTER, Equation

if TYPE_CHECKING:
    from grader.checking.outcomes import Outcome


def is_no_excuse(equation: Equation, outcome: Outcome) -> bool:
    """Whether the doubt is of those that hold against some results only, and this is none of them."""
    if equation.doubt == SCALED:
        return not (compares(equation.text) or _off_by_scale(outcome))
    return equation.doubt == UNIT_LETTER and not (
        compares(equation.text) or differ_in_magnitude(outcome.left, outcome.right)
    )


MAGNITUDE = 50
"""Factor from which on a result may count in a unit with a prefix, in minutes or in thousands."""


def differ_in_magnitude(left: str | None, right: str | None) -> bool:
    """Whether two values, as an ``EquationCheck`` has them, are so far apart: ``12540`` and ``12.54`` (kJ)."""
    try:
        low, high = sorted((abs(Fraction(left or "")), abs(Fraction(right or ""))))
    except ValueError:
        return False
    return high >= MAGNITUDE * low


def is_nearest(text: str, outcome: Outcome) -> bool:
    """Whether a written result is the value in as many digits as it shows: ``3.5 * 9.8 = 34``, ``17 * 13 = 220``."""
    written = RELATION.split(text)[1]
    if not written.replace(".", "", 1).isdecimal():
        return False
    try:
        left, right = Fraction(outcome.left), Fraction(outcome.right)
    except ValueError:
        return False
    whole, _, decimals = written.partition(".")
    place = Fraction(10) ** (-len(decimals) if decimals else len(whole) - len(whole.rstrip("0")))
    return right != 0 and abs(left - right) * 2 <= place


def is_label_by_neighbour(name: str | None, outcome: Outcome) -> bool:
    """``5/20=1%``: to drop the percent sign and then to round a quotient up is one liberty too many."""
    if name is None or LABEL not in name or outcome.detail != INTEGER_QUOTIENT:
        return False
    try:
        values = Fraction(outcome.left), Fraction(outcome.right)
    except ValueError:
        return True  # a root or π: no quotient of integers
    exact, written = sorted(values, key=lambda value: value.denominator == 1)
    return written == 0 or (abs(written) > abs(exact) and abs(written - exact) > Fraction(1, 2))


def _off_by_scale(outcome: Outcome) -> bool:
    """Whether the two values differ by the factor of a word that counts: a hundred, a lakh, a million."""
    try:
        left, right = abs(Fraction(outcome.left)), abs(Fraction(outcome.right))
    except ValueError:
        return False
    return any(left * scale == right or right * scale == left for scale in _SCALES)


_SCALES = (*SCALE_WORDS.values(), 10**5, 10**7, 10**12)
"""What a lakh, a crore and a trillion count, beside the words that are read as numbers."""
