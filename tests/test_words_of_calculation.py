"""Words of calculation: what is right raises no alarm, what is false fails."""

import pytest

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
def test_a_word_for_a_number_is_no_label(messages, text):
    """Where words calculate with a thing that is no number, the numbers beside it are not the whole side."""
    assert messages(text) == []


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
def test_words_of_calculation(graded, text, equations):
    """How often something happens and shares of one thing are labels; letters are unknowns."""
    assert [check.text for line in graded(text).lines for check in line.equations] == equations


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
def test_right_sums_in_words_raise_no_alarm(messages, text):
    """What is taken of the sum, counted by other rules, or goes on behind the number is not judged."""
    assert messages(text) == []


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
def test_false_sums_in_words_fail(messages, text, detail):
    """Plain numbers whose sum or product is said, and a power that is said to be a number."""
    assert messages(text) == [detail]


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
def test_numbers_that_may_be_names_raise_no_alarm(messages, text):
    """Rooms, boxes, years and what so many of something come to."""
    assert messages(text) == []


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
def test_a_number_that_is_taken_apart_wrongly_fails(messages, text, detail):
    """Behind "since" and its like, and behind another equation, a whole number before a product is no name."""
    assert messages(text) == [detail]
