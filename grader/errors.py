"""Everything the grader raises on purpose.

GraderError                     base of all; ``exit_code`` says how a command ends
├── InputError                  exit 2: a file, a column or a type that cannot be graded; nothing was written
│   ├── UsageError              exit 2: an option or its value
│   └── AdapterError            exit 2: an adapter folder or a base that does not load, or does not fit
├── EnvironmentStop             exit 3: disk full, permission lost, lock held; the same command goes on later
└── ThresholdError              exit 1: a gate or a ``--fail-on`` bound was broken

The message is for a person: what, where (file, column, row) and the remedy, in one or two lines.
"""

from __future__ import annotations

from typing import ClassVar


def printable(text: str, kept: str = "") -> str:
    """Spell the control characters of a name that stands in a message, but those ``kept``: a terminal obeys them."""
    return "".join(one if one.isprintable() or one in kept else repr(one)[1:-1] for one in text)


def check_utf8(name: str) -> str:
    """Give the name of a file, or raise UsageError where it is not UTF-8, as Arrow and reports need it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{name}: this name is not UTF-8; rename the file, or set LC_ALL=C.UTF-8 if it is") from None
    return name


class GraderError(Exception):
    """Base of every error that a command turns into a message and an exit code; each argument is a line of it."""

    exit_code: ClassVar[int] = 2

    def __str__(self) -> str:
        """Give the message; names and values in it cannot end a line, nor tell a terminal anything."""
        return "\n".join(printable(str(line)) for line in self.args)


class InputError(GraderError):
    """The input cannot be graded as it is."""


class UsageError(InputError):
    """An option, or the value of one, is wrong."""


class AdapterError(InputError):
    """An adapter folder, or the base it names, is missing, damaged or made for something else."""


class EnvironmentStop(GraderError):
    """The machine, not the input, stopped the run."""

    exit_code: ClassVar[int] = 3


class ThresholdError(GraderError):
    """A bound that the user set was broken."""

    exit_code: ClassVar[int] = 1
