"""Units that convert by a fixed factor, so that ``900 minutes = 15 hours`` is not called false.

A word that is not in this table is a label (``12 apples``): it never changes a value.
"""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from grader.checking.unit_table import SIZES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Unit(NamedTuple):
    """A dimension and the size of the unit in that dimension's base (unit_table; cents, months, single things)."""

    dimension: str
    size: Fraction


_VOCABULARY = {
    "millisecond": "ms", "second": "sec secs s", "minute": "min mins", "hour": "hr hrs h", "week": "wk wks",
    "millimeter": "millimetre mm", "centimeter": "centimetre cm", "decimeter": "decimetre dm", "meter": "metre m",
    "kilometer": "kilometre km", "foot": "feet ft", "yard": "yd yds", "mile": "mi",
    "milligram": "mg", "gram": "g gm", "kilogram": "kg kgs kilo", "metric_ton": "tonne", "ounce": "oz",
    "pound": "lb lbs", "milliliter": "millilitre ml", "centiliter": "centilitre cl", "deciliter": "decilitre dl",
    "liter": "litre l", "teaspoon": "tsp", "tablespoon": "tbsp", "pint": "pt", "quart": "qt", "gallon": "gal",
    "hectare": "ha", "kilobyte": "kb", "megabyte": "mb", "gigabyte": "gb", "terabyte": "tb",
}  # fmt: skip
"""What else people call the units of the table."""

# What pint has no word for, or what a month is by convention: days and months do not convert.
_OURS = """
    months 1 month mo; months 12 year yr yrs; months 120 decade; months 1200 century
    money 1 paise paisa sen rappen centavo centime kobo
    money 1 cent ¢ penny pennies c; money 5 nickel; money 10 dime; money 25 quarter; money 100 dollar $ buck ¤
    count 1 piece egg item unit; count 2 pair; count 12 dozen; count 144 gross
"""
RATE = "/"
"""Marks a unit behind a slash or "per" among the units of a side."""
OTHER_MONEY = "¤"
"""What a currency counts that is not the dollar."""
BARE = ("piece",)
"""What a number without a unit counts, where a unit that counts things is asked for."""
STATED = frozenset({"time", "mass", "volume", "money", "count"})
"""Dimensions in which a conversion that is stated can be refuted: lengths also stand for each other on maps, and a
kilobyte has 1000 bytes or 1024."""
LOOSE = frozenset({"day", "week", "fortnight"})
"""Units that a working day or week makes something else of (``5 days = 40 hours``)."""


def _table() -> dict[str, Unit]:
    table: dict[str, Unit] = {}
    for name, (dimension, size) in SIZES.items():
        unit = Unit(dimension, Fraction(size))
        table |= dict.fromkeys((name, *_VOCABULARY.get(name, "").split()), unit)
    for row in re.split("[;\n]", _OURS):
        if row.strip():
            dimension, size, *words = row.split()
            table |= dict.fromkeys(words, Unit(dimension, Fraction(size)))
    return table


_UNITS = _table()
LENGTHS = {name: unit.size for name, unit in _UNITS.items() if unit.dimension == "length"}
"""The units of length, in metres."""
_ALSO = dict.fromkeys(("ounce", "oz"), _UNITS["fluid_ounce"])
"""Second meanings."""


def unit_named(word: str) -> str | None:
    """Give the singular of a unit's name as it stands in the table, or None for a label. ``Feet`` gives ``feet``."""
    # Remembered words must be short ones: a text may hold one of 50,000 letters.
    return _unit_named(word) if len(word) <= MAX_UNIT_LETTERS else None


MAX_UNIT_LETTERS = 20


@lru_cache(maxsize=4096)
def _unit_named(word: str) -> str | None:
    word = word.lower()
    if word in _UNITS:
        return word
    for plural, singular in (("s", ""), ("es", ""), ("ies", "y")):
        if word.endswith(plural) and (stem := word.removesuffix(plural) + singular) in _UNITS:
            return stem
    return None


def plural(name: str) -> str:
    """The plural of a unit's name in the table; abbreviations have none, nor has a dozen."""
    if name not in SIZES and name not in _COUNTED:
        return name
    if name == "foot":
        return "feet"
    return f"{name}es" if name.endswith("inch") else f"{name}s"


_COUNTED = frozenset(
    {"month", "year", "decade", "cent", "nickel", "dime", "quarter", "dollar", "buck", "piece", "egg", "item", "unit"}
)


def conversion_factors(left: tuple[str, ...], right: tuple[str, ...]) -> list[tuple[Fraction, str]]:
    """Factors by which a value in one of the left units becomes one in the right units, with a sentence for each.

    Units of different dimensions do not convert. The factor one is left out: it changes nothing.
    """
    found = []
    for have in left:
        for want in right:
            for from_ in _meanings(have):
                found += [
                    (from_.size / to.size, f"{have} to {want}")
                    for to in _meanings(want)
                    if from_.dimension == to.dimension and from_.size != to.size
                ]
    return found


def _meanings(name: str) -> list[Unit]:
    return [table[name] for table in (_UNITS, _ALSO) if name in table]


def refutable(left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether ``3 hours = 160 minutes`` states a conversion between these units, and nothing else it could mean.

    One unit must hold the other a whole number of times: who writes ``1 cup = 250 ml`` or ``1 pound = 454 g`` rounds.
    """
    if len(left) != 1 or len(right) != 1 or left == right or not LOOSE.isdisjoint((*left, *right)):
        return False
    one, other = _UNITS.get(left[0]), _UNITS.get(right[0])
    if one is None or other is None or one.dimension != other.dimension or one.dimension not in STATED:
        return False
    ratio = one.size / other.size
    return ratio != 1 and 1 in ratio.as_integer_ratio()


def same_digits(number: str, converted: str, have: str, want: str) -> bool:
    """Whether two metric lengths show the same digits: ``640 mm = 6.4 cm`` moves a point, and is no scale of a map.

    One digit alone says too little (``1 cm = 10 km``).
    """
    if have not in LENGTHS or want not in LENGTHS:
        return False
    ratio = LENGTHS[have] / LENGTHS[want]
    digits = [text.replace(".", "").strip("0") for text in (number, converted)]
    return digits[0] == digits[1] and len(digits[0]) > 1 and ratio != 1 and _is_power_of_ten(ratio)


def _is_power_of_ten(ratio: Fraction) -> bool:
    above, below = ratio.as_integer_ratio()
    return {above, below} >= {1} and str(above * below).strip("0") == "1"


def measure(word: str, power: int) -> tuple[str, Unit] | None:
    """A unit with its name, or the square or the cube of a length (``cm^3``), in the base of areas or volumes."""
    name = unit_named(word)
    if name is None:
        return None
    if power == 1:
        return name, _UNITS[name]
    if name not in LENGTHS:
        return None
    size = LENGTHS[name] ** power
    return f"{name}^{power}", Unit("area", size / 100) if power == 2 else Unit("volume", size * 1000)


def mismatched(text: str, left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether a sum, or a bare quantity, is set equal to a quantity of another kind (``10 miles = 16 hours``).

    Products are left alone: they make one kind out of others.
    """
    if not left or not right or "*" in text or "/" in text:
        return False
    ours = {unit.dimension for name in left for unit in _meanings(name)}
    theirs = {unit.dimension for name in right for unit in _meanings(name)}
    return ours.isdisjoint(theirs)


def mixes_units(names: list[str]) -> bool:
    """Whether two of the units measure the same thing on different scales (``4 pounds - 6 ounces``)."""
    if len(names) < 2:
        return False
    units = {_UNITS[name] for name in names if name in _UNITS}
    return len(units) > len({unit.dimension for unit in units})


def leaves_units_out(pieces: Sequence[str], units: Sequence[str], result: Sequence[str]) -> bool:
    """Whether some terms of a sum have a unit that is not the result's, and others none: ``75 + 2 dimes = 95 cents``.

    What is counted by the pair or the dozen may come to single things: ``2 pairs + 3 = 7 socks``.
    """
    if not units or not {"*", "/"}.isdisjoint(pieces):
        return False
    terms = 1 + sum(piece in ("+", "-") for piece in pieces[1:])
    single = result[-1] if result else BARE[0]
    return len(units) < terms and mixes_units([units[-1], single])


def same_units(letters: Iterable[str], names: Iterable[str]) -> bool:
    """Whether each letter abbreviates a unit that is named too (``2000 L - 1600 L = 400 liters``)."""
    named = {_UNITS[name] for name in names if name in _UNITS}
    return all(_UNITS.get(letter.lower()) in named for letter in letters)


def same_dimension(name: str, others: Iterable[str]) -> bool:
    """Whether a unit measures what one of the others does."""
    unit = _UNITS.get(name.lower())
    return unit is not None and any(unit.dimension == _UNITS[other].dimension for other in others if other in _UNITS)


def clashing_rates(names: Sequence[str], rates: Sequence[str], results: Sequence[str]) -> bool:
    """Whether a unit behind a slash meets one of another scale that nothing cancels (``3 km / 20 min = 9 km/h``).

    ``1.2 m/second * 60 seconds/minute`` is in order, since the seconds cancel, and so is
    ``180 minutes / 60 minutes/hour = 3 hours``, since the result is in hours; ``30 miles / 60 mph = 30 min`` is not.
    """
    units = Counter(_UNITS[name] for name in names if name in _UNITS)
    rates = [name for name in rates if name not in results]
    per = Counter(_UNITS[name] for name in rates if name in _UNITS)
    cancelled = units & per
    units, per = units - cancelled, per - cancelled
    met = {unit.dimension for unit in units} | {_UNITS[name].dimension for name in results if name in _UNITS}
    return not met.isdisjoint(unit.dimension for unit in per)
