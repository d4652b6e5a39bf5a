"""Where the time of a run goes, stage by stage."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

STAGES = {
    "recall": "recalling earlier results",
    "read": "reading the input",
    "pack": "rows to messages",
    "rows": "messages to rows",
    "rules": "reading equations",
    "extractor": "the extractor",
    "classifier": "the classifier",
    "check": "checking and deciding",
    "columns": "results to columns",
    "write": "writing parts",
    "join": "joining parts",
    "split": "writing the splits",
}
WAIT = "wait"
Item = TypeVar("Item")


class Watch:
    """Adds up seconds by stage, of all threads: ``with watch("read"): ...``. Stages within each other count twice."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._adding = Lock()

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Count the time of a block."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.add({stage: time.perf_counter() - began})

    def timed(self, stage: str, items: Iterable[Item]) -> Iterator[Item]:
        """Pass items on, counting the time that each took to come."""
        iterator = iter(items)
        while True:
            with self(stage):
                item = next(iterator, None)
            if item is None:
                return
            yield item

    def add(self, seconds: Mapping[str, float]) -> None:
        """Add seconds, for instance those that another process counted."""
        with self._adding:
            for stage, time_spent in seconds.items():
                self.seconds[stage] += time_spent

    def table(self) -> str:
        """Lay the stages out for a person, the largest first; the share is of all that works, much of it at once."""
        work = {stage: self.seconds[stage] for stage in STAGES if self.seconds[stage]}
        whole = sum(work.values()) or 1.0
        rows = [
            f"{STAGES[stage]:<28}{seconds:>12.2f} s {seconds / whole:>8.1%}"
            for stage, seconds in sorted(work.items(), key=lambda item: -item[1])
        ]
        return "\n".join([*rows, f"{'(waiting for workers)':<28}{self.seconds[WAIT]:>12.2f} s"])
