"""The folder where the nights are: ``nights/00042-20261126T021500Z/``, ``latest``, ``results.sqlite``.

A night is made in ``tonight/`` and moved to ``nights/`` in one step when all of it is there; then ``latest`` is turned
to it in one step. A night that was killed leaves ``tonight/``, which the next one throws away: what was graded is in
the results. ``told`` names the last night whose outcome was told: one that was killed before is told by the next run.
"""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from grader.errors import UsageError
from grader.parquet_io.writer import stops_run, sync, write_text
from grader.run.lock import locked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

SUMMARY = "summary.json"
PAGE = "summary.html"
REPORT = "report.parquet"
CHANGES = "changes.parquet"
REVIEW = "review.parquet"
HISTORY = "history.parquet"
SUMMARY_FORMAT = 1
_NIGHT = re.compile(r"(\d{5,})-\d{8}T\d{6}Z")


class Store:
    """The paths of a store, and what may be done there by the one who holds its lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.nights = folder / "nights"
        self.tonight = folder / "tonight"
        self.only = folder / "only"
        self.results = folder / "results.sqlite"
        self.latest = folder / "latest"
        self._told = folder / "told"

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Make the store if need be and keep other nights away; raises EnvironmentStop where one is at work."""
        if self.folder.exists() and not self.folder.is_dir():
            raise UsageError(f"{self.folder}: the store must be a folder; move this file away or choose another store")
        with stops_run(self.folder):
            self.nights.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / "lock", self.folder):
            self._forget_tonight()
            yield

    def _forget_tonight(self) -> None:
        if self.tonight.is_dir() and not self.tonight.is_symlink():
            with stops_run(self.tonight):
                shutil.rmtree(self.tonight)
        with suppress(OSError):
            self._turning.unlink(missing_ok=True)

    @property
    def _turning(self) -> Path:
        return self.folder / "latest.tmp"

    def finished(self) -> list[Path]:
        """Give the nights that are there, oldest first."""
        if not self.nights.is_dir():
            return []
        found = [path for path in self.nights.iterdir() if _NIGHT.fullmatch(path.name) and path.is_dir()]
        return sorted(found, key=_number)

    def next_number(self) -> int:
        """Give the number of the coming night, from 1."""
        finished = self.finished()
        return _number(finished[-1]) + 1 if finished else 1

    def begin(self, names: list[str]) -> None:
        """Make the folders of tonight's data sets."""
        with stops_run(self.tonight):
            for name in names:
                (self.tonight / name).mkdir(parents=True)

    def finish(self, number: int, began: datetime) -> Path:
        """Move what was made tonight to the nights: from here on it is a night, whole."""
        night = self.nights / f"{number:05}-{began:%Y%m%dT%H%M%SZ}"
        with stops_run(night):
            for folder in [self.tonight, *(path for path in self.tonight.iterdir() if path.is_dir())]:
                sync(folder)
            self.tonight.rename(night)
            sync(self.nights)
        return night

    def show(self) -> Path:
        """Move what was made tonight to ``only/``: a look at some data sets, which is no night."""
        with stops_run(self.only):
            if self.only.is_dir():
                shutil.rmtree(self.only)
            self.tonight.rename(self.only)
        return self.only

    def publish(self, night: Path) -> None:
        """Turn ``latest`` to a night."""
        with stops_run(self.latest):
            if self.latest.exists() and not self.latest.is_symlink():
                raise UsageError(f"{self.latest}: this is not the link that grade-audit makes; move it away")
            self._turning.unlink(missing_ok=True)
            self._turning.symlink_to(f"{self.nights.name}/{night.name}")
            self._turning.replace(self.latest)
            sync(self.folder)

    def published(self) -> Path | None:
        """Give the night that ``latest`` shows, None where there is none."""
        try:
            night = self.nights / self.latest.readlink().name
        except OSError:
            return None
        return night if night.is_dir() else None

    def untold(self) -> Path | None:
        """Give the newest night if its outcome was not told, because its run was ended first."""
        finished = self.finished()
        if not finished:
            return None
        with stops_run(self._told), suppress(FileNotFoundError):
            if self._told.read_bytes().strip() == finished[-1].name.encode():
                return None
        return finished[-1]

    def tell(self, night: Path) -> None:
        """Note that a night's outcome was told."""
        write_text(self._told, f"{night.name}\n")

    def prune(self, keep: int) -> int:
        """Remove all but the newest ``keep`` nights, and the one that ``latest`` shows; gives how many went."""
        published = self.published()
        gone = [night for night in self.finished()[:-keep] if night != published]
        for night in gone:
            with stops_run(night):
                # Renamed first: half a night must not be found under a night's name.
                doomed = night.with_name(f".{night.name}.gone")
                night.rename(doomed)
                shutil.rmtree(doomed)
        for doomed in self.nights.glob(".*.gone"):
            shutil.rmtree(doomed, ignore_errors=True)
        return len(gone)


def _number(night: Path) -> int:
    found = _NIGHT.fullmatch(night.name)
    assert found is not None, night
    return int(found[1])
