"""What changed since last night, and why: because the data changed, or because the models did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from grader.audit.measures import COUNTS, count_rows
from grader.compare import ADDED, CHANGES, NEWLY_FLAWED, REMOVED, UNCHANGED, changed_rows, compare
from grader.compare import counts as compared_counts
from grader.errors import InputError
from grader.types import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TEXT_CHANGED = "text_changed"
"""The verdict is the same, the text of the row is another."""
ALL_CHANGES = (*(one for one in CHANGES if one != UNCHANGED), TEXT_CHANGED)
DATA, MODELS, BOTH = "data", "models", "data_and_models"
CAUSES = (DATA, MODELS, BOTH)
FLAWED = [str(Verdict.COMPUTATIONAL_ERROR), str(Verdict.CONCEPTUAL_ERROR)]
SCHEMA = pl.Schema(
    {
        "key": pl.String(),
        "change": pl.String(),
        "cause": pl.String(),
        "verdict_before": pl.String(),
        "verdict_now": pl.String(),
        "message_before": pl.String(),
        "message_now": pl.String(),
        "first_error_line_before": pl.Int32(),
        "first_error_line_now": pl.Int32(),
        "flaw_probability_before": pl.Float32(),
        "flaw_probability_now": pl.Float32(),
        "content_changed": pl.Boolean(),
        "row_before": pl.Int64(),
        "row_now": pl.Int64(),
        "problem": pl.String(),
        "solution": pl.String(),
    }
)


class Changes(NamedTuple):
    """The changes of one data set.

    ``rows`` has the columns of ``SCHEMA``; ``counts`` is change -> cause -> rows; ``unchanged`` counts the others, None
    where there was no night before. ``new_flawed`` are the flawed rows that were not so last night: those that turned,
    and those that are new.
    """

    rows: pl.DataFrame
    counts: dict[str, dict[str, int]]
    unchanged: int | None
    matched_by: str | None
    new_flawed: int | None


def no_changes() -> Changes:
    """Give the changes of a first night: nothing to compare with."""
    return Changes(pl.DataFrame(schema=SCHEMA), _no_counts(), None, None, None)


def find_changes(before: Path, now: Path, noted: Mapping[str, Any], *, models_changed: bool) -> Changes:
    """Compare two nights' reports of one data set; ``noted`` is the entry of the earlier night's summary.

    Rows are matched as ``grade-compare`` does it; without ids a row whose text was changed is one removed and one
    added. The cause is ``data`` where the row's text was changed, or is in one report only; ``models`` where it is the
    same; ``data_and_models`` where the text was changed and the models (or this program) too, so that either may be it.
    Raises InputError where a report cannot be read, or the earlier one is not what its night counted.
    """
    comparison = compare(str(before), str(now))
    if count_rows(comparison.a.report, noted.get("threshold")) != {name: noted["counts"][name] for name in COUNTS}:
        raise InputError(f"{before}: its rows are not those that its night counted")
    unchanged = compared_counts(comparison)[UNCHANGED]
    edited = (pl.col("change") == UNCHANGED) & pl.col("content_changed").fill_null(value=False)
    renamed = pl.when(edited).then(pl.lit(TEXT_CHANGED)).otherwise(pl.col("change"))
    comparison = comparison._replace(rows=comparison.rows.with_columns(change=renamed))
    found = changed_rows(comparison)
    texts = pl.col("content_changed").fill_null(value=False)
    cause = (
        pl.when(pl.col("change").is_in([ADDED, REMOVED]))
        .then(pl.lit(DATA))
        .when(texts & pl.lit(models_changed))
        .then(pl.lit(BOTH))
        .when(texts)
        .then(pl.lit(DATA))
        .otherwise(pl.lit(MODELS))
    )
    sides = {f"{name}_{old}": f"{name}_{new}" for name in _PAIRS for old, new in (("a", "before"), ("b", "now"))}
    rows = found.with_columns(cause=cause).rename(sides).select(list(SCHEMA)).cast(SCHEMA)
    counts = _no_counts()
    for change, why, number in rows.group_by("change", "cause").len().iter_rows():
        counts[change][why] = int(number)
    new_flawed = rows.filter(is_new_flawed()).height
    same = unchanged - sum(counts[TEXT_CHANGED].values())
    return Changes(rows, counts, same, comparison.matched_by, new_flawed)


def is_new_flawed() -> pl.Expr:
    """Tell the changes by which there is one more flawed row: it turned, or it is new and flawed."""
    added = (pl.col("change") == ADDED) & pl.col("verdict_now").is_in(FLAWED)
    return (pl.col("change") == NEWLY_FLAWED) | added


def _no_counts() -> dict[str, dict[str, int]]:
    return {one: dict.fromkeys(CAUSES, 0) for one in ALL_CHANGES}


_PAIRS = ("verdict", "message", "first_error_line", "flaw_probability", "row")
