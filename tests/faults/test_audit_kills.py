"""Nights that are killed at any instant: the store opens, nothing is lost or doubled, `latest` is always whole.

``GRADER_FAULTS=full pytest tests/faults/test_audit_kills.py`` kills 20 nights.
"""

import json
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills processes")

AUDIT = (sys.executable, str(Path(__file__).parent / "scripted_models.py"), "audit")
FILES = ("report.parquet", "changes.parquet", "review.parquet", "history.parquet")


def write_rows(folder, rows, night):
    """Write the rows of a night: on the second, each hundredth is changed, some are new, and the order is another."""
    numbers = list(range(rows + (rows // 100 if night == 2 else 0)))
    random.Random(night).shuffle(numbers)
    changed = [index + 100_000 * (night == 2 and index % 100 == 7) for index in numbers]
    texts = [f"{one} * 7 = {one * 7 + (one % 11 == 0)}\n25 times 4 equals 100\n#### {one}" for one in changed]
    pq.write_table(pa.table({"id": numbers, "problem": ["p"] * len(numbers), "solution": texts}), folder / "in.parquet")
    return len(numbers)


def latest(folder):
    """Read the night that ``latest`` shows, all of it; None where there is none yet."""
    link = folder / "store" / "latest"
    if not link.is_symlink():
        return None
    summary = json.loads((link / "summary.json").read_text())
    tables = {name: pq.read_table(link / "d" / name) for name in FILES}
    assert tables["report.parquet"].num_rows == summary["data"][0]["counts"]["rows"]
    assert (link / "summary.html").read_text().rstrip().endswith("</html>")
    return summary, tables


def undisturbed(folder, config):
    began = time.monotonic()
    done = subprocess.run([*AUDIT, str(config)], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return time.monotonic() - began


def configure(folder):
    folder.mkdir()
    config = folder / "audit.toml"
    config.write_text('store = "store"\n[[data]]\nname = "d"\ninputs = ["in.parquet"]\n')
    return config


def test_nights_that_are_killed(tmp_path, amount):
    """Two nights killed again and again end as two that were not, and never show half a night."""
    rows, kills = amount(400, 1_500), amount(2, 10)
    calm, rough = configure(tmp_path / "calm"), configure(tmp_path / "rough")
    generator = random.Random(7)
    for night in (1, 2):
        total = write_rows(calm.parent, rows, night)
        write_rows(rough.parent, rows, night)
        seconds = undisturbed(calm.parent, calm)
        before = latest(rough.parent)
        killed = 0
        while killed < kills:
            process = subprocess.Popen([*AUDIT, str(rough)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                # Most of a short night is starting: late instants are drawn more often.
                process.wait(generator.uniform(0.4, 1.15) * seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            killed += 1
            shown = latest(rough.parent)
            assert shown is not None or before is None
            assert_results_open(rough.parent)
        undisturbed(rough.parent, rough)
        _, expected = latest(calm.parent)
        summary, found = latest(rough.parent)
        assert found["report.parquet"].equals(expected["report.parquet"])
        assert found["report.parquet"].num_rows == total
        assert summary["data"][0]["work"]["reused"] + summary["data"][0]["work"]["graded"] == total
    with closing(sqlite3.connect(rough.parent / "store" / "results.sqlite")) as sql:
        (seen,) = sql.execute("SELECT count(*) FROM seen").fetchone()
        (doubled,) = sql.execute("SELECT count(*) - count(DISTINCT key || '-' || stage) FROM results").fetchone()
    assert (seen, doubled) == (rows + 2 * (rows // 100), 0)
    assert sorted(path.name for path in (rough.parent / "store").iterdir()) == [
        *("latest", "nights", "results.sqlite", "told"),
    ]


def assert_results_open(folder):
    path = folder / "store" / "results.sqlite"
    if path.exists():
        with closing(sqlite3.connect(path)) as sql:
            assert sql.execute("PRAGMA integrity_check").fetchone() == ("ok",)
