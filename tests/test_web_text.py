"""Entities and tags of web pages are read as what a browser shows; text that only looks alike stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.lines import split_lines
from grader.web_text import without_markup


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("0.3 &times; 0.2 = 0.06<br>", "0.3 × 0.2 = 0.06"),
        ("24 &divide; 4 = 6 &#10003;", "24 ÷ 4 = 6 ✓"),
        ("(2x&minus;5)<sup>2</sup> &lt; 9", "(2x−5)^(2) < 9"),
        ("x<sub>1</sub> + x<SUB>2</SUB> = 5", "x_1 + x_2 = 5"),
        ("the 10<sup>th</sup> term", "the 10th term"),
        ("3 + 4 = 7<br/>7 &middot; 2 = 14<br />", "3 + 4 = 7 ; 7 · 2 = 14"),
        ('<p><span style="color: red">2 + 2 = 4</span></p>', "2 + 2 = 4"),
        ("a&nbsp;= 5", "a = 5"),
        ("<p>12 &divide; 4 = 3</p><p>3 &minus; 1 = 2</p>", "12 ÷ 4 = 3 ; 3 − 1 = 2"),
        ("<ul><li>2+2=4</li><li>3*3=9</li></ul>", "2+2=4 ; 3*3=9"),
        ("1<sup>1</sup>/<sub>2</sub> × 2 = 3", "1 1/2 × 2 = 3"),
        ("<s>5 + 3 = 9</s> 8", "  8"),
        ("1&#xE000;2&#10;3", "1 2 3"),
    ],
)
def test_what_a_browser_shows(text, shown):
    """Powers and indices in their plain spelling; what cannot be seen is a space."""
    assert without_markup(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "if a <b and c> d",
        "a &= b \\\\ c &= d; e",
        "x < 3 & y > 4;",
        "AT&T; 5 < 6",
        "1 <i< 5",
        "<think>",
        "List<int> a = 5",
        "0 <p < 1, q> 2",
    ],
)
def test_what_is_no_markup_stays(text):
    """Comparisons, alignment and code."""
    assert without_markup(text) == text


@given(st.text("<>/&;#bspuri sx23=+\"'-"))
def test_any_text_is_read(text):
    """Nothing is raised, and nothing that is shown gets a line of its own."""
    assert "\n" not in without_markup(text)


def test_the_line_of_the_report_stays_as_it_stands():
    """Only what is read changes."""
    (line,) = split_lines("2 &times; 3 = 6<br>")
    assert (line.text, line.readable) == ("2 &times; 3 = 6<br>", "2 × 3 = 6")
