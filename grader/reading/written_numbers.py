"""Numbers as patterns of text see them: digits (``1,250.5``) or words (``twenty-five``), and amounts in two parts.

``Nine dollars and fifty cents`` is written as ``$9.50`` and ``five and a half`` as ``5.5``, before anything else reads
them: neither part is the whole number.
"""

from __future__ import annotations

import re
from decimal import Decimal

from grader.numbers import MATH_OFF, MATH_ON, NUMBER_WORDS, SCALE_WORDS, TEXT_OFF, TEXT_ON

MARKS = f"{MATH_ON}{MATH_OFF}{TEXT_ON}{TEXT_OFF}"
GAP = rf"[ {MARKS}]*"

_ONES = "|".join(word for word, value in NUMBER_WORDS.items() if 0 < value < 10)
_TEENS = "|".join(word for word, value in NUMBER_WORDS.items() if 10 <= value < 20)
_TENS = "|".join(word for word, value in NUMBER_WORDS.items() if value >= 20)
_BELOW_HUNDRED = rf"(?:(?:{_TENS})(?:[- ](?:{_ONES}))?|{_TEENS}|{_ONES})"
WORDED = rf"(?i:\b{_BELOW_HUNDRED}(?: hundred(?: (?:and )?{_BELOW_HUNDRED})?| thousand)?)(?![\w-])"
"""A number in words below a hundred thousand."""
DIGITS = r"(?<![\d.,])(?:\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.\d{1,6})?(?![\d]|[.,]\d)"
NUMBER = rf"(?:{DIGITS}|{WORDED})"

_HALVES = {"a half": "0.5", "one half": "0.5", "a quarter": "0.25", "one quarter": "0.25", "three quarters": "0.75"}
_AND_A_HALF = re.compile(
    rf"(?<![-*/^.,\d])(?<![=≈*/] )(?P<whole>{NUMBER}) and (?P<part>{'|'.join(_HALVES)})"
    r"(?! (?:of|dozen|as|times (?:as|more|a|the))\b|[-\w])",
    re.IGNORECASE,
)
# Behind a factor in digits, "2 * 5 dollars and 20 cents" may be $10.20 as well as $10.40.
_CENTS = re.compile(
    rf"(?<![-*/^×÷] )(?<![-*/^×÷$.,])(?P<whole>{NUMBER}) dollars?(?:,? and|,)? (?P<part>{NUMBER}) cents?\b",
    re.IGNORECASE,
)

_AN_EIGHTH = re.compile(r"\b[Aa]n eighth of")


def in_digits(written: str) -> str:
    """A number of these patterns in digits, without commas."""
    if written[0].isdigit():
        return written.replace(",", "")
    total = below = 0
    for word in re.findall("[a-z]+", written.lower()):
        if word in SCALE_WORDS:
            total, below = (total + below) * SCALE_WORDS[word], 0
        elif word != "and":
            below += NUMBER_WORDS[word]
    return str(total + below)


def with_whole_amounts(text: str) -> str:
    """The plain text of a line, with numbers and amounts of two parts written as one."""
    if "n eighth of" in text:
        text = _AN_EIGHTH.sub("one eighth of", text)
    if " and " in text and ("half" in text or "quarter" in text):
        text = _AND_A_HALF.sub(_decimal, text)
    return _CENTS.sub(_dollars, text) if " cent" in text and " dollar" in text else text


def _decimal(match: re.Match[str]) -> str:
    whole = in_digits(match["whole"])
    return match[0] if "." in whole else str(int(whole) + Decimal(_HALVES[match["part"].lower()]))


def _dollars(match: re.Match[str]) -> str:
    whole, part = in_digits(match["whole"]), in_digits(match["part"])
    if "." in whole + part or int(part) >= 100:
        return match[0]
    return f"${whole}.{int(part):02}"
