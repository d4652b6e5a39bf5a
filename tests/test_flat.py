"""The fast path against the trees, and both against a calculator written here."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from grader.checking.check import Checker
from grader.checking.flat import flat_value
from grader.types import CheckStatus, Equation

NUMBER = st.one_of(
    st.integers(0, 200).map(str),
    st.integers(0, 10**12 - 1).map(str),
    st.decimals(0, 999, places=2, allow_nan=False).map(str),
    st.integers(0, 99999999).map(lambda digits: f".{digits}"),
)
SIDE = st.builds(
    lambda sign, first, rest: sign + first + "".join(f"{sign}{number}" for sign, number in rest),
    st.sampled_from(["", "-"]),
    NUMBER,
    st.lists(st.tuples(st.sampled_from("+-*/"), NUMBER), max_size=6),
)


def oracle(side):
    """Value of a flat side by a calculator of its own: products first, then sums; None for a division by zero."""
    total = Fraction(0)
    for sign, term in re.findall(r"([-+]?)([^-+]+)", side):
        value, operator = Fraction(1), "*"
        for piece in re.split(r"([*/])", term):
            if piece in "*/":
                operator = piece
            elif operator == "*":
                value *= Fraction(piece)
            elif Fraction(piece) == 0:
                return None
            else:
                value /= Fraction(piece)
        total += -value if sign == "-" else value
    return total


@pytest.fixture(scope="module")
def checker():
    with Checker() as made:
        yield made


@given(SIDE, SIDE)
@settings(max_examples=500, deadline=None)
def test_the_fast_path_speaks_only_where_both_sides_are_equal(left, right):
    """The fast path gives a value just where the calculator finds both sides equal, and it is that value."""
    value, other = oracle(left), oracle(right)
    found = flat_value(f"{left}={right}")
    if value is None or value != other:
        assert found is None
    else:
        assert found is not None
        assert Fraction(found) == value


@given(SIDE, st.integers(0, 8))
@settings(max_examples=500, deadline=None)
def test_the_fast_path_says_what_the_trees_say(left, places):
    """On true, rounded and false results alike the fast path never says a thing that the trees do not."""
    value = oracle(left)
    assume(value is not None)
    for right in (f"{float(value):.{places}f}", str(value), str(abs(value.numerator) // value.denominator)):
        equation = Equation(f"{left}={right}")
        with Checker() as checker:
            assert checker.check(equation) == checker.check_by_tree(equation)


@given(st.text("0123456789.+-*/=% (≈x", max_size=30))
@settings(max_examples=1000, deadline=None)
def test_the_fast_path_is_never_alone(text):
    """Whatever the text, the fast path is silent or the trees say the same."""
    if flat_value(text) is not None:
        with Checker() as checker:
            check = checker.check_by_tree(Equation(text))
            assert (check.status, check.left) == (CheckStatus.HOLDS, flat_value(text))


@pytest.mark.parametrize("text", ["48/2=24", ".5+.5=1", "-3+5=2", "1/3+1/3=2/3", "10/4=2.5", "0*5=0", "007=7"])
def test_a_flat_equation_that_holds_takes_the_fast_path(text):
    """What people write most takes the fast path."""
    assert flat_value(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "1/0=1",
        "0/0=0",
        "1=1=1",
        "2*-3=-6",
        "(1)=1",
        "1.=1",
        "1e3=1000",
        "1≈1",
        "1=1\n",
        "1+1=3",
        "10/3=3.33",
        "+1=1",
        "1" * 13 + "=" + "1" * 13,
        "+".join(["1"] * 18) + "=18",
    ],
)
def test_other_equations_are_left_to_the_trees(text):
    """The fast path is silent on what is false, undefined, rounded, bracketed or long."""
    assert flat_value(text) is None


def test_the_largest_flat_equation_is_within_the_bounds(checker):
    """Sixteen operators on the longest numbers stay below the bound on bits."""
    side = "*".join(["999999999999.99999999"] * 17)
    equation = Equation(f"{side}={side}")
    assert checker.check(equation) == checker.check_by_tree(equation)
    assert checker.check(equation).status == CheckStatus.HOLDS
