"""When a written result that is not exact is still true to the precision in which it is written.

The rule is keyed to the operators and to the decimals that are written; there is no relative tolerance.
docs/checking.md has the table of cases.
"""

from __future__ import annotations

import math
import operator
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from grader.checking.arithmetic import NotRationalError, UndefinedError, apply, decimals_needed, evaluate, show
from grader.checking.tree import (
    TRANSCENDENT,
    Binary,
    Call,
    Node,
    Number,
    Unary,
    fold,
    numbers_of,
    replace_numbers,
    scientific,
    signs_of,
    traits,
)
from grader.limits import MAX_EXPONENT, LimitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from grader.numbers import Written

TRUNCATED = "truncated"
INTEGER_QUOTIENT = "an inexact quotient of integers, written as a neighbouring integer"
LONG_DECIMALS = 3
"""A product or a number that needs this many decimals is rounded by people; one that needs fewer is written out."""
MIN_FLOAT_DIGITS = 15
"""Digits behind the first one from which on a number looks as if a program had printed it."""
MAX_JOINED_NUMBERS = 40
"""Written numbers of two calculations that are compared for results rounded on the way."""

_CYCLES = {2: (3, 6), 3: (3, 6, 7, 9, 11, 12)}
"""By decimals written: denominators of endless decimals that a written number may stand for (``0.33``, ``0.083``)."""


def rounds_to(exact: Fraction, side: Node, written: Written, *, approximate: bool) -> str | None:
    """Why ``written`` is the exact value of ``side`` at the written precision, or None if it is not."""
    unit = Fraction(1, 10**written.decimals)
    gap = abs(exact - written.value)
    if approximate and gap <= _about(written):
        return "about"
    if written.endless and gap <= unit:
        return "the written decimals go on"
    if gap >= unit or (exact / unit).denominator == 1:
        return None
    kind = traits(side)
    causes = _causes(side, written.decimals)
    if kind.quotient and kind.whole and causes.division and written.decimals == 0:
        return INTEGER_QUOTIENT
    needed = decimals_needed(exact)
    long = needed is None or needed >= LONG_DECIMALS
    if gap <= unit / 2 and (causes.division or causes.power or causes.product or (long and kind.literal is not None)):
        return "rounded"
    truncated = causes.division and not causes.power and abs(written.value) < abs(exact)
    return TRUNCATED if truncated else None


def rounds_in_scientific(exact: Fraction, side: Node, *, approximate: bool) -> str | None:
    """Why ``side``, a number in scientific notation, is the exact value to the decimals of its mantissa, or None.

    This notation is there to show which digits are meant: any result is rounded to them, a mantissa without decimals
    aside.
    """
    parts = scientific(side)
    if parts is None or not parts[0].decimals or abs(parts[1]) > MAX_EXPONENT:
        return None
    mantissa, exponent = parts
    gap = abs(exact / Fraction(10) ** exponent - mantissa.value) * 10**mantissa.decimals
    if gap <= Fraction(1, 2):
        return "rounded"
    return "about" if approximate and gap <= 1 else None


def printed_by_program(tree: Node, written: Written) -> bool:
    """Whether ``written`` is what the calculation gives in binary floating point, digit by digit.

    ``0.1+0.2=0.30000000000000004``: only numbers of so many digits are looked at, and only the very same ones.
    """
    if not written.decimals or abs(written.value) * 10**written.decimals < 10**MIN_FLOAT_DIGITS:
        return False
    try:
        value = fold(tree, _in_floats)
        return math.isfinite(value) and Fraction(repr(value)) == written.value
    except (ArithmeticError, ValueError, KeyError, TypeError):
        return False


_FLOAT_OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "^": math.pow,
}  # fmt: skip


def _in_floats(node: Node, operands: list[float]) -> float:
    """Value of a node in binary floating point; raises ``KeyError`` for what has none."""
    if isinstance(node, Number):
        return float(node.written.value)
    if isinstance(node, Binary):
        return _FLOAT_OPERATIONS[node.sign](*operands)
    if isinstance(node, Unary):
        return {"-": -operands[0], "%": operands[0] / 100}[node.sign]
    if isinstance(node, Call):
        return {"pi": math.pi}[node.name] if not operands else {"sqrt": math.sqrt}[node.name](operands[0])
    raise KeyError(node)


class _Causes(NamedTuple):
    """The operations of a side that give more decimals than are written: what may be rounded because of them."""

    division: bool = False
    power: bool = False
    product: bool = False


def _causes(tree: Node, decimals: int) -> _Causes:
    """Which operations of the tree, by their own results, need more decimals than that."""
    found: set[str] = set()
    # With a number of three decimals a product is as good as rounded already: 120 * 0.866 = 103.9.
    fine = decimals > 0 and any(written.decimals >= LONG_DECIMALS for written in numbers_of(tree))
    most = decimals + 1 if fine else LONG_DECIMALS

    def combine(node: Node, operands: list[Fraction | None]) -> Fraction | None:
        value = _value_or_none(node, operands)
        needed = None if value is None else decimals_needed(value)
        if needed is not None and needed <= decimals:
            return value
        if isinstance(node, Call):
            # Tables and calculators cut values of such functions off as often as they round them.
            found.add("/" if node.name in TRANSCENDENT and decimals else "^")
        elif isinstance(node, (Unary, Binary)):
            found.add(node.sign if needed is None or needed >= most or node.sign in "/^" else "")
        return value

    fold(tree, combine)
    return _Causes("/" in found, "^" in found, "*" in found or "%" in found)


def _value_or_none(node: Node, operands: list[Fraction | None]) -> Fraction | None:
    """Value of a node, None where it is no fraction."""
    known = [operand for operand in operands if operand is not None]
    if len(known) < len(operands):
        return None
    try:
        return apply(node, known)
    except (NotRationalError, UndefinedError, LimitError):
        return None


def _about(written: Written) -> Fraction:
    """How far "about" reaches: one unit in the last place that is meant, half of it where one digit alone is meant.

    Trailing zeros of an integer are not meant: "about 250" reaches from 240 to 260, "about 1000" from 500 to 1500.
    """
    if written.decimals or not written.value:
        return Fraction(1, 10**written.decimals)
    place, rest = 1, abs(int(written.value))
    while rest % 10 == 0:
        place, rest = place * 10, rest // 10
    return Fraction(place, 2 if rest < 10 and place > 1 else 1)


def endless_for(tree: Node) -> dict[Written, Fraction]:
    """Find the fractions that the written decimals of a tree may stand for: ``0.33`` for 1/3, ``16.67`` for 50/3."""
    found = {}
    for written in numbers_of(tree):
        for below in _CYCLES.get(min(written.decimals, max(_CYCLES)), ()):
            above = round(written.value * below)
            value = Fraction(above, below)
            if value != written.value and decimals_needed(value) is None and written.value in _writings(value, written):
                found[written] = value
                break
    return found


def as_endless(left: Node, right: Node) -> str | None:
    """Whether the sides agree once ``0.33`` and its like stand for the fractions that people round them from.

    A written result must then show as many decimals as the numbers that it comes from: ``4.83*5=24`` does not hold.
    """
    values = endless_for(left) | endless_for(right)
    if not values:
        return None
    one = replace_numbers(left, values)
    try:
        a, b = evaluate(one), evaluate(replace_numbers(right, values))
    except (UndefinedError, NotRationalError):
        return None
    literal = traits(right).literal
    if a != b:
        shown = min(written.decimals for written in values)
        if literal is None or literal.decimals < shown or not rounds_to(a, one, literal, approximate=False):
            return None
    return ", ".join(f"{show(written.value)} read as {show(value)}" for written, value in values.items())


def _writings(value: Fraction, written: Written) -> tuple[Fraction, Fraction]:
    """Round and truncate the value at the decimals of ``written``."""
    scale = 10**written.decimals
    scaled = abs(value) * scale
    sign = -1 if value < 0 else 1
    return sign * Fraction(math.floor(scaled + Fraction(1, 2)), scale), sign * Fraction(math.floor(scaled), scale)


def joined_by_rounding(left: Node, right: Node) -> bool:
    """``5*(17/23) = 5*0.74``: two calculations, where decimals of one are rounded results of parts of the other.

    They agree only if they are exactly equal once those parts stand in the place of the decimals.
    """
    ours, theirs = numbers_of(left), numbers_of(right)
    if len(ours) + len(theirs) > MAX_JOINED_NUMBERS:
        return False
    return _joined(left, right, set(theirs).difference(ours)) or _joined(right, left, set(ours).difference(theirs))


def rounded_on_the_way(a: Fraction, left: Node, b: Fraction, right: Node, *, whole: bool) -> bool:
    """Whether the gap between two calculations may come from numbers of one that are rounded parts of the other.

    For what fractions cannot prove: ``10*sin(40°)/sin(60°) = 6.43/0.866``. Each number that stands on one side alone
    may be off by a unit of its last decimal; so may a whole number where ``whole`` says that parts have no exact value.
    """
    ours, theirs = set(numbers_of(left)), set(numbers_of(right))
    if len(ours) + len(theirs) > MAX_JOINED_NUMBERS:
        return True
    slack = _slack(left, a, ours - theirs, whole=whole) + _slack(right, b, theirs - ours, whole=whole)
    return abs(a - b) <= slack


def long_decimals_explain(a: Fraction, left: Node, b: Fraction, right: Node) -> bool:
    """``0.5/2*(1+2(0.66667+0.9)) = 0.25*(1+3.13333)``: whether numbers of three decimals and more may be rounded parts.

    Each that stands on one side alone may be off by a unit of its last decimal.
    """
    ours, theirs = (
        {one for one in numbers if one.decimals >= LONG_DECIMALS}
        for numbers in (set(numbers_of(left)) - set(numbers_of(right)), set(numbers_of(right)) - set(numbers_of(left)))
    )
    if not 0 < len(ours) + len(theirs) <= MAX_JOINED_NUMBERS:
        return False
    slack = _slack(left, a, ours, whole=False) + _slack(right, b, theirs, whole=False)
    return abs(a - b) <= slack


def _slack(tree: Node, value: Fraction, numbers: set[Written], *, whole: bool) -> Fraction:
    """How far a calculation moves if each of the numbers moves by its unit; zero of one that is no fraction."""
    slack = Fraction(0)
    for written in numbers:
        if written.decimals or whole:
            moved = {written: written.value + Fraction(1, 10**written.decimals)}
            try:
                slack += abs(evaluate(replace_numbers(tree, moved)) - value)
            except (UndefinedError, NotRationalError, LimitError):
                return Fraction(0)
    return slack


def is_rounded_factor(exact: Fraction, value: Fraction, tree: Node, other: Node) -> bool:
    """Whether a calculation has a factor with decimals that makes up for the gap: ``2*pi*sqrt(1/9.81) = 2*pi*0.3193``.

    ``value`` is what the tree comes to. The factor may be off by half a unit of its last decimal, as a rounded one is;
    below a root that is half as much of the value.
    """
    elsewhere, stack = set(numbers_of(other)), [(tree, Fraction(1))]
    while stack:
        node, power = stack.pop()
        if isinstance(node, Binary) and node.sign in ("*", "/"):
            stack += [(node.left, power), (node.right, power)]
        elif isinstance(node, Call) and node.name == "sqrt":
            stack.append((node.arguments[0], power / 2))
        elif isinstance(node, Number) and _is_measured(node.written) and node.written not in elsewhere:
            slack = power * Fraction(1, 2 * 10**node.written.decimals) / abs(node.written.value)
            if abs(exact - value) <= abs(value) * slack:
                return True
    return False


def _is_measured(written: Written) -> bool:
    """Whether a number has decimals, and three digits that mean something or more."""
    digits = abs(int(written.value * 10**written.decimals))
    return written.decimals > 0 and digits >= 10 ** (LONG_DECIMALS - 1)


def _joined(exact: Node, tree: Node, numbers: set[Written]) -> bool:
    numbers = {written for written in numbers if written.decimals}
    values: dict[Written, Fraction] = {}
    for part in map(abs, _inexact_parts(exact)) if numbers else ():  # "-298*(-0.1987)" is 59.2 that is added
        for written in numbers:
            if written not in values and written.value != part and written.value in _writings(part, written):
                values[written] = part
    if not values:
        return False
    try:
        return evaluate(exact) == evaluate(replace_numbers(tree, values))
    except (UndefinedError, NotRationalError, LimitError):
        return False


def _inexact_parts(tree: Node) -> Iterator[Fraction]:
    """Values of the parts of a calculation that people would round: long or endless products, quotients and powers."""
    signs = signs_of(tree)
    if not signs & {"*", "/", "^"}:
        return
    written_too = bool(signs & {"/", "^"})  # of products alone no number as it is written: 3*1.424 is not 3*1.4
    values: list[Fraction] = []

    def combine(node: Node, operands: list[Fraction | None]) -> Fraction | None:
        value = _value_or_none(node, operands)
        if value is not None and (written_too or not isinstance(node, Number)):
            values.append(value)
            values.extend(_runs(node))
        return value

    fold(tree, combine)
    for value in values:
        needed = decimals_needed(value)
        if needed is None or needed >= LONG_DECIMALS:
            yield value


def _runs(node: Node) -> Iterator[Fraction]:
    """Values of the neighbouring factors at the end of a product: ``17/23`` in ``100*17/23``."""
    product, alone = Fraction(1), True
    while isinstance(node, Binary) and node.sign in ("*", "/"):
        try:
            product *= apply(node, [Fraction(1), evaluate(node.right)])
        except (UndefinedError, NotRationalError, LimitError):
            return
        if product and node.sign == "*" and not (alone and isinstance(node.right, Number)):
            yield product
        alone = False
        node = node.left
