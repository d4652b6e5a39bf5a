"""What a run did, in numbers: for a person, and as JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from grader.errors import printable
from grader.types import CheckStatus, RowStatus, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

NOTHING_CHECKED = "nothing_checked"
COUNTERS = ("by_status", "by_verdict", "equations", "flags")


@dataclass
class Counts:
    """Counts of rows and of what was found in them.

    ``flags`` counts rows by flag; ``nothing_checked`` is one of them, apart because such rows have no answer.
    """

    rows: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    by_verdict: Counter[str] = field(default_factory=Counter)
    equations: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    flagged: int = 0

    @property
    def nothing_checked(self) -> int:
        """Count the graded rows in which nothing could be checked."""
        return self.flags[NOTHING_CHECKED]

    def add(self, report: pa.RecordBatch) -> None:
        """Count the report columns of some rows."""
        # Counting in Arrow takes a hundredth of counting the Python values.
        flags = report.column("grade_flags")
        lines = report.column("grade_lines").flatten()
        checks = pc.struct_field(lines, "equations").flatten()
        self.rows += report.num_rows
        _count(self.by_status, report.column("grade_status"))
        _count(self.by_verdict, report.column("grade_verdict"))
        _count(self.equations, pc.struct_field(checks, "status"))
        _count(self.flags, flags.flatten())
        self.flagged += pc.sum(pc.greater(pc.list_value_length(flags), 0)).as_py() or 0

    def add_counts(self, counts: Mapping[str, Any]) -> None:
        """Add what ``plain`` of other counts gave."""
        self.rows += counts["rows"]
        self.flagged += counts["flagged"]
        for name in COUNTERS:
            getattr(self, name).update(counts[name])

    def plain(self) -> dict[str, Any]:
        """Give the counts as values that JSON knows."""
        counters = {name: dict(sorted(getattr(self, name).items())) for name in COUNTERS}
        return {"rows": self.rows, "flagged": self.flagged, **counters}


@dataclass(kw_only=True)
class RunSummary(Counts):
    """What one run did: the counts of its report, and how it went.

    ``engines`` is what the pair says of itself (file metadata), ``pair`` the same in one line for people. ``resumed``
    of the rows had been graded by an earlier run; ``seconds`` are those of this one.
    """

    report: str
    columns: str
    pair: str
    engines: Mapping[str, Any]
    seconds: float = 0.0
    resumed: int = 0

    @property
    def rows_per_second(self) -> float:
        """Tell the speed of this run, reading and writing included."""
        return (self.rows - self.resumed) / self.seconds if self.seconds else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Give everything as values that JSON knows, the derived numbers included."""
        derived = {"nothing_checked": self.nothing_checked, "rows_per_second": self.rows_per_second}
        return {**vars(self), **self.plain(), **derived}

    def table(self) -> str:
        """Lay the numbers out for a person, shares beside the counts."""
        rows = [("rows", self.rows, self.rows)]
        rows += [(status, self.by_status[status], self.rows) for status in RowStatus]
        graded = self.by_status[RowStatus.GRADED]
        rows += [(verdict, self.by_verdict[verdict], graded) for verdict in Verdict]
        rows += [("no verdict", graded - sum(self.by_verdict.values()), graded)]
        rows += [("nothing checked", self.nothing_checked, graded)]
        equations = sum(self.equations.values())
        checks = [("equations", equations, equations)]
        checks += [(status, self.equations[status], equations) for status in CheckStatus]
        flags = [("rows with flags", self.flagged, self.rows)]
        flags += [(flag, count, self.rows) for flag, count in self.flags.most_common()]
        body = "\n\n".join(_aligned(block) for block in (rows, checks, flags))
        before = f", {self.resumed:,} of them before" if self.resumed else ""
        speed = f"{self.rows:,} rows{before} in {self.seconds:.1f} s, {self.rows_per_second:,.0f} rows/s"
        return f"{body}\n\n{self.pair}\n{speed}: {printable(self.report)}"


def _count(counter: Counter[str], column: pa.Array) -> None:
    for entry in pc.value_counts(column).to_pylist():
        if entry["values"] is not None:
            counter[entry["values"]] += entry["counts"]


def _aligned(rows: list[tuple[str, int, int]]) -> str:
    lines = []
    for index, (name, count, whole) in enumerate(rows):
        share = f"{count / whole:9.2%}" if whole and index else ""
        lines.append(f"{name if not index else '  ' + name:<28}{count:>14,}{share}".rstrip())
    return "\n".join(lines)
