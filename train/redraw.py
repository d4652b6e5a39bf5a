"""The same problem with other numbers, so that a model learns to compare numbers and not to remember them."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import TYPE_CHECKING

from train.graph import CarryError, Graph, Number, Piece, carried, said_in_words

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

TRIES = 12
SPREAD, JITTER = 0.9, 0.4
"""Natural logarithms of how far all values, and each by itself, may move."""
LARGEST = 10**7
MEANT = frozenset(map(Fraction, (0, 1, 2, 4, 7, 12, 24, 30, 31, 52, 60, 100, 360, 365, 1000)))
"""Values that a solution may use without the problem's saying so: days of a week, minutes of an hour."""
_GLUED_BEFORE = re.compile(r"[\w:/.-]$")
_GLUED_BEHIND = re.compile(r"(?:[:/-]\S|st\b|nd\b|rd\b|th\b|\w)")


def redrawn(graph: Graph, random: random.Random) -> Graph | None:
    """The problem and its solution with other values of the same kind and order; None where none were found.

    Integers stay integers, amounts stay positive, multiples of ten stay round, the smaller of two stays the smaller.
    """
    values = changeable(graph)
    if not values:
        return None
    for _ in range(TRIES):
        drawn = _draw(values, random)
        if drawn is None or drawn == values:
            continue
        try:
            other = carried(graph, given=dict(zip(values, drawn, strict=True)), problem=True)
        except CarryError:
            continue
        if all(_alike(old, new) for old, new in zip(_numbers(graph), _numbers(other), strict=True)):
            return other
    return None


def changeable(graph: Graph) -> list[Fraction]:
    """The values of the problem that can be changed everywhere at once, in ascending order.

    None if the solution tells numbers that it does not derive: they might depend on those of the problem.
    """
    said = said_in_words(graph.question) | MEANT
    for step in graph.steps:
        for piece in step.pieces:
            if isinstance(piece, Number) and piece.source.kind == "constant" and piece.value not in said:
                return []
        if not step.calculates and "=" in step.text:
            return []
    fixed = set(MEANT) | said
    given = set()
    for at, piece in enumerate(graph.problem):
        if isinstance(piece, Number):
            given.add(piece.value)
            if piece.percent or _is_glued(graph.problem, at):
                fixed.add(piece.value)
    fixed |= {
        piece.value for step in graph.steps for piece in step.pieces if isinstance(piece, Number) and piece.percent
    }
    return sorted(given - fixed)


def _is_glued(pieces: Sequence[Piece], at: int) -> bool:
    """Whether the number is part of a time, a fraction, a name or an ordinal."""
    before, behind = "".join(map(str, pieces[max(0, at - 2) : at])), "".join(map(str, pieces[at + 1 : at + 3]))
    return bool(_GLUED_BEFORE.search(before) or _GLUED_BEHIND.match(behind))


def _draw(values: Sequence[Fraction], random: random.Random) -> list[Fraction] | None:
    shift = random.uniform(-SPREAD, SPREAD)
    drawn: list[Fraction] = []
    for value in values:
        grain = _grain(value)
        aim = float(value) * math.exp(shift + random.uniform(-JITTER, JITTER))
        new = max(1, round(aim / float(grain))) * grain
        if new in MEANT or (drawn and new <= drawn[-1]) or new > LARGEST:
            return None
        drawn.append(new)
    return drawn


def _grain(value: Fraction) -> Fraction:
    """What the value is a multiple of, to a person: 5 for 35, 10 for 120, 0.05 for 2.45, 1 for 17."""
    place = Fraction(1)
    while (value / place).denominator != 1:
        place /= 10
    while value / place >= 100 and (value / (place * 10)).denominator == 1:
        place *= 10
    half = place * 5
    return half if value >= 2 * half and (value / half).denominator == 1 else place


def _numbers(graph: Graph) -> Iterator[Fraction]:
    for step in graph.steps:
        for piece in step.pieces:
            if isinstance(piece, Number):
                yield piece.value


def _alike(old: Fraction, new: Fraction) -> bool:
    """Whether the new value can stand where the old one did."""
    if (new > 0) != (old > 0) or new > LARGEST:
        return False
    return new.denominator == 1 if old.denominator == 1 else (new * 100).denominator == 1
