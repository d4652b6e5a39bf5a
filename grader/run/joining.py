"""The reports of all shards of a run -> the report of the run: streamed, and accounted for."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from grader.columns import Columns
from grader.errors import InputError
from grader.inputs import refuse_outputs
from grader.inputs.common import reading
from grader.inputs.paths import resolve
from grader.parquet_io.reader import batches_of, open_report
from grader.parquet_io.report import REPORT
from grader.parquet_io.writer import METADATA_KEY, AtomicWriter
from grader.run.identity import MAX_DIFFERENCES, spelled, unequal
from grader.run.metadata import rows_of
from grader.run.shards import SHARD, Shard, settings_of
from grader.run.summary import Counts, RunSummary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from grader.remote import Place

MAX_NAMED = 20


class ShardReport(NamedTuple):
    """The report of one shard: its rows, its columns, and what its metadata say."""

    path: Place
    shard: Shard
    rows: int
    schema: pa.Schema
    said: Mapping[str, Any]


def open_shards(arguments: Sequence[str], outputs: Sequence[Place]) -> list[ShardReport]:
    """Find the reports of the shards that files, folders and globs name, in the order of their rows.

    Raises InputError where one is not such a report, where they are not all of one run, and where some are missing or
    there twice, or where one of the ``outputs`` is among them.
    """
    paths = resolve(arguments)
    refuse_outputs(paths, outputs)
    shards = sorted(map(open_shard, paths), key=lambda report: report.shard)
    for report in shards[1:]:
        check_settings(
            shards[0].said,
            report,
            f"{report.path} and {shards[0].path} are not of one run: they",
            "grade all shards with the same version, options, models and inputs",
        )
        if report.schema != shards[0].schema:
            raise InputError(f"{report.path}: its columns are not those of {shards[0].path}; grade shards of one input")
    for before, report in pairwise(shards):
        if before.shard == report.shard:
            raise InputError(f"{before.path} and {report.path} both hold shard {report.shard}; leave one of them out")
    here = {report.shard.number for report in shards}
    missing = [number for number in range(1, shards[0].shard.shards + 1) if number not in here]
    if missing:
        raise InputError(_missing(missing, shards[0].shard.shards))
    return shards


def join_shards(shards: Sequence[ShardReport], output: Place) -> RunSummary:
    """Write the report of the run whose shards these are, as ``open_shards`` gave them.

    Raises InputError where a shard turns out damaged, EnvironmentStop where the disk stops the writing.
    """
    began = time.perf_counter()
    said = {name: value for name, value in shards[0].said.items() if name != SHARD}
    summary = RunSummary(
        report=str(output),
        columns=Columns(**said["columns"]).sentence(),
        pair=f"{len(shards)} shards joined",
        engines={name: said[name] for name in ("extractor", "classifier")},
    )
    with AtomicWriter(output, shards[0].schema, free_text_of(shards)) as writer:
        for report in shards:
            for batch in _rows(report, summary):
                writer.write(batch)
        writer.commit({**said, "rows": rows_of(summary)})
    summary.seconds = time.perf_counter() - began
    return summary


def free_text_of(shards: Sequence[ShardReport]) -> set[str]:
    """Name the columns whose values hardly repeat."""
    columns = shards[0].said["columns"]
    return {columns["problem"], columns["solution"]}


def open_shard(path: Place) -> ShardReport:
    """Read what the report of a shard says of itself; raises InputError where it is none."""
    with reading(path, "Parquet"), open_report(path) as file:
        found = file.metadata.metadata or {}
        rows, schema = file.metadata.num_rows, file.schema_arrow.remove_metadata()
    try:
        said = json.loads(found.get(METADATA_KEY.encode(), b"{}"))
        shard = Shard(said[SHARD]["number"], said[SHARD]["shards"])
        first, end = shard.span(said[SHARD]["of_rows"], said[SHARD]["part_rows"])
        counted = said["rows"]["total"]
        Columns(**said["columns"]), said["extractor"], said["classifier"]  # what join_shards takes for granted
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{path}: this is not the report of a shard; grade-join joins what grade --shard wrote"
        ) from None
    if not rows == end - first == counted:
        raise InputError(
            f"{path}: shard {shard} has {end - first:,} rows and this file {rows:,}; grade the shard again"
        )
    return ShardReport(path, shard, rows, schema, said)


def check_settings(said: Mapping[str, Any], report: ShardReport, what: str, remedy: str) -> None:
    """Raise InputError where a shard is not of the run whose metadata ``said`` holds; what they lack is not compared.

    ``what`` begins the message, which names the differences, and ``remedy`` ends it.
    """
    settings = settings_of(said)
    theirs = {name: value for name, value in settings_of(report.said).items() if name in settings}
    found = [
        f"{name} ({spelled(one)}, {spelled(other)})"
        for name, one, other in unequal(theirs, json.loads(json.dumps(settings)))
    ]
    if found:
        more = f" and {len(found) - MAX_DIFFERENCES} more" if len(found) > MAX_DIFFERENCES else ""
        raise InputError(f"{what} differ in {', '.join(found[:MAX_DIFFERENCES])}{more}; {remedy}")


def _missing(numbers: Sequence[int], count: int) -> str:
    named = ", ".join(map(str, numbers[:MAX_NAMED]))
    more = f" and {len(numbers) - MAX_NAMED} more" if len(numbers) > MAX_NAMED else ""
    return (
        f"of {count} shards {len(numbers)} are missing: {named}{more}; name their reports too, "
        f"or grade them, as in --shard {numbers[0]}/{count}"
    )


def _rows(report: ShardReport, counts: Counts) -> Iterator[pa.RecordBatch]:
    """Stream the rows of a shard, counting them; what was counted must be what its metadata say."""
    own = Counts()
    with reading(report.path, "Parquet"), open_report(report.path) as file:
        for batch in batches_of(file):
            own.add(batch.select(REPORT.names))
            yield batch
    if own.plain() != report.said[SHARD]["counts"]:
        raise InputError(
            f"{report.path}: its rows are not those that its metadata count; grade shard {report.shard} again"
        )
    counts.add_counts(own.plain())
