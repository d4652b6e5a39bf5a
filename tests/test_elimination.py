"""Systems of two equations: what adding or subtracting them is said to leave."""

import pytest


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (
            "6x + 15y = 3\n6x - 8y = 26\nSubtract the second from the first: 7y = -23, so y = -23/7.",
            "from 6x+15y=3 and 6x-8y=26, 7y is -7, not -23",
        ),
        (
            "3a + 4p = 5.60\n10a + 4p = 9.80\nSubtract the first: 7a = 4.40",
            "from 3a+4p=5.60 and 10a+4p=9.80, 7a is 4.2, not 4.40",
        ),
        (
            "We have $A+B=7$ and $2A-2B=-2$. Subtracting twice the first, we obtain $4B=9$.",
            "from A+B=7 and 2A-2B=-2, 4B is 16, not 9",
        ),
        ("x + y = 10\nx - y = 4\nAdding both equations gives 2x = 16.", "from x+y=10 and x-y=4, 2x is 14, not 16"),
        ("x + y = 10\nx - y = 4\nAdd: 3x = x + 16", "from x+y=10 and x-y=4, 3x is 21, but x+16 is 23"),
    ],
)
def test_a_wrong_elimination_fails(messages, text, detail):
    """What it leaves contradicts the two equations."""
    assert messages(text) == [detail]


@pytest.mark.parametrize(
    "text",
    [
        "6x + 15y = 3\n6x - 8y = 26\nSubtract the second from the first: 23y = -23, so y = -1.",
        # other equations than those two
        "x + y = 10\nx - y = 4\nIf we add the fees, 2x = 16.",
        "x + y = 10\nx - y = 4\nAdding 3 to both sides of 2x = 7 gives 2x + 3 = 10",
        "x + y = 10\nx - y = 4\nCase 2: add 1, so that 2x = 16.",
        "x + y = 10\nx - y = 4\nso 2x = 16",
        # a pair that is none
        "x + y = 10\nx + z = 4\nAdding gives 2x = 16.",
        "x + y = 10\n2x + 2y = 20\nAdding gives 3x = 16.",
        "x + y ≈ 10\nx - y = 4\nAdding gives 2x = 16.",
        # what is only one of several values
        "x + y = 10\nx - y = 4\nAdding gives 2x = 16 or 2x = 14.",
    ],
)
def test_what_may_be_something_else_does_not(messages, text):
    """The words must say that these two are added or subtracted."""
    assert messages(text) == []


def test_a_derived_equation_is_no_case_beside_others(messages):
    """``2m-1 = 5`` follows from what stands before it, so the step behind it is one from that."""
    text = "So $(2m-1)\\cdot(-\\frac15) = -1$ and $2m - 1 = 5$. Hence $2m = 4$ and $m = 2$."
    assert messages(text) == ["from 2m-1=5, 2m is 6, not 4"]
    assert messages("Either $2m-1 = 5$ and $2m-1 = -5$. Hence $2m = 4$.") == []
