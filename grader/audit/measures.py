"""What a report says, counted: over all rows, and for each value of a slice column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from grader.errors import InputError
from grader.reports import STATUS, VERDICT, reading
from grader.types import RowStatus, Verdict

if TYPE_CHECKING:
    from grader.reports import Report

MAX_SLICES = 500
"""Values of a slice column that are counted; more of them are an id, not a slice."""
NULL = "(null)"
ROW_COUNTS = ("rows", "graded", "skipped", "failed")
COUNTS = (
    *ROW_COUNTS,
    *("correct", "computational", "conceptual", "flawed", "no_verdict", "nothing_checked", "judged", "disagreement"),
)
OF_ROWS = frozenset({"failed"})
"""The measures whose share is one of all rows; of the others, of the graded rows."""


def count_rows(report: Report, threshold: float | None) -> dict[str, int]:
    """Count the rows of a report by everything in ``COUNTS``; ``threshold`` is the classifier's, None without one."""
    with reading(report.path):
        counts = report.rows.select(*_counts(report, threshold)).collect(engine="streaming").row(0, named=True)
    return {name: int(counts[name]) for name in COUNTS}


def count_slices(report: Report, column: str, threshold: float | None) -> dict[str, dict[str, int]]:
    """Count the rows of each value of a column, the most frequent first.

    Raises:
        InputError: the column is not there, holds no plain values, or has more than ``MAX_SLICES`` of them.

    """
    report.require([column])
    if report.schema[column].is_nested() or report.schema[column] == pl.Binary:
        raise InputError(f"{report.path}: slice column {column!r} holds {report.schema[column]}, not one value a row")
    value = pl.col(column).cast(pl.String).fill_null(NULL).alias("value")
    with reading(report.path):
        found = report.rows.group_by(value).agg(*_counts(report, threshold)).collect(engine="streaming")
    if found.height > MAX_SLICES:
        raise InputError(
            f"{report.path}: slice column {column!r} has {found.height:,} values; at most {MAX_SLICES} are slices"
        )
    ordered = found.sort("rows", "value", descending=[True, False])
    return {row["value"]: {name: int(row[name]) for name in COUNTS} for row in ordered.iter_rows(named=True)}


def error_kinds(report: Report, limit: int = 8) -> list[tuple[str, int]]:
    """Count what is wrong, by what the reader of the page can act on: verdicts and flags, the most frequent first."""
    flags = report.optional("grade_flags", pl.List(pl.String()))
    with reading(report.path):
        verdicts = report.rows.group_by(report.verdict().alias("name")).len().collect(engine="streaming")
        names = report.rows.select(flags.alias("name")).explode("name").group_by("name").len()
        flagged = names.collect(engine="streaming")
    errors = verdicts.filter(pl.col("name").is_in([str(Verdict.COMPUTATIONAL_ERROR), str(Verdict.CONCEPTUAL_ERROR)]))
    both = pl.concat([errors, flagged.drop_nulls("name")]).sort("len", "name", descending=[True, False])
    return [(str(name), int(count)) for name, count in both.head(limit).iter_rows()]


def disagrees(report: Report, threshold: float | None) -> pl.Expr:
    """Tell the rows of which a calculation is proved false while the classifier finds nothing."""
    probability = report.optional("grade_flaw_probability", pl.Float32())
    proved = report.verdict() == str(Verdict.COMPUTATIONAL_ERROR)
    return (proved & (probability < (threshold if threshold is not None else -1.0))).fill_null(value=False)


def _counts(report: Report, threshold: float | None) -> list[pl.Expr]:
    status, verdict = pl.col(STATUS).cast(pl.String), report.verdict()
    flags = report.optional("grade_flags", pl.List(pl.String()))
    graded = status == str(RowStatus.GRADED)
    computational, conceptual = (verdict == str(one) for one in (Verdict.COMPUTATIONAL_ERROR, Verdict.CONCEPTUAL_ERROR))
    found = {
        "graded": graded,
        "skipped": status == str(RowStatus.SKIPPED),
        "failed": status == str(RowStatus.FAILED),
        "correct": verdict == str(Verdict.CORRECT),
        "computational": computational,
        "conceptual": conceptual,
        "flawed": computational | conceptual,
        "no_verdict": graded & pl.col(VERDICT).is_null(),
        "nothing_checked": graded & flags.list.contains("nothing_checked"),
        "judged": report.optional("grade_flaw_probability", pl.Float32()).is_not_null(),
        "disagreement": disagrees(report, threshold),
    }
    return [pl.len().alias("rows"), *(test.fill_null(value=False).sum().alias(name) for name, test in found.items())]


def share_of(counts: dict[str, Any], measure: str) -> float | None:
    """Give a measure as a share, None of no rows."""
    whole = counts["rows"] if measure in OF_ROWS else counts["graded"]
    return counts[measure] / whole if whole else None
