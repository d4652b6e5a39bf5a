"""Functions that are written without their brackets get them: ``sin² 30°`` is read as ``sin(30°)^2``.

Only what has one value is put so: functions of angles with a degree sign or a multiple of π, logarithms with a base. A
function becomes a mark of ``numbers.FUNCTION_MARKS``, which is no letter, so that no word of a line is taken for one.
"""

from __future__ import annotations

import re

from grader.numbers import DEGREE, FUNCTION_MARKS

_MARK_OF = {name: mark for mark, name in FUNCTION_MARKS.items()}
_MARKS = re.compile(f"[{DEGREE}{''.join(FUNCTION_MARKS)}]")
_HINT = re.compile(
    r"(?:[Ss]in|[Cc]os|[Tt]an|[Cc]ot|[Ss]ec|[Cc]sc)(?![b-z])|[Ll]og ?(?:_|[₀-₉]|base)|(?<![A-Za-z])ln(?![a-z])"
)
"""Cheaper than the patterns below."""

_DEGREES = r"(?:°|\^\s?(?:\{\s?\\circ\s?\}|\\circ(?![A-Za-z]))|\\degree(?![A-Za-z])|\s?deg(?:rees?)?(?![A-Za-z]))"
_PI = r"(?:\\pi(?![A-Za-z])|π|(?<![A-Za-z])pi(?![A-Za-z]))"
_FRACTION = r"\\[dt]?frac\s?"
_NAMES = "sin|cos|tan|cot|sec|csc"
_LEFT, _RIGHT = r"(?:\\left\s?|\\[bB]igg?l?\s?)?", r"(?:\\right\s?|\\[bB]igg?r?\s?)?"
_IN_DEGREES = rf"-?\d{{1,6}}(?:\.\d{{1,6}})?{_DEGREES}(?!\s?(?:\d|['′]|[CF](?![A-Za-z])))"
_IN_PI = (
    rf"-?(?:{_FRACTION}(?:\{{\s?\d{{0,3}}\s?{_PI}\s?\}}\s?\{{\s?\d{{1,3}}\s?\}}|{_PI}\s?(?:\d|\{{\d{{1,3}}\}}))"
    rf"|{_FRACTION}\{{\d{{1,3}}\}}\s?\{{\d{{1,3}}\}}\s?{_PI}|\d{{0,3}}\s?{_PI}(?:/\d{{1,3}})?)"
    # "sin πx" is no function of π
    rf"(?!\s?(?:[\d(^!]|\\(?!{_NAMES}|cdot|times|div|left|right|q?quad|approx|text|[^A-Za-z])|(?!{_NAMES})[A-Za-z]))"
)
_ANGLES = re.compile(rf"(?:[\d\s.+\-−–*/·×{{}}]|\\cdot|\\times|{_FRACTION}|{_DEGREES}|{_PI})+")
_SIZE = re.compile(f"{_DEGREES}|{_PI}")
_FUNCTION = re.compile(
    rf"(?<![A-Za-z])\\?(?P<name>(?i:{_NAMES}))\s?(?P<power>\^\s?(?:\{{[2-9]\}}|\([2-9]\)|[2-9])|[²³])?\s?"
    rf"(?:{_LEFT}\((?P<inside>[^()=<>$]{{1,80}}?){_RIGHT}\)"
    rf"|\{{(?P<braced>(?:[^{{}}()=<>$]|\{{[^{{}}()=<>$]{{0,20}}\}}){{1,60}})\}}|(?P<bare>{_IN_DEGREES}|{_IN_PI}))"
)
_NUMBER = r"\d{1,3}(?:,\d{3})+|\d{1,9}(?:\.\d{1,9})?"
_LOGARITHM = re.compile(
    rf"(?<![A-Za-z])\\?(?:[Ll]og\s?(?:_\s?\{{\s?(\d{{1,3}})\s?\}}|_(\d{{1,2}})|([₀-₉]{{1,2}})|base (\d{{1,3}}) of)|ln)"
    rf"(?![A-Za-z])\s?(?:{_LEFT}\((?P<inside>[^()=<>$]{{1,80}}?){_RIGHT}\)|\{{(?P<braced>{_NUMBER})\}}"
    rf"|(?P<bare>{_NUMBER}|{_FRACTION}\{{\d{{1,6}}\}}\s?\{{\d{{1,6}}\}})"
    # "log_2 4 · 8" may be that of 32
    r"(?![\d.,]*\d|\s?(?:[\^!(\d]|(?:[*/×·÷]|\\(?:cdot|times|div)(?![A-Za-z]))(?!\s?\\?(?:log|ln))|[A-Za-z](?![A-Za-z]))))"
)
_NUMERIC = re.compile(rf"(?:[\d\s.+\-−–*/·×^{{}}]|\\cdot|\\times|{_FRACTION}|√|\\sqrt)+")
_GROUPING = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_INDEX_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def in_brackets(text: str) -> str:
    """The text of a line with a mark and brackets for each function that has a value."""
    if not text.isascii():
        text = _MARKS.sub("", text)
    if _HINT.search(text):
        text = _LOGARITHM.sub(_logarithm, _FUNCTION.sub(_function, text))
    return text


def _function(match: re.Match[str]) -> str:
    """``sin`` and its like of an angle whose size is written."""
    angle = match["inside"] or match["braced"] or match["bare"]
    if not (_SIZE.search(angle) and _ANGLES.fullmatch(angle) and angle.count("{") == angle.count("}")):
        return match[0]
    power = {"²": "2", "³": "3"}.get(match["power"], (match["power"] or "").strip("^{}() "))
    angle = re.sub(_DEGREES, DEGREE, angle)
    return f"{_MARK_OF[match['name'].lower()]}({angle}){f'^({power})' if power else ''}"


def _logarithm(match: re.Match[str]) -> str:
    """A logarithm with a base, or a natural one, of what is written in numbers."""
    argument = _GROUPING.sub("", match["inside"] or match["braced"] or match["bare"])
    base = (match[1] or match[2] or match[3] or match[4] or "").translate(_INDEX_DIGITS)
    if not _NUMERIC.fullmatch(argument) or argument.count("{") != argument.count("}"):
        return match[0]
    return f"{_MARK_OF['log']}{base}({argument})" if base else f"{_MARK_OF['ln']}({argument})"
