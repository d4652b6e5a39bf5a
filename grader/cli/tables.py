"""Aligned tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.statistics import Estimate


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Align columns by spaces: the first to the left, the others to the right."""
    lines = [header, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        )
        for line in lines
    )


def value(estimate: Estimate) -> str:
    """Give the figure to three decimals, a dash where it is not defined."""
    return "-" if estimate.value is None else f"{estimate.value:.3f}"


def interval(estimate: Estimate) -> str:
    """Give the 95 % interval, as ``0.812 to 0.843``."""
    return "" if estimate.value is None else f"{estimate.low:.3f} to {estimate.high:.3f}"


def rows_of(estimate: Estimate) -> str:
    """Give the rows behind a figure: ``k/n`` for a proportion, else ``n``."""
    return f"{estimate.n}" if estimate.k is None else f"{estimate.k}/{estimate.n}"
