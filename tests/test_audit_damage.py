"""Damaged files of earlier nights, and results that were kept and went bad: tonight's night goes on and says so."""

import json

import audits
import polars as pl
import pyarrow.parquet as pq
import pytest
from audits import audit, summary, work, write_config

models, folder = audits.models, audits.folder

GATES = """\
[[gate]]
measure = "flawed"
fail = { worse_than_last = "0 points" }
[[gate]]
measure = "new_flawed"
fail = { count = 0 }
"""


def test_a_damaged_summary_of_an_untold_night_is_said(folder, capsys):
    """Of a night that was whole, but whose summary cannot be read, nothing can be told: that is said, and no more."""
    assert audit(folder / "audit.toml") == 0
    for told in (None, b"\xff\xfe"):
        (folder / "store" / "told").unlink()
        if told is not None:
            (folder / "store" / "told").write_bytes(told)
        (folder / "store" / "latest" / "summary.json").write_text("{")
        capsys.readouterr()
        assert audit(folder / "audit.toml", "--quiet") == 0
        said = capsys.readouterr().err
        assert said.count("summary.json: this summary is damaged") == 1
        assert "this night counts as absent" in said
    assert summary(folder)["night"] == 3


def damaged_summaries():
    """Name summaries that are damaged or foreign, each as a change of a good one."""

    def changed(act):
        def write(text):
            found = json.loads(text)
            act(found, found["data"][0])
            return json.dumps(found)

        return write

    return {
        "empty": lambda _: "",
        "cut": lambda text: text[:-40],
        "not UTF-8": lambda _: b"\xff\x00",
        "a list": lambda _: "[]",
        "deep": lambda _: "[" * 100_000,
        "foreign": lambda _: '{"format": 1, "name": "an application"}',
        "of tomorrow": changed(lambda found, _: found.update(format=2)),
        "no counts": changed(lambda _, data: data.pop("counts")),
        "a count less": changed(lambda _, data: data["counts"].pop("flawed")),
        "text": changed(lambda _, data: data["counts"].update(flawed="10")),
        "NaN": changed(lambda _, data: data["counts"].update(graded=float("nan"))),
        "no models": changed(lambda _, data: data.update(models=None)),
        "gone": lambda _: None,
    }


@pytest.mark.parametrize("damage", damaged_summaries().values(), ids=damaged_summaries())
def test_a_damaged_last_night_does_not_stop_tonight(folder, capsys, damage):
    """The night is done; gates that compare with the damaged one fail and say why; the next night compares again."""
    config = write_config(folder, GATES)
    assert audit(config) == 0
    assert audit(config) == 0
    path = folder / "store" / "latest" / "summary.json"
    found = damage(path.read_text())
    path.unlink()
    if found is not None:
        path.write_bytes(found if isinstance(found, bytes) else found.encode())
    capsys.readouterr()
    assert audit(config, "--log-json") == 1
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (event,) = [one for one in events if one["event"] == "damaged"]
    assert event["path"].endswith("summary.json")
    assert event["why"]
    tonight = summary(folder)
    assert (tonight["night"], tonight["data"][0]["work"]["graded"]) == (3, 0)
    for gate in tonight["gates"]:
        assert gate["level"] == "fail"
        assert gate["message"].startswith("could not be evaluated: the summary of 00002-")
    history = pl.read_parquet(folder / "store" / "latest" / "d" / "history.parquet")
    assert history["night"].to_list() == [1, 2, 3]
    assert audit(config) == 0


def test_a_night_that_lost_everything(folder, capsys):
    """An empty folder of a last night is not passed over for the night before it; an older one is."""
    config = write_config(folder, GATES)
    assert audit(config) == 0
    (folder / "store" / "nights" / "00007-20260101T000000Z").mkdir()
    assert audit(config) == 1
    assert all("could not be evaluated" in gate["message"] for gate in summary(folder)["gates"])
    assert summary(folder)["night"] == 8
    config.write_text(config.read_text() + '[[data]]\nname = "e"\ninputs = ["rows.parquet"]\n')
    assert audit(config) == 0
    assert {gate["level"] for gate in summary(folder)["gates"] if gate["data"] == "e"} == {"warn"}


def truncated(path):
    path.write_bytes(path.read_bytes()[:-200])


def foreign(path):
    pl.DataFrame({"a": [1]}).write_parquet(path)


@pytest.mark.parametrize("damage", [truncated, foreign, lambda path: path.write_bytes(b""), lambda path: path.unlink()])
@pytest.mark.parametrize("name", ["report", "history", "changes", "review"])
def test_a_damaged_file_of_the_last_night(folder, capsys, name, damage):
    """Tonight is done whatever became of a file of last night: changes need its report, the history an older one."""
    config = write_config(folder, GATES)
    assert audit(config) == 0
    assert audit(config) == 0
    damage(folder / "store" / "latest" / "d" / f"{name}.parquet")
    capsys.readouterr()
    assert audit(config, "--quiet") == (1 if name == "report" else 0)
    said = capsys.readouterr().err
    tonight = summary(folder)
    assert (tonight["night"], tonight["data"][0]["work"]["graded"]) == (3, 0)
    flawed, new = tonight["gates"]
    assert flawed["level"] == "pass"
    if name == "report":
        assert new["message"].startswith("could not be evaluated: the report of 00002-")
        assert "no changes are listed tonight" in said
    history = pl.read_parquet(folder / "store" / "latest" / "d" / "history.parquet")
    if name != "history":
        assert history["night"].to_list() == [1, 2, 3]
    else:
        assert history["night"].to_list() == [1, 3]
        assert "going on with the history of an earlier night" in said


def test_a_history_with_holes_is_none(folder, capsys):
    """A history of which values are missing is not gone on with: its chart could not be drawn."""
    assert audit(folder / "audit.toml") == 0
    path = folder / "store" / "latest" / "d" / "history.parquet"
    pl.read_parquet(path).with_columns(flawed=None).write_parquet(path)
    assert audit(folder / "audit.toml") == 0
    assert "values are missing" in capsys.readouterr().err
    assert pl.read_parquet(folder / "store" / "latest" / "d" / "history.parquet")["night"].to_list() == [2]


def test_a_gold_gate_compares_with_the_last_night_whatever_latest_shows(folder):
    """Without the link `latest` the last night is still the last; with its summary damaged the gate fails."""
    rows = pl.read_parquet(folder / "rows.parquet").with_columns(label=pl.lit("correct"))
    rows.write_parquet(folder / "gold.parquet")
    gate = 'measure = "weighted_f1"\ngold = "gold.parquet"\nlabel = "label"\nfail = { worse_than_last = "1 point" }\n'
    config = write_config(folder, f"[[gate]]\n{gate}")
    assert audit(config) == 0
    (folder / "store" / "latest").unlink()
    assert audit(config) == 0
    assert summary(folder)["gates"][0]["level"] == "pass"
    (folder / "store" / "latest" / "summary.json").write_text("{}")
    assert audit(config) == 1
    assert "could not be evaluated: the summary of 00002-" in summary(folder)["gates"][0]["message"]


def test_results_that_are_damaged_are_set_aside(folder, capsys):
    """A damaged file of results is kept beside the new one, and said."""
    results = folder / "store" / "results.sqlite"
    assert audit(folder / "audit.toml") == 0
    for damage in (b"damaged", b"damaged again"):
        results.write_bytes(damage)
        capsys.readouterr()
        assert audit(folder / "audit.toml", "--quiet") == 0
        assert "begun anew" in capsys.readouterr().err
        assert (folder / "store" / "results.sqlite.damaged").read_bytes() == damage
        assert work(folder)["graded"] == 42
    assert audit(folder / "audit.toml") == 0
    assert work(folder)["graded"] == 0


def test_results_that_turn_out_damaged_in_the_middle(folder, capsys):
    """Pages that are damaged where nobody looks at first cost time, and do not stop the night."""
    results = folder / "store" / "results.sqlite"
    assert audit(folder / "audit.toml") == 0
    data = results.read_bytes()
    results.write_bytes(data[:8192] + b"\x55" * (len(data) - 8192))
    assert audit(folder / "audit.toml") == 0
    assert "set aside as results.sqlite.damaged" in capsys.readouterr().err
    assert summary(folder)["data"][0]["counts"]["flawed"] == 10
    assert audit(folder / "audit.toml") == 0
    assert work(folder)["graded"] == 0


def flipped(path):
    """Flip a bit of the verdicts' dictionary, so that a reader without checksums takes another value for them."""
    chunk = next(
        chunk
        for index in range(pq.read_metadata(path).num_columns)
        if (chunk := pq.read_metadata(path).row_group(0).column(index)).path_in_schema == "grade_verdict"
    )
    data = bytearray(path.read_bytes())
    data[chunk.dictionary_page_offset + chunk.total_compressed_size - 1] ^= 1
    path.write_bytes(data)


def cleared(path):
    """Find every row correct, in a file that is whole."""
    table = pl.read_parquet(path)
    table.with_columns(grade_verdict=pl.lit("correct")).write_parquet(path)


@pytest.mark.parametrize(("damage", "why"), [(flipped, "is damaged"), (cleared, "not those that its night counted")])
def test_verdicts_of_last_night_that_are_not_those(folder, capsys, damage, why):
    """A gate that compares with a report that is not what its night wrote could not be evaluated."""
    config = write_config(folder, GATES)
    assert audit(config) == 0
    damage(folder / "store" / "latest" / "d" / "report.parquet")
    capsys.readouterr()
    assert audit(config, "--quiet") == 1
    assert why in capsys.readouterr().err
    flawed, new = summary(folder)["gates"]
    assert flawed["level"] == "pass"
    assert new["message"].startswith("could not be evaluated: the report of 00001-")
