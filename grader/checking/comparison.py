"""More and less: ``3 < 5`` of numbers, and ``x > 4`` where the rest of the solution decides it.

A comparison of numbers is judged by their exact values. One with unknowns holds where the values of its letters or an
earlier comparison prove it, and is ``symbolic`` elsewhere: bounds, cases and conditions contradict each other in many a
good solution, so that it never fails.
"""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, NamedTuple

from grader.checking.polynomial import UNIT, ZERO, Polynomial
from grader.numbers import COMPARISONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from grader.checking.polynomial import Ratio

_SIGN = re.compile("[<>≤≥]")
_HOLDS = {"<": operator.lt, ">": operator.gt, "≤": operator.le, "≥": operator.ge}
_DENIED = {"<": "not less than", ">": "not more than", "≤": "more than", "≥": "less than"}


def compares(text: str) -> bool:
    """Whether an equation's relation is one of more or less."""
    return not COMPARISONS.isdisjoint(text)


def sign_of(text: str) -> str:
    """Give the relation of a comparison."""
    found = _SIGN.search(text)
    assert found is not None
    return found[0]


def is_true(text: str, left: Fraction, right: Fraction) -> bool:
    """Whether a comparison holds for these values of its sides."""
    return bool(_HOLDS[sign_of(text)](left, right))


def denial(text: str) -> str:
    """Say what a false comparison's left side is to the right one: ``not less than``."""
    return _DENIED[sign_of(text)]


class Bound(NamedTuple):
    """``polynomial`` is more than zero, or at least zero where it is not ``strict``; ``place`` is its claim's."""

    polynomial: Polynomial
    strict: bool
    place: int


def bound_of(text: str, left: Ratio, right: Ratio, place: int) -> Bound | None:
    """Write a comparison as a bound, None where a side is divided by an unknown: its sign is not known."""
    if left.below != UNIT or right.below != UNIT:
        return None
    sign = sign_of(text)
    more, less = (left.above, right.above) if sign in ">≥" else (right.above, left.above)
    polynomial = dict(more)
    for monomial, coefficient in less.items():
        polynomial[monomial] = polynomial.get(monomial, ZERO) - coefficient
    return Bound({monomial: value for monomial, value in polynomial.items() if value}, sign in "<>", place)


def settled(bound: Bound, known: Mapping[str, Fraction]) -> bool | None:
    """Whether the bound holds once the known letters have their values, None where another letter is left."""
    total = ZERO
    for monomial, coefficient in bound.polynomial.items():
        value = coefficient
        for letter in monomial:
            if letter not in known:
                return None
            value *= known[letter]
        total += value
    return total > 0 or (total == 0 and not bound.strict)


def implied_by(bound: Bound, before: Sequence[Bound]) -> Bound | None:
    """Give an earlier bound of which this one is a positive multiple: ``x > 4`` after ``2x > 8``.

    A weaker one may be meant as another interval (``x <= 2`` after ``x <= 0``) and does not follow.
    """
    return next((known for known in reversed(before) if _is_multiple(bound, known)), None)


def _is_multiple(bound: Bound, known: Bound) -> bool:
    ours, theirs = bound.polynomial, known.polynomial
    if bound.strict is not known.strict or not any(ours) or ours.keys() != theirs.keys():
        return False
    key = next(iter(ours))
    factor = ours[key] / theirs[key]
    return factor > 0 and all(ours[name] == factor * theirs[name] for name in ours)
