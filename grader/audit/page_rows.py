"""Rows of a report as the page shows them: clipped, and every character that could mislead the eye spelled out."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from grader.compare import texts_of
from grader.reports import FIRST_ERROR_LINE, VERDICT
from grader.types import CheckStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grader.reports import Report

MAX_PROBLEM_CHARACTERS = 1_500
MAX_LINE_CHARACTERS = 600
MAX_LINES = 40
MAX_EQUATIONS = 12
CONTEXT_LINES = 12
"""Lines in front of the first failing one that are shown of a solution that is too long."""
KEPT_CONTROLS = frozenset("\n\t")
MISLEADING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\ufeff")
"""Marks that turn the direction of the text around them, or end a line without a trace."""


def plain(value: object, limit: int = MAX_LINE_CHARACTERS) -> str:
    """Give a text that looks like what it is: control characters as ``\\u202e``, at most ``limit`` characters.

    Markup is not touched here: the template escapes everything.
    """
    text = "" if value is None else str(value)
    cut = f" … ({len(text) - limit:,} characters more)" if len(text) > limit else ""
    return "".join(_spelled(one) for one in text[:limit]) + cut


def _spelled(character: str) -> str:
    if character in KEPT_CONTROLS:
        return character
    if character in MISLEADING or unicodedata.category(character) in ("Cc", "Cs"):
        return f"\\u{ord(character):04x}"
    return character


class LineView(NamedTuple):
    """One line of a solution. ``mark`` is ``fails`` or ``suspect`` where the row's error is said to begin, or None."""

    number: int
    text: str
    mark: str | None
    percent: int | None
    equations: list[dict[str, str]]


class RowView(NamedTuple):
    """One row on the page; ``skipped`` lines stand before the ones shown, ``rest`` behind them."""

    anchor: str
    identifier: str
    reason: str
    verdict: str
    message: str
    percent: int | None
    problem: str
    lines: list[LineView]
    skipped: int
    rest: int


def row_views(report: Report, queue: pl.DataFrame) -> list[RowView]:
    """Read the rows of a review queue, in its order."""
    problem, solution = texts_of(report)
    identifier = report.recorded().get("identifier")
    shown = [VERDICT, FIRST_ERROR_LINE, "grade_flaw_probability", "grade_message", "grade_lines"]
    columns = [pl.col(name) for name in shown if name in report.schema]
    key = pl.col(identifier).cast(pl.String) if identifier else pl.lit(None, dtype=pl.String)
    # A chat holds the problem too, among its turns.
    asked = pl.coalesce(problem, solution).str.slice(0, 2 * MAX_PROBLEM_CHARACTERS).alias("problem")
    rows = report.collect(key.alias("id"), asked, *columns, only=queue["row"])
    found = queue.join(rows, on="row", how="left", maintain_order="left")
    return [_row_view(row, index) for index, row in enumerate(found.iter_rows(named=True), 1)]


def _row_view(row: Mapping[str, Any], index: int) -> RowView:
    first = row[FIRST_ERROR_LINE]
    lines = row.get("grade_lines") or []
    start = 0
    if len(lines) > MAX_LINES and first is not None:
        start = max(0, min(first - 1 - CONTEXT_LINES, len(lines) - MAX_LINES))
    shown = lines[start : start + MAX_LINES]
    return RowView(
        anchor=f"row-{index}",
        identifier=plain(row["id"] if row["id"] is not None else f"row {row['row'] + 1:,}", 80),
        reason=str(row["reason"]),
        verdict=plain(row[VERDICT], 40),
        message=plain(row.get("grade_message")),
        percent=_percent(row.get("grade_flaw_probability")),
        problem=plain(row["problem"], MAX_PROBLEM_CHARACTERS),
        lines=[_line_view(line, first) for line in shown],
        skipped=start,
        rest=len(lines) - start - len(shown),
    )


def _line_view(line: Mapping[str, Any], first: int | None) -> LineView:
    equations = line["equations"] or []
    fails = any(one["status"] == CheckStatus.FAILS for one in equations)
    mark = "fails" if fails else "suspect" if line["line"] == first else None
    return LineView(
        int(line["line"]), plain(line["text"]), mark, _percent(line["flaw_probability"]), _equation_views(equations)
    )


def _equation_views(equations: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Show the equations that say something: those that do not hold come first, and only so many."""
    ordered = sorted(equations, key=lambda one: one["status"] != CheckStatus.FAILS)
    return [
        {"text": plain(one["text"], 160), "status": plain(one["status"], 20), "detail": plain(one["detail"], 240)}
        for one in ordered[:MAX_EQUATIONS]
    ]


def _percent(probability: float | None) -> int | None:
    return None if probability is None else round(100 * min(max(probability, 0.0), 1.0))
