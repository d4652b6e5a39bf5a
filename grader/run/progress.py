"""How far a run is: a bar on a terminal, a plain line now and then elsewhere, an event for programs."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

from grader.run.log import Style

if TYPE_CHECKING:
    from types import TracebackType

    from grader.run.log import Log

INTERVAL_S = 30.0


class Progress:
    """Counts rows; ``total`` is None where it is not known before the end, ``done`` were there before this run."""

    def __init__(self, log: Log, total: int | None, done: int = 0, interval_s: float = INTERVAL_S) -> None:
        self._log = log
        self._total = total
        self._interval_s = interval_s
        self._before = self._rows = done
        self._began = self._told = time.monotonic()

    def __enter__(self) -> Self:
        if self._log.style is Style.TEXT and sys.stderr.isatty():
            from tqdm import tqdm  # noqa: PLC0415 a log file needs no bar

            self._log.bar = tqdm(
                total=self._total, initial=self._rows, unit=" rows", unit_scale=True, file=sys.stderr, leave=False
            )
        return self

    def advance(self, rows: int) -> None:
        """Count some more rows as done."""
        self._rows += rows
        if self._log.bar is not None:
            self._log.bar.update(rows)
            return
        now = time.monotonic()
        if now - self._told >= self._interval_s:
            self._told = now
            self._tell(now - self._began)

    def _tell(self, seconds: float) -> None:
        """Say how far it is, how fast, and how long the rest takes at the speed of this run so far."""
        speed = (self._rows - self._before) / seconds if seconds else 0.0
        left = (self._total - self._rows) / speed if self._total is not None and speed else None
        total = "" if self._total is None else f" of {self._total:,}"
        rest = "" if left is None else f", {duration(left)} left"
        self._log.say(
            "rate",
            f"{self._rows:,}{total} rows, {speed:,.0f} rows/s{rest}",
            rows=self._rows,
            total=self._total,
            rows_per_second=round(speed, 1),
            seconds_left=None if left is None else round(left),
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._log.bar is not None:
            self._log.bar.close()
            self._log.bar = None


def duration(seconds: float) -> str:
    """Write a time for people, by its two largest units: ``3 h 20 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {whole % 60} s"
