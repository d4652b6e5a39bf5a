"""How numbers flow through a solution: hints that never decide a verdict.

An operand that stands neither in the problem nor in an earlier line was read wrong or made up; a final answer that is
not the last result was not computed. docs/checking.md has the measured precision of both.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from grader.characters import clean
from grader.numbers import COMPARISONS, FRACTION_WORDS, NUMBER_WORDS, RELATION, SCALE_WORDS
from grader.types import CheckStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from grader.types import GradedLine

UNGROUNDED_NUMBER = "ungrounded_number"
FINAL_ANSWER_UNSUPPORTED = "final_answer_unsupported"

# With a set of characters in front it is found twice as fast as ``\d+…|\.\d+``.
_NUMBER = re.compile(r"[\d.](?:(?<=\d)\d*(?:,\d{3})*(?:\.\d+)?|(?<=\.)\d+)")
_WORD = re.compile(r"[a-z]+")
_COMMON = frozenset(
    """0 1 2 3 4 5 6 7 8 9 10 12 16 20 24 25 28 29 30 31 32 36 40 48 50 52 60 64 75 90 100 128 144 180 360 365 366 500
    1000 1440 2000 3600 5280 10000 1000000 0.5 0.25 0.75 0.1 0.05 0.01""".split()  # noqa: SIM905
)
"""Numbers that need no source: small counts, percentages, coins, and what a day, a year or a circle is made of."""
MAX_COMBINED = 40
"""Known numbers that are tried in pairs."""
_WORDS = {
    word: str(value)
    for table in (NUMBER_WORDS, SCALE_WORDS, FRACTION_WORDS, {"dozen": 12, "dozens": 12, "twice": 2, "double": 2})
    for word, value in table.items()
}


def flow_flags(problem: str, lines: Sequence[GradedLine], answer: str | None) -> tuple[list[str], list[GradedLine]]:
    """The flags of one solution, and its lines with each number from nowhere named in its equation's detail.

    There are none of the first kind where there is no problem to compare with.
    """
    flags = []
    noted = list(lines)
    notes: dict[int, dict[str, list[str]]] = {}
    for number, text, operand in ungrounded_numbers(problem, lines) if problem else ():
        notes.setdefault(number, {}).setdefault(text, []).append(operand)
    for number, by_text in notes.items():
        noted[number - 1] = _noted(lines[number - 1], by_text)
        flags = [UNGROUNDED_NUMBER]
    if answer is not None and not is_supported(answer, lines):
        flags.append(FINAL_ANSWER_UNSUPPORTED)
    return flags, noted


def _noted(line: GradedLine, by_text: dict[str, list[str]]) -> GradedLine:
    """The line with the numbers named in the details of their equations."""
    checks = []
    for check in line.equations:
        if check.text in by_text:
            operands = ", ".join(dict.fromkeys(by_text[check.text]))
            note = f"from neither the problem nor an earlier line: {operands}"
            check = check._replace(detail=f"{check.detail}; {note}" if check.detail else note)  # noqa: PLW2901
        checks.append(check)
    return line._replace(equations=tuple(checks))


def ungrounded_numbers(problem: str, lines: Sequence[GradedLine]) -> list[tuple[int, str, str]]:
    """Line number, equation and operand of each operand that comes from nowhere, in order, each once."""
    found: dict[tuple[int, str, str], None] = {}
    known: set[str] = set()
    unread = [problem]
    worded: set[str] | None = None
    for line in lines:
        results: set[str] | None = None
        for check in line.equations:
            if check.status == CheckStatus.SYMBOLIC or not COMPARISONS.isdisjoint(check.text):
                continue
            for text in _NUMBER.findall(RELATION.split(check.text, maxsplit=1)[0]):
                if text in _COMMON or text in known:
                    continue
                if unread:  # not sooner: most solutions ask nothing of their last lines
                    _learn(known, "\n".join(unread))
                    unread.clear()
                key = _key(text)
                if text in known or key in known or key in _COMMON:
                    continue
                if worded is None:
                    worded = _numbers_in_words(problem)
                    known |= worded
                results = _results(line) if results is None else results
                if not (key in worded or key in results or _is_derived(key, known)):
                    found[line.line, check.text, text] = None
        unread.append(line.text)
    return list(found)


def _learn(known: set[str], text: str) -> None:
    """Add the numbers of a text, as they are written and in their one spelling."""
    numbers = _NUMBER.findall(clean(text))
    known.update(numbers)
    known.update([_key(number) for number in numbers if "." in number or "," in number or number[0] == "0"])


def _results(line: GradedLine) -> set[str]:
    """The numbers on the right sides of a line: the next step of a chain may use them."""
    return {_key(text) for check in line.equations for text in _NUMBER.findall(_right(check.text))}


def _right(text: str) -> str:
    return RELATION.split(text, maxsplit=1)[-1]


def _numbers_in_words(problem: str) -> set[str]:
    """The numbers that a problem writes as words: ``fifty-four``, ``nine hundred``, ``three and a half``."""
    known: set[str] = set()
    words = _WORD.findall(problem.lower())
    for index, word in enumerate(words):
        if word in _WORDS:
            known.add(_WORDS[word])
            known.update(_compounds(words, index))
    return known


def _compounds(words: list[str], index: int) -> Iterable[str]:
    """What a number word makes together with the words behind it."""
    value = int(_WORDS[words[index]])
    following = _WORDS.get(words[index + 1]) if index + 1 < len(words) else None
    if following is not None and value >= 20 and int(following) < 10:
        yield str(value + int(following))
    if following is not None and words[index + 1] in SCALE_WORDS:
        yield str(value * int(following))
    if words[index + 1 : index + 4] == ["and", "a", "half"]:
        yield f"{value}.5"


def _is_derived(key: str, known: set[str]) -> bool:
    """Whether a number follows from known ones in the head: a part of a hundred, a sum, a difference, a product."""
    if len(key) > MAX_KEY or len(known) > MAX_COMBINED:
        return False
    value = _value(key)
    numbers = {_value(_key(text)) for text in known if len(text) <= MAX_KEY}
    if not numbers.isdisjoint((value * 100, 100 - value, 100 - value * 100, value * 100 - 100, value - 100)):
        return True
    return any(
        value - number in numbers or value + number in numbers or (number and Fraction(value, number) in numbers)
        for number in numbers
    )


def _value(key: str) -> int | Fraction:
    """An integer where it is one: they compute faster, and equal fractions are equal to them."""
    return Fraction(key) if "." in key else int(key)


MAX_KEY = 12
"""Characters of a number that is tried."""


def _key(text: str) -> str:
    """One spelling for one number: no grouping, no idle zeros."""
    if "," in text:
        text = text.replace(",", "")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
        if text[:1] in (".", ""):
            text = f"0{text}"
    return (text.lstrip("0") or "0") if text[:1] == "0" and text[1:2] != "." else text


def is_supported(answer: str, lines: Sequence[GradedLine]) -> bool:
    """Whether the final answer is a result of the last line that computes; True where either is no number."""
    written = {_key(text) for text in _NUMBER.findall(clean(answer))}
    if len(written) != 1:
        return True
    for line in reversed(lines):
        results = {
            _key(text)
            for check in line.equations
            if check.status in (CheckStatus.HOLDS, CheckStatus.ROUNDED, CheckStatus.FAILS)
            and COMPARISONS.isdisjoint(check.text)
            for text in _NUMBER.findall(_right(check.text))
        }
        if results:
            return bool(written & results)
        if written & {_key(text) for text in _NUMBER.findall(line.text)} and line is not lines[-1]:
            return True
    return True
