"""Functions that are written without their brackets get them: ``sin² 30°`` is read as ``sin(30°)^2``.

Only what has one value is put so: functions of angles with a degree sign or a multiple of π, logarithms with a base,
binomials (``12C3``), absolute values (``|3 - 8|``) and ``gcd(48, 18)`` of numbers. A function, and a factorial that
could be taken for a cry (``8!/8 = 7!``), becomes a mark of ``numbers``, which is no letter, so that no word of a line
is taken for one.
"""

from __future__ import annotations

import re

from grader.characters import DEGREE, FACTORIAL, FUNCTION_MARKS, LOW_DIGITS

_MARK_OF = {name: mark for mark, name in FUNCTION_MARKS.items()}
_MARKS = re.compile(f"[{DEGREE}{FACTORIAL}{''.join(FUNCTION_MARKS)}]")
_HINTS = ("°", "\\circ", "deg", "π", "pi", "og", "ln")
_NAMED = re.compile(r"(?:sin|cos|tan|cot|sec|csc)(?![b-z])|log ?(?:_|[₀-₉]|base)|(?<![a-z])ln(?![a-z])", re.IGNORECASE)
"""Cheaper than the patterns below."""

_DEGREE_SIGN = r"°|\^\s?(?:\{\s?\\circ\s?\}|\\circ(?![A-Za-z]))|\\degree(?![A-Za-z])"
_DEGREE_WORD = r"deg(?:rees?)?(?![A-Za-z])"
_DEGREES = rf"(?:{_DEGREE_SIGN}|\s?{_DEGREE_WORD})"
_PI = r"(?:\\pi(?![A-Za-z])|π|(?<![A-Za-z])pi(?![A-Za-z]))"
_FRACTION = r"\\[dt]?frac\s?"
_NAMES = r"sin|cos|tan|cot|(?<!\d )sec|csc"
_LEFT, _RIGHT = r"(?:\\left\s?|\\[bB]igg?l?\s?)?", r"(?:\\right\s?|\\[bB]igg?r?\s?)?"
_IN_DEGREES = (
    rf"-?\d{{1,6}}(?:\.\d{{1,6}})?{_DEGREES}"
    # "sin 30° 15'", "sin 30° + 15°"
    rf"(?!\s?(?:\d|['′]|[CF](?![A-Za-z])|[+\-−–]\s?\d+(?:\.\d+)?{_DEGREES}))"
)
_IN_PI = (
    rf"-?(?:{_FRACTION}(?:\{{\s?\d{{0,3}}\s?{_PI}\s?\}}\s?\{{\s?\d{{1,3}}\s?\}}|{_PI}\s?(?:\d|\{{\d{{1,3}}\}}))"
    rf"|{_FRACTION}\{{\d{{1,3}}\}}\s?\{{\d{{1,3}}\}}\s?{_PI}|\d{{0,3}}\s?{_PI}(?:/\d{{1,3}})?)"
    # "sin πx" is no function of π
    rf"(?!\s?(?:[\d(^!]|\\(?!{_NAMES}|cdot|times|div|left|right|q?quad|approx|text|[^A-Za-z])|(?!{_NAMES})[A-Za-z]))"
)
# Alternatives that begin differently: nothing is tried twice. (Repeated groups that give nothing back, "(…)++", are
# matched wrongly by Python before 3.11.3.)
_ANGLES = re.compile(rf"(?:[\d\s.+\-−–*/·×{{}}]|\\cdot|\\times|\\[dt]?frac|{_DEGREE_SIGN}|{_DEGREE_WORD}|{_PI})+")
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
    rf"|(?P<bare>{_NUMBER}|{_FRACTION}(?:\{{\d{{1,6}}\}}\s?\{{\d{{1,6}}\}}|\d\d))"
    # "log_2 4 · 8" may be that of 32
    r"(?![\d.,]*\d|\s?(?:[\^!(\d]|(?:[*/×·÷]|\\(?:cdot|times|div)(?![A-Za-z]))(?!\s?\\?(?:log|ln))|[A-Za-z](?![A-Za-z]))))"
)
# TeX sets one token low: "\log_232" is that of 32 to the base 2.
_TIGHT_BASE = re.compile(r"(?<=\\log_)(\d)(\d{1,9})(?![\d.,]*\d|\s?[({\\\d.^])")
_NUMERIC = re.compile(r"(?:[\d\s.+\-−–*/·×^{}]|\\cdot|\\times|\\[dt]?frac|√|\\sqrt)+")
_GROUPING = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")

_HINT_OF_COUNTS = re.compile(r"[CP][\d ₀-₉({_}^]|A_[\d{]|choose")
_UPPER_DIGITS, _LOWER_DIGITS = "[⁰¹²³⁴⁵⁶⁷⁸⁹]", "[₀-₉]"
_LETTER = r"(?:(?P<letter>[CP])|\\(?:text|mathrm)\{(?P<upright>[CP])\})"
_COUNTS = re.compile(
    rf"(?<![\w.,)}}\]^_])(?:\{{\}})?(?:[\^_]\s?(?:\{{\s?(\d{{1,4}})\s?\}}|(\d))|({_UPPER_DIGITS}{{1,4}}))\s?{_LETTER}\s?"
    rf"(?:_\s?(?:\{{\s?(\d{{1,4}})\s?\}}|(\d))(?![\d^])|({_LOWER_DIGITS}{{1,4}}))"
)
"""``^{12}C_{3}``, ``{}_{12}C_3`` and ``¹²C₃``."""
_PLAIN_COUNTS = re.compile(
    rf"(?<![\w.,)}}\]^_])(\d{{1,4}})"
    rf"(?: ?(?P<letter>[CP]) ?(?:(\d{{1,4}})|({_LOWER_DIGITS}{{1,4}}))| choose (\d{{1,4}}))"
    r"(?![\w^]|[.,]\d)"
)
_NAMED_COUNTS = re.compile(
    r"(?<![\w\\^_}])(?P<letter>[CP])\((\d{1,4}), ?(\d{1,4})\)"
    r"|(?:(?<![A-Za-z\\^_}])|(?<=\^\{\d\}))(?P<indexed>[CPA])"
    r"(?:_(?:\{(\d{1,4})\}|(\d))\^(?:\{(\d{1,4})\}|(\d)(?![\d.]))|\^\{(\d{1,4})\}_\{(\d{1,4})\})"
)
"""``C(12,3)``, ``C_{12}^{3}``, ``C_4^2`` and ``C^{12}_{3}``, which may be a point, a cost or a power as well."""
_CHOOSES = {
    "C": re.compile(r"\d ?!|\b(?:choos|chose|combin|select|binomial|ways\b|committee|pairs\b)|选", re.IGNORECASE),
    "P": re.compile(r"\d ?!|\b(?:permut|arrang|order(?! to)|ways\b)", re.IGNORECASE),
    "A": re.compile(r"\b(?:permut|arrang|order(?! to)|ways\b)|排", re.IGNORECASE),
}
_PROBABLE = re.compile(r"probab", re.IGNORECASE)
_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "01234567890123456789")

_HINTS_OF_COMMON = ("gcd", "gcf", "lcm", "hcf")
_COMMON = re.compile(
    r"(?<![A-Za-z])\\?(?:(?:text|mathrm|operatorname|mbox)\s?\{\s?)?(?P<name>gcd|gcf|hcf|lcm)\s?\}?\s?"
    rf"(?:{_LEFT}[(\[]\s?(?P<inside>\d{{1,9}}(?:\s?,\s?\d{{1,9}}){{1,4}})\s?{_RIGHT}[)\]])",
    re.IGNORECASE,
)

_BAR = r"(?:\||\\[lr]?vert(?![A-Za-z]))"
_BARS = re.compile(rf"{_LEFT}{_BAR}(?P<inside>[^|=<>&,;:]{{1,80}}?){_RIGHT}{_BAR}")
_IN_BARS = re.compile(r"(?:[\d\s.+\-−–*/·×÷^(){}]|\\(?:cdot|times|div|left|right|sqrt)(?![A-Za-z])|\\[dt]?frac|√)+")
_BEFORE_BAR = re.compile(
    r"(?:^|[=≈<>+\-−–*/·×÷(\[{,:;$.]|[\d)}]|\\(?:cdot|times|div|approx|frac|[(\[,;:!]|q?quad)"
    r"|\b(?:since|so|because|and|that|then|thus|therefore|have|get|is|as))$",
    re.IGNORECASE,
)
_BEHIND_BAR = re.compile(
    r"$|[=≈<>+\-−–*/·×÷)\]}^,:;$.]|\\(?![A-Za-z])|\\(?:cdot|times|div|approx|right|q?quad)|(?:is|equals)\b"
)


# A "!" that ends a clause may be a cry. It is none beside other factorials, nor behind a product that goes down to 1.
_FACTORIALS = re.compile(
    r"[\w)}]!\s*(?:[-+*/×·÷=^)}\]]|\\(?:cdot|times|div|right|over)|[(\d])"
    r"|(?:[*×·⋅]|\\cdot|\\times|\() ?1 ?\)? ?= ?\$?\d{1,3}!"
    r"|\d ?/ ?\d{1,3}!(?!\w)"  # "10 · 9 / 4!"
)
_LAST_FACTORIAL = re.compile(r"(?<=[\d)])!(?=\s*(?:$|[.,;:$\\(]|[a-z]))")


_HINTS_OF_WHOLE = ("⌊", "⌈", "floor", "ceil")
_WHOLE = re.compile(
    rf"{_LEFT}(?:(?P<floor>⌊|\\lfloor(?![A-Za-z])|(?<![A-Za-z])floor\s?\()|⌈|\\lceil(?![A-Za-z])|(?<![A-Za-z])ceil(?:ing)?\s?\()"
    rf"(?P<inside>[^=<>&,;:⌊⌋⌈⌉$]{{1,80}}?){_RIGHT}(?(floor)(?:⌋|\\rfloor(?![A-Za-z])|\))|(?:⌉|\\rceil(?![A-Za-z])|\)))"
)
"""``⌊500/15⌋``, and ``ceil(7/2)``, of whose brackets the last one is its own."""


def in_brackets(text: str) -> str:
    """The text of a line with a mark and brackets for each function that has a value."""
    if not text.isascii():
        text = _MARKS.sub("", text)
    if "!" in text and _FACTORIALS.search(text):
        text = _LAST_FACTORIAL.sub(FACTORIAL, text)
    if any(map(text.__contains__, _HINTS)) and _NAMED.search(text):
        text = _LOGARITHM.sub(_logarithm, _FUNCTION.sub(_function, _TIGHT_BASE.sub(r"{\1} \2", text)))
    if _HINT_OF_COUNTS.search(text):
        text = _with_counts(text)
    if any(map(text.lower().__contains__, _HINTS_OF_COMMON)):
        text = _COMMON.sub(_of_all, text)
    if any(map(text.__contains__, _HINTS_OF_WHOLE)):
        text = _WHOLE.sub(_whole, text)
    if (text.count("|") > 1 or "vert" in text) and not (text.lstrip()[:1] == "|" == text.rstrip()[-1:]):
        text = _BARS.sub(_absolute, text)
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
    base = (match[1] or match[2] or match[3] or match[4] or "").translate(LOW_DIGITS)
    if not _NUMERIC.fullmatch(argument) or argument.count("{") != argument.count("}"):
        return match[0]
    return f"{_MARK_OF['log']}{base}({argument})" if base else f"{_MARK_OF['ln']}({argument})"


def _with_counts(text: str) -> str:
    """Combinations and permutations; a constant, a cost or a point only if the line speaks of choices."""
    chosen = {letter for letter, words in _CHOOSES.items() if words.search(text)}

    def plain(match: re.Match[str]) -> str:
        above, below = _pair(match)
        constant = int(below) < 3 and (int(above) < 10 or match["letter"] == "P")  # "2C1 + 3C2 = 7", "10P1 = 50"
        return match[0] if constant and match["letter"] and match["letter"] not in chosen else _count(match)

    text = _PLAIN_COUNTS.sub(plain, _COUNTS.sub(_count, text))
    if _PROBABLE.search(text):
        return text
    return _NAMED_COUNTS.sub(
        lambda match: _count(match) if (match["letter"] or match["indexed"]) in chosen else match[0], text
    )


def _count(match: re.Match[str]) -> str:
    """A function of two numbers, of which the first is no smaller."""
    above, below = _pair(match)
    if int(above) < int(below):
        return match[0]
    named = {match["letter"], match.groupdict().get("upright"), match.groupdict().get("indexed")}
    permutes = not named.isdisjoint("PA")
    return f"{_MARK_OF['perm' if permutes else 'binom']}({above}, {below})"


def _pair(match: re.Match[str]) -> tuple[str, str]:
    above, below = (group.translate(_DIGITS) for group in match.groups() if group is not None and group not in "CPA")
    return above, below


def _of_all(match: re.Match[str]) -> str:
    """The greatest common divisor or the least common multiple of some whole numbers, two at a time."""
    mark = _MARK_OF["lcm" if match["name"].lower() == "lcm" else "gcd"]
    found, *others = match["inside"].split(",")
    for number in others:
        found = f"{mark}({found}, {number})"
    return found


def _calculates(inside: str) -> bool:
    """Whether a number or one calculation of numbers stands between bars or brackets, and nothing is listed."""
    if not (_IN_BARS.fullmatch(inside) and any(map(str.isdigit, inside))) or re.search(r"\d\s+\d", inside):
        return False
    return inside.count("{") == inside.count("}") and inside.count("(") == inside.count(")")


def _whole(match: re.Match[str]) -> str:
    """The floor or the ceiling of a number or a calculation."""
    inside = match["inside"]
    if not _calculates(inside):
        return match[0]
    return f"{_MARK_OF['floor' if match['floor'] else 'ceil']}({inside})"


def _absolute(match: re.Match[str]) -> str:
    """What stands between two bars, where it is a number or a calculation and nothing is divided or listed."""
    inside, text = match["inside"], match.string
    if not _calculates(inside):
        return match[0]
    before = text[max(0, match.start() - 12) : match.start()]
    if before.rstrip() != before and before.rstrip()[-1:].isalnum() and before.rstrip()[-1:].isdigit():
        return match[0]  # "3 | 6 | 12"
    if not (_BEFORE_BAR.search(before.rstrip()) and _BEHIND_BAR.match(text[match.end() : match.end() + 12].lstrip())):
        return match[0]
    return f"{_MARK_OF['abs']}({inside})"
