"""Calculations with the imaginary unit: ``(1+i)^2 = 2i`` holds, ``-3i^2 = -3`` fails.

The letter i counts steps and elements too; so a solution must say that it calculates with complex numbers.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from grader.checking.arithmetic import show
from grader.checking.polynomial import is_constant_name
from grader.numbers import RELATION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grader.checking.claims import Claim, Form
    from grader.checking.polynomial import Polynomial, Ratio

I = "i"  # noqa: E741 its name
_COMPLEX = re.compile(
    r"\b(?:complex|imaginary|conjugates?|real parts?|Gaussian integers?|De Moivre)\b"
    r"|(?<![A-Za-z])i *(?:\^ *\{?2\}?|²) *= *[-−] *1\b",
    re.IGNORECASE,
)
_SQUARED = re.compile(r"(?<![A-Za-z])i *(?:\^ *\{?2\}?|²)")
_TWO_PARTS = re.compile(r"\d *[-+−] *\d*i(?![A-Za-z])")
_COUNTS = re.compile(r"\\sum|\\prod|∑|∏|_\{?i\b|(?<![A-Za-z])i *(?:=|\\in\b|∈|from\b) *\{?\d|\bfor i\b|\brange\(")


class Complex(NamedTuple):
    """A complex number of two fractions."""

    real: Fraction
    imaginary: Fraction

    def times(self, other: Complex) -> Complex:
        """The product."""
        return Complex(
            self.real * other.real - self.imaginary * other.imaginary,
            self.real * other.imaginary + self.imaginary * other.real,
        )

    def over(self, other: Complex) -> Complex | None:
        """The quotient, None by zero."""
        size = other.real**2 + other.imaginary**2
        if not size:
            return None
        product = self.times(Complex(other.real, -other.imaginary))
        return Complex(product.real / size, product.imaginary / size)

    def __str__(self) -> str:
        """``3-2i``."""
        if not self.imaginary:
            return show(self.real)
        size = "" if abs(self.imaginary) == 1 else show(abs(self.imaginary))
        factor = f"({size})" if "/" in size else size
        real = show(self.real) if self.real else ""
        return f"{real}{'-' if self.imaginary < 0 else '+' if real else ''}{factor}i"


def calculates_with_complex_numbers(text: str, claims: Iterable[Claim]) -> bool:
    """Whether a solution does, and counts nothing by the same letter.

    It says so, or an equation of its holds by the square of i and by no other means: ``(2+3i)^2 = 4+12i-9``.
    """
    if _COUNTS.search(text) is not None:
        return False
    if _COMPLEX.search(text) or (_SQUARED.search(text) and _TWO_PARTS.search(text)):
        return True
    return any(judge(claim) == "" and all(form.zero for form in claim.forms) for claim in claims)


def judge(claim: Claim) -> str | None:
    """Say what is wrong with a calculation whose only letter is i; an empty text where it holds, None for any other."""
    if claim.letters != {I} or not claim.forms:
        return None
    values = [_values(form) for form in claim.forms]
    if any(pair is not None and pair[0] == pair[1] for pair in values):
        return ""
    if values[0] is None or None in values:
        return None
    (left, right), (one, other) = RELATION.split(claim.text), values[0]
    return f"{left} is {one}, not {right}" if str(other) == right else f"{left} is {one}, but {right} is {other}"


def _values(form: Form) -> tuple[Complex, Complex] | None:
    one, other = _value(form.one), _value(form.other)
    return None if one is None or other is None else (one, other)


def _value(side: Ratio) -> Complex | None:
    above, below = _reduced(side.above), _reduced(side.below)
    return None if above is None or below is None else above.over(below)


def _reduced(polynomial: Polynomial) -> Complex | None:
    """A polynomial in i by its two parts, None where roots or π stand in it."""
    parts = [Fraction(0), Fraction(0)]
    for monomial, coefficient in polynomial.items():
        if any(is_constant_name(name) for name in monomial):
            return None
        power = len(monomial)
        parts[power % 2] += coefficient * (-1) ** (power // 2)
    return Complex(*parts)
