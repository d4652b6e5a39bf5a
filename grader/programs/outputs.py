"""What a solution says that its programs print, held against what they do print."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from grader.limits import MAX_PROGRAM_STEPS
from grader.programs.blocks import Block, blocks_of
from grader.programs.interpreter import Session
from grader.programs.values import Budget, Unsupported
from grader.types import CheckStatus, EquationCheck, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OUTPUT_MISMATCH = "output_mismatch"
_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d{1,3})?(?!\.?\d)", re.IGNORECASE)
FLOAT_NOISE = Fraction(1, 10**9)
"""Of a value: what a library of another machine may print otherwise."""


def judge_outputs(solution: str | tuple[str, ...]) -> Iterator[tuple[int, EquationCheck]]:
    """A check for each line of an output whose numbers are known, with the number of that line in the report."""
    session = Session(Budget(MAX_PROGRAM_STEPS))
    printed: list[str] | None = None
    for block in blocks_of(solution):
        if block.is_program:
            printed = _printed(session, block)
        elif block.is_output and printed is not None:
            yield from _judged(printed, block)
            printed = None


def _printed(session: Session, block: Block) -> list[str] | None:
    try:
        return session.run("\n".join(line.text for line in block.lines))
    except Unsupported:
        return None


def _judged(printed: Sequence[str], block: Block) -> Iterator[tuple[int, EquationCheck]]:
    """Nothing where the output has other lines or words than the program prints: part of it may be left out."""
    claimed = [line for line in block.lines if line.text.strip()]
    for text in printed:
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) == len(claimed) and all(
            _words(one.text) == _words(other) for one, other in zip(claimed, lines, strict=True)
        ):
            for one, other in zip(claimed, lines, strict=True):
                if check := _compared(_NUMBER.findall(one.text), _NUMBER.findall(other)):
                    yield one.number, check
            return


def _words(line: str) -> list[str]:
    return _NUMBER.sub("#", line).split()


def _compared(claimed: Sequence[str], printed: Sequence[str]) -> EquationCheck | None:
    """The first number of a line that is another one, else the last; None for a line without a number."""
    found = None
    for one, other in zip(claimed, printed, strict=True):
        said, value = _value(one), _value(other)
        status, detail = CheckStatus.HOLDS, None
        if said != value:
            status, detail = CheckStatus.ROUNDED, f"the program prints {other}"
            if abs(said - value) > max(_unit(one), abs(value) * FLOAT_NOISE):
                status, detail = CheckStatus.UNPARSABLE, f"not judged, but the program prints {other}, not {one}"
        found = EquationCheck(f"output={one}", str(value), str(said), status, Source.RULES, detail)
        if status == CheckStatus.UNPARSABLE:
            break
    return found


def _value(number: str) -> Fraction:
    return Fraction(number.replace(",", ""))


def _unit(number: str) -> Fraction:
    """Of the last place that is written, where there are decimals; integers are exact."""
    digits, _, exponent = number.lower().partition("e")
    _, point, decimals = digits.partition(".")
    return Fraction(10) ** (int(exponent or 0) - len(decimals)) if point else Fraction(0)
