"""One error in a solution, and all that follows from it: an injector changes one thing, the rest is computed anew.

A conceptual injector changes what is calculated; every calculation stays true. A computational injector changes what a
calculation is said to give; everything later uses the wrong result consistently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from train.graph import CarryError, Graph, carried, result_of
from train.mistakes import CONCEPTUAL_INJECTORS, WEIGHTS
from train.slips import COMPUTATIONAL_INJECTORS, decimals

if TYPE_CHECKING:
    import random

COMPUTATIONAL, CONCEPTUAL = "computational_error", "conceptual_error"
LARGEST = 10**7
TRIES = 4


class Flawed(NamedTuple):
    """A graph with one error: its kind, the injector's name, and the line, counted from 1, where it shows first."""

    graph: Graph
    error_type: str
    subtype: str
    first_error_line: int


def inject_conceptual(graph: Graph, random: random.Random, names: tuple[str, ...] = ()) -> Flawed | None:
    """A solution with one false idea and no false calculation; None if none of the injectors finds a place.

    ``names`` chooses among the injectors of ``CONCEPTUAL_INJECTORS``; without it each is tried, in a random order that
    favours what people get wrong more often.
    """
    chosen = names or _shuffled(random)
    for name in chosen:
        for _ in range(TRIES):
            change = CONCEPTUAL_INJECTORS[name](graph, random)
            if change is None:
                break
            try:
                flawed = carried(change.graph, given=change.given)
            except CarryError:
                continue
            if flawed.answer.value != graph.answer.value and _plausible(graph, flawed, random):
                return Flawed(flawed, CONCEPTUAL, name, change.line + 1)
    return None


def inject_computational(graph: Graph, random: random.Random, names: tuple[str, ...] = ()) -> Flawed | None:
    """A solution with one false result, which all later lines use; None if there is no place for one."""
    lines = [index for index, step in enumerate(graph.steps) if step.calculates]
    random.shuffle(lines)
    chosen = list(names or COMPUTATIONAL_INJECTORS)
    random.shuffle(chosen)
    for name in chosen:
        for line in lines:
            right = result_of(graph.steps[line])
            wrong = COMPUTATIONAL_INJECTORS[name](graph.steps[line], right.value, random)
            if wrong is None or wrong == right.value or wrong <= 0 or (wrong * 10**4).denominator != 1:
                continue
            try:
                flawed = carried(graph, forced={line: wrong})
            except CarryError:
                continue
            return Flawed(flawed, COMPUTATIONAL, name, line + 1)
    return None


def _plausible(right: Graph, wrong: Graph, random: random.Random) -> bool:
    """Whether no number of the wrong solution gives it away: none negative, huge, or of odd decimals.

    Decimals in place of an integer are let through now and then: people leave them as well.
    """
    odd = False
    allowed = max((decimals(result_of(step).value) for step in right.steps if step.calculates), default=0)
    for step in wrong.steps:
        if step.calculates:
            value = result_of(step).value
            if value <= 0 or value > LARGEST:
                return False
            odd |= decimals(value) > allowed
            if decimals(value) > 2:
                return False
    return not odd or random.random() < 0.15


def _shuffled(random: random.Random) -> list[str]:
    """The injectors in a random order, a heavier one more often early."""
    return sorted(CONCEPTUAL_INJECTORS, key=lambda name: -(random.random() ** (1 / WEIGHTS[name])))
