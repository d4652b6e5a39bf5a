"""From checks and probabilities to the verdict of a row, its first error line, its message and its flags."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from grader.characters import clean
from grader.checking.arithmetic import NotRationalError, UndefinedError, evaluate
from grader.checking.grammar import GrammarError, parse
from grader.checking.rounding import INTEGER_QUOTIENT
from grader.limits import LimitError
from grader.types import (
    CheckStatus,
    Classification,
    EquationCheck,
    GradedLine,
    GradedSolution,
    RowStatus,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

NOTHING_CHECKED = "nothing_checked"
REFERENCE_MISMATCH = "reference_mismatch"
TRUNCATED = "truncated"
UNIT_MISMATCH = "unit_mismatch"
MODELS_DISAGREE = "models_disagree"
QUOTIENT_FLAG = "integer_quotient"

_JUDGED = frozenset({CheckStatus.HOLDS, CheckStatus.ROUNDED, CheckStatus.FAILS})


def decide(
    lines: Sequence[GradedLine],
    classification: Classification | None,
    threshold: float,
    flags: Sequence[str] = (),
    *,
    silent: bool = False,
) -> GradedSolution:
    """The graded row. A failed calculation wins over the classifier; ``flags`` come in front of those found here.

    A ``silent`` classifier's probability is noted, and decides nothing.
    """
    checks = [check for line in lines for check in line.equations]
    failed = [(line, check) for line in lines for check in line.equations if check.status == CheckStatus.FAILS]
    found = list(flags)
    if any(check.detail is not None and check.detail.endswith(INTEGER_QUOTIENT) for check in checks):
        found.append(QUOTIENT_FLAG)
    if classification is not None and classification.truncated and TRUNCATED not in found:
        found.append(TRUNCATED)
    if not any(check.status in _JUDGED for check in checks):
        found.append(NOTHING_CHECKED)
    judged = None if silent else classification
    verdict, first, message = _verdict(failed, judged, threshold, nothing=found[-1:] == [NOTHING_CHECKED])
    return GradedSolution(
        RowStatus.GRADED,
        verdict,
        None if classification is None else classification.flawed,
        first,
        message,
        len(checks),
        len(failed),
        tuple(found),
        tuple(lines),
    )


def _verdict(
    failed: Sequence[tuple[GradedLine, EquationCheck]],
    classification: Classification | None,
    threshold: float,
    *,
    nothing: bool,
) -> tuple[Verdict | None, int | None, str | None]:
    if failed:
        line, check = failed[0]
        return Verdict.COMPUTATIONAL_ERROR, line.line, f"line {line.line}: {check.detail}"
    if classification is None:
        return (None if nothing else Verdict.CORRECT), None, None
    if classification.flawed < threshold:
        return Verdict.CORRECT, None, None
    first = _first_over(classification.by_line, threshold)
    certainty = f"(P = {classification.flawed:.2f})"
    if first is None:
        return Verdict.CONCEPTUAL_ERROR, None, f"the reasoning looks flawed {certainty}"
    return Verdict.CONCEPTUAL_ERROR, first, f"line {first}: the reasoning looks flawed from here {certainty}"


def _first_over(probabilities: Sequence[float], threshold: float) -> int | None:
    """First line whose running probability reaches the threshold, or the line of the maximum; 1-based.

    None without running probabilities: a classifier of prompt version 0 judges a solution only as a whole.
    """
    if not probabilities:
        return None
    for number, probability in enumerate(probabilities, start=1):
        if probability >= threshold:
            return number
    return max(range(len(probabilities)), key=probabilities.__getitem__) + 1


_DECORATION = re.compile(
    r"\\(?:text|mathrm|mbox|textbf)\s*\{[^{}]*\}|\\[,;:! ]|\\[$%()\[\]]|[$€£¥₹{}]|(?<=\d),(?=\d{3})"
)
_ONE_NUMBER = re.compile(r"[^\d.+-]*(-?(?:\d+(?:\.\d+)?|\.\d+))(\s*%)?(?![\d/^*+(])[^\d]*")
_FRACTION = re.compile(
    r"(?P<whole>\d\s*)?\\[dt]?frac\s*(?:\{(?P<above>[^{}]*)\}|(?P<a>\d))\s*(?:\{(?P<below>[^{}]*)\}|(?P<b>\d))"
)
_SPACES = re.compile(r"(?<!\d) +| +(?!\d)|(?<=\d) (?=\d{3}(?!\d))")  # not the one of "1 1/2"


def differs_from_reference(answer: str | None, reference: str) -> bool:
    """Whether both are single numbers and are not the same one; anything that is no number is left alone."""
    if answer is None:
        return False
    one, other = _answer_values(answer), _answer_values(reference)
    return bool(one) and bool(other) and not (one & other)


def _answer_values(text: str) -> set[Fraction]:
    """The values that an answer may mean: ``25%`` is 25 or a quarter. Empty if it is not one number."""
    if len(text) > 200:
        return set()
    plain = _DECORATION.sub(lambda found: "%" if found[0] == "\\%" else "", _FRACTION.sub(_plain_fraction, clean(text)))
    plain = plain.strip().rstrip(".")
    try:
        value = evaluate(parse(_SPACES.sub("", plain)))
    except (GrammarError, LimitError, UndefinedError, NotRationalError):
        match = _ONE_NUMBER.fullmatch(plain)
        if match is None:
            return set()
        value = Fraction(match[1]) / (100 if match[2] else 1)
    return {value, value * 100} if "%" in plain else {value}


def _plain_fraction(match: re.Match[str]) -> str:
    """``\\frac{1}{2}`` as ``(1)/(2)``, and as ``1 1/2`` behind a whole number."""
    above, below = match["above"] or match["a"], match["below"] or match["b"]
    return f"{match['whole'].strip()} {above}/{below}" if match["whole"] else f"({above})/({below})"
