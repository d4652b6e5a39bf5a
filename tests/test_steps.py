"""Whole solutions, step by step: calculations over several lines, comparisons, roots and compound units."""

import json
from pathlib import Path

import pytest

from grader.engines import load_pair
from grader.pipeline import Grader
from grader.types import Solution

CASES = json.loads((Path(__file__).parent / "cases" / "steps.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def grader():
    with Grader(load_pair("rules", classifier=False, adapters=None, threshold=None)) as result:
        yield result


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["source"])
def test_solutions_are_judged_as_the_golden_cases_say(case, grader):
    """Each solution of tests/cases/steps.json fails on its line or not at all, and each equation has its status."""
    (result,) = grader.grade([Solution("", case["solution"])])
    found = [[check.text, check.status] for line in result.lines for check in line.equations]
    assert (result.first_error_line, found) == (case["line"], case["equations"])


def test_golden_cases_are_told_apart():
    """No solution stands twice, and more than half of them must not fail."""
    assert len({case["solution"] for case in CASES}) == len(CASES)
    assert 2 * sum(case["line"] is None for case in CASES) > len(CASES)
