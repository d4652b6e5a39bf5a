"""Grounding: a number that a model read must stand in the line, or the reading cannot fail a row."""

from __future__ import annotations

import re
from fractions import Fraction

from grader.characters import clean
from grader.limits import LimitError
from grader.numbers import FRACTION_WORDS, NUMBER, NUMBER_WORDS, RELATION, SCALE_WORDS, parse_number
from grader.reading.idioms import without_idioms
from grader.reading.pair_doubts import QUANTITIES
from grader.reading.words import FUNCTION_WORDS

UNGROUNDED = "a number of it does not stand in the line"
IN_PART = "the line says more than was read in it"
_NUMBER = re.compile(NUMBER)
_WORD = re.compile(r"[a-z]+")
_SIGNIFICANT = re.compile(
    rf"(?P<number>{NUMBER})|[-+*/=≈<>^_√!|()%:;]|(?P<function>(?<![A-Za-z])(?i:{'|'.join(sorted(FUNCTION_WORDS))})(?![a-z]))"
    r"|(?<![A-Za-z'’])[B-HJ-Zb-z](?![A-Za-z'’])"
    r"|[\"“”](?=\d)|(?<=\d)[\"“”]"  # "\"12\" + \"3\" = \"123\"" adds no numbers
)
_RATIO = re.compile(r"(?<=[\d)]) : ?(?=[\d(])|(?<=[\d)]):(?=[\d(])")
_PADDED = re.compile(r"(?<![\d.,])0\d")  # "0900" is a time of day
_PLAIN_LATEX = re.compile(r"\\(?:times|cdot|div|\$|%|,|;|!| |\(|\)|\[|\])")
_LATEX_SIGNS = {r"\times": "*", r"\cdot": "*", r"\div": "/", r"\%": "%"}
_WORDED_SIGNS = re.compile(
    r"(?<=[\d%)])[ $]+(?P<sign>of|times|plus|minus|equals|(?:multiplied|divided) by)(?: the| a)? +(?=[$(]*\d)"
)
_SIGNS_OF_WORDS = {
    "of": "*", "times": "*", "multiplied by": "*", "divided by": "/", "plus": "+", "minus": "-", "equals": "="
}  # fmt: skip
_GOES_ON = frozenset("+-*/^_√!(%") | FUNCTION_WORDS
"""Signs beside an equation that make it part of a longer one."""
_ALIASES = {"twice": 2, "double": 2, "doubled": 2, "triple": 3, "thrice": 3, "dozen": 12, "couple": 2, "once": 1}


def ungrounded_numbers(equation: str, line: str) -> list[str]:
    """The numbers of an equation that the line does not hold, as digits, words, or a percentage of a hundredth."""
    held = _numbers_of(line)
    return [text for text in _NUMBER.findall(equation) if (value := _value(text)) is None or value not in held]


def _value(text: str) -> Fraction | None:
    try:
        return parse_number(text).value
    except LimitError:
        return None


def _numbers_of(line: str) -> set[Fraction]:
    line = clean(line)
    values = {value for text in _NUMBER.findall(line) if (value := _value(text)) is not None}
    for word in _WORD.findall(line.lower()):
        singular = word.removesuffix("s")
        for table in (NUMBER_WORDS, SCALE_WORDS, _ALIASES):
            if word in table:
                values.add(Fraction(table[word]))
        if singular in FRACTION_WORDS:
            values |= {Fraction(1), Fraction(FRACTION_WORDS[singular]), Fraction(1, FRACTION_WORDS[singular])}
    if "%" in line or "percent" in line:
        values |= {value / 100 for value in values} | {Fraction(100)}
    return values


def doubt_of(equation: str, line: str) -> str | None:
    """Why an equation that a model read must not fail a row, None if the line bears it out."""
    if ungrounded_numbers(equation, line):
        return UNGROUNDED
    if _PADDED.search(equation) or not reads_whole(equation, line):
        return IN_PART
    sides = [side.removesuffix("%") for side in RELATION.split(equation)]
    return QUANTITIES if all(map(_NUMBER.fullmatch, sides)) else None


def reads_whole(equation: str, line: str) -> bool:
    """Whether the equation is all that its stretch of the line holds: the same numbers and signs in the same order.

    A model that skips a term or makes two of one says something else than the line. Math that is more than numbers and
    signs (exponents, functions, unknowns) is not read whole by numbers and signs either.
    """
    if has_commands(line):
        return False
    wanted = signature(equation)
    plain = _WORDED_SIGNS.sub(_in_signs, without_idioms(clean(_PLAIN_LATEX.sub(_spelled, line))))
    told = ["", *signature(_RATIO.sub("/", plain)), ""]
    size = len(wanted)
    return any(
        told[at : at + size] == wanted and told[at - 1] not in _GOES_ON and told[at + size] not in _GOES_ON
        for at in range(1, len(told) - size)
    )


def has_commands(line: str) -> bool:
    """Whether a line has commands of LaTeX, more than signs and delimiters."""
    return "\\" in line and "\\" in _PLAIN_LATEX.sub("", line)


def signature(text: str) -> list[str]:
    """Numbers by value, signs as they are; single letters, functions, exponents, indices and roots count as signs."""
    found = []
    for match in _SIGNIFICANT.finditer(text):
        value = _value(match["number"]) if match["number"] else None
        sign = "*" if match[0] in "xX" else match[0].lower() if match["function"] else match[0]
        found.append(sign if value is None else str(value))
    return found


def _in_signs(match: re.Match[str]) -> str:
    return f" {_SIGNS_OF_WORDS[match['sign']]} "


def _spelled(match: re.Match[str]) -> str:
    return _LATEX_SIGNS.get(match[0], " ")
