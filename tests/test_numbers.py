"""Written numbers have exact values, and a line's tokens lie in it in order."""

import contextlib
import re
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grader.characters import MATH_OFF, MATH_ON, clean
from grader.limits import MAX_DIGITS, MAX_EXPONENT_DIGITS, LimitError
from grader.numbers import NUMBER, Kind, parse_number, tokenise

MATHEMATICAL = st.text(alphabet="0123456789.,+-*/=xX ×÷−$%()[]{}\\^_!abc½²√πe…:|" + MATH_ON + MATH_OFF, max_size=60)


@pytest.mark.parametrize(
    ("text", "value", "decimals"),
    [
        ("0", Fraction(0), 0),
        ("24", Fraction(24), 0),
        ("007", Fraction(7), 0),
        ("1,234", Fraction(1234), 0),
        ("1,234,567.50", Fraction(2469135, 2), 2),
        ("10,00,000", Fraction(1000000), 0),
        ("0.25", Fraction(1, 4), 2),
        (".25", Fraction(1, 4), 2),
        ("3.10", Fraction(31, 10), 2),
        ("1.5e3", Fraction(1500), 0),
        ("25E-2", Fraction(1, 4), 2),
        ("1e+2", Fraction(100), 0),
    ],
)
def test_a_written_number_has_its_exact_value(text, value, decimals):
    """The value is exact and the written decimals are counted."""
    assert parse_number(text) == (value, decimals, False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.333...", Fraction(1, 3)),
        ("0.3...", Fraction(1, 3)),
        ("0.666…", Fraction(2, 3)),
        ("0.1666...", Fraction(1, 6)),
        ("0.1818...", Fraction(2, 11)),
        ("3.142857142857...", Fraction(22, 7)),
        ("1.25...", Fraction(5, 4)),
        ("12...", Fraction(12)),
    ],
)
def test_an_ellipsis_goes_on_with_the_cycle_that_is_shown(text, value):
    """Decimals that repeat go on for ever; where none repeat the value is what is written."""
    written = parse_number(text)
    assert written.value == value
    assert written.endless


@pytest.mark.parametrize(
    ("text", "limit"),
    [("9" * (MAX_DIGITS + 1), "MAX_DIGITS"), ("1e" + "9" * (MAX_EXPONENT_DIGITS + 1), "MAX_EXPONENT_DIGITS")],
)
def test_a_number_beyond_a_limit_names_the_limit(text, limit):
    """Too many digits are refused before any work."""
    with pytest.raises(LimitError, match=limit):
        parse_number(text)


@given(st.integers(min_value=0, max_value=10**12), st.integers(min_value=0, max_value=6))
def test_grouped_decimals_read_back(number, decimals):
    """Any number that Python writes with thousands separators and decimals has the value it had."""
    text = f"{number:,}" + (f".{number % 10**decimals:0{decimals}}" if decimals else "")
    expected = number + (Fraction(number % 10**decimals, 10**decimals) if decimals else 0)
    assert parse_number(text) == (expected, decimals, False)


@given(st.from_regex(re.compile(NUMBER, re.ASCII), fullmatch=True))
def test_every_text_that_matches_a_number_is_one(text):
    """What the tokeniser calls a number has a value or hits a named limit."""
    with contextlib.suppress(LimitError):
        assert parse_number(text).value >= 0


@given(st.text() | MATHEMATICAL)
@example("1,2,3 0123 1:2 1.2.3 3/4/2020")
@example("x" * 500)
def test_tokens_lie_in_the_text_in_order(text):
    """Nothing is raised; spans increase, lie within the text, and hold the token as it is written."""
    text = clean(text)
    position = 0
    for token in tokenise(text):
        assert position <= token.start <= token.end <= len(text)
        assert token.text in ("^", MATH_OFF) or text[token.start : token.end] == token.text
        position = token.end


@given(MATHEMATICAL)
def test_no_character_is_dropped_but_spaces(text):
    """What is no token is a space or a mark."""
    text = clean(text)
    covered = [False] * len(text)
    for token in tokenise(text):
        covered[token.start : token.end] = [True] * (token.end - token.start)
    assert {char for char, seen in zip(text, covered, strict=True) if not seen} <= {" "}


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("48 / 2 = 24", [Kind.NUMBER, Kind.OPERATOR, Kind.NUMBER, Kind.RELATION, Kind.NUMBER]),
        ("5x4", [Kind.NUMBER, Kind.OPERATOR, Kind.NUMBER]),
        ("$5", [Kind.CURRENCY, Kind.NUMBER]),
        ("5%", [Kind.NUMBER, Kind.PERCENT]),
        ("5! = 120", [Kind.NUMBER, Kind.FACTORIAL, Kind.RELATION, Kind.NUMBER]),
        ("Wow!", [Kind.WORD, Kind.BREAK]),
        ("2**3", [Kind.NUMBER, Kind.OPERATOR, Kind.NUMBER]),
        ("a >= b", [Kind.WORD, Kind.RELATION, Kind.WORD]),
        ("a => b", [Kind.WORD, Kind.BREAK, Kind.BREAK, Kind.WORD]),
        ("9:45", [Kind.JUNK]),
        ("1.2.3", [Kind.JUNK]),
        ("3/14/2022", [Kind.JUNK]),
        ("9 am", [Kind.JUNK]),
        ("1,2,3", [Kind.JUNK]),
        ("0123", [Kind.JUNK]),
        ("{2}", [Kind.JUNK, Kind.NUMBER, Kind.JUNK]),
        ("sqrt(4)", [Kind.FUNCTION, Kind.OPEN, Kind.NUMBER, Kind.CLOSE]),
        (f"{MATH_ON}ab{MATH_OFF}", [Kind.VARIABLE, Kind.VARIABLE, Kind.BREAK]),
        ("ab", [Kind.WORD]),
    ],
)
def test_kinds_of_tokens(text, kinds):
    """Each piece is what a reader takes it for: clock times, dates and lists of numbers are junk, not numbers."""
    assert [token.kind for token in tokenise(text)] == kinds


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("v = 18 000/2000 = 9", "holds"),
        ("18 250/500 = 36.5", "holds"),
        ("1 250/500 = 1.5", "holds"),
        ("1 250/500 = 3.5", "fails"),
        ("100 × 334 = 33 400 m", "holds"),
        ("100 × 334 = 33 500 m", "fails"),
        ("2 × 5 = 10 300 ml bottles", "unparsable"),
        ("7 × 3 = 21 125-ml cups", "unparsable"),
        ("p = 1030 × 9.81 × 25 = 252 608 Pa", "unparsable"),
        ("3 500 g bags + 2 250 g bags = 2000 g", "unparsable"),
        ("33 500 + 500 = 35 000", "unparsable"),
        ("(1/4)^4 3/4 = 3/1024", "holds"),
        ("$\\left(\\frac14\\right)^4 \\frac34 = \\frac{5}{1024}$", "unparsable"),
        ("101101 = 1·32 + 0·16 + 1·8 + 1·4 + 0·2 + 1·1", "holds"),
        ("1·32 + 0·16 + 1·8 + 1·4 + 0·2 + 0·1 = 101101", "fails"),
        ("PQ = √[(5+1)² + (10−2)²] = 10", "holds"),
        ("net yield: 195 / 25'000 = 0.78 % = 7.8 ‰", "holds"),
        ("0.78 % = 78 ‰", "fails"),
    ],
)
def test_spaces_powers_and_binary_digits(judged, text, status):
    """Spaces that group thousands, a fraction behind a power, binary places, a root of square brackets, per mille."""
    assert judged(text)[-1][0] == status
