"""A run: inputs in, one report out, every row counted, and no work lost.

``prepare`` finds what is wrong with the request before a row is read or a model loaded; ``run_grade`` does the work, a
part at a time, and goes on where an earlier run of the same command stopped.
"""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from grader.errors import GraderError
from grader.parquet_io.writer import write_text
from grader.run.chunks import chunks_of
from grader.run.graders import Alone, ChunkGrader, chunk_rows_of, part_rows_of
from grader.run.identity import Originals, check_same, identity_of
from grader.run.join import join_parts
from grader.run.log import Log
from grader.run.metadata import metadata_of
from grader.run.parts import Parts
from grader.run.progress import Progress
from grader.run.request import Job, Request, check_output, prepare
from grader.run.shards import SHARD, Shard
from grader.run.splits import write_splits
from grader.run.summary import RunSummary
from grader.run.writing import Writing

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Alone", "ChunkGrader", "Job", "Log", "Request", "Shard", "prepare", "run_grade"]


def run_grade(job: Job, grader: ChunkGrader, log: Log | None = None) -> RunSummary:
    """Grade the rows of a job that no earlier run has, and write its report.

    Finished parts are kept when this raises: UsageError (the parts of another command are in the way), InputError (an
    input turns out corrupt, or changes), EnvironmentStop (the disk, the lock), and whatever interrupts it.
    """
    began = time.perf_counter()
    log = log or Log()
    request, pair = job.request, grader.pair
    summary = RunSummary(
        report=str(request.output), columns=job.columns.sentence(), pair=pair.sentence(), engines=pair.describe()
    )
    originals = Originals(job.inputs)
    part_rows = request.part_rows or part_rows_of(pair)
    job = job.in_parts_of(part_rows)
    shard = {} if request.shard is None else {SHARD: str(request.shard)}
    identity = identity_of({**request.options, **shard}, summary.engines, originals, part_rows)
    with Parts.hold(request.output) as parts:
        _open_parts(job, parts, identity, log)
        summary.resumed = sum(part.rows for part in parts.done.values())
        with _saying_what_is_kept(job, parts, log):
            if not parts.is_finished():
                _grade_parts(job, grader, parts, log)
                originals.check()
                with grader.watch("join"):
                    join_parts(
                        parts,
                        job.schema,
                        job.free_text,
                        summary,
                        lambda: metadata_of(job, summary.engines, originals.fingerprints, summary, part_rows),
                    )
            else:
                summary.add_counts(parts.counts)
        if request.splits:
            # From the report in its place: the same command writes them where this one is ended before.
            with grader.watch("split"):
                write_splits(request.output, request.splits, job.free_text, log)
        summary.seconds = time.perf_counter() - began
        if request.summary is not None:
            write_text(request.summary, json.dumps(summary.as_dict(), ensure_ascii=False, indent=2) + "\n")
        parts.clear()
    return summary


@contextmanager
def _saying_what_is_kept(job: Job, parts: Parts, log: Log) -> Iterator[None]:
    try:
        yield
    except BaseException:
        if parts.done:
            rows = sum(part.rows for part in parts.done.values())
            to_go_on = f"; to go on: {job.request.command}" if job.request.command else ""
            log.say(
                "kept",
                f"{len(parts.done):,} parts with {rows:,} rows are kept{to_go_on}",
                parts=len(parts.done),
                rows=rows,
                command=job.request.command,
            )
        raise


def _open_parts(job: Job, parts: Parts, identity: dict[str, Any], log: Log) -> None:
    """Go on with what an earlier run of the same command left, or begin."""
    earlier = {} if job.request.restart else parts.recorded()
    if parts.is_finished() and earlier == identity:
        log.say("resume", "resuming: the report was in its place already", rows=parts.rows)
    elif parts.is_finished():
        # That run had come to its end; this is another one, and the report of that one may not be in its way.
        check_output(job.request.output, "-o", (".parquet",), overwrite=job.request.overwrite)
        parts.begin(identity)
    elif not parts.done:
        parts.begin(identity)
        log.say("start", None, output=str(job.request.output), rows=job.rows, part_rows=parts.part_rows)
    else:
        check_same(parts.folder, earlier, identity)
        _go_on(job, parts, log)


def _go_on(job: Job, parts: Parts, log: Log) -> None:
    for index in parts.go_on():
        log.say("damaged", f"{parts.path(index)}: this part is not what was written; grading it again", part=index)
    rows = sum(part.rows for part in parts.done.values())
    total = "" if job.rows is None else f" of {job.rows:,}"
    at_row = next((start + 1 for start, _ in parts.gaps(job.rows, job.first)), None)
    where = "nothing is left but to join them" if at_row is None else f"going on at row {at_row:,}"
    log.say(
        "resume",
        f"resuming: {len(parts.done):,} parts with {rows:,}{total} rows are there; {where}",
        parts=len(parts.done),
        rows=rows,
        total=job.rows,
        at_row=at_row,
    )


def _grade_parts(job: Job, grader: ChunkGrader, parts: Parts, log: Log) -> None:
    """Grade the rows that no finished part has, a part at a time."""
    watch = grader.watch
    done = sum(part.rows for part in parts.done.values())
    with Progress(log, job.rows, done) as progress, Writing(job, parts, log) as writing:
        for start, stop in list(parts.gaps(job.rows, job.first)):
            batches = job.inputs.batches(start, job.request.limit if stop is None else stop)
            cut = chunks_of(batches, start, job.columns, parts.part_rows, chunk_rows_of(grader.pair))
            for chunk, graded in grader.reports(watch.timed("read", cut)):
                with watch("write"):
                    writing.add(chunk, graded)
                progress.advance(chunk.rows)
            with watch("write"):
                writing.finish_part()
    read = sum(part.rows for part in parts.done.values())
    if job.rows not in (None, read):
        raise GraderError(f"{job.inputs.where}: {read} rows were read where {job.rows} are; please report this")
    parts.record_rows(read)
