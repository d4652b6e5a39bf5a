"""When a written result that is not exact is still true."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.checking.check import Checker
from grader.checking.grammar import parse
from grader.checking.rounding import INTEGER_QUOTIENT, endless_for, joined_by_rounding, rounds_to
from grader.checking.tree import traits
from grader.types import CheckStatus, Equation

NUMBERS = st.integers(1, 5000)


def status(text, **options):
    with Checker() as checker:
        return checker.check(Equation(text, **options)).status


@given(NUMBERS, st.integers(2, 500), st.integers(1, 6))
@settings(max_examples=300, deadline=None)
def test_a_quotient_rounds_to_its_nearest_and_truncated_value_and_no_other(above, below, places):
    """Of the decimals around an inexact quotient, exactly the nearest and the truncated hold."""
    exact = Fraction(above, below) * 10**places
    if exact.denominator == 1:
        return
    floor = math.floor(exact)
    nearest = math.floor(exact + Fraction(1, 2))
    for scaled in range(floor - 3, floor + 5):
        if scaled < 0:
            continue
        digits = str(scaled).rjust(places + 1, "0")
        text = f"{above}/{below}={digits[:-places]}.{digits[-places:]}"
        halfway = exact.denominator == 2 and scaled in (floor, floor + 1)
        expected = scaled in (floor, nearest) or halfway
        assert (status(text) == CheckStatus.ROUNDED) == expected, text


@given(NUMBERS, st.integers(2, 500))
@settings(max_examples=200, deadline=None)
def test_a_quotient_of_integers_has_two_neighbours(above, below):
    """Floor and ceiling of an inexact quotient of integers hold, the integers beside them fail."""
    if above % below == 0:
        return
    floor = above // below
    for result, expected in ((floor - 1, "fails"), (floor, "rounded"), (floor + 1, "rounded"), (floor + 2, "fails")):
        if result >= 0:
            assert status(f"{above}/{below}={result}") == expected


@given(st.integers(0, 99999), st.integers(0, 99999), st.sampled_from("+-"), st.integers(-150, 150))
@settings(max_examples=300, deadline=None)
def test_a_sum_is_never_rounded(one, other, sign, off):
    """A sum or difference of two-decimal numbers holds only as its exact result."""
    exact = one + other if sign == "+" else one - other
    result = exact + off
    if result < 0:
        return
    text = f"{one / 100:.2f}{sign}{other / 100:.2f}={result / 100:.2f}"
    found = status(text)
    assert found == (CheckStatus.HOLDS if off == 0 else CheckStatus.FAILS) or "read as" in details(text), text


def details(text):
    with Checker() as checker:
        return checker.check(Equation(text)).detail or ""


@given(st.integers(0, 9999), st.integers(0, 9999))
@settings(max_examples=200, deadline=None)
def test_an_integer_is_no_sum_of_prices(one, other):
    """Floor and ceiling of a sum of two-decimal numbers do not hold."""
    exact = Fraction(one + other, 100)
    if exact.denominator == 1:
        return
    for result in (math.floor(exact), math.ceil(exact)):
        text = f"{one / 100:.2f}+{other / 100:.2f}={result}"
        assert status(text) == CheckStatus.FAILS or "read as" in details(text), text


@given(st.integers(1, 999), st.integers(1, 999))
@settings(max_examples=200, deadline=None)
def test_a_product_of_integers_is_exact(one, other):
    """A product of integers holds only as itself."""
    for off in (-1, 1, 10):
        assert status(f"{one}*{other}={one * other + off}") == CheckStatus.FAILS


@pytest.mark.parametrize(
    ("side", "written", "reason"),
    [
        ("10/3", "3.33", "rounded"),
        ("2/3", "0.66", "truncated"),
        ("100/3", "33", INTEGER_QUOTIENT),
        ("22/7", "3.14...", "the written decimals go on"),
        ("19.99*1.075", "21.49", "rounded"),
        ("10/2+0.4", "5", None),
        ("2^2+0.4", "4", None),
        ("2*3+1.1234", "7", None),
        ("10/4+0.4", "3", "rounded"),
        ("1/3*3+0.4", "1", "rounded"),
        ("2^0.5/2", "0.71", "rounded"),
        ("2^0.5/2", "0.70", None),
    ],
)
def test_a_rounding_has_a_cause(side, written, reason):
    """The reason for a rounding is an operation whose own result needs more decimals."""
    tree = parse(side)
    literal = traits(parse(written)).literal
    exact = Fraction("0.70710678118654752440") if "^0.5" in side else evaluate_(tree)
    assert rounds_to(exact, tree, literal, approximate=False) == reason


def evaluate_(tree):
    from grader.checking.arithmetic import evaluate

    return evaluate(tree)


@pytest.mark.parametrize(
    ("result", "reach"),
    [("250", 10), ("1000", 500), ("1200", 100), ("7", 1), ("10", 5), ("105", 1), ("3000", 500)],
)
def test_about_reaches_one_meant_unit(result, reach):
    """About an integer reaches one unit of its last meant place, half of it where one digit alone is meant."""
    for sign in (-1, 1):
        assert status(f"{int(result) + sign * reach}+0≈{result}") == CheckStatus.ROUNDED
        assert status(f"{int(result) + sign * (reach + 1)}+0≈{result}") == CheckStatus.FAILS


@pytest.mark.parametrize(("text", "value"), [("0.33", "1/3"), ("16.67", "50/3"), ("0.083", "1/12"), ("0.167", "1/6")])
def test_short_decimals_stand_for_their_fraction(text, value):
    """Decimals that people round from thirds, sixths and the like stand for them."""
    assert list(endless_for(parse(text)).values()) == [Fraction(value)]


@pytest.mark.parametrize("text", ["0.3", "0.25", "0.50", "2.50", "0.34", "5", "0.125", "19.99"])
def test_other_decimals_stand_for_themselves(text):
    """A number that is no rounded third or sixth stands for itself."""
    assert endless_for(parse(text)) == {}


def test_two_calculations_join_by_parts_only():
    """Decimals of one side stand for a part of the other, not for anything near it."""
    assert joined_by_rounding(parse("5*(7/23)"), parse("5*0.304"))
    assert joined_by_rounding(parse("5*0.304"), parse("5*(7/23)"))
    assert not joined_by_rounding(parse("5*(7/23)"), parse("5*0.3045"))
    assert not joined_by_rounding(parse("1/2*1000"), parse("0.5*1001"))
    assert not joined_by_rounding(parse("+".join(["1/7"] * 30)), parse("+".join(["0.142857"] * 30)))


@pytest.mark.parametrize(
    "text",
    [
        "0.7577*34.969 + 0.2423*36.966 = 26.496 + 8.957",
        "-92.2 - 298(-0.1987) = -92.2 + 59.2",
        "v = √(3.98×10¹⁴ / 6.77×10⁶) = √(5.88×10⁷) ≈ 7670",
        "√2 · 3 = 1.414 · 3",
        "T = 2π√(1/9.81) = 2π · 0.3193",
    ],
)
def test_products_and_factors_are_rounded_on_the_way(judged, text):
    """Terms of a sum that are products, factors beside roots, and numbers below a root."""
    assert {status for status, _ in judged(text)} <= {"rounded", "symbolic"}


@pytest.mark.parametrize(
    "text",
    [
        "0.7577*34.969 + 0.2423*36.966 = 26.596 + 8.957",
        "-92.2 - 298(-0.1987) = -92.2 + 58.2",
        "√(3.98×10¹⁴ / 6.77×10⁶) = √(5.98×10⁷)",
        "√2 · 3 = 1.424 · 3",
        "3 * 1.4 = 3 * 1.424",
        "√2 + 3 = 1.424 + 3",
    ],
)
def test_what_is_off_by_more_fails(judged, text):
    """Than the last decimal that is shown."""
    assert [status for status, _ in judged(text)] == ["fails"]
