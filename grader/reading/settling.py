"""Settling: one reading of a line from the rules' and the model's.

The rules read by grammar, the model by example. Where they differ, a model's equation speaks against one of the rules
only where it says something else of the same numbers, and the line does not bear the rules out sign by sign. What a
model drops, makes up or leaves without an end is no evidence of anything.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from grader.checking.grammar import GrammarError, parse
from grader.limits import LimitError
from grader.numbers import RELATION
from grader.reading.grounding import UNGROUNDED, doubt_of, reads_whole, signature
from grader.reading.rules import Reading
from grader.types import Equation, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

DISAGREE = "the rules and the model read the line differently"
_SPACES = re.compile(r"(?<!\d) +| +(?!\d)")  # the one of "2 1/2" stays


def settle(rules: Reading, model: Sequence[str], line: str, *, replace: bool) -> tuple[Reading, bool]:
    """One reading from two, and whether they disagree.

    With ``replace`` the model's stands alone. Otherwise the rules' equations stay, and the model's join them: all of
    them where the rules read nothing, else those that rival one of the rules or that the line bears out. Where they
    disagree, neither a rule's equation that has a rival nor one that only the model reads can fail a row. A model's
    equation never can whose numbers the line does not hold, or that is not all of its stretch of the line.
    """
    read = [
        Equation(text, Source.MODEL, doubt=doubt_of(text, line))
        for text in dict.fromkeys(_SPACES.sub("", text) for text in model)
        if text
    ]
    if replace or not rules.equations:
        return Reading(tuple(read), rules.certainty), False
    by_rules = {equation.text for equation in rules.equations}
    others = [equation for equation in read if equation.text not in by_rules]
    pairs = [(one, other) for one in others for other in rules.equations if _speaks_of(one, other)]
    speaking = {one.text for one, _ in pairs}
    heard = [one for one in others if one.text in speaking or (one.doubt is None and _is_equation(one.text))]
    rivalled = {other.text for one, other in pairs if _contradicts(one, other, line)}
    unsure = rivalled - {equation.text for equation in read}
    kept = [doubted(equation) if equation.text in unsure else equation for equation in rules.equations]
    return Reading((*kept, *map(doubted, heard)), rules.certainty), bool(heard)


def doubted(equation: Equation, doubt: str = DISAGREE) -> Equation:
    """The equation with a reason to doubt it, its own if it has one."""
    return equation if equation.doubt is not None else equation._replace(doubt=doubt)


def _speaks_of(model: Equation, rules: Equation) -> bool:
    """Whether a model's equation is one, about the numbers of the rules': of more only if the line bears it out."""
    if model.doubt == UNGROUNDED:
        return False
    numbers, wanted = _numbers(model.text), _numbers(rules.text)
    return (numbers == wanted if model.doubt is not None else numbers >= wanted) and _is_equation(model.text)


def _contradicts(model: Equation, rules: Equation, line: str) -> bool:
    """Whether it says something else: not where it only leaves signs out, or the line says what the rules read."""
    return not _is_part(signature(model.text), signature(rules.text)) and not reads_whole(rules.text, line)


def _numbers(text: str) -> Counter[str]:
    return Counter(sign for sign in signature(text) if sign[0].isdigit())


def _is_part(signs: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether the signs stand in the whole in their order."""
    rest = iter(whole)
    return all(sign in rest for sign in signs)


def _is_equation(text: str) -> bool:
    sides = RELATION.split(text)
    try:
        return len(sides) == len([parse(side) for side in sides]) == 2
    except (GrammarError, LimitError):
        return False
