"""Calculations with the imaginary unit are judged where a solution says that the letter i is one."""

import cmath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checking.imaginary import Complex, calculates_with_complex_numbers


@pytest.mark.parametrize(
    "text",
    [
        "$8 - 2i + 12i - 3i^2 = 8 + 10i + 3$",
        "As complex numbers, $(1+i)^4 = (2i)^2$",
        "$i^2 = -1$",
        "$\\frac{5-i}{2+3i} = \\frac{7-17i}{13}$ is complex",
        "The conjugate: $(3+4i)(3-4i) = 25$",
        "$i^3 = -i$ since $i^2 = -1$",
    ],
)
def test_what_holds(judged, text):
    """Powers of i are reduced, and quotients made real below."""
    assert ("holds", "with i^2 = -1") in judged(text)
    assert {status for status, _ in judged(text)} == {"holds"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$8 - 2i + 12i - 3i^2 = 8 + 10i - 3$", "8-2i+12i-3i^2 is 11+10i, but 8+10i-3 is 5+10i"),
        ("As complex numbers, $(2i)^2 = 4$", "(2i)^2 is -4, not 4"),
        ("The conjugate: $(3+4i)(3-4i) = 7$", "(3+4i)(3-4i) is 25, not 7"),
        ("A complex quotient: $\\frac{1}{i} = i$", "((1)/(i)) is -i, not i"),
    ],
)
def test_what_fails(judged, text, message):
    """The message gives the value."""
    assert ("fails", message) in judged(text)


@pytest.mark.parametrize(
    "text",
    [
        "$2i + 1 = 7$ so $i = 3$",
        "$\\sum_{i=1}^3 (2i)^2 = 56$ is complex",
        "The current: $5i^2 = 20$, so $i = 2$",
        "$(2i)(3i) = 6$ for the unit vector i",
        "A complex task: for i from 1 to 3, $i + i = 5$",
        "The complex number $z = 3 + 4i$ has $i + z = 3 + 5i$",
        "$2 + \\sqrt{3} i = 2 + 2i$ is complex",
    ],
)
def test_what_is_not_judged(judged, text):
    """Indices, currents, vectors, other letters and roots."""
    assert "fails" not in {status for status, _ in judged(text)}


def test_words_or_the_form_show_it():
    """The word, i^2 = -1, or a square of i beside a number of two parts."""
    assert calculates_with_complex_numbers("the complex plane", [])
    assert calculates_with_complex_numbers("i² = -1", [])
    assert calculates_with_complex_numbers("3 + 2i and -3i^2", [])
    assert not calculates_with_complex_numbers("3 + 2i", [])
    assert not calculates_with_complex_numbers("R i^2", [])


parts = st.fractions(-9, 9, max_denominator=9)
numbers = st.builds(Complex, parts, parts)


@given(numbers, numbers)
def test_products_and_quotients(one, other):
    """They are those of Python's numbers."""
    there = [complex(*map(float, number)) for number in (one, other)]
    assert cmath.isclose(complex(*map(float, one.times(other))), there[0] * there[1], abs_tol=1e-9)
    quotient = one.over(other)
    if quotient is None:
        assert there[1] == 0
    else:
        assert cmath.isclose(complex(*map(float, quotient)), there[0] / there[1], abs_tol=1e-9)
