"""The values that travel between the rooms of the grader.

They are named tuples, not dataclasses: a run builds some twenty of them for every row, and a frozen
dataclass costs three times as much to construct.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

REPORT_FORMAT = 1


class CheckStatus(StrEnum):
    """What the checker can say of one equation. Only ``FAILS`` makes a row a computational error."""

    HOLDS = "holds"
    ROUNDED = "rounded"
    FAILS = "fails"
    SYMBOLIC = "symbolic"
    UNPARSABLE = "unparsable"
    LIMIT = "limit"


class Certainty(StrEnum):
    """How sure the rules are that they read a line as a person would."""

    CERTAIN = "certain"
    UNSURE = "unsure"
    NONE = "none"


class Source(StrEnum):
    """Who read an equation."""

    RULES = "rules"
    MODEL = "model"
    ANNOTATION = "annotation"


class RowStatus(StrEnum):
    """What became of a row: see ``grade_status`` in docs/report-format.md."""

    GRADED = "graded"
    SKIPPED = "skipped"
    FAILED = "failed"


class Verdict(StrEnum):
    """The answer for a whole solution."""

    CORRECT = "correct"
    COMPUTATIONAL_ERROR = "computational_error"
    CONCEPTUAL_ERROR = "conceptual_error"


class Split(StrEnum):
    """Where a row of a report goes: found correct, found wrong, or without a verdict. Every row is in one of them."""

    CLEAN = "clean"
    REJECTED = "rejected"
    UNDECIDED = "undecided"


class Solution(NamedTuple):
    """One row to grade.

    ``solution`` is the text as it stands in the input, or the steps of a list column, or None.
    ``reference`` is the reference answer where the input has one.
    """

    problem: str
    solution: str | tuple[str, ...] | None
    reference: str | None = None


SCALED = "a number of the line is counted in hundreds, thousands or millions"
"""The doubt that holds only against a result that is off by such a factor."""

UNIT_LETTER = "the unit behind the result may have a prefix, or the result may be rounded"
"""The doubt that holds only against a result of another magnitude, or one that is nearest in its written digits."""


class Equation(NamedTuple):
    """One equation as it was read: normalised text (``48/2=24``) with exactly one relation sign.

    ``approximate`` is True where the line itself says "about", "≈" or "rounds to".
    ``left_units`` and ``right_units`` name the units that stand on each side, singular (``minute``, ``$``); where
    they do not fit together, those behind a slash too (``/hour``).
    ``doubt`` says why the equation may be read but must not fail a row (a reasoning trace, a retracted or hypothetical
    step, a reading that the line does not support); None where it may.
    """

    text: str
    source: Source = Source.RULES
    approximate: bool = False
    left_units: tuple[str, ...] = ()
    right_units: tuple[str, ...] = ()
    doubt: str | None = None


class EquationCheck(NamedTuple):
    """The outcome for one equation: a struct of ``grade_lines.equations`` in the report.

    ``left`` and ``right`` are exact values as strings (``24``, ``1/3``), None where there is no number.
    """

    text: str
    left: str | None
    right: str | None
    status: CheckStatus
    source: Source
    detail: str | None


class GradedLine(NamedTuple):
    """One non-empty line of a solution, numbered from 1, with its equations."""

    line: int
    text: str
    flaw_probability: float | None
    equations: tuple[EquationCheck, ...]


class Classification(NamedTuple):
    """The classifier's answer for one solution.

    ``flawed`` is the calibrated P(flawed) for the whole, ``by_line`` the running one at each line's end.
    """

    flawed: float
    by_line: tuple[float, ...]
    truncated: bool = False


class GradedSolution(NamedTuple):
    """One row of the report, less the input columns."""

    status: RowStatus
    verdict: Verdict | None = None
    flaw_probability: float | None = None
    first_error_line: int | None = None
    message: str | None = None
    n_equations: int = 0
    n_failed: int = 0
    flags: tuple[str, ...] = ()
    lines: tuple[GradedLine, ...] = ()
