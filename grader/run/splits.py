"""The rows of a report by their answer: what to train on, what not, and what nobody can say."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from grader.inputs.common import reading
from grader.parquet_io.reader import batches_of, open_report
from grader.parquet_io.report import REPORT
from grader.parquet_io.writer import METADATA_KEY, AtomicWriter
from grader.types import Split, Verdict

TAKE_SPLITS = ("grade", "grade-join")
"""The commands that have the option ``--to``."""

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from grader.remote import Place
    from grader.run.log import Log


def write_splits(report: Place, splits: Mapping[str, Place], free_text: Collection[str], log: Log) -> None:
    """Write the rows of a finished report into the files of ``splits``, and say how many went where.

    ``clean`` gets the columns of the input as they were, ready to train on; the others those of the report, with the
    reasons. Raises InputError where the report turns out damaged, EnvironmentStop where the disk stops the writing.
    """
    rows = dict.fromkeys(map(str, Split), 0)
    with reading(report, "Parquet"), open_report(report) as file, ExitStack() as stack:
        said = json.loads(file.metadata.metadata[METADATA_KEY.encode()])
        schema = file.schema_arrow.remove_metadata()
        kept = {name: _columns(name, schema) for name in splits}
        writers = {
            name: stack.enter_context(
                AtomicWriter(path, pa.schema([schema.field(one) for one in kept[name]]), free_text)
            )
            for name, path in splits.items()
        }
        for batch in batches_of(file):
            for name, mask in _masks(batch.column("grade_verdict")).items():
                found = batch.filter(mask)
                rows[name] += found.num_rows
                if name in writers and found.num_rows:
                    writers[name].write(found.select(kept[name]))
        for name, writer in writers.items():
            writer.commit({**said, "split": name, "rows": {"total": rows[name]}})
    for name in Split:
        _say(log, name, rows[name], splits.get(name))


def _columns(split: str, schema: pa.Schema) -> list[str]:
    return [name for name in schema.names if split != Split.CLEAN or name not in REPORT.names]


def _masks(verdicts: pa.Array) -> dict[str, Any]:
    """Say of each row in which split it is."""
    clean = pc.fill_null(pc.equal(verdicts, Verdict.CORRECT), False)
    undecided = pc.is_null(verdicts)
    return dict(zip(Split, (clean, pc.invert(pc.or_(clean, undecided)), undecided), strict=True))


def _say(log: Log, name: str, rows: int, path: Place | None) -> None:
    takes = log.prog in TAKE_SPLITS
    place = path if path is None or takes else path.name  # an audit puts its folder into place when all is there
    where = place if place is not None else "not written apart" + (f" (--to {name}=FILE)" if takes else "")
    log.say("split", f"{name}: {rows:,} rows, {where}", split=name, rows=rows, path=place)
