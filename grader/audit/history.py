"""One row a night for each data set: ``history.parquet`` in a night's folder holds that night and all before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from grader.audit.measures import COUNTS
from grader.audit.store import HISTORY
from grader.errors import InputError
from grader.parquet_io.reader import verify
from grader.reports import reading, write_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

SCHEMA = pl.Schema(
    {
        "night": pl.Int64(),
        "began": pl.Datetime("us", "UTC"),
        **{name: pl.Int64() for name in COUNTS},
        "new_flawed": pl.Int64(),
        "graded_tonight": pl.Int64(),
        "seconds": pl.Float64(),
        "stages": pl.String(),
    }
)
"""``stages`` is the fingerprint of models and program: where it differs from the row before, they were changed."""


def read_history(path: Path) -> pl.DataFrame:
    """Read the history of an earlier night, columns as in ``SCHEMA``; raises InputError where it is none."""
    with reading(str(path)):
        history = pl.read_parquet(path, glob=False, columns=list(SCHEMA)).cast(SCHEMA)
    verify(path)
    if history.drop("new_flawed").null_count().sum_horizontal().sum():
        raise InputError(f"{path}: this is no history: values are missing")
    return history


def extend_history(
    earlier: pl.DataFrame | None, entry: Mapping[str, Any], number: int, began: datetime
) -> pl.DataFrame:
    """Give an earlier night's history (None where there is none) and a row for tonight's ``entry`` of the summary."""
    row = {
        "night": number,
        "began": began,
        **{name: entry["counts"][name] for name in COUNTS},
        "new_flawed": entry["counts"]["new_flawed"],
        "graded_tonight": entry["work"]["graded"],
        "seconds": entry["seconds"],
        "stages": entry["stages"],
    }
    tonight = pl.DataFrame([row], schema=SCHEMA)
    return tonight if earlier is None else pl.concat([earlier.filter(pl.col("night") < number), tonight])


def write_history(history: pl.DataFrame, folder: Path) -> None:
    """Write ``history.parquet`` into the folder of a data set."""
    write_table(history, folder / HISTORY)
