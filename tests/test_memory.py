"""Inputs of unusual shapes are graded in little memory."""

import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")

# What is measured is the run: grading is left out but for the text that goes into the report.
GRADE = """
import sys
from pathlib import Path
from grader.engines import Pair
from grader.run import Alone, Request, prepare, run_grade
from grader.types import GradedLine, GradedSolution, RowStatus

class Copying:
    pair = Pair()

    def grade(self, rows):
        return [GradedSolution(RowStatus.GRADED, lines=(GradedLine(1, row.solution, None, ()),)) for row in rows]

run_grade(prepare(Request([sys.argv[1]], Path(sys.argv[2]))), Alone(Copying()))
# Not getrusage: its peak includes that of the parent up to the exec.
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def peak_of(path):
    """Run a file in a process of its own and give its peak in MiB."""
    command = [sys.executable, "-c", GRADE, str(path), str(path.with_name("report.parquet"))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert pq.read_metadata(path.with_name("report.parquet")).num_rows == pq.read_metadata(path).num_rows
    return int(done.stdout) >> 10


def test_rows_of_five_megabytes(tmp_path):
    """Sixty rows of 5 MB in one row group, and as much text in the report, need a fraction of both."""
    path = tmp_path / "in.parquet"
    schema = pa.schema([("problem", pa.string()), ("solution", pa.string())])
    with pq.ParquetWriter(path, schema, use_dictionary=False, write_batch_size=1) as writer:
        rows = [f"{index} + 1 = {index + 1}\n" + f"word{index:02} " * 700_000 for index in range(60)]
        writer.write_table(pa.table({"problem": ["p"] * 60, "solution": rows}), row_group_size=60)
        del rows
    assert peak_of(path) < 450


def test_a_short_file_that_unpacks_to_a_long_one(tmp_path):
    """A value of 2 MB that is stored once and stands in 400 rows is not unpacked 400 times at once."""
    path = tmp_path / "in.parquet"
    long = "1 + 1 = 2 " + "x" * 2_000_000
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 400, pa.int32()), [long])
    pq.write_table(pa.table({"problem": ["p"] * 400, "solution": column}), path, store_schema=False)
    assert path.stat().st_size < 10_000_000
    assert peak_of(path) < 700


def test_hundreds_of_columns(tmp_path):
    """Five hundred columns that grading does not need pass through."""
    path = tmp_path / "in.parquet"
    table = {f"column {index}": pa.array(range(4_000)) for index in range(500)}
    pq.write_table(pa.table({**table, "problem": ["p"] * 4_000, "solution": ["1+1=2"] * 4_000}), path)
    assert peak_of(path) < 500


def test_thousands_of_tiny_row_groups(tmp_path):
    """Row groups of one row are gathered into batches worth their while."""
    path = tmp_path / "in.parquet"
    solutions = [f"{index} + 1 = {index + 1}" for index in range(3_000)]
    pq.write_table(pa.table({"problem": ["p"] * 3_000, "solution": solutions}), path, row_group_size=1)
    assert peak_of(path) < 350
    assert pq.read_metadata(path.with_name("report.parquet")).num_row_groups == 1
