"""A letter behind a result that is a unit of physics: ``2 * 9.8 * 5 = 96 J``.

The reader takes such a letter for an unknown, for ``150 - 30 = 4N`` may be an equation for N. Only the whole solution
shows that it is a unit: the letter stands behind numbers and nowhere else. Where that is in doubt it stays an unknown.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from grader.limits import MAX_SIMPLE_CHARACTERS
from grader.numbers import RELATION
from grader.types import UNIT_LETTER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.types import Equation

LETTERS = "JWNVKΩΩTFHMp"
"""Joule, watt, newton, volt, kelvin, ohm (two characters), tesla, farad or Fahrenheit, henry, mol/l, penny."""
_SI = frozenset(
    """kg m s V A N J W K C Pa Hz mol rad x X pi kilogram kilograms meter meters metre metres second seconds volt volts
    amp amps ampere amperes newton newtons joule joules watt watts kelvin ohm ohms pascal pascals hertz""".split()  # noqa: SIM905
)
"""What may stand between the numbers of the calculation: units that fit together without a factor."""
_COHERENT = frozenset({"kilogram", "kg", "meter", "metre", "m", "second", "sec", "s"})

_RESULT = re.compile(r"(?:=|≈|\\approx) *[-−]?(?P<number>\d{1,3}(?:(?: |\\,)\d{3})+(?!\d)|\d[\d,]*(?:\.\d+)?)")
_GROUPING = re.compile(r"[, ]|\\,")
# What is said again in a larger or smaller unit: "= 630 000 J = 630 kJ".
_RESTATED = re.compile(r" *[=≈] *[\d.,]+ *[kMGmµμ]([A-ZΩΩ])(?![A-Za-z])")
MAX_GAP = 40
"""Characters from a number to the letter of its unit, which may stand in a command of LaTeX."""
_VALUE = re.compile(rf"-?[\d.]+(?:\*10\^(?:\(-?\d{{1,3}}\)|-?\d{{1,3}}))?[{LETTERS}]")
_CALCULATES = re.compile(r"[\d)] ?[-+*/^]")
_TERMS = re.compile(r"(?<=[\w.])[-+]")
_WORD = re.compile(r"[A-Za-zΩΩµμ]+")
MANY_DIGITS = 3
"""Digits from which on the last one of a measured result may come from digits that are not written."""
_COMMAND = re.compile(r"\\[a-zA-Z]+")
_FIRST_DIGIT = re.compile(r"[\d.]")
# How a unit is set apart from its number: by a space in plain text, by a thin space or as text in mathematics.
_WRAPPED = re.compile(
    r"[\d}](?:[ ~]|\\[,;: ]|\^\{?\\circ\}?)*\\(?:text|textrm|mathrm|mbox|rm|unit) *\{ *$|[\d}] *\\[,;: ] *$"
)
_SPACED = re.compile(r"[\d⁰¹²³⁴⁵⁶⁷⁸⁹] °? ?$|\d ?° ?$")
_TRUTH = re.compile(r"(?<![A-Za-z\\])(?:[TF]|[Tt]rue|[Ff]alse)(?![A-Za-z])")
_MULTIPLIES = re.compile(r" *[(^_'\d]")
_CALCULATED_WITH = re.compile(r" *(?:[-+*=≈<>×·÷−]|\\(?:times|cdot|div|approx)|x(?![a-z])|/ *\d)")


class UnitLetters:
    """One solution: which letters of its equations are units. ``texts`` are its lines as they are read."""

    def __init__(self, problem: str, texts: Sequence[str]) -> None:
        self._problem = problem
        self._texts = texts
        self._known: dict[str, tuple[bool, bool]] = {}

    def settle(self, equation: Equation, line: str) -> Equation:
        """The equation of a line, without the letter behind its result where that is a unit."""
        if equation.text[-1] not in LETTERS or equation.doubt is not None or len(line) > MAX_SIMPLE_CHARACTERS:
            return equation
        letter = equation.text[-1]
        bare = _without(equation.text, letter)
        if bare is not None:
            if not self._follows_numbers(letter)[0]:
                return equation
        else:
            calculation, _, result = equation.text.replace("≈", "=").partition("=")
            if not (_VALUE.fullmatch(result) and _CALCULATES.search(calculation)) or _WORD.search(calculation):
                return equation
            if equation.right_units or not _COHERENT.issuperset(equation.left_units):
                return equation
            if letter in "TF" and self._marks_truth:
                return equation
            if not self._is_unit(line, result[:-1].lstrip("-"), letter):
                return equation
            bare = equation.text[:-1]
        # Who measures goes on with more digits than are written, so that the last of three and more may be another one.
        calculation, value = RELATION.split(bare, maxsplit=1)
        measured = "." in calculation and len(value.replace(".", "").strip("-0")) >= MANY_DIGITS
        approximate = equation.approximate or measured
        return equation._replace(text=bare, approximate=approximate, doubt=UNIT_LETTER)

    def _is_unit(self, line: str, value: str, letter: str) -> bool:
        """Whether the letter behind a result is set apart as a unit, and its calculation one of bare or SI numbers."""
        for match in _RESULT.finditer(line):
            place = line.find(letter, match.end(), match.end() + MAX_GAP)
            if (
                _GROUPING.sub("", match["number"]) == value.partition("*")[0]
                and place >= 0
                and _is_set_apart(line, place)
            ):
                named = re.match(rf"[^=≈]*?(?<![\w\\]){letter} *=", line)  # "V = 2 * 3 = 6 V"
                if named is None or named.end() > match.start():
                    return _is_bare(line[: match.start()]) and self._follows_numbers(letter) == (True, True)
                return _is_bare(line[: match.start()])
        return False

    def _follows_numbers(self, letter: str) -> tuple[bool, bool]:
        """Whether a letter stands behind numbers and nowhere else, and whether nothing is calculated with it there."""
        if letter not in self._known:
            behind = idle = True
            for text in self._everything:
                for match in re.finditer(rf"(?<![A-Za-z\\]){letter}(?![A-Za-z])", text):
                    before = text[max(0, match.start() - MAX_GAP) : match.start()]
                    wrapped = _WRAPPED.search(before) is not None
                    behind &= wrapped or before.rstrip(" °")[-1:].isdigit()
                    behind &= not _MULTIPLIES.match(text, match.end())
                    restated = _RESTATED.match(text, match.end())
                    again = restated is not None and restated[1] == letter
                    idle &= wrapped or again or not _CALCULATED_WITH.match(text, match.end())
            self._known[letter] = behind, behind and idle
        return self._known[letter]

    @cached_property
    def _marks_truth(self) -> bool:
        """Whether T and F may say that an equation is true or false: ``2 + 3 = 6 F``."""
        marks = {mark.lower() for text in self._everything for mark in _TRUTH.findall(text)}
        return len(marks) > 1 or not marks.isdisjoint({"true", "false"})

    @cached_property
    def _everything(self) -> list[str]:
        return [*self._problem.split("\n"), *self._texts]


def _is_set_apart(line: str, place: int) -> bool:
    """Whether the letter at a place of the line is written as units are, and unknowns are not."""
    before = line[max(0, place - MAX_GAP) : place]
    if _WRAPPED.search(before):
        return True
    return "\\" not in line and line.count("$") < 2 and _SPACED.search(before) is not None


def _is_bare(text: str) -> bool:
    """Whether the calculation at the end of a text has no words but those of units that fit together."""
    side = re.split(r"=|≈|\\approx", text)[-1]
    first = _FIRST_DIGIT.search(side)
    return first is not None and _SI.issuperset(_WORD.findall(_COMMAND.sub(" ", side[first.start() :])))


def _without(text: str, letter: str) -> str | None:
    """``12*35p=440p`` without the letter that counts each of its terms once; None for anything else."""
    sides = RELATION.split(text)
    if len(sides) != 2 or "(" in text or not _CALCULATES.search(sides[0].replace(letter, "")):
        return None
    term = re.compile(rf"(?:-?[\d.]+[*/])*-?[\d.]+{letter}(?:[*/][\d.]+)*")
    terms = [*_TERMS.split(sides[0]), sides[1]]
    return text.replace(letter, "") if all(map(term.fullmatch, terms)) else None
