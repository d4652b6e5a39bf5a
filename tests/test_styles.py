"""Some 12,000 solutions in four hundred styles, written without knowledge of the rules: what is said of them stays so.

``tests/styles`` holds right solutions, and wrong ones with one false calculation each, on ``wrong_line``; ``found``
tells whether it is the first one that is called false. What the rules said when they first saw them stands in
benchmarks/RESULTS.md; since then some were made for what these solutions showed.
"""

import json
from pathlib import Path

import pytest

from grader.engines import Pair
from grader.pipeline import Grader
from grader.types import Solution, Verdict

FOLDER = Path(__file__).parent / "styles"
SETS = [path.stem for path in sorted(FOLDER.glob("*.jsonl"))]


@pytest.fixture(scope="module", params=SETS)
def graded(request):
    """Give the rows of a set, each with its grades."""
    lines = (FOLDER / f"{request.param}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    with Grader(Pair()) as grader:
        return list(zip(rows, grader.grade([Solution(row["problem"], row["solution"]) for row in rows]), strict=True))


def test_right_solutions_are_not_called_wrong(graded):
    """Not one of them."""
    right = [(row, grades) for row, grades in graded if "wrong_line" not in row]
    alarms = [(row["id"], grades.message) for row, grades in right if grades.verdict is Verdict.COMPUTATIONAL_ERROR]
    assert len(right) > 700
    assert alarms == []


def test_wrong_calculations_are_found_where_they_were(graded):
    """On their own line; what is found that was missed is marked as found from then on."""
    wrong = [(row, grades) for row, grades in graded if "wrong_line" in row]
    found = {row["id"] for row, grades in wrong if grades.first_error_line == row["wrong_line"]}
    elsewhere = [row["id"] for row, grades in wrong if grades.first_error_line not in (None, row["wrong_line"])]
    assert found == {row["id"] for row, _ in wrong if row["found"]}
    assert len(found) > 0.7 * len(wrong)
    assert elsewhere == []
