"""The checker as a whole: golden cases, the page that explains them, and properties over generated equations."""

from __future__ import annotations

import json
import re
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import limits
from grader.checking import symbolic
from grader.checking.arithmetic import show
from grader.checking.check import Checker
from grader.checking.explain import say
from grader.checking.outcomes import RUNS_ON
from grader.types import SCALED, CheckStatus, Equation, Source

ROOT = Path(__file__).parent.parent
CASES = json.loads((ROOT / "tests" / "cases" / "checking.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "checking.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in PAGE.splitlines() if line.startswith("| `")]
EXAMPLES = [row for row in ROWS if not row[0].strip("`").isupper()]
LIMITS = [row for row in ROWS if row[0].strip("`").isupper()]


@pytest.fixture(scope="module")
def checker():
    with Checker() as made:
        yield made


def equation_of(case):
    left, right = case.get("units", ((), ()))
    approximate = case.get("approximate", False)
    return Equation(case["equation"], approximate=approximate, left_units=tuple(left), right_units=tuple(right))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['equation']!a} {case['status']}")
def test_a_golden_case_has_its_status(checker, case):
    """Each golden case has the status, and where it says so the detail, that the rules give it."""
    check = checker.check(equation_of(case))
    assert check.status == case["status"], check
    assert check.detail == case.get("detail", check.detail)


def test_the_golden_cases_are_many_and_a_third_do_not_fail():
    """There are 200 golden cases and more, a third and more do not fail, and each says where it comes from, once."""
    assert len(CASES) >= 200
    assert sum(case["status"] != "fails" for case in CASES) * 3 >= len(CASES)
    assert all(case["source"] for case in CASES)
    assert {case["status"] for case in CASES} == set(CheckStatus)
    assert max(Counter(json.dumps({**case, "source": "", "detail": ""}) for case in CASES).values()) == 1


@pytest.mark.parametrize("row", EXAMPLES, ids=lambda row: " ".join(row[:2]))
def test_an_example_of_the_page_is_a_golden_case(row):
    """Every example of docs/checking.md is a golden case with the same status and units."""
    statuses = [cell.strip("`") for cell in row if cell.strip("`") in set(CheckStatus)]
    units = [[[unit] for unit in row[1].split(", ")]] if row[1].strip("`") != statuses[0] else [None, [[], []]]
    plain = [case for case in CASES if "approximate" not in case]
    found = [case for case in plain if case["equation"] == row[0].strip("`") and case.get("units") in units]
    assert [case["status"] for case in found] == statuses


def test_the_page_has_the_limits_of_the_code():
    """The table of limits in docs/checking.md has the code's numbers and every bound that the checker keeps."""
    written = {row[0].strip("`"): row[1] for row in LIMITS}
    actual = {name: str(value) for name, value in vars(limits).items() if name.isupper()}
    actual["MAX_SYMBOLIC_NODES"] = str(symbolic.MAX_SYMBOLIC_NODES)
    assert written.items() <= actual.items()
    rooms = (
        "arithmetic",
        "check",
        "congruences",
        "grammar",
        "readings",
        "rounding",
        "symbolic",
        "symbolic_child",
        "tree",
    )
    sources = [*(ROOT / "grader" / "checking" / f"{room}.py" for room in rooms), ROOT / "grader" / "numbers.py"]
    text = "".join(source.read_text(encoding="utf-8") for source in sources)
    assert {name for name in actual if re.search(rf"\b{name}\b", text)} <= written.keys() | {"TYPE_CHECKING"}


def test_a_check_carries_the_text_and_the_source(checker):
    """A check has the equation's own text and source, and exact values of both sides."""
    check = checker.check(Equation("10/3=3.33", Source.ANNOTATION))
    assert check == ("10/3=3.33", "10/3", "3.33", CheckStatus.ROUNDED, Source.ANNOTATION, "rounded")


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("12*5=50", "12*5 is 60, not 50"),
        ("50=12*5", "12*5 is 60, not 50"),
        ("2*3=4+4", "2*3 is 6, but 4+4 is 8"),
        ("10/3=3.4", "10/3 is about 3.3333, not 3.4"),
        ("2^100=5", "2^100 is about 10^30, not 5"),
        ("0-2^100=5", "0-2^100 is about -10^30, not 5"),
        ("3/7000000000000000000=5", "3/7000000000000000000 is about 4.286e-19, not 5"),
    ],
)
def test_a_failure_says_what_is_wrong(checker, text, detail):
    """The detail of a failure is a sentence in the equation's own numbers."""
    assert checker.check(Equation(text)).detail == detail


def test_a_long_side_is_quoted_in_part(checker):
    """The detail of a failure stays short however long the equation is."""
    check = checker.check(Equation("1+" * 400 + "1=3"))
    assert check.status == CheckStatus.FAILS
    assert len(check.detail) < 300


def test_a_doubted_equation_never_fails(checker):
    """An equation that the reader doubts is unparsable where it would fail, and names the doubt and both values."""
    check = checker.check(Equation("12*5=50", doubt="a retracted step"))
    assert check.status == CheckStatus.UNPARSABLE
    assert check.detail == "not judged, a retracted step: 12*5 is 60, not 50"
    assert (check.left, check.right) == ("60", "50")
    assert checker.check(Equation("12*5=60", doubt="a retracted step")).status == CheckStatus.HOLDS


def test_a_doubt_about_scale_excuses_a_scale_only(checker):
    """In a line of thousands a result may be off by a thousand, not by a tenth."""
    assert checker.check(Equation("12*5=60000", doubt=SCALED)).status == CheckStatus.UNPARSABLE
    assert checker.check(Equation("12*5=61", doubt=SCALED)).status == CheckStatus.FAILS
    assert checker.check(Equation("sqrt(2)=5", doubt=SCALED)).status == CheckStatus.FAILS


def test_a_calculation_that_runs_on_is_no_equation(checker):
    """``7*60 = 420+23`` is two steps in one line, and the detail says so."""
    assert checker.check(Equation("7*60=420+23")).detail == RUNS_ON


def test_a_reading_without_a_value_does_not_hide_a_failure(checker):
    """A division by zero under an unusual reading leaves the textbook's answer as it is."""
    assert checker.check(Equation("5/(100-100%)=7")).status == CheckStatus.FAILS


ALPHABET = "0123456789.,+-*/^%!()=≈ x$e…√πmodsqrtpibinomroot,absE_'"


@given(st.one_of(st.text(max_size=60), st.text(ALPHABET, max_size=60)))
@settings(max_examples=600, deadline=None)
def test_any_text_has_a_status(text):
    """No text makes the checker raise, and what it says of the text is one of the six statuses."""
    with Checker() as checker:
        checker._symbolic._seconds = 0.5
        assert checker.check(Equation(text)).status in set(CheckStatus)


@given(st.text("0123456789.+-*/^%!() ", max_size=24), st.text("0123456789.+-*/^%!() ", max_size=24))
@settings(max_examples=600, deadline=None)
def test_any_two_sides_have_a_status(left, right):
    """No pair of sides of digits and signs makes the checker raise."""
    with Checker() as checker:
        check = checker.check(Equation(f"{left}={right}"))
        assert check.status in set(CheckStatus)
        swapped = checker.check(Equation(f"{right}={left}"))
        if check.status == CheckStatus.HOLDS:
            assert swapped.status in (CheckStatus.HOLDS, CheckStatus.UNPARSABLE)


@st.composite
def calculations(draw, depth=3):
    """Draw a calculation with brackets and the exact value that it has."""
    if depth == 0 or draw(st.booleans()):
        number = draw(st.decimals(0, 999, places=draw(st.integers(0, 2)), allow_nan=False))
        return f"{number}", Fraction(number)
    (one, a), (other, b) = draw(calculations(depth - 1)), draw(calculations(depth - 1))
    sign = draw(st.sampled_from("+-*/"))
    if sign == "/" and b == 0:
        sign = "+"
    value = {"+": a.__add__, "-": a.__sub__, "*": a.__mul__, "/": a.__truediv__}[sign](b)
    return f"({one}){sign}({other})", value


@given(calculations())
@settings(max_examples=300, deadline=None)
def test_a_true_equation_holds(calculation):
    """A calculation is equal to its exact value, and that value is what the check shows."""
    text, value = calculation
    with Checker() as checker:
        check = checker.check(Equation(f"{text}=({value})"))
    assert check.status == CheckStatus.HOLDS, check
    assert check.left == show(value)


@given(calculations(), st.data())
@settings(max_examples=300, deadline=None)
def test_a_changed_digit_fails(calculation, data):
    """One digit of an exact result changed makes the equation fail, unless the reader is sent to its first number."""
    text, value = calculation
    result = show(abs(value))
    if "/" in result or value < 0:
        return
    place = data.draw(st.sampled_from([i for i, char in enumerate(result) if char.isdigit()]))
    digit = data.draw(st.sampled_from([char for char in "0123456789" if char != result[place]]))
    wrong = f"{result[:place]}{digit}{result[place + 1 :]}"
    with Checker() as checker:
        check = checker.check(Equation(f"{text}={wrong}"))
    assert check.status in (CheckStatus.FAILS, CheckStatus.ROUNDED), check
    if check.status == CheckStatus.ROUNDED:
        unit = Fraction(1, 10 ** len(wrong.partition(".")[2]))
        assert "read as" in check.detail or abs(Fraction(wrong) - value) <= unit


@given(st.fractions())
def test_a_value_is_said_in_few_characters(value):
    """A value in a message takes some twenty characters at most."""
    assert len(say(value)) <= 32
    assert re.match(r"(about )?-?[\d.]", say(value))


@given(st.fractions(max_denominator=99), st.fractions(max_denominator=99), st.sampled_from("<>≤≥"))
def test_comparisons_of_fractions_are_those_of_their_values(checker, one, other, sign):
    """A comparison of fractions holds exactly where their values compare so."""
    true = {"<": one < other, ">": one > other, "≤": one <= other, "≥": one >= other}[sign]
    (left, right) = (f"({value.numerator})/{value.denominator}" for value in (one, other))
    status = checker.check(Equation(f"{left}{sign}{right}")).status
    assert status is CheckStatus.HOLDS if true else status in (CheckStatus.FAILS, CheckStatus.ROUNDED)
