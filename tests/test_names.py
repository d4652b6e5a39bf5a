"""File names and values that a terminal would obey, or that UTF-8 cannot hold."""

import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from grader.cli.compare import main as compare
from grader.cli.evaluate import main as evaluate
from grader.cli.grade import main as grade
from grader.errors import InputError
from grader.reports import open_report

RULES = ("--extractor", "rules", "--no-classifier", "--workers", "0")
EVIL = "a\x1b[31m\nb"
BYTES = os.fsdecode(b"bad\xff.parquet")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Give a folder with an input, and stand in it."""
    rows = {"problem": ["p", "q"], "solution": ["12*5 = 60", "1+1 = 3"], "label": ["correct", "flawed"]}
    pq.write_table(pa.table({**rows, "by": [EVIL, "\x9b"]}), tmp_path / "in.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def obeyed(text):
    """Find what a terminal would obey, but the ends of lines."""
    return {one for one in text if not one.isprintable()} - {"\n"}


def test_an_output_with_escape_codes(folder, capsys):
    """The summary, a comparison and the tables of an evaluation spell them; every name stays on its line."""
    output = f"{EVIL}.parquet"
    assert grade(["in.parquet", "-o", output, *RULES]) == 0
    assert compare([output, output]) == 0
    assert compare([output, output, "-o", f"{EVIL}2.parquet"]) == 0
    assert evaluate([output, "--label", "label", "--by", "by"]) == 0
    captured = capsys.readouterr()
    assert not obeyed(captured.out + captured.err)
    assert r"rows/s: a\x1b[31m\nb.parquet" in captured.err
    assert r"A: a\x1b[31m\nb.parquet, 2 rows" in captured.out
    assert "\n" + r"a\x1b[31m\nb" in captured.out
    assert "\n" + r"\x9b" in captured.out


def test_a_message_keeps_its_lines(folder, capsys):
    """A line break in a name ends no line of a message; one that is meant does."""
    assert grade(["a\x1bc\nb.parquet", "-o", "r.parquet", *RULES]) == 2
    assert capsys.readouterr().err == "grade: a\\x1bc\\nb.parquet: there is no such file; check the path\n"
    pq.write_table(pa.table({"x": ["p"]}), "x\ny.parquet")
    assert grade(["x\ny.parquet", "-o", "r.parquet", *RULES]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith(r"grade: x\ny.parquet: no problem and no solution column was found")
    assert second.startswith("Name it with")


@pytest.mark.parametrize(
    "argv",
    [
        [BYTES, "-o", "r.parquet"],
        ["in.parquet", "-o", BYTES],
        ["*.parquet", "-o", "r.parquet"],
        [".", "-o", "r.parquet"],
    ],
)
def test_a_name_that_is_not_utf8(folder, capsys, argv):
    """An input, wherever it was found, and an output of such a name are refused in one sentence."""
    (folder / BYTES).write_bytes((folder / "in.parquet").read_bytes())
    assert grade([*argv, *RULES]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert r"bad\udcff.parquet: this name is not UTF-8" in said
    with pytest.raises(InputError, match="is not UTF-8"):
        open_report(BYTES)


@pytest.mark.parametrize("argv", [["é x.parquet", "-o", "r.parquet"], ["in.parquet", "-o", "ö.parquet"]])
def test_a_locale_that_is_not_utf8(folder, argv):
    """Where Python reads names as ASCII, the remedy is named."""
    (folder / "é x.parquet").write_bytes((folder / "in.parquet").read_bytes())
    line = [sys.executable, "-c", "from grader.cli.grade import main; raise SystemExit(main())", *argv, *RULES]
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 2
    assert "set LC_ALL=C.UTF-8" in done.stderr
    assert "Traceback" not in done.stderr
