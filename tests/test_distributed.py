"""Grading on a Ray cluster of two nodes that the test starts: the rows of a local run, whatever dies on the way."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
import types
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from servers import Flaky

from grader import remote
from grader.cli.grade import main as grade
from grader.cli.join import main as join
from grader.distributed import Cluster, PartGrader, Plan, _finished, run_on_ray
from grader.engines import Pair
from grader.engines.scripted import ScriptedExtractor
from grader.errors import UsageError
from grader.remote import RemotePath
from grader.run import Log, Request
from grader.run.identity import Originals
from grader.run.log import Style
from grader.run.request import prepare_parts

ROWS, PART_ROWS = 1_200, 100
RULES = ("--extractor", "rules", "--no-classifier", "--part-rows", str(PART_ROWS))
GRADE = (sys.executable, "-c", "from grader.cli.entry import grade; raise SystemExit(grade())")


class TestRefusals:
    """What does not go together is said before Ray is looked for."""

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--workers", "2"], "leave out --workers"),
            (["--workers", "0"], "leave out --workers"),
            (["--shard", "1/2"], "leave out --shard"),
            (["--to", "clean=x.parquet"], "grade-join has it"),
            (["--ray-cpus", "-1"], "not a number from 0 on"),
            (["--ray-gpus", "nan"], "not a number from 0 on"),
            (["-o", "x.parquet"], "names a folder for the parts"),
            (["-o", "gone/x"], "mkdir -p"),
        ],
    )
    def test_options(self, tmp_path, capsys, monkeypatch, options, said):
        """Options of a local run are refused by name."""
        monkeypatch.chdir(tmp_path)
        pq.write_table(pa.table({"problem": ["p"], "solution": ["1+1=2"]}), "in.parquet")
        assert grade(["in.parquet", "-o", "out", "--ray=auto", *options]) == 2
        assert said in capsys.readouterr().err

    def test_options_without_ray(self, tmp_path, capsys):
        """Options of the cluster want a cluster."""
        assert grade(["in.parquet", "-o", "out.parquet", "--ray-actors", "2"]) == 2
        assert "--ray-actors goes with --ray" in capsys.readouterr().err

    def test_an_input_that_is_taken_for_an_address(self, tmp_path, capsys):
        """The input behind a bare --ray is named."""
        assert grade(["x", "-o", "out", "--ray", str(tmp_path)]) == 2
        assert "write --ray=auto before an input" in capsys.readouterr().err


@pytest.fixture(autouse=True)
def _closed(monkeypatch):
    """Close the actors of this process: their logs would go on saying what other tests do."""
    made, begin = [], PartGrader.__init__

    def remembered(self, *arguments):
        made.append(self)
        begin(self, *arguments)

    monkeypatch.setattr(PartGrader, "__init__", remembered)
    yield
    for actor in made:
        actor.close()


@pytest.fixture(scope="module")
def cluster():
    """Start a cluster of two nodes, each with one core."""
    utils = pytest.importorskip("ray.cluster_utils")
    for attempt in range(5):  # Ray waits half a minute for a node, which a busy machine may take
        cluster = utils.Cluster()
        try:
            cluster.add_node(num_cpus=1)
            cluster.add_node(num_cpus=1)
            break
        except Exception:
            cluster.shutdown()
            if attempt == 4:
                raise
    yield cluster
    cluster.shutdown()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give a folder with an input and the report of a local run."""
    folder = tmp_path_factory.mktemp("ray")
    texts = [f"{index} * 3 = {index * 3 + (index % 7 == 0)}\nso {index} + 1 = {index + 1}" for index in range(ROWS)]
    texts[5], texts[6] = None, texts[8]
    pq.write_table(pa.table({"id": range(ROWS), "problem": ["p"] * ROWS, "solution": texts}), folder / "in.parquet")
    local = ["-o", str(folder / "whole.parquet"), *RULES, "--workers", "0", "--quiet"]
    assert grade([str(folder / "in.parquet"), *local]) == 0
    return folder


def start(folder, output, cluster, *options):
    command = [*GRADE, str(folder / "in.parquet"), "-o", str(output), f"--ray={cluster.address}", "--log-json"]
    return subprocess.Popen([*command, *RULES, *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def finish(process, code=0):
    said = process.communicate(timeout=500)[1]
    assert process.returncode == code, said
    return said


def parts(output):
    return sorted(output.glob("part-*.parquet"))


def is_whole(output, folder):
    """Whether the joined parts are the report of the local run, its metadata included."""
    joined = output.parent / "joined.parquet"
    assert join([str(output), "-o", str(joined), "--overwrite"]) == 0
    one, other = (pq.read_metadata(path).metadata[b"grader"] for path in (joined, folder / "whole.parquet"))
    assert json.loads(one) == json.loads(other)
    assert not [path.name for path in output.iterdir() if path not in parts(output)]
    return pq.read_table(joined).equals(pq.read_table(folder / "whole.parquet"))


def wait_for(found, process):
    until = time.monotonic() + 300
    while not (answer := found()):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < until
        time.sleep(0.02)
    return answer


def actors():
    """Give the process ids of the actors that grade."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if "MapWorker(MapBatches(PartGrader))" in path.read_text():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def test_no_cluster(folder, tmp_path, capsys):
    """Without a cluster it is exit 3, with how to start one. Before the tests that start one, which Ray would find."""
    pytest.importorskip("ray")
    command = [*GRADE, str(folder / "in.parquet"), "-o", str(tmp_path / "out"), "--ray=auto", *RULES]
    environment = {**os.environ, "RAY_TMPDIR": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 3, done.stderr
    assert "no Ray cluster answers; start one with ray start --head" in done.stderr


def test_the_rows_of_a_local_run(cluster, folder, tmp_path, capsys):
    """Two actors on two nodes write a file a part; joined they are the local report, and a second run does nothing."""
    output = tmp_path / "out"
    finish(start(folder, output, cluster, "--ray-actors", "2"))
    assert len(parts(output)) == ROWS // PART_ROWS
    assert is_whole(output, folder)
    before = [path.stat().st_mtime_ns for path in parts(output)]
    parts(output)[3].unlink()
    said = finish(start(folder, output, cluster))
    assert '"event": "resume", "parts": 11, "rows": 1100' in said
    after = [path.stat().st_mtime_ns for path in parts(output)]
    assert [one != other for one, other in zip(before, after, strict=True)] == [index == 3 for index in range(12)]
    assert is_whole(output, folder)
    said = finish(start(folder, output, cluster, "--limit", "600"), code=2)
    assert "its parts and this command differ in options.limit (not given, 600)" in said
    assert "--restart" in said


def test_an_actor_that_dies(cluster, folder, tmp_path):
    """An actor that is killed under way costs the part that it was at, which is graded again."""
    output = tmp_path / "out"
    process = start(folder, output, cluster, "--ray-actors", "2")
    wait_for(lambda: output.exists() and parts(output), process)
    os.kill(wait_for(actors, process)[0], signal.SIGKILL)
    finish(process)
    assert is_whole(output, folder)


def test_a_node_that_is_lost(cluster, folder, tmp_path):
    """The work of a node that goes away is done by the other."""
    node = cluster.add_node(num_cpus=1)
    output = tmp_path / "out"
    process = start(folder, output, cluster, "--ray-actors", "3")
    wait_for(lambda: output.exists() and parts(output), process)
    cluster.remove_node(node, allow_graceful=False)
    finish(process)
    assert is_whole(output, folder)


class TestActors:
    """What an actor does, without Ray."""

    def plan(self, folder, output, source="in.parquet", **changes):
        """Give the plan of a run over the input."""
        request = Request([source if "://" in source else str(folder / source)], output, **changes)
        job = prepare_parts(request)
        models = {"extractor": "rules", "classifier": False}
        return Plan(job, Originals(job.inputs).fingerprints, PART_ROWS, models)

    def test_it_writes_parts_that_join_to_the_local_report(self, folder, tmp_path):
        """Parts come in any order, each a file and a sentence about it."""
        output = tmp_path / "out"
        output.mkdir()
        recorded = json.loads(pq.read_metadata(folder / "whole.parquet").metadata[b"grader"])["options"]
        actor = PartGrader(self.plan(folder, output, options=recorded), 1)
        order = [*range(11, 5, -1), *range(6)]
        answers = [row for index in order for row in actor(pa.table({"part": [index]})).to_pylist()]
        assert [(row["part"], row["error"]) for row in answers] == [(index, None) for index in order]
        assert json.loads(answers[0]["said"])["rows"]["total"] == PART_ROWS
        assert is_whole(output, folder)

    def test_parts_in_a_bucket(self, folder, tmp_path, monkeypatch, s3):
        """From a bucket into a bucket: parts appear whole, the run finds them again, and joined they are the report."""
        monkeypatch.chdir(tmp_path)
        s3.upload_file(str(folder / "in.parquet"), "bucket", "in.parquet")
        plan = self.plan(folder, RemotePath("s3://bucket/graded"), "s3://bucket/in.parquet")
        actor = PartGrader(plan, 1)
        for index in range(plan.parts):
            assert sorted(_finished(plan, Log(Style.QUIET))) == list(range(index))
            (row,) = actor(pa.table({"part": [index]})).to_pylist()
            assert row["error"] is None
        assert not list(tmp_path.iterdir())
        assert join(["s3://bucket/graded", "-o", "joined.parquet"]) == 0
        assert pq.read_table("joined.parquet").equals(pq.read_table(folder / "whole.parquet"))
        again = replace(plan, job=replace(plan.job, request=replace(plan.job.request, restart=True)))
        assert not _finished(again, Log(Style.QUIET))
        assert [one["Key"] for one in s3.list_objects_v2(Bucket="bucket")["Contents"]] == ["in.parquet"]

    @pytest.mark.parametrize("fault", ["cut", 503])
    def test_a_connection_that_is_cut(self, folder, tmp_path, monkeypatch, fault):
        """A failure in the middle of a part costs its actor one more request, and no row."""
        pytest.importorskip("aiohttp")
        monkeypatch.setattr(remote, "BLOCK_BYTES", 1_000)
        monkeypatch.setattr(remote, "FIRST_WAIT_S", 0.001)
        server, asked = Flaky(), []
        server.files["/in.parquet"] = (folder / "in.parquet").read_bytes()
        with server.serving() as url:
            for faults in ([], [None, None, fault]):
                output = tmp_path / f"with-{len(faults)}"
                output.mkdir()
                actor = PartGrader(self.plan(folder, output, f"{url}/in.parquet"), 1)
                server.asked, server.faults = [], faults
                (row,) = actor(pa.table({"part": [7]})).to_pylist()
                assert row["error"] is None
                assert not server.faults
                asked.append(len(server.asked))
        assert asked[1] == asked[0] + 1
        rows = [pq.read_table(tmp_path / name / "part-00007.parquet") for name in ("with-0", "with-3")]
        assert rows[0].equals(pq.read_table(folder / "whole.parquet").slice(700, 100))
        assert rows[1].equals(rows[0])

    def test_what_goes_wrong_is_told(self, folder, tmp_path):
        """A node that sees another input, or has other models, says so instead of writing a part."""
        output = tmp_path / "out"
        output.mkdir()
        plan = self.plan(folder, output)
        others = [{**one, "sha256": "0"} for one in plan.fingerprints]
        for changed, said in (
            (replace(plan, fingerprints=others), "the input in.parquet here is not the one"),
            (
                replace(plan, engines={"extractor": {"mode": "model"}, "classifier": None}),
                "the models here are not those",
            ),
        ):
            (row,) = PartGrader(changed, 1)(pa.table({"part": [0]})).to_pylist()
            assert said in row["error"]
            assert row["code"] == 2
        assert not parts(output)

    def test_nodes_with_other_models(self, folder, tmp_path, monkeypatch):
        """The first part of other models ends the run and is named, and no run goes on with the parts of both."""
        plan = self.plan(folder, tmp_path / "out", part_rows=PART_ROWS)

        def graded(*_):
            for index, adapter in enumerate(("aaa", "bbb")):
                extractor = ScriptedExtractor({})
                extractor.identity = lambda adapter=adapter: {"adapter_sha256": adapter}
                pair = Pair("auto", extractor)
                monkeypatch.setattr("grader.distributed.load_pair", lambda pair=pair, **_: pair)
                (row,) = PartGrader(plan, 1)(pa.table({"part": [index]})).to_pylist()
                yield index, json.loads(row["said"])
            raise AssertionError("the run went on")

        monkeypatch.setattr("grader.distributed._graded", graded)
        monkeypatch.setattr("grader.distributed._connected", lambda _: nullcontext())
        said = r"part-00001.*part-00000.* differ in extractor.model.adapter_sha256 \(bbb, aaa\); .* --restart"
        for _ in range(2):
            with pytest.raises(UsageError, match=said):
                run_on_ray(plan.job, plan.models, Cluster(), Log(Style.QUIET))

    def test_plans_travel(self, folder, tmp_path):
        """A plan survives pickling; its parts are the ranges of a local run; no rows are one part."""
        plan = pickle.loads(pickle.dumps(self.plan(folder, tmp_path / "out")))
        assert [plan.part(index).span for index in (0, 11)] == [(0, 100), (1100, 1200)]
        assert plan.parts == 12
        empty = tmp_path / "empty.parquet"
        pq.write_table(pq.read_table(folder / "in.parquet").slice(0, 0), empty)
        job = prepare_parts(Request([str(empty)], tmp_path / "out"))
        assert replace(plan, job=job).parts == 1

    def test_ray_that_is_missing_or_does_not_start(self, folder, tmp_path, capsys, monkeypatch):
        """Without the package the run is exit 2 and names it; where Ray does not start it is exit 3."""
        command = [str(folder / "in.parquet"), "-o", str(tmp_path / "out"), "--ray=local", *RULES]
        monkeypatch.setitem(sys.modules, "ray", None)
        assert grade(command) == 2
        assert "pip install 'math-grader[ray]'" in capsys.readouterr().err

        def init(*_, **__):
            raise RuntimeError("no room\nreally")

        context = types.SimpleNamespace(get_current=None)
        monkeypatch.setitem(sys.modules, "ray", types.SimpleNamespace(init=init, shutdown=lambda: None))
        monkeypatch.setitem(sys.modules, "ray.data", types.SimpleNamespace(DataContext=context))
        assert grade(command) == 3
        assert "--ray local: Ray does not start (no room); run it again" in capsys.readouterr().err
