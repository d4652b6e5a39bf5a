"""The programs of a solution and the outputs that it shows behind them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPEN = re.compile(r"(?P<fence>```+|~~~+) *(?P<name>[\w+-]*)\s*$|<llm-code(?P<output>-output)?>$")
_CLOSE = re.compile(r"```|~~~|</llm-code")
_PYTHON = frozenset({"python", "python3", "py"})
_OUTPUT = frozenset({"output", "stdout"})
_PLAIN = frozenset({"", "text", "plaintext"})
_ANNOUNCED = re.compile(r"\b(?:outputs?|prints?)\b", re.IGNORECASE)


class Physical(NamedTuple):
    """A line of text as it stands, and the number in the report of the line that it belongs to (from 1)."""

    number: int
    text: str


class Block(NamedTuple):
    """What stands between a fence that names its language, perhaps none, and the next one."""

    language: str
    lines: list[Physical]
    before: str
    """The last line that is not empty before it, where it stands in no block."""

    @property
    def is_program(self) -> bool:
        """Whether it is one in Python."""
        return self.language in _PYTHON

    @property
    def is_output(self) -> bool:
        """Whether it says that it is the output of what stands before it."""
        return self.language in _OUTPUT or (self.language in _PLAIN and bool(_ANNOUNCED.search(self.before)))


def has_programs(solution: str | tuple[str, ...]) -> bool:
    """A glance that costs next to nothing: whether there may be a program with an output."""
    texts = (solution,) if isinstance(solution, str) else solution
    return any("```" in text or "~~~" in text or "<llm-code>" in text for text in texts)


def blocks_of(solution: str | tuple[str, ...]) -> Iterator[Block]:
    """The closed blocks of a solution, in order."""
    opened: Block | None = None
    before = ""
    for line in _physical(solution):
        text = line.text.strip()
        if opened is None:
            found = _OPEN.match(text)
            if found:
                language = found["name"] if found["fence"] else "output" if found["output"] else "python"
                opened = Block(language.lower(), [], before)
            before = text or before
        elif _CLOSE.match(text):
            yield opened
            opened, before = None, ""
        else:
            opened.lines.append(line)


def _physical(solution: str | tuple[str, ...]) -> Iterator[Physical]:
    """Lines with their indentation, numbered as ``grader.lines`` does: those that are empty have the next one's."""
    if isinstance(solution, str):
        number = 1
        for text in solution.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
            yield Physical(number, text)
            number += bool(text.strip())
        return
    steps = (step for step in solution if step.strip())
    for number, step in enumerate(steps, start=1):
        for text in step.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
            yield Physical(number, text)
