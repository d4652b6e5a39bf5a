"""The rows of a run, cut into chunks that are graded together, and rows that are the same graded once.

Where a chunk ends depends on the input and on its part alone, so that the models see the same batches in every run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from grader.parquet_io.report import REPORT
from grader.parquet_io.rows import solutions_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from grader.columns import Columns
    from grader.types import Solution

CHUNK_BYTES = 8 << 20
REMEMBERED_CHARACTERS = 8 << 20  # of the rows of a part: later ones that are the same are graded again
NO_ROWS: pa.RecordBatch = pa.RecordBatch.from_pylist([], schema=REPORT)

Place = tuple[int, int]
"""A row's answer: the chunk of the part, and the row in that chunk's report."""


class Chunk(NamedTuple):
    """Some rows of one part: the input's batches, and what is to be graded of them.

    ``first`` counts rows of the run from 0, ``number`` the chunks of the part. ``places`` says where each row finds its
    answer, or is None where every row has its own. Later chunks may look for answers in this one if ``is_remembered``.
    """

    part: int
    number: int
    first: int
    batches: list[pa.RecordBatch]
    solutions: list[Solution]
    places: list[Place] | None
    is_remembered: bool

    @property
    def rows(self) -> int:
        """Count the rows."""
        return sum(batch.num_rows for batch in self.batches)


def chunks_of(
    batches: Iterable[pa.RecordBatch], first: int, columns: Columns, part_rows: int, chunk_rows: int
) -> Iterator[Chunk]:
    """Cut the batches of an input, read from row ``first`` on, which begins a part."""
    number = part = -1
    seen = _Seen()
    for start, pieces in cut(batches, first, part_rows, chunk_rows):
        if start // part_rows != part:
            part, number, seen = start // part_rows, 0, _Seen()
        solutions = [solution for piece in pieces for solution in solutions_of(piece, columns)]
        yield Chunk(part, number, start, pieces, *seen.new_ones(solutions, number))
        number += 1


def cut(
    batches: Iterable[pa.RecordBatch], first: int, part_rows: int, chunk_rows: int
) -> Iterator[tuple[int, list[pa.RecordBatch]]]:
    """Gather batches, or slices of them, up to ``chunk_rows``, ``CHUNK_BYTES`` or the end of a part."""
    pieces: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        taken = 0
        while taken < batch.num_rows:
            piece = batch.slice(taken, min(chunk_rows - rows, part_rows - (first + rows) % part_rows))
            pieces.append(piece)
            taken += piece.num_rows
            rows += piece.num_rows
            size += piece.nbytes
            if rows == chunk_rows or size >= CHUNK_BYTES or (first + rows) % part_rows == 0:
                yield first, _joined(pieces)
                first += rows
                pieces, rows, size = [], 0, 0
    if pieces:
        yield first, _joined(pieces)


def _joined(pieces: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
    """Make one batch of many small ones, where Arrow can: dictionaries may have grown too large for their index."""
    if len(pieces) == 1:
        return pieces
    try:
        return [pa.concat_batches(pieces)]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pieces


class _Seen:
    """The rows of one part, by what decides their answer."""

    def __init__(self) -> None:
        self._places: dict[Solution, Place] = {}
        self._characters = 0

    def new_ones(self, solutions: list[Solution], chunk: int) -> tuple[list[Solution], list[Place] | None, bool]:
        """Give the solutions that are new, every row's place (None: its own), and whether any of them is remembered."""
        known = len(self._places)
        new: list[Solution] = []
        places: list[Place] = []
        for solution in solutions:
            place = self._places.get(solution)
            if place is None:
                place = chunk, len(new)
                new.append(solution)
                if self._characters < REMEMBERED_CHARACTERS:
                    self._characters += len(solution.problem) + _length(solution)
                    self._places[solution] = place
            places.append(place)
        return new, None if len(new) == len(solutions) else places, len(self._places) > known


def _length(solution: Solution) -> int:
    text = solution.solution or ""
    return len(text) if isinstance(text, str) else sum(map(len, text))


class Spread:
    """Gives every row of a part its answer: the other half of ``chunks_of``."""

    def __init__(self) -> None:
        self._part = -1
        self._reports: dict[int, pa.RecordBatch] = {}

    def report(self, chunk: Chunk, graded: pa.RecordBatch) -> pa.RecordBatch:
        """Give the report columns of all rows of a chunk from those of its ``solutions``; chunks come in order."""
        if chunk.part != self._part:
            self._part, self._reports = chunk.part, {}
        if chunk.is_remembered:
            self._reports[chunk.number] = graded
        if chunk.places is None:
            return graded
        offsets: dict[int, int] = {}
        needed: list[pa.RecordBatch] = []
        for number in sorted({number for number, _ in chunk.places}):
            offsets[number] = sum(report.num_rows for report in needed)
            needed.append(graded if number == chunk.number else self._reports[number])
        rows = pa.array([offsets[number] + row for number, row in chunk.places], pa.int64())
        return pa.concat_batches(needed).take(rows)
