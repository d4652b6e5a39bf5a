"""What earlier nights found out, in one SQLite file: results by content and by the stage that gave them.

SQLite, not DuckDB: a night asks for some thousand keys at a time and adds some, which a row store with an index does
in microseconds a row and a column store does not. It is part of Python. Its write-ahead log makes every ``commit``
whole or absent, whatever instant the process is killed at.

Tables: ``stages`` (fingerprint of a stage -> number, last night of use), ``results`` (key and stage -> value), and
``seen`` (key -> last night of use), apart so that a night stamps small rows only.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from contextlib import contextmanager, suppress
from threading import RLock
from typing import TYPE_CHECKING, Any, Self, TypeVar

from grader.errors import EnvironmentStop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

Found = TypeVar("Found")
FORMAT = 2
BUSY_SECONDS = 30.0
KEYS_A_QUERY = 1_000
"""SQLite takes 32,766 parameters; longer statements are not faster."""
ENDINGS = ("", "-wal", "-shm", "-journal")
ASIDE = ".damaged"
SEAL_BYTES = 8
FAULTS = (sqlite3.DatabaseError, UnicodeDecodeError)
"""SQLite's messages may quote a damaged file, in bytes that Python cannot read."""
DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT})
"""What SQLite says of a file that is not as this program wrote it. ``SQLITE_ERROR`` is a table of other columns, and a
constraint is broken by an index that does not fit its table: the statements here are right for a sound file."""
TABLES = """
CREATE TABLE IF NOT EXISTS stages (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, night INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY, night INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS results (id INTEGER PRIMARY KEY, key BLOB NOT NULL, stage INTEGER NOT NULL, value BLOB);
CREATE UNIQUE INDEX IF NOT EXISTS results_by_key ON results (key, stage);
"""


class _OtherFormatError(sqlite3.DatabaseError):
    """The file is of another version of this program."""


class Cache:
    """Opened for one night. Only one process may write: the store's lock sees to it. Its threads may all ask.

    A file that turns out to be damaged, at once or in the middle of the night, is set aside as ``NAME.damaged`` and
    begun anew: that costs time, nothing else.
    """

    def __init__(self, path: Path, night: int, warn: Callable[[str], None] = lambda _: None) -> None:
        """Open the file, or begin one; ``warn`` is told why the one that was there could not be used."""
        self.path = path
        self.night = night
        self.replaced: str | None = None
        self._warn = warn
        self._lock = RLock()
        self._prints: dict[int, bytes] = {}
        with _stops(path):
            try:
                self._open()
            except FAULTS as error:
                if not _is_damage(error):
                    raise
                self._begin_anew(str(error))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> None:
        self._sql = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            version = self._sql.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, FORMAT):
                raise _OtherFormatError(f"it has format {version}, this program writes {FORMAT}")
            self._sql.execute("PRAGMA journal_mode = WAL")
            # A power cut may cost the last commits, never the file: they are graded again.
            self._sql.execute("PRAGMA synchronous = NORMAL")
            self._sql.executescript(TABLES)
            self._sql.execute(f"PRAGMA user_version = {FORMAT}")
            # A store whose nights were deleted counts from 1 again: what seems to come from later nights is of today.
            for table in ("stages", "seen"):
                self._sql.execute(f"UPDATE {table} SET night = ?1 WHERE night > ?1", (self.night,))  # noqa: S608
        except FAULTS:
            self._sql.close()
            raise

    def _begin_anew(self, why: str) -> None:
        """Set the file aside, in the place of one that was set aside before, and begin another with the same stages."""
        self.replaced = why
        self.close()
        aside = self.path.name + ASIDE
        for ending in ENDINGS:
            old, kept = (self.path.with_name(name + ending) for name in (self.path.name, aside))
            kept.unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                old.rename(kept)
        self._warn(f"{self.path}: begun anew, the old one cannot be used ({why}) and is set aside as {aside}")
        self._open()
        for number, fingerprint in self._prints.items():
            self._sql.execute("INSERT INTO stages VALUES (?, ?, ?)", (number, fingerprint.decode(), self.night))

    def close(self) -> None:
        """Close the file; what was not committed is dropped."""
        with suppress(sqlite3.Error):
            self._sql.close()

    def stage(self, fingerprint: str) -> int:
        """Give the number of a stage, and count it as used tonight."""

        def number() -> int:
            self._sql.execute(
                "INSERT INTO stages (fingerprint, night) VALUES (?, ?) "
                "ON CONFLICT (fingerprint) DO UPDATE SET night = excluded.night",
                (fingerprint, self.night),
            )
            found = self._sql.execute("SELECT id FROM stages WHERE fingerprint = ?", (fingerprint,)).fetchone()
            return int(found[0])

        found = self._done(number)
        self._prints[found] = fingerprint.encode()
        return found

    def get(self, stage: int, keys: Sequence[bytes]) -> dict[bytes, Any]:
        """Look keys up: the value of each that has one. A value that cannot be read counts as absent."""

        def look() -> dict[bytes, Any]:
            found: dict[bytes, Any] = {}
            for start in range(0, len(keys), KEYS_A_QUERY):
                some = keys[start : start + KEYS_A_QUERY]
                marks = ",".join("?" * len(some))
                query = f"SELECT key, value FROM results WHERE stage = ? AND key IN ({marks})"  # noqa: S608
                for key, value in self._sql.execute(query, (stage, *some)):
                    with suppress(zlib.error, ValueError, TypeError):
                        text = zlib.decompress(value)
                        if text.startswith(self._seal(stage, key)):
                            found[key] = json.loads(text[SEAL_BYTES:])
            return found

        return self._done(look)

    def put(self, stage: int, values: Mapping[bytes, Any]) -> None:
        """Keep values that JSON knows: all of them, or none where the process ends before this returns."""
        if not values:
            return
        texts = {key: self._seal(stage, key) + _plain(value) for key, value in values.items()}
        rows = [(key, stage, zlib.compress(text, 1)) for key, text in texts.items()]

        def write() -> None:
            self._sql.executemany("INSERT OR REPLACE INTO results (key, stage, value) VALUES (?, ?, ?)", rows)
            self._stamp(values)

        self._done(write, whole=True)

    def _seal(self, stage: int, key: bytes) -> bytes:
        """Say whose a value is: an index that is damaged may lead to the value of another row or stage."""
        return hashlib.blake2b(self._prints[stage] + key, digest_size=SEAL_BYTES).digest()

    def stamp(self, keys: Iterable[bytes]) -> None:
        """Count keys as used tonight."""
        stamped = list(keys)
        self._done(lambda: self._stamp(stamped), whole=True)

    def _stamp(self, keys: Iterable[bytes]) -> None:
        self._sql.executemany(
            "INSERT INTO seen (key, night) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET night = excluded.night "
            "WHERE night < excluded.night",
            ((key, self.night) for key in keys),
        )

    def prune(self, keep_nights: int) -> int:
        """Drop what no night of the last ``keep_nights`` used, results and stages; gives how many results went."""
        oldest = self.night - keep_nights + 1

        def drop() -> int:
            gone = self._sql.execute(
                "DELETE FROM results WHERE stage IN (SELECT id FROM stages WHERE night < ?1) "
                "OR key IN (SELECT key FROM seen WHERE night < ?1)",
                (oldest,),
            ).rowcount
            self._sql.execute("DELETE FROM stages WHERE night < ?", (oldest,))
            self._sql.execute("DELETE FROM seen WHERE night < ?", (oldest,))
            return int(gone)

        return self._done(drop, whole=True)

    def counts(self) -> dict[str, int]:
        """Count the results of each stage by its fingerprint."""
        query = "SELECT fingerprint, count(*) FROM results JOIN stages ON stages.id = stage GROUP BY fingerprint"
        return self._done(lambda: dict(self._sql.execute(query)))

    def _done(self, act: Callable[[], Found], *, whole: bool = False) -> Found:
        """Do something, one thread at a time, ``whole`` in one transaction; a damaged file is replaced before."""
        with self._lock, _stops(self.path):
            try:
                return self._try(act, whole=whole)
            except FAULTS as error:
                if not _is_damage(error):
                    raise
                self._begin_anew(str(error))
                return self._try(act, whole=whole)

    def _try(self, act: Callable[[], Found], *, whole: bool) -> Found:
        if not whole:
            return act()
        self._sql.execute("BEGIN IMMEDIATE")
        try:
            found = act()
        except BaseException:
            with suppress(sqlite3.Error):
                self._sql.execute("ROLLBACK")
            raise
        self._sql.execute("COMMIT")
        return found


def _is_damage(error: Exception) -> bool:
    """Whether the file is at fault, rather than its disk or another process."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return isinstance(error, _OtherFormatError | UnicodeDecodeError)
    return code & 0xFF in DAMAGE


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
