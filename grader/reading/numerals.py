"""Numerals of other bases: ``1011_{2}``, ``(1011)_2``, ``1011₂`` and ``1011_{\\text{two}}`` are read as ``1011_2``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from grader.characters import LOW_DIGITS, TEXT_OFF, TEXT_ON, UNREADABLE
from grader.numbers import BASES, MAX_BASE

if TYPE_CHECKING:
    from grader.reading.sides import Side

_GAP = rf"[ {TEXT_ON}{TEXT_OFF}]*"
_NAME = r"\d{1,2}|[a-z]{1,7}"
_NUMERAL = re.compile(
    r"(?<![\w.,)])(?:(?P<digits>\d{1,40}(?:\.\d{1,40})?)|\((?P<inside>\d{1,40})\))"
    rf"(?:_(?:(?P<base>{_NAME})|\({_GAP}(?P<grouped>{_NAME}){_GAP}\)|\{{{_GAP}(?P<braced>{_NAME}){_GAP}\}})"
    r"|(?P<low>[₀-₉]{1,2}))(?![\w({])"
)
_INDEX = re.compile("[_₀-₉]")
MIN_DIGITS = 3
"""Of a numeral in brackets: a shorter one may be the product of so many factors."""


def with_bases(text: str) -> str:
    """The plain text of a line, each numeral with its base in one spelling; unreadable where its digits do not fit."""
    return _NUMERAL.sub(_one_spelling, text) if _INDEX.search(text) else text


def has_numeral(side: Side) -> bool:
    """Whether a side holds a numeral of a base that is written behind it."""
    return any("_" in piece and piece[0].isdecimal() for piece in side.pieces)


def _one_spelling(match: re.Match[str]) -> str:
    digits = match["digits"] or match["inside"]
    name = match["base"] or match["grouped"] or match["braced"] or match["low"].translate(LOW_DIGITS)
    base = int(name) if name.isdecimal() else BASES.get(name, 0)
    if "." in digits:
        return UNREADABLE  # "0.625 = 0.101_2"
    if match["inside"] and len(digits) < MIN_DIGITS and base != 10:
        return UNREADABLE  # "(10)_3 = 10 * 9 * 8"
    if not 2 <= base <= MAX_BASE or any(int(digit) >= base for digit in digits):
        return UNREADABLE  # "5_2", "121_b": an index, a gap for a digit, or a base that is not known
    return f"{digits.lstrip('0') or '0'}_{base}"
