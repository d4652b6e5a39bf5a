"""The inputs of a run: files, folders and globs, joined by column name and streamed as record batches."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from grader.columns import text_type
from grader.errors import EnvironmentStop, InputError
from grader.inputs.paths import resolve
from grader.inputs.readers import InputFile, inspect, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

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

    def batches(self, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """Stream the rows of all files in order, the first ``limit`` of them where it is given."""
        left = limit
        for file in self.files:
            for batch in read(file):
                kept = batch if left is None else batch.slice(0, left)
                if kept.num_rows:
                    yield _conform(kept, self.schema)
                if left is not None:
                    left -= kept.num_rows
                    if left <= 0:
                        return

    def fingerprint(self) -> dict[str, Any]:
        """Identify the content: number of files, bytes, and a SHA-256.

        The hash covers each file's size and up to 16 MiB of it, evenly spread (the head, and the footer of a Parquet
        file, among them): its cost does not grow with the data, and an edit that keeps the size may go unnoticed.
        """
        digest = hashlib.sha256()
        try:
            sizes = [_hash_into(digest, file.path) for file in self.files]
        except OSError as error:
            raise EnvironmentStop(f"{error.filename}: reading stopped ({error.strerror}); run it again") from error
        return {"files": len(self.files), "bytes": sum(sizes), "sha256": digest.hexdigest()}


def open_inputs(arguments: Sequence[str], *, replace_grades: bool = False) -> Inputs:
    """Find, inspect and join the inputs that the arguments name.

    Columns of an earlier report are an error, or left out with ``replace_grades``. Raises InputError.
    """
    files = tuple(inspect(path) for path in resolve(arguments))
    schema = _join(files)
    graded = [name for name in schema.names if name.lower().startswith(REPORT_PREFIX)]
    if graded and not replace_grades:
        raise InputError(
            f"{_first_with(files, graded[0])}: the input already has {', '.join(graded)}; leave a report out of the "
            "inputs, rename the columns if they are your own, or drop them with --replace-grades"
        )
    return Inputs(files, pa.schema([field for field in schema if field.name not in graded]))


def _first_with(files: Sequence[InputFile], column: str) -> Path:
    return next(file.path for file in files if column in file.schema.names)


def _join(files: Sequence[InputFile]) -> pa.Schema:
    """Join schemas by column name, columns in the order in which they first appear.

    The files' own metadata are left behind: written by pandas or datasets, they would not fit the report's columns.
    """
    fields: dict[str, pa.Field] = {}
    origin: dict[str, Path] = {}
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


def _hash_into(digest: Any, path: Path) -> int:
    size = path.stat().st_size
    digest.update(size.to_bytes(8, "little"))
    with path.open("rb") as file:
        if size <= SAMPLES * SAMPLE_BYTES:
            digest.update(file.read())
        else:
            for sample in range(SAMPLES):
                file.seek((size - SAMPLE_BYTES) * sample // (SAMPLES - 1))
                digest.update(file.read(SAMPLE_BYTES))
    return size
