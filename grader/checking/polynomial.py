"""Expressions with unknowns, multiplied out: a quotient of two polynomials with fractions as coefficients.

Roots of integers and π stand among the unknowns (``sqrt(5)``, ``pi``): what is equal for any number is equal for them,
and the square of a root is its integer. Every product is bounded by ``MAX_TERMS`` and ``MAX_DEGREE`` before it is
formed.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from grader.checking.arithmetic import apply, show
from grader.checking.tree import Binary, Call, Letter, Node, Unary, fold
from grader.limits import MAX_COEFFICIENT_BITS, MAX_DEGREE, MAX_TERMS, LimitError

if TYPE_CHECKING:
    from collections.abc import Mapping

Polynomial: TypeAlias = dict[tuple[str, ...], Fraction]
"""Letters of a monomial, sorted and repeated (``("x", "x", "y")``), to its coefficient; no coefficient is zero."""

ZERO, ONE = Fraction(0), Fraction(1)
UNIT: Polynomial = {(): ONE}
"""The polynomial 1: what stands below most of the expressions."""


class NotPolynomialError(ArithmeticError):
    """An unknown stands where only a number can: in an exponent, a root, a remainder."""


class Ratio(NamedTuple):
    """``above`` divided by ``below``; ``below`` is 1 unless it holds letters."""

    above: Polynomial
    below: Polynomial


def expand(tree: Node, known: Mapping[str, Fraction] | None = None) -> Ratio:
    """Multiply a tree out, with the letters that are known as their values.

    Raises ``NotPolynomialError`` or one of ``evaluate`` where it is no quotient of polynomials, ``LimitError`` beyond
    ``MAX_TERMS``, ``MAX_DEGREE`` or ``MAX_COEFFICIENT_BITS``.
    """

    def combine(node: Node, operands: list[Ratio]) -> Ratio:
        if known and isinstance(node, Letter) and node.name in known:
            return Ratio(_constant(known[node.name]), UNIT)
        return _combine(node, operands)

    return fold(tree, combine)


def substitute(polynomial: Polynomial, letter: str, value: Polynomial) -> Polynomial:
    """Put a polynomial in a letter's place; raises ``LimitError`` as ``expand`` does."""
    result: Polynomial = {}
    for monomial, coefficient in polynomial.items():
        rest = tuple(name for name in monomial if name != letter)
        term: Polynomial = {rest: coefficient}
        for _ in range(len(monomial) - len(rest)):
            term = _product(term, value)
        result = _sum(result, term, ONE)
    return result


def is_constant_name(name: str) -> bool:
    """Whether a name among the letters is that of a number: a root or π."""
    return name == "pi" or name.startswith("sqrt(")


def difference(left: Ratio, right: Ratio) -> Polynomial:
    """Give the polynomial that is zero exactly where both sides are equal, as far as both have a value there."""
    if left.below == right.below:
        return _sum(left.above, right.above, -ONE)
    return _sum(_product(left.above, right.below), _product(right.above, left.below), -ONE)


def constant_of(ratio: Ratio) -> Fraction | None:
    """Value of a quotient without letters, None of another."""
    if not ratio.above:
        return ZERO
    if len(ratio.above) > 1 or ratio.below != UNIT:
        return None
    return ratio.above.get(())


def degree(polynomial: Polynomial) -> int:
    """Highest number of letters in a product."""
    return max(map(len, polynomial), default=0)


def spell(polynomial: Polynomial) -> str:
    """Write a polynomial for a person: ``6A``, ``x^2+30``, ``(1/3)x``."""
    terms = []
    for monomial, coefficient in sorted(polynomial.items(), key=lambda item: (-len(item[0]), item[0])):
        number = "" if monomial and abs(coefficient) == 1 else show(abs(coefficient))
        if monomial and "/" in number:
            number = f"({number})"
        powers = (f"{name}^{monomial.count(name)}".removesuffix("^1") for name in dict.fromkeys(monomial))
        terms.append(("-" if coefficient < 0 else "+") + number + "*".join(powers))
    return "".join(terms).removeprefix("+") or "0"


def _constant(value: Fraction) -> Polynomial:
    return {(): value} if value else {}


def _combine(node: Node, operands: list[Ratio]) -> Ratio:
    if isinstance(node, Letter):
        return Ratio({(node.name,): ONE}, UNIT)
    if isinstance(node, Call) and node.name == "pi":
        return Ratio({("pi",): ONE}, UNIT)
    values = [value for operand in operands if (value := constant_of(operand)) is not None]
    if isinstance(node, Call) and node.name == "sqrt" and values and values[0] > 0:
        return Ratio(_root(values[0]), UNIT)
    if len(values) == len(operands):
        return Ratio(_constant(apply(node, values)), UNIT)
    if isinstance(node, Unary) and node.sign in "-%":
        factor = -ONE if node.sign == "-" else ONE / 100
        return Ratio(_scaled(operands[0].above, factor), operands[0].below)
    if not isinstance(node, Binary):
        raise NotPolynomialError("a function of an unknown")
    left, right = operands
    if node.sign in "+-":
        sign = ONE if node.sign == "+" else -ONE
        if left.below == right.below:
            return Ratio(_sum(left.above, right.above, sign), left.below)
        above = _sum(_product(left.above, right.below), _product(right.above, left.below), sign)
        return Ratio(above, _product(left.below, right.below))
    if node.sign == "*":
        return Ratio(_product(left.above, right.above), _product(left.below, right.below))
    if node.sign == "/":
        return _quotient(left, right)
    if node.sign == "^" and (exponent := constant_of(right)) is not None:
        return _power(left, exponent)
    raise NotPolynomialError(f"{node.sign} with an unknown")


def _root(value: Fraction) -> Polynomial:
    """The square root of a positive number: ``2*sqrt(5)`` of 20, with squares of small primes taken out."""
    inside, outside = value.numerator * value.denominator, Fraction(1, value.denominator)
    if inside.bit_length() > MAX_COEFFICIENT_BITS:
        raise LimitError("MAX_COEFFICIENT_BITS", "a root")
    whole = math.isqrt(inside)
    if whole * whole == inside:
        return {(): whole * outside}
    for prime in _PRIMES:
        while inside % (prime * prime) == 0:
            inside //= prime * prime
            outside *= prime
    return {(f"sqrt({inside})",): outside}


_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47)


def _quotient(left: Ratio, right: Ratio) -> Ratio:
    divisor = constant_of(right)
    if divisor == 0 or not right.above:
        raise NotPolynomialError("a division by zero")
    if divisor is not None:
        return Ratio(_scaled(left.above, 1 / divisor), left.below)
    return Ratio(_product(left.above, right.below), _product(left.below, right.above))


def _power(base: Ratio, exponent: Fraction) -> Ratio:
    if exponent.denominator != 1:
        raise NotPolynomialError("a root of an unknown")
    if abs(exponent) > MAX_DEGREE:
        raise LimitError("MAX_DEGREE", "a power of an unknown")
    if exponent < 0:
        base = _quotient(Ratio(UNIT, UNIT), base)
    result = Ratio(UNIT, UNIT)
    for _ in range(abs(int(exponent))):
        result = Ratio(_product(result.above, base.above), _product(result.below, base.below))
    return result


def _scaled(polynomial: Polynomial, factor: Fraction) -> Polynomial:
    return _product(polynomial, _constant(factor))


def _sum(one: Polynomial, other: Polynomial, sign: Fraction) -> Polynomial:
    if len(one) + len(other) > MAX_TERMS:
        raise LimitError("MAX_TERMS", "a sum with unknowns")
    result = dict(one)
    for monomial, coefficient in other.items():
        _add(result, monomial, sign * coefficient)
    return result


def _product(one: Polynomial, other: Polynomial) -> Polynomial:
    if other is UNIT:
        return one
    if one is UNIT:
        return other
    if len(one) * len(other) > MAX_TERMS:
        raise LimitError("MAX_TERMS", "a product with unknowns")
    if degree(one) + degree(other) > MAX_DEGREE:
        raise LimitError("MAX_DEGREE", "a product of unknowns")
    if _bits(one) + _bits(other) > MAX_COEFFICIENT_BITS:
        raise LimitError("MAX_COEFFICIENT_BITS", "a product with unknowns")
    result: Polynomial = {}
    for first, a in one.items():
        for second, b in other.items():
            monomial = tuple(sorted(first + second))
            _add(result, *_without_squares(monomial, a * b))
    return result


def _without_squares(monomial: tuple[str, ...], coefficient: Fraction) -> tuple[tuple[str, ...], Fraction]:
    """Replace the square of a root by its integer."""
    if not any(map(is_constant_name, monomial)):
        return monomial, coefficient
    rest: list[str] = []
    for name in monomial:
        if rest and rest[-1] == name and name.startswith("sqrt("):
            coefficient *= int(rest.pop()[5:-1])
        else:
            rest.append(name)
    return tuple(rest), coefficient


def _add(polynomial: Polynomial, monomial: tuple[str, ...], coefficient: Fraction) -> None:
    known = polynomial.get(monomial)
    value = coefficient if known is None else known + coefficient
    if value:
        polynomial[monomial] = value
    else:
        polynomial.pop(monomial, None)


def _bits(polynomial: Polynomial) -> int:
    return max((bits_of(value) for value in polynomial.values()), default=0)


def bits_of(value: Fraction) -> int:
    """Bits of a fraction's numerator and denominator together."""
    return value.numerator.bit_length() + value.denominator.bit_length()
