"""Functions, binomials, bars and words of calculation: what is right raises no alarm, what is false fails."""

import pytest

from grader.engines import load_pair
from grader.pipeline import Grader
from grader.types import Solution


@pytest.fixture(scope="module")
def grader():
    with Grader(load_pair("rules", classifier=False, adapters=None, threshold=None)) as grader:
        yield grader


def checks_of(grader, text):
    (graded,) = grader.grade([Solution("", text)])
    return [check for line in graded.lines for check in line.equations]


def assert_clear(grader, text):
    """Nothing in the text fails."""
    assert [check for check in checks_of(grader, text) if check.status == "fails"] == []


def details_of_failures(grader, text):
    return [check.detail for check in checks_of(grader, text) if check.status == "fails"]


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Five times the number minus 10 equals 45: 5n - 10 = 45.",
        "5 times the number minus 12 equals 3 times the number plus 4.",
        "5 times a number minus 12 equals 3 times a number plus 4.",
        "Twice a number plus 3 is 11.",
        "Three more than the number equals 12.",
        "Half of x plus 2 equals 6.",
        "Half of the number plus 2 equals 6.",
        "5 times his age minus 4 is 31.",
        "The square of a number plus 1 equals 10.",
        "3 times as old as Tom minus 4 equals 20.",
        "20 plus the tip equals 25.",
        "2 times the width plus 2 times the length equals 30.",
        "12 divided by the number equals 3.",
        "12 multiplied by what equals 36?",
        "5 less than 3 times the number equals 10.",
        "8 minus what equals 3",
        "half of his money plus 5 dollars equals 20 dollars",
    ],
)
def test_a_word_for_a_number_is_no_label(grader, text):
    """Where words calculate with a thing that is no number, the numbers beside it are not the whole side."""
    assert_clear(grader, text)


@pytest.mark.parametrize(
    ("text", "equations"),
    [
        ("He trains 4 times a week plus 3 times a week = 7 times.", ["4+3=7"]),
        ("3/4 of the pizza - 1/4 of the pizza = 1/2 of the pizza", ["3/4-1/4=1/2"]),
        ("Half of x plus 2 equals 6.", ["1/2*x+2=6"]),
        ("5 times x plus 2 equals 17.", ["5*x+2=17"]),
        ("12 times 5 equals 60.", ["12*5=60"]),
    ],
)
def test_words_of_calculation(grader, text, equations):
    """How often something happens and shares of one thing are labels; letters are unknowns."""
    assert [check.text for check in checks_of(grader, text)] == equations
