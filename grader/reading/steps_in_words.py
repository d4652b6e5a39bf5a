"""Single steps in words: ``The difference between 28 and 9 is 17`` and ``9 fewer than 28 is 17`` say that 28 - 9 = 17.

So are ``60 take away 56 leaves 14``, ``twice 17 is 34``, ``63 divided by 9, which is 8`` and ``140 goes into 700
exactly 6 times``. Each fills its clause; where a result may be meant that is not the difference or the quotient, the
words stay as they are.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import chain

from grader.characters import STATES
from grader.reading.sums_in_words import END, START, WORD, as_equation, counts_one_thing, values
from grader.reading.written_numbers import NUMBER, in_digits

_ONE = rf"(?P<one>\$?{NUMBER})(?P<first>(?:{WORD}){{0,2}})"
_OTHER = rf"(?P<other>\$?{NUMBER})(?P<second>(?:{WORD}){{0,2}})"
_RESULT = rf"(?P<result>\$?{NUMBER})(?P<label>(?:{WORD}){{0,2}}){END}"
_IS = r"(?:is|equals|is equal to|comes to|gives|makes|leaves)"
_NAMED = re.compile(rf"{START}[Tt]he (?P<name>sum|difference) (?:of|between) {_ONE} and {_OTHER} {_IS} {_RESULT}")
_THAN = re.compile(rf"{START}{_ONE} (?P<word>more|less|fewer) than {_OTHER} {_IS} {_RESULT}")
_TAKE_AWAY = re.compile(rf"{START}{_ONE},? take away {_OTHER},? {_IS} {_RESULT}")

_TWICE = re.compile(
    rf"{START}(?P<word>[Tt]wice|[Dd]ouble|[Tt]hrice|[Tt]riple) (?P<one>\$?{NUMBER})(?P<thing>(?:{WORD})?) "
    rf"{_IS} {_RESULT}"
)
_TIMES = {"twice": 2, "double": 2, "thrice": 3, "triple": 3}
_SIGNS = {"plus": "+", "minus": "-", "times": "*", "multiplied by": "*", "divided by": "/"}
# "He needs twelve times eighteen, or 206": behind other words it may be part of a longer calculation.
_BEFORE = (
    r"(?:(?:(?:[Tt]hat|[Tt]his|[Ii]t|[Hh]e|[Ss]he|[Tt]hey|[Ww]e|[Tt]he [a-z]+) (?:is|was|needs?|has|have|ha[ds]) )?)"
)
_RESTATED = re.compile(
    rf"{START}(?P<before>{_BEFORE}){_ONE} (?P<sign>{'|'.join(_SIGNS)}) {_OTHER}, "
    rf"(?P<word>which is|which makes|which equals|that is|or|making|giving) {_RESULT}"
)
_CHOICE = re.compile(r"\?|\b(?:either|can|could|may|might|choose|option|try|guess|if|whether)\b", re.IGNORECASE)
_GOES_INTO = re.compile(
    rf"{START}(?P<one>\$?{NUMBER}) (?:goes|go|fits?) into (?P<other>\$?{NUMBER}),? (?P<exactly>exactly )?"
    rf"(?:(?P<result>{NUMBER}) times|(?P<few>once|twice)){END}"
)

# "2 dozen more than 10 is 34" and "20 percent more than 50 is 60"
_SCALES = re.compile(
    r"\b(?:dozens?|pairs?|scores?|tens|ones|hundreds?|thousands?|millions?|billions?|percent|points?|times|fold|hal(?:f|ves)"
    r"|thirds?|fourths?|quarters?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?|hundredths?|thousandths?|squared"
    r"|cubed|factorial|degrees?|mod)\b"
)
# Hours of a clock, which a difference passes round, and what else a difference may be taken of.
_CLOCK = re.compile(r"clock|\bnoon\b|\bmidnight\b|\b[apAP]\.?[mM]\b|\bmod|\bhours?\b|\binclusive|\bpercent|%|\bratio\b")
_CIRCLES = (12, 24, 60, 360)


def with_steps(text: str) -> str:
    """The plain text of a line, with single steps in words written as calculations."""
    for words, pattern, write in _FORMS:
        if any(map(text.__contains__, words)):
            text = pattern.sub(write, text)
    return text


def may_step(text: str) -> bool:
    """Whether a line without a sign may hold such a step: a cheap first glance."""
    return any(map(text.__contains__, _WORDS))


def _named(match: re.Match[str]) -> str:
    """``The difference between $456 and $420 is $46``."""
    one, other, result = values(match)
    if not counts_alike(match):
        return match[0]
    if match["name"] == "sum":
        return as_equation(match, "+")
    if _CLOCK.search(match.string) or any(result == circle - abs(one - other) for circle in _CIRCLES):
        return match[0]
    return as_equation(match, "-", turned=one < other)


def _than(match: re.Match[str]) -> str:
    """``9 fewer than 28 is 17``; not ``7 more than 3 is 4``, in which the result is what is more."""
    one, other, result = values(match)
    if not counts_alike(match) or result == abs(one - other) or _CLOCK.search(match.string):
        return match[0]
    return as_equation(match, "+") if match["word"] == "more" else as_equation(match, "-", turned=True)


def _take_away(match: re.Match[str]) -> str:
    return as_equation(match, "-") if counts_alike(match) else match[0]


def _twice(match: re.Match[str]) -> str:
    """``Twice 17 is 34``; not ``double 5 is a roll of 10``, nor of other things."""
    one, result = (in_digits(match[name].lstrip("$")) for name in ("one", "result"))
    things = {word for name in ("thing", "label") if (word := match[name].strip().removesuffix("s"))}
    money = {"$" in match[name] for name in ("one", "result")}
    if len(things) > 1 or len(money) > 1 or Fraction(result) == Fraction(one):
        return match[0]
    sign = "$" if True in money else ""
    return f"{STATES} {_TIMES[match['word'].lower()]} * {sign}{one} = {sign}{result}"


def _restated(match: re.Match[str]) -> str:
    """``63 divided by 9, which is 8``; not ``20 minus 6, which is 6``, which says something of its last number."""
    one, other, result = values(match)
    if result in (one, other) or _SCALES.search(match[0].replace(" times ", " ", 1)):
        return match[0]
    things = {word for name in ("first", "second", "label") if (word := match[name].strip().removesuffix("s"))}
    money = "$" in (match["one"] + match["other"])
    if len(things) > 1 or money != ("$" in match["result"]) or (match["word"] == "or" and _CHOICE.search(match.string)):
        return match[0]
    if match["sign"] in ("plus", "minus") and not counts_alike(match):
        return match[0]
    return match["before"] + as_equation(match, _SIGNS[match["sign"]])


def _goes_into(match: re.Match[str]) -> str:
    """``140 goes into 700 exactly 6 times``; how often it goes whole is said as well, and how often in a row."""
    few = {"once": "1", "twice": "2"}
    one, other = (in_digits(match[name].lstrip("$")) for name in ("one", "other"))
    result = few[match["few"]] if match["few"] else in_digits(match["result"])
    divisor, number = Fraction(one), Fraction(other)
    if divisor <= 1 or number <= 0 or _in_a_row(divisor, number) == Fraction(result):
        return match[0]
    if match["exactly"] is None and (number / divisor).denominator != 1:
        return match[0]
    return f"{STATES} {other} / {one} = {result}"


def _in_a_row(divisor: Fraction, number: Fraction) -> int:
    """How many times a number is divided whole: three times by 2 for 24."""
    steps = 0
    while (number := number / divisor).denominator == 1:
        steps += 1
    return steps


def counts_alike(match: re.Match[str]) -> bool:
    """Whether one thing is counted, no result alone has a name, and no name is a number of its own (``2 dozen``)."""
    if not counts_one_thing(match) or _SCALES.search(match[0]):
        return False
    first, second, label = (match[name].strip() for name in ("first", "second", "label"))
    return bool(second or label) if first else bool(second) or not label


_FORMS = (
    (("he difference between ", "he difference of ", "he sum of "), _NAMED, _named),
    ((" more than ", " less than ", " fewer than "), _THAN, _than),
    ((" take away ",), _TAKE_AWAY, _take_away),
    (tuple(f" {sign} " for sign in _SIGNS), _RESTATED, _restated),
    ((" into ",), _GOES_INTO, _goes_into),
    (("wice ", "ouble ", "hrice ", "riple "), _TWICE, _twice),
)
"""Words of which a line must have one, the step, and how it is written as a calculation."""
_WORDS = tuple(chain.from_iterable(words for words, _, _ in _FORMS))
