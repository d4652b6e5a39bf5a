"""What a run says on stderr: sentences for people, one JSON object a line, or nothing but what goes wrong."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from grader.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

LOUD = frozenset({"retry", "damaged", "kept", "stopped", "gate_warn", "gate_fail", "hook_failed", "untold"})


class Style(StrEnum):
    """How a run speaks."""

    TEXT = "text"
    QUIET = "quiet"
    JSON = "json"


class Log:
    """Says events in one style. In ``JSON`` every line is an object with ``event`` and the fields of the event."""

    def __init__(self, style: Style = Style.TEXT, prog: str = "grade") -> None:
        self.style = style
        self.bar: Any = None
        self.prog = prog

    def say(self, event: str, text: str | None = None, **fields: Any) -> None:
        """Say an event: ``text`` to people (nothing where it is None), the fields to programs."""
        if self.style is Style.JSON:
            self._print(json.dumps({"event": event, **fields}, ensure_ascii=False, default=str))
        elif text is not None and (self.style is Style.TEXT or event in LOUD):
            self._print(f"{self.prog}: {printable(text)}")

    def show(self, text: str) -> None:
        """Show a table, to people only."""
        if self.style is Style.TEXT:
            self._print(printable(text, kept="\n"))

    @contextmanager
    def listening(self) -> Iterator[Self]:
        """Say what rooms below report through ``logging``: requests that are tried again."""
        logger = logging.getLogger("grader")
        handler = _Handler(self)
        logger.addHandler(handler)
        logger.propagate = False
        try:
            yield self
        finally:
            logger.removeHandler(handler)
            logger.propagate = True

    def _print(self, text: str) -> None:
        if self.bar is not None:
            self.bar.write(text, file=sys.stderr)
        else:
            print(text, file=sys.stderr, flush=True)


class _Handler(logging.Handler):
    """Hands the records of a logger to a ``Log``."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        self._log.say("retry", said, why=said)
