"""What is said again in another unit or in percent: wrong ones fail, and what may be something else never does."""

import pytest


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("That's 385 − 40 = 345 min, or 5 h 55 min.", "5*60+55 is 355, not 345"),
        ("500 turns cover 500 × 220 = 110,000 cm, which is 110 m.", "110000/100 is 1100, not 110"),
        ("He runs for 90 minutes (1.6 hours).", "90 minutes is 1.5 hours, not 1.6"),
        ("360/640 = 0.5625, so 52.65%", "0.5625 is not 52.65%"),
        ("That is 3/8 (36.5%).", "3/8 is 37.5%, not 36.5%"),
        ("50 minutes is 5/6 of an hour, i.e. 3,200 seconds.", None),
    ],
)
def test_what_is_said_again_wrongly_fails(graded, messages, text, message):
    """None where only that it fails is held."""
    assert graded(text).n_failed == 1
    if message is not None:
        assert messages(text) == [message]


@pytest.mark.parametrize(
    "text",
    [
        "That's 385 − 40 = 345 min, or 5 h 45 min.",
        "He runs for 90 minutes (1.5 hours).",
        "That is 3/8, or 37.5%.",
        "0.333 (33%)",
        "The factor is 1.08 (8%).",
        "Question 1 (60%) was hard.",
        "2 hours (30 minutes)",
        "half of 3 hours, or 90 minutes.",
        "either 2 hours or 90 minutes.",
        "5 miles, or 8 km.",
        "3 days (9 hours each)",
        "30 + 60 minutes, or 1.5 hours.",
    ],
)
def test_what_is_true_or_something_else_does_not(messages, text):
    """Rounding, factors, names, shares, alternatives, other measures."""
    assert messages(text) == []
