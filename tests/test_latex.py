"""LaTeX becomes the plain spelling of the same mathematics, or says that it cannot be read."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grader.characters import MATH_OFF, MATH_ON, TEXT_OFF, TEXT_ON, UNREADABLE, clean
from grader.limits import MAX_DEPTH
from grader.numbers import tokenise
from grader.reading.latex import delatex
from grader.reading.rules import read_line

MARKS = str.maketrans(dict.fromkeys(MATH_ON + MATH_OFF + TEXT_ON + TEXT_OFF))
PIECES = st.sampled_from(
    [
        "\\frac", "\\sqrt", "\\text", "\\boxed", "\\left", "\\begin{align}", "\\end{align}", "\\(", "\\)", "\\[",
        "\\]", "\\\\",
        "{", "}", "[", "]", "$", "$$", "&", "^", "_", "=", "+", "12", "3", " ", "x", "\\", "\\times", "\\unknown",
        "\\%", "words",
        "\\overline{3}", "\\alpha", "\\varLambda", "\\Lambda", "\\,", "000",
    ]
)  # fmt: skip


def plain(text):
    """Give the plain spelling without marks and with single spaces."""
    return " ".join(delatex(text).translate(MARKS).split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\\(12 \\times 5 = 60\\)", "12 * 5 = 60"),
        ("$7 \\cdot 8$", "7 * 8"),
        ("\\(8 \\div 2\\)", "8 / 2"),
        ("\\(\\frac{3}{4}\\)", "3/4"),
        ("\\(\\frac{3 + 5}{4}\\)", "((3 + 5)/(4))"),
        ("\\(\\frac34\\)", "3/4"),
        ("\\(\\dfrac{1}{2}\\)", "1/2"),
        ("\\(2\\frac{1}{2}\\)", "2 1/2"),
        ("\\(\\frac{1}{2}^2\\)", "(1/2)^2"),
        ("\\(6 / \\frac{1}{2}\\)", "6 / (1/2)"),
        ("\\(\\frac{\\frac{1}{2}}{3}\\)", "(( 1/2 )/(3))"),
        ("\\(\\sqrt{16}\\)", "sqrt(16)"),
        ("\\(\\sqrt 9\\)", "sqrt(9)"),
        ("\\(\\sqrt[3]{27}\\)", "root(3, 27)"),
        ("\\(\\binom{5}{2}\\)", "binom(5, 2)"),
        ("\\(2^{10}\\)", "2^(10)"),
        ("\\(\\left( 2 + 3 \\right)\\)", "( 2 + 3 )"),
        ("\\(\\boxed{42}\\)", "42"),
        ("\\(1{,}000\\)", "1,000"),
        ("\\(400\\,000\\)", "400000"),
        ("\\(3\\,\\text{cm}\\)", "3 cm"),
        ("\\(25\\%\\)", "25%"),
        ("\\(\\$5\\)", "$5"),
        ("\\(0.\\overline{3}\\)", "0.33..."),
        ("\\(x \\approx 3\\)", "x ≈ 3"),
        ("\\(\\pi r\\)", "pi r"),
        ("\\(\\alpha + \\Lambda\\)", "α + Λ"),
        ("\\(a \\\\ b\\)", "a ; b"),
        ("\\(3 \\le 4\\)", "3 ≤ 4"),
        ("\\(\\textbf{Total} = 5\\)", "Total = 5"),
    ],
)
def test_commands_become_plain_signs(text, expected):
    """Each command is spelled as a person would type it."""
    assert plain(text) == expected


@pytest.mark.parametrize("text", ["plain words", "a price of $5 and $6", "It costs $5.", "3 + 4 = 7", "{braces}", ""])
def test_text_without_latex_stays_as_it_is(text):
    """Prices are no math mode, and nothing else is touched."""
    assert delatex(text) == text


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("\\(3 + 4\\)", "3 + 4"),
        ("$3 + 4 = x$", "3 + 4 = x"),
        ("$$3 + 4$$", None),
        ("so $x$ is", "x"),
    ],
)
def test_math_mode_is_marked(text, inside):
    """What stands in math mode stands between the marks."""
    result = delatex(text)
    if inside is not None:
        assert f"{MATH_ON}{inside}{MATH_OFF}" in result or result == text
    if "\\" in text:
        assert MATH_ON in result


@pytest.mark.parametrize("text", ["\\(\\foo{3} = 4\\)", "\\(\\sum_{1}^{3} + 2 = 6\\)", "\\(1 + \\dots + 9 = 45\\)"])
def test_an_unknown_command_is_never_judged_by_half(text):
    """A command without a plain spelling leaves a mark, and no equation is read around it that could fail."""
    assert UNREADABLE in delatex(text)
    assert all(equation.doubt is not None for equation in read_line(text).equations)


@pytest.mark.parametrize("environment", ["matrix", "pmatrix", "cases", "array"])
def test_matrices_and_cases_are_unreadable(environment):
    """What stands in them is no running text."""
    assert UNREADABLE in delatex(f"\\begin{{{environment}}} 1 & 2 \\end{{{environment}}}")


def test_nesting_beyond_the_limit_is_unreadable():
    """Braces deeper than ``MAX_DEPTH`` are refused, not followed."""
    depth = MAX_DEPTH + 1
    assert delatex("\\(" + "{" * depth + "1" + "}" * depth + "\\)") == UNREADABLE
    assert delatex("\\frac" * 5_000) == UNREADABLE
    assert delatex("\\sqrt\\text" * 5_000) == UNREADABLE


@pytest.mark.parametrize(
    "text",
    ["\\(\\frac{1}{2", "\\frac", "\\sqrt[3", "\\sqrt[3]", "{", "}", "\\", "\\text{", "\\begin{", "\\end", "$$", "\\("],
)
def test_latex_that_was_cut_off_is_read_as_far_as_it_goes(text):
    """Nothing is raised on half a command."""
    assert isinstance(delatex(text), str)


@given(st.text() | st.lists(PIECES, max_size=30).map("".join))
@example("\\frac" * 200)
@example("\\sqrt[" * 50)
@example("\\text{" * 100)
def test_any_text_is_read(text):
    """Nothing is raised, and the outcome can be cut into tokens."""
    assert tokenise(delatex(clean(text))) is not None


@pytest.mark.parametrize(
    ("line", "equations"),
    [
        (r"distance = \(\sqrt{64 + 36}\) = \(\sqrt{100}\) = 10.", ["sqrt(64+36)=sqrt(100)", "sqrt(100)=10"]),
        (r"\[Sum = 24 \times 24\] \[= 576\]", ["Sum=24*24", "24*24=576"]),
        (r"Total = $\frac{3}{4}$ + $\frac{1}{4}$ = $1$", ["3/4+1/4=1"]),
        (r"Here $x = 5$ - a guess", ["x=5"]),
        (r"We have $x = 5$ $y = 3$", ["x=5", "y=3"]),
    ],
)
def test_a_chain_goes_on_behind_closed_mathematics(line, equations):
    """With a relation or an operator; a dash or another formula ends it."""
    assert [one.text for one in read_line(line).equations] == equations
