"""A part of the rows, chosen by a hash of what identifies a row: the same rows every night, wherever they move."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grader.inputs import Inputs
from grader.parquet_io.rows import solutions_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from grader.columns import Columns

RANGE = 2**64


class SampledInputs(Inputs):
    """Inputs of which some rows are taken; ``taken`` has a bool for each row of all files."""

    taken: npt.NDArray[np.bool_]

    @property
    def rows(self) -> int:
        """Count the rows that are taken."""
        return int(self.taken.sum())

    def batches(self, start: int = 0, stop: int | None = None) -> Iterator[pa.RecordBatch]:
        """Stream the rows that are taken, from the ``start``-th of them up to the ``stop``-th."""
        first = row = 0
        for batch in super().batches():
            mask = self.taken[row : row + batch.num_rows]
            row += batch.num_rows
            some = batch.filter(pa.array(mask))
            low, high = max(0, start - first), some.num_rows if stop is None else min(some.num_rows, stop - first)
            first += some.num_rows
            if low < high:
                yield some.slice(low, high - low)
            if stop is not None and first >= stop:
                return


def sampled(inputs: Inputs, columns: Columns, *, limit: int | None, fraction: float | None, seed: int) -> Inputs:
    """Take ``fraction`` of the rows, or ``limit`` of them, those with the smallest hash; all of them without either.

    The hash is over the id where there is one, else over the problem: a row whose solution was changed stays in, or
    out, of the sample. Reads the inputs once, 8 bytes a row in memory.
    """
    if limit is None and fraction is None:
        return inputs
    hashes = np.fromiter(_hashes(inputs, columns, seed), np.uint64)
    if fraction is not None:
        taken = hashes < min(int(fraction * RANGE), RANGE - 1) if fraction < 1 else np.ones(len(hashes), bool)
    else:
        taken = np.zeros(len(hashes), bool)
        taken[np.argsort(hashes, kind="stable")[:limit]] = True
    some = SampledInputs._make(inputs)
    some.taken = taken
    return some


def _hashes(inputs: Inputs, columns: Columns, seed: int) -> Iterator[int]:
    person = seed.to_bytes(16, "little", signed=True)
    for batch in inputs.batches():
        if columns.identifier is None:
            names = [row.problem for row in solutions_of(batch, columns)]
        else:
            names = [str(value) for value in batch.column(columns.identifier).to_pylist()]
        for name in names:
            data = name.encode("utf-8", "surrogatepass")
            yield int.from_bytes(hashlib.blake2b(data, digest_size=8, person=person).digest(), "little")
