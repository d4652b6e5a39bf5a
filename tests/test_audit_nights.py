"""Nights are counted, bounded and published whole; what a kill leaves is cleared or told, and a failure handed on."""

import fcntl
import json
import sqlite3
import stat
from contextlib import closing
from datetime import datetime

import audits
import polars as pl
import pytest
from audits import KINDS, audit, pair, summary, use, work, write_config, write_rows

from grader.audit.store import Store

models, folder = audits.models, audits.folder


def test_only_is_a_look(folder):
    """--only audits some data sets beside the nights: no night is counted, `latest` stays, and results are kept."""
    config = folder / "audit.toml"
    config.write_text(config.read_text() + '[[data]]\nname = "e"\ninputs = ["rows.parquet"]\n')
    assert audit(config) == 0
    write_rows(folder / "rows.parquet", [*KINDS, "right"])
    assert audit(config, "--only", "e") == 0
    store = Store(folder / "store")
    assert [night.name[:5] for night in store.finished()] == ["00001"]
    assert store.published() == store.finished()[0]
    look = json.loads((folder / "store" / "only" / "summary.json").read_text())
    assert (look["night"], [one["name"] for one in look["data"]]) == (None, ["e"])
    assert look["data"][0]["work"]["graded"] == 1
    assert audit(config, "--only", "e") == 0
    assert audit(config, "--only", "f") == 2
    assert audit(config) == 0
    assert [one["work"]["graded"] for one in summary(folder)["data"]] == [0, 0]


def test_nights_and_results_are_bounded(folder):
    """Only so many nights stay, their history remains, and results that they did not use go."""
    write_config(folder, head="keep_nights = 2")
    for index in range(4):
        write_rows(folder / "rows.parquet", KINDS[: 42 - index])
        assert audit(folder / "audit.toml") == 0
    assert [night.name[:5] for night in Store(folder / "store").finished()] == ["00003", "00004"]
    history = pl.read_parquet(folder / "store" / "latest" / "d" / "history.parquet")
    assert history["night"].to_list() == [1, 2, 3, 4]
    assert history["rows"].to_list() == [42, 41, 40, 39]
    with closing(sqlite3.connect(folder / "store" / "results.sqlite")) as sql:
        assert sql.execute("SELECT count(*) FROM seen").fetchone() == (40,)


def test_clean_and_rejected_rows(folder, capsys):
    """On request correct rows are written without grades, wrong ones with them; rows without a verdict in neither."""
    write_config(folder, clean=True, rejected=True)
    assert audit(folder / "audit.toml") == 0
    latest = folder / "store" / "latest" / "d"
    clean, rejected = pl.read_parquet(latest / "clean.parquet"), pl.read_parquet(latest / "rejected.parquet")
    assert clean.columns == ["id", "problem", "solution"]
    assert (clean.height, rejected.height) == (32, 10)
    assert rejected["grade_verdict"].unique().sort().to_list() == ["computational_error", "conceptual_error"]
    assert summary(folder)["data"][0]["apart"] == {"clean": 32, "rejected": 10}
    assert "--to" not in capsys.readouterr().err


def test_the_review_queue(folder, monkeypatch):
    """The strongest of each reason come first, the reasons take turns; the queue is as long as it was told to be."""
    models = use(monkeypatch, pair())
    kinds = ["right", "false", "both", "wrong", "false", "wrong"]
    write_rows(folder / "rows.parquet", kinds, expected_answer=["1"] + [str(3 * i) for i in range(1, 6)])
    models.classifier.other = 0.2
    write_config(folder, review_rows=5)
    assert audit(folder / "audit.toml") == 0
    review = pl.read_parquet(folder / "store" / "latest" / "d" / "review.parquet")
    assert review.select("rank", "id", "reason").rows() == [
        (1, "r2", "false_calculation"),
        (2, "r3", "flawed_reasoning"),
        (3, "r1", "disagreement"),
        (4, "r0", "other_answer"),
        (5, "r5", "flawed_reasoning"),
    ]
    assert review["strength"].to_list() == pytest.approx([0.9, 0.9, 0.8, 0.8, 0.9])
    assert {"problem", "solution", "grade_message"} <= set(review.columns)


def test_a_second_night_waits_for_no_first(folder, capsys):
    """While a night is at work another one is refused with exit code 3, and touches nothing."""
    store = folder / "store"
    (store / "tonight").mkdir(parents=True)
    with (store / "lock").open("w") as lock:
        lock.write("17 here\n")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert audit(folder / "audit.toml") == 3
    assert "process 17 on here is at work here" in capsys.readouterr().err
    assert (store / "tonight").is_dir()


def test_a_night_that_was_whole_is_told_by_the_next(folder, monkeypatch, capsys):
    """A night killed before it was published is published, and its failure told, by the next one."""
    gate = '[[gate]]\nmeasure = "new_flawed"\nfail = { count = 0 }\n'
    config = write_config(folder, gate)
    assert audit(config) == 0
    write_rows(folder / "rows.parquet", ["false", *KINDS[1:]])

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("grader.audit.store.Store.publish", killed)
        assert audit(config) == 130
    store = Store(folder / "store")
    assert store.published().name.startswith("00001")
    capsys.readouterr()
    assert audit(config) == 1
    assert "00002" in capsys.readouterr().err
    assert store.published().name.startswith("00003")
    assert audit(config) == 0


def test_what_a_kill_leaves_is_cleared(folder):
    """A night that was begun by another process is thrown away; its results are used."""
    assert audit(folder / "audit.toml") == 0
    store = folder / "store"
    (store / "tonight" / "d").mkdir(parents=True)
    (store / "latest.tmp").symlink_to("nowhere")
    assert audit(folder / "audit.toml") == 0
    assert work(folder)["graded"] == 0
    assert sorted(path.name for path in store.iterdir()) == ["latest", "nights", "results.sqlite", "told"]


def test_on_failure_gets_the_summary(folder, capsys):
    """The command gets the summary on its standard input when a gate fails, and only then."""
    hook = folder / "hook.sh"
    hook.write_text(f"#!/bin/sh\ncat > {folder}/told.json\n")
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    tail = f'[on_failure]\ncommand = ["{hook}"]\n'
    assert audit(write_config(folder, f'[[gate]]\nmeasure = "failed"\nfail = {{ count = 0 }}\n{tail}')) == 0
    assert not (folder / "told.json").exists()
    assert audit(write_config(folder, f'[[gate]]\nmeasure = "flawed"\nfail = {{ count = 0 }}\n{tail}')) == 1
    told = json.loads((folder / "told.json").read_text())
    assert (told["failed"], told["gates"][0]["level"]) == (True, "fail")
    assert told["folder"].endswith(Store(folder / "store").published().name)
    (folder / "rows.parquet").unlink()
    assert audit(write_config(folder, tail)) == 2
    told = json.loads((folder / "told.json").read_text())
    assert (told["verdict"], told["exit_code"]) == ("not_run", 2)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["/bin/sh", "-c", "sleep 30"], "was ended after 0.2 s"),
        (["/bin/sh", "-c", "exit 4"], "ended with code 4"),
        (["no-such-command"], "cannot be run"),
    ],
)
def test_an_on_failure_that_fails_changes_nothing(folder, capsys, command, said):
    """A command that hangs, fails or is not there is said, also with --quiet; the exit code stays that of the gates."""
    tail = f"[on_failure]\ncommand = {json.dumps(command)}\ntimeout_s = 0.2\n"
    config = write_config(folder, f'[[gate]]\nmeasure = "flawed"\nfail = {{ count = 0 }}\n{tail}')
    assert audit(config, "--quiet") == 1
    assert said in capsys.readouterr().err


def test_events_as_json(folder, capsys):
    """With --log-json every line of stderr is an object; gates and the night are among them."""
    config = write_config(folder, '[[gate]]\nmeasure = "flawed"\nfail = { count = 0 }\n')
    assert audit(config, "--log-json") == 1
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    names = [event["event"] for event in events]
    assert {"models", "data", "gate_fail", "night"} <= set(names)
    assert events[names.index("gate_fail")]["rows"] == 10


def test_a_clock_that_stands_or_goes_back(folder, monkeypatch):
    """Nights are counted, not timed: in one second, or a year before the last, each is the next."""

    class Clock(datetime):
        years = iter([2026, 2026, 2025])

        @classmethod
        def now(cls, tz=None):
            return datetime(next(cls.years), 1, 1, tzinfo=tz)

    monkeypatch.setattr("grader.audit.night.datetime", Clock)
    for _ in range(3):
        assert audit(folder / "audit.toml") == 0
    names = [night.name for night in Store(folder / "store").finished()]
    assert names == [f"0000{i}-{year}0101T000000Z" for i, year in ((1, 2026), (2, 2026), (3, 2025))]
    assert summary(folder)["data"][0]["changes"]["since"] == names[1]
    history = pl.read_parquet(folder / "store" / "latest" / "d" / "history.parquet")
    assert history["night"].to_list() == [1, 2, 3]
