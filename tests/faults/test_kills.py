"""Runs that are killed, stopped and robbed of their workers at any instant, and go on: the rows are the same.

``GRADER_FAULTS=full pytest tests/faults`` kills one run 50 times, and one with models 10 times.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")

GRADE = (sys.executable, "-c", "from grader.cli.entry import grade; raise SystemExit(grade())")
RULES = ("--extractor", "rules", "--no-classifier")
MODELS = (sys.executable, str(Path(__file__).parent / "scripted_models.py"))


def make_rows(path, rows):
    generator = random.Random(rows)
    solutions = []
    for index in range(rows):
        one, other = generator.randint(2, 999), generator.randint(2, 99)
        lines = [f"Step {index}: {one} * {other} = {one * other + (index % 9 == 0)}", "25 times 4 equals 100"]
        solutions.append("\n".join([*lines, f"so {one} + {other} = {one + other}", f"#### {one + other}"]))
    solutions[7:9] = [None, solutions[3]]
    pq.write_table(pa.table({"id": list(range(rows)), "problem": ["p"] * rows, "solution": solutions}), path)


def command_of(folder, name, program=GRADE, options=RULES):
    return [*program, str(folder / "in.parquet"), "-o", str(folder / name), "--part-rows", "200", *options]


def start(*command):
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def children_of(pid):
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def finish(command):
    """Run a command that nothing disturbs, and give how long it took."""
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return time.monotonic() - began


def kill_often(folder, kills, command, seed=0):
    """Kill runs of a command at random instants until there were ``kills``; gives the number of reports that came."""
    report = Path(command[command.index("-o") + 1])
    generator = random.Random(seed)
    seconds = finish(
        [*command[: command.index("-o") + 1], str(folder / "whole.parquet"), *command[command.index("-o") + 2 :]]
    )
    whole = pq.read_table(folder / "whole.parquet")
    killed = reports = 0
    while killed < kills or not report.exists():
        process = start(*command)
        try:
            # Python needs a part of the time to start: late instants, in the join too, are as likely as early ones.
            process.wait(generator.uniform(0.1, 1.1) * seconds if killed < kills else 300)
        except subprocess.TimeoutExpired:
            workers = children_of(process.pid)
            process.kill()
            killed += 1
            process.communicate()
            gone = time.monotonic() + 10
            while any(map(is_alive, workers)) and time.monotonic() < gone:
                time.sleep(0.01)
            assert not any(map(is_alive, workers)), "workers outlived their run"
        else:
            assert process.returncode == 0, process.stderr.read()
        process.stderr.close()
        if report.exists() and not report.with_name(f"{report.name}.parts").exists():
            assert pq.read_table(report).equals(whole)
            reports += 1
            if killed < kills:
                report.unlink()
    assert sorted(path.name for path in folder.iterdir()) == ["in.parquet", report.name, "whole.parquet"]
    return reports


def test_kills_at_any_instant(tmp_path, amount):
    """A run with three workers that is killed again and again ends with the rows of one that was not."""
    make_rows(tmp_path / "in.parquet", amount(1_000, 6_000))
    command = command_of(tmp_path, "report.parquet")
    assert kill_often(tmp_path, amount(3, 50), [*command, "--workers", "3"]) >= 1


def test_kills_with_models(tmp_path, amount):
    """So does one that asks models."""
    make_rows(tmp_path / "in.parquet", amount(600, 4_000))
    command = command_of(tmp_path, "report.parquet", MODELS, ())
    assert kill_often(tmp_path, amount(2, 10), [*command, "--workers", "3"], seed=1) >= 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give a folder with an input and the report of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("running")
    make_rows(folder / "in.parquet", 2_000)
    finish([*command_of(folder, "whole.parquet"), "--workers", "2"])
    return folder


@pytest.fixture
def running(folder):
    """Give a run whose workers are at work, and its folder."""
    process = start(*command_of(folder, "report.parquet"), "--workers", "2", "--log-json", "--overwrite")
    said = []
    while not any('"part"' in line for line in said):
        said.append(process.stderr.readline())
    yield process, folder
    process.kill()
    process.communicate()


def ends_well(process, folder):
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert pq.read_table(folder / "report.parquet").equals(pq.read_table(folder / "whole.parquet"))
    return said


def test_workers_that_are_killed(running):
    """A worker that is killed from outside costs nothing but its time."""
    process, folder = running
    os.kill(children_of(process.pid)[0], signal.SIGKILL)
    assert '"retry"' in ends_well(process, folder)


@pytest.mark.parametrize("who", ["run", "worker"])
def test_processes_that_are_stopped_for_a_while(running, who):
    """SIGSTOP and SIGCONT, to the run or to a worker, change nothing."""
    process, folder = running
    pid = process.pid if who == "run" else children_of(process.pid)[0]
    os.kill(pid, signal.SIGSTOP)
    time.sleep(0.5)
    os.kill(pid, signal.SIGCONT)
    assert '"retry"' not in ends_well(process, folder)


@pytest.mark.parametrize(("number", "said"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_runs_that_are_told_to_end(running, number, said):
    """Ctrl-C and SIGTERM end the workers too, say what is kept and how to go on; going on gives the same rows."""
    process, folder = running
    workers = children_of(process.pid)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    kept, stopped = [json.loads(line) for line in errors.splitlines()[-2:]]
    assert (kept["event"], stopped["message"]) == ("kept", said)
    assert kept["command"].startswith("grade ")
    assert kept["command"].endswith("--workers 2 --log-json --overwrite")
    assert not any(map(is_alive, workers))
    again = start(*command_of(folder, "report.parquet"), "--workers", "1", "--overwrite")
    assert f"resuming: {kept['parts']} parts" in ends_well(again, folder)


def test_a_second_run_on_the_same_report(running):
    """The second run is refused with exit code 3 and the first one's process id; the first goes on."""
    process, folder = running
    process.send_signal(signal.SIGSTOP)  # it would be through before the second is there
    again = [*command_of(folder, "report.parquet"), "--overwrite"]
    second = subprocess.run(again, capture_output=True, text=True, check=False, timeout=60)
    process.send_signal(signal.SIGCONT)
    assert second.returncode == 3
    assert f"process {process.pid} on " in second.stderr
    ends_well(process, folder)
