"""Divisions with a remainder: ``17 ÷ 5 = 3 R 2`` says that 17 = 5 * 3 + 2, and is read as that.

Read as a quotient it would be a rounded one, whatever the remainder is.
"""

from __future__ import annotations

import re

from grader.characters import MATH_OFF, MATH_ON, STATES, TEXT_OFF, TEXT_ON
from grader.checking.units import mixes_units, unit_named

_MARKS = f"{MATH_ON}{MATH_OFF}{TEXT_ON}{TEXT_OFF}"
_GAP = rf"[ {_MARKS}]*"
_HINT = re.compile(rf"emainder|(?<![A-Za-z])[Rr](?:em\.?)?{_GAP}\d")  # cheaper than the pattern below


def _number(name: str) -> str:
    return rf"\$?(?P<{name}>\d[\d,]{{0,20}})(?![\d.,]*\d)(?P<{name}_label>(?:{_GAP}(?!the\b)[A-Za-z]{{2,20}}){{0,3}}?)"


_STATEMENT = re.compile(
    rf"(?<![\w.,)])(?<![-+*/^%)\d] )(?<![-+*/^%]){_number('above')}{_GAP}(?:/|divided by){_GAP}{_number('below')}"
    rf"{_GAP}(?:=|equals|is equal to|is|gives){_GAP}{_number('whole')}(?P<told>,?{_GAP}(?P<open>\()?{_GAP}"
    rf"(?:(?:with|and|leaving) )?(?:a )?(?:[Rr]emainder|[Rr]em\.?|(?<!, )[Rr])(?![a-z])(?:{_GAP}(?:of|is|=|:))?{_GAP})"
    rf"\$?(?P<rest>\d[\d,]{{0,20}})(?![\d.,]*\d|{_GAP}[-+*/=^%≈!]|\()(?P<unit>{_GAP}[A-Za-z]{{2,20}})?(?(open){_GAP}\))"
)


def with_products(text: str) -> str:
    """The plain text of a line, with ``17 / 5 = 3 remainder 2`` written as ``17 / 5; 17 = 5 * 3 + 2``."""
    return _STATEMENT.sub(_product, text) if _HINT.search(text) else text


def _product(match: re.Match[str]) -> str:
    """The statement as a product; as it stands where it may mean something else."""
    labels = (match[name] or "" for name in ("above_label", "below_label", "whole_label", "unit"))
    words = [word for label in labels for word in re.findall(r"[A-Za-z]+", label)]
    if mixes_units([unit for word in words if (unit := unit_named(word)) is not None]):
        return match[0]  # "90 seconds / 60 = 1 minute with a remainder of 30 seconds"
    above, below, whole, rest = (match[name].rstrip(",") for name in ("above", "below", "whole", "rest"))
    a, b, q, r = (int(number.replace(",", "")) for number in (above, below, whole, rest))
    if a != b * q + r and (r >= b or (a < b and q)):
        # What is left of something else: "100 / 4 = 25 pages, with a remainder of 75", "2/3 = 40, remainder 20"
        return match[0]
    marks = "".join(char for char in match[0] if char in _MARKS)
    return f"{above} / {below} {STATES} {above} = {below} * {whole} + {rest} ;{marks}"
