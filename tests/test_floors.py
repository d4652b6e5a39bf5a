"""Floors and ceilings of numbers, in signs, in LaTeX and as functions."""

import pytest


@pytest.mark.parametrize(
    ("text", "equation"),
    [
        ("Multiples of 15: ⌊500/15⌋ = 33", "floor(500/15)=33"),
        ("$\\left\\lfloor \\frac{100}{25} \\right\\rfloor = 4$", "floor(100/25)=4"),
        ("floor(7/2) = 3", "floor(7/2)=3"),
        ("ceiling(7/2) = 4", "ceil(7/2)=4"),
        ("⌈√50⌉ = 8", "ceil(sqrt(50))=8"),
        ("⌊√50⌋ = 7", "floor(sqrt(50))=7"),
        ("⌊-3.7⌋ = -4", "floor(-3.7)=-4"),
    ],
)
def test_a_floor_is_computed(graded, text, equation):
    """Of fractions and of roots, of negative numbers downwards."""
    ((check,),) = [line.equations for line in graded(text).lines]
    assert (check.text, check.status) == (equation, "holds")


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("⌊500/15⌋ = 36", "floor(500/15) is 33, not 36"),
        ("$\\lfloor \\sqrt{50} \\rfloor = 9$", "floor(sqrt(50)) is 7, not 9"),
        (
            "$\\lfloor 100/5 \\rfloor + \\lfloor 100/25 \\rfloor = 25$",
            "floor(100/5)+floor(100/25) is 24, not 25",
        ),
        ("ceil(7/2) = 5", "ceil(7/2) is 4, not 5"),
    ],
)
def test_a_wrong_floor_fails(messages, text, detail):
    """The message says which whole number it is."""
    assert messages(text) == [detail]


@pytest.mark.parametrize(
    "text",
    [
        "⌊x⌋ = 3, so 3 ≤ x < 4",
        "The floor (7/2) = 3.5 m",
        "On floor (3) = 4 people wait",
        "⌊x/2⌋ + ⌊3.5⌋ = 7",
        "⌊5⌉ = 6",
    ],
)
def test_what_is_no_floor_of_a_number(messages, text):
    """Letters, storeys and brackets that do not close."""
    assert messages(text) == []


@pytest.mark.parametrize("text", ["⌊8/10⌋ = 1", "$\\lceil 9.09 \\rceil = 9$", "⌊-3.7⌋ = -3"])
def test_brackets_may_be_written_loosely(judged, text):
    """Who rounds the other way writes either bracket: neither right nor surely wrong."""
    ((status, detail),) = judged(text)
    assert status == "unparsable"
    assert detail.startswith("not judged, floor and ceiling may be written for each other: ")
