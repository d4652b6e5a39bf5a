"""Single letters behind numbers: units where the line says so, unknowns elsewhere, in brackets too."""

import pytest


@pytest.mark.parametrize(
    "text",
    [
        "(5k + 12)/(7k + 12) = 3/4",
        "(2k+3)(3k+2) = 30",
        "2(3g + 4) = 20",
        "5(2h) = 30",
        "sqrt(3m+1) = 4",
        "2(3k+1) = 6k+2",
        "(15k + 20k) * 2 = 70000",
        "4 m = 20 cm",
        "4 m + 12 = 20 cm",
        "3 h = 45 km",
        "26 = 2s",
        "2 m * 3 m = 60000 square cm",
        "5 m * 30 cm = 1.5 square meters",
        "500 g * 4 = 2 kg",
        "90 m / 6 s = 15 m/s",
        "36 km/h / 3.6 = 10 m/s",
        "2 h * 60 km/h = 120 km",
    ],
)
def test_unknowns_and_true_quantities_do_not_fail(messages, text):
    """``(2k+3)(3k+2)`` is not 5 times 5."""
    assert messages(text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("24 m × 15 m = 380 square meters", "24*15 is 360, not 380"),
        ("24 m × 15 m = 380 sq m", "24*15 is 360, not 380"),
        ("2220 g / 1000 = 22.2 kg", "2220/1000 is 2.22, not 22.2"),
        ("252 h × 60 min/h = 1,512 min", "252*60 is 15120, not 1512"),
        ("2 h * 60 km/h = 130 km", "2*60 is 120, not 130"),
        ("2 * (3 m + 4 m) = 15 m", "2*(3+4) is 14, not 15"),
        ("2(3k + 1) = 6k + 3\n(k is any number)", "2(3k+1) is 6k+2, not 6k+3"),
    ],
)
def test_units_and_wrong_rewritings_do(messages, text, message):
    """The message is that of numbers, or of the expression multiplied out."""
    assert messages(text) == [message]


@pytest.mark.parametrize(
    "text",
    [
        "64 = 80%\n1% = 0.80\n100% = $80",
        "10% = 0.45",
        "Eight feet minus five and a quarter feet leaves two and three quarter feet.",
        "Four minus one and two thirds is two and one third.",
        (
            "|x^2 - 6x| = 5 splits into two quadratics.\n**First:** x^2 - 6x = 5, so x^2 - 6x - 5 = 0.\n"
            "**Second:** x^2 - 6x = -5, so x^2 - 6x + 5 = 0."
        ),
    ],
)
def test_amounts_and_parts_are_what_they_are(messages, text):
    """A percentage may be set equal to an amount, and a number in words may have a part behind it."""
    assert messages(text) == []


def test_a_part_in_words_counts(messages):
    """Not the whole number alone."""
    assert messages("Eight feet minus five and a quarter feet leaves two and one quarter feet.") == [
        "8-5.25 is 2.75, not 2.25"
    ]
    assert messages("5% = 0.5") == ["5% is not 0.5"]
