"""Sums of quantities in several units: ``2 m 40 cm + 1 m 75 cm = 4 m 15 cm``, ``6 kg - 500 g = 5 kg 500 g``.

They are read in the smallest unit that is named: ``(2*100+40) + (1*100+75) = 4*100+15``. So are their multiples and
parts by a number. Only of units of which one holds the other a whole number of times; hours with minutes are
``clock_times``'.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from grader.characters import STATES
from grader.checking.units import LOOSE, Unit, measure
from grader.reading.conversions import PART, QUANTITY, last_place, sets_units_equal
from grader.reading.written_numbers import GAP, MARKS, NUMBER, in_digits, marks_of

_SIGN = rf"{GAP}[-+]{GAP}"
_TERM = rf"(?:{NUMBER}{GAP}(?:\*|x(?= )){GAP})?{QUANTITY}(?:{GAP}[*/]{GAP}{NUMBER})?"
_TERMS = rf"{_TERM}(?:{_SIGN}{_TERM}){{0,4}}"
_STATEMENT = re.compile(
    rf"(?<![-+*/=.,(\d^] )(?<![-+*/=.,(\d^\w])(?P<left>{_TERMS}){GAP}={GAP}"
    rf"(?P<rest>{_TERMS}(?:{GAP}={GAP}{_TERMS}){{0,3}})"
    rf"(?={GAP}[*]*(?:$|[.;!:)](?!\d)|, (?!\d)| (?:so|which|since|because|in total|in all|altogether|left|long)\b))"
)
_SPLIT = re.compile(rf"(?P<sign>{_SIGN})?(?P<term>{_TERM})")
_ONE_TERM = re.compile(
    rf"(?:(?P<times>{NUMBER}){GAP}(?:\*|x){GAP})?(?P<quantity>{QUANTITY})(?:{GAP}(?P<sign>[*/]){GAP}(?P<by>{NUMBER}))?"
)
_GOES_ON = re.compile(rf"(?:\d[ {MARKS}-]*[A-Za-z.]+|[=*/+-])(?: and|,)?[ {MARKS}]*$")
"""What stands before a quantity that is only the end of one, or of a calculation."""
_MAX_BEFORE = 40
_DIVIDED = re.compile(r"[A-Za-z] ?/ ?\d+ ?= ?\d+ ?[A-Za-z]")
"""A first glance at ``7 m 20 cm / 3 = 2 m 40 cm``, where no unit stands before the sign."""
_DIMENSIONS = frozenset({"length", "mass", "volume", "time", "money"})


class _Term(NamedTuple):
    """A signed quantity, multiplied or divided or not: numbers as they are written, and their units."""

    sign: str
    numbers: list[str]
    names: list[str]
    units: list[Unit]
    factor: str
    divisor: str

    @property
    def value(self) -> Fraction:
        whole = sum(
            (Fraction(number) * unit.size for number, unit in zip(self.numbers, self.units, strict=True)), Fraction(0)
        )
        return (-1 if self.sign == "-" else 1) * whole * Fraction(self.factor or 1) / (Fraction(self.divisor or 1) or 1)

    @property
    def last_place(self) -> Fraction:
        """What a number that was rounded may be off by; of a part the smallest unit may be."""
        places = [
            last_place(number) * unit.size
            for number, unit in zip(self.numbers, self.units, strict=True)
            if "." in number or self.divisor
        ]
        return max(places, default=Fraction(0)) * Fraction(self.factor or 1)

    def spell(self, smallest: Unit) -> str:
        """The term in the smallest unit."""
        parts = [
            number if unit.size == smallest.size else f"{number}*{unit.size / smallest.size}"
            for number, unit in zip(self.numbers, self.units, strict=True)
        ]
        whole = "+".join(parts) if len(parts) == 1 and not (self.factor or self.divisor) else f"({'+'.join(parts)})"
        times = f"{self.factor}*" if self.factor else ""
        return f"{self.sign}{times}{whole}" + (f"/{self.divisor}" if self.divisor else "")


def with_measured_sums(text: str) -> str:
    """The plain text of a line, with sums of quantities in several units written in one."""
    if "=" not in text or not (sets_units_equal(text) or ("/" in text and _DIVIDED.search(text))):
        return text
    return _STATEMENT.sub(_equation, text)


def _equation(match: re.Match[str]) -> str:
    """The statement as an equation; as it stands where it may mean something else."""
    before = match.string[max(0, match.start() - _MAX_BEFORE) : match.start()]
    if _GOES_ON.search(before):
        return match[0]
    sides = [_terms(side) for side in (match["left"], *match["rest"].split("="))]
    terms = [term for side in sides for term in side or ()]
    units = {unit for term in terms for unit in term.units}
    calculated = any(len(side) > 1 or side[0].factor or side[0].divisor for side in sides if side)
    if None in sides or len(units) < 2 or not calculated or len({unit.dimension for unit in units}) > 1:
        return match[0]
    if all(len(name) == 1 for term in terms for name in term.names):
        return match[0]  # they may be unknowns
    smallest = min(units, key=lambda unit: unit.size)
    if any((unit.size / smallest.size).denominator != 1 for unit in units) or _is_rounded(sides):
        return match[0]
    spelled = " = ".join(_spelled(side, smallest) for side in sides if side)
    marks = marks_of(match[0])
    return f"{STATES} {spelled}{marks}"


def _spelled(side: list[_Term], smallest: Unit) -> str:
    """A side in the smallest unit; a sum that is all of it needs no brackets."""
    spelled = "".join(term.spell(smallest) for term in side)
    return spelled[1:-1] if len(side) == 1 and spelled[0] == "(" and spelled[-1] == ")" else spelled


def _terms(text: str) -> list[_Term] | None:
    """The terms of a side; None where a word is no unit, or units do not fit together."""
    terms: list[_Term] = []
    for signed in _SPLIT.finditer(text):
        term = _ONE_TERM.fullmatch(signed["term"])
        if term is None:
            return None
        numbers, names, units = list[str](), list[str](), list[Unit]()
        for part in PART.finditer(term["quantity"]):
            found = measure("inch" if part["unit"] == "in" else part["unit"], 1)
            if part["dollars"] or part["word"] or part["power"] or found is None or found[0] in LOOSE:
                return None
            names.append(found[0])
            numbers.append(in_digits(part["number"]))
            units.append(found[1])
        sizes = [unit.size for unit in units]
        if units[0].dimension not in _DIMENSIONS or any(one <= other for one, other in pairwise(sizes)):
            return None
        if any("." in number for number in numbers[:-1]):
            return None
        by = in_digits(term["by"]) if term["by"] else ""
        factor = in_digits(term["times"]) if term["times"] else by if term["sign"] == "*" else ""
        divisor = by if term["sign"] == "/" else ""
        if (divisor and not Fraction(divisor)) or ((factor or divisor) and len(units) == 1):
            return None  # "450 ft * 12 = 5400 in"
        terms.append(_Term((signed["sign"] or "").strip(f" {MARKS}"), numbers, names, units, factor, divisor))
    return terms


def _is_rounded(sides: list[list[_Term] | None]) -> bool:
    """Whether a side misses the one before it by no more than its numbers may be rounded."""
    known = [side for side in sides if side]
    values = [sum((term.value for term in side), Fraction(0)) for side in known]
    places = [sum((term.last_place for term in side), Fraction(0)) for side in known]
    divided = any(term.divisor for side in known for term in side)
    for at in range(1, len(known)):
        gap = abs(values[at] - values[at - 1])
        smallest = known[at][-1].units[-1].size if divided else Fraction(0)
        if gap and gap <= places[at] + places[at - 1] + smallest:
            return True
    return False
