"""Parts on their way to the disk."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

import pyarrow as pa

from grader.errors import GraderError
from grader.run.chunks import Spread
from grader.run.summary import Counts

if TYPE_CHECKING:
    from grader.parquet_io.writer import AtomicWriter
    from grader.run.chunks import Chunk
    from grader.run.log import Log
    from grader.run.parts import Parts
    from grader.run.request import Job


def write_chunk(writer: AtomicWriter, chunk: Chunk, report: pa.RecordBatch) -> None:
    """Write the rows of a chunk, the columns of the input beside those of the report."""
    start = 0
    for batch in chunk.batches:
        columns = [*batch.columns, *report.slice(start, batch.num_rows).columns]
        start += batch.num_rows
        writer.write(pa.RecordBatch.from_arrays(columns, schema=writer.schema))


class Writing:
    """Writes chunks, in order, into their parts. A part that is not finished on leaving the context is dropped."""

    def __init__(self, job: Job, parts: Parts, log: Log) -> None:
        self._job, self._parts, self._log = job, parts, log
        self._spread = Spread()
        self._writer: AtomicWriter | None = None
        self._index = -1
        self._counts = Counts()
        self._read = 0
        self._began = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._writer is not None:
            self._writer.drop()

    def add(self, chunk: Chunk, graded: pa.RecordBatch) -> None:
        """Write the rows of a chunk, finishing the part that they fill."""
        writer = self._writer or self._begin_part(chunk.part)
        report = self._spread.report(chunk, graded)
        self._counts.add(report)
        self._read += chunk.rows
        write_chunk(writer, chunk, report)
        if self._read == self._parts.part_rows:
            self.finish_part()

    def _begin_part(self, index: int) -> AtomicWriter:
        self._index, self._counts, self._read, self._began = index, Counts(), 0, time.monotonic()
        self._writer = self._parts.writer(index, self._job.schema, self._job.free_text)
        return self._writer

    def finish_part(self) -> None:
        """Bring the part to the disk and count it as finished, if one is begun: also the last, which is not full."""
        if self._writer is None:
            return
        if not self._read == self._writer.rows == self._counts.rows:
            raise GraderError(
                f"{self._writer.path}: {self._read} rows were read, {self._counts.rows} graded and "
                f"{self._writer.rows} written; please report this"
            )
        self._writer.commit(self._counts.plain())
        self._writer = None
        self._parts.record(self._index, self._read)
        seconds = round(time.monotonic() - self._began, 3)
        self._log.say("part", None, part=self._index, rows=self._read, seconds=seconds)
