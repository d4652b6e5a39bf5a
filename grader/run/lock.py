"""One run at a time: a lock that goes with its process, however that ends."""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from grader.errors import EnvironmentStop
from grader.parquet_io.writer import stops_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from grader.remote import Place


@contextmanager
def locked(path: Path, what: Place) -> Iterator[None]:
    """Hold the lock file ``path`` and remove it in the end; raises EnvironmentStop where another process holds it.

    The kernel lets a lock go when its process ends: a file that is left behind is stale, and taken over. The holder's
    process id stands in it for people.
    """
    with stops_run(path):
        file = _take(path, what)
    try:
        with stops_run(path):
            os.truncate(file, 0)
            os.pwrite(file, f"{os.getpid()} {socket.gethostname()}\n".encode(), 0)
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(file)


def _take(path: Path, what: Place) -> int:
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(file, 200, 0).decode("utf-8", "replace").split()
            os.close(file)
            who = f"process {holder[0]} on {holder[1]}" if len(holder) == 2 else "another process"
            raise EnvironmentStop(f"{what}: {who} is at work here; wait for it, or end it") from None
        if _is_same(path, file):
            return file
        os.close(file)  # its holder removed it between our opening and our locking


def _is_same(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except FileNotFoundError:
        return False
