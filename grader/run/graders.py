"""Who grades the chunks of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from grader.parquet_io.report import report_batch
from grader.run.careful import RowGrader, grade_all
from grader.run.profile import Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from grader.run.chunks import Chunk


class ChunkGrader(Protocol):
    """``Alone`` in this process, or a ``grader.run.crew.Crew`` of worker processes.

    ``pair`` are the models: ``describe`` identifies them for the file metadata, ``sentence`` for people.
    """

    @property
    def pair(self) -> Any:
        """The models behind the answers."""

    @property
    def watch(self) -> Watch:
        """Where the time goes."""

    def reports(self, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, pa.RecordBatch]]:
        """Give each chunk with the report columns of its ``solutions``, in order."""


class Alone:
    """Grades in this process, which a row that crashes or hangs takes with it."""

    def __init__(self, grader: RowGrader) -> None:
        self.pair = grader.pair
        self.watch = Watch()
        self._grader = grader

    def reports(self, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, pa.RecordBatch]]:
        """Give each chunk with the report columns of its ``solutions``."""
        for chunk in chunks:
            with self.watch("check"):
                graded = grade_all(self._grader, chunk.solutions) if chunk.solutions else []
            with self.watch("columns"):
                report = report_batch(graded)
            yield chunk, report


PART_ROWS, CHUNK_ROWS = 8_192, 512
MODEL_PART_ROWS, MODEL_CHUNK_ROWS = 4_096, 1_024
"""Where models are asked: small parts, so that an interruption costs minutes, and chunks that make whole batches."""


def part_rows_of(pair: Any) -> int:
    """Tell how many rows a part has where nobody says."""
    return MODEL_PART_ROWS if asks_models(pair) else PART_ROWS


def chunk_rows_of(pair: Any) -> int:
    """Tell how many rows are graded together."""
    return MODEL_CHUNK_ROWS if asks_models(pair) else CHUNK_ROWS


def asks_models(pair: Any) -> bool:
    """Whether a pair has an engine."""
    return any(getattr(pair, name, None) is not None for name in ("extractor", "classifier"))
