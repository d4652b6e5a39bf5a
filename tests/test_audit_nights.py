"""Nights on a small data set: what is graded, what changed and why, what is published, and what a kill leaves."""

import fcntl
import json
import random
import sqlite3
import stat
from contextlib import closing
from datetime import datetime

import audits
import polars as pl
import pytest
from audits import KINDS, audit, changes, pair, solution, summary, use, work, write_config, write_rows

from grader.audit.changes import BOTH, DATA, MODELS
from grader.audit.sampling import sampled
from grader.audit.store import Store
from grader.cli.audit import main
from grader.columns import ColumnNames, discover
from grader.inputs import open_inputs


@pytest.fixture
def models(monkeypatch):
    """Let the command load scripted models, and give them."""
    return use(monkeypatch, pair())


@pytest.fixture
def folder(tmp_path, models):
    """Give a folder with a data set and its configuration."""
    write_rows(tmp_path / "rows.parquet", KINDS)
    write_config(tmp_path)
    return tmp_path


def test_a_first_night(folder, models):
    """The first night grades every row, and its files and figures say so."""
    assert audit(folder / "audit.toml") == 0
    night = summary(folder)
    (data,) = night["data"]
    assert work(folder) == {"rows": 42, "reused": 0, "graded": 42, "extractor": 40, "classifier": 42}
    expected = {"rows": 42, "computational": 6, "conceptual": 4, "flawed": 10, "nothing_checked": 2, "disagreement": 6}
    assert expected.items() <= data["counts"].items()
    assert data["changes"]["since"] is None
    assert changes(folder) == {}
    files = sorted(path.name for path in (folder / "store" / "latest" / "d").iterdir())
    assert files == ["changes.parquet", "history.parquet", "report.parquet", "review.parquet"]
    assert (night["verdict"], night["night"], night["format"]) == ("pass", 1, 1)


def test_two_nights_against_a_planted_truth(folder, models):
    """Of shuffled rows, some changed, added and removed, exactly the new texts are graded; each change is listed."""
    assert audit(folder / "audit.toml") == 0
    table = pl.read_parquet(folder / "rows.parquet").with_columns(note=pl.lit("moved"))
    planted = {
        "r1": ("false", "newly_flawed"),
        "r2": ("wrong", "newly_flawed"),
        "r31": ("right", "newly_cleared"),
        "r32": ("wrong", "verdict_changed"),
        "r3": ("vague", "text_changed"),  # the classifier calls it correct as before
    }
    texts = {key: solution(int(key[1:]) + (50 if kind == "vague" else 0), kind) for key, (kind, _) in planted.items()}
    table = table.with_columns(
        solution=pl.col("id").replace_strict(texts, default=None, return_dtype=pl.String).fill_null(pl.col("solution"))
    ).filter(~pl.col("id").is_in(["r10", "r36"]))
    new = pl.DataFrame(
        {"id": ["n1", "n2"], "problem": ["new", "new"], "solution": [solution(70), solution(71, "false")]}
    )
    table = pl.concat([table, new.with_columns(note=pl.lit(None, pl.String))])
    order = list(range(table.height))
    random.Random(1).shuffle(order)
    half = table[order].height // 2
    (folder / "rows.parquet").unlink()
    table[order][:half].write_parquet(folder / "one.parquet")
    table[order][half:].write_parquet(folder / "two.parquet")
    models.classifier.judged.clear()
    models.extractor.asked.clear()
    config = write_config(folder)
    config.write_text(config.read_text().replace('"rows.parquet"', '"*.parquet"'))
    assert audit(config) == 0
    assert work(folder) == {"rows": 42, "reused": 35, "graded": 7, "extractor": 6, "classifier": 7}
    assert sorted(models.classifier.judged) == sorted([*texts.values(), solution(70), solution(71, "false")])
    truth = {key: (change, DATA) for key, (_, change) in planted.items()}
    truth |= {"n1": ("added", DATA), "n2": ("added", DATA), "r10": ("removed", DATA), "r36": ("removed", DATA)}
    assert changes(folder) == truth
    (data,) = summary(folder)["data"]
    assert data["counts"]["new_flawed"] == 3
    assert data["changes"]["unchanged"] == 35
    both = pl.read_parquet(folder / "store" / "latest" / "d" / "changes.parquet").filter(key="r32").row(0, named=True)
    assert both["message_before"] == "line 1: 32*3 is 96, not 97"
    assert both["message_now"] == "line 1: the reasoning looks flawed from here (P = 0.90)"


def test_reports_do_not_depend_on_the_results_that_were_kept(folder):
    """A report from kept results is the report of a first night, row by row."""
    assert audit(folder / "audit.toml") == 0
    assert audit(folder / "audit.toml") == 0
    first, second = (pl.read_parquet(night / "d" / "report.parquet") for night in Store(folder / "store").finished())
    assert first.equals(second)


def test_a_new_classifier_costs_the_classifier_only(folder, monkeypatch):
    """With another classifier every row is judged again, no line is read again, and changes have their cause."""
    assert audit(folder / "audit.toml") == 0
    models = use(monkeypatch, pair(classifier="other", word="right"))
    models.classifier.word = "an idea"
    table = pl.read_parquet(folder / "rows.parquet")
    edited = pl.when(pl.col("id") == "r2").then(pl.lit(solution(2, "wrong"))).otherwise(pl.col("solution"))
    table.with_columns(solution=edited).write_parquet(folder / "rows.parquet")
    assert audit(folder / "audit.toml") == 0
    assert work(folder) == {"rows": 42, "reused": 0, "graded": 42, "extractor": 1, "classifier": 42}
    found = changes(folder)
    assert found["r1"] == ("newly_flawed", MODELS)
    assert found["r38"] == ("newly_cleared", MODELS)
    assert found["r2"] == ("text_changed", BOTH)
    assert summary(folder)["data"][0]["models_changed"] is True
    use(monkeypatch, pair())
    assert audit(folder / "audit.toml") == 0
    assert work(folder) == {"rows": 42, "reused": 41, "graded": 1, "extractor": 0, "classifier": 1}


def test_a_threshold_costs_no_model(folder, monkeypatch):
    """Another threshold asks no model anything."""
    assert audit(folder / "audit.toml") == 0
    loaded = pair()
    use(monkeypatch, audits.Pair("auto", loaded.extractor, loaded.classifier, 0.95, "a script"))
    assert audit(folder / "audit.toml") == 0
    assert work(folder) == {"rows": 42, "reused": 0, "graded": 42, "extractor": 0, "classifier": 0}
    assert summary(folder)["data"][0]["counts"]["conceptual"] == 0


def test_rows_that_failed_are_tried_again(folder, monkeypatch):
    """A row that a model could not answer is failed tonight, and graded the next night."""
    models = use(monkeypatch, pair())
    answer = models.classifier.classify

    def classify(rows):
        if any(row.problem.startswith("What is 5 ") for row in rows):
            raise ValueError("no")
        return answer(rows)

    models.classifier.classify = classify
    assert audit(folder / "audit.toml") == 0
    assert summary(folder)["data"][0]["counts"]["failed"] == 1
    models.classifier.classify = answer
    assert audit(folder / "audit.toml") == 0
    assert work(folder) == {"rows": 42, "reused": 41, "graded": 1, "extractor": 0, "classifier": 1}
    assert changes(folder) == {"r5": ("verdict_changed", MODELS)}


def test_results_can_be_deleted_at_any_time(folder):
    """Without the results of earlier nights the same rows are graded again, and nothing changes."""
    assert audit(folder / "audit.toml") == 0
    (folder / "store" / "results.sqlite").unlink()
    assert audit(folder / "audit.toml") == 0
    assert work(folder)["graded"] == 42
    assert changes(folder) == {}
    (folder / "store" / "results.sqlite").write_bytes(b"damaged")
    assert audit(folder / "audit.toml") == 0
    assert work(folder)["graded"] == 42


def test_dry_run_counts_and_does_nothing(folder, capsys):
    """--dry-run says how many rows would be graded, before and after a night, and writes nothing."""
    assert main([str(folder / "audit.toml"), "--dry-run", "--quiet"]) == 0
    assert capsys.readouterr().out == "d: 42 rows, 42 of them would be graded\n"
    assert not (folder / "store").exists()
    assert audit(folder / "audit.toml") == 0
    write_rows(folder / "rows.parquet", [*KINDS, "right", "right"])
    assert main([str(folder / "audit.toml"), "--dry-run", "--quiet"]) == 0
    assert capsys.readouterr().out == "d: 44 rows, 2 of them would be graded\n"
    (folder / "store" / "results.sqlite").write_bytes(b"damaged")
    assert main([str(folder / "audit.toml"), "--dry-run", "--quiet"]) == 0
    assert capsys.readouterr().out == "d: 44 rows, 44 of them would be graded\n"


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


@pytest.mark.parametrize("options", [{"limit": 10}, {"fraction": 0.4}])
def test_samples_are_the_same_rows_wherever_they_stand(tmp_path, options):
    """A sample depends on ids and seed alone; an edited row stays in it."""
    write_rows(tmp_path / "rows.parquet", KINDS)
    table = pl.read_parquet(tmp_path / "rows.parquet")
    shuffled = table.sample(fraction=1, shuffle=True, seed=3).with_columns(solution=pl.lit("1+1=2"))
    shuffled.write_parquet(tmp_path / "other.parquet")

    def ids(name, seed=0):
        inputs = open_inputs([str(tmp_path / name)])
        columns = discover(inputs.schema, ColumnNames(), "here")
        some = sampled(inputs, columns, **{"limit": None, "fraction": None, "seed": seed, **options})
        found = [value for batch in some.batches() for value in batch.column("id").to_pylist()]
        assert some.rows == len(found)
        parts = [b.column("id").to_pylist() for start in range(0, some.rows, 3) for b in some.batches(start, start + 3)]
        assert [value for part in parts for value in part] == found
        return found

    assert set(ids("rows.parquet")) == set(ids("other.parquet"))
    assert set(ids("rows.parquet")) != set(ids("rows.parquet", seed=1))
    assert 5 < len(ids("rows.parquet")) < 25


def test_a_sample_is_audited(folder):
    """A limit grades so many rows, and the next night the same."""
    write_config(folder, limit=12, seed=5)
    assert audit(folder / "audit.toml") == 0
    assert audit(folder / "audit.toml") == 0
    assert work(folder) == {"rows": 12, "reused": 12, "graded": 0, "extractor": 0, "classifier": 0}


def rows_of(night):
    return (night["data"][0]["work"]["graded"], night["data"][0]["changes"]["counts"]["removed"][DATA])


def test_rows_that_move_and_files_that_go(folder):
    """A row in another file is the same row; those of a file that is gone are removed; without any it is exit 2."""
    table = pl.read_parquet(folder / "rows.parquet")
    config = write_config(folder)
    config.write_text(config.read_text().replace('"rows.parquet"', '"part*.parquet"'))
    for cut in (30, 10):
        table[:cut].write_parquet(folder / "part1.parquet")
        table[cut:].write_parquet(folder / "part2.parquet")
        assert audit(config) == 0
    assert rows_of(summary(folder)) == (0, 0)
    (folder / "part2.parquet").unlink()
    assert audit(config) == 0
    assert rows_of(summary(folder)) == (0, 32)
    (folder / "part1.parquet").unlink()
    assert audit(config) == 2
    assert summary(folder)["night"] == 3


def test_rows_that_are_alike_empty_or_none(folder):
    """Equal rows are graded once, a null solution is skipped, no rows at all are a night; the next one is as calm."""
    same = {"id": ["a"] * 3, "problem": ["What?"] * 3}
    for kinds, columns, graded in (
        (["false"] * 3, {**same, "solution": [solution(1, "false")] * 2 + [None]}, 2),
        ([], {name: pl.Series([], dtype=pl.String).to_arrow() for name in ("id", "problem", "solution")}, 0),
    ):
        write_rows(folder / "rows.parquet", kinds, **columns)
        for _ in range(2):
            assert audit(folder / "audit.toml") == 0
        assert summary(folder)["data"][0]["counts"]["graded"] == graded
        assert (work(folder)["graded"], changes(folder)) == (0, {})


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
