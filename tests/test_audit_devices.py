"""A night on several devices: the models work side by side, and results do not depend on it."""

import threading

import polars as pl
from audits import audit, pair, solution, summary, use, write_config, write_rows
from tiny_models import tiny_adapter

from grader.audit import memory
from grader.engines import Pair

KINDS = ["right"] * 18 + ["false", "wrong", "vague"] * 2


def on_two(first, second):
    """Give a pair on two devices."""
    return Pair("auto", first.extractor, first.classifier, 0.5, "a script", (second,), True)


def test_devices_are_asked_at_the_same_time(tmp_path, monkeypatch):
    """Two devices judge different groups of new rows at once; the report is that of one device."""
    monkeypatch.setattr(memory, "GROUP_BYTES", 1)  # each chunk is a group
    monkeypatch.setattr("grader.run.graders.MODEL_CHUNK_ROWS", 12)
    for name in "ab":
        rows = {"id": [f"{name}{i}" for i in range(24)], "problem": [f"{name} {i}?" for i in range(24)]}
        write_rows(tmp_path / f"{name}.parquet", KINDS, **rows, solution=[solution(i, k) for i, k in enumerate(KINDS)])
    config = write_config(tmp_path)
    config.write_text(config.read_text().replace('"rows.parquet"', '"a.parquet", "b.parquet"'))
    one = use(monkeypatch, pair())
    assert audit(config) == 0
    alone = pl.read_parquet(tmp_path / "store" / "latest" / "d" / "report.parquet")
    (tmp_path / "store" / "results.sqlite").unlink()
    first, second = pair(), pair()
    use(monkeypatch, on_two(first, second))
    meeting = threading.Barrier(2)
    for each in (first, second):
        each.classifier.classify = _after(meeting, each.classifier.classify)
    assert audit(config) == 0
    assert first.classifier.judged
    assert second.classifier.judged
    assert sorted(first.classifier.judged + second.classifier.judged) == sorted(one.classifier.judged)
    assert pl.read_parquet(tmp_path / "store" / "latest" / "d" / "report.parquet").equals(alone)
    work = summary(tmp_path)["data"][0]["work"]
    assert (work["graded"], work["classifier"]) == (48, 48)


def _after(meeting, act):
    waited = threading.local()

    def classify(rows):
        if not getattr(waited, "once", False):
            waited.once = True
            meeting.wait(timeout=60)
        return act(rows)

    return classify


def test_devices_are_no_reason_to_grade_again(tmp_path, monkeypatch):
    """What one device found is not asked of two."""
    write_rows(tmp_path / "rows.parquet", KINDS)
    use(monkeypatch, pair())
    assert audit(write_config(tmp_path)) == 0
    use(monkeypatch, on_two(pair(), pair()))
    assert audit(tmp_path / "audit.toml") == 0
    assert summary(tmp_path)["data"][0]["work"]["graded"] == 0


def test_devices_that_keep_the_models_differently_are_refused(tmp_path, monkeypatch, capsys):
    """Results must not depend on which device was free."""
    write_rows(tmp_path / "rows.parquet", KINDS)
    use(monkeypatch, on_two(pair(), pair(classifier="the same in 4 bits")))
    assert audit(write_config(tmp_path)) == 2
    assert "keep the models in different number formats" in capsys.readouterr().err
    assert not (tmp_path / "store" / "latest").exists()


def test_real_models_on_two_devices(tmp_path):
    """A night on two CPU devices after one on one finds everything graded; alone it grades the same."""
    tiny_adapter(tmp_path / "pair" / "extractor", "extractor")
    tiny_adapter(tmp_path / "pair" / "classifier", "classifier")
    write_rows(tmp_path / "rows.parquet", KINDS[-8:])
    config = tmp_path / "audit.toml"
    reports = []
    keys = 'devices = ["cpu", "cpu"]'
    for models, graded in (('device = "cpu"', 8), (keys, 0), (keys, 8)):
        write_config(tmp_path, f'[models]\nadapters = "pair"\n{models}\n')
        if graded:
            (tmp_path / "store" / "results.sqlite").unlink(missing_ok=True)
        assert audit(config) == 0
        data = summary(tmp_path)["data"][0]
        assert data["work"]["graded"] == graded
        assert data["counts"]["judged"] == 8
        reports.append(pl.read_parquet(tmp_path / "store" / "latest" / "d" / "report.parquet"))
    assert reports[0].equals(reports[1])
    assert reports[0].equals(reports[2])
