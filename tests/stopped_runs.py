"""Runs that are stopped at a chunk of one's choice, and what they leave."""

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from grader.engines import Pair
from grader.pipeline import Grader
from grader.run import Alone, Log, Request, prepare, run_grade

ROWS = 45
PART_ROWS = 10


class Stopping(Alone):
    """Grades by the rules, and stops before chunk ``stop`` with an error."""

    def __init__(self, stop=None, error=KeyboardInterrupt, threshold=0.5):
        super().__init__(Grader(Pair(threshold=threshold, name=f"rules at {threshold}")))
        self.stop, self.error, self.asked = stop, error, []

    def reports(self, chunks):
        """Grade until it is time to stop."""
        for number, (chunk, report) in enumerate(super().reports(chunks)):
            if number == self.stop:
                raise self.error
            self.asked.append((chunk.first, chunk.rows))
            yield chunk, report


@pytest.fixture
def folder(tmp_path):
    solutions = [f"{index} + 1 = {index + 1 + (index % 7 == 0)}" for index in range(ROWS)]
    pq.write_table(
        pa.table({"problem": ["p"] * ROWS, "solution": solutions}), tmp_path / "in.parquet", row_group_size=7
    )
    return tmp_path


def run(folder, stop=None, error=KeyboardInterrupt, name="in.parquet", grader=None, **options):
    """Run, or stop on the way; gives the chunks that were graded."""
    grader = grader or Stopping(stop, error)
    request = Request([str(folder / name)], folder / "report.parquet", **{"part_rows": PART_ROWS, **options})
    job = prepare(request)
    if stop is None:
        run_grade(job, grader, Log())
    else:
        with pytest.raises(error):
            run_grade(job, grader, Log())
    return grader.asked


def report(folder):
    return pq.read_table(folder / "report.parquet")


def kept(folder):
    """Give the number of finished parts and of the rows in them."""
    notes = folder / "report.parquet.parts" / "run.json"
    parts = json.loads(notes.read_text())["parts"].values() if notes.exists() else ()
    return len(parts), sum(part["rows"] for part in parts)


def expected(folder, name="in.parquet", **options):
    """Give the report of a run that nothing stops."""
    whole = folder / "whole"
    whole.mkdir()
    shutil.copy(folder / name, whole)
    run(whole, name=name, **options)
    return report(whole)
