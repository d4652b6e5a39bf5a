"""Statements that are no claims of their own do not fail a row, and those that only look like them do."""

import pytest

from grader.engines import Pair
from grader.pipeline import Grader
from grader.types import Solution


@pytest.mark.parametrize(
    "text",
    [
        "6/4 = 15/h\n6h = 60\nh = 10",
        "6/4 = 15/h",
        "Let s be the side. 40/8 = 20/s, so s = 4",
        "Start: 100\n-30 = 90",
        "15/8 = 1,875",
        "2/7 · 3 = 0,857 and 22/7 = 3,143",
        "Here a * b means the larger of the two: 4 * 7 = 7.",
        "It isn't 20 + 30 × 2 = 100, because multiplication comes first.",
        "It's not 3 + 4 = 8.",
        "It's never 3 + 4 × 2 = 14, since multiplication comes first.",
        "It is certainly not just 3 + 4 = 8.",
        "20 cm × 30 cm × 1 m = 0.06 m³ = 60 L",
        "20 cm × 30 cm × 1 m = 60000 cm^3",
        "5 ft × 18 in = 7.5 sq ft",
        "2 km × 300 m = 0.6 km²",
        "2.5 m × 33 cm × 41 cm = 0.34 m³",
    ],
)
def test_they_do_not_fail(graded, text):
    """A letter that may be an unknown, a change without its start, what is denied, and lengths of two units."""
    assert graded(text).n_failed == 0


@pytest.mark.parametrize(
    "text",
    [
        "60 km / 4 h = 14 km/h",
        "60/4 = 14 pages/h",
        "15000/8 = 1,876",
        "15/8 = 1,975",
        "-30 + 5 = 90",
        "That is not bad: 3 + 4 = 8.",
        "There are never more. 3 + 4 × 2 = 14",
        "20 cm × 30 cm × 1 m = 0.07 m³",
        "5 ft × 18 in = 7.6 sq ft",
        "3 m × 4 m = 13 m²",
    ],
)
def test_they_fail(graded, text):
    """What is like them and is a claim."""
    assert graded(text).n_failed == 1


@pytest.mark.parametrize("text", ["modulo 5: 7*3 ≈ 101", "modulo 7: 5 + 3 < 1"])
def test_other_relations_are_looked_at_too(graded, text):
    """Beside a modulus, whatever stands between the sides."""
    assert graded(text).n_failed == 0


def test_an_amount_is_told_in_its_currency(graded):
    """A message puts no dollar before euros."""
    with Grader(Pair()) as grader:
        euros, dollars = grader.grade([Solution("", "€5 × 2 = €11"), Solution("", "$5 × 2 = $11")])
    assert (euros.message, dollars.message) == ("line 1: 5*2 is 10, not 11", "line 1: 5*2 is $10, not $11")
