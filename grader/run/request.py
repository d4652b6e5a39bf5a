"""What the user asked for, and whether it can be done."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from grader.columns import ColumnNames, Columns
from grader.errors import InputError, UsageError
from grader.inputs import Inputs, open_inputs
from grader.inputs.paths import EXTENSIONS
from grader.parquet_io.report import REPORT
from grader.parquet_io.writer import stops_run
from grader.remote import RemotePath
from grader.run.parts import folder_of, was_renamed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from grader.remote import Place
    from grader.run.shards import Shard

NO_NAMES = ColumnNames()


@dataclass(frozen=True)
class Request:
    """What the user asked for. ``options`` are recorded in the report as they stand."""

    inputs: Sequence[str]
    output: Place
    named: ColumnNames = NO_NAMES
    limit: int | None = None
    overwrite: bool = False
    restart: bool = False
    replace_grades: bool = False
    summary: Path | None = None
    splits: Mapping[str, Place] = field(default_factory=dict)
    """Files for the rows by their answer: ``grader.run.splits``."""
    part_rows: int | None = None
    shard: Shard | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    """The command line, which is said where it goes on with what is kept."""


@dataclass(frozen=True)
class Job:
    """A request whose inputs were found, inspected and understood."""

    request: Request
    inputs: Inputs
    columns: Columns
    span: tuple[int, int] | None = None
    """The rows of a shard, from 0, once the size of its parts is known."""

    @property
    def all_rows(self) -> int | None:
        """Count the rows of the run, all shards together; None where an input (CSV) does not tell before it is read."""
        limit, rows = self.request.limit, self.inputs.rows
        return rows if limit is None or rows is None else min(limit, rows)

    @property
    def first(self) -> int:
        """Give the first row to grade, from 0."""
        return 0 if self.span is None else self.span[0]

    @property
    def rows(self) -> int | None:
        """Count the rows to grade, or None as ``all_rows`` does."""
        return self.all_rows if self.span is None else self.span[1] - self.span[0]

    def in_parts_of(self, part_rows: int) -> Job:
        """Give the job with the rows of its shard, where it has one."""
        if self.request.shard is None:
            return self
        assert self.all_rows is not None, "prepare counts the rows where there is a shard"
        return replace(self, span=self.request.shard.span(self.all_rows, part_rows))

    @property
    def schema(self) -> pa.Schema:
        """Give the columns of the report."""
        return pa.schema([*self.inputs.schema, *REPORT])

    @property
    def free_text(self) -> set[str]:
        """Name the columns whose values hardly repeat."""
        return {self.columns.problem, self.columns.solution}


def prepare(request: Request) -> Job:
    """Check everything that can be checked before the work; raises InputError or UsageError, writes nothing."""
    # A report that took its place just before its run was ended is looked at again when the models are known.
    overwrite = request.overwrite or was_renamed(request.output)
    check_output(request.output, "-o", (".parquet",), overwrite=overwrite)
    outputs: list[Place] = [request.output]
    if request.summary is not None:
        check_output(request.summary, "--summary", (".json",), overwrite=overwrite)
        try_writing(request.summary)
        outputs.append(request.summary)
    check_splits(request.splits, outputs, overwrite=overwrite)
    outputs += request.splits.values()
    return _understood(request, outputs)


def prepare_parts(request: Request) -> Job:
    """Check, as ``prepare`` does, a request whose output is a folder for the parts."""
    if isinstance(request.output, RemotePath):
        request.output.check_writable()
    elif request.output.exists() and not request.output.is_dir():
        raise UsageError(f"{request.output}: the parts go into a folder; this is a file")
    elif not request.output.parent.is_dir():
        raise UsageError(f"{request.output}: the folder {request.output.parent} is not there; make it with mkdir -p")
    if request.output.suffix.lower() in EXTENSIONS:
        raise UsageError(f"{request.output}: with --ray -o names a folder for the parts; leave out the ending")
    if request.summary is not None:
        check_output(request.summary, "--summary", (".json",), overwrite=request.overwrite)
    job = _understood(request, [])
    return replace(job, inputs=job.inputs.counted())


def _understood(request: Request, outputs: Sequence[Place]) -> Job:
    inputs = open_inputs(request.inputs, replace_grades=request.replace_grades, outputs=outputs)
    own = {_real(folder_of(request.output)), _real(request.output)}
    for file in inputs.files:
        if not isinstance(file.path, RemotePath) and own & set(file.path.resolve().parents):
            raise InputError(f"{file.path}: this input is a part of the unfinished report; leave it out of the inputs")
    columns = inputs.columns(request.named)
    return Job(request, inputs if request.shard is None else inputs.counted(), columns)


def check_output(path: Place, option: str, endings: tuple[str, ...], *, overwrite: bool) -> None:
    """Raise UsageError where a file of this name cannot be written, or must not be."""
    if isinstance(path, RemotePath):
        path.check_writable()
    elif path.is_dir():
        raise UsageError(f"{path}: {option} names a folder; name a file in it, as in {path / ('report' + endings[0])}")
    if path.suffix.lower() not in endings:
        raise UsageError(f"{path}: {option} must end in {' or '.join(endings)}")
    if not isinstance(path, RemotePath) and not path.parent.is_dir():
        raise UsageError(f"{path}: the folder {path.parent} is not there; make it with mkdir -p {path.parent}")
    if path.exists() and not overwrite:
        raise UsageError(f"{path}: this file is already there; choose another name, or replace it with --overwrite")


def check_splits(splits: Mapping[str, Place], others: Sequence[Place], *, overwrite: bool) -> None:
    """Raise UsageError where a split cannot be written, or would be written over another file of this run."""
    seen = set(map(_real, others))
    for name, path in splits.items():
        check_output(path, f"--to {name}=", (".parquet",), overwrite=overwrite)
        if _real(path) in seen:
            raise UsageError(f"{path}: --to {name}= names a file that is written already; choose another name")
        seen.add(_real(path))
        try_writing(path)


def try_writing(path: Place) -> None:
    """Raise EnvironmentStop where no file can be made beside a local output: after the run it would be too late."""
    if not isinstance(path, RemotePath):
        with stops_run(path), TemporaryFile(dir=path.parent):
            pass


def _real(path: Place) -> Place:
    return path if isinstance(path, RemotePath) else path.resolve()
