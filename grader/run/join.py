"""Finished parts, joined into the report: streamed, checked, counted, and only then put in its place."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from grader.errors import EnvironmentStop, GraderError
from grader.parquet_io.reader import batches_of, open_report
from grader.parquet_io.writer import METADATA_KEY, AtomicWriter, stops_run
from grader.run.parts import JOINED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from grader.run.parts import Parts
    from grader.run.summary import Counts


def join_parts(
    parts: Parts,
    schema: pa.Schema,
    free_text: Collection[str],
    counts: Counts,
    metadata: Callable[[], Mapping[str, Any]],
) -> None:
    """Write the report from the finished parts, add up their counts, and move it to its place.

    ``metadata`` is asked when the counts are complete. Raises EnvironmentStop where a part is not what was written,
    GraderError where rows are missing or too many.
    """
    with AtomicWriter(parts.output, schema, free_text, parts.folder / JOINED) as writer:
        for batch in _batches(parts, counts):
            writer.write(batch)
        joined = writer.finish(metadata())
        _account(parts, joined, counts)
        parts.record_report(joined, counts.plain())
        writer.commit_finished()


def _batches(parts: Parts, counts: Counts) -> Iterator[pa.RecordBatch]:
    """Stream the rows of all parts, some being read while others are written."""
    read = _read(parts, counts)
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, read, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, read, None)
            yield batch


def _read(parts: Parts, counts: Counts) -> Iterator[pa.RecordBatch]:
    for index, part in sorted(parts.done.items()):
        path = parts.path(index)
        if not parts.holds(index, part):
            raise EnvironmentStop(f"{path}: this part was damaged on the disk; run the same command again")
        with stops_run(path), open_report(path) as file:
            counts.add_counts(json.loads(file.metadata.metadata[METADATA_KEY.encode()]))
            yield from batches_of(file)


def _account(parts: Parts, joined: Path, counts: Counts) -> None:
    """Check that the rows of the joined file are those that were read and graded, by number and by status."""
    with stops_run(joined), open_report(joined) as file:
        written = file.metadata.num_rows
        statuses: Counter[str] = Counter()
        for group in range(file.metadata.num_row_groups):
            column = file.read_row_group(group, columns=["grade_status"]).column(0)
            statuses.update({pair["values"]: pair["counts"] for pair in pc.value_counts(column).to_pylist()})
    if not parts.rows == counts.rows == written == statuses.total() or statuses != counts.by_status:
        raise GraderError(
            f"{parts.output}: {parts.rows} rows were read, {counts.rows} graded ({dict(counts.by_status)}) and "
            f"{written} written ({dict(statuses)}); please report this"
        )
