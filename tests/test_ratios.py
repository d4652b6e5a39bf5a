"""Ratios that are set equal are quotients; times, scores and scales are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.reading.rules import read_line


@pytest.mark.parametrize(
    ("line", "equations"),
    [
        ("The ratio is 18:24 = 3:4.", ["18/24=3/4"]),
        ("$18 : 24 = 2 : 4$", ["18/24=2/4"]),
        ("a : b = 18 : 24 = 3 : 5 (divided by 6)", ["18/24=3/5"]),
        ("6:8:10 = 3:4:5", ["6/8=3/4", "8/10=4/5"]),
        ("9/4 = 9 : 4", ["9/4=9/4"]),
        ("4 1/5 : 1 2/5 = 21/5 : 7/5 = 3", ["(4 1/5)/(1 2/5)=(21/5)/(7/5)", "(21/5)/(7/5)=3"]),
        ("360 : 8 = 55", ["360/8=55"]),
        ("x = 1 360 : 8 = 170", ["x=1360/8", "1360/8=170"]),
        ("Ratio = 84.5 : 125 = 169 : 250 (multiplying both by 2).", ["84.5/125=169/250"]),
    ],
)
def test_equal_ratios_are_equal_quotients(line, equations):
    """Of three parts each is compared with the next."""
    assert [one.text for one in read_line(line).equations] == equations


@pytest.mark.parametrize(
    "text",
    [
        "14:30 = 2:30 in the afternoon",
        "21:77 = 22:17",
        "2:05 = 1:4",
        "3:2 = 2:3",
        "The odds are 3:1 = 1:4.",
        "Scale 1:50 = 2:10",
        "6:8 = 3:4:5",
        "0:5 = 1:2",
        "3 : 5 = 0.6 = 12 : 20 ✓",
        "Week 2 : 5 = 5",
        "Step 4 : 300/4 = 75",
        "1 : 4 = 5 parts",
        "1 : 2 = 33% alcohol",
        "Each case 1 : 18/20 = 90%",
    ],
)
def test_other_colons_raise_no_alarm(messages, text):
    """Times of day, inverse ratios, odds, scales and what has not as many parts."""
    assert messages(text) == []


@given(st.integers(1, 30), st.integers(1, 30), st.integers(2, 9), st.integers(0, 2))
def test_a_ratio_in_lowest_terms_holds(messages, one, other, factor, off):
    """And another one fails, unless it might be a time of day."""
    said = messages(f"The ratio is {one * factor + off} : {other * factor} = {one} : {other}.")
    assert said == [] or off
    assert len(said) <= 1
