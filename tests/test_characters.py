"""Look-alike characters have one spelling, and no text can mark itself."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grader.characters import clean


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 × 4", "3 * 4"),
        ("3 · 4", "3 * 4"),
        ("8 ÷ 2", "8 / 2"),
        ("8 ∕ 2", "8 / 2"),
        ("8 − 2", "8 - 2"),
        ("8 – 2", "8 - 2"),
        ("1\u00a0000", "1 000"),
        ("1\u2009000", "1 000"),
        ("1\u202f000", "1 000"),
        ("1\u200b5", "15"),
        ("5\u00ad0", "50"),
        ("a\tb", "a b"),
        ("½ of 8", " 1/2 of 8"),
        ("2½", "2 1/2"),
        ("3²", "3^(2)"),
        ("10⁻³", "10^(-3)"),
        ("√16", " sqrt(16)"),
        ("√(16)", " sqrt(16)"),
        ("٣ + ٤", "3 + 4"),
        ("３", "3"),
        ("it’s", "it's"),
        ("a ≅ b", "a ≈ b"),
    ],
)
def test_look_alikes_have_one_spelling(text, expected):
    """Signs, spaces, digits and fractions that look alike are written alike."""
    assert clean(text) == expected


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_plain_text_stays_as_it_is(text):
    """ASCII comes back as it was, tabs aside."""
    assert clean(text) == text.replace("\t", " ")


@given(st.text())
@example("\ue000\ue001\ue002\ue003\ue004")
def test_no_text_can_mark_itself_as_math(text):
    """The private marks never come through from the input."""
    assert not set(clean(text)) & set("\ue000\ue001\ue002\ue003\ue004")


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("7/2 ÷ 1/4", "(7/2) /(1/4)"),
        ("7/3 ÷ 7/4", "(7/3)/(7/4)"),
        ("1/2÷1/4", "(1/2)/(1/4)"),
        ("6/5 ÷ 3", "(6/5) / 3"),
        ("2⁴⁄₈ + ³⁄₈", "2 4/8 + 3/8"),
        ("8 ÷ 2/3 cup", "8 / (2/3) cup"),
        ("2 1/2 ÷ 1/4", "2 1/2 / (1/4)"),  # a mixed number is none of the fractions
        ("100 ÷ 10/2", "100 / 10/2"),
        ("5.5/2 ÷ 1/4", "5.5/2 / (1/4)"),
    ],
)
def test_a_division_by_a_proper_fraction_divides_by_all_of_it(text, cleaned):
    """Who writes ``÷`` between fractions does not mean ``7 ÷ 2 ÷ 1 ÷ 4``."""
    assert clean(text).replace(" ", "") == cleaned.replace(" ", "")


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text):
    """A cleaned text is clean."""
    once = clean(text)
    assert clean(once) == once
