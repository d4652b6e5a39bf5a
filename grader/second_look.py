"""A second look at what would fail: whether the rest of the solution shows that it is no claim of its own.

Only failing equations come here, so nothing of this costs time elsewhere. An equation that is set aside is
``unparsable``, with both values and the doubt in its detail.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from grader.checking.excuses import differ_in_magnitude
from grader.checking.units import LENGTHS, unit_named
from grader.numbers import CONGRUENT, FRACTION_WORDS, RELATION
from grader.other_arithmetic import OtherArithmetic, values_of
from grader.types import CheckStatus, EquationCheck

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.lines import Line

CONTESTED = "the solution then gives another result for it"
CONTINUED = "the calculation begins in the line before"
REJECTED = "the solution goes on to reject it"
QUOTED = "the line quotes it"
CHOICE = "it is one of several choices"
ESTIMATE = "it is an estimate"
RANGE = "it may count what a range holds"
PREFIX = "its unit has a prefix, and the result may count in a larger or smaller one"
COMMA = "its comma may be a decimal one"
UNKNOWN = "a letter that it is divided by may be an unknown"
SCALE = "lengths may stand for each other by a scale"
PARTS = "its result counts parts or places of a number"
REVERSED = "a difference is written without its sign"

WINDOW = 3
"""Lines in which a solution corrects or rejects an equation: its own and the next two."""

_ENDS_OPEN = re.compile(r"(?:(?<![-+])[-+*/×÷·−]|\\(?:times|cdot|div))(?:\\\\|[\s$&])*$")
_BEGINS_OPEN = re.compile(r"(?:[&$\s]|\\\[|\\\(|\\q?quad)*(?:[+×÷·]|\\times|\\cdot|\\div)\s*[$\\({]*\d")
_REJECTS = re.compile(
    r"\b(?:contradict\w*|absurd|inconsistent|extraneous|never true|no solutions?|forgot|not quite)\b"
    r"|\b(?:we|I|so|must) (?:can )?(?:reject|discard)\b"
    r"|\b(?:is|are|was|be|that's) (?:\w+ )?(?:false|wrong|incorrect|impossible)\b"
    r"|(?:^|[(—–:;.,-] *)(?:false|wrong|incorrect)\b[^\w]*(?:$|[.,])"
    r"|\bthe wrong (?:place|way|order|sign|number|operation|formula|column)\b"
    r"|\b(?:is|are|does|do|was|were|would|ca)(?:n't| not) (?:a |be )?"
    r"(?:true|equal|correct|right|possible|work|satisf\w+|match\w*)\b"
    r"|[✗✘❌≠]|\\neq?\b",
    re.IGNORECASE,
)
_NEXT_CASE = re.compile(r"\W*(?:case|part) \w|\(?(?:[b-h]|ii+|iv|[2-9])[.)] ", re.IGNORECASE)
_SUPPOSES = re.compile(r"\b(?:suppose|assum\w+|were|hypothe\w+)\b", re.IGNORECASE)
_CONTRADICTION = re.compile(r"\b(?:contradict\w*|absurd|impossible|inconsistent|no solutions?)\b", re.IGNORECASE)
_QUOTES = re.compile(
    r"=[^=?a-zA-Z]*\?|\((?:no|false|wrong|incorrect|too \w+)\)|~~|(?<!true/)(?<!true or )\bfalse\b"
    r"|\b(?:typo|tempting|claim\w*|I mean|misread|(?:says?|said|wrote)(?=:? (?:that )?[$\\(]*\d))\b"
    r"|\bgiven (?:equation|equality|statement)|\b(?:is|was) not \d"
    r"|[.!?:;,…—] *(?:actually|no)\b[,:]?(?=[ $\\(]*\d)",
    re.IGNORECASE,
)
_CHOICE = re.compile(r"(?:[-*] |\*\*)*(?:Option |Choice |Statement )?\(?([A-E]|I{1,3}|IV|V)[).:]")
_PREFIXED = re.compile(
    r"\d(?:[ ~{]|\\[,;: ]|\\(?:text|textrm|mathrm|mbox|rm|unit)(?![a-z]))*"
    r"[kmMGµμn](?:J|W|N|V|A|F|T|H|M|Pa|Hz|[ΩΩ]|mol|cal|Wh|eV)(?![A-Za-z])"
)
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3},\d{3}(?![\d,])")
_BELOW = re.compile(r"(?<![\d.])([\d.]{1,20}) ?/ ?([A-Za-z])(?![A-Za-z])")
_SOLVED = re.compile(r"(?<![A-Za-z\\/])([A-Za-z]) ?=|\bLet ([A-Za-z])\b")
# What ``6/4 = 15/h`` is.
_PROPORTION = re.compile(r"(?<![\d/])\d+ ?/ ?\d+ ?= ?[\d.]+ ?/ ?[A-Za-z](?![A-Za-z])")
# Two lengths that are set equal: as ``explain_conversion`` says it, and as the reader writes letters of units.
_LENGTHS = re.compile(r"\S+ (\w+) is (?:about )?\S+ (\w+), not ")
_POINT_MOVED = re.compile(r"[\d.]+(?:/10+)?=[\d.]+(?:/10+)?")
_METRIC = re.compile(r"\d ?(?:\\?[a-z]*\{ ?)?(?:[mcdk]?m|(?:milli|centi|deci|kilo)?met(?:er|re)s?)\b")
_SCALED = re.compile(
    r"\b(?:maps?|atlas|scal(?:e|es|ed|ing)|models?|drawings?|drawn|draws?|blueprints?|plans?|diagrams?|represent\w*"
    r"|miniatures?|replicas?|toys?|dolls?|dollhouse|screens?|photo\w*|images?|pictures?|figures?|sketch\w*|magnif\w*"
    r"|enlarge\w*|microscope|shadows?|similar|globe|stands? for|correspond\w*)\b",
    re.IGNORECASE,
)
_LACK = re.compile(
    r"\b(?:short\w*|deficit|loss\w*|los[et]|drop\w*|below|less|fewer|overdrawn|over|under|owes?|debt|decreas\w*|fell"
    r"|fall\w*|declin\w*|differ\w*|behind|younger|colder|gap|between|apart|lower)\b",
    re.IGNORECASE,
)


_OPTION = re.compile(r"(?<![\w(])\(?([A-Ea-e])[).] (?=[$\\(]*\d[^=a-zA-Z]{1,40}=)")


_SIZES = {
    **{word: Fraction(1, number) for word, number in FRACTION_WORDS.items()},
    "one": Fraction(1), "ten": Fraction(10), "hundred": Fraction(100), "tenth": Fraction(1, 10),
    "hundredth": Fraction(1, 100),
}  # fmt: skip
_PARTS = re.compile(rf"(?:=|\bis) ?\d+ ({'|'.join(sorted(_SIZES))})s?(?![\w-])")


class SecondLook:
    """One solution whose failing equations are looked at again."""

    def __init__(self, lines: Sequence[Line], checks: Sequence[Sequence[EquationCheck]], problem: str) -> None:
        self._lines = [line.text for line in lines]
        self._readable = [line.readable for line in lines]
        self._checks = checks
        self._problem = problem
        self._found: dict[tuple[re.Pattern[str], int], bool] = {}
        self._true: dict[int, dict[str, int]] = {}
        self._below: dict[int, set[str]] = {}
        self._named: dict[tuple[re.Pattern[str], int], frozenset[str]] = {}

    def checks(self) -> list[list[EquationCheck]]:
        """All checks, with the failing ones that the rest of the solution speaks against set aside."""
        return [
            [
                check._replace(status=CheckStatus.UNPARSABLE, detail=f"not judged, {doubt}: {check.detail}")
                if check.status is CheckStatus.FAILS and (doubt := self._doubt(check, place, index)) is not None
                else check
                for index, check in enumerate(found)
            ]
            for place, found in enumerate(self._checks)
        ]

    def _doubt(self, check: EquationCheck, place: int, index: int) -> str | None:
        left, right = RELATION.split(check.text)
        line = self._lines[place]
        if self._is_contested(_asked(check), place, index):
            return CONTESTED
        if "≈" in check.text and re.search(r"[-+*/^(]", right) and _is_near(check):
            return ESTIMATE
        if index == 0 and self._is_continued(place):
            return CONTINUED
        if self._says(_QUOTES, place):
            return QUOTED
        after = range(place, min(place + WINDOW, len(self._lines)))
        if any(self._says(_REJECTS, other) for other in after) or self._is_supposed(place):
            return REJECTED
        if self._is_choice(place):
            return CHOICE
        if "," in line and _has_decimal_comma(line, check):
            return COMMA
        if self._divides_by_an_unknown(right, place):
            return UNKNOWN
        if (doubt := self._arithmetic.doubt_of(check)) is not None or CONGRUENT in check.text:
            return doubt
        if _counts_range(left, check):
            return RANGE
        if differ_in_magnitude(check.left, check.right) and self._says(_PREFIXED, place):
            return PREFIX
        if self._may_be_scaled(check, place):
            return SCALE
        if self._counts_parts(check, place):
            return PARTS
        return REVERSED if _is_reversed(left, check) and self._says(_LACK, place) else None

    def _says(self, pattern: re.Pattern[str], place: int) -> bool:
        """Whether a line says something; each is searched once, however many of its equations fail."""
        key = pattern, place
        if key not in self._found:
            self._found[key] = pattern.search(self._lines[place]) is not None
        return self._found[key]

    def _counts_parts(self, check: EquationCheck, place: int) -> bool:
        """Whether a result is right in the parts that it counts: ``2/5 + 1/5 = 3 fifths``, ``60 + 50 = 11 tens``."""
        values = values_of(check)
        if values is None:
            return False
        sizes = {_SIZES[word] for word in self._names(_PARTS, place)}
        return any(values[0] == values[1] * size or values[0] // size == values[1] for size in sizes)

    def _names(self, pattern: re.Pattern[str], place: int) -> frozenset[str]:
        """What a pattern with one group finds in a line, each once; looked for once too."""
        key = pattern, place
        if key not in self._named:
            self._named[key] = frozenset(pattern.findall(self._lines[place]))
        return self._named[key]

    def _may_be_scaled(self, check: EquationCheck, place: int) -> bool:
        """Whether lengths are set equal where a map, a model or a drawing is spoken of: ``25 mm = 2.5 m``."""
        units = _LENGTHS.match(check.detail or "")
        lengths = units is not None and all(unit_named(unit) in LENGTHS for unit in units.groups())
        if not lengths and not (_POINT_MOVED.fullmatch(check.text) and self._says(_METRIC, place)):
            return False
        return any(_SCALED.search(text) for text in (self._problem, *self._lines))

    def _is_contested(self, asked: str, place: int, index: int) -> bool:
        """Whether the same calculation stands behind it, or in the next lines, with its right result."""
        if not asked.strip("(-)0123456789."):
            return False
        if self._right(place).get(asked, -1) > index:
            return True
        for other in range(place + 1, min(place + WINDOW, len(self._checks))):
            if _NEXT_CASE.match(self._lines[other]) and any(map(str.isalpha, asked)):
                return False  # where the unknown has another value
            if asked in self._right(other):
                return True
        return False

    def _right(self, place: int) -> dict[str, int]:
        """What a line's true equations give the result of, each with the last place in the line where it stands."""
        if place not in self._true:
            self._true[place] = {
                _asked(check): index
                for index, check in enumerate(self._checks[place])
                if check.status in (CheckStatus.HOLDS, CheckStatus.ROUNDED)
            }
        return self._true[place]

    def _is_continued(self, place: int) -> bool:
        """Whether a sum was broken over two lines, and this is the first equation of the second."""
        if not place:
            return False
        before, line = self._readable[place - 1], self._lines[place]
        if line[0] == "(" and before.endswith(")") and not RELATION.search(before):
            return True  # "(3 \\cdot 4)", and "(2 + 1) = 36" below it
        return bool(_ENDS_OPEN.search(before) or _BEGINS_OPEN.match(line))

    def _is_supposed(self, place: int) -> bool:
        """Whether it stands between a supposition and the contradiction that this leads to."""
        supposed, contradicted = self._supposition
        return supposed <= place <= contradicted

    @cached_property
    def _supposition(self) -> tuple[int, int]:
        """The first line that supposes something, and the last one that names a contradiction."""
        places = range(len(self._lines))
        first = next((place for place in places if _SUPPOSES.search(self._lines[place])), len(self._lines))
        last = next((place for place in reversed(places) if _CONTRADICTION.search(self._lines[place])), -1)
        return first, last

    def _divides_by_an_unknown(self, right: str, place: int) -> bool:
        """Whether a letter below a result may be an unknown: that of a proportion, or one that the solution finds."""
        if place not in self._below:
            line = self._readable[place]
            unknown = _PROPORTION.search(line) is not None
            self._below[place] = {
                number for number, letter in set(_BELOW.findall(line)) if unknown or letter in self._solved_letters
            }
        return right in self._below[place]

    @cached_property
    def _solved_letters(self) -> set[str]:
        return {one or other for one, other in _SOLVED.findall(self._text)}

    def _is_choice(self, place: int) -> bool:
        """Whether a line is one of several choices, or has several of them."""
        line = self._lines[place]
        if len(self._names(_OPTION, place)) > 1:
            return True
        choice = _CHOICE.match(line)
        return choice is not None and len(self._choices) > 1

    @cached_property
    def _choices(self) -> set[str]:
        return {match[1] for line in self._lines if (match := _CHOICE.match(line))}

    @cached_property
    def _text(self) -> str:
        return "\n".join([self._problem, *self._lines])

    @cached_property
    def _arithmetic(self) -> OtherArithmetic:
        return OtherArithmetic(self._text)


def _asked(check: EquationCheck) -> str:
    """What an equation gives the result of: its left side, and the modulus that it is counted by."""
    left, right = RELATION.split(check.text)
    return left + right[right.find(" (mod ") :] if CONGRUENT in check.text else left


def _has_decimal_comma(line: str, check: EquationCheck) -> bool:
    """``15/8 = 1,875``: what was read as a thousand and more is the value once its comma is a decimal one."""
    values = values_of(check)
    if values is None:
        return False
    written = {number for number in _THOUSANDS.findall(line) if Fraction(number.replace(",", "")) == values[1]}
    return any(abs(Fraction(number.replace(",", ".")) - values[0]) * 2000 <= 1 for number in written)


def _is_near(check: EquationCheck) -> bool:
    """Whether both sides are within a tenth of each other, as far as their values are known."""
    values = values_of(check)
    return values is None or abs(values[0] - values[1]) * 10 <= max(map(abs, values))


def _counts_range(left: str, check: EquationCheck) -> bool:
    """``10-20 = 11``: the pages from the 10th to the 20th."""
    values = values_of(check)
    return values is not None and values[1] == 1 - values[0] > 1 and re.fullmatch(r"\d+-\d+", left) is not None


def _is_reversed(left: str, check: EquationCheck) -> bool:
    """``40 - 55 = 15``: a difference of two numbers, with the sign left out."""
    values = values_of(check)
    return values is not None and values[0] == -values[1] and re.fullmatch(r"[\d.]+-[\d.]+", left) is not None
