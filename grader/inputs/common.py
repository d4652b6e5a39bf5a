"""What the readers of all formats share: the inspected file, batches of a bounded size, and how errors are told."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from grader.errors import EnvironmentStop, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.remote import Place

BATCH_ROWS = 1024
BATCH_BYTES = 8 << 20  # a batch of long rows is cut to about this size
ARROW_ERRORS = (pa.ArrowException,)
CSV_BLOCK_BYTES = 8 << 20  # also the longest row that a CSV file may have
MESSAGE_CHARACTERS = 200


class InputFile(NamedTuple):
    """One file, its own schema, and its rows where they are known without reading it all."""

    path: Place
    schema: pa.Schema
    rows: int | None


@contextmanager
def reading(path: Place, kind: str) -> Iterator[None]:
    """Turn Arrow's errors into one line that names the file; an error of the machine stops the run."""
    try:
        yield
    except (*ARROW_ERRORS, UnicodeDecodeError, OSError, MemoryError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise EnvironmentStop(f"{path}: reading stopped ({error.strerror}); run the same command again") from error
        why = (str(error).splitlines() or [""])[0][:MESSAGE_CHARACTERS]
        if isinstance(error, UnicodeDecodeError) or "invalid UTF8" in why:
            raise InputError(
                f"{path}: this {kind} file is not UTF-8; convert it, as in iconv -f latin1 -t utf-8"
            ) from error
        if "straddling object" in why:
            raise InputError(
                f"{path}: a row of this {kind} file is longer than {CSV_BLOCK_BYTES >> 20} MiB, the most that is "
                "read, or a quote in it is never closed; close it, or write the rows as JSON Lines or Parquet"
            ) from error
        if "CRC checksum" in why:
            raise InputError(
                f"{path}: this {kind} file is damaged: a page of it does not have its checksum; fetch or write it again"
            ) from error
        raise InputError(
            f"{path}: this is not a whole and readable {kind} file ({why}); fetch or write it again"
        ) from error


def slices(block: pa.RecordBatch, rows: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
    """Cut a block of rows into batches."""
    for start in range(0, block.num_rows, rows):
        yield block.slice(start, rows)
