"""Exact values: integers and fractions, every bound checked before the work that it bounds."""

from __future__ import annotations

import math
from fractions import Fraction

from grader.checking.tree import TRANSCENDENT, Binary, Call, Letter, Node, Number, Unary, fold
from grader.limits import MAX_BITS, MAX_EXPONENT, MAX_FACTORIAL, LimitError


class UndefinedError(ArithmeticError):
    """The expression has no value (a division by zero, a factorial of a fraction)."""


class NotRationalError(ArithmeticError):
    """The value is no fraction (a root, π): a question for ``symbolic``."""


def evaluate(tree: Node) -> Fraction:
    """Exact value of a tree without letters.

    Raises ``UndefinedError`` where there is no value, ``NotRationalError`` where it is no fraction, ``LimitError``
    before a result would pass ``MAX_BITS``, ``MAX_EXPONENT`` or ``MAX_FACTORIAL``.
    """
    return fold(tree, apply)


def apply(tree: Node, operands: list[Fraction]) -> Fraction:
    """Value of one node whose operands have these values; raises as ``evaluate`` does."""
    if isinstance(tree, Number):
        return tree.written.value
    if isinstance(tree, Unary):
        return _unary(tree.sign, operands[0])
    if isinstance(tree, Binary):
        return _binary(tree.sign, operands[0], operands[1])
    if isinstance(tree, Letter):
        raise NotRationalError(tree.name)
    return _call(tree, operands)


def _unary(sign: str, value: Fraction) -> Fraction:
    if sign == "-":
        return -value
    if sign == "%":
        return value / 100
    if sign == "°":
        raise NotRationalError("degrees")
    if value.denominator != 1 or value < 0:
        raise UndefinedError("a factorial of what is no natural number")
    if value > MAX_FACTORIAL:
        raise LimitError("MAX_FACTORIAL", "a factorial")
    return Fraction(math.factorial(int(value)))


def _binary(sign: str, left: Fraction, right: Fraction) -> Fraction:
    if sign == "^":
        return power(left, right)
    if _bits(left) + _bits(right) > MAX_BITS:
        raise LimitError("MAX_BITS", "a result")
    if sign == "+":
        return left + right
    if sign == "-":
        return left - right
    if sign == "*":
        return left * right
    if right == 0:
        raise UndefinedError("a division by zero")
    if sign == "/":
        return left / right
    return Fraction(left // right) if sign == "//" else left % right


def _bits(value: Fraction) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()


def power(base: Fraction, exponent: Fraction) -> Fraction:
    """Raise exactly; a root that is no fraction raises ``NotRationalError``."""
    if abs(exponent) > MAX_EXPONENT or exponent.denominator > MAX_EXPONENT:
        raise LimitError("MAX_EXPONENT", "an exponent")
    if base == 0 and exponent <= 0:
        if exponent == 0:
            raise UndefinedError("zero to the power of zero")
        raise UndefinedError("a division by zero")
    if exponent.denominator != 1:
        base, exponent = root(base, exponent.denominator), Fraction(exponent.numerator)
    if abs(base) != 1 and _bits(base) * max(1, abs(int(exponent))) > MAX_BITS:
        raise LimitError("MAX_BITS", "a power")
    return Fraction(base ** int(exponent))


def root(value: Fraction, degree: int) -> Fraction:
    """Take the real root of a fraction where it is a fraction; raises ``NotRationalError`` elsewhere."""
    if value < 0:
        if degree % 2 == 0:
            raise UndefinedError("an even root of a negative number")
        return -root(-value, degree)
    above, below = _integer_root(value.numerator, degree), _integer_root(value.denominator, degree)
    if above**degree != value.numerator or below**degree != value.denominator:
        raise NotRationalError(f"root {degree} of {value}")
    return Fraction(above, below)


def _integer_root(value: int, degree: int) -> int:
    """Floor of the root, by integers alone."""
    if degree == 2:
        return math.isqrt(value)
    if value < 2 or degree > value.bit_length():
        return min(value, 1)
    low, high = 1, 1 << -(-value.bit_length() // degree)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= value else (low, middle - 1)
    return low


def logarithm(base: Fraction, value: Fraction) -> Fraction:
    """Take the logarithm of a fraction to a whole base where it is a fraction: both are powers of one number."""
    if value <= 0 or base <= 1:
        raise UndefinedError("a logarithm of nothing, or to no base")
    degree = max(n for n in range(1, int(base).bit_length() + 1) if _integer_root(int(base), n) ** n == base)
    root_of_base, exponent = _integer_root(int(base), degree), 0
    power_of_root = max(value.numerator, value.denominator)
    if min(value.numerator, value.denominator) == 1:
        while power_of_root % root_of_base == 0:
            power_of_root, exponent = power_of_root // root_of_base, exponent + 1
        if power_of_root == 1:
            return Fraction(exponent if value > 1 else -exponent, degree)
    raise NotRationalError(f"log {base} of {value}")


def _call(tree: Call, values: list[Fraction]) -> Fraction:
    if tree.name == "log":
        return logarithm(*values)
    if tree.name == "pi" or tree.name in TRANSCENDENT:
        raise NotRationalError(tree.name)
    if tree.name == "sqrt":
        return root(values[0], 2)
    if tree.name == "abs":
        return abs(values[0])
    if tree.name in ("floor", "ceil"):
        return Fraction(math.floor(values[0]) if tree.name == "floor" else math.ceil(values[0]))
    if tree.name in ("gcd", "lcm"):
        if any(value.denominator != 1 for value in values):
            raise UndefinedError(f"{tree.name} of what is no whole number")
        common = math.gcd if tree.name == "gcd" else math.lcm
        return Fraction(common(*(value.numerator for value in values)))
    counts = values[:1] if tree.name == "root" else values
    if any(value.denominator != 1 or value < 0 for value in counts):
        raise UndefinedError(f"{tree.name} of what is no natural number")
    if any(value > MAX_FACTORIAL for value in counts):
        raise LimitError("MAX_FACTORIAL", tree.name)
    if tree.name == "binom":
        return Fraction(math.comb(int(values[0]), int(values[1])))
    if tree.name == "perm":
        return Fraction(math.perm(int(values[0]), int(values[1])))
    if values[0] == 0:
        raise UndefinedError("a root of degree zero")
    return root(values[1], int(values[0]))


def show(value: Fraction) -> str:
    """Write a value as the report does: ``24``, ``12.5``, ``1/3``. ``Fraction(show(value)) == value``."""
    if value.denominator == 1:
        return str(value.numerator)
    places = _decimal_places(value.denominator)
    if places is None or places > MAX_SHOWN_DECIMALS:
        return str(value)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"


MAX_SHOWN_DECIMALS = 12


def _decimal_places(denominator: int) -> int | None:
    """Decimals that a fraction with this denominator needs, None where no number of them is enough."""
    twos = (denominator & -denominator).bit_length() - 1
    rest, fives = denominator >> twos, 0
    if rest.bit_length() > 64:
        return None
    while rest % 5 == 0:
        rest //= 5
        fives += 1
    return max(twos, fives) if rest == 1 else None


def decimals_needed(value: Fraction) -> int | None:
    """Decimals that write the value exactly, None where it does not end."""
    return _decimal_places(value.denominator)
