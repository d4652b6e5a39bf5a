"""The page: one HTML file that needs nothing else, of a night or of one report.

What comes from data is escaped by Jinja2 and spelled out by ``plain``; the page's own policy forbids scripts and every
request, should something slip through all the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from grader.audit.changes import CAUSES
from grader.audit.charts import bars, trend
from grader.audit.measures import count_rows, count_slices, error_kinds
from grader.audit.page_rows import RowView, plain, row_views
from grader.audit.review import review_queue
from grader.audit.store import CHANGES, HISTORY, REPORT, REVIEW
from grader.compare import ADDED, NEWLY_CLEARED, NEWLY_FLAWED, REMOVED, VERDICT_CHANGED
from grader.parquet_io.writer import write_text
from grader.reports import open_report, reading
from grader.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

TEMPLATE = Path(__file__).parent.parent / "assets" / "page" / "page.html.jinja"
MAX_ROWS = 20
"""Rows of a data set that are shown whole."""
MAX_CHANGES = 30
MAX_SLICE_ROWS = 15
MAX_GATES = 60
ORDER = (NEWLY_FLAWED, ADDED, VERDICT_CHANGED, NEWLY_CLEARED, "text_changed", REMOVED)
"""The changes in the order in which they matter in the morning."""


class SetView(NamedTuple):
    """What the page shows of one data set, or of one report."""

    name: str
    counts: Mapping[str, Any]
    pair: str
    work: Mapping[str, int] | None
    trend: Markup | None
    kinds: Markup | None
    slices: list[dict[str, Any]]
    changes: Mapping[str, Any] | None
    changed: list[dict[str, Any]]
    rows: list[RowView]


def write_night_page(path: Path, summary: Mapping[str, Any], night: Path) -> None:
    """Write the page of a night from its summary and the files in its folder."""
    gates = sorted(summary["gates"], key=lambda one: ["fail", "warn", "pass"].index(one["level"]))
    sets = [_night_set(entry, night / entry["name"]) for entry in summary["data"]]
    title = (
        "a look at " + ", ".join(one.name for one in sets) if summary["night"] is None else f"night {summary['night']}"
    )
    verdict = "fail" if summary["failed"] else summary["verdict"]
    _write(
        path,
        title=f"Audit, {title}",
        when=summary["began"].replace("T", " ").replace("+00:00", " UTC"),
        verdict=verdict,
        gates=gates[:MAX_GATES],
        more_gates=gates[MAX_GATES:],
        levels={level: sum(one["level"] == level for one in gates) for level in ("fail", "warn", "pass")},
        sets=sets,
    )


def write_report_page(path: Path, report: Path, by: list[str]) -> None:
    """Write the page of one report; ``by`` names columns whose values are counted apart. Raises InputError."""
    opened = open_report(str(report))
    classifier = opened.metadata.get("classifier")
    threshold = classifier.get("threshold") if isinstance(classifier, dict) else None
    threshold = threshold if isinstance(threshold, float | int) else None
    slices = {column: count_slices(opened, column, threshold) for column in by}
    view = SetView(
        name=report.name,
        counts={**count_rows(opened, threshold), "new_flawed": None},
        pair=f"graded by version {plain(opened.metadata.get('version', 'unknown'), 40)}",
        work=None,
        trend=None,
        kinds=_safe(bars(error_kinds(opened), "kinds")),
        slices=[_slice_view(column, counts) for column, counts in slices.items()],
        changes=None,
        changed=[],
        rows=row_views(opened, review_queue(opened, threshold, MAX_ROWS)),
    )
    _write(path, title=report.name, when="", verdict=None, gates=[], more_gates=[], levels={}, sets=[view])


def _write(path: Path, **values: Any) -> None:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["plain"] = plain
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    html = template.render(version=__version__, causes=CAUSES, share=_share, **values)
    # Half a surrogate pair has no UTF-8.
    write_text(path, html.encode("utf-8", "replace").decode("utf-8"))


def _night_set(entry: Mapping[str, Any], folder: Path) -> SetView:
    report = open_report(str(folder / REPORT))
    with reading(str(folder / HISTORY)):
        history = pl.read_parquet(folder / HISTORY, glob=False)
    with reading(str(folder / REVIEW)):
        queue = (
            pl.scan_parquet(folder / REVIEW, glob=False).select("row", "reason", "strength").head(MAX_ROWS).collect()
        )
    return SetView(
        name=entry["name"],
        counts=entry["counts"],
        pair=entry["pair"],
        work=entry["work"],
        trend=_safe(trend(history, entry["name"])),
        kinds=_safe(bars(error_kinds(report), entry["name"])),
        slices=[_slice_view(column, counts) for column, counts in entry["slices"].items()],
        changes=entry["changes"],
        changed=_changed(folder / CHANGES),
        rows=row_views(report, queue),
    )


def _safe(svg: str | None) -> Markup | None:
    """Let a chart into the page as it is: matplotlib wrote it, and escaped the names in it."""
    return None if svg is None else Markup(svg)  # noqa: S704


def _slice_view(column: str, counts: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    rows = [{"value": value, **found} for value, found in counts.items()]
    return {"column": column, "rows": rows[:MAX_SLICE_ROWS], "more": len(rows) - MAX_SLICE_ROWS}


def _changed(path: Path) -> list[dict[str, Any]]:
    """Read the changes that matter most; texts of these alone."""
    with reading(str(path)):
        changes = pl.scan_parquet(path, glob=False).with_row_index("at")
        rank = pl.col("change").replace_strict({one: at for at, one in enumerate(ORDER)}, default=len(ORDER))
        flawed = pl.col("verdict_now").str.ends_with("_error").fill_null(value=False)
        light = changes.select("at", rank.alias("rank"), (~flawed).alias("sound")).collect(engine="streaming")
        first = light.sort("rank", "sound", "at").head(MAX_CHANGES).with_row_index("place")
        found = changes.join(first.lazy().select("at", "place"), on="at", how="inner").sort("place").collect()
    return list(found.iter_rows(named=True))


def _share(part: int, whole: int) -> str:
    """Write a share for people: two significant digits, no false zero."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    return "0 %" if part == 0 else f"{percent:.1f} %" if percent >= 0.1 else "<0.1 %"
