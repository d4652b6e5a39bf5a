"""``on_failure``: a command of the user's gets the night's summary, and no more than its own time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grader.audit.config import OnFailure
    from grader.run import Log

ENDING_SECONDS = 5.0


def call_hook(hook: OnFailure | None, summary: Mapping[str, Any], log: Log) -> None:
    """Run the command with the summary, as JSON, on its standard input; what goes wrong with it is said, not raised.

    No shell reads the command. After its time the process group is ended.
    """
    if hook is None:
        return
    try:
        process = subprocess.Popen(  # noqa: S603  the user's own command
            hook.command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
        )
    except OSError as error:
        log.say(
            "hook_failed",
            f"on_failure: {hook.command[0]} cannot be run ({error.strerror})",
            command=hook.command,
            why=error.strerror,
        )
        return
    try:
        process.communicate(json.dumps(summary, ensure_ascii=False).encode("utf-8", "replace"), hook.timeout_s)
    except subprocess.TimeoutExpired:
        why = f"was ended after {hook.timeout_s:g} s"
    else:
        why = "" if process.returncode == 0 else f"ended with code {process.returncode}"
    finally:
        _end(process)
    if why:
        log.say("hook_failed", f"on_failure: {hook.command[0]} {why}", command=hook.command, why=why)
    else:
        log.say("hook", None, command=hook.command)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what is left of the command and of what it started."""
    if process.poll() is None:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(ENDING_SECONDS)
    if process.poll() is None:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
