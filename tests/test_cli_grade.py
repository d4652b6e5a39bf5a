"""The command ``grade``: what it accepts, what it refuses and how, and how it leaves."""

import json
import os
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from grader.cli.grade import build_parser, main
from grader.types import CheckStatus, EquationCheck, GradedLine, GradedSolution, RowStatus, Source, Verdict

RULES = ("--extractor", "rules", "--no-classifier")
ROWS = {"problem": ["p", "q"], "solution": ["12*5 = 60", "1+1 = 3"]}


class FakePair:
    """Stands for the models, and remembers what it was asked for."""

    others = ()
    beside = False

    def __init__(self, extractor, classifier, adapters, threshold, **_options):
        self.asked = (extractor, classifier, adapters, threshold)

    def describe(self):
        """Identify nothing real."""
        return {"extractor": {"name": "fake"}, "classifier": None}

    def sentence(self):
        """Say who this is."""
        return f"fake pair {self.asked}"


class FakeGrader:
    """Finds every solution with a 3 in it wrong."""

    def __init__(self, pair):
        self.pair = pair

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return None

    def grade(self, solutions):
        """Grade rows in order."""
        return [self.grade_one(row) for row in solutions]

    def grade_one(self, row):
        """Grade one row."""
        wrong = "3" in row.solution
        status = CheckStatus.FAILS if wrong else CheckStatus.HOLDS
        lines = tuple(
            GradedLine(number, text, None, (EquationCheck(text, None, None, status, Source.RULES, "why" * wrong),))
            for number, text in enumerate(row.solution.split("\n"), 1)
        )
        verdict = Verdict.COMPUTATIONAL_ERROR if wrong else Verdict.CORRECT
        message = "line 1: 1+1 is 2, not 3" if wrong else None
        flags = ("unit_mismatch",) if row.problem == "units" else ()
        return GradedSolution(RowStatus.GRADED, verdict, None, None, message, 1, int(wrong), flags, lines)


@pytest.fixture(autouse=True)
def fake_models(monkeypatch):
    """Put a fake pair and grader in the place of the real ones."""
    monkeypatch.setattr("grader.engines.load_pair", FakePair)
    monkeypatch.setattr("grader.pipeline.Grader", FakeGrader)
    monkeypatch.setattr("grader.run.staff.default_workers", lambda pair: 0)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Give a folder with an input, and stand in it."""
    pq.write_table(pa.table(ROWS), tmp_path / "in.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder):
    return sorted(file.name for file in folder.iterdir())


class TestRuns:
    """What works."""

    def test_a_file_becomes_a_report(self, folder, capsys):
        """The report is written, stdout stays empty, stderr tells columns, pair and counts."""
        assert main(["in.parquet", "-o", "report.parquet"]) == 0
        table = pq.read_table("report.parquet")
        assert table["grade_verdict"].to_pylist() == ["correct", "computational_error"]
        assert table.select(["problem", "solution"]).to_pydict() == ROWS
        said = capsys.readouterr()
        assert said.out == ""
        for part in ("problem from 'problem'", "fake pair ('auto', True, None, None)", "computational_error"):
            assert part in said.err
        assert files(folder) == ["in.parquet", "report.parquet"]

    def test_options_reach_the_models_and_the_report(self, folder):
        """Options of the models are handed on and recorded; where the report is written is not."""
        argv = ["in.parquet", "-o", "report.parquet", "--extractor", "rules", "--no-classifier", "--limit", "1"]
        assert main([*argv, "--adapters", "pair", "--threshold", "0.25", "--summary", "counts.json"]) == 0
        metadata = json.loads(pq.read_metadata("report.parquet").metadata[b"grader"])
        assert metadata["options"]["extractor"] == "rules"
        assert metadata["options"]["threshold"] == 0.25
        assert metadata["rows"]["total"] == 1
        assert "output" not in metadata["options"]
        counts = json.loads((folder / "counts.json").read_text())
        assert counts["pair"] == "fake pair ('rules', False, 'pair', 0.25)"

    def test_overwrite_and_replace_grades(self, folder):
        """A report is replaced with --overwrite, and can itself be graded with --replace-grades."""
        assert main(["in.parquet", "-o", "a.parquet"]) == 0
        assert main(["in.parquet", "-o", "a.parquet", "--overwrite", "--limit", "1"]) == 0
        assert pq.read_metadata("a.parquet").num_rows == 1
        assert main(["a.parquet", "-o", "b.parquet", "--replace-grades"]) == 0
        assert pq.read_schema("b.parquet").names == pq.read_schema("a.parquet").names

    @pytest.mark.parametrize("problem", [None, "units"])
    def test_one_solution_on_the_terminal(self, capsys, problem):
        """--text prints lines, equations, verdict and flags to stdout."""
        argv = ["--text", "1+1 = 3\n  2+2 = 4", *(["--problem", problem] if problem else [])]
        assert main(argv) == 0
        assert capsys.readouterr().out.splitlines() == [
            "1  1+1 = 3",
            "     1+1 = 3    fails       why",
            "2  2+2 = 4",
            "       2+2 = 4  fails       why",
            "",
            "verdict: computational_error",
            "why: line 1: 1+1 is 2, not 3",
            *(["flags: unit_mismatch"] if problem else []),
        ]

    def test_one_solution_from_stdin(self, capsys, monkeypatch):
        """``--text -`` reads stdin, whatever bytes come."""
        stdin = types.SimpleNamespace(buffer=types.SimpleNamespace(read=lambda: b"1+1 = 2 \xff"))
        monkeypatch.setattr(sys, "stdin", stdin)
        assert main(["--text", "-"]) == 0
        assert "verdict: correct" in capsys.readouterr().out


REFUSED = {
    "no input": ("-o report.parquet", "no input was named"),
    "no output": ("in.parquet", "-o report.parquet"),
    "missing file": ("missing.parquet -o report.parquet", "missing.parquet: there is no such file"),
    "empty folder": ("empty -o report.parquet", "empty: this folder holds no input"),
    "glob": ("no*.parquet -o report.parquet", "no*.parquet: no file matches"),
    "truncated": ("cut.parquet -o report.parquet", "cut.parquet: this is not a whole and readable Parquet file"),
    "corrupt": ("corrupt.parquet -o report.parquet", "corrupt.parquet: this is not a whole and readable Parquet file"),
    "extension": ("notes.txt -o report.parquet", "notes.txt: inputs end in .parquet"),
    "no column": ("other.parquet -o report.parquet", "the columns are: text, label"),
    "case": ("case.parquet -o report.parquet", "'Solution' and 'solution' differ in case alone"),
    "type": ("type.parquet -o report.parquet", "the solution column 'solution' is int64"),
    "named column": ("in.parquet -o report.parquet --id-column key", "there is no column 'key' for --id-column"),
    "two types": ("in.parquet type.parquet -o report.parquet", "'solution' is string in in.parquet and int64 in type"),
    "graded": ("graded.parquet -o report.parquet", "--replace-grades"),
    "output is a graded input": ("graded.parquet -o graded.parquet --overwrite", "the output is one of the inputs"),
    "output is input": ("in.parquet -o in.parquet --overwrite", "in.parquet: the output is one of the inputs"),
    "output folder": ("in.parquet -o gone/report.parquet", "mkdir -p gone"),
    "output there": ("in.parquet -o other.parquet", "--overwrite"),
    "output is a folder": ("in.parquet -o empty", "names a folder"),
    "output ending": ("in.parquet -o report.json", "must end in .parquet"),
    "summary folder": ("in.parquet -o report.parquet --summary gone/counts.json", "mkdir -p gone"),
    "output has no name": ("in.parquet -o @", "-o/--output: its name is empty"),
    "old report in a folder": ("mixed -o report.parquet --replace-grades", "this is a report and"),
    "quiet and events": ("in.parquet -o report.parquet --quiet --log-json", "not allowed with"),
    "workers": ("in.parquet -o report.parquet --workers two", "whole number from 0 on"),
    "part rows": ("in.parquet -o report.parquet --part-rows 0", "whole number from 1 on"),
    "unknown option": ("in.parquet -o report.parquet --colour", "--colour"),
    "abbreviation": ("in.parquet -o report.parquet --over", "--over"),
    "limit": ("in.parquet -o report.parquet --limit 0", "whole number from 1 on"),
    "threshold": ("in.parquet -o report.parquet --threshold 1", "between 0 and 1"),
    "threshold text": ("in.parquet -o report.parquet --threshold nan", "between 0 and 1"),
    "extractor": ("in.parquet -o report.parquet --extractor regex", "regex"),
    "text and file": ("in.parquet --text 1+1=2", "leave out an input file"),
    "text and output": ("--text 1+1=2 -o report.parquet", "leave out -o"),
    "problem without text": ("in.parquet -o report.parquet --problem p", "--problem-column"),
    "remote": ("ftp://host/in.parquet -o report.parquet", "ftp://host/in.parquet"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_requests(folder, capsys, case):
    """A bad request is exit 2, one or two lines that name the culprit and the remedy, and nothing is written."""
    arguments, said = REFUSED[case]
    (folder / "empty").mkdir()
    (folder / "notes.txt").touch()
    (folder / "cut.parquet").write_bytes((folder / "in.parquet").read_bytes()[:-20])
    (folder / "corrupt.parquet").write_bytes(b"PAR1" + b"x" * 500 + b"PAR1")
    pq.write_table(pa.table({"text": ["x"], "label": [1]}), folder / "other.parquet")
    pq.write_table(pa.table({"problem": ["x"], "Solution": ["x"], "solution": ["x"]}), folder / "case.parquet")
    pq.write_table(pa.table({"problem": ["x"], "solution": [1]}), folder / "type.parquet")
    pq.write_table(pa.table({"problem": ["x"], "solution": ["x"], "grade_status": ["x"]}), folder / "graded.parquet")
    (folder / "mixed").mkdir()
    for name in ("in.parquet", "graded.parquet"):
        (folder / "mixed" / name).write_bytes((folder / name).read_bytes())
    before = files(folder)
    contents = (folder / "in.parquet").read_bytes()
    assert main([argument.strip("@") for argument in arguments.split()]) == 2
    message = capsys.readouterr().err
    assert message.startswith("grade: ")
    assert said in message
    assert message.count("\n") <= 2
    assert "Traceback" not in message
    assert files(folder) == before
    assert (folder / "in.parquet").read_bytes() == contents


SLOW = """
import sys, time, types

class Pair:
    others = ()
    def describe(self): return {}
    def sentence(self): return "slow pair"

class Grader:
    def __init__(self, pair): self.pair = pair
    def __enter__(self): return self
    def __exit__(self, *exception): print("closed", file=sys.stderr)
    def grade(self, solutions):
        from grader.types import GradedSolution, RowStatus
        print("grading", flush=True)
        time.sleep(0.2)
        return [GradedSolution(RowStatus.GRADED)] * len(solutions)

import grader.engines, grader.pipeline
grader.engines.load_pair = lambda *asked, **options: Pair()
grader.pipeline.Grader = Grader
from grader.cli.grade import main
sys.exit(main([*sys.argv[1:], "--workers", "0"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(("style", "part_rows"), [("--overwrite", "16384"), ("--log-json", "512")])
@pytest.mark.parametrize(("number", "said"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_a_signal_leaves_no_half_written_report(tmp_path, number, said, style, part_rows):
    """Ctrl-C and SIGTERM end a run with their codes, close the grader and leave whole parts alone, and the way on."""
    rows, code = 4_000, 128 + number
    solutions = [str(index) for index in range(rows)]
    pq.write_table(pa.table({"problem": ["p"] * rows, "solution": solutions}), tmp_path / "in.parquet")
    (tmp_path / "report.parquet").write_text("older")
    arguments = [str(tmp_path / "in.parquet"), "-o", str(tmp_path / "report.parquet"), "--part-rows", part_rows]
    command = [sys.executable, "-c", SLOW, *arguments, "--overwrite", style]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for _ in range(3):
            assert process.stdout.readline() == "grading\n"
        time.sleep(0.05)
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == code
    lines = errors.splitlines()
    assert "closed" in lines
    assert "Traceback" not in errors
    last = json.loads(lines[-1]) if style == "--log-json" else lines[-1]
    assert last in (f"grade: {said}", {"event": "stopped", "message": said, "exit_code": code})
    assert (tmp_path / "report.parquet").read_text() == "older"
    if part_rows == "512":
        assert files(tmp_path / "report.parquet.parts") == ["part-00000.parquet", "part-00001.parquet", "run.json"]
        assert "grade " + " ".join(arguments) in errors
    else:
        assert files(tmp_path) == ["in.parquet", "report.parquet"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_python_imports(number):
    """A signal that comes before the command is imported ends it with the same code, and nothing is said."""
    script = """
import os, sys
from grader.cli import entry
entry.import_module = lambda name: os.kill(os.getpid(), int(sys.argv[1]))
entry.grade([])
"""
    done = subprocess.run([sys.executable, "-c", script, str(int(number))], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (128 + number, b"")


HEAVY = """
import sys
import grader.cli.grade
try:
    grader.cli.grade.main({argv})
except SystemExit:
    pass
heavy = {{"pyarrow", "polars", "torch", "transformers", "sympy", "numpy", "tqdm", "pandas"}} & set(sys.modules)
sys.exit(f"imported: {{heavy}}" if heavy else 0)
"""


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["--unknown"], ["in.parquet"]])
def test_help_imports_nothing_heavy(argv):
    """Help, version and a wrong option answer at once: no heavy library is imported for them."""
    ended = subprocess.run([sys.executable, "-c", HEAVY.format(argv=argv)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_every_option_has_a_help_text():
    """No option is without an explanation."""
    assert all(action.help for action in build_parser()._actions)


def test_a_full_disk_behind_stdout_is_exit_3(tmp_path):
    """A report that cannot be printed stops with one line and exit code 3, not with a traceback."""
    command = [
        sys.executable,
        "-c",
        "from grader.cli.grade import main; raise SystemExit(main())",
        *RULES,
        "--text",
        "2+2=5",
    ]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "writing stopped" in done.stderr


def test_an_empty_input_name_is_a_usage_error(capsys):
    """An unset shell variable does not stand for the current folder."""
    assert main(["", "-o", "report.parquet"]) == 2
    assert "empty name" in capsys.readouterr().err


def test_an_encoding_that_knows_no_unicode_still_prints():
    """A terminal that only knows ASCII gets escapes instead of a traceback."""
    command = [
        sys.executable,
        "-c",
        "from grader.cli.grade import main; raise SystemExit(main())",
        *RULES,
        "--text",
        "2 × 3 = 7",
    ]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0
    assert "\\xd7" in done.stdout
