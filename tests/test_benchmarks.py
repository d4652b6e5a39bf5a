"""The yardsticks measure what benchmarks/README.md says."""

import importlib
import importlib.util
import json
import random
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

FOLDER = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def rigorous(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("rigorous")


@pytest.fixture
def make_rows(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("make_rows")


@pytest.mark.parametrize(
    ("predicted", "gold"),
    [
        ("$3 × 2 = $6.00", "3*2=6"),
        ("1,000 + 2 = 1002", "1000+2=1002"),
        ("6.5/.25=26", "6.5/0.25=26"),
        ("2(3+4)=14", "2*(3+4)=14"),
        ("3-5=-2", "3-5=-2"),
        ("2**3=8", "2^3=8"),
        ("10%*50=5", "10/100*50=5"),
        ("10%*50=5", "10*0.01*50=5"),
        ("10%*50=5", "0.1*50=5"),
        ("1/4=25%", "1/4=25"),
    ],
)
def test_same_equation(rigorous, predicted, gold):
    """Spellings of one equation are the same equation."""
    assert rigorous.same_equation(predicted, gold)


@pytest.mark.parametrize(
    ("predicted", "gold"),
    [
        ("0.5*48=24", "48/2=24"),
        ("48/2=24", "24=24"),
        ("60-15=45", "60-15=40"),
        ("2x+1=3", "2*2+1=3"),
        ("5=5", "1/0=5"),
        ("3=3", "(3=3"),
        ("9^9^9^9=1", "1=1"),
    ],
)
def test_another_equation(rigorous, predicted, gold):
    """Other operators, other values and what is no plain arithmetic are not the same equation."""
    assert not rigorous.same_equation(predicted, gold)


def test_reading_of_a_line(rigorous):
    """Any equation of a line or stretch of a chain may match the gold, and no gold wants no equation."""
    assert rigorous.same_reading(["9-1=8", "1+2=3", "3=9/3"], "1+2=9/3")
    assert not rigorous.same_reading(["1+2=3", "4=8/2"], "1+2=8/2")
    assert rigorous.same_reading([], "")
    assert not rigorous.same_reading(["1=1"], "")


def test_drawn_rows_are_true_and_consistent(make_rows):
    """New numbers keep a solution's equations true and the same in problem, solution and answer."""
    solution = "He pays 3*40=<<3*40=120>>120 dollars.\nHe keeps 200-120=<<200-120=80>>80.\n#### 80"
    template = make_rows._template("Tom has $200 and buys 3 hats for $40 each.", solution)
    for row in filter(None, (template.draw(random.Random(seed)) for seed in range(50))):
        money, hats, price = map(int, re.findall(r"\d+", row.problem))
        paid = hats * price
        kept = money - paid
        assert kept > 0
        assert row.solution == f"He pays {hats}*{price}={paid} dollars.\nHe keeps {money}-{paid}={kept}.\n#### {kept}"


def test_ambiguous_numbers_make_no_template(make_rows):
    """A solution in which one number means two things is left out."""
    assert make_rows._template("Tom has 8 and finds 4.", "8/2=<<8/2=4>>4, 4+4=<<4+4=8>>8") is None


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")
def test_rows_graded_in_every_way(monkeypatch, tmp_path, capsys):
    """Actors, a killed one among them, and shards are compared with the local run, and nothing differs."""
    gold = "He pays 3*40=<<3*40=120>>120 dollars.\nHe keeps 200-120=<<200-120=80>>80.\n#### 80"
    question = "Tom has $200 and buys 3 hats for $40 each."
    pq.write_table(pa.table({"question": [question], "solution": [gold]}), tmp_path / "gsm8k_train.parquet")
    pq.write_table(pa.table({"problem": ["p"], "solution": ["1+1=3"]}), tmp_path / "mathclean_simple.parquet")
    monkeypatch.syspath_prepend(FOLDER)
    command = ["cluster.py", "--data", str(tmp_path), "--rows", "399", "--pair-rows", "0", "--shards", "3"]
    monkeypatch.setattr("sys.argv", command)
    importlib.import_module("cluster").main()
    runs = json.loads(capsys.readouterr().out.splitlines()[-1])["runs"]
    assert [run["run"].partition(" after")[0] for run in runs] == [
        "local",
        "1 actor",
        "2 actors",
        "2 actors, 1 killed",
        "3 shards",
    ]
    assert [(run["rows that differ"], run["else"]) for run in runs[1:]] == [(0, "")] * 4
