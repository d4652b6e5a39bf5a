"""Models in threads beside the run, one pair a device: the same reports, and the work shared."""

import json
import threading
import time
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from test_crew import BAD, MIXED, chunked, graded, modelled
from tiny_models import tiny_adapter

from grader.cli.grade import main
from grader.engines import Pair, load_pair
from grader.engines.scripted import ScriptedClassifier, ScriptedExtractor
from grader.errors import EnvironmentStop
from grader.pipeline import Grader
from grader.run import Log
from grader.run.graders import Alone
from grader.run.hand import COMMAND
from grader.run.log import Style
from grader.run.side_by_side import SideBySide
from grader.types import Classification


def beside(pair, others=(), workers=2, command=COMMAND, at_once=1):
    return SideBySide(
        Pair(pair.mode, pair.extractor, pair.classifier, pair.threshold, pair.name, tuple(others), at_once),
        workers,
        Log(Style.JSON),
        command=command,
    )


@pytest.mark.parametrize(("count", "at_once"), [(1, 1), (3, 1), (1, 2)])
def test_it_answers_as_one_process_does(count, at_once):
    """With one pair beside the run or with three, the report columns are those of ``Grader.grade``, in order."""
    with Grader(modelled()) as grader:
        wanted = graded(Alone(grader), MIXED)
    with beside(modelled(), [modelled() for _ in range(count - 1)], at_once=at_once) as crew:
        assert graded(crew, MIXED) == wanted
        assert graded(crew, MIXED) == wanted
        assert min(crew.watch.seconds[name] for name in ("extractor", "classifier")) > 0


class Meeting(ScriptedClassifier):
    """Answers when as many pairs as there are have been asked at the same time."""

    def __init__(self, barrier, mark):
        super().__init__({}, default=mark)
        self.barrier = barrier

    def classify(self, solutions):
        """Wait for the others."""
        self.barrier.wait(timeout=60)
        return super().classify(solutions)


def test_pairs_work_at_the_same_time_on_different_chunks():
    """Two devices compute at once, and each has answered its share."""
    barrier = threading.Barrier(2)
    first, second = (Pair("auto", ScriptedExtractor({}), Meeting(barrier, mark), 0.5) for mark in (0.125, 0.25))
    with beside(first, [second], workers=1) as crew:
        rows = graded(crew, [f"{index} = {index}" for index in range(40)])  # six chunks
    shares = [row["grade_flaw_probability"] for row in rows]
    assert {shares.count(mark) for mark in (0.125, 0.25)} <= {18, 19, 20, 21, 22}
    assert len(shares) == 40
    assert not [thread for thread in threading.enumerate() if getattr(thread, "_target", None) == crew._answer]


class Ahead:
    """Both engines of a pair: a chunk is judged when the next one has begun to be read."""

    def __init__(self, chunks):
        self.chunks = chunks
        self.begun = threading.Semaphore(0)
        self.judged = self.reading = 0
        self.most = Counter()

    def extract(self, lines, drafts):
        """Say that a chunk is being read."""
        self.reading += 1
        self.most["reading"] = max(self.most["reading"], self.reading)
        self.begun.release()
        time.sleep(0.05)
        self.reading -= 1
        return [[] for _ in lines]

    def classify(self, solutions):
        """Wait until the chunk after this one is being read, if there is one."""
        self.judged += 1
        for _ in range(2 if self.judged == 1 else 1):
            if self.judged < self.chunks:
                assert self.begun.acquire(timeout=60)
        return [Classification(0.25, ()) for _ in solutions]

    def identity(self):
        """Have no name."""
        return {}


def test_one_chunk_is_judged_while_the_next_is_read():
    """A pair that is asked about two chunks at once lets neither engine wait for the other, nor asks one twice."""
    engine = Ahead(chunks=6)
    with beside(Pair("auto", engine, engine), workers=1, at_once=2) as crew:
        rows = graded(crew, [f"{index} times 2 is {2 * index}" for index in range(40)])
    assert [row["grade_flaw_probability"] for row in rows] == [0.25] * 40
    assert engine.judged == 6
    assert engine.most["reading"] == 1


def test_a_row_that_kills_its_worker_fails_alone():
    """Drafts that are lost with a worker are made anew, and their answers find the new one."""
    solutions = [f"{index} + 1 = {index + 1}" for index in range(30)]
    solutions[11] = "DIE"
    with beside(modelled(), [modelled()], command=BAD) as crew:
        rows = graded(crew, solutions)
    assert [row["grade_status"] for row in rows] == ["graded"] * 11 + ["failed"] + ["graded"] * 18


def test_models_that_do_not_answer_stop_the_run():
    """What a pair raises in its thread is raised in the run, and the threads end."""

    class Broken(ScriptedClassifier):
        def classify(self, solutions):
            """Fail."""
            raise ValueError("no kernel")

    pair = Pair("auto", ScriptedExtractor({}), Broken({}), 0.5)
    with (
        pytest.raises(EnvironmentStop, match=r"the models do not answer \(ValueError: no kernel\)"),
        beside(pair) as crew,
    ):
        graded(crew, ["1 = 1", "2 = 2"])
    assert not crew._threads


def test_a_run_that_is_left_early_ends_its_threads():
    """Chunks that wait for the models are dropped."""
    with beside(modelled(), [modelled()]) as crew:
        next(crew.reports(chunked(MIXED)))
    assert not crew._threads


def test_real_engines_at_work_at_once_answer_as_one_after_the_other(tmp_path):
    """Tiny models that judge one chunk while they read the next give the same report, to the last bit."""
    for kind in ("extractor", "classifier"):
        tiny_adapter(tmp_path / "pair" / kind, kind)
    pair = load_pair("model", adapters=str(tmp_path / "pair"), device="cpu")
    texts = [f"{index} + 1 = {index + 1}\nso {index} apples" for index in range(30)]
    answers = []
    for at_once in (1, 2):
        with beside(pair, at_once=at_once) as crew:
            answers.append(graded(crew, texts))
    assert answers[0] == answers[1]
    assert len({row["grade_flaw_probability"] for row in answers[0]}) > 20


def test_two_devices_write_the_report_of_one(tmp_path):
    """``--devices cpu,cpu`` grades every row as one device does, to the last bit, and is noted in the report."""
    tiny_adapter(tmp_path / "pair" / "extractor", "extractor")
    tiny_adapter(tmp_path / "pair" / "classifier", "classifier")
    source = Path(__file__).parent.parent / "sample_data" / "solutions.parquet"
    tables = []
    for name, options in (("one", ["--device", "cpu"]), ("two", ["--devices", "cpu,cpu"])):
        report = tmp_path / f"{name}.parquet"
        argv = [str(source), "-o", str(report), "--adapters", str(tmp_path / "pair"), "--limit", "24"]
        assert main([*argv, *options, "--part-rows", "4", "--workers", "1", "--quiet"]) == 0
        tables.append(pq.read_table(report))
        noted = json.loads(pq.read_metadata(report).metadata[b"grader"])["options"]
        assert noted.get("devices") == (["cpu", "cpu"] if name == "two" else None)
        assert ("devices" in noted) == (name == "two")
    assert tables[0].equals(tables[1])
