"""Every kind of gate, passed and broken, through the command line; what cannot be evaluated is a failure."""

import shutil

import polars as pl
import pytest
from audits import audit, pair, summary, use, write_config, write_rows

from grader.adapters.manifest import file_sha256
from grader.audit.config import Bounds, Gate
from grader.audit.gates import Level, Reading, judge, worst

# 20 rows: 10 right, 4 with a false calculation (3 of which the classifier lets pass), 4 wrong, 2 with nothing to check.
KINDS = ["right"] * 10 + ["false"] * 3 + ["both"] + ["wrong"] * 4 + ["vague"] * 2
SOURCES = ["web"] * 10 + ["book"] * 8 + [None] * 2
# The next night one row turned, and a new flawed one came.
LATER = ["wrong", *KINDS[1:], "false"]


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Give a folder with the rows of two nights, all of which have results, and the store after the first night."""
    folder = tmp_path_factory.mktemp("gates")
    with pytest.MonkeyPatch.context() as patch:
        use(patch, pair())
        write_rows(folder / "later.parquet", LATER, source=[*SOURCES, "web"])
        write_rows(folder / "gold.parquet", KINDS, label=["correct"] * 10 + ["flawed"] * 8 + ["correct"] * 2)
        write_rows(folder / "drift.parquet", KINDS, label=["flawed"] * 10 + ["correct"] * 10)
        write_rows(folder / "odd.parquet", KINDS, label=["perhaps"] * 20)
        write_rows(folder / "rows.parquet", KINDS, source=SOURCES)
        (folder / "later").mkdir()
        later = write_config(folder / "later")
        later.write_text(later.read_text().replace("rows.parquet", "../later.parquet").replace('"store"', '"../store"'))
        assert audit(later, "--only", "d") == 0
        assert audit(write_config(folder, slices=["source"])) == 0
    return folder


@pytest.fixture
def folder(graded, tmp_path, monkeypatch):
    """Give a copy of it, in which no night grades a row, and models that nobody asks."""
    shutil.copytree(graded, tmp_path / "gates", symlinks=True)
    use(monkeypatch, pair())
    return tmp_path / "gates"


def night(folder, gates, *options, rows="rows.parquet"):
    """Do a night with some gates and give its exit code and its outcomes."""
    path = write_config(folder, gates, slices=["source"])
    path.write_text(path.read_text().replace('"rows.parquet"', f'"{rows}"'))
    code = audit(path, "--quiet", *options)
    return code, summary(folder)["gates"]


@pytest.mark.parametrize(
    ("measure", "passing", "breaking"),
    [
        ("flawed", 'share = "40 %"', 'share = "39.9 %"'),
        ("flawed", "count = 8", "count = 7"),
        ("computational", 'share = "20 %"', 'share = "19 %"'),
        ("computational", "count = 4", "count = 3"),
        ("conceptual", 'share = "20 %"', 'share = "19 %"'),
        ("conceptual", "count = 4", "count = 3"),
        ("nothing_checked", 'share = "10 %"', 'share = "9.9 %"'),
        ("nothing_checked", "count = 2", "count = 1"),
        ("disagreement", 'share = "15 %"', 'share = "14 %"'),
        ("disagreement", "count = 3", "count = 2"),
    ],
)
def test_shares_and_counts(folder, measure, passing, breaking):
    """A bound that is met passes with exit code 0; one that is exceeded fails with 1."""
    gate = f'[[gate]]\nmeasure = "{measure}"\nfail = {{ %s }}\n'
    code, (found,) = night(folder, gate % passing)
    assert (code, found["level"]) == (0, "pass")
    code, (found,) = night(folder, gate % breaking)
    assert (code, found["level"]) == (1, "fail")


@pytest.mark.parametrize("bound", ["count = 7", 'share = "39.9 %"', "count = 7, share = '50 %'"])
def test_warnings(folder, bound):
    """A bound to warn at that is exceeded changes the exit code only with --strict."""
    gate = f'[[gate]]\nmeasure = "flawed"\nwarn = {{ {bound} }}\nfail = {{ count = 8 }}\n'
    code, (found,) = night(folder, gate)
    assert (code, found["level"]) == (0, "warn")
    assert night(folder, gate, "--strict")[0] == 1


def test_failed_rows(folder, monkeypatch):
    """A gate on failed rows passes without any, and breaks by the first."""
    gate = (
        '[[gate]]\nmeasure = "failed"\nfail = { count = 0 }\n[[gate]]\nmeasure = "failed"\nfail = { share = "4 %" }\n'
    )
    assert night(folder, gate)[0] == 0
    models = use(monkeypatch, pair())

    def classify(_):
        raise ValueError("no")

    models.classifier.classify = classify
    write_rows(folder / "rows.parquet", [*KINDS, "right"], source=[*SOURCES, "web"])
    code, (count, share) = night(folder, gate)
    assert (code, count["rows"], count["level"], share["level"]) == (1, 1, "fail", "fail")


def test_slices(folder):
    """A gate with a slice judges every value by itself, null too."""
    gate = '[[gate]]\nmeasure = "flawed"\nslice = "source"\nfail = { count = 8 }\nwarn = { share = "99 %" }\n'
    code, found = night(folder, gate)
    assert code == 0
    assert {one["slice_value"]: one["level"] for one in found} == {"web": "pass", "book": "warn", "(null)": "pass"}
    code, found = night(folder, gate.replace("count = 8", "count = 7"))
    assert code == 1
    assert [one["slice_value"] for one in found if one["level"] == "fail"] == ["book"]


@pytest.mark.parametrize("where", ["", 'slice = "source"\n'])
def test_new_flawed_rows(folder, where):
    """Rows that turned flawed, and flawed rows that are new, count; those that were flawed do not."""
    gate = f'[[gate]]\nmeasure = "new_flawed"\n{where}fail = {{ count = %d }}\n'
    code, found = night(folder, gate % 2, rows="later.parquet")
    assert (code, sum(one["rows"] for one in found)) == (0, 2)
    assert night(folder, gate % 1, rows="rows.parquet")[0] == 0
    assert night(folder, gate % 1, rows="later.parquet")[0] == 1


def test_new_flawed_rows_as_a_share(folder):
    """Their share is one of all rows."""
    gate = '[[gate]]\nmeasure = "new_flawed"\nfail = { share = "%s %%" }\n'
    assert night(folder, gate % "9.6", rows="later.parquet")[0] == 0
    night(folder, gate % "1")
    assert night(folder, gate % "9.5", rows="later.parquet")[0] == 1


@pytest.mark.parametrize("where", ["", 'slice = "source"\n'])
def test_worse_than_last(folder, where):
    """A share may grow by so many points since last night: 8 of 20 became 10 of 21, of the web 0 of 10 2 of 11."""
    gate = f'[[gate]]\nmeasure = "flawed"\n{where}fail = {{ worse_than_last = "%s points" }}\n'
    enough, too_little = ("18.2", "18.1") if where else ("7.7", "7.6")
    assert night(folder, gate % enough, rows="later.parquet")[0] == 0
    assert night(folder, gate % "0", rows="rows.parquet")[0] == 0  # it became better
    code, found = night(folder, gate % too_little, rows="later.parquet")
    assert (code, [one["level"] for one in found].count("fail")) == (1, 1)
    assert night(folder, gate % "0", rows="later.parquet")[0] == 0


def gold(**keys):
    lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
    return f'[[gate]]\nmeasure = "weighted_f1"\nlabel = "label"\n{lines}'


def test_model_drift_on_a_gold_file(folder):
    """The weighted F1 on a labelled file has a floor, and may fall by so many points."""
    assert night(folder, gold(gold='"gold.parquet"', fail="{ below = 0.95 }"))[0] == 0
    code, (found,) = night(folder, gold(gold='"drift.parquet"', fail="{ below = 0.5 }"))
    assert (code, found["level"], found["value"]) == (1, "fail", pytest.approx(0.0909, abs=0.2))
    assert "below 0.5" in found["message"]
    drop = gold(gold='"gold.parquet"', fail='{ worse_than_last = "1 point" }')
    assert night(folder, drop)[0] == 0  # nothing to compare with yet
    assert night(folder, drop)[0] == 0


def test_gold_that_drifts(folder, monkeypatch):
    """With models that see less than last night the gate breaks."""
    drop = gold(gold='"gold.parquet"', fail='{ worse_than_last = "1 point" }')
    night(folder, drop)
    use(monkeypatch, pair(classifier="blind", word="nothing like it"))
    code, (found,) = night(folder, drop)
    assert (code, found["level"]) == (1, "fail")
    assert "points worse now (allowed: 1)" in found["message"]


def test_a_gold_file_is_pinned(folder):
    """With sha256 only that file is gold; one that changed since last night is not compared with."""
    sha256 = file_sha256(folder / "gold.parquet")
    pinned = gold(gold='"gold.parquet"', sha256=f'"{sha256}"', fail='{ worse_than_last = "1 point", below = 0.9 }')
    assert night(folder, pinned)[0] == 0
    shutil.copy(folder / "drift.parquet", folder / "gold.parquet")
    code, (found,) = night(folder, pinned)
    assert code == 1
    assert "is not the pinned file" in found["message"]
    shutil.copy(folder / "later.parquet", folder / "rows.parquet")
    night(folder, gold(gold='"drift.parquet"', fail='{ worse_than_last = "1 point" }'))
    write_rows(folder / "drift.parquet", KINDS, label=["flawed"] * 9 + ["correct"] * 11)
    code, (found,) = night(folder, gold(gold='"drift.parquet"', fail='{ worse_than_last = "1 point" }'))
    assert code == 1
    assert "the gold file is not that of last night" in found["message"]


def test_gold_labels_that_mean_nothing(folder):
    """A label that is none makes the gate fail, not pass."""
    code, (found,) = night(folder, gold(gold='"odd.parquet"', fail="{ below = 0.1 }"))
    assert code == 1
    assert "could not be evaluated" in found["message"]
    assert "has the label 'perhaps'" in found["message"]


@pytest.mark.parametrize("measure", ["conceptual", "disagreement"])
def test_without_a_classifier_its_gates_fail(folder, monkeypatch, measure):
    """What only a classifier can find is not passed where none ran."""
    use(monkeypatch, pair(classifier=None))
    code, (found,) = night(folder, f'[[gate]]\nmeasure = "{measure}"\nwarn = {{ count = 100 }}\n')
    assert (code, found["level"]) == (1, "fail")
    assert "found by a classifier, and none ran" in found["message"]
    use(monkeypatch, pair())
    worse = f'[[gate]]\nmeasure = "{measure}"\nfail = {{ worse_than_last = "50 points" }}\n'
    code, (found,) = night(folder, worse)
    assert code == 1
    assert "no classifier ran the last time" in found["message"]


def test_no_rows_is_no_pass(folder):
    """A share of no rows fails."""
    pl.read_parquet(folder / "rows.parquet").clear().write_parquet(folder / "rows.parquet")
    for where in ("", 'slice = "source"\n'):
        code, found = night(folder, f'[[gate]]\nmeasure = "flawed"\n{where}fail = {{ share = "99 %" }}\n')
        assert (code, found[0]["level"]) == (1, "fail")


def test_a_slice_with_too_many_values_is_no_pass(folder, monkeypatch):
    """A column that is no slice makes its gate fail, with the reason; the night goes on."""
    monkeypatch.setattr("grader.audit.measures.MAX_SLICES", 2)
    code, (found,) = night(folder, '[[gate]]\nmeasure = "flawed"\nslice = "source"\nfail = { share = "99 %" }\n')
    assert code == 1
    assert "has 3 values; at most 2 are slices" in found["message"]


@pytest.mark.parametrize("damaged", ["d/report.parquet", "summary.json"])
def test_a_last_night_that_is_damaged_is_no_pass(folder, damaged):
    """Where last night's files cannot be read, the gates that compare with it fail; the others are judged."""
    (folder / "store" / "latest" / damaged).write_bytes(b"damaged")
    gates = (
        '[[gate]]\nmeasure = "new_flawed"\nfail = { count = 9 }\n'
        '[[gate]]\nmeasure = "flawed"\nfail = { worse_than_last = "9 points" }\n'
        '[[gate]]\nmeasure = "flawed"\nfail = { count = 9 }\n'
    )
    code, (new, worse, plain) = night(folder, gates)
    assert code == 1
    assert (new["level"], plain["level"]) == ("fail", "pass")
    assert worse["level"] == ("fail" if damaged == "summary.json" else "pass")


def test_a_first_night_warns_where_it_cannot_compare(tmp_path, monkeypatch):
    """On the first night of a data set there is nothing to compare with: a warning, which --strict makes a failure."""
    use(monkeypatch, pair())
    write_rows(tmp_path / "rows.parquet", KINDS[:3])
    gates = (
        '[[gate]]\nmeasure = "new_flawed"\nfail = { count = 0 }\n'
        '[[gate]]\nmeasure = "flawed"\nfail = { worse_than_last = "0 points" }\n'
    )
    assert audit(write_config(tmp_path, gates), "--strict") == 1
    assert [one["level"] for one in summary(tmp_path)["gates"]] == ["warn", "warn"]
    assert audit(write_config(tmp_path, gates), "--strict") == 0


def test_both_levels_in_one_gate():
    """The bounds to fail at are looked at first, and the worst gate decides."""
    gate = Gate(measure="flawed", warn=Bounds(count=1), fail=Bounds(count=3))
    levels = [judge(gate, Reading(rows / 10, rows, 10))[0] for rows in (1, 2, 4)]
    assert levels == [Level.PASS, Level.WARN, Level.FAIL]
    assert worst([]) is Level.PASS


def test_a_difference_at_the_bound_does_not_break_it():
    """3 of 10 after 2 of 10 is 10 points worse, whatever binary fractions make of it."""
    gate = Gate(measure="flawed", fail=Bounds(worse_than_last="10 points"))
    assert judge(gate, Reading(3 / 10, 3, 10, before=2 / 10))[0] is Level.PASS
    assert judge(gate, Reading(301 / 1000, 301, 1000, before=2 / 10))[0] is Level.FAIL
