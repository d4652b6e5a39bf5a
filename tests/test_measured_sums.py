"""Sums of quantities in several units: read in the smallest one, and left alone where they may mean something else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checking.check import Checker
from grader.reading.rules import read_line
from grader.types import CheckStatus


@pytest.mark.parametrize(
    ("line", "equation"),
    [
        ("6 kg - 500 g = 5 kg 500 g", "6*1000-500=5*1000+500"),
        ("2 m 40 cm + 1 m 75 cm = 3 m 115 cm.", "(2*100+40)+(1*100+75)=3*100+115"),
        ("2 m - 35 cm = 1.65 m", "2*100-35=1.65*100"),
        ("3 ft 8 in + 2 ft 7 in = 6 ft 3 in, so it is too short", "(3*12+8)+(2*12+7)=6*12+3"),
        ("3 × 2 m 40 cm = 7 m 20 cm", "3*(2*100+40)=7*100+20"),
        ("7 m 20 cm ÷ 3 = 2 m 40 cm", "(7*100+20)/3=2*100+40"),
        (r"$2\text{ m } 40\text{ cm} + 1\text{ m} = 3\text{ m } 40\text{ cm}$", "(2*100+40)+1*100=3*100+40"),
        ("Total: 2 L 300 mL + 900 mL = 3 L 200 mL", "(2*1000+300)+900=3*1000+200"),
        ("5 dollars - 40 cents = 4 dollars 60 cents", "5*100-40=4*100+60"),
    ],
)
def test_sums_are_read_in_the_smallest_unit(line, equation):
    """Each quantity is a bracket; they hold."""
    (one,) = read_line(line).equations
    assert one.text == equation
    assert Checker().check(one).status == CheckStatus.HOLDS


@pytest.mark.parametrize(
    "text",
    [
        "6 kg - 500 g = 5 kg 600 g",
        "2 m 40 cm + 1 m 75 cm = 4 m 5 cm",
        "2 m - 35 cm = 1.75 m",
        "3 lb 9 oz + 2 lb 10 oz = 6 lb 5 oz",
        "3 × 2 m 40 cm = 7 m 40 cm",
        "5 min 40 s + 2 min 35 s = 8 min 5 s",
        r"$\frac65 \div 3 = \frac{18}5$",
        "6/5 ÷ 3 = 18/5",
    ],
)
def test_false_ones_fail(messages, text):
    """Carrying tens where twelve, sixteen or sixty make the next unit, and fractions multiplied for divided."""
    assert len(messages(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "450 ft × 12 = 5400 in",
        "500 s / 60 = 8 min 20 s",
        "2.5 hours × 60 = 150 minutes",
        "7 m 20 cm ÷ 7 = 1 m 3 cm",
        "1 m 20 cm + 0.333 m = 1.53 m",
        "3m + 2s = 5m",
        "2 working days 4 hours + 6 hours = 3 working days 2 hours",
        "1 day 5 hours + 4 hours = 2 days 1 hour",
        "A: 3 boxes 2 m + 30 cm = 230 cm",
        "1 m x 50 cm = 0.5 m^2",
        "2 1/2 ÷ 5 = 1/2",
        r"$2\frac{1}{2} \div 5 = \frac12$",
    ],
)
def test_other_quantities_raise_no_alarm(messages, text):
    """Conversions, rounded results, days of work, letters and mixed numbers."""
    assert messages(text) == []


@given(st.integers(1, 99), st.integers(0, 999), st.integers(1, 99), st.integers(0, 999), st.integers(-2, 2))
def test_a_sum_holds_where_it_is_true(one, grams, two, more, off):
    """Whatever is carried."""
    total = 1000 * (one + two) + grams + more + off
    line = f"{one} kg {grams} g + {two} kg {more} g = {total // 1000} kg {total % 1000} g"
    (equation,) = read_line(line).equations
    wanted = CheckStatus.FAILS if off else CheckStatus.HOLDS
    assert Checker().check(equation).status == wanted
