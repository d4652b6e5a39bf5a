"""What this program wrote, read again: every page is held against its checksum."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from grader.inputs.common import reading
from grader.inputs.readers import source_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from grader.remote import Place

BATCH_ROWS = 2_048


@contextmanager
def open_report(path: Place) -> Iterator[pq.ParquetFile]:
    """Open a report or a part for ``batches_of``."""
    with (
        source_of(path) as source,
        pq.ParquetFile(source, pre_buffer=False, page_checksum_verification=True) as file,
    ):
        yield file


def batches_of(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    """Stream the rows of a report or a part."""
    for group in range(file.metadata.num_row_groups):
        # Apart: Arrow cannot read nested dictionaries across two groups.
        yield from file.iter_batches(batch_size=BATCH_ROWS, row_groups=[group], use_threads=False)


def verify(path: Place) -> None:
    """Read a file once for those who read it with polars, which looks at no checksum; raises InputError on damage."""
    with reading(path, "Parquet"), open_report(path) as file:
        for _ in batches_of(file):
            pass
