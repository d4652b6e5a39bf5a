"""Standard output and error of the commands: what nobody can read any more must not stop the work."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

STDOUT, STDERR = 1, 2


class _Stream(io.FileIO):
    """A stream that takes all that comes, once it could not be written: the rest of it is dropped.

    The first failure is raised where the stream holds what a command makes (``is_product``), unless its reader went
    away on purpose, as ``head`` does.
    """

    def __init__(self, descriptor: int, *, is_product: bool) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._is_product = is_product
        self._is_lost = False

    def write(self, data: ReadableBuffer, /) -> int:
        if not self._is_lost:
            try:
                written: int | None = super().write(data)  # None where it does not block and is full
            except OSError as error:
                self._is_lost = True
                if self._is_product and not isinstance(error, BrokenPipeError):
                    raise
            else:
                if written is not None or self._is_product:
                    return written  # type: ignore[return-value]  # typeshed knows no None
        return memoryview(data).nbytes


def open_streams() -> None:
    """Make the process's own streams such ones, which also spell what a terminal's encoding cannot."""
    _occupy_descriptors()
    for name, descriptor in (("stdout", STDOUT), ("stderr", STDERR)):
        stream = getattr(sys, name)
        if stream is getattr(sys, f"__{name}__"):
            setattr(sys, name, _replaced(stream, descriptor))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _replaced(stream: io.TextIOWrapper | None, descriptor: int) -> io.TextIOWrapper:
    at_once = descriptor == STDERR
    if stream is not None:
        stream.flush()
        at_once = at_once or stream.line_buffering or stream.write_through
    return io.TextIOWrapper(
        io.BufferedWriter(_Stream(descriptor, is_product=descriptor == STDOUT)),
        encoding="utf-8" if stream is None else stream.encoding,
        errors="backslashreplace",
        line_buffering=at_once,
    )


def _occupy_descriptors() -> None:
    """Let streams that the process was started without lead nowhere: else a file of the run would take their place."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= STDERR:
        pass
    os.close(descriptor)
