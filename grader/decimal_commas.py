"""Decimal commas (``3 × 1,75 € = 5,25 €``): whether a solution writes them, and its lines with points in their place.

A comma also groups thousands and sets numbers apart (``x = 1,2``). So a whole solution is asked: it is taken to write
decimal commas only if all its commas between digits can be such, and some of them can be nothing else.
"""

from __future__ import annotations

import re

_COMMA = re.compile(r"\d,\d")
# Digits with points and commas, as far as they go.
_WRITTEN = re.compile(
    r"(?:(?<![\w.,])|(?<=\\approx)|(?<=\\times)|(?<=\\cdot))\d++(?:[.,]\d++)*(?![.,]?\d|[A-Za-z]{1,8}\d)"
)
_DECIMAL = re.compile(r"(?:\d{1,3}(?:\.\d{3}){1,5}|\d{1,15}),(?:\d{1,2}|\d{4,15})|0,\d{1,15}")
_IN_THREE = re.compile(rf"{_DECIMAL.pattern}|[1-9]\d?,\d{{3}}")
_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3}){1,5}")
_OPERAND = rf"(?:{_DECIMAL.pattern})(?![\d.,])"
_SIGN = r"(?: ?[*+×·÷/] ?| [-−–:] |(?<=\d):(?=\d)| ?\\(?:cdot|times|div) ?)"
# Nothing but a decimal comma: an amount of money, and the operand of a calculation (behind "=" it may be two of two:
# "3+4=7,7*2=14").
_CERTAIN = re.compile(
    rf"{_OPERAND} ?(?:€|EUR\b|Euro\b)|€ ?{_OPERAND}|[\w)%€²³]{_SIGN}{_OPERAND}"
    rf"|(?<![\w.,({{\[=])(?<!= ){_OPERAND} ?[\w%€²³]{{0,4}}{_SIGN}\d"
    rf"|√ ?{_OPERAND}|(?<![\w.,({{\[]){_OPERAND}(?:[²³]| ?(?:[mcdk]?m|k?g|m?l)[²³]?(?![\w/]))"
)
_PAIR = re.compile(r"[(\[{] ?\d{1,15},\d{1,15} ?[)\]}]")
_BRACED = re.compile(r"(?<=\d)\{,\}(?=\d)")
"""A comma that LaTeX sets without the space of a list: it groups thousands, or stands for the point."""
_BRACED_POINT = re.compile(rf"{_BRACED.pattern}(?!\d{{3}}(?!\d))|(?<!\d)0\{{,\}}\d")
LEAST = 2
"""Numbers with a decimal comma, or with points that group, in a solution that is believed to write them."""


# Who writes decimal commas divides by a colon: "300 € · 9 : 12". "Tag 2 : 5 · 3" numbers something, and behind words
# ("multiplier par 1,5 : 64 × 1,5") French sets a colon apart like any other.
_DIVISION = re.compile(
    r"((?:^|[-=:(·*×÷/+−–]) ?[\d.,]+(?: \d{3})* ?[€%]?|\)) : (?=[\d(])"
    r"|(?<=[\d€%]) : (?=[\d.,]+(?: ?[€%A-Za-z]{1,6})? ?=)"
)
_FRACTION_BEFORE = re.compile(r"\d/\d{1,6}$")
MAX_FRACTION = 8
"""Characters of the end of a fraction: a digit, the bar and what stands below."""
_FRACTION_BEHIND = re.compile(r"(?:\d{1,4} )?\d{1,6}/\d")
_NUMBERED = re.compile(r"[^\W\d]+ \d+ : ")


_SPACES = re.compile(r"[ \u00a0\u202f\u2009]")
_SPACED = re.compile(rf"(?<![\w.,])\d{{1,3}}(?:{_SPACES.pattern}\d{{3}}){{1,5}},\d{{1,2}}(?![\w.,]*\d)")  # "1 250,50"


def has_decimal_commas(text: str) -> bool:
    """Whether a solution writes decimal commas."""
    if "," not in text or _PAIR.search(text) is not None:
        return False
    braced = "{,}" in text and _BRACED_POINT.search(text) is not None
    if braced:
        text = _BRACED.sub(",", text)
    if _COMMA.search(text) is None:
        return False
    written = _WRITTEN.findall(text)
    with_commas = [number for number in written if "," in number]
    grouped = [number for number in written if "." in number and "," not in number]
    sure = list(filter(_DECIMAL.fullmatch, with_commas))
    if len(sure) + len(grouped) < (1 if braced else LEAST):
        return False
    others = set(with_commas) - set(sure)
    # Who writes "64,80 €", "0,9" and "1,25" means one and an eighth by "1,125".
    enough = LEAST * len(others) + (not braced)
    if others and not (len(set(sure)) >= enough and all(map(_IN_THREE.fullmatch, others))):
        return False
    if not all(map(_GROUPED.fullmatch, grouped)):
        return False
    return braced or _CERTAIN.search(text) is not None


def with_decimal_points(text: str) -> str:
    """The text of such a solution with points for commas, and without the points that group thousands."""
    text = _BRACED.sub(",", text)
    if " : " in text and _NUMBERED.match(text) is None:
        text = _DIVISION.sub(_over, _DIVISION.sub(_over, text))
    return _WRITTEN.sub(
        lambda number: _pointed(number[0]), _SPACED.sub(lambda number: _SPACES.sub("", number[0]), text)
    )


def _over(colon: re.Match[str]) -> str:
    """Between fractions it stays: ``21/5 : 7/5`` is no ``21/5/7/5``."""
    end = colon.end() - len(" : ")
    if _FRACTION_BEFORE.search(colon.string, max(0, end - MAX_FRACTION), end) or _FRACTION_BEHIND.match(
        colon.string, colon.end()
    ):
        return colon[0]
    return f"{colon[1] or ''} / "


def _pointed(number: str) -> str:
    if _IN_THREE.fullmatch(number) or _GROUPED.fullmatch(number):
        return number.replace(".", "").replace(",", ".")
    return number
