"""The queue for a person: the most certain errors and the strongest disagreements first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from grader.audit.measures import disagrees
from grader.reports import FIRST_ERROR_LINE
from grader.types import Verdict

if TYPE_CHECKING:
    from grader.reports import Report

FALSE_CALCULATION = "false_calculation"
FLAWED_REASONING = "flawed_reasoning"
DISAGREEMENT = "disagreement"
OTHER_ANSWER = "other_answer"
REASONS = (FALSE_CALCULATION, FLAWED_REASONING, DISAGREEMENT, OTHER_ANSWER)
"""Why a row is worth reading; the order in which the reasons take turns."""


def review_queue(report: Report, threshold: float | None, limit: int) -> pl.DataFrame:
    """Choose at most ``limit`` rows: ``row reason strength``, the ones most worth reading first.

    Strength, from 0 to 1: of a false calculation the classifier's P(flawed), 1 without a classifier; of flawed
    reasoning the same; of a disagreement (a false calculation where the classifier finds nothing) 1 - P; of a correct
    solution whose answer is not the reference 1 - P, 0.5 without a classifier. The reasons take turns, so that many
    rows of one kind do not hide the others.
    """
    verdict = report.verdict()
    flags = report.optional("grade_flags", pl.List(pl.String()))
    flawed = report.optional("grade_flaw_probability", pl.Float32()).cast(pl.Float64)
    reason = (
        pl.when(disagrees(report, threshold))
        .then(pl.lit(DISAGREEMENT))
        .when(verdict == str(Verdict.COMPUTATIONAL_ERROR))
        .then(pl.lit(FALSE_CALCULATION))
        .when(verdict == str(Verdict.CONCEPTUAL_ERROR))
        .then(pl.lit(FLAWED_REASONING))
        .when((verdict == str(Verdict.CORRECT)) & flags.list.contains("reference_mismatch").fill_null(value=False))
        .then(pl.lit(OTHER_ANSWER))
    )
    rows = report.collect(reason.alias("reason"), flawed.alias("flawed")).filter(pl.col("reason").is_not_null())
    sound = pl.col("reason").is_in([DISAGREEMENT, OTHER_ANSWER])
    unknown = pl.when(pl.col("reason") == OTHER_ANSWER).then(0.5).otherwise(1.0)
    strength = pl.when(pl.col("flawed").is_null()).then(unknown).when(sound).then(1 - pl.col("flawed"))
    rows = rows.with_columns(strength=strength.otherwise(pl.col("flawed")).cast(pl.Float32)).sort(
        "strength", "row", descending=[True, False]
    )
    turn = pl.col("reason").replace_strict({one: index for index, one in enumerate(REASONS)}, return_dtype=pl.Int8)
    rows = rows.with_columns(turn=turn, place=pl.col("row").cum_count().over("reason"))
    return rows.sort("place", "turn").head(limit).select("row", "reason", "strength")


def review_table(report: Report, queue: pl.DataFrame, identifier: str | None) -> pl.DataFrame:
    """Read what a person needs of the rows of a queue, in its order: the file ``review.parquet``.

    Columns: ``rank`` from 1, ``row`` (of report.parquet, from 0), ``reason``, ``strength``, ``id``, the ``grade_``
    columns that fit a row, and the input's own columns behind them.
    """
    shown = ("grade_verdict", "grade_flaw_probability", FIRST_ERROR_LINE, "grade_message", "grade_flags")
    columns = [pl.col(name) for name in shown if name in report.schema]
    own = [pl.col(name) for name in report.schema if not name.startswith("grade_") and name not in queue.columns]
    key = pl.col(identifier).cast(pl.String) if identifier else pl.lit(None, dtype=pl.String)
    taken = {"rank", "row", "reason", "strength", "id"}
    own = [one for one in own if one.meta.output_name() not in taken]
    details = report.collect(key.alias("id"), *columns, *own, only=queue["row"])
    ranked = queue.with_row_index("rank", 1).with_columns(pl.col("rank").cast(pl.Int32))
    return ranked.join(details, on="row", how="left", maintain_order="left")
