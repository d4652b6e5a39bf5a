"""Conversions that are stated: ``75 minutes is 1 hour 25 minutes``, ``8 ft 6 in = 8.6 ft``, ``2.35 kg is 2035 g``.

A quantity of several units is the sum that it is: ``200 minutes = 3 hours and 20 minutes`` is read as
``200 = 3*60+20``. Only a statement that fills its clause is read so, and only where one unit holds the other a whole
number of times: who writes ``5 ft 7 in = 170 cm`` rounds.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from grader.characters import STATES
from grader.checking.units import LOOSE, STATED, Unit, measure, refutable, same_digits, unit_named
from grader.reading.written_numbers import GAP, MARKS, NUMBER, TO_UNIT, in_digits, marks_of

_POWER = rf"(?:{GAP}\^{GAP}[({{]?{GAP}(?P<power>[23]){GAP}[)}}]?(?!\d))?"
_UNIT = (
    rf"(?:(?P<word>(?i:square|cubic|sq\.?|cu\.?)){GAP})?"
    rf"(?P<unit>(?!(?:is|are|and|equals?|makes?)\b)[A-Za-z]{{1,12}})(?![\w']){_POWER}"
)
PART = re.compile(rf"(?P<dollars>\$)?(?P<number>\d{{1,3}}/\d{{1,3}}(?= of an? )|{NUMBER})(?: of an? |{TO_UNIT}){_UNIT}")
_ANY_PART = re.sub(r"\?P<\w+>", "?:", PART.pattern)
QUANTITY = rf"{_ANY_PART}(?:{GAP}(?:,? ?and(?![a-z])|,)?{GAP}{_ANY_PART}){{0,2}}"
_RELATION = r"=|is equal to|is the same as|(?:is|are|equals?|makes?|converts to)(?![a-z])"
_STATEMENT = re.compile(
    rf"(?:^ ?(?:[-*•] )?[{MARKS} *]*|(?P<goes_on>(?<==)|(?<== ))|(?<=[.;:(] )|(?<=\()|(?<=[a-z)], )"
    rf"|(?<=\b[Ss]o )|(?<=\bthat )|(?<=\b[Ss]ince )|(?<=ecause )|(?<=herefore )|(?<=hus )|(?<=ence )|(?<=hat's )"
    r"|(?<=[a-z] and )|(?<=\bis )|(?<=\bwas )|(?<=takes )|(?<=took )|(?<=lasts )|(?<=lasted )|(?<=spends )|(?<=spent )"
    rf"|(?<=total ))[{MARKS}]*"
    rf"(?P<left>{QUANTITY}){GAP}(?P<relation>{_RELATION}){GAP}(?:exactly )?(?P<right>{QUANTITY})"
    rf"(?={GAP}[*]*(?:$|[.;!)](?!\d)|, (?!\d)|:|\(|(?:so|since|because|as|which)\b))"
)
_SIGN_GLANCE = re.compile(rf"={GAP}(?:exactly )?\d[\d.,]*[ {MARKS}-]*([A-Za-z]+)")
_BEFORE_SIGN = re.compile(rf"([A-Za-z]+)\.?{_POWER.replace('(?P<power>', '(?:')}{GAP}$")
_MAX_BEFORE = 24
"""Characters before an equals sign in which a unit ends."""
_GLANCES = {
    word: re.compile(rf"{word}(?:exactly |equal to |the same as |s |to )?{NUMBER}[ {MARKS}-]*([A-Za-z]+)")
    for word in (" is ", " are ", " equal", " make", " converts ")
}
"""What every such statement has: a relation before a number with a unit, found by its first letters."""
_OWN_RULES = re.compile(r"\b(?:games?|scales?|maps?|models?)\b", re.IGNORECASE)
_WORTH = re.compile(r"\b(?:if|suppose|imagine|every|each|per|rates?|price\w*|cost\w*|worth)\b", re.IGNORECASE)
"""Where a verb may say what one thing is exchanged for."""
_SPAN = frozenset({"length", "months"})
"""Dimensions in which a quantity of several units is certain too; single lengths may be those of a map."""


class _Quantity(NamedTuple):
    """The parts of a quantity, largest unit first: numbers as they are written, and their units."""

    numbers: list[str]
    units: list[Unit]
    names: list[str]

    @property
    def value(self) -> Fraction:
        return sum(
            (Fraction(number) * unit.size for number, unit in zip(self.numbers, self.units, strict=True)), Fraction(0)
        )


def with_conversions(text: str) -> str:
    """The plain text of a line, with stated conversions written as equations in one unit."""
    if not (("=" in text and sets_units_equal(text)) or may_convert(text)) or _OWN_RULES.search(text):
        return text
    written: list[str] = []
    done = place = 0
    while (match := _STATEMENT.search(text, place)) is not None:
        equation = _equation(match)
        if equation == match[0]:
            place = match.start("right") + 1  # "1 l = 1000 cm³, 500 cm³ = 0.5 l": the second one may begin in there
        else:
            written += text[done : match.start()], equation
            done = place = match.end()
    return "".join((*written, text[done:]))


def may_convert(text: str) -> bool:
    """Whether a line without ``=`` may state a conversion: a cheap first glance."""
    return any(word in text and any(map(_names_unit, glance.findall(text))) for word, glance in _GLANCES.items())


@lru_cache(maxsize=2)  # asked twice of a line
def sets_units_equal(text: str) -> bool:
    """Whether a unit stands before an equals sign, and one behind the number that follows it."""
    return any(
        _names_unit(match[1])
        and (left := _BEFORE_SIGN.search(text, max(0, match.start() - _MAX_BEFORE), match.start()))
        and _names_unit(left[1])
        for match in _SIGN_GLANCE.finditer(text)
    )


def _names_unit(word: str) -> bool:
    return unit_named(word) is not None or word.lower() in _BEFORE_UNITS


_BEFORE_UNITS = frozenset({"in", "square", "cubic", "sq", "cu"})


def _equation(match: re.Match[str]) -> str:
    """The statement as an equation; as it stands where it may mean something else."""
    signed = match["relation"] == "="
    if not signed and _WORTH.search(match.string):
        return match[0]
    equation = conversion(match["left"], match["right"], signed=signed)
    if equation is None:
        return match[0]
    marks = marks_of(match[0])
    before = f"{match['left']} " if match["goes_on"] is not None else ""
    return f"{before}{STATES} {equation}{marks}"


def conversion(one: str, other: str, *, signed: bool = False, near: int | None = None) -> str | None:
    """Write two quantities as an equation in one unit; None where they may mean something else.

    ``signed`` says that an equals sign stands between them. Of two that are further apart than the factor ``near`` only
    such with the same digits are one.
    """
    left, right = _quantity(one), _quantity(other)
    if left is None or right is None or left.units[0].dimension != right.units[0].dimension:
        return None
    single = len(left.units) == len(right.units) == 1
    if near is not None and not right.value <= left.value * near <= right.value * near**2:
        digits = [side.numbers[0].replace(".", "").strip("0") for side in (left, right)]
        if not single or digits[0] != digits[1]:
            return None
    return _single(left, right, signed=signed) if single else _several(left, right)


def _single(left: _Quantity, right: _Quantity, *, signed: bool) -> str | None:
    """A conversion of one number into another."""
    one, other = left.units[0], right.units[0]
    if one.size == other.size or left.numbers == ["1"]:
        return None  # "1 hour is 5 minutes": what a game or a map counts
    names = left.names[0], right.names[0]
    if "^" in "".join(names):
        # Between powers of lengths a scale may stand: "1 cm² = 25 m²".
        return None if all("^" in name for name in names) else _in_one_unit(left, right)
    if not (refutable(names[:1], names[1:]) or same_digits(left.numbers[0], right.numbers[0], *names)):
        return None
    if "c" not in names and any(len(name) == 1 for name in names):
        return _in_one_unit(left, right)  # a letter would be taken for an unknown
    if "/" in left.numbers[0] + right.numbers[0]:
        return _in_one_unit(left, right)  # "5/6 of an hour"
    return None if signed else f"{left.numbers[0]} {names[0]} = {right.numbers[0]} {names[1]}"


def _several(left: _Quantity, right: _Quantity) -> str | None:
    """A conversion in which a quantity has several units."""
    if left.units[0].dimension not in STATED | _SPAN or not LOOSE.isdisjoint((*left.names, *right.names)):
        return None
    return _in_one_unit(left, right)


def _in_one_unit(left: _Quantity, right: _Quantity) -> str | None:
    """Both sides in one unit: that of the side that has but one, the larger of two such, the smallest of several."""
    ends = [side.units[-1] for side in (left, right)]
    ratio = max(unit.size for unit in ends) / min(unit.size for unit in ends)
    if ratio.denominator != 1 or _is_rounded(left, right):
        return None
    alone = [side.units[0] for side in (left, right) if len(side.units) == 1]
    given = "." in left.numbers[-1] and ends[0].size > ends[1].size
    if given and 0 < abs(left.value - right.value) * 2 <= ends[0].size * last_place(left.numbers[-1]):
        return None  # "4.6 kg = 4590 g"
    larger = bool(alone) and not given  # 3.5 of it are not cut off
    wanted = max(alone or ends, key=lambda unit: unit.size if larger else -unit.size)
    return f"{_in(left, wanted)} = {_in(right, wanted)}"


def _in(quantity: _Quantity, wanted: Unit) -> str:
    """``3 hours 20 minutes`` in minutes: ``3*60+20``; in hours: ``(3*60+20)/60``."""
    smallest = min(*quantity.units, wanted, key=lambda unit: unit.size)
    terms = [
        number if unit.size == smallest.size else f"{number} * {unit.size / smallest.size}"
        for number, unit in zip(quantity.numbers, quantity.units, strict=True)
    ]
    if quantity.units[0].size == wanted.size and len(terms) == 1:
        return quantity.numbers[0]
    if smallest.size == wanted.size:
        return " + ".join(terms)
    total = f"({' + '.join(terms)})" if len(terms) > 1 else terms[0]
    return f"{total} / {wanted.size / smallest.size}"


def _is_rounded(left: _Quantity, right: _Quantity) -> bool:
    """Whether one side is the other to the last place of its smallest unit: ``3.456 hours = 3 hours 27 minutes``."""
    gap = abs(left.value - right.value)
    return gap != 0 and any(
        gap < side.units[-1].size * last_place(side.numbers[-1])
        for side, other in ((left, right), (right, left))
        if side.units[-1].size < other.units[-1].size or len(other.units) == 1 < len(side.units)
    )


def last_place(number: str) -> Fraction:
    """A unit of the last digit of a written number."""
    return Fraction(1, 10 ** len(number.partition(".")[2]))


def _quantity(text: str) -> _Quantity | None:
    """The parts of a quantity; None where a word is no unit, or the units do not fit together."""
    numbers: list[str] = []
    units: list[Unit] = []
    names: list[str] = []
    for part in PART.finditer(text):
        if part["dollars"]:
            return None
        power = int(part["power"] or 1)
        if part["word"]:
            power = 2 if part["word"][0] in "sS" else 3
        found = measure("inch" if part["unit"] == "in" else part["unit"], power)
        if found is None:
            return None
        numbers.append(in_digits(part["number"]))
        names.append(found[0])
        units.append(found[1])
    if not units or (len(units) == 1 and len(text) < 20 and _is_letter(names[0], text)):
        return None
    for larger, smaller in pairwise(units):
        ratio = larger.size / smaller.size
        if larger.dimension != smaller.dimension or ratio <= 1 or ratio.denominator != 1:
            return None
    if "," in text and any(
        Fraction(number) * smaller.size >= larger.size
        for number, (larger, smaller) in zip(numbers[1:], pairwise(units), strict=True)
    ):
        return None  # "2.5 km = 2500 m, 1200 cm = 12 m"
    if any("." in number for number in numbers[:-1]):
        return None  # "2.5 hours 30 minutes"
    return _Quantity(numbers, units, names)


def _is_letter(name: str, text: str) -> bool:
    """Whether the only unit is a letter written to its number, which may be an unknown (``3h``)."""
    return len(name) == 1 and text[-2:-1].isdigit()
