"""A part or a property of an expression is not its value, and what is said of it is checked all the same."""

import pytest


@pytest.mark.parametrize(
    "text",
    [
        "The sum of $x$ and $3x + 1$ is $4x+1$.\nSetting it to 21, $4x = 20$, $x = 5$.",
        "The product of $x + 2$ and $x$ is $x^2 + 2x$.\nFor x = 3 it is 15.",
        "The average of $x$, $x+2$ and $x + 4$ is $x + 2$. So $x + 2 = 10$, $x = 8$.",
        "The $x^2$ term is $\\binom{5}{2}(3x)^2(-1)^3 = -10 \\cdot 9x^2 = -90x^2$, so the coefficient is $-90$.",
        "The coefficient of $x$ is $3 \\cdot 2 = 6$. So $6x = 12$ and $x = 2$.",
        "The $x$ coefficient is 6. $6x = 12$, $x = 2$.",
        "The coefficient of $x^2$ is $4$, and $x = 3$, so $x^2 = 9$.",
        "The minimum of $x^2 - 4x + 7$ is $3$, and it is at $x = 2$. For $x = 1$, $x^2 - 4x + 7 = 4$.",
        "The derivative of $3x^2$ is $6x$. At $x = 5$, $6x = 30$.",
        "The term in $x^3$ is $20x^3$. With $x = 2$, $20x^3 = 160$.",
        "The degree of $x^2 + 1$ is $2$. For $x = 3$, $x^2 + 1 = 10$.",
        "The limit of $2x + 1$ is $7$ as $x$ goes to 3. For $x = 2$, $2x + 1 = 5$.",
        "The value of $2x$ is $10$. So $x = 5$.",
        "The square of $x$ is $9$. $x = 3$.",
        "The double of $x + 1$ is $2x + 2$. $2x + 2 = 12$, $x = 5$.",
        "The leading coefficient of $3x^2 + x$ is $3$. $x = 2$: $3x^2 + x = 14$.",
        "Twice $x$ is $2x$, $2x = 8$, $x = 4$.",
        "The average of $x$, $x+2$ and $x+4$ is $10 + 3$. $3x + 6 = 39$, so $x = 11$.",
        "The sum of $x^2$ and $y^2$ is $25$. For x = 3, $y^2 = 16$.",
    ],
)
def test_a_property_is_no_value(graded, text):
    """Nothing that is true of the expression contradicts it."""
    assert graded(text).message is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The $x^2$ term is $10 \\cdot 9x^2 = 80x^2$.", "line 1: 10*9x^2 is 90x^2, not 80x^2"),
        ("The $x^2$ term is $\\binom{5}{2} \\cdot 4 = 10 \\cdot 4 = 50$.", "line 1: 10*4 is 40, not 50"),
        ("The coefficient of $x^2$ is $10 \\cdot 9 = 80$.", "line 1: 10*9 is 90, not 80"),
        ("The $x$-coordinate is $(2+4)/2 = 4$.", "line 1: (2+4)/2 is 3, not 4"),
        ("The term $2x$ is $6$ where $2x = 6$, and $4x = 2 \\cdot 6 = 14$.", "line 1: 2*6 is 12, not 14"),
    ],
)
def test_what_is_calculated_of_it_is_checked(graded, text, expected):
    """The rest of the chain, and what stands beside it."""
    assert graded(text).message == expected
