"""One graded solution on a terminal: every line, its equations, their status and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.types import RowStatus

if TYPE_CHECKING:
    from grader.types import GradedLine, GradedSolution

MAX_EQUATION_WIDTH = 40


def show(graded: GradedSolution) -> str:
    """Lay out one graded solution for a person, the verdict last."""
    checks = [check for line in graded.lines for check in line.equations]
    width = min(max((len(check.text) for check in checks), default=0), MAX_EQUATION_WIDTH)
    number_width = len(str(len(graded.lines)))
    parts = [row for line in graded.lines for row in _line(line, number_width, width)]
    if parts:
        parts.append("")
    parts.append(f"verdict: {_verdict(graded)}")
    if graded.flaw_probability is not None:
        parts.append(f"P(flawed): {graded.flaw_probability:.3f}")
    if graded.message:
        parts.append(f"why: {graded.message}")
    if graded.flags:
        parts.append(f"flags: {', '.join(graded.flags)}")
    # A terminal need not know every character of a solution: half a surrogate pair would stop the printing.
    return "\n".join(parts).encode("utf-8", "replace").decode()


def _line(line: GradedLine, number_width: int, width: int) -> list[str]:
    probability = "" if line.flaw_probability is None else f"  [P(flawed) {line.flaw_probability:.3f}]"
    text = " ".join(line.text.split())
    rows = [f"{line.line:>{number_width}}  {text}{probability}"]
    for check in line.equations:
        row = f"{'':{number_width}}    {check.text:<{width}}  {check.status:<10}  {check.detail or ''}"
        rows.append(row.rstrip())
    return rows


def _verdict(graded: GradedSolution) -> str:
    if graded.status is not RowStatus.GRADED:
        return f"none ({graded.status})"
    return "none (nothing could be checked)" if graded.verdict is None else str(graded.verdict)
