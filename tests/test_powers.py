"""Powers of one letter that are put together wrongly fail; what may be an equation or other algebra does not."""

import pytest

from grader.engines import Pair
from grader.pipeline import Grader
from grader.types import CheckStatus, Solution


def checked(text, problem=""):
    with Grader(Pair()) as grader:
        (row,) = grader.grade([Solution(problem, text)])
    return [check for line in row.lines for check in line.equations]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x^2 * x^3 = x^6", "x^2*x^3 is x^5, not x^6"),
        ("(x^2)^3 = x^5", "(x^2)^3 is x^6, not x^5"),
        ("$(2a^3)^4 = 16a^7$", "(2a^3)^4 is 16a^12, not 16a^7"),
        (r"$\frac{x^6}{x^2} = x^3$", "((x^6)/(x^2)) is x^4, not x^3"),
        ("x^6 = x^2 * x^3", "x^2*x^3 is x^5, not x^6"),
        ("(x^2)^3 = x^2 * x^3", "(x^2)^3 is x^6, not x^2*x^3"),
        (r"$\frac{x^2}{x^6} = x^4$", "((x^2)/(x^6)) is x^(-4), not x^4"),
        (r"$x^{-2} \cdot x^4 = x^{-8}$", "x^(-2)*x^4 is x^2, not x^(-8)"),
    ],
)
def test_the_exponents_are_counted(text, message):
    """The message says what the powers come to."""
    (check,) = checked(text)
    assert (check.status, check.detail) == (CheckStatus.FAILS, message)


@pytest.mark.parametrize(
    "text",
    ["x^2 * x^3 = x^5", "(3y^2)^2 = 9y^4", r"$\frac{x^6}{x^2} = x^4$", r"$\frac{x^2}{x^6} = x^{-4}$", "(x^2)^3 = x^6"],
)
def test_what_is_right_holds(text):
    """An identity."""
    assert [check.status for check in checked(text)] == [CheckStatus.HOLDS]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x * x = x", ""),  # of what is idempotent
        ("x^2 * x = 4x", ""),  # an equation to solve
        ("x^4 = x^2", ""),
        ("5 m^2 * 2 m = 10 m^2", ""),
        ("(ab)^2 = a^2 b", ""),
        ("z^5 = 1, so z^3 * z^4 = z^2", ""),
        ("In this group a^3 * a^4 = a^2.", ""),
        ("x^2 * x^3 = x^6", "For which numbers is x^2 * x^3 = x^6?"),
        ("x^2 * x^3 = x^6 is wrong.", ""),
        ("i^2 * i^3 = i^6", ""),
    ],
)
def test_what_may_be_meant_otherwise_does_not_fail(text, problem):
    """Equations, units, other algebra, and what the text itself calls wrong."""
    assert CheckStatus.FAILS not in {check.status for check in checked(text, problem)}


SQUARED = "Squaring both sides, we get"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"$\\sqrt{{x+5}} = x-1$. {SQUARED} $x+5 = x^2-1$.", "(x-1)^2 is x^2-2x+1, not x^2-1"),
        ("$\\sqrt{2x+7} = 5$. Square: $2x+7 = 10$", "(5)^2 is 25, not 10"),
        ("$x-4 = \\sqrt{2x+7}$\nWe square it: $x^2+16 = 2x+7$", "(x-4)^2 is x^2-8x+16, not x^2+16"),
    ],
)
def test_both_sides_of_a_root_are_squared(text, message):
    """The message gives the square of the other side."""
    assert [check.detail for check in checked(text) if check.status is CheckStatus.FAILS] == [message]


@pytest.mark.parametrize(
    "text",
    [
        f"$\\sqrt{{x+5}} = x-1$. {SQUARED} $x+5 = x^2-2x+1$.",
        f"$\\sqrt{{x+5}} = x-1$ needs $x+5 = 0$ at least. {SQUARED} $x+5 = (x-1)^2$.",
        f"$\\sqrt{{x+5}}+1 = x$. {SQUARED} $x+5 = x^2-1$.",
        "$\\sqrt{x+5} = x-1$ and the other equation $x+5 = x^2-1$",
        f"$\\sqrt{{x+5}} \\approx x-1$. {SQUARED} $x+5 = x^2-1$.",
    ],
)
def test_what_is_no_square_of_the_root_is_left_alone(text):
    """Another equation, a sum with a root, an approximation, or no word of squaring."""
    assert CheckStatus.FAILS not in {check.status for check in checked(text)}
