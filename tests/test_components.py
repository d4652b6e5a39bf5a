"""Points and vectors are compared part by part; signs behind verbs and powers in braces belong to their numbers."""

import pytest

from grader.reading.components import with_components
from grader.reading.rules import read_line


def read(line):
    return [equation.text for equation in read_line(line).equations]


@pytest.mark.parametrize(
    ("line", "equations"),
    [
        ("G = ((0 + 4 + 5)/3, (1 + 5)/3) = (9/3, 6/3) = (3, 2).",
         ["(0+4+5)/3=9/3", "(1+5)/3=6/3", "9/3=3", "6/3=2"]),
        ("The midpoint is $\\left(\\frac{1+3}{2}, \\frac{2+6}{2}\\right) = (2, 4)$.",
         ["((1+3)/(2))=2", "((2+6)/(2))=4"]),
        ("A + B = (1+3, 2-5) = (4, -3)", ["1+3=4", "2-5=-3"]),
        ("The tangent touches at $(2, 2^3 - 2) = (2, 6)$.", ["2^3-2=6"]),
        ("(462, 147) = (147, 462 - 3*147) = (147, 21) = 21", ["462-3*147=21"]),
        ("(462, 147) = (147, 21)", []),
        ("f(2+3, 4) = (5, 4)", []),
        ("So (2+4, 5) = (6, 5) + (0, 0)", []),
        ("(x+1, 2+3) = (4, 5)", []),
        ("(2+3, 4) = (5, 4, 1)", []),
        ("(1+1, 2) = (2, 2", []),
        ("(1+1, 2) = (2, 2)(3, 3)", []),
        ("The sum is -3 + 5 = 2.", ["-3+5=2"]),
        ("Then $-3 + 5 = 2$.", ["-3+5=2"]),
        ("We get -(3 + 5) = -8", ["-(3+5)=-8"]),
        ("width - 3 = 5 cm", []),
        ("It is - 3 + 5 = 2 in all", []),
        ("9 × 10^{-2} = 0.09", ["9*10^(-2)=0.09"]),
        ("2^{10} = 1024", ["2^(10)=1024"]),
    ],
)  # fmt: skip
def test_what_is_read(line, equations):
    """Part by part where each that changes is calculated, and nothing of brackets that mean something else."""
    assert read(line) == equations


@pytest.mark.parametrize(
    "text", ["(" * 3_000 + ",) = (" * 3_000, "(1, 2) = " * 5_000, "(1+1,2)=" * 6_000, "x,)=((" * 8_000]
)
def test_many_brackets_are_looked_through_once(text):
    """A line that is made of brackets and commas ends."""
    assert isinstance(with_components(text), str)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("The midpoint is ((2 + 8)/2, (-1 + 7)/2) = (5, 4).", "line 1: (-1+7)/2 is 3, not 4"),
        ("The cross product is (0*1 - 2*1, 2*3 - 1*1, 1*1 - 0*3) = (-2, 5, 0).", "line 1: 1*1-0*3 is 1, not 0"),
        ("Both sums are -7 + 3 = -4, and the total is -4 + 9 = 6.", "line 1: -4+9 is 5, not 6"),
        ("$(2+3i)^2 = 4 + 12i - 9$\n$-(2+3i)^2 = 5 + 12i$", "line 2: -(2+3i)^2 is 5-12i, not 5+12i"),
        ("$(1+i)^2 = 1 + 2i - 1 = 2i$\n$(1+i)^{10} = (2i)^5 = 32 i^5 = 32i$", None),
        ("If x = -1 were a root, then -1 - 1 + 1 = 0, but the left side is -1.", None),
        ("The total i + i = 5 counts i = 1 and i = 4.", None),
    ],
)
def test_what_fails(graded, text, wrong):
    """The first part that is another number is named; what is supposed, and an index, refutes nothing."""
    assert graded(text).message == wrong
