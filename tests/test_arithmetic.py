"""Exact values and the bounds on them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.checking.arithmetic import (
    NotRationalError,
    UndefinedError,
    decimals_needed,
    evaluate,
    logarithm,
    power,
    root,
    show,
)
from grader.checking.grammar import parse
from grader.limits import MAX_BITS, MAX_EXPONENT, MAX_FACTORIAL, LimitError


@given(st.fractions())
def test_a_shown_value_is_the_value(value):
    """Reading a shown value gives the value back."""
    assert Fraction(show(value)) == value


@given(st.integers(-(10**9), 10**9), st.integers(0, 12))
def test_a_short_decimal_is_shown_as_one(number, places):
    """A value of up to twelve decimals is shown in decimals, never as a fraction."""
    assert "/" not in show(Fraction(number, 10**places))


@given(st.fractions(max_denominator=1000))
def test_decimals_needed_are_enough_and_no_more(value):
    """The decimals that a value needs write it exactly, and one fewer does not."""
    places = decimals_needed(value)
    if places is None:
        assert any((value * 10**15).denominator % prime == 0 for prime in (3, 7)) or (value * 10**15).denominator > 1
        return
    assert (value * 10**places).denominator == 1
    assert places == 0 or (value * 10 ** (places - 1)).denominator != 1


@given(st.fractions(min_value=0, max_denominator=10**6), st.integers(1, 9))
@settings(deadline=None)
def test_the_root_of_a_power_is_its_base(base, degree):
    """A root undoes a power, exactly."""
    assert root(base**degree, degree) == base
    if degree % 2:
        assert root(-(base**degree), degree) == -base


@given(st.integers(2, 10**30), st.integers(2, 9))
@settings(deadline=None)
def test_a_root_between_integers_is_no_fraction(value, degree):
    """A root is given only where it is exact."""
    try:
        found = root(Fraction(value), degree)
    except NotRationalError:
        return
    assert found**degree == value


@pytest.mark.parametrize(
    "text",
    ["1/0", "1//0", "1mod0", "0^0", "0^-1", "2.5!", "(-1)!", "sqrt(-4)", "root(0,4)", "binom(2.5,1)", "binom(-1,1)"],
)
def test_what_has_no_value_says_so(text):
    """An expression without a value raises ``UndefinedError``."""
    with pytest.raises(UndefinedError):
        evaluate(parse(text))


@pytest.mark.parametrize("text", ["sqrt(2)", "2^0.5", "pi", "x", "root(3,2)", "2^(1/3)"])
def test_what_is_no_fraction_says_so(text):
    """An expression whose value is no fraction raises ``NotRationalError``."""
    with pytest.raises(NotRationalError):
        evaluate(parse(text))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"{MAX_FACTORIAL + 1}!", "MAX_FACTORIAL"),
        (f"binom({MAX_FACTORIAL + 1},2)", "MAX_FACTORIAL"),
        (f"2^{MAX_EXPONENT + 1}", "MAX_EXPONENT"),
        (f"2^-{MAX_EXPONENT + 1}", "MAX_EXPONENT"),
        (f"2^(1/{MAX_EXPONENT + 1})", "MAX_EXPONENT"),
        (f"3^{MAX_EXPONENT}", "MAX_BITS"),
        ("0.1^9999", "MAX_BITS"),
        ("(9^999)^999", "MAX_BITS"),
        ("*".join(["9^4000"] * 4), "MAX_BITS"),
        ("2^2^2^2^2^2", "MAX_EXPONENT"),
    ],
)
def test_a_bound_is_met_before_the_work(text, name):
    """A result beyond a bound raises ``LimitError`` with the bound's name."""
    with pytest.raises(LimitError) as limit:
        evaluate(parse(text))
    assert limit.value.name == name


def test_just_below_the_bounds_there_are_values():
    """The largest results that the bounds admit can be computed and shown."""
    for text in (f"{MAX_FACTORIAL}!", "1^10000", "(-1)^9999", "2^4600", "1e4000", "1e-4000", "binom(1000,500)"):
        assert Fraction(show(evaluate(parse(text)))) == evaluate(parse(text))


@given(st.integers(1, 60), st.integers(-60, 60))
def test_an_integer_power_is_exact(base, exponent):
    """An integer power is Python's own, as a fraction."""
    assert power(Fraction(base, 7), Fraction(exponent)) == Fraction(base, 7) ** exponent


def test_every_result_can_be_printed():
    """A value of ``MAX_BITS`` bits has fewer digits than Python refuses to print."""
    assert len(str(1 << (MAX_BITS + 1))) < 4300


@pytest.mark.parametrize(
    ("base", "value", "exponent"),
    [(2, 8, 3), (8, 32, Fraction(5, 3)), (10, Fraction(1, 1000), -3), (100, 10, Fraction(1, 2)), (2, 1, 0)],
)
def test_logarithms_of_powers(base, value, exponent):
    """A logarithm is a fraction where base and value are powers of one number."""
    assert logarithm(Fraction(base), Fraction(value)) == exponent


@pytest.mark.parametrize(("base", "value"), [(10, 50), (2, Fraction(2, 3)), (6, 12)])
def test_other_logarithms_are_no_fractions(base, value):
    """What is no power of the base's root has no exact logarithm."""
    with pytest.raises(NotRationalError):
        logarithm(Fraction(base), Fraction(value))
