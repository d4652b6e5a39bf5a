"""The conventional readings of an equation: what people write in more than one way, each way with its name."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from grader.checking.grammar import Convention, GrammarError, parse
from grader.checking.tree import Node, has_percent, strip_percent, takes_percent_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TWO_DIVISIONS = re.compile(r"/[^-+=]*/|/[\d.]+[a-zA-Z(]")
_OVER_BRACKET = re.compile(r"\d/\d+/\(")  # "2/3/(2/3)": the fraction is divided, not its number below
_ADDED_PERCENT = re.compile(r"[-+][\d.]+%")
_MODULO = re.compile(r"\d%\d")
_MIXED = re.compile(r"\d \d+/")
_BEFORE_FRACTION = re.compile(r"\d (?=(\d{1,3})/(\d{1,3})(?!\d))")
_HYPHENED = re.compile(r"(?<![\d./)])(\d+)-(\d+)/(\d+)(?![\d./(])")

_FLOOR = re.compile(r"floor\(|ceil\(")
_SPACED = re.compile(r"(?<![\d.])(\d{1,3}) (\d{3})(?=/)")
_BINARY = re.compile(r"[01]{3,64}")
_PLACES = re.compile(
    r"(?:[01]\*(?:\d{1,19}|2\^\(?\d{1,2}\)?)(?:\+|$)){2,}"
)  # "1*32+0*16+…", the places of binary digits
_NUMBER = re.compile(r"[\d.]+")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+|\d{1,3}")

LABEL = "% read as a label"
OF_THE_REST = "% taken of what stands before it"
REMAINDER = "% read as remainder"
CRY = "! read as an exclamation mark"
LOOSE_FLOORS = "floor and ceiling may be written for each other"
TIGHT = "division read as a fraction"
PRODUCT = "mixed number read as a product"
HYPHENED = "hyphens read as those of mixed numbers"
SPACED = "a space read as grouping thousands"
BINARY = "digits read as binary"
TORN = "a number and a fraction read as two calculations"
PI_READ = "pi read as"
FUNCTIONS_READ = "functions read with"
GROUPS = "points read as grouping"


def _root(decimals: int) -> Callable[[re.Match[str]], str]:
    """Write a root as the decimals that people go on with (``10*sqrt(3)=10*1.73``)."""

    def spell(match: re.Match[str]) -> str:
        root = math.isqrt(int(Fraction(match[1]) * 100 ** (decimals + 1)))
        return f"({Decimal((root + 5) // 10).scaleb(-decimals)})"

    return spell


def _broken_power(decimals: int) -> Callable[[re.Match[str]], str]:
    """Write a broken power as the decimals that people go on with (``1.5^0.2-1=1.0845-1``)."""

    def spell(match: re.Match[str]) -> str:
        power = Decimal(match[2]) if match[2] else Decimal(match[3]) / Decimal(match[4])
        if power >= 1:
            return match[0]
        return f"({(Decimal(match[1]) ** power).quantize(Decimal(1).scaleb(-decimals))})"

    return spell


def _function(decimals: int) -> Callable[[re.Match[str]], str]:
    """Write a function of an angle or a logarithm as the decimals that people go on with (``50*tan(35°)=50*0.7``)."""

    def spell(match: re.Match[str]) -> str:
        name, base, text, degrees = match.groups()
        number = float(text)
        if degrees:
            value = _ANGLE_VALUES[name](math.radians(number))
        elif number > 0 and base != "1":
            value = math.log(number) / (math.log(int(base)) if base else 1)
        else:
            return match[0]
        return f"({value:.{decimals}f})" if abs(value) < MAX_TABLE_VALUE else match[0]

    return spell


_ANGLE_VALUES = {"sin": math.sin, "cos": math.cos, "tan": math.tan}
MAX_TABLE_VALUE = 10**6
"""Values of functions that people write as decimals are smaller: ``tan(90°)`` has none."""


def _recur(match: re.Match[str]) -> str:
    """``0.1(6)`` with its digits in brackets going on: ``0.166...``."""
    return f"{match[1]}{match[2] * 2}..."


def _hundredths(match: re.Match[str]) -> str:
    """``66.7%`` as the decimals that it is, which may stand for an endless fraction."""
    return f"({Decimal(match[1]).scaleb(-2)})"


def _other_floor(match: re.Match[str]) -> str:
    """Who rounds writes the brackets loosely: ``⌊8/10⌋ = 1``."""
    return "ceil(" if match[0] == "floor(" else "floor("


def _remainder(match: re.Match[str]) -> str:
    """``-17 % 5`` as programs have it that round quotients down: 3."""
    divisor = int(match[2])
    return f"({-int(match[1]) % divisor})" if divisor else match[0]


_PI = re.compile(r"(?<![a-z])pi(?![a-z])")
_ROOT = re.compile(r"sqrt\((\d{1,9}(?:\.\d{1,6})?)\)")
_TABLED = re.compile(r"(?<![a-z])(?:(sin|cos|tan)|ln|log_(?!0)(\d{1,3}))\((\d{1,6}(?:\.\d{1,6})?)((?(1)°))\)")
_POWER = re.compile(
    r"(?<![\d.)^])\(?([1-9]\d{0,5}(?:\.\d{1,6})?)\)?\^\(?(?:(0\.\d{1,6})\)?|([1-9])/([1-9]\d?)\))(?![\d.])"
)
_REWRITTEN: tuple[tuple[str, re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (TIGHT, re.compile(r"/(\d[\d.]{0,9}\*pi)(?![\w^(])"), r"/(\1)"),
    *((f"{PI_READ} {value}", _PI, f"({value})") for value in ("22/7", "3.14", "3.1416", "3", "180")),
    *((f"roots read with {decimals} decimals", _ROOT, _root(decimals)) for decimals in (2, 3, 1, 4)),
    *((f"powers read with {decimals} decimals", _POWER, _broken_power(decimals)) for decimals in (4, 3, 2, 5)),
    *((f"{FUNCTIONS_READ} {decimals} decimals", _TABLED, _function(decimals)) for decimals in (4, 3, 2, 1)),
    (REMAINDER, re.compile(r"(?:^|(?<=[=(]))-(\d{1,15})%(\d{1,15})(?![\d.])"), _remainder),
    ("digits in brackets read as recurring", re.compile(r"(\d\.\d+)\((\d{1,6})\)"), _recur),
    ("% written as decimals", re.compile(r"(?<![\d.])(\d{1,4}\.\d{1,9}|33|66|67)%(?![\d(])"), _hundredths),
    (
        "% taken of the first number",
        re.compile(r"(?:^|(?<==))([\d.]+)((?:[-+][\d.]+%){2,})(?=$|=)"),
        r"\1*(1\2)",
    ),
    ("a power of ten belongs to the number before it", re.compile(r"/(\d[\d.]*\*10\^(?:\(-?\d+\)|-?\d+))"), r"/(\1)"),
)


class Reading(NamedTuple):
    """One way to read both sides; ``name`` is None for the textbook's."""

    name: str | None
    left: Node
    right: Node


def readings(left: str, right: str) -> Iterator[Reading]:
    """Give the conventional readings of two sides, the textbook's first.

    Raises ``GrammarError`` and ``LimitError`` as ``parse`` does.
    """
    one, other = parse(left), parse(right)
    yield Reading(None, one, other)
    both = f"{left}={right}"
    percent = "%" in both
    if percent:
        yield from _labels(LABEL, one, other)
        if _ADDED_PERCENT.search(both):
            rest = Convention(percent="of the rest")
            yield Reading(OF_THE_REST, parse(left, rest), parse(right, rest))
        if _MODULO.search(both):
            modulo = Convention(percent="modulo")
            yield Reading(REMAINDER, parse(left, modulo), parse(right, modulo))
    if right[-1:] == "!" and right[-2:-1].isdecimal():
        yield Reading(CRY, one, parse(right[:-1]))
    if "floor(" in both or "ceil(" in both:
        yield Reading(LOOSE_FLOORS, *(parse(_FLOOR.sub(_other_floor, side)) for side in (left, right)))
    if _TWO_DIVISIONS.search(both):
        one, other = (parse(side, Convention(tight=not _OVER_BRACKET.search(side))) for side in (left, right))
        yield Reading(TIGHT, one, other)
        if percent:
            yield from _labels(f"{TIGHT}; {LABEL}", one, other)
    if _MIXED.search(both):
        product = Convention(product=True)
        yield Reading(PRODUCT, parse(left, product), parse(right, product))
        yield from _torn(left, right)
        if _SPACED.search(both):
            yield Reading(SPACED, *(parse(_SPACED.sub(r"\1\2", side)) for side in (left, right)))
    for literal, places in ((left, right), (right, left)):
        if _BINARY.fullmatch(literal) and _PLACES.fullmatch(places):
            number = str(int(literal, 2))
            yield Reading(BINARY, *(parse(number if side is literal else side) for side in (left, right)))
    if len(_HYPHENED.findall(both)) > 1:  # one alone is a difference
        sides = [_HYPHENED.sub(r"(\1+\2/\3)", side) for side in (left, right)]
        yield Reading(HYPHENED, *map(parse, sides))
    for name, pattern, spell in _REWRITTEN:
        if pattern.search(both):
            try:
                one, other = (parse(pattern.sub(spell, side)) for side in (left, right))
            except GrammarError:
                continue  # "sin(3.14/6)" is no angle
            yield Reading(name, one, other)
    if "." in both and all(_GROUPED.fullmatch(number) for number in _NUMBER.findall(both)):
        yield Reading(GROUPS, parse(left.replace(".", "")), parse(right.replace(".", "")))


def _torn(left: str, right: str) -> Iterator[Reading]:
    """Read ``12*5=60 60/3`` and ``60 60/3=20`` as parts of two calculations with nothing between them.

    Only where the fraction is one whole or more: ``2 1/3`` is one number.
    """
    for first, side in ((False, right), (True, left)):
        for match in _BEFORE_FRACTION.finditer(side):
            part = side[match.end() :] if first else side[: match.end() - 1]
            if int(match[1]) >= int(match[2]) and part.count("(") == part.count(")"):
                yield Reading(TORN, parse(part), parse(right)) if first else Reading(TORN, parse(left), parse(part))
                break


def _labels(name: str, left: Node, right: Node) -> Iterator[Reading]:
    """Drop the percent sign on both sides, or on one: but never of ``20%*50``, which is a part of 50."""
    bare_left, bare_right = (
        strip_percent(side) if has_percent(side) and not takes_percent_of(side) else None for side in (left, right)
    )
    if bare_left is not None and bare_right is not None:
        yield Reading(name, bare_left, bare_right)
    if bare_right is not None:
        yield Reading(name, left, bare_right)
    if bare_left is not None:
        yield Reading(name, bare_left, right)
