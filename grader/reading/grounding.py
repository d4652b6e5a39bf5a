"""Grounding: a number that a model read must stand in the line, or the reading cannot fail a row."""

from __future__ import annotations

import re
from fractions import Fraction

from grader.limits import LimitError
from grader.numbers import FRACTION_WORDS, NUMBER, NUMBER_WORDS, SCALE_WORDS, clean, parse_number

UNGROUNDED = "a number of it does not stand in the line"
_NUMBER = re.compile(NUMBER)
_WORD = re.compile(r"[a-z]+")
_ALIASES = {"twice": 2, "double": 2, "doubled": 2, "triple": 3, "thrice": 3, "dozen": 12, "couple": 2, "once": 1}


def ungrounded_numbers(equation: str, line: str) -> list[str]:
    """The numbers of an equation that the line does not hold, as digits, words, or a percentage of a hundredth."""
    held = _numbers_of(line)
    return [text for text in _NUMBER.findall(equation) if (value := _value(text)) is None or value not in held]


def _value(text: str) -> Fraction | None:
    try:
        return parse_number(text).value
    except LimitError:
        return None


def _numbers_of(line: str) -> set[Fraction]:
    line = clean(line)
    values = {value for text in _NUMBER.findall(line) if (value := _value(text)) is not None}
    for word in _WORD.findall(line.lower()):
        singular = word.removesuffix("s")
        for table in (NUMBER_WORDS, SCALE_WORDS, _ALIASES):
            if word in table:
                values.add(Fraction(table[word]))
        if singular in FRACTION_WORDS:
            values |= {Fraction(1), Fraction(FRACTION_WORDS[singular]), Fraction(1, FRACTION_WORDS[singular])}
    if "%" in line or "percent" in line:
        values |= {value / 100 for value in values} | {Fraction(100)}
    return values
