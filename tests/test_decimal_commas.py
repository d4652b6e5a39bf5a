"""Decimal commas are read as such where a solution can mean nothing else."""

import pytest

from grader.decimal_commas import has_decimal_commas, with_decimal_points
from grader.types import Solution, Verdict


@pytest.mark.parametrize(
    ("text", "pointed"),
    [
        ("9 · 0,45 € = 4,05 €", "9 · 0.45 € = 4.05 €"),
        ("MwSt.: 1.250,00 € · 0,19 = 237,50 €", "MwSt.: 1250.00 € · 0.19 = 237.50 €"),
        ("A = 14,5 × 6,2 = 89,9 m²", "A = 14.5 × 6.2 = 89.9 m²"),
        ("2,5 kg + 1,75 kg = 4,25 kg, von 1.000 kg", "2.5 kg + 1.75 kg = 4.25 kg, von 1000 kg"),
        ("3,14159 * 2 = 6,28318", "3.14159 * 2 = 6.28318"),
        ("2,5 \\cdot 4 = 10,0", "2.5 \\cdot 4 = 10.0"),
        ("BC² = 7,5² + 4², BC = √68,25", "BC² = 7.5² + 4², BC = √68.25"),
        ("De 12,5 % : 1,125 × 0,9 = 1,0125, soit 1,25 %", "De 12.5 % : 1.125 × 0.9 = 1.0125, soit 1.25 %"),
        ("Par 1,5 : 64 × 1,5 = 96,0", "Par 1.5 : 64 × 1.5 = 96.0"),
        ("De verhoging is 640 : 8 = 80 euro, 0,5 · 2 = 1,0", "De verhoging is 640 / 8 = 80 euro, 0.5 · 2 = 1.0"),
        ("9 · 4,5 : 2 : 3 = 6,75", "9 · 4.5 / 2 / 3 = 6.75"),
        ("$c = \\sqrt{12{,}25}$ in (1{,}5; 2)", "$c = \\sqrt{12.25}$ in (1.5; 2)"),
        ("$0{,}125$ alone", "$0.125$ alone"),
        ("\\frac{1{,}0792}{0{,}3010}\\approx3{,}585", "\\frac{1.0792}{0.3010}\\approx3.585"),
    ],
)
def test_they_become_points(text, pointed):
    """Points that group thousands go."""
    assert has_decimal_commas(text)
    assert with_decimal_points(text) == pointed


@pytest.mark.parametrize(
    "text",
    [
        "no comma",
        "1,000 + 2,500 = 3,500",
        "x = 1,2",
        "x = -1,2 and y = 3,4",
        "The roots are 1,2 and 3,4.",
        "A pair (1,2) and 1,2 + 3,4 = 4,6",
        "3+4=7,7*2=14,14-4=10",
        "5 x 3 = 15,15 + 2 = 17",
        "1,2,3 + 4,5 = 7,5 kg",
        "1,50 € + 2.50 € = 4,00 €",
        "12,345 + 1,5 € = 3,5",
        "1,5 € is all",
        "In 3,5 hours: 2",
        "the digits 1,2 and 3,4 sum to 10",
        "Room 1,2: 5 + 3 = 8, room 3,4",
        "$12{,}000 + 500 = 12{,}500$",
        "$12{,}000$ and $3{,}5$",
    ],
)
def test_other_commas_stay(text):
    """Thousands, lists and pairs; two writings at once; and one number alone is too little to go by."""
    assert not has_decimal_commas(text)


def test_a_solution_is_judged_by_them(grader):
    """What holds and what fails, on lines that show no comma's meaning by themselves too."""
    right, wrong = grader.grade(
        [
            Solution("", "Brot: 3 × 2,40 € = 7,20 €\nZusammen 7,20 + 1,3 = 8,5"),
            Solution("", "Brot: 3 × 2,40 € = 7,20 €\nZusammen 7,20 + 1,3 = 8,6"),
        ]
    )
    assert (right.verdict, wrong.verdict) == (Verdict.CORRECT, Verdict.COMPUTATIONAL_ERROR)
    assert wrong.message == "line 2: 7.20+1.3 is 8.5, not 8.6"


def test_thousands_set_apart_by_spaces_belong_to_their_number(messages):
    """``1 250,50`` is one number where commas are decimal."""
    right = "Augmentation : 1 250,50 × 0,10 = 125,05 €\nNouveau prix : 1 250,50 + 125,05 = 1 375,55 €"
    assert messages(right) == []
    assert messages(right.replace("1 375", "1 385")) == ["1250.50+125.05 is 1375.55, not 1385.55"]
