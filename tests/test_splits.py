"""``--to NAME=FILE``: every row of a report in one split, none lost, and nothing written over."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from grader.cli.grade import main as grade
from grader.cli.join import main as join
from grader.run import Alone, Request, prepare, run_grade

RULES = ("--extractor", "rules", "--no-classifier", "--workers", "0")
TEXTS = ["1 + 1 = 2", "1 + 1 = 3", None, "nothing to check", "2 * 2 = 4", "2 * 3 = 7"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    table = pa.table({"id": range(6), "problem": ["p"] * 6, "solution": TEXTS, "tag": pa.array(list("abcdef"))})
    pq.write_table(table, tmp_path / "in.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ids(path):
    return pq.read_table(path)["id"].to_pylist()


def test_rows_go_where_their_verdict_says(folder, capsys):
    """Clean rows come with the input's columns as they were, the others with the reasons; each row once."""
    splits = ("--to", "clean=clean.parquet", "--to", "rejected=bad.parquet", "--to", "undecided=rest.parquet")
    assert grade(["in.parquet", "-o", "report.parquet", *RULES, *splits]) == 0
    assert (ids("clean.parquet"), ids("bad.parquet"), ids("rest.parquet")) == ([0, 4], [1, 5], [2, 3])
    assert pq.read_table("clean.parquet").equals(pq.read_table("in.parquet").take([0, 4]))
    assert pq.read_table("bad.parquet").equals(pq.read_table("report.parquet").take([1, 5]))
    assert "rejected: 2 rows, bad.parquet" in capsys.readouterr().err
    said = json.loads(pq.read_metadata("clean.parquet").metadata[b"grader"])
    assert (said["split"], said["rows"], said["options"]["extractor"]) == ("clean", {"total": 2}, "rules")


def test_rows_that_no_file_was_named_for_are_told(folder, capsys):
    """Rows without a verdict do not vanish silently."""
    assert grade(["in.parquet", "-o", "report.parquet", *RULES, "--to", "clean=clean.parquet"]) == 0
    assert "undecided: 2 rows, not written apart (--to undecided=FILE)" in capsys.readouterr().err


def test_shards_are_split_when_they_are_joined(folder):
    """grade-join has the same option."""
    for number in (1, 2):
        shard = ("-o", f"shard-{number}.parquet", "--shard", f"{number}/2", "--part-rows", "2")
        assert grade(["in.parquet", *shard, *RULES]) == 0
    assert join(["shard-*.parquet", "-o", "report.parquet", "--to", "rejected=bad.parquet"]) == 0
    assert ids("bad.parquet") == [1, 5]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (["good=x.parquet"], "not NAME=FILE with NAME one of clean, rejected, undecided"),
        (["clean"], "not NAME=FILE"),
        (["clean="], "not NAME=FILE"),
        (["clean=x.csv"], "must end in .parquet"),
        (["clean=gone/x.parquet"], "mkdir -p gone"),
        (["clean=report.parquet"], "written already"),
        (["clean=in.parquet"], "already there"),
        (["clean=x.parquet", "rejected=./x.parquet"], "written already"),
        (["clean=x.parquet", "clean=y.parquet"], "named twice"),
    ],
)
def test_refusals(folder, capsys, value, said):
    """What cannot be written is said before anything is read."""
    splits = [argument for one in value for argument in ("--to", one)]
    assert grade(["in.parquet", "-o", "report.parquet", *RULES, *splits]) == 2
    assert said in capsys.readouterr().err
    assert sorted(path.name for path in folder.iterdir()) == ["in.parquet"]


@pytest.mark.parametrize("option", [("--to", "clean=locked/x.parquet"), ("--summary", "locked/x.json")])
def test_a_folder_that_cannot_be_written_to_stops_before_the_run(folder, capsys, monkeypatch, option):
    """Not after it, when all rows are graded."""

    def refuse(**options):
        raise PermissionError(13, "Permission denied", str(options["dir"]))

    (folder / "locked").mkdir()
    monkeypatch.setattr("grader.run.request.TemporaryFile", refuse)
    assert grade(["in.parquet", "-o", "report.parquet", *RULES, *option]) == 3
    said = capsys.readouterr().err
    assert "locked/x" in said
    assert "Permission denied" in said
    assert sorted(path.name for path in folder.iterdir()) == ["in.parquet", "locked"]


def test_an_input_is_not_written_over(folder, capsys):
    """Not even with --overwrite."""
    assert grade(["in.parquet", "-o", "report.parquet", *RULES, "--to", "clean=in.parquet", "--overwrite"]) == 2
    assert "one of the inputs" in capsys.readouterr().err


def test_a_run_that_was_ended_before_its_splits(folder, monkeypatch):
    """The same command finds the report in its place and writes the splits, without --overwrite."""
    from grader.engines import Pair
    from grader.pipeline import Grader

    request = Request(["in.parquet"], Path("report.parquet"), splits={"clean": Path("clean.parquet")})

    def ended(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("grader.run.write_splits", ended)
        with pytest.raises(KeyboardInterrupt):
            run_grade(prepare(request), Alone(Grader(Pair())))
    assert Path("report.parquet").exists()
    assert not Path("clean.parquet").exists()
    run_grade(prepare(request), Alone(Grader(Pair())))
    assert ids("clean.parquet") == [0, 4]
    assert sorted(path.name for path in folder.iterdir()) == ["clean.parquet", "in.parquet", "report.parquet"]
