"""One input file as a stream of record batches, in bounded memory: Parquet, JSON Lines, CSV.

A file is opened twice: ``inspect`` tells its schema (JSON Lines: from all of its rows), ``read`` streams it.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from grader.errors import EnvironmentStop, InputError
from grader.inputs.paths import format_of
from grader.inputs.texts import to_arrow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

BATCH_ROWS = 1024
BATCH_BYTES = 32 << 20  # a batch of long rows is cut to about this size
BLOCK_BYTES = 4 << 20  # text that is parsed at once
CSV_BLOCK_BYTES = 8 << 20  # also the longest row that a CSV file may have
_ARROW_ERRORS = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowKeyError, pa.ArrowIndexError, pa.ArrowNotImplementedError)


class InputFile(NamedTuple):
    """One file, its own schema, and its rows where they are known without reading it all."""

    path: Path
    schema: pa.Schema
    rows: int | None


def inspect(path: Path) -> InputFile:
    """Tell the schema of a file; raises InputError where it cannot be read."""
    kind = format_of(path)
    if kind == "parquet":
        with _reading(path, "Parquet"), _open_parquet(path) as file:
            found = InputFile(path, file.schema_arrow, file.metadata.num_rows)
    elif kind == "json":
        found = _inspect_json(path)
    else:
        with _reading(path, "CSV"), pa_csv.open_csv(path, *_csv_options()) as reader:
            found = InputFile(path, pa.schema([(name, pa.string()) for name in reader.schema.names]), None)
    names = found.schema.names
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"{path}: two columns have the name {twice[0]!r}; rename one of them")
    return found


def read(file: InputFile) -> Iterator[pa.RecordBatch]:
    """Stream the rows of an inspected file in batches of its own schema, at most ``BATCH_ROWS`` rows each."""
    kind = format_of(file.path)
    if kind == "parquet":
        yield from _read_parquet(file.path)
    elif kind == "json":
        yield from _read_json(file)
    else:
        yield from _read_csv(file)


@contextmanager
def _reading(path: Path, kind: str) -> Iterator[None]:
    """Turn Arrow's errors into one line that names the file; an error of the machine stops the run."""
    try:
        yield
    except (*_ARROW_ERRORS, UnicodeDecodeError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise EnvironmentStop(f"{path}: reading stopped ({error.strerror}); run the same command again") from error
        why = (str(error).splitlines() or [""])[0][:200]
        raise InputError(
            f"{path}: this is not a whole and readable {kind} file ({why}); fetch or write it again"
        ) from error


def _open_parquet(path: Path) -> pq.ParquetFile:
    # A column chunk is read page by page: with Arrow's defaults memory would grow with the largest row group.
    return pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20, page_checksum_verification=True)


def _read_parquet(path: Path) -> Iterator[pa.RecordBatch]:
    with _reading(path, "Parquet"), _open_parquet(path) as file:
        groups = [file.metadata.row_group(index) for index in range(file.metadata.num_row_groups)]
        widest = max((group.total_byte_size / max(group.num_rows, 1) for group in groups), default=0)
        rows = max(1, min(BATCH_ROWS, int(BATCH_BYTES / max(widest, 1))))
        for group in range(len(groups)):
            # Apart: Arrow cannot read nested dictionaries (categories in lists) across the border of two groups.
            yield from file.iter_batches(batch_size=rows, row_groups=[group])


def _csv_options(names: Sequence[str] = ()) -> tuple[pa_csv.ReadOptions, pa_csv.ParseOptions, pa_csv.ConvertOptions]:
    # Everything is text, as it is written: a column of 007 and 1e5 is not one of numbers. Solutions hold line breaks.
    return (
        pa_csv.ReadOptions(use_threads=False, block_size=CSV_BLOCK_BYTES),
        pa_csv.ParseOptions(newlines_in_values=True),
        pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    )


def _read_csv(file: InputFile) -> Iterator[pa.RecordBatch]:
    with _reading(file.path, "CSV"), pa_csv.open_csv(file.path, *_csv_options(file.schema.names)) as reader:
        for block in reader:
            yield from _slices(block)


def _slices(block: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for start in range(0, block.num_rows, BATCH_ROWS):
        yield block.slice(start, BATCH_ROWS)


# JSON Lines are parsed by Python's own json. Arrow's reader infers types block by block (a key that appears late is an
# error), turns texts that look like dates into dates and long integers into floats, and dies on a line `null`.


def _inspect_json(path: Path) -> InputFile:
    schema = pa.schema([])
    rows = 0
    for records in _records(path):
        seen = _infer(path, records, rows)
        try:
            schema = pa.unify_schemas([schema, seen], promote_options="permissive")
        except _ARROW_ERRORS:
            raise InputError(_types_changed(path, schema, seen, rows)) from None
        rows += len(records)
    for field in schema:
        if _has_empty_struct(field.type):
            raise InputError(
                f"{path}: column {field.name!r} holds only empty objects, which Parquet cannot store; remove the column"
            )
    return InputFile(path, schema, rows)


def _read_json(file: InputFile) -> Iterator[pa.RecordBatch]:
    rows = 0
    for records in _records(file.path):
        columns = [_column(file.path, records, field.name, rows, field.type) for field in file.schema]
        rows += len(records)
        yield from _slices(pa.RecordBatch.from_arrays(columns, schema=file.schema))


def _records(path: Path) -> Iterator[list[dict[str, Any]]]:
    """Parse a JSON Lines file, some megabytes at a time; empty lines are passed over."""
    number = 0
    with _reading(path, "JSON Lines"), path.open("rb") as file:
        while lines := file.readlines(BLOCK_BYTES):
            if number == 0:
                lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
            records = [_record(path, line, number + index) for index, line in enumerate(lines, 1) if not line.isspace()]
            number += len(lines)
            yield records


def _record(path: Path, line: bytes, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line.decode())
    except UnicodeDecodeError:
        raise InputError(f"{path}, line {number}: this is not UTF-8; convert the file with iconv") from None
    except RecursionError:
        raise InputError(f"{path}, line {number}: this is nested too deeply; remove the line") from None
    except json.JSONDecodeError as error:
        why = f"line {number}: this is not JSON ({error.msg} at character {error.pos + 1})"
        if number == 1 and line.lstrip()[:1] in (b"[", b"{"):
            raise InputError(f"{path}, {why}; one object a line is read: convert it with jq -c") from None
        raise InputError(f"{path}, {why}; repair or remove the line") from None
    if not isinstance(record, dict):
        if isinstance(record, list) and number == 1:
            raise InputError(f"{path}: this is a JSON array; one object a line is read: convert it with jq -c '.[]'")
        raise InputError(f'{path}, line {number}: a JSON object is expected, as in {{"problem": …, "solution": …}}')
    return record


def _infer(path: Path, records: list[dict[str, Any]], first: int) -> pa.Schema:
    names = dict.fromkeys(name for record in records for name in record)
    return pa.schema([(name, _column(path, records, name, first).type) for name in names])


def _column(
    path: Path, records: list[dict[str, Any]], name: str, first: int, kind: pa.DataType | None = None
) -> pa.Array:
    """Make one Arrow column of parsed records; ``first`` is the number of rows before them."""
    values = [record.get(name) for record in records]
    try:
        return to_arrow(values, kind)
    except (*_ARROW_ERRORS, OverflowError) as error:
        raise InputError(f"{path}: {_mixed(name, values, first, error)}; give the column one type") from None


def _mixed(name: str, values: list[Any], first: int, error: Exception) -> str:
    kinds: dict[str, int] = {}
    for row, value in enumerate(values, first + 1):
        if value is not None:
            kinds.setdefault(_KINDS[type(value)], row)
    if len(kinds) > 1:
        (one, row), (other, other_row) = list(kinds.items())[:2]
        return f"column {name!r} is {one} in row {row} and {other} in row {other_row}"
    rows = f"rows {first + 1} to {first + len(values)}"
    return f"column {name!r} has values of two types, or out of range, in {rows} ({error})"


_KINDS = {bool: "a truth value", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}


def _types_changed(path: Path, before: pa.Schema, seen: pa.Schema, rows: int) -> str:
    for name in seen.names:
        if name in before.names:
            try:
                pa.unify_schemas(
                    [pa.schema([before.field(name)]), pa.schema([seen.field(name)])], promote_options="permissive"
                )
            except _ARROW_ERRORS:
                break
    old, new = before.field(name).type, seen.field(name).type
    return f"{path}: column {name!r} is {old} up to row {rows} and {new} after it; give the column one type"


def _has_empty_struct(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind) and kind.num_fields == 0:
        return True
    return any(_has_empty_struct(kind.field(index).type) for index in range(kind.num_fields))
