"""What is said once more in another way: ``345 min, or 5 h 45 min``, ``90 minutes (1.5 hours)``, ``0.375, or 37.5%``.

Only a quantity or a number that no calculation ends is taken, and only where the other one is near it or shows the same
digits: ``2 hours (one before lunch)`` and ``either 2 hours or 90 minutes`` are something else.
"""

from __future__ import annotations

import re
from fractions import Fraction

from grader.characters import STATES
from grader.reading.conversions import QUANTITY, conversion
from grader.reading.written_numbers import GAP, MARKS, in_digits, marks_of

_AGAIN = (
    r"(?:,? (?:which (?:is|equals|makes|comes to)|that is|that's|or|i\.e\.,?|equivalently|meaning))"
    r"(?: equal to| exactly| simply| the same as)?"
)
_NOT_BEHIND = (
    "times", "plus", "minus", "by", "twice", "each", "every", "per", "half", "than", "another", "extra", "and", "or",
    "to", "from", "first", "last",
)  # fmt: skip
_ALONE = r"(?<![\d.,$€£/^+*×÷(-])(?<![-+*/×÷^,] )(?<!(?<!total )of )" + "".join(
    rf"(?<!\b{word} )" for word in _NOT_BEHIND
)
_END = rf"(?={GAP}[*]*(?:$|[.;!:)](?!\d)|, (?!\d)| (?:in total|in all|altogether|so|since|because)\b))"
_BEHIND = rf"(?!{GAP}(?:[-+*/×÷=^(\d]|each\b|per\b|a\b|times\b|more\b|less\b|of\b))"
_QUANTITY = re.compile(
    rf"{_ALONE}(?P<left>{QUANTITY})(?:{GAP}\({GAP}(?P<inside>{QUANTITY}){GAP}\){_BEHIND}"
    rf"|{GAP}{_AGAIN}{GAP}(?P<right>{QUANTITY}){_END})"
)
_DECIMAL = r"[01]?\.\d{1,8}(?![\d.]*\d)"
_PERCENT = r"\d{1,3}(?:\.\d{1,6})?"
_SHARE = re.compile(
    rf"{_ALONE}(?P<left>{_DECIMAL}|\d{{1,3}} ?/ ?\d{{1,3}}(?![\d/]|\.\d))"
    rf"(?:{GAP}\({GAP}(?P<inside>{_PERCENT}){GAP}%{GAP}\)"
    rf"{_BEHIND}|{GAP}(?:{_AGAIN}|,? so){GAP}(?P<right>{_PERCENT}){GAP}%{_END})"
)
# Where one of two is meant, or neither is exact.
_CHOICE = re.compile(
    r"\?|\b(?:either|whether|between|if|choose|options?|can|could|may|might|least|most|up to|about|approximately"
    r"|roughly|nearly|almost|around|every|each|per|rates?|worth|minimum|maximum|limits?|instead|rather|first|then|after"
    r"|later)\b",
    re.IGNORECASE,
)
_GLANCES = (" (", ", ", " or ", " which ", " that ", " i.e")
NEAR = 2
"""Factor up to which a wrong restatement is still one."""


def with_restatements(text: str) -> str:
    """The plain text of a line, with what is said again in another unit or in percent written as equations."""
    if not may_restate(text) or _CHOICE.search(text):
        return text
    if "%" in text:
        text = _SHARE.sub(_share, text)
    return _QUANTITY.sub(_quantity, text)


_UNITS = re.compile(
    rf"(?:\d[ -]?|\ban? )[A-Za-z]{{1,12}}\b[{MARKS}]*(?: \(|,? (?:which|that|or|i\.e|equivalently|meaning))"
)


def may_restate(text: str) -> bool:
    """Whether a line without a sign may hold such a statement: a cheap first glance."""
    return any(map(text.__contains__, _GLANCES)) and ("%" in text or _UNITS.search(text) is not None)


def _quantity(match: re.Match[str]) -> str:
    found = conversion(match["left"], match["inside"] or match["right"], near=NEAR)
    return match[0] if found is None else _stated(match, found)


def _share(match: re.Match[str]) -> str:
    written = match["inside"] or match["right"]
    above, _, below = match["left"].replace(" ", "").partition("/")
    value, percent = Fraction(in_digits(f"0{above}" if above[0] == "." else above)), Fraction(written) / 100
    if below:
        value = value / int(below) if int(below) else Fraction(0)
    if not percent / NEAR <= value <= percent * NEAR or abs(value - 1) == percent:
        return match[0]  # "a factor of 1.08 (8%)"
    return _stated(match, f"{match['left']} = {written}%")


def _stated(match: re.Match[str], equation: str) -> str:
    """The words before it, then the equation by itself."""
    marks = marks_of(match[0][len(match["left"]) :])
    return f"{match['left']} {STATES} {equation} ;{marks}"
