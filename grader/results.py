"""A named result whose calculation stands in the line above: ``Area = 1/2 * 10 * 6`` and then ``Area = 30``.

The two lines are one statement: the second is read as ``1/2 * 10 * 6 = 30 ; Area = 30``. The names must be alike, the
first line must hold a calculation of numbers alone and the second one a number alone: of two calculations, or of two
numbers, each may be a value of its own.
"""

from __future__ import annotations

import re
from math import gcd

MAX_STATEMENT = 200
"""Characters of a line that is such a statement."""
_LEAD = (
    r"(?:(?:so|thus|therefore|hence|then|now|and|finally|next|we (?:get|have|find)|this (?:gives|means)|which gives)"
    r"(?: that)?[,:]? +)*"
)
_OPEN = r"(?:\\[(\[]|\$|&|\s)*"
_NAME = r"(?P<name>[^\s=<>≈≤≥:;.?!$&][^=<>≈≤≥:;.?!&]{0,58}?)"
_CALCULATION = re.compile(
    rf"{_LEAD}{_OPEN}{_NAME}[\s$&]*=[\s$&]*"
    r"(?P<calculation>(?:[\d.,+\-*/×·÷−–^()\[\]{}$%€£²³ ]|\\(?:times|cdot|div|[dt]?frac|left|right|sqrt|[,;!%$]))+?)"
    r"(?:\s|\\\\|\\[)\]]|(?<!\s)\$|[.,;])*",
    re.IGNORECASE,
)
_RESULT = re.compile(
    rf"{_LEAD}{_OPEN}{_NAME}[\s$&]*=[\s&]*(?:\$(?!\d))?(?P<result>(?:\\\$)?[-−$€£]?\d[\d,]*(?:\.\d+)?(?:\\?%)?)"
    r"(?![\d.,]*\d|[\d ]*(?:[-+*/×·÷−^!(:]|\\(?:times|cdot|div|frac|sqrt|pi|pm)|[a-zA-Z]\b|pi\b| \d|[^=]*=)).*",
    re.IGNORECASE,
)
_OPERATOR = re.compile(r"[\d)\]}] *(?:[-+*/×·÷−–^(²³]|\\(?:times|cdot|div|left|[dt]?frac))|\\[dt]?frac|\\sqrt")
_FRACTION = re.compile(r"[-−]?(?:(\d+) */ *(\d+)|\\[dt]?frac *\{ *(\d+) *\} *\{ *(\d+) *\})")


def with_calculation(before: str, line: str) -> str | None:
    """The line with the calculation of the line before it; None where they are no such pair."""
    if "=" not in before or "=" not in line or max(len(before), len(line)) > MAX_STATEMENT:
        return None
    if _last_sign(before) != _last_sign(line):
        return None
    first, second = _CALCULATION.fullmatch(before), _RESULT.fullmatch(line)
    if first is None or second is None or not _same(first["name"], second["name"]):
        return None
    calculation = first["calculation"].strip(" ,.")
    if not _OPERATOR.search(calculation) or _is_value(calculation) or not re.search("[A-Za-z]", first["name"]):
        return None
    start = second.start("name")
    return f"{line[:start]}{calculation} = {second['result']} ; {line[start:]}"


def _last_sign(text: str) -> str:
    """The last character of a name before its equals sign: a glance that is cheaper than the patterns."""
    return text.partition("=")[0].rstrip(" $&*")[-1:]


def _same(one: str, other: str) -> bool:
    """Whether both name the same thing; letters are what they are, words may begin a sentence."""
    one, other = one.strip(" *"), other.strip(" *")
    return one == other or (min(len(one), len(other)) > 3 and one.casefold() == other.casefold())


def _is_value(text: str) -> bool:
    """Whether this is a fraction in lowest terms, which nobody needs to calculate."""
    match = _FRACTION.fullmatch(text)
    if match is None:
        return False
    above, below = (int(number[:18]) for number in match.groups() if number is not None)
    return gcd(above, below) == 1
