"""Whole solutions in many styles: right ones are not called wrong, and wrong calculations are found."""

import json
from pathlib import Path

import pytest

from grader.engines import load_pair
from grader.pipeline import Grader
from grader.types import Solution

ROWS = json.loads((Path(__file__).parent / "cases" / "solutions.json").read_text(encoding="utf-8"))
WORDS = {"clear": "clear", "alarm": "clear", "caught": "missed", "missed": "missed"}
"""What a solution without a failing equation is called, by what stands beside it."""


@pytest.fixture(scope="module")
def outcomes():
    with Grader(load_pair("rules", classifier=False, adapters=None, threshold=None)) as grader:
        graded = grader.grade([Solution("", row["solution"]) for row in ROWS])
    failing = {"clear": "alarm", "missed": "caught"}
    words = [WORDS[row["expected"]] for row in ROWS]
    return [failing[word] if result.n_failed else word for word, result in zip(words, graded, strict=True)]


def test_right_solutions_are_clear_and_wrong_calculations_caught(outcomes):
    """Known exceptions lose their mark once they pass."""
    found = [(row["source"], word) for row, word in zip(ROWS, outcomes, strict=True)]
    assert found == [(row["source"], row["expected"]) for row in ROWS]


def test_exceptions_say_why():
    """Every known exception has a reason, and no solution stands here twice."""
    assert all(row.get("why") for row in ROWS if row["expected"] in ("alarm", "missed"))
    assert len(ROWS) == len({row["solution"] for row in ROWS}) >= 380
