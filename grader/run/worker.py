"""A worker process of a run: reads and checks rows, and leaves what the models are asked to the process that has them.

Run as ``python -m grader.run.worker FD`` with one end of a socket pair as file descriptor ``FD``. It ends when the
other end does, also while it computes.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from itertools import repeat
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from grader import pipeline
from grader.engines import Pair
from grader.parquet_io.report import report_batch
from grader.run.careful import carefully, failed_row
from grader.run.garbage import collect_rarely
from grader.run.profile import Watch
from grader.run.wire import Line, Message, from_questions, pack, to_answers, to_solutions, unpack
from grader.types import GradedSolution

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from grader.types import Solution

BEAT_SECONDS = 1.0


def main() -> None:
    """Answer messages until the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the run, which ends its workers
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    connection = Connection(int(sys.argv[1]))
    try:
        setup = unpack(connection.recv_bytes()).notes
        # Not through a line, which would send it later: who dies of the first row must not seem to have never started.
        connection.send_bytes(pack("ready"))
    except (EOFError, OSError):
        return
    inbox: SimpleQueue[bytes] = SimpleQueue()
    line = Line(connection, lambda data: os._exit(0) if data is None else inbox.put(data))
    desk = Desk(setup, line.send)
    collect_rarely()
    while True:
        line.send(desk.handle(unpack(inbox.get())))


class Desk:
    """Where a worker's tasks are worked on, and lie while the models are asked about them."""

    def __init__(self, setup: dict[str, Any], send: Callable[[bytes], None]) -> None:
        self._mode = str(setup["mode"])
        self._asks = bool(setup["asks"])
        self._grader = pipeline.Grader(
            Pair(mode=self._mode, threshold=setup["threshold"], plain_text=setup["plain_text"])
        )
        self._send = send
        self._sent = time.monotonic()
        self._drafted: dict[int, tuple[list[Solution], list[Any]]] = {}

    def handle(self, message: Message) -> bytes:
        """Work on one message and give the one that answers it."""
        if message.kind == "answers":
            solutions, drafts = self._drafted.pop(message.task)
            return self._finish(message.task, solutions, drafts, to_answers(message.batch), Watch())
        watch = Watch()
        with watch("rows"):
            solutions = to_solutions(message.batch)
        with watch("rules"):
            drafts = [self._careful(pipeline.draft_of, solution) for solution in solutions]
        if not self._asks:
            return self._finish(message.task, solutions, drafts, repeat(None), watch)
        self._drafted[message.task] = solutions, drafts
        questions = [
            None if isinstance(draft, GradedSolution) else pipeline.question_of(draft, self._mode) for draft in drafts
        ]
        return pack("questions", message.task, from_questions(questions), seconds=watch.seconds)

    def _finish(
        self,
        task: int,
        solutions: Sequence[Solution],
        drafts: Sequence[Any],
        answers: Iterable[pipeline.Answer | str | None],
        watch: Watch,
    ) -> bytes:
        with watch("check"):
            graded = [self._finish_row(*row) for row in zip(solutions, drafts, answers, strict=False)]
        with watch("columns"):
            report = report_batch(graded)
        return pack("report", task, report, seconds=watch.seconds)

    def _finish_row(self, solution: Solution, draft: Any, answer: pipeline.Answer | str | None) -> GradedSolution:
        if isinstance(draft, GradedSolution):
            return draft
        if isinstance(answer, str):
            return failed_row(answer)
        graded: GradedSolution = self._careful(self._grader.finish, solution, draft, answer)
        return graded

    def _careful(self, act: Callable[..., Any], *arguments: Any) -> Any:
        """Do one row's work; an error makes it a failed row. Says now and then that the work goes on."""
        now = time.monotonic()
        if now - self._sent > BEAT_SECONDS:
            self._sent = now
            self._send(pack("beat"))
        return carefully(act, *arguments)


if __name__ == "__main__":
    main()
