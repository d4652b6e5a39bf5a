"""Shares of a run: which rows are whose, and what the report of a share says of itself.

A share is a range of whole parts, so that its rows are graded in the batches in which one run would grade them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

SHARD = "shard"
"""The key of the file metadata that only the report of a share has."""


class Shard(NamedTuple):
    """Share ``number`` of ``shards``, counted from 1."""

    number: int
    shards: int

    def __str__(self) -> str:
        return f"{self.number}/{self.shards}"

    def span(self, rows: int, part_rows: int) -> tuple[int, int]:
        """Give the first row of the share, from 0, and the row behind its last: equal parts, give or take one part."""
        parts = -(-rows // part_rows)
        first, end = (parts * number // self.shards for number in (self.number - 1, self.number))
        return min(first * part_rows, rows), min(end * part_rows, rows)

    def noted(self, rows: int, part_rows: int) -> dict[str, Any]:
        """Say in the file metadata which share this is, of how many rows in parts of which size."""
        return {**self._asdict(), "of_rows": rows, "part_rows": part_rows}
