"""Results that a solution stops at and keeps: ``54/3 = 16. Wait, is that asked? Yes. So the answer is 16``.

Whoever stops to think and finds nothing has taken nothing back. An equation that a mere pause excuses is a claim like
any other where the final answer is its result or comes from it, and nothing behind it says otherwise.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from grader.checking.arithmetic import evaluate
from grader.checking.grammar import parse
from grader.doubts import RETRACTED, turns_back
from grader.limits import LimitError
from grader.numbers import RELATION
from grader.types import CheckStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from grader.lines import Line
    from grader.types import EquationCheck

_WRITTEN = re.compile(r"(?<![\w.,])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d,]*\d)")
_EQUALS = re.compile(r"(?:=|≈|\bis|equals)[\s$*\\({]*$")
_TRUE = (CheckStatus.HOLDS, CheckStatus.ROUNDED)
LEAST = 3
"""A smaller number than this stands in an answer by chance."""
LEAST_CARRIED = 10
"""A smaller number than this stands in a later calculation by chance."""
MAX_DIGITS_KEPT = 30
MAX_OTHERS = 50
"""Numbers of the text behind an equation that are tried in the place of one of its own."""


class _Step(NamedTuple):
    """An equation of the solution: its line, its left side, the numbers in that, and its result if that is a number."""

    place: int
    left: str
    numbers: frozenset[Fraction]
    result: Fraction | None
    check: EquationCheck


class Kept:
    """One solution in which something is taken back."""

    def __init__(
        self,
        lines: Sequence[Line],
        places: Sequence[int],
        checks: Sequence[EquationCheck],
        problem: str,
        final: str | None,
    ) -> None:
        """``places``: the index of the line of each check. ``final``: the final answer as it is written."""
        self._lines = lines
        self._problem = problem
        self._steps = [_step(place, check) for place, check in zip(places, checks, strict=True)]
        self._final = _final(final, lines[-1].text)
        self._end = len(lines) if final is not None else len(lines) - 1
        """The line that states the answer where none is marked as such: what it calculates is not kept behind it."""

    def results(self) -> list[int]:
        """The indices of the equations that are called false, seem to be taken back, and are kept."""
        if self._final is None:
            return []
        return [
            index
            for index, step in enumerate(self._steps)
            if (step.check.detail or "").startswith(f"not judged, {RETRACTED}: ") and self._is_kept(index)
        ]

    def _is_kept(self, index: int) -> bool:
        step = self._steps[index]
        result, value = step.result, _value(step.check.left)
        if result is None or value is None or result < LEAST or step.place >= self._end:
            return False
        if self._is_turned_back(step.place):
            return False
        before, after = self._around(step)
        carried = self._carried(index, result)
        if self._final not in carried or not before.isdisjoint({result, self._final}) or value in after:
            return False
        if _holds_with_another(step, after):
            return False
        return not any(self._speaks_against(other, step, carried) for other in self._steps)

    def _is_turned_back(self, place: int) -> bool:
        """Whether the text from this line on takes something back for certain."""
        texts = [line.text for line in self._lines[place:]]
        return any(turns_back(text, following) for text, following in zip(texts, [*texts[1:], ""], strict=True))

    def _around(self, step: _Step) -> tuple[set[Fraction], set[Fraction]]:
        """The numbers of the text before the equation's result, and of that behind it."""
        text = self._lines[step.place].text
        written = [number for number in _WRITTEN.finditer(text) if _value(number[0]) == step.result]
        stated = [number for number in written if _EQUALS.search(text, 0, number.start())]
        start, end = (stated or written)[0].span() if written else (0, 0)
        earlier = [line.text for line in self._lines[: step.place]]
        later = [line.text for line in self._lines[step.place + 1 :]]
        return _numbers([self._problem, *earlier, text[:start]]), _numbers([text[end:], *later])

    def _carried(self, index: int, result: Fraction) -> set[Fraction]:
        """The result, and what later equations make of it."""
        carried = {result}
        for step in self._steps[index + 1 :]:
            if step.result is None or step.check.status not in _TRUE:
                continue
            if any(number in carried and _is_telling(number) for number in step.numbers):
                carried.add(step.result)
        return carried

    def _speaks_against(self, other: _Step, step: _Step, carried: set[Fraction]) -> bool:
        """Whether an equation gives the calculation another result, or finds its result or the answer without it."""
        if other.left == step.left:
            return other.result != step.result
        found = other.result is not None and other.result in (step.result, self._final)
        return found and bool(other.numbers) and not any(number in carried for number in other.numbers)


def _step(place: int, check: EquationCheck) -> _Step:
    sides = RELATION.split(check.text)
    left, right = sides if len(sides) == 2 else ("", "")
    return _Step(place, left, frozenset(_numbers([left])), _value(right), check)


def _holds_with_another(step: _Step, others: set[Fraction]) -> bool:
    """``30 - 12 = 28. Hmm, the problem says 40``: whether it is true with a number of the text behind it."""
    tried = sorted(other for other in others if other.denominator == 1)[:MAX_OTHERS]
    for number in _WRITTEN.finditer(step.left):
        for other in tried:
            try:
                value = evaluate(parse(f"{step.left[: number.start()]}{other}{step.left[number.end() :]}"))
            except (ArithmeticError, ValueError, LimitError):
                continue
            if value == step.result:
                return True
    return False


def _final(final: str | None, last: str) -> Fraction | None:
    """The number that is the final answer, or the last one of the last line where no answer is marked as such."""
    numbers = [_value(number) for number in _WRITTEN.findall(last if final is None else final)]
    if final is not None and len(set(numbers)) != 1:
        return None
    return numbers[-1] if numbers else None


def _numbers(texts: Iterable[str]) -> set[Fraction]:
    return {value for text in texts for number in _WRITTEN.findall(text) if (value := _value(number)) is not None}


def _value(number: str | None) -> Fraction | None:
    """The value of a written number, None of anything else."""
    plain = (number or "").replace(",", "").removesuffix("%")
    if len(plain) > MAX_DIGITS_KEPT or re.fullmatch(r"\d+(?:\.\d+)?|\d+/0*[1-9]\d*", plain) is None:
        return None
    return Fraction(plain)


def _is_telling(number: Fraction) -> bool:
    return number >= LEAST_CARRIED or number.denominator != 1
