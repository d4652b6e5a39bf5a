"""Steps that are said to follow, values that are listed with roots, and results named in the line below."""

import pytest

from grader.checking.ties import Ties
from grader.lines import split_lines


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("The slopes are equal, so $7-k=4$, hence $k=11$.", "from 7-k=4, k is 3, not 11"),
        ("**Case 2:** $x < 1$. Then $-2x + 1 = x + 4$, which gives $-3x = 5$.", "from -2x+1=x+4, -3x is 3, not 5"),
        (
            "With side $s$, $6s^2 = 150$, so $s^2 = 30$ and $s = \\sqrt{30}$.",
            "from 6s^2=150, s^2 is 25, not 30",
        ),
        (
            "With equal exponents $2(x-1) = 3$.\nExpanding, we get $2x - 1 = 3$.",
            "from 2(x-1)=3, 2x-1 is 4, not 3",
        ),
        (
            "7 + x = 2*x is what the curve says.\nSubtracting x from both sides we get 7 = 3*x.",
            "7=3*x does not follow from 7+x=2*x",
        ),
        ("The roots:\n2x - 15 = 49\n## Step 2: Add 15 to both sides\n2x = 74", "from 2x-15=49, 2x is 64, not 74"),
        ("$3x - 6 = 9 \\implies x = 6$, in either case.", "from 3x-6=9, x is 5, not 6"),
        ("The zeros: f(0) = a·(-2)·6 = -12a = -24, so a = -2.", "from -12a=-24, a is 2, not -2"),
        ("b² = 17² - 8² = 289 - 64 = 225, so b = 25.", "b=25 does not solve b^(2)=17^(2)-8^(2)"),
        ("k^2 = 64\nThus k = 32", "k=32 does not solve k^2=64"),
        ("r^3 = 27, so r = 9", "r=9 does not solve r^3=27"),
        ("$(x-2)^2 = 4x$, so $x^2 - 6x + 4 = 0$.", "x^2-6x+4=0 does not follow from (x-2)^2=4x"),
        ("$u^2-5u+4 = 0$ factors as $(u-1)(u+4) = 0$", "(u-1)(u+4) is u^2+3u-4, which is not what u^2-5u+4=0 says"),
        ("2x + 7 = (x-4)^2\n2x + 7 = x^2 - 4x + 16", "(x-4)^2 is x^2-8x+16, not x^2-4x+16"),
        ("x(x-1)(x-3) = 0\nSo x = 0, x = -1 or x = -3", "x=-1 does not solve x(x-1)(x-3)=0"),
    ],
)
def test_a_step_that_does_not_follow_fails(messages, text, message):
    """Whatever else the solution speaks of."""
    assert message in messages(text)


@pytest.mark.parametrize(
    "text",
    [
        "The slopes are equal, so $7-k=4$, hence $k=3$.",
        "b² = 17² - 8² = 289 - 64 = 225, so b = 15.",
        "b² = 17² - 8² = 289 - 64 = 225, so b = -15.",
        "x^2 = 50, so x = 7",
        "x^2 = 2, so x = 1.41",
        "x^2 = 16. If y = 3, then x = 5",
        "x^2 = 9\nx = 4",
        "$(x-2)^2 = 4x$, so $x^2 - 8x + 4 = 0$.",
        "2x + 7 = (x-4)^2\n2x + 7 = x^2 - 8x + 16",
        "The curves are y = (x-4)^2 and y = x^2 - 4x + 16",
        "f(x + y) = f(x) + f(y) + xy\nf(x + y) = f(x)f(y)",
        "x^2 - 5x + 6 = 0, so x^2 = 5x - 6",
        "Both x^2 - 5x + 6 = 0 and x^2 - 4x + 3 = 0 have the root 3",
        "x^2 - 5x + 6 = 0. If instead x^2 - 4x + 3 = 0, then x = 1",
        "f^{-1}(0) = 3, so f^{-1}(0) + f^{-1}(6) = 8",
        "|x + 1| = 4 means x + 1 = 4 or x + 1 = -4, so x = 3 or x = -5.",
        "x + 1 = 4\nor\nx + 1 = -4,\nso x = 3 or x = -5.",
        "The roots come from 2x - 3 = 0 and 2x + 3 = 0, so they are x = 3/2 and x = -3/2.",
        "In case 1, 2x = 6. In case 2, x = 4, so there are two.",
        "Try x = 3: 2x + 1 = 7. Try x = 4, so 2x + 1 = 9.",
        "If x = 3, then 2x + 1 = 7. If instead 2x = 8, then x = 4.",
        "First, 2x = 6 on the line. Second, so to speak, x = 4 on the curve.",
        "2x = 5 modulo 7, so x = 6.",
        "3x = 100, so x = 33.33 or so in either case.",
        "3x = 100, so x ≈ 33 in either case.",
        "0.5x = 30 minutes, so x = 1 hour in either case.",
        "On the curve 12x = 100, so x = 8 whole boxes can be filled.",
        "The roots: x = 1 → x = 2 → x = 3",
        "Multiplying by 5 to clear the fraction of the slopes yields $-5x - 5 = x + 13$. This gives $-6x = 18$.",
    ],
)
def test_what_follows_or_is_another_equation_does_not(messages, text):
    """Alternatives, trials, other values, rounding, units."""
    assert messages(text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$y^2 - 13y + 36 = 0$\nThis gives $y = 9$ or $y = 8$.", "y=8 does not solve y^2-13y+36=0"),
        ("(x - 2)^2 = 9\nx = 5 or x = 1", "x=1 does not solve (x-2)^2=9"),
    ],
)
def test_a_value_listed_with_a_root_is_one(messages, text, message):
    """A quadratic has no other roots than its own."""
    assert messages(text) == [message]


@pytest.mark.parametrize(
    "text",
    [
        "$y^2 - 13y + 36 = 0$\nThis gives $y = 9$ or $y = 4$.",
        "x^3 - 6x^2 + 11x - 6 = 0\n(x - 1)(x^2 - 5x + 6) = 0\nx^2 - 5x + 6 = 0\nx = 1 or x = 2",
        "x^2 - 5x + 6 = 0 and x - 7 = 0\nx = 2 or x = 7",
        "x^2 - 5x + 6 = 0\nx = 2\nFor another one x = 7",
        "x^2 = 1 (mod 8)\nx = 1 or x = 3",
    ],
)
def test_a_value_that_solves_another_equation_is_no_wrong_root(messages, text):
    """Or that is not listed beside a root."""
    assert messages(text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("The roots:\n(x+3) + 2(x-3) = 12\n3x + 3 = 12\n3x = 9\nx = 3", "from (x+3)+2(x-3)=12, 3x+3 is 18, not 12"),
        ("\\[\n4(3y - 7) + y = 11\n\\]\n\\[\n12y - 7 + y = 11\n\\]\n13y = 18, a root", "12y-7+y is 32, not 11"),
        (
            "The roots:\n0.2x + 0.5(12) = 0.32(x + 12)\n0.2x + 6 = 0.32x + 3.84\n6 - 3.84 = 0.52x\n2.16 = 0.52x",
            "6-3.84=0.52x does not follow from 0.2x+6=0.32x+3.84",
        ),
    ],
)
def test_a_step_below_another_fails(messages, text, message):
    """Without a word, where the lines go on from it."""
    (found,) = messages(text)
    assert found.endswith(message)


@pytest.mark.parametrize(
    "text",
    [
        "The roots:\nx + 1 = 4\nx + 1 = -4\nx = -5",
        "The roots:\n2x - 3 = 0\n2x + 3 = 0\n2x = -3",
        "The roots:\n2x + 3 = 7\n3x - 1 = 8\n3x = 9",
        "The roots:\n5 - x = 2\nx - 5 = 2\nx = 7",
        "The roots:\n(x+3) + 2(x-3) = 12\n3x - 3 = 12\n3x = 15\nx = 5",
        "The roots:\n(x+3) + 2(x-3) = 12\nand the other one\n3x + 3 = 12\n3x = 9",
    ],
)
def test_equations_beside_each_other_are_no_steps(messages, text):
    """Two signs of one value, two factors, two exercises."""
    assert messages(text) == []


def test_only_what_stands_as_it_was_read_is_tied():
    """A number of the sentence that was read into the equation would be an error of the reader's."""
    line = "Multiplying by 5 yields -5x - 5 = x + 13, so -6x = 18."
    assert Ties([line], [["-5x-5=x+13", "-6x=18"]]).follows(0, 1)
    assert not Ties([line], [["5-5x-5=x+13", "-6x=18"]]).follows(0, 1)
    assert not Ties([line, "x = 3"], [["-5x-5=x+13", "-6x=18"], ["x=3"]]).follows(1, 2)
    assert not Ties([line], [["-5x-5=x+13", "-6x=18"]]).follows(1, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 64 / 2\nx = 34", "64/2 is 32, not 34"),
        ("\\[\nx = \\frac{64}{2}\n\\]\n\\[\nx = 34\n\\]", "64/2 is 32, not 34"),
        ("Area = 1/2 * 10 * 6\nArea = 32 cm²", "1/2*10*6 is 30, not 32"),
        ("So, total cost = 3*5 + 2.\nTotal cost = $18", "3*5+2 is $17, not $18"),
        ("2x = 49 + 15\n2x = 65", "49+15 is 64, not 65"),
    ],
)
def test_a_named_result_is_that_of_the_line_above(messages, text, message):
    """The two lines are read as one statement."""
    assert message in messages(text)


@pytest.mark.parametrize(
    "text",
    [
        "x = 64 / 2\nx = 32",
        "x = 7/2\nx = 3",
        "x = (5+1)/2\nx = (5-1)/2",
        "x = 12 / 4\ny = 5",
        "y = 2x + 3\ny = 7",
        "A = 3 * 4\nA = 12\\pi",
        "x = 5 - 3\nx = 2 or x = 3",
        "Time = 90 / 60\nTime = 1.5 hours",
        "Mean = 10 / 3\nMean = 3.33",
        "x = 6 / 2\nor\nx = 5",
        "n = 3 + 4\nn = 10 - 1",
    ],
)
def test_other_lines_of_one_name_are_values_of_their_own(messages, text):
    """Two values, two calculations, something between them."""
    assert messages(text) == []


def test_a_calculation_in_a_trace_is_doubted_below_it():
    """The doubt goes with what is taken over."""
    lines = split_lines("<think>\nx = 64 / 2\n</think>\nx = 34")
    assert [line.doubt is None for line in lines] == [False, False, False, True]
    assert lines[-1].readable == "x = 34"
