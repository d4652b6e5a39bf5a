"""The inputs of a run: files, folders and globs, joined by column name and streamed as record batches."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from grader.columns import discover, text_type
from grader.errors import EnvironmentStop, InputError
from grader.inputs.paths import resolve
from grader.inputs.readers import inspect, read
from grader.remote import RemotePath, RemoteStat

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from grader.columns import ColumnNames, Columns
    from grader.inputs.common import InputFile
    from grader.remote import Place

REPORT_PREFIX = "grade_"
SAMPLE_BYTES = 1 << 20
SAMPLES = 16


class Inputs(NamedTuple):
    """Inspected input files and the schema that joins them: every batch of ``batches`` has it."""

    files: tuple[InputFile, ...]
    schema: pa.Schema

    @property
    def where(self) -> str:
        """Name the inputs in a message."""
        return (
            str(self.files[0].path) if len(self.files) == 1 else f"{self.files[0].path} and {len(self.files) - 1} more"
        )

    @property
    def rows(self) -> int | None:
        """Count the rows, or None where a file (CSV) does not tell before it is read."""
        rows = [file.rows for file in self.files]
        return None if None in rows else sum(row for row in rows if row is not None)

    def counted(self) -> Inputs:
        """Give the same inputs with the rows of every file known; those that do not tell them are read for it."""
        return self._replace(
            files=tuple(
                file if file.rows is not None else file._replace(rows=sum(batch.num_rows for _, batch in read(file)))
                for file in self.files
            )
        )

    def columns(self, named: ColumnNames) -> Columns:
        """Choose the columns to grade, as ``discover`` does; raises InputError also where a file lacks one of them."""
        owners = {name: str(file.path) for file in reversed(self.files) for name in file.schema.names}
        found = discover(self.schema, named, self.where, owners)
        for role, name in (("problem", found.problem), ("solution", found.solution)):
            for file in self.files:
                if name not in file.schema.names and file.rows != 0:
                    raise InputError(
                        f"{file.path}: there is no column {name!r}, which holds the {role} in {owners[name]}; "
                        "rename the one that does, or grade the files apart"
                    )
        return found

    def batches(self, start: int = 0, stop: int | None = None) -> Iterator[pa.RecordBatch]:
        """Stream the rows of all files in order, from row ``start`` (counted from 0) up to ``stop`` where it is given.

        Batches end where they would end in a stream of all rows.
        """
        before = 0
        for file in self.files:
            if file.rows is not None and before + file.rows <= start:
                before += file.rows
                continue
            first = rows = 0
            for first, batch in read(file, max(0, start - before)):
                rows = batch.num_rows
                low = max(0, start - before - first)
                high = rows if stop is None else min(rows, stop - before - first)
                if low < high:
                    yield _conform(batch.slice(low, high - low), self.schema)
                if stop is not None and before + first + rows >= stop:
                    return
            before += first + rows

    def fingerprint(self) -> dict[str, Any]:
        """Identify the content of all files together."""
        return joint_fingerprint(self.fingerprints())

    def fingerprints(self) -> list[dict[str, Any]]:
        """Identify the content of each file: its name, bytes, a SHA-256, and ``modified`` where that is not of it all.

        The hash covers up to 16 MiB, evenly spread (the head, and the footer of a Parquet file, among them): its cost
        does not grow with the data. For a larger file the time of its last change, in nanoseconds, stands beside it.
        A server's word for the content (``version``: an ETag, a hash or a date) is hashed in the place of the content.
        """
        try:
            return [_fingerprint(file.path) for file in self.files]
        except OSError as error:
            raise EnvironmentStop(f"{error.filename}: reading stopped ({error.strerror}); run it again") from error


def joint_fingerprint(prints: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Make one of the ``fingerprints`` of some files: their number, bytes, and a SHA-256 over theirs."""
    digest = hashlib.sha256("".join(one["sha256"] for one in prints).encode())
    return {"files": len(prints), "bytes": sum(one["bytes"] for one in prints), "sha256": digest.hexdigest()}


def open_inputs(arguments: Sequence[str], *, replace_grades: bool = False, outputs: Iterable[Place] = ()) -> Inputs:
    """Find, inspect and join the inputs that the arguments name.

    Columns of an earlier report are an error, or left out with ``replace_grades``. Raises InputError, also where one of
    the ``outputs`` is an input.
    """
    paths = resolve(arguments)
    refuse_outputs(paths, outputs)
    files = tuple(map(inspect, paths))
    graded = {name for file in files for name in file.schema.names if name.lower().startswith(REPORT_PREFIX)}
    if graded:
        _refuse_reports(arguments, files, replace_grades=replace_grades)
    schema = _join([file._replace(schema=_without(file.schema, graded)) for file in files])
    return Inputs(files, schema)


def refuse_outputs(paths: Sequence[Place], outputs: Iterable[Place]) -> None:
    """Raise InputError where one of the outputs is one of the inputs."""
    for output in outputs:
        if any(_is_same(output, path) for path in paths):
            raise InputError(f"{output}: the output is one of the inputs; choose another name for it")


def _is_same(one: Place, other: Place) -> bool:
    if isinstance(one, RemotePath) or isinstance(other, RemotePath):
        return one == other
    return one.exists() and one.samefile(other)


def _refuse_reports(arguments: Sequence[str], files: Sequence[InputFile], *, replace_grades: bool) -> None:
    """Raise where a report among the inputs was not asked for, or lies among other files and may be there by chance."""
    columns = {
        file.path: [name for name in file.schema.names if name.lower().startswith(REPORT_PREFIX)] for file in files
    }
    reports = [path for path, found in columns.items() if found]
    if not replace_grades:
        raise InputError(
            f"{reports[0]}: the input already has {', '.join(columns[reports[0]])}; leave a report out of the "
            "inputs, rename the columns if they are your own, or drop them with --replace-grades"
        )
    by_chance = [path for path in reports if str(path) not in arguments]
    if by_chance and len(reports) < len(files):
        other = next(path for path, found in columns.items() if not found)
        raise InputError(
            f"{by_chance[0]}: this is a report and {other} is not: were both inputs, rows might be graded twice; "
            "move it out of the folder, or name each input"
        )


def _without(schema: pa.Schema, names: Collection[str]) -> pa.Schema:
    return pa.schema([field for field in schema if field.name not in names])


def _join(files: Sequence[InputFile]) -> pa.Schema:
    """Join schemas by column name, columns in the order in which they first appear.

    The files' own metadata are left behind: written by pandas or datasets, they would not fit the report's columns.
    """
    fields: dict[str, pa.Field] = {}
    origin: dict[str, Place] = {}
    for file in files:
        for field in file.schema:
            known = fields.get(field.name)
            if known is None or (pa.types.is_null(known.type) and not pa.types.is_null(field.type)):
                fields[field.name] = field.with_nullable(True) if len(files) > 1 else field
                origin[field.name] = file.path
            elif text_type(known.type) and text_type(field.type) and not pa.types.is_null(field.type):
                # Text is text, however a writer encoded it.
                fields[field.name] = known if known.type == field.type else known.with_type(pa.string())
            elif known.type != field.type and not pa.types.is_null(field.type):
                raise InputError(
                    f"column {field.name!r} is {known.type} in {origin[field.name]} and {field.type} in {file.path}; "
                    "convert one of them, or grade the files apart"
                )
    return pa.schema(list(fields.values()))


def _conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Give a batch of one file the columns of all of them."""
    columns = []
    for field in schema:
        index = batch.schema.get_field_index(field.name)
        if index < 0:
            columns.append(pa.nulls(batch.num_rows, field.type))
        else:
            column = batch.column(index)
            columns.append(column if column.type == field.type else column.cast(field.type))
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _fingerprint(path: Place) -> dict[str, Any]:
    status = path.stat()
    size = status.st_size
    if isinstance(status, RemoteStat) and status.version is not None:
        said = hashlib.sha256(f"{size} {status.version}".encode()).hexdigest()
        return {"name": path.name, "bytes": size, "version": status.version, "sha256": said}
    digest = hashlib.sha256(size.to_bytes(8, "little"))
    with path.open("rb") as file:
        if size <= SAMPLES * SAMPLE_BYTES:
            digest.update(file.read())
        else:
            for sample in range(SAMPLES):
                file.seek((size - SAMPLE_BYTES) * sample // (SAMPLES - 1))
                digest.update(file.read(SAMPLE_BYTES))
    found = {"name": path.name, "bytes": size, "sha256": digest.hexdigest()}
    if size <= SAMPLES * SAMPLE_BYTES or isinstance(status, RemoteStat):
        return found
    return {**found, "modified": status.st_mtime_ns}
