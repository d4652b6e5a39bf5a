"""Who grades a run: this process, workers, or workers beside the models of one or several devices."""

from __future__ import annotations

from contextlib import contextmanager
from operator import index
from typing import TYPE_CHECKING, Any

from grader import pipeline
from grader.errors import UsageError
from grader.run.crew import Crew, default_workers
from grader.run.graders import Alone
from grader.run.side_by_side import SideBySide

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.engines import Pair
    from grader.run.graders import ChunkGrader
    from grader.run.log import Log


@contextmanager
def chunk_grader(pair: Pair, workers: int | None, log: Log) -> Iterator[ChunkGrader]:
    """Give who grades: ``workers`` processes (None: as many as ``default_workers`` says), or with 0 this one.

    Raises UsageError for what is no number of processes, and where this one would have to ask several devices.
    """
    size = default_workers(pair) if workers is None else _counted(workers)
    if size == 0:
        if pair.others:
            raise UsageError("--workers 0 grades in one process, which asks one device; leave it or --devices out")
        with pipeline.Grader(pair) as grader:
            yield Alone(grader)
    else:
        with crew_of(pair, size, log) as crew:
            yield crew


def _counted(workers: int) -> int:
    try:
        size = index(workers)
    except TypeError:
        size = -1
    if size < 0:
        raise UsageError(f"--workers {workers!r}: this is not a whole number from 0 on")
    return size


def crew_of(pair: Pair, workers: int, log: Log, **options: Any) -> Crew:
    """Make the crew that fits a pair: models on a GPU, or on several devices, work beside the run.

    ``options`` are those of ``Crew``; its ``ask`` is then called in several threads at the same time.
    """
    return (SideBySide if pair.beside or pair.others else Crew)(pair, workers, log, **options)
