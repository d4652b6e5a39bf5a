"""What a command does where nobody reads what it says: the work, and its exit code."""

import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

WAYS = ("gone", "full", "closed")
RULES = ("--extractor", "rules", "--no-classifier")
CONFIG = """
store = "store"
[models]
extractor = "rules"
classifier = false
[[data]]
name = "all"
inputs = ["in.parquet"]
[[gate]]
measure = "flawed"
fail = { count = 0 }
"""
TALKER = """
import sys
from grader.cli.common import run_command

def command(argv):
    for number in range(3):
        print("said", file=sys.stderr)
    open("done", "w").close()
    return 1

sys.exit(run_command("talker", command, []))
"""


@pytest.fixture
def folder(tmp_path):
    """Give a folder with an input, the shards of its report and an audit whose gate fails."""
    pq.write_table(pa.table({"problem": ["p", "q"], "solution": ["12*5 = 60", "1+1 = 3"]}), tmp_path / "in.parquet")
    (tmp_path / "audit.toml").write_text(CONFIG)
    return tmp_path


def program(command, *arguments):
    """Give the command line of one of the commands."""
    start = f"import sys; from grader.cli import entry; sys.exit(entry.{command}())"
    return [sys.executable, "-P", "-c", start, *arguments]


def ended(folder, line, stderr="full", stdout="null", stdin=subprocess.DEVNULL):
    """Run a command line with streams that cannot be written, and give its exit code and what it said."""
    reading, gone = os.pipe()
    os.close(reading)
    full = os.open("/dev/full", os.O_WRONLY)
    targets = {"gone": gone, "full": full, "null": subprocess.DEVNULL, "read": subprocess.PIPE, "closed": None}
    closing = " ".join(f"{number}>&-" for number, how in ((1, stdout), (2, stderr)) if how == "closed")
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", f'exec "$@" {closing}', "sh", *line],
            cwd=folder,
            stdin=stdin,
            stdout=targets[stdout],
            stderr=targets[stderr],
            text=True,
            check=False,
        )
    finally:
        os.close(gone)
        os.close(full)
    return done.returncode, done.stderr


class TestStderr:
    """Messages that cannot be written stop no work and change no exit code."""

    @pytest.mark.parametrize("way", WAYS)
    def test_grade(self, folder, way):
        """The report is written."""
        line = program("grade", "in.parquet", "-o", "report.parquet", *RULES, "--workers", "1")
        assert ended(folder, line, way)[0] == 0
        assert pq.read_metadata(folder / "report.parquet").num_rows == 2
        assert not list(folder.glob("*.parts"))

    def test_a_refusal_keeps_its_code(self, folder):
        """An input that is not there is exit code 2."""
        assert ended(folder, program("grade", "none.parquet", "-o", "report.parquet", *RULES))[0] == 2

    def test_grade_join(self, folder):
        """The shards are joined."""
        for number in (1, 2):
            shard = ("--shard", f"{number}/2", "--part-rows", "1", "--workers", "0")
            line = program("grade", "in.parquet", "-o", f"s{number}.parquet", *RULES, *shard)
            assert ended(folder, line, "null") == (0, None)
        assert ended(folder, program("grade_join", "s1.parquet", "s2.parquet", "-o", "all.parquet"), "gone")[0] == 0
        assert pq.read_metadata(folder / "all.parquet").num_rows == 2

    def test_grade_audit(self, folder):
        """The night is there, and its gate is judged."""
        assert ended(folder, program("grade_audit", "audit.toml", "--workers", "1"), "gone")[0] == 1
        assert (folder / "store" / "latest" / "summary.html").is_file()

    @pytest.mark.parametrize("way", WAYS)
    def test_any_command(self, folder, way):
        """Whatever a command says, as one that trains does."""
        assert ended(folder, [sys.executable, "-c", TALKER], way)[0] == 1
        assert (folder / "done").is_file()


@pytest.mark.parametrize(("way", "code"), [("gone", 0), ("closed", 0), ("full", 3)])
def test_stdout(folder, way, code):
    """A reader that went away wants no more; a product that cannot be written for another reason is exit code 3."""
    line = program("grade", *RULES, "--text", "2+2=5\n" * 20_000)
    found, said = ended(folder, line, "read", way)
    assert found == code
    assert "Traceback" not in said
    assert ("writing stopped" in said) == (code == 3)


def test_help_that_cannot_be_written(folder):
    """What is printed on the way out counts too."""
    assert ended(folder, program("grade", "--help"), "read", "gone") == (0, "")


def test_a_gate_is_judged_though_the_reader_went_away(folder):
    """What is behind the first line that cannot be written is done all the same."""
    (folder / "audit.toml").write_text(CONFIG.replace("in.parquet", "none.parquet"))
    assert ended(folder, program("grade_audit", "audit.toml", "--check"), "null", "gone")[0] == 2


def test_stdin_that_is_closed(folder):
    """A text that cannot be read is named."""
    line = ["/bin/sh", "-c", 'exec "$@" <&-', "sh", *program("grade", *RULES, "--text", "-")]
    code, said = ended(folder, line, "read")
    assert (code, "Traceback" in said) == (2, False)
    assert "standard input is closed" in said
