"""Worker processes: the same answers as one process gives, whatever becomes of a worker."""

import json
import os
import signal
import sys
import time
from itertools import count
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.columns import ColumnNames, discover
from grader.engines import Pair
from grader.engines.scripted import ScriptedClassifier, ScriptedExtractor
from grader.errors import EnvironmentStop
from grader.parquet_io.report import report_batch
from grader.pipeline import Answer, Grader, Question
from grader.run import Log, crew
from grader.run.careful import ask_all
from grader.run.chunks import chunks_of, cut
from grader.run.crew import Crew
from grader.run.graders import Alone
from grader.run.hand import COMMAND
from grader.run.log import Style
from grader.run.profile import Watch
from grader.run.wire import (
    from_answers,
    from_questions,
    from_solutions,
    pack,
    to_answers,
    to_questions,
    to_solutions,
    unpack,
)
from grader.run.worker import Desk
from grader.types import Classification, Solution

BAD = (sys.executable, str(Path(__file__).parent / "faults" / "bad_worker.py"))
RULES = Pair(name="rules alone")
UNSURE = "25 times 4 equals 100"
TEXTS = st.text(max_size=15)
LISTS = st.lists(TEXTS, max_size=3)


def modelled():
    extractor = ScriptedExtractor({UNSURE: ["25*4=100"], "25 times 4 equals 1000": ["25*4=100"]})
    judged = {f"{index} + 1 = {index + 1}": Classification(index / 100, (0.1, index / 3)) for index in range(50)}
    return Pair("auto", extractor, ScriptedClassifier(judged, default=0.25), 0.3, "a script")


def chunked(solutions, part_rows=20, chunk_rows=7):
    table = pa.table({"problem": ["p"] * len(solutions), "solution": pa.array(solutions)})
    columns = discover(table.schema, ColumnNames(), "here")
    return list(chunks_of(table.to_batches(max_chunksize=5), 0, columns, part_rows, chunk_rows))


def graded(grader, solutions, **options):
    """Give the report rows of the solutions, of the distinct ones in each part."""
    return [row for _, report in grader.reports(chunked(solutions, **options)) for row in report.to_pylist()]


def crew_of(pair=RULES, workers=2, command=COMMAND, **options):
    return Crew(pair, workers, Log(Style.JSON), command=command, **options)


MIXED = [f"{index} + 1 = {index + 1 + (index % 5 == 0)}" for index in range(50)] + [None, "", UNSURE, "1+1=2"] * 3


@pytest.mark.parametrize("pair", [RULES, modelled()], ids=["rules", "models"])
@pytest.mark.parametrize("workers", [1, 3])
def test_a_crew_answers_as_one_process_does(pair, workers):
    """The report columns are those that ``Grader.grade`` gives, in order, with models or without, steps or text."""
    with Grader(pair) as grader:
        alone = graded(Alone(grader), MIXED)
        steps = [None if text is None else text.split(" = ") for text in MIXED]
        alone_steps = graded(Alone(grader), steps)
    with crew_of(pair, workers) as many:
        assert graded(many, MIXED) == alone
        assert graded(many, steps) == alone_steps


class TestBadRows:
    """Rows that a worker does not survive."""

    def _graded(self, bad, capsys, pair=RULES, **options):
        solutions = [f"{index} + 1 = {index + 1}" for index in range(30)]
        solutions[11] = bad
        with crew_of(pair, command=BAD, **options) as grader:
            rows = graded(grader, solutions)
        assert [row["grade_status"] for row in rows] == ["graded"] * 11 + [rows[11]["grade_status"]] + ["graded"] * 18
        events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert all(event["event"] == "retry" for event in events)
        return rows[11], events

    def test_a_row_that_kills_its_worker(self, capsys):
        """Its chunk is tried again, then row by row: it alone fails, and the message says why."""
        row, events = self._graded("DIE", capsys)
        assert (row["grade_status"], row["grade_message"]) == (
            "failed", "could not be graded: its worker process was killed (SIGSEGV)",
        )  # fmt: skip
        assert [event["rows"] for event in events] == ["rows 8 to 14", "rows 8 to 14", "row 5 of 7 in rows 8 to 14"]

    def test_a_row_that_kills_its_worker_when_models_are_asked(self, capsys):
        """Rows that wait for the models, or for their answers, are drafted anew when their worker is gone."""
        row, _ = self._graded("DIE", capsys, modelled())
        assert row["grade_status"] == "failed"

    def test_a_row_that_hangs(self, capsys):
        """A worker that says nothing for too long is replaced like one that died."""
        row, _ = self._graded("HANG", capsys, stuck_s=1.5)
        assert row["grade_message"] == "could not be graded: nothing came of it for 2 s"

    def test_a_row_that_raises(self, capsys):
        """An error costs its row, and no worker."""
        row, events = self._graded("RAISE", capsys)
        assert row["grade_message"] == "could not be graded: ValueError: no such number"
        assert events == []

    def test_a_worker_that_dies_once(self, capsys, tmp_path):
        """A chunk whose worker was killed from outside is graded by another one."""
        row, events = self._graded(f"1 + 1 = 2, ONCE {tmp_path / 'mark'}", capsys)
        assert row["grade_verdict"] == "correct"
        assert [event["why"] for event in events] == ["its worker process was killed (SIGKILL)"]


def test_workers_that_do_not_start(monkeypatch):
    """Where no worker comes up the run stops and says why, instead of trying for ever."""
    command = (sys.executable, "-c", "raise SystemExit('no such\\nmodule')")
    with (
        crew_of(command=command) as grader,
        pytest.raises(EnvironmentStop, match=r"do not start \(its worker process ended with code 1, saying 'module'\)"),
    ):
        graded(grader, MIXED)


def test_workers_end_with_the_crew():
    """No worker outlives its crew, nor the process that started it."""
    with crew_of() as grader:
        graded(grader, MIXED)
        pids = [hand.pid for hand in grader._hands]
        assert len(pids) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_a_stopped_process_is_not_a_stuck_worker(monkeypatch):
    """Time in which this process could not listen does not count against a worker; silence while it listens does."""
    grader = crew_of(stuck_s=5.0)
    now = count(0, 1000)
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    grader._looked = -1000
    hand = type("H", (), {"working": [1], "quiet_s": 0.0, "is_ready": True, "grows_quiet": crew.Hand.grows_quiet})()
    grader._hands = [hand]
    lost = []
    monkeypatch.setattr(grader, "_lost", lambda hand, why: lost.append(why))
    grader._listen(wait=False)
    assert (hand.quiet_s, lost) == (2.0, [])
    grader._listen(wait=False)
    grader._listen(wait=False)
    assert lost == ["nothing came of it for 5 s"]


class Moody:
    """A classifier that raises on some texts."""

    def classify(self, solutions):
        """Judge, or raise."""
        if any("bad" in row.solution for row in solutions):
            raise ValueError("out of memory")
        return [Classification(0.5, ()) for _ in solutions]

    def identity(self):
        """Have no name."""
        return {}


def test_a_model_that_raises_costs_its_row():
    """A chunk at which the models raise is asked row by row; where they answer nothing at all the run stops."""
    pair = Pair("rules", None, Moody(), 0.5, "moody")
    rows = [Solution("p", text) for text in ("a", "bad", "c")]
    answers = ask_all(pair, rows, [Question([], [])] * 3)
    assert answers == [Answer([], Classification(0.5, ())), "ValueError: out of memory", answers[0]]
    with crew_of(pair, 1) as grader:
        row = graded(grader, ["a", "bad", "c"])[1]
    assert row["grade_message"] == "could not be graded: ValueError: out of memory"
    with pytest.raises(EnvironmentStop, match="the models do not answer"):
        ask_all(pair, [Solution("p", "bad")] * 2, [Question([], [])] * 2)


class TestWire:
    """What crosses the boundary comes out as it went in."""

    @settings(max_examples=50)
    @given(st.lists(st.builds(Solution, TEXTS, st.none() | TEXTS, st.none() | TEXTS), min_size=1, max_size=5))
    def test_rows(self, rows):
        """Texts of any kind, and nulls."""
        assert to_solutions(unpack(pack("rows", 3, from_solutions(rows))).batch) == rows

    @settings(max_examples=50)
    @given(st.lists(st.builds(Solution, TEXTS, st.none() | LISTS.map(tuple)), min_size=1, max_size=5))
    def test_rows_of_steps(self, rows):
        """Lists of steps."""
        assert to_solutions(unpack(pack("rows", 3, from_solutions(rows))).batch) == rows

    @settings(max_examples=50)
    @given(
        st.lists(st.none() | st.builds(Question, LISTS, st.lists(LISTS, max_size=3)), max_size=4),
        st.lists(
            st.none()
            | TEXTS
            | st.builds(
                Answer,
                st.lists(LISTS, max_size=3),
                st.none()
                | st.builds(Classification, st.floats(0, 1), st.lists(st.floats(0, 1), max_size=3).map(tuple)),
            ),
            max_size=4,
        ),
    )
    def test_questions_and_answers(self, questions, answers):
        """What the models are asked and say, to the last bit, and why they said nothing."""
        message = unpack(pack("questions", 7, from_questions(questions), seconds={"rules": 0.5}))
        assert (message.kind, message.task, message.notes) == ("questions", 7, {"seconds": {"rules": 0.5}})
        assert to_questions(message.batch) == questions
        assert to_answers(unpack(pack("answers", 7, from_answers(answers))).batch) == answers

    def test_a_report_of_no_rows(self):
        """A message keeps its schema without rows."""
        assert unpack(pack("report", 1, report_batch([]))).batch.schema == report_batch([]).schema


def test_a_desk_says_that_it_works(monkeypatch):
    """Between rows that take long a worker sends a sign of life."""
    sent = []
    seconds = iter([0.0, 0.5, 2.0, 2.5, 3.5, 3.6])
    monkeypatch.setattr("grader.run.worker.time.monotonic", lambda: next(seconds, 3.6))
    desk = Desk({"mode": "rules", "asks": False, "threshold": 0.5, "plain_text": False}, sent.append)
    rows = from_solutions([Solution("", "1+1=2")] * 3)
    answer = unpack(desk.handle(unpack(pack("rows", 0, rows))))
    assert [unpack(data).kind for data in sent] == ["beat", "beat"]
    assert answer.batch.column("grade_status").to_pylist() == ["graded"] * 3
    assert {"rows", "rules", "check", "columns"} == set(answer.notes["seconds"])


@given(
    st.lists(st.integers(0, 9), max_size=12),
    st.integers(1, 7),
    st.integers(1, 5),
    st.integers(0, 3),
)
def test_chunks_end_where_they_would_end_in_a_whole_run(sizes, part_rows, chunk_rows, part):
    """All rows are there once, in order; a run that begins at a later part has the chunks of a whole one."""
    batches = [pa.record_batch({"n": pa.array(range(sum(sizes[:i]), sum(sizes[: i + 1])))}) for i in range(len(sizes))]
    whole = [
        (first, [n for piece in pieces for n in piece["n"].to_pylist()])
        for first, pieces in cut(batches, 0, part_rows, chunk_rows)
    ]
    assert [n for _, rows in whole for n in rows] == list(range(sum(sizes)))
    assert all(first == rows[0] and len(rows) <= chunk_rows for first, rows in whole)
    assert all(first // part_rows == rows[-1] // part_rows for first, rows in whole)
    start = part * part_rows
    later = [batch.filter(pa.array([n >= start for n in batch["n"].to_pylist()], pa.bool_())) for batch in batches]
    found = cut([batch for batch in later if batch.num_rows], start, part_rows, chunk_rows)
    assert [(first, [n for piece in pieces for n in piece["n"].to_pylist()]) for first, pieces in found] == [
        row for row in whole if row[0] >= start
    ]


def test_a_profile_adds_up():
    """The table lists the stages by their share of the work, the largest first."""
    watch = Watch()
    watch.add({"rules": 3.0, "check": 1.0})
    watch.add({"check": 5.0, "wait": 9.0})
    lines = watch.table().splitlines()
    assert [line.split()[-1] for line in lines] == ["66.7%", "33.3%", "s"]
    assert lines[0].startswith("checking and deciding")


def test_cores_are_those_that_may_be_used(monkeypatch, tmp_path):
    """A container's quota counts, where there is one."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    quota = tmp_path / "cpu.max"
    monkeypatch.setattr(crew, "QUOTA", quota)
    assert crew.cores() == 8
    for text, cores in (("max 100000", 8), ("250000 100000", 2), ("50000 100000", 1)):
        quota.write_text(text)
        assert crew.cores() == cores
    assert crew.default_workers(modelled()) == 1
    assert crew.default_workers(RULES) == 1


def test_a_worker_ignores_ctrl_c():
    """Ctrl-C is for the run: a worker that is sent SIGINT goes on."""
    with crew_of(workers=1) as grader:
        before = graded(grader, MIXED[:7])
        os.kill(grader._hands[0].pid, signal.SIGINT)
        assert graded(grader, MIXED[:7]) == before
        assert grader._stillborn == 0
