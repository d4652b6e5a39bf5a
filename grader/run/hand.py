"""One worker process as the run sees it, and the tasks that go there."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections import deque
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from grader.run.wire import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from grader.types import Solution

# -P: a file named like a module in the working directory is not imported.
COMMAND = (sys.executable, "-P", "-m", "grader.run.worker")
DEPTH = 3
"""Tasks that a worker has at a time: one at work, the others so that it need not wait."""
ENDING_SECONDS = 10.0
SAID_CHARACTERS = 200


class Task:
    """Rows to grade, on their way: to a worker, with models back and to it again, and done."""

    def __init__(self, number: int, solutions: list[Solution], name: str, whole: Task | None = None) -> None:
        self.number = number
        self.solutions = solutions
        self.name = name
        self.attempts = 0
        self.bytes = 0
        self.hand: Hand | None = None
        self.questions: pa.RecordBatch | None = None
        self.answers: bytes | None = None
        self.report: pa.RecordBatch | None = None
        self._whole = whole
        self._rows: list[Task] = []

    def split(self, numbers: Iterator[int]) -> list[Task]:
        """Make a task of each row, to be tried alone; this one is finished when they are."""
        names = (f"row {index} of {len(self.solutions)} in {self.name}" for index in range(1, len(self.solutions) + 1))
        self._rows = [
            Task(next(numbers), [solution], name, self) for solution, name in zip(self.solutions, names, strict=True)
        ]
        for row in self._rows:
            row.attempts = 1
        return self._rows

    def finish(self, report: pa.RecordBatch) -> None:
        """Note the report columns of the rows."""
        self.report = report
        if self._whole is not None:
            self._whole.gather()

    def gather(self) -> None:
        """Finish when all rows have."""
        reports = [row.report for row in self._rows if row.report is not None]
        if len(reports) == len(self._rows):
            self.finish(pa.concat_batches(reports))


class Hand:
    """A worker process and what it has to do: tasks at work, in order, and tasks that wait there for the models."""

    def __init__(self, command: Sequence[str], deliver: Callable[[tuple[Hand, bytes | None]], None]) -> None:
        ours, theirs = socket.socketpair()
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]),
            "OMP_NUM_THREADS": "1",
        }
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  read when the process has ended
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  our own interpreter and module
                [*command, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                pass_fds=[theirs.fileno()],
                env=environment,
                start_new_session=True,  # Ctrl-C is for the run, which ends its workers
            )
        self.working: deque[Task] = deque()
        self.quiet_s = 0.0
        self.is_ready = False
        self._parked: dict[int, Task] = {}
        self._line = Line(Connection(ours.detach()), lambda data: deliver((self, data)))

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def send(self, data: bytes) -> None:
        """Send a message."""
        self._line.send(data)

    def has_room(self) -> bool:
        """Whether another task may wait here."""
        return len(self.working) < DEPTH and not any(task.attempts for task in self.working)

    def give(self, task: Task, data: bytes) -> None:
        """Give a task to do: a new one, or one that is parked here."""
        self._parked.pop(task.number, None)
        if not self.working:
            self.quiet_s = 0.0
        task.hand = self
        self.working.append(task)
        self.send(data)

    def take(self, number: int) -> Task:
        """Take back a task that is done."""
        task = next(task for task in self.working if task.number == number)
        self.working.remove(task)
        task.hand = None
        return task

    def park(self, number: int) -> Task:
        """Let a task wait here for the models."""
        task = next(task for task in self.working if task.number == number)
        self.working.remove(task)
        self._parked[number] = task
        return task

    def tasks(self) -> list[Task]:
        """All tasks that are here, oldest first."""
        return sorted([*self.working, *self._parked.values()], key=lambda task: task.number)

    def grows_quiet(self, seconds: float) -> float:
        """Count seconds in which nothing was heard of the work; gives how many there have been in a row."""
        self.quiet_s = self.quiet_s + seconds if self.working else 0.0
        return self.quiet_s

    def ending(self) -> str:
        """Say how the process ended; it is about to, where its connection is gone."""
        try:
            code = self._process.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            return "fell silent"
        if code < 0:
            return f"was killed ({signal.Signals(-code).name})"
        self._errors.seek(0)
        said = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return f"ended with code {code}" + (f", saying {said[-1][:SAID_CHARACTERS]!r}" if said else "")

    def kill(self) -> None:
        """End the process, whatever it is at."""
        self._process.kill()
        self._process.wait()
        self._errors.close()
