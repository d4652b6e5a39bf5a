"""Times of a clock and durations: wrong ones fail, and a clock goes round."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checking.check import Checker
from grader.reading.rules import read_line
from grader.types import CheckStatus


@pytest.mark.parametrize(
    "text",
    [
        "From 9:48 to 13:15 is 3 hours and 27 minutes.",
        "From 8:50 to 5:20 is 8 hours 30 minutes.",
        "From 6:45 PM to midnight is 5 h 15 min.",
        "Between 2:30 pm and 5:00 pm, there are 2.5 hours.",
        "10:50 pm plus 2 hours 25 minutes is 1:15 am.",
        "Chance arrived at 6:00+18 hours = 00:00 on Tuesday.",
        "8:00 AM - 7:15 AM = 45 minutes",
        "7:15 - 8:00 = 45 minutes",
        "11 a.m. to 8 a.m. = 3 hours",
        "She slept 10 pm - 6 am = 8 hours",
        "7:30 PM + 14 hours = 9:30 AM",
        "25 minutes after 3:45 is 4:10.",
        "40 minutes before 12:10 is 11:30.",
        "2 h 45 min + 1 h 38 min = 3 h 83 min = 4 h 23 min.",
        "6 h 23 min - 1 h 50 min = 5 h 83 min - 1 h 50 min = 4 h 33 min",
        "1 h 23 min + 1 h 5 min = 2 h 28 min",
        "4 hours minus 15 minutes is 3 hours 45 minutes",
        "From 8:00 to 5:00 is 8 hours of work with an hour of lunch.",
        "From 8:00 to 17:00 is 8 hours without breaks.",
        "From 10:00 to 1:00 is 6 hours, as local times are three hours apart.",
        "The ratio 10:45 - 1:15 = 9 hours",
        "20:25 + 1:52 = 21:77 = 22:17",
        "23:30 + 2:00 = 1:30",
        "Laps: 45:30 + 20:40 = 66:10",
        "From 2:00 to 3:00 is about 55 minutes.",
        "12:18 = 2:3 (divide both by 6).",
    ],
)
def test_what_is_true_or_may_be_does_not_fail(messages, text):
    """Either half of the day, either direction, breaks that are not counted."""
    assert messages(text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("From 9:48 to 13:15 is 3 hours and 37 minutes.", "13*60+15-(9*60+48) is 207, but 3*60+37 is 217"),
        ("19:53 + 2 h 6 min = 22:09", "19*60+53+(2*60+6) is 1319, but 22*60+9 is 1329"),
        ("It rained for 17:00 - 7:00 = 11 hours.", "17-7 is 10, not 11"),
        ("She slept for 2:38-2:15 = 33 minutes.", "2*60+38-(2*60+15) is 23, not 33"),
        ("13:15 − 1:50 = 11:35, so it goes in then", "(13*60+15)-(1*60+50) is 685, but 11*60+35 is 695"),
        ("25 minutes after 3:45 is 4:15.", "3*60+45+25 is 250, but 4*60+15 is 255"),
        ("2 h 45 min + 1 h 38 min = 4 h 33 min", "(2*60+45)+(1*60+38) is 263, but 4*60+33 is 273"),
        ("4 hours minus 15 minutes is 3 hours 55 minutes", "4*60-15 is 225, but 3*60+55 is 235"),
    ],
)
def test_what_is_false_fails(messages, text, message):
    """The message counts in minutes, or in hours where there are no others."""
    assert messages(text) == [message]


@given(start=st.integers(0, 1439), length=st.integers(1, 700), off=st.integers(1, 300), halves=st.booleans())
def test_a_duration_holds_and_another_one_does_not(start, length, off, halves):
    """With am and pm, or by twenty-four hours."""

    def shown(minutes):
        hour, minute = divmod(minutes % 1440, 60)
        if halves:
            return f"{(hour + 11) % 12 + 1}:{minute:02} {'ap'[hour >= 12]}m"
        return f"{hour}:{minute:02}"

    with Checker() as checker:
        for minutes, true in ((length, True), (length + off, False)):
            hours, rest = divmod(minutes, 60)
            line = f"{shown(start)} + {hours} hours and {rest} minutes = {shown(start + length)}"
            (equation,) = read_line(line).equations
            status = checker.check(equation).status
            assert (status is CheckStatus.HOLDS) == (true or (minutes - length) % 720 == 0), line


def test_numerals_of_a_base_may_stand_beside_decimal_ones(messages):
    """And bits are not calculated with as numbers are."""
    assert messages("In base two, 101 + 111 = 1100. In base ten 12 = 8 + 4 = 1100 in binary.") == []
    assert messages("Bitwise, 6 & 3 = 2 and 6 ^ 3 = 101 = 5.") == []
