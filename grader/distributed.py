"""The same ``Grader`` under Ray Data: a task is a part of the rows, an actor has a pair, a part is a file of its own.

Every part is written as the report of a shard, so that it is there whole or not at all, says what it is part of, and
``grade-join`` makes one report of them all. The rows do not pass through Ray: an actor reads those of its part with the
readers of a local run, which is why they are the same, and why a lost actor or node costs the parts that it was at.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa

from grader.engines import load_pair
from grader.errors import EnvironmentStop, GraderError, InputError, UsageError
from grader.parquet_io.writer import AtomicWriter, beside, stops_run
from grader.remote import RemotePath
from grader.run.chunks import Spread, chunks_of
from grader.run.garbage import collect_rarely
from grader.run.graders import MODEL_PART_ROWS, PART_ROWS, chunk_rows_of
from grader.run.identity import Originals, spelled, unequal
from grader.run.joining import check_settings, open_shard
from grader.run.lock import locked
from grader.run.log import Log, Style
from grader.run.metadata import metadata_of
from grader.run.progress import Progress
from grader.run.shards import SHARD, Shard
from grader.run.staff import chunk_grader
from grader.run.summary import Counts, RunSummary
from grader.run.writing import write_chunk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from grader.remote import Place
    from grader.run import ChunkGrader, Job

ENGINES = ("extractor", "classifier")
VARIABLE = "GRADER_ADAPTERS"


@dataclass(frozen=True)
class Cluster:
    """Where the work is done. ``actors`` is None for as many as fit; ``cpus`` and ``gpus`` are those of one actor."""

    address: str = "auto"
    actors: int | None = None
    cpus: float = 1.0
    gpus: float = 0.0


@dataclass(frozen=True)
class Plan:
    """What every actor must know: the job, its inputs as the run found them, and the parts. ``models`` loads a pair.

    ``engines`` are those that graded the parts which are there already, None where there are none.
    """

    job: Job
    fingerprints: list[dict[str, Any]]
    part_rows: int
    models: Mapping[str, Any]
    engines: Mapping[str, Any] | None = None

    @property
    def parts(self) -> int:
        """Count the parts: one at least, so that no rows give a report without rows."""
        return max(1, -(-(self.job.all_rows or 0) // self.part_rows))

    def part(self, index: int) -> Job:
        """Give the job of one part."""
        shard = Shard(index + 1, self.parts)
        return replace(self.job, request=replace(self.job.request, shard=shard)).in_parts_of(self.part_rows)

    def place(self, index: int) -> Place:
        """Name the file of one part."""
        folder, name = self.job.request.output, f"part-{index:05}.parquet"
        return RemotePath(f"{folder.url.rstrip('/')}/{name}") if isinstance(folder, RemotePath) else folder / name


def run_on_ray(job: Job, models: Mapping[str, Any], cluster: Cluster, log: Log) -> RunSummary:
    """Grade the parts of a job that are not there yet, on a Ray cluster, into the folder that is its output.

    ``models`` are the arguments of ``load_pair``. Raises InputError where the parts of another run are in the way,
    EnvironmentStop where there is no cluster; parts that are finished stay.
    """
    began = time.perf_counter()
    originals = Originals(job.inputs)
    rules_alone = models["extractor"] == "rules" and not models["classifier"]
    part_rows = job.request.part_rows or (PART_ROWS if rules_alone else MODEL_PART_ROWS)
    plan = Plan(job, originals.fingerprints, part_rows, models)
    with _held(job.request.output):
        said = _finished(plan, log)
        resumed = sum(one["rows"]["total"] for one in said.values())
        if said:
            first = next(iter(said.values()))
            plan = replace(plan, engines={name: first[name] for name in ENGINES})
        todo = [index for index in range(plan.parts) if index not in said]
        if todo:
            with Progress(log, job.rows, resumed) as progress, _connected(cluster):
                for index, metadata in _graded(plan, todo, cluster):
                    said[index] = metadata
                    _check_models(plan, said, index)
                    progress.advance(metadata["rows"]["total"])
        originals.check()
    summary = _summary(plan, said, resumed)
    summary.seconds = time.perf_counter() - began
    return summary


# --- what is there ----------------------------------------------------------------------------------------------------


@contextmanager
def _held(folder: Place) -> Iterator[None]:
    """Make the folder of the parts, and keep other runs on this machine's file systems away from it."""
    if isinstance(folder, RemotePath):
        yield
        return
    with stops_run(folder):
        folder.mkdir(exist_ok=True)
    with locked(folder / "lock", folder):
        yield
        for file in folder.glob(".part-*.tmp"):  # of actors that were killed
            file.unlink(missing_ok=True)


def _finished(plan: Plan, log: Log) -> dict[int, dict[str, Any]]:
    """Give what the parts that are there say of themselves, by number; raises InputError where they are of another."""
    folder = plan.job.request.output
    there = _parts_in(folder)
    if plan.job.request.restart:
        for place in there:
            place.unlink()
        there = []
    expected = metadata_of(plan.part(0), {}, plan.fingerprints, Counts(), plan.part_rows)
    found: dict[int, dict[str, Any]] = {}
    for place in there:
        report = open_shard(place)
        check_settings(expected, report, f"{folder}: its parts and this command", "throw them away with --restart")
        found[report.shard.number - 1] = dict(report.said)
        _check_models(plan, found, report.shard.number - 1)
    rows = sum(one["rows"]["total"] for one in found.values())
    if found:
        log.say(
            "resume",
            f"resuming: {len(found):,} of {plan.parts:,} parts with {rows:,} rows are there",
            parts=len(found),
            rows=rows,
            total=plan.job.rows,
        )
    return found


def _check_models(plan: Plan, said: Mapping[int, Mapping[str, Any]], index: int) -> None:
    """Raise UsageError where a part was graded by other models than the first of those that are there."""
    other = next(iter(said))
    models, theirs = ({name: said[one][name] for name in ENGINES} for one in (index, other))
    if found := [f"{name} ({spelled(one)}, {spelled(two)})" for name, one, two in unequal(models, theirs)]:
        raise UsageError(
            f"{plan.place(index)} and {plan.place(other)} were graded by models that differ in {', '.join(found)}; "
            "give all nodes the same ones, and remove the parts of the others or throw all away with --restart"
        )


def _parts_in(folder: Place) -> Sequence[Place]:
    if not isinstance(folder, RemotePath):
        return sorted(folder.glob("part-*.parquet"))
    return [file for file in folder.files() if file.name.startswith("part-")] if folder.is_dir() else []


def _summary(plan: Plan, said: Mapping[int, Mapping[str, Any]], resumed: int) -> RunSummary:
    """Add up the parts; raises GraderError where one is missing, which Ray did not tell."""
    if missing := [index for index in range(plan.parts) if index not in said]:
        raise GraderError(f"{plan.place(missing[0])}: this part was not graded; run the same command again")
    first = said[0]
    summary = RunSummary(
        report=str(plan.job.request.output),
        columns=plan.job.columns.sentence(),
        pair=f"{plan.parts} parts graded under Ray; join them with grade-join",
        engines={name: first[name] for name in ENGINES},
        resumed=resumed,
    )
    for one in said.values():
        summary.add_counts(one[SHARD]["counts"])
    return summary


# --- the cluster ------------------------------------------------------------------------------------------------------


@contextmanager
def _connected(cluster: Cluster) -> Iterator[None]:
    try:
        import ray  # noqa: PLC0415 local runs need no ray
        from ray.data import DataContext  # noqa: PLC0415
    except ImportError:
        raise UsageError("--ray: the package ray is missing; pip install 'math-grader[ray]'") from None
    handler = signal.getsignal(signal.SIGTERM)
    variables = {VARIABLE: os.environ[VARIABLE]} if VARIABLE in os.environ else {}
    try:
        ray.init(
            cluster.address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"env_vars": variables},
        )
    except ConnectionError:
        raise EnvironmentStop(
            f"--ray {cluster.address}: no Ray cluster answers; start one with ray start --head, or name its address"
        ) from None
    except Exception as error:
        ray.shutdown()
        why = str(error).splitlines()[0]
        raise EnvironmentStop(f"--ray {cluster.address}: Ray does not start ({why}); run it again") from error
    try:
        if handler is not None:
            signal.signal(signal.SIGTERM, handler)  # ray has taken it
        DataContext.get_current().enable_progress_bars = False
        yield
    finally:
        ray.shutdown()


def _graded(plan: Plan, todo: Iterable[int], cluster: Cluster) -> Iterator[tuple[int, dict[str, Any]]]:
    """Have the actors grade parts; gives what each finished part says of itself, as they come."""
    import ray  # noqa: PLC0415

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    tasks = [{"part": index} for index in todo]
    actors = (1, len(tasks)) if cluster.actors is None else min(cluster.actors, len(tasks))
    graded = ray.data.from_items(tasks, override_num_blocks=len(tasks)).map_batches(
        PartGrader,
        fn_constructor_args=(plan, max(1, int(cluster.cpus))),
        batch_size=1,
        batch_format="pyarrow",
        concurrency=actors,
        num_cpus=cluster.cpus,
        num_gpus=cluster.gpus,
    )
    try:
        for row in graded.iter_rows():
            if row["error"]:
                kind = {2: InputError, 3: EnvironmentStop}.get(row["code"], GraderError)
                raise kind(row["error"])
            yield row["part"], json.loads(row["said"])
    except ray.exceptions.RayError as error:
        why = str(error).splitlines()[0]
        raise EnvironmentStop(f"Ray gave up ({type(error).__name__}: {why}); run the same command again") from error


class PartGrader:
    """The actor: loads a pair once, and grades one part after the other into their files."""

    def __init__(self, plan: Plan, workers: int) -> None:
        self._plan = plan
        self._workers = workers
        self._stack = ExitStack()
        self._grader: ChunkGrader | None = None

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Grade the parts that a batch names: their number, what they say of themselves, or what went wrong."""
        rows = [self._answer(index) for index in batch["part"].to_pylist()]
        schema = pa.schema([("part", pa.int64()), ("said", pa.string()), ("error", pa.string()), ("code", pa.int64())])
        return pa.Table.from_pylist(rows, schema=schema)

    def close(self) -> None:
        """End the workers; Ray ends the whole process instead."""
        self._stack.close()

    def _answer(self, index: int) -> dict[str, Any]:
        try:
            return {"part": index, "said": json.dumps(self._grade(index))}
        except GraderError as error:
            # An exception would reach the run as a page of Ray's own text.
            return {"part": index, "error": f"{os.uname().nodename}: {error}", "code": error.exit_code}

    def _grade(self, index: int) -> dict[str, Any]:
        grader = self._grader = self._grader or self._open()
        plan, job, place = self._plan, self._plan.part(index), self._plan.place(index)
        assert job.span is not None
        first, stop = job.span
        counts, spread = Counts(), Spread()
        cut = chunks_of(job.inputs.batches(first, stop), first, job.columns, plan.part_rows, chunk_rows_of(grader.pair))
        temporary = beside(place, f".{place.name}.{uuid4().hex}.tmp")  # process ids of two nodes may be the same
        with AtomicWriter(place, job.schema, job.free_text, temporary) as writer:
            for chunk, graded in grader.reports(cut):
                report = spread.report(chunk, graded)
                counts.add(report)
                write_chunk(writer, chunk, report)
            if not writer.rows == counts.rows == stop - first:
                raise InputError(f"{job.inputs.where}: {writer.rows} rows were read where {stop - first} are expected")
            said = metadata_of(job, grader.pair.describe(), plan.fingerprints, counts, plan.part_rows)
            writer.commit(said)
        return said

    def _open(self) -> ChunkGrader:
        """Load the pair and start the workers, if this node has what the run has."""
        pair = load_pair(**self._plan.models)
        here = json.loads(json.dumps(pair.describe()))
        if self._plan.engines is not None and here != json.loads(json.dumps(self._plan.engines)):
            raise UsageError(
                "the models here are not those that graded the parts which are there; --restart drops them"
            )
        for known, found in zip(self._plan.fingerprints, self._plan.job.inputs.fingerprints(), strict=True):
            if (known["bytes"], known["sha256"]) != (found["bytes"], found["sha256"]):
                raise InputError(f"the input {known['name']} here is not the one that the run began with")
        collect_rarely()
        log = Log(Style.QUIET)
        self._stack.enter_context(log.listening())
        return self._stack.enter_context(chunk_grader(pair, self._workers, log))
