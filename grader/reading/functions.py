"""Functions that are written before their number without brackets: ``12 sin 30°``, ``log_2 8``, ``lcm 4 and 6``.

Their values are not computed. What matters is that the number behind such a word is the function's: it begins no
calculation of its own, and the side that it stands in is not read.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from grader.checking.units import unit_named
from grader.numbers import Kind
from grader.reading.ahead import word_at
from grader.reading.words import FUNCTION_WORDS, NO_UNKNOWNS, SET_FUNCTIONS

if TYPE_CHECKING:
    from grader.reading.walker import Walker

_NAME = "|".join(sorted(FUNCTION_WORDS))
_GLUED_NUMBER = re.compile(rf"(?:{_NAME})_?[\d₀-₉]+", re.IGNORECASE)  # "sin30", "log_2"
_GLUED_LETTER = re.compile(rf"(?:{_NAME})[A-Zx\u0370-\u03ff]")  # "cosC", but not "COST"
_ANGLE = re.compile(
    r"[A-Za-z\u0370-\u03ff](?:_?[\d₀-₉]{1,2}|_[A-Za-z])?'*|theta|alpha|beta|gamma|delta|phi|omega", re.IGNORECASE
)
"""A letter that a function is taken of, with its index: ``sin θ₂``."""
MAX_NAME = 16
"""Letters of the longest function with what is glued to it."""


def behind_function(walker: Walker, index: int, end: int) -> int:
    """Index behind the function that the word at ``index`` names and its argument, 0 where there is no function."""
    text = walker.tokens[index].text
    known = names_function(text)
    if not known or (not walker.side.expecting and _is_label(walker, index)):
        return 0
    after = _behind_argument(walker, _behind_power(walker, index + 1, end), end)
    while after and text.lower() in SET_FUNCTIONS and (following := _behind_next(walker, after, end)):
        after = following
    return after or (index + 1 if known == _WHOLE else 0)


_ALONE, _WHOLE = 1, 2


def names_function(text: str) -> int:
    """Whether a word names a function: by itself, or with its argument or base glued to it; 0 for other words."""
    # Remembered words must be short ones: a text may hold one of 50,000 letters.
    return _remembered(text) if len(text) <= MAX_NAME else 0


def _is_label(walker: Walker, index: int) -> bool:
    """Whether the word behind an operand counts it: ``30 sec``, ``4 shirts in tan``, but not ``8 cm sin 30``."""
    if unit_named(walker.tokens[index].text) is not None or walker.side.labels > 1:
        return True
    return walker.side.labels == 1 and unit_named(walker.tokens[index - 1].text) is None


@lru_cache(maxsize=4096)
def _remembered(text: str) -> int:
    if text.lower() in FUNCTION_WORDS:
        return _ALONE
    return _WHOLE if _GLUED_NUMBER.fullmatch(text) or _GLUED_LETTER.fullmatch(text) else 0


def _behind_power(walker: Walker, index: int, end: int) -> int:
    """Index behind ``^2``, ``^-1``, ``^(-1)`` or ``base 2 of``, which stand between a function and its argument."""
    sign = word_at(walker.tokens, index, end)
    if sign == "base":
        after = index + 2
        return after + 1 if word_at(walker.tokens, after, end) == "of" else after
    if sign != "^":
        return index
    closer = walker.closers.get(index + 1)
    if closer is not None:
        return closer + 1
    return index + 3 if word_at(walker.tokens, index + 1, end) == "-" else index + 2


def _behind_argument(walker: Walker, index: int, end: int) -> int:
    """Index behind a number, a letter, a constant or brackets without a relation; 0 where none of them stands."""
    if index >= end:
        return 0
    token = walker.tokens[index]
    if token.text == "-" and index + 1 < end and walker.tokens[index + 1].start == token.end:
        return _behind_argument(walker, index + 1, end)  # "sin -30"
    if token.kind == Kind.OPEN:
        closer = walker.closers.get(index, end)
        inside = walker.tokens[index + 1 : closer]
        return closer + 1 if closer < end and all(each.kind != Kind.RELATION for each in inside) else 0
    letter = token.kind == Kind.WORD and _ANGLE.fullmatch(token.text) and token.text not in NO_UNKNOWNS
    return index + 1 if letter or token.kind in (Kind.NUMBER, Kind.VARIABLE, Kind.FUNCTION) else 0


def _behind_next(walker: Walker, index: int, end: int) -> int:
    """Index behind ``and 6`` or ``, 6``: one more number of which a common divisor or multiple is taken."""
    after = index
    while word_at(walker.tokens, after, end) in (",", "and"):
        after += 1
    return after + 1 if index < after < end and walker.tokens[after].kind == Kind.NUMBER else 0
