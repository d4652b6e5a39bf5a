"""Nights over inputs behind URLs: what did not change is not graded again, and `latest` is never half a night."""

import json

import polars as pl
import pytest
from audits import audit, pair, solution, summary, use, write_config, write_rows
from servers import Flaky

from grader import remote

pytest.importorskip("aiohttp")

KINDS = ["right"] * 8 + ["false", "wrong"]


@pytest.fixture
def flaky():
    server = Flaky()
    with server.serving() as server.url:
        yield server


@pytest.fixture
def folder(tmp_path, monkeypatch, flaky):
    """Give a folder whose data set ``d`` is behind a URL."""
    monkeypatch.setattr(remote, "FIRST_WAIT_S", 0.001)
    use(monkeypatch, pair())
    serve(flaky, tmp_path, KINDS)
    configured(tmp_path, f"{flaky.url}/rows.parquet")
    return tmp_path


def serve(flaky, folder, kinds, **columns):
    write_rows(folder / "rows.parquet", kinds, **columns)
    flaky.files["/rows.parquet"] = (folder / "rows.parquet").read_bytes()
    (folder / "rows.parquet").unlink()


def configured(folder, url, gates="", **keys):
    config = write_config(folder, gates, **keys)
    config.write_text(config.read_text().replace('"rows.parquet"', json.dumps(url), 1))
    return config


def work(folder):
    return summary(folder)["data"][0]["work"]


@pytest.mark.parametrize("keys", [{}, {"fraction": 1.0}])
def test_nights_over_a_url(folder, flaky, keys):
    """The first night grades the rows, an unchanged second one none, a third one those that changed."""
    config = configured(folder, f"{flaky.url}/rows.parquet", **keys)
    assert audit(config) == 0
    assert work(folder)["graded"] == 10
    assert audit(config) == 0
    assert work(folder) == {"rows": 10, "reused": 10, "graded": 0, "extractor": 0, "classifier": 0}
    serve(flaky, folder, [*KINDS, "false"])
    assert audit(config) == 0
    assert work(folder)["graded"] == 1
    assert summary(folder)["data"][0]["inputs"] == ["rows.parquet"]
    assert audit(config, "--check") == audit(config, "--dry-run") == 0


def test_a_url_that_is_gone(folder, flaky, capsys):
    """A file that the server does not have is exit code 2 before anything is written."""
    flaky.files.clear()
    assert audit(folder / "audit.toml") == 2
    said = capsys.readouterr().err
    assert "data set 'd': " in said
    assert "HTTP 404; check the URL" in said
    assert not (folder / "store").exists()


def test_a_server_that_is_away_before_the_night(folder, flaky, capsys):
    """A server that answers nobody is exit code 3, the last night stays, and later the same command goes on."""
    assert audit(folder / "audit.toml") == 0
    before = (folder / "store" / "latest").readlink()
    flaky.faults = [503] * 100
    assert audit(folder / "audit.toml") == 3
    said = capsys.readouterr().err
    assert "the server failed 5 times, the last time with HTTP 503; run the same command again" in said
    flaky.faults = []
    assert (folder / "store" / "latest").readlink() == before
    assert audit(folder / "audit.toml") == 0
    assert work(folder)["graded"] == 0


def test_a_server_that_goes_away_in_the_middle(folder, flaky, monkeypatch, capsys):
    """Half a night is none: `latest` shows the last whole one, and what had been graded is not graded again."""
    assert audit(folder / "audit.toml") == 0
    before = (folder / "store" / "latest").readlink()
    serve(flaky, folder, KINDS * 30, id=[f"n{i}" for i in range(300)], solution=[solution(i) for i in range(300)])
    monkeypatch.setattr(remote, "BLOCK_BYTES", 500)
    monkeypatch.setattr(remote, "BLOCKS_KEPT", 1)
    monkeypatch.setattr("grader.audit.prepared.Prepared.sample", _spoiling(flaky))
    assert audit(folder / "audit.toml") == 3
    assert "the server failed 5 times" in capsys.readouterr().err
    assert (folder / "store" / "latest").readlink() == before
    assert len(list((folder / "store" / "nights").iterdir())) == 1
    flaky.faults = []
    monkeypatch.undo()
    monkeypatch.setattr(remote, "FIRST_WAIT_S", 0.001)
    use(monkeypatch, pair())
    assert audit(folder / "audit.toml") == 0
    assert summary(folder)["data"][0]["counts"]["rows"] == 300
    assert not (folder / "store" / "tonight").exists()


def _spoiling(flaky):
    from grader.audit.prepared import Prepared

    sample = Prepared.sample

    def spoiled(prepared):
        flaky.faults = [503] * 100
        return sample(prepared)

    return spoiled


def test_no_secret_of_a_url_is_kept(folder, flaky, capsys):
    """Neither files of the night, messages nor what ``on_failure`` gets hold the signature of a URL; it may change."""
    rows = pl.read_parquet(flaky.files["/rows.parquet"]).with_columns(label=pl.lit("correct"))
    rows.write_parquet(folder / "gold.parquet")
    flaky.files["/gold.parquet"] = (folder / "gold.parquet").read_bytes()
    (folder / "gold.parquet").unlink()
    hook = f'[on_failure]\ncommand = ["/bin/sh", "-c", "cat >> {folder}/told.json"]\n'
    for flaky.token in ("X-Signature=s3cr3t1", "X-Signature=s3cr3t2"):
        gate = f'measure = "weighted_f1"\ngold = "{flaky.url}/gold.parquet?{flaky.token}"\nlabel = "label"\n'
        gate = f'[[gate]]\n{gate}fail = {{ below = 1.0, worse_than_last = "0 points" }}\n{hook}'
        config = configured(folder, f"{flaky.url}/rows.parquet?{flaky.token}", gate)
        assert audit(config, "--log-json") == 1
    assert summary(folder)["gates"][0]["before"] == summary(folder)["gates"][0]["value"]
    flaky.token = "another"
    with pytest.raises(SystemExit, match="2"):
        audit(config, "--log-json")
    assert audit(config) == 2
    config.unlink()
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"summary.json", "summary.html", "report.parquet", "told.json"} <= {path.name for path in files}
    assert [path for path in files if b"s3cr3t" in path.read_bytes()] == []
    assert "s3cr3t" not in capsys.readouterr().err
