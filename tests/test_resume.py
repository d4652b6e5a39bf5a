"""A run that was stopped goes on where it was, with the rows it would have had; another run is told what differs."""

import json
import os
import shutil
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from grader.engines import Pair
from grader.errors import EnvironmentStop, InputError, UsageError
from grader.pipeline import Grader
from grader.run import Alone, Log, Request, prepare, run_grade
from grader.run.log import Style
from grader.run.parts import Part, Parts
from grader.types import Solution

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


class TestDamage:
    """What the disk did to finished parts."""

    @pytest.mark.parametrize("damage", ["flipped", "truncated", "gone"])
    @pytest.mark.parametrize("part", [0, 1, 2])
    def test_a_damaged_part_is_graded_again(self, folder, capsys, damage, part):
        """A part whose checksum does not hold is named and graded again, and no other."""
        run(folder, 3)
        path = folder / "report.parquet.parts" / f"part-0000{part}.parquet"
        data = bytearray(path.read_bytes())
        if damage == "gone":
            path.unlink()
        elif damage == "truncated":
            path.write_bytes(data[:-1])
        else:
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
        assert run(folder) == [(part * 10, 10), (30, 10), (40, 5)]
        assert f"part-0000{part}.parquet: this part is not what was written" in capsys.readouterr().err
        assert report(folder).equals(expected(folder))

    def test_damage_that_the_join_finds(self, folder, monkeypatch):
        """A part that goes bad after it was checked stops the run, which goes on by grading it again."""
        monkeypatch.setattr(Parts, "holds", lambda *_: False)
        with pytest.raises(EnvironmentStop, match=r"part-00000\.parquet: this part was damaged"):
            run(folder)
        monkeypatch.undo()
        assert run(folder) == []
        assert report(folder).equals(expected(folder))

    @pytest.mark.parametrize("notes", [b"", b"{}", b"[1]", b"null", b"\xff", None])
    def test_damaged_notes(self, folder, notes):
        """Where run.json cannot be trusted the run says so and keeps the parts; --restart starts over."""
        run(folder, 2)
        path = folder / "report.parquet.parts" / "run.json"
        path.write_bytes(path.read_bytes().replace(b"10", b"11", 1) if notes is None else notes)
        with pytest.raises(UsageError, match=r"run\.json: the notes .* are damaged; start over with --restart"):
            run(folder)
        assert (folder / "report.parquet.parts" / "part-00001.parquet").exists()
        assert len(run(folder, restart=True)) == 5
        assert report(folder).num_rows == ROWS


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


class TestLock:
    """One run at a time."""

    def test_the_second_run_is_refused(self, folder):
        """A run that finds another one at work names its process and leaves it alone."""
        with (
            Parts.hold(folder / "report.parquet"),
            pytest.raises(EnvironmentStop, match=rf"process {os.getpid()} on .* is at work here"),
        ):
            run(folder)
        run(folder)

    def test_a_stale_lock(self, folder):
        """A lock file whose process is gone, or that says nothing, is no lock."""
        run(folder, 2)
        for stale in ("999999 elsewhere\n", ""):
            (folder / "report.parquet.parts" / "lock").write_text(stale)
            assert len(run(folder, 1)) == 1
        run(folder)

    def test_a_link_in_the_place_of_the_folder(self, folder):
        """Parts are not written through a link that somebody put there."""
        (folder / "elsewhere").mkdir()
        (folder / "report.parquet.parts").symlink_to(folder / "elsewhere")
        with pytest.raises(UsageError, match="move this file away"):
            run(folder)


class TestAfterTheReport:
    """Runs that were ended when the report was in its place, before they could clean up."""

    @pytest.fixture
    def ended(self, folder, monkeypatch):
        """Give a folder in which a run was ended between the renaming and the cleaning up."""

        def never(self):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(Parts, "clear", lambda self: None)
            run(folder, 1)
            patch.setattr(Parts, "clear", never)
            with pytest.raises(KeyboardInterrupt):
                run(folder, summary=folder / "counts.json")
        assert report(folder).num_rows == ROWS
        return folder

    def test_the_same_command_cleans_up(self, ended, capsys):
        """The same command needs no --overwrite: it writes the summary again, removes the folder, and that is all."""
        (ended / "counts.json").unlink()
        before = (ended / "report.parquet").read_bytes()
        assert run(ended, summary=ended / "counts.json") == []
        assert "the report was in its place already" in capsys.readouterr().err
        assert json.loads((ended / "counts.json").read_text())["rows"] == ROWS
        assert not (ended / "report.parquet.parts").exists()
        assert (ended / "report.parquet").read_bytes() == before

    def test_another_command_is_refused_or_overwrites(self, ended):
        """Another command finds a finished report in its way."""
        with pytest.raises(UsageError, match="--overwrite"):
            run(ended, options={"limit": 3})
        assert len(run(ended, options={"limit": 3}, overwrite=True)) == 5


class TestDisk:
    """The machine says no."""

    def test_a_full_disk(self, folder, monkeypatch):
        """A disk that is full stops the run with exit code 3; with room again the same command goes on."""
        whole = pq.ParquetWriter.write_table
        written = []

        def full(self, *arguments, **options):
            written.append(1)
            if len(written) > 2:
                raise OSError(28, "No space left on device")
            whole(self, *arguments, **options)

        monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
        with pytest.raises(EnvironmentStop, match="free some space and run the same command again") as caught:
            run(folder)
        assert caught.value.exit_code == 3
        monkeypatch.undo()
        assert len(run(folder)) == 3
        assert report(folder).equals(expected(folder))

    def test_a_folder_that_is_taken_away(self, folder):
        """Where somebody removes the parts under way, the run says so and can be started again."""

        class Losing(Stopping):
            def reports(self, chunks):
                for number, row in enumerate(super().reports(chunks)):
                    if number == 2:
                        shutil.rmtree(folder / "report.parquet.parts")
                    yield row

        with pytest.raises(EnvironmentStop, match="the folder was taken away"):
            run(folder, grader=Losing())
        assert len(run(folder)) == 5

    def test_a_clock_that_jumps(self, folder, monkeypatch):
        """Nothing depends on the time of day."""
        times = iter([1e9, -5.0, 4e9, 0.0] * 1000)
        monkeypatch.setattr(time, "time", lambda: next(times))
        run(folder, 2)
        run(folder)
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
