"""A run that was stopped goes on where it was, with the rows it would have had; another run is told what differs."""

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import stopped_runs
from stopped_runs import PART_ROWS, ROWS, Stopping, expected, kept, report, run

from grader.engines import Pair
from grader.errors import InputError, UsageError
from grader.pipeline import Grader
from grader.run import Alone, Log, Request, prepare, run_grade
from grader.run.log import Style
from grader.run.parts import Part, Parts
from grader.types import Solution

folder = stopped_runs.folder


@pytest.mark.parametrize("stop", range(5))
def test_a_stopped_run_goes_on(folder, capsys, stop):
    """The same command grades only the rows that are missing, says from where, and leaves nothing but its report."""
    run(folder, stop)
    assert kept(folder) == (stop, stop * PART_ROWS)
    capsys.readouterr()
    asked = run(folder)
    assert asked == [(first, min(PART_ROWS, ROWS - first)) for first in range(stop * PART_ROWS, ROWS, PART_ROWS)]
    said = f"resuming: {stop} parts with {stop * 10} of 45 rows are there; going on at row {stop * 10 + 1}"
    assert (said in capsys.readouterr().err) == (stop > 0)
    assert sorted(path.name for path in folder.iterdir()) == ["in.parquet", "report.parquet"]
    assert report(folder).equals(expected(folder))


@pytest.mark.parametrize("limit", [None, 20, 25, 99])
@pytest.mark.parametrize("name", ["in.csv", "in.jsonl", "in.parquet"])
def test_every_format_goes_on(folder, name, limit):
    """Inputs that cannot say how many rows they have go on as well, with a limit or without."""
    rows = pq.read_table(folder / "in.parquet").to_pylist()
    if name == "in.jsonl":
        (folder / name).write_text("".join(json.dumps(row) + "\n\n" for row in rows))
    elif name == "in.csv":
        (folder / name).write_text("problem,solution\n" + "".join(f"p,{row['solution']}\n" for row in rows))
    run(folder, 1, name=name, limit=limit)
    assert run(folder, name=name, limit=limit)[0] == (10, 10)
    assert report(folder).num_rows == min(limit or ROWS, ROWS)
    assert report(folder).equals(expected(folder, name, limit=limit))


def test_nothing_is_left_of_a_run_that_finished_no_part(folder):
    """A run that is stopped in its first part leaves the folder as it was."""
    run(folder, 0)
    assert [path.name for path in folder.iterdir()] == ["in.parquet"]


class TestDifferences:
    """Parts are of one command, one version, one input."""

    def _refused(self, folder, said, **options):
        with pytest.raises(UsageError) as caught:
            run(folder, **options)
        assert said in str(caught.value)
        assert "--restart" in str(caught.value)
        assert kept(folder) == (2, 20)

    def test_options_and_models(self, folder, monkeypatch):
        """Another option, model or version is refused by name; nothing that was there is lost."""
        run(folder, 2, options={"limit": None, "extractor": "rules"})
        self._refused(folder, "--limit was not given and is 7", options={"limit": 7, "extractor": "rules"})
        self._refused(
            folder, "--part-rows was 10 and is 20", part_rows=20, options={"limit": None, "extractor": "rules"}
        )
        self._refused(
            folder, "--extractor was rules and is not given; --new was not given and is 1", options={"new": 1}
        )
        other = Stopping()
        other.pair = type("P", (), {"describe": lambda self: {"extractor": {"model": "x"}}, "sentence": str})()
        self._refused(folder, "the models differ (extractor.mode was rules and is not given)", grader=other)
        monkeypatch.setattr("grader.run.identity.__version__", "9.9")
        self._refused(folder, "this is 9.9")

    def test_inputs(self, folder):
        """Another file, another number of files, or another content is refused by name."""
        run(folder, 2)
        shutil.copy(folder / "in.parquet", folder / "b.parquet")
        self._refused(folder, "the input in.parquet was where b.parquet is now", name="b.parquet")
        self._refused(folder, "there were 1 inputs and are 2", name="*.parquet")
        changed = bytearray((folder / "in.parquet").read_bytes())
        changed[6] ^= 1
        (folder / "in.parquet").write_bytes(changed)
        self._refused(folder, "the input in.parquet has changed")
        self._refused(folder, "Give the same command, with the inputs as they were, to go on")

    def test_the_same_content_elsewhere(self, folder):
        """A copy of the input is the input."""
        run(folder, 2)
        (folder / "copy").mkdir()
        shutil.move(folder / "in.parquet", folder / "copy" / "in.parquet")
        assert len(run(folder, name="copy/in.parquet")) == 3

    def test_restart(self, folder):
        """--restart throws the parts away and takes the new options."""
        run(folder, 2)
        assert len(run(folder, restart=True, options={"limit": 3})) == 5

    def test_an_input_that_changes_under_way(self, folder):
        """An input that is written to while it is read is refused in the end; one that goes has been read."""

        class Meddling(Stopping):
            def __init__(self, removes):
                super().__init__()
                self.removes = removes

            def reports(self, chunks):
                yield from super().reports(chunks)
                path = folder / "in.parquet"
                if self.removes:
                    path.unlink()
                else:
                    path.write_bytes(path.read_bytes() + b"x")

        with pytest.raises(InputError, match=r"in\.parquet: this input was changed while it was read"):
            run(folder, grader=Meddling(removes=False))
        shutil.rmtree(folder / "report.parquet.parts")
        (folder / "in.parquet").write_bytes((folder / "in.parquet").read_bytes()[:-1])
        run(folder, grader=Meddling(removes=True))
        assert report(folder).num_rows == ROWS


def test_parts_of_the_run_are_no_inputs(folder):
    """A pattern that finds the parts of its own report is refused."""
    run(folder, 2)
    with pytest.raises(InputError, match="a part of the unfinished report"):
        run(folder, name="**/part-*.parquet", replace_grades=True)


@pytest.mark.parametrize("rows", [None, 0, 10, 25])
def test_gaps_are_what_no_part_has(tmp_path, rows):
    """Whatever parts are there, they and the gaps are all rows, each once."""
    for present in range(8):
        parts = Parts(tmp_path / "report.parquet")
        parts.part_rows = PART_ROWS
        whole = 25 if rows is None else rows
        sizes = [min(PART_ROWS, whole - first) for first in range(0, whole, PART_ROWS)]
        parts.done = {index: Part(size, "") for index, size in enumerate(sizes) if present >> index & 1}
        covered = [row for index, part in parts.done.items() for row in range(index * 10, index * 10 + part.rows)]
        for start, stop in parts.gaps(rows):
            assert stop is not None or rows is None
            covered += range(start, whole if stop is None else stop)
        assert sorted(covered) == list(range(whole))


def test_quiet_says_only_what_goes_wrong(folder, capsys):
    """With --quiet a run that goes well is silent, and one that is stopped says what is kept."""
    job = prepare(
        Request([str(folder / "in.parquet")], folder / "report.parquet", part_rows=PART_ROWS, command="grade x")
    )
    with pytest.raises(KeyboardInterrupt):
        run_grade(job, Stopping(2), Log(Style.QUIET))
    assert capsys.readouterr().err == "grade: 2 parts with 20 rows are kept; to go on: grade x\n"
    run_grade(job, Stopping(), Log(Style.QUIET))
    assert capsys.readouterr().err == ""


def test_events_for_programs(folder, capsys):
    """With --log-json every line is an event."""
    job = prepare(Request([str(folder / "in.parquet")], folder / "report.parquet", part_rows=PART_ROWS))
    with pytest.raises(KeyboardInterrupt):
        run_grade(job, Stopping(2), Log(Style.JSON))
    run_grade(job, Stopping(), Log(Style.JSON))
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    names = [event["event"] for event in events]
    assert names == ["start", "part", "part", "kept", "resume", "part", "part", "part"]
    assert [event["rows"] for event in events if event["event"] == "part"] == [10, 10, 10, 10, 5]
    assert events[4] == {"event": "resume", "parts": 2, "rows": 20, "total": 45, "at_row": 21}


class Counting(Stopping):
    """Remembers which solutions it was asked to grade."""

    def reports(self, chunks):
        """Note the solutions of each chunk."""

        def noted():
            for chunk in chunks:
                self.asked.append(list(chunk.solutions))
                yield chunk

        yield from Alone.reports(self, noted())


@pytest.mark.parametrize("chunk_rows", [3, 4, 512])
def test_rows_that_are_the_same_are_graded_once_in_a_part(tmp_path, monkeypatch, chunk_rows):
    """Problem, solution and reference decide; every row has its answer, also where a chunk brings nothing new."""
    monkeypatch.setattr("grader.run.graders.CHUNK_ROWS", chunk_rows)
    solutions = ["1+1=2", "1+1=3", "1+1=2", "1+1=2", "1+1=2", "2+2=5", "1+1=3", None, None, "1+1=2"]
    problems = ["p"] * 9 + ["q"]
    table = pa.table({"problem": problems * 2, "solution": solutions * 2, "n": list(range(20))})
    pq.write_table(table, tmp_path / "in.parquet")
    grader = Counting()
    run(tmp_path, grader=grader)
    graded = [solution for chunk in grader.asked for solution in chunk]
    distinct = [Solution("p", "1+1=2"), Solution("p", "1+1=3"), Solution("p", "2+2=5"), Solution("p", None)]
    assert graded == [*distinct, Solution("q", "1+1=2")] * 2
    with Grader(Pair()) as slow:
        rows = [Solution(*row) for row in zip(problems, solutions, strict=True)] * 2
        verdicts = [slow.grade([row])[0].verdict for row in rows]
    assert report(tmp_path)["grade_verdict"].to_pylist() == verdicts
    assert report(tmp_path)["n"].to_pylist() == list(range(20))
