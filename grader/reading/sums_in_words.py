"""Sums and products in words: ``The product of 12 and 11 is 122.`` says that 12 * 11 = 122, and is read as that."""

from __future__ import annotations

import re

from grader.numbers import MATH_OFF, MATH_ON, STATES, TEXT_OFF, TEXT_ON

_MARKS = f"{MATH_ON}{MATH_OFF}{TEXT_ON}{TEXT_OFF}"
_GAP = rf"[ {_MARKS}]*"
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.\d{1,6})?"
# At the beginning of a clause: "the square of the sum of 3 and 4" is something else. Behind the result the clause ends:
# "the sum of 3 and 4 is 7 less than …".
_STATEMENT = re.compile(
    r"(?:^|(?<=[.;:,] )|(?<=\b[Ss]o )|(?<=\band )|(?<=\bthat )|(?<=\b[Ss]ince )|(?<=ecause )|(?<=herefore )|(?<=hus ))"
    rf"[Tt]he (?P<name>sum|product) of{_GAP}"
    rf"(?P<numbers>{_NUMBER}(?:{_GAP},{_GAP}{_NUMBER}){{0,8}},?{_GAP}and{_GAP}{_NUMBER})"
    rf"(?P<relation>{_GAP}(?:is|equals|is equal to|=){_GAP})"
    rf"(?={_NUMBER}{_GAP}(?:[.,;!]?{_GAP}$|[.;!] |, (?!\d)))"
)


def with_signs(text: str) -> str:
    """The plain text of a line, with ``the sum of 3, 4 and 5 is 12`` written as ``3 + 4 + 5 is 12``."""
    return _STATEMENT.sub(_signs, text) if "um of" in text or "roduct of" in text else text


def _signs(match: re.Match[str]) -> str:
    numbers = re.findall(_NUMBER, match["numbers"])
    sign = " + " if match["name"] == "sum" else " * "
    return f"{STATES} {sign.join(numbers)}{match['relation']}"
