"""Things that are counted or paid for in words: ``Nine crates of 36 oranges come to 334 oranges`` is 9 * 36 = 334.

So are ``Seven groups at two dollars cost sixteen dollars``, ``seven dozen roses is 84 roses`` and ``Twenty cents is 20
percent of 80 cents``. They are read where the same thing is counted on both sides, and where nothing else belongs to
the result.
"""

from __future__ import annotations

import re
from fractions import Fraction

from grader.characters import STATES
from grader.checking.units import unit_named
from grader.reading.sums_in_words import END, START
from grader.reading.words import FRACTION_LABELS, PART_WORDS
from grader.reading.written_numbers import NUMBER, in_digits, marks_of

_NOUN = r"(?!(?:and|of|at|is|are|for|in|on|per|each|more|less|a|an|the|by|to|off)\b)[a-z][a-z'-]+"
_PER = r" (?:a|an|per|every) (?P<per>[a-z]+)"
_OF_EACH = rf"(?: each| apiece|{_PER})?"
_COMES_TO = r"(?:comes? to|costs?|makes?|is|are|totals?|gives?|equals?|=)(?: a total of)?"
_HOLDS = r"(?:comes? to|holds?|makes?|contains?|gives?|equals?|totals?)(?: a total of)?"  # "2 of 5 pens are 2 pens"
_CRATES = re.compile(
    rf"{START}(?P<one>{NUMBER}) (?P<many>{_NOUN}(?: {_NOUN})?) of (?P<other>{NUMBER}) (?P<thing>{_NOUN}(?: {_NOUN})?)"
    rf"{_OF_EACH}(?:,? {_HOLDS}| (?P<bare>is|are|=)|, which (?:is|makes|gives)) (?P<result>{NUMBER}) "
    rf"(?P<same>{_NOUN}(?: {_NOUN})?){END}"
)
_DOZENS = re.compile(
    rf"{START}(?P<one>{NUMBER}|[Aa]) dozen(?: (?P<thing>{_NOUN}(?: {_NOUN})?))? {_COMES_TO} (?P<result>{NUMBER})"
    rf"(?: (?P<same>{_NOUN}(?: {_NOUN})?))?{END}"
)
_AMOUNT = rf"(?:\${NUMBER}|{NUMBER} {_NOUN})"
_AT_A_PRICE = re.compile(
    rf"{START}(?P<one>{NUMBER}) (?P<many>{_NOUN}(?: {_NOUN})?) at (?P<other>{_AMOUNT})"
    rf"{_OF_EACH} {_COMES_TO} (?P<result>{_AMOUNT}){END}"
)
_PRICE_FIRST = re.compile(
    rf"{START}[Aa]t (?P<other>{_AMOUNT})(?: each| apiece|{_PER}),? (?:the )?(?P<one>{NUMBER})"
    rf" (?P<many>{_NOUN}(?: {_NOUN})?) {_COMES_TO} (?P<result>{_AMOUNT}){END}"
)
_SHARE = re.compile(
    rf"{START}(?P<one>\$?{NUMBER})(?P<thing>(?: {_NOUN})?) (?:is|are) (?:exactly )?(?P<share>{NUMBER})(?: percent|%) "
    rf"of (?P<other>\$?{NUMBER})(?P<same>(?: {_NOUN})?){END}"
)
_ADDED = re.compile(
    r"\b(?:tax\w*|tips?|fees?|discount\w*|coupons?|sales?|shipping|off|deposit|free|extra|deliver\w*|plus|about"
    r"|approximately|roughly|nearly|almost|around)\b",
    re.IGNORECASE,
)
"""What else the result may hold."""
_NO_CRATES = (
    FRACTION_LABELS
    | PART_WORDS
    | frozenset(
        {
            "half",
            "percent",
            "part",
            "share",
            "portion",
            "out",
            "hundred",
            "thousand",
            "million",
            "month",
            "year",
            "season",
        }
    )
)
"""What is a share, a number or no fixed number of anything: ``one fourth of 72``, ``12 months of 30 days``."""


def with_products_of_things(text: str) -> str:
    """The plain text of a line, with products and shares in words written as calculations."""
    if not may_count(text) or _ADDED.search(text):
        return text
    if " of " in text:
        text = _CRATES.sub(_crates, text)
    if " dozen" in text and "aker" not in text:
        text = _DOZENS.sub(_dozens, text)
    if "% of " in text or "percent of " in text:
        text = _SHARE.sub(_share, text)
    if " at " in text or "At " in text:
        text = _PRICE_FIRST.sub(_price, _AT_A_PRICE.sub(_price, text))
    return text


def may_count(text: str) -> bool:
    """Whether a line without a sign may hold such a statement: a cheap first glance."""
    return any(word in text and glance.search(text) is not None for word, glance in _GLANCES.items())


_GLANCES = {word: re.compile(rf"{word}\$?{NUMBER}") for word in (" of ", " at ", "At ")} | {
    " dozen": re.compile(rf"(?:{NUMBER}|[Aa]) dozen")
}


def _crates(match: re.Match[str]) -> str:
    """``Nine crates of 36 oranges come to 334 oranges`` as ``9 * 36 = 334``."""
    many = _singular(match["many"]).rpartition(" ")[2]
    if match["per"] and not _is_priced(match["many"], match["per"]):
        return match[0]
    if _singular(match["thing"]) != _singular(match["same"]) or many in _NO_CRATES or match["many"] in _NO_CRATES:
        return match[0]
    one, other, result = (in_digits(match[name]) for name in ("one", "other", "result"))
    if match["bare"] and result in (one, other):
        return match[0]  # "2 of 5 pens are 2 pens"
    return f"{STATES} {one} * {other} = {result}"


def _dozens(match: re.Match[str]) -> str:
    """``Seven dozen roses is 84 roses``: of one thing, or of nothing that is named on one side."""
    things = {_singular(match[name]) for name in ("thing", "same") if match[name]}
    if len(things) > 1 or any(map(unit_named, things)):
        return match[0]  # "2 dozen = 26 eggs" is a conversion
    one = "1" if match["one"] in ("a", "A") else in_digits(match["one"])
    return f"{STATES} {one} * 12 = {in_digits(match['result'])}"


def _price(match: re.Match[str]) -> str:
    """``Seven groups at two dollars cost sixteen dollars`` as ``7 * $2 = $16``."""
    (other, unit), (result, same) = _amount(match["other"]), _amount(match["result"])
    if unit != same or not _is_priced(match["many"], match["per"]):
        return match[0]
    sign = "$" if unit == "$" else ""
    return f"{STATES} {in_digits(match['one'])} * {sign}{other} = {sign}{result}"


def _is_priced(many: str, per: str | None) -> bool:
    """Whether a price is that of one of so many: neither of a dozen, nor of an hour where minutes are counted."""
    words = [_singular(word) for word in many.split()]
    if "pair" in words or not _NO_CRATES.isdisjoint((*words, *many.split())):
        return False
    if any(unit_named(word) for word in words) or (per is not None and unit_named(per)):
        return per is not None and unit_named(per) == unit_named(words[0])
    return per is None or any(word[:3] == per[:3] for word in words)  # "a loaf", "loaves"


def _share(match: re.Match[str]) -> str:
    """``20 is 20 percent of 80`` as ``20 / 80 = 20%``; not where a whole number may be the nearest one."""
    things = {_singular(match[name].strip()) for name in ("thing", "same")} - {""}
    money = {match[name][0] == "$" for name in ("one", "other")}
    if len(things) > 1 or len(money) > 1:
        return match[0]
    one, share, other = (in_digits(match[name].lstrip("$")) for name in ("one", "share", "other"))
    decimals = len(one.partition(".")[2])
    gap = abs(Fraction(one) - Fraction(share) * Fraction(other) / 100)
    if not Fraction(other) or gap * 10**decimals < 1:
        return match[0]
    marks = marks_of(match[0])
    return f"{STATES} {one} / {other} = {share}%{marks}"


def _amount(text: str) -> tuple[str, str]:
    """An amount's number in digits, and what it counts: ``$`` for dollars."""
    if text[0] == "$":
        return in_digits(text[1:]), "$"
    number = re.match(NUMBER, text)
    assert number is not None
    unit = _singular(text[number.end() :].strip())
    return in_digits(number[0]), "$" if unit == "dollar" else unit


def _singular(words: str) -> str:
    """A noun without the ending of its plural."""
    for plural, singular in (("ies", "y"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("s", "")):
        if words.endswith(plural):
            return words.removesuffix(plural) + singular
    return words
