"""Units that convert, and words that are none."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from grader.checking.check import Checker
from grader.checking.units import _ALSO, _UNITS, conversion_factors, mixes_units, unit_named
from grader.reading.rules import read_line
from grader.types import CheckStatus, Equation

NAMES = st.sampled_from(sorted(_UNITS.keys() - _ALSO.keys()))  # an ounce is two things


@pytest.mark.parametrize(
    ("word", "unit"),
    [
        ("Minutes", "minute"),
        ("hrs", "hrs"),
        ("Feet", "feet"),
        ("inches", "inch"),
        ("pennies", "pennies"),
        ("$", "$"),
        ("bucks", "buck"),
        ("dozens", "dozen"),
        ("apples", None),
        ("", None),
        ("s", "s"),
        ("glass", None),
    ],
)
def test_a_word_is_a_unit_of_the_table_or_a_label(word, unit):
    """Singular, plural and capitals of a unit are known; any other word is a label."""
    assert unit_named(word) == unit


@given(NAMES, NAMES)
def test_conversion_there_and_back_changes_nothing(one, other):
    """The factor back is one over the factor there, and only within a dimension."""
    there, back = conversion_factors((one,), (other,)), conversion_factors((other,), (one,))
    if _UNITS[one].dimension != _UNITS[other].dimension or _UNITS[one].size == _UNITS[other].size:
        assert there == back == []
    else:
        assert there[0][0] * back[0][0] == 1
        assert there[0][1] == f"{one} to {other}"


@example("meter", "centimeter", Fraction(1, 100))
@given(NAMES, NAMES, st.fractions(min_value=Fraction(1, 100), max_value=1000, max_denominator=100))
def test_a_converted_value_holds_and_another_does_not(one, other, value):
    """A value converted by the factor holds; a value off by a fifth does not, unless it is the neighbouring integer."""
    for factor, _ in conversion_factors((one,), (other,)):
        assume(abs(value * factor * Fraction(6, 5) - value) >= 1)
        with Checker() as checker:
            for converted, status in ((value * factor, "holds"), (value * factor * Fraction(6, 5), "fails")):
                check = checker.check(Equation(f"({value})=({converted})", left_units=(one,), right_units=(other,)))
                assert check.status == status


def test_a_conversion_is_named():
    """The detail of an equation that holds by conversion names both units."""
    with Checker() as checker:
        check = checker.check(Equation("15*60=15", left_units=("minute",), right_units=("hour",)))
    assert (check.status, check.detail) == (CheckStatus.HOLDS, "minute to hour")


def test_every_pair_of_units_is_tried():
    """Several units on a side are tried each in turn."""
    with Checker() as checker:
        equation = Equation("3*2=0.1", left_units=("$", "minute"), right_units=("pound", "hour"))
        assert checker.check(equation).status == CheckStatus.HOLDS


@pytest.mark.parametrize(
    ("names", "mixed"),
    [
        (["pound", "ounce"], True),
        (["hour", "minute", "$"], True),
        (["minute", "min"], False),
        (["$", "hour"], False),
        ([], False),
        (["minute"], False),
        (["apple", "pear"], False),
    ],
)
def test_units_of_one_dimension_and_two_sizes_mix(names, mixed):
    """Pounds and ounces mix, minutes and min do not, dollars and hours do not."""
    assert mixes_units(names) is mixed


@pytest.mark.parametrize(
    ("text", "status", "detail"),
    [
        ("3 hours = 160 minutes", "fails", "3 hours is 180 minutes, not 160"),
        ("900 minutes = 15 hours", "holds", "minute to hour"),
        ("2 dozen = 26 eggs", "fails", "2 dozen is 24 eggs, not 26"),
        ("$1.20 = 12 cents", "fails", "$1.20 is 120 cents, not 12"),
        ("1 kg = 2.2 pounds", "rounded", "kg to pound"),
        ("8 ounces = 1 cup", "holds", "ounce to cup"),
        ("16 ounces = 1 pound", "holds", "ounce to pound"),
        ("1 inch = 10 miles", "unparsable", None),
        ("5 days = 40 hours", "unparsable", None),
        ("1 cup = 250 ml", "unparsable", None),
        ("1 pound = 454 grams", "unparsable", None),
        ("1 KB = 1024 bytes", "unparsable", None),
        ("1 unit = 10 items", "unparsable", None),
        ("100 miles = 1 hour", "unparsable", None),
    ],
)
def test_a_stated_conversion_is_judged_where_it_can_mean_nothing_else(text, status, detail):
    """Minutes and hours convert; an inch of a map, a working day, a speed and a rounded unit are left alone."""
    (equation,) = read_line(text).equations
    with Checker() as checker:
        check = checker.check(equation)
    assert check.status == status
    assert detail is None or check.detail == detail


def test_the_table_is_what_pint_defines():
    """The committed sizes are pint's own, exactly."""
    page = Path(__file__).parent.parent / "docs" / "make_unit_table.py"
    assert (
        subprocess.run([sys.executable, page, "--check"], check=False, capture_output=True, text=True).stdout
        == "current\n"
    )
