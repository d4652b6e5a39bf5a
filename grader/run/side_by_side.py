"""A crew whose models work beside the run, each pair in threads of its own, a chunk a thread.

While a GPU computes, this process goes on reading rows, hearing the workers and writing parts. A pair that is asked
about two chunks at once judges one while it reads the lines of the next: neither engine waits for the other, nor a GPU
for the host, which prepares work and takes answers in the meantime. Where there are several pairs, one a device, each
takes the oldest chunk that waits. What a chunk is asked does not depend on who is asked, or when.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import chain, repeat
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

from grader.run.crew import Crew
from grader.run.one_at_a_time import one_at_a_time
from grader.run.wire import from_answers, pack, to_questions

if TYPE_CHECKING:
    from grader.engines import Pair
    from grader.run.hand import Hand, Task
    from grader.run.log import Log


class Answered(NamedTuple):
    """What a pair said to the questions of a task, or the error that it raised."""

    task: Task
    answers: bytes | None
    error: BaseException | None


class SideBySide(Crew):
    """A crew that asks ``pair`` and its ``others`` in threads. It ends when each has finished the chunks it is at."""

    def __init__(self, pair: Pair, workers: int, log: Log, **options: Any) -> None:
        super().__init__(pair, workers, log, **options)
        self._questions: SimpleQueue[Task | None] = SimpleQueue()
        self._under_way: set[int] = set()
        asked = [self._asked_pair, *(one_at_a_time(one, self.watch) for one in pair.others)]
        threads = chain.from_iterable(repeat(one, max(1, one.beside)) for one in asked)
        self._threads = [Thread(target=self._answer, args=(one,), daemon=True) for one in threads]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End the workers, whatever they are at, and the threads, which cannot be ended within a chunk."""
        super().close()
        with suppress(Empty):
            while True:
                self._questions.get_nowait()
        for _ in self._threads:
            self._questions.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _answer(self, pair: Pair) -> None:
        """Answer questions until there are no more: what a thread does."""
        while (task := self._questions.get()) is not None:
            answers, error = None, None
            try:
                assert task.questions is not None
                found = self._asker(pair, task.solutions, to_questions(task.questions))
                answers = pack("answers", task.number, from_answers(found))
            except BaseException as raised:  # noqa: BLE001 it is raised again, in the thread of the run
                error = raised
            self._events.put((Answered(task, answers, error), None))

    def _ask_models(self) -> None:
        """Hand the tasks that wait for the models to the threads, the oldest first."""
        for task in sorted(self._asked, key=lambda task: task.number):
            if task.number not in self._under_way:  # its worker may have died meanwhile, and another asked again
                self._under_way.add(task.number)
                self._questions.put(task)
        self._asked.clear()

    def _hear(self, sender: Hand | Answered, data: bytes | None) -> None:
        if not isinstance(sender, Answered):
            super()._hear(sender, data)
            return
        task = sender.task
        self._under_way.discard(task.number)
        if sender.error is not None:
            raise sender.error
        assert sender.answers is not None
        task.answers = sender.answers
        # A new worker that has still to draft it gets the answers when it asks.
        if task.hand is not None and task not in task.hand.working:
            task.hand.give(task, task.answers)
