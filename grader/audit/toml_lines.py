"""Where a key stands in a TOML file: ``tomllib`` tells what a file says, not on which line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Path = tuple[str | int, ...]
_NAME = r"(?:[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*')"
_DOTTED = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_TABLE = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]\]?")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")


def key_lines(text: str) -> dict[Path, int]:
    """Give the line, from 1, of every table and key that begins a line: ``("gate", 0, "fail")`` -> 12.

    Keys inside inline tables are not among them, and what stands in a text over several lines may be by mistake: good
    enough to point a person to the place.
    """
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = _names(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
            table = _indexed(table, counts)
            for end in range(1, len(table) + 1):
                lines.setdefault(table[:end], number)
        elif key := _KEY.match(line):
            names = _names(key[1])
            for end in range(1, len(names) + 1):
                lines.setdefault((*table, *names[:end]), number)
    return lines


def line_of(lines: dict[Path, int], path: Sequence[str | int]) -> int | None:
    """Find the line of a key, or of the nearest thing around it; None for the whole file."""
    for end in range(len(path), 0, -1):
        if found := lines.get(tuple(path[:end])):
            return found
    return None


def _names(dotted: str) -> Path:
    return tuple(name.strip("\"'") for name in re.findall(_NAME, dotted))


def _indexed(names: Path, counts: dict[Path, int]) -> Path:
    """Put the number of the current element behind each name that is an array of tables."""
    path: list[str | int] = []
    for end, name in enumerate(names, 1):
        path.append(name)
        if names[:end] in counts:
            path.append(counts[names[:end]])
    return tuple(path)
