"""Where the commands begin: a signal that comes while Python still imports ends them as one that comes later does."""

from __future__ import annotations

import os
import signal
import threading
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType


def grade(argv: list[str] | None = None) -> int:
    """Run ``grade``."""
    return _run("grader.cli.grade", argv)


def grade_evaluate(argv: list[str] | None = None) -> int:
    """Run ``grade-evaluate``."""
    return _run("grader.cli.evaluate", argv)


def grade_compare(argv: list[str] | None = None) -> int:
    """Run ``grade-compare``."""
    return _run("grader.cli.compare", argv)


def grade_audit(argv: list[str] | None = None) -> int:
    """Run ``grade-audit``."""
    return _run("grader.cli.audit", argv)


def grade_page(argv: list[str] | None = None) -> int:
    """Run ``grade-page``."""
    return _run("grader.cli.page", argv)


def grade_join(argv: list[str] | None = None) -> int:
    """Run ``grade-join``."""
    return _run("grader.cli.join", argv)


def _run(module: str, argv: list[str] | None) -> int:
    """Import a command and run it; until it is there a signal ends the process at once, without a traceback."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        before = {one: signal.signal(one, _leave) for one in (signal.SIGINT, signal.SIGTERM)}
    command = import_module(module)
    for one, handler in before.items():
        signal.signal(one, handler)
    code: int = command.main(argv)
    return code


def _leave(number: int, _frame: FrameType | None) -> None:
    os._exit(128 + number)
