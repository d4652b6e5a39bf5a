"""The charts of the page: static SVG by matplotlib, whose colours are the page's own, light or dark."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context
from matplotlib.backends import backend_svg  # noqa: F401  loaded now, not within the night that draws first
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from matplotlib.axes import Axes

MAX_NIGHTS = 120
"""Nights of the trend: the newest ones; more could not be told apart."""
MAX_LABEL = 32
WIDTH = 5.6
"""Inches; the page scales it."""
INK, MUTED, GRID, RED, AMBER, BLUE = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
VARIABLES = {INK: "--ink", MUTED: "--muted", GRID: "--line", RED: "--fail", AMBER: "--warn", BLUE: "--accent"}
"""Colours that stand for those of the page: matplotlib knows no variables."""
SERIES = (("flawed", INK, "flawed"), ("computational", RED, "calculation"), ("conceptual", AMBER, "reasoning"))
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10.0,
    "svg.image_inline": True,
}


def trend(history: pl.DataFrame, name: str) -> str | None:
    """Draw the shares of flawed rows over the nights as SVG; None where there are fewer than two nights to show."""
    rows = history.filter(history["graded"] > 0).tail(MAX_NIGHTS)
    if rows.height < 2:
        return None
    figure, axes = _figure(2.3, left=0.55, below=0.3, above=0.35)
    nights = rows["night"].to_list()
    highest = 0.0
    # Without a classifier all flaws are those of calculations: one line says it.
    series = SERIES if rows["judged"].sum() else SERIES[:1]
    for column, colour, label in series:
        shares = (100 * rows[column] / rows["graded"]).to_list()
        highest = max(highest, *shares)
        axes.plot(nights, shares, color=colour, linewidth=1.8, marker="o", markersize=3.2, label=label)
    stages = rows["stages"].to_list()
    for index in range(1, len(nights)):
        if stages[index] != stages[index - 1]:
            axes.axvline(nights[index] - 0.5, color=MUTED, linewidth=0.8, linestyle=(0, (3, 3)))
    axes.set_ylim(0, max(1.0, highest * 1.15))
    axes.set_xlim(nights[0] - 0.3, nights[-1] + 0.3)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("% of graded rows", color=MUTED)
    axes.legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1.0), labelcolor=MUTED, borderpad=0)
    return _svg(figure, f"trend-{name}")


def bars(counts: Sequence[tuple[str, int]], name: str) -> str | None:
    """Draw counts as horizontal bars, the first on top; None where there are none."""
    if not counts:
        return None
    # What stands for itself in ASCII is in every font; names come from the report, and may be anything.
    labels = [ascii(text[:MAX_LABEL])[1:-1][:MAX_LABEL] for text, _ in counts]
    figure, axes = _figure(0.1 + 0.27 * len(counts), left=0.15 + 0.083 * max(map(len, labels)), below=0.05, above=0.05)
    values = [count for _, count in counts]
    colours = [RED if text.endswith("_error") else BLUE for text in labels]
    axes.barh(range(len(counts)), values, color=colours, height=0.62)
    axes.set_yticks(range(len(counts)), labels, parse_math=False)  # a dollar sign in a name is no formula
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(visible=False)
    axes.xaxis.set_visible(False)
    axes.set_xlim(0, max(values) * 1.12)
    for index, value in enumerate(values):
        axes.text(value + max(values) * 0.012, index, f"{value:,}", va="center", color=MUTED)
    axes.spines["bottom"].set_visible(False)
    return _svg(figure, f"bars-{name}")


def _figure(height: float, left: float, below: float, above: float) -> tuple[Figure, Axes]:
    """Give a figure with these margins, in inches: finding them out would take longer than drawing."""
    with rc_context(SETTINGS):
        figure = Figure(figsize=(WIDTH, height))
        axes = figure.add_axes((left / WIDTH, below / height, 1 - (left + 0.1) / WIDTH, 1 - (below + above) / height))
    figure.patch.set_alpha(0)
    axes.patch.set_alpha(0)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(GRID)
    axes.tick_params(colors=MUTED, length=0)
    return figure, axes


def _svg(figure: Figure, salt: str) -> str:
    """Write a figure as an SVG element: ids of its own, no dates, colours as variables of the page."""
    target = io.StringIO()
    with rc_context({**SETTINGS, "svg.hashsalt": salt}):
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(target, format="svg", metadata=nothing)
    text = target.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', r'<svg \1 xmlns="http://www.w3.org/2000/svg">', text, count=1)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    # matplotlib numbers groups the same way in every figure; ids are for the whole page.
    text = re.sub(r'<g id="[^"]*">', "<g>", text)
    for colour, variable in VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    return text.strip()
