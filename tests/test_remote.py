"""Remote inputs and outputs: the rows of a local run, a failure costs one request, and no secret is told."""

import json
import os
import pickle
import socket
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from servers import Flaky

from grader import remote
from grader.cli.grade import main as grade
from grader.errors import UsageError
from grader.remote import RemotePath, redacted
from grader.run.writing import Writing

pytest.importorskip("aiohttp")

RULES = ("--extractor", "rules", "--no-classifier", "--workers", "0", "--part-rows", "50")
ROWS = 200


@pytest.fixture(scope="module")
def formats(tmp_path_factory):
    """Give the same rows in three formats, by name, and the report of a local run."""
    folder = tmp_path_factory.mktemp("local")
    texts = [f"{index} + 1 = {index + 1 + (index % 7 == 0)}" for index in range(ROWS)]
    table = pa.table({"id": range(ROWS), "problem": ["p"] * ROWS, "solution": texts})
    pq.write_table(table, folder / "in.parquet", row_group_size=64)
    (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
    (folder / "in.csv").write_text("id,problem,solution\n" + "".join(f"{i},p,{text}\n" for i, text in enumerate(texts)))
    assert grade([str(folder / "in.parquet"), "-o", str(folder / "whole.parquet"), *RULES, "--quiet"]) == 0
    return folder


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(remote, "FIRST_WAIT_S", 0.001)
    return tmp_path


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(remote, "BLOCK_BYTES", 1_000)


@pytest.fixture
def flaky(formats):
    server = Flaky()
    server.files = {f"/data/{file.name}": file.read_bytes() for file in formats.iterdir() if file.stem == "in"}
    with server.serving() as server.url:
        yield server


def verdicts(path):
    return pq.read_table(path).select(["grade_verdict", "grade_message", "grade_lines"])


class TestWeb:
    """``https://`` from a server that fails."""

    @pytest.mark.parametrize("name", ["in.parquet", "in.jsonl", "in.csv"])
    def test_the_rows_of_a_local_run(self, folder, flaky, formats, name):
        """Every format is streamed by ranges and graded as its local copy."""
        assert grade([f"{flaky.url}/data/{name}", "-o", "report.parquet", *RULES]) == 0
        assert verdicts("report.parquet").equals(verdicts(formats / "whole.parquet"))
        assert flaky.asked

    @pytest.mark.parametrize("faults", [["cut"], ["cut", "cut", 503], [429]])
    @pytest.mark.usefixtures("folder", "small_blocks")
    def test_a_failure_costs_one_request(self, flaky, formats, capsys, faults):
        """A connection that is cut in the middle of a part, or a 503, is one more request, said, and nothing else."""
        url = f"{flaky.url}/data/in.parquet"
        assert grade([url, "-o", "calm.parquet", *RULES, "--quiet"]) == 0
        calm, flaky.asked = flaky.asked, []
        flaky.faults = [None, None, *faults]
        assert grade([url, "-o", "report.parquet", *RULES, "--quiet"]) == 0
        assert len(flaky.asked) == len(calm) + len(faults)
        assert capsys.readouterr().err.count("trying again") == len(faults)
        assert pq.read_table("report.parquet").equals(pq.read_table(formats / "whole.parquet"))

    def test_a_server_that_is_not_there(self, folder, monkeypatch, capsys):
        """A connection that is refused is not called a missing file."""
        monkeypatch.setattr(remote, "FIRST_WAIT_S", 0)
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}/in.parquet"
            assert grade([url, "-o", "report.parquet", *RULES]) == 3
        said = capsys.readouterr().err
        assert "no such file" not in said
        assert said.count("no connection to the server; trying again") == remote.ATTEMPTS - 1

    def test_a_server_that_stays_away(self, folder, flaky, formats, monkeypatch, capsys):
        """After five attempts the run stops with exit code 3 and keeps its parts; the same command goes on."""
        monkeypatch.setattr(remote, "BLOCK_BYTES", 1_000)
        monkeypatch.setattr(remote, "BLOCKS_KEPT", 1)
        command = [f"{flaky.url}/data/in.parquet", "-o", "report.parquet", *RULES]
        assert grade(command) == 0
        (folder / "report.parquet").unlink()
        finish_part = Writing.finish_part

        def last_seen(writing):
            finish_part(writing)
            flaky.faults = [503] * remote.ATTEMPTS

        with monkeypatch.context() as patch:
            patch.setattr(Writing, "finish_part", last_seen)
            assert grade(command) == 3
        flaky.faults = []
        said = capsys.readouterr().err
        assert "the server failed 5 times, the last time with HTTP 503; run the same command again" in said
        assert "parts with" in said
        assert grade(command) == 0
        assert "resuming: " in capsys.readouterr().err
        assert pq.read_table("report.parquet").equals(pq.read_table(formats / "whole.parquet"))

    def test_an_input_that_changed(self, folder, flaky, monkeypatch, capsys):
        """Parts of another state of the file, told by its ETag, are not gone on with."""

        def stopped(*_):
            raise KeyboardInterrupt

        command = [f"{flaky.url}/data/in.parquet", "-o", "report.parquet", *RULES]
        with monkeypatch.context() as patch:
            patch.setattr("grader.run.join_parts", stopped)
            assert grade(command) == 130
        flaky.etags["/data/in.parquet"] = '"other"'
        assert grade(command) == 2
        assert "the input in.parquet has changed" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("path", "said"),
        [
            ("gone.parquet", "HTTP 404; check the URL"),
            ("in.txt", "inputs end in"),
            ("", "inputs end in"),
        ],
    )
    def test_what_is_not_there(self, folder, flaky, capsys, path, said):
        """A wrong URL is exit 2 after one request, with the remedy."""
        assert grade([f"{flaky.url}/data/{path}", "-o", "report.parquet", *RULES]) == 2
        errors = capsys.readouterr().err
        assert said in errors
        assert "trying again" not in errors

    def test_a_server_without_ranges(self, folder, flaky, monkeypatch, capsys):
        """A server that sends whole files only is refused before it sends one."""
        monkeypatch.setattr(remote, "BLOCK_BYTES", 1_000)
        flaky.ranges = False
        assert grade([f"{flaky.url}/data/in.parquet", "-o", "report.parquet", *RULES]) == 2
        assert "does not send parts of a file; download the file" in capsys.readouterr().err

    def test_secrets_are_not_told(self, folder, flaky, capsys):
        """Neither messages, events nor the report's metadata hold the signature or the password of a URL."""
        flaky.token = "X-Signature=s3cr3t"
        url = f"{flaky.url}/data/in.parquet?{flaky.token}"
        assert grade([url, "-o", "report.parquet", *RULES, "--log-json", "--summary", "counts.json"]) == 0
        wrong = url.replace("s3cr3t", "s3cr3t2").replace("://", "://me:passw0rd@")
        assert grade([wrong, "-o", "other.parquet", *RULES]) == 2
        assert grade([url, "-o", "other.parquet", *RULES, "--no-such-option", url]) == 2
        said = capsys.readouterr().err
        assert "HTTP 403" in said
        told = said + (folder / "counts.json").read_text() + str(pq.read_metadata("report.parquet").metadata)
        assert "s3cr3t" not in told
        assert "passw0rd" not in told


def test_urls_are_redacted():
    """Users, passwords and queries go; what tells files apart stays."""
    assert redacted("grade https://u:p@h/a.parquet?X=1&Y=2 -o s3://k:s@b/c.parquet") == (
        "grade https://***@h/a.parquet?*** -o s3://***@b/c.parquet"
    )
    assert str(RemotePath("hf://datasets/o/n@main/a.parquet")) == "hf://datasets/o/n@main/a.parquet"


def test_remote_paths():
    """A remote path has the name and ending of its file, and travels between processes."""
    path = RemotePath("https://h/a/b%20c.parquet?x=.csv")
    assert (path.name, path.suffix) == ("b c.parquet", ".parquet")
    assert pickle.loads(pickle.dumps(path)) == path
    with pytest.raises(UsageError, match="s3://, hf:// and https://"):
        RemotePath("ftp://h/a.parquet")


@pytest.mark.parametrize("url", ["https://h/report.parquet", "hf://datasets/o/n/report.parquet"])
def test_outputs_that_cannot_be_written(folder, formats, capsys, url):
    """Reports go to local files and to s3 only."""
    assert grade([str(formats / "in.parquet"), "-o", url, *RULES]) == 2
    assert "reports are written to local files and to s3://" in capsys.readouterr().err


class TestS3:
    """``s3://`` in and out, against a real server."""

    @pytest.fixture(autouse=True)
    def bucket(self, s3, formats):
        """Put the inputs into the bucket, and nothing else."""
        for one in s3.list_objects_v2(Bucket="bucket").get("Contents", ()):
            s3.delete_object(Bucket="bucket", Key=one["Key"])
        for file in formats.iterdir():
            s3.upload_file(str(file), "bucket", f"{file.suffix[1:]}/{file.name}")

    def keys(self, s3):
        """Name what is in the bucket."""
        return {one["Key"] for one in s3.list_objects_v2(Bucket="bucket")["Contents"]}

    @pytest.mark.parametrize("source", ["parquet/in.parquet", "jsonl", "csv/", "parquet/i*.parquet"])
    def test_in_and_out(self, folder, formats, s3, source):
        """A file, a folder or a pattern of a bucket gives the rows of a local run, in a report in the bucket."""
        command = [f"s3://bucket/{source}", "-o", "s3://bucket/out/report.parquet", *RULES]
        assert grade([*command, "--to", "rejected=s3://bucket/out/bad.parquet"]) == 0
        s3.download_file("bucket", "out/report.parquet", str(folder / "report.parquet"))
        s3.download_file("bucket", "out/bad.parquet", str(folder / "bad.parquet"))
        assert verdicts("report.parquet").equals(verdicts(formats / "whole.parquet"))
        assert pq.read_metadata("bad.parquet").num_rows == len(range(0, ROWS, 7))
        assert sorted(path.name for path in folder.iterdir()) == ["bad.parquet", "report.parquet"]

    def test_a_report_is_there_whole_or_not_at_all(self, folder, s3, monkeypatch, capsys):
        """An upload that is interrupted leaves nothing in the bucket; the same command goes on, without --overwrite."""
        command = ["s3://bucket/parquet/in.parquet", "-o", "s3://bucket/report.parquet", *RULES]
        before = self.keys(s3)

        def copy(source, target, size):
            target.write(source.read(1_000))
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("grader.remote.shutil.copyfileobj", copy)
            assert grade(command) == 130
        assert self.keys(s3) == before
        assert not s3.list_multipart_uploads(Bucket="bucket").get("Uploads")
        assert grade(command) == 0
        assert (
            "resuming: 4 parts with 200 of 200 rows are there; nothing is left but to join" in capsys.readouterr().err
        )
        assert self.keys(s3) == {*before, "report.parquet"}

    def test_ended_after_the_upload(self, folder, s3, monkeypatch, capsys):
        """A run that was ended when its report was in the bucket knows it for its own."""
        command = ["s3://bucket/parquet/in.parquet", "-o", "s3://bucket/report.parquet", *RULES]
        command += ["--summary", "counts.json"]

        def stopped(*_):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("grader.run.write_text", stopped)
            assert grade(command) == 130
        assert "report.parquet" in self.keys(s3)
        capsys.readouterr()
        assert grade(command) == 0
        assert "the report was in its place already" in capsys.readouterr().err
        assert grade(command) == 2
        assert "s3://bucket/report.parquet: this file is already there" in capsys.readouterr().err

    def test_large_uploads_come_in_pieces(self, folder, s3, monkeypatch):
        """A report that is longer than one piece arrives as it is."""
        (folder / "long").write_bytes(os.urandom(12 << 20))
        monkeypatch.setattr(remote, "UPLOAD_BYTES", 5 << 20)
        RemotePath("s3://bucket/long").put(folder / "long")
        assert s3.get_object(Bucket="bucket", Key="long")["Body"].read() == (folder / "long").read_bytes()

    @pytest.mark.parametrize(
        ("source", "output", "said"),
        [
            ("s3://bucket/gone.parquet", "r.parquet", "there is no such file; check the URL"),
            ("s3://bucket/gone/*.parquet", "r.parquet", "no file matches this pattern"),
            ("s3://gone/in.parquet", "r.parquet", "there is no such file; check the URL"),
            ("s3://bucket/parquet/in.parquet", "s3://gone/r.parquet", "there is no bucket gone"),
            ("s3://bucket/parquet/in.parquet", "s3://bucket/parquet/in.parquet", "already there"),
            ("s3://bucket/parquet/in.parquet", "s3://bucket/r.csv", "must end in .parquet"),
        ],
    )
    def test_refusals(self, folder, capsys, source, output, said):
        """What cannot be read or written is exit 2 before any work."""
        assert grade([source, "-o", output, *RULES]) == 2
        errors = capsys.readouterr().err
        assert said in errors
        assert "trying again" not in errors

    def test_an_output_that_is_an_input(self, folder, capsys):
        """Not even with --overwrite is an input written over."""
        url = "s3://bucket/parquet/in.parquet"
        assert grade([url, "-o", url, *RULES, "--overwrite"]) == 2
        assert "the output is one of the inputs" in capsys.readouterr().err


HUB = """
import sys
from grader.cli.grade import main
sys.exit(main(sys.argv[1:]))
"""


def test_the_hub(folder, formats, flaky):
    """``hf://datasets/…`` is read from a stand-in of the hub's API, a file or a pattern, with a cut on the way."""
    data = (formats / "in.parquet").read_bytes()
    entry = {"type": "file", "path": "data/in.parquet", "size": len(data), "oid": "a" * 40}
    repository = {"id": "o/n", "_id": "1", "sha": "b" * 40, "private": False, "tags": [], "downloads": 0, "likes": 0}
    for revision in ("", "/revision/main", f"/revision/{'b' * 40}"):
        flaky.api[f"/api/datasets/o/n{revision}"] = repository
    for revision in ("main", "b" * 40):
        flaky.api[f"/api/datasets/o/n/paths-info/{revision}"] = [entry]
        flaky.api[f"/api/datasets/o/n/tree/{revision}/data"] = [entry]
        flaky.api[f"/api/datasets/o/n/tree/{revision}"] = [entry]
        flaky.files[f"/datasets/o/n/resolve/{revision}/data/in.parquet"] = data
    flaky.faults = [None, "cut"]
    environment = {**os.environ, "HF_ENDPOINT": flaky.url, "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(folder / "home")}
    for number, source in enumerate(("data/in.parquet", "data/*.parquet")):
        command = [f"hf://datasets/o/n/{source}", "-o", f"{number}.parquet", *RULES]
        done = subprocess.run(
            [sys.executable, "-c", HUB, *command], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert pq.read_table(f"{number}.parquet").equals(pq.read_table(formats / "whole.parquet"))
