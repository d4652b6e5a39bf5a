"""A number that a model read must stand in the line, or it is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.reading.grounding import IN_PART, UNGROUNDED, doubt_of, ungrounded_numbers
from grader.reading.pair_doubts import QUANTITIES


@pytest.mark.parametrize(
    ("equation", "line"),
    [
        ("48/2=24", "Half of 48 is 48 / 2 = 24"),
        ("1200*2=2400", "1,200 x 2 = 2,400"),
        ("2*6=12", "Two times six equals twelve"),
        ("2*7=14", "twice 7 is 14"),
        ("3*7=21", "triple the 7 makes 21"),
        ("12*2=24", "a dozen times 2 is 24"),
        ("1/2*90=45", "half of 90 is 45"),
        ("2/3*60=40", "two thirds of 60 is 40"),
        ("0.2*50=10", "20% of 50 is 10"),
        ("20/100*50=10", "20 percent of 50 is 10"),
        ("2.5*4=10", "2.50 × 4 = 10.0"),
        ("3*100=300", "three times a hundred is 300"),
        ("1/2*8=4", "½ of 8 is 4"),
        ("3+4=7", "٣ + ٤ = ٧"),
        ("x+y=z", "no numbers"),
    ],
)
def test_numbers_that_stand_in_the_line(equation, line):
    """Digits, words, shares and hundredths of a percentage all ground a number."""
    assert ungrounded_numbers(equation, line) == []


@pytest.mark.parametrize(
    ("equation", "line", "missing"),
    [
        ("48/2=25", "48 / 2 = 24", ["25"]),
        ("5*9=45", "She has 5 apples", ["9", "45"]),
        ("0.2*50=10", "20 of 50 is 10", ["0.2"]),
        ("12*2=24", "1 and 2 make 24", ["12"]),
        ("2+2=4", "", ["2", "2", "4"]),
    ],
)
def test_numbers_that_do_not(equation, line, missing):
    """Each number that the line does not hold is named as it is written."""
    assert ungrounded_numbers(equation, line) == missing


def test_a_number_beyond_the_limits_is_never_grounded():
    """A number that is too long to hold has no ground, even where it stands in the line."""
    huge = "9" * 20_000
    assert ungrounded_numbers(f"{huge}=1", f"{huge} = 1") == [huge]


@given(st.text(), st.text())
def test_any_texts(equation, line):
    """Nothing is raised on any text."""
    assert isinstance(ungrounded_numbers(equation, line), list)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=5))
def test_a_line_grounds_itself(numbers):
    """What is written in the line is grounded, with separators or without."""
    equation = "+".join(map(str, numbers)) + "=0"
    assert ungrounded_numbers(equation, " and ".join(f"{number:,}" for number in [*numbers, 0])) == []


@pytest.mark.parametrize(
    ("equation", "line"),
    [
        ("3*1200=3600", "He pays 3 coats x $1,200 each = $3,600."),
        ("48/2=24", r"So that is $48 \div 2 = 24$ clips."),
        ("18+9+1=28", "Hazel sold 18 cups + gave away 9 cups + drank 1 cup = 28 cups."),
        ("15%*80=12", "This is 15% x 80 = 12 and the rest is 68"),
        ("3+4=8", "Step 2: 3 + 4 = 8"),
        ("6/2=4", "They share 6 : 2 = 4"),
        ("3+4=8", 'He says "3 + 4 = 8".'),
        ("2/5*40=20", "2/5 of 40 = 20"),
    ],
)
def test_what_a_line_says_whole_may_fail_it(equation, line):
    """The same numbers and signs in the same order, words aside: nothing is doubted."""
    assert doubt_of(equation, line) is None


@pytest.mark.parametrize(
    ("equation", "line"),
    [
        ("18+1=28", "Hazel sold 18 cups + gave away 9 cups + drank 1 cup = 28 cups."),
        ("100+(10/100)=110", "He has to make a total of $100+($100*(10/100) = $110 from sales"),
        ("500+1920=2920", "That is 500 of one kind + 500 of another + 1920 of a third = 2920."),
        ("4080+2=4000", "It is 4080 + 2 = 4000 + 82 years old."),
        ("5/2=5", r"There are \(\binom{5}{2} = 10\) ways for 5 of 2."),
        ("3*3=180", "Thus, 3x=180-2x and 3 is it."),
        ("1-1=3", r"\[- \sin^2 \theta - 1 = 3\] and 1"),
        ("3-3=3", "3m - 3n = 3(m - n)"),
        ("10=100", "10^2=100"),
        ("6+3=3", "It rose to - 6 + 3 = -3 degrees."),
        ("20/5=1.8614", "2x = log 20 / log 5 = 1.8614"),
        ("(1/6)=6", "E(X) = 1 : (1/6) = 6"),
        ("45+12-18=45", "45 bikes, which is: the number at first + 12 - 18 = 45"),
        ("12+3=123", '"12" + "3" = "123" (gluing strings)'),
        ("10-2=4", "Sat: 10-2 = 4 hours"),
        ("0900-0130=0730", "He leaves 0130 hours earlier, 0900 - 0130 = 0730"),
    ],
)
def test_what_a_line_says_in_part_cannot_fail_it(equation, line):
    """A term left out, a sign made up, math beyond numbers and signs: the reading is doubted."""
    assert doubt_of(equation, line) == IN_PART


def test_an_invented_number_is_named_first():
    """A number that the line does not hold is the stronger doubt."""
    assert doubt_of("2+3=5", "2 and 5") == UNGROUNDED


@pytest.mark.parametrize(
    ("equation", "line"),
    [("100=2", "100 = 2"), ("40=10", "less 40 min = 10 h"), ("10%=1000", "First $10,000 @ 10% = $1,000")],
)
def test_numbers_set_equal_without_a_calculation_are_doubted(equation, line):
    """As they are where the rules read them: one of both may be a name, or counted in something else."""
    assert doubt_of(equation, line) == QUANTITIES
