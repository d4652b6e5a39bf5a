"""Expressions that are multiplied out wrongly fail; equations for their letters do not."""

import pytest


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(x+1)^2 = x^2 + x + 1", "(x+1)^2 is x^2+2x+1, not x^2+x+1"),
        ("x^2 - 2x - 24 = (x-4)(x+6)", "(x-4)(x+6) is x^2+2x-24, not x^2-2x-24"),
        ("(3x^2y)^2 = 6x^4y^2", "(3x^2y)^2 is 9x^4*y^2, not 6x^4y^2"),
        ("(x^2 - x - 6)(x + 1) = x^3 - 7x + 6", "(x^2-x-6)(x+1) is x^3-7x-6, not x^3-7x+6"),
        ("4x - 12 + 7 = 4x - 19", "4x-12+7 is 4x-5, not 4x-19"),
        ("5(2x-3) = 10x - 3", "5(2x-3) is 10x-15, not 10x-3"),
        (r"$\frac{2x+1}{x-3} = \frac{2x}{x-3}$", "((2x)/(x-3)) is (2x)/(x-3), not ((2x+1)/(x-3))"),
        (
            r"$\frac{2(x-3)-(2x+1)}{(x-3)^2} = \frac{-5}{(x-3)^2}$",
            "((2(x-3)-(2x+1))/((x-3)^2)) is (-7)/(x^2-6x+9), not ((-5)/((x-3)^2))",
        ),
        ("y = 2x + 3\n(x+2)^2 = x^2 + 2x + 4", "(x+2)^2 is x^2+4x+4, not x^2+2x+4"),
    ],
)
def test_what_is_meant_to_be_the_same_fails(messages, text, message):
    """The message gives the expression as it should have been."""
    assert messages(text) == [message]


@pytest.mark.parametrize(
    "text",
    [
        "(x+1)^2 = x^2 + 2x + 1",
        "(x+2)(x+3) = x^2 + 26, so 5x + 6 = 26 and x = 4",
        "(x+1)^2 = x^2 + 49\n2x + 1 = 49\nx = 24",
        "3(x+2) = 3x + 2\n6 = 2, so there is no solution.",
        "3(x+2) = 5x + 6",
        "x(x+5) = x^2 + 3x\n2x = 0\nx = 0",
        "$(a+b)^2 = a^2 + b^2$\nsince $ab = 0$.",
        "$(a+b)^2 = a^2 + b^2$ in a ring of characteristic 2.",
        "$(2k+1)^2 = 4k^2 + 1 \\pmod 4$",
        "For vectors, $(a+b)^2 = a^2 + b^2$.",
        "$(a+b)^2 = a^2 + b^2$ does not hold.",
        "It is a common mistake that $(a+b)^2 = a^2 + b^2$.",
        "$(1+x)^2 = 1 + 2x$ where x is small.",
        "$(1+x)^2 ≈ 1 + 2x$",
        "$(a+b)^2 = a^2 + b^2 + 12$",
        "$(a+i)^2 = a^2 + 2ai$",
        "x = x + 5",
        "2x^2 = x^2",
        "n(n+1) = 2n + 2n",
        "3m * 4m = 12m",
        "$\\frac{d}{dx}(x^2+x) = x^2 + 2x$",
        r"$\frac{x}{x-3} = \frac{5}{x-3}$",
        r"$PA\cdot BC = PB\cdot AC + PC\cdot AB$",
        r"$AB^2 + BC^2 = AB \cdot BC$",
    ],
)
def test_what_may_be_an_equation_does_not(messages, text):
    """More than one term is left, zero solves it, letters are no numbers, or the words call it false."""
    assert messages(text) == []
