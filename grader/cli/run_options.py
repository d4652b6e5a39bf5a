"""The options of ``grade`` that say how a run goes, not what it finds; and how it ends when it is told to."""

# ruff: noqa: PLC0415 `grade --help` must not wait for Arrow

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from grader.errors import GraderError
from grader.remote import redacted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from grader.run import Log

INTERRUPTED, TERMINATED = 130, 143


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the parser of ``grade``."""
    run = parser.add_argument_group(
        "the run", "it works in FILE.parts; the same command goes on where it was stopped, with any number of workers"
    )
    run.add_argument("--restart", action="store_true", help="throw the parts of an unfinished run away")
    run.add_argument(
        "--workers",
        type=_count,
        metavar="N",
        help="processes that read and check (default: one a core, fewer with models; 0: none but this one, "
        "which a row that crashes or hangs then takes with it)",
    )
    run.add_argument(
        "--part-rows",
        type=positive,
        metavar="N",
        help="rows that are saved at a time: an interruption costs less than these (default: 8192, 4096 with models)",
    )
    run.add_argument(
        "--shard",
        type=_shard,
        metavar="K/N",
        help="grade the Kth of N equal ranges of rows only, as one of N runs on as many machines; "
        "grade-join joins their reports",
    )
    run.add_argument("--profile", action="store_true", help="say which stages took how much of the time")
    said = run.add_mutually_exclusive_group()
    said.add_argument("--quiet", action="store_true", help="say only what goes wrong")
    said.add_argument("--log-json", action="store_true", help="say everything as JSON, one event a line of stderr")


def log_of(options: argparse.Namespace, prog: str = "grade") -> Log:
    """Give the log of a command that the options ask for."""
    from grader.run import Log
    from grader.run.log import Style

    return Log(Style.QUIET if options.quiet else Style.JSON if options.log_json else Style.TEXT, prog)


@contextmanager
def stoppable(options: argparse.Namespace, prog: str) -> Iterator[None]:
    """Let SIGTERM unwind the stack as Ctrl-C does, so that what is half done is dropped; a second signal is final.

    With ``--log-json`` the reason for stopping is an event, whatever it is.
    """
    with _signals_raise():
        try:
            yield
        except GraderError as error:
            if not options.log_json:
                raise
            _say_stopped(redacted(str(error)), error.exit_code)
            raise SystemExit(error.exit_code) from None
        except KeyboardInterrupt:
            if not options.log_json:
                raise
            _say_stopped("interrupted", INTERRUPTED)
            raise SystemExit(INTERRUPTED) from None
        except SystemExit:
            if options.log_json:
                _say_stopped("terminated", TERMINATED)
            else:
                print(f"{prog}: terminated", file=sys.stderr)
            raise


def _say_stopped(message: str, code: int) -> None:
    print(json.dumps({"event": "stopped", "message": message, "exit_code": code}, ensure_ascii=False), file=sys.stderr)


@contextmanager
def _signals_raise() -> Iterator[None]:
    def leave(number: int, _frame: FrameType | None) -> None:
        code = TERMINATED if number == signal.SIGTERM else INTERRUPTED
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, lambda *_: os._exit(code))
        raise SystemExit(code) if number == signal.SIGTERM else KeyboardInterrupt

    try:
        before = {one: signal.signal(one, leave) for one in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread: the program around us handles its signals
        yield
        return
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def positive(text: str) -> int:
    """Read the value of an option that counts from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _shard(text: str) -> tuple[int, int]:
    number, slash, count = text.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise argparse.ArgumentTypeError(f"{text!r} is not K/N, as in 3/16, with K from 1 to N")
    return int(number), int(count)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)
