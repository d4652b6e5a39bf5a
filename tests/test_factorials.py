"""Factorials beside cries, letters beside roots, multiples of π: neither is dropped from what it belongs to."""

import pytest

from grader.reading.simple import read_simple


@pytest.mark.parametrize(
    ("text", "equation"),
    [
        ("Round a table there are 8!/8 = 7! ways.", "8!/8=7!"),
        ("so (8-1)! = 7!.", "(8-1)!=7!"),
        ("5·4·3·2·1 = 5!", "5*4*3*2*1=5!"),
        ("5 * 4 * 3 * 2 * 1 = 5!", "5*4*3*2*1=5!"),
        ("3!·2! = 12!", "3!*2!=12!"),
    ],
)
def test_a_factorial_ends_a_line(judged, graded, text, equation):
    """Behind other factorials and behind a product down to 1 the sign is no cry."""
    (line,) = graded(text).lines
    assert [check.text for check in line.equations] == [equation]
    assert [status for status, _ in judged(text)] == ["holds"]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("8!/8 = 6!", "8!/8 is 5040, but 6! is 720"),
        ("5·4·3·2·1 = 4!", "5*4*3*2*1 is 120, but 4! is 24"),
        ("There are 3 + 4 = 8!", "3+4 is 7, not 8"),
        ("3!·2! = 13!", "3!*2! is 12, but 13! is 6227020800"),
    ],
)
def test_what_is_false_either_way_fails(messages, text, detail):
    """Read as a factorial and as a cry."""
    assert messages(text) == [detail]


@pytest.mark.parametrize("text", ["That makes 3 + 4 = 7!", "Great: 5 * 4 = 20!", "3!·2! = 12! Done!"])
def test_a_cry_is_no_factorial(judged, text):
    """Who rejoices computes nothing."""
    assert [status for status, _ in judged(text)] == ["holds"]


def test_a_result_with_a_cry_leaves_the_fast_path():
    """It cannot tell the two."""
    assert read_simple("5 * 4 * 3 * 2 * 1 = 5!") is None


def test_a_factorial_before_a_bracket_goes_on_below(judged):
    """``= 4!(1 - 1/2)`` and below it ``= 24(1 - 1/2)``: the line before ends in all of the product."""
    text = "$$D = 4!\\left(1 - 1 + \\frac{1}{2!}\\right)$$\n$$= 24\\left(\\frac12\\right)$$\n$$= 12$$"
    assert [status for status, _ in judged(text)] == ["symbolic", "holds", "holds"]


@pytest.mark.parametrize(
    "text",
    [
        "s√3 = 6√3 → s = 6",
        "r√2 = 5, so r = 5/√2",
        "The diagonal is a√2 = 5√2",
        "s sqrt(3) = 6 sqrt(3)",
        "m√5 + 2√5 = 7√5",
        "AB√3 = 10√3",
        "side√2 = 14",
    ],
)
def test_a_letter_before_a_root_is_a_factor(messages, text):
    """It is no word before a number."""
    assert messages(text) == []


def test_a_factor_of_a_root_has_a_value(judged):
    """``s = 6`` is a solution of what stands before it."""
    assert judged("s√3 = 6√3, so s = 6")[-1] == ("holds", "a solution of s*sqrt(3)=6sqrt(3)")


def test_words_before_a_root_are_words(messages):
    """They end with a space."""
    assert messages("so √16 = 5") == ["sqrt(16) is 4, not 5"]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("A = π × 6² = 36π ≈ 118.10 cm²", "36*pi is about 113.0973, not 118.10"),
        ("So 4π = 13.6", "4*pi is about 12.5664, not 13.6"),
    ],
)
def test_a_multiple_of_pi_is_a_calculation(messages, text, detail):
    """Its value can be named."""
    assert messages(text) == [detail]


@pytest.mark.parametrize("text", ["So 2π = 360°", "A full turn: 2π = 360", "So 4π = 12.57", "Thus 3π/4 = 135°"])
def test_angles_and_values_of_multiples_of_pi_hold(messages, text):
    """In degrees, in radians and rounded."""
    assert messages(text) == []
