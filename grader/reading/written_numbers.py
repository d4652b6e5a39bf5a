"""Numbers as patterns of text see them: digits (``1,250.5``) or words (``twenty-five``), and amounts in two parts.

``Nine dollars and fifty cents`` is written as ``$9.50`` and ``five and a half`` as ``5.5``, before anything else reads
them: neither part is the whole number.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from grader.characters import MATH_OFF, MATH_ON, TEXT_OFF, TEXT_ON
from grader.numbers import FRACTION_WORDS, NUMBER_WORDS, SCALE_WORDS
from grader.reading.number_words import HUNDRED

MARKS = f"{MATH_ON}{MATH_OFF}{TEXT_ON}{TEXT_OFF}"
GAP = rf"[ {MARKS}]*"
TO_UNIT = rf"(?:(?<=[a-z])[ -]|{GAP})"
"""What stands between a number and its unit: a space behind a word (``three hours``), anything or nothing else."""

_ONES = "|".join(word for word, value in NUMBER_WORDS.items() if 0 < value < 10)
_TEENS = "|".join(word for word, value in NUMBER_WORDS.items() if 10 <= value < 20)
_TENS = "|".join(word for word, value in NUMBER_WORDS.items() if value >= 20)
_BELOW_HUNDRED = rf"(?:(?:{_TENS})(?:[- ](?:{_ONES}))?|{_TEENS}|{_ONES})"
_BELOW_THOUSAND = rf"{_BELOW_HUNDRED}(?: hundred(?: (?:and )?{_BELOW_HUNDRED})?)?"
WORDED = (
    rf"(?i:\b{_BELOW_THOUSAND}(?: thousand(?:,? (?:and )?{_BELOW_THOUSAND})?)?)(?![\w-])"
    r"(?! (?:hundred|thousand|million)\b)"
)
"""A number in words below a million."""
DIGITS = r"(?<![\d.,])(?:\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.\d{1,6})?(?![\d]|[.,]\d)"
NUMBER = rf"(?:{DIGITS}|{WORDED})"

_COUNTS = {"a": 1, "an": 1} | {word: value for word, value in NUMBER_WORDS.items() if 0 < value < 10}
_AND_A_HALF = re.compile(
    rf"(?<![-*/^.,\d])(?<![=≈*/] )(?P<whole>{NUMBER}) and (?P<count>{'|'.join(_COUNTS)})[- ]"
    rf"(?P<part>{'|'.join(FRACTION_WORDS)})s?(?! (?:of|dozen|as|times (?:as|more|a|the)|grad\w+|place)\b|[-\w])",
    re.IGNORECASE,
)
# Behind a factor in digits, "2 * 5 dollars and 20 cents" may be $10.20 as well as $10.40.
_CENTS = re.compile(
    rf"(?<![-*/^×÷] )(?<![-*/^×÷$.,])(?P<whole>{NUMBER}) dollars?(?:,? and|,)? (?P<part>{NUMBER}) cents?\b",
    re.IGNORECASE,
)

_AN_EIGHTH = re.compile(r"\b[Aa]n eighth of")


def marks_of(text: str) -> str:
    """The marks of mathematics and text in it, which what is written in its place keeps."""
    return "".join(char for char in text if char in MARKS)


def in_digits(written: str) -> str:
    """A number of these patterns in digits, without commas."""
    if written[0].isdigit():
        return written.replace(",", "")
    total = below = 0
    for word in re.findall("[a-z]+", written.lower()):
        scale = SCALE_WORDS.get(word)
        if scale == HUNDRED:
            below *= scale
        elif scale is not None:
            total, below = total + below * scale, 0
        elif word != "and":
            below += NUMBER_WORDS[word]
    return str(total + below)


def with_whole_amounts(text: str) -> str:
    """The plain text of a line, with numbers and amounts of two parts written as one."""
    if "n eighth of" in text:
        text = _AN_EIGHTH.sub("one eighth of", text)
    if " and " in text and any(map(text.__contains__, FRACTION_WORDS)):
        text = _AND_A_HALF.sub(_mixed, text)
    return _CENTS.sub(_dollars, text) if " cent" in text and " dollar" in text else text


def _mixed(match: re.Match[str]) -> str:
    """A whole number and a part: with decimals where they end, else as a mixed number (``2 1/3``)."""
    whole, count, parts = (
        in_digits(match["whole"]),
        _COUNTS[match["count"].lower()],
        FRACTION_WORDS[match["part"].lower()],
    )
    if "." in whole or count >= parts:
        return match[0]
    value = int(whole) + Fraction(count, parts)
    ends = 1000 % value.denominator == 0
    return f"{Decimal(value.numerator) / value.denominator}" if ends else f"{whole} {count}/{parts}"


def _dollars(match: re.Match[str]) -> str:
    whole, part = in_digits(match["whole"]), in_digits(match["part"])
    if "." in whole + part or int(part) >= 100:
        return match[0]
    return f"${whole}.{int(part):02}"
