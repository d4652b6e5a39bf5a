"""How far a run is: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

INTERVAL_S = 30.0


class Progress:
    """Counts rows on stderr; ``total`` is None where it is not known before the end."""

    def __init__(self, total: int | None, interval_s: float = INTERVAL_S) -> None:
        self._total = total
        self._interval_s = interval_s
        self._rows = 0
        self._began = self._told = time.monotonic()
        self._bar: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from tqdm import tqdm  # noqa: PLC0415 a log file needs no bar

            self._bar = tqdm(total=self._total, unit=" rows", unit_scale=True, file=sys.stderr, leave=False)
        return self

    def advance(self, rows: int) -> None:
        """Count some more rows as done."""
        self._rows += rows
        if self._bar is not None:
            self._bar.update(rows)
            return
        now = time.monotonic()
        if now - self._told >= self._interval_s:
            self._told = now
            total = "" if self._total is None else f" of {self._total:,}"
            speed = self._rows / (now - self._began)
            print(f"grade: {self._rows:,}{total} rows, {speed:,.0f} rows/s", file=sys.stderr, flush=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
