"""Why two neighbours of a chain must not fail a row: names, shares, worths, and units that do not fit."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from grader.characters import FIRST_SIGN
from grader.checking.arithmetic import evaluate
from grader.checking.grammar import parse
from grader.checking.units import (
    OTHER_MONEY,
    clashing_rates,
    leaves_units_out,
    mixes_units,
    refutable,
    same_digits,
    same_dimension,
    same_units,
    unit_named,
)
from grader.limits import LimitError
from grader.numbers import CURRENCY_CODES
from grader.reading.numerals import has_numeral
from grader.types import SCALED

if TYPE_CHECKING:
    from grader.reading.sides import Chain, Side

_SCALES = re.compile(r"[万萬亿億兆百十折成割할만억조백십]|[千천](?![克米瓦卡])")
"""Words of Chinese, Japanese and Korean that scale the number before them."""
_COUNTS_PRIMES = re.compile(r"pi\(\d+\)")
_DIVIDES = re.compile(r"[^\d*^()+]")  # more than factors and a remainder
AMOUNTS = frozenset(("$", OTHER_MONEY))
MONEY = AMOUNTS | {"dollar", "cent"}
_DETERMINERS = frozenset("the this that these those its our their his her my your each every a an".split())  # noqa: SIM905
_BEHIND = ("of", "by", "to", "from", "into")
"""Words behind which a calculation is one of two operands: "Adding 5 to 2 * 3 gives 11"."""
AMBIGUOUS = "the line can be read in more than one way"
NAME = "the left side may be a name, not a quantity"
QUANTITIES = "two quantities are set equal without a calculation"
UNITS = "different units stand in one calculation"
_FRACTION = re.compile(r"\d+/\d+")
_STEPS = frozenset({"1", "5", "10"})
"""Percentages by which people go to the one that is asked."""
WORTH = "things are set equal to what they come to"


def doubt_of_comparison(left: Side, right: Side) -> str | None:
    """Why ``7 < 5`` must not fail a row: its sides may be counted in different things."""
    for side in (left, right):
        if side.ambiguous or side.ordered or side.scaled or side.mixes_words_and_ranks():
            return AMBIGUOUS
        if side.rates or side.all_letters():
            return AMBIGUOUS
    return UNITS if set(left.units) != set(right.units) else None


def doubt_of(left: Side, right: Side, *, first: bool, worded: bool, algebra: bool) -> str | None:
    """Why this pair must not fail a row, or None. ``first``: the left side is the first of its chain."""
    for side in (left, right):
        if side.ambiguous or (side.ordered and side.calculates) or side.mixes_words_and_ranks() or side.adds_to_share():
            return AMBIGUOUS
    if left.grouped or (right.grouped and _may_come_to(left, right)):
        return AMBIGUOUS
    if algebra:
        # "n = 110_2" may be followed by "n = 110"
        return AMBIGUOUS if has_numeral(left) or has_numeral(right) else None
    if any(side.scaled and side.operators for side in (left, right)):
        return AMBIGUOUS
    if worded and left.named is not None and left.named.lower() in (_BEHIND if first else ("of",)):
        return AMBIGUOUS
    if worded and left.labels and left.things and left.things[-1].partition(" ")[0] in _DETERMINERS:
        return AMBIGUOUS  # "At 3 * 4 the total is 15"
    if worded and "/" in right.text() and _FRACTION.fullmatch(left.text()):
        return AMBIGUOUS  # "7/5 gives 49/25"
    rates = sorted({*left.rates} ^ {*right.rates})
    if rates and clashing_rates(left.units, rates, right.units):
        return UNITS
    if any(mixes_units(side.units) and side.sums() for side in (left, right)):
        return UNITS  # "4 pounds - 6 ounces"
    for one, other in ((left, right), (right, left)):
        if leaves_units_out(one.pieces, one.units, other.units):
            return UNITS  # "75 + 2 dimes = 95 cents"
    foreign = {thing for thing in (*left.things, *right.things) if thing >= FIRST_SIGN}
    if len(foreign) > 1 or any(_SCALES.match(thing) for thing in foreign):
        return UNITS  # "6分 × 60 = 360秒", "2万 × 3 = 60000": there is no table of their units
    if left.currency and right.currency and left.currency != right.currency:
        return UNITS  # "EUR 45 x 8 = USD 390"
    if left.is_share() and _is_amount(right, left):
        return QUANTITIES  # "40% = 80, so 100% = 200", "1/3 = 18 / 2"
    if left.sums_things() and _is_worth(right, left):
        return WORTH  # "2 adults + 3 children = 2(12) + 3(6) = $42"
    if right.is_percentage() and left.text().isdecimal():
        return QUANTITIES  # "250 - 125 = 125 = 50%"
    if _COUNTS_PRIMES.fullmatch(left.text()) and right.text().isdecimal():
        return NAME  # "pi(20) = 8"
    applied = left.applied and not (worded or left.labels)
    if left.unknown or left.calculates or applied or (left.operators and not left.labels and not worded):
        money = not AMOUNTS.isdisjoint((*left.units, *right.units))
        return SCALED if left.is_shortened(money=money) or right.is_shortened(money=money) else None
    if not worded and _states_conversion(left, right):
        return None
    if left.labels or (first and (left.led or left.units or worded)):
        return NAME
    if first and left.is_number() and right.is_number():
        return QUANTITIES  # "0 = 5, so there is no solution"; "-30 = 90" below "120"
    if first and left.is_year() and (right.sums() or "." in right.text()):
        return NAME  # "2021 = 500 + 50", but not "2016 = 32 * 63"
    if not right.operators and (left.labels or right.labels or left.units or right.units):
        return QUANTITIES
    return None


def _may_come_to(left: Side, right: Side) -> bool:
    """Whether a grouped result is right without its last groups or its decimals: ``2 * 5 = 10 300 ml bottles``.

    Who sets thousands apart by spaces writes physics, and rounds there.
    """
    try:
        value = evaluate(parse(left.text()))
        return value == Fraction(right.grouped or 0) or abs(value - Fraction(right.text())) < 1
    except (ArithmeticError, ValueError, LimitError):
        return False


def states_product(chain: Chain) -> bool:
    """Whether a chain is one number that is taken apart, and nothing more; into powers it may be done step by step."""
    left, right, *others = chain.sides
    if chain.worded or not right.readable or not _is_taken_apart(left, right):
        return False
    return all("^" in right.text() and "^" in other.text() and not other.words_used for other in others)


def _is_taken_apart(left: Side, right: Side) -> bool:
    """Whether a number is said to be a product or a power: ``since 2022 = 4 * 505 + 3``, ``90 = 2 * 3 * 5^2``.

    What 12 of something come to (``so 12 = 12 * 5``) has the number in it, goes on or is much more, and is no power;
    a year brings anything, and so may what stands before a colon or a comma.
    """
    if not left.may_be_taken_apart() or right.unknown or right.branches:
        return False
    if right.things or right.units or right.all_letters():
        return False
    number, text = left.text(), right.text()
    if not ("*" in text or "^" in text) or number in right.pieces:
        return False
    try:
        values = sorted((Fraction(number), evaluate(parse(text))))
    except (ArithmeticError, ValueError, LimitError):
        return False
    if left.led and not left.reasoned and _DIVIDES.search(text):
        return False
    near = left.is_year() or (left.led and not left.reasoned and right.operators == 1 and "^" not in text)
    return values[1] <= values[0] * (Fraction(11, 10) if near else 10 if "^" in text else 2)


def _is_amount(right: Side, share: Side) -> bool:
    """Whether a percentage or a fraction may be named here and not meant: it is set equal to more than a whole."""
    text = right.text()
    if right.calculates:
        return _is_whole_or_more(text)
    if text.isdecimal() and not right.operators:
        return not (text == "1" and share.is_whole())
    if not share.is_percentage() or not right.is_literal():
        return False
    percent = share.pieces[0]
    if text[0] in "0.":
        # "1% = 0.80" and "10% = 0.45" may be amounts; with the digits of the share it is a slip ("5% = 0.5").
        return percent in _STEPS and percent.strip("0") != text.strip("0.")
    return len(percent) < 3


def _is_whole_or_more(text: str) -> bool:
    """Whether a calculation comes to one or more, or cannot be told."""
    try:
        return evaluate(parse(text)) >= 1
    except (ArithmeticError, ValueError, LimitError):
        return True


def _is_worth(right: Side, things: Side) -> bool:
    """Whether a sum of things is set equal to money, to a calculation or to a measure in place of their number."""
    units = {unit_named(word) for thing in things.things for word in thing.split()} | {*things.units}
    if not AMOUNTS.isdisjoint(right.units):
        return MONEY.isdisjoint(units) and not all(thing.upper() in CURRENCY_CODES for thing in things.things)
    if len(set(things.things)) == 1:
        return False
    return right.calculates or (bool(right.units) and units.isdisjoint(right.units))


def _states_conversion(left: Side, right: Side) -> bool:
    """``3 hours = 160 minutes``: two bare numbers, each with its unit and no word more."""
    for side in (left, right):
        if side.words_used or len(side.pieces) != 1 or side.labels != sum(unit not in AMOUNTS for unit in side.units):
            return False
    if refutable(left.units, right.units):
        return True
    return len(left.units) == len(right.units) == 1 and same_digits(
        left.text(), right.text(), left.units[0], right.units[0]
    )


def letters_are_unknowns(left: Side, right: Side) -> bool:
    """Whether letters behind the numbers may be unknowns: units stand behind all terms, or behind the result too."""
    if left.unknown or right.unknown:
        return True
    if left.counts_some() or right.counts_some():
        return True
    if (left.lettered or right.lettered) and any(len(unit) > 1 for unit in (*left.units, *right.units)):
        return False  # "90 * (1000 m / 1 km) * (1 h / 3600 s)"
    ours, theirs = set(left.all_letters()), set(right.all_letters())
    if not ours and (not theirs or not (right.operators or (right.glued and left.is_literal() and not left.things))):
        return False  # "60 = 2 h", but not "26 = 2s"
    if ours and (ours == theirs or same_units(ours, [*right.units, *right.rates])):
        return False
    return not (_are_units(left, right) and _are_units(right, left))


def _are_units(side: Side, other: Side) -> bool:
    """Whether the letters of a side are units by what is named beside them, and written apart as units are.

    Each cancels a rate (``2 h * 60 km/h``), is named on the other side too, or has its dimension in a unit there:
    ``24 m * 15 m = 360 square meters``, ``2220 g / 1000 = 2.22 kg``.
    """
    letters = side.all_letters()
    if not letters:
        return True
    if side.glued or not (side.operators or other.operators):
        return False
    spans = any(map(_SPANS.fullmatch, other.things))
    words = [unit for unit in other.units if len(unit) > 1] if len(letters) == 1 else []  # "2 m * 3 m = 60000 cm^2"
    return all(
        same_units([letter], [*side.rates, *other.units, *other.rates])
        or same_dimension(letter, words)
        or (spans and letter == "m")
        for letter in letters
    )


_SPANS = re.compile(r"(?:square|sq|cubic|cu) (?:m|met(?:er|re))")
