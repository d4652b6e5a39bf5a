"""A run: inputs in, one report out, every row counted.

``prepare`` finds what is wrong with the request before a row is read or a model loaded; ``run_grade`` does the work.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from grader import __version__
from grader.columns import ColumnNames, Columns, discover
from grader.errors import GraderError, InputError, UsageError
from grader.inputs import Inputs, open_inputs
from grader.parquet_io.report import REPORT, report_batch
from grader.parquet_io.rows import solutions_of
from grader.parquet_io.writer import AtomicWriter, write_text
from grader.run.progress import Progress
from grader.run.summary import RunSummary
from grader.types import REPORT_FORMAT, GradedSolution, RowStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from grader.types import Solution

MESSAGE_CHARACTERS = 200
NO_NAMES = ColumnNames()


class Pair(Protocol):
    """What a run wants to know of the models."""

    def describe(self) -> Mapping[str, Any]:
        """Identify extractor and classifier, for the file metadata."""

    def sentence(self) -> str:
        """Say in one line for people which pair it is."""


class RowGrader(Protocol):
    """What a run wants of ``grader.pipeline.Grader``."""

    @property
    def pair(self) -> Pair:
        """The models behind the answers."""

    def grade(self, solutions: list[Solution]) -> list[GradedSolution]:
        """Grade rows: as many answers, in the same order."""


@dataclass(frozen=True)
class Request:
    """What the user asked for. ``options`` are recorded in the report as they stand."""

    inputs: Sequence[str]
    output: Path
    named: ColumnNames = NO_NAMES
    limit: int | None = None
    overwrite: bool = False
    replace_grades: bool = False
    summary: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """A request whose inputs were found, inspected and understood."""

    request: Request
    inputs: Inputs
    columns: Columns


def prepare(request: Request) -> Job:
    """Check everything that can be checked before the work; raises InputError or UsageError, writes nothing."""
    _check_output(request.output, "-o", (".parquet",), overwrite=request.overwrite)
    if request.summary is not None:
        _check_output(request.summary, "--summary", (".json",), overwrite=request.overwrite)
    inputs = open_inputs(request.inputs, replace_grades=request.replace_grades)
    for target in filter(None, (request.output, request.summary)):
        if any(target.exists() and target.samefile(file.path) for file in inputs.files):
            raise InputError(f"{target}: the output is one of the inputs; choose another name for it")
    return Job(request, inputs, discover(inputs.schema, request.named, inputs.where))


def run_grade(job: Job, grader: RowGrader) -> RunSummary:
    """Grade all rows of a job and write its report; nothing is left of it if this raises.

    Raises InputError (an input turns out corrupt), EnvironmentStop (the disk), and whatever interrupts it.
    """
    began = time.perf_counter()
    request, inputs, columns = job.request, job.inputs, job.columns
    schema = pa.schema([*inputs.schema, *REPORT])
    summary = RunSummary(str(request.output), columns.sentence(), grader.pair.sentence(), grader.pair.describe())
    total = inputs.rows if request.limit is None else min(request.limit, inputs.rows or request.limit)
    fingerprint = inputs.fingerprint()  # first: an input that goes away meanwhile must not cost the night's report
    rows_read = 0
    with (
        AtomicWriter(request.output, schema, {columns.problem, columns.solution}) as writer,
        Progress(total) as progress,
    ):
        for batch in inputs.batches(request.limit):
            rows_read += batch.num_rows
            report = report_batch(grade_all(grader, solutions_of(batch, columns)))
            writer.write(pa.RecordBatch.from_arrays([*batch.columns, *report.columns], schema=schema))
            summary.add(report)
            progress.advance(batch.num_rows)
        if not rows_read == writer.rows == summary.rows:
            raise GraderError(
                f"{request.output}: {rows_read} rows were read but {writer.rows} written; please report this"
            )
        writer.commit(_metadata(job, fingerprint, summary))
    summary.seconds = time.perf_counter() - began
    if request.summary is not None:
        write_text(request.summary, json.dumps(summary.as_dict(), ensure_ascii=False, indent=2) + "\n")
    return summary


def grade_all(grader: RowGrader, solutions: list[Solution]) -> list[GradedSolution]:
    """Grade rows; where the grader raises, row by row, so that a bad row costs no other."""
    try:
        return _grade(grader, solutions)
    except GraderError:
        raise
    except Exception:  # noqa: BLE001 one bad row of a hundred million must not end the night: it is reported as failed
        return [_grade_one(grader, solution) for solution in solutions]


def _grade(grader: RowGrader, solutions: list[Solution]) -> list[GradedSolution]:
    graded = grader.grade(solutions)
    if len(graded) != len(solutions):
        raise RuntimeError(f"{len(graded)} answers to {len(solutions)} rows")
    return graded


def _grade_one(grader: RowGrader, solution: Solution) -> GradedSolution:
    try:
        return _grade(grader, [solution])[0]
    except GraderError:
        raise
    except Exception as error:  # noqa: BLE001 see grade_all
        why = f"{type(error).__name__}: {error}".splitlines()[0][:MESSAGE_CHARACTERS]
        return GradedSolution(RowStatus.FAILED, message=f"could not be graded: {why}")


def _check_output(path: Path, option: str, endings: tuple[str, ...], *, overwrite: bool) -> None:
    if path.is_dir():
        raise UsageError(f"{path}: {option} names a folder; name a file in it, as in {path / ('report' + endings[0])}")
    if path.suffix.lower() not in endings:
        raise UsageError(f"{path}: {option} must end in {' or '.join(endings)}")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: the folder {path.parent} is not there; make it with mkdir -p {path.parent}")
    if path.exists() and not overwrite:
        raise UsageError(f"{path}: this file is already there; choose another name, or replace it with --overwrite")


def _metadata(job: Job, fingerprint: Mapping[str, Any], summary: RunSummary) -> dict[str, Any]:
    """Build the file metadata under the key ``grader``: docs/report-format.md says what it holds."""
    return {
        "format": REPORT_FORMAT,
        "version": __version__,
        "options": dict(job.request.options),
        "columns": job.columns._asdict(),
        **summary.engines,
        "input": dict(fingerprint),
        "rows": {
            "total": summary.rows,
            "status": dict(sorted(summary.by_status.items())),
            "verdict": dict(sorted(summary.by_verdict.items())),
            "nothing_checked": summary.nothing_checked,
        },
    }
