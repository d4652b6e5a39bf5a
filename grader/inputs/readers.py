"""One input file as a stream of record batches, in bounded memory: Parquet, CSV, and (``json_lines``) JSON Lines.

A file is opened twice: ``inspect`` tells its schema (JSON Lines: from all of its rows), ``read`` streams it.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from grader.errors import InputError
from grader.inputs import json_lines
from grader.inputs.common import BATCH_BYTES, BATCH_ROWS, CSV_BLOCK_BYTES, InputFile, reading, slices
from grader.inputs.paths import format_of
from grader.remote import RemotePath

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grader.remote import Place

READ_BUFFERS_BYTES = 64 << 20  # of all columns of a Parquet file together
PROBE_ROWS = 8
OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def inspect(path: Place) -> InputFile:
    """Tell the schema of a file; raises InputError where it cannot be read."""
    kind = format_of(path)
    if path.stat().st_size == 0:
        raise InputError(f"{path}: this file is empty, not even a header is in it; fetch or write it again")
    if kind == "parquet":
        with reading(path, "Parquet"), _open_parquet(path) as file:
            found = InputFile(path, file.schema_arrow, file.metadata.num_rows)
    elif _is_utf16(path):
        raise InputError(f"{path}: this file is UTF-16; convert it, as in iconv -f utf-16 -t utf-8")
    elif kind == "json":
        found = json_lines.inspect(path)
    else:
        with reading(path, "CSV"), source_of(path) as source, pa_csv.open_csv(source, *_csv_options()) as reader:
            found = InputFile(path, pa.schema([(name, pa.string()) for name in reader.schema.names]), None)
    names = found.schema.names
    only = names[0] if kind == "csv" and len(names) == 1 else ""
    if separators := [what for one, what in OTHER_SEPARATORS.items() if one in only]:
        raise InputError(f"{path}: its columns are separated by {separators[0]}; write it with commas")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"{path}: two columns have the name {twice[0]!r}; rename one of them")
    return found


def read(file: InputFile, skip: int = 0) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Stream an inspected file in batches of its own schema, each with the number of its first row from 0.

    Batches that end before row ``skip`` may be left out; the others are the same whatever ``skip`` is.
    """
    kind = format_of(file.path)
    if kind == "parquet":
        yield from _read_parquet(file.path, skip)
    elif kind == "json":
        yield from json_lines.read(file, skip)
    else:
        yield from _read_csv(file)


def _is_utf16(path: Place) -> bool:
    """Whether the text begins with a mark of UTF-16, or with a letter as UTF-16 has it without one."""
    with path.open("rb") as file:
        start = file.read(2)
    return start in (b"\xff\xfe", b"\xfe\xff") or (len(start) == 2 and start.count(0) == 1)


@contextmanager
def source_of(path: Place) -> Iterator[Any]:
    """Give what Arrow reads from: the name of a local file, or an open one."""
    if isinstance(path, RemotePath):
        with path.open() as file:
            yield file
    else:
        yield path


@contextmanager
def _open_parquet(path: Place, columns: int = 1) -> Iterator[pq.ParquetFile]:
    # A column chunk is read page by page: with Arrow's defaults memory would grow with the largest row group.
    buffer = max(1 << 16, min(1 << 20, READ_BUFFERS_BYTES // columns))
    options = {"pre_buffer": False, "buffer_size": buffer, "page_checksum_verification": True}
    with source_of(path) as source, pq.ParquetFile(source, **options) as file:
        yield file


def _read_parquet(path: Place, skip: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    with reading(path, "Parquet"):
        with _open_parquet(path) as file:
            leaves = file.metadata.num_columns
        with _open_parquet(path, max(leaves, 1)) as file:
            first = 0
            size = 0
            for group in range(file.metadata.num_row_groups):
                rows = file.metadata.row_group(group).num_rows
                if rows and first + rows > skip:
                    size = size or _batch_rows(file)
                    found = 0
                    # Apart: Arrow cannot read nested dictionaries (categories in lists) across two groups.
                    for start, batch in _numbered(file.iter_batches(batch_size=size, row_groups=[group]), first):
                        found += batch.num_rows
                        yield start, batch
                    if found != rows:
                        raise pa.ArrowInvalid(f"row group {group} holds {found} rows, not {rows}")
                first += rows
            if first != file.metadata.num_rows:
                raise pa.ArrowInvalid(f"its row groups hold {first} rows, not {file.metadata.num_rows}")


def _numbered(batches: Iterator[pa.RecordBatch], first: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    for batch in batches:
        yield first, batch
        first += batch.num_rows


def _batch_rows(file: pq.ParquetFile) -> int:
    """Choose the rows of a batch by the file's longest rows: as its footer has them, and as they are decoded.

    What repeats is stored once: only a look at decoded rows tells how long they are.
    """
    groups = [file.metadata.row_group(index) for index in range(file.metadata.num_row_groups)]
    widest = max(group.total_byte_size / max(group.num_rows, 1) for group in groups)
    filled = next(index for index, group in enumerate(groups) if group.num_rows)
    for probe in islice(file.iter_batches(batch_size=PROBE_ROWS, row_groups=[filled]), 1):
        widest = max(widest, probe.nbytes / max(probe.num_rows, 1))
    return max(1, min(BATCH_ROWS, int(BATCH_BYTES / max(widest, 1))))


def _csv_options(names: Sequence[str] = ()) -> tuple[pa_csv.ReadOptions, pa_csv.ParseOptions, pa_csv.ConvertOptions]:
    # Everything is text, as it is written: a column of 007 and 1e5 is not one of numbers. Solutions hold line breaks.
    return (
        pa_csv.ReadOptions(use_threads=False, block_size=CSV_BLOCK_BYTES),
        pa_csv.ParseOptions(newlines_in_values=True),
        pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    )


def _read_csv(file: InputFile) -> Iterator[tuple[int, pa.RecordBatch]]:
    options = _csv_options(file.schema.names)
    first, batch = 0, None
    with reading(file.path, "CSV"), source_of(file.path) as source, pa_csv.open_csv(source, *options) as reader:
        for first, batch in _numbered((batch for block in reader for batch in slices(block)), 0):
            yield first, batch
    if batch is not None:
        _check_last_quote(file, batch, first + batch.num_rows)


def _check_last_quote(file: InputFile, batch: pa.RecordBatch, row: int) -> None:
    """Raise InputError where the last value of a file begins with a quote that is never closed.

    Arrow takes all that follows for the value, rows and all. It is closed unless the file ends with just that value.
    """
    value = batch.column(batch.num_columns - 1)[-1].as_buffer().to_pybytes().replace(b'"', b'""')
    with file.path.open("rb") as source:
        source.seek(max(0, file.path.stat().st_size - len(value) - 2))
        end = source.read()
    if end[1:] == b'"' + value and end[:1] in (b",", b"\r", b"\n"):
        raise InputError(
            f"{file.path}, row {row}: a quote opens in column {file.schema.names[-1]!r} and is never closed, so that "
            "the rest of the file is one value; close it, and write a quote in a text twice"
        )
