"""A night grades the rows that no night before it has graded, and lists each change with its cause."""

import random

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

models, folder = audits.models, audits.folder


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
