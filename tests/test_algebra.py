"""Solutions with unknowns: what contradicts another line fails and says why; what may be meant otherwise does not."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from unknowns import FAILS, HOLDS, SYMBOLIC, judged, statuses

from grader.checking.algebra import judge_unknowns
from grader.checking.meanings import Meanings, Words
from grader.limits import MAX_ALGEBRA_CHARACTERS
from grader.types import Equation, Solution

CASES = json.loads((Path(__file__).parent / "cases" / "algebra.json").read_text(encoding="utf-8"))


def details(checker, *equations):
    return [check.detail for check in judged(checker, *equations)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["source"])
def test_solutions_are_judged_as_the_golden_cases_say(case, grader):
    """Each solution of tests/cases/algebra.json fails on its line or not at all, and each equation has its status."""
    result = grader.grade([Solution("", case["solution"])])[0]
    found = [[check.text, check.status] for line in result.lines for check in line.equations]
    assert result.first_error_line == case["line"]
    assert case["equations"] in (None, found)


def test_the_golden_cases_are_enough_and_mostly_good():
    """There are sixty golden cases at least, each told apart by its source, and half of them must not fail."""
    assert len(CASES) >= 60
    assert len({case["solution"] for case in CASES}) == len(CASES)
    assert 2 * sum(case["line"] is None for case in CASES) >= len(CASES)


def test_a_failure_says_from_what_and_what_it_should_be(grader):
    """The message of a row names the equation that the value follows from, and the value."""
    result = grader.grade([Solution("", "Let x be the number of pens.\n3x - 5 = 16\n3x = 21\nx = 6")])[0]
    assert result.message == "line 4: from 3x=21, x is 7, not 6"


@pytest.mark.parametrize(
    ("equations", "detail"),
    [
        (["3-w=1", "4w-6=2", "4w=9"], "from 4w-6=2, 4w is 8, not 9"),
        (["c+w=25", "2c+4w=70", "c=14"], "from c+w=25 and 2c+4w=70, c is 15, not 14"),
        (["0.6x=45", "x=45*0.6"], "from 0.6x=45, x is 75, but 45*0.6 is 27"),
        (["a+b=9", "b+c=11", "a+c=8", "c=6"], "from the equations before it, c is 5, not 6"),
    ],
)
def test_details_name_two_equations_at_most(checker, equations, detail):
    """A contradiction names one or two equations that it comes from, and speaks of more as those before it."""
    assert details(checker, *equations)[-1] == detail


def test_a_wrong_rewriting_says_what_the_left_side_is(checker):
    """``A+2A=4A`` fails with the sum that is right, once A is known not to be zero."""
    found = judged(checker, "A+2A=4A", "4A=20", "A=5")
    assert [check.status for check in found] == [FAILS, SYMBOLIC, HOLDS]
    assert found[0].detail == "A+2A is 3A, not 4A"


def test_a_rewriting_that_may_be_an_equation_stays_open(checker):
    """Without a value for its letter, or where that is zero, ``3x=5x`` is an equation like any other."""
    assert statuses(checker, "x+2x=5x") == [SYMBOLIC]
    assert statuses(checker, "x+2x=5x", "x=0") == [SYMBOLIC, SYMBOLIC]


def test_known_values_stand_on_both_sides(checker):
    """Where the letters are known, a check has the values of both sides."""
    found = judged(checker, "3x=21", "x=7", "2x+1=15", "4y=2", "y=3")
    values = [(check.left, check.right) for check in found]
    assert values == [(None, None), ("7", "7"), ("15", "15"), (None, None), ("0.5", "3")]


def test_other_checks_come_back_as_they_are(checker):
    """Numeric equations keep their checks, and nothing asks for the text."""

    def no_text():
        raise AssertionError

    equations = [Equation("2+2=4"), Equation("3x=21"), Equation("2+2=5"), Equation("x=7")]
    checks = [checker.check(equation) for equation in equations]
    found = judge_unknowns(checks, equations, no_text)
    assert [found[0], found[2]] == [checks[0], checks[2]]
    assert found[3].status is HOLDS


def test_a_chain_of_rewritings_is_not_judged_where_the_problem_says_something_of_its_letters(grader):
    """A relation that the problem gives may have been put in; what a function's name stands for may not."""
    chain = "n^3 - n = n(n^2 - 1) = n(n - 1)^2"
    given = ["Let n^2 = n + 1. Simplify n^3 - n.", "Let f(n) = n^3 - n. Factor it.", "Factor n^3 - n."]
    lines = [row.first_error_line for row in grader.grade([Solution(problem, chain) for problem in given])]
    assert lines == [None, 1, 1]


@pytest.mark.parametrize("letters", ["z+i", "d+x", "e+x"])
def test_letters_that_may_be_numbers_are_not_rewritten(checker, letters):
    """Nothing is concluded of i, d and e, which have meanings of their own."""
    assert FAILS not in statuses(checker, f"({letters})^2+1=({letters})^2-1", "x^2+2x=7")


@pytest.mark.parametrize("doubt", ["it is taken back later", "the step is hypothetical"])
def test_doubted_equations_neither_fail_nor_refute(checker, doubt):
    """An equation with a doubt does not fail, and no other fails because of it."""
    assert statuses(checker, "3x=21", Equation("x=6", doubt=doubt)) == [SYMBOLIC, SYMBOLIC]
    assert statuses(checker, Equation("3x=21", doubt=doubt), "x=6") == [SYMBOLIC, SYMBOLIC]
    assert statuses(checker, Equation("3x=21", doubt=doubt), "3x=21", "x=7") == [SYMBOLIC, SYMBOLIC, HOLDS]


@pytest.mark.parametrize(
    "text",
    [
        "There are two cases.",
        "The parabola has its vertex there.",
        "Let x be Ann's age. Then let x be Ben's age.",
        "If x = 6, then it fits.",
        "\\(x \\geq 2\\)",
        "a graph of y against x",
    ],
)
def test_nothing_fails_where_letters_may_change_their_meaning(checker, text):
    """Cases, curves, bounds, second definitions and suppositions in the text keep a contradiction from failing."""
    assert statuses(checker, "3x=21", "x=6", text="So x is found.") == [SYMBOLIC, FAILS]
    assert statuses(checker, "3x=21", "x=6", text=text) == [SYMBOLIC, SYMBOLIC]


@pytest.mark.parametrize(
    "text", ["If x is the price, 3x is 21.", "Let x = the number of pens.", "Solving for x, we go on."]
)
def test_a_definition_is_no_supposition(text):
    """A letter that is introduced once keeps its meaning."""
    assert Meanings(Words(text)).are_kept({"x"})


def test_an_unknown_that_was_read_as_a_unit_refutes_nothing(checker):
    """``g = 2k`` read as ``g=2`` does not fail: the text goes on with one of the letters."""
    equations = ["g+k=9", "3k=9", "g=2"]
    assert statuses(checker, *equations, text="g = 2 coins")[-1] is FAILS
    assert statuses(checker, *equations, text="g = 2k, g + k = 9")[-1] is SYMBOLIC


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Equation("3x=1", right_units=("hour",)), Equation("x=20", right_units=("minute",))),
        (Equation("3x=1", right_units=("hour",)), Equation("x=20")),
        (Equation("2x=3", right_units=("dozen",)), Equation("x=18")),
        (Equation("3*m=3", right_units=("m",)), Equation("m=4")),
        (Equation("0.33x=20"), Equation("x=60")),
        (Equation("x=37/3"), Equation("2x=24.6")),
        (Equation("3x≈20", approximate=True), Equation("x=7")),
        (Equation("20t=8"), Equation("30t=13")),
        (Equation("x=5"), Equation("x=6")),
        (Equation("3x=21"), Equation("x=0")),
    ],
)
def test_what_else_may_be_meant_does_not_fail(checker, first, second):
    """Units, rounded decimals, bare values and letters that are no unknowns refute nothing."""
    assert FAILS not in statuses(checker, first, second)


def test_a_letter_goes_on_with_a_result_that_was_wrong(checker):
    """After ``B/2 = 7+9 = 30`` the next line may use the 30."""
    assert statuses(checker, "B/2=7+9", "7+9=30", "B=60") == [SYMBOLIC, FAILS, SYMBOLIC]


def test_after_a_failure_the_failed_line_counts(checker):
    """What follows from the line that failed holds, and only the first wrong line fails."""
    found = statuses(checker, "4w-6=54", "4w=50", "w=12.5", "w=12.5", "2w=25", "w=15")
    assert found[:3] == [SYMBOLIC, SYMBOLIC, HOLDS]  # two values of w: nothing is refuted
    assert statuses(checker, "4w-6=54", "4w=50", "w=12.5", "2w=25") == [SYMBOLIC, FAILS, HOLDS, HOLDS]


@pytest.mark.parametrize(
    "texts",
    [
        [f"x={number}" for number in range(6_000)],
        [f"x+{number}=y" for number in range(3_000)],
        ["+".join(f"{letter}{'*x' * 8}" for letter in "abcdefgh") + "=1"] * 100,
        [f"x^{number}=(x+1)^12" for number in range(1_500)],
        ["+".join(f"{number}x_{chr(0x4E00 + number)}" for number in range(1, 300)) + f"={end}" for end in range(30)],
    ],
)
def test_hostile_solutions_are_bounded(checker, texts):
    """However many equations a solution has, they are judged within seconds."""
    start = time.process_time()
    found = statuses(checker, *texts)
    assert time.process_time() - start < 5
    assert FAILS not in found


def test_equations_beyond_the_bound_stay_open(checker):
    """Past the bound on characters nothing is judged."""
    filler = [f"y_{'abc'[number % 3]}+{number}=z" for number in range(MAX_ALGEBRA_CHARACTERS // 8)]
    assert statuses(checker, *filler, "3x=21", "x=7")[-1] is SYMBOLIC
