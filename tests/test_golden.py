"""The golden cases as a whole: where they come from, and how many of them must be left alone."""

import importlib
import json
from collections import Counter
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
CASES = [
    case for path in sorted((FOLDER / "cases").glob("*.json")) for case in json.loads(path.read_text(encoding="utf-8"))
]


@pytest.fixture
def golden(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER.parent / "benchmarks")
    return importlib.import_module("golden")


def test_every_case_says_where_it_comes_from():
    """There are 600 cases and more, each with a source, and half of them have the form of a line in the data."""
    assert len(CASES) >= 600
    assert all(case["source"] for case in CASES)
    assert 2 * sum("seen" in case for case in CASES) >= len(CASES)


def test_marks_name_data_sets(golden):
    """A case was seen in one of the data sets that the benchmark looks it up in."""
    assert {case["seen"] for case in CASES if "seen" in case} <= set(golden.SETS)


def test_a_third_must_not_fail(golden):
    """A third of the cases and more are ones that the grader must leave alone."""
    assert 3 * sum(map(golden.must_not_fail, CASES)) >= len(CASES)


def test_no_case_stands_twice():
    """No equation, line or solution stands twice under the same conditions in one kind of case."""
    keys = Counter(
        json.dumps({key: case[key] for key in sorted(case) if key not in ("source", "seen")}) for case in CASES
    )
    assert [key for key, count in keys.items() if count > 1] == []


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("- Tom has 3 * 4 = 12 red pens.", "N * N = N"),
        ("<<3*4=12>>3*4=12 pens", "N*N=N"),
        ("\\( \\frac{3}{4} = 0.75 \\)", "\\( \\frac{N}{N} = N \\)"),
    ],
)
def test_the_form_of_a_line(golden, line, form):
    """Numbers and words of a line may be any others."""
    assert golden.form_of_line(line) == form
