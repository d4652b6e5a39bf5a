"""A run: every row counted, bad rows contained, nothing left behind when it is interrupted."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import __version__
from grader.errors import EnvironmentStop, GraderError, InputError, UsageError
from grader.parquet_io.report import REPORT
from grader.run import Alone, Log, Request, prepare, run_grade
from grader.run.log import Style
from grader.run.progress import Progress, duration
from grader.types import CheckStatus, EquationCheck, GradedLine, GradedSolution, RowStatus, Source, Verdict


class FakePair:
    """Stands for the models."""

    def describe(self):
        """Identify nothing real."""
        return {"extractor": {"name": "fake"}, "classifier": None}

    def sentence(self):
        """Say who this is."""
        return "fake pair"


class FakeGrader:
    """Finds every solution with ``bad`` in it wrong, and cannot grade one with ``raise``."""

    pair = FakePair()

    def grade(self, solutions):
        """Grade rows in order."""
        return [self.grade_one(row) for row in solutions]

    def grade_one(self, row):
        """Grade one row."""
        if not row.solution:
            return GradedSolution(RowStatus.SKIPPED)
        if "raise" in row.solution:
            raise ValueError("no such number\nreally")
        bad = "bad" in row.solution
        status = CheckStatus.FAILS if bad else CheckStatus.HOLDS
        verdict = Verdict.COMPUTATIONAL_ERROR if bad else Verdict.CORRECT
        check = EquationCheck("1+1=2", "2", "2", status, Source.RULES, None)
        lines = (GradedLine(1, row.solution, None, (check, check)),)
        flags = ("truncated",) if bad else ()
        if row.solution == "nothing":
            return GradedSolution(RowStatus.GRADED, flags=("nothing_checked",))
        return GradedSolution(RowStatus.GRADED, verdict, None, None, None, 2, 2 * bad, flags, lines)


def write(path, solutions, **columns):
    pq.write_table(pa.table({"problem": ["p"] * len(solutions), "solution": solutions, **columns}), path)
    return path


def run(tmp_path, path, grader=None, **options):
    request = Request([str(path)], tmp_path / "report.parquet", **options)
    return run_grade(prepare(request), Alone(grader or FakeGrader()), Log(Style.QUIET))


def report(tmp_path):
    return pq.read_table(tmp_path / "report.parquet")


def test_every_row_gets_its_answer(tmp_path):
    """Rows are graded in order; a row that cannot be graded says why and costs no other."""
    run(tmp_path, write(tmp_path / "in.parquet", ["good", "bad", None, "raise", "", "good"]))
    table = report(tmp_path)
    assert table["grade_status"].to_pylist() == ["graded", "graded", "skipped", "failed", "skipped", "graded"]
    assert table["grade_message"][3].as_py() == "could not be graded: ValueError: no such number"
    assert table["grade_verdict"].to_pylist()[:2] == ["correct", "computational_error"]


def test_the_counts(tmp_path):
    """Summary, file metadata and the summary file tell the same counts."""
    solutions = ["good", "bad", None, "raise", "nothing"]
    summary = run(
        tmp_path,
        write(tmp_path / "in.parquet", solutions),
        summary=tmp_path / "counts.json",
        options={"extractor": "rules"},
    )
    assert summary.rows == 5
    assert summary.by_status == {"graded": 3, "skipped": 1, "failed": 1}
    assert summary.by_verdict == {"correct": 1, "computational_error": 1}
    assert summary.equations == {"holds": 2, "fails": 2}
    assert summary.flags == {"truncated": 1, "nothing_checked": 1}
    assert (summary.flagged, summary.nothing_checked) == (2, 1)
    counts = json.loads((tmp_path / "counts.json").read_text())
    assert counts["by_status"] == summary.by_status
    assert counts["pair"] == "fake pair"
    metadata = json.loads(pq.read_metadata(tmp_path / "report.parquet").metadata[b"grader"])
    assert metadata["format"] == 1
    assert metadata["version"] == __version__
    assert metadata["options"] == {"extractor": "rules"}
    assert metadata["extractor"] == {"name": "fake"}
    assert metadata["classifier"] is None
    assert metadata["columns"]["solution"] == "solution"
    assert metadata["input"]["files"] == 1
    assert metadata["rows"] == {
        "total": 5,
        "status": {"failed": 1, "graded": 3, "skipped": 1},
        "verdict": {"computational_error": 1, "correct": 1},
        "nothing_checked": 1,
    }


def test_the_table_for_people(tmp_path):
    """The table shows counts and shares, and says who graded."""
    table = run(tmp_path, write(tmp_path / "in.parquet", ["good", "bad", "nothing", None])).table()
    lines = {line[:28].strip(): line.split() for line in table.splitlines()}
    assert lines["graded"][-2:] == ["3", "75.00%"]
    assert lines["computational_error"][-2:] == ["1", "33.33%"]
    assert lines["nothing checked"][-2:] == ["1", "33.33%"]
    assert "fake pair" in table
    assert "report.parquet" in table
    assert len({len(line) for line in table.splitlines() if line.endswith("%")}) == 1


def test_an_input_without_rows(tmp_path):
    """No rows in, no rows out: a valid report and a table without shares."""
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"problem": pa.array([], pa.string()), "solution": pa.array([], pa.string())}), path)
    assert run(tmp_path, path).rows == 0
    assert report(tmp_path).num_rows == 0


COLUMNS = st.one_of(
    *(
        st.lists(values, min_size=3, max_size=3).map(lambda cells, kind=kind: pa.array(cells, kind))
        for values, kind in [
            (st.none() | st.text(max_size=5), pa.large_string()),
            (st.none() | st.text(max_size=5), pa.string_view()),
            (st.none() | st.binary(max_size=5), pa.binary()),
            (st.none() | st.integers(-128, 127), pa.int8()),
            (st.none() | st.integers(0, 2**64 - 1), pa.uint64()),
            (st.none() | st.floats(width=16, allow_nan=False), pa.float16()),
            (st.none() | st.booleans(), pa.bool_()),
            (st.none() | st.decimals(-99, 99, places=2), pa.decimal128(6, 2)),
            (st.none() | st.datetimes(), pa.timestamp("us")),
            (st.none() | st.dates(), pa.date32()),
            (st.none() | st.lists(st.none() | st.integers(0, 9), max_size=3), pa.list_(pa.int32())),
            (st.none() | st.lists(st.integers(0, 9), min_size=2, max_size=2), pa.list_(pa.int32(), 2)),
            (st.none() | st.fixed_dictionaries({"a": st.none() | st.text()}), pa.struct([("a", pa.string())])),
            (st.just(None), pa.null()),
            (st.none() | st.dictionaries(st.text(max_size=3), st.integers(0, 9)).map(lambda d: list(d.items())),
             pa.map_(pa.string(), pa.int64())),
        ]
    ),
    st.lists(st.none() | st.sampled_from("ab"), min_size=3, max_size=3).map(
        lambda cells: pa.array(cells, pa.string()).dictionary_encode()
    ),
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.lists(COLUMNS, min_size=1, max_size=4), st.integers(0, 4))
def test_input_columns_come_back_unchanged(tmp_path_factory, arrays, place):
    """Columns of any kind pass through unchanged and in order, the report's columns after them."""
    tmp_path = tmp_path_factory.mktemp("run")
    columns = [(f"extra {index}", array) for index, array in enumerate(arrays)]
    columns[place:place] = [("question", pa.array(["p"] * 3)), ("answer", pa.array(["good", "bad", None]))]
    table = pa.table(dict(columns))
    pq.write_table(table, tmp_path / "in.parquet")
    run(tmp_path, tmp_path / "in.parquet")
    written = report(tmp_path)
    assert written.column_names == [*table.column_names, *REPORT.names]
    assert written.select(table.column_names).schema.equals(pq.read_schema(tmp_path / "in.parquet"))
    assert written.select(table.column_names).equals(pq.read_table(tmp_path / "in.parquet"))


class TestRefusals:
    """What is wrong with a request is said before anything is read."""

    def _refusal(self, tmp_path, output, kind=UsageError, **options):
        with pytest.raises(kind) as caught:
            prepare(Request([str(tmp_path / "in.parquet")], output, **options))
        assert str(caught.value).startswith(f"{options.get('summary', output)}: ")
        return str(caught.value)

    def test_outputs(self, tmp_path):
        """Folder, ending, missing folder and existing report: each names the output and the remedy."""
        (tmp_path / "there.parquet").touch()
        assert "names a folder" in self._refusal(tmp_path, tmp_path)
        assert ".parquet" in self._refusal(tmp_path, tmp_path / "report.csv")
        assert "mkdir -p" in self._refusal(tmp_path, tmp_path / "gone" / "report.parquet")
        assert "--overwrite" in self._refusal(tmp_path, tmp_path / "there.parquet")
        assert ".json" in self._refusal(tmp_path, tmp_path / "report.parquet", summary=tmp_path / "counts.txt")

    def test_the_output_is_an_input(self, tmp_path):
        """Even with --overwrite an input is not written over, whatever it is called."""
        write(tmp_path / "in.parquet", ["good"])
        (tmp_path / "link.parquet").symlink_to(tmp_path / "in.parquet")
        for name in ("in.parquet", "link.parquet"):
            self._refusal(tmp_path, tmp_path / name, InputError, overwrite=True)


class TestInterruptions:
    """Nothing half-written is left."""

    def _left(self, tmp_path):
        return sorted(file.name for file in tmp_path.iterdir())

    @pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, EnvironmentStop])
    def test_errors_that_end_a_run(self, tmp_path, error):
        """An interruption, or a stop that the grader asks for, is not taken for a bad row."""

        class Interrupted(FakeGrader):
            def grade(self, solutions):
                raise error

        with pytest.raises(error):
            run(tmp_path, write(tmp_path / "in.parquet", ["good"]), Interrupted())
        assert self._left(tmp_path) == ["in.parquet"]

    def test_a_damaged_page_found_late(self, tmp_path, capsys):
        """An input that turns out damaged after thousands of rows leaves no report, and the parts before the damage."""
        path = write(tmp_path / "in.parquet", [f"text {index * 7919 % 9973}" for index in range(50_000)])
        whole = bytearray(path.read_bytes())
        middle = len(whole) // 2
        whole[middle : middle + 2000] = bytes(byte ^ 0xFF for byte in whole[middle : middle + 2000])
        path.write_bytes(whole)
        with pytest.raises(InputError, match=r"in\.parquet"):
            run(tmp_path, path, part_rows=1000)
        assert self._left(tmp_path) == ["in.parquet", "report.parquet.parts"]
        assert re.search(r"\d+ parts with \d+,000 rows are kept", capsys.readouterr().err)

    def test_a_wrong_number_of_answers(self, tmp_path):
        """A grader that drops rows fails those rows instead of shifting the others."""

        class Dropping(FakeGrader):
            def grade(self, solutions):
                return super().grade(solutions)[1:]

        run(tmp_path, write(tmp_path / "in.parquet", ["good", "bad"]), Dropping())
        assert report(tmp_path)["grade_status"].to_pylist() == ["failed", "failed"]

    def test_a_row_lost_on_the_way(self, tmp_path, monkeypatch):
        """Rows read and rows written are compared before the report takes its place."""
        monkeypatch.setattr("grader.parquet_io.writer.AtomicWriter.write", lambda self, batch: None)
        with pytest.raises(GraderError, match="1 rows were read, 1 graded and 0 written"):
            run(tmp_path, write(tmp_path / "in.parquet", ["good"]))
        assert self._left(tmp_path) == ["in.parquet"]


def test_progress_in_a_log(capsys):
    """Without a terminal progress is a plain line now and then."""
    with Progress(Log(), 1000, interval_s=0.0) as progress:
        progress.advance(500)
    assert re.fullmatch(r"grade: 500 of 1,000 rows, [\d,]+ rows/s, \d+ s left\n", capsys.readouterr().err)
    with Progress(Log(), None, interval_s=0.0) as progress:
        progress.advance(500)
    assert re.fullmatch(r"grade: 500 rows, [\d,]+ rows/s\n", capsys.readouterr().err)
    with Progress(Log(), None) as progress:
        progress.advance(500)
    assert capsys.readouterr().err == ""


def test_the_time_left_is_told_by_the_speed_of_this_run(capsys, monkeypatch):
    """Rows that an earlier run graded do not make this one look faster than it is."""
    times = iter([0.0, 100.0])
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    with Progress(Log(Style.JSON), 10_000, done=9_000, interval_s=0.0) as progress:
        progress.advance(500)
    event = json.loads(capsys.readouterr().err)
    assert event == {"event": "rate", "rows": 9_500, "total": 10_000, "rows_per_second": 5.0, "seconds_left": 100}


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (59.4, "59 s"), (75, "1 min 15 s"), (3600, "1 h 0 min"), (90_061, "25 h 1 min")]
)
def test_durations(seconds, said):
    """A time is written by its two largest units."""
    assert duration(seconds) == said


MEMORY = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_run import FakeGrader
from grader.run import Alone, Request, prepare, run_grade
run_grade(prepare(Request([sys.argv[2]], Path(sys.argv[3]))), Alone(FakeGrader()))
# Not getrusage: its peak includes that of the parent up to the exec.
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_memory_does_not_grow_with_the_file(tmp_path, kind):
    """A file ten times as long, in one row group, needs about the same memory."""
    peaks = []
    for rows in (20_000, 200_000):
        solutions = [f"{index} good {'x' * 400} {index * 7919}" for index in range(rows)]
        path = tmp_path / f"{rows}.{kind}"
        if kind == "parquet":
            table = pa.table({"problem": ["p"] * rows, "solution": solutions})
            pq.write_table(table, path, row_group_size=rows, compression="none", use_dictionary=False)
        else:
            path.write_text("".join(f'{{"problem": "p", "solution": "{text}"}}\n' for text in solutions))
        command = [
            sys.executable,
            "-c",
            MEMORY,
            str(Path(__file__).parent),
            str(path),
            str(tmp_path / f"{rows}.out.parquet"),
        ]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        peaks.append(int(ended.stdout) >> 10)
    assert peaks[1] < peaks[0] + 60, f"MiB at the peak: {peaks}"
