"""Calculations whose operands are counted in different units: ``1 hour - 20 minutes = 40 minutes``."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from grader.checking.tree import Binary, Node, Number
from grader.checking.units import LENGTHS, RATE, conversion_factors, plural

if TYPE_CHECKING:
    from collections.abc import Sequence


def rate_factors(left: Sequence[str], right: Sequence[str]) -> list[tuple[Fraction, str]]:
    """Factors that make a rate fit: a minute at so much an hour (``60 km/h * 30 min``), or a quotient per hour.

    Or the hours of a distance at so much an hour, which are given as minutes (``30 miles / 60 mph``).
    """
    bare = tuple(name for name in left if name[0] != RATE)
    found = conversion_factors(bare, _rates(left))
    found += conversion_factors(_rates(left), tuple(name for name in right if name[0] != RATE))
    return found + [(1 / factor, words) for factor, words in conversion_factors(bare, _rates(right))]


def product_factors(left: Sequence[str]) -> list[tuple[Fraction, str]]:
    """Factors that bring the sides of an area or a volume to one unit: ``5 ft × 18 in`` are 7.5 square feet."""
    units = [LENGTHS.get(name) for name in left]
    if len(units) < 2 or None in units:
        return []
    sizes = [size for size in units if size is not None]
    return [
        (math.prod((size / wanted for size in sizes), start=Fraction(1)), f"in {plural(name)}")
        for name, wanted in {name: LENGTHS[name] for name in left}.items()
        if any(size != wanted for size in sizes)
    ]


def _rates(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name[1:] for name in names if name[0] == RATE)


def converted_sum(tree: Node, units: tuple[str, ...], wanted: tuple[str, ...]) -> Fraction | None:
    """Value of a sum in the one unit that is wanted; None unless each operand has its unit of the same kind."""
    operands = _operands(tree)
    if len(wanted) != 1 or len(units) < 2 or len(operands) != len(units):
        return None
    total = Fraction(0)
    for (sign, operand), unit in zip(operands, units, strict=True):
        factors = [Fraction(1)] if unit == wanted[0] else [factor for factor, _ in conversion_factors((unit,), wanted)]
        if len(factors) != 1 or not isinstance(operand, Number):
            return None
        total += sign * operand.written.value * factors[0]
    return total


def converted_quotient(tree: Node, units: tuple[str, ...]) -> Fraction | None:
    """How often one quantity holds another of its kind: ``2 hours / 15 minutes`` is 8. None for all else."""
    if len(units) != 2 or not isinstance(tree, Binary) or tree.sign != "/":
        return None
    above, below = tree.left, tree.right
    factors = conversion_factors(units[:1], units[1:])
    if len(factors) != 1 or not isinstance(above, Number) or not isinstance(below, Number) or not below.written.value:
        return None
    return above.written.value * factors[0][0] / below.written.value


def _operands(tree: Node) -> list[tuple[int, Node]]:
    """The operands of a sum from left to right, each with its sign."""
    found: list[tuple[int, Node]] = []
    while isinstance(tree, Binary) and tree.sign in ("+", "-"):
        found.append((1 if tree.sign == "+" else -1, tree.right))
        tree = tree.left
    return [(1, tree), *reversed(found)]
