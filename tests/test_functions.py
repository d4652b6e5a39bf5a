"""Functions, binomials, bars and words of calculation: what is right raises no alarm, what is false fails."""

import pytest

from grader.engines import load_pair
from grader.pipeline import Grader
from grader.types import Solution


@pytest.fixture(scope="module")
def grader():
    with Grader(load_pair("rules", classifier=False, adapters=None, threshold=None)) as grader:
        yield grader


def checks_of(grader, text):
    (graded,) = grader.grade([Solution("", text)])
    return [check for line in graded.lines for check in line.equations]


def assert_clear(grader, text):
    """Nothing in the text fails."""
    assert [check for check in checks_of(grader, text) if check.status == "fails"] == []


def details_of_failures(grader, text):
    return [check.detail for check in checks_of(grader, text) if check.status == "fails"]


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Five times the number minus 10 equals 45: 5n - 10 = 45.",
        "5 times the number minus 12 equals 3 times the number plus 4.",
        "5 times a number minus 12 equals 3 times a number plus 4.",
        "Twice a number plus 3 is 11.",
        "Three more than the number equals 12.",
        "Half of x plus 2 equals 6.",
        "Half of the number plus 2 equals 6.",
        "5 times his age minus 4 is 31.",
        "The square of a number plus 1 equals 10.",
        "3 times as old as Tom minus 4 equals 20.",
        "20 plus the tip equals 25.",
        "2 times the width plus 2 times the length equals 30.",
        "12 divided by the number equals 3.",
        "12 multiplied by what equals 36?",
        "5 less than 3 times the number equals 10.",
        "8 minus what equals 3",
        "half of his money plus 5 dollars equals 20 dollars",
    ],
)
def test_a_word_for_a_number_is_no_label(grader, text):
    """Where words calculate with a thing that is no number, the numbers beside it are not the whole side."""
    assert_clear(grader, text)


@pytest.mark.parametrize(
    ("text", "equations"),
    [
        ("He trains 4 times a week plus 3 times a week = 7 times.", ["4+3=7"]),
        ("3/4 of the pizza - 1/4 of the pizza = 1/2 of the pizza", ["3/4-1/4=1/2"]),
        ("Half of x plus 2 equals 6.", ["1/2*x+2=6"]),
        ("5 times x plus 2 equals 17.", ["5*x+2=17"]),
        ("12 times 5 equals 60.", ["12*5=60"]),
    ],
)
def test_words_of_calculation(grader, text, equations):
    """How often something happens and shares of one thing are labels; letters are unknowns."""
    assert [check.text for check in checks_of(grader, text)] == equations


# --- functions of angles, logarithms ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "sin 45° = √2/2 ≈ 0.707",
        "tan 30° = 1/√3 = √3/3 ≈ 0.577",
        "sin 60° = 0.86",
        "h = 50 tan 35° = 50(0.7002) = 35.01 m",
        "50·tan(35°) = 50·0.7 = 35",
        "\\[\\frac{10 \\sin 40^\\circ}{\\sin 60^\\circ} = \\frac{6.43}{0.87} = 7.39\\]",
        "c² = 5² + 7² − 2·5·7·cos 50° = 74 − 45 = 29",
        "\\(\\sin 75^\\circ = \\sin(45^\\circ + 30^\\circ) = \\frac{\\sqrt6 + \\sqrt2}{4}\\)",
        "\\(\\cos 20^\\circ \\cos 40^\\circ \\cos 80^\\circ = \\frac18\\)",
        "\\(\\int_0^{\\pi} \\sin x \\, dx = -\\cos \\pi + \\cos 0 = 1 + 1 = 2\\)",
        "\\(2(\\cos 60^\\circ + i \\sin 60^\\circ) = 1 + i\\sqrt{3}\\)",
        "\\(\\sin \\pi x = 0\\)",
        "segment = (60/360)π·36 − ½·36·sin 60° = 18.84 − 15.59 = 3.25",
        "F = 500 sin 37° = 500 · 3/5 = 300",
        "sin(30) = -0.988",
        "sin 30° + 15° = 0.707",
        "The way around is 2π·5 = 31.4 cm",
        "In 3 sec 30° = 30",
        "sin 30°15' = 0.5038",
        "b sin 30° = 5",
        "AB sin 30° = 5",
        "(AB) sin 30° = 5",
        "mg sin 30° = 49",
        "\\(\\tan 90^\\circ = 0\\)",
        "2 sin 30° · 10 = 10 + 3 = 13",
        "\\(\\tan 60^\\circ = \\frac{h}{30} \\Rightarrow h = 30\\tan 60^\\circ = 30\\sqrt{3}\\)",
        "The temperature is 30°C = 86°F.",
        "log 8 = 3",
        "pH = -log(10^-3) = 3",
        "\\(\\log_2 4 \\cdot 8 = 5\\)",
        "\\(\\log_2 8^2 = 6\\)",
        "\\(\\log_2 3 \\cdot \\log_3 4 = \\log_2 4 = 2\\)",
        "\\(\\log_{10} 50 = 1.699\\)",
        "\\(n = \\frac{\\ln 2}{\\ln 1.05} = \\frac{0.6931}{0.0488} = 14.2\\)",
        "\\(\\log_{\\frac12} 8 = -3\\)",
        "\\(\\log_2(\\log_2 16) = 2\\)",
    ],
)
def test_right_functions_raise_no_alarm(grader, text):
    """What is exact or rounded holds; angles without a size, unknown bases and factors in words are not judged."""
    assert_clear(grader, text)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("sin 30° = √3/2", "sin(30°) is 0.5, but sqrt(3)/2 is about 0.866"),
        (
            "h = 30 · tan 60° = 30√2 ≈ 42.4 m",
            "30*tan(60°) is about 51.9615, but 30sqrt(2) is about 42.4264",
        ),
        (
            "tan 45° + 2 sin 30° − cos 0° = 1 + 1 − 0 = 2",
            "tan(45°)+2sin(30°)-cos(0°) is 1, but 1+1-0 is 2",
        ),
        ("\\(\\cos\\frac{\\pi}{3} = \\frac{1}{3}\\)", "cos(((pi)/(3))) is 0.5, but 1/3 is about 0.3333"),
        ("Since sin²30° = 1/2, we stop.", "sin(30°)^(2) is 0.25, but 1/2 is 0.5"),
        ("sin 40° = 0.65", "sin(40°) is about 0.6428, not 0.65"),
        ("cos 60 degrees = 0.6", "cos(60°) is 0.5, not 0.6"),
        ("log_2(8) = 4", "log_2(8) is 3, not 4"),
        ("\\(\\log_2 8 + 2 = 4 + 2\\)", "log_2(8)+2 is 5, but 4+2 is 6"),
        (
            "\\(\\log_8 32 = \\frac{\\log_2 32}{\\log_2 8} = \\frac{4}{3}\\)",
            "((log_2(32))/(log_2(8))) is about 1.6667, but 4/3 is about 1.3333",
        ),
        ("log base 2 of 16 = 5", "log_2(16) is 4, not 5"),
        ("\\(\\ln 2 = 0.639\\)", "ln(2) is about 0.6931, not 0.639"),
    ],
)
def test_false_functions_fail(grader, text, detail):
    """A value of an angle whose size is written, or of a logarithm with its base, is checked."""
    assert details_of_failures(grader, text) == [detail]


# --- binomials, bars --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "12C3 = 220",
        "Room 12C3 = 5 people",
        "10C4 = 10!/(4!6!) = 210",
        "5C2 × 4C1 = 10 × 4 = 40 ways",
        "The probability is 4C2/52C2 = 6/1326.",
        "\\(\\frac{^{4}C_{2}}{^{52}C_{2}} = \\frac{6}{1326} = \\frac{1}{221}\\)",
        "¹²C₃ = 220",
        "2C1 + 3C2 = 7",
        "2P1 = 10, so P1 = 5",
        "12P1 + 15P2 = 300",
        "P(5,2) = 0.3",
        "The cost C(12,2) = 12*5 + 2*6 = 72",
        "Let P(5,2) = 7 be a value of the polynomial.",
        "x^{12}C_{3} = 5",
        "\\(C_5^2 = 9\\)",
        "It was 12C outside = 54F",
        "|3 - 8| = 5",
        "\\(|3-8| = |-5| = 5\\)",
        "P(A|B) = 3/8",
        "| 3 | 4 | 8 |",
        "| Day | 3 + 4 | = 8 |",
        "Mon | 3 + 4 | 7 = 7",
        "3|6|12 = 5",
        "Since 3 | 12 and 4 | 12, 3 + 4 = 7.",
        "{x | x > 3} | 3 = 3",
        "\\(\\|3\\| = 4\\)",
        "||3|-|5|| = 2",
        "|a| = 5",
        "\\(|3+4i| = 5\\)",
        "|(3,4)| = 5",
        "|3 1; 2 4| = 10",
        "\\(\\begin{vmatrix} 3 & 1 \\\\ 2 & 4 \\end{vmatrix} = 12 - 2 = 10\\)",
        "|S| = 12, |T| = 2|S| = 24",
        "\\(\\frac{|3(2) + 4(1) - 5|}{\\sqrt{3^2 + 4^2}} = \\frac{5}{5} = 1\\)",
    ],
)
def test_right_binomials_and_bars_raise_no_alarm(grader, text):
    """Rooms, constants, probabilities, costs, divisors, tables, sets, vectors and determinants are left alone."""
    assert_clear(grader, text)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("12C3 = 210", "binom(12,3) is 220, not 210"),
        ("\\(^{12}C_{3} = 210\\)", "binom(12,3) is 220, not 210"),
        ("\\({}_{12}C_3 = 210\\)", "binom(12,3) is 220, not 210"),
        ("¹²C₃ = 210", "binom(12,3) is 220, not 210"),
        ("12 choose 3 = 210", "binom(12,3) is 220, not 210"),
        ("To choose 2 of 12 there are C(12,2) = 72 ways.", "binom(12,2) is 66, not 72"),
        ("The number of committees is \\(C_{10}^{3} = 720\\).", "binom(10,3) is 120, not 720"),
        ("12P3 = 1340", "perm(12,3) is 1320, not 1340"),
        ("There are P(5,2) = 25 ways to arrange them.", "perm(5,2) is 20, not 25"),
        ("|3 - 8| = 6", "abs(3-8) is 5, not 6"),
        ("The distance is |3 - 8| = 6.", "abs(3-8) is 5, not 6"),
        ("\\(\\left|-3\\right| = 4\\)", "abs(-3) is 3, not 4"),
        ("\\(\\lvert -3 \\rvert = 4\\)", "abs(-3) is 3, not 4"),
        ("4 · |2 - 5| = 13", "4*abs(2-5) is 12, not 13"),
        (
            "\\(d = \\frac{|4·1+3·2-5|}{\\sqrt{4^2+3^2}} = \\frac{5}{\\sqrt7}\\)",
            "((abs(4*1+3*2-5))/(sqrt(4^2+3^2))) is 1, but ((5)/(sqrt(7))) is about 1.8898",
        ),
    ],
)
def test_false_binomials_and_bars_fail(grader, text, detail):
    """Combinations, permutations and absolute values of numbers are checked however they are written."""
    assert details_of_failures(grader, text) == [detail]


# --- plus and minus ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "\\(x = \\frac{3 \\pm \\sqrt{169}}{2} = \\frac{3 \\pm 13}{2} = 8, -5\\)",
        "\\(x = \\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a} = \\frac{7 \\pm \\sqrt{9}}{2}\\)",
        "\\(x = \\frac{-6 \\pm 4}{-2} = 3 \\pm 2\\)",
        "\\(x = \\frac{-6 \\pm 4}{-2} = 3 \\mp 2\\)",
        "\\(x = \\frac{5 \\pm \\sqrt{17}}{2} = \\frac{5 \\pm 4.12311}{2}\\)",
        "\\(x = \\frac{4 \\pm \\sqrt{-4}}{2} = \\frac{4 \\pm 2}{2}\\)",
        "\\(y = \\pm 3 \\pm 2 = \\pm 5\\)",
        "20 ± 0.5 = 19.5 to 20.5",
        "The tolerance is 20 ± 0.5 cm = 200 ± 6 mm",
        "50 ± 1.645 · 1.3 = 50 ± 2.14",
        "mean ± sd = 5 ± 2",
        "a ± b = 5 ± 3",
        "5 ± 3 = 8 and 2",
    ],
)
def test_right_signs_left_open_raise_no_alarm(grader, text):
    """The two values may stand in the other order or rounded; a tolerance and two signs are not judged."""
    assert_clear(grader, text)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (
            "\\(x = \\frac{3 \\pm \\sqrt{169}}{2} = \\frac{3 \\pm 14}{2}\\)",
            "((3+sqrt(169))/(2)) is 8, but ((3+14)/(2)) is 8.5",
        ),
        ("x = (5 ± √(25 - 24))/2 = (5 ± 2)/2", "(5+sqrt(25-24))/2 is 3, but (5+2)/2 is 3.5"),
        ("x - 3 = ±√16 = ±5", "+sqrt(16) is 4, not +5"),
    ],
)
def test_false_signs_left_open_fail(grader, text, detail):
    """One ± on each side: both values must be those of the other side."""
    assert details_of_failures(grader, text) == [detail]


# --- sums, products and powers in words -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "The product of 12 and 11 is 132.",
        "The sum of 3, 4 and 5 is 12",
        "The square of the sum of 3 and 4 is 49.",
        "Twice the sum of 3 and 4 is 14.",
        "The sum of the digits of 12 and 13 is 7.",
        "The sum of 3 and 4 is 7 more than 0.",
        "The sum of 7 and 8 is 3 mod 12.",
        "In base 5, the sum of 13 and 24 is 42.",
        "Modulo 7, the sum of 5 and 4 is 2.",
        "On a clock, the sum of 9 and 5 is 2.",
        "The sum of 1, 2, ..., 10 is 55.",
        "The sum of 1 to 10 is 55.",
        "The sum of squares of 3 and 4 is 25.",
        "The product of 12 and 11 is 132 square meters.",
        "The remainder of the sum of 12 and 11 is 2.",
        "The sum of 3 dozen and 4 is 40.",
        "The sum of 1/2 and 1/3 is 5/6.",
        "The product of 3 and -4 is -12.",
        "The product of 12 and 11 is 100 + 32 = 132.",
        "The sum of 5 and 4 is about 10.",
        "15² is less than 300.",
        "5² is 25% of 100.",
        "7² is 1 mod 8.",
        "4² is 1 of the squares.",
        "Is 15² equal to 215?",
        "10² is 1 hundred.",
        "5² is 3 more than 22.",
        "The remainder when 5² is divided by 7 is 4.",
    ],
)
def test_right_sums_in_words_raise_no_alarm(grader, text):
    """What is taken of the sum, counted by other rules, or goes on behind the number is not judged."""
    assert_clear(grader, text)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("The product of 12 and 11 is 122.", "12*11 is 132, not 122"),
        ("The sum of 3, 4 and 5 is 13", "3+4+5 is 12, not 13"),
        ("So the sum of 1,200, 300 and 40 equals 1,550.", "1200+300+40 is 1540, not 1550"),
        ("The sum of \\(12\\) and \\(13\\) is \\(26\\).", "12+13 is 25, not 26"),
        ("15² is 215.", "15^(2) is 225, not 215"),
    ],
)
def test_false_sums_in_words_fail(grader, text, detail):
    """Plain numbers whose sum or product is said, and a power that is said to be a number."""
    assert details_of_failures(grader, text) == [detail]


# --- a number that is taken apart -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Since 2022 = 4·505 + 2, we are done.",
        "Room 12 = 3 * 5",
        "Option 12 = 3 * 5",
        "Question 12 = 4 * 4",
        "Boxes 1 and 12 = 3 * 5 = 15",
        "Tickets 1, 2 and 12 = 3 * 5",
        "Plan A costs 5 and 12 = 3*5 = 15",
        "1 apple costs $4, so 12 = 12 * 4 = 48.",
        "1 apple costs $4, so 12 = 4 * 12 = $48.",
        "7 apples cost $10, so 14 = 2 * 10 = 20.",
        "Since 2021 = 500 + 50, it fell.",
        "2021 = 500 * 2 + 50 = 1050",
        "In 2020 = 50 * 30 = 1500",
        "Tom: 12 = 3 * 5 = 15",
        "so 12 = 2 * 7 apples",
        "so 24 hours = 3 * 9",
        "so 12 = 5 * 2 (mod 2)",
        "so 12 = 1 * 8 + 2 in base 8",
        "so 101 = 1*4 + 0*2 + 1 = 5",
        "gcd(84, 90): 84 = 2^2*3*7, 90 = 2*3^2*5",
        "The first 40 = 30 * 1.5",
        "the number 12 = 3 * 5",
        "Boxes 3, 14 = 3 * 5",
        "Rows 10, 11 and 14 = 3 * 5",
        "Pack A, 12 = 3 * 5",
        "Apples: 12 = 3 * 5",
        "At 7 km/h, 50 = 7 * 7.1",
        "In 2021: 2000 = 50 * 45",
        "Ann | 20 = 5 * 5 |",
        "Also 24 = 12 * 3 = 36",
        "Modulo 13: 25 = 2 * 6",
        "Modulo 7 we have 15 = 3 * 5, 8 = 3 * 5.",
        "Modulo 7: $16 = 3 \\cdot 3$ and $7 \\cdot 3 = 0$.",
        "We count modulo 12.\n25 = 5 * 5, 13 = 5 * 5",
    ],
)
def test_numbers_that_may_be_names_raise_no_alarm(grader, text):
    """Rooms, boxes, years and what so many of something come to."""
    assert_clear(grader, text)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("Since 2022 = 4·505 + 3, the remainder is 3.", "4*505+3 is 2023, not 2022"),
        ("84 = 2² · 3 · 7 and 90 = 2 · 3 · 5².", "2*3*5^(2) is 150, not 90"),
        ("\\(84 = 2^2 \\cdot 3 \\cdot 7\\) and \\(90 = 2 \\cdot 3 \\cdot 5^2\\)", "2*3*5^2 is 150, not 90"),
        ("Note that 91 = 7 · 12.", "7*12 is 84, not 91"),
        ("We have \\(2022 = 4 \\cdot 505 + 3\\).", "4*505+3 is 2023, not 2022"),
        ("Now $82 = 3^4$.", "3^4 is 81, not 82"),
        ("It leaves 5. And $81 = 7 \\cdot 11 + 5$.", "7*11+5 is 82, not 81"),
        ("First, $462 = 147 \\cdot 3 + 31$.", "147*3+31 is 472, not 462"),
        ("By Euclid: 462 = 147*3 + 31", "147*3+31 is 472, not 462"),
        ("The prime factorization is 84 = 2^2 * 3 * 9.", "2^2*3*9 is 108, not 84"),
        ("Using $84 = 2^2 \\cdot 3 \\cdot 9$, we find 12.", "2^2*3*9 is 108, not 84"),
        ("Factoring, 91 = 7 * 12", "7*12 is 84, not 91"),
        ("First, \\(168 = 2^3 \\times 7\\).", "2^3*7 is 56, not 168"),
        ("The prime factorization: $1375 = 5^4 \\cdot 11 = 5^3 \\cdot 55$.", "5^4*11 is 6875, not 1375"),
        ("Modulo 7 it is 1: $2^9 - 1 = 511 = 7 \\cdot 71$", "7*71 is 497, not 511"),
        ("We work modulo 7.\n100 = 7*13 + 2, so it is 2.", "7*13+2 is 93, not 100"),
    ],
)
def test_a_number_that_is_taken_apart_wrongly_fails(grader, text, detail):
    """Behind "since" and its like, and behind another equation, a whole number before a product is no name."""
    assert details_of_failures(grader, text) == [detail]
