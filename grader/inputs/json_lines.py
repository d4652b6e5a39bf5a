"""JSON Lines as a stream of record batches.

Parsed by Python's own json. Arrow's reader infers types block by block (a key that appears late is an error), turns
texts that look like dates into dates and long integers into floats, and dies on a line `null`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from grader.errors import InputError
from grader.inputs.common import ARROW_ERRORS, InputFile, reading, slices
from grader.inputs.texts import to_arrow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.remote import Place

BLOCK_BYTES = 4 << 20  # text that is parsed at once


def inspect(path: Place) -> InputFile:
    """Tell the schema of a file from all of its rows; raises InputError."""
    schema = pa.schema([])
    rows = 0
    for lines, number in _blocks(path):
        records = _parse(path, lines, number)
        seen = _infer(path, records, rows)
        try:
            schema = pa.unify_schemas([schema, seen], promote_options="permissive")
        except ARROW_ERRORS:
            raise InputError(_types_changed(path, schema, seen, rows)) from None
        rows += len(records)
    for field in schema:
        if _has_empty_struct(field.type):
            raise InputError(
                f"{path}: column {field.name!r} holds only empty objects, which Parquet cannot store; remove the column"
            )
    return InputFile(path, schema, rows)


def read(file: InputFile, skip: int = 0) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Stream the rows of an inspected file as ``readers.read`` does."""
    rows = 0
    for lines, number in _blocks(file.path):
        if rows + len(lines) <= skip:
            rows += sum(map(_is_row, lines))  # nothing of it is wanted: it need not be parsed
            continue
        records = _parse(file.path, lines, number)
        columns = [_column(file.path, records, field.name, rows, field.type) for field in file.schema]
        for batch in slices(pa.RecordBatch.from_arrays(columns, schema=file.schema)):
            yield rows, batch
            rows += batch.num_rows


def _blocks(path: Place) -> Iterator[tuple[list[bytes], int]]:
    """Read the lines of a file, some megabytes at a time, and the number of lines before them."""
    number = 0
    with reading(path, "JSON Lines"), path.open("rb") as file:
        while lines := file.readlines(BLOCK_BYTES):
            if number == 0:
                lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
            yield lines, number
            number += len(lines)


def _parse(path: Place, lines: list[bytes], number: int) -> list[dict[str, Any]]:
    """Parse lines into records; empty lines are passed over."""
    return [_record(path, line, number + index) for index, line in enumerate(lines, 1) if _is_row(line)]


def _is_row(line: bytes) -> bool:
    return bool(line) and not line.isspace()


def _record(path: Place, line: bytes, number: int) -> dict[str, Any]:
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


def _infer(path: Place, records: list[dict[str, Any]], first: int) -> pa.Schema:
    names = dict.fromkeys(name for record in records for name in record)
    return pa.schema([(name, _column(path, records, name, first).type) for name in names])


def _column(
    path: Place, records: list[dict[str, Any]], name: str, first: int, kind: pa.DataType | None = None
) -> pa.Array:
    """Make one Arrow column of parsed records; ``first`` is the number of rows before them."""
    values = [record.get(name) for record in records]
    try:
        return to_arrow(values, kind)
    except (*ARROW_ERRORS, OverflowError) as error:
        raise InputError(f"{path}: {_mixed(name, values, first, error)}") from None


def _mixed(name: str, values: list[Any], first: int, error: Exception) -> str:
    kinds: dict[str, int] = {}
    for row, value in enumerate(values, first + 1):
        if value is not None:
            kinds.setdefault(_KINDS[type(value)], row)
    if len(kinds) > 1:
        (one, row), (other, other_row) = list(kinds.items())[:2]
        return f"column {name!r} is {one} in row {row} and {other} in row {other_row}; give the column one type"
    for row, value in enumerate(values, first + 1):
        if _too_large(value):
            return f"column {name!r} has a whole number beyond 64 bits in row {row}; write it as text, in quotes"
    rows = f"rows {first + 1} to {first + len(values)}"
    return f"column {name!r} has values of two types in {rows} ({error}); give the column one type"


def _too_large(value: Any) -> bool:
    """Whether a whole number in the value, however deep, fits neither int64 nor uint64."""
    if isinstance(value, dict):
        return any(map(_too_large, value.values()))
    if isinstance(value, list):
        return any(map(_too_large, value))
    return isinstance(value, int) and not -(2**63) <= value < 2**63


_KINDS = {bool: "a truth value", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}


def _types_changed(path: Place, before: pa.Schema, seen: pa.Schema, rows: int) -> str:
    for name in seen.names:
        if name in before.names:
            try:
                pa.unify_schemas(
                    [pa.schema([before.field(name)]), pa.schema([seen.field(name)])], promote_options="permissive"
                )
            except ARROW_ERRORS:
                break
    old, new = before.field(name).type, seen.field(name).type
    return f"{path}: column {name!r} is {old} up to row {rows} and {new} after it; give the column one type"


def _has_empty_struct(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind) and kind.num_fields == 0:
        return True
    return any(_has_empty_struct(kind.field(index).type) for index in range(kind.num_fields))
