"""Single letters behind numbers: units where the line says so, unknowns elsewhere, in brackets too."""

import pytest

from grader.reading.rules import read_line


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


@pytest.mark.parametrize(
    ("line", "equations"),
    [
        ("b² - 4ac = 25 - 24 = 1", ["b^(2)-4ac=25-24", "25-24=1"]),
        ("x² + 2xy + y² = 25", ["x^(2)+2xy+y^(2)=25"]),
        ("A = 2lw + 2lh", ["A=2lw+2lh"]),
        ("5xyz = 10", ["5xyz=10"]),
        ("a^2b^2c^2 = 8", ["a^2b^2c^2=8"]),
        ("y = 6b^2-a^2-3b^2", ["y=6b^2-a^2-3b^2"]),
        ("c^2 = b^2-a^2", ["c^2=b^2-a^2"]),
        ("e = c/a = 4/5", ["e=c/a", "c/a=4/5"]),
        ("y = 5-a, so a = 3", ["a=3"]),
        ("R = ρ·L/A = 3", ["R=ρ*L/A", "ρ*L/A=3"]),
        # none of these letters is an unknown
        ("12pcs * 2 = 24", ["12*2=24"]),
        ("5kW + 3kW = 8kW", ["5+3=8"]),
        ("5GB - 2GB = 3GB", ["5-2=3"]),
        ("84in / 42in = 2", ["84/42=2"]),
        ("He takes 2-a-day for 3 days: 2 * 3 = 6", ["2*3=6"]),
        ("2m^2 + 3m^2 = 5m^2", ["2+3=5"]),
        ("∫_0^2 3x^2 dx = 2^3 - 0^3 = 8", ["2^3-0^3=8"]),
        ("∫ 2x dx = x² + C", []),
        ("∂f/∂x = 2x", []),
    ],
)
def test_no_letter_of_a_term_is_lost(line, equations):
    """Letters glued to a number or in a row of powers, a and A behind a sign; units and integrands are none."""
    assert [equation.text for equation in read_line(line).equations] == equations


@pytest.mark.parametrize(
    ("line", "equation"),
    [
        ("2x(2x-5) - 3(2x-5) = (2x-3)(2x-5)", "2x(2x-5)-3(2x-5)=(2x-3)(2x-5)"),
        ("2x(5-3) = 4", "2*(5-3)=4"),
        ("3x(4+5) = 27", "3*(4+5)=27"),
    ],
)
def test_the_x_of_a_bracket_tells_what_the_others_are(line, equation):
    """In ``(2x-5)`` it can be an unknown only; elsewhere before a bracket it multiplies numbers."""
    assert [one.text for one in read_line(line).equations] == [equation]


@pytest.mark.parametrize(
    ("line", "equation"),
    [
        ("(1/2)mv^2 = 72", "(1/2)mv^2=72"),
        ("(1/2)bh = 24", "(1/2)bh=24"),
        ("(6+4)a = 10a", "(6+4)a=10a"),
        ("sqrt(2h/g) = 3", "sqrt(2h/g)=3"),
        ("2(2.5 m/s²)(80 kg) = 400", "2(2.5)(80)=400"),
        ("2πrl + 2πrh = 100", "2*pirl+2*pirh=100"),
        ("5 pi cm = 15.7 cm", "5*pi=15.7"),
        ("(3)(4)cm^2 = 12", "(3)(4)=12"),
        ("(12/4)hrs = 3", "(12/4)=3"),
    ],
)
def test_letters_behind_a_bracket_or_pi_are_factors(line, equation):
    """Two letters that are no unit keep their place; units stay units."""
    assert [one.text for one in read_line(line).equations] == [equation]
