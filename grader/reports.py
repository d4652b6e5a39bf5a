"""Finished reports as tables: opening them, the columns they must have, what is wrong with them; writing a table."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl
import pyarrow.parquet as pq

from grader.errors import EnvironmentStop, InputError, check_utf8
from grader.parquet_io.reader import verify
from grader.types import RowStatus, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STATUS = "grade_status"
VERDICT = "grade_verdict"
FIRST_ERROR_LINE = "grade_first_error_line"
NEEDED = (STATUS, VERDICT, FIRST_ERROR_LINE)


class Report(NamedTuple):
    """A report that has been opened but not read: ``rows`` reads the columns that are asked of it, no others.

    ``metadata`` is the JSON object under the file's key ``grader``, empty where there is none.
    """

    path: str
    rows: pl.LazyFrame
    schema: pl.Schema
    metadata: dict[str, Any]

    def require(self, columns: Iterable[str]) -> None:
        """Check that the columns are there.

        Raises:
            InputError: one is not; the message names those that are.

        """
        for column in columns:
            if column not in self.schema:
                there = ", ".join(name for name in self.schema if not name.startswith("grade_"))
                raise InputError(f"{self.path} has no column {column!r}; its columns are {there} (and grade_…)")

    def optional(self, column: str, dtype: pl.DataType) -> pl.Expr:
        """Give a column that older reports may lack: nulls then."""
        return pl.col(column) if column in self.schema else pl.lit(None, dtype=dtype).alias(column)

    def recorded(self) -> dict[str, str]:
        """Give the columns that the run recorded and that are there: problem, solution, identifier, reference."""
        columns = self.metadata.get("columns")
        named = columns.items() if isinstance(columns, dict) else ()
        return {role: name for role, name in named if name in self.schema}

    def verdict(self) -> pl.Expr:
        """Give the verdict as text, null for a row that was not graded, whatever its verdict says."""
        return pl.when(pl.col(STATUS) == str(RowStatus.GRADED)).then(pl.col(VERDICT).cast(pl.String))

    def check_verdicts(self, verdicts: pl.Series) -> None:
        """Check that every verdict is one of ours, or null.

        Raises:
            InputError: one is not.

        """
        unknown = verdicts.drop_nulls().unique().filter(~verdicts.drop_nulls().unique().is_in(list(Verdict)))
        if len(unknown):
            raise InputError(f"{self.path}: {VERDICT} has the unknown value {unknown.min()!r}; grade the input again")

    def collect(self, *columns: pl.Expr, only: pl.Series | None = None) -> pl.DataFrame:
        """Read these columns and the number of each row, ``row``, from 0; with ``only`` of those rows alone.

        Texts that the columns are computed from pass through in batches and are not held.

        Raises:
            InputError: the file turned out to be damaged.

        """
        rows = self.rows.with_row_index("__row").select(pl.col("__row").cast(pl.Int64).alias("row"), *columns)
        if only is not None:
            rows = rows.join(only.to_frame("row").lazy(), on="row", how="semi")
        with reading(self.path):
            return rows.collect(engine="streaming")


def open_report(path: str) -> Report:
    """Open a report that `grade` wrote (Parquet; local, or a URL that polars can read).

    Raises:
        InputError: no such file, not a whole and undamaged Parquet file, or no ``grade_…`` columns in it.

    """
    check_utf8(path)
    if "://" not in path and not Path(path).is_file():
        raise InputError(f"{path}: {'a directory, not a report' if Path(path).is_dir() else 'no such file'}")
    with reading(path):
        rows = pl.scan_parquet(path, glob=False)
        schema = rows.collect_schema()
        metadata = pl.read_parquet_metadata(path).get("grader", "{}")
    missing = [column for column in NEEDED if column not in schema]
    if missing:
        raise InputError(f"{path} is no report: it has no {', '.join(missing)}; run `grade {path} -o REPORT` first")
    if "://" not in path:
        verify(Path(path))
    return Report(path, rows, schema, _json_object(metadata))


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Turn what polars raises over a file into one message that names it."""
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"{path} cannot be read as Parquet: {reason}") from error


def write_table(table: pl.DataFrame, path: Path) -> None:
    """Write a Parquet file whole or not at all.

    Raises:
        EnvironmentStop: the disk is full, or the place may not be written to.

    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with unfinished.open("wb") as file:
            pq.write_table(table.to_arrow(), file, compression="zstd", write_page_checksum=True)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise EnvironmentStop(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _json_object(text: str) -> dict[str, Any]:
    """Read the metadata; a report that lost it, as after a rewrite by another tool, is still a report."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
