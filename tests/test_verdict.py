"""Checks and probabilities make one verdict, with the first error's line and a sentence about it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checking.rounding import INTEGER_QUOTIENT
from grader.types import CheckStatus, Classification, EquationCheck, GradedLine, RowStatus, Source, Verdict
from grader.verdict import MODELS_DISAGREE, NOTHING_CHECKED, QUOTIENT_FLAG, TRUNCATED, decide, differs_from_reference

HOLDS, FAILS, SYMBOLIC = CheckStatus.HOLDS, CheckStatus.FAILS, CheckStatus.SYMBOLIC


def lines(*statuses, detail=None):
    """Give one line for each list of statuses."""
    return [
        GradedLine(
            number, "…", None, tuple(EquationCheck("1=1", "1", "1", status, Source.RULES, detail) for status in group)
        )
        for number, group in enumerate(statuses, start=1)
    ]


def test_calculations_that_hold_make_a_correct_row():
    """A row without a failure is correct, with nothing to say."""
    result = decide(lines([HOLDS], [], [CheckStatus.ROUNDED]), None, 0.5)
    assert result[:7] == (RowStatus.GRADED, Verdict.CORRECT, None, None, None, 2, 0)
    assert result.flags == ()


def test_the_first_failure_gives_line_and_message():
    """The first line that fails is named with the reason, and all failures are counted."""
    result = decide(lines([HOLDS], [HOLDS, FAILS], [FAILS], detail="3*5 is 15, not 16"), None, 0.5)
    assert (result.verdict, result.first_error_line) == (Verdict.COMPUTATIONAL_ERROR, 2)
    assert result.message == "line 2: 3*5 is 15, not 16"
    assert (result.n_equations, result.n_failed) == (4, 2)


@pytest.mark.parametrize("status", [SYMBOLIC, CheckStatus.UNPARSABLE, CheckStatus.LIMIT, None])
def test_a_row_without_a_judgement_has_no_verdict(status):
    """Where nothing could be judged the verdict is null and a flag says so."""
    result = decide(lines([] if status is None else [status]), None, 0.5)
    assert result.verdict is None
    assert result.flags == (NOTHING_CHECKED,)


def test_a_classifier_judges_where_nothing_could_be_checked():
    """With a classifier such a row has a verdict, and the flag stays."""
    result = decide(lines([SYMBOLIC]), Classification(0.1, (0.1,)), 0.5)
    assert result.verdict == Verdict.CORRECT
    assert result.flags == (NOTHING_CHECKED,)


@pytest.mark.parametrize(
    ("flawed", "verdict"), [(0.49, "correct"), (0.5, "conceptual_error"), (0.9, "conceptual_error")]
)
def test_the_whole_probability_decides_at_the_threshold(flawed, verdict):
    """The verdict is conceptual from the threshold on, whatever the lines' probabilities are."""
    result = decide(lines([HOLDS]), Classification(flawed, (0.99,)), 0.5)
    assert result.verdict == verdict
    assert result.flaw_probability == flawed


@pytest.mark.parametrize(
    ("by_line", "first"),
    [((0.1, 0.7, 0.9), 2), ((0.1, 0.3, 0.2), 2), ((0.6, 0.1, 0.1), 1), ((0.2, 0.2, 0.2), 1)],
)
def test_the_first_line_over_the_threshold_else_the_greatest(by_line, first):
    """The line of a conceptual error is where the running probability crosses the threshold, or its maximum."""
    result = decide(lines([HOLDS], [], []), Classification(0.8, by_line), 0.5)
    assert result.first_error_line == first
    assert result.message == f"line {first}: the reasoning looks flawed from here (P = 0.80)"


def test_a_failed_calculation_wins_over_the_classifier():
    """Neither a sure classifier nor an unsure one changes a failed calculation."""
    for flawed in (0.0, 1.0):
        result = decide(lines([], [FAILS]), Classification(flawed, (flawed, flawed)), 0.5)
        assert (result.verdict, result.first_error_line) == (Verdict.COMPUTATIONAL_ERROR, 2)
        assert result.flaw_probability == flawed


def test_flags_that_came_before_stand_first():
    """Flags are kept in order, and none is doubled."""
    result = decide(
        lines([CheckStatus.ROUNDED], detail=INTEGER_QUOTIENT), Classification(0.0, (0.0,), truncated=True), 0.5,
        [MODELS_DISAGREE, TRUNCATED],
    )  # fmt: skip
    assert result.flags == (MODELS_DISAGREE, TRUNCATED, QUOTIENT_FLAG)


def test_a_truncated_classification_is_flagged():
    """A solution that the classifier saw in part says so."""
    assert decide(lines([HOLDS]), Classification(0.0, (0.0,), truncated=True), 0.5).flags == (TRUNCATED,)


@given(st.lists(st.lists(st.sampled_from(list(CheckStatus)), max_size=3), max_size=5))
def test_only_failures_make_a_computational_error(statuses):
    """A row is a computational error exactly when an equation fails, and its line and message come with it."""
    result = decide(lines(*statuses), None, 0.5)
    failed = any(status == FAILS for group in statuses for status in group)
    assert (result.verdict == Verdict.COMPUTATIONAL_ERROR) == failed == (result.first_error_line is not None)
    assert (result.message is not None) == failed


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ("7", "7"), ("7 apples", "7"), ("$1,234.50", "1234.5"), ("25%", "0.25"), ("25\\%", "25"), ("x = 5", "5"),
        ("\\frac{3}{4}", "0.75"), ("\\dfrac{3}{4}", "3/4"), ("\\frac12", "0.5"), ("-\\frac{1}{2}", "-0.5"), ("12.",
        "12"),
        ("18.00", "18"), ("1 1/2", "1.5"), ("1\\frac{1}{2}", "3/2"), ("1 000", "1000"), ("12.5\\text{ cm}", "12.5"),
        ("**18**", "18"), ("2^3", "8"), ("1,000,000", "1e6"),
    ],
)  # fmt: skip
def test_answers_that_mean_the_same(answer, reference):
    """Spelling, units and currency make no difference to a number."""
    assert not differs_from_reference(answer, reference)


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ("7", "8"),
        ("-5", "5"),
        ("$12", "$21"),
        ("7 apples", "8 apples"),
        ("25%", "0.5"),
        ("\\frac{3}{4}", "4/3"),
        ("1 1/2", "5.5"),
    ],
)
def test_answers_that_differ(answer, reference):
    """Two numbers that are not the same differ."""
    assert differs_from_reference(answer, reference)


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        (None, "5"),
        ("", "5"),
        ("A", "B"),
        ("7 or 8", "7"),
        ("(1, 2)", "3"),
        ("yes", "5"),
        ("3:30", "3"),
        ("10/0", "5"),
        ("9" * 300, "9"),
    ],
)
def test_what_is_no_single_number_is_left_alone(answer, reference):
    """Words, pairs, times and what has no value differ from nothing."""
    assert not differs_from_reference(answer, reference)


@given(st.text(), st.text())
def test_any_answers_can_be_compared(answer, reference):
    """Nothing is raised, and an answer never differs from itself."""
    assert differs_from_reference(answer, reference) in (True, False)
    assert not differs_from_reference(answer, answer)
