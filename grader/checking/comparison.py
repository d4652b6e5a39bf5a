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
    from collections.abc import Mapping
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


class Bounds:
    """The bounds of one solution, each found again in any positive multiple: ``x > 4`` after ``2x > 8``.

    A weaker one may be meant as another interval (``x <= 2`` after ``x <= 0``) and does not follow.
    """

    def __init__(self) -> None:
        self._places: dict[tuple[bool, frozenset[tuple[tuple[str, ...], Fraction]]], int] = {}

    def take(self, bound: Bound) -> None:
        """Add a bound to what is known."""
        self._places.setdefault(_scaled(bound), bound.place)

    def place_of(self, bound: Bound) -> int | None:
        """Place of the comparison from which a bound follows, None where there is none."""
        return self._places.get(_scaled(bound))


def _scaled(bound: Bound) -> tuple[bool, frozenset[tuple[tuple[str, ...], Fraction]]]:
    """One form for all positive multiples of a bound."""
    first = abs(bound.polynomial[min(bound.polynomial)]) if bound.polynomial else ZERO
    return bound.strict, frozenset((monomial, value / first) for monomial, value in bound.polynomial.items())
