"""What earlier nights found out, in one SQLite file: results by content and by the stage that gave them.

SQLite, not DuckDB: a night asks for some thousand keys at a time and adds some, which a row store with an index does
in microseconds a row and a column store does not. It is part of Python. Its write-ahead log makes every ``commit``
whole or absent, whatever instant the process is killed at.

Tables: ``stages`` (fingerprint of a stage -> number, last night of use), ``results`` (key and stage -> value), and
``seen`` (key -> last night of use), apart so that a night stamps small rows only.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

from grader.errors import EnvironmentStop

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

FORMAT = 1
BUSY_SECONDS = 30.0
KEYS_A_QUERY = 1_000
"""SQLite takes 32,766 parameters; longer statements are not faster."""
ENDINGS = ("", "-wal", "-shm", "-journal")
TABLES = """
CREATE TABLE IF NOT EXISTS stages (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, night INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY, night INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS results (id INTEGER PRIMARY KEY, key BLOB NOT NULL, stage INTEGER NOT NULL, value BLOB);
CREATE UNIQUE INDEX IF NOT EXISTS results_by_key ON results (key, stage);
"""


class Cache:
    """Opened for one night. Only one process may write: the store's lock sees to it."""

    def __init__(self, path: Path, night: int) -> None:
        """Open the file, or begin one; ``replaced`` says why the one that was there could not be used."""
        self.path = path
        self.night = night
        self.replaced: str | None = None
        with _stops(path):
            try:
                self._open()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                self._begin_anew(str(error))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> None:
        self._sql = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            version = self._sql.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, FORMAT):
                raise sqlite3.DatabaseError(f"it has format {version}, this program writes {FORMAT}")
            self._sql.execute("PRAGMA journal_mode = WAL")
            # A power cut may cost the last commits, never the file: they are graded again.
            self._sql.execute("PRAGMA synchronous = NORMAL")
            self._sql.executescript(TABLES)
            self._sql.execute(f"PRAGMA user_version = {FORMAT}")
            # A store whose nights were deleted counts from 1 again: what seems to come from later nights is of today.
            for table in ("stages", "seen"):
                self._sql.execute(f"UPDATE {table} SET night = ?1 WHERE night > ?1", (self.night,))  # noqa: S608
        except sqlite3.Error:
            self._sql.close()
            raise

    def _begin_anew(self, why: str) -> None:
        self.replaced = why
        for ending in ENDINGS:
            self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
        self._open()

    def close(self) -> None:
        """Close the file; what was not committed is dropped."""
        with suppress(sqlite3.Error):
            self._sql.close()

    def stage(self, fingerprint: str) -> int:
        """Give the number of a stage, and count it as used tonight."""
        with _stops(self.path):
            self._sql.execute(
                "INSERT INTO stages (fingerprint, night) VALUES (?, ?) "
                "ON CONFLICT (fingerprint) DO UPDATE SET night = excluded.night",
                (fingerprint, self.night),
            )
            found = self._sql.execute("SELECT id FROM stages WHERE fingerprint = ?", (fingerprint,)).fetchone()
        return int(found[0])

    def get(self, stage: int, keys: Sequence[bytes]) -> dict[bytes, Any]:
        """Look keys up: the value of each that has one. A value that cannot be read counts as absent."""
        found: dict[bytes, Any] = {}
        with _stops(self.path):
            for start in range(0, len(keys), KEYS_A_QUERY):
                some = keys[start : start + KEYS_A_QUERY]
                marks = ",".join("?" * len(some))
                query = f"SELECT key, value FROM results WHERE stage = ? AND key IN ({marks})"  # noqa: S608
                for key, value in self._sql.execute(query, (stage, *some)):
                    with suppress(zlib.error, ValueError):
                        found[key] = json.loads(zlib.decompress(value))
        return found

    def put(self, stage: int, values: Mapping[bytes, Any]) -> None:
        """Keep values that JSON knows: all of them, or none where the process ends before this returns."""
        if not values:
            return
        rows = [(key, stage, zlib.compress(_plain(value), 1)) for key, value in values.items()]
        with self._whole():
            self._sql.executemany("INSERT OR REPLACE INTO results (key, stage, value) VALUES (?, ?, ?)", rows)
            self._stamp(values)

    def stamp(self, keys: Iterable[bytes]) -> None:
        """Count keys as used tonight."""
        with self._whole():
            self._stamp(keys)

    def _stamp(self, keys: Iterable[bytes]) -> None:
        self._sql.executemany(
            "INSERT INTO seen (key, night) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET night = excluded.night "
            "WHERE night < excluded.night",
            ((key, self.night) for key in keys),
        )

    def prune(self, keep_nights: int) -> int:
        """Drop what no night of the last ``keep_nights`` used, results and stages; gives how many results went."""
        oldest = self.night - keep_nights + 1
        with self._whole():
            gone = self._sql.execute(
                "DELETE FROM results WHERE stage IN (SELECT id FROM stages WHERE night < ?1) "
                "OR key IN (SELECT key FROM seen WHERE night < ?1)",
                (oldest,),
            ).rowcount
            self._sql.execute("DELETE FROM stages WHERE night < ?", (oldest,))
            self._sql.execute("DELETE FROM seen WHERE night < ?", (oldest,))
        return int(gone)

    def counts(self) -> dict[str, int]:
        """Count the results of each stage by its fingerprint."""
        query = "SELECT fingerprint, count(*) FROM results JOIN stages ON stages.id = stage GROUP BY fingerprint"
        with _stops(self.path):
            return dict(self._sql.execute(query))

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Make what is done inside one transaction."""
        with _stops(self.path):
            self._sql.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                with suppress(sqlite3.Error):
                    self._sql.execute("ROLLBACK")
                raise
            self._sql.execute("COMMIT")


def _plain(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


@contextmanager
def _stops(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into EnvironmentStop, which names the file and the remedy."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise EnvironmentStop(
            f"{path}: the store of results stopped ({error}); make room or get permission there, or delete the file "
            "(that costs time, nothing else), and run the same command again"
        ) from error
