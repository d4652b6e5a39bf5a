"""One data set of a night: its files in the night's folder, and its entry of the summary."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow.parquet as pq

from grader.audit.changes import Changes, find_changes, is_new_flawed, no_changes
from grader.audit.fingerprints import stages_of
from grader.audit.measures import NULL, count_rows, count_slices
from grader.audit.review import review_queue, review_table
from grader.audit.store import CHANGES, REPORT, REVIEW
from grader.errors import InputError
from grader.reports import Report, open_report, write_table
from grader.run import run_grade

if TYPE_CHECKING:
    from pathlib import Path

    from grader.audit.earlier import Last
    from grader.audit.memory import RememberingGrader
    from grader.audit.prepared import Prepared
    from grader.run import Log

WORK = ("rows", "reused", "graded", "extractor", "classifier")


def audit_data(prepared: Prepared, grader: RememberingGrader, folder: Path, last: Last, log: Log) -> dict[str, Any]:
    """Grade a data set into ``folder`` and write its files there; gives its entry of the summary."""
    clock = time.perf_counter()
    data, pair = prepared.data, grader.pair
    log.say("start_data", f"{data.name}: {prepared.columns.sentence()}", name=data.name)
    job = prepared.job(folder)
    run_grade(job, grader, log)
    report = open_report(str(folder / REPORT))
    threshold = None if pair.classifier is None else pair.threshold
    stages = stages_of(pair).report
    models_changed = None if last.entry is None else last.entry["stages"] != stages
    changes, error = _changes(last, data.name, folder, log, models_changed=bool(models_changed))
    write_table(changes.rows, folder / CHANGES)
    queue = review_queue(report, threshold, data.review_rows)
    write_table(review_table(report, queue, prepared.columns.identifier), folder / REVIEW)
    slices, slice_errors = _slices(report, data.slices, threshold, changes)
    entry = {
        "name": data.name,
        "inputs": [file.path.name for file in prepared.inputs.files],
        "input": report.metadata.get("input"),
        "columns": prepared.columns._asdict(),
        "sample": {"limit": data.limit, "fraction": data.fraction, "seed": data.seed},
        "pair": pair.sentence(),
        "models": pair.describe(),
        "threshold": threshold,
        "stages": stages,
        "models_changed": models_changed,
        "counts": {**count_rows(report, threshold), "new_flawed": changes.new_flawed},
        "slices": slices,
        "slice_errors": slice_errors,
        "changes": {
            "since": None if last.night is None else last.night.name,
            "error": error,
            "matched_by": changes.matched_by,
            "unchanged": changes.unchanged,
            "counts": changes.counts,
        },
        "review_rows": queue.height,
        "apart": {name: pq.read_metadata(path).num_rows for name, path in job.request.splits.items()},
        "work": {name: grader.counts[name] for name in WORK},
        "seconds": 0.0,
    }
    entry["seconds"] = round(time.perf_counter() - clock, 3)
    return entry


def _changes(last: Last, name: str, folder: Path, log: Log, *, models_changed: bool) -> tuple[Changes, str | None]:
    """Compare with the last night; without one there are no changes, and with an error there is the reason."""
    if last.night is None or last.entry is None:
        return no_changes(), last.error
    report = last.night / name / REPORT
    try:
        return find_changes(report, folder / REPORT, last.entry, models_changed=models_changed), None
    except InputError as problem:
        error = f"the report of {last.night.name} cannot be compared with ({problem})"
        log.say("damaged", f"{name}: {error}; no changes are listed tonight", path=str(report), why=str(problem))
        return no_changes(), error


def _slices(
    report: Report, columns: list[str], threshold: float | None, changes: Changes
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Count the rows of every slice, new flawed rows too; a slice that cannot be counted is an error of its own."""
    slices: dict[str, dict[str, Any]] = {}
    errors: dict[str, str] = {}
    for column in columns:
        try:
            counts: dict[str, dict[str, Any]] = {**count_slices(report, column, threshold)}
        except InputError as error:
            errors[column] = str(error)
            continue
        new = None if changes.new_flawed is None else _new_flawed(report, column, changes.rows)
        for value, found in counts.items():
            found["new_flawed"] = None if new is None else new.get(value, 0)
        slices[column] = counts
    return slices, errors


def _new_flawed(report: Report, column: str, changes: pl.DataFrame) -> dict[str, int]:
    rows = changes.filter(is_new_flawed())["row_now"]
    values = report.collect(pl.col(column).cast(pl.String).fill_null(NULL).alias("value"), only=rows)["value"]
    return dict(values.value_counts().iter_rows())
