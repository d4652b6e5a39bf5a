"""The same problem with other numbers, so that a model learns to compare numbers and not to remember them."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from train.graph import CarryError, Graph, Number, Piece, Step, carried, result_of, said_in_words

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

TRIES = 12
SPREAD, JITTER = 0.9, 0.4
"""Natural logarithms of how far all values, and each by itself, may move."""
LARGEST = 10**7
CENTS, DEAR = tuple(map(Fraction, ("0.05", "0.25", "0.5", "0.5", "1"))), 200
"""What an amount of money below ``DEAR`` may be a multiple of."""
IN_CENTS = 0.6
MEANT = frozenset(map(Fraction, (0, 1, 2, 4, 7, 12, 24, 30, 31, 52, 60, 100, 360, 365, 1000)))
"""Values that a solution may use without the problem's saying so: days of a week, minutes of an hour."""
_MEASURED = re.compile(
    r"[$%€£]|\b(?:dollar|cent|euro|percent|cost|price|average|mile|meter|kilometer|inch|feet|foot|yard|pound|ounce|gram"
    r"|kilogram|liter|gallon|cup|hour|minute|mph|kg|km|cm|ml|lb)s?\b",
    re.IGNORECASE,
)
"""Lines whose numbers may have decimals: half a dollar is an amount, half a child is a mistake."""
_GLUED_BEFORE = re.compile(r"[\w:/.-]$")
_GLUED_BEHIND = re.compile(r"(?:[:/-]\S|st\b|nd\b|rd\b|th\b|\w)")


def redrawn(graph: Graph, random: random.Random, *, parts: bool = False) -> Graph | None:
    """The problem and its solution with other values of the same kind and order; None where none were found.

    Integers stay integers, amounts stay positive, multiples of ten stay round, the smaller of two stays the smaller.
    With ``parts`` what is measured or paid may come to have decimals: $2.50, 37.5 miles.
    """
    values = changeable(graph)
    if not values:
        return None
    finer = _paid(graph) if parts else frozenset[Fraction]()
    for _ in range(TRIES):
        drawn = _draw(values, random, finer)
        if drawn is None or drawn == values:
            continue
        try:
            other = carried(graph, given=dict(zip(values, drawn, strict=True)), problem=True)
        except CarryError:
            continue
        if all(
            _alike(result, made, parts=parts and bool(_MEASURED.search(step.text)))
            for step, new in zip(graph.steps, other.steps, strict=True)
            for result, made in zip(_numbers(step), _numbers(new), strict=True)
        ):
            return _in_cents(other) if parts and random.random() < IN_CENTS else other
    return None


def _in_cents(graph: Graph) -> Graph:
    """The graph with two decimals behind every amount of dollars that has any: $2.50 in place of $2.5."""

    def filled(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
        return tuple(
            piece._replace(style="0.00")
            if isinstance(piece, Number) and piece.value.denominator != 1 and str(before).endswith("$")
            else piece
            for before, piece in pairwise(("", *pieces))
        )

    steps = tuple(replace(step, pieces=filled(step.pieces)) for step in graph.steps)
    answer = graph.answer
    if answer.source.kind == "step":
        answer = answer._replace(style=result_of(steps[answer.source.line]).style)
    return replace(graph, problem=filled(graph.problem), steps=steps, answer=answer)


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


def _paid(graph: Graph) -> frozenset[Fraction]:
    """The values of the problem that are amounts of money wherever they stand."""
    paid, counted = set[Fraction](), set[Fraction]()
    for before, piece in pairwise(("", *graph.problem)):
        if isinstance(piece, Number):
            (paid if str(before).endswith("$") else counted).add(piece.value)
    return frozenset(paid - counted)


def _draw(
    values: Sequence[Fraction], random: random.Random, finer: frozenset[Fraction] = frozenset()
) -> list[Fraction] | None:
    shift = random.uniform(-SPREAD, SPREAD)
    drawn: list[Fraction] = []
    for value in values:
        grain = random.choice(CENTS) if value in finer and value < DEAR else _grain(value)
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


def _numbers(step: Step) -> Iterator[Fraction]:
    return (piece.value for piece in step.pieces if isinstance(piece, Number))


def _alike(old: Fraction, new: Fraction, *, parts: bool) -> bool:
    """Whether the new value can stand where the old one did."""
    if (new > 0) != (old > 0) or new > LARGEST:
        return False
    return new.denominator == 1 if old.denominator == 1 and not parts else (new * 100).denominator == 1
