"""A letter beside every number of a problem and its solution, the same for the same value.

A judge then sees at a glance where an operand comes from and which numbers nobody has used; without marks it has to
compare numbers digit by digit, which small models learn badly.
"""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING

from grader.limits import LimitError
from grader.numbers import NUMBER, NUMBER_WORDS, parse_number

if TYPE_CHECKING:
    from collections.abc import Sequence

LETTERS = "ⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩ"
OPEN = "○"
"""Before the letters of the values that stand in one place only, in the problem or in one line, up to this line."""
IMPLIED = {"half": 2, "twice": 2, "double": 2, "doubled": 2, "triple": 3, "thrice": 3, "dozen": 12, "quarter": 4}
"""Words that stand for a calculation with a number."""
_SAID = {word: value for word, value in NUMBER_WORDS.items() if value > 1} | IMPLIED
_LATEX = r"\d{1,3}(?:(?:\{,\}|\\,)\d{3})+(?:\.\d+)?"  # thousands apart as LaTeX has them: 1{,}250 and 1\,250
_NUMBER = re.compile(rf"(?P<number>{_LATEX}|{NUMBER})(?P<percent>\\?%)?|\b(?P<word>(?ai:{'|'.join(_SAID)}))\b")
_APART = str.maketrans("", "", "{},\\")


def marked(problem: str, lines: Sequence[str]) -> tuple[str, list[str]]:
    """The problem and the lines with a letter behind every number; behind a line the letters still open there.

    Numbers of at most 26 values are marked, in the order in which they appear; what stands behind a line never changes
    what stands before it. A hundredth of a percentage is the same value, 20% is .2, unless that 20 stood there before.
    """
    marks = _Marks()
    first = marks.marked(problem)
    return first, [f"{marks.marked(line)} {OPEN}{marks.open()}" for line in lines]


class _Marks:
    def __init__(self) -> None:
        self._letters: dict[Fraction, str] = {}
        self._places = Counter[str]()
        self._left = iter(LETTERS)

    def marked(self, text: str) -> str:
        """One text, whose numbers then stand in one place more."""
        here: set[str] = set()

        def mark(match: re.Match[str]) -> str:
            letter = self._letter(match)
            here.add(letter)
            return f"{match[0]}{letter}"

        text = _NUMBER.sub(mark, text)
        self._places.update(here - {""})
        return text

    def open(self) -> str:
        """The letters of the values that stand in one place only."""
        return "".join(letter for letter in LETTERS if self._places[letter] == 1)

    def _letter(self, match: re.Match[str]) -> str:
        """The value's letter, a new one if it has none; none where the letters are used up."""
        values: tuple[Fraction, ...]
        if match["word"]:
            values = (Fraction(_SAID[match["word"].lower()]),)
        else:
            try:
                value = parse_number(match["number"].translate(_APART)).value
            except LimitError:
                return ""
            values = (value / 100, value) if match["percent"] else (value,)
        for one in values:
            if one in self._letters:
                return self._letters[one]
        letter = next(self._left, "")
        self._letters.update(dict.fromkeys(values, letter))
        return letter
