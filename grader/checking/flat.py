"""The fast path: calculations of plain written numbers with ``+ - * /`` and no brackets, in integers alone.

It answers only "exactly equal", by the textbook's reading; everything else it leaves to the trees. The tests hold it
against them.
"""

from __future__ import annotations

import re
from fractions import Fraction

from grader.checking.arithmetic import show

# Twelve digits a number and sixteen operators keep every product far below the bound on bits.
_NUMBER = r"(?:\d{1,12}(?:\.\d{1,8})?|\.\d{1,8})"
_FLAT = re.compile(rf"(-?{_NUMBER}(?:[-+*/]{_NUMBER}){{0,16}})=(-?{_NUMBER}(?:[-+*/]{_NUMBER}){{0,16}})")
_SIGNED = re.compile(r"([-+*/]?)([\d.]+)")


def flat_value(text: str) -> str | None:
    """Give the common value of both sides as the report writes it; None if this path cannot say that they are equal."""
    match = _FLAT.fullmatch(text)
    if match is None:
        return None
    above, below = flat_fraction(match[1])
    other_above, other_below = flat_fraction(match[2])
    if below == 0 or other_below == 0 or above * other_below != other_above * below:
        return None
    if above % below == 0:
        return str(above // below)
    return show(Fraction(above, below))


def flat_fraction(side: str) -> tuple[int, int]:
    """Numerator and denominator of a flat side: not in lowest terms, and zero below after a division by zero."""
    above, below = 0, 1
    term, term_below = 0, 1
    for sign, number in _SIGNED.findall(side):
        whole, _, fraction = number.partition(".")
        value, scale = int(whole + fraction), 10 ** len(fraction)
        if sign == "*":
            term *= value
            term_below *= scale
        elif sign == "/":
            term *= scale
            term_below *= value
        else:
            above, below = above * term_below + term * below, below * term_below
            term, term_below = (-value if sign == "-" else value), scale
    return above * term_below + term * below, below * term_below
