"""The worker processes of a run: chunks in, their reports out, in order, whatever becomes of a worker.

Every worker has a few chunks, so that it need not wait while this process writes a part or asks the models. One that
dies, or says nothing for too long, is replaced. The chunk it was at is tried once more, alone with a worker; then row
by row, so that only the row that is guilty fails.
"""

from __future__ import annotations

import os
import time
from collections import deque
from contextlib import suppress
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Self

from grader.errors import EnvironmentStop
from grader.parquet_io.report import report_batch
from grader.run.careful import Asker, ask_all, failed_row
from grader.run.chunks import NO_ROWS
from grader.run.graders import asks_models
from grader.run.hand import COMMAND, Hand, Task
from grader.run.one_at_a_time import one_at_a_time
from grader.run.profile import WAIT, Watch
from grader.run.wire import from_answers, from_solutions, pack, to_questions, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa

    from grader.engines import Pair
    from grader.run.chunks import Chunk
    from grader.run.log import Log

STUCK_SECONDS = 120.0
"""A worker that says nothing for so long is taken for stuck; one that works says so every second, between rows."""

TICK_SECONDS = 1.0
AHEAD = 4
"""Chunks that are under way for each worker."""
AHEAD_BYTES = 96 << 20
MAX_STILLBORN = 3
QUOTA = Path("/sys/fs/cgroup/cpu.max")


class Crew:
    """Grades chunks with worker processes, which start when they are needed: use it as a context manager."""

    def __init__(
        self,
        pair: Pair,
        workers: int,
        log: Log,
        *,
        command: Sequence[str] = COMMAND,
        stuck_s: float = STUCK_SECONDS,
        ask: Asker = ask_all,
    ) -> None:
        """``ask`` puts questions to the models, and may know some answers already."""
        self.pair = pair
        self._asker = ask
        self.watch = Watch()
        self._asked_pair = one_at_a_time(pair, self.watch)
        self._size = workers
        self._log = log
        self._command = command
        self._stuck_s = stuck_s
        self._setup = pack(
            "setup", mode=pair.reads_by, threshold=pair.threshold, plain_text=pair.plain_text, asks=asks_models(pair)
        )
        self._hands: list[Hand] = []
        self._events: SimpleQueue[tuple[Any, bytes | None]] = SimpleQueue()  # from hands, and what else a crew has
        self._numbers = count()
        self._waiting: deque[Task] = deque()
        self._asked: list[Task] = []
        self._stillborn = 0
        self._looked = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers, whatever they are at."""
        for hand in self._hands:
            hand.kill()
        self._hands.clear()

    def reports(self, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, pa.RecordBatch]]:
        """Give each chunk with the report columns of its ``solutions``, in order."""
        source = iter(chunks)
        line: deque[tuple[Chunk, Task]] = deque()
        has_more = True
        while True:
            while has_more and self._has_room(line):
                chunk = next(source, None)
                if chunk is None:
                    has_more = False
                else:
                    line.append((chunk, self._task(chunk)))
            self._listen(wait=False)
            self._hand_out()
            if line and line[0][1].report is not None:
                chunk, task = line.popleft()
                yield chunk, task.report
            elif not line and not has_more:
                return
            elif self._asked:
                self._ask_models()
            else:
                self._listen(wait=True)

    def _has_room(self, line: Sequence[tuple[Chunk, Task]]) -> bool:
        return not line or (len(line) < AHEAD * self._size and sum(task.bytes for _, task in line) < AHEAD_BYTES)

    def _task(self, chunk: Chunk) -> Task:
        task = Task(next(self._numbers), chunk.solutions, f"rows {chunk.first + 1:,} to {chunk.first + chunk.rows:,}")
        task.bytes = sum(batch.nbytes for batch in chunk.batches)
        if chunk.solutions:
            self._waiting.append(task)
        else:
            task.report = NO_ROWS
        return task

    # --- work goes out ------------------------------------------------------------------------------------------------

    def _hand_out(self) -> None:
        while self._waiting:
            hand = self._free_hand(alone=self._waiting[0].attempts > 0)
            if hand is None:
                return
            self._give(hand, self._waiting.popleft())

    def _free_hand(self, *, alone: bool) -> Hand | None:
        """Find a worker for a task, the one with the least to do; a task that is tried again wants one to itself."""
        idle = [hand for hand in self._hands if not hand.working]
        if not idle and len(self._hands) < self._size:
            hand = Hand(self._command, self._events.put)
            hand.send(self._setup)
            self._hands.append(hand)
            return hand
        if idle:
            return idle[0]
        free = [hand for hand in self._hands if not alone and hand.has_room()]
        return min(free, key=lambda hand: len(hand.working), default=None)

    def _give(self, hand: Hand, task: Task) -> None:
        with self.watch("pack"):
            hand.give(task, pack("rows", task.number, from_solutions(task.solutions)))

    def _ask_models(self) -> None:
        """Put the questions of the oldest task to the models, and their answers to the worker that has its drafts."""
        task = min(self._asked, key=lambda task: task.number)
        self._asked.remove(task)
        assert task.questions is not None
        answers = self._asker(self._asked_pair, task.solutions, to_questions(task.questions))
        task.answers = pack("answers", task.number, from_answers(answers))
        if task.hand is not None:
            task.hand.give(task, task.answers)

    # --- work comes back ----------------------------------------------------------------------------------------------

    def _listen(self, *, wait: bool) -> None:
        """Take what the workers sent, waiting up to a tick for it, and look after those that say nothing."""
        with self.watch(WAIT), suppress(Empty):
            if wait:
                self._hear(*self._events.get(timeout=TICK_SECONDS))
        with suppress(Empty):
            while True:
                self._hear(*self._events.get_nowait())
        now = time.monotonic()
        # No more than a few ticks: in a longer time this process was stopped, or busy, and could not have listened.
        passed = min(now - self._looked, 2 * TICK_SECONDS)
        self._looked = now
        for hand in list(self._hands):
            patience = self._stuck_s if hand.is_ready else STUCK_SECONDS  # starting takes its time
            if hand.grows_quiet(passed) > patience:
                self._lost(hand, f"nothing came of it for {patience:.0f} s")

    def _hear(self, hand: Hand, data: bytes | None) -> None:
        if hand not in self._hands:
            return  # it was replaced meanwhile
        if data is None:
            self._lost(hand, f"its worker process {hand.ending()}")
            return
        message = unpack(data)
        hand.quiet_s = 0.0
        self.watch.add(message.notes.get("seconds", {}))
        if message.kind == "ready":
            hand.is_ready, self._stillborn = True, 0
        elif message.kind == "questions":
            task = hand.park(message.task)
            task.questions = message.batch
            if task.answers is not None:
                hand.give(task, task.answers)
            elif task not in self._asked:
                self._asked.append(task)
        elif message.kind == "report":
            task = hand.take(message.task)
            if message.batch.num_rows == len(task.solutions):
                task.finish(message.batch)
            else:
                self._try_again(task, f"{message.batch.num_rows} answers came to {len(task.solutions)} rows")

    # --- what goes wrong ----------------------------------------------------------------------------------------------

    def _lost(self, hand: Hand, why: str) -> None:
        """Put the tasks of a worker that is gone back in line; the one it was at is tried again with care."""
        hand.kill()
        self._hands.remove(hand)
        if not hand.is_ready:
            self._stillborn += 1
            if self._stillborn > MAX_STILLBORN:
                raise EnvironmentStop(f"worker processes do not start ({why}); repair that and run it again")
        at = hand.working[0] if hand.working and hand.is_ready else None
        others = [task for task in hand.tasks() if task is not at]
        for task in others:
            task.hand = None
        self._waiting.extendleft(reversed(others))
        if at is not None:
            self._try_again(at, why)

    def _try_again(self, task: Task, why: str) -> None:
        task.hand = None
        task.attempts += 1
        self._log.say("retry", f"{task.name}: {why}; trying again", rows=task.name, why=why, attempt=task.attempts)
        if task.attempts == 1:
            self._waiting.appendleft(task)
        elif len(task.solutions) > 1:
            if task in self._asked:
                self._asked.remove(task)
            self._waiting.extendleft(reversed(task.split(self._numbers)))
        else:
            task.finish(report_batch([failed_row(why)]))


def cores() -> int:
    """Count the cores that this process may use: those of its affinity, or fewer where a container's quota says so."""
    affinity = getattr(os, "sched_getaffinity", None)  # not everywhere
    usable = len(affinity(0)) if affinity else os.cpu_count() or 1
    with suppress(OSError, ValueError):
        quota, period = QUOTA.read_text(encoding="ascii").split()
        usable = min(usable, max(1, int(quota) // int(period)))
    return usable


def default_workers(pair: Any) -> int:
    """Choose the number of workers: every core, or a few of them a device where models take most of the time."""
    devices = 1 + len(getattr(pair, "others", ()))
    return max(1, min(4 * devices, cores() // 2)) if asks_models(pair) else cores()
