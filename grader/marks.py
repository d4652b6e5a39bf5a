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

    Lettered = list[tuple[re.Match[str], str]]
    """The numbers of a text, each with its letter, "" where the letters are used up."""

LETTERS = "ⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩ"
OPEN = "○"
"""Before the letters of the values that stand in one place only, in the problem or in one line, up to this line."""
IMPLIED = {"half": 2, "twice": 2, "double": 2, "doubled": 2, "triple": 3, "thrice": 3, "dozen": 12, "quarter": 4}
"""Words that stand for a calculation with a number."""
_SAID = {word: value for word, value in NUMBER_WORDS.items() if value > 1} | IMPLIED
_LATEX = r"\d{1,3}(?:(?:\{,\}|\\,)\d{3})+(?:\.\d+)?"  # thousands apart as LaTeX has them: 1{,}250 and 1\,250
_NUMBER = re.compile(rf"(?P<number>{_LATEX}|{NUMBER})(?P<percent>\\?%)?|\b(?P<word>(?ai:{'|'.join(_SAID)}))\b")
_APART = str.maketrans("", "", "{},\\")


def marked(problem: str, lines: Sequence[str], *, counted: bool = False) -> tuple[str, list[str]]:
    """The problem and the lines with a letter behind every number; behind a line the letters still open there.

    Numbers of at most 26 values are marked, in the order in which they appear; what stands behind a line never changes
    what stands before it. A hundredth of a percentage is the same value, 20% is .2, unless that 20 stood there before.
    With ``counted`` three digits follow the open letters, those of ``_Counts.after``.
    """
    letters = _Letters()
    given = letters.of(problem)
    counts = _Counts(given)
    written = []
    for line in lines:
        found = letters.of(line)
        more = counts.after(line, found) if counted else ""
        written.append(f"{_with_letters(line, found)} {OPEN}{letters.open()}{more}")
    return _with_letters(problem, given), written


def _with_letters(text: str, found: Lettered) -> str:
    pieces, end = [], 0
    for match, letter in found:
        pieces += [text[end : match.end()], letter]
        end = match.end()
    return "".join([*pieces, text[end:]])


class _Letters:
    """Who has which letter, and in how many places each stands."""

    def __init__(self) -> None:
        self._letters: dict[Fraction, str] = {}
        self._places = Counter[str]()
        self._left = iter(LETTERS)

    def of(self, text: str) -> Lettered:
        """The numbers of one text, which then stand in one place more."""
        found = [(match, self._letter(match)) for match in _NUMBER.finditer(text)]
        self._places.update({letter for _, letter in found} - {""})
        return found

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


class _Counts:
    """What a solution has not used so far: numbers that the problem gives, and its own results."""

    def __init__(self, given: Lettered) -> None:
        self._given = {letter for match, letter in given if letter and not match["word"]}
        self._known = {letter for _, letter in given}
        self._taken: set[str] = set()
        self._results: list[str] = []

    def after(self, line: str, found: Lettered) -> str:
        """Three digits behind a line, each at most 9: numbers given and results before the last that no line has used.

        The third is 0 behind a line with an equals sign or without a number. Else it says what the line's last number
        is: 1 the last result, 2 an earlier one, 3 a number of the problem, 4 another.
        """
        equals = line.rfind("=")
        used = [letter for match, letter in found if letter and (equals < 0 or match.start() < equals)]
        results = [letter for match, letter in found if letter and 0 <= equals < match.start()]
        last = self._kind(used[-1]) if used and equals < 0 else 0
        self._taken.update(used)
        self._results += results[:1]
        unused = len(self._given - self._taken), len({*self._results[:-1]} - self._taken)
        return "".join(str(min(count, 9)) for count in (*unused, last))

    def _kind(self, letter: str) -> int:
        if letter in self._results:
            return 1 if letter == self._results[-1] else 2
        return 3 if letter in self._known else 4
