"""The folder of an unfinished run: finished parts, and ``run.json``, which says what they are parts of.

``REPORT.parts/`` stands beside the report, or in the current folder where that is behind a URL. A part is a range of
rows; it counts as finished once ``run.json`` holds its rows and the SHA-256 of its file. Every file is written under
another name, brought to the disk, renamed.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from grader.errors import EnvironmentStop, UsageError
from grader.parquet_io.writer import AtomicWriter, beside, stops_run, write_text
from grader.remote import RemotePath, RemoteStat
from grader.run.lock import locked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa

    from grader.remote import Place

FORMAT = 1
NOTES = "run.json"
LOCK = "lock"
JOINED = "report.tmp"
FOOTER_BYTES = 64 << 10
"""The end of a Parquet file, which counts and places all that is in it."""


class Part(NamedTuple):
    """A finished part: its rows and the checksum of its file."""

    rows: int
    sha256: str


class Parts:
    """The parts of one report. ``hold`` opens the folder and keeps others away."""

    def __init__(self, output: Place) -> None:
        self.output = output
        self.part_rows = 0
        self.folder = folder_of(output)
        self.done: dict[int, Part] = {}
        self.rows: int | None = None
        self._identity: dict[str, Any] = {}
        self.counts: dict[str, Any] = {}
        """Those of the report, once it is joined."""
        self._report: dict[str, Any] | None = None
        self._is_ours = False

    @classmethod
    @contextmanager
    def hold(cls, output: Place) -> Iterator[Self]:
        """Open the folder of a report, locked; on leaving it goes unless a finished part is in it.

        Raises EnvironmentStop where another run has it.
        """
        parts = cls(output)
        if parts.folder.is_symlink() or (parts.folder.exists() and not parts.folder.is_dir()):
            raise UsageError(f"{parts.folder}: parts of a run belong in a folder of this name; move this file away")
        with stops_run(parts.folder):
            parts.folder.mkdir(exist_ok=True)
        try:
            with locked(parts.folder / LOCK, output):
                try:
                    yield parts
                finally:
                    if parts._is_ours and not parts.done:
                        parts.clear()
        finally:
            with suppress(OSError):  # parts are left in it, or the lock of another run
                parts.folder.rmdir()

    def path(self, index: int) -> Path:
        """Name the file of a part."""
        return self.folder / f"part-{index:05}.parquet"

    def recorded(self) -> dict[str, Any]:
        """Load what an earlier run left, and give what identifies it (options, inputs, …), or nothing.

        Raises UsageError where its notes are damaged.
        """
        notes = _read_notes(self.folder / NOTES)
        if notes:
            self._identity, self.rows = notes["identity"], notes["rows"]
            self._report, self.counts = notes["report"], notes["counts"]
            self.done = {int(index): Part(**part) for index, part in notes["parts"].items()}
            self.part_rows = self._identity["part_rows"]
        return self._identity

    def begin(self, identity: dict[str, Any]) -> None:
        """Start over: throw away what is there and note what the new parts belong to."""
        self.clear()
        self._identity = identity
        self.part_rows = identity["part_rows"]
        self._is_ours = True

    def go_on(self) -> list[int]:
        """Go on with what is there; gives the numbers of parts that are not what was written, which are dropped."""
        damaged = [index for index, part in self.done.items() if not self.holds(index, part)]
        for index in damaged:
            del self.done[index]
        self._is_ours = True
        return damaged

    def holds(self, index: int, part: Part) -> bool:
        """Whether the file of a part is what was written."""
        with stops_run(self.path(index)), suppress(FileNotFoundError):
            return _sha256(self.path(index)) == part.sha256
        return False

    def gaps(self, rows: int | None, first: int = 0) -> Iterator[tuple[int, int | None]]:
        """Give the ranges of rows that no finished part has; where their number is unknown (None) the last is open.

        The rows of the run begin at ``first``, which begins a part.
        """
        rows = self.rows if self.rows is not None else rows
        last = max(self.done, default=-1)
        start: int | None = None
        for index in range(first // self.part_rows, last + 1):
            if index not in self.done and start is None:
                start = index * self.part_rows
            elif index in self.done and start is not None:
                yield start, index * self.part_rows
                start = None
        end = last * self.part_rows + self.done[last].rows if self.done else first
        stop = None if rows is None else first + rows
        if end % self.part_rows == 0 and (stop is None or end < stop):
            yield end, stop

    def writer(self, index: int, schema: pa.Schema, free_text: Collection[str]) -> AtomicWriter:
        """Open a part for writing."""
        return AtomicWriter(self.path(index), schema, free_text, self.folder / "part.tmp")

    def record(self, index: int, rows: int) -> None:
        """Count a part that was written as finished."""
        with stops_run(self.path(index)):
            self.done[index] = Part(rows, _sha256(self.path(index)))
        self._save()

    def record_rows(self, rows: int) -> None:
        """Note that the input has come to its end, with so many rows."""
        self.rows = rows
        self._save()

    def record_report(self, joined: Path, counts: dict[str, Any]) -> None:
        """Note which file is about to take the report's place (a rename keeps size and inode), and its counts."""
        self._report, self.counts = self._identify(joined), counts
        self._save()

    def is_finished(self) -> bool:
        """Whether the report took its place and only the folder is left to be removed."""
        return self._report is not None and self.output.exists() and self._identify(self.output) == self._report

    def _identify(self, report: Place) -> dict[str, Any]:
        """Tell one report from another, where it is joined or in its place: an upload keeps the bytes alone."""
        status = report.stat()
        if not isinstance(self.output, RemotePath) and not isinstance(status, RemoteStat):
            return {"inode": status.st_ino, "bytes": status.st_size}
        with report.open("rb") as file:
            file.seek(max(0, status.st_size - FOOTER_BYTES))
            return {"bytes": status.st_size, "end": hashlib.sha256(file.read()).hexdigest()}

    def clear(self) -> None:
        """Remove everything that a run puts into the folder, but the lock."""
        self.done, self.rows, self.counts, self._report = {}, None, {}, None
        with stops_run(self.folder):
            # The notes go last: while they are there, what is left of a joined report is known for what it is.
            for file in [*self.folder.glob("part-*.parquet"), *self.folder.glob("*.tmp"), self.folder / NOTES]:
                file.unlink(missing_ok=True)

    def _save(self) -> None:
        notes = {
            "format": FORMAT,
            "identity": self._identity,
            "rows": self.rows,
            "report": self._report,
            "counts": self.counts,
            "parts": {str(index): part._asdict() for index, part in sorted(self.done.items())},
        }
        sealed = json.dumps({**notes, "sha256": _digest(notes)}, ensure_ascii=False, indent=1)
        write_text(self.folder / NOTES, sealed, self.folder / "notes.tmp")


def folder_of(output: Place) -> Path:
    """Name the folder of a report's parts."""
    return beside(output, f"{output.name}.parts")


def was_renamed(output: Place) -> bool:
    """Whether a run put the report into its place and was ended before it could clean up."""
    parts = Parts(output)
    try:
        parts.recorded()
    except (UsageError, EnvironmentStop):
        return False
    return parts.is_finished()


def _read_notes(path: Path) -> dict[str, Any]:
    """Read ``run.json``, which carries its own checksum."""
    with stops_run(path):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return {}
    try:
        notes: dict[str, Any] = json.loads(data)
        is_whole = notes.pop("sha256") == _digest(notes)
    except (ValueError, KeyError, TypeError, AttributeError):
        is_whole = False
    if not is_whole:
        raise UsageError(f"{path}: the notes of the unfinished run are damaged; start over with --restart")
    if notes.get("format") != FORMAT:
        raise UsageError(f"{path}: another version of this program left this run; go on with that one, or --restart")
    return notes


def _digest(notes: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(notes, sort_keys=True).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
