"""What a night would grade, without grading: nothing is written."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from grader.audit.cache import KEYS_A_QUERY
from grader.audit.config import chosen
from grader.audit.fingerprints import key_of, stages_of
from grader.audit.models import Pairs
from grader.audit.prepared import prepare_all
from grader.audit.store import Store
from grader.parquet_io.rows import solutions_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from grader.audit.config import Config
    from grader.run import Log


def count_new(config: Config, only: list[str], log: Log) -> Iterator[tuple[str, int, int]]:
    """Give the name of each data set, its rows, and how many of them no result is there for; equal rows count each."""
    pairs = Pairs(log)
    results = Store(Path(config.store)).results
    for one in prepare_all(config, chosen(config, only)):
        fingerprint = stages_of(pairs.get(config.models_of(one.data))).report
        rows = new = 0
        with _lookup(results, fingerprint) as count_known:
            for batch in one.sample().batches():
                keys = [key_of(solution) for solution in solutions_of(batch, one.columns)]
                rows += len(keys)
                new += len(keys) - count_known(keys)
        yield one.data.name, rows, new


@contextmanager
def _lookup(path: Path, fingerprint: str) -> Iterator[Callable[[Sequence[bytes]], int]]:
    """Give a function that counts the keys that have a result; none has where the file is not there or damaged."""
    if not path.is_file():
        yield lambda _: 0
        return
    with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)) as sql:

        def count(keys: Sequence[bytes]) -> int:
            found: set[bytes] = set()
            for start in range(0, len(keys), KEYS_A_QUERY):
                some = keys[start : start + KEYS_A_QUERY]
                query = (
                    "SELECT key FROM results JOIN stages ON stages.id = stage "  # noqa: S608  marks only
                    f"WHERE fingerprint = ? AND key IN ({','.join('?' * len(some))})"
                )
                with suppress(sqlite3.DatabaseError):  # a night begins a damaged file anew
                    found.update(key for (key,) in sql.execute(query, (fingerprint, *some)))
            return sum(key in found for key in keys)

        try:
            sql.execute("SELECT 1 FROM results, stages LIMIT 1").fetchone()
        except sqlite3.DatabaseError:
            yield lambda _: 0
        else:
            yield count
